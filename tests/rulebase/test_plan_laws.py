"""Laws of plans and letters over made-up interviews and records of the sample: every one holds, and is put to the test often.

The counts of the long profile are what the laws promise: ``MISSTEP_TEST_PROFILE=long``.
"""

from __future__ import annotations

import random
from functools import cache

import pytest
from tests.rulebase.drawn import BASE, KINDS, LONG, drawn, drawn_without_a_mistake, drawn_without_a_talk
from tests.rulebase.plan_changes import CHANGES, EXCEPTIONS, Change
from tests.rulebase.plan_faults import FAULTS, Case, Fault, count, look

from misstep.tools.sample import sample_records

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

LEAST = 2_000 if LONG else 40
"""How often every law is put to the test."""


@cache
def cases() -> tuple[Case, ...]:
    interviews = drawn() if LONG else drawn()[:800]
    every = (*interviews, *drawn_without_a_mistake(), *drawn_without_a_talk())
    sample = [Case(record["facts"], BASE.assess(record), BASE) for record in sample_records(BASE, 3_000 if LONG else 300)]
    return (*(Case(each.record, each.result, BASE) for each in every), *sample)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_answer_has_this_fault(fault: Fault) -> None:
    looked, found = look(fault, cases())
    print(f"{fault.__name__}: looked at {looked}")
    assert found == []
    assert looked >= LEAST


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_change_has_this_fault(change: Change) -> None:
    draw = random.Random(1984)
    looked, found = count(what for each in (drawn() if LONG else drawn()[:400]) for what in change(each, draw))
    print(f"{change.__name__}: looked at {looked}")
    assert found == []
    assert looked >= LEAST


@pytest.mark.parametrize(("place", "rule"), EXCEPTIONS.items(), ids=lambda what: str(what))
def test_every_exception_is_explained_in_its_pack(place: tuple[str, str], rule: str) -> None:
    kind, field = place
    assert KINDS[kind].by_name[field].worse is not None
    assert BASE.rules[rule].help
