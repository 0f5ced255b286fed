"""A checked program in; the text fields that name other facts out.

No pack declares them, and none has to: a text that rules compare with the id or the kind of a fact is there to name one, be it
compared itself or after a derived fact has passed it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from misstep.language.effects import Derive, amounts_of
from misstep.language.expression import Compare, Expression, FieldRef, walk
from misstep.language.program import Aggregate, Negation, Pattern, Program, Rule

Place = tuple[str, str]
"""A field: its kind, and its name."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Of what kinds the facts are that a field names by their id, and of what those that it names by their kind."""

    ids: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def __or__(self, other: Reference) -> Reference:
        return Reference(self.ids | other.ids, self.kinds | other.kinds)


def find_references(program: Program) -> dict[Place, Reference]:
    """The text fields that name other facts, and what they name; fields that name none are missing."""
    found: dict[Place, Reference] = {}
    passed_on: list[tuple[Place, Place]] = []  # from a field to one of a derived fact
    for rule in program.rules.values():
        for node, patterns in expressions_of(rule):
            for place, reference in _compared(node, patterns, program):
                found[place] = found.get(place, Reference()) | reference
        passed_on += _passed_on(rule, program)
    grown = True
    while grown:
        grown = False
        for source, target in passed_on:
            before = found.get(source, Reference())
            after = before | found.get(target, Reference())
            if after != before:
                found[source] = after
                grown = True
    return found


def expressions_of(rule: Rule) -> Iterator[tuple[Expression, Mapping[str, Pattern]]]:
    """The conditions and amounts of a rule, each with the patterns whose names it may speak of."""
    outer = {pattern.name: pattern for pattern in rule.patterns}
    for condition in rule.conditions:
        yield condition.test, outer
    inner: list[Aggregate | Negation] = [*rule.aggregates, *rule.unless]
    for binder in inner:
        own = {**outer, binder.pattern.name: binder.pattern}
        value = binder.value if isinstance(binder, Aggregate) else None
        yield from ((node, own) for node in (*binder.conditions, value) if node is not None)
    for effect in rule.effects:
        yield from ((amount, outer) for amount in amounts_of(effect))


def _compared(node: Expression, patterns: Mapping[str, Pattern], program: Program) -> Iterator[tuple[Place, Reference]]:
    """The text fields that are compared with an id or a kind anywhere in an expression."""
    for part in walk(node):
        if not isinstance(part, Compare):
            continue
        for operator, (a, b) in zip(part.operators, pairwise(part.operands), strict=True):
            if operator in ("==", "!=") and isinstance(a, FieldRef) and isinstance(b, FieldRef):
                for text, named in ((a, b), (b, a)):
                    reference = _reference(named, patterns)
                    if reference != Reference():
                        yield from ((place, reference) for place in _texts(text, patterns, program))


def _reference(ref: FieldRef, patterns: Mapping[str, Pattern]) -> Reference:
    kinds = frozenset(patterns[ref.name].kinds) if ref.name in patterns else frozenset()
    match ref.field:
        case "id" | "fact":
            return Reference(ids=kinds)
        case "kind":
            return Reference(kinds=kinds)
    return Reference()


def _texts(ref: FieldRef, patterns: Mapping[str, Pattern], program: Program) -> Iterator[Place]:
    """The text fields that a part of an expression may speak of."""
    for kind in patterns[ref.name].kinds if ref.name in patterns else ():
        field = program.kinds[kind].by_name.get(ref.field)
        if field is not None and field.type == "text":
            yield kind, field.name


def _passed_on(rule: Rule, program: Program) -> Iterator[tuple[Place, Place]]:
    patterns = {pattern.name: pattern for pattern in rule.patterns}
    for effect in rule.effects:
        if isinstance(effect, Derive):
            for field, value in zip(program.kinds[effect.kind].fields, effect.values, strict=True):
                if isinstance(value, FieldRef):
                    yield from ((place, (effect.kind, field.name)) for place in _texts(value, patterns, program))
