"""Tables of a database that ``misstep score`` wrote in; the runs that they hold, and the scores, as files have them, out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from misstep.batch.databases import Database, connected, quoted, reason
from misstep.batch.history import AddedRun
from misstep.batch.loading import RUN
from misstep.batch.summary import Summary
from misstep.errors import MisstepError, UsageError, printable

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor


def read_runs(database: Database) -> tuple[Summary, pa.Schema]:
    """The summary of all runs in a result, and its columns. Raises UsageError where the table is none."""
    with _reading(database, "is not a result of `misstep score`") as cursor:
        cursor.execute(f"SELECT summary, added FROM {quoted(f'{database.table}_{RUN}')} ORDER BY run")  # noqa: S608
        rows = cursor.fetchall()
        summaries = [Summary.from_json(about) for about, _ in rows]
        return Summary.merged(summaries), AddedRun.from_json(rows[0][1], database.name).options.schema("interviews")


def read_columns(database: Database, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The scores in some columns of a result, in batches. Raises UsageError where they cannot be read.

    Every row is read as one list in JSON: from columns of their own SQLite's driver takes types from the first rows, which may be
    null.
    """
    as_list = "json_build_array" if database.system == "postgresql" else "json_array"
    cells = ", ".join('"' + name.replace('"', '""') + '"' for name in schema.names)
    with _reading(database, "cannot be read") as cursor:
        cursor.execute(f"SELECT CAST({as_list}({cells}) AS TEXT) FROM {quoted(database.table)}")  # noqa: S608 - names are quoted
        for batch in cursor.fetch_record_batch():
            rows = map(orjson.loads, batch.column(0).to_pylist())
            columns = list(zip(*rows, strict=True)) or [()] * len(schema)
            arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """A column as it was before it was loaded: lists are JSON, and SQLite has numbers for true and false."""
    if pa.types.is_list(type_):
        return pa.array([None if value is None else orjson.loads(value) for value in values], type_)
    if pa.types.is_boolean(type_):
        return pa.array([None if value is None else bool(value) for value in values], type_)
    return pa.array(values, type_)


@contextmanager
def _reading(database: Database, fault: str) -> Iterator[Cursor]:
    """A cursor. Errors of drivers are raised as UsageError."""
    try:
        with connected(database) as cursor:
            yield cursor
    except (MisstepError, OSError):
        raise
    except Exception as error:  # any error of a driver, whose package may not be installed
        raise UsageError(f"{printable(database.name)}: {fault}: {reason(error, database)}") from None
