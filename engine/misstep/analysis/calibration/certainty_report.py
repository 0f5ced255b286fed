"""Write figures of certainty as text for a terminal, or as Markdown. Pure: nothing is printed here."""

from __future__ import annotations

from rich.padding import Padding
from rich.text import Text

from misstep.analysis.calibration.agreement import Figure
from misstep.analysis.calibration.certainty_figures import LEFT_OPEN, SURE, CertaintyFigures
from misstep.errors import printable
from misstep.layout.tables import markdown_table, markdown_text, print_table, text_of, text_page

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
    console = text_page(width, color)
    console.print(Text(_title(figures), "bold"))
    print_table(console, "How well certainty holds", _HEADER, _rows(figures))
    console.print(Padding(Text(_METHODS, "dim"), (0, 0, 0, 2)))
    console.print(Text(f"\n{_settled(figures)}"))
    console.print(Text(f"\nRules: {figures.rulebase} {figures.version}, {figures.digest[:19]}", "dim"))
    return text_of(console)


def to_markdown(figures: CertaintyFigures) -> str:
    """The same as Markdown."""
    title = f"# {markdown_text(_title(figures))}"
    return "\n".join([title, "", *markdown_table(_HEADER, _rows(figures)), "", _METHODS, "", _settled(figures), ""])


def _title(figures: CertaintyFigures) -> str:
    return f"{printable(figures.rulebase)} {figures.version} on {_counted(figures.cases, 'case')}: certainty"


def _rows(figures: CertaintyFigures) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row in figures.rows:
        said = _SAID.get(row.given, f"{row.given} answers")
        kept = _share(row.kept) if row.kept.cases else "-"
        rows.append((said, _share(row.held), _interval(row.held), f"{row.width:g}", f"{row.fixed:g}", str(row.kept.cases), kept))
    return rows


def _settled(figures: CertaintyFigures) -> str:
    settled = figures.settled + sum(row.settled for row in figures.rows)
    refuted = figures.refuted + sum(row.refuted for row in figures.rows)
    return (
        f"Called settled: {_counted(settled, 'record')}, {figures.settled} of them among {figures.nearly_full} with all but "
        f"{LEFT_OPEN} open fields answered.\nRefuted by trying all single answers: {refuted}."
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _share(figure: Figure) -> str:
    return "" if figure.value is None else f"{figure.value:.3f}"


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.2f} to {figure.high:.2f}"
