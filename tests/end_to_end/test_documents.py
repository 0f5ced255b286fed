"""What the documents show is what happens: their examples are run, and what they print is compared.

In the documents a fenced ``python`` block is followed by a ``text`` block with what it prints; a ``yaml`` block whose
first line is ``# NAME.yaml`` is a file; a ``console`` block has lines ``$ command``, each followed by its output. A line
``...`` stands for any lines. ``--update-golden`` rewrites what has no such line; the rest is to be mended by hand. Where
a document asks the service at its usual address, one that runs meanwhile is asked. Where there is no curl, the examples that
use it are left out, and the rest of the document is compared. The examples of docs/batch-tools.md are programs of their own:
test_tools.py.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from tests.conftest import without_digests
from tests.end_to_end.command import FIXTURES, MISSTEP, ROOT, environment
from tests.forked import CLIENT, forking
from tests.needs import found, require
from tests.service.running import Service, running

from misstep import RuleBase
from misstep.cli import main

pytestmark = pytest.mark.once  # what documents show does not depend on the version of Python

DOCUMENTS = [
    "README.md", "docs/agreement.md", "docs/api.md", "docs/author-guide.md", "docs/batch-baseline.md", "docs/batch.md",
    "docs/changes-of-rules.md", "docs/explain.md",
    "docs/limits.md", "docs/mappings.md", "docs/own-base.md", "docs/own-kinds.md", "docs/own-words.md", "docs/page.md",
    "docs/promises-of-rules.md", "docs/questions.md", "docs/report.md", "docs/rule-bases.md", "docs/rule-packs.md",
    "docs/service.md",
]  # fmt: skip
UNRUN = [
    "CHANGELOG.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/assistants.md", "docs/batch-tools.md", "docs/cli.md",
    "docs/all-limits.md", "docs/core-choice.md", "docs/lints.md", "docs/numbers.md", "docs/promises.md", "docs/start.md",
    "docs/upgrade.md",
]  # fmt: skip
ADDRESS = "http://127.0.0.1:8000"
ABRIDGED = re.compile(r"^ *\.\.\.\n", re.MULTILINE)
BLOCK = re.compile(r"^```([a-z]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as service:
        service.wait_for("Application startup complete.")
        yield service


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    start: int
    end: int


def blocks(text: str) -> list[Block]:
    return [Block(m[1], m[2], m.start(2), m.end(2)) for m in BLOCK.finditer(text)]


def matches(shown: str, got: str) -> bool:
    """Whether the output is what is shown but for digests, where a line of three dots is any number of lines."""
    parts = ABRIDGED.split(without_digests(shown))
    return re.fullmatch("(?:.*\n)*?".join(map(re.escape, parts)), without_digests(got)) is not None


def python_output(code: str, service: str) -> str:
    code = code.replace(ADDRESS, service)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "document", "exec"), {})
    return out.getvalue()


def console_output(command: str, folder: Path, service: str, start: Sequence[str]) -> str:
    """What a command prints. One that needs no shell runs in this process: to start Python would take most of the time.
    ``start``: what misstep is begun with in a shell."""
    if re.fullmatch(r"misstep [\w./=, -]+", command):
        return printed(shlex.split(command)[1:])
    script = f'misstep() {{ {shlex.join(start)} "$@"; }}; {command.replace(ADDRESS, service)}'
    done = subprocess.run(
        ["bash", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment({"COLUMNS": "80"}),
        check=False,
    )
    return done.stdout.decode()


def printed(arguments: list[str]) -> str:
    """What the command line prints with these arguments, in the current folder."""
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, "utf-8", write_through=True)
    with (
        mock.patch.dict(os.environ, {"COLUMNS": "80"}),
        mock.patch.multiple(sys, stdin=io.TextIOWrapper(io.BytesIO()), stdout=stream, stderr=stream),
        contextlib.suppress(SystemExit),
    ):
        main(arguments)
    return out.getvalue().decode()


def expected_outputs(
    block: Block, before: Block | None, folder: Path, service: str, start: Sequence[str]
) -> list[tuple[str, str]]:
    """What a block shows as output, and what comes; by parts, for one that may be abridged in one of them."""
    if block.language == "console":
        shown = re.findall(r"(?m)^(\$ .*\n)((?:(?!\$ ).*\n)*)", block.text)
        return [
            (command + output, command + (output if lacks(command) else console_output(command[2:], folder, service, start)))
            for command, output in shown
        ]
    if block.language == "text" and before is not None and before.language == "python":
        return [(block.text, python_output(before.text, service))]
    if block.language == "text" and before is not None and ".venv/bin/misstep " in before.text:
        return [
            (block.text, console_output("misstep " + before.text.rpartition(".venv/bin/misstep ")[2], folder, service, start))
        ]
    return []


def lacks(command: str) -> bool:
    """Whether a command uses curl where there is none."""
    return re.search(r"\bcurl\b", command) is not None and not found("curl")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_examples_of_documents_print_what_is_shown(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config, service: Service
) -> None:
    file = ROOT / name
    text = file.read_text(encoding="utf-8")
    inside = blocks(text)
    (tmp_path / "fixtures").symlink_to(FIXTURES)
    monkeypatch.chdir(tmp_path)
    update = pytestconfig.getoption("--update-golden")
    start = MISSTEP if name == "README.md" else [*CLIENT, forking()]
    right, after = "", 0
    for before, block in zip([None, *inside], inside, strict=False):
        if block.language == "yaml" and (named := re.match(r"# ([\w-]+\.yaml)\n", block.text)):
            (tmp_path / named[1]).write_text(block.text, encoding="utf-8")
        outputs = expected_outputs(block, before, tmp_path, service.url, start)
        parts = [shown if matches(shown, got) or (update and ABRIDGED.search(shown)) else got for shown, got in outputs]
        right += text[after : block.start] + ("".join(parts) if parts else block.text)
        after = block.end
    right += text[after:]
    if update:
        file.write_text(right, encoding="utf-8")
    else:
        assert right == text
    if left_out := sum(map(lacks, re.findall(r"(?m)^\$ .*", text))):
        require("curl", f"{left_out} examples of {name}")


def test_readme_shows_the_examples_that_the_tests_look_for() -> None:
    languages = [block.language for block in blocks((ROOT / "README.md").read_text(encoding="utf-8"))]
    assert languages.count("python") >= 1
    assert languages.count("console") >= 3
    assert languages.count("yaml") == 1


def test_every_document_is_read_by_these_tests_and_named_on_the_start_page() -> None:
    start = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    for file in (ROOT / "docs").glob("*.md"):
        assert f"docs/{file.name}" in [*DOCUMENTS, *UNRUN, "docs/batch-cluster.md"]
        assert f"]({file.name})" in start or file.name == "start.md"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 200


def test_readme_tells_the_command_of_the_tests_on_one_line() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"<!-- the test command: .*? -->\n\n```sh\n(.*)\n```\n", text)
    assert command is not None
    assert command[1].endswith("--group test && .venv/bin/python -m pytest -q -n auto --dist loadfile")


@pytest.mark.parametrize("name", [*DOCUMENTS, *UNRUN])
def test_links_between_documents_lead_somewhere(name: str) -> None:
    file = ROOT / name
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            path, _, heading = target.partition("#")
            other = file.parent / path if path else file
            assert other.exists(), target
            assert not heading or heading in anchors(other), target


def anchors(file: Path) -> set[str]:
    """What a link to a heading of a document says after the ``#``."""
    headings = re.findall(r"(?m)^#+ (.*)$", file.read_text(encoding="utf-8"))
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_paths_that_the_readme_names_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"`((?:fixtures|rules|docs|engine)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path


