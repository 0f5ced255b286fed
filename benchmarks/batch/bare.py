"""A log of JSON lines in; nothing out but the time: a bare loop of ``assess_json``, its lines split on two processes.

python -m benchmarks.batch.bare LOG
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

from misstep import RuleBase


def assess_half(log: str, half: int) -> None:
    """Assess every second line."""
    rulebase = RuleBase.shipped()
    with Path(log).open("rb") as lines:
        for number, line in enumerate(lines):
            if number % 2 == half:
                rulebase.assess_json(line)


if __name__ == "__main__":
    processes = [multiprocessing.Process(target=assess_half, args=(sys.argv[1], half)) for half in (0, 1)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    sys.exit(any(process.exitcode for process in processes))
