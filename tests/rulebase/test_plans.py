"""Laws that every plan of the shipped rules obeys: some thousand interviews, drawn from the declared kinds by one seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest

from misstep import Assessment, RuleBase
from misstep.model.facts import Field, Kind
from misstep.model.result import Finding

BASE = RuleBase.shipped()
KINDS = BASE.kinds
MISTAKES = [kind for kind in KINDS.values() if kind.role == "mistake"]
BESIDES = [kind for kind in KINDS.values() if kind.role in ("signal", "strength")] + [
    KINDS[name] for name in ("apology_given", "thank_you_sent", "correction_sent")
]
COMMON = {"times", "phase", "audience", "cause", "handled", "reaction", "medium", "self_judged", "tells"}

APOLOGIES = {name for name, action in BASE.actions.items() if action.group == "apology"}
MENTIONS = APOLOGIES | {"explain_cause_briefly", "retract_on_the_spot", "use_humour", "offer_to_make_good"}
REPAIRS = {name for name, action in BASE.actions.items() if action.reach == "repairs"}
STILL_DUE = {kind.name for kind in MISTAKES if kind.mend in ("again", "send")}  # no talk yet, or something not handed in
JOKES = {"bad_joke", "sarcasm", "offensive_remark", "flirting"}
SMALL = ("trivial", "minor")


class Drawn(NamedTuple):
    record: list[dict[str, Any]]
    result: Assessment

    def setting(self, field: str, default: str) -> Any:
        return self.record[0].get(field, default)

    def mentioned(self) -> list[tuple[str, Finding]]:
        """Actions that bring a mistake up, each with the mistake."""
        found = {finding.fact: finding for finding in self.result.findings}
        return [(a.action, found[t]) for a in self.result.actions if a.action in MENTIONS for t in a.targets]

    def planned(self) -> set[str]:
        return {action.action for action in self.result.actions}


def _value(field: Field, draw: random.Random) -> Any:
    if field.type == "enum":
        return draw.choice(field.values)
    if field.type == "boolean":
        return draw.random() < 0.5
    if field.type == "set":
        return [value for value in field.values if draw.random() < 0.5]
    if field.type == "text":
        return "f1"  # the first mistake
    low, high = field.minimum or 0, min(200, field.maximum or 200)
    number = draw.uniform(low, high)
    return round(number) if field.type == "integer" else round(number, 1)


def _fact(kind: Kind, draw: random.Random) -> dict[str, Any]:
    told = {f.name: _value(f, draw) for f in kind.fields if f.required or draw.random() < 0.4}
    return {"kind": kind.name, **told}


def _interviews(count: int) -> Iterator[Drawn]:
    draw = random.Random(1979)
    for _ in range(count):
        facts = [_fact(KINDS["interview"], draw)]
        facts += [_fact(draw.choice(MISTAKES), draw) for _ in range(draw.choice((1, 1, 2, 3)))]
        if draw.random() < 0.4:
            facts.append(_fact(draw.choice(BESIDES), draw))
        record = [{"id": f"f{i}", **fact} for i, fact in enumerate(facts)]
        yield Drawn(record, BASE.assess(record))


@cache
def drawn() -> tuple[Drawn, ...]:
    return tuple(_interviews(4000))


def _honesty(finding: Finding) -> bool:
    return KINDS[finding.kind].concern == "integrity"


def test_the_interviews_drawn_lead_to_every_action() -> None:
    recommended = {action for each in drawn() for action in each.planned()}
    assert {name for name, action in BASE.actions.items() if action.effort_minutes is not None} - recommended == set()


def test_no_plan_is_empty() -> None:
    assert [each.record for each in drawn() if not each.result.actions] == []


def test_what_nobody_noticed_is_not_mentioned() -> None:
    """Honesty is put right whether it was noticed or not."""
    wrong = [(a, f.kind) for each in drawn() for a, f in each.mentioned() if f.noticed_level == "unnoticed" and not _honesty(f)]
    assert wrong == []


def test_afterwards_nothing_small_is_brought_up_again() -> None:
    """Not but for those who waited in vain, for honesty, for a thing of theirs that was spoiled, and as the reason why another
    talk is asked for."""
    after = [each for each in drawn() if each.setting("moment", "after") == "after"]
    small = [(a, f) for each in after for a, f in each.mentioned() if f.severity_band in SMALL and not _honesty(f)]
    reasons = {("explain_cause_briefly", "illness"), ("explain_cause_briefly", "poor_overall_performance")}
    assert {(a, f.kind) for a, f in small if f.kind not in STILL_DUE | {"spill"}} <= reasons


def test_no_joke_after_a_joke_that_failed_or_where_honesty_is_in_question() -> None:
    joking = [each for each in drawn() if "use_humour" in each.planned()]
    kinds = {fact["kind"] for each in joking for fact in each.record}
    assert joking
    assert kinds & JOKES == set()
    assert [kind for kind in kinds if KINDS[kind].concern == "integrity"] == []


def test_humour_needs_an_interviewer_who_joked_and_a_small_slip() -> None:
    joking = [each for each in drawn() if "use_humour" in each.planned()]
    assert all(each.setting("interviewer_joked", "") is True for each in joking)
    assert {f.severity_band for each in joking for a, f in each.mentioned() if a == "use_humour"} == {"minor"}


def test_no_plan_holds_two_apologies_or_one_for_what_was_apologised_for() -> None:
    for each in drawn():
        assert len(each.planned() & APOLOGIES) <= 1
        assert (each.result.draft or "").lower().count("sorry") <= 1
        handled = {fact["id"] for fact in each.record if fact.get("handled") == "apologised"}
        handled |= {f.get("about", each.record[1]["id"]) for f in each.record if f["kind"] == "apology_given"}
        assert [f.kind for a, f in each.mentioned() if a in APOLOGIES and f.fact in handled] == []


def test_past_the_end_nothing_is_repaired_but_a_good_name() -> None:
    for each in drawn():
        if each.result.outlook == "closed":
            rejected = each.setting("outcome", "pending") == "rejected"
            left = {"ask_for_feedback"} if rejected else {"brief_apology", "follow_up_apology_note"}
            assert each.planned() & REPAIRS <= left


def test_what_was_meant_is_not_apologised_for_once_it_ended_the_interview() -> None:
    for each in drawn():
        if each.result.outlook == "closed":
            chosen = {fact["id"] for fact in each.record if fact.get("cause") == "chosen"}
            assert [f.kind for a, f in each.mentioned() if a in APOLOGIES and f.fact in chosen] == []


def test_a_proof_of_fit_is_for_ability_or_follows_an_apology() -> None:
    """Or it goes with what is sent or with another time that is asked for; and it is the better word after a repair that failed."""
    doubts = {kind.name for kind in MISTAKES if kind.mend in ("prove", "send", "again")} | {"failed_repair"}
    for each in drawn():
        notes = [a for a in each.result.actions if a.action == "follow_up_note_restating_fit"]
        if notes and not each.planned() & APOLOGIES:
            kinds = {fact["kind"] for fact in each.record if KINDS[fact["kind"]].role == "mistake"}
            assert kinds & doubts


# -- every mistake by itself


def _variants(kind: Kind) -> list[dict[str, Any]]:
    """Nothing said but the kind, and each of its own words and switches."""
    own = [field for field in kind.fields if field.name not in COMMON]
    told: list[tuple[str, Any]] = [(f.name, value) for f in own if f.type == "enum" for value in f.values]
    told += [(f.name, value) for f in own if f.type == "boolean" for value in (True, False)]
    return [{}, *({name: value} for name, value in told)]


SITUATIONS: list[dict[str, Any]] = [
    *({"moment": moment} for moment in ("before", "during", "after")),
    *({"outcome": outcome} for outcome in ("advanced", "offer", "rejected")),
    {"hours_since": 400},
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("kind", MISTAKES, ids=lambda kind: kind.name)
def test_no_mistake_is_without_a_plan(kind: Kind, situation: dict[str, Any]) -> None:
    interview = {"kind": "interview", **situation}
    assert [v for v in _variants(kind) if not BASE.assess([interview, {"kind": kind.name, **v}]).actions] == []
