"""The pages of rule bases: nothing is left out, every link leads somewhere, every example is what happens, text stays text."""

from __future__ import annotations

import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path

import markdown as python_markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markupsafe import Markup
from tests.conftest import Golden

from misstep import RuleBase, RuleError
from misstep.assessment.text import to_text
from misstep.errors import printable
from misstep.rulebase.shipped import shipped_rules
from misstep.tools.docs.book import Book, is_every_kind, read_book
from misstep.tools.docs.guide import read_guide
from misstep.tools.docs.markdown import code, escape, fence
from misstep.tools.docs.pages import Thing, path_of, render, title_of
from misstep.tools.docs.rulewords import RuleWords

pytestmark = pytest.mark.slow
ABOUT_RULES = pytest.mark.once  # pages of the shipped rules; those of small packs are made on every version of Python

ROOT = Path(__file__).parents[1]
INCIDENTS = ROOT / "fixtures" / "incidents" / "rules"
ACME = ROOT / "fixtures" / "packs" / "acme"
LISTS = {"index.md", "kinds.md", "rules.md", "actions.md", "sources.md", "scale.md"}
EXTENSIONS = ["tables", "attr_list", "md_in_html", "pymdownx.superfences"]

Pages = dict[str, str]


@pytest.fixture(scope="module")
def book() -> Book:
    return read_book([shipped_rules()])


@pytest.fixture(scope="module")
def guide() -> Pages:
    return read_guide(ROOT).pages


@pytest.fixture(scope="module")
def pages(book: Book) -> Pages:
    return render(book, read_guide(ROOT).titles)


def prose(text: str) -> str:
    """A page without its blocks of text."""
    return re.sub(r"(?ms)^(`{3,})[a-z]*\n.*?^\1$", "", text)


def links(path: str, text: str) -> set[str]:
    """The pages that a page leads to."""
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose(text)) if "://" not in target]
    return {posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) for target in targets if target}


def blocks(text: str, language: str) -> list[str]:
    return [found[2] for found in re.finditer(rf"(?ms)^(`{{3,}}){language}\n(.*?)\n\1$", text)]


# -- nothing is left out


@ABOUT_RULES
def test_every_kind_rule_action_and_source_has_its_page(book: Book, pages: Pages) -> None:
    program = book.program
    things: list[Thing] = [*program.kinds.values(), *program.rules.values(), *program.actions.values(), *program.sources.values()]
    assert set(pages) == LISTS | {path_of(thing) for thing in [*things, *book.chapters]}
    for thing in (*things, *book.chapters):
        assert pages[path_of(thing)].startswith(f"# {escape(title_of(thing))}\n")


def test_every_declaration_stands_in_one_chapter(book: Book) -> None:
    for section in ("kinds", "rules", "actions", "sources"):
        placed = [getattr(thing, "id", "") or thing.name for chapter in book.chapters for thing in getattr(chapter, section)]
        assert sorted(placed) == sorted(getattr(book.program, section))


def test_lists_and_chapters_lead_to_every_page(book: Book, pages: Pages) -> None:
    program = book.program
    for name in ("kinds", "rules", "actions", "sources"):
        there = {path for path in links(f"{name}.md", pages[f"{name}.md"]) if path.startswith(f"{name}/")}
        assert there == {path_of(thing) for thing in getattr(program, name).values()}
    from_chapters = {path for c in book.chapters for path in links(path_of(c), pages[path_of(c)])}
    assert from_chapters - {"index.md"} == set(pages) - LISTS - {path_of(chapter) for chapter in book.chapters}
    assert {path_of(chapter) for chapter in book.chapters} <= links("index.md", pages["index.md"])


