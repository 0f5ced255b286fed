"""The panels that compare: groups of records, dates, an outcome, a baseline. They claim only what chance does not explain."""

from __future__ import annotations

from markupsafe import Markup

from misstep.batch.report.figures import CHANCE, FEW, Difference, Grouping, LoggedOutcome, ValueGroup
from misstep.batch.report.panel_maker import PanelMaker
from misstep.batch.report.pictures import WIDE, CurvePoint, curve_chart, group_chart, trend_points, trend_ticks
from misstep.batch.report.report_parts import DOWNLOADED, NumberColumn, NumberTable, Panel, ReportCell
from misstep.layout.wording import counted, joined, percent, spaced

GROUPS = 15  # rows of a picture
COIN = 0.5  # of pairs: what an outcome that has nothing to do with damage comes to


class ComparingPanels(PanelMaker):
    """The panels that compare."""

    def differences(self) -> Panel:
        """All that differs by more than chance."""
        groupings, outcome, records = self.figures.groupings, self.figures.outcome, self.words.records
        claims = [claim for grouping in groupings for claim in self._claims(grouping)]
        if outcome is not None and outcome.holds:
            claims.append(self._outcome_claim(outcome))
        made = sum(len(grouping.differences) for grouping in groupings)
        mix = list(dict.fromkeys(name for grouping in groupings for name in grouping.mix))
        held = f", and {records} of the same {joined(mix)} with each other" if mix else ""
        more = (
            f"; and of {outcome.column} with damage (Mann and Whitney's test)" if outcome and outcome.chance is not None else ""
        )
        text = (
            f"{'' if claims else 'Nothing. '}{counted(made, 'comparison')} of mean damage (Welch's test): each group with all"
            f" other {records}, and what came from a date on with what came before it{held}{more}. Where there is nothing but"
            f" chance, no more than {CHANCE:.0%} of reports claim anything (Holm's correction). Groups of fewer than {FEW} are"
            " not compared."
        )
        return Panel("What differs by more than chance", text, tuple(claims))

    def grouping(self, grouping: Grouping) -> Panel:
        """Records by the values of a column."""
        if not grouping.groups:
            return Panel("", "Too many different values to compare them.")
        told = " ".join(self._claims(grouping)) or self._nothing(grouping)
        text, pictures = self._by_date(grouping) if grouping.period else self._by_value(grouping)
        records, words = self.words.records, self.words
        columns = (
            NumberColumn(grouping.column, "text"),
            NumberColumn(records),
            NumberColumn("median damage", "points"),
            NumberColumn("mean", "points"),
            NumberColumn("mean from", "points"),
            NumberColumn("mean to", "points"),
            NumberColumn(self.severe),
            NumberColumn("share", "share"),
            NumberColumn("share from", "share"),
            NumberColumn("share to", "share"),
            NumberColumn(f"{words.mistakes} each", "fine"),
        )
        groups = grouping.chief(DOWNLOADED)
        rows = [
            (
                _name(g),
                g.interviews,
                g.median,
                g.mean,
                *(g.interval or (None, None)),
                g.severe,
                g.share,
                g.low,
                g.high,
                g.mistakes,
            )
            for g in groups
        ]
        pale = frozenset(place for place, group in enumerate(groups) if group.interval is None)
        step = f", {grouping.period} by {grouping.period}" if grouping.period else ""
        caption = f"{records.capitalize()} by {grouping.column}{step}; from and to: 95% intervals"
        table = NumberTable(caption, columns, rows, total=len(grouping.groups), pale=pale)
        return Panel("", f"{told} {text}", pictures=pictures, tables=(table,))

    def outcome(self, outcome: LoggedOutcome) -> Panel:
        """How damage goes with an outcome."""
        column, records = outcome.column, self.words.records
        told = [self._outcome_claim(outcome) if outcome.holds else self._no_outcome_claim(outcome)]
        pictures: tuple[Markup, ...] = ()
        if outcome.bins:
            told.append(
                f"The line: of {records} with so much damage, how many of 100 did not end well; in the pale band it may well"
                f" lie. Pale points: fewer than {FEW}. On the dotted line damage would be that share itself; what becomes of one"
                " hangs on much besides, so it is enough that the line rises."
            )
            points = [
                CurvePoint(b.damage / 100, 100 * b.share, (100 * b.low, 100 * b.high) if b.interviews >= FEW else None)
                for b in outcome.bins
            ]
            ticks = [(damage / 100, str(damage)) for damage in range(0, 101, 20)]
            title = f"did not end well, %, by damage ({column})"
            listed = "; ".join(f"{b.least} to {b.most} {percent(b.bad, b.interviews)}" for b in outcome.bins)
            alternative = f"A line of the share of {records} that did not end well, by damage: {listed}."
            pictures = self.both(lambda width: curve_chart(points, ticks, title, whole=True, width=width), alternative)
        columns = (
            NumberColumn("damage", "text"),
            NumberColumn(records),
            NumberColumn("mean damage", "points"),
            NumberColumn("did not end well"),
            NumberColumn("share", "share"),
            NumberColumn("share from", "share"),
            NumberColumn("share to", "share"),
        )
        rows = [(f"{b.least} to {b.most}", b.interviews, b.damage, b.bad, b.share, b.low, b.high) for b in outcome.bins]
        pale = frozenset(place for place, each in enumerate(outcome.bins) if each.interviews < FEW)
        curve = NumberTable(f"{column} by damage; from and to: 95% intervals", columns, rows, pale=pale)
        read = (NumberColumn(column, "text"), NumberColumn("counts as", "text"), NumberColumn(records))
        words = [(word or "(not given)", side, count) for word, side, count in outcome.words]
        tables = (*((curve,) if rows else ()), NumberTable(f"How {column} was read", read, words))
        return Panel("", " ".join(told), pictures=pictures, tables=tables)

    def baseline(self) -> Panel | None:
        """What has changed since the baseline, if the run had one."""
        found = self.figures.comparison
        if found is None or found.mean_damage_change is None:
            return None
        text = (
            f"With the rules of the baseline, {found.baseline.name} {found.baseline.version}, {found.changed:,} of"
            f" {self.words.counted(found.compared)} would have another {joined([spaced(each) for each in found.aspects], 'or')};"
            f" with these rules mean damage changes by {found.mean_damage_change:+.2f} points."
        )
        rows = [(what, found.changes[what], found.changes[what] / found.compared) for what in (*found.aspects, "damage")]
        changes = self.table("What has changed", NumberColumn("of an answer", "word"), rows)
        bands = (NumberColumn("baseline's band", "word"), *(NumberColumn(spaced(band)) for band in found.rules.bands))
        matrix: list[tuple[ReportCell, ...]] = [
            (band, *counts) for band, counts in zip(found.baseline.bands, found.matrix, strict=True)
        ]
        why = (NumberColumn("rule", "text"), NumberColumn(self.words.records))
        tables = [changes, NumberTable("From the baseline's band to that of these rules", bands, matrix)]
        if found.responsible:
            tables.append(NumberTable("Rules because of which it has changed", why, found.most_responsible()))
        return Panel("Against the baseline", text, tables=tuple(tables))

    def _claims(self, grouping: Grouping) -> list[str]:
        """The differences between groups that are more than chance explains, a sentence each."""
        mix = f", among those of the same {joined(grouping.mix)}" if grouping.mix else ""
        return [f"{self._claim(grouping, d)}{mix} (95% interval {_points(d)})." for d in grouping.held]

    def _claim(self, grouping: Grouping, found: Difference) -> str:
        more = "higher" if found.above > 0 else "lower"
        amount, name = f"{abs(found.above):.1f} points {more}", _value_name(found.value)
        if grouping.period:
            return f"Since {'the week of ' if grouping.period == 'week' else ''}{name} mean damage is {amount} than before"
        return f"Mean damage of {grouping.column} {name} is {amount} than that of all other {self.words.records}"

    def _nothing(self, grouping: Grouping) -> str:
        if not grouping.differences:
            return f"Nothing to compare: it takes two groups of at least {FEW} {self.words.records}."
        if grouping.period:
            return "No step in time is larger than chance explains."
        return "Chance may explain all differences seen here."

    def _outcome_claim(self, outcome: LoggedOutcome) -> str:
        area, (low, high) = outcome.area or COIN, outcome.interval or (0.0, 1.0)
        way = "Damage goes with" if area > COIN else "Damage goes against"
        return (
            f"{way} {outcome.column}: of two {self.words.records} of which one ended well, the other one has more damage in"
            f" {area:.0%} of all pairs (AUC {area:.3f}, 95% interval {low:.3f} to {high:.3f}; with a coin it would be 50%)."
        )

    def _no_outcome_claim(self, outcome: LoggedOutcome) -> str:
        if outcome.area is None or outcome.interval is None:
            count = f"{outcome.good:,} ended well and {outcome.bad:,} did not"
            return f"Too few to compare: {count}; it takes {FEW} of each."
        low, high = outcome.interval
        return (
            f"Chance may explain all that damage has to do with {outcome.column} here (AUC {outcome.area:.3f}, 95% interval"
            f" {low:.3f} to {high:.3f})."
        )

    def _by_value(self, grouping: Grouping) -> tuple[str, tuple[Markup, ...]]:
        """The rest of the sentence, and the pictures."""
        figures, records, shown = self.figures, self.words.records, grouping.chief(GROUPS)
        text = (
            f"On the left mean damage, on the right the share that came out {self.severe}: its pale bar is where each may well"
            f" lie, given so many {records}. Dotted: all {records}. Pale points: fewer than {FEW}."
        )
        listed = "; ".join(f"{_name(g)} {g.mean:.1f}, {percent(g.severe, g.interviews)}" for g in shown)
        what = f"with mean damage and the share that came out {self.severe}"
        alternative = f"A row for each value of {grouping.column}, {what}: {listed}."
        share = figures.severe_count / self.all
        return text, self.both(lambda width: group_chart(shown, figures.damage.mean, share, self.severe, width), alternative)

    def _by_date(self, grouping: Grouping) -> tuple[str, tuple[Markup, ...]]:
        """The rest of the sentence, and the pictures."""
        shown = [group for group in grouping.groups if group.value is not None]
        text = (
            f"Mean damage {grouping.period} by {grouping.period}; in the pale band the mean may well lie, given so many"
            f" {self.words.records}. Pale points: fewer than {FEW}. A slow change may look like a step."
        )
        low, high = (pick(shown, key=lambda g: g.mean) for pick in (min, max))
        alternative = (
            f"A line of mean damage from {shown[0].value} to {shown[-1].value}, lowest {low.mean:.1f} at {low.value},"
            f" highest {high.mean:.1f} at {high.value}."
        )
        points = trend_points(shown)
        held = grouping.held[0].value if grouping.held else None
        since = next(((p.right, held) for p, g in zip(points, shown, strict=True) if held is not None and g.value == held), None)
        return text, self.both(
            lambda width: curve_chart(
                points, trend_ticks(shown, 7 if width >= WIDE else 2), "mean damage", since=since, width=width
            ),
            alternative,
        )


def _name(group: ValueGroup) -> str:
    return _value_name(group.value)


def _value_name(value: str | None) -> str:
    return "(not given)" if value is None else value


def _points(found: Difference) -> str:
    """The interval of a difference, in its direction."""
    low, high = (found.low, found.high) if found.above > 0 else (-found.high, -found.low)
    return f"{low:.1f} to {high:.1f}"
