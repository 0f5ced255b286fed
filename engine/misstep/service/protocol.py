"""Bytes from a socket in; requests within all limits out. What is too large, too slow, too much or no HTTP is refused here.

uvicorn has no limit on the size of a head or body, waits for ever for either, and for a client that does not read (its
``limit_concurrency`` and timeouts are about other things). So its protocol on httptools is given these limits: bytes are counted
as they come, and one clock for all connections looks after those that take too long. A request that is refused gets its problem,
and then the connection is read and thrown away for a moment: a client that is still sending would else see no answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from misstep.service.config import BATCH_PATH, BUSY, GONE, RETRY_SECONDS, WAITING, Settings
from misstep.service.logs import log_event
from misstep.service.metrics import Metrics
from misstep.service.problems import MEDIA_TYPE, PROBLEM_TYPES, problem

LINGER_SECONDS, LINGER_BYTES = 2.0, 8_000_000  # so long, and so much, is read and thrown away after a refusal


class Wire:
    """What the connections of one server share: the limits, how many there are, and the clock."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.connections: set[LimitedProtocol] = set()
        self.waiting = 0
        self._tick = min(0.5, settings.request_seconds / 4)
        self._ticking = False

    def opened(self, connection: LimitedProtocol) -> None:
        """A connection is there; the clock runs as long as there are any."""
        self.connections.add(connection)
        self.metrics.connections.set(len(self.connections))
        if not self._ticking:
            self._ticking = True
            connection.loop.call_later(self._tick, self._look, connection.loop)

    def closed(self, connection: LimitedProtocol) -> None:
        """A connection has gone."""
        self.connections.discard(connection)
        self.metrics.connections.set(len(self.connections))

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self.metrics.waiting.set(self.waiting)
        for connection in list(self.connections):
            connection.check(now)
        self._ticking = bool(self.connections)
        if self._ticking:
            loop.call_later(self._tick, self._look, loop)


