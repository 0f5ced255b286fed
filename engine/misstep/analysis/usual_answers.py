"""List the answers that a field can have, and how often each is true, for counterfactuals and for certainty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import ceil, floor

from misstep.language.facts import UNSAID, Field, Kind, Value
from misstep.language.program import Program

Weighed = tuple[Value, float]
"""An answer with its weight."""
MOST_SUBSETS = 6
"""Up to this many words, every subset is an answer to a set; beyond, no word, each one, all of them, and the usual answers."""


def subsets_of(field: Field) -> Iterator[tuple[str, ...]]:
    """The answers to a field that is a set of words."""
    words = sorted(field.values)
    sizes: Iterable[int] = range(len(words) + 1) if len(words) <= MOST_SUBSETS else (0, 1, len(words))
    for size in sizes:
        yield from combinations(words, size)


class Grid:
    """The numbers of a field as steps: whole numbers, or tenths, and finer where there would be fewer than a hundred."""

    def __init__(self, field: Field) -> None:
        low, high = field.range
        self._whole = field.form.whole
        self._digits = 0 if self._whole else 1
        while not self._whole and 0 < (high - low) * 10**self._digits < 100:
            self._digits += 1
        self.first, self.last = ceil(low * 10**self._digits), floor(high * 10**self._digits)

    def step_of(self, number: float, side: int) -> int:
        """The step of a number; where it is between two, the lower one or the upper one."""
        scaled = number * float(10**self._digits)
        return floor(scaled) if side < 0 else ceil(scaled)

    def value(self, step: int) -> int | float:
        """The number of a step."""
        return step if self._whole else round(step / float(10**self._digits), self._digits) + 0.0

    def around(self, thresholds: Iterable[float]) -> set[int]:
        """Both ends, and the steps at and beside every number at which a rule turns."""
        steps = {self.first, self.last}
        for number in thresholds:
            below, above = self.step_of(number, -1), self.step_of(number, 1)
            steps.update(step for step in (below - 1, below, above, above + 1) if self.first <= step <= self.last)
        return steps


def usual_answers(program: Program, kind: Kind, field: Field, thresholds: Iterable[float]) -> tuple[Weighed, ...]:
    """The answers to an open field, each with its weight: as packs state them for the kind, or else for its role.

    If they state none, the default has half of the weight, and the other answers share the other half equally; without a default
    all answers have equal weight. The answers of numbers are then those at which a rule turns. A text has none.
    """
    for owner in (kind.name, kind.role):
        if (usual := program.usual.get(f"{owner}.{field.name}")) is not None:
            return usual.answers
    answers: list[Value]
    if field.is_number:
        grid = Grid(field)
        steps = sorted({grid.step_of(number, 1) for number in thresholds})
        answers = [grid.value(step) for step in steps if grid.first <= step <= grid.last]
    elif field.form.sort == "set":
        answers = [(word,) for word in sorted(field.values)]
    elif not (answers := [*field.answers]):
        return ()
    default = None if field.default == UNSAID else field.default
    others = [answer for answer in answers if answer != default]
    if default is None:
        return tuple((answer, 1.0) for answer in others)
    return ((default, float(max(1, len(others)))), *((answer, 1.0) for answer in others))
