"""Tasks in; their results out, in the order in which they are done: on a cluster of Dask, whose workers come and go.

Tasks and results are small. Everything else that tasks read or write lies in a folder that all workers see.
"""

from __future__ import annotations

import logging
import platform
import secrets
import socket
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import distributed
from distributed.comm.addressing import parse_address

from misstep.__about__ import __version__
from misstep.batch.workers import Death, Pool, ResultT, TaskT
from misstep.errors import EngineError, MisstepError, UsageError, printable

SCHEME = "dask://"
PORT = 8786  # that a scheduler listens on by default
CONNECT_SECONDS = 5
LOOK_SECONDS = 1.0  # between two looks at how many workers there are
FETCH_SECONDS = 5  # for a result, whose worker may die before it is fetched
PATIENCE_SECONDS = 60.0  # without any worker: one that died takes some seconds to come back, and those of a queue take longer
SHARED = "what a cluster reads and writes must lie where this machine and all workers see it, under the same path"


class Cluster:
    """The workers of a scheduler. ``folder``: in which tasks read and write.

    A worker that dies costs nothing but time: the scheduler retries its tasks on others.
    """

    def __init__(self, url: str, folder: Path) -> None:
        """Raises UsageError about a wrong URL."""
        self.name = printable(url)
        self._host, self._port = _host_and_port(url)
        self._address = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
        self._folder = folder.absolute()

    def run(self, work: Callable[[TaskT], ResultT], tasks: Iterable[TaskT]) -> Iterator[ResultT]:
        """Run all tasks. Raises UsageError also where the cluster, or one of its workers, cannot be used."""
        with _quiet(), _marked(self._folder) as mark, self._connected() as client:
            yield from _DaskPool(self.name, mark, client, work).run(tasks)

    @contextmanager
    def _connected(self) -> Iterator[distributed.Client]:
        self._check_answers()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that differ, which are checked in other words
            try:
                client = distributed.Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False, name="misstep")
            except Exception as error:  # any error of reading the bytes of an unknown server
                raise self._no_scheduler(error) from None
        try:
            yield client
        finally:
            with suppress(TimeoutError):
                client.close(timeout=CONNECT_SECONDS)

    def _check_answers(self) -> None:
        """Raise UsageError where no scheduler answers: the client of Dask waits for ever for a server that sends nothing.
        A scheduler sends something first, except over TLS."""
        try:
            with socket.create_connection((self._host, self._port), CONNECT_SECONDS) as connection:
                if parse_address(self._address)[0] == "tcp" and not connection.recv(1):
                    raise ConnectionResetError("closed the connection")
        except TimeoutError:
            raise self._no_scheduler(
                f"it sends nothing for {CONNECT_SECONDS} seconds; if it uses TLS, the configuration of Dask here must say so"
            ) from None
        except OSError as error:
            raise self._no_scheduler(error.strerror or error) from None

    def _no_scheduler(self, why: object) -> UsageError:
        return UsageError(f"{self.name}: no Dask scheduler answers there: {_first_line(why)}")


def _host_and_port(url: str) -> tuple[str, int]:
    """Raises UsageError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host = None
    if not url.startswith(SCHEME) or not host or parts.path.strip("/") or parts.query or parts.username:
        way = "; docs/batch-tools.md shows how to score in Spark and Ray" if url.startswith(("spark:", "ray:")) else ""
        raise UsageError(f"{printable(url)}: is not the URL of a cluster, {SCHEME}HOST:PORT{way}")
    return host, port


def _first_line(error: object) -> str:
    text = str(error) or type(error).__name__
    return printable(text.strip().partition("\n")[0])[:200]


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the log of Dask: errors that a user must know are raised."""
    names = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


@contextmanager
def _marked(folder: Path) -> Iterator[Path]:
    """A file that no other folder has: a worker that sees it sees the folder."""
    mark = folder / f"cluster-{secrets.token_hex(8)}"
    mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


# -- on the worker

Versions = tuple[tuple[str, str], ...]


def versions() -> Versions:
    """The versions that must be equal on all machines, for them to work together and to give the same answers."""
    python = ".".join(platform.python_version_tuple()[:2])
    return ("misstep", __version__), ("Python", python), ("distributed", version("distributed"))


