"""Figures in; what a page says and shows of them out: pictures, each with a sentence, a text alternative and its numbers.

Text that is not ours (titles, ids, values of columns) has its control characters spelled out here; the page escapes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from misstep.batch.report.figures import AdvisedAction, Figures, Group, Grouping, Mistake
from misstep.batch.report.pictures import NARROW, WIDE, Chart, bar_chart, distribution_chart, group_chart, strip_chart
from misstep.errors import printable

SHOWN = 8  # bars of a picture; the table has the others too
GROUPS = 15  # rows of a picture
LISTED = 200  # rows of a table
FEW = 30  # interviews: of a group of fewer nothing is said in words
WIDTH = 5  # points of damage in a row of its table

Draw = Callable[[Chart, str, str], str]
"""Makes SVG of a chart, its text alternative and its class."""


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a picture. The first column names the row; ``more`` rows are left out."""

    caption: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture with all that belongs to it; a small one comes in one width, others in two."""

    title: str
    told: str
    pictures: tuple[Markup, ...] = ()
    numbers: Table | None = None


def headline(figures: Figures) -> list[tuple[str, str]]:
    """The numbers to begin with: each with what it is."""
    n = figures.interviews
    tiles = [(f"{n:,}", "interviews" if n != 1 else "interview")]
    if n:
        tiles += [
            (f"{figures.damage.mean:.1f}", "mean damage, of 100"),
            (f"{figures.mean_after:.1f}", "once every plan is carried out"),
            (percent(figures.severe_count, n), f"came out {severe(figures)}"),
            (percent(figures.damage.counts[0], n), "came to no damage at all"),
        ]
    if figures.summary.rejects:
        tiles.append((f"{figures.summary.rejects:,}", "rejected, not scored"))
    return tiles


def bands(figures: Figures, draw: Draw) -> Panel:
    """How bad the interviews were, in words."""
    rows = [(word(band), f"{count:,}", percent(count, figures.interviews)) for band, count in figures.bands]
    told = ", ".join(f"{band} {share}" for band, _, share in rows)
    alternative = f"One bar of all interviews, parted by band, mildest first: {told}."
    return Panel("How bad they were", "", (_drawn(draw, strip_chart(figures.bands), alternative, "strip"),),
                 Table("Interviews by band", ("band", "interviews", "share"), rows))  # fmt: skip


def distribution(figures: Figures, draw: Draw) -> Panel:
    """How often which damage came up."""
    damage, some = figures.damage, figures.damage.some
    none, counts = damage.counts[0], some.bins(WIDTH)
    told = (
        f"Half of the interviews with any damage came to {some.quantile(0.5):.1f} or less,"
        f" one in ten to {some.quantile(0.9):.1f} or more."
    )
    if none:
        told += f" {many(none)} came to none and {'are' if none > 1 else 'is'} left out of the picture."
    names = [f"{WIDTH * i} to {WIDTH * (i + 1)}" for i in range(len(counts))]
    peaks = sorted(sorted((i for i, n in enumerate(counts) if n), key=lambda i: (-counts[i], i))[:3])
    alternative = f"Bars, one for every five points of damage. The highest are {', '.join(names[i] for i in peaks)}."
    rows = [("none", f"{none:,}", percent(none, damage.interviews))]
    rows += [(name, f"{n:,}", percent(n, damage.interviews)) for name, n in zip(names, counts, strict=True)]
    pictures = tuple(
        _drawn(draw, chart, alternative, form)
        for chart, form in ((distribution_chart(damage), "wide"), (distribution_chart(damage, NARROW), "narrow"))
    )
    return Panel("How much damage", told, pictures, Table("Interviews by damage", ("damage", "interviews", "share"), rows))


def verdicts(figures: Figures, draw: Draw) -> Panel:
    """What the interviews call for."""
    rows = [(word(verdict), f"{count:,}", percent(count, figures.interviews)) for verdict, count in figures.verdicts]
    unable = dict(figures.verdicts).get(figures.summary.unable, 0)
    told = "The verdict of the worst mistake of each interview."
    if unable:
        told += (
            f" {many(unable)} {'has' if unable == 1 else 'have'} “{word(figures.summary.unable)}” instead: something is called"
            " for, and nothing can or should be done towards the employer; what is in the plan is for the person alone."
        )
    bars = [(word(verdict), float(count), percent(count, figures.interviews)) for verdict, count in figures.verdicts if count]
    bars.sort(key=lambda bar: -bar[1])
    table = Table("Interviews by verdict, mildest first", ("verdict", "interviews", "share"), rows)
    return Panel("What they call for", told, (_bars(bars, draw),), table)


def commonest(figures: Figures, draw: Draw) -> Panel:
    """Mistakes by how many interviews have them."""
    found, n = figures.mistakes, figures.interviews
    told = f"“{printable(found[0].title)}” came up in {percent(found[0].interviews, n)} of the interviews, the most of all."
    bars = [(m.title, float(m.interviews), percent(m.interviews, n)) for m in found]
    return Panel("Commonest mistakes", told, (_bars(bars, draw),), _mistakes("Mistakes, commonest first", found, n))


def costliest(figures: Figures, draw: Draw) -> Panel:
    """Mistakes by the damage that they do in all interviews together."""
    found = sorted(figures.mistakes, key=lambda m: (-m.share, m.kind))
    told = "What each kind of mistake has in the damage of all mistakes."
    if len(found) > 3:
        told = f"Three of {len(found)} kinds of mistakes do {sum(m.share for m in found[:3]):.0%} of all the damage."
    bars = [(m.title, m.share, f"{m.share:.0%}") for m in found]
    return Panel("What costs most", told, (_bars(bars, draw),), _mistakes("Mistakes, costliest first", found, figures.interviews))


def actions(figures: Figures, draw: Draw) -> Panel:
    """Actions by how many plans have them."""
    found, n = figures.actions, figures.interviews
    told = f"“{printable(found[0].title)}” is advised in {percent(found[0].count, n)} of the interviews."
    bars = [(a.title, float(a.count), percent(a.count, n)) for a in found]
    return Panel("What comes up", told, (_bars(bars, draw),), _actions("Actions, commonest first", found, n))


def first_actions(figures: Figures, draw: Draw) -> Panel:
    """Actions by how many plans begin with them."""
    found, n = sorted(figures.actions, key=lambda a: (-a.first, a.action)), figures.interviews
    told = f"“{printable(found[0].title)}” is the first thing to do in {percent(found[0].first, n)} of the interviews."
    bars = [(a.title, float(a.first), percent(a.first, n)) for a in found if a.first]
    return Panel("What comes first", told, (_bars(bars, draw),), _actions("Actions, by what comes first", found, n))


def occasions(figures: Figures, draw: Draw) -> Panel:
    """Occasions by how many plans begin with them."""
    found, n = figures.occasions, figures.interviews
    told = (
        "What is done on one occasion, over one channel, is one step. The first step is"
        f" “{printable(found[0].title)}” in {percent(found[0].first, n)} of the interviews."
    )
    bars = [(o.title, float(o.first), percent(o.first, n)) for o in found]
    rows = [(printable(o.title), f"{o.first:,}", percent(o.first, n)) for o in found]
    table = Table("Occasions of first steps, commonest first", ("occasion", "interviews", "share"), rows)
    return Panel("On which occasion", told, (_bars(bars, draw),), table)


def grouping(found: Grouping, figures: Figures, draw: Draw) -> Panel:
    """Interviews by the values of a column."""
    title = f"By {printable(found.column)}"
    if not found.groups:
        return Panel(title, "Too many different values to compare them.")
    shown = found.chief(GROUPS)
    ranked = sorted((g for g in shown if g.interviews >= FEW), key=lambda g: (-g.mean, g.value or ""))
    told = (
        f"On the left mean damage, on the right the share that came out {severe(figures)}: its pale bar is where the share may"
        " well lie, given so many interviews. Dotted: all interviews."
    )
    if len(ranked) > 1:
        most, least = ranked[0], ranked[-1]
        extremes = f"Mean damage is highest for {_group(most)} ({most.mean:.1f}), lowest for {_group(least)} ({least.mean:.1f})."
        told = f"{extremes} {told}"
    alternative = (
        f"A row for each value of {printable(found.column)}, with mean damage and the share that came out {severe(figures)}: "
        + "; ".join(f"{_group(g)} {g.mean:.1f}, {percent(g.severe, g.interviews)}" for g in shown)
        + "."
    )
    share = figures.severe_count / figures.interviews
    pictures = tuple(
        _drawn(draw, group_chart(shown, figures.damage.mean, share, severe(figures), width), alternative, form)
        for width, form in ((WIDE, "wide"), (NARROW, "narrow"))
    )
    header = (printable(found.column), "interviews", "mean damage", severe(figures), "share", "95% interval")
    rows = [
        (_group(g), f"{g.interviews:,}", f"{g.mean:.1f}", f"{g.severe:,}", f"{g.share:.1%}", f"{g.low:.1%} to {g.high:.1%}")
        for g in found.chief(LISTED)
    ]
    caption = f"Interviews by {printable(found.column)}"
    return Panel(title, told, pictures, Table(caption, header, rows, max(0, len(found.groups) - LISTED)))


def severe(figures: Figures) -> str:
    """The severe bands in words: ``serious or fatal``."""
    return " or ".join(word(band) for band in figures.severe)


def percent(count: int, of: int) -> str:
    """A share as people read it: never 0% of something, nor 100% of less than all."""
    share = 100 * count / of if of else 0.0
    if 0 < share < 0.5:
        return f"{share:.1f}%" if share >= 0.05 else "under 0.1%"
    return "over 99%" if 99.5 <= share < 100 else f"{share:.0f}%"


def many(count: int, noun: str = "interview") -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def word(name: str) -> str:
    """A word of the rule base as people read it."""
    return printable(name.replace("_", " "))


_MISTAKES = ("mistake", "interviews", "share of interviews", "times in all", "mean severity, of 10", "share of all damage")


def _mistakes(caption: str, found: Iterable[Mistake], interviews: int) -> Table:
    rows = [
        (
            printable(m.title), f"{m.interviews:,}", percent(m.interviews, interviews), f"{m.count:,}", f"{m.mean:.1f}",
            f"{m.share:.1%}",
        )
        for m in found
    ]  # fmt: skip
    return Table(caption, _MISTAKES, rows)


_ACTIONS = ("action", "interviews", "share", "first in", "share")


def _actions(caption: str, found: Iterable[AdvisedAction], interviews: int) -> Table:
    rows = [
        (printable(a.title), f"{a.count:,}", percent(a.count, interviews), f"{a.first:,}", percent(a.first, interviews))
        for a in found
    ]
    return Table(caption, _ACTIONS, rows)


def _bars(bars: Sequence[tuple[str, float, str]], draw: Draw) -> Markup:
    shown = bars[:SHOWN]
    told = "; ".join(f"{printable(title)} {text}" for title, _, text in shown)
    return _drawn(draw, bar_chart(shown), f"Bars, longest first: {told}.", "small")


def _drawn(draw: Draw, chart: Chart, alternative: str, form: str) -> Markup:
    return Markup(draw(chart, alternative, form))  # noqa: S704 - made of a chart's parts only, see pictures.py


def _group(group: Group) -> str:
    return "(not given)" if group.value is None else printable(group.value)
