"""So many assessments in one process, none like another; the memory that it holds meanwhile out, as JSON lines.

python -m benchmarks.scaling.growth ENGINE ASSESSMENTS
"""

from __future__ import annotations

import gc
import json
import sys
from typing import Any, NamedTuple

from benchmarks.scaling.memory import resident, resident_of
from benchmarks.scaling.process import run_alone
from benchmarks.scaling.records import Record, endless

from misstep import RecordError, RuleBase

SETTLED = 10_000  # assessments, after which nothing new should be held
POINTS = 20
REFUSED = 25  # one of so many records is wrong


class Point(NamedTuple):
    """After so many assessments: the MiB held, and those held by the process of the second engine."""

    after: int
    resident: float
    process: float


def grow(engine: str, assessments: int) -> list[Point]:
    """Assess in a process of its own; what it holds meanwhile, first after 10,000 or after a tenth."""
    return [Point(*json.loads(line)) for line in run_alone("growth", engine, str(assessments)).splitlines()]


def main(engine: str, assessments: int) -> None:
    """Assess, by turns from data and from JSON, with all reasons; print what is held now and then. Some are refused."""
    rulebase: Any = RuleBase.shipped()
    records = endless(rulebase.kinds.values())
    first, every = min(SETTLED, assessments // 10), assessments // POINTS
    for number in range(1, assessments + 1):
        record = next(records)
        if number % REFUSED == 0:
            _refuse(rulebase, record)
        elif number % 2:
            rulebase.assess(record, engine=engine).to_json()
        else:
            rulebase.assess_json(json.dumps(record), engine=engine)
        if number == first or (number > first and number % every == 0):
            gc.collect()  # else it would be chance what just waits for it
            print(json.dumps((number, resident(), _of_its_own(rulebase, engine))), flush=True)


def _refuse(rulebase: Any, record: Record) -> None:
    record["facts"][0][f"unheard of {record['id']}"] = 1
    try:
        rulebase.assess_json(json.dumps(record))
    except RecordError:
        return
    raise AssertionError("a field that is not declared was taken")


def _of_its_own(rulebase: Any, engine: str) -> float:
    return 0 if engine == "python" else resident_of(rulebase._pipeline(engine).engine._worker._process.pid)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
