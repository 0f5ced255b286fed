"""Every law holds, over drawn records and rule bases, and is broken by the fault that it names."""

from __future__ import annotations

import json

import pytest
from tests.laws.law import Law, edges, look_for_a_counterexample, smallest
from tests.laws.table import LAWS
from tests.rulebase.drawn import BASE, LONG

pytestmark = [pytest.mark.once, pytest.mark.slow]  # what rules say does not depend on the version of Python

TIMES = 10_000 if LONG else 4
"""How often every law is put to the test."""
MOST_FOR_A_FAULT = 1_000


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
def test_it_holds(law: Law) -> None:
    looked = look_for_a_counterexample(law, BASE, TIMES)
    if looked.broken:
        pytest.fail(f"{looked.what}: {json.dumps(smallest(law, BASE, [*looked.record], looked.number))}")
    assert looked.times >= TIMES


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
def test_its_fault_breaks_it(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look_for_a_counterexample(law, law.breaks(monkeypatch), MOST_FOR_A_FAULT).broken


def test_there_are_laws_enough_and_every_edge_is_drawn_in_the_long_profile() -> None:
    assert len(LAWS) >= 45
    assert 1_000 < len(edges()) <= 10_000
    assert len({law.says for law in LAWS.values()}) == len(LAWS)
