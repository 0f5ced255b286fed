"""What a contender is once its rules are loaded: something that answers interviews, and says how long that took."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.peers.interviews import Answer, Interview


class Loaded(Protocol):
    """A contender, ready."""

    def answers(self, interviews: Sequence[Interview]) -> list[Answer]:
        """The answers, to be compared."""

    def seconds(self, interviews: Sequence[Interview], passes: int) -> float:
        """The time of answering all of them so many times."""


@dataclass(frozen=True)
class InPython:
    """A contender that is one Python function. Only ``run`` is timed: it is given what ``prepare`` makes of an interview, and
    ``answer`` reads the answer out of what it gives."""

    run: Callable[[Any], Any]
    prepare: Callable[[Interview], Any] = lambda interview: interview
    answer: Callable[[Any], Answer] = lambda given: given

    def answers(self, interviews: Sequence[Interview]) -> list[Answer]:
        return [self.answer(self.run(self.prepare(interview))) for interview in interviews]

    def seconds(self, interviews: Sequence[Interview], passes: int) -> float:
        run = self.run
        prepared = [self.prepare(interview) for interview in interviews]
        start = time.perf_counter()
        for _ in range(passes):
            for interview in prepared:
                run(interview)
        return time.perf_counter() - start
