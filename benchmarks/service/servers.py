"""Servers to measure, each in a process of its own, and wrk to measure them with."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONNECTIONS = 16
SCRIPT = """\
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local requests, turn = {{}}, 0
init = function()
  for line in io.lines("{file}") do requests[#requests + 1] = wrk.format(nil, "/assess", nil, line) end
end
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
"""


@dataclass(frozen=True)
class Server:
    """Where a server listens, and its process."""

    host: str
    port: int
    pid: int


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests answered, how many a second, and those that were not answered as they should be; and the CPU time of
    the server for each, in microseconds."""

    requests: int
    per_second: float
    wrong: int
    cpu: float


@contextlib.contextmanager
def ours(folder: Path, fixed: int | None = None) -> Iterator[Server]:
    """misstep as it is by default, its log in a file; ``fixed``: with the same answer of so many bytes every time."""
    log = folder / "service.log"
    arguments = ["misstep", "serve", "--port", "0"] if fixed is None else ["benchmarks.service.fixed", str(fixed)]
    command = [sys.executable, "-m", *arguments]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stderr=stream, cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT / 'engine'}{os.pathsep}{ROOT}"}
        )
    with _ending(process):
        _wait(process, lambda: b"startup complete" in log.read_bytes())
        found = re.search(rb"http://127.0.0.1:(\d+)", log.read_bytes())
        assert found is not None
        yield Server("127.0.0.1", int(found[1]), process.pid)


@contextlib.contextmanager
def bare(size: int) -> Iterator[Server]:
    """The framework with a fixed body of a size."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.service.bare", str(port), str(size)], cwd=ROOT)
    with _ending(process):
        _wait(process, lambda: _answers(port))
        yield Server("127.0.0.1", port, process.pid)


@contextlib.contextmanager
def _ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    for _ in range(600):
        if ready():
            return
        assert process.poll() is None, "the server did not start"
        time.sleep(0.05)
    raise AssertionError("the server does not answer")


def _answers(port: int) -> bool:
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def wrk(server: Server, records: Path, seconds: int) -> Load:
    """As many requests as are answered, on a few connections that never pause; ``records`` has one on each line."""
    command = shutil.which("wrk")
    assert command is not None
    script = records.with_suffix(".lua")
    script.write_text(SCRIPT.format(file=records), encoding="utf-8")
    url = f"http://{server.host}:{server.port}/assess"
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), url]
    before = _cpu_seconds(server.pid)
    told = subprocess.run([command, *options], capture_output=True, text=True, check=True).stdout
    cpu = _cpu_seconds(server.pid) - before
    wrong = [
        int(number)
        for line in told.splitlines()
        if "Socket errors" in line or "Non-2xx" in line
        for number in re.findall(r"\d+$|\d+(?=,)", line)
    ]
    requests, per_second = re.search(r"(\d+) requests in", told), re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert requests is not None
    assert per_second is not None
    return Load(int(requests[1]), float(per_second[1]), sum(wrong), cpu / int(requests[1]) * 1e6)


def _cpu_seconds(process: int) -> float:
    """The CPU time of a process so far, as Linux tells it: for itself, and in the kernel for it."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
