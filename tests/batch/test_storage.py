"""Inputs, outputs and the journal in an object storage: the same bytes as in files. S3, as a server of its own speaks it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.batch.clusters import Cluster, free_port, network
from tests.end_to_end.command import Command

import misstep
from misstep import InstallationError, RecordError, UsageError
from misstep.batch import run as running
from misstep.batch.results import read_scores
from misstep.batch.run import Progress, score
from misstep.files import place, whole_file
from misstep.tools.sample import sample_records

pytestmark = [pytest.mark.once, pytest.mark.needs("time")]  # nothing here depends on the version of Python

SMALL = 30_000  # bytes of a part: some fifty interviews


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PART_BYTES", SMALL)


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    records = sample_records(misstep.RuleBase.shipped(), 400, 3, ["team"])
    found = [orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records]
    found[17] = b'{"id": "w", "facts": [{"kind": "late_arival"}]}\n'
    return found


@pytest.fixture(scope="module")
def address() -> Iterator[dict[str, str]]:
    """A server, and the environment in which it is found."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "0.0.0.0", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    environment = {
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            yield environment
        finally:
            server.kill()
            server.wait()


@pytest.fixture(scope="module")
def storage(address: dict[str, str]) -> Any:
    found = fsspec.filesystem("s3", use_listings_cache=False)
    until = time.monotonic() + 60
    while True:
        try:
            found.mkdir("bucket")
        except Exception:
            assert time.monotonic() < until
            time.sleep(0.1)
        else:
            return found


def objects(storage: Any, below: str) -> dict[str, bytes]:
    return {name.removeprefix(f"{below}/"): storage.cat_file(name) for name in storage.find(below)}


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def logs(storage: Any, lines: list[bytes]) -> str:
    """A log in all forms."""
    rows = [orjson.loads(line) for line in lines]
    table = pa.table({"id": [r["id"] for r in rows], "facts": [orjson.dumps(r["facts"]).decode() for r in rows]})
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream, row_group_size=100)
    storage.pipe_file("bucket/logs/a.jsonl", b"".join(lines[:200]))
    storage.pipe_file("bucket/logs/below/b.jsonl.gz", gzip.compress(b"".join(lines[200:]), mtime=0))
    storage.pipe_file("bucket/logs/.hidden.jsonl", b"{")
    storage.pipe_file("bucket/tables/a.parquet", stream.getvalue().to_pybytes())
    return "s3://bucket/logs"


@pytest.mark.parametrize("name", ["scores.parquet", "scores.jsonl", "scores.csv"])
def test_what_is_written_is_what_files_hold(storage: Any, logs: str, tmp_path: Path, name: str) -> None:
    out = f"bucket/{name}-out"
    options: dict[str, Any] = {"keep": ["team"], "tables": ["findings"], "workers": 1}
    outcome = score(logs, f"s3://{out}/{name}", **options)
    here = score(logs, tmp_path / name, **options)
    assert (outcome.interviews, outcome.rejects) == (here.interviews, here.rejects) == (399, 1)
    assert objects(storage, out) == files(tmp_path)
    assert len(files(tmp_path)) == 4
    assert outcome.files["interviews"] == f"s3://{out}/{name}"
    assert read_scores(f"s3://{out}/{name}").to_arrow() == read_scores(tmp_path / name).to_arrow()


def test_what_is_read_is_what_files_hold(logs: str, lines: list[bytes], tmp_path: Path) -> None:
    """But for their names."""
    (tmp_path / "log.jsonl").write_bytes(b"".join(lines))
    score(tmp_path / "log.jsonl", tmp_path / "here.parquet", keep=["team"], workers=1)
    expected = pq.read_table(tmp_path / "here.parquet").drop_columns(["file", "row"])
    for number, inputs in enumerate([logs, ["s3://bucket/logs/*.jsonl", "s3://bucket/logs/below/b.jsonl.gz"]]):
        score(inputs, tmp_path / f"{number}.parquet", keep=["team"], workers=1)
        assert pq.read_table(tmp_path / f"{number}.parquet").drop_columns(["file", "row"]).equals(expected)
    score("s3://bucket/tables/*.parquet", tmp_path / "table.parquet", workers=1)
    assert pq.read_table(tmp_path / "table.parquet").drop_columns(["file", "row"]).equals(expected.drop_columns(["team"]))


