"""Sets of the values that a field, or something that is computed, can have: numbers, words, and what is not known."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from misstep.language.expression import Scalar
from misstep.language.operators import Comparator

NumberPoint = tuple[float, int]
"""A number (0), or what is just below (-1) or just above it (1)."""
NumberSpan = tuple[NumberPoint, NumberPoint]
"""All numbers from one point to another."""

LEAST: NumberPoint = (-math.inf, 1)
MOST: NumberPoint = (math.inf, -1)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """Some values: ``spans`` of numbers, ascending and apart; ``words``, or, with ``but``, all words but these, of which true and
    false are two. ``unknown``: the value may be unknown."""

    spans: tuple[NumberSpan, ...] = ()
    words: frozenset[Scalar] = frozenset()
    but: bool = False
    unknown: bool = False

    def __bool__(self) -> bool:
        return bool(self.spans or self.words or self.but or self.unknown)

    def __and__(self, other: ValueSet) -> ValueSet:
        """The values in both."""
        if self.but and other.but:
            words = self.words | other.words
        elif self.but or other.but:
            of, without = (other, self) if self.but else (self, other)
            words = of.words - without.words
        else:
            words = self.words & other.words
        spans = _common(self.spans, other.spans) if self.spans and other.spans else ()
        return ValueSet(spans, words, self.but and other.but, self.unknown and other.unknown)

    @property
    def known(self) -> ValueSet:
        """The values without what is not known."""
        return replace(self, unknown=False) if self.unknown else self


def _common(some: tuple[NumberSpan, ...], others: tuple[NumberSpan, ...]) -> tuple[NumberSpan, ...]:
    found = []
    i = j = 0
    while i < len(some) and j < len(others):
        low, high = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if low <= high:
            found.append((low, high))
        if some[i][1] <= others[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class ValueDomain:
    """All values that something can have; ``whole``: of numbers, whole ones only."""

    all: ValueSet
    whole: bool = False

    def beyond(self, values: ValueSet) -> ValueSet:
        """Those that are not among some values."""
        spans: list[NumberSpan] = []
        start = LEAST
        for low, high in values.spans:
            spans.append((start, (low[0], low[1] - 1)))
            start = (high[0], high[1] + 1)
        spans.append((start, MOST))
        numbers = self._within(spans).spans if self.all.spans else ()
        return ValueSet(numbers, values.words, not values.but, not values.unknown) & self.all

    def _within(self, spans: Iterable[NumberSpan]) -> ValueSet:
        """Spans as a set, of whole numbers where there are no others."""
        points = map(_whole, spans) if self.whole else spans
        return ValueSet(tuple((low, high) for low, high in points if low <= high))

    def numbers(self, operator: Comparator, number: float) -> ValueSet:
        """The numbers of which a comparison with one holds."""
        at = (number, 0)
        spans: dict[Comparator, list[NumberSpan]] = {
            "==": [(at, at)],
            "!=": [(LEAST, (number, -1)), ((number, 1), MOST)],
            "<": [(LEAST, (number, -1))],
            "<=": [(LEAST, at)],
            ">": [((number, 1), MOST)],
            ">=": [(at, MOST)],
        }
        return self._within(spans[operator]) & self.all

    def among(self, words: Iterable[Scalar]) -> ValueSet:
        """Those of some words, or numbers, that are among the values."""
        words = frozenset(words)
        if not self.all.spans:
            return ValueSet((), words) & self.all
        points = sorted((float(word), 0) for word in words if not isinstance(word, str))
        return self._within([(point, point) for point in points]) & self.all


def _whole(span: NumberSpan) -> NumberSpan:
    """The whole numbers of a span, from the least to the greatest."""
    (low, above), (high, below) = span
    if math.isfinite(low):
        low, above = (math.floor(low) + 1 if above > 0 else math.ceil(low)), 0
    if math.isfinite(high):
        high, below = (math.ceil(high) - 1 if below < 0 else math.floor(high)), 0
    return (low, above), (high, below)


def union(sets: Iterable[ValueSet], whole: bool = False) -> ValueSet:
    """The values in any of several sets."""
    sets = list(sets)
    without = [each for each in sets if each.but]
    words = frozenset[Scalar]().union(*(each.words for each in sets if not each.but))
    if without:
        words = frozenset.intersection(*(each.words for each in without)) - words
    spans: list[NumberSpan] = []
    for low, high in sorted(span for each in sets for span in each.spans):
        end = (spans[-1][1][0], spans[-1][1][1] + 1) if spans else LEAST
        if whole and spans and not spans[-1][1][1]:
            end = (spans[-1][1][0] + 1, 0)
        if spans and low <= end:
            spans[-1] = (spans[-1][0], max(spans[-1][1], high))
        else:
            spans.append((low, high))
    return ValueSet(tuple(spans), words, bool(without), any(each.unknown for each in sets))


def span_of(low: float, high: float) -> ValueSet:
    """The numbers from one to another; infinite ends are none."""
    return ValueSet(((LEAST if low == -math.inf else (low, 0), MOST if high == math.inf else (high, 0)),))


NUMBERS = span_of(-math.inf, math.inf)
TEXTS = ValueSet(but=True)
TRUTHS = ValueSet((), frozenset((True, False)))
