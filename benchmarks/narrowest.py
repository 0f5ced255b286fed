"""How narrow a range of damage could be where only the kinds of facts are known.

    python -m benchmarks.narrowest          # the figure of docs/api.md
    python -m benchmarks.narrowest --kinds  # the ranges of each kind, besides

Judged cases are put together by the kinds of their mistakes. For each group of four or more, the narrowest range is taken that
holds the damage of seven in eight of these very cases: in hindsight, which no forecast has. Ranges that hold as many and are
chosen beforehand cannot be narrower on the whole.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import misstep

CASES = Path(__file__).resolve().parent.parent / "fixtures" / "cases"
HELD = 0.87
"""The share of the cases that ranges should hold at least."""
FEWEST = 4


def damages() -> dict[tuple[str, ...], list[float]]:
    """The damages of the cases, sorted, by the kinds of their mistakes."""
    rulebase = misstep.RuleBase.shipped()
    found = defaultdict(list)
    for name in ("dev", "fresh", "quiet", "found"):
        for line in (CASES / f"{name}.jsonl").read_text("utf-8").splitlines():
            assessment = rulebase.assess(json.loads(line)["record"])
            found[tuple(sorted(finding.kind for finding in assessment.findings))].append(assessment.damage)
    return {kinds: sorted(each) for kinds, each in found.items()}


def narrowest(ordered: list[float]) -> float:
    """The width of the narrowest range that holds the share of the numbers."""
    many = math.ceil(HELD * len(ordered))
    return min(ordered[i + many - 1] - ordered[i] for i in range(len(ordered) - many + 1))


def report(with_kinds: bool) -> Iterator[str]:
    """The figure as lines of text."""
    found = damages()
    groups = {kinds: each for kinds, each in found.items() if len(each) >= FEWEST}
    if with_kinds:
        for kinds, each in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
            yield f"{narrowest(each):5.1f}  {len(each):3} cases, {each[0]:.0f} to {each[-1]:.0f}: {', '.join(kinds)}"
    cases = sum(map(len, groups.values()))
    width = sum(narrowest(each) * len(each) for each in groups.values()) / cases
    yield f"{len(groups)} groups, {cases} of {sum(map(len, found.values()))} cases: mean width in hindsight {width:.1f}"


def main() -> None:
    """Print the figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.narrowest", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--kinds", action="store_true", help="print the range of each group too")
    for line in report(parser.parse_args().kinds):
        print(line)


if __name__ == "__main__":
    main()