def test_what_a_rule_names_leads_back_to_it(book: Book, pages: Pages) -> None:
    program = book.program
    out = {path: links(path, text) for path, text in pages.items()}
    for rule in program.rules.values():
        here = path_of(rule)
        assert {path for path in out[here] if path.startswith("sources/")} == {f"sources/{name}.md" for name in rule.sources}
        for path in out[here]:
            assert here in out[path] or path.startswith("kinds/"), (here, path)
    rules = {path_of(rule) for rule in program.rules.values()}
    for action in program.actions.values():
        back = {rule for rule in rules if path_of(action) in out[rule]}
        assert {path for path in out[path_of(action)] if path.startswith("rules/")} == back
    for source in program.sources.values():
        back = {path_of(rule) for rule in program.rules.values() if source.id in rule.sources}
        assert {path for path in out[path_of(source)] if path.startswith("rules/")} == back


def test_a_kind_leads_to_all_rules_that_look_at_it(book: Book, pages: Pages) -> None:
    for kind in book.program.kinds.values():
        looking = {
            path_of(rule)
            for rule in book.program.rules.values()
            if any(kind.name in p.kinds for p in rule.patterns)
            or any(kind.name in n.pattern.kinds for n in rule.existences if not is_every_kind(n.pattern, book.program))
        }
        assert looking <= links(path_of(kind), pages[path_of(kind)])
        assert all(f"| {code(field.name)} |" in pages[path_of(kind)] for field in kind.fields)


def test_the_scale_shows_every_verdict_and_threshold(book: Book, pages: Pages) -> None:
    scale, page = book.program.scale, pages["scale.md"]
    for i, band in enumerate(scale.severity.words):
        for j, level in enumerate(scale.noticed.words):
            row = re.search(rf"(?m)^\| {band} \| {level} \|(.*)$", page)
            assert row is not None
            shown = re.findall(r">([a-z ]+)<", row[1])
            assert shown == [scale.verdicts[rank].replace("_", " ") for rank in scale.table[i][j]]
    for levels in (scale.severity, scale.noticed, scale.urgency):
        for word, lower in zip(levels.words, levels.lower, strict=True):
            assert re.search(rf"(?m)^\| {lower:g} \| .*>{word}<", page)


# -- links


def test_templates_are_shown_in_whole_words(book: Book, pages: Pages) -> None:
    program = book.program
    templates = [program.scale.headline, program.scale.message_subject, *(part.says for part in program.scale.message_parts)]
    templates += [text for kind in program.kinds.values() for text in (kind.said, kind.repair, kind.word)]
    templates += [action.says for action in program.actions.values()]
    shown = {tuple(block.split()) for page in pages.values() for block in blocks(page, "jinja")}
    for template in filter(None, templates):
        assert tuple(re.sub(r"(?=\{% (?:elif|else))", " ", template).split()) in shown


def test_every_link_leads_to_a_page(pages: Pages, guide: Pages) -> None:
    every = pages | guide
    there = {*every, *read_guide(ROOT).pictures}
    for path, text in every.items():
        assert links(path, text) <= there, path


def test_the_documents_of_the_checkout_are_pages_too(pages: Pages, guide: Pages) -> None:
    assert {"guide/misstep.md", "guide/api.md", "guide/rule-packs.md", "guide/changelog.md"} <= set(guide)
    assert set(guide) <= links("index.md", pages["index.md"])
    assert "(api.md#engines)" in guide["guide/misstep.md"]


def test_there_are_no_documents_without_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# of somebody else\n", encoding="utf-8")
    assert read_guide(tmp_path).pages == {}


