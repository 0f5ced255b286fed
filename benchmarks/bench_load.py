"""Loading: a new process until the shipped rules are ready, and its parts."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from misstep import RuleBase
from misstep.evaluate.codegen import generate
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.load import shipped_rules

READY = "import misstep; rulebase = misstep.RuleBase.shipped()"
SOURCES = "; [rulebase.rule_source(rule) for rule in rulebase.rules]"


@pytest.mark.parametrize(
    "program", ["pass", "import pydantic.main", "import misstep", READY, READY + SOURCES],
    ids=["bare Python", "import pydantic", "import misstep", "shipped rules ready", "every rule compiled"],
)  # fmt: skip
def bench_new_process(benchmark: BenchmarkFixture, program: str) -> None:
    benchmark.group = "new process"
    assert benchmark(subprocess.run, [sys.executable, "-c", program], check=True).returncode == 0


@pytest.mark.parametrize("cases", [False, True], ids=["without cases", "with cases"])
def bench_load(benchmark: BenchmarkFixture, cases: bool) -> None:
    benchmark.group = "packs to a checked program"
    program, _ = benchmark(load_program, [shipped_rules()], Limits(), cases)
    assert program.rules


def bench_compile(benchmark: BenchmarkFixture, shipped: RuleBase) -> None:
    benchmark.group = "rules to functions"
    program = shipped.program
    assert len(benchmark(lambda: [generate(rule, program.kinds) for rule in program.rules.values()])) == len(program.rules)
