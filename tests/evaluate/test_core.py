"""The compiled core gives the bytes that Python gives, or leaves the record to Python."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from benchmarks.core_choice.reference import mutants
from tests.evaluate.core import NOTHING, Beside
from tests.evaluate.fired import case
from tests.evaluate.oracle import LIMITS
from tests.evaluate.packs import LONG

from misstep import Limits, RuleBase
from misstep.api import Detail
from misstep.batch.columns import TABLES, read_rows, rows_of_result
from misstep.tools.sample import sample_records

pytestmark = [pytest.mark.needs("core"), pytest.mark.slow, pytest.mark.once]  # one wheel serves all versions of Python

INTERVIEWS = Path(__file__).parents[2] / "fixtures" / "interviews"
SAMPLED = 20_000 if LONG else 1_000
CHANGED = 100_000 if LONG else 4_000
NUMBERED = 5_000 if LONG else 200
BARE = {kind.name for kind in RuleBase.shipped().kinds.values() if not any(field.required for field in kind.fields)}
"""The kinds of which a fact needs to say nothing more."""


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


@pytest.mark.parametrize("end", [0, 1], ids=["least", "largest"])
def test_on_the_ends_of_numbers(end: int) -> None:
    """Sums of numbers that are too large for it are left to Python, and are no fault of the core."""
    for number in range(NUMBERED):
        _, program, records = case(number)
        ends = {
            (kind.name, field.name): int(field.range[end]) if field.form.whole else field.range[end]
            for kind in program.kinds.values()
            for field in kind.fields
            if field.is_number
        }
        changed = (
            [{name: ends.get((fact["kind"], name), value) for name, value in fact.items()} for fact in facts] for facts in records
        )
        Beside(program, LIMITS).taken(map(orjson.dumps, changed))


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
    assert shipped.core(b'[{"kind":"late_arrival","minutes":12,"minutes":13}]') == NOTHING


def test_a_form_that_is_not_known_is_an_error() -> None:
    from misstep_core import Core

    with pytest.raises(ValueError, match="missing field"):
        Core(b"{}", 2)


def test_every_door_uses_it(sampled: list[bytes]) -> None:
    rules = RuleBase.shipped()
    for record in sampled[:200]:
        data = orjson.loads(record)
        for detail in get_args(Detail):
            assert rules.assess_json(record, "core", detail) == rules.assess_json(record, "python", detail)
        by_core, by_python = rules.assess(data, "core"), rules.assess(data, "python")
        assert by_core == by_python
        assert hash(by_core) == hash(by_python)
        assert by_core.to_json() == by_python.to_json()
        assert rules.core is not None
        assert rules.core.assess(data) == rules.core.assess(record)


def test_rows_of_scores_are_those_of_python(sampled: list[bytes]) -> None:
    rules = RuleBase.shipped()
    for record in sampled[:200]:
        rows = read_rows(rules, record, "its-name", TABLES, whole=True)
        wanted = rows_of_result(rules, rules.evaluate_json(record, id="its-name"), TABLES, whole=True)
        assert rows._replace(fired=sorted(rows.fired)) == wanted._replace(fired=sorted(wanted.fired))


@pytest.mark.parametrize("ask", [RuleBase.certainty, RuleBase.questions, RuleBase.counterfactuals])
def test_what_is_tried_comes_to_the_same(ask: Callable[..., Any], sampled: list[bytes]) -> None:
    """Certainty, questions and counterfactuals try a record with facts changed, by the core where it is there."""
    shipped = RuleBase.shipped()
    for record in map(orjson.loads, sampled[: 1_000 if LONG else 8]):
        bare = {"facts": [{"kind": fact["kind"]} for fact in record["facts"] if fact["kind"] in BARE]}
        for each in (record, bare):
            assert ask(shipped, each, engine="core").to_json() == ask(shipped, each, engine="python").to_json()


@pytest.mark.parametrize(
    "record",
    [
        [{"kind": "late_arrival", "minutes": math.nan}],
        [{"kind": "late_arrival", "minutes": 1 << 70}],
        [{"kind": "late_arrival", "id": "\ud800"}],
        [{1: "late_arrival"}],
        [{"kind": "late_arrival", "minutes": Decimal(5)}],
        [[[[[[[["late_arrival"]]]]]]]],
        ({"kind": "late_arrival"},),
        7,
    ],
    ids=repr,
)
def test_odd_data_is_left_to_python(record: object) -> None:
    core = RuleBase.shipped().core
    assert core is not None
    assert core.assess(record) is None


def test_a_field_is_read_alone(sampled: list[bytes]) -> None:
    answer = RuleBase.shipped().assess(orjson.loads(sampled[0]), "core")
    assert answer.damage == RuleBase.shipped().assess(orjson.loads(sampled[0]), "python").damage
    with pytest.raises(AttributeError):
        object.__getattribute__(answer, "steps")
    assert answer.steps == RuleBase.shipped().assess(orjson.loads(sampled[0]), "python").steps


def test_an_answer_of_it_is_read_without_the_rule_language() -> None:
    """Its tables are most of what a new process would import."""
    RuleBase.shipped().assess([], "core")  # the rules are in the cache by now
    code = (
        "import sys, misstep; misstep.assess([{'kind': 'late_arrival'}], 'core').headline; "
        "print(*sorted(name for name in sys.modules if name.startswith(('misstep.language.', 'pydantic'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["misstep.language.answer_words"]
