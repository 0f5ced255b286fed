"""What was measured of the contenders in; one table of ratios out, as text and as data."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.rounds import Ratio
from rich import box
from rich.console import Console
from rich.table import Table

WIDTH = 128
CAPTION = (
    "43 rules, 1,000 interviews of 4 mistakes on average, the same answer from all to each of them. Each contender is measured "
    "in a process of its own, in turn with the hand-written function in that process: median of the rounds (lowest to highest)."
)
AIMED = ("ours-conclusions", "ours-answers")
"""The rows that end where the other contenders do: the one begins with checked facts, the other where all begin."""
MOST_OF_HAND, LEAST_OF_PEERS = 2, 5
HAND, INSIDE_JAVA = "hand", "drools"
FIGURES = ("x hand-written", "us each", "a second")


@dataclass(frozen=True)
class Row:
    """One contender: its ratio to the hand-written function, or else why there is none."""

    key: str
    title: str
    note: str
    ours: bool
    ratio: Ratio | None = None
    absent: str = ""


@dataclass(frozen=True)
class Run:
    """All that one run measured, and where."""

    machine: str
    rows: tuple[Row, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Run:
        """The opposite."""
        rows = (Row(**{**row, "ratio": row["ratio"] and Ratio(**row["ratio"])}) for row in data["rows"])
        return cls(data["machine"], tuple(rows))


def render(run: Run) -> str:
    """The table with its notes, and what became of the aims."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, highlight=False)
    console.print(f"The mini rule base on {run.machine}. {CAPTION}\n")
    console.print(_ratios(run.rows))
    if any(row.key in AIMED and row.ratio for row in run.rows):
        console.print()
        console.print(_aims(run.rows))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n") + "\n"


def times(ratio: float) -> str:
    """A ratio as people read it."""
    return f"{ratio:.1f}" if ratio < 100 else f"{ratio:.0f}"


def _ratios(rows: Iterable[Row]) -> Table:
    table = _table("contender", "x hand-written", "us each", "a second", "what is in it, and what is left to the code around it")
    for row in rows:
        table.add_row(row.title, *_figures(row), row.absent or row.note)
    return table


def _aims(rows: Iterable[Row]) -> Table:
    """How far misstep is from what it should reach."""
    measured = {row.key: row for row in rows if row.ratio is not None}
    peers = [row for row in measured.values() if not row.ours and row.key != HAND]
    faster = f"at least {LEAST_OF_PEERS} x as fast as"
    table = _table(
        "aims", f"at most {MOST_OF_HAND} x hand-written", f"{faster} any other", f"{faster} any other that Python calls"
    )
    for key in AIMED:
        if key in measured:
            ratio = _median(measured[key])
            table.add_row(
                measured[key].title,
                f"{times(ratio)} x: {_reached(ratio <= MOST_OF_HAND)}",
                _against(ratio, peers),
                _against(ratio, [row for row in peers if row.key != INSIDE_JAVA]),
            )
    return table


def _table(first: str, *titles: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(first)
    for title in titles:
        figures = title in FIGURES
        table.add_column(title, justify="right" if figures else "left", no_wrap=figures)
    return table


def _figures(row: Row) -> tuple[str, str, str]:
    if row.ratio is None:
        return "-", "-", "-"
    found = row.ratio
    return (
        f"{times(found.median)} ({times(found.lowest)}-{times(found.highest)})",
        f"{found.seconds * 1e6:,.1f}",
        f"{1 / found.seconds:,.0f}",
    )


def _against(ratio: float, peers: list[Row]) -> str:
    if not peers:
        return "none was measured"
    fastest = min(peers, key=_median)
    faster = _median(fastest) / ratio
    return f"{times(faster)} x {fastest.title}: {_reached(faster >= LEAST_OF_PEERS)}"


def _median(row: Row) -> float:
    assert row.ratio is not None
    return row.ratio.median


def _reached(reached: bool) -> str:
    return "reached" if reached else "not reached"
