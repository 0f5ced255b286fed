"""Faults of plans, found in answers: what must never be there, whatever the record.

    python -m tests.rulebase.plan_faults 3000

counts them over as many records of ``misstep sample`` (P1 and P2 are the names that the faults had when they were first counted).
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from math import inf

from misstep import Assessment, RuleBase
from misstep.model.result import Step
from misstep.sample import sample_records

Fault = Callable[[Assessment, RuleBase], Iterator[str]]
"""Yields a line for every such fault of an answer."""

MOST_WORDS = 150
APOLOGY = re.compile(r"\b(sorry|apolog\w*|forgive)\b", re.IGNORECASE)


def outward(step: Step) -> bool:
    return any(action.reach != "private" for action in step.actions)


def hours(step: Step) -> float:
    return inf if step.due_hours is None else step.due_hours


def late_for_its_verdict(answer: Assessment, base: RuleBase) -> Iterator[str]:
    """P1: it says act, and no step towards the employer is due within the hours of that verdict, or something else comes first."""
    within = base.program.scale.act_within.get(answer.verdict)
    if within is not None:
        if not any(outward(step) and hours(step) <= within for step in answer.steps):
            yield f"{answer.verdict} without an outward step within {within:g} hours"
        elif hours(answer.steps[0]) > within:
            yield f"{answer.verdict} begins with a step due in {hours(answer.steps[0]):g} hours"


def calls_for_nothing(answer: Assessment, base: RuleBase) -> Iterator[str]:
    """P1: it says that there is nothing to send, and has a step towards the employer."""
    if answer.verdict == base.program.scale.unable and any(outward(step) for step in answer.steps):
        yield f"{answer.verdict} with an outward step"


def out_of_order(answer: Assessment, _: RuleBase) -> Iterator[str]:
    """P2: due times fall along the order, or ranks do not count it."""
    dues = [hours(step) for step in answer.steps]
    if dues != sorted(dues) or [step.rank for step in answer.steps] != list(range(1, len(dues) + 1)):
        yield f"due in {dues}"


def contradictory(answer: Assessment, base: RuleBase) -> Iterator[str]:
    """P2: two actions about one mistake, planned or advised against, exclude each other."""
    planned = [(action.action, set(action.targets)) for action in answer.actions]
    against = [(avoided.action, set(avoided.targets)) for avoided in answer.avoid]
    for one, targets in planned:
        for other, others in planned:
            if other in base.actions[one].excludes and (targets & others or not targets):
                yield f"{one} beside {other}"
        for other, others in against:
            both = targets & others or not targets or not others
            turned = other not in base.program.advised and one in base.actions[other].excludes
            if both and (other in base.actions[one].excludes or turned):
                yield f"{one}, and against {other}"


def repeated(answer: Assessment, base: RuleBase) -> Iterator[str]:
    """P2, P3: an action twice, two of one group, two steps on one occasion and channel, or planned and advised against."""
    actions = [action.action for action in answer.actions]
    groups = [group for action in actions if (group := base.actions[action].group)]
    places = [(step.occasion, step.channel) for step in answer.steps]
    for what in (actions, groups, places):
        yield from (f"{thing} twice" for thing, count in Counter(what).items() if count > 1)
    against = {avoided.action: set(avoided.targets) for avoided in answer.avoid}
    for action in answer.actions:
        if action.action in against and (not against[action.action] or against[action.action] & set(action.targets)):
            yield f"{action.action} is planned and advised against"


def without_a_cause(answer: Assessment, _: RuleBase) -> Iterator[str]:
    """A step towards the employer where nothing went wrong."""
    if not answer.findings and any(outward(step) for step in answer.steps):
        yield "nothing went wrong, and they are to hear of it"


def no_such_way(answer: Assessment, base: RuleBase) -> Iterator[str]:
    """A step over a channel that is not open."""
    open_ = {(d.values["channel"], d.values["occasion"]) for d in answer.derived if d.kind == base.program.scale.ways}
    for step in answer.steps:
        fixed = all(base.actions[action.action].occasion for action in step.actions)
        if base.program.scale.ways and not fixed and (step.channel, step.occasion) not in open_:
            yield f"{step.occasion} over {step.channel}, which is not open"


def bad_message(answer: Assessment, base: RuleBase) -> Iterator[str]:
    """A message that lacks a part its step orders, apologises twice, is too long, or has blanks that it does not name."""
    for step in answer.steps:
        if step.message is None:
            continue
        body = step.message.body
        if len(body.split()) > MOST_WORDS:
            yield f"{len(body.split())} words"
        if sum(bool(APOLOGY.search(paragraph)) for paragraph in body.split("\n\n")) > 1:
            yield "two apologies"
        if set(re.findall(r"\[[^\[\]\n]{1,80}\]", f"{step.message.subject or ''}\n{body}")) != set(step.message.blanks):
            yield "blanks that are not named"
        paragraphs = {base.actions[action.action].part for action in step.actions if base.actions[action.action].says}
        if len(body.split("\n\n")) < len(paragraphs):
            yield "a part is missing"


FAULTS: tuple[Fault, ...] = (
    late_for_its_verdict, calls_for_nothing, out_of_order, contradictory, repeated, without_a_cause, no_such_way, bad_message,
)  # fmt: skip


def main(count: int) -> None:
    base = RuleBase.shipped()
    found: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for record in sample_records(base, count):
        answer = base.assess(record)
        for fault in FAULTS:
            for what in fault(answer, base):
                found[fault.__name__] += 1
                examples.setdefault(fault.__name__, f"{record['id']}: {what}")
    for fault in FAULTS:
        name = fault.__name__
        meaning = (fault.__doc__ or "").split("\n")[0]
        print(f"{found[name]:6} {meaning}" + (f" ({examples[name]})" if name in examples else ""))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