def test_a_run_that_was_stopped_goes_on(storage: Any, logs: str, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.scored >= 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(logs, "s3://bucket/stopped/scores.jsonl", keep=["team"], workers=1, progress=stop)
    assert any(".misstep-run/" in name for name in storage.find("bucket/stopped"))
    assert not storage.exists("bucket/stopped/scores.jsonl")
    with pytest.raises(UsageError, match="holds a run with other inputs"):
        score([f"{logs}/a.jsonl"], "s3://bucket/stopped/scores.jsonl", keep=["team"], workers=1)
    outcome = score(logs, "s3://bucket/stopped/scores.jsonl", keep=["team"], workers=1)
    assert outcome.resumed >= 200
    score(logs, tmp_path / "scores.jsonl", keep=["team"], workers=1)
    assert objects(storage, "bucket/stopped") == files(tmp_path)


def test_processes_and_a_database(logs: str, tmp_path: Path) -> None:
    """The journal in the storage, and what comes out of it elsewhere."""
    url = f"sqlite:///{tmp_path}/scores.db?table=scores"
    outcome = score(logs, url, keep=["team"], workers=2, journal="s3://bucket/journal")
    assert outcome.interviews == 399
    assert [path.name for path in tmp_path.iterdir() if "db" in path.name] == ["scores.db"]


def test_a_cluster_needs_no_shared_folder_then(storage: Any, logs: str, address: dict[str, str], tmp_path: Path) -> None:
    with network(2, plain=True) as hosts, Cluster(tmp_path / "cluster", hosts, address) as cluster:
        cluster.start(1, nanny=False)
        score(logs, "s3://bucket/cluster/scores.parquet", keep=["team"], on=cluster.url)
    (tmp_path / "out").mkdir()
    score(logs, tmp_path / "out" / "scores.parquet", keep=["team"], workers=1)
    assert objects(storage, "bucket/cluster") == files(tmp_path / "out")


def test_the_command(logs: str, address: dict[str, str], tmp_path: Path) -> None:
    words = ["score", f"{logs}/a.jsonl", "-o", "s3://bucket/command/scores.csv", "--keep", "team", "--workers", "1"]
    run = Command(tmp_path)(*words, "--journal", "s3://bucket/command/run", env=address)
    assert run.out == "199 interviews scored into s3://bucket/command/scores.csv\n"
    assert run.code == 1
    again = Command(tmp_path).inside(*words)
    assert again.code == 2
    assert again.err == (
        "misstep: s3://bucket/command/scores.csv: is there already; give --overwrite to replace it, or choose another name\n"
    )
    assert not list(tmp_path.iterdir())


def test_an_object_appears_whole_or_not_at_all(storage: Any) -> None:
    def half() -> Iterator[bytes]:
        yield b"x" * 12_000_000  # more than is sent at a time
        raise KeyError

    path = place("s3://bucket/whole/object")
    with whole_file(path) as stream:
        stream.write(b"before")
        assert not path.exists()
    with pytest.raises(KeyError), whole_file(path) as stream:
        stream.writelines(half())
    assert path.read_bytes() == b"before"
    assert storage.find("bucket/whole") == ["bucket/whole/object"]


@pytest.mark.parametrize(
    ("inputs", "output", "said"),
    [
        ("s3://bucket/nothing", "s3://bucket/x.csv", "s3://bucket/nothing: no such file"),
        ("s3://bucket/nothing/*.jsonl", "s3://bucket/x.csv", "s3://bucket/nothing/*.jsonl: no file matches"),
        ("s3://no-bucket/a.jsonl", "s3://bucket/x.csv", "s3://no-bucket/a.jsonl: no such file"),
        (
            "s3://bucket/logs",
            "s3://bucket/logs/x.csv",
            "s3://bucket/logs/x.csv: lies in the input s3://bucket/logs; write elsewhere",
        ),
        (
            "s3://bucket/logs/*",
            "s3://bucket/logs/x.csv",
            "s3://bucket/logs/x.csv: the input s3://bucket/logs/* matches it too; write elsewhere",
        ),
        (
            ["s3://bucket/logs", "s3://bucket/logs/a.jsonl"],
            "s3://bucket/x.csv",
            "s3://bucket/logs/a.jsonl: is given twice; every interview is to be scored once",
        ),
        (
            "nowhere://bucket/a.jsonl",
            "x.csv",
            "nowhere://bucket/a.jsonl: there is no storage 'nowhere://'; s3://BUCKET/NAME is one",
        ),
    ],
)
def test_what_makes_no_sense(
    logs: str, inputs: str, output: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UsageError, RecordError)) as raised:
        score(inputs, output, workers=1)
    assert str(raised.value) == said


def test_a_storage_that_cannot_be_reached(address: dict[str, str], tmp_path: Path) -> None:
    gone = address | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}
    for words in (["s3://bucket/a.jsonl", "-o", "x.csv"], ["a.jsonl", "-o", "s3://bucket/x.csv"]):
        (tmp_path / "a.jsonl").write_text('{"facts": []}\n', encoding="utf-8")
        run = Command(tmp_path)("score", *words, "--workers", "1", env=gone)
        assert run.code == 2
        assert ": cannot be reached: " in run.err
        assert run.err.count("\n") == 1


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(InstallationError) as raised:
        place("s3://bucket/a")
    assert str(raised.value) == "an object storage needs universal_pathlib: pip install 'misstep[storage]'"
    assert os.fspath(place("bucket/a")) == "bucket/a"
