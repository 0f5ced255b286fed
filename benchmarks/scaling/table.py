"""How it grows, row by row as it is measured; one table at the end of the run out."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.rounds import Ratio
from benchmarks.scaling.alone import Alone

HEAD = (
    f"{'':42} {'size':>6} {'against':>7} {'times as long (range)':>26} {'ms':>9} "
    f"{'load s':>7} {'first ms':>9} {'peak MiB':>9}"
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One size of one thing: measured against another size of it in interleaved rounds, and in processes of its own."""

    what: str
    size: int
    against: int
    ratio: Ratio
    alone: tuple[Alone, ...]

    def __str__(self) -> str:
        times = f"{_short(self.ratio.median)} ({_short(self.ratio.lowest)}-{_short(self.ratio.highest)})"
        load, first = (median([getattr(one, name) for one in self.alone]) for name in ("load", "first"))
        return (
            f"{self.what:42} {self.size:>6,} {self.against:>7,} {times:>26} {self.ratio.seconds * 1000:>9,.3f} "
            f"{load:>7.2f} {first * 1000:>9,.1f} {max(one.peak for one in self.alone):>9.1f}"
        )


@dataclass
class Table:
    """A plugin of pytest: what is added to it is printed at the end."""

    rows: list[Row] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def add_growth(self, what: str, held: dict[int, float]) -> None:
        """What was held after so many assessments: some of the points, the greatest, and what came after the first."""
        points = list(held.items())
        some = points[:: max(1, len(points) // 5)] + points[-1:]
        line = ", ".join(f"{mib:.1f} after {number:,}" for number, mib in dict(some).items())
        self.lines.append(f"{what}: {line}; {points[-1][1] - points[0][1]:+.1f} after the first {points[0][0]:,}")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table, if anything was measured."""
        if self.rows or self.lines:
            terminalreporter.section("how it grows")
        if self.rows:
            terminalreporter.write_line(HEAD)
        for line in (*self.rows, *self.lines):
            terminalreporter.write_line(str(line))


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
