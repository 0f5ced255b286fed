"""A table of a database, or the result of a query, in; parts in the spool out. SQLite, DuckDB and PostgreSQL, over ADBC.

databases.py describes the URLs. Nothing is written to the database. Rows are read in the order of their ids, so that a run that
resumes finds them in their places; the number of a row is its place in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from misstep.batch.arrow import has_words
from misstep.batch.databases import Database, DatabaseSystem, connected, quoted, read_url, reason
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.spool import NOT_UTF_8, Spool, fault_part, plan_rows
from misstep.batch.inputs.table_rows import Columns, choose_columns, logged_row
from misstep.batch.parts import Logged, Part, Reading, Reject, reject
from misstep.errors import RecordError, UsageError, printable, too_long

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor


def check_database(source: InputSource, reading: Reading) -> None:
    """Raise UsageError where a database cannot be reached, RecordError where its rows cannot be read, InstallationError without
    a driver."""
    database = read_url(source.path)
    with connected(database) as cursor:
        _columns(cursor, database, reading)
        found = QueryTexts(cursor, f"SELECT 'x' FROM {_from(database)} LIMIT 1")  # noqa: S608
        list(found)
        if found.fault:
            raise RecordError(f"{printable(database.name)}: {found.fault}")


def plan_database(source: InputSource, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a table, or of the result of a query."""
    database = read_url(source.path)
    with connected(database) as cursor:
        columns, nested = _columns(cursor, database, reading)
        spool.remarks += columns.remarks(source.name)
        texts = QueryTexts(cursor, _select(database, columns.names(), columns.id, nested, reading))
        yield from plan_rows(source, _rows(source, texts, columns, reading), reading, spool)
        if texts.fault:
            yield fault_part(spool, source, texts.row + 1, texts.fault)


def _columns(cursor: Cursor, database: Database, reading: Reading) -> tuple[Columns, frozenset[str]]:
    """The columns that are read, and the names of those with lists or records. Raises UsageError where they, or the table, are
    missing."""
    there, nested = _there(cursor, database)
    return choose_columns(database.name, there, reading), nested


def database_rows(
    cursor: Cursor, database: Database, choose: Callable[[Sequence[str]], Sequence[str]], reading: Reading
) -> tuple[Sequence[str], QueryTexts]:
    """The columns that are chosen from those that are there, and the rows: their values as a list in JSON each."""
    there, nested = _there(cursor, database)
    names = choose(there)
    return names, QueryTexts(cursor, _select(database, names, None, nested, reading))


def _there(cursor: Cursor, database: Database) -> tuple[list[str], frozenset[str]]:
    """The columns of a table or query, and those with lists or records."""
    name = printable(database.name)
    try:
        cursor.execute(f"SELECT * FROM {_from(database)} LIMIT 0")  # noqa: S608 - the caller's own query, or a quoted name
        schema = cursor.fetch_record_batch().schema
    except Exception as error:  # any error of a driver is about the table or query of the caller
        raise UsageError(f"{name}: {reason(error, database)}") from None
    return schema.names, frozenset(field.name for field in schema if not has_words(field.type))


class QueryTexts:
    """The texts that a query gives, a row each. ``row``: how many there were; ``fault``: why it ended before its end, if it did:
    without the words of the database, in which there may be values."""

    def __init__(self, cursor: Cursor, query: str) -> None:
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
            self.fault = "the database failed before the last row; run the query there to see why"


def _rows(source: InputSource, texts: QueryTexts, columns: Columns, reading: Reading) -> Iterator[Logged | Reject]:
    for text in texts:
        try:
            values = dict(zip(columns.names(), orjson.loads(text), strict=True))
        except orjson.JSONDecodeError:
            yield reject(source.name, texts.row, NOT_UTF_8)
            continue
        made = logged_row(source.name, texts.row, columns, values, reading)
        if isinstance(made, Logged) and is_cut(values, reading):
            made = reject(source.name, texts.row, too_long(reading.limits.record_bytes), made.id)
        yield made


def is_cut(values: Mapping[str, str | None], reading: Reading) -> bool:
    """Whether a cell of a row is longer than a record may be: then it is not here as a whole."""
    return any(value is not None and len(value) > reading.limits.record_bytes for value in values.values())


_CUT = "SUBSTR(CAST({value} AS TEXT), 1, {most})"
_BOUNDED: dict[DatabaseSystem, str] = {
    # its text functions end at the character 0; a text of UTF-16 has two bytes for a letter
    "sqlite": "CASE WHEN LENGTH(CAST({value} AS BLOB)) > 2 * {most} THEN HEX(ZEROBLOB({most})) ELSE CAST({value} AS TEXT) END"
}
"""A cell as text, of one that is too long only so much that this is seen; by the system, where SUBSTR does not do it."""


def _select(database: Database, names: Sequence[str], by: str | None, nested: frozenset[str], reading: Reading) -> str:
    """Every row as a list in JSON: of a column of its own, SQLite's driver takes the type from the first rows, which may be null.

    Cells are bounded: see ``is_cut``. Rows are ordered by a column, if one is given, and then by the others,
    as its values need not be unique: only equal rows could change places.
    """
    most = reading.limits.record_bytes + 1
    values = [f"to_json({_column(name)})" if name in nested else _column(name) for name in names]
    bounded = _BOUNDED.get(database.system, _CUT)
    cells = ", ".join(f"{bounded.format(value=value, most=most)} AS c{place}" for place, value in enumerate(values))
    as_list = "json_build_array" if database.system == "postgresql" else "json_array"
    listed = f"{as_list}({', '.join(f'c{place}' for place in range(len(names)))})"
    order = [*(["o"] if by else []), *(f"c{place}" for place in range(len(names)))]
    id_ = f", {_column(by)} AS o" if by else ""
    rows = f"SELECT {cells}{id_} FROM {_from(database)}"  # noqa: S608 - names are quoted
    return f"SELECT CAST({listed} AS TEXT) FROM ({rows}) AS cells ORDER BY {', '.join(order)}"  # noqa: S608


def _from(database: Database) -> str:
    """The operand of FROM: a table or the query."""
    if database.query:
        return f"({database.query}\n) AS asked"
    return quoted(database.table)


def _column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
