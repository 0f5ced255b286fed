"""One interview with the shipped rules: from plain data to an Assessment with all its reasons, and where the time goes."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from benchmarks.conftest import FOUR, mistakes
from pytest_benchmark.fixture import BenchmarkFixture

from misstep import RuleBase
from misstep.assessment.drafting import Draft, Drafter
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.assessment.result import SCHEMA
from misstep.evaluate.compiled import CompiledEngine
from misstep.evaluate.export import export
from misstep.limits import Limits


def bench_yardstick(benchmark: BenchmarkFixture) -> None:
    """A fixed piece of plain Python, measured in the same run: machines differ and have good and bad minutes, so read
    the other figures in units of it."""
    benchmark.group = "assess"

    def thousand_writes() -> dict[int, tuple[int, int]]:
        table = {}
        for i in range(1000):
            table[i % 50] = (i, i)
        return table

    assert len(benchmark(thousand_writes)) == 50


@pytest.mark.parametrize("facts", [FOUR[:1], FOUR], ids=["one mistake", "four mistakes"])
def bench_assess(benchmark: BenchmarkFixture, shipped: RuleBase, facts: list[dict[str, Any]]) -> None:
    benchmark.group = "assess"
    assessment = benchmark(shipped.assess, facts)
    assert len(assessment.findings) == len(facts)


def bench_assess_json(benchmark: BenchmarkFixture, shipped: RuleBase) -> None:
    """The same four mistakes from bytes to bytes, with all reasons and the message put into words."""
    benchmark.group = "assess"
    assert b'"because"' in benchmark(shipped.assess_json, json.dumps(FOUR).encode())


@pytest.mark.needs("core")
def bench_assess_json_in_the_core(benchmark: BenchmarkFixture, shipped: RuleBase) -> None:
    """The same bytes, by the core in Rust."""
    from misstep_core import Core

    benchmark.group = "assess"
    record = json.dumps(FOUR).encode()
    core = Core(orjson.dumps(export(shipped.program, Limits())), SCHEMA)
    assert benchmark(core.assess_json, record) == shipped.assess_json(record)


def bench_assess_large(benchmark: BenchmarkFixture, shipped: RuleBase) -> None:
    benchmark.group = "assess"
    facts = mistakes(shipped, 100)
    assert len(benchmark(shipped.assess, facts).findings) == 100


@pytest.mark.parametrize("part", ["validation", "evaluation", "draft", "evaluation, plan and report"])
def bench_parts(benchmark: BenchmarkFixture, shipped: RuleBase, part: str) -> None:
    benchmark.group = "parts of four mistakes"
    program, limits = shipped.program, Limits()
    reader, pipeline = RecordReader(program, limits), Pipeline(program, CompiledEngine(program), limits)
    facts = reader.read(FOUR)
    if part == "validation":
        assert benchmark(reader.read, FOUR).rows.keys() == facts.rows.keys()
    elif part == "evaluation":
        _, findings = benchmark(pipeline.conclude, facts)
        assert len(findings) == 4
    elif part == "draft":
        drafter, result = Drafter(program), pipeline.evaluate(facts)
        plan, findings, outlook = result.plan, result.findings, program.scale.outlooks[0]

        def words() -> list[Draft | None]:
            drafter.headline(plan, findings, facts, outlook)
            return [drafter.message(step, plan, findings, facts, outlook) for step in plan.steps]

        assert any(benchmark(words))
    else:
        assert len(benchmark(pipeline.assess, facts).findings) == 4
