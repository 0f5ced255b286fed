"""The URL of a database in; its parts, a name for it without password, and a cursor out: SQLite, DuckDB, PostgreSQL, over ADBC.

::

    sqlite:///interviews.db?table=interviews            a path as it is, here or from / on: sqlite:////var/lib/interviews.db
    postgresql://reader@host/hr?table=hr.interviews     any URL that libpq takes, and its options before the table
    sqlite:///interviews.db?query=SELECT ...            the query is the last option and stands as it is, without escapes
    duckdb:///hr.duckdb?table=interviews                a file of DuckDB, to be read
    duckdb:///:memory:?query=SELECT ... FROM 'x.parquet'    files of this machine, read by DuckDB
"""

from __future__ import annotations

import importlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from misstep.errors import InstallationError, UsageError, printable
from misstep.files import is_utf_8, real_path, shown_name

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

CONNECT_SECONDS = 10
_DETAIL = re.compile(
    r"\A[A-Z_]+: (\[\w+\] )?(([Ff]ailed to ((execute query|open) '.*'|[a-z ]+)|COPY query failed): )?", re.DOTALL
)
"""What the drivers put before a message."""
_SAID = re.compile(r"\b(?:ERROR|FATAL|PANIC): +(.+)")
"""What a server of PostgreSQL says."""

