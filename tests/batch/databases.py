"""A database in; what is in the tables of a result out."""

from __future__ import annotations

import importlib
from typing import Any

Rows = list[dict[str, Any]]


def connect(address: str) -> Any:
    """A connection of ADBC, to read and to write."""
    system, _, place = address.partition("://")
    dbapi = importlib.import_module(f"adbc_driver_{system}.dbapi")
    return dbapi.connect(f"file:{place.removeprefix('/')}" if system == "sqlite" else address)


def emptied(address: str) -> str:
    """A database of PostgreSQL, without what earlier tests left in any of its schemas."""
    schemas = "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
    found = [row["name"] for row in rows_of(address, schemas)]
    with connect(address) as connection, connection.cursor() as cursor:
        for name in found:
            cursor.execute(f'DROP SCHEMA "{name}" CASCADE')
        cursor.execute("CREATE SCHEMA public")
        connection.commit()
    return address


def rows_of(address: str, query: str) -> Rows:
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        found: Rows = cursor.fetch_arrow_table().to_pylist()
    return found


def tables_of(address: str, name: str) -> dict[str, Rows]:
    """All tables of a result, in the order of what they hold; a table that is only on its way there must not be there."""
    tables = ("", "_findings", "_actions", "_run")
    left = "SELECT name FROM sqlite_master" if address.startswith("sqlite") else "SELECT tablename AS name FROM pg_tables"
    names = {row["name"] for row in rows_of(address, left)}
    assert not [n for n in names if n.startswith(f"{name}_load") or n.endswith("_loading")]
    return {table: in_order(rows_of(address, f'SELECT * FROM "{name}{table}"')) for table in tables if f"{name}{table}" in names}


def in_order(rows: Rows) -> Rows:
    """Rows in an order of their own: a database gives them in any."""
    return sorted(rows, key=lambda row: [row.get(name, 0) for name in ("row", "rank")] + [row.get("action", "")])
