"""The examples of docs/batch-tools.md print what is shown, and all tools come to the same.

Each is a program of its own, run as a reader would run it, on the log that the first of them writes. A warning is an error, but
for those that a tool gives about itself. Spark and Ray are in the group ``engines``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.end_to_end.command import FIXTURES, ROOT, environment
from tests.end_to_end.test_documents import blocks

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

DOCUMENT = ROOT / "docs" / "batch-tools.md"
TOOLS = ["pyarrow", "Polars", "DuckDB", "pandas"]
ENGINES = {"Spark": "spark", "Ray Data": "ray"}
OTHERS = ["The log", "Rules of your own"]
ABOUT_THEMSELVES = {
    "Spark": ["ignore:PySpark does not yet fully support pandas >= 3:FutureWarning"],
    "Ray Data": ["ignore::DeprecationWarning:ray.data.context"],  # it sets settings of its own that are deprecated
}


@dataclass(frozen=True)
class Example:
    """A section: modules that it writes, by name, its program, what that is said to print, and where this stands."""

    modules: dict[str, str]
    program: str
    shown: str
    start: int
    end: int


def examples() -> dict[str, Example]:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = {}
    for section in re.finditer(r"(?ms)^## (.*?)\n(.*?)(?=^## |\Z)", text):
        inside = blocks(section[2])
        codes = [block.text for block in inside if block.language == "python"]
        if codes:
            named = {name[1]: code for code in codes if (name := re.match(r"# (\w+\.py)\n", code))}
            (program,) = [code for code in codes if code not in named.values()]
            (output,) = [block for block in inside if block.language == "text"]
            found[section[1]] = Example(
                named, program, output.text, section.start(2) + output.start, section.start(2) + output.end
            )
    return found


def output_of(example: Example, folder: Path, ignored: Sequence[str] = ()) -> str:
    for name, code in {**example.modules, "example.py": example.program}.items():
        (folder / name).write_text(code, encoding="utf-8")
    kept = {name: os.environ[name] for name in ("JAVA_HOME", "MISSTEP_CACHE") if name in os.environ}
    home = {"HOME": str(folder)}  # some tools leave things there
    options = [option for warning in ["error", *ignored] for option in ("-W", warning)]
    done = subprocess.run(
        [sys.executable, *options, "example.py"], capture_output=True, cwd=folder, env=environment(kept | home), check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One with the log in it."""
    (tmp_path / "fixtures").symlink_to(FIXTURES)
    output_of(examples()["The log"], tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "name", [*OTHERS, *TOOLS, *[pytest.param(name, marks=pytest.mark.needs(need)) for name, need in ENGINES.items()]]
)
def test_an_example_prints_what_is_shown(name: str, folder: Path, pytestconfig: pytest.Config) -> None:
    example = examples()[name]
    printed = output_of(example, folder, ABOUT_THEMSELVES.get(name, ()))
    if pytestconfig.getoption("--update-golden"):
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(text[: example.start] + printed + text[example.end :], encoding="utf-8")
    else:
        assert printed == example.shown


def test_every_example_is_run() -> None:
    assert set(examples()) == {*OTHERS, *TOOLS, *ENGINES}


def test_all_tools_come_to_the_same() -> None:
    shown = {examples()[name].shown for name in [*TOOLS, *ENGINES]}
    assert len(shown) == 1
    assert len(shown.pop().splitlines()) == 5  # teams
