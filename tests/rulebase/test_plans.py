"""Laws that every plan of the shipped rules obeys: some thousand interviews, drawn from the declared kinds by one seed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rulebase.drawn import BASE, KINDS, MISTAKES, Drawn, drawn, variants

from misstep.assessment.result import Finding
from misstep.language.facts import Kind

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

APOLOGIES = {name for name, action in BASE.actions.items() if action.group == "apology"}
MENTIONS = APOLOGIES | {"explain_cause_briefly", "retract_on_the_spot", "use_humour", "offer_to_make_good"}
REPAIRS = {name for name, action in BASE.actions.items() if action.reach == "repairs"}
STILL_DUE = {kind.name for kind in MISTAKES if kind.mend in ("again", "send")}  # no talk yet, or something not handed in
JOKES = {"bad_joke", "sarcasm", "offensive_remark", "flirting"}
SMALL = ("trivial", "minor")


def mentioned(each: Drawn) -> list[tuple[str, Finding]]:
    """Actions that bring a mistake up, each with the mistake."""
    found = {finding.fact: finding for finding in each.result.findings}
    return [(a.action, found[t]) for a in each.result.actions if a.action in MENTIONS for t in a.targets]


def _honesty(finding: Finding) -> bool:
    return KINDS[finding.kind].concern == "integrity"


def test_the_interviews_drawn_lead_to_every_action() -> None:
    recommended = {action for each in drawn() for action in each.planned()}
    assert {name for name, action in BASE.actions.items() if action.effort_minutes is not None} - recommended == set()


def test_no_plan_is_empty() -> None:
    assert [each.record for each in drawn() if not each.result.actions] == []


def test_what_nobody_noticed_is_not_mentioned() -> None:
    """Honesty is put right whether it was noticed or not."""
    wrong = [(a, f.kind) for each in drawn() for a, f in mentioned(each) if f.noticed_level == "unnoticed" and not _honesty(f)]
    assert wrong == []


def test_afterwards_nothing_small_is_brought_up_again() -> None:
    """Not but for those who were kept waiting, for honesty, for a thing of theirs that was spoiled, for a message that was not
    meant for them, and as the reason why another talk is asked for."""
    after = [each for each in drawn() if each.setting("moment", "after") == "after"]
    small = [(a, f) for each in after for a, f in mentioned(each) if f.severity_band in SMALL and not _honesty(f)]
    reasons = {
        ("explain_cause_briefly", "illness"),
        ("explain_cause_briefly", "poor_overall_performance"),
        ("follow_up_apology_note", "unprofessional_follow_up"),
    }
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
    assert {f.severity_band for each in joking for a, f in mentioned(each) if a == "use_humour"} == {"minor"}


def test_no_plan_holds_two_apologies_or_one_for_what_was_apologised_for() -> None:
    for each in drawn():
        assert len(each.planned() & APOLOGIES) <= 1
        assert (each.result.draft or "").lower().count("sorry") <= 1
        handled = {fact["id"] for fact in each.record if fact.get("handled") == "apologised"}
        handled |= {f.get("about", each.record[1]["id"]) for f in each.record if f["kind"] == "apology_given"}
        assert [f.kind for a, f in mentioned(each) if a in APOLOGIES and f.fact in handled] == []


def test_past_the_end_nothing_is_repaired_but_a_good_name() -> None:
    for each in drawn():
        if each.result.outlook == "closed":
            rejected = each.setting("outcome", "pending") == "rejected"
            left = {"brief_apology"} if rejected else {"brief_apology", "follow_up_apology_note"}
            assert each.planned() & REPAIRS <= left


def test_what_was_meant_is_not_apologised_for_once_it_ended_the_interview() -> None:
    for each in drawn():
        if each.result.outlook == "closed":
            chosen = {fact["id"] for fact in each.record if fact.get("cause") == "chosen"}
            assert [f.kind for a, f in mentioned(each) if a in APOLOGIES and f.fact in chosen] == []


def test_a_proof_of_fit_is_for_ability_or_follows_an_apology() -> None:
    """Or it goes with what is sent or with another time that is asked for; and it is better after a repair that failed."""
    doubts = {kind.name for kind in MISTAKES if kind.mend in ("prove", "send", "again")} | {"failed_repair"}
    for each in drawn():
        notes = [a for a in each.result.actions if a.action == "follow_up_note_restating_fit"]
        if notes and not each.planned() & APOLOGIES:
            kinds = {fact["kind"] for fact in each.record if KINDS[fact["kind"]].role == "mistake"}
            assert kinds & doubts


# -- every mistake by itself


SITUATIONS: list[dict[str, Any]] = [
    *({"moment": moment} for moment in ("before", "during", "after")),
    *({"outcome": outcome} for outcome in ("advanced", "offer", "rejected")),
    {"hours_since": 400},
]


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("kind", MISTAKES, ids=lambda kind: kind.name)
def test_no_mistake_is_without_a_plan(kind: Kind, situation: dict[str, Any]) -> None:
    interview = {"kind": "interview", **situation}
    assert [v for v in variants(kind) if not BASE.assess([interview, {"kind": kind.name, **v}]).actions] == []
