"""The operators of the rule language, an entry each. They are spelled as in Python, so engines write them as they are.

The checker of expressions, the second engine and the documents of a rule base ask these tables; ``docs/rule-packs.md`` has a row
for each entry, and ``tests/evaluate/test_tables.py`` fails where an entry lacks one of its parts.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Literal, LiteralString, NamedTuple

from misstep.language.numbers import divided, minus, plus, times

Comparator = Literal["==", "!=", "<", "<=", ">", ">="]
Connective = Literal["and", "or"]
ArithmeticOperator = Literal["+", "-", "*", "/"]


class ComparisonForm(NamedTuple):
    """A comparison of two values.

    ``mirrored``: ``a < b`` is ``b > a``; ``opposite``: ``not a < b`` is ``a >= b``. ``ordered``: for numbers and ids only.
    ``words``, ``sign``: how documents write it between two operands, and in a chain.
    """

    node: type[ast.cmpop]
    mirrored: Comparator
    opposite: Comparator
    ordered: bool
    words: LiteralString
    sign: LiteralString


COMPARISONS: dict[Comparator, ComparisonForm] = {
    "==": ComparisonForm(ast.Eq, "==", "!=", False, "{} is {}", "="),
    "!=": ComparisonForm(ast.NotEq, "!=", "==", False, "{} is not {}", "≠"),
    "<": ComparisonForm(ast.Lt, ">", ">=", True, "{} is less than {}", "<"),
    "<=": ComparisonForm(ast.LtE, ">=", ">", True, "{} is at most {}", "≤"),
    ">": ComparisonForm(ast.Gt, "<", "<=", True, "{} is more than {}", ">"),
    ">=": ComparisonForm(ast.GtE, "<=", "<", True, "{} is at least {}", "≥"),
}


class ArithmeticForm(NamedTuple):
    """An operator between numbers. ``run`` computes it; between whole numbers engines write it as it is, but for a division."""

    node: type[ast.operator]
    run: Callable[[float, float], float]
    words: LiteralString


ARITHMETIC: dict[ArithmeticOperator, ArithmeticForm] = {
    "+": ArithmeticForm(ast.Add, plus, "{} + {}"),
    "-": ArithmeticForm(ast.Sub, minus, "{} − {}"),
    "*": ArithmeticForm(ast.Mult, times, "{} × {}"),
    "/": ArithmeticForm(ast.Div, divided, "{} / {}"),
}
"""Each grows or falls evenly with either operand, so the ends of its results come of the ends of these."""


class LogicForm(NamedTuple):
    """An operator that joins conditions. ``opposite``: ``not (a and b)`` is ``not a or not b``."""

    node: type[ast.boolop]
    opposite: Connective
    words: LiteralString


LOGIC: dict[Connective, LogicForm] = {
    "and": LogicForm(ast.And, "or", " and "),
    "or": LogicForm(ast.Or, "and", " or "),
}


class Membership(NamedTuple):
    """A look-up. ``words``: in a field that is a set; ``one``, ``among``, ``last``: among one constant, among several, and
    before the last of these."""

    node: type[ast.cmpop]
    negated: bool
    words: LiteralString
    one: LiteralString
    among: LiteralString
    last: LiteralString


MEMBERSHIPS: dict[Literal["in", "not in"], Membership] = {
    "in": Membership(ast.In, False, "{} is among {}", "{} is {}", "{} is {}", "or"),
    "not in": Membership(ast.NotIn, True, "{} is not among {}", "{} is not {}", "{} is neither {}", "nor"),
}
