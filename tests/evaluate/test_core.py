"""The compiled core gives the bytes that Python gives, or leaves the record to Python."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import orjson
import pytest
from benchmarks.core_choice.reference import mutants
from tests.evaluate.core import Beside
from tests.evaluate.fired import case
from tests.evaluate.oracle import LIMITS
from tests.evaluate.packs import LONG

from misstep import Limits, RuleBase
from misstep.tools.sample import sample_records

pytestmark = [pytest.mark.needs("core"), pytest.mark.slow, pytest.mark.once]  # one wheel serves all versions of Python

INTERVIEWS = Path(__file__).parents[2] / "fixtures" / "interviews"
SAMPLED = 20_000 if LONG else 1_000
CHANGED = 100_000 if LONG else 4_000
NUMBERED = 5_000 if LONG else 200


@pytest.fixture(scope="module")
def shipped() -> Beside:
    return Beside(RuleBase.shipped().program, Limits())


@pytest.fixture(scope="module")
def sampled() -> list[bytes]:
    return [orjson.dumps(record) for record in sample_records(RuleBase.shipped(), SAMPLED)]


def test_on_sampled_records_of_which_it_leaves_none(shipped: Beside, sampled: list[bytes]) -> None:
    assert shipped.taken(sampled) == len(sampled)


def test_on_interviews(shipped: Beside) -> None:
    records = [path.read_bytes() for path in sorted(INTERVIEWS.glob("*.json"))]
    assert shipped.taken(records) > 0.9 * len(records)


def test_on_changed_records(shipped: Beside, sampled: list[bytes]) -> None:
    assert shipped.taken(islice(mutants(1, sampled[:300]), CHANGED)) > 0.05 * CHANGED


def test_on_large_records(shipped: Beside, sampled: list[bytes]) -> None:
    facts = [fact for record in sampled for fact in orjson.loads(record)["facts"] if fact["kind"] != "interview"]
    settings = {kind.name for kind in RuleBase.shipped().kinds.values() if kind.role == "setting"}
    for fact in facts:
        fact.pop("id", None)
    many = [fact for fact in facts if fact["kind"] not in settings]
    records = [orjson.dumps(many[start : start + 100]) for start in range(0, 1_000, 100)]
    assert shipped.taken(records) == len(records)


@pytest.mark.parametrize("first", range(0, NUMBERED, 50))
def test_on_numbered_packs(first: int) -> None:
    taken = drawn = 0
    for number in range(first, first + 50):
        _, program, records = case(number)
        texts = [orjson.dumps(record) for record in records]
        taken += Beside(program, LIMITS).taken(texts)
        drawn += len(texts)
    assert taken > 0.95 * drawn


def test_it_never_takes_more_work_than_python(sampled: list[bytes]) -> None:
    for work in (10, 100, 1_000):
        few = Beside(RuleBase.shipped().program, Limits(work=work))
        assert few.taken(sampled[:100]) < 100 or work == 1_000
    assert Beside(RuleBase.shipped().program, Limits(facts=3)).taken(sampled[:100]) < 100


def test_what_python_has_to_say_is_left_to_it(shipped: Beside) -> None:
    wrong = [
        b"",
        b"[",
        b"{}",
        b"[1]",
        b'[{"kind":"no_such"}]',
        b'[{"kind":"late_arrival","minutes":-1}]',
        b'{"facts":[],"facts":[]}',
    ]
    assert shipped.taken(wrong) == 0
    assert shipped.core(b'[{"kind":"late_arrival","minutes":12,"minutes":13}]') == (None, None)


def test_a_form_that_is_not_known_is_an_error() -> None:
    from misstep_core import Core

    with pytest.raises(ValueError, match="missing field"):
        Core(b"{}", 2)
