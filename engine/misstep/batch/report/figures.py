"""The figures of a report, as plain data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from misstep.batch.baseline import Comparison
from misstep.batch.summary import Summary

FEW = 30
"""A group of fewer interviews is shown pale, and compared with nothing."""
CHANCE = 0.05
"""Held to by all comparisons of a report together: so many reports of nothing but chance may claim a difference."""

Period = Literal["day", "week", "month"]
OutcomeSide = Literal["good", "bad", "left out"]
"""What a word of an outcome counts as."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """How often each damage came up. ``counts``: of 0.0, 0.1, ... 100.0."""

    counts: tuple[int, ...]

    @property
    def interviews(self) -> int:
        """How many there are."""
        return sum(self.counts)

    @property
    def mean(self) -> float:
        """The mean damage; 0 of none."""
        return sum(tenths * n for tenths, n in enumerate(self.counts)) / 10 / (self.interviews or 1)

    @property
    def some(self) -> Distribution:
        """Those of them that came to any damage."""
        return Distribution((0, *self.counts[1:]))

    def quantile(self, share: float) -> float:
        """The least damage that at least this share of interviews does not exceed."""
        wanted = share * self.interviews
        for tenths, reached in enumerate(accumulate(self.counts)):
            if reached >= wanted:
                return tenths / 10
        return 0.0

    def bins(self, width: int) -> list[int]:
        """Counts of 0 up to below ``width`` points, and so on; 100 belongs to the last."""
        bins = [0] * (100 // width)
        for tenths, count in enumerate(self.counts):
            bins[min(tenths // (10 * width), len(bins) - 1)] += count
        return bins


@dataclass(frozen=True, slots=True)
class MistakeKind:
    """A kind of mistake. ``count``: of findings; ``share``: of the damage of all findings; ``mean``: severity of one."""

    kind: str
    title: str
    count: int
    interviews: int
    share: float
    mean: float


@dataclass(frozen=True, slots=True)
class FirstOccasion:
    """An occasion that plans begin with, and how many do."""

    title: str
    first: int


@dataclass(frozen=True, slots=True)
class AdvisedAction:
    """An action: in how many plans it stands, and in how many it is the first."""

    action: str
    title: str
    count: int
    first: int


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """Interviews with one value of a column; None: they have none. ``median`` and ``mean``: of damage; ``interval``: of the mean,
    95%, None of fewer than ``FEW``. ``low`` and ``high``: of the share that is severe. ``mistakes``: the mean of an interview."""

    value: str | None
    interviews: int
    median: float
    mean: float
    interval: tuple[float, float] | None
    severe: int
    share: float
    low: float
    high: float
    mistakes: float


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much the mean damage of a group is ``above`` that of all other interviews, or, by dates, of those before this one.
    ``low`` and ``high``: 95%, of this alone; ``chance``: of so large a difference if there is none, raised for the number of
    comparisons of the report."""

    value: str | None
    above: float
    low: float
    high: float
    chance: float

    @property
    def holds(self) -> bool:
        """Whether it is more than chance explains."""
        return self.chance < CHANCE


