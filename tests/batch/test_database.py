"""Interviews from SQLite and from a running PostgreSQL: the same rows in the same order, whatever the table is made of."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi
import duckdb
import pytest
from tests.batch.reading import FACTS, plan, read, told

from misstep import RuleBase
from misstep.batch.columns import OutputOptions
from misstep.batch.databases import connected, read_url, reason
from misstep.batch.inputs import Reading, read_part, rows_of, shown_input
from misstep.batch.outputs import output_of
from misstep.batch.parts import Logged
from misstep.batch.score_batch import score_records
from misstep.errors import InstallationError, MisstepError, RecordError, UsageError
from misstep.limits import Limits

ROWS: list[tuple[Any, ...]] = [
    (11, FACTS, "x", "1.5"),
    (2, '[{"kind": "bad_joke", "topic": "self"}]', None, "1"),
    (2, "[]", 'twin "é"\n\t\'', None),
    (3, None, "x", "2"),
    (4, " ", "x", "2"),
    (5, "[" + " " * 2_000 + "]", "x", "2"),
]
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
EXPECTED = [
    "1: []",
    '2: [{"kind": "bad_joke", "topic": "self"}]',
    "3! the column 'facts' is empty; it must hold the facts as JSON",
    "4! the column 'facts' is empty; it must hold the facts as JSON",
    "5! has more than 1000 bytes, the most that a record may have",
    f"6: {FACTS}",
]


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """A database with the rows in the table interviews, and some tables more."""
    path = tmp_path / "some logs é.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE interviews (id INTEGER, facts TEXT, team TEXT, score REAL)")
        connection.executemany("INSERT INTO interviews VALUES (?, ?, ?, ?)", ROWS)
        connection.execute('CREATE TABLE "odd ""name" ("the facts" TEXT, "iv""id" TEXT)')
        connection.execute("""INSERT INTO "odd ""name" VALUES ('[]', 'a')""")
        connection.execute("CREATE TABLE vacant (facts TEXT)")
        connection.commit()
    return f"sqlite:///{path}"


@pytest.fixture
def postgres(postgresql: str) -> str:
    """The same in PostgreSQL."""
    with closing(adbc_driver_postgresql.dbapi.connect(postgresql)) as connection, closing(connection.cursor()) as cursor:
        for statement in (
            "CREATE TABLE interviews (id INTEGER, facts TEXT, team TEXT, score REAL)",
            "CREATE SCHEMA hr",
            "CREATE TABLE hr.logged (facts JSONB, id UUID, day DATE, fine BOOLEAN)",
            f"""INSERT INTO hr.logged VALUES ('[{{"kind":"bad_joke"}}]', '{UUID}', '2026-11-23', true)""",
            'CREATE TABLE "odd ""name" ("the facts" TEXT, "iv""id" TEXT)',
            """INSERT INTO "odd ""name" VALUES ('[]', 'a')""",
            "CREATE TABLE vacant (facts TEXT)",
        ):
            cursor.execute(statement)
        for row in ROWS:
            cursor.execute("INSERT INTO interviews VALUES ($1, $2, $3, CAST($4 AS TEXT)::REAL)", row)
        connection.commit()
    return postgresql


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture(params=["sqlite", "postgres", "duck"])
def any_database(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


def test_a_table_is_read_in_the_order_of_its_ids(database: str, tmp_path: Path) -> None:
    got = read(
        f"{database}?table=interviews", tmp_path / "spool", keep=("team", "id"), part_rows=2, limits=Limits(record_bytes=1_000)
    )
    assert told(got) == EXPECTED
    assert [(r.id, r.kept) for r in got if isinstance(r, Logged)] == [
        ("2", ('twin "é"\n\t\'', "2")),
        ("2", (None, "2")),
        ("11", ("x", "11")),
    ]


def test_a_query_is_read_like_a_table(database: str, tmp_path: Path) -> None:
    query = "SELECT id AS iv, facts AS what, score FROM interviews -- those that count\nWHERE team LIKE '%x%' AND id > 4 & 7 ; "
    got = read(f"{database}?query={query}", tmp_path / "spool", id="iv", facts="what", keep=("score",))
    two = "2.0" if database.startswith("sqlite:") else "2"  # as either writes it
    assert [(r.row, r.id, r.kept) for r in got if isinstance(r, Logged)] == [(1, "5", (two,)), (2, "11", ("1.5",))]


def test_a_query_may_begin_with_with(database: str, tmp_path: Path) -> None:
    query = "WITH old AS (SELECT * FROM interviews WHERE id = 11) SELECT facts FROM old"
    assert read(f"{database}?query={query}", tmp_path / "spool") == [Logged(1, FACTS.encode())]


def test_names_of_any_kind_are_quoted(database: str, tmp_path: Path) -> None:
    got = read(f'{database}?table=odd "name', tmp_path / "spool", facts="the facts", id='iv"id')
    assert got == [Logged(1, b"[]", "a")]


def test_parts_of_a_table_are_known_by_what_they_hold(database: str, tmp_path: Path) -> None:
    url = f"{database}?table=interviews"
    first, _ = plan(url, tmp_path / "spool", part_rows=2)
    again, _ = plan(url, tmp_path / "spool", part_rows=2)
    other, _ = plan(f"{database}?query=SELECT id, facts || ' ' AS facts FROM interviews", tmp_path / "spool", part_rows=2)
    assert [p.digest for p in first] == [p.digest for p in again]
    assert [p.row for p in first] == [1, 3, 5]
    assert all(p.digest != q.digest for p, q in zip(first, other, strict=True) if p.row != 3)


def test_types_of_postgresql_become_text(postgres: str, tmp_path: Path) -> None:
    got = read(f"{postgres}?table=hr.logged", tmp_path / "spool", keep=("day", "fine"))
    assert got == [Logged(1, b'[{"kind": "bad_joke"}]', UUID, ("2026-11-23", "true"))]


def test_many_rows_of_which_the_first_are_empty(sqlite: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(sqlite.removeprefix("sqlite:///"))) as connection:
        connection.execute("CREATE TABLE many (id INTEGER PRIMARY KEY, facts TEXT, team TEXT)")
        rows = ((n, "[]", None if n < 5_000 else f"team {n}") for n in range(25_000))
        connection.executemany("INSERT INTO many VALUES (?, ?, ?)", rows)
        connection.commit()
    parts, reading = plan(f"{sqlite}?table=many", tmp_path / "spool", keep=("team",))
    assert [part.row for part in parts] == [1, 10_001, 20_001]
    got = [record for part in parts for record in read_part(part, reading)]
    assert got == [Logged(n + 1, b"[]", str(n), (None if n < 5_000 else f"team {n}",)) for n in range(25_000)]


def test_text_of_another_encoding_is_told(sqlite: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(sqlite.removeprefix("sqlite:///"))) as connection:
        connection.execute("CREATE TABLE latin (id INTEGER, facts TEXT)")
        connection.execute("INSERT INTO latin VALUES (1, '[]'), (2, CAST(x'5be95d' AS TEXT)), (3, x'5b5d')")
        connection.commit()
    assert told(read(f"{sqlite}?table=latin", tmp_path / "spool")) == ["1: []", "2! not UTF-8 text", "3: []"]


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16"])
def test_a_text_of_sqlite_does_not_end_at_the_character_0(encoding: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        connection.execute("CREATE TABLE logs (id TEXT, facts TEXT, team TEXT)")
        rows = [("a\0b", FACTS, "x\0y"), ("b", f"{FACTS}\0more", "x"), ("c", f"[]\0{' ' * 900}", "x")]
        connection.executemany("INSERT INTO logs VALUES (?, ?, ?)", rows)
        connection.commit()
    url = f"sqlite:///{tmp_path}/a.db?table=logs"
    got = read(url, tmp_path / "spool", keep=("team",), limits=Limits(record_bytes=900))
    assert got[:2] == [Logged(1, FACTS.encode(), "a\0b", ("x\0y",)), Logged(2, f"{FACTS}\0more".encode(), "b", ("x",))]
    assert told(got[2:]) == ["3! has more than 900 bytes, the most that a record may have"]
    scored = score_records(got, "a", RuleBase.shipped(), OutputOptions(keep=("team",)))
    assert next((r.row, str(r.problems[0])) for r in scored.rejects) == (2, "<record>:1:42: not valid JSON: Extra data")


def test_a_cell_that_is_too_long_is_never_cut(any_database: str, tmp_path: Path) -> None:
    query = f"SELECT 7 AS id, '[]' AS facts, '{'é' * 1_001}' AS team UNION ALL SELECT 8, '[]', '{'é' * 1_000}'"
    got = read(f"{any_database}?query={query}", tmp_path / "spool", keep=("team",), limits=Limits(record_bytes=1_000))
    assert told(got) == ["1! has more than 1000 bytes, the most that a record may have", "2: []"]
    assert [record.id for record in got] == ["7", "8"]
    rows = list(rows_of([f"{any_database}?query={query}"], Reading(tmp_path, limits=Limits(record_bytes=1_000))))
    assert sorted(bool(row.wrong) for row in rows) == [False, True]


def test_what_goes_wrong_in_the_middle_is_told_without_values(database: str, tmp_path: Path) -> None:
    broken = {
        "sqlite": "CASE WHEN id = 11 THEN json('secret words') ELSE facts END",
        "postgresql": "CASE WHEN id = 11 THEN CAST(CAST('secret words' || team AS INTEGER) AS TEXT) ELSE facts END",
    }[database.partition(":")[0]]
    url = f"{database}?query=SELECT id, {broken} AS facts FROM interviews"
    *_, last = told(read(url, tmp_path / "spool"))
    assert last.partition("! ")[2] == "the database failed before the last row; run the query there to see why"
    assert "secret" not in last


def test_nothing_is_written(database: str, tmp_path: Path) -> None:
    for query in (
        "DELETE FROM interviews RETURNING id, facts",
        "WITH gone AS (DELETE FROM interviews RETURNING *) SELECT * FROM gone",
    ):
        with pytest.raises(UsageError):
            read(f"{database}?query={query}", tmp_path / "spool")
    assert len(read(f"{database}?table=interviews", tmp_path / "spool")) == len(ROWS)


KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA cache_size = 1")  # so that pages are written before the end
connection.executemany("INSERT INTO interviews VALUES (?, '[]', '', 0)", ((number,) for number in range(20_000)))
os.kill(os.getpid(), 9)
"""


