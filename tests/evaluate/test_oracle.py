"""The engine says what the naive interpreter says, on random rule bases; on the shipped one: test_durable.py."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.evaluate.as_written import as_written
from tests.evaluate.naive import NaiveEngine, conclusions
from tests.evaluate.naive_tables import without_cells
from tests.evaluate.packs import JOINED, WRITTEN, packs, records_of, records_of_tables, tables
from tests.inline import load_text

from misstep import Limits
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.compiled import CompiledEngine
from misstep.language.program import Program

pytestmark = pytest.mark.slow

LIMITS = Limits(work=100_000_000)
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # to make a pack smaller takes minutes: add Phase.shrink to debug
_CONSTANT = re.compile("|".join(rf"\b{name}\b" for name in WRITTEN))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def agree(text: str, program: Program, record: list[dict[str, Any]]) -> None:
    reader = RecordReader(program, LIMITS)
    opened, rows = without_cells(text)
    rules = _CONSTANT.sub(lambda named: WRITTEN[named[0]], json.dumps(json.loads(opened)["rules"]))
    oracle = NaiveEngine(as_written(load_text(opened, limits=LIMITS).program, json.loads(rules)), rows)
    engine = CompiledEngine(program)
    got, findings = Pipeline(program, engine, LIMITS).conclude(reader.read(record))
    wanted, expected = Pipeline(oracle.program, oracle, LIMITS).conclude(reader.read(record))
    assert conclusions(got) == conclusions(wanted)
    assert findings == expected


@settings(max_examples=120, deadline=None, phases=PHASES, suppress_health_check=SLOW)
@given(data=st.data())
def test_on_random_packs(data: st.DataObject) -> None:
    text = data.draw(packs())
    program = load_text(text, limits=LIMITS).program
    for _ in range(2):
        agree(text, program, data.draw(records_of(program.kinds, 1, 6)))


@settings(max_examples=60, deadline=None, phases=PHASES, suppress_health_check=SLOW)
@given(data=st.data())
def test_on_so_many_facts_that_joins_use_indexes(data: st.DataObject) -> None:
    text = data.draw(packs(joining=True))
    program = load_text(text, limits=LIMITS).program
    joined = {name: program.kinds[name] for name in JOINED}
    agree(text, program, data.draw(records_of(joined, 21, 25)))


@settings(max_examples=200, deadline=None, phases=PHASES, suppress_health_check=SLOW)
@given(data=st.data())
def test_on_random_tables(data: st.DataObject) -> None:
    text = data.draw(tables())
    program = load_text(text, limits=LIMITS).program
    agree(text, program, data.draw(records_of_tables()))
