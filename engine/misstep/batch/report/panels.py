"""Make the panels of a report: pictures, each with a sentence, a text alternative and its numbers.

Titles, ids and values of columns are data: the page and the pictures escape them.
"""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from misstep.batch.forms import csv_cell
from misstep.batch.report.figures import CHANCE, FEW, AdvisedAction, Difference, Grouping, LogFigures, MistakeKind, ValueGroup
from misstep.batch.report.pictures import (
    NARROW,
    WIDE,
    Chart,
    bar_chart,
    distribution_chart,
    group_chart,
    strip_chart,
    trend_chart,
)
from misstep.layout.wording import counted, joined, percent, spaced

SHOWN = 8  # bars of a picture; the table has the others too
GROUPS = 15  # rows of a picture
LISTED = 200  # rows of a table
WIDTH = 5  # points of damage in a row of its table

Draw = Callable[[Chart, str, str], str]
"""Makes SVG of a chart, its text alternative and its class."""
Bar = tuple[str, float, str]
"""A label, a value, and the value in words."""


@dataclass(frozen=True, slots=True)
class NumberTable:
    """The numbers of a picture. The first column names the row; ``more`` rows are left out."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture, a sentence and its numbers. A small picture comes in one width, others in two."""

    title: str
    text: str
    pictures: tuple[Markup, ...] = ()
    numbers: NumberTable | None = None


