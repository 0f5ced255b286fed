"""Counterfactuals: every change that is told gives the band that is told, and none that is smaller was passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import packs, records_of
from tests.inline import load_text

from misstep import Limits, RecordError, RuleBase, counterfactuals
from misstep.analysis.counterfactuals import Counterfactual, Counterfactuals
from misstep.language.facts import Field
from misstep.rulebase.field_use import find_thresholds

BASE = RuleBase.shipped()
SEED = json.loads((Path(__file__).parents[2] / "fixtures" / "interviews" / "seed.json").read_bytes())
UNHURRIED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
Record = list[dict[str, Any]]


def named(record: Record) -> Record:
    return [{"id": f"f{i}", **fact} for i, fact in enumerate(record)]


def applied(record: Record, change: Counterfactual) -> Record:
    """The record with the change made, found by its pointer."""
    place, _, field = change.pointer.removeprefix("/facts/").partition("/")
    changed = deepcopy(record)
    if change.field is None:
        del changed[int(place)]
    else:
        assert field == change.field
        value = change.instead
        changed[int(place)][field] = list(value) if isinstance(value, tuple) else value
    return changed


def rank(rulebase: RuleBase, band: str) -> int:
    return rulebase.program.scale.severity.words.index(band)


def assert_true(rulebase: RuleBase, record: Record, found: Counterfactuals) -> None:
    """What is told of a record, now and with every change made, is what ``assess`` says."""
    now = rulebase.assess(record)
    assert (found.band, found.damage, found.verdict) == (now.band, now.damage, now.verdict)
    for change in (*found.changes, *found.unsaid):
        then = rulebase.assess(applied(record, change))
        assert (change.band, change.damage, change.verdict) == (then.band, then.damage, then.verdict)
        assert rank(rulebase, then.band) < rank(rulebase, now.band)
        fact = record[int(change.pointer.split("/")[2])]
        assert (change.fact, change.kind) == (fact["id"], fact["kind"])
        assert change.field is None or (change in found.changes) == (fact.get(change.field) is not None)


def words(field: Field, value: Any) -> Iterator[Any]:
    """What a field that is no number may be changed to."""
    if field.type == "boolean":
        yield from ({False, True} - {value})
    elif field.type == "enum":
        yield from (word for word in field.values if word not in ("unknown", value))
    elif field.type == "set":
        given = set(value or ())
        yield from (sorted(given ^ {word}) for word in field.values)


def numbers(field: Field, value: int | None, change: Counterfactual | None) -> Iterator[int]:
    """Up to some hundreds of whole numbers that are a smaller change than the one that is told."""
    if value is None:
        return
    low = value - 1000 if field.minimum is None else int(field.minimum)
    high = value + 1000 if field.maximum is None else int(field.maximum)
    spread = {*range(low, high + 1, max(1, (high - low) // 200)), *range(max(low, value - 50), min(high, value + 50) + 1)}
    most = 1 if change is None else change.size
    yield from (
        n for n in sorted(spread - {value}) if round(abs(n - value) / max(abs(n), abs(value)), 4) < most or change is None
    )


@UNHURRIED
@given(record=records_of(BASE.kinds, 1, 5))
def test_every_change_gives_the_band_that_it_tells(record: Record) -> None:
    record = named(record)
    before = deepcopy(record)
    found = BASE.counterfactuals(record)
    assert record == before
    assert found.complete
    assert_true(BASE, record, found)


@UNHURRIED
@given(pack=packs(), data=st.data())
def test_every_change_gives_the_band_that_it_tells_with_any_rules(pack: str, data: st.DataObject) -> None:
    rulebase = load_text(pack)
    record = named(data.draw(records_of(rulebase.kinds, 1, 6)))
    assert_true(rulebase, record, rulebase.counterfactuals(record))


@pytest.mark.slow
@UNHURRIED
@given(record=records_of(BASE.kinds, 1, 4))
def test_no_smaller_change_is_passed_over(record: Record) -> None:
    record = named(record)
    found = BASE.counterfactuals(record)
    told = {(c.fact, c.field): c for c in (*found.changes, *found.unsaid)}
    now = rank(BASE, found.band)

    def lower(changed: Record) -> bool:
        return rank(BASE, BASE.assess(changed).band) < now

    for i, fact in enumerate(record):
        kind = BASE.kinds[fact["kind"]]
        if not kind.assumed:
            assert ((fact["id"], None) in told) == lower([*record[:i], *record[i + 1 :]])
        for field in kind.fields:
            value = fact.get(field.name)
            value = field.default if value is None else value
            change = told.get((fact["id"], field.name))
            others = numbers(field, value, change) if field.type == "integer" else words(field, value)
            lowering = [v for v in others if lower([*record[:i], {**fact, field.name: v}, *record[i + 1 :]])]
            if field.type == "integer" or change is None:
                assert not lowering
            elif field.type != "number":
                assert (list(change.instead) if isinstance(change.instead, tuple) else change.instead) in lowering


@pytest.mark.slow
@UNHURRIED
@given(record=records_of(BASE.kinds, 1, 5), data=st.data())
def test_the_order_of_facts_shows_in_pointers_only(record: Record, data: st.DataObject) -> None:
    record = named(record)
    shuffled = data.draw(st.permutations(record))
    one, other = BASE.counterfactuals(record), BASE.counterfactuals(shuffled)

    def bare(found: Counterfactuals) -> list[tuple[Any, ...]]:
        return [(c.fact, c.field, c.given, c.instead, c.size, c.damage) for c in (*found.changes, *found.unsaid)]

    assert bare(one) == bare(other)


def test_the_smallest_change_comes_first() -> None:
    found = counterfactuals(SEED)
    first = found.changes[0]
    assert (first.pointer, first.given, first.instead, first.size) == ("/facts/1/minutes", 12, 9, 0.25)
    assert (found.band, first.band) == ("serious", "moderate")
    for changes in (found.changes, found.unsaid):
        assert [c.size for c in changes] == sorted(c.size for c in changes)
        assert len({(c.fact, c.field) for c in changes}) == len(changes)
    assert found.unsaid


def test_an_answer_is_the_same_every_time_and_can_be_written_as_json() -> None:
    found = counterfactuals(SEED)
    assert found.to_json() == counterfactuals(SEED).to_json()
    told = json.loads(found.to_json())
    assert list(told) == list(Counterfactuals.__dataclass_fields__)
    assert told["changes"][0]["instead"] == 9


@pytest.mark.needs("durable")
def test_both_engines_tell_the_same() -> None:
    record = [{"kind": "late_arrival", "minutes": 40}]
    few = RuleBase(BASE.program, Limits(alternatives=40))
    assert few.counterfactuals(record, "durable") == few.counterfactuals(record)


def test_what_is_mild_already_cannot_be_lowered() -> None:
    found = counterfactuals([{"kind": "late_arrival", "minutes": 1}])
    assert (found.band, found.changes, found.unsaid, found.tried, found.complete) == ("trivial", (), (), 0, True)
    assert counterfactuals([]).changes == ()


def test_unknown_is_nothing_that_could_have_happened_instead() -> None:
    found = counterfactuals([{"kind": "late_arrival", "minutes": 30, "reaction": "annoyed", "cause": "chosen"}])
    assert found.changes
    assert all(c.instead != "unknown" for c in found.changes)
    assert all(c.instead is not None for c in found.changes if c.field is not None)


def test_a_setting_that_is_assumed_anyway_is_not_taken_away() -> None:
    found = counterfactuals([{"kind": "interview", "stage": "final"}, {"kind": "late_arrival", "minutes": 90}])
    assert [c.fact for c in found.changes if c.field is None] == ["late_arrival-1"]


def test_work_is_limited_and_what_is_worst_is_tried_first() -> None:
    record = [*SEED["facts"], *({"id": f"s{n}", "kind": "spill"} for n in range(200))]
    found = RuleBase(BASE.program, Limits(alternatives=5000)).counterfactuals(record)
    assert not found.complete
    assert found.tried <= 5000 // len(record)
    worst = BASE.assess(record).findings[0].fact
    assert {c.fact for c in (*found.changes, *found.unsaid)} <= {worst}


def test_a_record_that_is_wrong_is_refused_as_assess_does() -> None:
    with pytest.raises(RecordError, match="/facts/0/minutes: must be a whole number from 1 to 1440"):
        counterfactuals([{"kind": "late_arrival", "minutes": "twelve"}])


NUMBERS = """\
schema: 1
pack: numbers
kinds:
  slip:
    role: mistake
    title: Slip
    concern: manners
    fields:
      whole: {type: integer}
      share: {type: number, min: 0, max: 1}
      dip: {type: integer, min: 0, max: 100, default: 0}
