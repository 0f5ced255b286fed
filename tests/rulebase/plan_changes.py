"""Faults of plans that show beside the answer to a record that differs in one thing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.rulebase.drawn import BASE, KINDS, STRENGTHS, Drawn, draw_fact, turning_points

from misstep import Assessment, RuleBase
from misstep.language.facts import Field, Kind

NO_REPAIR = {name for name, action in BASE.actions.items() if action.part == "cause"} | {"use_humour"}
"""What a worse slip may lose: the cause, since an emergency that was none is no cause any more, and the joke,
which is for small slips alone."""

WORDS = {name for name, action in BASE.actions.items() if action.group == "apology"}
"""Of these a plan holds one."""

EXCEPTIONS = {("wrong_technical_answer", "answered_later"): "wrong-technical-answer.send-it"}
"""Fields of which the worse takes a repair away, each with the rule whose help says why."""

Change = Callable[[Drawn, random.Random, RuleBase], Iterator[str]]
"""Yields, for every change that it makes, what is wrong with the answer that comes of it, or nothing: ``""``."""


def _contact_is_the_mistake(drawn: Drawn) -> bool:
    """More contact does not mend too much of it, nor one that was out of tone: more of it takes repairs away, and rightly."""
    return any(KINDS[fact["kind"]].harm == "pressed" or fact["kind"] == "unprofessional_follow_up" for fact in drawn.mistakes)


def repair_taken_away(drawn: Drawn, draw: random.Random, base: RuleBase) -> Iterator[str]:
    """R6: a mistake is repaired, more of the worse, and it is not repaired any more, though the outlook stays open."""
    if drawn.result.outlook == "closed" or _contact_is_the_mistake(drawn):
        return
    repaired = _repaired(drawn.result)
    worded = repaired - _repaired(drawn.result, NO_REPAIR | WORDS)  # by a word of regret alone
    if not repaired:
        return
    changes = [
        (fact, field)
        for fact in drawn.mistakes
        for field in KINDS[fact["kind"]].fields
        if field.worse is not None and (fact["kind"], field.name) not in EXCEPTIONS
    ]
    for fact, field in draw.sample(changes, min(4, len(changes))):
        for value in _worse(KINDS[fact["kind"]], field, fact.get(field.name), draw):
            worse = [{**f, field.name: value} if f is fact else f for f in drawn.record]
            answer = base.assess(worse)
            if answer.outlook != "closed":
                lost = repaired - _repaired(answer)
                if _apologised(answer):  # one word for all, and it goes to the worst
                    lost -= worded - {fact["id"]}
                plans = f"{_plan(drawn.result)} -> {_plan(answer)}"
                yield f"{fact['kind']}.{field.name}={value} loses {lost}: {plans}: {drawn.record}" if lost else ""


def apology_for_a_strength(drawn: Drawn, draw: random.Random, base: RuleBase) -> Iterator[str]:
    """One more strength brings an apology, though the outlook is what it was."""
    strength = draw_fact(draw.choice(STRENGTHS), draw)
    answer = base.assess([*drawn.record, {"id": "more", **strength}])
    if answer.outlook != drawn.result.outlook:  # it opens a chance again that was gone, and what is due while there is one
        return
    brought = _apologised(answer) - _apologised(drawn.result)
    new = brought and not _apologised(drawn.result)
    yield f"{strength} brings {brought}: {_plan(drawn.result)} -> {_plan(answer)}: {drawn.record}" if new else ""


def _repaired(answer: Assessment, but: set[str] = NO_REPAIR) -> set[str]:
    """The mistakes that something is done about, but for these actions."""
    repairs = [action for action in answer.actions if action.reach == "repairs" and action.action not in but]
    return {target for action in repairs for target in action.targets}


def _apologised(answer: Assessment) -> set[str]:
    return {action.action for action in answer.actions} & WORDS


def _worse(kind: Kind, field: Field, value: Any, draw: random.Random) -> Iterator[Any]:
    """Values of a field that are worse than one: of a number the next at which anything turns, and any one beyond."""
    if field.worse not in ("higher", "lower"):
        if value != field.worse:
            yield field.worse
        return
    now = field.default if value is None else value
    if now is None:  # what is not known is neither better nor worse
        return
    higher = field.worse == "higher"
    beyond = [turn for turn in turning_points(kind.name, field.name) if (turn > now if higher else turn < now)]
    if not higher:
        beyond.reverse()
    if not beyond and higher and field.type == "integer" and (field.maximum is None or now < field.maximum):
        beyond = [now + 1]
    yield from dict.fromkeys([*beyond[:1], *([draw.choice(beyond)] if beyond else [])])


def _plan(answer: Assessment) -> str:
    levels = ", ".join(f"{f.kind} {f.severity_band} {f.noticed_level} {f.verdict}" for f in answer.findings)
    return f"[{levels}; {answer.outlook}] " + "; ".join(f"{a.action} {','.join(a.targets)}" for a in answer.actions)
