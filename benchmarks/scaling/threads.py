"""Threads that share one rule base, and records of mixed sizes; how many of their answers are not those of one thread out."""

from __future__ import annotations

import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from benchmarks.scaling.records import Record, endless

from misstep import RuleBase

THREADS = 4
RECORDS = 400
SIZES = (1, 1, 2, 3, 4, 6, 10, 25, 60)
SWITCH = 1e-5  # seconds that a thread has at a time: as many turns as possible


def count_wrong(engine: str, calls: int, count: int) -> int:
    """Let threads assess so many times, so many records; how many answers are wrong."""
    shipped = RuleBase.shipped()
    records = list(islice(endless(shipped.kinds.values(), sizes=SIZES), count))
    expected = [_assess(shipped, record, engine, by_json=False) for record in records]
    shared = RuleBase(shipped.program)  # its functions are yet to be written

    def work(seed: int) -> int:
        rng = random.Random(seed)
        wrong = 0
        for call in range(calls // THREADS):
            place = rng.randrange(count)
            wrong += _assess(shared, records[place], engine, by_json=bool(call % 2)) != expected[place]
        return wrong

    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        with ThreadPoolExecutor(THREADS) as threads:
            return sum(threads.map(work, range(THREADS)))
    finally:
        sys.setswitchinterval(before)


def _assess(rulebase: Any, record: Record, engine: str, by_json: bool) -> bytes:
    answer: bytes = (
        rulebase.assess_json(json.dumps(record), engine=engine) if by_json else rulebase.assess(record, engine=engine).to_json()
    )
    return answer
