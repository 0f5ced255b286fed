"""A rule that is told never to fire never fires: on random packs and records; and nothing breaks a lint."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evaluate.fired import case
from tests.evaluate.oracle import LIMITS
from tests.evaluate.packs import LONG

from misstep import RuleBase
from misstep.tools.lints.lint_table import check_packs

pytestmark = [pytest.mark.slow, pytest.mark.needs("time")]

NUMBERED = 2000 if LONG else 60


@pytest.mark.parametrize("first", range(0, NUMBERED, 20))
def test_a_rule_that_is_told_never_to_fire_never_fires(first: int, tmp_path: Path) -> None:
    dead = fired = 0
    for number in range(first, first + 20):
        text, program, records = case(number)
        file = tmp_path / "pack.yaml"
        file.write_text(text, encoding="utf-8")
        told = check_packs([file], LIMITS).told
        never = {each.problem.subject for each in told if each.problem.message.endswith("so the rule never fires")}
        rulebase = RuleBase(program, LIMITS)
        for record in records:
            rules = rulebase.fired(record)
            assert not never & rules, text
            fired += len(rules)
        dead += len(never)
    assert dead
    assert fired
