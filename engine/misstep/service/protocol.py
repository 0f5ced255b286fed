"""Limits of connections: reject requests that are too large, too slow, too many or malformed, before the application sees them.

uvicorn has no limit for the size of a head or body, waits for either without a timeout, and also for a client that does not read
(``limit_concurrency`` and its timeouts are for other things). So its protocol on httptools gets limits here: bytes are counted as
they arrive, and one timer checks all connections. After a rejection the connection is read and discarded for a moment, because a
client that is still sending would not see the answer.

This depends on the inner parts of one minor version of uvicorn: pyproject.toml has the bound, tests/service/test_uvicorn.py the
list of these parts.
"""

from __future__ import annotations

import asyncio
import secrets
from http import HTTPStatus
from typing import Any, cast

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from misstep.service.config import BATCH_PATH, BUSY, CUT, GONE, REQUEST_ID, RETRY_SECONDS, WAITING, Settings
from misstep.service.logs import log_event
from misstep.service.metrics import Metrics
from misstep.service.problems import MEDIA_TYPE, PROBLEM_TYPES, problem

LONGEST_SIZE = 40  # bytes of a line with the size of a chunk, in hexadecimal digits
LINGER_SECONDS, LINGER_BYTES = 2.0, 8_000_000  # how long, and how much, is read and discarded after a rejection


