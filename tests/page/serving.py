"""The service as a candidate meets it: a process of its own on a port that was free."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def served(*arguments: str | Path) -> Iterator[str]:
    """The address of ``misstep serve`` with these arguments, as long as it is wanted."""
    command = [sys.executable, "-m", "misstep", "serve", "--port", "0", "--no-access-log", *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            said = json.loads(line)
            assert said["event"] == "listening", line
            yield said["url"] + "/"
        finally:
            process.terminate()
