"""Whether one more fact moves scores one way only, whatever else a record holds.

It may start rules that look at such facts, and stop those that look whether there is none; so on with what these derive. If all
that start only lower scores, and all that stop only raise them, no score rises.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple

from misstep.language.effects import EFFECTS, Contribute, Derive
from misstep.language.program import FINDING, OUTLOOK, Pattern, Program, Rule
from misstep.tools.lints.rule_conditions import ConditionReader, ValueKnowledge

MoveDirection = Literal["up", "down"]


class _Moved(NamedTuple):
    """Kinds of which there may be more facts, and fewer."""

    more: frozenset[str]
    fewer: frozenset[str]

    def starts(self, rule: Rule) -> bool:
        """Whether a rule may match where it did not."""
        wanted, barred = _looked_at(rule)
        return _meets(wanted, self.more) or _meets(barred, self.fewer)

    def stops(self, rule: Rule) -> bool:
        """Whether a rule may match no more where it did."""
        wanted, barred = _looked_at(rule)
        return _meets(wanted, self.fewer) or _meets(barred, self.more)


def moves_one_way(program: Program, knowledge: ValueKnowledge, kinds: Collection[str], direction: MoveDirection) -> bool:
    """Whether one more fact of some kinds moves the scores of all other mistakes in one direction, if at all."""
    scoring = [rule for rule in program.rules.values() if not any(each.over in (FINDING, OUTLOOK) for each in rule.all_patterns)]
    scoring = [rule for rule in scoring if any(isinstance(effect, (Contribute, Derive)) for effect in rule.effects)]
    moved, before = _Moved(frozenset(kinds), frozenset()), None
    while moved != before:
        before = moved
        more = moved.more.union(*(rule.derives for rule in scoring if moved.starts(rule)))
        fewer = moved.fewer.union(*(rule.derives for rule in scoring if moved.stops(rule)))
        moved = _Moved(more, fewer)
    touched = moved.more | moved.fewer
    return all(_moves(rule, moved, touched, knowledge, direction) for rule in scoring)


def _moves(rule: Rule, moved: _Moved, touched: Collection[str], knowledge: ValueKnowledge, direction: MoveDirection) -> bool:
    """Whether all that a rule adds or takes back moves in a direction."""
    if _meets((each.pattern for each in rule.aggregates), touched):
        return False  # what it counts may change
    starts, stops = moved.starts(rule), moved.stops(rule)
    reader = ConditionReader(knowledge, rule)
    for effect in rule.effects:
        if not isinstance(effect, Contribute) or not EFFECTS[effect.dimension].score or effect.dimension == "overall":
            continue
        others = [pattern for pattern in rule.all_patterns if pattern.name != effect.target and _meets([pattern], touched)]
        if not others and not stops:
            continue  # it starts for the new fact alone, and adds to that
        amount, sign = reader.type(effect.amount), EFFECTS[effect.dimension].sign
        least, most = sorted((sign * amount.low, sign * amount.high))
        rises, falls = (starts and most > 0) or (stops and least < 0), (starts and least < 0) or (stops and most > 0)
        if rises if direction == "down" else falls:
            return False
    return True


def _looked_at(rule: Rule) -> tuple[list[Pattern], list[Pattern]]:
    """The patterns of a rule of which there must be a fact, and those of which there must be none."""
    wanted = [*rule.patterns, *(each.pattern for each in rule.existences if not each.negated)]
    return wanted, [each.pattern for each in rule.existences if each.negated]


def _meets(patterns: Iterable[Pattern], kinds: Collection[str]) -> bool:
    return any(not set(kinds).isdisjoint(pattern.kinds) for pattern in patterns)
