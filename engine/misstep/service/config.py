"""Settings of the service, and the names that several of its parts use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from misstep.api import Detail
from misstep.limits import limit

Header = tuple[bytes, bytes]
JSON, JSON_LINES = "application/json", "application/x-ndjson"
LINES_TYPES = (JSON_LINES, "application/jsonl", "application/json-lines")
DETAILS: tuple[Detail, ...] = get_args(Detail)  # how much of an assessment a batch answers with; the first is the default
NO_STORE: Header = (b"cache-control", b"no-store")
BATCH_PATH = "/assess/batch"
SERVICE = "The service, each worker"
"""The door of the limits of ``Settings``."""
RETRY_SECONDS = "1"  # a queue of requests that take fractions of a millisecond is empty by then

# Keys of a request's ASGI scope
BUSY = "misstep.busy"  # the queue was full when the request was complete
CUT = "misstep.cut"  # the code of the problem for which a limit ended the request
QUERY = "misstep.query"  # the query parameters by name, if there are any
GONE = "misstep.gone"  # the client has disconnected
HEADERS = "misstep.headers"  # the headers by name; of several with one name the last
REQUEST_ID = "misstep.request_id"  # as in log and answer
WAITING = "misstep.waiting"  # the request is complete and counted in the queue


def route_path(scope: Mapping[str, Any]) -> str:
    """The path of a request inside of the service, which may be mounted under another path."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one service. Each limit applies to one worker.

    ``request_seconds``: time for one request, from its first byte to the last byte of the answer; for a batch, the longest time
    without progress (``batch_seconds`` is its total). ``queue``: complete requests that wait for an answer.
    """

    rules: tuple[Path, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    reload: bool = False
    allowed_hosts: tuple[str, ...] = ()
    access_log: bool = True
    telemetry: bool = False
    body_bytes: int = limit(1_000_000, "bytes of a record, and of a line of a batch", SERVICE)
    header_bytes: int = limit(16_384, "bytes of the head of a request", SERVICE)
    facts: int = limit(1_000, "facts of a record", SERVICE)
    request_seconds: float = limit(10.0, "seconds for a request and its answer; in a batch, without progress", SERVICE)
    connections: int = limit(1_000, "open connections of a worker", SERVICE)
    queue: int = limit(500, "requests that wait in a worker", SERVICE)
    batches: int = limit(4, "batches that a worker runs at a time", SERVICE)
    batch_bytes: int = limit(100_000_000, "bytes of a batch, packed and unpacked", SERVICE)
    batch_lines: int = limit(1_000_000, "lines of a batch", SERVICE)
    batch_seconds: float = limit(600.0, "seconds of a batch", SERVICE)
    shutdown_seconds: int = 15
