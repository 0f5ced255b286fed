"""Tasks in; what came of each out, as they are done: on processes of this machine, any of which may die, or on a cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol, TypeVar

from misstep.batch.cluster import Cluster
from misstep.errors import EngineError, UsageError

Task = TypeVar("Task", bound=Hashable)
Done = TypeVar("Done")

TRIES = 3  # of a task whose process died: it may be what kills them


class Workers(Protocol):
    """Whatever runs tasks."""

    def run(self, work: Callable[[Task], Done], tasks: Iterable[Task]) -> Iterator[Done]:
        """Run all tasks, a bounded number of them at a time, and give what each returns, in no order; what one raises is raised.

        Raises EngineError where a task takes its process with it, whenever it is tried.
        """
        ...


class Alone:
    """One after the other, in this process."""

    def run(self, work: Callable[[Task], Done], tasks: Iterable[Task]) -> Iterator[Done]:
        """Run all tasks."""
        return map(work, tasks)


def workers_of(on: str | None, count: int | None, folder: Path) -> Workers:
    """A cluster, where one is named; else this process, where one is asked for; else as many as there are cores. ``folder``:
    where tasks find what they need and leave what they do.

    Raises UsageError where a cluster makes no sense, InstallationError where what speaks to it is missing.
    """
    if on is None:
        return Alone() if count == 1 else Processes(count)
    if count is not None:
        raise UsageError("processes of this machine are counted, or a cluster is named, not both; a cluster has its own number")
    return Cluster(on, folder)


class Processes:
    """On cores of this machine, all of them where no number is given. A process that dies is replaced, and what it was at is
    done again: the pool of the standard library breaks for good then, so another takes its place.

    Whatever was under way when a process died is tried again by itself, so that it is plain which task it was, if any.
    """

    def __init__(self, count: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.count = count or cores

    def run(self, work: Callable[[Task], Done], tasks: Iterable[Task]) -> Iterator[Done]:
        """Run all tasks."""
        fresh = iter(tasks)
        suspects: deque[Task] = deque()
        deaths: Counter[Any] = Counter()
        pending: dict[Future[Done], Task] = {}
        pool = self._pool()
        try:
            while True:
                try:
                    for task in self._next(fresh, suspects, pending):
                        suspects.append(task)  # until it is accepted: a pool that is broken takes nothing
                        future = pool.submit(work, task)
                        pending[future] = suspects.pop()
                    if not pending:
                        return
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        result = future.result()
                        del pending[future]
                        yield result
                except BrokenProcessPool:
                    pool.shutdown(wait=False, cancel_futures=True)
                    pool = self._pool()
                    for future, task in pending.items():
                        if future.done() and future.exception() is None:
                            yield future.result()
                            continue
                        deaths[task] += 1
                        if deaths[task] >= TRIES:
                            raise EngineError(f"{task}: its process died {TRIES} times, also when it was alone") from None
                        suspects.append(task)
                    pending.clear()
        finally:
            pool.shutdown(cancel_futures=True)  # nothing writes any more once this has ended, however it has

    def _next(self, fresh: Iterator[Task], suspects: deque[Task], pending: dict[Future[Done], Task]) -> Iterator[Task]:
        """What is to be submitted now: as much as keeps every process busy; of suspects one at a time."""
        if suspects:
            if not pending:
                yield suspects.popleft()
            return
        while len(pending) < 2 * self.count:
            for task in fresh:
                yield task
                break
            else:
                return

    def _pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self.count, multiprocessing.get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """What a process does first: leave the keyboard to its parent, and end with it, even if that is killed; what such an orphan
    is at, nobody waits for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
