"""Inputs in; all that their parts hold out, read as workers read it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from misstep.batch.inputs import Reading, plan_parts, read_part
from misstep.batch.parts import Logged, Part, Reject

FACTS = '[{"kind": "late_arrival", "minutes": 12}]'
LINE = b'{"id": "iv-1", "facts": [{"kind": "late_arrival", "minutes": 12}]}'


def read(inputs: str | Path | Sequence[str | Path], spool: Path, **options: Any) -> list[Logged | Reject]:
    """What all parts hold, in their order."""
    parts, reading = plan(inputs, spool, **options)
    return [record for part in parts for record in read_part(part, reading)]


def plan(inputs: str | Path | Sequence[str | Path], spool: Path, **options: Any) -> tuple[list[Part], Reading]:
    """All parts."""
    names = [inputs] if isinstance(inputs, (str, Path)) else inputs
    spool.mkdir(exist_ok=True)
    reading = Reading(spool=spool, **options)
    parts = list(plan_parts([str(name) for name in names], reading))
    assert [part.number for part in parts] == list(range(len(parts)))
    assert not list(spool.glob("*.tmp"))
    return parts, reading


def told(records: Sequence[Logged | Reject]) -> list[str]:
    """Records as a line each: what was read, or what is wrong."""
    return [
        f"{r.row}: {r.record.decode(errors='replace')}" if isinstance(r, Logged) else f"{r.row}! {r.problems[0]}" for r in records
    ]


def run_alone(program: str, *arguments: str | Path) -> str:
    """What a program prints that is run in a process of its own, whose memory is not that of all tests before."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])}
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
