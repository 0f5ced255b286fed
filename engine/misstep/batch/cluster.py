"""Tasks in; what came of each out, as they are done: on a cluster of Dask, whose workers come and go.

Tasks and what comes of them are small. Whatever else they need, and what they leave, lies in a folder that all workers see.
"""

from __future__ import annotations

import importlib
import logging
import platform
import secrets
import socket
import time
import warnings
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from misstep.batch.summary import version_of_misstep
from misstep.errors import EngineError, InstallationError, MisstepError, UsageError, printable

Task = TypeVar("Task", bound=Hashable)
Done = TypeVar("Done")

SCHEME = "dask://"
PORT = 8786  # that a scheduler listens on unless it is told otherwise
CONNECT_SECONDS = 5
LOOK_SECONDS = 1.0  # between two looks at which workers there are
FETCH_SECONDS = 5  # for what a worker has, who may die before it is fetched
NAP_SECONDS = 0.02  # between two looks at what is done
PATIENCE_SECONDS = 60.0  # without any worker: one that died takes some seconds to come back, and those of a queue take longer
SHARED = "what a cluster reads and writes must lie where this machine and all workers see it, under the same path"


class Cluster:
    """The workers of a scheduler. ``folder``: where tasks find what they need and leave what they do.

    A worker that dies costs nothing but time: the scheduler gives what it was at to others. What has taken as many workers with
    it as the scheduler allows is tried again by itself, so that it is plain which task it was, if any.
    """

    def __init__(self, url: str, folder: Path) -> None:
        """Raises UsageError where the URL makes no sense, InstallationError where what speaks to a cluster is missing."""
        self.name = printable(url)
        self._place = _place(url)
        host, port = self._place
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"  # over TLS, if Dask's configuration says so
        self._folder = folder.absolute()
        try:
            self._distributed: Any = importlib.import_module("distributed")  # an extra that few need, and takes a second
        except ImportError:
            raise InstallationError("a cluster of Dask needs distributed: pip install 'misstep[dask]'") from None

    def run(self, work: Callable[[Task], Done], tasks: Iterable[Task]) -> Iterator[Done]:
        """Run all tasks. Raises UsageError also where the cluster, or one of its workers, cannot do what is asked."""
        with _silent(), _seen(self._folder) as mark, self._connected() as client:
            crew = _Crew(self.name, client, mark)
            yield from _UnderWay(work, crew, client, self._distributed, self.name).run(tasks)

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        self._refuse_silent()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ, which is said in other words
            try:
                client = self._distributed.Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False, name="misstep")
            except Exception as error:  # whatever comes of reading what somebody else sends
                raise self._no_scheduler(error) from None
        try:
            yield client
        finally:
            with suppress(TimeoutError):
                client.close(timeout=CONNECT_SECONDS)

    def _refuse_silent(self) -> None:
        """Raise UsageError where nobody answers: Dask's own client waits for ever where somebody listens and says nothing.
        A scheduler says something first, unless it is spoken to over TLS."""
        try:
            with socket.create_connection(self._place, CONNECT_SECONDS) as connection:
                if self._distributed.comm.parse_address(self._address)[0] == "tcp" and not connection.recv(1):
                    raise ConnectionResetError("closed the connection")
        except TimeoutError:
            raise self._no_scheduler(
                f"it says nothing for {CONNECT_SECONDS} seconds; if it is to be spoken to over TLS, Dask's"
                " configuration here must say so"
            ) from None
        except OSError as error:
            raise self._no_scheduler(error.strerror or error) from None

    def _no_scheduler(self, why: object) -> UsageError:
        return UsageError(f"{self.name}: no scheduler of Dask answers there: {_first_line(why)}")


