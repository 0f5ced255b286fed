"""The URL of a database in; what it says out, and a name for it that holds no password."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from misstep.errors import CallerError, printable

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
    """What a URL says. Raises CallerError where it does not say enough."""
    place, _, options = url.partition("?")
    system: Literal["sqlite", "postgresql"] = "sqlite" if place.startswith("sqlite:") else "postgresql"
    shown = printable(_without_password(place))
    wanted = WANTED.search(options)
    if wanted is None or not wanted[2].strip():
        raise CallerError(f"{shown}: does not say what to read; end it with ?table=NAME or ?query=SELECT ...")
    others = options[: wanted.start()]
    if system == "sqlite":
        if not place.startswith(SQLITE) or len(place) == len(SQLITE) or others:
            raise CallerError(
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
