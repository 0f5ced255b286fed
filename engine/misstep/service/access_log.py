"""The log line of each request. Lines are written in batches: one by one they would take more than a tenth of a request."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from functools import lru_cache
from os import getpid

import orjson

from misstep.service.logs import LINES, LOG, log_event
from misstep.service.tracing import Trace

FLUSH_SECONDS = 0.1
MOST_LINES = 1_000


class AccessLog:
    """Logs requests. ``batched``: as finished lines, ten times a second; else each as an event for handlers of others."""

    def __init__(self, batched: bool) -> None:
        self._batched = batched
        self._lines: list[str] = []
        self._begin = (0, "")  # a second, and the beginning of its lines

    def add(self, request_id: bytes, method: str, route: str, status: int, seconds: float, trace: Trace | None) -> None:
        """Log a request that was answered."""
        if not self._batched:
            log_event("request", logging.INFO, **request_data(request_id, method, route, status, seconds, trace))
            return
        if not self._lines:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        now = time.time()
        second = int(now)
        if second != self._begin[0]:
            self._begin = (second, f'{{"time":"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.')
        traced = "," + orjson.dumps(_traced(trace)).decode()[1:-1] if trace else ""
        self._lines.append(
            f'{self._begin[1]}{int((now - second) * 1e6):06}+00:00","level":"info","event":"request","process":{_process()},'
            f'"request_id":"{request_id.decode()}",{_members(method, route, status)},"ms":{seconds * 1000:.3f}{traced}}}'
        )
        if len(self._lines) >= MOST_LINES:
            self.flush()

    def flush(self) -> None:
        """Write the lines so far."""
        lines, self._lines = self._lines, []
        if lines:
            LOG.log(logging.INFO, "requests", extra={LINES: lines})


def request_data(
    request_id: bytes, method: str, route: str, status: int, seconds: float, trace: Trace | None
) -> dict[str, object]:
    """The members of the event of a request."""
    members = {"request_id": request_id.decode(), "method": method, "route": route, "status": status}
    return {**members, "ms": round(seconds * 1000, 3), **(_traced(trace) if trace else {})}


def _traced(trace: Trace) -> dict[str, str]:
    ids = {"trace_id": trace.trace_id, "span_id": trace.span_id, "parent_id": trace.parent}
    return {name: each for name, each in ids.items() if each}


_process = lru_cache(1)(getpid)  # a worker is a process of its own, and makes its log after it has begun


@lru_cache(1_024)
def _members(method: str, route: str, status: int) -> str:
    """What many lines have in common."""
    return orjson.dumps({"method": method, "route": route, "status": status}).decode()[1:-1]
