"""One mini rule base on every engine that can be had: all must give the same answers, and each is timed against the same
rules written by hand."""

from __future__ import annotations

import pytest
from benchmarks.peers.by_hand import answer
from benchmarks.peers.contenders import CONTENDERS, Contender
from benchmarks.peers.interviews import Answer, make_interviews
from benchmarks.peers.worker import Worker
from benchmarks.rounds import compare
from pytest_benchmark.fixture import BenchmarkFixture

ROUNDS = 15


@pytest.fixture(scope="module")
def expected() -> list[Answer]:
    return [answer(interview) for interview in make_interviews()]


@pytest.mark.parametrize("contender", CONTENDERS.values(), ids=CONTENDERS)
def bench_peer(benchmark: BenchmarkFixture, contender: Contender, expected: list[Answer]) -> None:
    benchmark.group = "peers"
    if reason := contender.absent():
        pytest.skip(f"{contender.title}: {reason}")
    with Worker(contender.key) as worker:
        given = worker.answers()
        wrong = [number for number, pair in enumerate(zip(given, expected, strict=True)) if pair[0] != pair[1]]
        assert not wrong, f"{contender.title} answers {len(wrong)} interviews otherwise, first that of number {wrong[0]}"
        compare(benchmark, worker.by_hand, worker.own, ROUNDS)
