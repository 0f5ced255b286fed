"""Runs in a pipeline: nothing to score, everything wrong, the same interview twice, standard output, progress for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.end_to_end.command import Run, run_command

import misstep
from misstep import RecordError, UsageError
from misstep.batch.columns import OutputOptions
from misstep.batch.inputs.sources import WAYS
from misstep.batch.run import Progress, score
from misstep.batch.seen_ids import SeenIds, digests
from misstep.batch.tasks import common_faults
from misstep.cli.progress import show_progress

LATE = [{"kind": "late_arrival", "minutes": 12}]


def write(file: Path, records: Sequence[Any]) -> Path:
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def command(folder: Path, *arguments: str, given: bytes = b"") -> Run:
    return run_command(folder, "score", *arguments, stdin=given)


# -- nothing to score


@pytest.mark.parametrize("name", ["scores.parquet", "scores.jsonl", "scores.csv"])
@pytest.mark.parametrize("source", ["log.jsonl", "folder", "log.parquet"])
def test_no_interviews_are_a_table_without_rows(tmp_path: Path, name: str, source: str) -> None:
    (tmp_path / "log.jsonl").touch()
    (tmp_path / "folder").mkdir()
    pq.write_table(pa.table({"facts": pa.array([], pa.string())}), tmp_path / "log.parquet")
    outcome = score(tmp_path / source, tmp_path / name, workers=1)
    assert (outcome.interviews, outcome.rejects) == (0, 0)
    found = misstep.read_scores(tmp_path / name).to_arrow()
    assert (found.num_rows, found.schema.names) == (0, OutputOptions().schema("interviews").names)
    with pytest.raises(RecordError, match="there are no interviews, which --fail-empty forbids"):
        score(tmp_path / source, tmp_path / f"again-{name}", workers=1, fail_empty=True)
    assert not list(tmp_path.glob("again*"))


def test_the_command_where_there_is_nothing(tmp_path: Path) -> None:
    run = command(tmp_path, "-", "-o", "scores.jsonl")
    assert (run.code, run.raw, run.err) == (0, b"0 interviews scored into scores.jsonl\n", "")
    run = command(tmp_path, "-", "-o", "more.jsonl", "--fail-empty")
    assert (run.code, run.raw) == (2, b"")
    assert run.err == "misstep: there are no interviews, which --fail-empty forbids\n"


# -- everything wrong


@pytest.mark.parametrize("part_bytes", [50, 1_000_000])
def test_one_reason_for_all_is_told_once(tmp_path: Path, part_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misstep.batch.run.PART_BYTES", part_bytes)
    log = write(tmp_path / "log.jsonl", [{"facts": LATE * n, "team": "x", f"k{n}": 1} for n in range(5)])
    with pytest.raises(RecordError) as raised:
        score(log, tmp_path / "scores.jsonl", workers=1)
    assert str(raised.value) == (
        "none of 5 records could be scored, all for one reason: /team: there is no such field; there are id, facts;"
        " --keep carries further columns along, --ignore leaves them out"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["log.jsonl"]  # so that the next command is not refused
    write(log, [{"facts": [{"kind": "bad_joke"}] * n + [{"kind": "late_arival"}]} for n in range(5)])
    with pytest.raises(RecordError, match=r"one reason: /facts/\*/kind: there is no such kind; did you mean 'late_arrival'"):
        score(log, tmp_path / "scores.jsonl", workers=1)
    write(log, [{"facts": LATE, "team": "x"}, {"facts": LATE}, {"facts": LATE, "team": "x"}])
    assert score(log, tmp_path / "scores.jsonl", workers=1).rejects == 2
    write(log, [{"facts": LATE, "team": "x"}, {"facts": 5}])
    assert score(log, tmp_path / "others.jsonl", workers=1).rejects == 2
    write(log, [{"facts": 5}])
    assert score(log, tmp_path / "single.jsonl", workers=1).rejects == 1


@given(st.lists(st.lists(st.sampled_from("abc"))), st.integers(0, 5))
def test_what_is_common_does_not_depend_on_the_parts(faults: list[list[str]], cut: int) -> None:
    parts = [part for part in map(common_faults, (faults[:cut], faults[cut:])) if part is not None]
    whole = common_faults(faults)
    assert common_faults(parts) == whole
    assert set(whole or ()) == (set.intersection(*map(set, faults)) if faults else set())


# -- the same interview twice


@pytest.fixture
def log(tmp_path: Path) -> Path:
    ids = ["a", "b", "a", None, None, "c", "b", "a"]
    return write(tmp_path / "log.jsonl", [{"id": id_, "facts": LATE[: n % 2]} for n, id_ in enumerate(ids)])


@pytest.mark.parametrize("part_bytes", [60, 1_000_000])
@pytest.mark.parametrize("workers", [1, 2])
def test_duplicates_are_counted_and_left_out_where_asked(
    log: Path, tmp_path: Path, part_bytes: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("misstep.batch.run.PART_BYTES", part_bytes)
    outcome = score(log, tmp_path / "all.jsonl", workers=workers)
    assert (outcome.interviews, outcome.summary.duplicates) == (8, 3)
    outcome = score(log, tmp_path / "once.jsonl", workers=workers, unique=True, tables=["findings"])
    assert (outcome.interviews, outcome.summary.duplicates) == (5, 3)
    rows = [json.loads(line) for line in (tmp_path / "once.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["row"], row["id"]) for row in rows] == [(1, "a"), (2, "b"), (4, None), (5, None), (6, "c")]
    findings = (tmp_path / "once.findings.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["row"] for line in findings] == [2, 4, 6]
    assert outcome.summary.kinds["late_arrival"].interviews == 3


def test_a_run_that_was_stopped_leaves_out_the_same(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misstep.batch.run.PART_BYTES", 60)
    score(log, tmp_path / "whole.jsonl", workers=1, unique=True)

    class Stopped(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.scored >= 2:
            raise Stopped

    for _ in range(10):
        try:
            outcome = score(log, tmp_path / "stopped.jsonl", workers=1, unique=True, progress=stop)
        except Stopped:
            continue
        assert outcome.resumed > 0
        break
    assert outcome.summary.duplicates == 3
    assert (tmp_path / "stopped.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


@given(st.lists(st.text(max_size=2)))
def test_ids_are_seen_once(ids: list[str]) -> None:
    seen: set[str] = set()
    fresh = [not (id_ in seen or seen.add(id_)) for id_ in ids]  # type: ignore[func-returns-value]
    with closing(SeenIds()) as known:
        assert known.add(digests(ids)) == fresh


# -- standard output


def test_scores_go_to_standard_output(log: Path, tmp_path: Path) -> None:
    command(tmp_path, "log.jsonl", "-o", "scores.jsonl", "--workers", "1")
    run = command(tmp_path, "log.jsonl", "-o", "-", "--workers", "1")
    assert run.raw == (tmp_path / "scores.jsonl").read_bytes()
    assert run.err.splitlines() == [
        "8 interviews scored",
        "misstep: 3 interviews with the id of one before; --unique leaves them out",
    ]
    piped = command(tmp_path, "-", "-o", "-", "--unique", given=log.read_bytes())
    assert len(piped.raw.splitlines()) == 5
    assert piped.err.splitlines()[1] == "misstep: 3 interviews left out, with the id of one before"
    run = command(tmp_path, "log.jsonl", "-o", "-", "--with", "findings")
    assert (run.code, run.raw) == (2, b"")
    assert run.err == "misstep: standard output takes one table; give a file for that of findings\n"


def test_rejects_beside_standard_output(tmp_path: Path) -> None:
    write(tmp_path / "log.jsonl", [{"facts": LATE}, {"facts": 5}])
    run = command(tmp_path, "log.jsonl", "-o", "-", "--workers", "1")
    assert (run.code, len(run.raw.splitlines())) == (1, 1)
    assert run.err.splitlines()[1:] == [
        "misstep: 1 record could not be scored: the first:",
        "misstep: log.jsonl:2: /facts: must be a list of facts",
    ]
    run = command(tmp_path, "log.jsonl", "-o", "-", "--rejects", "bad.jsonl")
    assert json.loads((tmp_path / "bad.jsonl").read_text(encoding="utf-8"))["row"] == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bad.jsonl", "log.jsonl"]


# -- progress


def test_a_line_of_progress_comes_also_while_nothing_is_done(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("misstep.cli.progress.EVERY", 0.05)
    with show_progress("json") as show:
        time.sleep(0.2)
        show(Progress(7, 7, 1, 0.5))
        time.sleep(0.2)
        show(Progress(9, 9, 1, 1.0))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert len(lines) >= 5
    assert lines[0] | {"seconds": 0} == {"interviews": 0, "rejects": 0, "share": None, "seconds": 0}
    assert {"interviews": 7, "rejects": 1, "share": 0.5} in [{k: v for k, v in line.items() if k != "seconds"} for line in lines]
    assert (lines[-1]["interviews"], lines[-1]["share"]) == (9, 1.0)


def test_the_share_is_of_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misstep.batch.run.PART_BYTES", 1_000)
    logs = tmp_path / "logs"
    logs.mkdir()
    for name, count in (("a", 30), ("b", 300)):
        write(logs / f"{name}.jsonl", [{"facts": LATE}] * count)
    told: list[Progress] = []
    score(logs, tmp_path / "scores.jsonl", workers=2, progress=told.append)
    assert told[-1].share == 1.0
    for progress in told:
        assert progress.share == pytest.approx(progress.interviews / 330, abs=0.001)


# -- what is left out, and what is not supported


def test_files_that_are_left_out_are_named(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    (logs / "deep").mkdir(parents=True)
    write(logs / "a.jsonl", [{"facts": LATE}])
    for name in ("b.txt", "deep/c.pdf", ".hidden.txt", "_SUCCESS"):
        (logs / name).touch()
    outcome = score(logs, tmp_path / "scores.jsonl", workers=1)
    assert [(remark.file, remark.text) for remark in outcome.summary.remarks] == [
        (str(logs), "2 files are left out: b.txt, deep/c.pdf")
    ]
    run = command(tmp_path, "logs", "-o", "more.jsonl", "--workers", "1")
    assert run.err == "misstep: logs: 2 files are left out: b.txt, deep/c.pdf\n"
    (logs / "a.jsonl").unlink()
    with pytest.raises(UsageError, match="no files to read in this folder; looked for: JSON"):
        score(logs, tmp_path / "none.jsonl", workers=1)


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("mysql://h/d?table=x", "export the table as Parquet or CSV, or see docs/batch-tools.md"),
        ("snowflake://a/b", "export the table as Parquet or CSV, or see docs/batch-tools.md"),
        ("spark://h:7077", "docs/batch-tools.md shows how to score in it; a cluster of Dask is named by --on"),
        ("kafka://h/topic", "pipe the records into `misstep score -`, or call assess_json for each"),
    ],
)
def test_what_is_not_supported_is_told_with_the_way(tmp_path: Path, url: str, way: str) -> None:
    write(tmp_path / "log.jsonl", [{"facts": LATE}])
    for inputs, output in ((url, str(tmp_path / "scores.jsonl")), (str(tmp_path / "log.jsonl"), url)):
        with pytest.raises(UsageError) as raised:
            score(inputs, output, workers=1)
        assert str(raised.value).endswith(way)
        assert f"{url.partition(':')[0]}:// is not supported" in str(raised.value)


@pytest.mark.parametrize("ending", WAYS)
def test_files_of_other_formats_are_told_with_the_way(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"log{ending}").touch()
    with pytest.raises(UsageError) as raised:
        score(tmp_path / f"log{ending}", tmp_path / "scores.jsonl", workers=1)
    assert str(raised.value).endswith(f"; {WAYS[ending]}")
    assert [file.name for file in tmp_path.iterdir()] == [f"log{ending}"]
