"""Logs through ``misstep score``: every way in and out, against a bare loop of ``assess_json`` on two processes in the same run,
and how the time grows with the log.

``MISSTEP_BENCH_INTERVIEWS=1000000`` is for figures; the growth goes to three times as many.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_sqlite.dbapi
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.batch.table import Table
from benchmarks.batch.watched import watch
from pytest_benchmark.fixture import BenchmarkFixture
from tests.batch.server import running_server

from misstep import RuleBase
from misstep.tools.sample import sample_records

INTERVIEWS = int(os.environ.get("MISSTEP_BENCH_INTERVIEWS", "10000"))
QUICK = 300  # where benchmarks are disabled
SIZES = [size for size in (10_000, 100_000, 1_000_000, 3_000_000) if size <= 3 * INTERVIEWS]
CHUNK = 10_000


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Table:
    """Rows for the end of the run."""
    table = Table()
    request.config.pluginmanager.register(table)
    return table


@pytest.fixture(scope="module")
def interviews(request: pytest.FixtureRequest) -> int:
    return INTERVIEWS if request.config.getoption("--benchmark-enable") else QUICK


@pytest.fixture(scope="module")
def logs(interviews: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the same log in every form."""
    folder = tmp_path_factory.mktemp("logs")
    write_log(folder / "log.jsonl", interviews)
    with adbc_driver_sqlite.dbapi.connect(str(folder / "log.db")) as connection, connection.cursor() as cursor:
        writer = None
        for batch in batches(folder / "log.jsonl"):
            writer = writer or pq.ParquetWriter(folder / "log.parquet", batch.schema, compression="zstd")
            writer.write_batch(batch)
            cursor.adbc_ingest("interviews", batch, mode="create_append")
        assert writer is not None
        writer.close()
        connection.commit()
    yield folder
    for file in folder.iterdir():
        file.unlink()


@pytest.fixture(scope="module")
def postgresql(logs: Path) -> Iterator[str]:
    """A server with the same log in a table."""
    import adbc_driver_postgresql.dbapi

    with running_server() as address:
        with adbc_driver_postgresql.dbapi.connect(address) as connection, connection.cursor() as cursor:
            for batch in batches(logs / "log.jsonl"):
                cursor.adbc_ingest("interviews", batch, mode="create_append")
            connection.commit()
        yield address


def write_log(file: Path, count: int) -> None:
    with file.open("wb") as stream:
        for record in sample_records(RuleBase.shipped(), count):
            stream.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def batches(log: Path) -> Iterator[pa.RecordBatch]:
    """The log as a table of ids and facts."""
    with log.open("rb") as lines:
        while records := [orjson.loads(line) for _, line in zip(range(CHUNK), lines, strict=False)]:
            facts = [orjson.dumps(record["facts"]).decode() for record in records]
            yield pa.RecordBatch.from_pydict({"id": [record["id"] for record in records], "facts": facts})


WAYS = {
    "JSON lines to Parquet": ["log.jsonl", "-o", "a.parquet"],
    "JSON lines to Parquet, 1 worker": ["log.jsonl", "-o", "b.parquet", "--workers", "1"],
    "JSON lines to Parquet, findings and actions": ["log.jsonl", "-o", "c.parquet", "--with", "findings", "--with", "actions"],
    "JSON lines to Parquet, whole assessments": ["log.jsonl", "-o", "d.parquet", "--with", "assessment"],
    "JSON lines to JSON lines": ["log.jsonl", "-o", "e.jsonl"],
    "Parquet to Parquet": ["log.parquet", "-o", "f.parquet"],
    "SQLite to SQLite": ["sqlite:///log.db?table=interviews", "-o", "sqlite:///log.db?table=scores"],
    "PostgreSQL to PostgreSQL": ["{postgresql}?table=interviews", "-o", "{postgresql}?table=scores"],
}


def bench_bare(benchmark: BenchmarkFixture, logs: Path, interviews: int, table: Table) -> None:
    """What the others are measured against; it stands at both ends of the run."""
    bare(benchmark, logs, interviews, table)


@pytest.mark.parametrize("way", WAYS)
def bench_score(benchmark: BenchmarkFixture, logs: Path, interviews: int, postgresql: str, table: Table, way: str) -> None:
    arguments = [argument.format(postgresql=postgresql) for argument in WAYS[way]]
    watched = benchmark.pedantic(watch, args=("misstep", ["score", *arguments], logs), rounds=1, iterations=1)
    table.add(way, interviews, watched)


def bench_bare_again(benchmark: BenchmarkFixture, logs: Path, interviews: int, table: Table) -> None:
    bare(benchmark, logs, interviews, table)


def bare(benchmark: BenchmarkFixture, logs: Path, interviews: int, table: Table) -> None:
    module = "benchmarks.batch.bare"
    watched = benchmark.pedantic(watch, args=(module, [str(logs / "log.jsonl")], logs), rounds=1, iterations=1)
    table.add("bare loop of assess_json, 2 processes", interviews, watched, bare=True)


@pytest.mark.parametrize("size", SIZES)
def bench_growth(benchmark: BenchmarkFixture, tmp_path: Path, table: Table, size: int) -> None:
    size = QUICK if benchmark.disabled else size
    write_log(tmp_path / "log.jsonl", size)
    arguments = ["score", "log.jsonl", "-o", "scores.parquet", "--workers", "2"]
    watched = benchmark.pedantic(watch, args=("misstep", arguments, tmp_path), rounds=1, iterations=1)
    table.add("growth: JSON lines to Parquet, 2 workers", size, watched)
    (tmp_path / "log.jsonl").unlink()