class ConnectionLimits:
    """State that the connections of one server share: the limits, the open connections, the length of the queue, the timer."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.connections: set[LimitedProtocol] = set()
        self.waiting = 0
        self._tick = min(0.5, settings.request_seconds / 4)
        self._ticking = False

    def add(self, connection: LimitedProtocol) -> None:
        """Add an open connection. The timer runs while there are any."""
        self.connections.add(connection)
        self.metrics.connections.set(len(self.connections))
        if not self._ticking:
            self._check_all(connection.loop)

    def remove(self, connection: LimitedProtocol) -> None:
        """Remove a closed connection."""
        self.connections.discard(connection)
        self.metrics.connections.set(len(self.connections))

    def _check_all(self, loop: asyncio.AbstractEventLoop) -> None:
        self.metrics.waiting.set(self.waiting)
        for connection in list(self.connections):
            connection.check(loop.time())
        self._ticking = bool(self.connections)
        if self._ticking:
            loop.call_later(self._tick, self._check_all, loop)


class LimitedProtocol(HttpToolsProtocol):
    """One connection, within the limits."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        shared = getattr(config, "shared", None)
        assert isinstance(shared, ConnectionLimits), "server.ServiceConfig has it"
        self._shared = shared
        self._limits = shared.settings
        self._inner, self.app = cast(ASGIApp, self.app), cast(Any, self._answer)
        self._begun = self._moved = self.loop.time()  # the first byte of a request, or the connection; the last byte
        self._in_body = self._is_batch = self._rejected = False
        self._unread = 0  # bytes since the last complete head or part of a body
        self._body = 0
        self._chunk = -1  # bytes there are of the chunk whose size came with the latest bytes; -1 for none
        self._before = b""  # the end of the bytes before these: a line with a size may be cut in two

    # -- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, or reject it if there are too many."""
        super().connection_made(transport)
        self._shared.add(self)
        count = len(self._shared.connections)
        if count > 2 * self._limits.connections:
            transport.abort()  # a flood gets no answers
        elif count > self._limits.connections:
            self._reject("busy", "too many open connections; try again soon", "connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._mark_gone()
        super().connection_lost(exc)
        self._shared.remove(self)
        for cycle, _ in self.pipeline:  # these answers are not sent
            self._leave_queue(cast(Scope, cycle.scope))

    def check(self, now: float) -> None:
        """Reject the request if it takes too long; the timer calls it."""
        limits = self._limits
        at_work = self._at_work()
        if self._rejected:
            if now - self._moved > LINGER_SECONDS:
                self.transport.abort()
        elif self._is_batch and at_work:
            if now - self._moved > limits.request_seconds or now - self._begun > limits.batch_seconds:
                self._reject_late(complete=not self._in_body)
        elif now - self._begun > limits.request_seconds:
            idle = self.cycle is not None and not self._in_body and not self._unread  # between two requests: uvicorn's timeout
            if at_work or not idle or self.transport.get_write_buffer_size() > 0:
                self._reject_late(complete=at_work and not self._in_body)

    def resume_writing(self) -> None:
        """Note that the client has taken a part of the answer."""
        super().resume_writing()
        self._moved = self.loop.time()

    # -- bytes

    def data_received(self, data: bytes) -> None:
        """Parse bytes from the client."""
        if self._rejected:
            self._unread += len(data)
            if self._unread > LINGER_BYTES:
                self.transport.abort()
            return
        self._moved = self.loop.time()
        if not self._in_body and not self._unread and not self._at_work():
            self._begun = self._moved
        self._unread += len(data)
        self._chunk = -1
        super().data_received(data)
        if self._chunk >= 0 and self._body - self._chunk + self._chunk_size(data) > self._most():
            self._reject_body()
        self._before = (self._before + data[-LONGEST_SIZE:])[-LONGEST_SIZE:] if self._in_body else b""
        if self._unread > self._limits.header_bytes and not self._rejected:  # an unfinished field has no callback
            self._reject_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; trailers after the body are ignored."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, or reject it because of its head."""
        if self._rejected:
            return
        self._in_body, self._unread, self._body = True, 0, 0
        self._is_batch = self.url.partition(b"?")[0] == BATCH_PATH.encode()
        size, hosts, length = len(self.url), 0, 0
        encodings: set[bytes] = set()
        for name, value in self.headers:  # once: this is the hot path
            size += len(name) + len(value) + 4
            if name == b"content-length":
                length = max(length, int(value))
            elif name == b"host":
                hosts += 1
            elif name == b"transfer-encoding":
                encodings.add(value.strip().lower())
        if encodings - {b"chunked"}:
            self._reject("request", "the only transfer encoding that is supported is chunked", "http")
        elif size > self._limits.header_bytes:
            self._reject_head()
        elif hosts > 1:
            self._reject("request", "the request has several host headers", "http")
        elif length > self._most():
            self._reject_body()
        else:
            super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Note that the size of a chunk was read: httptools does not say which."""
        self._chunk = 0

    def on_chunk_complete(self) -> None:
        """Note that a chunk is there as a whole."""
        self._chunk = -1

    def _chunk_size(self, data: bytes) -> int:
        """The size of the chunk that the latest bytes end in, as the line before what there is of it says."""
        lines = (self._before + data)[: -self._chunk or None].removesuffix(b"\r\n").rpartition(b"\n")
        try:
            return int(lines[2].partition(b";")[0], 16) if lines[1] else 0
        except ValueError:  # the line is longer than what is kept of it
            return 0

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._rejected:
            return
        self._unread = 0
        self._body += len(body)
        self._chunk += len(body) if self._chunk >= 0 else 0
        if self._body > self._most():
            self._reject_body()
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Put the complete request into the queue."""
        if self._rejected:
            return
        self._in_body, self._unread = False, 0
        if not self._is_batch and not self.cycle.response_complete:
            scope = cast(Scope, self.cycle.scope)
            scope[WAITING] = True
            self._shared.waiting += 1
            if self._shared.waiting > self._limits.queue:
                scope[BUSY] = True
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Do not warn of requests for another protocol: they are answered in this one."""

    # -- answers

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._inner(scope, receive, send)
        finally:
            self._leave_queue(scope)

    def _leave_queue(self, scope: Scope) -> None:
        if scope.pop(WAITING, None):
            self._shared.waiting -= 1

    def _at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _most(self) -> int:
        return self._limits.batch_bytes if self._is_batch else self._limits.body_bytes

    def _mark_gone(self) -> None:
        """Tell the application that the client has disconnected."""
        if self._at_work():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            cast(Scope, self.cycle.scope)[GONE] = True

    def on_response_complete(self) -> None:
        """Start the time of the next request in the pipeline."""
        self._begun = self.loop.time()
        super().on_response_complete()

    # -- rejections

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as uvicorn has it
        """Reject bytes that are not HTTP, with a problem instead of uvicorn's text."""
        self._reject("request", "malformed HTTP", "http")

    def _reject_late(self, complete: bool) -> None:
        seconds = f"{self._limits.request_seconds:g} seconds"
        if complete:
            self._reject("busy", f"the request was not answered within {seconds}; try again soon", "time")
        else:
            self._reject("timeout", f"the request was not complete within {seconds}", "time")

    def _reject_head(self) -> None:
        self._reject("headers", f"the request head is larger than the limit of {self._limits.header_bytes} bytes", "headers")

    def _reject_body(self) -> None:
        self._reject("too_large", f"the body is larger than the limit of {self._most()} bytes", "body")

    def _reject(self, code: str, detail: str, limit: str) -> None:
        """Answer with a problem if no answer has begun, and end the connection."""
        if self._rejected or self.transport.is_closing():
            return
        self._rejected, self._moved, self._unread = True, self.loop.time(), 0
        self._shared.metrics.cut.labels(limit).inc()
        begun = self._at_work() and (self.cycle.response_started or self.pipeline)
        request_id = secrets.token_hex(8).encode()
        if self._at_work():
            scope = cast(Scope, self.cycle.scope)
            scope[CUT] = code
            request_id = scope.get(REQUEST_ID, request_id)
        log_event("cut", limit=limit, status=None if begun else PROBLEM_TYPES[code].status, request_id=request_id.decode())
        self._mark_gone()
        if begun or self.transport.get_write_buffer_size() or not self.transport.can_write_eof():
            self.transport.abort()
            return
        self.transport.write(self._raw_answer(code, detail, request_id))
        self.transport.write_eof()
        self.flow.resume_reading()

    def _raw_answer(self, code: str, detail: str, request_id: bytes) -> bytes:
        status = HTTPStatus(PROBLEM_TYPES[code].status)
        body = orjson.dumps(problem(code, detail))
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"x-request-id", request_id),
            (b"connection", b"close"),
            *([(b"retry-after", RETRY_SECONDS.encode())] if code == "busy" else []),
        ]
        lines = [b"HTTP/1.1 %d %b" % (status, status.phrase.encode()), *(b"%b: %b" % header for header in headers)]
        return b"\r\n".join([*lines, b"", body])
