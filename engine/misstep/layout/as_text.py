"""Lay out a document as text for a terminal.

Nothing in a document is read as markup, and its control characters are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from misstep.errors import printable
from misstep.layout.document import Block, Inline, Points, Quote, ReportDocument, Table, runs

_BLANK_LINES = re.compile(r"\n{3,}")
_STYLES = {"strong": "bold", "code": "dim", "address": ""}


def as_text(document: ReportDocument, width: int = 100, color: bool = False) -> str:
    """The document in lines of at most ``width`` columns, without blanks at their ends."""
    console = Console(
        file=StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(Group(*_parts(document)))
    text = "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
    return _BLANK_LINES.sub("\n\n", text)


def _parts(document: ReportDocument) -> Iterator[RenderableType]:
    if document.title:
        yield _line(document.title, "bold")
    yield from map(_line, document.lead)
    for section in document.sections:
        yield Text("")
        yield _line(section.title, "bold underline")
        for block in section.blocks:
            yield Padding(_block(block), (0, 0, 0, 2))
    if document.foot:
        yield Text("")
    yield from map(_line, document.foot)


def _block(block: Block) -> RenderableType:
    match block:
        case Table():
            return _table(block)
        case Points():
            return Group(*_points(block))
        case Quote():
            return Padding(Group(*map(_line, block.lines)), (1, 0, 1, 4))
        case _:
            return _line(block)


def _line(line: Inline, style: str = "") -> Text:
    text = Text(style=style)
    for run in runs(line):
        shown = run.text if run.brief is None else run.brief
        text.append(printable(shown), _STYLES.get(run.style, run.style))
    return text


def _table(table: Table) -> RichTable:
    laid = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, column in enumerate(table.header):
        right = number > 0 and table.figures
        laid.add_column(_line(column), justify="right" if right else "left", no_wrap=number > 0, overflow="fold")
    for first, *others in table.rows:
        name = _line(first)
        inset = len(name.plain) - len(name.plain.lstrip())
        laid.add_row(Padding(name[inset:], (0, 0, 0, inset)) if inset else name, *map(_line, others))
    return laid


def _points(points: Points) -> Iterator[RichTable]:
    """Each point with its lines under one another."""
    widest = len(points.sign.replace("1", str(len(points.points))))
    for number, point in enumerate(points.points, start=1):
        sign = points.sign.replace("1", str(number))
        row = RichTable.grid(padding=(0, 1, 0, 0))
        row.add_column(no_wrap=True)
        row.add_column(overflow="fold")
        row.add_row(sign.rjust(widest) if points.sign == "[1]" else sign, Group(_line(point.head), *map(_block, point.parts)))
        yield row
