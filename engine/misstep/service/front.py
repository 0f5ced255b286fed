"""Every request in; what all of them have in common done: an id, the right host, no exception that gets out, one line of the
log, the figures, and the headers that are in every answer."""

from __future__ import annotations

import logging
import re
import secrets
import time
import traceback
from types import TracebackType
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from misstep.service.assessing import BUSY
from misstep.service.metrics import Metrics
from misstep.service.problems import Refused, of_http, problem, respond
from misstep.service.settings import Settings

log = logging.getLogger("misstep.service")
_ID = re.compile(rb"[A-Za-z0-9._~-]{1,64}")
_UNSENT = 499  # what nginx calls the status of an answer that nobody waited for
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_ALWAYS = frozenset({"/healthz", "/metrics"})  # answered however much there is to do


class Front:
    """The outermost part of the application."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._log = settings.access_log
        self._hosts = _allowed(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        request_id, host = _identify(scope["headers"])
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), _NO_SNIFFING]
            await send(message)

        failed: dict[str, Any] = {}
        try:
            if self._hosts is not None and _name(host) not in self._hosts:
                await of_http(Refused("host", "the host of the request is not one of those allowed"))(scope, receive, answer)
            elif BUSY in scope and scope["path"] not in _ALWAYS:
                await of_http(Refused("busy", "too many requests wait already; try again soon"))(scope, receive, answer)
            else:
                await self._app(scope, receive, answer)
        except ClientDisconnect:
            failed = {"ended": "the client has gone"}
        except Exception as error:
            failed = {"error": type(error).__name__, "where": where(error.__traceback__)}
            if not status:
                members = problem("internal", "an error of the service, not of the request; the log has it under the request id")
                await respond(members)(scope, receive, answer)
        seconds = time.perf_counter() - start
        route = _route(scope)
        self._metrics.answered(route, scope["method"], status or _UNSENT, seconds)
        if self._log or failed:
            data = {
                "request_id": request_id.decode(), "method": scope["method"], "route": route, "status": status or _UNSENT,
                "ms": round(seconds * 1000, 3), **failed,
            }  # fmt: skip
            log.log(logging.ERROR if "error" in failed else logging.INFO, "request", extra={"data": data})


def where(trace: TracebackType | None) -> list[str]:
    """The places of an exception: what it says may hold what somebody wrote about an interview."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


def _identify(headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """The id of a request, which the client may give, and the host that it asks for."""
    request_id = host = b""
    for name, value in headers:
        if name == b"x-request-id" and _ID.fullmatch(value):
            request_id = value
        elif name == b"host":
            host = value
    return request_id or secrets.token_hex(8).encode(), host


def _allowed(settings: Settings) -> frozenset[bytes] | None:
    """The hosts that requests may be for: on a loopback address only its own names, so that no page that has its name point
    here can read what the service says; elsewhere all, unless some are named. None: all."""
    names = settings.allowed_hosts
    if "*" in names:
        return None
    if settings.host in ("localhost", "127.0.0.1", "::1"):
        names = (*names, *_LOOPBACK)
    return frozenset(name.lower().encode() for name in names) or None


def _name(host: bytes) -> bytes:
    """A host without its port."""
    name, _, port = host.lower().rpartition(b":")
    return name if name and port.isdigit() else host.lower()


def _route(scope: Scope) -> str:
    """Which route answered: of the path itself only what we have written is logged."""
    route = scope.get("route")
    path: str = getattr(route, "path", "") or "none"
    return path
