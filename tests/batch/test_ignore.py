"""Columns that are never to be read: whatever the format, nothing of them is kept or told."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misstep import UsageError
from misstep.batch.inputs.kept import take_out
from misstep.batch.run import score

SECRET = "KANARIENVOGEL"
ROW = {"id": "a", "facts": [{"kind": "late_arrival", "minutes": 12}], "team": "x", "candidate": SECRET, "note": {"a": [SECRET]}}
TEXTS = {name: value if isinstance(value, str) else json.dumps(value) for name, value in ROW.items()}


def lines(folder: Path) -> str:
    (folder / "a.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    return str(folder / "a.jsonl")


def document(folder: Path) -> str:
    (folder / "a.json").write_text(json.dumps({"data": [ROW]}, indent=1), encoding="utf-8")
    return str(folder / "a.json")


def table(folder: Path) -> str:
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([TEXTS.keys(), TEXTS.values()])
    return str(folder / "a.csv")


def facts(folder: Path) -> str:
    rows = [["id", "kind", "minutes", "team", "candidate", "note"], ["a", "late_arrival", "12", "x", SECRET, SECRET]]
    with (folder / "b.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return str(folder / "b.csv")


def workbook(folder: Path) -> str:
    book = openpyxl.Workbook()
    book.active.append([*TEXTS])
    book.active.append([*TEXTS.values()])
    book.save(folder / "a.xlsx")
    return str(folder / "a.xlsx")


def parquet(folder: Path) -> str:
    pq.write_table(pa.Table.from_pylist([ROW]), folder / "a.parquet")
    return str(folder / "a.parquet")


def whole_records(folder: Path) -> str:
    record = {name: value for name, value in ROW.items() if name != "team"}
    pq.write_table(pa.table({"facts": [json.dumps(record)], "team": ["x"]}), folder / "b.parquet")
    return str(folder / "b.parquet")


def sqlite(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "a.db")) as connection, connection:
        connection.execute("CREATE TABLE log (id, facts, team, candidate, note)")
        connection.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?)", [*TEXTS.values()])
    return f"sqlite:///{folder}/a.db?table=log"


INPUTS: list[Callable[[Path], str]] = [lines, document, table, facts, workbook, parquet, whole_records, sqlite]


@pytest.mark.parametrize("ignore", [["*"], ["candidate", "note"], ["candidate", "note", "not there"]], ids=str)
@pytest.mark.parametrize("make", INPUTS)
def test_what_is_ignored_is_never_kept_or_told(tmp_path: Path, make: Callable[[Path], str], ignore: list[str]) -> None:
    output = tmp_path / "scores.jsonl"
    outcome = score(make(tmp_path), output, keep=["team"], ignore=ignore, assessment=True, workers=1)
    assert (outcome.interviews, outcome.rejects) == (1, 0)
    row = json.loads(output.read_text(encoding="utf-8"))
    assert (row["id"], row["team"], row["worst"]) == ("a", "x", "late_arrival")
    assert SECRET not in "".join(file.read_text(encoding="utf-8") for file in tmp_path.glob("scores.*"))


def test_what_nobody_ignores_is_told_with_the_way(tmp_path: Path) -> None:
    score([lines(tmp_path)], tmp_path / "scores.jsonl", keep=["team"], workers=1)
    (reject,) = (tmp_path / "scores.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    message = "there is no such field; there are id, facts; --keep carries further columns along, --ignore leaves them out"
    assert {problem["message"] for problem in json.loads(reject)["problems"]} == {message}
    with pytest.raises(UsageError, match="'candidate' is no field of any kind; --keep carries it along, --ignore leaves it out"):
        score([facts(tmp_path)], tmp_path / "more.jsonl", keep=["team"], workers=1)


def test_a_column_cannot_be_read_and_ignored(tmp_path: Path) -> None:
    for ignore in ("team", "facts", "id"):
        with pytest.raises(UsageError, match=f"ignore: the column '{ignore}' is to be read as well"):
            score([lines(tmp_path)], tmp_path / "scores.jsonl", keep=["team"], ignore=[ignore], workers=1)


names = st.sampled_from(["team", "a", "b", "facts", "id"])


@given(st.dictionaries(names, st.integers() | st.text(max_size=3)), st.lists(names), st.lists(names | st.just("*")))
def test_what_is_left_of_a_record(record: dict[str, Any], keep: list[str], ignore: list[str]) -> None:
    left, _ = take_out(json.dumps(record).encode(), keep, ignore)
    stay = {"id", "facts"} | ({"team", "a", "b"} - {*keep, *ignore} if "*" not in ignore else set())
    assert json.loads(left) == {name: value for name, value in record.items() if name in stay}