def test_links_of_the_documents_lead_to_pages_or_are_text(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name, text in {
        "pyproject.toml": "",
        "README.md": "# Top\n\n[a](docs/a.md#two) [b](LICENSE) [c](#top) [d](https://x.org/)\n\n```md\n[e](docs/a.md)\n```\n",
        "docs/a.md": "# A\n\n[up](../README.md) [away](../../etc.md) ![seen](a.svg) ![gone](b.svg)\n\n## Two\n",
        "docs/a.svg": "<svg/>",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    guide = read_guide(tmp_path)
    assert guide.titles == {"guide/misstep.md": "Top", "guide/a.md": "A"}
    assert guide.pages == {
        "guide/misstep.md": "# Top\n\n[a](a.md#two) b [c](#top) [d](https://x.org/)\n\n```md\n[e](docs/a.md)\n```\n",
        "guide/a.md": "# A\n\n[up](misstep.md) away ![seen](a.svg) gone\n\n## Two\n",
    }
    assert guide.pictures == {"guide/a.svg": tmp_path / "docs" / "a.svg"}


# -- examples


@ABOUT_RULES
def test_the_examples_of_rules_are_what_happens(book: Book, pages: Pages) -> None:
    rulebase = RuleBase.shipped()
    for rule in book.program.rules.values():
        fires, quiet = (json.loads(block) for block in blocks(pages[path_of(rule)], "json"))
        assert rule.id in rulebase.fired(fires)
        assert rule.id not in rulebase.fired(quiet)


@ABOUT_RULES
def test_the_examples_of_kinds_are_what_happens(book: Book, pages: Pages) -> None:
    rulebase = RuleBase.shipped()
    for kind in book.program.kinds.values():
        ((facts,), (shown,)) = (blocks(pages[path_of(kind)], language) for language in ("json", "text"))
        assessment = rulebase.assess(json.loads(facts))
        assert to_text(assessment, rulebase.program.scale, 76) == shown + "\n"
        assert kind.name in {fact["kind"] for fact in json.loads(facts)} | {fact.kind for fact in assessment.derived}


def test_what_a_rule_did_is_shown_with_its_amounts(pages: Pages) -> None:
    page = pages["rules/late-arrival.md"]
    assert "| `minutes` | 1 | 5 |" in page
    assert re.search(r"- \*\*Arrived late .*\d+ minutes late \(severity \+[\d.]+, noticed \+4, urgency \+1.5\)", page)


@ABOUT_RULES
def test_packs_that_extend_the_shipped_ones_show_all_that_holds() -> None:
    book = read_book([ACME])
    pages = render(book, {})
    assert set(book.program.rules) == {path[6:-3] for path in pages if path.startswith("rules/")}
    assert "rules/plan.light-word.md" not in pages  # turned off
    assert "`acme.yaml`, line " in pages["rules/late-arrival.md"]  # replaced
    assert book.chapters[0].id == "acme"
    assert "No case" not in pages["rules/no-show.md"]  # the cases of the extended packs are run as well
    for path, text in pages.items():
        assert links(path, text) <= set(pages), path


def test_a_chapter_shows_a_table_as_one(tmp_path: Path) -> None:
    """A row that another pack replaces or turns off is shown, as it still takes its cases; it has no page."""
    table = """
schema: 1
pack: heat
extends: scale
kinds: {burn: {role: mistake, title: Burn, concern: manners, fields: {degree: {type: "integer?"}}}}
tables:
  heat: {when: [burn], inputs: [burn.degree], outputs: [points], hit: first, csv: heat.csv, then: {severity: "{points}"}}
  off: {when: [burn], inputs: [burn.degree], rows: [[-]], then: {severity: 1}}
"""
    over = "schema: 1\npack: over\nrules: {heat.2: {when: [burn], then: {severity: 1}, replace: true}}\ndisable: [heat.3, off]\n"
    for name, text in (
        ("heat.yaml", table),
        ("heat.csv", "points,degree\n1,> 5 | 2\n2,unknown\n3,0\n,4\n4,-\n"),
        ("over.yaml", over),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    pages = render(read_book([tmp_path / "heat.yaml", tmp_path / "over.yaml"]), {})
    chapter = pages["chapters/heat.md"]
    shown = (
        chapter.partition("## Tables\n\n")[2]
        .partition("\n\n## ")[0]
        .replace("&gt;", ">")
        .replace("&#124;", "|")
        .replace("&#45;", "-")
    )
    assert shown == (
        "### Heat\n\nThe first row that takes a case holds.\n\n| Row | degree | points |\n| --- | --- | --- |\n"
        "| [heat.1](../rules/heat.1.md) | > 5 | 2 | 1 |\n| 2 | unknown | 2 |\n| 3 | 0 | 3 |\n| 4 | 4 |  |\n"
        "| [heat.5](../rules/heat.5.md) | - | 4 |"
    )
    assert {path for path in pages if path.startswith("rules/")} == {f"rules/heat.{row}.md" for row in (1, 2, 5)}
    assert "`heat.csv`, line 2:\n\n```yaml\ndegree: > 5 | 2\npoints: 1\n```" in pages["rules/heat.1.md"]
    assert all(links(path, text) <= set(pages) for path, text in pages.items())


def test_a_case_that_does_not_hold_is_its_authors_to_mend(tmp_path: Path) -> None:
    for file in INCIDENTS.iterdir():
        text = file.read_text(encoding="utf-8").replace("verdict: watch}", "verdict: page}")
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=r"triage.yaml:\d+:3: triage/nothing happened: the case does not hold: verdict: "):
        read_book([tmp_path])


# -- words

WORDS = """\
schema: 1
pack: words
roles: {mistake: {fields: {times: {type: integer, default: 1, min: 0, max: 9}}}}
kinds:
  spill:
    {role: mistake, title: Spill, concern: manners, fields: {
      cups: {type: integer, default: 1, min: 0, max: 99}, hot: {type: boolean, default: false}, seen: {type: "boolean?"},
      by: {type: "enum?", values: [me, you, cat]}, on: {type: set, values: [rug, lap], default: []}}}
  stain: {role: mistake, title: Stain, concern: manners, fields: {about: {type: "text?"}}}
  cloth: {role: strength, title: Cloth, fields: {}}
  mess: {role: derived, title: Mess, fields: {of: {type: text}}}
actions: {wipe: {title: Wipe}}
rules:
  r:
"""


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("when: [spill]\n    then: {severity: 1}", ["[Spill]", "severity: **+1**"]),
        ("when: [{fact: spill, where: spill.cups >= 2}]\n    then: {noticed: -1}",
         ["[Spill], where", "`cups` is at least 2", "noticed: **−1** doublings of the odds"]),
        ("when: [{fact: spill, where: known(spill.seen) and not spill.seen}]\n    then: {urgency: 2}",
         ["[Spill], where", "`seen` is false", "urgency: **+2**"]),
        ("when: [{fact: spill, where: not (known(spill.seen) and spill.seen)}]\n    then: {relief: 1}",
         ["[Spill], where", "it is not known that `seen` is true", "severity: **−1**, once all else is added up"]),
        ("when: [{fact: spill, where: not (seen and cups > 1)}]\n    then: {relief: 1}",
         ["[Spill], where", "`seen` is false or `cups` is at most 1", "severity: **−1**, once all else is added up"]),
        ("when: [{fact: spill, where: by == 'me' or seen or hot}]\n    then: {severity: 1 if not spill.seen else 2}",
         ["[Spill], where", "`by` is `me` or `seen` is true or `hot` is true",
          "severity: 1 if `seen` is false, else 2"]),
        ("when: [{fact: spill, where: \"known(spill.by) and spill.by not in ('me', 'cat')\"}]\n    then: {severity: 1}",
         ["[Spill], where", "`by` is neither `me` nor `cat`", "severity: **+1**"]),
        ("when: [{fact: spill, where: \"'lap' in spill.on and (spill.hot or spill.cups > 3)\"}]\n    then: {severity: 1}",
         ["[Spill], where", "`lap` is among `on`", "`hot` is true or `cups` is more than 3", "severity: **+1**"]),
        ("when: [{fact: spill, where: \"not (spill.hot and spill.cups < 3)\"}]\n    then: {severity: 1}",
         ["[Spill], where", "`hot` is false or `cups` is at least 3", "severity: **+1**"]),
        ("when: [{fact: spill, where: not seen and (by == 'me' if seen else not (by != 'me' or hot))}]\n    then: {severity: 1}",
         ["[Spill], where", "`seen` is false", "`by` is `me` if `seen` is true, else (`by` is `me` and `hot` is false)",
          "severity: **+1**"]),
        ("when: [{fact: spill, where: 1 < spill.cups <= 5}]\n    then: {severity: spill.cups * 2 - 1}",
         ["[Spill], where", "1 &lt; `cups` ≤ 5", "severity: (`cups` × 2) − 1"]),
        ("when: [{fact: spill, as: a}, {fact: spill, as: b, where: a.id < b.id}]\n    then: {severity: {for: b, add: 1}}",
         ["[Spill], called `a`", "[Spill], called `b`", "and the id of `a` is less than the id of `b`",
          "severity of `b`: **+1**"]),
        (("when: [spill, {fact: stain, as: s, where: known(s.about) and s.about == spill.id}]\n"
         "    then: {severity: {for: s, add: 1 if spill.hot else 0.5}}"),
         ["[Spill]", "[Stain]", "and `about` of *Stain* is the id of *Spill*",
          "severity of *Stain*: 1 if `hot` of *Spill* is true, else 0.5"]),
        ("when: [{count: mistake, as: n, where: mistake.times > 1}]\n    where: n >= 2\n    then: {overall: 1}",
         ["`n` is how many there are of: any mistake, where", "`times` is more than 1", "and `n` is at least 2",
          "the severity of the whole: **+1**"]),
        ("when: [{max: spill, of: spill.cups, as: most}]\n    then: {outlook: narrow}",
         ["`most` is the greatest of: `cups`, over [Spill]", "the outlook is at best `narrow`"]),
        (("when:\n      - {fact: stain, where: \"known(stain.about) and stain.about[:3] == 'a' and stain.about[:-1] != 'b'\"}\n"
         "      - {fact: cloth, where: \"cloth.id[1:] == cloth.id[2:5] and cloth.id[-4:] != cloth.id[-3:-1]\"}\n"
         "    then: {note: x}"),
         ["[Stain], where", "the first 3 characters of `about` is `a`", "`about` without its last character is not `b`",
          "[Cloth], where", "its id without its first character is the characters 3 to 5 of its id",
          "the last 4 characters of its id is not the part `[-3:-1]` of its id", "notes: x"]),
        (("when: [{count: spill, by: {hot: spill.hot, many: spill.cups > 3}, where: spill.cups > 1, as: n}]\n"
         "    where: hot\n    then: {outlook: narrow}"),
         ["`n` is how many there are of: [Spill], for each `hot`, for each `cups` is more than 3, called `many`, where",
          "`cups` is more than 1", "and `hot` is true", "the outlook is at best `narrow`"]),
        (("when: [{average: spill, of: spill.cups, as: usual}, {distinct: spill, each: s, of: s.hot, as: sorts}]\n"
         "    then: {outlook: narrow}"),
         ["`usual` is the average of: `cups`, over [Spill]",
          "`sorts` is how many different values there are of: `hot`, over [Spill]", "the outlook is at best `narrow`"]),
        (("when: [{fact: finding, as: f, where: f.severity >= 3}]\n    unless: [cloth]\n"
         "    then: {recommend: {action: wipe, for: f, due_hours: 2}}"),
         ["the finding of any mistake, where", "`severity` is at least 3", "not: [Cloth]",
          "recommends [Wipe] (due within 2 hours)"]),
        ("when: [spill]\n    then: {derive: {kind: mess, of: spill.id}, veto: wipe, note: \"{spill.cups} cups\"}",
         ["[Spill]", "concludes [Mess] (`of`: its id)", "vetoes [Wipe]", "notes: `cups` cups"]),
        ("when: [spill]\n    then: {severity: \"min(curve(spill.cups, (0, 1), (9, 5)), 4)\", verdict: prepare}",
         ["[Spill]", "severity: the least of by `cups` (0 → 1, 9 → 5) and 4", "the verdict is at least `prepare`"]),
    ],
)  # fmt: skip
def test_conditions_and_effects_in_words(tmp_path: Path, rule: str, words: list[str]) -> None:
    file = tmp_path / "words.yaml"
    file.write_text(f"{WORDS}    {rule}\n", encoding="utf-8")
    book = read_book([file])
    said = RuleWords(book.program.rules["r"], book.program, lambda thing: Markup(f"[{title_of(thing)}]"))
    lines: list[str] = []
    for line in said.when():
        lines += [line.text + (", where" if line.below else ""), *line.below]
    lines += [f"not: {line.text}" for line in said.unless()]
    assert [*lines, *(outcome.text for outcome in said.then())] == words


