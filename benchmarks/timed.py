"""One revision of misstep that is timed by before_after.py: names of rows in, CPU seconds out, a line each."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import misstep

FEW: list[dict[str, Any]] = [
    {"kind": "late_arrival", "minutes": 12, "notified": False},
    {"kind": "wrong_name", "whose": "interviewer"},
    {"kind": "bad_joke", "topic": "self", "reaction": "none_seen"},
    {"kind": "rambling", "minutes": 6},
]
MANY: list[dict[str, Any]] = [
    *FEW,
    {"kind": "phone_rang"},
    {"kind": "badmouthing_employer"},
    {"kind": "no_questions_asked"},
    {"kind": "argued_with_interviewer"},
    {"kind": "blanked_on_question"},
    {"kind": "arrogance"},
]
IN_NEW_PROCESS = "import sys, time; {}; start = time.process_time(); {}; print(time.process_time() - start)"
IMPORT = IN_NEW_PROCESS.format("pass", "import misstep")
LOAD = IN_NEW_PROCESS.format("import misstep", "misstep.RuleBase.shipped()")
YAML = IN_NEW_PROCESS.format("import misstep", "misstep.RuleBase.load(sys.argv[1])")

Row = Callable[[], float]
"""CPU seconds of one unit of work, in one slice."""


def rows(tree: Path, shared: Path) -> dict[str, Row]:
    """What is timed, by name. ``shared``: the mini rule base, its records and the log, the same for both revisions."""
    shipped = misstep.RuleBase.shipped()
    seed = json.loads((tree / "fixtures/interviews/seed.json").read_bytes())
    records = {"the seed interview": seed, "four mistakes": FEW, "ten mistakes": MANY}
    found: dict[str, Row] = {}
    for name, record in records.items():
        found[f"assess: {name}"] = partial(repeat, partial(shipped.assess, record), 100)
        found[f"assess_json: {name}"] = partial(repeat, partial(shipped.assess_json, json.dumps(record).encode()), 50)
    mini = misstep.RuleBase.load(shared / "mini")
    interviews = [json.loads(line) for line in (shared / "mini.jsonl").read_bytes().splitlines()]
    found["assess: the mini rule base"] = lambda: repeat(lambda: [mini.assess(record) for record in interviews], 1)
    found["certainty: four mistakes"] = lambda: repeat(lambda: shipped.certainty(FEW), 1)
    found["counterfactuals: the seed interview"] = lambda: repeat(lambda: shipped.counterfactuals(seed), 3)
    found["import misstep"] = lambda: in_new_process("-c", IMPORT)
    found["shipped rules from the cache"] = lambda: in_new_process("-c", LOAD)
    found["rules from YAML"] = lambda: in_new_process("-c", YAML, str(tree / "rules"))
    found["misstep score: 5,000 records"] = lambda: score(tree, shared / "log.jsonl")
    return found


def repeat(work: Callable[[], object], times: int) -> float:
    """CPU seconds of a piece of work."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def in_new_process(*arguments: str) -> float:
    """The seconds that a new process prints."""
    return float(subprocess.run([sys.executable, "-P", *arguments], check=True, stdout=subprocess.PIPE).stdout)


def score(tree: Path, log: Path) -> float:
    """CPU seconds of all processes of one run of the command."""
    folder = tree / "scored"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["misstep", "score", str(log), "-o", str(folder / "scores.parquet"), "--workers", "1", "--progress", "none"]
    subprocess.run([sys.executable, "-P", "-m", *command], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    tree, shared = map(Path, sys.argv[1:])
    assert misstep.__file__.startswith(str(Path.cwd())), misstep.__file__
    timed = rows(tree, shared)
    for row in timed.values():  # what is only done once is done, and does not count
        row()
    print(json.dumps(list(timed)), flush=True)
    for line in sys.stdin:
        print(timed[line.strip()](), flush=True)


if __name__ == "__main__":
    main()
