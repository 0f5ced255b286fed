"""A contender in a process of its own, beside the hand-written function: commands in, times and answers out, one line each.

Some contenders can take their process with them, and one engine's garbage would be collected on the other's time. Commands:
``answers``, and ``hand N`` and ``own N`` for the mean time of one interview of the N-th part of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.contenders import CONTENDERS
from benchmarks.peers.interviews import Answer, make_interviews
from benchmarks.peers.loaded import Loaded

ROOT = Path(__file__).parents[2]
PARTS = 5  # the interviews are taken in so many parts, so that slow contenders answer all of them too, over some rounds
ROUND = 0.02  # seconds that a round takes at least


class WorkerError(Exception):
    """The process of a contender ended."""


class Worker:
    """The process, seen from outside. Asking it something raises WorkerError where it has died."""

    def __init__(self, key: str) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "engine"), str(ROOT)])}
        command = [sys.executable, "-m", "benchmarks.peers.worker", key]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def answers(self) -> list[Answer]:
        """Its answers to all interviews."""
        return [
            ({name: tuple(sums) for name, sums in totals.items()}, [tuple(action) for action in actions])
            for totals, actions in self._ask("answers")
        ]

    def by_hand(self, part: int) -> float:
        """Seconds that the hand-written function takes for one interview, in this process."""
        return float(self._ask(f"hand {part % PARTS}"))

    def own(self, part: int) -> float:
        """Seconds that the contender takes for one interview."""
        return float(self._ask(f"own {part % PARTS}"))

    def _ask(self, command: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(command, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            line = ""
        else:
            line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise WorkerError(f"died of signal {-code}" if code < 0 else f"ended with status {code}")
        return json.loads(line)


def main(key: str) -> None:
    """Answer commands until there are no more."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an engine prints is not an answer
    interviews = make_interviews()
    parts = [interviews[i::PARTS] for i in range(PARTS)]
    loaded = {"hand": CONTENDERS["hand"].load(), "own": CONTENDERS[key].load()}
    passes: dict[str, int] = {}
    for line in sys.stdin:
        command, _, part = line.strip().partition(" ")
        if command == "answers":
            result: Any = loaded["own"].answers(interviews)
        else:
            chosen = parts[int(part)]
            if command not in passes:
                passes[command] = _passes(loaded[command], chosen)
            result = loaded[command].seconds(chosen, passes[command]) / passes[command] / len(chosen)
        print(json.dumps(result), file=out, flush=True)


def _passes(loaded: Loaded, interviews: list[Any]) -> int:
    """How often to answer the interviews so that it takes long enough to be measured; what is slow at first warms up."""
    passes = 1
    while (taken := loaded.seconds(interviews, passes)) < ROUND:
        passes = max(passes + 1, round(passes * 1.2 * ROUND / max(taken, ROUND / 100)))
    return passes


if __name__ == "__main__":
    main(sys.argv[1])
