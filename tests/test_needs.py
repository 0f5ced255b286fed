"""A test whose need is missing is left out and counted, or fails where nothing may be left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.needs import ALL, NEEDS, all_wanted, report

ROOT = Path(__file__).parents[1]
CURL, WRK = NEEDS["curl"].reason, NEEDS["wrk"].reason
HOOKS = "from tests import needs\n\n\ndef pytest_configure(config):\n    needs.register(config)\n"
TESTS = """
import pytest
from tests.needs import remark, require


@pytest.mark.needs("curl")
def test_marked():
    pass


@pytest.mark.parametrize("tool", ["none", pytest.param("curl", marks=pytest.mark.needs("curl"))])
def test_one_of_two(tool):
    pass


@pytest.fixture(scope="session")
def loaded(pytestconfig):
    remark(pytestconfig, "a remark")
    require("wrk")


def test_first_of_a_fixture(loaded):
    pass


def test_second_of_a_fixture(loaded):
    pass


def test_in_part():
    require("curl", "2 of its 3 examples")


def test_of_nothing():
    pass


@pytest.mark.skip(reason="for a reason of its own")
def test_left_out_otherwise():
    pass
"""


def run(folder: Path, *programs: str, everything: bool = False, processes: int = 0) -> tuple[int, list[str]]:
    """The tests above where there are these programs and no others; the exit code, and what is printed."""
    tests, path = folder / "tests_of_needs", folder / "bin"
    for made in (tests, path):
        made.mkdir()
    for name, text in {"conftest.py": HOOKS, "test_them.py": TESTS, "pytest.ini": "[pytest]\nmarkers = needs(name)\n"}.items():
        (tests / name).write_text(text, encoding="utf-8")
    for program in programs:
        (path / program).touch(mode=0o755)
    env = {"PATH": str(path), "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "engine")])} | (
        {ALL: "1"} if everything else {}
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", "-n", str(processes)]
    done = subprocess.run(command, cwd=tests, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("processes", [0, 2])
def test_what_is_missing_is_left_out_and_the_last_lines_say_how_much_of_what(tmp_path: Path, processes: int) -> None:
    code, lines = run(tmp_path, processes=processes)
    assert code == 0
    assert lines[-5:-1] == ["5 left out for want of what they need", f"     3  {CURL}", f"     2  {WRK}", "a remark"]
    assert re.match(r"2 passed, 6 skipped in", lines[-1])


@pytest.mark.slow
def test_where_all_is_there_nothing_is_left_out(tmp_path: Path) -> None:
    code, lines = run(tmp_path, "curl", "wrk", everything=True)
    assert code == 0
    assert lines[-3:-1] == ["0 left out", "a remark"]
    assert re.match(r"7 passed, 1 skipped in", lines[-1])


@pytest.mark.slow
def test_where_nothing_may_be_left_out_a_missing_piece_fails(tmp_path: Path) -> None:
    code, lines = run(tmp_path, "wrk", everything=True)
    assert code == 1
    assert re.match(r"1 failed, 4 passed, 1 skipped, 2 errors in", lines[-1])
    said = [line for line in lines if line.startswith(("ERROR", "FAILED"))]
    assert {line.partition("::")[2].partition(" - ")[0] for line in said} == {
        "test_marked",
        "test_one_of_two[curl]",
        "test_in_part",
    }
    assert lines.count(f"{CURL}; {ALL} is set, so nothing is left out") == 2
    assert lines.count(f"{CURL} (2 of its 3 examples); {ALL} is set, so nothing is left out") == 1
    assert "0 left out" in lines


def test_the_count_of_one() -> None:
    assert report([f"Skipped: {CURL}", "something else"]) == ["1 left out for want of what it needs", f"     1  {CURL}"]


def test_every_need_is_one_of_a_test() -> None:
    files = [file for folder in ("tests", "benchmarks") for file in (ROOT / folder).rglob("*.py") if file != Path(__file__)]
    named = {name for file in files for name in re.findall(r'(?:needs|require)\("(\w+)"', file.read_text(encoding="utf-8"))}
    by_table = {"spark", "ray"}  # test_tools.py has them in a table of its own
    assert named | by_table == set(NEEDS)


@pytest.mark.parametrize("value", ["", "0"])
def test_an_empty_variable_is_none(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALL, value)
    assert not all_wanted()
