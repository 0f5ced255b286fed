"""Owning up never weighs more than silence about the same thing, and good news never costs: laws over every kind of mistake."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import facts_of, records_of
from tests.rulebase.drawn import BASE, LONG, MISTAKES, STRENGTHS, variants

from misstep.language.facts import Kind

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

NAMES = [kind.name for kind in MISTAKES]
GOOD_SIGNS = ("warm_close", "next_step_offered")
RECORDS = records_of(BASE.kinds, 0, 5)
DRAWN = settings(
    max_examples=2_000 if LONG else 300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
Record = list[dict[str, Any]]

OWNED = ("acknowledged", "apologised", "corrected", "explained")
SILENT = ("unknown", "ignored")
WARM_TO_COLD = ("reassuring", "amused", "none_seen", "neutral", "surprised", "annoyed", "offended")
GOOD_REACTIONS = WARM_TO_COLD[:4]
"""Never worse than not knowing how they took it."""
FEWER_TO_MORE = ("nobody", "interviewer", "panel")
ALL_AUDIENCES = BASE.kinds[NAMES[0]].by_name["audience"].values


def pairs(field: str) -> list[tuple[Any, Any]]:
    """Pairs of values of a common field: the second is never good news beside the first."""
    if field == "handled":
        return [(owned, silent) for owned in OWNED for silent in SILENT]
    if field == "reaction":
        return [*combinations(WARM_TO_COLD, 2), *((good, "unknown") for good in GOOD_REACTIONS)]
    if field == "audience":
        return [*combinations(FEWER_TO_MORE, 2), *(("nobody", other) for other in ALL_AUDIENCES if other != "nobody")]
    raise AssertionError(field)


COMMON = [(field, better, worse) for field in ("handled", "reaction", "audience") for better, worse in pairs(field)]


def switches(kind: Kind) -> list[tuple[str, Any, Any]]:
    """The kind's own yes-or-no fields that say which answer is the worse one."""
    return [(f.name, not f.worse, f.worse) for f in kind.fields if f.type == "boolean" and isinstance(f.worse, bool)]


# -- every kind, every pair of values, in the situations where hardly anybody knows (the first four) and where everybody does

SITUATIONS: list[Record] = [
    [{}],
    [{"tells": True}],
    [{"tells": True, "audience": "nobody"}],
    [{"audience": "nobody"}],
    [{"audience": "nobody", "reaction": "neutral"}],
    [{"self_judged": "severe"}],
    [{"times": 5}],
    [{"cause": "outside"}],
    [{}, {"kind": "interview", "format": "phone", "structured": False}],
    [{"phase": "opening"}, {"kind": "they_brought_it_up", "about": "m"}],
    [{"cause": "own"}, {"kind": "apology_given", "about": "m"}],
    [{}, {"kind": "strong_fit"}, {"kind": "interview", "outcome": "advanced"}],
]


def required(kind: Kind) -> dict[str, Any]:
    return {f.name: "x" if f.type == "text" else f.minimum for f in kind.fields if f.required}


@pytest.mark.parametrize("kind", MISTAKES, ids=NAMES)
def test_no_value_that_is_better_news_has_more_damage(kind: Kind) -> None:
    found = []
    for variant in variants(kind):
        for mistake, *besides in SITUATIONS[:4] if variant else SITUATIONS:
            said = {**required(kind), **variant, **mistake, "id": "m", "kind": kind.name}

            def damage(field: str, value: Any, said: dict[str, Any] = said, besides: Record = besides) -> float:
                return BASE.assess([{**said, field: value}, *besides]).damage

            compared = [*COMMON, *switches(kind)]
            values = {(field, value) for field, better, worse in compared for value in (better, worse)}
            seen = {(field, value): damage(field, value) for field, value in values}
            found += [(f, better, worse, said) for f, better, worse in compared if seen[f, better] > seen[f, worse]]
    assert found == []


# -- any record


def named(record: Record) -> Record:
    return [{**fact, "id": f"f{i}"} for i, fact in enumerate(record)]


@DRAWN
@given(record=RECORDS, mistake=facts_of(MISTAKES), data=st.data())
def test_better_news_about_one_mistake_never_raises_the_damage_of_any_record(
    record: Record, mistake: dict[str, Any], data: st.DataObject
) -> None:
    field, better, worse = data.draw(st.sampled_from([*COMMON, *switches(BASE.kinds[mistake["kind"]])]))
    good, bad = (BASE.assess([*named(record), {**mistake, "id": "m", field: value}]) for value in (better, worse))
    assert good.damage <= bad.damage


@DRAWN
@given(record=RECORDS, data=st.data())
def test_a_good_sign_or_a_strength_never_raises_the_damage(record: Record, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([*STRENGTHS, *(BASE.kinds[name] for name in GOOD_SIGNS)]))
    more = {"id": "more", **data.draw(facts_of([kind]))}
    assert BASE.assess([*named(record), more]).damage <= BASE.assess(named(record)).damage


@DRAWN
@given(record=RECORDS, told=facts_of([BASE.kinds["interview"]]), yes=st.sampled_from(["advanced", "offer"]))
def test_a_yes_never_raises_the_damage(record: Record, told: dict[str, Any], yes: str) -> None:
    others = named([fact for fact in record if fact["kind"] != "interview"])
    went_on, open_yet = (BASE.assess([*others, {**told, "id": "i", "outcome": outcome}]) for outcome in (yes, "pending"))
    assert went_on.damage <= open_yet.damage


@DRAWN
@given(record=RECORDS, told=facts_of([BASE.kinds["thank_you_sent"]]))
def test_thanks_sent_never_raise_the_damage(record: Record, told: dict[str, Any]) -> None:
    without = named([fact for fact in record if fact["kind"] != "thank_you_sent"])
    assert BASE.assess([*without, {"id": "more", **told}]).damage <= BASE.assess(without).damage


@DRAWN
@given(record=RECORDS, data=st.data())
def test_a_correction_never_raises_the_damage(record: Record, data: st.DataObject) -> None:
    _done_already("correction_sent", record, data)


@DRAWN
@given(record=RECORDS, data=st.data())
def test_an_apology_never_raises_the_damage(record: Record, data: st.DataObject) -> None:
    _done_already("apology_given", record, data)


def _done_already(kind: str, record: Record, data: st.DataObject) -> None:
    """The same record without and with a word of it said already, about one of its mistakes or about none in particular."""
    given_facts = named([fact for fact in record if fact["kind"] != kind])
    mistakes = [fact for fact in given_facts if BASE.kinds[fact["kind"]].role == "mistake"]
    assume(mistakes)
    fact = data.draw(facts_of([BASE.kinds[kind]]))
    about = data.draw(st.sampled_from([None, *(m["id"] for m in mistakes), *(m["kind"] for m in mistakes)]))
    told = {**{k: v for k, v in fact.items() if k != "about"}, "id": "more", **({} if about is None else {"about": about})}
    assert BASE.assess([*given_facts, told]).damage <= BASE.assess(given_facts).damage
