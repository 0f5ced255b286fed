"""Tasks in; their results out, in the order in which they are done: on processes of this machine, any of which may die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice
from typing import Generic, Protocol, TypeVar

from misstep.errors import EngineError

TaskT = TypeVar("TaskT", bound=Hashable)
ResultT = TypeVar("ResultT")
FutureT = TypeVar("FutureT", bound=Hashable)

TRIES = 3  # of a task whose process died: it may be what kills them


class TaskRunner(Protocol):
    """Runs tasks."""

    def run(self, work: Callable[[TaskT], ResultT], tasks: Iterable[TaskT]) -> Iterator[ResultT]:
        """Run all tasks, a bounded number of them at a time; yield their results in any order. What a task raises is raised.

        Raises EngineError where a task kills its process every time.
        """
        ...


class Alone:
    """Runs tasks one after the other, in this process."""

    def run(self, work: Callable[[TaskT], ResultT], tasks: Iterable[TaskT]) -> Iterator[ResultT]:
        """Run all tasks."""
        return map(work, tasks)


@dataclass(frozen=True, slots=True)
class Death:
    """In place of a result: so many processes died with this task on them, and perhaps with others."""

    processes: int = 1


class Pool(ABC, Generic[TaskT, ResultT, FutureT]):
    """Processes for one kind of work. A task whose process died is retried alone, which shows whether it kills its process."""

    process = "process"

    @abstractmethod
    def size(self) -> int:
        """How many tasks at a time keep all processes busy."""

    @abstractmethod
    def submit(self, task: TaskT) -> FutureT:
        """Hand over a task."""

    @abstractmethod
    def finished(self, pending: Mapping[FutureT, TaskT]) -> Iterator[tuple[FutureT, ResultT | Death]]:
        """The results of those that are done. Waits for the first, but not for ever, so there may be none."""

    def run(self, tasks: Iterable[TaskT]) -> Iterator[ResultT]:
        """Run all tasks."""
        fresh = iter(tasks)
        suspects: deque[TaskT] = deque()
        deaths: Counter[TaskT] = Counter()
        pending: dict[FutureT, TaskT] = {}
        error: EngineError | None = None
        while True:
            if suspects and not pending:
                task = suspects.popleft()
                pending[self.submit(task)] = task
            elif error is not None and not pending:  # all other suspects are done
                raise error
            elif error is None and not suspects:
                for task in islice(fresh, max(0, self.size() - len(pending))):
                    pending[self.submit(task)] = task
            if not pending:
                return
            for future, result in self.finished(pending):
                task = pending.pop(future)
                if not isinstance(result, Death):
                    yield result
                    continue
                retried = task in deaths
                deaths[task] += result.processes
                if retried and deaths[task] >= TRIES:
                    error = EngineError(f"{task}: its {self.process} died {deaths[task]} times, also when it was retried alone")
                else:
                    suspects.append(task)


class Processes:
    """Runs tasks on cores of this machine: on all of them, unless a number is given; a single task then needs no process."""

    def __init__(self, count: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self.count = count or cores
        self._given = count is not None

    def run(self, work: Callable[[TaskT], ResultT], tasks: Iterable[TaskT]) -> Iterator[ResultT]:
        """Run all tasks."""
        waiting = iter(tasks)
        first = list(islice(waiting, 2))
        if len(first) < 2 and not self._given:  # to start a process would take longer
            yield from map(work, first)
            return
        pool = _ProcessPool(work, self.count)
        try:
            yield from pool.run(chain(first, waiting))
        finally:
            pool.executor.shutdown(cancel_futures=True)  # nothing is written any more once this has ended, however it has


class _ProcessPool(Pool[TaskT, ResultT, "Future[ResultT]"]):
    """The pool of the standard library. It breaks for good when one of its processes dies; then another takes its place."""

    def __init__(self, work: Callable[[TaskT], ResultT], count: int) -> None:
        self._work = work
        self._count = count
        self.executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._count, multiprocessing.get_context("spawn"), initializer=_begin)

    def size(self) -> int:
        return 2 * self._count

    def submit(self, task: TaskT) -> Future[ResultT]:
        try:
            return self.executor.submit(self._work, task)
        except BrokenProcessPool:
            self.executor = self._start()
            return self.executor.submit(self._work, task)

    def finished(self, pending: Mapping[Future[ResultT], TaskT]) -> Iterator[tuple[Future[ResultT], ResultT | Death]]:
        for future in wait(pending, return_when=FIRST_COMPLETED).done:
            try:
                yield future, future.result()
            except BrokenProcessPool:
                yield future, Death()


def _begin() -> None:
    """Leave Ctrl-C to the parent, and exit with it, even if it is killed: the work of an orphan is not used."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
