"""What all panels of a report are made with: its figures, its words, and what draws its pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from misstep.batch.report.figures import LogFigures
from misstep.batch.report.pictures import NARROW, WIDE, Chart, bar_chart
from misstep.batch.report.report_parts import NumberColumn, NumberTable, ReportCell
from misstep.layout.wording import joined, percent, spaced

SHOWN = 8  # bars of a picture; the table has the others too

Draw = Callable[[Chart, str, str], str]
"""Makes SVG of a chart, its text alternative and its class."""
Bar = tuple[str, float, str]
"""A label, a value, and the value in words."""


class PanelMaker:
    """Makes panels of one report. ``draw`` makes their pictures. Titles, ids and values of columns are data: the page and the
    pictures escape them."""

    def __init__(self, figures: LogFigures, draw: Draw) -> None:
        self.figures = figures
        self.summary = figures.summary
        self.words = figures.summary.words
        self.all = figures.interviews
        self._draw = draw

    @property
    def severe(self) -> str:
        """The severe bands in words."""
        return joined([spaced(band) for band in self.figures.severe], "or")

    def of_all(self, count: int) -> str:
        """A share of all records in percent."""
        return percent(count, self.all)

    def row(self, name: str, count: int) -> tuple[str, int, float]:
        """A name, a count of records, and their share."""
        return name, count, count / self.all if self.all else 0.0

    def table(self, caption: str, column: NumberColumn, rows: Sequence[Sequence[ReportCell]]) -> NumberTable:
        """Counts of records, as ``row`` makes them."""
        return NumberTable(caption, (column, NumberColumn(self.words.records), NumberColumn("share", "share")), rows)

    def bar(self, name: str, count: int) -> Bar:
        """The bar of a count of records."""
        return name, float(count), self.of_all(count)

    def bars(self, bars: Sequence[Bar]) -> tuple[Markup, ...]:
        """A picture of the longest."""
        shown = bars[:SHOWN]
        listed = "; ".join(f"{title} {text}" for title, _, text in shown)
        return (self.drawn(bar_chart(shown), f"Bars, longest first: {listed}.", "small"),)

    def drawn(self, chart: Chart, alternative: str, form: str) -> Markup:
        """A picture of one width."""
        return Markup(self._draw(chart, alternative, form))  # noqa: S704 - made of a chart's parts only, see pictures.py

    def both(self, chart: Callable[[int], Chart], alternative: str) -> tuple[Markup, ...]:
        """A picture in both widths."""
        return tuple(self.drawn(chart(width), alternative, form) for width, form in ((WIDE, "wide"), (NARROW, "narrow")))
