"""Middleware of all requests: request id, allowed hosts, rejections and exceptions, log line, metrics and common headers."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable
from http import HTTPMethod
from random import getrandbits

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from misstep.service.access_log import AccessLog, request_data
from misstep.service.config import BUSY, CUT, HEADERS, REQUEST_ID, Settings, route_path
from misstep.service.logs import log_event, stack_of
from misstep.service.metrics import Metrics
from misstep.service.problems import PROBLEM_TYPES, Rejected, problem, problem_response, rejection_response
from misstep.service.tracing import Spans, read_trace

_ID = re.compile(rb"[A-Za-z0-9._~-]{1,64}")
_UNSENT = 499  # as nginx: the client disconnected before the answer
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_METHODS = frozenset(HTTPMethod)
_HANDLERS = "starlette.exception_handlers"
_ALWAYS = ("/healthz", "/metrics")  # answered also when the queue is full


class RequestMiddleware:
    """The outermost part of the application."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics, log: AccessLog) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._spans = Spans() if settings.telemetry else None
        self._hosts = _allowed_hosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        headers = scope[HEADERS] = dict(scope["headers"])
        scope.pop(_HANDLERS, None)  # of an application that this one is mounted in
        request_id = headers.get(b"x-request-id", b"")
        if not _ID.fullmatch(request_id):
            request_id = b"%016x" % getrandbits(64)
        scope[REQUEST_ID] = request_id
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"  # any text may be called a method
        span = self._spans.begin(method, headers) if self._spans else None
        trace = span.place if span else read_trace(headers.get(b"traceparent", b""))
        own_headers = (b"x-request-id", request_id), _NO_SNIFFING, *([(b"traceparent", trace.header)] if trace else [])
        status = 0

        def answer(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *own_headers]
            return send(message)

        failure: dict[str, object] = {}
        try:
            try:
                self._admit(scope, headers.get(b"host", b""))
                await self._app(scope, receive, answer)
            except HTTPException as error:
                if status:
                    raise
                await rejection_response(error)(scope, receive, answer)
        except ClientDisconnect:
            cut = scope.get(CUT)
            failure = {"ended": cut or "client disconnected"}
            status = status or (PROBLEM_TYPES[cut].status if cut else _UNSENT)
        except Exception as error:
            failure = {"error": type(error).__name__, "where": stack_of(error.__traceback__)}
            if not status:
                members = problem("internal", "an error of the service, not of the request; see its log, under the request id")
                await problem_response(members)(scope, receive, answer)
        seconds = time.perf_counter() - start
        status = status or _UNSENT
        route = getattr(scope.get("route"), "path", "") or "none"  # the path itself may contain text of a user
        if span:
            span.end(method, route, status, str(failure.get("error", "")))
        if failure:
            self._metrics.count_request(method, route, status, seconds)
            data = request_data(request_id, method, route, status, seconds, trace)
            log_event("request", logging.ERROR if "error" in failure else logging.INFO, **data, **failure)
        else:
            self._log.add((request_id, method, route, status, seconds, trace))

    def _admit(self, scope: Scope, host: bytes) -> None:
        """Raises Rejected if the request is for another host, or the queue is full."""
        if self._hosts and _without_port(host) not in self._hosts:
            raise Rejected("host", "the host of the request is not allowed")
        if BUSY in scope and route_path(scope) not in _ALWAYS:
            raise Rejected("busy", "too many requests are waiting; try again soon")


def _allowed_hosts(settings: Settings) -> frozenset[bytes]:
    """The hosts that requests may be for; empty: all.

    On a loopback address they are its own names, so that no web page can reach the service under another name (DNS rebinding).
    """
    names = settings.allowed_hosts
    if "*" in names:
        return frozenset()
    if settings.host in _LOOPBACK:
        names = (*names, *_LOOPBACK, "[::1]")
    return frozenset(name.lower().encode() for name in names)


def _without_port(host: bytes) -> bytes:
    name, _, port = host.lower().rpartition(b":")
    return name if name and port.isdigit() else host.lower()
