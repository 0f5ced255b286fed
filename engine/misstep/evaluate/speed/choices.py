"""A condition in; what it asks of one field out, so that rules can be ruled out by a look at the field."""

from __future__ import annotations

from typing import Any

from misstep.language.expression import Compare, Constants, Expression, FieldRef, Literal, Lookup, Not
from misstep.language.operators import COMPARISONS

_BOUND = {">=": "least", ">": "least", "<=": "most", "<": "most"}


def asked_of(test: Expression) -> tuple[FieldRef | None, tuple[Any, ...], str | None]:
    """Where a condition holds only for some values of one field: the field, those values, or the bound that one is."""
    match test:
        case Compare(("==" | ">=" | ">" | "<=" | "<" as operator,), (FieldRef() as ref, Literal(value))):
            return ref, (value,), _BOUND.get(operator)
        case Compare(("==" | ">=" | ">" | "<=" | "<" as operator,), (Literal(value), FieldRef() as ref)):
            return ref, (value,), _BOUND.get(COMPARISONS[operator].mirrored)
        case Lookup(FieldRef() as ref, Constants(values), False):
            return ref, values, None
        case FieldRef() as ref:
            return ref, (True,), None
        case Not(FieldRef() as ref):
            return ref, (False,), None
        case _:
            return None, (), None
