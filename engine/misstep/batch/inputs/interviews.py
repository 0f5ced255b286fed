"""CSV with an interview a row in; logged interviews out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from misstep.batch.inputs.arrow import Columns, logged_row, reject
from misstep.batch.inputs.delimited import Rows, is_utf_8
from misstep.batch.inputs.rows import NOT_UTF_8
from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source
from misstep.batch.parts import Logged, Reject
from misstep.layout.wording import counted


def logged_cells(
    source: Source, header: Sequence[str], columns: Columns, rows: Rows, reading: Reading
) -> Iterator[Logged | Reject]:
    """Every row as an interview, its facts in one of the columns."""
    places = {name: header.index(name) for name in columns.names()}
    for given in rows:
        row, cells, wrong = given.row, given.cells, given.wrong
        if wrong:
            yield reject(source.name, row, wrong)
        elif len(cells) != len(header):
            yield reject(source.name, row, wrong_width(len(cells), len(header)))
        else:
            values = {name: cells[place] for name, place in places.items()}
            if not all(map(is_utf_8, values.values())):
                yield reject(source.name, row, NOT_UTF_8)
            else:
                kept = tuple(values[name] or None for name in columns.keep)
                id_ = values[columns.id] if columns.id else None
                yield logged_row(source.name, row, values[columns.facts].encode(), id_, kept, reading)


def wrong_width(count: int, expected: int) -> str:
    """What is wrong with a row of more or fewer cells than there are columns."""
    return f"has {counted(count, 'cell')}, but there are {expected} columns; a text with a delimiter in it is quoted"
