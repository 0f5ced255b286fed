"""A checked program in; for every field that is a number, the values at which a rule changes its mind, out."""

from __future__ import annotations

from collections.abc import Iterator

from misstep.language.expression import Curve, Expression, FieldRef, Literal, Words, walk
from misstep.language.program import Program
from misstep.rulebase.references import Place, expressions_of


def find_thresholds(program: Program) -> dict[Place, frozenset[float]]:
    """The numbers that stand beside a field in a condition or an amount: between two of them nothing turns, as expressions are
    made of comparisons, straight lines and ends of curves. By kind and name of the field, for fields that rules read."""
    found: dict[Place, set[float]] = {}
    for rule in program.rules.values():
        for node, patterns in expressions_of(rule):
            nodes = list(walk(node))
            numbers = {number for part in nodes for number in _numbers(part)}
            for ref in (part for part in nodes if isinstance(part, FieldRef) and part.name in patterns):
                for kind in patterns[ref.name].kinds:
                    field = program.kinds[kind].by_name.get(ref.field)
                    if field is not None and field.is_number:
                        found.setdefault((kind, field.name), set()).update(numbers)
    return {place: frozenset(numbers) for place, numbers in found.items()}


def _numbers(node: Expression | Words) -> Iterator[float]:
    if isinstance(node, Curve):
        yield from (x for x, _ in node.points)
    elif isinstance(node, Literal) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        yield node.value