def unusable(mark: Path, expected: Versions) -> str:
    """Why this worker cannot be used, if it cannot: other versions, or no way to write into the folder of the run."""
    for (package, found), (_, wanted) in zip(versions(), expected, strict=True):
        if found != wanted:
            return f"has {package} {found}, and this machine {wanted}; they must be the same"
    try:
        if not mark.exists():
            return f"does not see the folder {mark.parent}; {SHARED}"
        own = mark.with_name(f"{mark.name}-{secrets.token_hex(8)}")
        own.touch()
        own.unlink()
    except Exception as error:  # of a storage, whose client has errors of its own
        return f"cannot write into the folder {mark.parent} ({getattr(error, 'strerror', '') or _first_line(error)}); {SHARED}"
    return ""


# -- on this machine


class _DaskPool(Pool[TaskT, ResultT, "distributed.Future[ResultT]"]):
    """The workers of a cluster."""

    process = "worker"

    def __init__(self, name: str, mark: Path, client: distributed.Client, work: Callable[[TaskT], ResultT]) -> None:
        self._name = name
        self._client = client
        self._work = work
        self._mark = mark
        self._checked: set[str] = set()
        self._threads = 0
        self._looked = float("-inf")
        self._last_worker = time.monotonic()

    def size(self) -> int:
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._look()
        return max(1, 2 * self._threads)

    def submit(self, task: TaskT) -> distributed.Future[ResultT]:
        return self._client.submit(self._work, task, pure=False)

    def finished(
        self, pending: Mapping[distributed.Future[ResultT], TaskT]
    ) -> Iterator[tuple[distributed.Future[ResultT], ResultT | Death]]:
        self.size()  # whether there are any workers
        try:
            with self._client.as_current():
                done = distributed.wait(list(pending), LOOK_SECONDS, "FIRST_COMPLETED").done
        except TimeoutError:
            return
        except CancelledError:
            raise self._lost() from None
        for future in done:
            try:
                yield future, future.result(timeout=FETCH_SECONDS)
            except distributed.KilledWorker as error:
                yield future, Death(error.allowed_failures + 1)
            except MisstepError:
                raise
            except Exception as error:
                if isinstance(error, TimeoutError) and future.status != "error":
                    continue  # its worker died before it was fetched, so the task is done again
                raise self._explained(pending[future], error) from error

    def _look(self) -> None:
        """See how many workers there are, and check those that are new."""
        try:
            there: dict[str, int] = self._client.nthreads()
            new = sorted(there.keys() - self._checked)
            answers = self._client.run(unusable, self._mark, versions(), workers=new, on_error="return")
        except OSError:
            raise self._lost() from None
        for address, answer in answers.items():
            if isinstance(answer, OSError):  # it has died meanwhile
                continue
            if isinstance(answer, Exception):
                answer = f"has no misstep, or not all that it needs ({_first_line(answer)}); install the same there as here"
            if answer:
                raise UsageError(f"{self._name}: the worker at {printable(address)} {printable(answer)}")
        self._checked = set(there)
        self._threads = sum(there.values())
        self._looked = time.monotonic()
        if there:
            self._last_worker = self._looked
        elif self._looked - self._last_worker > PATIENCE_SECONDS:
            raise EngineError(
                f"{self._name}: has had no workers for {PATIENCE_SECONDS:g} seconds; scored parts are kept: start some"
                " (`dask worker HOST:PORT`), and the same command resumes"
            )

    def _explained(self, task: TaskT, error: Exception) -> Exception:
        """The error to raise for an error of a task."""
        if isinstance(error, CancelledError) or self._client.status != "running":
            return self._lost()
        if isinstance(error, OSError):
            return UsageError(f"{task}: error of a worker: {printable(str(error))}; {SHARED}")
        self._look()  # at workers that have joined since
        return error

    def _lost(self) -> EngineError:
        return EngineError(
            f"{self._name}: the scheduler was lost, or cannot be reached any more; scored parts are kept: once it is back, the"
            " same command resumes"
        )
