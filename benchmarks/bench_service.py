"""What one worker of the service bears: against the framework with a fixed body, at a fixed rate, and for a long time.

``MISSTEP_BENCH_SECONDS=600`` lets the memory of the service be watched for ten minutes instead of one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from benchmarks.rounds import compare
from benchmarks.scaling.memory import resident_of
from benchmarks.service.open_loop import SHARES
from benchmarks.service.servers import ROOT, Load, Server, bare, ours, wrk
from pytest_benchmark.fixture import BenchmarkFixture

from misstep import RuleBase
from misstep.service.access_log import AccessLog
from misstep.service.logs import LOG, JsonFormatter
from misstep.service.metrics import Metrics

pytestmark = pytest.mark.needs("wrk")

ROUND, ROUNDS = 3, 5  # seconds; rounds of ours, with one of the framework before, between and after them
RATE_SECONDS = 20
SHARE = 0.7
SECONDS = int(os.environ.get("MISSTEP_BENCH_SECONDS", "60"))
LOOKS = 6
STORY = ROOT / "fixtures" / "interviews" / "seed.json"
INTERVIEWS = sorted((ROOT / "fixtures" / "interviews").glob("*.json"))
RECORDS: dict[str, list[Any]] = {
    "one mistake": [[{"kind": "late_arrival", "minutes": 12, "notified": False}]],
    "the story of the README": [json.loads(STORY.read_bytes())],
    f"{len(INTERVIEWS)} real interviews in turn": [json.loads(file.read_bytes()) for file in INTERVIEWS],
}


@dataclass
class Told:
    """A plugin of pytest: what is measured is printed at the end."""

    lines: list[str] = field(default_factory=list)

    def compare(self, benchmark: BenchmarkFixture, what: str, base: Server, server: Server, records: Path, size: int) -> None:
        """Load two servers in turn; the base answers with so many bytes."""
        seen: dict[Server, list[Load]] = {base: [], server: []}

        def seconds(of: Server) -> float:
            seen[of].append(wrk(of, records, 1 if benchmark.disabled else ROUND))
            return 1 / seen[of][-1].per_second

        ratio = compare(benchmark, lambda _: seconds(base), lambda _: seconds(server), ROUNDS)
        assert not sum(load.wrong for loads in seen.values() for load in loads)
        if ratio is not None:
            one, other = (median(load.per_second for load in seen[of]) for of in (server, base))
            share = f"{1 / ratio.median:.2f} of it ({1 / ratio.highest:.2f}-{1 / ratio.lowest:.2f})"
            self.lines.append(f"{what}: {one:,.0f} a second, the framework with {size:,} bytes {other:,.0f}: {share}")
            cpu, base_cpu = (median(load.cpu for load in seen[of]) for of in (server, base))
            self.lines.append(f"  {cpu:.0f} µs of CPU time each, the framework {base_cpu:.0f}: {base_cpu / cpu:.2f} of it")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.lines:
            terminalreporter.section("service")
            for line in self.lines:
                terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest) -> Told:
    """Lines for the end of the run."""
    told = Told()
    request.config.pluginmanager.register(told)
    return told


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with ours(tmp_path_factory.mktemp("service")) as server:
        yield server


def write(folder: Path, what: str) -> tuple[Path, int]:
    """The records as a file, a line each, and the mean size of their answers."""
    file = folder / "records.jsonl"
    lines = [json.dumps(record).encode() for record in RECORDS[what]]
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file, sum(len(RuleBase.shipped().assess_json(line)) for line in lines) // len(lines)


@pytest.mark.parametrize("what", RECORDS)
def bench_against_the_framework(benchmark: BenchmarkFixture, told: Told, server: Server, tmp_path: Path, what: str) -> None:
    """The share that is left of what the framework serves with a fixed body of the same size."""
    file, size = write(tmp_path, what)
    with bare(size) as framework:
        told.compare(benchmark, what, framework, server, file, size)


def bench_without_the_assessment(benchmark: BenchmarkFixture, told: Told, tmp_path: Path) -> None:
    """The same for the service with a fixed answer: what limits, log, figures and headers take."""
    file, size = write(tmp_path, list(RECORDS)[1])
    with bare(size) as framework, ours(tmp_path, size) as server:
        told.compare(benchmark, "the service, but for the assessment", framework, server, file, size)


def bench_at_a_rate(benchmark: BenchmarkFixture, told: Told, server: Server, tmp_path: Path) -> None:
    """How long requests take that come at 70 % of the greatest rate, from when each was due."""
    file, _ = write(tmp_path, list(RECORDS)[-1])
    peak = wrk(server, file, 1 if benchmark.disabled else 2 * ROUND).per_second
    seconds = 1 if benchmark.disabled else RATE_SECONDS
    rate = SHARE * peak
    options = [server.host, str(server.port), str(rate), str(seconds), str(file)]
    command = [sys.executable, "-m", "benchmarks.service.open_loop", *options]
    printed = benchmark.pedantic(lambda: subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout, rounds=1)
    found = json.loads(printed)
    assert not found["wrong"] + found["lost"]
    if not benchmark.disabled:
        times = ", ".join(f"{name} {found[name] * 1000:.1f} ms" for name in SHARES)
        told.lines.append(
            f"at {rate:,.0f} a second, {SHARE:.0%} of the greatest rate, for {seconds} s: {found['answered']:,} answered, {times}"
        )


def bench_a_line_of_the_log(benchmark: BenchmarkFixture, told: Told) -> None:
    """What the line about a request takes; a line by itself, as other events have, for comparison."""
    count = 100 if benchmark.disabled else 20_000
    with Path(os.devnull).open("w") as nowhere:
        handler = logging.StreamHandler(nowhere)
        handler.setFormatter(JsonFormatter())
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)

        async def write(batched: bool) -> float:
            log = AccessLog(Metrics(), logged=True, batched=batched)
            begun = time.perf_counter()
            for _ in range(count):
                log.add((b"1a8ed2cc760c6a9f", "POST", "/assess", 200, 0.0009, None))
            log.flush()
            return (time.perf_counter() - begun) / count

        alone = asyncio.run(write(batched=False))
        together = benchmark.pedantic(lambda: asyncio.run(write(batched=True)), rounds=1)
        LOG.removeHandler(handler)
    if not benchmark.disabled:
        told.lines.append(f"a line of the log: {together * 1e6:.1f} µs in a batch, {alone * 1e6:.1f} µs by itself")


def bench_memory(benchmark: BenchmarkFixture, told: Told, tmp_path: Path) -> None:
    """What the process holds while as many requests are answered as it can."""
    file, _ = write(tmp_path, list(RECORDS)[-1])
    seconds = 1 if benchmark.disabled else SECONDS
    held: list[float] = []
    with ours(tmp_path) as server:
        if not benchmark.disabled:
            wrk(server, file, 5)  # what is made once is made
        over = threading.Event()

        def look() -> None:
            while not over.wait(seconds / LOOKS):
                held.append(resident_of(server.pid))

        held.append(resident_of(server.pid))
        watcher = threading.Thread(target=look)
        watcher.start()
        load = benchmark.pedantic(wrk, (server, file, seconds), rounds=1)
        over.set()
        watcher.join()
        held.append(resident_of(server.pid))
    assert not load.wrong
    if not benchmark.disabled:
        points = ", ".join(f"{mib:.1f}" for mib in held)
        told.lines.append(f"{load.requests:,} requests in {seconds} s: {points} MiB held; {held[-1] - held[0]:+.1f}")