def test_what_was_killed_while_it_wrote_is_undone(sqlite: str, tmp_path: Path) -> None:
    """A connection that may only read cannot do it."""
    path = sqlite.removeprefix("sqlite:///")
    subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert Path(f"{path}-journal").stat().st_size
    assert len(read(f"{sqlite}?table=interviews", tmp_path / "spool")) == len(ROWS)


def test_functions_that_write_are_refused(postgres: str, tmp_path: Path) -> None:
    with closing(adbc_driver_postgresql.dbapi.connect(postgres)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION hr.wipe() RETURNS TEXT LANGUAGE plpgsql"
            " AS $$ BEGIN DELETE FROM interviews; RETURN '[]'; END $$"
        )
        connection.commit()
    with pytest.raises(RecordError) as raised:
        read(f"{postgres}?query=SELECT hr.wipe() AS facts OFFSET 0", tmp_path / "spool")
    assert str(raised.value).endswith("?query: the database failed before the last row; run the query there to see why")


def bad(url: str, spool: Path, **options: Any) -> str:
    with pytest.raises(MisstepError) as raised:
        read(url, spool, **options)
    text = str(raised.value)
    assert "se%20cret" not in text
    assert "se cret" not in text
    assert "\n" not in text
    return text


def test_what_sqlite_cannot_read_is_said(sqlite: str, tmp_path: Path) -> None:
    spool, path = tmp_path / "spool", sqlite.removeprefix("sqlite:///")
    assert bad(f"{sqlite}?table=interview", spool) == f"{sqlite}?table=interview: no such table: interview"
    assert read(f"{sqlite}?table=vacant", spool) == []
    assert bad(f"{sqlite}?table=interviews", spool, facts="fact") == (
        f"{sqlite}?table=interviews: has no column 'fact'; there are facts, id, score, team; did you mean 'facts'?"
    )
    assert bad(f"{sqlite}?query=SELEC 1", spool) == f'{sqlite}?query: near "1": syntax error'
    assert bad(f"{sqlite}x?table=a", spool) == f"{sqlite}x?table=a: there is no file {path}x"
    assert not Path(f"{path}x").exists()
    (tmp_path / "text.db").write_text("no database at all, but rather long for a text\n" * 100, encoding="utf-8")
    assert bad(f"sqlite:///{tmp_path}/text.db?table=a", spool) == f"sqlite:///{tmp_path}/text.db?table=a: file is not a database"


