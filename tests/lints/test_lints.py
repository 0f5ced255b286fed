"""Every lint tells what it is there for, at its place, and nothing of what is right. The examples are data, a file a code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from misstep.limits import Limits
from misstep.tools.lints.lint_table import CODES, check_packs

HERE = Path(__file__).parent
GARAGE = "garage"
EXAMPLES = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in sorted(HERE.glob("*.yaml")) if file.stem != GARAGE}


def _cases(key: str) -> Iterator[Any]:
    for code, examples in EXAMPLES.items():
        for name, case in examples[key].items():
            yield pytest.param(case, id=f"{code}/{name}")


def told(folder: Path, text: str) -> list[str]:
    """What is told of a pack beside the garage: ``line:column: ...``."""
    (folder / "garage.yaml").write_text((HERE / "garage.yaml").read_text("utf-8"), "utf-8")
    mine = folder / "mine.yaml"
    mine.write_text(f"{text}\nschema: 1\npack: mine\n", encoding="utf-8")
    return [str(each).removeprefix(f"{mine}:") for each in check_packs([folder], Limits()).told]


def test_every_lint_has_examples() -> None:
    assert sorted(EXAMPLES) == sorted(CODES)
    assert all(examples["broken"] and examples["clean"] and examples["about"] for examples in EXAMPLES.values())


@pytest.mark.parametrize("case", list(_cases("broken")))
def test_what_is_not_meant_is_told_at_its_place(case: dict[str, Any], tmp_path: Path) -> None:
    assert told(tmp_path, case["pack"]) == case["told"]


@pytest.mark.parametrize("case", list(_cases("clean")))
def test_nothing_is_told_of_what_is_right(case: dict[str, Any], tmp_path: Path) -> None:
    assert told(tmp_path, case["pack"]) == []


def test_nothing_is_told_of_the_garage(tmp_path: Path) -> None:
    assert told(tmp_path, "") == []
