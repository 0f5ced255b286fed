"""Nothing is told of rule bases that are right: the shipped one, those of fixtures/, generated ones. One fault in a large base is
found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lints.clean_base import clean_base

from misstep.limits import Limits
from misstep.rulebase.shipped import shipped_rules
from misstep.tools.lints.lint_table import check_packs

pytestmark = pytest.mark.once

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
BASES = [shipped_rules(), FIXTURES / "packs", *sorted(FIXTURES.glob("*/rules"))]


def told(folder: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [str(each.problem).removeprefix(f"{folder}/") + f" [{each.code}]" for each in check_packs([folder], Limits()).told]


@pytest.mark.parametrize("rules", BASES, ids=lambda folder: folder.parent.name)
def test_nothing_is_told_of_the_bases_at_hand(rules: Path) -> None:
    assert [str(each) for each in check_packs([rules], Limits()).told] == []


def test_nothing_is_told_of_two_thousand_rules(tmp_path: Path) -> None:
    assert told(tmp_path, clean_base(2000)) == []


@pytest.mark.parametrize("seed", range(1, 7))
def test_nothing_is_told_of_other_numbers(tmp_path: Path, seed: int) -> None:
    assert told(tmp_path, clean_base(100, seed)) == []


FAULTS = {
    "contradiction": ("size > 5", "size > 5 and size < 4"),
    "threshold": ("cost >= 200", "cost >= 2000"),
    "tautology": ("place == 'door'", "place != 'door' or place != 'roof'"),
    "gap": ("size >= {high}", "size > {high}"),
    "overlap": ("size < {low}", "size <= {low}"),
    "multiplied": ("exists: frown", "fact: frown"),
    "case-expects": ("slip_3.large\n      - slip_3.untold", "slip_3.large\n      - slip_2.untold"),
}


@pytest.mark.parametrize("code", FAULTS)
def test_one_fault_in_a_large_base_is_found_and_nothing_else(tmp_path: Path, code: str) -> None:
    files = clean_base(200)
    before = files["part-1.yaml"]
    start = before.index("slip_3.small:")
    body, rest = before[:start], before[start:]
    low = rest.partition("size < ")[2].split("\n")[0]
    high = rest.partition("size >= ")[2].split("\n")[0]
    old, new = (text.format(low=low, high=high) for text in FAULTS[code])
    assert old in rest
    found = told(tmp_path, {**files, "part-1.yaml": body + rest.replace(old, new, 1)})
    assert len(found) == 1
    assert found[0].endswith(f"[{code}]")