class Panels:
    """The panels of one report. ``draw`` makes their pictures."""

    def __init__(self, figures: LogFigures, draw: Draw) -> None:
        self._figures = figures
        self._draw = draw
        self._all = figures.interviews
        self._words = figures.summary.words
        self._severe = joined([spaced(band) for band in figures.severe], "or")

    def headline(self) -> list[tuple[str, str]]:
        """The numbers to begin with, and their meanings."""
        figures, n = self._figures, self._all
        number, _, noun = self._words.counted(n).partition(" ")
        tiles = [(number, noun)]
        if n:
            tiles += [
                (f"{figures.damage.quantile(0.5):.1f}", "median damage, of 100"),
                (f"{figures.damage.mean:.1f}", "mean damage"),
                (f"{figures.mean_after:.1f}", "mean once every plan is carried out"),
                (percent(figures.severe_count, n), f"came out {self._severe}"),
                (percent(figures.damage.counts[0], n), "came to no damage at all"),
            ]
        if figures.summary.rejects:
            tiles.append((f"{figures.summary.rejects:,}", "rejected, not scored"))
        return tiles

    def bands(self) -> Panel:
        """Records by band."""
        rows = [self._row(spaced(band), count) for band, count in self._figures.bands]
        listed = ", ".join(f"{band} {share}" for band, _, share in rows)
        alternative = f"One bar of all {self._words.records}, parted by band, mildest first: {listed}."
        picture = self._drawn(strip_chart(self._figures.bands), alternative, "strip")
        return Panel("How bad they were", "", (picture,), self._table("band", rows))

    def distribution(self) -> Panel:
        """Records by damage."""
        damage, some, words = self._figures.damage, self._figures.damage.some, self._words
        none, counts = damage.counts[0], some.bins(WIDTH)
        text = (
            f"Half of the {words.records} with any damage came to {some.quantile(0.5):.1f} or less,"
            f" one in ten to {some.quantile(0.9):.1f} or more."
        )
        if none:
            text += f" {self._words.counted(none)} came to none and {'are' if none > 1 else 'is'} left out of the picture."
        names = [f"{WIDTH * i} to {WIDTH * (i + 1)}" for i in range(len(counts))]
        peaks = sorted(sorted((i for i, n in enumerate(counts) if n), key=lambda i: (-counts[i], i))[:3])
        alternative = f"Bars, one for every five points of damage. The highest are {', '.join(names[i] for i in peaks)}."
        rows = [self._row(name, count) for name, count in zip(("none", *names), (none, *counts), strict=True)]
        pictures = (
            self._drawn(distribution_chart(damage), alternative, "wide"),
            self._drawn(distribution_chart(damage, NARROW), alternative, "narrow"),
        )
        return Panel("How much damage", text, pictures, self._table("damage", rows))

    def verdicts(self) -> Panel:
        """Records by verdict."""
        words, unable = self._words, self._figures.summary.unable
        count = dict(self._figures.verdicts).get(unable, 0)
        text = f"The verdict of the worst {words.mistake} of each {words.record}."
        if count:
            text += (
                f" {self._words.counted(count)} {'has' if count == 1 else 'have'} “{spaced(unable)}” instead: something is called"
                f" for, and nothing can or should be done towards {words.other_side}; what is in the plan is for the person"
                " alone."
            )
        rows = [self._row(spaced(verdict), n) for verdict, n in self._figures.verdicts]
        common = sorted((each for each in self._figures.verdicts if each[1]), key=lambda each: -each[1])
        bars = [self._bar(spaced(verdict), n) for verdict, n in common]
        return Panel("What they call for", text, (self._bars(bars),), self._table("verdict", rows, ", mildest first"))

    def mistakes(self) -> list[Panel]:
        """Mistakes by the number of records that have them, and by their damage in all records together."""
        found, words = self._figures.mistakes, self._words
        if not found:
            return []
        first = percent(found[0].interviews, self._all)
        text = f"“{found[0].title}” came up in {first} of the {words.records}, the most of all."
        bars = [self._bar(m.title, m.interviews) for m in found]
        title = f"Commonest {words.mistakes}"
        commonest = Panel(title, text, (self._bars(bars),), self._mistakes("commonest first", found))
        costly = sorted(found, key=lambda m: (-m.share, m.kind))
        text = f"What each kind of {words.mistake} has in the damage of all {words.mistakes}."
        if len(costly) > 3:
            most = sum(m.share for m in costly[:3])
            text = f"Three of {len(costly)} kinds of {words.mistakes} do {most:.0%} of all the damage."
        picture = self._bars([(m.title, m.share, f"{m.share:.0%}") for m in costly])
        return [commonest, Panel("What costs most", text, (picture,), self._mistakes("costliest first", costly))]

    def plans(self) -> list[Panel]:
        """Occasions by the number of plans that begin with them; actions by the number of plans that have them, or begin so."""
        panels, records = [], self._words.records
        if occasions := self._figures.occasions:
            share = percent(occasions[0].first, self._all)
            text = (
                "What is done on one occasion, over one channel, is one step. The first step is"
                f" “{occasions[0].title}” in {share} of the {records}."
            )
            rows = [self._row(o.title, o.first) for o in occasions]
            table = NumberTable("Occasions of first steps, commonest first", ("occasion", records, "share"), rows)
            picture = self._bars([self._bar(o.title, o.first) for o in occasions])
            panels.append(Panel("On which occasion", text, (picture,), table))
        if found := self._figures.actions:
            text = f"“{found[0].title}” is advised in {percent(found[0].count, self._all)} of the {records}."
            picture = self._bars([self._bar(a.title, a.count) for a in found])
            panels.append(Panel("What comes up", text, (picture,), self._actions("commonest first", found)))
            begin = sorted(found, key=lambda a: (-a.first, a.action))
            text = f"“{begin[0].title}” is the first thing to do in {percent(begin[0].first, self._all)} of the {records}."
            picture = self._bars([self._bar(a.title, a.first) for a in begin if a.first])
            panels.append(Panel("What comes first", text, (picture,), self._actions("by what comes first", begin)))
        return panels

    def grouping(self, grouping: Grouping) -> Panel:
        """Records by the values of a column."""
        title, records = f"By {grouping.column}", self._words.records
        if not grouping.groups:
            return Panel(title, "Too many different values to compare them.")
        told = self.claims(grouping)
        pictured = self._by_date(grouping) if grouping.period else self._by_value(grouping)
        text = f"{' '.join(told) or self._nothing(grouping)} {pictured[0]}"
        header = (grouping.column, records, "median damage", "mean", "95% interval", self._severe, "share", "95% interval")
        rows = [
            (
                *(_name(g), f"{g.interviews:,}", f"{g.median:.1f}", f"{g.mean:.1f}"),
                "too few" if g.interval is None else f"{g.interval[0]:.1f} to {g.interval[1]:.1f}",
                *(f"{g.severe:,}", f"{g.share:.1%}", f"{g.low:.1%} to {g.high:.1%}", f"{g.mistakes:.2f}"),
            )
            for g in grouping.chief(LISTED)
        ]
        more = max(0, len(grouping.groups) - LISTED)
        caption = f"{self._records} by {grouping.column}{f', {grouping.period} by {grouping.period}' if grouping.period else ''}"
        table = NumberTable(caption, (*header, f"{self._words.mistakes} in a {self._words.record}"), rows, more)
        return Panel(title, text, pictured[1], table)

    def baseline(self) -> Panel | None:
        """What has changed since the baseline, if the run had one."""
        found = self._figures.comparison
        if found is None or found.mean_damage_change is None:
            return None
        text = (
            f"With the rules of the baseline, {found.baseline.name} {found.baseline.version}, {found.changed:,} of"
            f" {self._words.counted(found.compared)} would have another {joined([spaced(each) for each in found.aspects], 'or')};"
            f" with these rules mean damage is {found.mean_damage_change:+.2f} points."
        )
        rows = [
            (spaced(what), f"{found.changes[what]:,}", percent(found.changes[what], found.compared))
            for what in (*found.aspects, "damage")
        ]
        return Panel("Against the baseline", text, (), self._table("what has changed", rows))

    def fired(self) -> NumberTable:
        """In how many records each rule fired that did, most first."""
        fired, titles = self._figures.summary.fired, self._figures.summary.rules
        most = sorted(((rule, count) for rule, count in fired.items() if count), key=lambda each: (-each[1], each[0]))
        rows = [self._row(f"{rule}: {titles[rule]}" if titles.get(rule) else rule, count) for rule, count in most[:LISTED]]
        header = ("rule", self._words.records, "share")
        return NumberTable("Rules by how often they fired", header, rows, max(0, len(most) - LISTED))

    def helped_csv(self) -> str:
        """The list of those whom a step still helps, as a link to a CSV that the page itself holds."""
        text = io.StringIO(newline="")
        write = csv.writer(text).writerow
        write(("id", "file", "row", "verdict", "damage", "damage_after", "first_action"))
        for one in self._figures.helped:
            cells = (one.id or "", one.file, one.row, one.verdict, one.damage, one.after, one.first_action)
            write([csv_cell(cell) for cell in cells])
        return f"data:text/csv;charset=utf-8;base64,{b64encode(text.getvalue().encode()).decode()}"

    def compared(self) -> str:
        """How many comparisons the report makes, and what holds the claims of all of them."""
        made = sum(len(grouping.differences) for grouping in self._figures.groupings)
        mix = list(dict.fromkeys(name for grouping in self._figures.groupings for name in grouping.mix))
        held = f", and {self._words.records} of the same {joined(mix)} with each other" if mix else ""
        return (
            f"{counted(made, 'comparison')} of mean damage: each group with all other {self._words.records}, and what came from a"
            f" date on with what came before it{held}. Where there is nothing but chance, no more than {CHANCE:.0%} of"
            f" reports claim anything (Welch's test, Holm's correction). Groups of fewer than {FEW} are not compared."
        )

    def claims(self, grouping: Grouping) -> list[str]:
        """The differences between groups that are more than chance explains, a sentence each."""
        mix = f", among those of the same {joined(grouping.mix)}" if grouping.mix else ""
        return [f"{self._claim(grouping, d)}{mix} (95% interval {_points(d)})." for d in grouping.held]

    def _claim(self, grouping: Grouping, found: Difference) -> str:
        more = "higher" if found.above > 0 else "lower"
        amount, name = f"{abs(found.above):.1f} points {more}", _value_name(found.value)
        if grouping.period:
            return f"Since the {grouping.period} {name} mean damage is {amount} than before"
        return f"Mean damage of {grouping.column} {name} is {amount} than that of all other {self._words.records}"

    def _nothing(self, grouping: Grouping) -> str:
        if not grouping.differences:
            return f"Nothing to compare: it takes two groups of at least {FEW} {self._words.records}."
        if grouping.period:
            return "No step in time is larger than chance explains."
        return "Chance may explain all differences seen here."

    def _by_value(self, grouping: Grouping) -> tuple[str, tuple[Markup, ...]]:
        """The rest of the sentence, and the pictures."""
        figures, records, shown = self._figures, self._words.records, grouping.chief(GROUPS)
        text = (
            f"On the left mean damage, on the right the share that came out {self._severe}: its pale bar is where each may well"
            f" lie, given so many {records}. Dotted: all {records}. Pale points: fewer than {FEW}."
        )
        listed = "; ".join(f"{_name(g)} {g.mean:.1f}, {percent(g.severe, g.interviews)}" for g in shown)
        what = f"with mean damage and the share that came out {self._severe}"
        alternative = f"A row for each value of {grouping.column}, {what}: {listed}."
        share = figures.severe_count / self._all
        return text, tuple(
            self._drawn(group_chart(shown, figures.damage.mean, share, self._severe, width), alternative, form)
            for width, form in ((WIDE, "wide"), (NARROW, "narrow"))
        )

    def _by_date(self, grouping: Grouping) -> tuple[str, tuple[Markup, ...]]:
        """The rest of the sentence, and the pictures."""
        shown = [group for group in grouping.groups if group.value is not None]
        text = (
            f"Mean damage {grouping.period} by {grouping.period}; in the pale band the mean may well lie, given so many"
            f" {self._words.records}. Pale points: fewer than {FEW}. A slow change may look like a step."
        )
        low, high = (pick(shown, key=lambda g: g.mean) for pick in (min, max))
        alternative = (
            f"A line of mean damage from {shown[0].value} to {shown[-1].value}, lowest {low.mean:.1f} at {low.value},"
            f" highest {high.mean:.1f} at {high.value}."
        )
        since = grouping.held[0].value if grouping.held else None
        return text, tuple(
            self._drawn(trend_chart(shown, since, width), alternative, form)
            for width, form in ((WIDE, "wide"), (NARROW, "narrow"))
        )

    @property
    def _records(self) -> str:
        return self._words.records.capitalize()

    def _row(self, name: str, count: int) -> tuple[str, str, str]:
        return name, f"{count:,}", percent(count, self._all)

    def _bar(self, name: str, count: int) -> Bar:
        return name, float(count), percent(count, self._all)

    def _table(self, column: str, rows: Sequence[Sequence[str]], order: str = "") -> NumberTable:
        return NumberTable(f"{self._records} by {column}{order}", (column, self._words.records, "share"), rows)

    def _mistakes(self, order: str, found: Iterable[MistakeKind]) -> NumberTable:
        mistake, records = self._words.mistake, self._words.records
        header = (mistake, records, f"share of {records}", "times in all", "mean severity, of 10", "share of all damage")
        rows = [(*self._row(m.title, m.interviews), f"{m.count:,}", f"{m.mean:.1f}", f"{m.share:.1%}") for m in found]
        return NumberTable(f"{self._words.mistakes.capitalize()}, {order}", header, rows)

    def _actions(self, order: str, found: Iterable[AdvisedAction]) -> NumberTable:
        rows = [(*self._row(a.title, a.count), f"{a.first:,}", percent(a.first, self._all)) for a in found]
        return NumberTable(f"Actions, {order}", ("action", self._words.records, "share", "first in", "share"), rows)

    def _bars(self, bars: Sequence[Bar]) -> Markup:
        shown = bars[:SHOWN]
        listed = "; ".join(f"{title} {text}" for title, _, text in shown)
        return self._drawn(bar_chart(shown), f"Bars, longest first: {listed}.", "small")

    def _drawn(self, chart: Chart, alternative: str, form: str) -> Markup:
        return Markup(self._draw(chart, alternative, form))  # noqa: S704 - made of a chart's parts only, see pictures.py


def _name(group: ValueGroup) -> str:
    return _value_name(group.value)


def _value_name(value: str | None) -> str:
    return "(not given)" if value is None else value


def _points(found: Difference) -> str:
    """The interval of a difference, in its direction."""
    low, high = (found.low, found.high) if found.above > 0 else (-found.high, -found.low)
    return f"{low:.1f} to {high:.1f}"
