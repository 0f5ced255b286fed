"""Write checked expressions as Python source, with the constants and functions that it uses."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import chain

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
    Slice,
)
from misstep.language.facts import FIRST_VALUE, ID, KIND, LARGEST, TRAITS, Kind
from misstep.language.finding import FINDING_FIELDS
from misstep.language.functions import FUNCTIONS
from misstep.language.numbers import average, curve, is_steep, steep_curve, thousandths, total
from misstep.language.operators import ARITHMETIC
from misstep.language.program import Pattern


def within(x: float) -> float:
    """A derived number, limited to the range of a field."""
    return min(max(x, -LARGEST), LARGEST)


def distinct(values: Sequence[object]) -> int:
    """How many different values there are."""
    return len(set(values))


RUNTIME: dict[str, object] = {
    "__builtins__": {"float": float, "id": id, "len": len, "max": max, "min": min, "sorted": sorted, "sum": sum},
    **{name: function.run for name, function in FUNCTIONS.items()},
    **{form.run.__name__: form.run for form in ARITHMETIC.values()},
    **{run.__name__: run for run in (curve, steep_curve, total, thousandths, average, distinct)},
    "within": within,
    "new": tuple.__new__,  # a named tuple in a third of the time of its constructor
    **{shape.__name__: shape for shape in (Contribution, Recommendation, Remark, Vetoed)},
}


def column_of(pattern: Pattern, field: str) -> int:
    """The place of a field in the row of a fact."""
    places = {"id": ID, "fact": ID, "kind": KIND}
    return places[field] if field in places else next(i for i, f in enumerate(pattern.fields, FIRST_VALUE) if f.name == field)


class ExpressionWriter:
    """Writes expressions over the names that are bound so far: ``locals`` has the variable of each, ``patterns`` the
    pattern of those that are facts. Text never becomes source: it is bound as a constant."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self.kinds = kinds
        self.constants: dict[str, object] = {}
        self._names: dict[tuple[type, object], str] = {}
        self.patterns: dict[str, Pattern] = {}
        self.locals: dict[str, str] = {}

    def constant(self, value: object) -> str:
        """The name that a constant is bound to."""
        key = (type(value), value) if isinstance(value, Hashable) else (dict, id(value))
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"c{len(self.constants)}"
            self.constants[name] = value
        return name

    def expression(self, node: Expression) -> str:
        """The source of an expression, safe to stand inside any other."""
        write = self.expression
        match node:
            case Literal(str() as text):
                return self.constant(text)
            case Literal(number):
                return repr(number) if not isinstance(number, float) or number >= 0 else f"({number!r})"
            case FieldRef():
                return self._field(node)
            case Count(name):
                return self.locals[name]
            case Known(reference):
                return f"({write(reference)} is not None)"
            case Not(operand):
                return f"(not {write(operand)})"
            case Logic(operator, operands):
                return "(" + f" {operator} ".join(map(write, operands)) + ")"
            case Compare(operators, operands):
                rest = zip(operators, map(write, operands[1:]), strict=True)
                return f"({' '.join([write(operands[0]), *chain.from_iterable(rest)])})"
            case Lookup(item, container, negated):
                where = self.constant(frozenset(container.values)) if isinstance(container, Constants) else write(container)
                return f"({write(item)} {'not in' if negated else 'in'} {where})"
            case Arithmetic(operator, left, right, whole):
                if whole:
                    return f"({write(left)} {operator} {write(right)})"
                return f"{ARITHMETIC[operator].run.__name__}({write(left)}, {write(right)})"
            case Negative(operand):
                return f"(0 - {write(operand)})"  # 0 - 0.0 is no -0.0
            case IfElse(condition, then, otherwise):
                return f"({write(then)} if {write(condition)} else {write(otherwise)})"
            case Call(function, arguments):
                return f"{function}({', '.join(map(write, arguments))})"
            case Slice(text, start, stop):
                return f"{write(text)}[{'' if start is None else start}:{'' if stop is None else stop}]"
            case Curve(x, points):
                xs, ys = zip(*points, strict=True)
                name = "steep_curve" if is_steep(points) else "curve"
                return f"{name}({write(x)}, {self.constant(xs)}, {self.constant(ys)})"

    def _field(self, node: FieldRef) -> str:
        pattern, local = self.patterns[node.name], self.locals[node.name]
        if pattern.over == "outlook":
            return f"{local}[0]"
        if pattern.over == "finding":
            if node.field in FINDING_FIELDS:
                return f"{local}[{1 + FINDING_FIELDS.index(node.field)}]"
            local = f"{local}[0]"
        if node.field in TRAITS:
            return f"{self.constant({k: getattr(self.kinds[k], node.field) for k in pattern.kinds})}[{local}[1]]"
        return f"{local}[{column_of(pattern, node.field)}]"
