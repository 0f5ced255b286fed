"""A command in; how long it took, and the most memory that one of its processes held, out."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
EVERY = 0.05  # seconds between two looks


@dataclass(frozen=True)
class Watched:
    """``seconds`` from start to end; ``cpu``: seconds of all processes; ``peak``: MiB, of the process that held most."""

    seconds: float
    cpu: float
    peak: float


def watch(module: str, arguments: Sequence[str], folder: Path) -> Watched:
    """Run a module of Python to its end and watch its processes."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), str(ROOT)])}
    before, began = _cpu(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )  # fmt: skip
    root, peak = psutil.Process(process.pid), 0
    while process.poll() is None:
        with suppress(psutil.Error):
            for one in [root, *root.children(recursive=True)]:
                with suppress(psutil.Error):
                    peak = max(peak, one.memory_info().rss)
        time.sleep(EVERY)
    assert process.returncode == 0, (module, arguments)
    return Watched(time.perf_counter() - began, _cpu() - before, peak / 2**20)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