# -- text stays text

HOSTILE = "</title><script>alert(1)</script> `a` ``b | c *d* _e_ [f](javascript:g) ![h](i) <j k> &amp; # l ~~m~~ \n\n```\n# n"
STARTS = [
    "# a",
    "- a",
    "+ a",
    "1. a",
    "2) a",
    "===",
    "---",
    "```",
    "> a",
    "    a",
    "!!! note",
    ": a",
    "a\\nb",
    "~~~",
    "+1",
    "1.5",
    "#",
]


class _Text(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def to_html(text: str) -> dict[str, str]:
    """The same in both dialects: that of the site, and that of most others."""
    return {
        "python": python_markdown.markdown(text, extensions=EXTENSIONS),
        "commonmark": MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text),
    }


def shown(text: str) -> str:
    """How a text is to be seen: on one line, control characters spelled out."""
    return printable(" ".join(text.split()))


FORMS = ["{}", "# {}", "- {}", "before {} after", "**{}**: x", "| a | b |\n| --- | --- |\n| {} | c |", "[{}](x.md)"]


@settings(deadline=None)
@given(st.one_of(st.text(min_size=1), st.sampled_from(STARTS), st.text("`*_[](){}<>&#|~!-+=.:1a \n\\\\", min_size=1)))
def test_any_text_is_seen_as_it_is(text: str) -> None:
    if not shown(text):
        return
    for form in FORMS:
        for dialect, page in to_html(form.format(escape(text))).items():
            got = _Text(page)
            assert shown(text) in shown(got.text), (dialect, form, page)
            assert {tag for tag, _ in got.elements} <= {
                "p",
                "h1",
                "ul",
                "li",
                "strong",
                "table",
                "thead",
                "tbody",
                "tr",
                "th",
                "td",
                "a",
            }
            assert all(set(attributes) <= {"href"} for _, attributes in got.elements)