def test_urls_that_say_too_little(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    more = "does not say what to read; end it with ?table=NAME or ?query=SELECT ..."
    assert bad("sqlite:///a.db", spool) == f"sqlite:///a.db: {more}"
    assert bad("postgresql://u:se%20cret@h/d?table=", spool) == f"postgresql://u@h/d: {more}"
    form = "a file of SQLite is named by sqlite:///PATH?table=NAME or sqlite:///PATH?query=SELECT ..."
    assert bad("sqlite:a.db?table=x", spool) == f"sqlite:a.db: {form}"
    assert bad("sqlite:///a.db?mode=rw&table=x", spool) == f"sqlite:///a.db: {form}"


def test_a_postgresql_that_cannot_be_reached_is_said_without_its_password(postgres: str, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    shown = postgres.replace(":se%20cret", "")
    wrong = postgres.replace("se%20cret", "other")
    refused = 'password authentication failed for user "reader"'
    assert bad(f"{wrong}?table=a", spool) == f"{shown}?table=a: cannot be reached: {refused}"
    nowhere = postgres.rpartition(":")[0] + ":1/postgres"
    assert bad(f"{nowhere}?table=a", spool) == (
        "postgresql://reader@127.0.0.1:1/postgres?table=a: cannot be reached: connection to server at"
        ' "127.0.0.1", port 1 failed: Connection refused'
    )
    assert bad(f"{postgres}?odd=1&table=a", spool) == f'{shown}?table=a: cannot be reached: invalid URI query parameter: "odd"'
    assert bad("postgresql://u:se%20cret@[h/d?table=a", spool).startswith("postgresql://u@[h/d?table=a: cannot be reached: ")


def test_what_postgresql_cannot_read_is_said(postgres: str, tmp_path: Path) -> None:
    spool, shown = tmp_path / "spool", postgres.replace(":se%20cret", "")
    assert bad(f"{postgres}?table=interview", spool) == f'{shown}?table=interview: relation "interview" does not exist'
    assert read(f"{postgres}?table=vacant", spool) == []
    assert bad(f"{postgres}?query=SELEC 1", spool) == f'{shown}?query: syntax error at or near "1"'


def test_results_name_a_database_without_its_password(postgres: str, tmp_path: Path) -> None:
    parts, _ = plan(f"{postgres}?sslmode=disable&table=interviews", tmp_path / "spool")
    shown = postgres.replace(":se%20cret", "") + "?table=interviews"
    assert {part.name for part in parts} == {shown}
    assert "cret" not in repr(parts)
    assert shown_input(f"{postgres}?sslmode=disable&table=interviews") == shown
    assert shown_input("logs/a.jsonl") == "logs/a.jsonl"


@pytest.mark.parametrize("system", ["sqlite", "postgresql"])
def test_without_a_driver_it_is_said_how_to_get_it(system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"adbc_driver_{system}.dbapi", None)
    with pytest.raises(InstallationError) as raised:
        read(f"{system}:///a.db?table=x", tmp_path / "spool")
    assert str(raised.value) == f"databases need adbc_driver_{system}: pip install 'misstep[batch]'"


# -- DuckDB


@pytest.fixture
def duck(tmp_path: Path) -> str:
    """The rows in a file of DuckDB, and the facts of some interviews as its own lists."""
    path = tmp_path / "some logs é.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE interviews (id INTEGER, facts TEXT, team TEXT, score REAL)")
        connection.executemany("INSERT INTO interviews VALUES (?, ?, ?, ?)", ROWS)
        connection.execute("CREATE TABLE lists AS SELECT uuid() AS u, 7 AS id, [{kind: 'bad_joke', times: NULL}] AS facts")
        connection.execute("CREATE TABLE json AS SELECT 'a' AS id, to_json([{kind: 'bad_joke'}]) AS facts, {a: [1]} AS more")
        connection.execute("CREATE TABLE vacant (facts TEXT)")
    return f"duckdb:///{path}"


def test_a_table_of_duckdb_is_read_like_any_other(duck: str, tmp_path: Path) -> None:
    url = f"{duck}?table=interviews"
    got = read(url, tmp_path / "spool", keep=("team", "id"), part_rows=2, limits=Limits(record_bytes=1_000))
    assert told(got) == EXPECTED
    query = f"{duck}?query=SELECT id AS iv, facts AS what FROM interviews WHERE id = 11;"
    assert read(query, tmp_path / "spool", id="iv", facts="what") == [Logged(1, FACTS.encode(), "11")]
    assert told(read(f"{duck}?table=lists", tmp_path / "spool")) == ['1: [{"kind":"bad_joke","times":null}]']
    assert read(f"{duck}?table=json", tmp_path / "spool", keep=("more",)) == [
        Logged(1, b'[{"kind":"bad_joke"}]', "a", ('{"a":[1]}',))
    ]


def test_files_are_queried_by_duckdb(tmp_path: Path) -> None:
    duckdb.sql(f"COPY (SELECT 'a' AS id, '[]' AS facts) TO '{tmp_path}/x.parquet'")
    url = f"duckdb:///:memory:?query=SELECT * FROM '{tmp_path}/x.parquet'"
    assert read(url, tmp_path / "spool") == [Logged(1, b"[]", "a")]


def test_duckdb_is_only_read_and_downloads_nothing(duck: str, tmp_path: Path) -> None:
    path = Path(duck.removeprefix("duckdb:///"))
    before = path.read_bytes()
    assert "does not exist" in bad(f"{duck}?table=interview", tmp_path / "spool")
    with connected(read_url(f"{duck}?table=lists")) as cursor:
        cursor.execute("SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions')")
        assert cursor.fetchall() == [(False, False)]
        with pytest.raises(Exception, match="read-only"):
            cursor.execute("DROP TABLE lists")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == [path.name]
    for url, said in (
        ("duckdb:///nowhere.duckdb?table=a", "there is no file nowhere.duckdb"),
        (
            "duckdb://a.duckdb?table=a",
            "a file of DuckDB is named by duckdb:///PATH?table=NAME or duckdb:///PATH?query=SELECT ...",
        ),
    ):
        assert said in bad(url, tmp_path / "spool")
    with pytest.raises(UsageError, match=r"DuckDB is only read here; write \*.parquet"):
        output_of("duckdb:///a.duckdb?table=scores")


@pytest.mark.parametrize(
    ("driver", "told"),
    [
        (
            "IO: [libpq] COPY query failed: server closed the connection unexpectedly\n\tThis probably means",
            "server closed the connection unexpectedly",
        ),
        ("IO: [libpq] Failed to connect: could not translate host name", "could not translate host name"),
        ("INTERNAL: [SQLite] failed to open 'a.db': unable to open database file", "unable to open database file"),
        (
            "INVALID_ARGUMENT: [libpq] Failed to execute query 'SELECT 1': ERROR:  no such relation",
            "no such relation",
        ),
    ],
)
def test_a_driver_says_what_is_wrong_in_one_line(driver: str, told: str) -> None:
    assert reason(OSError(driver), read_url("postgresql://reader:secret@host/db?table=t", write=True)) == told
