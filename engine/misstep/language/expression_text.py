"""Expressions as a rule author writes them, for messages."""

from __future__ import annotations

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
    Scalar,
    Slice,
)

MOST_SHOWN = 60
"""Characters of an expression in a message."""


def written_expression(node: Expression | Constants) -> str:
    """An expression as text, the middle left out where it is long."""
    text = expression_text(node)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 20]} ... {text[-15:]}"


def written_value(value: Scalar) -> str:
    """A constant as text."""
    return f"{value:.16g}" if isinstance(value, float) else repr(value)


def expression_text(node: Expression | Constants) -> str:
    """An expression as text."""
    match node:
        case Literal(value):
            return written_value(value)
        case Constants(values):
            return f"({', '.join(map(written_value, values))})"
        case FieldRef():
            return str(node)
        case Count(name):
            return name
        case Known(ref):
            return f"known({ref})"
        case Not(operand):
            return f"not {_inner(operand)}"
        case Logic(operator, operands):
            return f" {operator} ".join(map(_inner, operands))
        case Compare(operators, operands):
            rest = "".join(f" {operator} {_inner(operand)}" for operator, operand in zip(operators, operands[1:], strict=True))
            return _inner(operands[0]) + rest
        case Lookup(item, container, negated):
            return f"{_inner(item)} {'not in' if negated else 'in'} {expression_text(container)}"
        case Arithmetic(operator, left, right):
            return f"{_inner(left)} {operator} {_inner(right)}"
        case Negative(operand):
            return f"-{_inner(operand)}"
        case IfElse(condition, then, otherwise):
            return f"{_inner(then)} if {_inner(condition)} else {_inner(otherwise)}"
        case Call(function, arguments):
            return f"{function}({', '.join(map(expression_text, arguments))})"
        case Slice(text, start, stop):
            return f"{_inner(text)}[{'' if start is None else start}:{'' if stop is None else stop}]"
        case Curve(x, points):
            return f"curve({', '.join([expression_text(x), *(f'({a:g}, {b:g})' for a, b in points)])})"


def _inner(node: Expression) -> str:
    """A part of an expression, in parentheses where it is made of parts itself."""
    alone = isinstance(node, (Literal, FieldRef, Count, Known, Call, Curve, Compare, Lookup, Slice))
    return expression_text(node) if alone else f"({expression_text(node)})"
