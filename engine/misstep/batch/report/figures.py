"""Scores of any number of interviews in; the figures of a report out.

Rows are read batch by batch, and only sums, counts and a few examples are kept. Damage is counted in tenths, as it stands in
the scores, so every sum is exact.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from misstep.analysis.calibration.statistics import wilson
from misstep.batch.results import Scores
from misstep.batch.summary import Summary
from misstep.errors import UsageError, printable, suggest

WORST = 10
EXAMPLES = 20  # of interviews that no rule touched
VALUES = 10_000  # of one column: with more of them it is no grouping, and would not fit in memory
SEVERE = 2  # the so many worst bands

_READ = (
    "file", "row", "id", "damage", "damage_after", "band", "mistakes", "worst", "worst_severity", "first_action", "actions",
    "rules", "verdict", "first_occasion",
)  # fmt: skip
_WORST = ("file", "row", "id", "damage", "worst", "worst_severity", "first_occasion", "first_action")


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
        for tenths, reached in enumerate(accumulate(self.counts)):
            if reached >= share * self.interviews:
                return tenths / 10
        return 0.0

    def bins(self, width: int) -> list[int]:
        """Counts of 0 up to below ``width`` points, and so on; 100 belongs to the last."""
        bins = [0] * (100 // width)
        for tenths, count in enumerate(self.counts):
            bins[min(tenths // (10 * width), len(bins) - 1)] += count
        return bins


@dataclass(frozen=True, slots=True)
class Mistake:
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
class Group:
    """Interviews with one value of a column; None: they have none. ``low`` and ``high``: of the share that is severe."""

    value: str | None
    interviews: int
    mean: float
    severe: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Grouping:
    """Interviews by a column, most interviews first; no groups where it has too many values."""

    column: str
    groups: tuple[Group, ...]

    def chief(self, most: int) -> list[Group]:
        """The groups with most interviews: months, dates and numbers in their order, others by damage, worst first."""
        chosen = self.groups[:most]
        if all(g.value is None or _NUMBERED.fullmatch(g.value) for g in chosen):
            return sorted(chosen, key=lambda g: (g.value is None, _natural(g.value or "")))
        return sorted(chosen, key=lambda g: (-g.mean, g.value is None, g.value or ""))


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
class Untouched:
    """Interviews in which no rule moved a score: ``clean`` ones have no mistake, ``unjudged`` ones have, and examples of these,
    or else of those, are given as file and row."""

    clean: int
    unjudged: int
    examples: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a report shows. ``mean_after``: damage once the plans are carried out; ``severe``: the bands that count as such;
    ``occasions``: what plans begin with, commonest first; ``silent``: rules that never fired, with their titles."""

    summary: Summary
    damage: Distribution
    mean_after: float
    bands: tuple[tuple[str, int], ...]
    severe: tuple[str, ...]
    verdicts: tuple[tuple[str, int], ...]
    mistakes: tuple[Mistake, ...]
    occasions: tuple[FirstOccasion, ...]
    actions: tuple[AdvisedAction, ...]
    groupings: tuple[Grouping, ...]
    worst: tuple[Interview, ...]
    untouched: Untouched
    silent: tuple[tuple[str, str], ...]

    @property
    def interviews(self) -> int:
        """How many there are."""
        return self.summary.interviews

    @property
    def severe_count(self) -> int:
        """How many interviews are in the severe bands."""
        return sum(count for band, count in self.bands if band in self.severe)


_NUMBERED = re.compile(r"[0-9]{1,30}([-/.: TWQ]{1,2}[0-9]{1,30}){0,6}Z?", re.ASCII)


def _natural(value: str) -> list[int]:
    """What to order months, dates and numbers by."""
    return [int(number) for number in re.findall(r"[0-9]+", value)]


