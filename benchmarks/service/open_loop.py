"""Requests at a fixed rate, whether or not answers keep up; how long each took from when it was due, out as JSON.

python -m benchmarks.service.open_loop HOST PORT RATE SECONDS FILE

A load generator that waits for an answer before it asks again asks less of a server that is slow, and so never sees what its
users would. Here a request is due at its time, and waits for a free connection if it must; that counts.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import cast

import uvloop

CONNECTIONS = 64
TICK = 0.001
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.due = 0.0
        self.left = -1  # bytes of the answer that are still to come; below nought: its head
        self.head = b""
        self.right = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)  # uvloop's is none by birth

    def ask(self, due: float, request: bytes) -> None:
        self.due, self.left, self.head = due, -1, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.left < 0:
            head, end, data = (self.head + data).partition(b"\r\n\r\n")
            if not end:
                self.head = head
                return
            self.right = head.startswith(b"HTTP/1.1 200")
            self.left = int(head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
        self.left -= len(data)
        if self.left == 0:
            self.run.answered(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.run.lost += 1


class Run:
    """So many requests a second for so many seconds."""

    def __init__(self, requests: list[bytes]) -> None:
        self.requests = requests
        self.free: deque[Connection] = deque()  # in turn, so that none is idle for so long that it is closed
        self.waiting: deque[tuple[float, bytes]] = deque()
        self.seconds: list[float] = []
        self.wrong = self.lost = 0

    async def go(self, host: str, port: int, rate: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(lambda: Connection(self), host, port)
            self.free.append(connection)
        begin, sent, whole = time.perf_counter(), 0, int(rate * seconds)
        while sent < whole:
            while sent < whole and (due := begin + sent / rate) <= time.perf_counter():
                self.ask(due, self.requests[sent % len(self.requests)])
                sent += 1
            await asyncio.sleep(max(TICK, begin + sent / rate - time.perf_counter()))
        while len(self.seconds) + self.wrong < whole and not self.lost:
            await asyncio.sleep(0.01)

    def ask(self, due: float, request: bytes) -> None:
        if self.free:
            self.free.popleft().ask(due, request)
        else:
            self.waiting.append((due, request))

    def answered(self, connection: Connection) -> None:
        if connection.right:
            self.seconds.append(time.perf_counter() - connection.due)
        else:
            self.wrong += 1
        if self.waiting:
            connection.ask(*self.waiting.popleft())
        else:
            self.free.append(connection)


def main(host: str, port: str, rate: str, seconds: str, file: str) -> None:
    head = f"POST /assess HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-type: application/json\r\ncontent-length: "
    lines = Path(file).read_bytes().splitlines()
    run = Run([head.encode() + b"%d\r\n\r\n" % len(line) + line for line in lines])
    uvloop.run(run.go(host, int(port), float(rate), float(seconds)))
    found = sorted(run.seconds)
    shares = {name: found[min(len(found) - 1, int(len(found) * share))] for name, share in SHARES.items()}
    print(json.dumps({"answered": len(found), "wrong": run.wrong, "lost": run.lost, **shares}))


if __name__ == "__main__":
    main(*sys.argv[1:])
