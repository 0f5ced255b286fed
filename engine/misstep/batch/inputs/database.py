"""A table of a database, or what a query gives, in; parts in the spool out. SQLite and PostgreSQL, over ADBC.

How one is named, databases.py says. Nothing is written there. Rows are read in the order of their ids, so that a run that goes on
finds them in their places; the number of a row is its place in that order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa

from misstep.batch.databases import Database, connected, quoted, read_url, reason
from misstep.batch.inputs.arrow import Columns, chosen_columns, logged_row, reject
from misstep.batch.inputs.rows import NOT_UTF_8, plan_rows
from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source
from misstep.batch.inputs.spool import Spool, fault_part
from misstep.batch.parts import Logged, Part, Reject
from misstep.errors import RecordError, UsageError, printable


def check_database(source: Source, reading: Reading) -> None:
    """Raise UsageError where a database cannot be read, RecordError where it gives nothing, InstallationError without a
    driver."""
    database = read_url(source.path)
    with connected(database) as cursor:
        _columns(cursor, database, reading)
        found = _Texts(cursor, f"SELECT 'x' FROM {_from(database)} LIMIT 1")  # noqa: S608
        if not list(found):
            raise RecordError(f"{printable(database.name)}: {found.fault or 'has no rows'}")


def plan_database(source: Source, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a table, or of what a query gives."""
    database = read_url(source.path)
    with connected(database) as cursor:
        columns = _columns(cursor, database, reading)
        texts = _Texts(cursor, _select(database, columns, reading))
        yield from plan_rows(source, _rows(source, texts, columns, reading), reading, spool, float)
        if texts.fault:
            yield fault_part(spool, source, texts.row + 1, texts.fault)


def _columns(cursor: Any, database: Database, reading: Reading) -> Columns:
    """The columns that are read. Raises UsageError where they are not there, or nothing is."""
    name = printable(database.name)
    try:
        cursor.execute(f"SELECT * FROM {_from(database)} LIMIT 0")  # noqa: S608 - the caller's own query, or a quoted name
        there = cursor.fetch_record_batch().schema.names
    except Exception as error:  # whatever drivers raise, all of it is about what the caller asked for
        raise UsageError(f"{name}: {reason(error, database)}") from None
    return chosen_columns(database.name, there, reading)


class _Texts:
    """The texts that a query gives, a row each. ``row``: how many there were; ``fault``: why it ended before its end, if it did:
    without the words of the database, in which there may be values."""

    def __init__(self, cursor: Any, query: str) -> None:
        self._cursor = cursor
        self._query = query
        self.row = 0
        self.fault = ""

    def __iter__(self) -> Iterator[bytes]:
        try:
            self._cursor.execute(self._query)
            for batch in self._cursor.fetch_record_batch():
                for text in batch.column(0).cast(pa.large_binary()).to_pylist():
                    self.row += 1
                    yield text
        except Exception:  # of Arrow, or of a driver, which need not be there to be named
            self.fault = "the database gave up in the middle; run the query there to see why"


def _rows(source: Source, texts: _Texts, columns: Columns, reading: Reading) -> Iterator[Logged | Reject]:
    places = {name: place for place, name in enumerate(columns.names())}
    for text in texts:
        try:
            cells = orjson.loads(text)
        except orjson.JSONDecodeError:
            yield reject(source.name, texts.row, NOT_UTF_8)
            continue
        facts = cells[places[columns.facts]]
        kept = tuple(cells[places[name]] for name in columns.keep)
        id_ = cells[places[columns.id]] if columns.id else None
        yield logged_row(source.name, texts.row, None if facts is None else facts.encode(), id_, kept, reading)


def _select(database: Database, columns: Columns, reading: Reading) -> str:
    """Every row as a list in JSON: of a column of its own, SQLite's driver takes the type from the first rows, which may be null.

    No cell is longer than shows that it is too long. What is ordered by the id is ordered by the rest as well, as ids need not
    be different, so that only rows that are the same could change places.
    """
    names = columns.names()
    most = reading.limits.record_bytes + 1
    cells = ", ".join(f"SUBSTR(CAST({_column(name)} AS TEXT), 1, {most}) AS c{place}" for place, name in enumerate(names))
    as_list = "json_array" if database.system == "sqlite" else "json_build_array"
    listed = f"{as_list}({', '.join(f'c{place}' for place in range(len(names)))})"
    order = [*(["o"] if columns.id else []), *(f"c{place}" for place in range(len(names)))]
    id_ = f", {_column(columns.id)} AS o" if columns.id else ""
    rows = f"SELECT {cells}{id_} FROM {_from(database)}"  # noqa: S608 - names are quoted
    return f"SELECT CAST({listed} AS TEXT) FROM ({rows}) AS cells ORDER BY {', '.join(order)}"  # noqa: S608


def _from(database: Database) -> str:
    """What stands after FROM: a table, of a schema where one is named, or the query."""
    if database.query:
        return f"({database.query}\n) AS asked"
    return quoted(database.table)


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
