"""``misstep score``: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.end_to_end.command import FIXTURES, MISSTEP, Command, Run, environment

LATE = '{"id": "iv-1", "facts": [{"kind": "late_arrival", "minutes": 12}]}\n'
FINE = '{"id": "iv-2", "facts": []}\n'
WRONG = '{"id": "iv-3", "facts": [{"kind": "late_arival"}]}\n'


def alone(misstep: Command, *arguments: str | Path) -> Run:
    """``misstep score`` in this process, where processes are not the point."""
    return misstep.inside("score", *arguments, "--workers", "1")


def test_a_log_is_scored(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE + FINE)
    run = misstep("score", "log.jsonl", "-o", "scores.parquet")
    assert (run.code, run.out, run.err) == (0, "2 interviews scored into scores.parquet\n", "")
    rows = pq.read_table(misstep.folder / "scores.parquet").to_pylist()
    assert [(row["file"], row["row"], row["id"]) for row in rows] == [("log.jsonl", 1, "iv-1"), ("log.jsonl", 2, "iv-2")]
    assert sorted(path.name for path in misstep.folder.iterdir()) == [
        "log.jsonl",
        "scores.parquet",
        "scores.parquet.summary.json",
    ]


def test_records_that_are_wrong_are_told_and_the_others_scored(misstep: Command) -> None:
    misstep.write("log.jsonl", WRONG + LATE)
    run = alone(misstep, "log.jsonl", "-o", "scores.jsonl")
    assert (run.code, run.out) == (1, "1 interview scored into scores.jsonl\n")
    assert run.err == (
        "misstep: 1 record could not be scored: see scores.rejects.jsonl; the first:\n"
        "misstep: log.jsonl:1: /facts/0/kind: there is no such kind; did you mean 'late_arrival'?\n"
    )
    assert json.loads((misstep.folder / "scores.rejects.jsonl").read_text(encoding="utf-8")) == {
        "file": "log.jsonl",
        "row": 1,
        "id": "iv-3",
        "problems": [
            {"column": 36, "pointer": "/facts/0/kind", "message": "there is no such kind; did you mean 'late_arrival'?"}
        ],
    }


def test_further_columns_of_a_log_are_named(misstep: Command) -> None:
    misstep.write("log.jsonl", '{"facts": [], "team": "sales"}\n')
    run = alone(misstep, "log.jsonl", "-o", "scores.csv")
    assert run.code == 1
    assert run.err.splitlines()[1] == (
        "misstep: log.jsonl:1: /team: there is no such field; there are id, facts; --keep carries further columns along,"
        " --ignore leaves them out"
    )
    run = alone(misstep, "log.jsonl", "-o", "scores.csv", "--keep", "team", "--overwrite")
    assert (run.code, run.err) == (0, "")
    assert (misstep.folder / "scores.csv").read_text(encoding="utf-8").splitlines()[0].startswith("file,row,id,team,damage,")


def test_a_report_in_the_same_command(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE + FINE)
    run = alone(misstep, "log.jsonl", "-o", "scores.parquet", "--report", "report.html")
    assert (run.code, run.err) == (0, "")
    page = misstep.inside("report", "scores.parquet", "-o", "alone.html")
    assert page.code == 0
    assert (misstep.folder / "report.html").read_bytes() == (misstep.folder / "alone.html").read_bytes()
    again = alone(misstep, "log.jsonl", "-o", "new.parquet", "--report", "report.html")
    assert (again.code, again.err) == (
        2,
        "misstep: report.html: is there already; give --overwrite to replace it, or choose another name\n",
    )
    assert not (misstep.folder / "new.parquet").exists()


def test_an_outcome_of_the_page_must_be_kept(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE.replace("{", '{"hired": true, ', 1))
    run = alone(misstep, "log.jsonl", "-o", "scores.parquet", "--report", "report.html", "--outcome", "hired")
    assert (run.code, run.err) == (2, "misstep: --outcome: the column 'hired' is not kept; --keep carries it along\n")
    assert not (misstep.folder / "scores.parquet").exists()
    kept = ("--outcome", "hired", "--keep", "hired")
    run = alone(misstep, "log.jsonl", "-o", "scores.parquet", "--report", "report.html", *kept)
    assert (run.code, run.err) == (0, "")
    assert "Damage and hired" in (misstep.folder / "report.html").read_text(encoding="utf-8")


def test_standard_input_and_a_pipe(misstep: Command) -> None:
    run = misstep("score", "-", "-o", "scores.jsonl", stdin=LATE.encode())
    assert (run.code, run.out) == (0, "1 interview scored into scores.jsonl\n")
    assert json.loads((misstep.folder / "scores.jsonl").read_text(encoding="utf-8"))["file"] == "<stdin>"


def test_two_rule_bases(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE + FINE)
    run = alone(misstep, "log.jsonl", "-o", "scores.parquet", "--baseline", FIXTURES / "packs" / "acme")
    assert run.code == 0
    assert run.out.startswith("misstep 0.1.0 against the baseline acme 1.0.0\n2 interviews compared; ")
    assert json.loads((misstep.folder / "scores.baseline.json").read_text(encoding="utf-8"))["compared"] == 2


def test_the_shipped_rules_as_the_baseline(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE)
    run = alone(misstep, "log.jsonl", "-o", "s.csv", "--rules", FIXTURES / "packs" / "acme", "--baseline", "misstep")
    assert run.code == 0
    assert run.out.startswith("acme 1.0.0 against the baseline misstep 0.1.0\n")


def test_rules_of_ones_own(misstep: Command) -> None:
    misstep("sample", "20", "--rules", FIXTURES / "incidents" / "rules", "-o", "log.jsonl")
    run = misstep("score", "log.jsonl", "-o", "scores.parquet", "--rules", FIXTURES / "incidents" / "rules")
    assert (run.code, run.err) == (0, "")


def test_a_database(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE)
    run = alone(misstep, "log.jsonl", "-o", "sqlite:///log.db?table=scores", "--with", "findings")
    assert (run.code, run.out) == (0, "1 interview scored into sqlite:///log.db?table=scores\n")
    run = alone(misstep, "sqlite:///log.db?query=SELECT id, '[]' AS facts FROM scores", "-o", "again.jsonl")
    assert (run.code, run.err) == (0, "")
    assert json.loads((misstep.folder / "again.jsonl").read_text(encoding="utf-8"))["id"] == "iv-1"


def test_progress_as_json(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE + WRONG)
    run = alone(misstep, "log.jsonl", "-o", "scores.parquet", "--progress", "json")
    told = json.loads(run.err.splitlines()[0])
    assert (told["interviews"], told["rejects"], told["share"]) == (1, 1, 1.0)
    assert set(told) == {"interviews", "rejects", "share", "seconds"}


def test_a_bar_on_a_terminal_and_nothing_in_a_pipe(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE)
    here, there = pty.openpty()
    with subprocess.Popen(
        [*MISSTEP, "score", "log.jsonl", "-o", "scores.parquet"],
        cwd=misstep.folder,
        env=environment({"TERM": "xterm"}),
        stdout=subprocess.PIPE,
        stderr=there,
    ) as process:
        os.close(there)
        shown = b""
        try:
            while chunk := os.read(here, 65536):
                shown += chunk
        except OSError:  # how a terminal ends
            pass
        assert process.stdout is not None
        assert process.stdout.read() == b"1 interview scored into scores.parquet\n"
    os.close(here)
    assert process.returncode == 0
    assert b"1 interviews" in shown
    assert b"100%" in shown


NO_CSV = "delimiter and decimal say how the cells of CSV stand, and no input is CSV; remove them"
BAD = {
    "nothing to read": (["no.jsonl"], "no.jsonl: no such file"),
    "no match": (["logs/*.jsonl"], "logs/*.jsonl: no file matches"),
    "no known form": (["log.txt"], "log.txt: its ending is of no known format; "),
    "a table without the column": (["log.csv"], "log.csv: has no column 'facts'; there are a, b"),
    "no database": (
        ["postgresql://me:secret@127.0.0.1:9/x?table=t"],
        "postgresql://me@127.0.0.1:9/x?table=t: cannot be reached: ",
    ),
    "twice": (["log.jsonl", "log.jsonl"], "log.jsonl: is given twice; every interview is to be scored once"),
    "the output as input": (["log.jsonl", "scores.parquet"], "scores.parquet: is an input; write elsewhere"),
    "the title of no report": (["log.jsonl", "--title", "May"], "--title and --outcome go with --report"),
    "the outcome of no report": (["log.jsonl", "--outcome", "hired"], "--title and --outcome go with --report"),
    "a score of no notes": (["log.jsonl", "--notes-score", "0.8"], "--notes-score goes with --from-notes"),
    "notes of no name": (
        ["log.jsonl", "--from-notes", ""],
        "from_notes: an empty name is no column; name one with text in people's",
    ),
    "a column of no name": (["log.jsonl", "--keep", ","], "keep: an empty name is no column; name columns as in team,month"),
    "the delimiter of no CSV": (["log.jsonl", "--delimiter", ";"], NO_CSV),
    "the decimal sign of no CSV": (["log.jsonl", "--decimal", ","], NO_CSV),
    "no rules": (["log.jsonl", "--rules", "no.yaml"], "no.yaml: "),
    "no cluster": (
        ["log.jsonl", "--on", "spark://x"],
        "spark://x: is not the URL of a cluster, dask://HOST:PORT; docs/batch-tools.md",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_no_sense_is_told_and_nothing_is_written(misstep: Command, name: str) -> None:
    arguments, message = BAD[name]
    for file, content in (("log.jsonl", LATE), ("log.txt", "x"), ("log.csv", "a,b\n1,2\n")):
        misstep.write(file, content)
    misstep.write("scores.parquet" if name == "the output as input" else "other", "x")
    before = sorted(path.name for path in misstep.folder.rglob("*"))
    run = misstep.inside("score", *arguments, "-o", "scores.parquet")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith(f"misstep: {message}")
    assert run.err.count("\n") == 1
    assert "secret" not in run.err
    assert sorted(path.name for path in misstep.folder.rglob("*")) == before


def test_a_torn_archive_costs_only_what_is_torn(misstep: Command) -> None:
    packed = gzip.compress((LATE * 2000).encode())
    misstep.write("log.jsonl.gz", packed[:-20])
    run = misstep("score", "log.jsonl.gz", "-o", "scores.parquet")
    assert run.code == 1
    assert "log.jsonl.gz" in run.err
    rejects = (misstep.folder / "scores.rejects.jsonl").read_text(encoding="utf-8")
    assert len(rejects.splitlines()) == 1


def test_usage(misstep: Command) -> None:
    for arguments in (["score"], ["score", "log.jsonl"], ["score", "a", "-o", "b.csv", "--workers", "0"]):
        run = misstep.inside(*arguments)
        assert (run.code, run.out) == (2, "")
        assert "Usage: misstep score" in run.err


def test_the_same_command_goes_on(misstep: Command) -> None:
    misstep.write("log.jsonl", WRONG + LATE)
    run = alone(misstep, "log.jsonl", "-o", "scores.parquet", "--max-rejects", "0")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        "misstep: more than 0 records are invalid, the limit of --max-rejects; scored parts are kept: with a higher one "
        "the run resumes\n"
    )
    other = alone(misstep, "log.jsonl", "-o", "scores.parquet", "--with", "assessment")
    assert other.code == 2
    assert other.err == (
        "misstep: scores.parquet.misstep-run: holds a run with other columns that was not finished; resume it with those it was "
        "begun with, or give --overwrite to start anew\n"
    )
    run = alone(misstep, "log.jsonl", "-o", "scores.parquet")
    assert run.code == 1
    assert run.out == "1 interview scored into scores.parquet; 1 of them in an earlier run\n"


def test_a_folder_that_cannot_be_written(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE)
    run = alone(misstep, "log.jsonl", "-o", "/proc/scores.parquet")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("misstep: /proc/scores.parquet")


def test_results_are_readable_by_their_owner_only_while_a_run_is_on(misstep: Command) -> None:
    misstep.write("log.jsonl", WRONG)
    alone(misstep, "log.jsonl", "-o", "scores.parquet", "--max-rejects", "0")
    assert Path(misstep.folder / "scores.parquet.misstep-run").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_how_certain_each_answer_is_stands_in_columns(misstep: Command, form: str) -> None:
    misstep.write("log.jsonl", LATE + FINE)
    run = alone(misstep, "log.jsonl", "-o", f"scores.{form}", "--with", "certainty")
    assert (run.code, run.err) == (0, "")
    if form == "parquet":
        first, second = pq.read_table(misstep.folder / "scores.parquet").to_pylist()
        assert first["certainty_low"] <= first["damage"] <= first["certainty_high"]
        assert (second["certainty_low"], second["certainty_high"], second["settled"]) == (0, 0, False)
        assert first["depends_on"][0].startswith(("late_arrival.", "interview."))
    else:
        assert "certainty_low" in (misstep.folder / f"scores.{form}").read_text(encoding="utf-8").splitlines()[0]


def test_a_report_is_not_written_into_a_folder_of_rules(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE)
    (misstep.folder / "rules").mkdir()
    misstep.write("rules/own.yaml", "schema: 1\npack: own\nextends: misstep\n")
    for option in ("--rules", "--baseline"):
        run = alone(misstep, "log.jsonl", "-o", "scores.jsonl", option, "rules", "--report", "rules/may.html")
        assert run.err.startswith("misstep: rules/may.html: lies in the input rules; write elsewhere")


def test_a_run_replaces_neither_rules_nor_scores(misstep: Command) -> None:
    misstep.write("log.jsonl", LATE)
    pack = "schema: 1\npack: own\nextends: misstep\n"
    misstep.write("own.yaml", pack)
    for arguments, named in (
        (["--rules", "own.yaml", "--report", "own.yaml"], "own.yaml: is an input; write elsewhere"),
        (["--rules", "own.yaml", "--rejects", "own.yaml"], "own.yaml: is an input; write elsewhere"),
        (["--baseline", "own.yaml", "--rejects", "own.yaml"], "own.yaml: is an input; write elsewhere"),
        (["--report", "scores.jsonl"], "scores.jsonl: is named for two outputs; give each a file of its own"),
    ):
        run = alone(misstep, "log.jsonl", "-o", "scores.jsonl", "--overwrite", *arguments)
        assert (run.code, run.out, run.err) == (2, "", f"misstep: {named}\n")
    assert (misstep.folder / "own.yaml").read_text("utf-8") == pack
    run = misstep.inside("test", "own.yaml", "--junit", "own.yaml")
    said = "own.yaml: ends as a file of rules does; give --junit a file *.xml"
    assert (run.code, run.out, run.err) == (2, "", f"misstep: {said}\n")
    misstep.write("rules.xml", pack)
    run = misstep.inside("test", "rules.xml", "--junit", "rules.xml")
    assert (run.code, run.out, run.err) == (2, "", "misstep: rules.xml: is an input; write elsewhere\n")
    assert (misstep.folder / "rules.xml").read_text("utf-8") == pack