@settings(deadline=None)
@given(st.one_of(st.text(min_size=1), st.text("`|<>*\\\\ a", min_size=1)))
def test_any_code_is_seen_as_it_is(text: str) -> None:
    if not shown(text):
        return
    for form in ("{}", "| a | b |\n| --- | --- |\n| {} | c |"):
        for dialect, page in to_html(form.format(code(text))).items():
            got = _Text(page)
            assert shown(text) in shown(got.text), (dialect, form, page)
            assert {tag for tag, _ in got.elements} <= {"p", "code", "table", "thead", "tbody", "tr", "th", "td"}


@settings(deadline=None)
@given(st.text("`~ \na<&", min_size=1))
def test_any_block_of_text_is_seen_as_it_is(text: str) -> None:
    wanted = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    for dialect, page in to_html(f"before\n\n{fence(text, 'text')}\n\nafter\n").items():
        got = _Text(page)
        assert wanted in "\n".join(line.rstrip() for line in got.text.splitlines()), (dialect, page)
        assert got.text.rstrip().endswith("after")


def hostile_pack(text: str) -> str:
    """A pack with a text in every place that takes any."""
    t = json.dumps(text)  # a JSON string is a YAML string
    return f"""\
schema: 1
pack: bad
title: {t}
rulebase: {{name: bad, version: 1.0.0}}
kinds:
  slip:
    role: mistake
    title: {t}
    help: {t}
    topic: {t}
    concern: manners
    fields:
      how: {{type: enum, values: [{t}, b], default: {t}, help: {t}}}
      free: {{type: text, default: {t}}}
      count: {{type: integer, default: 1, unit: {t}}}
  room: {{role: setting, title: {t}, assumed: {t}, fields: {{}}}}
  end: {{role: derived, title: {t}, fields: {{of: {{type: text}}}}}}
rules:
  slips:
    title: {t}
    help: {t}
    when: [{{fact: slip, where: "slip.how != 'b'"}}]
    then: {{severity: 5, noticed: 3, derive: {{kind: end, of: slip.free}}, note: {t}, recommend: mend, veto: hide}}
    because: {t}
    sources: [paper]
actions:
  mend: {{title: {t}, channel: message, part: thanks, group: one, text: {t}, says: {t}}}
  hide: {{title: {t}}}
sources:
  paper: {{title: {t}, kind: survey, figure: {t}, url: "https://x.org/a)<script>alert(2)</script>"}}
cases:
  {t}: {{facts: [{{id: {t}, kind: slip}}], expect: {{fires: [slips]}}}}
  other: {{facts: [{{kind: slip, how: b}}], expect: {{quiet: [slips]}}}}
"""


