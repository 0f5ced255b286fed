"""Laws of plans, letters and verdicts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.laws.answers import WRITTEN
from tests.laws.law import (
    SCALE,
    Check,
    Draw,
    Drawing,
    Fault,
    Record,
    added_rule,
    changed_code,
    changed_scale,
    law,
    mistakes_of,
    with_a_mistake,
    without_a_mistake,
)
from tests.rulebase import plan_faults
from tests.rulebase.drawn import KINDS, Drawn, draw_without_a_talk
from tests.rulebase.plan_changes import Change, apology_for_a_strength, repair_taken_away
from tests.rulebase.plan_faults import Case

from misstep import RuleBase
from misstep.language.facts import ID

ORDER: list[str] = WRITTEN["verdicts"]["order"]


@law("A plan has at most five actions.", changed_scale(max_actions=6), with_a_mistake)
def at_most_five_actions(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    planned = base.assess(record).actions
    yield "" if len(planned) <= WRITTEN["plan"]["max_actions"] else f"{[a.action for a in planned]}"


@law(
    "One apology, ever.",
    changed_code("assessment.planning._one_of_a_group", lambda old: lambda choices, barred: (choices, [])),
    with_a_mistake,
)
def one_apology(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    apologies = [a.action for a in base.assess(record).actions if base.actions[a.action].group == "apology"]
    if apologies:
        yield "" if len(apologies) == 1 else f"{apologies}"


@law(
    "Nothing is joked about where honesty is in question.",
    added_rule("a-joke-about-a-lie", "avoid.humour-over-honesty"),
    with_a_mistake,
)
def no_joke_about_honesty(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    if any(base.kinds[fact["kind"]].concern == "integrity" for fact in mistakes_of(record)):
        yield "humour where honesty is in question" if "use_humour" in {a.action for a in base.assess(record).actions} else ""


@law(
    "Every action is for mistakes of the record.",
    changed_code("assessment.assembly._action", lambda old: lambda *given: {**old(*given), "for": ["nobody"]}),
    with_a_mistake,
)
def actions_are_for_mistakes_of_the_record(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    known = {f.fact for f in answer.findings}
    both: list[Any] = [*answer.actions, *answer.avoid]
    for each in both:
        yield "" if set(each.targets) <= known else f"{each.action} is for {each.targets}"


@law(
    "Every action, planned or advised against, has a reason.",
    changed_code("assessment.assembly.action_reasons", lambda old: lambda *given: []),
    with_a_mistake,
)
def every_action_has_a_reason(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    both: list[Any] = [*answer.actions, *answer.avoid]
    for each in both:
        yield "" if each.because else f"{each.action}: nobody knows why"


@law(
    "What an action relieves is a part of the damage, and its priority stays within 0 and 100.",
    changed_code("assessment.planning.Choice.priority", lambda old: lambda self, scale: old(self, scale) * 2),
    with_a_mistake,
)
def relief_and_priority_within_their_ranges(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    for action in answer.actions:
        right = 0 <= action.relief <= answer.damage and 0 <= action.priority <= 100
        yield "" if right else f"{action.action}: {action.relief} of {answer.damage}, {action.priority}"


@law(
    "A plan that relieves nothing leaves the damage as it is.",
    changed_code("assessment.planning._Scores.damage_after", lambda old: lambda self, choices: max(0, old(self, choices) - 10)),
    with_a_mistake,
)
def nothing_relieved_nothing_gained(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    if not any(base.actions[a.action].relief or a.relief for a in answer.actions):
        yield "" if answer.damage_after == answer.damage else f"{answer.damage} -> {answer.damage_after}"


@law(
    "An answer acts where a step deals with a mistake towards the employer, and nowhere else.",
    changed_code("assessment.planning.Plan.acts", lambda old: property(lambda self: bool(self.steps))),
)
def it_acts_where_a_step_repairs(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    acts = any(action.reach == "repairs" and action.targets for action in answer.actions)
    yield "" if answer.acts == acts else f"acts: {answer.acts}, with {[a.action for a in answer.actions]}"


@law(
    "The draft is the body of the first message.",
    changed_code("assessment.assembly._whole", lambda old: lambda *given: {**old(*given), "draft": "Hello"}),
)
def the_draft_is_the_first_message(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    bodies = [step.message.body for step in answer.steps if step.message is not None]
    yield "" if answer.draft == (bodies[0] if bodies else None) else f"{answer.draft}"


@law(
    "The verdict of a record is that of its worst finding, or that there is nothing to send.",
    changed_code("assessment.planning._decide", lambda old: lambda steps, findings, scale: (steps, scale.verdicts[0])),
    with_a_mistake,
)
def the_verdict_is_that_of_the_worst(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    answer = base.assess(record)
    worst = max((ORDER.index(f.verdict) for f in answer.findings), default=0)
    unable = answer.verdict == SCALE.unable and ORDER[worst] in SCALE.act_within
    yield "" if answer.verdict == ORDER[worst] or unable else f"{answer.verdict}, not {ORDER[worst]}"


@law("A step has every action on one occasion and over one channel, and says so in its rank.",
     changed_code("assessment.assembly._step", lambda old: lambda rank, *given: {**old(rank, *given), "rank": 1}))  # fmt: skip
def steps_are_ranked(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
    steps = base.assess(record).steps
    places = [(step.occasion, step.channel) for step in steps]
    if len(steps) > 1:
        yield "" if [s.rank for s in steps] == [*range(1, len(steps) + 1)] and len({*places}) == len(places) else f"{places}"


# -- faults that can be seen in one answer, and those that show beside another


def of_one_answer(name: str, fault: plan_faults.Fault) -> Check:
    """A law of what must never be there."""

    def check(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
        yield from fault(Case(record, base.assess(record), base))

    check.__name__ = name
    return check


def of_a_change(name: str, change: Change) -> Check:
    """A law of what no change may bring."""

    def check(base: RuleBase, record: Record, draw: Draw) -> Iterator[str]:
        yield from change(Drawn(record, base.assess(record)), draw, base)

    check.__name__ = name
    return check


def without_a_talk(number: int, draw: Draw) -> Record:
    """Nobody has spoken to anybody yet."""
    return draw_without_a_talk(draw)


def _as_if_said(old: Any) -> Any:
    """A message that takes what is assumed for what was said."""

    def message(self: Any, step: Any, plan: Any, findings: Any, facts: Any, outlook: str) -> Any:
        every = [field.name for kind in KINDS.values() for field in kind.fields]
        said = {row[ID]: every for rows in facts.rows.values() for row in rows}
        return old(self, step, plan, findings, facts._replace(said=said), outlook)

    return message


def _as_the_worst_finding_says(steps: Any, findings: Any, scale: Any) -> Any:
    return steps, findings[0].verdict if findings else ORDER[0]


def closing(text: str) -> Fault:
    """Letters that end on other words."""
    return changed_scale(message_closing=text)


def never(name: str, fault: plan_faults.Fault, says: str, breaks: Fault, records: Drawing = with_a_mistake) -> None:
    """Declare the law that a fault is in no answer."""
    law(says, breaks, records)(of_one_answer(name, fault))


never(
    "in time for its verdict",
    plan_faults.late_for_its_verdict,
    "Who must act has a step towards the employer within the hours of the verdict, and it comes first.",
    changed_code("assessment.planning._decide", lambda old: _as_the_worst_finding_says),
)
never(
    "nothing to send",
    plan_faults.calls_for_nothing,
    "Where there is nothing to send, nothing is sent.",
    changed_code("assessment.planning._decide", lambda old: lambda steps, findings, scale: (steps, scale.unable)),
)
never(
    "steps by due time",
    plan_faults.out_of_order,
    "Due times never fall along the order of the steps.",
    changed_code("assessment.planning._steps", lambda old: lambda *given: old(*given)[::-1]),
)
never(
    "no contradiction",
    plan_faults.contradictory,
    "No two actions about one mistake, planned or advised against, exclude each other.",
    changed_code("assessment.planning._exclude", lambda old: lambda *given: None),
)
never(
    "nothing twice",
    plan_faults.repeated,
    "No action, no group of actions and no occasion stands in a plan twice.",
    changed_code("assessment.planning._one_of_a_group", lambda old: lambda choices, barred: (choices, [])),
)
never(
    "no step without a cause",
    plan_faults.without_a_cause,
    "Where nothing went wrong the employer hears of nothing.",
    added_rule("out-of-nothing"),
    without_a_mistake,
)
never(
    "only ways that are there",
    plan_faults.no_such_way,
    "No step goes over a channel that is not there.",
    changed_code("assessment.planning.open_channels", lambda old: lambda action, ways: action.channels or ("message",)),
)
never(
    "letters",
    plan_faults.bad_message,
    "No letter apologises twice, is longer than 150 words, or has a blank that it does not name.",
    changed_code("assessment.drafting._BLANK", lambda old: re.compile("$^")),
)
never(
    "whole letters",
    plan_faults.part_missing,
    "A letter has every part that its actions order.",
    changed_code("assessment.drafting.Drafter._body", lambda old: lambda self, parts, *rest: old(self, parts[-1:], *rest)),
)
never(
    "no number of nobody", plan_faults.number_of_nobody, "No letter has a number that nobody said.", closing("Kind regards, 4711")
)
never(
    "nothing that nobody said",
    plan_faults.default_as_said,
    "No letter says what nobody said.",
    changed_code("assessment.drafting.Drafter.message", _as_if_said),
)
never(
    "no talk that was not",
    plan_faults.talk_that_was_not,
    "No letter speaks of a conversation that did not take place.",
    closing("Thank you for your time"),
    without_a_talk,
)
never(
    "whole sentences",
    plan_faults.broken_sentence,
    "No sentence has doubled punctuation, an empty clause or what is left of a template.",
    closing("Kind regards ,"),
)
never(
    "the headline says what the plan says",
    plan_faults.headline_against_plan,
    "The headline says what the plan says.",
    changed_scale(headline="Leave it."),
)

law("More of the worse takes no repair away while the outlook stays open, but for exceptions that the packs explain.",
    added_rule("the-worse-is-left"), with_a_mistake)(of_a_change("no repair taken away", repair_taken_away))  # fmt: skip
law("One more strength brings no apology.", added_rule("an-apology-for-a-strength"), with_a_mistake)(
    of_a_change("no apology for a strength", apology_for_a_strength)
)