def _place(url: str) -> tuple[str, int]:
    """Host and port of a scheduler. Raises UsageError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host = None
    if not url.startswith(SCHEME) or not host or parts.path.strip("/") or parts.query or parts.username:
        raise UsageError(f"{printable(url)}: names no cluster; one is named by {SCHEME}HOST:PORT")
    return host, port


def _first_line(error: object) -> str:
    text = str(error) or type(error).__name__
    return printable(text.strip().partition("\n")[0])[:200]


@contextmanager
def _silent() -> Iterator[None]:
    """Nothing of what Dask tells its log: what its user must know is raised."""
    loggers = [
        logging.getLogger(name) for name in ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _seen(folder: Path) -> Iterator[Path]:
    """A file that no other folder has: a worker that sees it sees the folder."""
    mark = folder / f"cluster-{secrets.token_hex(8)}"
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


# -- which workers there are


def versions() -> dict[str, str]:
    """What must be the same on all machines, so that they understand each other and give the same answers."""
    distributed = importlib.import_module("distributed")
    python = ".".join(platform.python_version_tuple()[:2])
    return {"misstep": version_of_misstep(), "Python": python, "distributed": distributed.__version__}


def unfit(mark: Path, here: dict[str, str]) -> str:
    """Why a worker cannot be of use, in words; nothing if it can. This runs on the worker."""
    there = versions()
    for what, version in here.items():
        if there[what] != version:
            return f"has {what} {there[what] or '(from a source tree)'}, and this machine {version}; they must be the same"
    try:
        if not mark.exists():
            return f"does not see the folder {mark.parent}; {SHARED}"
        own = mark.with_name(f"{mark.name}-{secrets.token_hex(8)}")
        own.touch()
        own.unlink()
    except Exception as error:  # of a storage, whatever speaks to it has errors of its own
        return f"cannot write into the folder {mark.parent} ({getattr(error, 'strerror', '') or _first_line(error)}); {SHARED}"
    return ""


class _Crew:
    """The workers of a cluster, looked at from time to time."""

    def __init__(self, name: str, client: Any, mark: Path) -> None:
        self._name = name
        self._client = client
        self._mark = mark
        self._here = versions()
        self._known: set[str] = set()
        self._looked = 0.0
        self._some = time.monotonic()  # when there were any the last time
        self.threads = 0

    def look(self) -> None:
        """See who is there, and have those that are new tell whether they can be of use."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return
        there: dict[str, int] = self._asked(self._client.nthreads)
        self._looked = now
        self.threads = sum(there.values())
        if there:
            self._some = now
        elif now - self._some > PATIENCE_SECONDS:
            raise EngineError(
                f"{self._name}: has had no workers for {PATIENCE_SECONDS:g} seconds; what is scored is kept: start some"
                " (`dask worker HOST:PORT`), and the same command goes on from there"
            )
        self.question(there.keys() - self._known)
        self._known = set(there)

    def question(self, addresses: Iterable[str]) -> None:
        """Raise UsageError where one of these workers cannot be of use."""
        asked = sorted(addresses)
        if not asked:
            return
        answers = self._asked(lambda: self._client.run(unfit, self._mark, self._here, workers=asked, on_error="return"))
        for address in asked:
            answer = answers.get(address, "")
            if isinstance(answer, OSError):  # it died meanwhile, which is the scheduler's business
                continue
            if isinstance(answer, Exception):  # of ours there is none: what it says is that it could not even be asked
                answer = f"has no misstep, or not all that it needs ({_first_line(answer)}); install the same there as here"
            if answer:
                raise UsageError(f"{self._name}: the worker at {printable(address)} {printable(answer)}")

    def question_all(self) -> None:
        """The same of all."""
        self.question(self._known | set(self._asked(self._client.nthreads)))

    def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (OSError, TimeoutError):
            raise lost(self._name) from None


def lost(name: str) -> EngineError:
    """That there is no scheduler any more."""
    return EngineError(
        f"{name}: the scheduler has gone, or cannot be reached any more; what is scored is kept: once it is there, the same"
        " command goes on from there"
    )


# -- what is under way


class _UnderWay(Generic[Task, Done]):
    """Tasks on a cluster: enough for every thread of its workers to have another one at hand."""

    def __init__(self, work: Callable[[Task], Done], crew: _Crew, client: Any, distributed: Any, name: str) -> None:
        self._work = work
        self._crew = crew
        self._client = client
        self._name = name
        self._killed_worker = distributed.KilledWorker
        self._done = distributed.as_completed(loop=client.loop)
        self._pending: dict[Any, Task] = {}
        self._suspects: deque[Task] = deque()
        self._alone: Task | None = None

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Run all tasks."""
        fresh = iter(tasks)
        while True:
            self._crew.look()
            for task in self._next(fresh):
                future = self._client.submit(self._work, task, pure=False)
                self._pending[future] = task
                self._done.add(future)
            if not self._pending:
                return
            while not self._done.has_ready():
                self._crew.look()
                time.sleep(NAP_SECONDS)
            yield from self._results()

    def _next(self, fresh: Iterator[Task]) -> Iterator[Task]:
        """What is to be submitted now: enough to keep every thread busy; of suspects one at a time."""
        if self._suspects:
            if not self._pending:
                self._alone = self._suspects.popleft()
                yield self._alone
            return
        while len(self._pending) < max(1, 2 * self._crew.threads):
            for task in fresh:
                yield task
                break
            else:
                return

    def _results(self) -> Iterator[Done]:
        """What has come of those that are done, fetched together. What lay on a worker that has died since is done again."""
        done = self._done.next_batch(block=False)
        well = [future for future in done if future.status == "finished"]
        try:
            fetch = partial(self._client.gather, well, asynchronous=True)
            results = dict(zip(well, self._client.sync(fetch, callback_timeout=FETCH_SECONDS), strict=True))
        except Exception:  # of any of them: each tells for itself
            results = {}
        for future in done:
            if future not in results and future.status in ("pending", "lost"):
                self._done.add(future)
                continue
            task = self._pending.pop(future)
            if future not in results:
                try:
                    results[future] = future.result(timeout=FETCH_SECONDS)
                except self._killed_worker as error:
                    if task == self._alone:
                        deaths = error.allowed_failures + 1
                        raise EngineError(f"{task}: its worker died {deaths} times, also when it was alone") from None
                    self._suspects.append(task)
                    continue
                except MisstepError:
                    raise
                except Exception as error:
                    if isinstance(error, TimeoutError) and future.status != "error":  # not of the task itself
                        self._pending[future] = task
                        self._done.add(future)
                        continue
                    raise self._told(task, future, error) from error
            yield results.pop(future)

    def _told(self, task: Task, future: Any, error: Exception) -> Exception:
        """What a task has raised, in words of ours where there are any."""
        if future.cancelled() or self._client.status != "running":
            return lost(self._name)
        if isinstance(error, OSError):
            return UsageError(f"{task}: a worker says: {printable(str(error))}; {SHARED}")
        self._crew.question_all()  # of one that has joined since the last look
        return error
