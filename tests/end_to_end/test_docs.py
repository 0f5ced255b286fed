"""``misstep docs build``: what is written, what is refused, and that nothing is left half-written."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

import pytest
from tests.conftest import without_digests
from tests.end_to_end.command import FIXTURES, INCIDENTS, Command
from tests.test_docs import HOSTILE, LISTS, hostile_pack

from misstep import RuleBase

RULES = INCIDENTS / "rules"


class _Page(HTMLParser):
    """The addresses that a page leads to, what it loads, its anchors and its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.handlers: list[str] = []
        self.title = ""
        self._in: str = ""
        self.scripts = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        self.handlers += [name for name in given if name.startswith("on")]
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif "src" in given:
            self.loads.append(given["src"])
        elif tag == "link" and "href" in given:
            self.loads.append(given["href"])
        self._in = tag

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data
        elif self._in == "script":
            self.scripts += data


def read_site(folder: Path) -> dict[Path, _Page]:
    return {file: _Page(file.read_text(encoding="utf-8")) for file in folder.rglob("*.html") if file.name != "404.html"}


@pytest.fixture
def left(tmp_path: Path) -> mock.Mock:
    """What is in the folder, hidden files too."""
    return mock.Mock(side_effect=lambda: sorted(path.name for path in tmp_path.iterdir()))


def without_zensical(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, package=None: None if name == "zensical" else find(name, package)
    )


# -- what is written


def test_a_site_needs_nobody_else_and_every_link_leads_somewhere(misstep: Command, left: mock.Mock) -> None:
    run = misstep("docs", "build", RULES, "-o", "site")
    assert (run.code, run.err) == (0, "")
    rulebase = RuleBase.load(RULES)
    things = len(rulebase.kinds) + len(rulebase.rules) + len(rulebase.actions) + len(rulebase.sources)
    count = things + len(LISTS) + 1  # and a chapter
    assert run.out == f"site/index.html: {count} pages, 9 examples run\n"
    assert left() == ["site"]
    pages = read_site(misstep.folder / "site")
    assert len(pages) == count
    for file, page in pages.items():
        for load in page.loads:
            assert (file.parent / load).is_file(), (file, load)
        for link in page.links:
            if not link.startswith("https://"):
                target, _, anchor = link.partition("#")
                other = (file.parent / target).resolve() if target else file
                assert other.is_file(), (file, link)
                assert not anchor or anchor in pages[other].anchors | {"__skip"}, (file, link)
        assert not page.handlers
    assert "noscript" not in (misstep.folder / "site" / "index.html").read_text(encoding="utf-8")


def test_the_search_finds_every_rule(misstep: Command) -> None:
    assert misstep.inside("docs", "build", RULES, "-o", "site").code == 0
    index = (misstep.folder / "site" / "search.json").read_text(encoding="utf-8")
    assert all(f'"rules/{rule}.html' in index for rule in RuleBase.load(RULES).rules)


def test_markdown_is_written_without_the_extra(misstep: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    without_zensical(monkeypatch)
    run = misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "pages")
    assert (run.code, run.err) == (0, "")
    for name in ("index.md", "rules/outage.minutes.md"):
        page = (misstep.folder / "pages" / name).read_text(encoding="utf-8")
        assert without_digests(page) == (FIXTURES / "expected" / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.once
@pytest.mark.needs("time")
def test_without_a_path_the_shipped_rules_are_documented_with_the_guide(misstep: Command) -> None:
    run = misstep("docs", "build", "-o", "site")
    assert (run.code, run.err) == (0, "")
    site = misstep.folder / "site"  # that its links lead somewhere is checked while it is made
    names = {str(file.relative_to(site)) for file in site.rglob("*.html")}
    assert {f"rules/{rule}.html" for rule in RuleBase.shipped().rules} <= names
    assert {"guide/misstep.html", "guide/api.html", "guide/rule-packs.html"} <= names
    loads = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:https?:)?//")
    assert [name for name in names if loads.search((site / name).read_text(encoding="utf-8"))] == []


