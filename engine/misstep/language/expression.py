"""The tree of a checked condition or amount. Engines and documents work on these nodes, never on the text of rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from misstep.language.operators import ArithmeticOperator, Comparator, Connective

Scalar = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Constants:
    """A set of constants to look something up in: ``('own', 'chosen')``."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class FieldRef:
    """``m.minutes``: a field of the fact bound to a name."""

    name: str
    field: str

    def __str__(self) -> str:
        return f"{self.name}.{self.field}"


@dataclass(frozen=True, slots=True)
class Count:
    """The value of an aggregate, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """Whether a field that may be unknown is known."""

    ref: FieldRef


@dataclass(frozen=True, slots=True)
class Not:
    """``not a``."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Logic:
    """``a and b and ...`` or ``a or b or ...``."""

    operator: Connective
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """``a < b <= c``: one operator fewer than operands."""

    operators: tuple[Comparator, ...]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """``item in container``; the container is a set of constants or a field of type set."""

    item: Expression
    container: Constants | FieldRef
    negated: bool


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``a + b`` and so on; a divisor is never 0. ``whole``: of whole numbers, and the result is one too."""

    operator: ArithmeticOperator
    left: Expression
    right: Expression
    whole: bool


@dataclass(frozen=True, slots=True)
class Negative:
    """``-a``."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class IfElse:
    """``then if condition else otherwise``."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function of ``misstep.language.functions``, by its name, of expressions."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """``text[start:stop]``, as in Python; None: from its start, or to its end."""

    text: Expression
    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines through the points, flat outside them; the x are strictly ascending."""

    x: Expression
    points: tuple[tuple[float, float], ...]


Expression = (
    Literal | FieldRef | Count | Known | Not | Logic | Compare | Lookup | Arithmetic | Negative | IfElse | Call | Slice | Curve
)


def parts_of(node: Expression | Constants) -> tuple[Expression | Constants, ...]:
    """The expressions that an expression is directly made of."""
    match node:
        case Known(part) | Not(part) | Negative(part) | Curve(part) | Slice(part):
            return (part,)
        case Logic(_, parts) | Compare(_, parts) | Call(_, parts):
            return parts
        case Lookup(item, container):
            return (item, container)
        case Arithmetic(_, left, right):
            return (left, right)
        case IfElse(condition, then, otherwise):
            return (condition, then, otherwise)
        case _:
            return ()


def walk(node: Expression | Constants) -> Iterator[Expression | Constants]:
    """An expression and all that it is made of, outer ones first."""
    yield node
    for part in parts_of(node):
        yield from walk(part)


def with_name(node: Any, old: str, new: str) -> Any:
    """An expression, or a part of one, that speaks of a name by another one."""
    match node:
        case FieldRef(name, field):
            return FieldRef(new if name == old else name, field)
        case tuple():
            return tuple(with_name(part, old, new) for part in node)
        case _ if is_dataclass(node) and not isinstance(node, type):
            return type(node)(*(with_name(getattr(node, field.name), old, new) for field in fields(node)))
        case _:
            return node


def names_in(node: Expression | Constants) -> frozenset[str]:
    """The names of facts and aggregates in an expression."""
    return frozenset([part.name for part in walk(node) if isinstance(part, (FieldRef, Count))])


KnownFields = frozenset[tuple[str, str]]
"""Fields, as (name, field)."""


def refs_in(node: Expression | Constants) -> KnownFields:
    """The fields whose value an expression uses; ``known(x.f)`` does not use ``x.f``."""
    if isinstance(node, FieldRef):
        return frozenset(((node.name, node.field),))
    return frozenset() if isinstance(node, Known) else frozenset().union(*map(refs_in, parts_of(node)))


def known_where(node: Expression, truth: bool) -> KnownFields:
    """The fields that are certainly known wherever a condition comes out as ``truth``."""
    return _known_by_outcome(node)[not truth]


def _known_by_outcome(node: Expression) -> tuple[KnownFields, KnownFields]:
    """The fields that are known where a condition is true, and where it is false: both at once, as a test nested in tests would
    else be looked at twice as often for each of them."""
    match node:
        case Known(ref):
            return frozenset(((ref.name, ref.field),)), frozenset()
        case Not(operand):
            return _known_by_outcome(operand)[::-1]
        case Logic(operator, operands):
            true, false = zip(*map(_known_by_outcome, operands), strict=True)
            if operator == "and":  # all are true, or one is false
                return frozenset().union(*true), frozenset.intersection(*false)
            return frozenset.intersection(*true), frozenset().union(*false)
        case IfElse(condition, then, otherwise):
            met, unmet = _known_by_outcome(condition)
            (then_true, then_false), (other_true, other_false) = _known_by_outcome(then), _known_by_outcome(otherwise)
            return (met | then_true) & (unmet | other_true), (met | then_false) & (unmet | other_false)
        case _:
            return frozenset(), frozenset()
