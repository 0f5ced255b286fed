"""How well the shipped rules agree with the judged cases: those that the rules were made from, and those held out."""

from __future__ import annotations

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Golden

from misstep import Assessment, RuleBase

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

CASES = Path(__file__).parent.parent.parent / "fixtures" / "cases"
BASE = RuleBase.shipped()
BANDS = BASE.program.scale.severity.words
REPAIRS = {name for name, action in BASE.actions.items() if action.reach == "repairs"}
OUTWARD = REPAIRS | {name for name, action in BASE.actions.items() if action.reach == "plain"}
NEXT_TIME = {name for name, action in BASE.actions.items() if action.next_time}
JUDGED = ("letter", "client_case", "expert_rule")  # the others are stories, told because of how they ended
SEED, HELD_OUT = 20261125, 43

Judged = tuple[dict[str, Any], Assessment]


@cache
def judged() -> tuple[Judged, ...]:
    cases = [json.loads(line) for line in (CASES / "dev.jsonl").read_text("utf-8").splitlines()]
    return tuple((case, BASE.assess(case["record"])) for case in cases)


def held_out() -> set[str]:
    return set((CASES / "held-out.txt").read_text("utf-8").split())


def test_the_cases_held_out_are_those_that_the_seed_draws() -> None:
    ids = sorted(case["record"]["id"] for case, _ in judged())
    assert held_out() == set(random.Random(SEED).sample(ids, HELD_OUT))


def _share(hits: list[bool]) -> str:
    return f"{sum(hits)} of {len(hits)} ({sum(hits) / len(hits):.3f})"


def _agreement(cases: list[Judged]) -> dict[str, str]:
    apart = [BANDS.index(got.band) - BANDS.index(case["expert"]["severity"]) for case, got in cases]
    plans = [(case["expert"], {action.action for action in got.actions}) for case, got in cases]
    act = [bool(plan & (REPAIRS | (OUTWARD & set(e["recommended"])))) for e, plan in plans if e["act"] == "act"]
    rest = [not plan & REPAIRS for e, plan in plans if e["act"] == "let_it_go" and set(e["recommended"]) - NEXT_TIME]
    return {
        "severity exact": _share([steps == 0 for steps in apart]),
        "severity within one band": _share([abs(steps) <= 1 for steps in apart]),
        "mean error in bands": f"{sum(apart) / len(apart):+.3f}",
        "act, of those who say act": _share(act),
        "rest, of those who say rest": _share(rest),
        "a recommended action": _share([bool(plan & set(e["recommended"])) for e, plan in plans if e["recommended"]]),
        "an action advised against": _share([bool(plan & set(e["against"])) for e, plan in plans if e["against"]]),
    }


def test_agreement_is_as_on_file(golden: Golden) -> None:
    """No floor is set here: the figures are written down whole, so that whoever moves a rule sees what it moves."""
    out = held_out()
    parts = {
        "held out": [each for each in judged() if each[0]["record"]["id"] in out],
        "worked on": [each for each in judged() if each[0]["record"]["id"] not in out],
    }
    lines = []
    for part, cases in parts.items():
        sure = [(case, got) for case, got in cases if case["basis"] in JUDGED and case["expert"]["confidence"] >= 2]
        for title, chosen in ((f"{part}, judged with confidence", sure), (f"{part}, all", cases)):
            lines += [f"{title}: {len(chosen)} cases", *(f"  {name:28}{value}" for name, value in _agreement(chosen).items())]
    golden(CASES / "agreement.txt", "\n".join(lines) + "\n")