rules:
  whole: {when: [slip], where: slip.whole >= 7, then: {severity: 9, noticed: 9}, because: far}
  share: {when: [slip], where: slip.share > 0.25, then: {severity: 3, noticed: 9}, because: much}
  dip: {when: [slip], where: "slip.dip == 40", then: {severity: -9}, because: a narrow dip}
"""


@pytest.mark.parametrize(
    ("slip", "expected"),
    [
        ({"whole": 1000, "share": 0.1}, {"whole": 6, "dip": 40}),
        ({"whole": -5, "share": 0.9}, {"share": 0.25, "dip": 40}),
    ],
)
def test_numbers_change_to_the_nearest_that_lowers(slip: dict[str, float], expected: dict[str, float]) -> None:
    """Where a field has no end, where steps are less than one, and where only one value of many would have done."""
    found = load_text(NUMBERS).counterfactuals([{"kind": "slip", **slip}])
    changes = {c.field: c.instead for c in (*found.changes, *found.unsaid)}
    assert {field: changes[field] for field in expected} == expected


def test_thresholds_are_the_numbers_that_stand_beside_a_field() -> None:
    found = find_thresholds(load_text(NUMBERS).program)
    assert found == {("slip", "whole"): {7}, ("slip", "share"): {0.25}, ("slip", "dip"): {40}}
