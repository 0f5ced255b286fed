"""What a checked program shows about its fields: which ones rules read, where they turn, and which ones name other facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from misstep.language.effects import Derive, amounts_of
from misstep.language.expression import (
    Arithmetic,
    Call,
    Compare,
    Constants,
    Curve,
    Expression,
    FieldRef,
    Literal,
    Lookup,
    parts_of,
    walk,
)
from misstep.language.facts import Field
from misstep.language.program import Aggregate, Existence, Pattern, Program, Rule

FieldKey = tuple[str, str]
"""A field: its kind, and its name."""
Patterns = Mapping[str, Pattern]


def expressions_of(rule: Rule) -> Iterator[tuple[Expression, Patterns]]:
    """The conditions and amounts of a rule, each with the patterns whose names it may use."""
    outer = {pattern.name: pattern for pattern in rule.patterns}
    for condition in rule.conditions:
        yield condition.test, outer
    inner: list[Aggregate | Existence] = [*rule.aggregates, *rule.existences]
    for binder in inner:
        own = {**outer, binder.pattern.name: binder.pattern}
        values = (binder.value, *(key.value for key in binder.keys)) if isinstance(binder, Aggregate) else ()
        yield from ((node, own) for node in (*binder.conditions, *values) if node is not None)
    for effect in rule.effects:
        yield from ((amount, outer) for amount in amounts_of(effect))


def _refs(node: Expression | Constants) -> Iterator[FieldRef]:
    return (part for part in walk(node) if isinstance(part, FieldRef))


def _fields(refs: Iterable[FieldRef], patterns: Patterns, program: Program) -> Iterator[tuple[FieldKey, Field]]:
    """The declared fields that references may mean, one for each kind of the pattern."""
    for ref in refs:
        for kind in patterns[ref.name].kinds if ref.name in patterns else ():
            if ref.field in program.kinds[kind].by_name:
                yield (kind, ref.field), program.kinds[kind].by_name[ref.field]


# -- where rules turn


def find_thresholds(program: Program) -> dict[FieldKey, frozenset[float]]:
    """The numbers that stand beside a number field in a condition or an amount. Between two of them nothing turns, as expressions
    are made of comparisons, straight lines and ends of curves. Fields that no rule reads are missing."""
    found: dict[FieldKey, set[float]] = {}
    for rule in program.rules.values():
        for node, patterns in expressions_of(rule):
            numbers = {number for part in walk(node) for number in _numbers(part)}
            for key, field in _fields(_refs(node), patterns, program):
                if field.is_number:
                    found.setdefault(key, set()).update(numbers)
    return {key: frozenset(numbers) for key, numbers in found.items()}


def _numbers(node: Expression | Constants) -> Iterator[float]:
    if isinstance(node, Curve):
        yield from (x for x, _ in node.points)
    elif isinstance(node, Literal) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        yield node.value


def find_crossings(program: Program) -> frozenset[FieldKey]:
    """The number fields of which ``find_thresholds`` does not know all values at which a rule turns.

    ``late.minutes > 10`` turns at 10. If a rule compares a field with another field, or after a sum, the values at which it turns
    depend on the rest of the record.
    """
    found: set[FieldKey] = set()
    for rule in program.rules.values():
        derived = [value for effect in rule.effects if isinstance(effect, Derive) for value in effect.values]
        keys = [key.value for aggregate in rule.aggregates for key in aggregate.keys]
        passed_on = {id(value) for value in (*derived, *keys, *(aggregate.value for aggregate in rule.aggregates))}
        for node, patterns in expressions_of(rule):
            refs = _refs(node) if id(node) in passed_on else _crossing(node)  # a comparison elsewhere may use it
            found.update(key for key, field in _fields(refs, patterns, program) if field.is_number)
    return frozenset(found)


def _crossing(node: Expression | Constants) -> Iterator[FieldRef]:
    """The fields that an expression does not only compare with constants, put into a curve, or use in proportion."""
    match node:
        case Compare(_, operands):
            compared = [operand for operand in operands if not isinstance(operand, Literal)]
            if len(compared) > 1 or not all(isinstance(operand, FieldRef) for operand in compared):
                yield from _refs(node)
        case Curve(x):
            if not isinstance(x, FieldRef):
                yield from _refs(x)
        case Call() | Lookup():
            yield from _refs(node)
        case Arithmetic("*", left, right) if any(_refs(left)) and any(_refs(right)):
            yield from _refs(node)
        case _:
            for part in parts_of(node):
                yield from _crossing(part)


# -- which fields rules read


class _Reader(NamedTuple):
    """A rule: the kinds of facts that it needs, one of each set, the kinds that it concludes, and the fields that it reads."""

    needs: tuple[frozenset[str], ...]
    concludes: frozenset[str]
    reads: frozenset[FieldKey]


class ReadableFields:
    """The fields that rules can read, by the kinds that a record has. Immutable, safe from many threads.

    A rule can match only if there is a fact for each of its patterns, given or concluded. A field that other rules read changes
    nothing.
    """

    def __init__(self, program: Program) -> None:
        self._readers = [_reader(rule, program) for rule in program.rules.values()]

    def of(self, kinds: Iterable[str]) -> set[FieldKey]:
        """The fields that rules could read where there are facts of these kinds."""
        there, read = set(kinds), set[FieldKey]()
        waiting, grown = self._readers, True
        while grown:
            before, later = len(there), []
            for reader in waiting:
                if any(there.isdisjoint(kinds) for kinds in reader.needs):
                    later.append(reader)
                else:
                    read |= reader.reads
                    there |= reader.concludes
            waiting, grown = later, len(there) > before
        return read


def _reader(rule: Rule, program: Program) -> _Reader:
    reads = (key for node, patterns in expressions_of(rule) for key, _ in _fields(_refs(node), patterns, program))
    needs = tuple(frozenset(pattern.kinds) for pattern in rule.patterns if pattern.over != "outlook")
    return _Reader(needs, rule.derives, frozenset(reads))


# -- which fields name other facts


@dataclass(frozen=True, slots=True)
class Reference:
    """The kinds of the facts that a field names by their id, and of those that it names by their kind."""

    ids: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()

    def __or__(self, other: Reference) -> Reference:
        return Reference(self.ids | other.ids, self.kinds | other.kinds)


def find_references(program: Program) -> dict[FieldKey, Reference]:
    """The text fields that name other facts, and what they name; fields that name none are missing.

    No pack declares them: a text that rules compare with the id or the kind of a fact names one, be it compared itself or after a
    derived fact has passed it on.
    """
    found: dict[FieldKey, Reference] = {}
    passed_on: list[tuple[FieldKey, FieldKey]] = []  # from a field to one of a derived fact
    for rule in program.rules.values():
        for node, patterns in expressions_of(rule):
            for key, reference in _compared(node, patterns, program):
                found[key] = found.get(key, Reference()) | reference
        passed_on += _passed_on(rule, program)
    grown = True
    while grown:
        grown = False
        for source, target in passed_on:
            before = found.get(source, Reference())
            after = before | found.get(target, Reference())
            if after != before:
                found[source], grown = after, True
    return found


def _compared(node: Expression, patterns: Patterns, program: Program) -> Iterator[tuple[FieldKey, Reference]]:
    """The text fields that are compared with an id or a kind anywhere in an expression."""
    for part in walk(node):
        if not isinstance(part, Compare):
            continue
        for operator, (a, b) in zip(part.operators, pairwise(part.operands), strict=True):
            if operator in ("==", "!=") and isinstance(a, FieldRef) and isinstance(b, FieldRef):
                for text, named in ((a, b), (b, a)):
                    kinds = frozenset(patterns[named.name].kinds if named.name in patterns else ())
                    reference = Reference(kinds=kinds) if named.field == "kind" else Reference(kinds)
                    if kinds and named.field in ("id", "fact", "kind"):
                        yield from ((key, reference) for key in _texts(text, patterns, program))


def _texts(ref: FieldRef, patterns: Patterns, program: Program) -> Iterator[FieldKey]:
    return (key for key, field in _fields([ref], patterns, program) if field.type == "text")


def _passed_on(rule: Rule, program: Program) -> Iterator[tuple[FieldKey, FieldKey]]:
    patterns = {pattern.name: pattern for pattern in rule.patterns}
    for effect in rule.effects:
        if isinstance(effect, Derive):
            for field, value in zip(program.kinds[effect.kind].fields, effect.values, strict=True):
                if isinstance(value, FieldRef):
                    yield from ((key, (effect.kind, field.name)) for key in _texts(value, patterns, program))
