"""Sum up scores of any number of records as the figures of a report.

Rows are read batch by batch, and only sums, counts and a few examples are kept. Damage is counted in tenths, as in the scores, so
every sum is exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from misstep.batch.baseline import Comparison
from misstep.batch.report.comparing import GroupSums, Moments, grouping, hold
from misstep.batch.report.figures import (
    AdvisedAction,
    Distribution,
    FirstOccasion,
    Grouping,
    Guessed,
    Helped,
    Interview,
    LogFigures,
    LoggedOutcome,
    MistakeKind,
    StillHelped,
    Untouched,
)
from misstep.batch.report.outcomes import OutcomeChoice, judge
from misstep.batch.results import Scores
from misstep.batch.summary import Summary
from misstep.errors import UsageError, did_you_mean, printable

WORST = 10
HELPED = 500  # to export: a page holds no more
DAY = 24  # hours
EXAMPLES = 20  # of interviews that no rule touched
VALUES = 10_000  # of one column: with more of them it is no grouping, and would not fit in memory
SEVERE = 2  # the so many worst bands
MIX = ("stage", "format")  # columns that comparisons hold equal, where they were kept
MIXED = 50  # values of one of them: with more of them, interviews of the same are too few

_READ = (
    "file",
    "row",
    "id",
    "damage",
    "damage_after",
    "acts",
    "due_hours",
    "band",
    "mistakes",
    "assumed",
    "worst",
    "worst_severity",
    "first_action",
    "actions",
    "rules",
    "verdict",
    "first_occasion",
)
_COUNTED = ("band", "verdict", "first_occasion", "first_action")
_HELPED = ("file", "row", "id", "verdict", "damage", "damage_after", "due_hours", "first_action")
_WORST = ("file", "row", "id", "damage", "worst", "worst_severity", "first_occasion", "first_action")


class _WorstRow(TypedDict):
    """The columns of an interview with much damage. ``worst``: its worst mistake, if it has one."""

    file: str
    row: int
    id: str | None
    damage: float
    worst: str | None
    worst_severity: float | None
    first_occasion: str | None
    first_action: str | None


class _HelpedRow(TypedDict):
    """The columns of an interview that a step helps. ``rank``: of its verdict; ``relief``: in tenths of a percent."""

    file: str
    row: int
    id: str | None
    verdict: str
    damage: float
    damage_after: float
    due_hours: float | None
    first_action: str | None
    rank: int
    relief: int


def measure(results: Sequence[Scores], by: Sequence[str] | None = None, outcome: OutcomeChoice | None = None) -> LogFigures:
    """The figures of results that were scored with the same rules. ``by``: columns to group by; all that were kept, if None.
    ``outcome``: the column with an outcome, which is no group then unless it was asked for.

    Raises UsageError if a result is broken, lacks the column, or was scored with other rules, and those of ``judge``.
    """
    summary = Summary.merged([scores.summary for scores in results])
    chosen = _columns(summary, by, outcome)
    columns = (*chosen, *([outcome.column] if outcome and outcome.column not in chosen else []))
    severe = summary.bands[-SEVERE:] if len(summary.bands) > SEVERE else summary.bands[-1:]
    mix: dict[str, set[str | None]] = {name: set() for name in MIX if name in summary.keep}
    sums = _Sums(severe, summary.verdicts, {column: {} for column in columns}, mix)
    for scores in results:
        before = sums.interviews
        for batch in scores.batches([*dict.fromkeys((*_READ, *columns, *sums.mix))]):
            sums.add(batch)
        if sums.interviews - before != len(scores):
            raise UsageError(
                f"{printable(str(scores.path))}: has {sums.interviews - before} interviews where {len(scores)} were scored;"
                " it was changed since"
            )
    verdicts = (*summary.verdicts, summary.unable)
    groupings, judged = hold(_groupings(sums, chosen), _judged(sums, outcome) if outcome else None)
    return LogFigures(
        summary=summary,
        damage=Distribution(tuple(sums.damage[tenths] for tenths in range(1001))),
        mean_after=sums.after / 10 / (sums.interviews or 1),
        bands=tuple((band, sums.words["band"][band]) for band in summary.bands),
        severe=severe,
        verdicts=tuple((word, sums.words["verdict"][word]) for word in dict.fromkeys(verdicts) if word),
        mistakes=tuple(_mistakes(summary)),
        occasions=tuple(_occasions(sums, summary)),
        actions=tuple(_actions(sums, summary)),
        groupings=groupings,
        outcome=judged,
        worst=tuple(_interview(row, summary) for row in sums.worst),
        helped=StillHelped(sums.helped_count, sums.within_day, tuple(_helped(row, summary) for row in sums.helped)),
        guessed=Guessed(sums.guessed, sums.assumed, sums.mistakes),
        untouched=Untouched(sums.clean, sums.unjudged, tuple((sums.unjudged_rows or sums.clean_rows)[:EXAMPLES])),
        silent=tuple((rule, title) for rule, title in summary.rules.items() if not summary.fired.get(rule)),
        comparison=_comparison(results[0]) if len(results) == 1 else None,
    )


def _comparison(scores: Scores) -> Comparison | None:
    """The comparison with a baseline that lies beside a result, where it is one of these rules and so many records."""
    file = scores.path.with_name(f"{scores.path.stem}.baseline.json")
    if not file.is_file():
        return None
    try:
        found = Comparison.from_json(orjson.loads(file.read_bytes()))
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{printable(str(file))}: is not a comparison with a baseline; score the log anew") from None
    same = found.rules.digest == scores.summary.rulebase.digest and found.compared + found.only_rules == len(scores)
    return found if same else None


def _columns(summary: Summary, by: Sequence[str] | None, outcome: OutcomeChoice | None) -> tuple[str, ...]:
    """The columns to group by."""
    known = (*summary.keep, "file")
    for name in by or ():
        _check_kept("--by", f"'{printable(name)}' to group by", name, known)
    if outcome is not None:
        _check_kept("--outcome", f"'{printable(outcome.column)}'", outcome.column, known)
    if by is None:
        return tuple(name for name in summary.keep if outcome is None or name != outcome.column)
    return tuple(dict.fromkeys(by))


def _check_kept(option: str, shown: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        kept = f"; the result has {', '.join(known)}: `misstep score --keep COLUMN` carries columns of the input along"
        raise UsageError(f"{option}: there is no column {shown}{did_you_mean(name, known, printable(kept))}")


@dataclass(slots=True)
class _Sums:
    """Sums over the rows read so far. ``groups``: by column and value; None if there are too many values. ``mix``: the values of
    columns that comparisons hold equal. ``words``: interviews by the value of each column that is counted."""

    severe: tuple[str, ...]
    verdicts: tuple[str, ...]
    groups: dict[str, dict[str | None, GroupSums] | None]
    mix: dict[str, set[str | None]]
    interviews: int = 0
    damage: Counter[int] = field(default_factory=Counter)
    after: int = 0
    words: dict[str, Counter[str]] = field(default_factory=lambda: {column: Counter() for column in _COUNTED})
    actions: Counter[str] = field(default_factory=Counter)
    worst: list[_WorstRow] = field(default_factory=list)
    helped: list[_HelpedRow] = field(default_factory=list)
    helped_count: int = 0
    within_day: int = 0
    mistakes: int = 0
    assumed: int = 0
    guessed: int = 0
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
        for column, counts in self.words.items():
            counts.update(_counts(batch[column]))
        self.mistakes += pc.sum(batch["mistakes"]).as_py() or 0
        self.assumed += pc.sum(batch["assumed"]).as_py() or 0
        self.guessed += pc.sum(pc.greater(batch["assumed"], 0)).as_py() or 0
        self.actions.update(_counts(pc.list_flatten(batch["actions"])))
        for column, values in self.mix.items():
            values.update(pc.unique(batch[column]).to_pylist())
        self._add_groups(batch, tenths)
        self._keep_worst(batch)
        self._keep_helped(batch)
        self._keep_untouched(batch)

    def _add_groups(self, batch: pa.RecordBatch, tenths: pa.Array) -> None:
        severe = pc.cast(pc.is_in(batch["band"], pa.array(self.severe, pa.string())), pa.int64())
        told = pa.nulls(len(batch), pa.string())
        mix = [batch[column] if len(values) <= MIXED else told for column, values in self.mix.items()]
        keys = ["value", *(f"mix{place}" for place in range(len(mix)))]
        wanted: list[tuple[str | list[str], str]] = [
            ([], "count_all"),
            *[(name, "sum") for name in ("tenths", "squares", "severe", "mistakes")],
        ]
        for column, groups in self.groups.items():
            if groups is None:
                continue
            values = pc.replace_substring_regex(batch[column], *_TIME_OF_DAY)
            rows = pa.table(
                [values, *mix, tenths, pc.multiply(tenths, tenths), severe, batch["mistakes"]],
                [*keys, "tenths", "squares", "severe", "mistakes"],
            )
            for value, *stratum, count, damage, squares, bad, mistakes in _grouped(rows, keys, wanted):
                own = groups.setdefault(value, GroupSums())
                own.severe += bad
                own.mistakes += mistakes
                own.add_stratum(tuple(stratum), Moments(count, damage, squares))
            for value, damage, count in _grouped(rows, ["value", "tenths"], wanted[:1]):
                groups[value].damage[damage] += count
            if len(groups) > VALUES:
                self.groups[column] = None

    def _keep_worst(self, batch: pa.RecordBatch) -> None:
        order = [("damage", "descending"), ("worst_severity", "descending"), ("file", "ascending"), ("row", "ascending")]
        places = pc.select_k_unstable(batch, min(WORST, len(batch)), order)
        found = batch.select(_WORST).take(places).to_pylist()
        self.worst = sorted([*self.worst, *found], key=_how_bad)[:WORST]

    def _keep_helped(self, batch: pa.RecordBatch) -> None:
        """Where a step goes to the other side and takes damage away; the strictest verdict first, then the greatest relief."""
        relief = pc.subtract(_tenths(batch["damage"]), _tenths(batch["damage_after"]))
        rank = pc.fill_null(pc.index_in(batch["verdict"], pa.array(self.verdicts, pa.string())), -1)
        rows = pa.table([*(batch[name] for name in _HELPED), rank, relief], [*_HELPED, "rank", "relief"])
        rows = rows.filter(pc.and_(batch["acts"], pc.greater(relief, 0)))
        self.helped_count += len(rows)
        self.within_day += pc.sum(pc.less_equal(rows["due_hours"], DAY)).as_py() or 0
        order = [("rank", "descending"), ("relief", "descending"), ("file", "ascending"), ("row", "ascending")]
        found = rows.take(pc.select_k_unstable(rows, min(HELPED, len(rows)), order)).to_pylist()
        self.helped = sorted([*self.helped, *found], key=_how_urgent)[:HELPED]

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


_TIME_OF_DAY = (r"^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}.*$", r"\1")
"""What stands after a date, and what is left."""


def _grouped(rows: pa.Table, keys: Sequence[str], wanted: Sequence[tuple[str | list[str], str]]) -> Iterator[tuple[Any, ...]]:
    """Keys and sums of each group."""
    sums = rows.group_by(list(keys), use_threads=False).aggregate(list(wanted))
    names = [*keys, *(how if not name else f"{name}_{how}" for name, how in wanted)]
    return zip(*[sums[name].to_pylist() for name in names], strict=True)


def _how_bad(row: _WorstRow) -> tuple[float, float, str, int]:
    """Worst first. An interview without mistakes has no worst severity."""
    return (-row["damage"], -(row["worst_severity"] or 0), row["file"], row["row"])


def _how_urgent(row: _HelpedRow) -> tuple[int, int, str, int]:
    return (-row["rank"], -row["relief"], row["file"], row["row"])


def _mistakes(summary: Summary) -> Iterator[MistakeKind]:
    """Kinds of mistakes that came up, commonest first."""
    total = sum(sums.damage for sums in summary.kinds.values())
    for kind, sums in sorted(summary.kinds.items(), key=lambda item: (-item[1].interviews, -item[1].count, item[0])):
        yield MistakeKind(
            kind,
            summary.titles.kinds.get(kind) or kind,
            sums.count,
            sums.interviews,
            sums.damage / total if total else 0.0,
            sums.severity / 1000 / sums.count,
        )


def _occasions(sums: _Sums, summary: Summary) -> Iterator[FirstOccasion]:
    """Occasions that plans begin with, commonest first."""
    titles = summary.titles.occasions
    for occasion, first in sorted(sums.words["first_occasion"].items(), key=lambda item: (-item[1], item[0])):
        if occasion:  # empty if no pack declares one
            yield FirstOccasion(titles.get(occasion, occasion), first)


def _actions(sums: _Sums, summary: Summary) -> Iterator[AdvisedAction]:
    """Actions that came up, commonest first."""
    for action, count in sorted(sums.actions.items(), key=lambda item: (-item[1], item[0])):
        yield AdvisedAction(action, summary.titles.actions.get(action) or action, count, sums.words["first_action"][action])


def _judged(sums: _Sums, outcome: OutcomeChoice) -> LoggedOutcome:
    found = sums.groups[outcome.column]
    if found is None:
        raise UsageError(f"--outcome: the column '{printable(outcome.column)}' has more than {VALUES:,} different values")
    return judge(found, outcome)


def _groupings(sums: _Sums, columns: Sequence[str]) -> Iterator[Grouping]:
    for column in columns:
        groups = sums.groups[column]
        mix = {name: place for place, (name, values) in enumerate(sums.mix.items()) if name != column and len(values) <= MIXED}
        yield grouping(column, groups or {}, mix)


def _interview(row: _WorstRow, summary: Summary) -> Interview:
    titles = summary.titles
    return Interview(
        row["file"],
        row["row"],
        row["id"],
        row["damage"],
        _title(titles.kinds, row["worst"]),
        _title(titles.occasions, row["first_occasion"]),
        _title(titles.actions, row["first_action"]),
    )


def _helped(row: _HelpedRow, summary: Summary) -> Helped:
    title = _title(summary.titles.actions, row["first_action"])
    return Helped(row["file"], row["row"], row["id"], row["verdict"], row["damage"], row["damage_after"], row["due_hours"], title)


def _title(titles: Mapping[str, str], name: str | None) -> str:
    return titles.get(name, name) if name else ""