def test_hostile_text_in_packs_stays_text(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(hostile_pack(HOSTILE), encoding="utf-8")
    pages = render(read_book([file]), {})
    wanted = shown(HOSTILE)
    for path, page in pages.items():
        for dialect, html in to_html(page).items():
            got = _Text(html)
            assert not {tag for tag, _ in got.elements} & {"script", "img", "title", "j", "del", "iframe"}, (path, dialect)
            assert not any(name.startswith("on") for _, attributes in got.elements for name in attributes)
            targets = [attributes.get("href") or "" for tag, attributes in got.elements if tag == "a"]
            assert all(target.endswith(".md") for target in targets), (path, dialect, targets)
            if path != "scale.md":
                assert wanted in shown(got.text), (path, dialect)


def test_braces_in_packs_are_no_template(tmp_path: Path) -> None:
    file = tmp_path / "braces.yaml"
    braces = "{{ 7 * 7 }} {% for a in b %}"
    file.write_text(hostile_pack("x").replace('help: "x"', f"help: {json.dumps(braces)}"), encoding="utf-8")
    pages = render(read_book([file]), {})
    for path in ("kinds/slip.md", "rules/slips.md", "kinds.md"):
        assert all(braces in _Text(html).text for html in to_html(pages[path]).values())


# -- golden pages


GOLDEN = [
    "index.md", "chapters/triage.md", "kinds/outage.md", "rules/outage.minutes.md", "rules/roll-back.md",
    "actions/status_update.md", "sources/error-budget.md", "scale.md",
]  # fmt: skip


@pytest.fixture(scope="module")
def incidents() -> Pages:
    return render(read_book([INCIDENTS]), {})


@pytest.mark.parametrize("path", GOLDEN)
def test_pages_are_as_on_file(path: str, incidents: Pages, golden: Golden) -> None:
    golden(ROOT / "fixtures" / "expected" / "docs" / path, incidents[path])


def test_what_is_usual_stands_on_the_pages_of_its_kind_and_its_sources(book: Book, pages: Pages) -> None:
    assert book.program.usual
    for place, usual in book.program.usual.items():
        owner, _, field = place.partition(".")
        for source in usual.sources:
            assert code(place) in pages[f"sources/{source}.md"]
        if owner in book.program.kinds:
            assert "## Where nothing is said" in pages[f"kinds/{owner}.md"]
            assert code(field) in pages[f"kinds/{owner}.md"]
    assert "`own` 50 %, `outside` 45 %, `accident` 5 %" in pages["kinds/late_arrival.md"]
