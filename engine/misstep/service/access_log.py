"""What is noted of each request: its metrics, and its line in the log. One by one they would take a tenth of a request, so this
is done for many at once."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from functools import lru_cache
from os import getpid

import orjson

from misstep.service.logs import LINES, LOG, log_event
from misstep.service.metrics import Metrics
from misstep.service.tracing import Trace

FLUSH_SECONDS = 0.1
MOST_REQUESTS = 100
Answered = tuple[bytes, str, str, int, float, Trace | None]
"""A request that was answered: id, method, route, status, seconds, place in a trace."""


class AccessLog:
    """Counts requests, and logs them if they are ``logged``. ``batched``: ten times a second, as finished lines; else each at
    once, as an event for handlers of others."""

    def __init__(self, metrics: Metrics, logged: bool, batched: bool) -> None:
        self._metrics = metrics
        self._logged = logged
        self._batched = batched
        self._requests: list[tuple[float, Answered]] = []  # with the time of the answer
        self._begin = (0, "")  # a second, and the beginning of its lines

    def add(self, request: Answered) -> None:
        """Note a request that was answered."""
        if self._batched:
            if not self._requests:
                asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
            self._requests.append((time.time(), request))
            if len(self._requests) >= MOST_REQUESTS:
                self.flush()
        else:
            self._metrics.count_request(*request[1:5])
            if self._logged:
                log_event("request", logging.INFO, **request_data(*request))

    def flush(self) -> None:
        """Count and log the requests so far."""
        requests, self._requests = self._requests, []
        for _, request in requests:
            self._metrics.count_request(*request[1:5])
        if requests and self._logged:
            LOG.log(logging.INFO, "requests", extra={LINES: [self._line(*each) for each in requests]})

    def _line(self, now: float, request: Answered) -> str:
        request_id, method, route, status, seconds, trace = request
        second = int(now)
        if second != self._begin[0]:
            self._begin = (second, f'{{"time":"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.')
        traced = "," + orjson.dumps(_traced(trace)).decode()[1:-1] if trace else ""
        return (
            f'{self._begin[1]}{int((now - second) * 1e6):06}+00:00","level":"info","event":"request","process":{_process()},'
            f'"request_id":"{request_id.decode()}",{_members(method, route, status)},"ms":{seconds * 1000:.3f}{traced}}}'
        )


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
