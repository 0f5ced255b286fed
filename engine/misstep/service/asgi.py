"""The service as an ASGI application, to run on any server or to mount under any path of another application.

``misstep serve`` has its limits in protocol.py, where the bytes arrive. Another server gives messages, so here the same limits
hold for messages: the size of a body, the time of a request, the length of the queue. The size of heads and the number of
connections are up to that server.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable
from functools import partial
from typing import NoReturn, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from misstep.service.config import BATCH_PATH, BUSY, CUT, Settings, route_path
from misstep.service.logs import log_event
from misstep.service.metrics import Metrics
from misstep.service.page_routes import page_routes
from misstep.service.problems import PROBLEM_TYPES, Rejected
from misstep.service.routes import create_app
from misstep.service.served import RuleReloader, load_served, reloading

LINGER_SECONDS = 2.0  # for the answer to a request that was too slow
_LIMITS = {"too_large": "body", "timeout": "time"}
"""Names of limits in log and metrics, by the code of the problem."""
_Result = TypeVar("_Result")


class ServiceApp:
    """The service with these settings as an ASGI application. Loads the rules when it is made.

    >>> api = FastAPI()
    >>> api.mount("/interviews", ServiceApp(Settings(rules=(Path("my-rules"),))))

    ``host``, ``port``, ``workers``, ``connections``, ``header_bytes`` and ``shutdown_seconds`` are up to the server, and all
    hosts are allowed unless ``allowed_hosts`` names some. Raises RuleError with every problem of the rules, UsageError if a path
    does not exist.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = dataclasses.replace(settings or Settings(), host="")
        self._metrics = Metrics()
        self._rules = RuleReloader(partial(load_served, self._settings))
        self._metrics.set_rules(self._rules.current.rulebase.program)
        pages = page_routes(self._rules, self._settings)
        inner = create_app(self._rules, self._settings, self._metrics, pages, own_process=False)
        self._app = MessageLimits(inner, self._settings, self._metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)

    @contextlib.asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncIterator[None]:
        """Reload the rules on ``request_reload``, and with ``Settings.reload`` when a file changes.

        A server does this by itself, but not an application that this one is mounted in: ``FastAPI(lifespan=service.lifespan)``.
        """
        async with reloading(self._rules, self._settings, self._metrics, signals=False):
            yield

    def request_reload(self) -> None:
        """Load the packs again soon, in a thread. If they have errors, these are logged and the old rules stay in force."""
        self._rules.request_reload()


class MessageLimits:
    """An application within limits of size, time and queue."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self.app = app
        self.settings = settings
        self.metrics = metrics
        self.waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _LimitedRequest(self, scope, receive, send)
        try:
            await self.app(scope, request.receive, request.send)
        finally:
            request.leave_queue()


class _LimitedRequest:
    """One request within the limits."""

    def __init__(self, shared: MessageLimits, scope: Scope, receive: Receive, send: Send) -> None:
        self._shared = shared
        self._scope = scope
        self._receive = receive
        self._send = send
        self._is_batch = route_path(scope) == BATCH_PATH
        self._begun = asyncio.get_running_loop().time()
        self._size = 0
        self._complete = self._started = self._waiting = self._cut_off = False

    async def receive(self) -> Message:
        """The next message. Raises Rejected if the body is too large or too slow, ClientDisconnect if the answer has begun."""
        if self._complete:
            return await self._receive()
        if not self._size:
            self._check_size(self._declared())
        message = await self._in_time(self._receive())
        self._size += len(message.get("body", b""))
        self._check_size(self._size)
        if not message.get("more_body"):
            self._complete = True
            self._enter_queue()
        return message

    def _declared(self) -> int:
        """The size of the body, if the head says it."""
        length = dict(self._scope["headers"]).get(b"content-length", b"")
        return int(length) if length.isdigit() else 0

    def _check_size(self, size: int) -> None:
        settings = self._shared.settings
        most = settings.batch_bytes if self._is_batch else settings.body_bytes
        if size > most:
            self._cut("too_large", f"the body is larger than the limit of {most} bytes")

    async def send(self, message: Message) -> None:
        """Send a message. Raises ClientDisconnect if the client does not take it in time."""
        self._started = True
        await self._in_time(self._send(message))

    def leave_queue(self) -> None:
        """Note that the request is answered."""
        self._shared.waiting -= self._waiting
        self._shared.metrics.waiting.set(self._shared.waiting)

    def _enter_queue(self) -> None:
        if self._is_batch:
            return
        self._waiting = True
        self._shared.waiting += 1
        if self._shared.waiting > self._shared.settings.queue:
            self._scope[BUSY] = True

    async def _in_time(self, step: Awaitable[_Result]) -> _Result:
        settings, now = self._shared.settings, asyncio.get_running_loop().time()
        if self._cut_off:
            end = now + LINGER_SECONDS
        elif self._is_batch:  # as long as it moves
            end = min(now + settings.request_seconds, self._begun + settings.batch_seconds)
        else:
            end = self._begun + settings.request_seconds
        try:
            async with asyncio.timeout_at(end):
                return await step
        except TimeoutError:
            self._cut("timeout", f"the request was not complete within {settings.request_seconds:g} seconds")

    def _cut(self, code: str, detail: str) -> NoReturn:
        self._cut_off, self._scope[CUT] = True, code
        limit = _LIMITS[code]
        self._shared.metrics.cut.labels(limit).inc()
        log_event("cut", limit=limit, status=None if self._started else PROBLEM_TYPES[code].status)
        if self._started:
            raise ClientDisconnect
        raise Rejected(code, detail)
