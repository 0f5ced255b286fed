"""What a run says of the quality of a log: rejects by reason, duplicates, columns that are not read, words without a meaning."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from tests.batch.test_report import downloads, sketch

from misstep.batch import tasks
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.batch.report.report_page import to_html
from misstep.batch.report.summing import measure
from misstep.batch.results import read_scores
from misstep.batch.run import score
from misstep.batch.summary import Summary

GOOD: dict[str, object] = {"facts": [{"kind": "late_arrival", "minutes": 12}]}
WRONG: list[dict[str, object]] = [
    {"facts": [{"kind": "late_arival"}]},
    {"facts": [{"kind": "wrong_name"}, {"kind": "late_arival"}, {"kind": "late_arival"}]},
    {"facts": [{"kind": "late_arrival", "minutes": "ten"}]},
]


def write_log(file: Path, records: list[dict[str, object]]) -> Path:
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def test_rejects_are_counted_by_reason(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", [GOOD, *WRONG * 20])
    summary = score(log, tmp_path / "scores.parquet", workers=1).summary
    asked = duckdb.sql(
        "SELECT regexp_replace(problem.pointer, '/[0-9]+/', '/*/') || ': ' || problem.message AS reason, count(DISTINCT row)"
        f" FROM (SELECT row, unnest(problems) AS problem FROM read_json_auto('{tmp_path}/scores.rejects.jsonl'))"
        " GROUP BY reason ORDER BY 2 DESC, 1"
    )
    assert asked is not None
    assert list(summary.reasons.items()) == asked.fetchall()
    assert summary.reasons["/facts/*/kind: there is no such kind; did you mean 'late_arrival'?"] == 40
    assert sum(summary.reasons.values()) == summary.rejects == 60
    assert read_scores(tmp_path / "scores.parquet").summary == summary


def test_reasons_of_many_sorts_are_told_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MOST_REASONS", 1)
    log = write_log(tmp_path / "log.jsonl", [GOOD, *WRONG])
    summary = score(log, tmp_path / "scores.parquet", workers=1).summary
    assert summary.reasons == {"/facts/*/kind: there is no such kind; did you mean 'late_arrival'?": 2, "(others)": 1}


def test_a_reject_that_stands_for_many_counts_as_many() -> None:
    rejects: list[tasks.RejectLine] = [
        {"file": "a", "row": 1, "count": 7, "problems": [{"pointer": "", "message": "damaged"}]}
    ] * 2
    assert tasks.reasons(rejects) == {"damaged": 14}


@pytest.mark.parametrize("name", ["log.csv", "log.parquet", "log.db"])
def test_columns_that_are_not_read_are_told(tmp_path: Path, name: str) -> None:
    source = tmp_path / name
    values = "SELECT 'a' AS id, '[]' AS facts, 'x' AS team, 'y' AS notes, 'z' AS panel"
    url = str(source)
    if name == "log.db":
        with duckdb.connect(str(source)) as made:
            made.execute(f"CREATE TABLE log AS {values}")
        url = f"duckdb:///{source}?table=log"
    else:
        duckdb.execute(f"COPY ({values}) TO '{source}'")

    def said(**options: object) -> list[str]:
        outcome = score(url, tmp_path / "scores.parquet", workers=1, overwrite=True, **options)  # type: ignore[arg-type]
        return [remark.text for remark in outcome.summary.remarks]

    (text,) = said(keep=["team"])
    assert text == "columns that are not read: notes, panel; --keep carries them along, --ignore says that they are known"
    assert said(keep=["team"], ignore=["notes", "panel"]) == []
    assert said(ignore=["*"]) == []


def test_duplicates_are_told_as_left_out_or_not(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", [{"id": "a", **GOOD}, {"id": "a", **GOOD}, {"id": "b", **GOOD}])
    kept = score(log, tmp_path / "all.parquet", workers=1).summary
    fewer = score(log, tmp_path / "fewer.parquet", workers=1, unique=True).summary
    assert (kept.interviews, kept.duplicates, kept.unique) == (3, 1, False)
    assert (fewer.interviews, fewer.duplicates, fewer.unique) == (2, 1, True)
    told = told_by(to_html(measure([read_scores(tmp_path / "fewer.parquet")]), sketch))["quality-of-the-log.csv"]
    row = told["with the id of one before, left out"]
    assert (row["how many"], float(row["share"]), row["of"]) == ("1", 0.333333, "of all records")


MAPPING = """\
map: 1
id: "{key}"
columns: {key: text, mood: text, name: {values: {correct: false, mistaken: true}}}
facts:
  late_arrival: {when: 'mood in ["late", "very late"]'}
  wrong_name: {when: name}
