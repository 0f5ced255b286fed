"""Reports as plain data: sections of paragraphs, tables, lists and quotes, which ``as_text``, ``as_markdown`` and ``as_html``
lay out.

All text is data: each layout escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

TextStyle = Literal["", "strong", "dim", "code", "address", "green", "cyan", "yellow", "red", "bold red"]
"""Colors show on a terminal only."""


class Run(NamedTuple):
    """A piece of a line. ``brief``: a terminal shows this instead."""

    text: str
    style: TextStyle = ""
    brief: str | None = None


Inline = str | Run | tuple[str | Run, ...]
"""A line of text."""


def runs(line: Inline) -> list[Run]:
    """The pieces of a line."""
    parts = line if isinstance(line, tuple) and not isinstance(line, Run) else (line,)
    return [part if isinstance(part, Run) else Run(part) for part in parts]


@dataclass(frozen=True, slots=True)
class Table:
    """A table. ``figures``: all columns but the first are figures. A row whose first cell begins with blanks belongs to the row
    above it."""

    header: Sequence[Inline]
    rows: Sequence[Sequence[Inline]]
    figures: bool = True


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines that stand as they were written."""

    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Point:
    """An entry of a list, with further lines, lists or a quote under it."""

    head: Inline
    parts: Sequence[Inline | Points | Quote] = ()


@dataclass(frozen=True, slots=True)
class Points:
    """A list; ``sign`` stands before the first point."""

    points: Sequence[Point]
    sign: Literal["-", "1.", "[1]"] = "-"


Block = Inline | Table | Points | Quote


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a title."""

    title: Inline
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """A report: its title, the paragraphs that it begins with, its sections, and the paragraphs that it ends with."""

    title: Inline
    lead: Sequence[Inline]
    sections: Sequence[Section] = ()
    foot: Sequence[Inline] = ()


MATRIX_LEGEND = Run("bold where both are the same", brief="[ ] where both are the same")


def matrix(rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]], total: bool = True) -> Table:
    """Counts by two words. A count whose words are the same is marked; zero is a dot. ``total``: with a row and a column of
    sums."""
    cells: list[list[Inline]] = [
        [_marked(count) if row == column else f"{count:,}" if count else "." for column, count in zip(columns, line, strict=True)]
        for row, line in zip(rows, counts, strict=True)
    ]
    if not total:
        return Table(("", *columns), [(row, *line) for row, line in zip(rows, cells, strict=True)])
    whole = [(row, *line, f"{sum(numbers):,}") for row, line, numbers in zip(rows, cells, counts, strict=True)]
    sums = [sum(column) for column in zip(*counts, strict=True)]
    return Table(("", *columns, "all"), [*whole, ("all", *(f"{n:,}" for n in sums), f"{sum(sums):,}")])


def _marked(count: int) -> Run:
    return Run(f"{count:,}", "strong", f"[{count:,}]")


def rules_line(name: str, version: str, digest: str, label: str = "Rules", whole: bool = False) -> Inline:
    """The rule base that a report is about; a terminal shows the beginning of its digest, unless ``whole``."""
    return Run(f"{label}: {name} {version}, ", "dim"), Run(digest, "code", None if whole else digest[:19])
