"""Packs and a record in; what a new process needs to load the one and assess the other out, as a line of JSON.

python -m benchmarks.scaling.alone FOLDER RECORD
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.scaling.memory import peak
from benchmarks.scaling.process import run_alone

from misstep import Limits, RuleBase

RAISED = Limits(record_bytes=100_000_000, facts=100_000, work=1_000_000_000)


@dataclass(frozen=True)
class Alone:
    """Seconds to load and to assess for the first time; the most memory held in MiB, after the import, the load and all."""

    load: float
    first: float
    imported: float
    loaded: float
    peak: float


def alone(packs: Path, record: Path) -> Alone:
    """Load and assess in a process of its own."""
    return Alone(**json.loads(run_alone("alone", str(packs), str(record))))


def main(packs: str, record: str) -> None:
    """Load, assess, and print the figures."""
    from misstep.rulebase import link  # noqa: F401 - so that its import is no part of the load

    imported = peak()
    start = time.perf_counter()
    rulebase = RuleBase.load(packs, limits=RAISED)
    load, loaded = time.perf_counter() - start, peak()
    data = Path(record).read_bytes()
    start = time.perf_counter()
    rulebase.assess_json(data)
    first = time.perf_counter() - start
    print(json.dumps({"load": load, "first": first, "imported": imported, "loaded": loaded, "peak": peak()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
