"""Read the CSV file of a table: commas, cells in double quotes where they hold commas, and a head row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from misstep.errors import Location, Problem, RuleError
from misstep.rulebase.documents import refuse_hidden


class SheetCell(NamedTuple):
    """The text of a cell, and its place, from 1."""

    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Sheet:
    """The rows of a CSV file, its head row first; rows without any text are left out."""

    file: str
    rows: list[list[SheetCell]]

    def place(self, cell: SheetCell) -> Location:
        """Where a cell stands."""
        return Location(self.file, cell.line, cell.column)


_CELL = re.compile(r'[ \t]*+(?:"(?P<quoted>(?:[^"]|"")*+)"[ \t]*+|(?P<plain>[^,\r\n"][^,\r\n]*+)?)(?P<end>,|\r?\n|\r|\Z)')
_BREAK = re.compile(r"\r?\n|\r")


def read_sheet(text: str, file: str, most: int) -> Sheet:
    """The rows of a text, up to ``most`` behind the head row. Raises RuleError with the place of what is no CSV or is not
    seen, and for more rows."""
    refuse_hidden(text, file)
    rows: list[list[SheetCell]] = []
    row: list[SheetCell] = []
    position, line, line_start = 0, 1, 0
    while position < len(text) or row:
        match = _CELL.match(text, position)
        if match is None:
            blanks = len(text[position:]) - len(text[position:].lstrip(" \t"))
            place = Location(file, line, position + blanks - line_start + 1)
            raise RuleError([Problem(place, "not CSV: a cell in quotes ends with a quote, and a comma or line end behind it")])
        quoted = match["quoted"] is not None
        group = "quoted" if quoted else "plain"
        found = match[group] or ""
        start = match.start("end" if match[group] is None else group)
        row.append(SheetCell((found.replace('""', '"') if quoted else found).strip(), line, start - line_start + 1))
        if quoted or match["end"] != ",":
            for broken in _BREAK.finditer(text, position, match.end()):
                line, line_start = line + 1, broken.end()
        position = match.end()
        if match["end"] != ",":
            if any(cell.text for cell in row):
                rows.append(row)
            row = []
        if len(rows) > most + 1:
            raise RuleError([Problem(Location(file, line - 1, 1), f"more than {most} rows, the most rules of a rule base")])
    return Sheet(file, rows)
