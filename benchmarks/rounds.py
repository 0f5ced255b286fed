"""Two things to time in; how many times longer the one takes than the other out, whatever the machine does meanwhile.

Machines flip between speeds and are shared. So rounds of the two are taken in turn, A B A B A, each round of B is divided
by the mean of its neighbours, and the median of these ratios is the figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from pytest_benchmark.fixture import BenchmarkFixture

Round = Callable[[int], float]
"""The number of a round to the seconds that one unit of work took in it."""


@dataclass(frozen=True)
class Ratio:
    """How many times longer: the median, the lowest and the highest; and the median of the seconds themselves."""

    median: float
    lowest: float
    highest: float
    seconds: float


def compare(benchmark: BenchmarkFixture, one: Round, other: Round, rounds: int) -> Ratio | None:
    """Measure ``other`` against ``one``; None where benchmarks are disabled, and then each is run once."""
    bases: list[float] = []
    own: list[float] = []
    benchmark.pedantic(
        lambda: own.append(other(len(own))), setup=lambda: bases.append(one(len(bases))), rounds=rounds, iterations=1
    )
    if benchmark.disabled:
        return None
    bases.append(one(len(bases)))
    found = sorted(2 * b / (before + after) for before, b, after in zip(bases, own, bases[1:], strict=False))
    return Ratio(median(found), found[0], found[-1], median(own))
