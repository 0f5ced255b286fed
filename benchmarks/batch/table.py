"""Ways of a log through ``misstep score``, as they are measured; one table at the end of the run out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.batch.watched import Watched

HEAD = f"{'':46} {'interviews':>10} {'seconds':>8} {'a second':>9} {'us each':>8} {'CPU us':>7} {'MiB':>5} {'x bare':>7}"


@dataclass
class Table:
    """A plugin of pytest: what is added to it is printed at the end, against the mean of the bare loops of the run."""

    rows: list[tuple[str, int, Watched]] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, interviews: int, watched: Watched, bare: bool = False) -> None:
        """Add a row; ``bare``: it is what the others are compared with."""
        self.rows.append((what, interviews, watched))
        if bare:
            self.bare.append(watched.seconds / interviews)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table, if anything was measured."""
        if not self.rows:
            return
        terminalreporter.section("logs")
        terminalreporter.write_line(HEAD)
        for what, interviews, watched in self.rows:
            each = watched.seconds / interviews
            against = f"{each * len(self.bare) / sum(self.bare):.2f}" if self.bare else ""
            terminalreporter.write_line(
                f"{what:46} {interviews:>10,} {watched.seconds:>8.1f} {1 / each:>9,.0f} {each * 1e6:>8.1f} "
                f"{watched.cpu / interviews * 1e6:>7.1f} {watched.peak:>5.0f} {against:>7}"
            )
        for note in self.notes:
            terminalreporter.write_line(note)
