"""The functions of the rule language, an entry each, and the types of expressions.

The checker of expressions, the engines and the documents of a rule base ask this table; ``docs/rule-packs.md`` has a row for each
entry, and ``tests/evaluate/test_functions.py`` fails where an entry lacks one of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple

from misstep.language.facts import TYPES, TypeName, ValueSort

NUMBERS: tuple[TypeName, ...] = tuple(name for name, form in TYPES.items() if form.sort == "number")
WORDS: tuple[TypeName, ...] = tuple(name for name, form in TYPES.items() if form.sort == "word")


@dataclass(frozen=True, slots=True)
class Type:
    """Type of an expression; ``bits`` bounds the size of a number, ``values`` are the words of an enum or set, ``order`` those
    of them that go from low to high."""

    name: TypeName
    values: tuple[str, ...] = ()
    bits: int = 0
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


def _one_of_them(arguments: Sequence[Type]) -> Type:
    whole = all(argument.name == "integer" for argument in arguments)
    return Type("integer" if whole else "number", bits=max(argument.bits for argument in arguments))


def _rounded(number: float) -> int:
    """The nearest whole number; of two that are as near, the one further from zero."""
    size = abs(number)
    whole = int(size) + (size - int(size) >= 0.5)
    return whole if number > 0 else -whole


MANY = 100
FUNCTIONS: dict[str, Function] = {
    "min": Function(NUMBERS, 2, MANY, _one_of_them, min, "the least of {}"),
    "max": Function(NUMBERS, 2, MANY, _one_of_them, max, "the greatest of {}"),
    "abs": Function(NUMBERS, 1, 1, _one_of_them, abs, "the size of {}"),
    "round": Function(NUMBERS, 1, 1, lambda given: Type("integer", bits=given[0].bits + 1), _rounded, "{}, rounded"),
    "len": Function((*WORDS, "set"), 1, 1, lambda _: Type("integer", bits=20), len, "how many there are in {}"),
    "lower": Function(WORDS, 1, 1, lambda _: TEXT, str.lower, "{} in small letters"),
    "contains": Function(WORDS, 2, 2, lambda _: BOOLEAN, str.__contains__, "the first of {} contains the second"),
    "starts": Function(WORDS, 2, 2, lambda _: BOOLEAN, str.startswith, "the first of {} starts with the second"),
}