def test_every_command_and_public_name_is_documented() -> None:
    import misstep
    from misstep.cli.group import cli

    commands, api, limits = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("cli.md", "api.md", "all-limits.md"))
    assert all(re.search(rf"`misstep {command}[ `]", commands) for command in cli.commands)
    assert all(re.search(rf"\b{name}\b", api) for name in misstep.__all__)
    assert all(re.search(rf"`{name}`", api) for name in misstep.Assessment.__dataclass_fields__)
    assert all(f"`Limits({name}=...)`" in limits for name in misstep.Limits.__dataclass_fields__)
    assert all(
        re.search(rf"\.{name}\b", api) for name in vars(misstep.RuleBase) if not name.startswith("_") and name != "program"
    )


def test_every_option_problem_and_figure_of_the_service_is_documented() -> None:
    from misstep.cli.serve import serve
    from misstep.service.metrics import Metrics
    from misstep.service.openapi import describe
    from misstep.service.problems import PROBLEM_TYPES

    text = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
    options = [option for param in serve.params for option in (*param.opts, *param.secondary_opts)]
    assert all(f"`{option}" in text or f"`{option} " in text for option in options if option != "--access-log")
    assert all(f"| `{code}` | {sort.status} |" in text for code, sort in PROBLEM_TYPES.items())
    figures = set(re.findall(r"# TYPE (misstep_\w+) (?:counter|histogram|gauge)", Metrics().text().decode()))
    assert all(f"`{name}`" in text for name in figures if not name.endswith("_created"))
    for path, methods in describe(RuleBase.shipped(), {}, "")["paths"].items():
        assert all(f"`{method.upper()} {path}`" in text for method in methods)
