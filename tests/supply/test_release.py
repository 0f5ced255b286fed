"""The commands of a release know every extra, and hear what fails."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from tests.release import run_smoke
from tests.smoke import EXTRAS

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]


def test_every_extra_has_a_main_call() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"])
    assert {name for extra in EXTRAS.values() for name in extra.beside} <= set(EXTRAS)


def test_a_call_that_fails_is_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not run_smoke(Path(sys.executable), tmp_path / "in", "works", "no such extra")
    assert "FAILED works no such extra\n" in capsys.readouterr().out
