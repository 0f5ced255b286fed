"""What is due and how long: the truth until it is found out, told or decided; nothing for what was only felt."""

from __future__ import annotations

from typing import Any

import pytest

from misstep import Assessment, RuleBase

pytestmark = pytest.mark.once  # what rules say does not depend on the version of Python

BASE = RuleBase.shipped()
REPAIRS = {name for name, action in BASE.actions.items() if action.reach == "repairs"}
TRUTH = {"correct_the_record", "be_honest", "send_correct_answer", "admit_not_knowing"}
OWNING_UP = TRUTH | {"brief_apology", "follow_up_apology_note"}
Fact = dict[str, Any]

UNTRUE: list[Fact] = [
    {"kind": "dishonesty"},
    {"kind": "dishonesty", "about": "degree"},
    {"kind": "dishonesty", "about": "reason", "checkable": True},
    {"kind": "hidden_help", "help": "ai"},
    {"kind": "salary_misstep", "kind_of": "inflated_history"},
    {"kind": "inconsistent_answers"},
    {"kind": "bluffing"},
]
STANDING: list[Fact] = [
    *({"moment": "after", "outcome": outcome} for outcome in ("pending", "advanced", "offer")),
    *({"moment": "after", "hours_since": hours} for hours in (1, 400, 8000)),
    {"moment": "during"},
]


def planned(*facts: Fact) -> set[str]:
    result: Assessment = BASE.assess(list(facts))
    return {action.action for action in result.actions}


@pytest.mark.parametrize("standing", STANDING, ids=lambda fact: "-".join(map(str, fact.values())))
@pytest.mark.parametrize("untrue", UNTRUE, ids=lambda fact: "-".join(map(str, fact.values())))
def test_the_truth_is_due_however_it_stands_and_however_long_ago(untrue: Fact, standing: Fact) -> None:
    assert planned({"kind": "interview", **standing}, untrue) & TRUTH


@pytest.mark.parametrize("untrue", [UNTRUE[1], UNTRUE[2]], ids=["degree", "checkable"])
def test_what_the_papers_say_is_put_right_before_the_talk(untrue: Fact) -> None:
    assert "correct_the_record" in planned({"kind": "interview", "moment": "before"}, untrue)


@pytest.mark.parametrize("untrue", UNTRUE, ids=lambda fact: "-".join(map(str, fact.values())))
def test_the_duty_ends_with_the_candidacy_and_once_it_is_done(untrue: Fact) -> None:
    over, done = ({"kind": "interview", "outcome": "rejected"},), ({"kind": "interview"}, {"kind": "correction_sent"})
    assert planned(*over, untrue) & OWNING_UP == set()
    assert planned(*done, untrue) & {"correct_the_record", "send_correct_answer"} == set()


@pytest.mark.parametrize("kind", ["dishonesty", "hidden_help"])
@pytest.mark.parametrize("channels", [["email"], ["phone"]], ids=["email", "phone"])
@pytest.mark.parametrize("worse", [{}, {"times": 10}], ids=["once", "again and again"])
def test_who_is_caught_owns_up_also_where_the_chance_is_gone(kind: str, channels: list[str], worse: Fact) -> None:
    caught = {"kind": kind, "discovered": True, **worse}
    assert planned({"kind": "interview", "channels": channels}, caught) & OWNING_UP


FELT = ("weak_answer", "weak_behavioural_answer", "wrong_technical_answer", "blanked_on_question", "rambling", "filler_words",
        "poor_overall_performance", "no_career_plan", "lack_of_preparation")  # fmt: skip


@pytest.mark.parametrize("more", [{}, {"reaction": "none_seen"}, {"self_judged": "severe"}, {"handled": "acknowledged"}], ids=str)
@pytest.mark.parametrize("kind", FELT)
def test_what_was_only_felt_is_nothing_to_repair(kind: str, more: Fact) -> None:
    assert planned({"kind": "interview", "hours_since": 5}, {"kind": kind, "tells": True, **more}) & REPAIRS == set()
