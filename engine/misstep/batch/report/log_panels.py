"""The panels about a log as a whole: how bad it was, what came up, what to do, whom it still helps, and what the rules said."""

from __future__ import annotations

from collections.abc import Iterable

from misstep.batch.report.figures import AdvisedAction, MistakeKind
from misstep.batch.report.panel_maker import PanelMaker
from misstep.batch.report.pictures import distribution_chart, strip_chart
from misstep.batch.report.report_parts import NumberColumn, NumberTable, Panel
from misstep.layout.wording import counted, percent, spaced

WIDTH = 5  # points of damage in a row of its table
HELPED = 20  # shown; the list to download has more


class LogPanels(PanelMaker):
    """The panels about a log as a whole."""

    def headline(self) -> tuple[tuple[str, str], ...]:
        """The numbers to begin with, and their meanings."""
        figures = self.figures
        number, _, noun = self.words.counted(self.all).partition(" ")
        tiles = [(number, noun)]
        if self.all:
            tiles += [
                (f"{figures.damage.quantile(0.5):.1f}", "median damage, of 100"),
                (f"{figures.damage.mean:.1f}", "mean damage"),
                (f"{figures.mean_after:.1f}", "mean once every plan is carried out"),
                (self.of_all(figures.severe_count), f"came out {self.severe}"),
                (self.of_all(figures.damage.counts[0]), "came to no damage at all"),
            ]
        if self.summary.rejects:
            tiles.append((f"{self.summary.rejects:,}", "rejected, not scored"))
        return tuple(tiles)

    def bands(self) -> Panel:
        """Records by band."""
        rows = [self.row(band, count) for band, count in self.figures.bands]
        legend = tuple((spaced(band), self.of_all(count)) for band, count in self.figures.bands)
        listed = ", ".join(f"{band} {share}" for band, share in legend)
        alternative = f"One bar of all {self.words.records}, parted by band, mildest first: {listed}."
        picture = self.drawn(strip_chart(self.figures.bands), alternative, "strip")
        table = self.table(f"{self._records} by band, mildest first", NumberColumn("band", "word"), rows)
        return Panel("How bad they were", pictures=(picture,), legend=legend, tables=(table,))

    def distribution(self) -> Panel:
        """Records by damage."""
        damage, some, words = self.figures.damage, self.figures.damage.some, self.words
        none, counts = damage.counts[0], some.bins(WIDTH)
        text = (
            f"Half of the {words.records} with any damage came to {some.quantile(0.5):.1f} or less,"
            f" one in ten to {some.quantile(0.9):.1f} or more."
        )
        if none:
            text += f" {words.counted(none)} came to none and {'are' if none > 1 else 'is'} left out of the picture."
        names = [f"{WIDTH * i} to {WIDTH * (i + 1)}" for i in range(len(counts))]
        peaks = sorted(sorted((i for i, n in enumerate(counts) if n), key=lambda i: (-counts[i], i))[:3])
        alternative = f"Bars, one for every five points of damage. The highest are {', '.join(names[i] for i in peaks)}."
        rows = [self.row(name, count) for name, count in zip(("none", *names), (none, *counts), strict=True)]
        table = self.table(f"{self._records} by damage", NumberColumn("damage", "text"), rows)
        pictures = self.both(lambda width: distribution_chart(damage, width), alternative)
        return Panel("How much damage", text, pictures=pictures, tables=(table,))

    def verdicts(self) -> Panel:
        """Records by verdict."""
        words, unable = self.words, self.summary.unable
        count = dict(self.figures.verdicts).get(unable, 0)
        text = f"The verdict of the worst {words.mistake} of each {words.record}."
        if count:
            text += (
                f" {words.counted(count)} {'has' if count == 1 else 'have'} “{spaced(unable)}” instead: something is called"
                f" for, and nothing can or should be done towards {words.other_side}; what is in the plan is for the person"
                " alone."
            )
        rows = [self.row(verdict, n) for verdict, n in self.figures.verdicts]
        common = sorted((each for each in self.figures.verdicts if each[1]), key=lambda each: -each[1])
        bars = self.bars([self.bar(spaced(verdict), n) for verdict, n in common])
        table = self.table(f"{self._records} by verdict, mildest first", NumberColumn("verdict", "word"), rows)
        return Panel("What they call for", text, pictures=bars, tables=(table,))

    def mistakes(self) -> tuple[Panel, ...]:
        """Mistakes by the number of records that have them, and by their damage in all records together."""
        found, words = self.figures.mistakes, self.words
        if not found:
            return ()
        text = f"“{found[0].title}” came up in {self.of_all(found[0].interviews)} of the {words.records}, the most of all."
        bars = self.bars([self.bar(m.title, m.interviews) for m in found])
        commonest = Panel(f"Commonest {words.mistakes}", text, pictures=bars, tables=(self._mistakes("commonest first", found),))
        costly = sorted(found, key=lambda m: (-m.share, m.kind))
        text = f"What each kind of {words.mistake} has in the damage of all {words.mistakes}."
        if len(costly) > 3:
            most = sum(m.share for m in costly[:3])
            text = f"Three of {len(costly)} kinds of {words.mistakes} do {most:.0%} of all the damage."
        bars = self.bars([(m.title, m.share, percent(m.share, 1)) for m in costly])
        return commonest, Panel("What costs most", text, pictures=bars, tables=(self._mistakes("costliest first", costly),))

    def plans(self) -> tuple[Panel, ...]:
        """Occasions by the number of plans that begin with them; actions by the number of plans that have them, or begin so."""
        panels, records = [], self.words.records
        if occasions := self.figures.occasions:
            text = (
                "What is done on one occasion, over one channel, is one step. The first step is"
                f" “{occasions[0].title}” in {self.of_all(occasions[0].first)} of the {records}."
            )
            rows = [self.row(o.title, o.first) for o in occasions]
            table = self.table("Occasions of first steps, commonest first", NumberColumn("occasion", "text"), rows)
            bars = self.bars([self.bar(o.title, o.first) for o in occasions])
            panels.append(Panel("On which occasion", text, pictures=bars, tables=(table,)))
        if found := self.figures.actions:
            text = f"“{found[0].title}” is advised in {self.of_all(found[0].count)} of the {records}."
            bars = self.bars([self.bar(a.title, a.count) for a in found])
            panels.append(Panel("What comes up", text, pictures=bars, tables=(self._actions("commonest first", found),)))
            begin = sorted(found, key=lambda a: (-a.first, a.action))
            text = f"“{begin[0].title}” is the first thing to do in {self.of_all(begin[0].first)} of the {records}."
            bars = self.bars([self.bar(a.title, a.first) for a in begin if a.first])
            panels.append(Panel("What comes first", text, pictures=bars, tables=(self._actions("by what comes first", begin),)))
        return tuple(panels)

    def helped(self) -> tuple[Panel, ...]:
        """Records in which a step to the other side still takes damage away."""
        found, words = self.figures.helped, self.words
        if not found.count:
            return ()
        text = (
            f"{words.counted(found.count)} in which a step towards {words.other_side} takes damage away; in {found.within_day:,}"
            " of them it is due within a day. The strictest verdict first, then the greatest relief: the points of damage that"
            " the whole plan takes away. Due: within so many hours from the time that the record tells of; a dash: at any time."
        )
        columns = (
            NumberColumn(words.record, "text"),
            NumberColumn("verdict", "word"),
            NumberColumn("relief", "points"),
            NumberColumn("damage", "points"),
            NumberColumn("due, hours", "points"),
            NumberColumn("first thing to do", "text"),
            NumberColumn("file", "text"),
            NumberColumn("row", "plain"),
        )
        rows = [
            (one.id or "(no id)", one.verdict, one.relief, one.damage, one.due_hours, one.first_action, one.file, one.row)
            for one in found.first
        ]
        caption = "Where a step still helps"
        return (Panel("", text, tables=(NumberTable(caption, columns, rows, HELPED, found.count, unfolded=True),)),)

    def worst(self) -> tuple[Panel, ...]:
        """The worst records."""
        found, words = self.figures.worst, self.words
        if not found:
            return ()
        shown, tied, least = self.figures.tied
        text = (
            f"{shown} of {tied:,} that came to {least:.1f}: which of them are shown says nothing about the others."
            if tied > shown
            else ""
        )
        columns = (
            NumberColumn(words.record, "text"),
            NumberColumn("damage", "points"),
            NumberColumn(f"worst {words.mistake}", "text"),
            NumberColumn("first thing to do", "text"),
            NumberColumn("file", "text"),
            NumberColumn("row", "plain"),
        )
        rows = [
            (
                one.id or "(no id)",
                one.damage,
                one.worst,
                ": ".join(filter(None, (one.first_occasion, one.first_action))),
                one.file,
                one.row,
            )
            for one in found
        ]
        table = NumberTable(f"The worst {words.records}, the worst first", columns, rows, unfolded=True)
        return (Panel("", text, tables=(table,)),)

    def rules(self) -> tuple[Panel, ...]:
        """How often rules fired, those that never did, and the records that none touched."""
        return (self._fired(), self._silent(), self._untouched())

    def _fired(self) -> Panel:
        fired, titles = self.summary.fired, self.summary.rules
        most = sorted(((rule, count) for rule, count in fired.items() if count), key=lambda each: (-each[1], each[0]))
        columns = (NumberColumn("rule", "text"), NumberColumn("title", "text"), NumberColumn(self.words.records))
        rows = [(rule, titles.get(rule, ""), *self.row(rule, count)[1:]) for rule, count in most]
        table = NumberTable("Rules by how often they fired", (*columns, NumberColumn("share", "share")), rows)
        text = (
            f"The most often “{titles.get(most[0][0]) or most[0][0]}”, in {self.of_all(most[0][1])}." if most else "None fired."
        )
        return Panel("How often rules fired", text, tables=(table,) if most else ())

    def _silent(self) -> Panel:
        silent, records = self.figures.silent, self.words.records
        if not silent:
            return Panel("Rules that never fired", f"Every rule fired in at least one of these {records}.")
        rules = counted(len(self.summary.rules), "rule")
        text = f"{len(silent)} of {rules} had nothing to say about any of these {records}."
        columns = (NumberColumn("rule", "text"), NumberColumn("title", "text"))
        return Panel("Rules that never fired", text, tables=(NumberTable("Rules that never fired", columns, silent),))

    def _untouched(self) -> Panel:
        words, found = self.words, self.figures.untouched
        title = f"{self._records} that no rule touched"
        if not found.clean + found.unjudged:
            return Panel(title, f"None: every {words.record} has a {words.mistake} that some rule scored.")
        told = []
        if found.unjudged:
            none = f"with {words.mistakes} that no rule had a word on: see whether a rule is missing."
            told.append(f"{words.counted(found.unjudged)} {none}")
        if found.clean:
            told.append(f"{words.counted(found.clean)} without a {words.mistake} to score.")
        caption = (
            f"{self._records} {f'with {words.mistakes} that no rule touched' if found.unjudged else f'without a {words.mistake}'}"
        )
        columns = (NumberColumn("file", "text"), NumberColumn("row", "plain"))
        table = NumberTable(caption, columns, found.examples, total=found.unjudged or found.clean)
        return Panel(title, " ".join(told), tables=(table,))

    @property
    def _records(self) -> str:
        return self.words.records.capitalize()

    def _mistakes(self, order: str, found: Iterable[MistakeKind]) -> NumberTable:
        mistake, records = self.words.mistake, self.words.records
        columns = (
            NumberColumn(mistake, "text"),
            NumberColumn(records),
            NumberColumn(f"share of {records}", "share"),
            NumberColumn("times in all"),
            NumberColumn("mean severity, of 10", "points"),
            NumberColumn("share of all damage", "share"),
        )
        rows = [(*self.row(m.title, m.interviews), m.count, m.mean, m.share) for m in found]
        return NumberTable(f"{self.words.mistakes.capitalize()}, {order}", columns, rows)

    def _actions(self, order: str, found: Iterable[AdvisedAction]) -> NumberTable:
        columns = (
            NumberColumn("action", "text"),
            NumberColumn(self.words.records),
            NumberColumn("share", "share"),
            NumberColumn("first in"),
            NumberColumn("share of first", "share"),
        )
        rows = [(*self.row(a.title, a.count), *self.row(a.title, a.first)[1:]) for a in found]
        return NumberTable(f"Actions, {order}", columns, rows)
