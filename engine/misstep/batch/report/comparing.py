"""Sums of groups in; groups as figures, and the differences between them that chance does not explain, out.

All comparisons of a report are one family (``hold``). A group is compared with all other interviews of its column; in a column of
dates, all from each date on with all before it. Where the log tells stage or format, interviews of the same are compared.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import accumulate

from misstep.analysis.calibration.statistics import holm, mean_interval, student_p, student_quantile, wilson
from misstep.batch.report.figures import FEW, Difference, Distribution, Grouping, LoggedOutcome, Period, ValueGroup

PERIODS = 60  # at most, before days become weeks and weeks months

MixKey = tuple[str | None, ...]
"""The stage and format of an interview, as far as the log tells them."""


@dataclass(slots=True)
class Moments:
    """Interviews, and the sums of their damage in tenths and of its squares."""

    count: int = 0
    tenths: int = 0
    squares: int = 0

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.count + other.count, self.tenths + other.tenths, self.squares + other.squares)

    def __sub__(self, other: Moments) -> Moments:
        return Moments(self.count - other.count, self.tenths - other.tenths, self.squares - other.squares)

    @property
    def mean(self) -> float:
        """In points."""
        return self.tenths / 10 / self.count

    @property
    def deviations(self) -> float:
        """The sum of squared distances from the mean, in points."""
        return (self.squares * self.count - self.tenths * self.tenths) / self.count / 100


MixSums = Mapping[MixKey, Moments]


@dataclass(slots=True)
class GroupSums:
    """Sums over the interviews of a group. ``damage``: how many came to 0.0, 0.1, ... 100.0."""

    damage: array[int] = field(default_factory=lambda: array("L", [0]) * 1001)
    severe: int = 0
    mistakes: int = 0
    strata: dict[MixKey, Moments] = field(default_factory=dict)

    def add_stratum(self, stratum: MixKey, sums: Moments) -> None:
        """Count interviews of one stage and format."""
        self.strata[stratum] = self.strata.get(stratum, Moments()) + sums

    def merge(self, other: GroupSums) -> None:
        """Count the interviews of another group."""
        self.damage = array("L", map(int.__add__, self.damage, other.damage))
        self.severe += other.severe
        self.mistakes += other.mistakes
        for stratum, sums in other.strata.items():
            self.add_stratum(stratum, sums)


def grouping(column: str, sums: Mapping[str | None, GroupSums], mix: Mapping[str, int]) -> Grouping:
    """Groups of interviews by a column. ``mix``: other columns that comparisons hold equal, and their places in a stratum."""
    period, parted = _parted(sums)
    groups = sorted((_group(value, each) for value, each in parted.items()), key=lambda g: _most_first(g, period))
    strata = {value: _project(each.strata, tuple(mix.values())) for value, each in parted.items()}
    compare = _steps if period else _against_others
    return Grouping(column, tuple(groups), period, tuple(compare(groups, strata)), tuple(mix))


def hold(
    groupings: Iterable[Grouping], outcome: LoggedOutcome | None = None
) -> tuple[tuple[Grouping, ...], LoggedOutcome | None]:
    """Groupings and an outcome with the chances of all that they claim raised, as of one family."""
    found = list(groupings)
    own = [] if outcome is None or outcome.chance is None else [outcome.chance]
    chances = iter(holm([*own, *(d.chance for g in found for d in g.differences)]))
    if outcome is not None and own:
        outcome = replace(outcome, chance=next(chances))
    held = tuple(replace(g, differences=tuple(replace(d, chance=next(chances)) for d in g.differences)) for g in found)
    return held, outcome


def difference(of: MixSums, others: MixSums) -> tuple[float, float, float, float] | None:
    """How much the mean damage of some interviews is above that of others, its 95% interval, and its chance if there is none.

    The differences within strata are weighed by n₁n₂/(n₁+n₂), and the t of the whole has the degrees of freedom of Welch and
    Satterthwaite; without strata this is Welch's test. The variance of each side is that within its strata. None where the strata
    of both sides have fewer than ``FEW`` interviews of one of them, or where all damage is the same.
    """
    shared = [(of[stratum], others[stratum]) for stratum in sorted(of.keys() & others.keys(), key=repr)]
    terms: list[tuple[float, float]] = []  # of each side: its part in the variance, and its degrees of freedom
    weights = [one.count * other.count / (one.count + other.count) for one, other in shared]
    for side in zip(*shared, strict=True):
        count = sum(sums.count for sums in side)
        freedom = count - len(side)
        if count < FEW or freedom < 1:
            return None
        variance = sum(sums.deviations for sums in side) / freedom
        spread = sum(weight * weight / sums.count for weight, sums in zip(weights, side, strict=True))
        terms.append((variance * spread / sum(weights) ** 2, freedom))
    total = sum(part for part, _ in terms)
    if not total:
        return None
    above = sum(weight * (one.mean - other.mean) for weight, (one, other) in zip(weights, shared, strict=True)) / sum(weights)
    freedom = total * total / sum(part * part / own for part, own in terms)
    reach = student_quantile(freedom) * total**0.5
    return above, above - reach, above + reach, student_p(above / total**0.5, freedom)


def _group(value: str | None, sums: GroupSums) -> ValueGroup:
    damage = Distribution(tuple(sums.damage))
    whole = sum(sums.strata.values(), Moments())
    count = whole.count
    found = mean_interval(whole.mean, whole.deviations / (count - 1), count) if count >= FEW else None
    return ValueGroup(
        value,
        count,
        damage.quantile(0.5),
        whole.mean,
        found and (max(0.0, found[0]), min(100.0, found[1])),
        sums.severe,
        sums.severe / count,
        *wilson(sums.severe, count),
        sums.mistakes / count,
    )


def _most_first(group: ValueGroup, period: Period | None) -> tuple[int, bool, str]:
    return (0 if period else -group.interviews, group.value is None, group.value or "")


def _against_others(groups: Sequence[ValueGroup], strata: Mapping[str | None, MixSums]) -> Iterator[Difference]:
    """Each group with all other interviews; of two groups only the first, as the second says the same."""
    whole = _sum(strata.values())
    for group in groups[:1] if len(groups) == 2 else groups:
        if group.interviews >= FEW:
            own = strata[group.value]
            others = {stratum: sums - own.get(stratum, Moments()) for stratum, sums in whole.items()}
            found = difference(own, {stratum: sums for stratum, sums in others.items() if sums.count})
            if found:
                yield Difference(group.value, *found)


def _steps(groups: Sequence[ValueGroup], strata: Mapping[str | None, MixSums]) -> Iterator[Difference]:
    """All interviews from each date on with all before it."""
    dates = [group.value for group in groups if group.value is not None]
    before = list(accumulate((strata[value] for value in dates), lambda one, other: _sum([one, other])))
    for place, value in enumerate(dates[1:]):
        after = {stratum: sums - before[place].get(stratum, Moments()) for stratum, sums in before[-1].items()}
        found = difference({stratum: sums for stratum, sums in after.items() if sums.count}, before[place])
        if found:
            yield Difference(value, *found)


def _project(strata: MixSums, places: Sequence[int]) -> MixSums:
    """MixSums told apart by some columns only."""
    return _sum({tuple(stratum[place] for place in places): sums} for stratum, sums in strata.items())


def _sum(many: Iterable[MixSums]) -> dict[MixKey, Moments]:
    found: dict[MixKey, Moments] = {}
    for strata in many:
        for stratum, sums in strata.items():
            found[stratum] = found.get(stratum, Moments()) + sums
    return found


_DATE = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?", re.ASCII)
_PERIODS: dict[Period, Callable[[date], str]] = {
    "day": date.isoformat,
    "week": lambda day: (day - timedelta(days=day.weekday())).isoformat(),
    "month": lambda day: f"{day.year:04}-{day.month:02}",
}


def _parted(sums: Mapping[str | None, GroupSums]) -> tuple[Period | None, Mapping[str | None, GroupSums]]:
    """Days as days, weeks (by their Monday) or months: the shortest of which there are at most ``PERIODS``, each with ``FEW``
    interviews in the mean. Other values are left as they are."""
    days = {value: _day(value) for value in sums if value is not None}
    if not days or any(day is None for day in days.values()):
        return None, sums
    dates = {value: day for value, day in days.items() if day is not None}
    total = sum(moments.count for value in dates for moments in sums[value].strata.values())
    months_only = any(value.count("-") == 1 for value in dates)
    for period, name in _PERIODS.items():
        names = {name(day) for day in dates.values()}
        fits = not months_only and len(names) <= PERIODS and total >= FEW * len(names)
        if fits or period == "month":
            break
    parted: dict[str | None, GroupSums] = {}
    for value, own in sums.items():
        parted.setdefault(None if value is None else name(dates[value]), GroupSums()).merge(own)
    return period, parted


def _day(value: str) -> date | None:
    """The day of a date, the first of a month; None of anything else."""
    found = _DATE.fullmatch(value)
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None
    except ValueError:
        return None