def test_hostile_text_stays_text_on_the_site(misstep: Command) -> None:
    misstep.write("bad.yaml", hostile_pack(HOSTILE))
    run = misstep.inside("docs", "build", "bad.yaml", "-o", "site")
    assert (run.code, run.err) == (0, "")
    pages = read_site(misstep.folder / "site")
    assert pages
    for file, page in pages.items():
        assert "alert" not in page.scripts, file
        assert not page.handlers
        assert not any("javascript:" in link for link in page.links)
    assert "</title><script>alert(1)</script>" in pages[misstep.folder / "site" / "rules" / "slips.html"].title


# -- what may be replaced


def test_what_this_command_made_is_replaced_whole(misstep: Command, left: mock.Mock) -> None:
    assert misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "pages").code == 0
    misstep.write("pages/old.md", "old")
    misstep.write("other.yaml", hostile_pack("plain"))
    assert misstep.inside("docs", "build", "other.yaml", "--format", "markdown", "-o", "pages").code == 0
    assert not (misstep.folder / "pages" / "old.md").exists()
    assert (misstep.folder / "pages" / "rules" / "slips.md").is_file()
    assert not (misstep.folder / "pages" / "rules" / "outage.minutes.md").exists()
    assert left() == ["other.yaml", "pages"]


def test_an_empty_folder_is_filled(misstep: Command) -> None:
    (misstep.folder / "pages").mkdir()
    assert misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "pages").code == 0
    assert (misstep.folder / "pages" / "index.md").is_file()


def test_a_folder_of_somebody_else_is_replaced_only_on_demand(misstep: Command) -> None:
    (misstep.folder / "mine").mkdir()
    misstep.write("mine/diary.txt", "dear diary")
    run = misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "mine")
    assert (run.code, run.out) == (2, "")
    assert run.err == ("misstep: mine: was not made by `misstep docs build`; --overwrite replaces it with all that is in it\n")
    assert [path.name for path in (misstep.folder / "mine").iterdir()] == ["diary.txt"]
    assert misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "mine", "--overwrite").code == 0
    assert not (misstep.folder / "mine" / "diary.txt").exists()


def test_a_link_to_a_folder_stays_a_link(misstep: Command) -> None:
    (misstep.folder / "real").mkdir()
    (misstep.folder / "link").symlink_to("real")
    assert misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "link").code == 0
    assert (misstep.folder / "link").is_symlink()
    assert (misstep.folder / "real" / "index.md").is_file()


# -- what is refused


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("file.txt", "file.txt: is a file; the output is a folder"),
        ("no/where", "no/where: there is no folder no to put it in"),
        (".", ".: would take the place of the folder that you are in; name a folder for the pages alone"),
        ("..", "..: would take the place of the folder that you are in; name a folder for the pages alone"),
        ("rules", "rules: would take the place of rules/a.yaml; name a folder for the pages alone"),
    ],
)
def test_an_output_that_cannot_be_is_refused(misstep: Command, left: mock.Mock, output: str, message: str) -> None:
    misstep.write("file.txt", "text")
    (misstep.folder / "rules").mkdir()
    misstep.write("rules/a.yaml", (FIXTURES / "packs" / "acme" / "acme.yaml").read_bytes())
    run = misstep.inside("docs", "build", "rules/a.yaml", "--format", "markdown", "-o", output, "--overwrite")
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
    assert left() == ["file.txt", "rules"]


def test_no_output_is_bad_usage(misstep: Command) -> None:
    run = misstep.inside("docs", "build", RULES)
    assert (run.code, run.out) == (2, "")
    assert "Missing option '-o' / '--output'" in run.err
    assert misstep.inside("docs", "build", RULES, "-o", "x", "--format", "pdf").code == 2
    assert "Usage: misstep docs" in misstep.inside("docs").err + misstep.inside("docs").out


