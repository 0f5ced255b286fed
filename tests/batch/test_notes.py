"""Notes in people's own words become facts of their records, in every format, and no word of them is kept."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from misstep import RecordError, RuleBase, RuleError, UsageError, assess, score_batch
from misstep.batch.inputs.kept import with_facts
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.batch.notes import NoteReader
from misstep.batch.run import score
from misstep.batch.summary import Summary
from misstep.limits import Limits

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

CANARY = "Zebedee"
LOG: list[dict[str, Any]] = [
    {"id": "a", "notes": f"I was twelve minutes late because of the traffic, {CANARY}."},
    {"id": "b", "notes": f"Everything went well with {CANARY}."},
    {"id": "c", "notes": None},
    {"id": "d", "notes": f"The interviewer {CANARY} was late. I was not late."},
    {"id": "e", "notes": f"My phone rang and they laughed. {CANARY}"},
]
LATE = {"kind": "late_arrival", "minutes": 12, "cause": "outside"}
RANG = {"kind": "phone_rang", "reaction": "amused"}
TOLD: list[list[dict[str, Any]]] = [[LATE], [], [], [], [RANG]]
FACTS: list[list[dict[str, Any]]] = [[{"kind": "late_arrival", "minutes": 5}], [{"kind": "crying"}], [], [LATE], []]


def write(folder: Path, form: str, rows: Sequence[dict[str, Any]]) -> str:
    """A log in some format; its name."""
    names = list(rows[0])
    texts = [[json.dumps(v) if isinstance(v, list) else v for v in row.values()] for row in rows]
    match form:
        case "jsonl":
            (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        case "json":
            (folder / "log.json").write_text(json.dumps({"interviews": rows}, indent=1))
        case "csv":
            with (folder / "log.csv").open("w", newline="") as stream:
                csv.writer(stream).writerows([names, *texts])
        case "parquet":
            pq.write_table(pa.Table.from_pylist(list(rows)), folder / "log.parquet")
        case "xlsx":
            book = openpyxl.Workbook()
            for row in (names, *texts):
                book.active.append(row)
            book.save(folder / "log.xlsx")
        case "sqlite":
            with closing(sqlite3.connect(folder / "log.db")) as connection, connection:
                connection.execute(f"CREATE TABLE log ({', '.join(names)})")
                connection.executemany(f"INSERT INTO log VALUES ({', '.join('?' * len(names))})", texts)
            return f"sqlite:///{folder}/log.db?table=log"
    return str(folder / f"log.{form}")


def damages(facts: Sequence[Sequence[dict[str, Any]]]) -> list[float]:
    return [assess(list(each)).damage for each in facts]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "parquet", "xlsx", "sqlite"])
def test_notes_alone_are_read_in_every_format(tmp_path: Path, form: str) -> None:
    output = tmp_path / "out.jsonl"
    outcome = score(write(tmp_path, form, LOG), output, from_notes="notes", tables=["findings"], workers=1)
    assert [(row["id"], row["damage"]) for row in lines(output)] == list(zip("abcde", damages(TOLD), strict=True))
    assert [row["from_notes"] for row in lines(output)] == [[f["kind"] for f in facts] for facts in TOLD]
    assert [row["from_notes"] for row in lines(tmp_path / "out.findings.jsonl")] == [True, True]
    notes = outcome.summary.notes
    assert notes is not None
    assert (notes.kinds, notes.interviews, notes.nothing, notes.without) == ({"late_arrival": 1, "phone_rang": 1}, 2, 2, 1)
    for file in tmp_path.glob("out.*"):
        assert CANARY not in file.read_text(), file


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "parquet", "xlsx", "sqlite"])
def test_what_facts_state_is_not_read_again(tmp_path: Path, form: str) -> None:
    rows = [{**row, "facts": facts} for row, facts in zip(LOG, FACTS, strict=True)]
    output = tmp_path / "out.jsonl"
    score(write(tmp_path, form, rows), output, from_notes="notes", tables=["findings"], workers=1)
    whole = [
        [*facts, *([] if facts and facts[0]["kind"] == "late_arrival" else told)] for facts, told in zip(FACTS, TOLD, strict=True)
    ]
    assert [row["damage"] for row in lines(output)] == damages(whole)
    assert [row["from_notes"] for row in lines(output)] == [[], [], [], [], ["phone_rang"]]
    found = {row["kind"]: row["from_notes"] for row in lines(tmp_path / "out.findings.jsonl")}
    assert found == {"late_arrival": False, "crying": False, "phone_rang": True}


def test_notes_stand_beside_a_fact_a_row(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(
        "id,kind,minutes,notes\na,late_arrival,5,My phone rang and they laughed.\na,crying,,\nb,,,I was twelve minutes late.\n"
    )
    score(tmp_path / "long.csv", tmp_path / "out.jsonl", from_notes="notes", workers=1)
    assert [row["from_notes"] for row in lines(tmp_path / "out.jsonl")] == [["phone_rang"], ["late_arrival"]]


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "parquet", "xlsx", "sqlite"])
def test_notes_stand_beside_columns_of_a_mapping(tmp_path: Path, form: str) -> None:
    mapping = RowMapping.parse(
        "map: 1\nid: \"{id}\"\ncolumns: {id: text, cried: {type: boolean}}\nfacts: {crying: {when: cried}}\nignore: '*'\n"
    )
    rows = [{**row, "cried": "true" if row["id"] in "ab" else None} for row in LOG]
    output = tmp_path / "out.jsonl"
    outcome = score(write(tmp_path, form, rows), output, mapping=mapping, from_notes="notes", workers=1)
    whole = [[*([{"kind": "crying"}] if row["cried"] else []), *told] for row, told in zip(rows, TOLD, strict=True)]
    assert [(row["id"], row["damage"]) for row in lines(output)] == list(zip("abcde", damages(whole), strict=True))
    assert outcome.summary.coverage is not None
    assert outcome.summary.coverage.unread == {}


def test_the_command_and_the_report_count_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from misstep.cli import main

    monkeypatch.chdir(tmp_path)
    write(tmp_path, "csv", LOG)
    command = ["score", "log.csv", "-o", "out.parquet", "--from-notes", "notes", "--report", "report.html", "--workers", "1"]
    with pytest.raises(SystemExit, match="0"):
        main(command)
    said = "2 facts read in 2; no facts read in 2; none there in 1"
    assert f"notes: {said}\n" in capsys.readouterr().out
    page = (tmp_path / "report.html").read_text()
    assert f"<dt>From notes</dt><dd>{said}</dd>" in page
    assert CANARY not in page
    assert CANARY.encode() not in (tmp_path / "out.parquet").read_bytes()


def test_sums_of_several_runs_are_added_up(tmp_path: Path) -> None:
    outcome = score(write(tmp_path, "csv", LOG), tmp_path / "out.csv", from_notes="notes", workers=1)
    notes = Summary.merged([outcome.summary, outcome.summary]).notes
    assert notes is not None
    assert (notes.facts, notes.interviews, notes.nothing, notes.without) == (4, 4, 4, 2)
    assert Summary.from_json(outcome.summary.to_json()) == outcome.summary


def test_several_workers_give_the_same_bytes(tmp_path: Path) -> None:
    log = write(tmp_path, "csv", [{**row, "id": f"{row['id']}{i}"} for i in range(40) for row in LOG])
    outputs = [tmp_path / "alone.csv", tmp_path / "together.csv"]
    for output, workers in zip(outputs, (1, 2), strict=True):
        score(log, output, from_notes="notes", workers=workers)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert b"late_arrival" in outputs[0].read_bytes()


def test_notes_are_kept_only_where_that_is_asked_for(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    score(write(tmp_path, "jsonl", LOG), output, from_notes="notes", keep=["notes"], workers=1)
    assert [row["notes"] for row in lines(output)] == [row["notes"] for row in LOG]
    assert lines(output)[0]["from_notes"] == ["late_arrival"]


def test_a_higher_score_reads_less(tmp_path: Path) -> None:
    log = write(tmp_path, "jsonl", LOG)
    counts = []
    for least in (0, 0.8, 1):
        outcome = score(log, tmp_path / f"{least}.jsonl", from_notes="notes", notes_score=least, workers=1)
        assert outcome.summary.notes is not None
        counts.append(outcome.summary.notes.facts)
    assert counts[0] > counts[1] == 2
    assert counts[2] < 2


def test_a_run_is_begun_anew_where_notes_are_read_otherwise(tmp_path: Path) -> None:
    log, output = write(tmp_path, "jsonl", LOG), tmp_path / "out.jsonl"

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(log, output, from_notes="notes", workers=1, progress=stop)
    with pytest.raises(UsageError, match="other options of its inputs"):
        score(log, output, from_notes="notes", notes_score=0.5, workers=1)
    assert score(log, output, from_notes="notes", workers=1).resumed == len(LOG)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_notes": "note"}, "has no column 'note'"),
        ({"from_notes": "notes", "ignore": ["notes"]}, "ignore: the column 'notes' is to be read as well"),
        ({"from_notes": "id"}, "from_notes: the column 'id' is read as it is; name one with text in people's words"),
        ({"from_notes": "notes", "facts": "told"}, "has no column 'told'"),
    ],
)
def test_a_column_that_cannot_be_read_is_told(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        score(write(tmp_path, "csv", LOG), tmp_path / "out.csv", workers=1, **options)


def test_a_mapped_log_without_the_column_is_told(tmp_path: Path) -> None:
    mapping = RowMapping.parse(
        "map: 1\nid: \"{id}\"\ncolumns: {id: text, cried: {type: boolean}}\nfacts: {crying: {when: cried}}\nignore: '*'\n"
    )
    with pytest.raises(UsageError, match=r"has no column 'note', whose notes are to be read; did you mean 'notes'\?"):
        score(
            write(tmp_path, "csv", [{**LOG[0], "cried": "no"}]),
            tmp_path / "out.csv",
            mapping=mapping,
            from_notes="note",
            workers=1,
        )


def test_wrong_words_are_told_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "own.yaml").write_text("schema: 1\npack: own\nwords: {late_arival: {says: [late]}}\n")
    (tmp_path / "own.yaml").write_text("schema: 1\npack: p\nextends: misstep\n")
    rules = RuleBase.load(tmp_path / "own.yaml", tmp_path)
    with pytest.raises(RuleError, match="did you mean 'late_arrival'"):
        score(write(tmp_path, "csv", LOG), tmp_path / "out.csv", rules=rules, from_notes="notes", workers=1)


def test_the_words_of_a_pack_of_ones_own_are_read_by_workers(tmp_path: Path) -> None:
    pack = "schema: 1\npack: p\nextends: misstep\nwords: {late_arrival: {says: [came at cockcrow]}}\n"
    (tmp_path / "own.yaml").write_text(pack)
    log = write(tmp_path, "csv", [{"id": "a", "notes": "I came at cockcrow."}])
    score(log, tmp_path / "out.jsonl", rules=RuleBase.load(tmp_path / "own.yaml"), from_notes="notes", notes_score=0.1, workers=2)
    assert lines(tmp_path / "out.jsonl")[0]["from_notes"] == ["late_arrival"]


def test_notes_that_are_too_long_cost_their_record_alone_and_no_word_is_told(tmp_path: Path) -> None:
    log = write(tmp_path, "jsonl", [{"id": "a", "notes": f"{CANARY} " * 20_000}, LOG[0]])
    outcome = score(log, tmp_path / "out.jsonl", from_notes="notes", workers=1)
    assert (outcome.interviews, outcome.rejects) == (1, 1)
    (reject,) = lines(tmp_path / "out.rejects.jsonl")
    assert reject["problems"][0]["message"].startswith("notes: a story has at most 100000 characters")
    assert CANARY not in json.dumps(reject)


def test_a_wrong_record_is_a_reject_whatever_its_notes_say(tmp_path: Path) -> None:
    rows = [{**LOG[0], "facts": facts} for facts in ([{"kind": "lat"}], {"kind": "crying"}, "late")]
    outcome = score(write(tmp_path, "jsonl", [*rows, LOG[4]]), tmp_path / "out.jsonl", from_notes="notes", workers=1)
    assert (outcome.interviews, outcome.rejects) == (1, 3)
    assert CANARY not in (tmp_path / "out.rejects.jsonl").read_text()


# -- one batch


def test_a_batch_reads_notes_as_a_run_does() -> None:
    found = score_batch(pa.Table.from_pylist(LOG), from_notes="notes").to_pylist()
    assert [row["damage"] for row in found] == damages(TOLD)
    assert [row["from_notes"] for row in found] == [[f["kind"] for f in facts] for facts in TOLD]
    assert [row["error"] for row in found] == [None] * len(LOG)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_batch_takes_facts_and_notes_together(as_json: bool) -> None:
    rows = [{**row, "facts": json.dumps(facts) if as_json else facts} for row, facts in zip(LOG, FACTS, strict=True)]
    found = score_batch(pa.Table.from_pylist(rows), from_notes="notes").to_pylist()
    assert [row["from_notes"] for row in found] == [[], [], [], [], ["phone_rang"]]
    assert found[1]["damage"] == assess([{"kind": "crying"}]).damage


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a"]}, "from_notes: the batch has the column 'notes' not; there are id"),
        ({"notes": [1]}, "from_notes: the column 'notes' must be text, not int64"),
        ({"notes": ["x"], "from_notes": ["x"]}, "has a column 'from_notes' already"),
    ],
)
def test_a_batch_without_such_notes_is_told(columns: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        score_batch(pa.table(columns), from_notes="notes")


# -- one record


@pytest.mark.parametrize(
    ("record", "whole"),
    [
        ("[]", '[{"kind": "a"}]'),
        (' [ {"kind": "b"} ] ', ' [ {"kind": "b"} , {"kind": "a"}] '),
        ('{"id": "x", "facts": [], "y": "]"}', '{"id": "x", "facts": [{"kind": "a"}], "y": "]"}'),
        ('{"facts": [{"kind": "b", "t": "]"}]}', '{"facts": [{"kind": "b", "t": "]"}, {"kind": "a"}]}'),
        ('{"facts": null}', '{"facts": [{"kind": "a"}]}'),
        ('{"id": "x"}', '{"id": "x", "facts": [{"kind": "a"}]}'),
        ("{}", '{"facts": [{"kind": "a"}]}'),
        ('{"facts": {}}', '{"facts": {}}'),
        ('{"facts": [}', '{"facts": [}'),
        ("12", "12"),
        ("", ""),
    ],
)
def test_facts_are_added_where_they_belong(record: str, whole: str) -> None:
    assert with_facts(record.encode(), [{"kind": "a"}]).decode() == whole


def test_a_record_without_facts_gets_an_empty_list() -> None:
    assert with_facts(b'{"id": "x"}', []) == b'{"id": "x", "facts": []}'
    assert with_facts(b'{"facts": [1]}', []) == b'{"facts": [1]}'


def test_a_kind_that_is_stated_by_an_old_name_is_not_read_again(tmp_path: Path) -> None:
    pack = "schema: 1\npack: p\nextends: scale\nkinds: {tardy: {role: mistake, title: Tardy, was: late, concern: manners}}\n"
    (tmp_path / "own.yaml").write_text(pack + "words: {tardy: {says: [was tardy]}}\n")
    reader = NoteReader(RuleBase.load(tmp_path / "own.yaml"), 0.5)
    assert reader.read("I was tardy.") == [{"kind": "tardy"}]
    assert reader.add([{"kind": "late"}], "I was tardy.") == ([{"kind": "late"}], [])


def test_a_kind_that_needs_a_field_is_read_only_with_it(tmp_path: Path) -> None:
    fields = "fields: {who: {type: enum, values: [me, them]}}"
    pack = (
        f"schema: 1\npack: p\nextends: scale\nkinds: {{shouted: {{role: mistake, title: Shouted, concern: manners, {fields}}}}}\n"
    )
    (tmp_path / "own.yaml").write_text(pack + "words: {shouted: {says: [shouted], fields: {who: {says: {me: [i myself]}}}}}\n")
    reader = NoteReader(RuleBase.load(tmp_path / "own.yaml"), 0.1)
    assert reader.read("Somebody shouted loudly.") == []
    assert reader.read("I shouted, I myself.") == [{"kind": "shouted", "who": "me"}]


def test_a_limit_of_stories_holds_for_notes() -> None:
    reader = NoteReader(RuleBase(RuleBase.shipped().program, Limits(story=10)), 0.8)
    with pytest.raises(RecordError, match="notes: a story has at most 10 characters"):
        reader.read("I was twelve minutes late.")


@pytest.mark.parametrize("least", [float("nan"), -0.1, 1.1])
def test_a_score_beyond_its_bounds_is_wrong_usage_and_writes_nothing(tmp_path: Path, least: float) -> None:
    log = write(tmp_path, "csv", LOG)
    with pytest.raises(UsageError, match="notes_score must be a number from 0 to 1"):
        score(log, tmp_path / "out.jsonl", from_notes="notes", notes_score=least, workers=1)
    assert not (tmp_path / "out.jsonl").exists()
