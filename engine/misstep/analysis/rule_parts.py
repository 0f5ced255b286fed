"""A rule part by part, as rules of their own that an engine matches on the facts of one record.

The parts are what a rule asks for: each fact with the conditions that can be judged by then, in written order, then the
aggregates, then what must be there or must not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from misstep.assessment.assembly import Result
from misstep.assessment.explain import name_derived
from misstep.evaluate.codegen import Generated, generate
from misstep.evaluate.memory import Match, Memory, extent_of
from misstep.language.effects import Note, Text
from misstep.language.expression import Expression, Logic
from misstep.language.expression_text import expression_text
from misstep.language.facts import ID, Kind, Row
from misstep.language.program import FINDING, OUTLOOK, Aggregate, Condition, Existence, Pattern, Rule, overlap

MOST_KINDS = 5
"""Kinds of a pattern that are named; of more of them their role is."""

RulePart = Pattern | Condition | Aggregate | Existence


class Matcher:
    """Matches rules on the facts of a record after all of its own rules have run."""

    def __init__(self, result: Result) -> None:
        self.memory = result.memory
        self.kinds = result.memory.program.kinds
        self.names = name_derived(result.memory, result.facts.ids)

    def matches(self, rule: Rule) -> list[Match]:
        """All matches of a rule that `with_parts` made. Raises BudgetError where it would look at too many facts."""
        return [remark.match for remark in fire_alone(generate(rule, self.kinds), self.memory).notes]

    def fact_ids(self, rule: Rule, match: Match) -> tuple[str, ...]:
        """The ids of the facts of a match."""
        ids = []
        for binder, row in zip(rule.binders, match, strict=True):
            if isinstance(binder, Pattern) and binder.over != OUTLOOK:
                ids.append(self.id_of(row[0] if binder.over == FINDING else row))
        return tuple(ids)

    def id_of(self, row: Row) -> str:
        """The id of a fact, given or derived."""
        return str(self.names.get(row, row[ID]))


def fire_alone(
    rule: Generated,
    after: Memory,
    derives: Iterable[str] = (),
    more: Mapping[str, list[Row]] = MappingProxyType({}),
) -> Memory:
    """A memory with the conclusions of one rule alone, on the facts of another memory after all rules have run, and on ``more``,
    by kind. ``derives``: the kinds of which it concludes facts. Raises as ``Matcher.matches``."""
    rows = {**after.rows, **more}
    memory = Memory(after.program, rows, after.limits)
    memory.found = after.found
    memory.rows |= {kind: [*rows.get(kind, ())] for kind in derives}  # what it concludes is not to show elsewhere
    rule.fire(memory, {key: extent_of(rows, pattern.over, pattern.kinds) for key, pattern in rule.patterns.items()})
    return memory


def parts_of_rule(rule: Rule) -> list[RulePart]:
    """What a rule asks for, each part after all that it needs."""
    waiting = [Condition(test, condition.needs) for condition in rule.conditions for test in _conjuncts(condition.test)]
    parts: list[RulePart] = []
    bound: set[str] = set()
    binders: tuple[Pattern | Aggregate, ...] = (*rule.patterns, *rule.aggregates)
    for binder in binders:
        parts.append(binder)
        bound.add(binder.name)
        if isinstance(binder, Aggregate):
            bound.update(key.name for key in binder.keys)
        parts += [condition for condition in waiting if condition.needs <= bound]
        waiting = [condition for condition in waiting if not condition.needs <= bound]
    parts += waiting
    for existence in rule.existences:
        if existence.negated:
            parts.append(existence)
        else:
            tests = [test for condition in existence.conditions for test in _conjuncts(condition)]
            parts += [replace(existence, conditions=tuple(tests[:count])) for count in range(len(tests) + 1)]
    return parts


def _conjuncts(test: Expression) -> tuple[Expression, ...]:
    """The conditions that a condition joins by ``and``."""
    match test:
        case Logic("and", operands):
            return tuple(each for operand in operands for each in _conjuncts(operand))
        case _:
            return (test,)


def with_parts(rule: Rule, parts: Iterable[RulePart]) -> Rule:
    """A rule that asks for these parts only, and notes its matches."""
    parts = list(parts)
    bound = {id(part) for part in parts} | {id(key) for part in parts if isinstance(part, Aggregate) for key in part.keys}
    needed = {id(part.pattern): part for part in parts if isinstance(part, Existence)}  # of a growing one the last
    return replace(
        rule,
        binders=tuple(binder for binder in rule.binders if id(binder) in bound),
        conditions=tuple(part for part in parts if isinstance(part, Condition)),
        existences=tuple(needed.values()),
        effects=(Note(Text(())),),
    )


def with_blocking(before: Rule, part: RulePart) -> Rule | None:
    """The rule that also takes the facts which must not be there, or which lack a condition of those that must."""
    if not isinstance(part, Existence):
        return None
    tests = part.conditions if part.negated else part.conditions[:-1]
    needs = part.needs | {part.pattern.name}
    return replace(
        before,
        binders=(*before.binders, part.pattern),
        conditions=(*before.conditions, *(Condition(test, needs) for test in tests)),
        existences=tuple(each for each in before.existences if each.pattern is not part.pattern),
    )


def missing_part(part: RulePart, before: Rule, kinds: Mapping[str, Kind]) -> str:
    """In words that a part is missing; ``before``: the rule of the parts before it."""
    match part:
        case Condition(test):
            return expression_text(test)
        case Aggregate(pattern=pattern):
            return f"there is no {_kinds_of(pattern, kinds)} to count"
        case Existence(pattern, conditions, negated=negated):
            where = " and ".join(map(expression_text, conditions))
            return f"there is {'a fact' if negated else 'no'} {_kinds_of(pattern, kinds)}" + (f" where {where}" if where else "")
        case Pattern():
            other = any(overlap(each, part) for each in before.patterns)
            return f"there is no {'other ' if other else ''}{_kinds_of(part, kinds)}"


def _kinds_of(pattern: Pattern, kinds: Mapping[str, Kind]) -> str:
    """What a pattern takes: its kinds, and of many their role."""
    if pattern.over == OUTLOOK:
        return OUTLOOK
    roles = {kinds[kind].role for kind in pattern.kinds}
    shown = " or ".join(pattern.kinds)
    if len(pattern.kinds) > MOST_KINDS and len(roles) == 1:
        (role,) = roles
        everyone = sum(kind.role == role for kind in kinds.values()) == len(pattern.kinds)
        shown = role if everyone else f"{role} of {len(pattern.kinds)} kinds"
    return f"finding of {shown}" if pattern.over == FINDING else shown