@dataclass(frozen=True, slots=True)
class Grouping:
    """Interviews by a column, most interviews first; no groups if it has too many values. ``period``: of a column of dates, whose
    groups are in their order. ``differences``: all that were compared. ``mix``: columns held equal by comparisons."""

    column: str
    groups: tuple[ValueGroup, ...]
    period: Period | None = None
    differences: tuple[Difference, ...] = ()
    mix: tuple[str, ...] = ()

    @property
    def held(self) -> list[Difference]:
        """Differences that are more than chance explains, surest first; of dates only the one since which it is surest."""
        found = sorted((d for d in self.differences if d.holds), key=lambda d: (d.chance, -abs(d.above), d.value or ""))
        return found[:1] if self.period else found

    def chief(self, most: int) -> list[ValueGroup]:
        """The groups with most interviews: months, dates and numbers in their order, others by damage, worst first."""
        chosen = self.groups[:most]
        if all(g.value is None or _NUMBERED.fullmatch(g.value) for g in chosen):
            return sorted(chosen, key=lambda g: (g.value is None, _natural(g.value or "")))
        return sorted(chosen, key=lambda g: (-g.mean, g.value is None, g.value or ""))


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Interviews with a damage from ``least`` up to below ``most``, 100 in the last; ``damage``: their mean; ``bad``: those
    without a good outcome, a ``share`` with its 95% interval from ``low`` to ``high``."""

    least: int
    most: int
    interviews: int
    damage: float
    bad: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LoggedOutcome:
    """How damage goes with an outcome in the log. ``words``: each with what it counts as, and how many interviews have it, most
    first; ``good`` and ``bad``: interviews; ``area``: in how many of all pairs of one with a good outcome and one without the
    latter has more damage, ties counted half, with its 95% ``interval`` and the chance of one so far from a half if there is
    nothing, raised for the number of comparisons of the report. None of too few interviews."""

    column: str
    words: tuple[tuple[str, OutcomeSide, int], ...]
    good: int
    bad: int
    bins: tuple[CalibrationBin, ...]
    area: float | None
    interval: tuple[float, float] | None
    chance: float | None

    @property
    def holds(self) -> bool:
        """Whether it is more than chance explains."""
        return self.chance is not None and self.chance < CHANCE


@dataclass(frozen=True, slots=True)
class Interview:
    """One of the worst interviews."""

    file: str
    row: int
    id: str | None
    damage: float
    worst: str
    first_occasion: str
    first_action: str


@dataclass(frozen=True, slots=True)
class Helped:
    """An interview in which a step to the other side still helps, its damage before and after the plan, and within how many hours
    the step is due; None: at any time."""

    file: str
    row: int
    id: str | None
    verdict: str
    damage: float
    after: float
    due_hours: float | None
    first_action: str

    @property
    def relief(self) -> float:
        """The points of damage that the plan takes away."""
        return self.damage - self.after


@dataclass(frozen=True, slots=True)
class StillHelped:
    """How many interviews there are in which a step to the other side still helps, in how many of them it is due within a day,
    and the first of them."""

    count: int
    within_day: int
    first: tuple[Helped, ...]


@dataclass(frozen=True, slots=True)
class Untouched:
    """Interviews in which no rule moved a score: ``clean`` ones have no mistake, ``unjudged`` ones have, and examples of these,
    or else of those, are given as file and row."""

    clean: int
    unjudged: int
    examples: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Guessed:
    """How many interviews and mistakes have a score that rests on a default, and how many mistakes there are."""

    interviews: int
    mistakes: int
    of: int


@dataclass(frozen=True, slots=True)
class LogFigures:
    """All figures of a report. ``mean_after``: damage once the plans are carried out; ``severe``: the bands that count as such;
    ``occasions``: those of first steps, commonest first; ``outcome``: if one was named; ``silent``: rules that never
    fired, with their titles; ``comparison``: with a baseline, if the run had one."""

    summary: Summary
    damage: Distribution
    mean_after: float
    bands: tuple[tuple[str, int], ...]
    severe: tuple[str, ...]
    verdicts: tuple[tuple[str, int], ...]
    mistakes: tuple[MistakeKind, ...]
    occasions: tuple[FirstOccasion, ...]
    actions: tuple[AdvisedAction, ...]
    groupings: tuple[Grouping, ...]
    outcome: LoggedOutcome | None
    worst: tuple[Interview, ...]
    helped: StillHelped
    guessed: Guessed
    untouched: Untouched
    silent: tuple[tuple[str, str], ...]
    comparison: Comparison | None = None

    @property
    def interviews(self) -> int:
        """How many there are."""
        return self.summary.interviews

    @property
    def tied(self) -> tuple[int, int, float]:
        """Of the damage of the last of the worst: how many are shown, how many there are, and the damage; zeros of none."""
        if not self.worst:
            return 0, 0, 0.0
        least = self.worst[-1].damage
        return sum(one.damage == least for one in self.worst), self.damage.counts[round(least * 10)], least

    @property
    def severe_count(self) -> int:
        """How many interviews are in the severe bands."""
        return sum(count for band, count in self.bands if band in self.severe)


_NUMBERED = re.compile(r"[0-9]{1,30}([-/.: TWQ]{1,2}[0-9]{1,30}){0,6}Z?", re.ASCII)


def _natural(value: str) -> list[int]:
    """The sort key of months, dates and numbers."""
    return [int(number) for number in re.findall(r"[0-9]+", value)]
