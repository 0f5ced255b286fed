"""Find comparisons with numbers that a value never reaches, or always has, and curves that are flat where the values are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from misstep.language.expression import Compare, Count, Curve, Expression, FieldRef, IfElse, Literal, walk
from misstep.language.expression_text import written_expression
from misstep.language.facts import LARGEST
from misstep.tools.lints.rule_conditions import ConditionReader, height
from misstep.tools.lints.value_sets import ValueDomain


def beyond_limits(node: Expression, reader: ConditionReader, declared: ConditionReader) -> Iterator[str]:
    """What is said in an expression of numbers beyond what they are compared with. ``reader`` knows what rules derive, by which
    a comparison never holds; ``declared`` does not: other packs may derive more."""
    for part in walk(node):
        for comparison in _comparisons(part):
            if (outcome := _always(comparison, reader, declared)) is not None:
                subject, domain, _ = reader.atom(comparison)
                always = "always" if outcome else "never"
                yield f"`{written_expression(comparison)}` {always} holds: {_limits(subject, domain)}"
        if isinstance(part, Curve):
            type_ = declared.type(part.x)
            idle = [x for x, _ in part.points if not type_.low <= x <= type_.high]
            used = [x for x, _ in part.points if type_.low < x < type_.high]
            if idle and not used and height(part.points, type_.low) == height(part.points, type_.high):
                yield f"the curve is flat where its value is: {_limits(part.x, declared.domain(part.x))}"
            elif len(idle) > 1 and (beyond := _without_effect(part, type_.low, type_.high)):
                points = ", ".join(f"({x:g}, {y:g})" for x, y in beyond)
                yield f"nothing comes of {points} in the curve: {_limits(part.x, declared.domain(part.x))}"


def _comparisons(node: object) -> Iterator[Compare]:
    """The comparisons of a value with a number that a chain is made of."""
    if isinstance(node, Compare):
        for operator, both in zip(node.operators, pairwise(node.operands), strict=True):
            if sum(isinstance(each, Literal) for each in both) == 1 and not any(isinstance(each, IfElse) for each in both):
                yield Compare((operator,), both)


def _always(comparison: Compare, reader: ConditionReader, declared: ConditionReader) -> bool | None:
    """Whether a comparison with a number always holds, or never; None otherwise."""
    _, domain, values = reader.atom(comparison)
    if domain.all.spans and not values:
        return False
    _, domain, values = declared.atom(comparison)
    return True if domain.all.spans and values == domain.all.known else None


def _without_effect(curve: Curve, low: float, high: float) -> list[tuple[float, float]]:
    """The points of a curve beyond a point that is beyond the values too."""
    after = [later for point, later in pairwise(curve.points) if point[0] >= high]
    before = [earlier for earlier, point in pairwise(curve.points) if point[0] <= low]
    return before + after


def _limits(subject: object, domain: ValueDomain) -> str:
    """The values of a subject in words."""
    spans = domain.all.spans
    (low, _), (high, _) = spans[0][0], spans[-1][1]
    what = str(subject) if isinstance(subject, FieldRef) else subject.name if isinstance(subject, Count) else "the value"
    if len(spans) > 1:
        return f"{what} is one of {', '.join(f'{first[0]:.10g}' for first, _ in spans[:8])}"
    if low == high:
        return f"{what} is {low:.10g}"
    if high >= LARGEST:
        return f"{what} is at least {low:.10g}"
    if low <= -LARGEST:
        return f"{what} is at most {high:.10g}"
    return f"{what} is from {low:.10g} to {high:.10g}"
