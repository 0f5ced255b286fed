"""Tables of a database hold what files hold, under their names whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pyarrow.parquet as pq
import pytest
from tests.batch.databases import connect, in_order, rows_of, tables_of

import misstep
from misstep import UsageError
from misstep.batch import forms, loading
from misstep.batch import run as running
from misstep.batch.run import score
from misstep.tools.sample import sample_records


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("log") / "log.jsonl"
    records = sample_records(misstep.RuleBase.shipped(), 120, 9, ["team"])
    file.write_bytes(b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records) + b"torn")
    return file


@pytest.fixture(autouse=True)
def small_parts_and_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PART_BYTES", 10_000)
    monkeypatch.setattr(forms, "ROWS", 30)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database; the working folder is one of the test's own."""
    monkeypatch.chdir(tmp_path)
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scores.db"
    found: str = request.getfixturevalue("postgresql")
    return found


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row of Parquet as a database has it."""
    return {name: json.dumps(value, separators=(",", ":")) if isinstance(value, list) else value for name, value in row.items()}


def test_tables_hold_what_files_hold(log: Path, tmp_path: Path, address: str) -> None:
    options: Any = {"keep": ["team"], "tables": ["findings", "actions"], "assessment": True, "workers": 1}
    score(log, tmp_path / "f.parquet", **options)
    outcome = score(log, f"{address}?table=scores", **options)
    tables = tables_of(address, "scores")
    for table, name in (("", "f.parquet"), ("_findings", "f.findings.parquet"), ("_actions", "f.actions.parquet")):
        assert tables[table] == in_order([plain(row) for row in pq.read_table(tmp_path / name).to_pylist()])
    (run,) = tables["_run"]
    assert (run["interviews"], run["rejects"], run["digest"]) == (120, 1, misstep.RuleBase.shipped().digest)
    assert json.loads(run["summary"])["tables"] == {"findings": "scores_findings", "actions": "scores_actions"}
    assert outcome.files["interviews"].endswith("?table=scores")
    assert "se%20cret" not in str(outcome.files)
    assert (tmp_path / "scores.rejects.jsonl").exists()
    assert not list(tmp_path.rglob("*.misstep-run"))


def test_what_is_there_stays_unless_it_is_to_be_replaced(log: Path, address: str) -> None:
    score(log, f"{address}?table=scores", keep=["team"], tables=["findings"], workers=1)
    before = tables_of(address, "scores")
    with pytest.raises(UsageError, match="is there already; give --overwrite to replace it, or choose another name"):
        score(log, f"{address}?table=scores", keep=["team"], workers=1)
    assert tables_of(address, "scores") == before
    score(log, f"{address}?table=scores", keep=["team"], workers=1, overwrite=True)
    after = tables_of(address, "scores")
    assert after[""] == before[""]
    assert "_findings" not in after  # of other interviews, perhaps


def test_a_table_of_somebody_else_stays(log: Path, address: str) -> None:
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE scores_findings (mine INTEGER)")
        connection.commit()
    score(log, f"{address}?table=scores", keep=["team"], workers=1)
    score(log, f"{address}?table=other", keep=["team"], workers=1, overwrite=True)
    assert rows_of(address, "SELECT COUNT(mine) AS n FROM scores_findings") == [{"n": 0}]


def test_loading_that_fails_goes_on_where_it_was(log: Path, address: str) -> None:
    loaded: list[int] = []
    load = loading.DatabaseOutput._load

    def failing(self: Any, cursor: Any, table: str, rows: Any, mode: Any = "append") -> None:
        if mode == "append":
            loaded.append(len(rows))
            if len(loaded) == 3:
                raise KeyboardInterrupt
        load(self, cursor, table, rows, mode)

    with mock.patch.object(loading.DatabaseOutput, "_load", failing):
        with pytest.raises(KeyboardInterrupt):
            score(log, f"{address}?table=scores", keep=["team"], tables=["findings"], workers=1)
        outcome = score(log, f"{address}?table=scores", keep=["team"], tables=["findings"], workers=1)
    assert outcome.resumed == 120
    tables = tables_of(address, "scores")
    assert sum(loaded) - loaded[2] == len(tables[""]) + len(tables["_findings"])


def test_a_schema_of_postgresql(log: Path, tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with connect(postgresql) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA hr")
        connection.commit()
    score(log, f"{postgresql}?table=hr.scores", keep=["team"], workers=1)
    assert rows_of(postgresql, "SELECT COUNT(*) AS n FROM hr.scores") == [{"n": 120}]
    with pytest.raises(UsageError, match=r"the table hr\.scores is there already"):
        score(log, f"{postgresql}?table=hr.scores", keep=["team"], workers=1)


def test_text_that_postgresql_has_not(tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log.jsonl").write_bytes(b'{"facts": [], "team": "a\\u0000b\\ud83d\\ude00\'; DROP TABLE scores"}\n')
    score("log.jsonl", f"{postgresql}?table=odd", keep=["team"], workers=1)
    assert rows_of(postgresql, "SELECT team FROM odd") == [{"team": "a\\u0000b\U0001f600'; DROP TABLE scores"}]


def test_a_database_scored_into_itself(log: Path, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/log.db"
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE interviews (id TEXT, facts TEXT)")
        cursor.execute("""INSERT INTO interviews VALUES ('a', '[{"kind": "late_arrival"}]'), ('b', '[]')""")
        connection.commit()
    score(f"{address}?table=interviews", f"{address}?table=scores", workers=1)
    assert [row["id"] for row in tables_of(address, "scores")[""]] == ["a", "b"]
    with pytest.raises(UsageError, match="is an input; write elsewhere"):
        score(f"{address}?table=scores", f"{address}?table=scores", overwrite=True)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:///{}/no/scores.db?table=scores", "there is no folder {}/no"),
        ("sqlite:///{}/scores.db?query=SELECT 1", "scores go into a table; end it with ?table=NAME"),
        ("sqlite:///{}/scores.db", "does not say which table to write; end it with ?table=NAME"),
        ("sqlite:///{}/scores.db?table=", "does not say which table to write; end it with ?table=NAME"),
        ("sqlite:scores.db?table=scores", "sqlite:scores.db: a file of SQLite is named by sqlite:///PATH?table=NAME"),
        ("sqlite:///{}/a.db?table=SQLite_x", "names that begin with sqlite_ are SQLite's own; choose another name for the table"),
        ("sqlite:///:memory:?table=a", "a database in memory is gone with the run; name a file: sqlite:///PATH?table=NAME"),
        ("sqlite:///{}?table=a", "{} is a folder"),
        ("sqlite:///.?table=a", "sqlite:///.?table=a: . is a folder; name a file: sqlite:///PATH?table=NAME"),
        ("sqlite:///..?table=a", "sqlite:///..?table=a: .. is a folder; name a file: sqlite:///PATH?table=NAME"),
        ("sqlite:////?table=a", "sqlite:////?table=a: / is a folder; name a file: sqlite:///PATH?table=NAME"),
        ("postgresql://me:secret@127.0.0.1:9/x", "postgresql://me@127.0.0.1:9/x: does not say which table to write"),
        ("duckdb:///{}/scores.db", "scores.db: DuckDB is only read here; write *.parquet, which it reads as a table"),
        ("file://{}/scores.csv", "file://{0}/scores.csv: a file of this machine is named by its path: {0}/scores.csv"),
        ("", "an empty name is no file or folder"),
        ("postgresql://me:secret@127.0.0.1:9/x?table=scores", "postgresql://me@127.0.0.1:9/x?table=scores: cannot be reached"),
    ],
)
def test_outputs_that_make_no_sense(log: Path, tmp_path: Path, url: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        score(log, url.format(tmp_path), keep=["team"], workers=1)
    assert message.format(tmp_path) in str(caught.value)
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_be_written(log: Path, tmp_path: Path) -> None:
    (tmp_path / "scores.db").write_bytes(b"no database at all, but long enough to be taken for one" * 20)
    with pytest.raises(UsageError, match=r"scores\.db\?table=scores: .*not a database"):
        score(log, f"sqlite:///{tmp_path}/scores.db?table=scores", keep=["team"], workers=1)
    assert (tmp_path / "scores.db").read_bytes().startswith(b"no database")


def test_columns_that_differ_in_case_only(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b'{"facts": [], "Damage": "1"}\n')
    with pytest.raises(UsageError, match=r"duplicate column 'damage' \(database column names are case-insensitive\)"):
        score(tmp_path / "log.jsonl", f"sqlite:///{tmp_path}/s.db?table=scores", keep=["Damage"], workers=1)
