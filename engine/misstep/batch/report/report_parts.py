"""The parts of a report: sections of panels, and a panel's sentence, pictures and tables. A table is also there to download."""

from __future__ import annotations

import csv
import io
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from misstep.batch.forms import csv_cell
from misstep.layout.wording import percent, spaced

LISTED = 200  # rows of a table on the page
DOWNLOADED = 1_000  # and of one to download: the page holds them

CellForm = Literal["text", "word", "plain", "count", "share", "points", "fine"]
"""What the cells of a column are. A word of the rules; a number as it is, or with signs for thousands; a share from 0 to 1;
points with one decimal, or finer with two."""
ReportCell = str | int | float | None

_SHOWN: dict[CellForm, Callable[[Any], str]] = {
    "text": str,
    "word": spaced,
    "plain": str,
    "count": "{:,}".format,
    "share": lambda share: percent(share, 1),
    "points": "{:.1f}".format,
    "fine": "{:.2f}".format,
}
_WORDS: tuple[CellForm, ...] = ("text", "word")


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of a table."""

    title: str
    form: CellForm = "count"

    @property
    def is_words(self) -> bool:
        """Whether its cells are words, not numbers."""
        return self.form in _WORDS

    def shown(self, cell: ReportCell) -> str:
        """A cell as text; a dash for none."""
        return "–" if cell is None else _SHOWN[self.form](cell)


@dataclass(frozen=True, slots=True)
class NumberTable:
    """Numbers, a row each of what its first column names. ``shown``: so many rows stand on the page; ``total``: so many there
    are, if not all are here; ``unfolded``: whether it is seen at once; ``pale``: the rows of few records."""

    caption: str
    columns: tuple[NumberColumn, ...]
    rows: Sequence[Sequence[ReportCell]]
    shown: int = LISTED
    total: int | None = None
    unfolded: bool = False
    pale: frozenset[int] = frozenset()

    @property
    def lines(self) -> list[list[str]]:
        """The cells on the page, as text."""
        return [[column.shown(cell) for column, cell in zip(self.columns, row, strict=True)] for row in self.rows[: self.shown]]

    @property
    def more(self) -> int:
        """How many rows do not stand on the page."""
        return self._total - min(self.shown, len(self.rows))

    @property
    def offer(self) -> str:
        """What there is to download, in words."""
        held = min(DOWNLOADED, len(self.rows))
        return f"The first {held:,} as CSV" if held < self._total else "As CSV"

    @property
    def file(self) -> str:
        """The name of the file to download."""
        return f"{re.sub(r'[^a-z0-9]+', '-', self.caption.casefold()).strip('-')[:60].rstrip('-') or 'numbers'}.csv"

    @property
    def link(self) -> str:
        """A CSV as a link that holds it: numbers as they are, without signs for thousands or percent."""
        text = io.StringIO(newline="")
        write = csv.writer(text).writerow
        write([csv_cell(column.title) for column in self.columns])
        for row in self.rows[:DOWNLOADED]:
            write([csv_cell(round(cell, 6) if isinstance(cell, float) else cell) for cell in row])
        return f"data:text/csv;charset=utf-8;base64,{b64encode(text.getvalue().encode()).decode()}"

    @property
    def _total(self) -> int:
        return len(self.rows) if self.total is None else self.total


@dataclass(frozen=True, slots=True)
class Panel:
    """Something that is told: in a sentence, a list, pictures, and tables. A small picture comes in one width, others in two.
    ``legend``: names and shares, in the order of the colours."""

    title: str
    text: str = ""
    points: tuple[str, ...] = ()
    pictures: tuple[Markup, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    tables: tuple[NumberTable, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportSection:
    """Panels under a title. ``tiles``: numbers to begin with, and their meanings; ``paired``: panels stand side by side."""

    anchor: str
    title: str
    panels: tuple[Panel, ...]
    tiles: tuple[tuple[str, str], ...] = ()
    paired: bool = False