DatabaseSystem = Literal["sqlite", "duckdb", "postgresql"]
DATABASES = ("sqlite:", "duckdb:", "postgresql:", "postgres:")
MEMORY = ":memory:"
LOCKED = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "memory_limit": "1GB"}
"""How DuckDB is opened: nothing is downloaded, and memory is bounded."""
_FILES: dict[DatabaseSystem, str] = {"sqlite": "SQLite", "duckdb": "DuckDB"}
"""Systems whose databases are files of this machine, and their titles."""
WANTED = re.compile(r"(?:\A|&)(table|query)=(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Database:
    """A table, or the result of a query. ``address``: a path, or a URL for libpq; ``name``: its name in results."""

    system: DatabaseSystem
    address: str = field(repr=False)
    table: str
    query: str
    name: str

    @property
    def files(self) -> tuple[str, ...]:
        """The file of this machine that holds it, if one does."""
        return (self.address,) if self.system in _FILES and self.address != MEMORY else ()

    def may_be(self, output: Database) -> bool:
        """Whether a table to be written is what is read here, or may be a part of it. Case does not tell tables apart."""
        if self.system != output.system or _place(self) != _place(output):
            return False
        wanted = output.table.casefold()
        return wanted in self.query.casefold() if self.query else wanted == self.table.casefold()


def _place(database: Database) -> object:
    """What is the same for all ways to write an address."""
    return real_path(Path(database.address)) if database.system in _FILES else database.address


def read_url(url: str, write: bool = False) -> Database:
    """Parse a URL. Raises UsageError where it is incomplete, with what is missing: a table to ``write``, or one or a query to
    read."""
    place, _, options = url.partition("?")
    system: DatabaseSystem = next((name for name in _FILES if place.startswith(f"{name}:")), "postgresql")
    shown = printable(_without_password(place))
    if not is_utf_8(url):
        raise UsageError(f"{shown}: is not UTF-8 text, as the URL of a database is")
    wanted = WANTED.search(options)
    if wanted is None or not wanted[2].strip():
        missing = (
            "which table to write; end it with ?table=NAME"
            if write
            else "what to read; end it with ?table=NAME or ?query=SELECT ..."
        )
        raise UsageError(f"{shown}: does not say {missing}")
    others = options[: wanted.start()]
    if system in _FILES:
        address = place.removeprefix(f"{system}:///")
        if address in ("", place) or others:
            others = "" if write else f" or {system}:///PATH?query=SELECT ..."
            raise UsageError(f"{shown}: a file of {_FILES[system]} is named by {system}:///PATH?table=NAME{others}")
    else:
        address = f"{place}?{others}" if others else place
    table, query = (wanted[2], "") if wanted[1] == "table" else ("", wanted[2].strip().rstrip(";").rstrip())
    return Database(system, address, table, query, f"{shown}?table={table}" if table else f"{shown}?query")


def shown_input(name: str) -> str:
    """An input as it may be shown and kept: the URL of a database without its password, anything else by its name."""
    return read_url(name).name if name.startswith(DATABASES) else shown_name(name)


def _without_password(place: str) -> str:
    scheme, slashes, rest = place.partition("//")
    host, slash, path = rest.partition("/")
    user, at, server = host.rpartition("@")
    return scheme + slashes + user.partition(":")[0] + at + server + slash + path


@contextmanager
def connected(database: Database, write: bool = False) -> Iterator[Cursor]:
    """A cursor, read-only unless ``write``. Writes are there once its connection commits.

    Raises UsageError where the database cannot be reached, InstallationError without a driver.
    """
    driver = f"adbc_driver_{database.system}"
    try:
        dbapi = importlib.import_module(f"{driver}.dbapi")  # an extra that few need
    except ImportError:
        raise InstallationError(f"databases need {driver}: pip install 'misstep[batch]'") from None
    try:
        connection = _duckdb(database) if database.system == "duckdb" else dbapi.connect(_address(database, write))
    except dbapi.Error as error:
        raise UsageError(f"{printable(database.name)}: cannot be reached: {reason(error, database)}") from None
    with closing(connection), closing(connection.cursor()) as cursor:
        if database.system == "postgresql":
            if not write:
                cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SET client_encoding TO 'UTF8'")
        yield cursor


def _duckdb(database: Database) -> Connection:
    """A connection to DuckDB, read-only; the driver's own ``connect`` takes no options."""
    import adbc_driver_duckdb
    from adbc_driver_manager import AdbcConnection, AdbcDatabase
    from adbc_driver_manager.dbapi import Connection

    mode = {} if database.address == MEMORY else {"access_mode": "READ_ONLY"}
    path = _address(database, write=False)
    options = {"path": path, "temp_directory": gettempdir(), **LOCKED, **mode}
    opened = AdbcDatabase(driver=adbc_driver_duckdb.driver_path(), entrypoint="duckdb_adbc_init", **options)
    return Connection(opened, AdbcConnection(opened))


def _address(database: Database, write: bool) -> str:
    """The address for the driver."""
    if database.system == "postgresql":
        address = database.address
        if "connect_timeout=" not in address:
            address += f"{'&' if '?' in address else '?'}connect_timeout={CONNECT_SECONDS}"
        return address
    if not write and database.address != MEMORY and not Path(database.address).is_file():
        shown, is_folder = printable(database.address), Path(database.address).is_dir()
        raise UsageError(f"{printable(database.name)}: " + (f"{shown} is a folder" if is_folder else f"there is no file {shown}"))
    if database.system == "duckdb":
        return database.address
    if not write and database.address != MEMORY:
        _undo_what_was_cut_off(database.address)
    return f"file:{quote(database.address)}?mode={'rwc' if write else 'ro'}"


def _undo_what_was_cut_off(address: str) -> None:
    """Roll back what a process that was killed has left in a file of SQLite: a connection that may only read cannot."""
    if not Path(f"{address}-journal").is_file():  # it may also be of a writer at work, which SQLite knows by its lock
        return
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{quote(address)}?mode=rw", timeout=1, uri=True)) as connection:
        connection.execute("SELECT count(*) FROM sqlite_master")


def quoted(name: str) -> str:
    """The name of a table in SQL, with its schema if it has one."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def reason(error: Exception, database: Database) -> str:
    """What the server says, else the first line of a driver's error; without the address, which may hold a password."""
    text = str(error).strip()
    said = _SAID.search(text)
    line = said[1] if said else _DETAIL.sub("", text).partition("\n")[0]
    return printable(line.replace(database.address, database.name))[:200]
