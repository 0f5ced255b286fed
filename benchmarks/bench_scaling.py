"""How cost grows: with facts, with rules, with what is joined, over many assessments; and whether threads get right answers.

Every size is measured against another one of the same thing in interleaved rounds (rounds.py), and then loaded and assessed
in processes of its own; the table at the end of the run has it all. ``MISSTEP_BENCH_ASSESSMENTS=1000000`` lets the memory of
a process be watched for longer.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from benchmarks.conftest import mistakes
from benchmarks.rounds import Round, compare
from benchmarks.scaling.alone import RAISED, alone
from benchmarks.scaling.growth import grow
from benchmarks.scaling.packs import RECORD, SHAPES, Breadth, joined, write_join, write_packs
from benchmarks.scaling.table import Row, Table
from benchmarks.scaling.threads import RECORDS, THREADS, count_wrong
from pytest_benchmark.fixture import BenchmarkFixture

from misstep import RuleBase
from misstep.rulebase.shipped import shipped_rules

ROUND = 0.02  # seconds that a round takes at least
LONG = 0.2  # seconds; of what takes longer there are few rounds
MANY, FEW = 15, 3
PROCESSES = 3
ASSESSMENTS = int(os.environ.get("MISSTEP_BENCH_ASSESSMENTS", "100000"))
ENGINES = ["python", pytest.param("durable", marks=pytest.mark.needs("durable"))]
SLOWER = 10  # times fewer calls of the second engine
QUICK = 200  # the most of anything where benchmarks are disabled; more than the hundred rules that others are compared with


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Table:
    """Rows for the end of the run."""
    table = Table()
    request.config.pluginmanager.register(table)
    return table


@pytest.fixture(scope="module")
def raised(shipped: RuleBase) -> RuleBase:
    """The shipped rules with room for large records."""
    return RuleBase(shipped.program, RAISED)


@dataclass(frozen=True)
class Sized:
    """A rule base and a record, one of which has a size; ``whole``: all reasons are asked for, from JSON to JSON."""

    size: int
    packs: Path
    rulebase: RuleBase
    record: list[dict[str, Any]]
    whole: bool = False

    def assess(self) -> None:
        """Assess the record."""
        if self.whole:
            self.rulebase.assess_json(self._json)
        else:
            self.rulebase.assess(self.record)

    @cached_property
    def _json(self) -> str:
        return json.dumps(self.record)

    def round(self) -> Round:
        """Rounds of assessing, each as long as it takes to be measured; what is slow at first is done before."""
        self.assess()
        start = time.perf_counter()
        self.assess()
        passes = max(1, round(ROUND / (time.perf_counter() - start)))

        def seconds(_: int) -> float:
            start = time.perf_counter()
            for _ in range(passes):
                self.assess()
            return (time.perf_counter() - start) / passes

        return seconds


def measure(benchmark: BenchmarkFixture, table: Table, what: str, base: Sized, sized: Sized, folder: Path) -> None:
    """One row of the table: the assessment against that of another size, and load and memory in processes of their own."""
    benchmark.group = what
    if benchmark.disabled:
        benchmark(sized.assess)
        return
    one, other = base.round(), sized.round()
    ratio = compare(benchmark, one, other, FEW if other(0) > LONG else MANY)
    if ratio is not None:
        file = folder / "record.json"
        file.write_text(json.dumps(sized.record), encoding="utf-8")
        alone_found = tuple(alone(sized.packs, file) for _ in range(PROCESSES))
        table.rows.append(Row(what, sized.size, base.size, ratio, alone_found))


# -- facts


@pytest.mark.parametrize("count", [1, 10, 100, 1000, 10_000])
@pytest.mark.parametrize("whole", [False, True], ids=["assess", "assess_json"])
def bench_facts(
    benchmark: BenchmarkFixture, table: Table, raised: RuleBase, tmp_path: Path, count: int, whole: bool
) -> None:  # fmt: skip
    """The cost of one fact should not grow with their number: no more times as long than times as many."""
    count = quick(benchmark, count)
    base, sized = (Sized(n, shipped_rules(), raised, mistakes(raised, n), whole) for n in (1, count))
    what = "facts, shipped rules" + (", JSON with all reasons" if whole else "")
    measure(benchmark, table, what, base, sized, tmp_path)
    if whole:
        reasons = sum(len(finding.because) for finding in raised.assess(sized.record).findings)
        table.lines.append(f"{count:,} facts, shipped rules: {reasons / count:.1f} reasons for each")


# -- rules


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Sized:
    """The rule base that others are measured against."""
    return of_rules(tmp_path_factory.mktemp("hundred"), 100)


def of_rules(folder: Path, count: int, shapes: tuple[str, ...] = (), breadth: Breadth = "same kinds") -> Sized:
    packs = write_packs(folder / "packs", count, shapes, breadth)
    return Sized(count, packs, RuleBase.load(packs, limits=RAISED), RECORD)


@pytest.mark.parametrize("count", [40, 100, 500, 1000, 5000])
@pytest.mark.parametrize("breadth", ["more kinds", "same kinds"])
def bench_rules(
    benchmark: BenchmarkFixture, table: Table, hundred: Sized, tmp_path: Path, count: int, breadth: Breadth
) -> None:  # fmt: skip
    """Rules that do not fire should cost little: the same twenty fire in every size."""
    sized = of_rules(tmp_path, quick(benchmark, count), (), breadth)
    assert sized.rulebase.fired(RECORD) == hundred.rulebase.fired(RECORD)
    measure(benchmark, table, f"rules, {breadth}", hundred, sized, tmp_path)


@pytest.mark.parametrize("shape", SHAPES)
def bench_shapes(benchmark: BenchmarkFixture, table: Table, hundred: Sized, tmp_path: Path, shape: str) -> None:
    """Which rules cost something where they do not fire: 4,900 of one shape, four hundred for each kind."""
    sized = of_rules(tmp_path, quick(benchmark, 5000), (shape,))
    assert sized.rulebase.fired(RECORD) == hundred.rulebase.fired(RECORD)
    measure(benchmark, table, f"rules, same kinds: {shape}", hundred, sized, tmp_path)


# -- joins


@pytest.mark.parametrize(
    ("patterns", "equal", "count"),
    [(patterns, True, count) for patterns in (2, 3) for count in (10, 100, 1000)]
    + [(2, False, count) for count in (10, 100, 1000)]
    + [(3, False, count) for count in (10, 30, 100)],
)
def bench_joins(
    benchmark: BenchmarkFixture, table: Table, tmp_path: Path, patterns: int, equal: bool, count: int
) -> None:  # fmt: skip
    """One rule over two or three patterns, so many facts for each and as many matches: equal fields should cost what there
    are facts, another condition what there are pairs or triples."""
    count = quick(benchmark, count)
    packs = write_join(tmp_path / "packs", patterns, equal)
    rulebase = RuleBase.load(packs, limits=RAISED)
    base, sized = (Sized(n, packs, rulebase, joined(patterns, n)) for n in (10, count))
    assert len(rulebase.assess(sized.record).findings) == count
    assert all(len(finding.because) == 1 for finding in rulebase.assess(sized.record).findings)
    measure(benchmark, table, f"join of {patterns}, {'equal fields' if equal else 'another condition'}", base, sized, tmp_path)


# -- memory and threads, over many assessments


@pytest.mark.parametrize("engine", ENGINES)
def bench_growth(benchmark: BenchmarkFixture, table: Table, engine: str) -> None:
    """What a process holds after so many assessments, no record like another."""
    benchmark.group = "growth"
    many = quick(benchmark, calls(engine))
    points = benchmark.pedantic(grow, (engine, many), rounds=1)
    assert points[-1].after == many
    table.add_growth(f"{engine}: MiB held", {point.after: point.resident for point in points})
    if engine == "durable":
        table.add_growth(f"{engine}: MiB held by its own process", {point.after: point.process for point in points})


@pytest.mark.parametrize("engine", ENGINES)
def bench_threads(benchmark: BenchmarkFixture, table: Table, engine: str) -> None:
    """Threads that share a rule base get the answers that one thread gets."""
    benchmark.group = "threads"
    many = quick(benchmark, calls(engine) // 2)
    wrong = benchmark.pedantic(count_wrong, (engine, many, quick(benchmark, RECORDS)), rounds=1)
    table.lines.append(f"{engine}: {THREADS} threads share one rule base, {many:,} answers, {wrong} wrong")
    assert not wrong


def quick(benchmark: BenchmarkFixture, count: int) -> int:
    """A count, or fewer where nothing is measured."""
    return min(count, QUICK) if benchmark.disabled else count


def calls(engine: str) -> int:
    """How often to assess on an engine."""
    return ASSESSMENTS if engine == "python" else ASSESSMENTS // SLOWER
