"""Two results of one record in, from two rule bases; the rules that cause their difference out.

A rule is responsible if its effects differ: it gave another amount to a finding, or other advice on an action, on which the
changed answer rests. It may be the same in both rule bases and have fired in one only; then the rules that scored the findings
it fired on differently are responsible too.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Literal

from misstep.assessment.assembly import Result
from misstep.assessment.planning import Choice
from misstep.assessment.scoring import outlook_limit, weighed
from misstep.evaluate.memory import Match
from misstep.language.facts import ID, Row
from misstep.language.program import OUTLOOK, Pattern, Rule

Aspect = Literal["band", "verdict", "first_action", "outlook"]
ASPECTS: tuple[Aspect, ...] = ("band", "verdict", "first_action", "outlook")

Target = str | None
"""The id of a mistake; None for the interview as a whole."""
Amounts = dict[tuple[str, str], int]
"""The amounts that rules gave, by rule and dimension."""
Effects = dict[tuple[str, Hashable], set[str]]
"""The effects of rules: rule and effect, and the mistakes whose findings it fired on."""


def responsible_rules(before: Result, after: Result, changed: Collection[Aspect]) -> set[str]:
    """The ids of the rules that changed these aspects of the answer."""
    rules: set[str] = set()
    places: set[Target] = set()
    if "band" in changed:
        places |= {None, *_counting_most(before), *_counting_most(after)}
    if "verdict" in changed:
        places |= {*_judged_worst(before), *_judged_worst(after)}
        if any(result.plan.verdict == result.memory.program.scale.unable for result in (before, after)):
            outward = {*_outward(before), *_outward(after)}  # whether there is such a step decides it too
            _add_differing(_advice(before, outward), _advice(after, outward), rules, places)
    if "outlook" in changed:
        words = {result.memory.rows[OUTLOOK][0][0] for result in (before, after)}
        _add_differing(_limits(before, words), _limits(after, words), rules, places)
    if "first_action" in changed:
        firsts = [choice for result in (before, after) if (choice := first_choice(result)) is not None]
        actions = {choice.action.id for choice in firsts}
        _add_differing(_advice(before, actions), _advice(after, actions), rules, places)
        places |= {target for choice in firsts for target in choice.relief}
    given, now_given = _given(before), _given(after)
    for place in places:
        one, other = given.get(place, {}), now_given.get(place, {})
        rules |= {key[0] for key in one.keys() | other.keys() if one.get(key, 0) != other.get(key, 0)}
    return rules


def first_choice(result: Result) -> Choice | None:
    """The action that is to be done first."""
    return result.plan.choices[0] if result.plan.steps else None


# -- findings and actions on which an answer rests


def _counting_most(result: Result) -> Iterator[str]:
    """The findings that the band of the interview rests on."""
    weights = weighed(result.findings, result.memory.program.scale)
    return (finding.mistake[ID] for finding, weight in zip(result.findings, weights, strict=True) if weight == max(weights))


def _judged_worst(result: Result) -> Iterator[str]:
    """The findings that have the verdict of the interview."""
    return (finding.mistake[ID] for finding in result.findings if finding.verdict == result.findings[0].verdict)


def _outward(result: Result) -> Iterator[str]:
    """The actions that reach the other side."""
    return (action.id for action in result.memory.program.actions.values() if action.reach != "private")


def _found(rule: Rule, match: Match) -> Iterator[str]:
    """The mistakes whose findings a rule fired on."""
    for binder, value in zip(rule.binders, match, strict=True):
        if isinstance(binder, Pattern) and binder.over == "finding":
            yield value[0][ID]


# -- effects of rules


def _given(result: Result) -> dict[Target, Amounts]:
    """The amounts that rules gave to every mistake."""
    verdicts = result.memory.program.scale.verdicts
    given: dict[Target, Amounts] = {}
    for target, dimension, amount, rule, _ in result.memory.contributions:
        of_one = given.setdefault(None if target is None else target[ID], {})
        if dimension == "verdict":
            of_one[rule.id, f"verdict {verdicts[amount]}"] = 1  # by its word: another scale may rank it elsewhere
        else:
            of_one[rule.id, dimension] = of_one.get((rule.id, dimension), 0) + amount
    return given


def _limits(result: Result, words: Collection[str]) -> Effects:
    """How rules limit the outlook to one of the words."""
    outlooks = result.memory.program.scale.outlooks
    limits: Effects = {}
    for limit in result.memory.outlooks:
        word = outlooks[outlook_limit(limit)]
        if word in words:
            limits.setdefault((limit.rule.id, word), set()).update(_found(limit.rule, limit.match))
    return limits


def _advice(result: Result, actions: Collection[str]) -> Effects:
    """The advice of rules on some actions."""
    advice: Effects = {}
    for action, targets, relief, due, rule, match in result.memory.recommendations:
        if action in actions:
            advice.setdefault((rule.id, (action, _ids(targets), relief, due)), set()).update(_found(rule, match))
    for action, targets, rule, match in result.memory.vetoes:
        if action in actions:
            advice.setdefault((rule.id, (action, _ids(targets))), set()).update(_found(rule, match))
    return advice


def _ids(rows: Iterable[Row]) -> frozenset[str]:
    return frozenset(row[ID] for row in rows)


def _add_differing(one: Effects, other: Effects, rules: set[str], places: set[Target]) -> None:
    """Add the rules of effects that are in one of the two only, and the mistakes they fired on."""
    for key in one.keys() ^ other.keys():
        rules.add(key[0])
        places.update(one[key] if key in one else other[key])
