"""The functions of the rule language, an entry each, and the types of expressions.

The checker of expressions, the engines and the documents of a rule base ask this table; ``docs/rule-packs.md`` has a row for each
entry, and ``tests/evaluate/test_functions.py`` fails where an entry lacks one of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString, NamedTuple

from misstep.language.facts import MAX_TEXT, TYPES, TypeName, ValueSort

NUMBERS: tuple[TypeName, ...] = tuple(name for name, form in TYPES.items() if form.sort == "number")
WORDS: tuple[TypeName, ...] = tuple(name for name, form in TYPES.items() if form.sort == "word")


@dataclass(frozen=True, slots=True)
class Type:
    """Type of an expression; ``low`` and ``high`` are the least and the greatest value of a number, ``values`` are the words of
    an enum or set, ``order`` those of them that go from low to high."""

    name: TypeName
    values: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    unknown: bool = False
    order: tuple[str, ...] = ()

    @property
    def sort(self) -> ValueSort:
        """Values of one sort can be compared."""
        return TYPES[self.name].sort

    @property
    def is_number(self) -> bool:
        """Whether it can be counted with."""
        return self.sort == "number"

    def __str__(self) -> str:
        return TYPES[self.name].called


BOOLEAN, TEXT = Type("boolean"), Type("text")


class Function(NamedTuple):
    """A function of the rule language.

    ``takes``: the types that each argument may have. ``least``, ``most``: how many arguments. ``gives``: the type of the result,
    from the types of the arguments. ``run`` computes it. ``words``: how documents say it, with the arguments in braces.
    """

    takes: tuple[TypeName, ...]
    least: int
    most: int
    gives: Callable[[Sequence[Type]], Type]
    run: Callable[..., Any]
    words: LiteralString


def one_of(types: Sequence[Type]) -> Type:
    """The type of a number that has one of some types."""
    whole = all(each.name == "integer" for each in types)
    return Type("integer" if whole else "number", low=min(each.low for each in types), high=max(each.high for each in types))


def _least(given: Sequence[Type]) -> Type:
    return replace(one_of(given), high=min(each.high for each in given))


def _greatest(given: Sequence[Type]) -> Type:
    return replace(one_of(given), low=max(each.low for each in given))


def _size(given: Sequence[Type]) -> Type:
    (only,) = given
    return replace(one_of(given), low=max(only.low, -only.high, 0), high=max(only.high, -only.low))


def _rounded(number: float) -> int:
    """The nearest whole number; of two that are as near, the one further from zero."""
    size = abs(number)
    whole = int(size) + (size - int(size) >= 0.5)
    return whole if number > 0 else -whole


def _whole(given: Sequence[Type]) -> Type:
    return Type("integer", low=_rounded(given[0].low), high=_rounded(given[0].high))


MANY = 100
FUNCTIONS: dict[str, Function] = {
    "min": Function(NUMBERS, 2, MANY, _least, min, "the least of {}"),
    "max": Function(NUMBERS, 2, MANY, _greatest, max, "the greatest of {}"),
    "abs": Function(NUMBERS, 1, 1, _size, abs, "the size of {}"),
    "round": Function(NUMBERS, 1, 1, _whole, _rounded, "{}, rounded"),
    "len": Function((*WORDS, "set"), 1, 1, lambda _: Type("integer", high=MAX_TEXT), len, "how many there are in {}"),
    "lower": Function(WORDS, 1, 1, lambda _: TEXT, str.lower, "{} in small letters"),
    "contains": Function(WORDS, 2, 2, lambda _: BOOLEAN, str.__contains__, "the first of {} contains the second"),
    "starts": Function(WORDS, 2, 2, lambda _: BOOLEAN, str.startswith, "the first of {} starts with the second"),
}
