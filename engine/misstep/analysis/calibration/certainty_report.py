"""Lay out figures of certainty as text for a terminal, or as Markdown."""

from __future__ import annotations

from misstep.analysis.calibration.certainty_figures import LEFT_OPEN, SURE, CertaintyFigures
from misstep.layout.as_markdown import as_markdown
from misstep.layout.as_text import as_text
from misstep.layout.document import ReportDocument, Run, Section, Table, rules_line
from misstep.layout.wording import counted

_HEADER = ("said", "in range", "95% interval", "width", "fixed", f"same {SURE:g}+", "verdict stays")
_SAID = {0: "kinds only", None: "all of it"}
_METHODS = (
    "In range: the share of records whose full damage is in the range. Width: the mean width of the ranges. Fixed: that of "
    "ranges that reach down and up from the present damage by the same two amounts in all records, and hold as many. "
    f"Same {SURE:g}+: the records in which that share of draws keeps verdict and first step. "
    "Verdict stays: the share of those with the verdict of the full record. Intervals hold 95% (Wilson's)."
)


def to_text(figures: CertaintyFigures, width: int = 100, color: bool = False) -> str:
    """Text for rule authors: how well certainty holds."""
    return as_text(_document(figures), width, color)


def to_markdown(figures: CertaintyFigures) -> str:
    """The same as Markdown."""
    return as_markdown(_document(figures))


def _document(figures: CertaintyFigures) -> ReportDocument:
    title = f"{figures.rulebase} {figures.version} on {counted(figures.cases, 'case')}: certainty"
    table = Table(_HEADER, _rows(figures))
    settled = figures.settled + sum(row.settled for row in figures.rows)
    refuted = figures.refuted + sum(row.refuted for row in figures.rows)
    nearly_full = f"{figures.settled} of them among {figures.nearly_full} with all but {LEFT_OPEN} open fields answered"
    found = (f"Called settled: {counted(settled, 'record')}, {nearly_full}.", f"Refuted by trying all single answers: {refuted}.")
    foot = [rules_line(figures.rulebase, figures.version, figures.digest)]
    return ReportDocument(title, (), [Section("How well certainty holds", [table, Run(_METHODS, "dim"), *found])], foot)


def _rows(figures: CertaintyFigures) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row in figures.rows:
        said = _SAID.get(row.given, f"{row.given} answers")
        means = (f"{row.width:g}", f"{row.fixed:g}")
        rows.append((said, row.held.shown(), row.held.interval, *means, str(row.kept.cases), row.kept.shown()))
    return rows
