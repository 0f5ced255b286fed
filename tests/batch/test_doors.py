"""One meaning at every door: a record, right or wrong, gives the same answer or the same error wherever it comes in."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.service.running import Service, running

from misstep import RecordError, RuleBase, assess, assess_json, score_batch
from misstep.batch.run import score

pytestmark = pytest.mark.once  # starts a service

LATE = {"kind": "late_arrival", "minutes": 12}
RECORDS: dict[str, list[Any]] = {
    "nothing": [],
    "a fact": [LATE],
    "null is not said, whatever the field": [
        {"kind": "late_arrival", "minutes": 12, "times": None, "notified": None, "id": None}
    ],
    "also a field that the kind has not": [{"kind": "late_arrival", "minutes": 12, "seconds": None, "whatever": None}],
    "a null in the list is no fact": [None, LATE, None],
    "12.0 is a whole number": [{"kind": "late_arrival", "minutes": 12.0}, {"kind": "wrong_name", "times": 2.0}],
    "a set with a null": [{"kind": "interview", "channels": ["email", None]}, LATE],
    "ids and references": [{"kind": "late_arrival", "id": "l", "minutes": 3}, {"kind": "they_brought_it_up", "about": "l"}],
    "text of any script": [{"kind": "bad_joke", "reason": 'er sagte: "naß", 東京\n;'}],
    "no such kind": [{"kind": "late_arival"}],
    "no kind": [{"minutes": 12}],
    "a null for the kind": [{"kind": None, "minutes": 12}],
    "a field that the kind has not": [{"kind": "late_arrival", "minutes": 12, "seconds": 4}],
    "12.5 is no whole number": [None, {"kind": "late_arrival", "minutes": 12.5}],
    "text is no number": [{"kind": "late_arrival", "minutes": "12"}],
    "true is no number": [{"kind": "late_arrival", "minutes": True}],
    "one is not true": [{"kind": "late_arrival", "minutes": 12, "notified": 1}],
    "too many minutes": [{"kind": "late_arrival", "minutes": 1e9}],
    "no such word": [{"kind": "wrong_name", "whose": "nobody's"}],
    "an id twice": [{"kind": "bad_joke", "id": "a"}, None, {"kind": "late_arrival", "id": "a"}],
    "a setting twice": [{"kind": "interview"}, {"kind": "interview"}],
}
ID = "iv-1"


def answer(act: Callable[[], bytes | str]) -> Any:
    """The assessment, or what is wrong: each place with what is said of it."""
    try:
        return json.loads(act())
    except RecordError as error:
        return [f"{problem.location.pointer}: {problem.message}" for problem in error.problems]


def scored(folder: Path, log: str, **options: Any) -> Any:
    """What ``score`` makes of a log of one interview."""
    output = folder / "out.jsonl"
    outcome = score(log, output, assessment=True, workers=1, overwrite=True, **options)
    if not outcome.rejects:
        (line,) = output.read_text(encoding="utf-8").splitlines()
        return json.loads(json.loads(line)["assessment"])
    (line,) = (folder / "out.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    reject = json.loads(line)
    assert reject["id"] == ID
    return [f"{problem['pointer']}: {problem['message']}" for problem in reject["problems"]]


def json_lines(facts: list[Any], folder: Path) -> Any:
    (folder / "a.jsonl").write_text(json.dumps({"id": ID, "team": None, "facts": facts}) + "\n", encoding="utf-8")
    return scored(folder, str(folder / "a.jsonl"))


def json_list(facts: list[Any], folder: Path) -> Any:
    (folder / "a.json").write_text(json.dumps({"data": [{"id": ID, "facts": facts}]}, indent=2), encoding="utf-8")
    return scored(folder, str(folder / "a.json"))


def parquet_text(facts: list[Any], folder: Path) -> Any:
    pq.write_table(pa.table({"id": [ID], "facts": [json.dumps(facts)]}), folder / "a.parquet")
    return scored(folder, str(folder / "a.parquet"))


def parquet_structs(facts: list[Any], folder: Path) -> Any:
    pq.write_table(pa.table({"id": [ID], "facts": [facts]}), folder / "a.parquet")
    return scored(folder, str(folder / "a.parquet"))


def csv_json(facts: list[Any], folder: Path) -> Any:
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([["id", "facts"], [ID, json.dumps(facts, ensure_ascii=False)]])
    return scored(folder, str(folder / "a.csv"))


def sqlite(facts: list[Any], folder: Path) -> Any:
    with closing(sqlite3.connect(folder / "a.db")) as connection, connection:
        connection.execute("CREATE TABLE log (id TEXT, facts TEXT)")
        connection.execute("INSERT INTO log VALUES (?, ?)", (ID, json.dumps(facts)))
    return scored(folder, f"sqlite:///{folder}/a.db?table=log")


def duckdb_lists(facts: list[Any], folder: Path) -> Any:
    batch = pa.table({"id": [ID], "facts": [facts]})  # noqa: F841 - DuckDB finds it by its name
    with duckdb.connect(folder / "a.duckdb") as connection:
        connection.execute("CREATE TABLE log AS SELECT * FROM batch")
    return scored(folder, f"duckdb:///{folder}/a.duckdb?table=log")


def batch_of(facts: pa.Array) -> Any:
    batch = pa.RecordBatch.from_arrays([pa.array([ID]), facts], ["id", "facts"])
    (row,) = score_batch(batch, assessment=True).to_pylist()
    if row["error"] is None:
        return json.loads(row["assessment"])
    return ["/" + line.partition("/")[2] for line in row["error"].splitlines()]


def batch_text(facts: list[Any], folder: Path) -> Any:
    return batch_of(pa.array([json.dumps(facts)]))


def batch_structs(facts: list[Any], folder: Path) -> Any:
    return batch_of(pa.array([facts]))


def as_json(facts: list[Any], folder: Path) -> Any:
    return answer(lambda: assess_json(json.dumps({"id": ID, "facts": facts})))


DOORS = {
    door.__name__: door
    for door in (
        as_json,
        json_lines,
        json_list,
        parquet_text,
        parquet_structs,
        csv_json,
        sqlite,
        duckdb_lists,
        batch_text,
        batch_structs,
    )
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", RECORDS)
def test_a_record_means_the_same_at_every_door(name: str, door: str, tmp_path: Path) -> None:
    facts = RECORDS[name]
    expected = answer(lambda: assess({"id": ID, "facts": facts}).to_json())
    assert DOORS[door](facts, tmp_path) == expected


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as service:
        service.wait_for("Application startup complete.")
        yield service


def test_and_over_http(service: Service) -> None:
    for name, facts in RECORDS.items():
        expected = answer(lambda facts=facts: assess({"id": ID, "facts": facts}).to_json())  # type: ignore[misc]
        response = httpx.post(f"{service.url}/assess", json={"id": ID, "facts": facts}).json()
        if "errors" in response:
            response = [f"{error['pointer']}: {error['detail']}" for error in response["errors"]]
        assert response == expected, name


def test_what_is_wrong_is_wrong_and_what_is_right_is_right() -> None:
    rules = RuleBase.shipped()
    right = [name for name, facts in RECORDS.items() if isinstance(answer(lambda f=facts: rules.assess(f).to_json()), dict)]  # type: ignore[misc]
    assert right == list(RECORDS)[:9]
    late = rules.assess([LATE])
    for name in list(RECORDS)[2:5]:
        assert rules.assess(RECORDS[name]) == late
