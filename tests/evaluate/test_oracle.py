"""The engine says what the naive interpreter says, on random rule bases; on the shipped one: test_durable.py."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.evaluate.fired import WORDS, Tally, case
from tests.evaluate.naive import NaiveEngine, conclusions
from tests.evaluate.oracle import LIMITS, oracle_of
from tests.evaluate.packs import JOINED, LONG, packs, records_of, records_of_packs, records_of_tables, tables
from tests.inline import load_text

from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.memory import Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.program import Program

pytestmark = pytest.mark.slow

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # to make a pack smaller takes minutes: add Phase.shrink to debug
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
NUMBERED = 5_000 if LONG else 50
COUNTED = 1_000 if LONG else 300


def agree(oracle: NaiveEngine, program: Program, record: list[dict[str, Any]]) -> Memory:
    """What both conclude from a record."""
    facts = RecordReader(program, LIMITS).read(record)
    got, findings = Pipeline(program, PythonEngine(program), LIMITS).conclude(facts)
    wanted, expected = Pipeline(oracle.program, oracle, LIMITS).conclude(facts)
    assert conclusions(got) == conclusions(wanted)
    assert findings == expected
    return got


@pytest.mark.parametrize("first", range(0, NUMBERED, 50))
def test_on_numbered_packs(first: int) -> None:
    for number in range(first, first + 50):
        text, program, records = case(number)
        oracle = oracle_of(text)
        for record in records:
            agree(oracle, program, record)


def test_every_word_of_the_language_is_in_rules_that_fire() -> None:
    counts = Tally()
    for number in range(COUNTED):
        counts.draw(number)
    assert counts.rules.keys() <= WORDS
    assert [word for word in WORDS if counts.rules[word] < COUNTED // 100] == []
    assert counts.fired > counts.drawn * 0.4


@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=SLOW)
@given(data=st.data())
def test_on_random_packs(data: st.DataObject) -> None:
    text = data.draw(packs())
    program, oracle = load_text(text, limits=LIMITS).program, oracle_of(text)
    agree(oracle, program, data.draw(records_of(program.kinds, 1, 6)))  # with all that fields may hold
    agree(oracle, program, data.draw(records_of_packs(program.kinds.values(), 0, 2)))


@settings(max_examples=8, deadline=None, phases=PHASES, suppress_health_check=SLOW)
@given(data=st.data())
def test_on_so_many_facts_that_joins_use_indexes(data: st.DataObject) -> None:
    text = data.draw(packs(joining=True))
    program = load_text(text, limits=LIMITS).program
    agree(oracle_of(text), program, data.draw(records_of_packs([program.kinds[name] for name in JOINED], 10, 12)))


@settings(max_examples=200, deadline=None, phases=PHASES, suppress_health_check=SLOW)
@given(data=st.data())
def test_on_random_tables(data: st.DataObject) -> None:
    text = data.draw(tables())
    program = load_text(text, limits=LIMITS).program
    agree(oracle_of(text), program, data.draw(records_of_tables()))
