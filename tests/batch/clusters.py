"""Clusters of Dask for tests: a scheduler and workers, each a process of its own, in a network of its own where that can be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from types import TracebackType

from tests.needs import NEEDS, all_wanted, found, require

ROOT = Path(__file__).parents[2]
_letters = cycle("abcdefgh")
_ports = count(9000)  # in a namespace all are free, but for those of clusters before


@dataclass
class Network:
    """Where processes run: words that are put before the command of each, and the address that it listens at."""

    hosts: list[tuple[list[str], str]]
    why_plain: str = ""


@contextmanager
def network(hosts: int, plain: bool = False) -> Iterator[Network]:
    """A namespace for each host, joined by a bridge that this process sees too; else, or if it is to be ``plain``, the network of
    this machine. With MISSTEP_TEST_ALL=1 the command that makes namespaces must be there; to have no right to use it is fine."""
    if all_wanted() and not plain:
        require("namespaces")
    name = f"ms{os.getpid() % 100_000}{next(_letters)}"  # one that was taken down may be there for a moment
    subnet = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
    made = (
        subprocess.run(["ip", "link", "add", name, "type", "bridge"], capture_output=True, check=False)
        if found("namespaces") and not plain
        else None
    )
    if made is None or made.returncode:
        why = "" if plain else "which this user may not make" if found("namespaces") else NEEDS["namespaces"].command
        yield Network([([], "127.0.0.1")] * hosts, why)
        return
    try:
        _ip("addr", "add", f"{subnet}.1/24", "dev", name)
        _ip("link", "set", name, "up")
        spaces = []
        for number in range(hosts):
            space, address = f"{name}-{number}", f"{subnet}.{number + 2}"
            _ip("netns", "add", space)
            _ip("link", "add", f"{name}v{number}", "type", "veth", "peer", "name", "eth0", "netns", space)
            _ip("link", "set", f"{name}v{number}", "master", name, "up")
            _ip("-n", space, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", space, "link", "set", "eth0", "up")
            _ip("-n", space, "link", "set", "lo", "up")
            spaces.append((["ip", "netns", "exec", space], address))
        yield Network(spaces)
    finally:
        for number in range(hosts):
            subprocess.run(["ip", "netns", "del", f"{name}-{number}"], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], capture_output=True, check=True)


@dataclass
class Process:
    """A process and all that it starts."""

    popen: subprocess.Popen[bytes]
    log: Path

    def signal(self, number: int) -> None:
        os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        """As when a machine loses its power."""
        with suppress(ProcessLookupError):
            self.signal(signal.SIGKILL)
        self.popen.wait()


@dataclass
class Cluster:
    """A scheduler on the first host, and a worker on each of the others."""

    folder: Path
    network: Network
    settings: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "tcp"
    processes: dict[str, Process] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _, self._host = self.network.hosts[0]
        self._port = next(_ports) if self.network.hosts[0][0] else free_port()

    @property
    def url(self) -> str:
        return f"dask://{self._host}:{self._port}"

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self.processes.values():
            process.kill()

    def start(self, workers: int, *options: str, nanny: bool = True) -> None:
        self.start_scheduler()
        for number in range(1, workers + 1):
            self.start_worker(number, *options, nanny=nanny)
        self.wait_for(workers)

    def start_scheduler(self) -> None:
        self._start(
            "scheduler",
            0,
            "scheduler",
            "--protocol",
            self.scheme,
            "--host",
            self._host,
            "--port",
            str(self._port),
            "--no-dashboard",
            "--dashboard-address",
            ":0",
        )

    def start_worker(self, number: int, *options: str, nanny: bool = True, environment: Mapping[str, str] | None = None) -> None:
        _, host = self.network.hosts[number]
        self._start(
            f"worker-{number}",
            number,
            "worker",
            f"{self.scheme}://{self._host}:{self._port}",
            "--host",
            host,
            "--nthreads",
            "1",
            "--memory-limit",
            "0",
            "--no-dashboard",
            "--local-directory",
            str(self.folder / f"local-{number}"),
            "--nanny" if nanny else "--no-nanny",
            *options,
            environment=environment,
        )

    def wait_for(self, workers: int) -> None:
        """Until so many have told the scheduler that they are there."""
        until = time.monotonic() + 60
        log = self.processes["scheduler"].log
        while log.read_text(encoding="utf-8").count("Register worker") < workers:
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            assert self.processes["scheduler"].popen.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.05)

    def _start(self, name: str, host: int, *words: str, environment: Mapping[str, str] | None = None) -> None:
        prefix, _ = self.network.hosts[host]
        log = self.folder / f"{name}.log"
        path = os.pathsep.join([str(ROOT), *sys.path])
        self.folder.mkdir(exist_ok=True)
        with log.open("wb") as stream:
            popen = subprocess.Popen(
                [*prefix, sys.executable, "-m", "dask", *words],
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": path} | dict(self.settings) | dict(environment or {}),
            )
        self.processes[name] = Process(popen, log)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
