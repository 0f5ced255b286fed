"""Find the number fields of which rules do not state all values at which they turn.

Most rules state them: ``late.minutes > 10`` turns at 10. If a rule compares a field with another field, or after a sum, its
turning values depend on the rest of the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from misstep.language.effects import Derive
from misstep.language.expression import Arithmetic, Call, Compare, Curve, FieldRef, Literal, Member, parts_of, walk
from misstep.language.program import Program, Rule
from misstep.rulebase.references import Place, expressions_of


def find_crossings(program: Program) -> frozenset[Place]:
    """The number fields of which ``find_thresholds`` does not know all values at which a rule turns."""
    found: set[Place] = set()
    for rule in program.rules.values():
        passed_on = _passed_on(rule)
        for node, patterns in expressions_of(rule):
            refs = _refs(node) if any(node is value for value in passed_on) else _crossing(node)
            for ref in refs:
                for kind in patterns[ref.name].kinds if ref.name in patterns else ():
                    field = program.kinds[kind].by_name.get(ref.field)
                    if field is not None and field.is_number:
                        found.add((kind, field.name))
    return frozenset(found)


def _passed_on(rule: Rule) -> list[Any]:
    """The values that a rule passes on to comparisons elsewhere: fields of derived facts, and the values of aggregates."""
    derived = [value for effect in rule.effects if isinstance(effect, Derive) for value in effect.values]
    return [value for value in (*derived, *(aggregate.value for aggregate in rule.aggregates)) if value is not None]


def _crossing(node: Any) -> Iterator[FieldRef]:
    """The fields that an expression does not only compare with constants, put into a curve, or use in proportion."""
    match node:
        case Compare(_, operands):
            compared = [operand for operand in operands if not isinstance(operand, Literal)]
            if len(compared) > 1 or not all(isinstance(operand, FieldRef) for operand in compared):
                yield from _refs(node)
        case Curve(x):
            if not isinstance(x, FieldRef):
                yield from _refs(x)
        case Call() | Member():
            yield from _refs(node)
        case Arithmetic("*", left, right) if any(_refs(left)) and any(_refs(right)):
            yield from _refs(node)
        case _:
            for part in parts_of(node):
                yield from _crossing(part)


def _refs(node: Any) -> Iterator[FieldRef]:
    return (part for part in walk(node) if isinstance(part, FieldRef))
