"""How much faster or slower one revision of misstep is than another: ``python -m benchmarks.before_after OLD [NEW]``.

OLD and NEW are revisions of git; NEW is the working tree unless given. Each has a process of its own, which waits while the other
is measured. Only CPU time counts, in short slices taken in turn: see rounds.py. The exit code is 1 where a row is slower by more
than a tenth in every round.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import geometric_mean, median

from benchmarks.peers.interviews import make_interviews
from benchmarks.revisions import environment, start, two_trees

SLOWER = 1.1
SLICES = 5
"""Slices of NEW in a round; each is between two of OLD."""


class Timed:
    """The process of one revision."""

    def __init__(self, tree: Path, shared: Path) -> None:
        self._process = start(Path(__file__).with_name("timed.py"), tree, str(tree), str(shared))
        self.rows: list[str] = json.loads(self._read())

    def seconds(self, row: str) -> float:
        """One slice of a row."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{row}\n".encode())
        self._process.stdin.flush()
        return float(self._read())

    def _read(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the process of a revision ended: exit code {self._process.wait()}")
        return line

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.before_after", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("old", metavar="OLD")
    parser.add_argument("new", metavar="NEW", nargs="?")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="[default: 3]")
    parser.add_argument("--row", action="append", metavar="TEXT", help="only rows whose name has this in it; may be repeated")
    parser.add_argument("--rules", choices=["new", "old", "own"], default="new", help="whose rules both get [default: new]")
    arguments = parser.parse_args()
    with two_trees(arguments.old, arguments.new, arguments.rules) as trees:
        shared = prepare(trees[0])
        old, new = (Timed(tree, shared) for tree in trees)
        try:
            rows = [row for row in new.rows if not arguments.row or any(text in row for text in arguments.row)]
            ratios: dict[str, list[float]] = {row: [] for row in rows}
            seconds: dict[str, list[float]] = {row: [] for row in rows}
            for _ in range(arguments.rounds):
                for row in rows:
                    ratio, taken = measure(row, old, new)
                    ratios[row].append(ratio)
                    seconds[row].append(taken)
        finally:
            old.close()
            new.close()
    print(render(ratios, seconds))
    return 1 if slower(ratios) else 0


def measure(row: str, old: Timed, new: Timed) -> tuple[float, float]:
    """How many times longer NEW takes than OLD in one round, and the seconds of OLD: medians of the slices."""
    bases, own = [old.seconds(row)], []
    for _ in range(SLICES):
        own.append(new.seconds(row))
        bases.append(old.seconds(row))
    found = [2 * b / (before + after) for before, b, after in zip(bases, own, bases[1:], strict=False)]
    return median(found), median(bases)


def slower(ratios: dict[str, list[float]]) -> list[str]:
    """The rows that are slower by more than a tenth in every round."""
    return [row for row, found in ratios.items() if min(found) > SLOWER]


def render(ratios: dict[str, list[float]], seconds: dict[str, list[float]]) -> str:
    """One table: a row for each piece of work, NEW divided by OLD."""
    rounds = len(next(iter(ratios.values())))
    width = max(map(len, ratios))
    lines = [f"{'NEW / OLD':{width}} {'old ms':>10}" + "".join(f"{f'round {i + 1}':>9}" for i in range(rounds)) + f"{'mean':>8}"]
    for row, found in ratios.items():
        shown = "".join(f"{ratio:9.3f}" for ratio in found)
        mark = "  slower" if row in slower(ratios) else ""
        lines.append(f"{row:{width}} {median(seconds[row]) * 1000:10.3f}{shown}{geometric_mean(found):8.3f}{mark}")
    total = geometric_mean(ratio for found in ratios.values() for ratio in found)
    lines.append(f"{'all rows':{width}} {'':10}{'':{9 * rounds}}{total:8.3f}")
    return "\n".join(lines)


def prepare(old: Path) -> Path:
    """A folder with what both are measured on: the mini rule base, its interviews, and a log that OLD makes up."""
    shared = old.parent / "shared"
    shared.mkdir()
    shutil.copytree(Path(__file__).parent / "peers/mini", shared / "mini")
    records = ({"id": case["id"], "facts": [case["context"], *case["mistakes"]]} for case in make_interviews(100))
    (shared / "mini.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    command = [sys.executable, "-P", "-m", "misstep", "sample", "5000", "-o", str(shared / "log.jsonl")]
    subprocess.run(command, env=environment(old), check=True)
    return shared


if __name__ == "__main__":
    raise SystemExit(main())
