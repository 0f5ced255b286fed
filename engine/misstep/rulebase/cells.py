"""The columns of a table: what its cells take of the values of an input, and the condition that says so.

The cells of a column cut the values of its input into finitely many parts: words, true and false, numbers and what is between
them, and what is not known. What a cell takes is a set of parts, kept as the bits of a whole number.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from misstep.errors import did_you_mean
from misstep.language.expression import (
    Compare,
    Constants,
    Count,
    Expression,
    FieldRef,
    Known,
    Literal,
    Logic,
    Lookup,
    Not,
    Scalar,
)
from misstep.language.facts import LARGEST, TYPES, UNSAID, Field
from misstep.language.functions import Type
from misstep.language.operators import COMPARISONS, Comparator
from misstep.rulebase.tables import NOTHING, written


class Span(NamedTuple):
    """The numbers from ``low`` to ``high``; ``above`` and ``below``: without the number itself. None is no end."""

    low: float | None
    high: float | None
    above: bool = False
    below: bool = False


class Unknown(NamedTuple):
    """What is not known."""


CellChoice = bool | str | Span | Unknown
CellReading = tuple[CellChoice, ...]
"""What a cell takes: any of these; none for anything."""

_COMPARED = re.compile(r"(<=|>=|<|>)\s*(\S+)")
_RANGE = re.compile(r"([^<.]+?(?:\.[0-9]+)?)\s*(<?)\.\.(<?)\s*([^<.]+(?:\.[0-9]+)?)")


class CellError(Exception):
    """A cell that the input of its column does not fit."""


@dataclass
class Column:
    """An input of a table: its expression and type, ``declared``, the field if it is one, and whether it may be unknown.

    Known when all cells are read: ``cuts``, the numbers that they speak of; ``places``, the parts of words; ``values``, an
    example of each part as text, None where the input has no such value; ``whole``, all parts.
    """

    node: Expression
    type: Type
    declared: Field | None
    unknown: bool
    needs: frozenset[str]
    cuts: list[float] = field(default_factory=list, init=False)
    places: dict[str, int] = field(default_factory=dict, init=False)
    values: list[str | None] = field(default_factory=list, init=False)
    whole: int = field(default=0, init=False)

    # -- reading

    def read(self, value: object) -> CellReading:
        """What a cell takes. Raises CellError."""
        if value in NOTHING and isinstance(value, str):
            return ()
        parts = value if isinstance(value, list) else [value]
        if isinstance(value, str) and value not in self._words:
            parts = [part.strip() for part in value.split("|")]
        choices = tuple(self._choice(part) for part in parts)
        return (*choices, Unknown()) if self.unknown and UNSAID in choices else choices  # a word that says no more than nothing

    @property
    def _words(self) -> tuple[str, ...]:
        return self.type.values if self.type.name == "enum" else ()

    def _choice(self, value: object) -> CellChoice:
        if self.type.unknown and value == UNSAID and UNSAID not in self._words:
            if not self.unknown:
                raise CellError("the input is never unknown: conditions of the table ask for what is known")
            return Unknown()
        form = TYPES[self.type.name]
        if form.sort == "number":
            return self._span(value)
        found = form.read(value, "") if isinstance(value, str) else value
        if form.sort == "truth" and isinstance(found, bool):
            return found
        if form.sort == "word" and isinstance(found, str) and found and (not self._words or found in self._words):
            return found
        words = self._words or (("true", "false") if form.sort == "truth" else ())
        raise self._error(value, f"one of {', '.join(words)}" if self._words else form.called, words)

    def _error(self, value: object, expected: str, words: tuple[str, ...] = ()) -> CellError:
        hint = did_you_mean(written(value), (*words, *([UNSAID] if self.unknown else [])))
        return CellError(f"'{written(value)[:60]}' is not {expected}{hint}")

    def _span(self, value: object) -> Span:
        if not isinstance(value, str):
            number = self._number(value)
            return Span(number, number)
        if match := _COMPARED.fullmatch(value):
            number = self._number(match[2])
            return Span(number, None, above=match[1] == ">") if match[1][0] == ">" else Span(None, number, below=match[1] == "<")
        if match := _RANGE.fullmatch(value):
            low, high = self._number(match[1]), self._number(match[4])
            if low > high or (low == high and (match[2] or match[3])):
                raise CellError(f"there is nothing in '{value[:60]}'")
            return Span(low, high, match[2] == "<", match[3] == "<")
        number = self._number(value)
        return Span(number, number)

    def _number(self, value: object) -> float:
        form = TYPES[self.type.name]
        number = form.read(value, "") if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, (int, float)) or (form.whole and number != math.floor(number)):
            raise self._error(value, f"{form.called}, such as 5, >= 5, 5..9 or 5..<9")
        if abs(number) > LARGEST:
            raise CellError(f"a number is at most {LARGEST}")
        return number

    # -- parts

    def cut(self, readings: Sequence[CellReading]) -> None:
        """Take up all that the cells of the column speak of."""
        choices = [choice for reading in readings for choice in reading]
        match TYPES[self.type.name].sort:
            case "truth":
                self.values = ["false", "true"]
            case "number":
                ends = {end for choice in choices if isinstance(choice, Span) for end in choice[:2] if end is not None}
                self.cuts = sorted(ends)
                self.values = [*self._numbers()]
            case _:
                words = self._words or sorted({choice for choice in choices if isinstance(choice, str)})
                self.places = {word: i for i, word in enumerate(words)}
                self.values = [*words] if self._words else [*words, "any other text"]
        self.values += [UNSAID] if self.unknown else []
        self.whole = sum(1 << i for i, value in enumerate(self.values) if value is not None)

    def _numbers(self) -> Iterator[str | None]:
        """An example between each two numbers, and these themselves in turn; None where the input has no such value."""
        least, most = self._range()
        for low, high in zip([-math.inf, *self.cuts], [*self.cuts, math.inf], strict=True):
            yield self._between(low, high, least, most)
            if high < math.inf:
                yield written(high) if least <= high <= most else None

    def _range(self) -> tuple[float, float]:
        """The least and the greatest number of the input, of a field or a whole number that is counted; what else is computed may
        have any."""
        if self.declared:
            return self.declared.range
        counted = isinstance(self.node, Count) and TYPES[self.type.name].whole
        return (max(self.type.low, -LARGEST), min(self.type.high, LARGEST)) if counted else (-LARGEST, LARGEST)

    def _between(self, low: float, high: float, least: float, most: float) -> str | None:
        """A number between two ends and within limits."""
        first, last = max(low, least), min(high, most)
        if TYPES[self.type.name].whole:
            first, last = max(low + 1, math.ceil(least)), min(high - 1, math.floor(most))
        if first > last or first == high or last == low:
            return None
        near = low + 1 if low > -math.inf else high - 1 if high < math.inf else 0
        if not TYPES[self.type.name].whole and -math.inf < low and high < math.inf:
            near = (first + last) / 2
        return written(min(max(near, first), last))

    def parts(self, reading: CellReading) -> int:
        """The parts that a cell takes. Raises CellError where a choice takes none."""
        if not reading:
            return self.whole
        taken = 0
        for choice in reading:
            found = self._parts(choice) & self.whole
            if not found:
                raise CellError(f"the input is never so: it is {self.declared.expected() if self.declared else self.type}")
            taken |= found
        return taken

    def _parts(self, choice: CellChoice) -> int:
        if isinstance(choice, Unknown):
            return 1 << len(self.values) - 1
        if isinstance(choice, bool):
            return 1 << choice
        if isinstance(choice, str):
            return 1 << self.places[choice]
        first = 0 if choice.low is None else 2 * bisect_left(self.cuts, choice.low) + 1 + choice.above
        last = 2 * len(self.cuts) if choice.high is None else 2 * bisect_left(self.cuts, choice.high) + 1 - choice.below
        return (1 << last + 1) - (1 << first)

    # -- conditions

    def conditions(self, reading: CellReading) -> tuple[Expression, ...]:
        """What must hold for a cell to take the input, all of it."""
        if not reading:
            return ()
        known = [Known(self.node)] if self.unknown and isinstance(self.node, FieldRef) else []
        said = [choice for choice in reading if not isinstance(choice, Unknown)]
        tests = (*known, *self._tests(said)) if said else ()
        if len(said) == len(reading):
            return tests
        absent = Not(known[0])
        return (Logic("or", (absent, joined(tests))),) if tests else (absent,)

    def _tests(self, choices: Sequence[bool | str | Span]) -> tuple[Expression, ...]:
        flags = {choice for choice in choices if isinstance(choice, bool)}
        if flags:
            return () if len(flags) == 2 else (self.node,) if True in flags else (Not(self.node),)
        words = tuple(dict.fromkeys(choice for choice in choices if isinstance(choice, str)))
        if words:
            return (Lookup(self.node, Constants(words), False),) if len(words) > 1 else (self._compare("==", words[0]),)
        spans = [self._span_test(choice) for choice in choices if isinstance(choice, Span)]
        return (Logic("or", tuple(spans)),) if len(spans) > 1 else tuple(spans)

    def _compare(self, comparator: Comparator, value: Scalar) -> Expression:
        return Compare((comparator,), (self.node, Literal(value)))

    def _span_test(self, span: Span) -> Expression:
        low: Comparator = ">" if span.above else ">="
        high: Comparator = "<" if span.below else "<="
        if span.low is None:
            assert span.high is not None
            return self._compare(high, span.high)
        if span.high is None or span.low == span.high:
            return self._compare(low if span.high is None else "==", span.low)
        return Compare((COMPARISONS[low].mirrored, high), (Literal(span.low), self.node, Literal(span.high)))


def joined(tests: tuple[Expression, ...]) -> Expression:
    """One condition that says all of several."""
    return tests[0] if len(tests) == 1 else Logic("and", tests)
