"""A log of any format through a mapping: the same scores, a coverage that is right to the count, and nothing that is ignored."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from misstep import RuleBase, UsageError, score_batch
from misstep.batch.inputs import Reading, parquet, plan_parts
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.batch.run import score

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

ROOT = Path(__file__).parents[3]
WIDE = ROOT / "fixtures" / "mappings" / "wide.yaml"
COLUMNS = ["interview_id", "team", "tardiness_min", "interviewer_name_wrong", "phone_rang", "comment", "hired"]
CANARY = "Zebedee"


def rows(count: int) -> list[dict[str, Any]]:
    drawn = random.Random(7)
    minutes = [None, "0", "5", "12 min", "half an hour", "90"]
    return [
        {
            "interview_id": f"iv-{i}",
            "team": drawn.choice(["Sales", "Ops"]),
            "tardiness_min": drawn.choice(minutes),
            "interviewer_name_wrong": drawn.choice(["Y", "N", "y", "maybe", None]),
            "phone_rang": drawn.choice(["1", "0", None]),
            "comment": f"{CANARY} {i}",
            "hired": drawn.choice(["yes", None]),
        }
        for i in range(count)
    ]


def write_log(folder: Path, form: str, log: list[dict[str, Any]]) -> str:
    """A log in some format; its name."""
    file = folder / f"log.{form}"
    table = pa.Table.from_pylist(log, pa.schema([(name, pa.string()) for name in COLUMNS]))
    match form:
        case "csv" | "semicolons.csv":
            with file.open("w", newline="", encoding="utf-8-sig" if form != "csv" else "utf-8") as stream:
                writer = csv.DictWriter(stream, COLUMNS, delimiter=";" if form != "csv" else ",")
                writer.writeheader()
                writer.writerows(log)
        case "json":
            file.write_text(json.dumps({"data": log}, indent=1), encoding="utf-8")
        case "jsonl":
            file.write_text("".join(json.dumps(row) + "\n" for row in log), encoding="utf-8")
        case "parquet":
            pq.write_table(table, file)
        case "xlsx":
            book = openpyxl.Workbook()
            for row in [COLUMNS, *([row[name] for name in COLUMNS] for row in log)]:
                book.active.append(row)
            book.save(file)
        case "sqlite":
            with closing(sqlite3.connect(file)) as database, database:
                database.execute(f"CREATE TABLE log ({', '.join(COLUMNS)})")
                database.executemany(f"INSERT INTO log VALUES ({','.join('?' * len(COLUMNS))})", [tuple(r.values()) for r in log])
            return f"sqlite:///{file}?table=log"
        case "duckdb":
            with duckdb.connect(str(file)) as connection:
                connection.register("given", table)
                connection.execute("CREATE TABLE log AS SELECT * FROM given")
            return f"duckdb:///{file}?table=log"
    return str(file)


def scores(folder: Path, log: str, **options: Any) -> dict[str, dict[str, Any]]:
    output = folder / "out.jsonl"
    outcome = score(log, output, mapping=RowMapping.load(WIDE), workers=1, overwrite=True, **options)
    assert outcome.rejects == 0
    found = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: {name: value for name, value in row.items() if name not in ("file", "row")} for row in found}


@pytest.mark.parametrize("form", ["semicolons.csv", "json", "jsonl", "parquet", "xlsx", "sqlite", "duckdb"])
def test_every_format_gives_the_scores_of_csv(form: str, tmp_path: Path) -> None:
    log = rows(40)
    expected = scores(tmp_path, write_log(tmp_path, "csv", log))
    assert len(expected) == 40
    assert scores(tmp_path, write_log(tmp_path, form, log)) == expected


def test_a_batch_of_arrow_gives_them_too(tmp_path: Path) -> None:
    log = rows(40)
    expected = scores(tmp_path, write_log(tmp_path, "csv", log))
    table = pa.Table.from_pylist(log, pa.schema([(name, pa.string()) for name in COLUMNS]))
    scored = score_batch(table, mapping=RowMapping.load(WIDE)).to_pylist()
    assert [row["damage"] for row in scored] == [row["damage"] for row in expected.values()]
    assert {row["error"] for row in scored} == {None}


def test_parquet_that_is_damaged_or_more_rows_than_bytes_is_told_from_there_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(write_log(tmp_path, "parquet", rows(3)))
    with pq.ParquetFile(file) as there:
        table, begin = there.read(), there.metadata.row_group(0).column(0).data_page_offset
    pq.write_table(pa.concat_tables([table] * 1_000), file, row_group_size=1_000)
    monkeypatch.setattr(parquet, "FREE_VALUES", 2_500)

    def ends() -> list[tuple[int, str]]:
        parts = plan_parts([str(file)], Reading(spool=tmp_path), mapping=RowMapping.load(WIDE))
        return [(part.row, part.fault) for part in parts if part.fault]

    assert ends() == [(2_001, parquet.MORE_THAN_BYTES)]
    data = bytearray(file.read_bytes())
    data[begin : begin + 40] = b"\xff" * 40
    file.write_bytes(data)
    assert ends()[0] == (1, "the file is damaged: what follows cannot be read")


def test_the_coverage_is_that_of_a_query(tmp_path: Path) -> None:
    log = rows(500)
    outcome = score(write_log(tmp_path, "parquet", log), tmp_path / "out.parquet", mapping=RowMapping.load(WIDE), workers=1)
    coverage = outcome.summary.coverage
    assert coverage is not None
    file = tmp_path / "log.parquet"

    def count(condition: str) -> int:
        ((found,),) = duckdb.execute(f"SELECT count(*) FROM '{file}' WHERE {condition}").fetchall()
        return int(found)

    assert coverage.rows == 500
    assert coverage.made == {
        "late_arrival": count("tardiness_min IN ('5', '12 min', '90')"),
        "wrong_name": count("lower(interviewer_name_wrong) = 'y'"),
        "phone_rang": count("phone_rang = '1'"),
    }
    assert coverage.unmapped == {
        "tardiness_min": {"half an hour": count("tardiness_min = 'half an hour'")},
        "interviewer_name_wrong": {"maybe": count("interviewer_name_wrong = 'maybe'")},
    }
    assert coverage.unread == {"hired": count("hired IS NOT NULL")}


def test_what_is_ignored_stands_nowhere(tmp_path: Path) -> None:
    for form in ("csv", "json", "parquet", "sqlite"):
        name = write_log(tmp_path, form, rows(5))
        folder = tmp_path / f"of-{form}"
        folder.mkdir()
        score(name, folder / "out.jsonl", mapping=RowMapping.load(WIDE), workers=1, assessment=True, tables=["findings"])
        written = [file for file in folder.rglob("*") if file.is_file()]
        assert written
        assert not any(CANARY.encode() in file.read_bytes() for file in written)


def test_a_row_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in rows(3)]
    (tmp_path / "log.jsonl").write_text("\n".join([lines[0], '{"interview_id": ', "[1]", *lines[1:]]) + "\n", encoding="utf-8")
    outcome = score(tmp_path / "log.jsonl", tmp_path / "out.jsonl", mapping=RowMapping.load(WIDE), workers=1)
    assert (outcome.interviews, outcome.rejects) == (3, 2)
    rejects = [json.loads(line) for line in (tmp_path / "out.rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(reject["row"], reject["problems"][0]["message"][:15]) for reject in rejects] == [
        (2, "not valid JSON:"),
        (3, "must be an obje"),
    ]


def test_a_column_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    log = [{("tardines_min" if name == "tardiness_min" else name): value for name, value in row.items()} for row in rows(2)]
    pq.write_table(pa.Table.from_pylist(log), tmp_path / "log.parquet")
    with pytest.raises(UsageError, match="has no column 'tardiness_min', which the mapping reads; did you mean 'tardines_min'"):
        score(tmp_path / "log.parquet", tmp_path / "out.jsonl", mapping=RowMapping.load(WIDE))


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("late,note,note,late\n1,a,b,2\n", encoding="utf-8")
    read = RowMapping.parse("map: 1\ncolumns: {late: integer}\nfacts: {late_arrival: {minutes: late}}\n")
    with pytest.raises(UsageError, match="has the column 'late' twice"):
        score(tmp_path / "log.csv", tmp_path / "out.jsonl", mapping=read)


def test_what_is_kept_is_for_the_mapping_to_say(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the mapping says which columns are kept"):
        score(write_log(tmp_path, "csv", rows(1)), tmp_path / "out.jsonl", mapping=RowMapping.load(WIDE), keep=["team"])


@pytest.mark.parametrize(
    ("name", "export"),
    [("greenhouse", "greenhouse_scorecards.json"), ("lever", "lever_feedback.json"), ("wide", "wide.csv")],
)
def test_shaped_exports_are_scored_to_the_last_row(name: str, export: str, tmp_path: Path) -> None:
    mapping = RowMapping.load(ROOT / "fixtures" / "mappings" / f"{name}.yaml")
    outcome = score(ROOT / "fixtures" / "messy" / export, tmp_path / "out.jsonl", mapping=mapping, workers=1)
    assert (outcome.interviews, outcome.rejects) == (3, 0)
    assert outcome.summary.coverage is not None
    assert Counter(outcome.summary.coverage.made).total() == {"greenhouse": 12, "lever": 3, "wide": 3}[name]
    assert outcome.summary.coverage.unread == {}


def test_rows_are_what_the_rule_base_of_the_run_knows() -> None:
    own = RuleBase.load(Path(__file__).parent / "kinds.yaml")
    read = RowMapping.parse("map: 1\ncolumns: {n: integer}\nfacts: {spill: {amount: n}}\n", rulebase=own)
    assert own.assess(read.record({"n": "3"}, LogCoverage()).facts).findings[0].kind == "spill"
