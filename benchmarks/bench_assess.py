"""One interview with the shipped rules: from plain data to an Assessment with all its reasons, and where the time goes."""

from __future__ import annotations

import json

import pytest
from benchmarks.conftest import FOUR, mistakes
from pytest_benchmark.fixture import BenchmarkFixture

from misstep import RuleBase
from misstep.api import EngineName
from misstep.assessment.drafting import Draft, Drafter
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.python_engine import PythonEngine
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


ENGINES = ["python", pytest.param("core", marks=pytest.mark.needs("core"))]


@pytest.mark.parametrize("engine", ENGINES)
def bench_assess_json(benchmark: BenchmarkFixture, shipped: RuleBase, engine: EngineName) -> None:
    """Four mistakes from bytes to bytes, with all reasons and the message put into words."""
    benchmark.group = "assess"
    assert b'"because"' in benchmark(shipped.assess_json, json.dumps(FOUR).encode(), engine)


@pytest.mark.parametrize("engine", ENGINES)
def bench_assess_as_it_is_read(benchmark: BenchmarkFixture, shipped: RuleBase, engine: EngineName) -> None:
    """The same from plain data, of which a user reads the damage, the verdict and the titles of the steps."""
    benchmark.group = "assess"

    def titles() -> tuple[float, str, list[str]]:
        answer = shipped.assess(FOUR, engine)
        return answer.damage, answer.verdict, [step.title for step in answer.steps]

    assert benchmark(titles)[2]


@pytest.mark.parametrize("engine", ENGINES)
def bench_assess_whole(benchmark: BenchmarkFixture, shipped: RuleBase, engine: EngineName) -> None:
    """The same, and all of it is read."""
    benchmark.group = "assess"
    assert benchmark(lambda: shipped.assess(FOUR, engine).to_dict())["findings"]


def bench_assess_large(benchmark: BenchmarkFixture, shipped: RuleBase) -> None:
    benchmark.group = "assess"
    facts = mistakes(shipped, 100)
    assert len(benchmark(shipped.assess, facts).findings) == 100


@pytest.mark.parametrize("part", ["validation", "evaluation", "draft", "evaluation, plan and report"])
def bench_parts(benchmark: BenchmarkFixture, shipped: RuleBase, part: str) -> None:
    benchmark.group = "parts of four mistakes"
    program, limits = shipped.program, Limits()
    reader, pipeline = RecordReader(program, limits), Pipeline(program, PythonEngine(program), limits)
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
