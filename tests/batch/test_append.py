"""What is added to a result is in it exactly once: by the part of the input, by the id, and whatever happens to the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.batch.databases import connect, rows_of
from tests.end_to_end.command import FIXTURES, environment

import misstep
from misstep import RecordError, RuleBase, UsageError, read_scores
from misstep.batch import forms, loading
from misstep.batch import run as running
from misstep.batch.report.report_page import write_report
from misstep.batch.run import Progress, RunResult, score
from misstep.tools.sample import sample_records

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

Records = list[dict[str, Any]]
OPTIONS: dict[str, Any] = {"keep": ["team"], "tables": ["findings"], "workers": 1}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(running, "PART_BYTES", 10_000)
    monkeypatch.setattr(forms, "ROWS", 30)
    monkeypatch.chdir(tmp_path)


def records(count: int, first: int = 0, ids: bool = True) -> Records:
    """So many interviews, with ids of their own or none."""
    made = list(sample_records(RuleBase.shipped(), first + count, 5, ["team"]))[first:]
    return [{name: value for name, value in record.items() if ids or name != "id"} for record in made]


def write(name: str, found: Iterable[Any]) -> str:
    Path(name).write_bytes(b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in found))
    return name


def add(inputs: str | list[str], output: str, **options: Any) -> RunResult:
    return score(inputs, output, append=True, **(OPTIONS | options))


@pytest.fixture(params=["scores.parquet", "scores.jsonl", "scores.csv", "sqlite", "postgresql"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where nothing is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/scores.db?table=scores"
    if request.param != "postgresql":
        return str(request.param)
    return f"{request.getfixturevalue('postgresql')}?table=scores"


def interviews(output: str) -> Records:
    found: Records = read_scores(output).to_arrow().to_pylist()
    return found


def findings(output: str) -> Records:
    """The table of findings."""
    address, _, table = output.partition("?table=")
    if table:
        return rows_of(address, f"SELECT * FROM {table}_findings")
    folder = Path(output.replace("scores.", "scores.findings."))
    files = sorted(folder.iterdir())
    if folder.suffix == ".parquet":
        return [row for file in files for row in pq.read_table(file).to_pylist()]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()[folder.suffix == ".csv" :]]
    return [json.loads(line) if folder.suffix == ".jsonl" else {"line": line} for line in lines]


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# -- exactly once


def test_what_is_added_is_what_one_run_gives(output: str) -> None:
    first, second = write("a.jsonl", [*records(70), {"facts": 5}]), write("b.jsonl", records(50, 70))
    score([first, second], "whole.parquet", **OPTIONS)
    assert [add(log, output).interviews for log in (first, second)] == [70, 50]
    assert interviews(output) == pq.read_table("whole.parquet").to_pylist()
    assert len(findings(output)) == len(pq.read_table("whole.findings.parquet"))
    summary, whole = read_scores(output).summary, read_scores("whole.parquet").summary
    assert (summary.kinds, summary.fired, summary.interviews) == (whole.kinds, whole.fired, whole.interviews)
    assert (summary.rejects, summary.inputs, summary.keep) == (1, ("a.jsonl", "b.jsonl"), ("team",))
    assert not list(Path().rglob("*.misstep-run"))


def test_the_same_again_adds_nothing(output: str, tmp_path: Path) -> None:
    log = write("log.jsonl", [*records(60), {"facts": 5}, *records(30, 60, ids=False)])
    outcome = add(log, output)
    assert (outcome.interviews, outcome.present, outcome.rejects) == (90, 0, 1)
    before, files = interviews(output), bytes_below(tmp_path)
    again = add(log, output)
    assert (again.interviews, again.present, again.rejects) == (0, 90, 0)
    assert again.files == {name: place for name, place in outcome.files.items() if name != "rejects"}
    assert interviews(output) == before
    assert bytes_below(tmp_path) == files


def test_a_log_that_grows_adds_what_is_new(output: str) -> None:
    """Its last part has changed: of that the ids count."""
    log = write("log.jsonl", records(60))
    add(log, output)
    write("log.jsonl", [*records(60), *records(25, 60), {"facts": 5}])
    outcome = add(log, output)
    assert (outcome.interviews, outcome.present, outcome.rejects) == (25, 60, 1)
    score(log, "whole.parquet", **OPTIONS)
    assert interviews(output) == pq.read_table("whole.parquet").to_pylist()
    write("log.jsonl", [*records(85), {"facts": 5}, *records(1, 85)])
    assert (add(log, output).interviews, add(log, output).interviews) == (1, 0)
    assert len(Path("scores.rejects.jsonl").read_text(encoding="utf-8").splitlines()) == 1  # though it was read twice


def test_an_id_is_there_once_wherever_it_comes_from(output: str) -> None:
    add(write("a.jsonl", records(40)), output)
    outcome = add(write("b.jsonl", [*records(50), *records(50)]), output)
    assert (outcome.interviews, outcome.present) == (10, 90)
    assert read_scores(output).summary.duplicates == 90
    ids = [row["id"] for row in interviews(output)]
    assert len(ids) == len({*ids}) == 50


def test_odd_ids_are_there_once(output: str) -> None:
    """Not all of them are in the table as they were."""
    odd = ["'=1+1", "=1+1", "a\0b", "\\u0000", "a;b", "x\ny", "NULL", "é"]
    add(write("a.jsonl", [{"id": id_, "facts": [], "team": "x"} for id_ in odd]), output)
    outcome = add(write("b.jsonl", [{"id": id_, "facts": [], "team": "x"} for id_ in [*odd, "new"]]), output)
    assert (outcome.interviews, outcome.present) == (1, len(odd))


def test_without_ids_a_file_that_was_replaced_is_refused(output: str) -> None:
    log = write("log.jsonl", records(30, ids=False))
    add(log, output)
    before = interviews(output)
    write("log.jsonl", records(30, 30, ids=False))
    with pytest.raises(RecordError) as raised:
        add(log, output)
    assert str(raised.value) == (
        "log.jsonl: is not as it was when it was added, and has interviews without an id, from row 1 on, of which nobody can say"
        " whether they are there; give the file another name, or all of them an id"
    )
    assert interviews(output) == before
    Path("log.jsonl").rename("later.jsonl")
    assert add("later.jsonl", output).interviews == 30


def test_nothing_to_add(output: str) -> None:
    """It is a table without rows at first; and what is there already is not nothing."""
    Path("empty.jsonl").touch()
    assert add("empty.jsonl", output).interviews == 0
    assert interviews(output) == []
    log = write("log.jsonl", records(10))
    assert add(log, output).interviews == 10
    assert add(log, output, fail_empty=True).present == 10
    with pytest.raises(RecordError, match="there are no interviews, which --fail-empty forbids"):
        add("empty.jsonl", output, fail_empty=True)


def test_tools_read_the_folder_as_one_table(tmp_path: Path) -> None:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow.dataset as ds

    for first in (0, 20):
        add(write(f"{first}.jsonl", records(20, first)), "scores.parquet")
    assert ds.dataset("scores.parquet").count_rows() == 40
    assert len(pd.read_parquet("scores.parquet")) == 40
    assert pl.scan_parquet("scores.parquet/*.parquet").select(pl.len()).collect().item() == 40
    assert duckdb.connect().execute("SELECT count(DISTINCT id) FROM 'scores.parquet/*.parquet'").fetchall() == [(40,)]


def test_a_run_that_replaces_can_be_added_to(tmp_path: Path) -> None:
    output = f"sqlite:///{tmp_path}/scores.db?table=scores"
    log = write("log.jsonl", records(20))
    score(log, output, **OPTIONS)
    assert (add(log, output).interviews, add(write("more.jsonl", records(5, 20)), output).interviews) == (0, 5)
    score(log, output, overwrite=True, **OPTIONS)
    assert len(interviews(output)) == 20


def test_a_schema_of_postgresql(postgresql: str) -> None:
    with connect(postgresql) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA hr")
        connection.commit()
    output = f"{postgresql}?table=hr.scores"
    log = write("log.jsonl", records(20))
    assert [add(log, output).interviews, add(log, output).interviews] == [20, 0]
    assert add(write("more.jsonl", records(30)), output).interviews == 10
    assert len(interviews(output)) == 30


# -- what does not fit


def test_other_rules_and_columns_are_told(output: str) -> None:
    shown = misstep.batch.databases.shown_input(output) if "?" in output else output
    add(write("a.jsonl", records(5)), output)
    before = interviews(output)
    more = write("b.jsonl", records(5, 5))

    def told(**options: Any) -> str:
        with pytest.raises(UsageError) as raised:
            add(more, output, **options)
        assert "\n" not in str(raised.value)
        return str(raised.value).removeprefix(f"{shown}: ")

    acme, ours = RuleBase.load(FIXTURES / "packs" / "acme"), RuleBase.shipped()
    assert told(rules=acme) == (
        f"was scored with other rules, misstep {ours.version} ({ours.digest[:19]}),"
        f" here acme {acme.version} ({acme.digest[:19]}); score with those, or choose another output"
    )
    begun = "has other columns or tables: it was begun with --keep team and --with findings"
    assert told(keep=[], ignore=["team"]) == (
        f"{begun}, here no --keep and --with findings; give those, or choose another output"
    )
    assert told(tables=["actions"], assessment=True) == (
        f"{begun}, here --keep team and --with actions --with assessment; give those, or choose another output"
    )
    assert told(from_notes="note") == (
        f"{begun}, here --keep team and --with findings and --from-notes; give those, or choose another output"
    )
    assert interviews(output) == before
    assert not list(Path().rglob("*.misstep-run"))


def test_what_is_of_somebody_else_stays(tmp_path: Path) -> None:
    log = write("log.jsonl", records(5))
    (tmp_path / "file.parquet").touch()
    (tmp_path / "full.parquet").mkdir()
    (tmp_path / "full.parquet" / "x.parquet").touch()
    address = f"sqlite:///{tmp_path}/scores.db"
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine (damage REAL)")
        connection.commit()
    add(log, f"{address}?table=changed")
    add(log, f"{address}?table=older")
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE changed DROP COLUMN damage_after")
        cursor.execute("ALTER TABLE older_run DROP COLUMN added")
        connection.commit()
    for place, message in {
        "file.parquet": "file.parquet: is a file, and --append adds files to a folder; choose another output",
        "full.parquet": "full.parquet: is a folder with other files; choose another output",
        "no/scores.parquet": "no/scores.parquet: there is no folder no",
        f"{address}?table=mine": "the table mine is there already, without a table mine_run of what is in it; choose",
        f"{address}?table=changed": "the table changed has been changed: the column 'damage_after' was added or taken away",
        f"{address}?table=older": "the table older_run does not say what was added",
        "-": "--append adds to a folder or a table, not to standard output",
        "s3://bucket/scores.parquet": "--append adds to a folder of this machine, or to a table",
    }.items():
        with pytest.raises(UsageError) as raised:
            add(write("more.jsonl", records(5, 5)), place)
        assert message in str(raised.value)


def test_notes_that_are_damaged_are_told(tmp_path: Path) -> None:
    log, address = write("log.jsonl", records(5)), f"sqlite:///{tmp_path}/scores.db"
    for output in ("scores.parquet", f"{address}?table=scores"):
        add(log, output)
    Path("scores.parquet/_runs/00000001.json").write_text('{"number": "x"}', encoding="utf-8")
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE scores_run SET added = '{'")
        connection.commit()
    for output, place in (("scores.parquet", "scores.parquet/_runs/00000001.json"), (f"{address}?table=scores",) * 2):
        with pytest.raises(UsageError) as raised:
            add(log, output)
        assert str(raised.value).startswith(f"{place}: does not say what a run has added: ")
    with pytest.raises(UsageError, match="does not say what a run has added"):
        read_scores(f"{address}?table=scores")


def test_what_is_no_table_of_results_is_told(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/scores.db"
    with connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE mine (damage REAL)")
        connection.commit()
    (tmp_path / "empty.parquet" / "_runs").mkdir(parents=True)
    for name, message in {
        f"{address}?table=mine": f"{address}?table=mine: is not a result of `misstep score`: no such table: mine_run",
        f"{address}?query=SELECT 1": f"{address}?query: a result is a whole table; end it with ?table=NAME",
        "sqlite:///no.db?table=mine": "sqlite:///no.db?table=mine: there is no file no.db",
        "empty.parquet": "empty.parquet: is not a result of `misstep score`: no run has added to it",
    }.items():
        with pytest.raises(UsageError) as raised:
            read_scores(name)
        assert str(raised.value) == message


def test_what_does_not_go_with_it() -> None:
    log = write("log.jsonl", records(5))
    with pytest.raises(UsageError, match="--append does not go with --baseline, which compares whole logs"):
        add(log, "scores.parquet", baseline=RuleBase.shipped())
    add(log, "scores.parquet")
    with pytest.raises(UsageError, match=r"scores\.parquet: is a folder; give --append to add to it, or another file"):
        score(log, "scores.parquet", overwrite=True, workers=1)
    with pytest.raises(UsageError, match="does not go with --journal: beside the output it keeps two runs from adding at a time"):
        add(log, "scores.parquet", journal="elsewhere")


# -- stopped, and two at once


class Stopped(Exception):
    pass


def test_a_run_that_was_stopped_resumes(output: str) -> None:
    add(write("a.jsonl", records(30)), output)
    both = ["a.jsonl", write("b.jsonl", records(60, 20))]

    def stop(progress: Progress) -> None:
        if progress.scored >= 15:
            raise Stopped

    with pytest.raises(Stopped):
        add(both, output, progress=stop)
    with pytest.raises(UsageError, match="holds a run with other inputs that was not finished"):
        add("b.jsonl", output)
    assert len(interviews(output)) == 30
    outcome = add(both, output)
    assert outcome.resumed >= 15
    assert (outcome.interviews, outcome.present) == (50, 40)
    assert len({row["id"] for row in interviews(output)}) == len(interviews(output)) == 80


def test_a_run_that_was_stopped_may_be_given_up(output: str) -> None:
    def stop(progress: Progress) -> None:
        raise Stopped

    add(write("a.jsonl", records(30)), output)
    with pytest.raises(Stopped):
        add(write("b.jsonl", records(60, 30)), output, progress=stop)
    assert add(write("c.jsonl", records(10, 90)), output, overwrite=True).interviews == 10
    assert len(interviews(output)) == 40


def test_loading_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = f"sqlite:///{tmp_path}/scores.db?table=scores"
    add(write("a.jsonl", records(30)), output)
    load, count = loading.DatabaseOutput._load, 0

    def failing(self: Any, *arguments: Any) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        load(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(loading.DatabaseOutput, "_load", failing)
        with pytest.raises(KeyboardInterrupt):
            add(write("b.jsonl", records(60, 30)), output)
    assert len(interviews(output)) == len(rows_of(output.partition("?")[0], "SELECT id FROM scores")) == 30
    assert (add("b.jsonl", output).resumed, len(interviews(output))) == (60, 90)


def test_of_two_at_a_time_one_stops(output: str) -> None:
    log, met = write("log.jsonl", records(60)), list[str]()

    def meet(progress: Progress) -> None:
        if not met:
            with pytest.raises(UsageError) as raised:
                add(log, output)
            met.append(str(raised.value))

    assert add(log, output, progress=meet).interviews == 60
    assert met[0].endswith("misstep-run: another run is using it; wait for it, or choose another output")
    assert len(interviews(output)) == 60


@pytest.mark.parametrize("there", [0, 20])
def test_of_two_on_different_machines_one_stops(postgresql: str, tmp_path: Path, there: int) -> None:
    """A server has no lock that both see, but the number of the run."""
    output = f"{postgresql}?table=meeting{there}"
    if there:
        add(write("a.jsonl", records(there)), output)
    log, other = write("log.jsonl", records(60)), tmp_path / "other"
    other.mkdir()
    arguments = [str(tmp_path / log), "-o", output, "--keep", "team", "--with", "findings", "--append", "--workers", "1"]

    def meet(progress: Progress) -> None:
        if not list(other.iterdir()):
            (other / "begun").touch()
            subprocess.run(
                [sys.executable, "-m", "misstep", "score", *arguments],
                cwd=other,
                env=environment({}) | {"PGPASSWORD": os.environ.get("PGPASSWORD", "")},
                check=True,
                stdout=subprocess.DEVNULL,
            )

    with pytest.raises(UsageError, match="another run has added to it meanwhile; give the same command again"):
        add(log, output, progress=meet)
    assert len(interviews(output)) == 60
    outcome = add(log, output)
    assert (outcome.interviews, outcome.present, len(interviews(output))) == (0, 60, 60)


# -- the command


def test_the_command(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "misstep", *arguments]
        done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment(), text=True)
        return done.returncode, done.stdout, done.stderr

    write("a.jsonl", records(20))
    write("b.jsonl", [*records(30), {"facts": 5}])
    options = ["--append", "--keep", "team", "--workers", "1"]
    assert run("score", "a.jsonl", "-o", "s.parquet", *options) == (0, "20 interviews added to s.parquet\n", "")
    assert run("score", "a.jsonl", "-o", "s.parquet", *options) == (
        0,
        "0 interviews added to s.parquet; 20 were there already\n",
        "",
    )
    code, out, err = run("score", "a.jsonl", "b.jsonl", "-o", "s.parquet", *options, "--report", "page.html")
    assert (code, out) == (1, "10 interviews added to s.parquet; 40 were there already\n")
    assert err.splitlines() == [
        "misstep: 1 record could not be scored: see s.rejects.jsonl; the first:",
        "misstep: b.jsonl:31: /facts: must be a list of facts",
    ]
    assert "30 interviews" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_table_is_reported_as_its_file(output: str) -> None:
    for first in (0, 40):
        add(write(f"{first}.jsonl", records(40, first)), output)
    score(["0.jsonl", "40.jsonl"], "whole.parquet", **OPTIONS, unique=True)
    for name in (output, "whole.parquet"):
        write_report([read_scores(name)], f"{name == output}.html")
    assert Path("True.html").read_bytes() == Path("False.html").read_bytes()
    assert read_scores(output).dataset.count_rows() == 80
    assert read_scores(output).to_arrow(["id"]).schema == pa.schema([("id", pa.string())])
