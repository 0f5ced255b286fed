"""Loading: a new process until the shipped rules are ready, and its parts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from misstep import RuleBase
from misstep.evaluate.codegen import generate
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.shipped import shipped_rules

FIRST = "import misstep; misstep.assess_json(b'[{\"kind\": \"late_arrival\"}]', engine='%s')"
COMPILED = "import misstep; rulebase = misstep.RuleBase.shipped(); [rulebase.rule_source(rule) for rule in rulebase.rules]"


@pytest.mark.parametrize(
    ("program", "cache"),
    [
        pytest.param("pass", True, id="bare Python"),
        pytest.param("import pydantic.main", True, id="import pydantic"),
        pytest.param("import misstep", True, id="import misstep"),
        pytest.param(FIRST % "core", True, id="first answer of the core", marks=pytest.mark.needs("core")),
        pytest.param(FIRST % "python", True, id="first answer in Python"),
        pytest.param(COMPILED, True, id="every rule compiled in Python"),
        pytest.param(COMPILED, False, id="the same, from the packs"),
    ],
)
def bench_new_process(benchmark: BenchmarkFixture, program: str, cache: bool, tmp_path: Path) -> None:
    benchmark.group = "new process"
    environment = {**os.environ, "MISSTEP_CACHE": str(tmp_path) if cache else "off"}
    command = [sys.executable, "-c", program]
    subprocess.run(command, check=True, env=environment)  # the first start fills the cache
    assert benchmark(subprocess.run, command, check=True, env=environment).returncode == 0


@pytest.mark.parametrize("cases", [False, True], ids=["without cases", "with cases"])
def bench_load(benchmark: BenchmarkFixture, cases: bool) -> None:
    benchmark.group = "packs to a checked program"
    program, _ = benchmark(load_program, [shipped_rules()], Limits(), cases)
    assert program.rules


def bench_compile(benchmark: BenchmarkFixture, shipped: RuleBase) -> None:
    benchmark.group = "rules to functions"
    program = shipped.program
    assert len(benchmark(lambda: [generate(rule, program.kinds) for rule in program.rules.values()])) == len(program.rules)
