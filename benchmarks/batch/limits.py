"""Where a cluster ends: what one process plans and counts, what a core scores, and what one machine puts together at the end.

    .venv/bin/python -m benchmarks.batch.limits [INTERVIEWS]

Each is measured by itself in seconds of CPU, which others on the machine disturb least, over a log of JSON lines that lies in
the cache of the disk: a slow disk or network is slower.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TypeVar

import orjson

from misstep import RuleBase
from misstep.batch.columns import OutputOptions
from misstep.batch.forms import join_parts
from misstep.batch.inputs import Reading, plan_parts
from misstep.batch.journal import part_file
from misstep.batch.run import PART_BYTES
from misstep.batch.summary import Tally
from misstep.batch.tasks import Job, Task, score_part
from misstep.files import whole_file
from misstep.rulebase.program_json import dump_program
from misstep.tools.sample import sample_records

CORES = 100
BILLION = 1_000_000_000
CHUNK = 10_000


def main(interviews: int) -> None:
    rules = RuleBase.shipped()
    with tempfile.TemporaryDirectory(prefix="misstep-limits-") as name:
        folder = Path(name)
        log = folder / "log.jsonl"
        records = list(sample_records(rules, CHUNK, 1))
        lines = b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)
        with log.open("wb") as stream:
            for _ in range(interviews // CHUNK):
                stream.write(lines)
        count = interviews // CHUNK * CHUNK
        size = log.stat().st_size
        (folder / "rules").write_bytes(dump_program(rules.program))
        reading = Reading(spool=folder, part_bytes=PART_BYTES, limits=rules.limits)
        job = Job(folder, "parquet", OutputOptions(), reading, False)

        parts, planned = timed(lambda: list(plan_parts([str(log)], reading)))
        score_part(Task(job, parts[0]))  # the rules are compiled
        notes, scored = timed(lambda: [score_part(Task(job, part)) for part in parts[1:]])
        _, counted = timed(
            lambda: reduce(lambda whole, note: Tally.merged([whole, Tally.from_json(note["tally"])]), notes, Tally())
        )
        files = [part_file(folder, part.number, "interviews") for part in parts]

        def join() -> None:
            with whole_file(folder / "scores.parquet") as stream:
                join_parts(files, OutputOptions().schema("interviews"), stream, "parquet")

        _, joined = timed(join)
    of_core = sum(note["interviews"] for note in notes) / scored
    print(f"{count:,} interviews in {size / 1e6:,.0f} MB and {len(parts)} parts")
    rates = {
        "planned and counted": count / (planned + counted * len(parts) / len(notes)),
        "scored by a core": of_core,
        "joined by one machine": count / joined,
    }
    rates[f"scored by {CORES} cores"] = CORES * of_core
    for what, rate in rates.items():
        print(f"{what:24} {rate:>12,.0f} a second; a billion: {BILLION / rate / 3600:>6.2f} hours")
    print(f"cores that one process keeps busy: {rates['planned and counted'] / of_core:,.0f}")
    print(f"a billion: {size / count * BILLION / 1e9:,.0f} GB of log, {len(parts) / count * BILLION:,.0f} parts")


Result = TypeVar("Result")


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    began = time.process_time()
    return work(), time.process_time() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
