"""The service as its users run it: a process of its own, and raw sockets to it."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.end_to_end.command import FIXTURES, MISSTEP, environment

SEED = (FIXTURES / "interviews" / "seed.json").read_bytes()
RECORDS_TYPE = "application/x-ndjson"
PATIENCE = 60.0  # seconds for what takes one or two, on a machine that is busy


@dataclass
class Service:
    """A service that runs; ``lines`` is its log so far."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.wait_for("listening")[0]["url"])

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        return host, int(port)

    def events(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == event]

    def wait_for(self, event: str, count: int = 1) -> list[dict[str, Any]]:
        until(lambda: len(self.events(event)) >= count or self.process.poll() is not None, f"{event} in {self.raw[-20:]}")
        found = self.events(event)
        assert len(found) >= count, self.raw[-20:]
        return found

    def connect(self, seconds: float = PATIENCE) -> socket.socket:
        return socket.create_connection(self.address, seconds)

    def send(self, data: bytes) -> bytes:
        """What comes back for some bytes, until the other side closes."""
        with self.connect() as client:
            with contextlib.suppress(ConnectionError):  # what is refused may be closed while it is still being sent
                client.sendall(data)
            return everything(client)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def client_of(url: str) -> httpx.Client:
    """A client with a connection for each request. The service rightly closes one that is idle for some seconds, and a busy
    machine makes it idle between two requests."""
    return httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))


@contextlib.contextmanager
def running(*options: str | Path, env: dict[str, str] | None = None, program: str = "") -> Iterator[Service]:
    """A service with these options of the command; or another Python program that runs one."""
    command = [MISSTEP[0], "-c", program] if program else [*MISSTEP, "serve", "--port", "0", *map(str, options)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(env),
    )
    service = Service(process)
    reader = threading.Thread(target=read_log, args=(service,))
    reader.start()
    try:
        yield service
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        assert process.stderr is not None
        process.stderr.close()


def read_log(service: Service) -> None:
    assert service.process.stderr is not None
    for line in service.process.stderr:
        service.raw.append(line)
        with contextlib.suppress(json.JSONDecodeError):
            service.lines.append(json.loads(line))


def until(holds: Any, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)


def everything(client: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := client.recv(65_536):
            parts.append(part)
    return b"".join(parts)


def post(body: bytes, path: str = "/assess", content_type: str = "application/json", *headers: str) -> bytes:
    """A request as bytes, after which the connection is to be closed."""
    more = "".join(f"{header}\r\n" for header in ("connection: close", *headers))
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def status_of(answer: bytes) -> int:
    """The status of an answer; 0 where the connection was closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def body_of(answer: bytes) -> Any:
    return json.loads(answer.partition(b"\r\n\r\n")[2])
