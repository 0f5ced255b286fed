"""Scores of a run in; tables of a database out, in a transaction for each chunk, and under their names whole or not at all.

Rows go into tables of other names first, and which of them are there is noted in the same transaction, in a table too; so a run
that was killed loads each exactly once. The last transaction gives the tables their names.

What is added to tables that are there comes in one transaction. Each run has a number in the table of runs, which is there once:
of two that add at a time, one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from misstep.batch.arrow import parquet_file, parquet_schema
from misstep.batch.columns import TABLES, OutputOptions, TableName
from misstep.batch.databases import MEMORY, Database, connected, quoted, read_url, reason
from misstep.batch.forms import OutputForm, join_parts
from misstep.batch.history import AddedRun, History
from misstep.batch.journal import SUFFIX
from misstep.batch.seen_ids import SeenIds, digests
from misstep.batch.summary import Summary
from misstep.errors import MisstepError, UsageError, printable
from misstep.files import whole_file

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Cursor

RUN = "run"
"""The table of runs: a row for each, with the rules, the counts, the summary as JSON, and what was added, as ``AddedRun``."""
_NUL = "\\u0000"
"""How the character 0 is spelled in PostgreSQL, which has no text with it."""


@dataclass(frozen=True, slots=True)
class DatabaseOutput:
    """A table of interviews, with other tables, whose names begin with its own. ``grows``: what is there stays."""

    database: Database
    url: str = field(repr=False)
    form: OutputForm = "parquet"
    grows: bool = False

    @classmethod
    def named(cls, url: str) -> DatabaseOutput:
        """The output of a URL. Raises UsageError where it names no table that can be written."""
        if url.startswith("duckdb:"):
            name = printable(url.partition("?")[0])
            raise UsageError(f"{name}: DuckDB is only read here; write *.parquet, which it reads as a table")
        database = read_url(url, write=True)
        name = printable(database.name)
        if database.query:
            raise UsageError(f"{name}: scores go into a table; end it with ?table=NAME")
        if database.system == "sqlite" and database.table.casefold().startswith("sqlite_"):
            raise UsageError(f"{name}: names that begin with sqlite_ are SQLite's own; choose another name for the table")
        if database.address == MEMORY:
            raise UsageError(f"{name}: a database in memory is gone with the run; name a file: sqlite:///PATH?table=NAME")
        if database.system == "sqlite" and Path(database.address).is_dir():
            raise UsageError(f"{name}: {printable(database.address)} is a folder; name a file: sqlite:///PATH?table=NAME")
        return cls(database, url)

    @property
    def name(self) -> str:
        """Its URL, without a password."""
        return self.database.name

    def beside(self, what: str) -> Path:
        """A file beside that of SQLite; in the working folder otherwise."""
        name = f"{self.database.table}.{what}"
        return Path(self.database.address).with_name(name) if self.database.system == "sqlite" else Path(name)

    def journal(self) -> Path:
        """The folder of a run that is not finished."""
        return self.beside(SUFFIX[1:])

    def files(self, tables: Sequence[TableName]) -> list[Path]:
        """None."""
        return []

    def further(self, tables: Sequence[TableName]) -> dict[TableName, str]:
        """The names of other tables than interviews."""
        return {table: self._table(table) for table in tables}

    def check(self, wanted: OutputOptions, overwrite: bool) -> None:
        """Raise UsageError where tables are there already, or the database cannot be reached."""
        names = [field.name.casefold() for field in wanted.schema("interviews")]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"{printable(self.name)}: duplicate column '{twice}' (database column names are case-insensitive)")
        if self.database.system == "sqlite" and not (file := Path(self.database.address)).exists():
            if not file.absolute().parent.is_dir():
                raise UsageError(f"{printable(self.name)}: there is no folder {printable(str(file.parent))}")
            return
        with self._connected(write=False) as cursor:
            for table in [*wanted.tables, "interviews", RUN]:
                if not overwrite and not self.grows and self._is_there(cursor, self._table(table)):
                    name = printable(f"{self.name}: the table {self._table(table)}")
                    raise UsageError(f"{name} is there already; give --overwrite to replace it, or choose another name")

    def history(self, wanted: OutputOptions) -> History:
        """The runs that the tables hold. Raises UsageError where these are of somebody else, or have been changed."""
        if self.database.system == "sqlite" and not Path(self.database.address).exists():
            return History()
        with self._connected(write=False) as cursor:
            tables: list[str] = [*wanted.tables, "interviews"]
            if not self._is_there(cursor, self._table(RUN)):
                for table in tables:
                    if self._is_there(cursor, self._table(table)):
                        raise self._unfit(table, f"is there already, without a table {self._table(RUN)} of what is in it")
                return History()
            if "added" not in self._columns(cursor, RUN):
                raise self._unfit(RUN, "does not say what was added")
            cursor.execute(f"SELECT added FROM {quoted(self._table(RUN))} ORDER BY run")  # noqa: S608
            history = History(tuple(AddedRun.from_json(added, self.name) for (added,) in cursor.fetchall()))
            if history.runs and history.runs[-1].options == wanted:
                for table in (*wanted.tables, "interviews"):
                    if changed := set(wanted.schema(table).names) ^ set(self._columns(cursor, table)):
                        raise self._unfit(table, f"has been changed: the column '{min(changed)}' was added or taken away")
        return history

    def mark_seen(self, seen: SeenIds) -> None:
        """Add the ids of all interviews that are there."""
        with self._connected(write=False) as cursor:
            cursor.execute(f"SELECT id FROM {quoted(self._table('interviews'))} WHERE id IS NOT NULL")  # noqa: S608
            while rows := cursor.fetchmany(10_000):
                ids = [id_ for (id_,) in rows]
                seen.add(digests(ids))
                if self.database.system == "postgresql":
                    seen.add(digests(id_.replace(_NUL, "\0") for id_ in ids if _NUL in id_))

    def write(
        self,
        parts: Callable[[str], list[Path]],
        wanted: OutputOptions,
        summary: Summary,
        run: AddedRun,
        journal: Path,
    ) -> dict[str, str]:
        """Load all tables."""
        tables: tuple[TableName, ...] = (*wanted.tables, "interviews")
        about = summary.to_json()
        for table in tables:
            with whole_file(_joined(journal, table)) as stream:
                join_parts(parts(table), wanted.schema(table).with_metadata({b"misstep": about}), stream, "parquet")
        if self.grows:
            self._add(tables, summary, run, journal)
            return self.places(wanted)
        with self._connected() as cursor:
            loaded = self._begun(cursor, tables, journal)
            for table in tables:
                for number, chunk in enumerate(_chunks(_joined(journal, table))):
                    if (table, number) not in loaded:
                        self._load(cursor, self._loading(table), chunk)
                        cursor.execute(f"INSERT INTO {quoted(self._noted)} VALUES ('{journal.name}', '{table}', {number})")  # noqa: S608
                        cursor.connection.commit()
            self._finish(cursor, tables, _run_row(summary, run))
        return self.places(wanted)

    def _add(self, tables: Sequence[TableName], summary: Summary, run: AddedRun, journal: Path) -> None:
        """Add to all tables in one transaction; they are made where there is no run yet."""
        row, first = _run_row(summary, run), run.number == 1
        try:
            with self._connected() as cursor:
                if first:
                    self._create_runs(cursor, row)
                else:
                    self._load(cursor, self._table(RUN), row)
                for table in tables:
                    file = _joined(journal, table)
                    if first:
                        self._load(cursor, self._table(table), parquet_schema(file).empty_table(), "create")
                    for chunk in _chunks(file):
                        self._load(cursor, self._table(table), chunk)
                cursor.connection.commit()
        except UsageError:
            if self.history(run.options).following > run.number:
                name = printable(self.name)
                raise UsageError(f"{name}: another run has added to it meanwhile; give the same command again") from None
            raise

    def _create_runs(self, cursor: Cursor, row: pa.Table) -> None:
        """The table of runs with its first; no two have the same number."""
        table = self._table(RUN)
        self._load(cursor, table, row, "create")
        index = quoted(f"{table.rpartition('.')[2]}_number")
        cursor.execute(f"CREATE UNIQUE INDEX {index} ON {quoted(table)} (run)")

    def places(self, wanted: OutputOptions) -> dict[str, str]:
        """Where each table is."""
        at = self.name.partition("?")[0]
        return {table: f"{at}?table={self._table(table)}" for table in (*wanted.tables, "interviews")}

    def result(self, journal: Path) -> Path | str:
        """The interviews as a file, which the journal holds; the tables, where they hold more."""
        return self.url if self.grows else _joined(journal, "interviews")

    def _unfit(self, table: str, why: str) -> UsageError:
        return UsageError(
            f"{printable(self.name)}: the table {printable(self._table(table))} {printable(why)}; choose another name, or give"
            " --overwrite without --append to replace it"
        )

    def _columns(self, cursor: Cursor, table: str) -> list[str]:
        cursor.execute(f"SELECT * FROM {quoted(self._table(table))} LIMIT 0")  # noqa: S608
        names: list[str] = cursor.fetch_record_batch().schema.names
        return names

    def _begun(self, cursor: Cursor, tables: Sequence[TableName], journal: Path) -> set[tuple[str, int]]:
        """The chunks that this run has loaded. Tables left by another run are dropped."""
        if self._is_there(cursor, self._noted):
            cursor.execute(f"SELECT run, name, chunk FROM {quoted(self._noted)}")  # noqa: S608
            notes = cursor.fetchall()
            if notes and all(run == journal.name for run, _, _ in notes):
                return {(name, chunk) for _, name, chunk in notes}
        for table in [*map(self._loading, TABLES), self._noted]:
            cursor.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
        cursor.execute(f"CREATE TABLE {quoted(self._noted)} (run TEXT, name TEXT, chunk INTEGER)")
        for table in tables:
            self._load(cursor, self._loading(table), parquet_schema(_joined(journal, table)).empty_table(), "create")
        cursor.connection.commit()
        return set()

    def _load(self, cursor: Cursor, table: str, rows: pa.Table, mode: Literal["append", "create"] = "append") -> None:
        schema, _, name = table.rpartition(".")
        columns = [_loadable(column, self.database.system) for column in rows.columns]
        cursor.adbc_ingest(name, pa.table(columns, rows.schema.names), mode=mode, db_schema_name=schema or None)

    def _finish(self, cursor: Cursor, tables: Sequence[TableName], run: pa.Table) -> None:
        """Give the tables their names, all at once."""
        ours = self._is_there(cursor, self._table(RUN))  # of a run before, all of which is replaced
        for table in [*(TABLES if ours else tables), RUN]:
            cursor.execute(f"DROP TABLE IF EXISTS {quoted(self._table(table))}")
        for table in tables:
            name = self._table(table).rpartition(".")[2]
            cursor.execute(f"ALTER TABLE {quoted(self._loading(table))} RENAME TO {quoted(name)}")
        self._create_runs(cursor, run)
        cursor.execute(f"DROP TABLE {quoted(self._noted)}")
        cursor.connection.commit()

    def _table(self, table: str) -> str:
        return self.database.table if table == "interviews" else f"{self.database.table}_{table}"

    def _loading(self, table: str) -> str:
        return f"{self.database.table}_{table}_loading"

    @property
    def _noted(self) -> str:
        return f"{self.database.table}_loaded"

    def _is_there(self, cursor: Cursor, table: str) -> bool:
        if self.database.system == "sqlite":
            cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = ? COLLATE NOCASE", (table,))
        else:
            cursor.execute("SELECT COUNT(to_regclass($1))", (quoted(table),))
        return any(count for (count,) in cursor.fetchall())

    @contextmanager
    def _connected(self, write: bool = True) -> Iterator[Cursor]:
        """A cursor. Errors of drivers are raised as UsageError."""
        try:
            with connected(self.database, write) as cursor:
                yield cursor
        except (MisstepError, OSError):
            raise
        except Exception as error:  # any error of a driver, whose package may not be installed
            raise UsageError(f"{printable(self.name)}: cannot be written: {reason(error, self.database)}") from None


def _joined(journal: Path, table: TableName) -> Path:
    """A table put together, from which it is loaded."""
    return journal / f"{table}.parquet"


def _chunks(file: Path) -> Iterator[pa.Table]:
    with parquet_file(file) as source:
        for number in range(source.num_row_groups):
            yield source.read_row_group(number)


def _loadable(column: pa.ChunkedArray, system: str) -> pa.ChunkedArray | pa.Array:
    """A column as databases take it: lists as JSON; and PostgreSQL has no text with the character 0, which is spelled out."""
    if pa.types.is_list(column.type):
        return pa.array([None if value is None else orjson.dumps(value).decode() for value in column.to_pylist()], pa.string())
    if system == "postgresql" and pa.types.is_string(column.type):
        return pc.replace_substring(column, "\0", _NUL)
    return column


def _run_row(summary: Summary, run: AddedRun) -> pa.Table:
    rules = summary.rulebase
    row = {
        "run": run.number,
        "misstep": summary.misstep,
        "rules": rules.name,
        "version": rules.version,
        "digest": rules.digest,
        "interviews": summary.interviews,
        "rejects": summary.rejects,
        "summary": summary.to_json().decode(),
        "added": run.to_json().decode(),
    }
    return pa.table({name: [value] for name, value in row.items()})