"""


def test_words_without_a_meaning_have_a_suggestion(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("key,mood,name,room\na,late,,1\nb,laet,mistake,2\nc,late,,\nd,laet,correct,4\ne,xyz,,5\n", encoding="utf-8")
    mapping = RowMapping.parse(MAPPING, "map.yaml")
    coverage = score(log, tmp_path / "scores.parquet", mapping=mapping, workers=1).summary.coverage
    assert coverage is not None
    assert coverage.unmapped == {"mood": {"laet": 2, "xyz": 1}, "name": {"mistake": 1}}
    assert coverage.hints == {"mood": {"laet": "did you mean 'late'?"}, "name": {"mistake": "did you mean 'mistaken'?"}}
    assert coverage.unread == {"room": 4}


def test_the_quality_of_several_runs_is_their_sum(tmp_path: Path) -> None:
    mapping = RowMapping.parse(MAPPING, "map.yaml")
    logs = {"one": "a,late,,1\nb,laet,,2\n", "two": "a,late,,1\nd,laet,,\ne,lat,,5\n"}
    found = []
    for name, text in logs.items():
        (tmp_path / f"{name}.csv").write_text(f"key,mood,name,room\n{text}", encoding="utf-8")
        found.append(score(tmp_path / f"{name}.csv", tmp_path / f"{name}.parquet", mapping=mapping, workers=1).summary)
    whole = Summary.merged(found).coverage
    assert whole is not None
    assert whole.unmapped == {"mood": {"laet": 2, "lat": 1}}
    assert whole.hints == {"mood": {"laet": "did you mean 'late'?", "lat": "did you mean 'late'?"}}
    assert (whole.rows, whole.unread, whole.made) == (5, {"room": 4}, {"late_arrival": 2})
    wrong = [
        score(write_log(tmp_path / f"{n}.jsonl", [GOOD, *WRONG, GOOD]), tmp_path / f"{n}.csv", workers=1).summary for n in (3, 4)
    ]
    both = Summary.merged(wrong)
    assert both.reasons == {reason: 2 * count for reason, count in wrong[0].reasons.items()}
    assert both.rejects == 6


def told_by(page: str) -> dict[str, dict[str, dict[str, str]]]:
    """The tables of the page, by the name of their file, and the rows in them by their first cell."""
    return {name: {next(iter(row.values())): row for row in rows} for name, rows in downloads(page).items()}


def test_the_page_tells_what_the_scores_rest_on(tmp_path: Path) -> None:
    facts = [GOOD["facts"], []] * 10
    records: list[dict[str, object]] = [{"id": f"iv-{n % 18}", "facts": each} for n, each in enumerate(facts)]
    said = {"kind": "flirting", "medium": "email", "handled": "ignored"}
    records[1]["facts"] = [{"kind": "interview", "outcome": "rejected"}, said]
    log = write_log(tmp_path / "log.jsonl", [*records, *WRONG])
    score(log, tmp_path / "scores.parquet", workers=1, tables=["findings"])
    found = told_by(to_html(measure([read_scores(tmp_path / "scores.parquet")]), sketch))
    with duckdb.connect() as database:
        asked = database.execute(
            f"SELECT (SELECT count(*) FROM '{tmp_path}/scores.parquet'),"
            f" (SELECT count(*) FROM read_json_auto('{tmp_path}/scores.rejects.jsonl')),"
            f" (SELECT count(*) - count(DISTINCT id) FROM '{tmp_path}/scores.parquet'),"
            f" (SELECT count(DISTINCT row) FROM '{tmp_path}/scores.findings.parquet' WHERE assumed),"
            f" (SELECT count(*) FROM '{tmp_path}/scores.findings.parquet' WHERE assumed),"
            f" (SELECT count(*) FROM '{tmp_path}/scores.findings.parquet')"
        ).fetchall()
    ((scored, rejected, again, guessed, assumed, mistakes),) = asked
    assert {what: (int(row["how many"]), float(row["share"])) for what, row in found["quality-of-the-log.csv"].items()} == {
        "scored": (scored, round(scored / 23, 6)),
        "rejected: they could not be scored": (rejected, round(rejected / 23, 6)),
        "with the id of one before, scored all the same": (again, round(again / scored, 6)),
        "interviews with a score that rests on a default": (guessed, round(guessed / scored, 6)),
        "mistakes with a score that rests on a default": (assumed, round(assumed / mistakes, 6)),
    }
    assert (scored, rejected, again) == (20, 3, 2)
    assert 0 < assumed < mistakes
    row = found["rejects-by-reason.csv"]["/facts/*/kind: there is no such kind; did you mean 'late_arrival'?"]
    assert (row["records"], row["share of rejects"]) == ("2", "0.666667")


def test_the_page_tells_what_a_mapping_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("key,mood,name,room\na,late,,1\nb,laet,mistake,2\nd,laet,correct,\n", encoding="utf-8")
    score(log, tmp_path / "scores.parquet", mapping=RowMapping.parse(MAPPING, "map.yaml"), workers=1)
    page = to_html(measure([read_scores(tmp_path / "scores.parquet")]), sketch)
    found = downloads(page)
    assert [list(row.values()) for row in found["values-that-mean-nothing-to-the-mapping.csv"]] == [
        ["mood", "laet", "2", "did you mean 'late'?"],
        ["name", "mistake", "1", "did you mean 'mistaken'?"],
    ]
    assert [list(row.values()) for row in found["columns-that-are-not-read.csv"]] == [["room", "2"]]
    assert [list(row.values()) for row in found["facts-by-the-lines-of-the-mapping.csv"]] == [["late_arrival", "1", "0"]]
    assert "The mapping made 1 fact of 3 rows." in page


def test_how_inputs_were_read_is_told_of_mapped_ones_too(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes("key;mood;name\na;late;\nb;spät;\n".encode("utf-16"))
    (tmp_path / "log.json").write_text('{"data": [{"key": "c", "mood": "late", "name": null}]}', encoding="utf-8")
    inputs = [log, tmp_path / "log.json"]
    found = score(inputs, tmp_path / "scores.parquet", mapping=RowMapping.parse(MAPPING, "map.yaml"), workers=1).summary
    assert [remark.text for remark in found.remarks] == [
        "read as utf-16; --encoding names another encoding",
        "cells end at ';'; --delimiter and --decimal say otherwise",
        "the records are those of the list 'data'",
    ]


def test_the_page_tells_how_inputs_were_read(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("id;facts;room\na;[];1\nb;[];2\n", encoding="utf-8")
    summary = score(log, tmp_path / "scores.parquet", workers=1).summary
    page = to_html(measure([read_scores(tmp_path / "scores.parquet")]), sketch)
    rows = downloads(page)["how-inputs-were-read-and-what-of-them-was-not.csv"]
    assert [(row["input"], row["remark"]) for row in rows] == [(remark.file, remark.text) for remark in summary.remarks]
    assert [row["remark"].partition(";")[0] for row in rows] == ["cells end at '", "columns that are not read: room"]


def test_a_log_of_rejects_alone_has_its_quality_told(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.jsonl", WRONG)
    score(log, tmp_path / "scores.parquet", workers=1)
    found = told_by(to_html(measure([read_scores(tmp_path / "scores.parquet")]), sketch))
    assert found["quality-of-the-log.csv"]["scored"]["how many"] == "0"
    assert sum(int(row["records"]) for row in found["rejects-by-reason.csv"].values()) == 3
