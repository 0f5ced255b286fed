"""Checked expressions in; the Python source of each out, and the constants and functions that it uses."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable
from math import fsum
from typing import Any

from misstep.evaluate.memory import Contribution, Recommendation, Remark, Vetoed
from misstep.language.expression import (
    Arithmetic,
    Call,
    Compare,
    Constants,
    Count,
    Curve,
    Expression,
    FieldRef,
    IfElse,
    Known,
    Literal,
    Logic,
    Lookup,
    Negative,
    Not,
)
from misstep.language.facts import FIRST_VALUE, LARGEST, TRAITS, Kind
from misstep.language.finding import FINDING_FIELDS
from misstep.language.functions import FUNCTIONS
from misstep.language.program import Pattern


def curve(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """Straight lines through the points, flat outside."""
    i = bisect_right(xs, x)
    if i == 0:
        return ys[0]
    if i == len(xs):
        return ys[-1]
    x0, y0 = xs[i - 1], ys[i - 1]
    return y0 + (ys[i] - y0) * (x - x0) / (xs[i] - x0)


def thousandths(x: float) -> int:
    """A contribution as it is carried: rounded once, here, so that sums are exact."""
    return round(x * 1000)


def within(x: Any) -> Any:
    """A derived number, kept within what a fact may hold."""
    return min(max(x, -LARGEST), LARGEST)


RUNTIME: dict[str, Any] = {
    "__builtins__": {"float": float, "id": id, "len": len, "max": max, "min": min, "sum": sum},
    **{name: function.run for name, function in FUNCTIONS.items()},
    "curve": curve, "fsum": fsum, "thousandths": thousandths, "within": within,
    "new": tuple.__new__,  # a named tuple in a third of the time of its constructor
    **{shape.__name__: shape for shape in (Contribution, Recommendation, Remark, Vetoed)},
}  # fmt: skip


class ExpressionWriter:
    """Writes expressions over the names that are bound so far: ``locals`` has the variable of each, ``patterns`` the
    pattern of those that are facts. Text never becomes source: it is bound as a constant."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self.kinds = kinds
        self.constants: dict[str, Any] = {}
        self._names: dict[tuple[Any, Any], str] = {}
        self.patterns: dict[str, Pattern] = {}
        self.locals: dict[str, str] = {}

    def constant(self, value: Any) -> str:
        """The name that a constant is bound to."""
        key = (type(value), value) if isinstance(value, Hashable) else (dict, id(value))
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"c{len(self.constants)}"
            self.constants[name] = value
        return name

    def expression(self, node: Expression) -> str:
        """The source of an expression, safe to stand inside any other."""
        return _EMIT[type(node)](self, node)

    def column(self, pattern: Pattern, field: str) -> int:
        """The place of a field in the row of a fact."""
        if field in ("id", "fact"):
            return 0
        if field == "kind":
            return 1
        return next(i for i, f in enumerate(pattern.fields, FIRST_VALUE) if f.name == field)

    def emit_literal(self, node: Literal) -> str:
        if isinstance(node.value, str):
            return self.constant(node.value)
        return repr(node.value) if not isinstance(node.value, float) or node.value >= 0 else f"({node.value!r})"

    def emit_field(self, node: FieldRef) -> str:
        pattern, local = self.patterns[node.name], self.locals[node.name]
        if pattern.over == "outlook":
            return f"{local}[0]"
        if pattern.over == "finding":
            if node.field in FINDING_FIELDS:
                return f"{local}[{1 + FINDING_FIELDS.index(node.field)}]"
            local = f"{local}[0]"
        if node.field in TRAITS:
            return f"{self.constant({k: getattr(self.kinds[k], node.field) for k in pattern.kinds})}[{local}[1]]"
        if node.field == "fact":
            return f"{local}[0]"
        return f"{local}[{self.column(pattern, node.field)}]"

    def emit_count(self, node: Count) -> str:
        return self.locals[node.name]

    def emit_known(self, node: Known) -> str:
        return f"({self.expression(node.ref)} is not None)"

    def emit_not(self, node: Not) -> str:
        return f"(not {self.expression(node.operand)})"

    def emit_logic(self, node: Logic) -> str:
        return "(" + f" {node.operator} ".join(self.expression(o) for o in node.operands) + ")"

    def emit_compare(self, node: Compare) -> str:
        parts = [self.expression(node.operands[0])]
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            parts += [operator, self.expression(operand)]
        return f"({' '.join(parts)})"

    def emit_member(self, node: Lookup) -> str:
        container = node.container
        where = self.constant(frozenset(container.values)) if isinstance(container, Constants) else self.expression(container)
        return f"({self.expression(node.item)} {'not in' if node.negated else 'in'} {where})"

    def emit_arithmetic(self, node: Arithmetic) -> str:
        return f"({self.expression(node.left)} {node.operator} {self.expression(node.right)})"

    def emit_negative(self, node: Negative) -> str:
        return f"(-{self.expression(node.operand)})"

    def emit_if_else(self, node: IfElse) -> str:
        then, test, other = (self.expression(n) for n in (node.then, node.condition, node.otherwise))
        return f"({then} if {test} else {other})"

    def emit_call(self, node: Call) -> str:
        return f"{node.function}({', '.join(self.expression(a) for a in node.arguments)})"

    def emit_curve(self, node: Curve) -> str:
        xs, ys = zip(*node.points, strict=True)
        return f"curve({self.expression(node.x)}, {self.constant(xs)}, {self.constant(ys)})"


_EMIT: dict[type[Any], Callable[[ExpressionWriter, Any], str]] = {
    Literal: ExpressionWriter.emit_literal,
    FieldRef: ExpressionWriter.emit_field,
    Count: ExpressionWriter.emit_count,
    Known: ExpressionWriter.emit_known,
    Not: ExpressionWriter.emit_not,
    Logic: ExpressionWriter.emit_logic,
    Compare: ExpressionWriter.emit_compare,
    Lookup: ExpressionWriter.emit_member,
    Arithmetic: ExpressionWriter.emit_arithmetic,
    Negative: ExpressionWriter.emit_negative,
    IfElse: ExpressionWriter.emit_if_else,
    Call: ExpressionWriter.emit_call,
    Curve: ExpressionWriter.emit_curve,
}