def test_a_missing_extra_is_named_with_its_command(misstep: Command, monkeypatch: pytest.MonkeyPatch, left: mock.Mock) -> None:
    without_zensical(monkeypatch)
    run = misstep.inside("docs", "build", RULES, "-o", "site")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "misstep: the site is made by zensical, which is not installed: pip install 'misstep[docs]'; "
        "`--format markdown` does without it\n"
    )
    assert left() == []


def test_packs_with_mistakes_have_no_pages(misstep: Command, left: mock.Mock) -> None:
    misstep.write("bad.yaml", hostile_pack("x").replace("when: [{fact: slip", "when: [{fact: slipp"))
    run = misstep.inside("docs", "build", "bad.yaml", "-o", "site")
    assert (run.code, run.out) == (2, "")
    assert re.match(r"misstep: bad.yaml:\d+:\d+: slips: unknown kind 'slipp'; did you mean 'slip'\?", run.err)
    assert misstep.inside("docs", "build", "nowhere", "-o", "site").err == "misstep: nowhere: no such file or folder\n"
    assert left() == ["bad.yaml"]


def test_a_case_that_does_not_hold_leaves_what_was_there(misstep: Command, left: mock.Mock) -> None:
    pack = hostile_pack("x")
    misstep.write("pack.yaml", pack)
    assert misstep.inside("docs", "build", "pack.yaml", "--format", "markdown", "-o", "pages").code == 0
    before = (misstep.folder / "pages" / "index.md").read_bytes()
    misstep.write("pack.yaml", pack.replace("quiet: [slips]", "fires: [slips]").replace("facts: [{id", "facts: [{sound: 1, id"))
    run = misstep.inside("docs", "build", "pack.yaml", "--format", "markdown", "-o", "pages")
    assert (run.code, run.out) == (2, "")
    lines = run.err.splitlines()
    assert len(lines) == 2
    assert re.match(r"misstep: pack.yaml:\d+:3: bad/other: the case does not hold: fires: expected slips, got quiet", lines[1])
    assert "bad/x: the case does not hold: facts: expected a record that can be assessed, got /facts/0/sound: " in lines[0]
    assert (misstep.folder / "pages" / "index.md").read_bytes() == before
    assert left() == ["pack.yaml", "pages"]


@pytest.mark.parametrize(
    ("ended", "message"),
    [
        (subprocess.CompletedProcess([], 1, b"Build started\nWarning: page does not exist\n 1 issue found\n"),
         "zensical could not make the site: Warning: page does not exist"),
        (subprocess.CompletedProcess([], -9, b""), "zensical could not make the site: it said nothing and ended with -9"),
        (subprocess.TimeoutExpired([], 600), "zensical did not make the site within 600 seconds"),
    ],
)  # fmt: skip
def test_a_site_that_cannot_be_made_leaves_nothing(
    misstep: Command, left: mock.Mock, ended: subprocess.CompletedProcess[bytes] | Exception, message: str
) -> None:
    with mock.patch("misstep.tools.docs.site.subprocess.run", side_effect=[ended]):
        run = misstep.inside("docs", "build", RULES, "-o", "site")
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
    assert left() == []


def test_a_folder_that_cannot_be_written_is_named(misstep: Command, left: mock.Mock) -> None:
    full = OSError(28, "No space left on device", "pages/rules/x.md")
    with mock.patch("pathlib.Path.write_text", side_effect=full):
        run = misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "pages")
    assert (run.code, run.out, run.err) == (2, "", "misstep: pages/rules/x.md: No space left on device\n")
    assert left() == []


def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(misstep: Command, left: mock.Mock) -> None:
    assert misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "pages").code == 0
    misstep.write("pages/old.md", "old")
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError(5, "Input/output error", str(target.name))
        return rename(path, target)

    with mock.patch("pathlib.Path.rename", autospec=True, side_effect=fail):
        run = misstep.inside("docs", "build", RULES, "--format", "markdown", "-o", "pages")
    assert (run.code, run.err) == (2, "misstep: pages: Input/output error\n")
    assert (misstep.folder / "pages" / "old.md").read_text(encoding="utf-8") == "old"
    assert left() == ["pages"]