def measure(results: Sequence[Scores], by: Sequence[str] | None = None) -> Figures:
    """The figures of results that were scored with the same rules. ``by``: columns to group by; all that were kept, if None.

    Raises UsageError where a result is broken, has no such column, or was scored with other rules.
    """
    summary = Summary.merged([scores.summary for scores in results])
    columns = _columns(summary, by)
    severe = summary.bands[-SEVERE:] if len(summary.bands) > SEVERE else summary.bands[-1:]
    sums = _Sums(severe, {column: {} for column in columns})
    for scores in results:
        before = sums.interviews
        for batch in scores.batches([*dict.fromkeys((*_READ, *columns))]):
            sums.add(batch)
        if sums.interviews - before != len(scores):
            raise UsageError(
                f"{printable(str(scores.path))}: has {sums.interviews - before} interviews where {len(scores)} were scored;"
                " it was changed since"
            )
    return Figures(
        summary=summary,
        damage=Distribution(tuple(sums.damage[tenths] for tenths in range(1001))),
        mean_after=sums.after / 10 / (sums.interviews or 1),
        bands=tuple((band, sums.bands[band]) for band in summary.bands),
        severe=severe,
        verdicts=tuple((verdict, sums.verdicts[verdict]) for verdict in _verdicts(summary)),
        mistakes=tuple(_mistakes(summary)),
        occasions=tuple(_occasions(sums, summary)),
        actions=tuple(_actions(sums, summary)),
        groupings=tuple(_grouping(column, groups) for column, groups in sums.groups.items()),
        worst=tuple(_interview(row, summary) for row in sums.worst),
        untouched=Untouched(sums.clean, sums.unjudged, tuple((sums.unjudged_rows or sums.clean_rows)[:EXAMPLES])),
        silent=tuple((rule, title) for rule, title in summary.rules.items() if not summary.fired.get(rule)),
    )


def _columns(summary: Summary, by: Sequence[str] | None) -> tuple[str, ...]:
    if by is None:
        return summary.keep
    known = (*summary.keep, "file")
    for name in by:
        if name not in known:
            kept = f"; the result has {', '.join(known)}: `misstep score --keep COLUMN` carries columns of the input along"
            raise UsageError(f"--by: there is no column '{printable(name)}' to group by{suggest(name, known, printable(kept))}")
    return tuple(dict.fromkeys(by))


