"""The URL of a database in; what it says, a name without a password for it, and a cursor out. SQLite and PostgreSQL, over ADBC.

::

    sqlite:///interviews.db?table=interviews            a path as it is, here or from / on: sqlite:////var/lib/interviews.db
    postgresql://reader@host/hr?table=hr.interviews     any URL that libpq takes, and its options before the table
    sqlite:///interviews.db?query=SELECT ...            the query is the last option and stands as it is, without escapes
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from misstep.errors import InstallationError, UsageError, printable

CONNECT_SECONDS = 10
_DETAIL = re.compile(r"\A[A-Z_]+: (\[\w+\] )?(Failed to [a-z ]+: )?")  # what the drivers put before a message

DATABASES = ("sqlite:", "postgresql:", "postgres:")
SQLITE = "sqlite:///"
WANTED = re.compile(r"(?:\A|&)(table|query)=(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Database:
    """A table, or what a query gives. ``address``: a path, or what libpq takes; ``name``: what it is called in results."""

    system: Literal["sqlite", "postgresql"]
    address: str = field(repr=False)
    table: str
    query: str
    name: str


def read_url(url: str) -> Database:
    """What a URL says. Raises UsageError where it does not say enough."""
    place, _, options = url.partition("?")
    system: Literal["sqlite", "postgresql"] = "sqlite" if place.startswith("sqlite:") else "postgresql"
    shown = printable(_without_password(place))
    wanted = WANTED.search(options)
    if wanted is None or not wanted[2].strip():
        raise UsageError(f"{shown}: does not say what to read; end it with ?table=NAME or ?query=SELECT ...")
    others = options[: wanted.start()]
    if system == "sqlite":
        if not place.startswith(SQLITE) or len(place) == len(SQLITE) or others:
            raise UsageError(
                f"{shown}: a file of SQLite is named by sqlite:///PATH?table=NAME or sqlite:///PATH?query=SELECT ..."
            )
        address = place.removeprefix(SQLITE)
    else:
        address = f"{place}?{others}" if others else place
    table, query = (wanted[2], "") if wanted[1] == "table" else ("", wanted[2].strip().rstrip(";").rstrip())
    return Database(system, address, table, query, f"{shown}?table={table}" if table else f"{shown}?query")


def shown_input(name: str) -> str:
    """An input as it may be shown and kept: the URL of a database without its password, anything else as it is."""
    return read_url(name).name if name.startswith(DATABASES) else name


def _without_password(place: str) -> str:
    scheme, slashes, rest = place.partition("//")
    host, slash, path = rest.partition("/")
    user, at, server = host.rpartition("@")
    return scheme + slashes + user.partition(":")[0] + at + server + slash + path


@contextmanager
def connected(database: Database, write: bool = False) -> Iterator[Any]:
    """A cursor, which can only read unless it is to write; what it writes is there once its connection commits.

    Raises UsageError where the database cannot be reached, InstallationError without a driver.
    """
    driver = f"adbc_driver_{database.system}"
    try:
        dbapi = importlib.import_module(f"{driver}.dbapi")  # an extra that few need
    except ImportError:
        raise InstallationError(f"databases need {driver}: pip install 'misstep[batch]'") from None
    try:
        connection = dbapi.connect(_address(database, write))
    except dbapi.Error as error:
        raise UsageError(f"{printable(database.name)}: cannot be reached: {reason(error, database)}") from None
    with closing(connection), closing(connection.cursor()) as cursor:
        if database.system == "postgresql":
            if not write:
                cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("SET client_encoding TO 'UTF8'")
        yield cursor


def _address(database: Database, write: bool) -> str:
    """What the driver is given."""
    if database.system == "postgresql":
        address = database.address
        if "connect_timeout=" not in address:
            address += f"{'&' if '?' in address else '?'}connect_timeout={CONNECT_SECONDS}"
        return address
    if not write and not Path(database.address).is_file():
        raise UsageError(f"{printable(database.name)}: there is no file {printable(database.address)}")
    return f"file:{quote(database.address)}?mode={'rwc' if write else 'ro'}"


def quoted(name: str) -> str:
    """A table, of a schema where one is named, as SQL has it."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def reason(error: Exception, database: Database) -> str:
    """The first line of what a driver says, without the address, in which a password may be."""
    text = str(error).strip().partition("\n")[0].replace(database.address, database.name)
    return printable(_DETAIL.sub("", text))[:200]