class LimitedProtocol(HttpToolsProtocol):
    """One connection, within the limits."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        wire = getattr(config, "wire", None)
        assert isinstance(wire, Wire), "a configuration made by server.py has one"
        self.wire = wire
        self._limits = wire.settings
        self._inner, self.app = self.app, self._answer
        self._begun = self._moved = self.loop.time()  # the first byte of a request, or the connection; the last byte
        self._in_body = self._streamed = self._refused = False
        self._unread = 0  # bytes that came since the last finished head or part of a body
        self._body = 0

    # -- connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self.wire.opened(self)
        if len(self.wire.connections) > 2 * self._limits.connections:
            transport.abort()  # a flood: not even a word of it to each
        elif len(self.wire.connections) > self._limits.connections:
            self._refuse("busy", "too many connections are open already; try again soon", "connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._leave()
        super().connection_lost(exc)
        self.wire.closed(self)
        for cycle, _ in self.pipeline:  # of these nobody will ever take the answer
            self._release(cycle.scope)

    def check(self, now: float) -> None:
        """End what takes too long; the clock calls it."""
        limits = self._limits
        if self._refused:
            if now - self._moved > LINGER_SECONDS:
                self.transport.abort()
            return
        at_work = self._at_work()
        if self._streamed and at_work:
            late = now - self._moved > limits.request_seconds or now - self._begun > limits.batch_seconds
        else:
            idle = self.cycle is not None and not self._in_body and not self._unread  # between two requests uvicorn sees to it
            busy = at_work or not idle or self.transport.get_write_buffer_size() > 0
            late = busy and now - self._begun > limits.request_seconds
        if late:
            self._refuse_late(whole=at_work and not self._in_body)

    def resume_writing(self) -> None:
        """The client has taken some of the answer."""
        super().resume_writing()
        self._moved = self.loop.time()

    # -- bytes

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        if self._refused:
            self._unread += len(data)
            if self._unread > LINGER_BYTES:
                self.transport.abort()
            return
        self._moved = self.loop.time()
        if not self._in_body and not self._unread and not self._at_work():
            self._begun = self._moved
        self._unread += len(data)
        super().data_received(data)
        if self._unread > self._limits.header_bytes and not self._refused:  # a field without an end is in no callback
            self._refuse_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or one after the body, which nothing here asks for."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there: a request that it shows to be wrong is refused before anything is done for it."""
        if self._refused:
            return
        self._in_body, self._unread, self._body = True, 0, 0
        self._streamed = self.url.partition(b"?")[0] == BATCH_PATH.encode()
        size, hosts, length = len(self.url), 0, 0
        for name, value in self.headers:
            size += len(name) + len(value) + 4
            if name == b"content-length":
                length = int(value)
            elif name == b"host":
                hosts += 1
            elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
                self._refuse("request", "the only transfer encoding that is taken is chunked", "http")
                return
        if size > self._limits.header_bytes:
            self._refuse_head()
        elif hosts > 1:
            self._refuse("request", "the request names several hosts", "http")
        elif length > self._most():
            self._refuse_body()
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self._refused:
            return
        self._unread = 0
        self._body += len(body)
        if self._body > self._most():
            self._refuse_body()
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there as a whole, and waits from now on."""
        if self._refused:
            return
        self._in_body, self._unread = False, 0
        if not self._streamed and not self.cycle.response_complete:
            scope: Any = self.cycle.scope
            scope[WAITING] = True
            self.wire.waiting += 1
            if self.wire.waiting > self._limits.queue:
                scope[BUSY] = True
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """That a client asks for another protocol is nothing to warn of: it is answered in this one."""

    # -- answers

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._inner(scope, receive, send)
        finally:
            self._release(scope)

    def _release(self, scope: Any) -> None:
        if scope.pop(WAITING, None):
            self.wire.waiting -= 1

    def _at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _most(self) -> int:
        return self._limits.batch_bytes if self._streamed else self._limits.body_bytes

    def _leave(self) -> None:
        """Tell the work on an answer that its client is gone."""
        if self._at_work():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            scope: Any = self.cycle.scope
            scope[GONE] = True

    def on_response_complete(self) -> None:
        """An answer is done; the time of what came behind it begins."""
        self._begun = self.loop.time()
        super().on_response_complete()

    # -- refusals

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - as uvicorn has it
        """What uvicorn does with what is no HTTP; its words are replaced by ours."""
        self._refuse("request", "this is not HTTP as it should be", "http")

    def _refuse_late(self, whole: bool) -> None:
        seconds = f"{self._limits.request_seconds:g} seconds"
        if whole:
            self._refuse("busy", f"there was no time for the request within {seconds}; try again soon", "time")
        else:
            self._refuse("timeout", f"the request was not there within {seconds}", "time")

    def _refuse_head(self) -> None:
        self._refuse("headers", f"the head of a request has at most {self._limits.header_bytes} bytes", "headers")

    def _refuse_body(self) -> None:
        self._refuse("too_large", f"the body has more than {self._most()} bytes, the most that it may have", "body")

    def _refuse(self, code: str, detail: str, limit: str) -> None:
        """Answer with a problem if no answer has begun, and end the connection."""
        if self._refused or self.transport.is_closing():
            return
        self._refused, self._moved, self._unread = True, self.loop.time(), 0
        self.wire.metrics.cut.labels(limit).inc()
        begun = self._at_work() and (self.cycle.response_started or self.pipeline)
        log_event("cut", limit=limit, status=None if begun else PROBLEM_TYPES[code].status)
        self._leave()
        if begun or self.transport.get_write_buffer_size() or not self.transport.can_write_eof():
            self.transport.abort()
            return
        self.transport.write(self._raw(code, detail))
        self.transport.write_eof()
        self.flow.resume_reading()

    def _raw(self, code: str, detail: str) -> bytes:
        body = orjson.dumps(problem(code, detail))
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
            *([(b"retry-after", RETRY_SECONDS.encode())] if code == "busy" else []),
        ]
        return STATUS_LINE[PROBLEM_TYPES[code].status] + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n" + body
