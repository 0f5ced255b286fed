"""The recipe of CONTRIBUTING.md for a function of the rule language, followed word for word in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.once, pytest.mark.slow, pytest.mark.needs("time")]

ROOT = Path(__file__).parents[2]
PLACES = {
    "engine/misstep/language/functions.py": r"\}\n\Z",
    "docs/rule-packs.md": r"(?m)^\| `known\(",
    "fixtures/conformance/matches.yaml": r"\Z",
    "tests/evaluate/naive.py": r" {8}case _:\n {12}raise NotImplementedError\(function\)",
}
"""The files of the steps, and what stands behind the new text in each."""
OF_THE_LANGUAGE = [
    f"tests/{name}.py" for name in ("evaluate/test_functions", "evaluate/test_tables", "conformance/test_conformance")
]
"""Those of the quick tests that a function can break."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository; of its fixtures the conformance suite alone is copied."""
    root = tmp_path / "copy"
    root.mkdir()
    for path in ROOT.iterdir():
        if path.name == "fixtures":
            (root / path.name).mkdir()
            for below in path.iterdir():
                if below.name == "conformance":
                    shutil.copytree(below, root / path.name / below.name)
                else:
                    (root / path.name / below.name).symlink_to(below)
        elif path.is_dir() and not path.name.startswith("."):
            shutil.copytree(path, root / path.name, ignore=shutil.ignore_patterns("__pycache__", "target"))
        elif path.is_file():
            shutil.copy(path, root)
    return root


def steps() -> list[str]:
    """What the recipe says to insert, step by step."""
    recipe = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("### A function")[2].partition("\n### ")[0]
    blocks: list[str] = re.findall(r"(?ms)^   ```\w+\n(.*?)^   ```$", recipe)
    return [re.sub(r"(?m)^ {3}", "", block) for block in blocks]


def insert(file: Path, before: str, text: str) -> None:
    content = file.read_text(encoding="utf-8")
    (place,) = [match.start() for match in re.finditer(before, content)]
    file.write_text(content[:place] + text + content[place:], encoding="utf-8")


def tests(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{root / 'engine'}{os.pathsep}{root}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_a_newcomer_adds_a_function(copy: Path) -> None:
    before = {name: (copy / name).read_text(encoding="utf-8") for name in PLACES}
    for (name, place), text in zip(PLACES.items(), steps(), strict=True):
        insert(copy / name, place, text)
    for name, old in before.items():  # each part by itself is missed
        new = (copy / name).read_text(encoding="utf-8")
        (copy / name).write_text(old, encoding="utf-8")
        missed = tests(copy, "tests/evaluate/test_functions.py")
        assert missed.returncode == 1, f"nothing fails without its part of {name}:\n{missed.stdout}"
        (copy / name).write_text(new, encoding="utf-8")
    done = tests(copy, *OF_THE_LANGUAGE, "-k", "not core and not durable")  # the core may wait, as the recipe says
    assert done.returncode == 0, done.stdout[-4000:]