@dataclass(slots=True)
class _Sums:
    """What is kept of the rows read so far. ``groups``: by column and value interviews, tenths of damage, severe ones; None
    where there are too many values."""

    severe: tuple[str, ...]
    groups: dict[str, dict[str | None, tuple[int, int, int]] | None]
    interviews: int = 0
    damage: Counter[int] = field(default_factory=Counter)
    after: int = 0
    bands: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    occasions: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    firsts: Counter[str] = field(default_factory=Counter)
    worst: list[dict[str, Any]] = field(default_factory=list)
    clean: int = 0
    unjudged: int = 0
    clean_rows: list[tuple[str, int]] = field(default_factory=list)
    unjudged_rows: list[tuple[str, int]] = field(default_factory=list)

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch."""
        self.interviews += len(batch)
        tenths = _tenths(batch["damage"])
        self.damage.update(_counts(tenths))
        self.after += pc.sum(_tenths(batch["damage_after"])).as_py() or 0
        self.bands.update(_counts(batch["band"]))
        self.verdicts.update(_counts(batch["verdict"]))
        self.occasions.update(_counts(batch["first_occasion"]))
        self.actions.update(_counts(pc.list_flatten(batch["actions"])))
        self.firsts.update(_counts(batch["first_action"]))
        severe = pc.is_in(batch["band"], pa.array(self.severe, pa.string()))
        for column, groups in self.groups.items():
            if groups is not None:
                for value, *added in _grouped(batch[column], tenths, severe):
                    groups[value] = tuple(map(sum, zip(groups.get(value, (0, 0, 0)), added, strict=True)))  # type: ignore[assignment]
                if len(groups) > VALUES:
                    self.groups[column] = None
        self._keep_worst(batch)
        self._keep_untouched(batch)

    def _keep_worst(self, batch: pa.RecordBatch) -> None:
        order = [("damage", "descending"), ("worst_severity", "descending"), ("file", "ascending"), ("row", "ascending")]
        places = pc.select_k_unstable(batch, min(WORST, len(batch)), order)
        found = batch.select(_WORST).take(places).to_pylist()
        self.worst = sorted([*self.worst, *found], key=_how_bad)[:WORST]

    def _keep_untouched(self, batch: pa.RecordBatch) -> None:
        """Rows are in the order of the file: the first few are the same however they are cut into batches."""
        silent = pc.equal(batch["rules"], 0)
        clean = pc.and_(silent, pc.equal(batch["mistakes"], 0))
        unjudged = pc.and_not(silent, clean)
        self.clean += pc.sum(clean).as_py() or 0
        self.unjudged += pc.sum(unjudged).as_py() or 0
        for mask, kept in ((clean, self.clean_rows), (unjudged, self.unjudged_rows)):
            if len(kept) < EXAMPLES:
                rows = batch.select(["file", "row"]).filter(mask).slice(0, EXAMPLES - len(kept)).to_pylist()
                kept += [(row["file"], row["row"]) for row in rows]


def _tenths(damage: pa.Array) -> pa.Array:
    return pc.cast(pc.round(pc.multiply(damage, 10)), pa.int64())


def _counts(values: pa.Array) -> dict[Any, int]:
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(pc.drop_null(values)).to_pylist()}


def _grouped(values: pa.Array, tenths: pa.Array, severe: pa.Array) -> Iterator[tuple[str | None, int, int, int]]:
    rows = pa.table({"value": values, "tenths": tenths, "severe": pc.cast(severe, pa.int64())})
    sums = rows.group_by("value", use_threads=False).aggregate([([], "count_all"), ("tenths", "sum"), ("severe", "sum")])
    return zip(*[sums[name].to_pylist() for name in ("value", "count_all", "tenths_sum", "severe_sum")], strict=True)


def _how_bad(row: Mapping[str, Any]) -> tuple[float, float, str, int]:
    """Worst first. An interview without mistakes has no worst severity."""
    return (-row["damage"], -(row["worst_severity"] or 0), row["file"], row["row"])


def _mistakes(summary: Summary) -> Iterator[Mistake]:
    """Kinds of mistakes that came up, commonest first."""
    total = sum(sums.damage for sums in summary.kinds.values())
    for kind, sums in sorted(summary.kinds.items(), key=lambda item: (-item[1].interviews, -item[1].count, item[0])):
        yield Mistake(
            kind, summary.titles.kinds.get(kind) or kind, sums.count, sums.interviews,
            sums.damage / total if total else 0.0, sums.severity / 1000 / sums.count,
        )  # fmt: skip


def _verdicts(summary: Summary) -> tuple[str, ...]:
    """All verdicts that an interview can have."""
    return tuple(dict.fromkeys(verdict for verdict in (*summary.verdicts, summary.unable) if verdict))


def _occasions(sums: _Sums, summary: Summary) -> Iterator[FirstOccasion]:
    """Occasions that plans begin with, commonest first."""
    titles = summary.titles.occasions
    for occasion, first in sorted(sums.occasions.items(), key=lambda item: (-item[1], item[0])):
        if occasion:  # it is empty where no pack declares one
            yield FirstOccasion(titles.get(occasion, occasion), first)


def _actions(sums: _Sums, summary: Summary) -> Iterator[AdvisedAction]:
    """Actions that came up, commonest first."""
    for action, count in sorted(sums.actions.items(), key=lambda item: (-item[1], item[0])):
        yield AdvisedAction(action, summary.titles.actions.get(action) or action, count, sums.firsts[action])


def _grouping(column: str, groups: Mapping[str | None, tuple[int, int, int]] | None) -> Grouping:
    found: Iterable[tuple[str | None, tuple[int, int, int]]] = groups.items() if groups is not None else ()
    rows = [
        Group(value, interviews, tenths / 10 / interviews, severe, severe / interviews, *wilson(severe, interviews))
        for value, (interviews, tenths, severe) in found
    ]
    return Grouping(column, tuple(sorted(rows, key=lambda g: (-g.interviews, g.value is None, g.value or ""))))


def _interview(row: Mapping[str, Any], summary: Summary) -> Interview:
    worst, first, occasion = row["worst"], row["first_action"], row["first_occasion"] or ""
    return Interview(
        row["file"], row["row"], row["id"], row["damage"],
        summary.titles.kinds.get(worst, worst) or "",
        summary.titles.occasions.get(occasion, occasion), summary.titles.actions.get(first, first) or "",
    )  # fmt: skip
