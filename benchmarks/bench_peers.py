"""One mini rule base on every engine that can be had: all must give the same answers, and each is timed against the same
rules written by hand."""

from __future__ import annotations

import pytest
from benchmarks.peers.by_hand import answer
from benchmarks.peers.contenders import CONTENDERS, Contender
from benchmarks.peers.interviews import Answer, make_interviews
from benchmarks.peers.report import ROWS
from benchmarks.peers.table import Row
from benchmarks.peers.worker import Worker, WorkerError
from benchmarks.rounds import Ratio, compare
from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 15


class Clock:
    """Time as the contender told it last: what its process is asked and answers costs none."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        return self._now

    def forward(self, seconds: float) -> float:
        """Let so much time pass."""
        self._now += seconds
        return seconds


CLOCK = Clock()


@pytest.fixture(scope="module")
def expected() -> list[Answer]:
    return [answer(interview) for interview in make_interviews()]


@pytest.mark.benchmark(group="peers", timer=CLOCK)
@pytest.mark.parametrize("contender", CONTENDERS.values(), ids=CONTENDERS)
def bench_peer(request: pytest.FixtureRequest, benchmark: BenchmarkFixture, contender: Contender, expected: list[Answer]) -> None:
    def told(ratio: Ratio | None = None, absent: str = "") -> None:
        row = Row(contender.key, contender.named(), contender.note, contender.ours, ratio, absent)
        request.config.stash[ROWS].append(row)

    if reason := contender.absent():
        told(absent=reason)
        pytest.skip(f"{contender.named()}: {reason}")
    try:
        with Worker(contender.key) as worker:
            given = worker.answers()
            wrong = [number for number, pair in enumerate(zip(given, expected, strict=True)) if pair[0] != pair[1]]
            if wrong:
                told(absent=f"{len(wrong)} wrong answers")
            assert not wrong, f"{contender.named()} answers {len(wrong)} interviews otherwise, first that of number {wrong[0]}"
            told(compare(benchmark, worker.by_hand, lambda part: CLOCK.forward(worker.own(part)), ROUNDS))
    except WorkerError as error:
        told(absent=str(error))
        raise
