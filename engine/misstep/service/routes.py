"""The routes of the service, as an ASGI application.

It is plain Starlette: the library checks records in a quarter of the time that a second model of them would take. The table of
operations, and their description, are in openapi.py.
"""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from misstep.errors import UsageError, unknown
from misstep.service.access_log import AccessLog
from misstep.service.assessing import Assessor, BatchRoute, RecordRoute
from misstep.service.config import HEADERS, JSON, Settings, route_path
from misstep.service.metrics import Metrics
from misstep.service.middleware import RequestMiddleware
from misstep.service.negotiation import Negotiated, takes_gzip
from misstep.service.openapi import OPERATIONS
from misstep.service.problems import Rejected, in_http_words
from misstep.service.served import RuleReloader, ServedRules, reloading
from misstep.service.tracing import exporting
from misstep.tools.lookup import require_rule

GZIP_BYTES = 1_000  # less is not worth the work


def create_app(
    rules: RuleReloader, settings: Settings, metrics: Metrics, pages: Sequence[BaseRoute] = (), own_process: bool = True
) -> ASGIApp:
    """The service. ``pages`` are further routes.

    ``own_process``: signals, log and spans of the process are ours.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        exported = exporting() if own_process and settings.telemetry else contextlib.nullcontext()
        with exported:
            async with reloading(rules, settings, metrics, own_process):
                yield
        log.flush()

    log = AccessLog(metrics, settings.access_log, batched=own_process)
    endpoints = _endpoints(rules, settings, metrics, log)
    routes = [
        Route(path, Negotiated(endpoints[path], *operation.media_types, query=operation.query), methods=[operation.method])
        for path, operation in OPERATIONS.items()
    ]
    app = _Application(routes=[*routes, *pages], lifespan=lifespan)
    app.router.redirect_slashes = False
    return RequestMiddleware(app, settings, metrics, log)


def _endpoints(rules: RuleReloader, settings: Settings, metrics: Metrics, log: AccessLog) -> dict[str, ASGIApp]:
    """The endpoint of each operation, by path."""
    assessor = Assessor(metrics)

    async def document(request: Request) -> Response:
        served, path = rules.current, route_path(request.scope)
        body, mounted = served.documents[path], request.scope.get("root_path", "")
        if mounted and path == "/openapi.json":  # paths in it are inside of the service
            body = b'{"servers":[{"url":%b}],%b' % (orjson.dumps(mounted), body[1:])
        return _cached(request, served, body)

    async def rule(request: Request) -> Response:
        served, name = rules.current, request.path_params["id"]
        try:
            require_rule(name, served.rules)
        except UsageError as error:
            raise Rejected("not_found", in_http_words(str(error))) from None
        return _cached(request, served, served.rules[name])

    async def kind(request: Request) -> Response:
        served, name = rules.current, request.path_params["kind"]
        if name not in served.kinds:
            raise Rejected("not_found", unknown("kind", name, served.kinds, "; GET /kinds lists them"))
        return _cached(request, served, served.kinds[name])

    async def healthy(_: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type=JSON, headers={"cache-control": "no-store"})

    async def ready(_: Request) -> Response:
        tag = rules.current.tag
        body = orjson.dumps({"status": "ready", "rulebase": tag.strip('"')})
        return Response(body, media_type=JSON, headers={"cache-control": "no-store", "misstep-rulebase": tag})

    async def figures(_: Request) -> Response:
        log.flush()  # also counts
        return Response(metrics.text(), headers={"cache-control": "no-store", "content-type": CONTENT_TYPE_LATEST})

    return {
        "/assess": RecordRoute(rules, assessor.assess),
        "/assess/batch": BatchRoute(rules, assessor, settings),
        "/certainty": RecordRoute(rules, assessor.find_certainty),
        "/questions": RecordRoute(rules, assessor.find_questions),
        "/suggest": RecordRoute(rules, assessor.suggest),
        "/kinds/{kind}": request_response(kind),
        "/rules/{id}": request_response(rule),
        "/healthz": request_response(healthy),
        "/readyz": request_response(ready),
        "/metrics": request_response(figures),
        **dict.fromkeys(rules.current.documents, request_response(document)),
    }


def _cached(request: Request, served: ServedRules, body: bytes) -> Response:
    """An answer that depends on the rules alone; 304 for a client that has it."""
    packed = len(body) >= GZIP_BYTES and takes_gzip(request.scope[HEADERS])
    # the same rules in another coding are other bytes, so the tag is weak
    headers = {"etag": f"W/{served.tag}" if packed else served.tag, "misstep-rulebase": served.tag, "cache-control": "no-cache"}
    headers["vary"] = "accept-encoding"
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if served.tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(_gzipped(body) if packed else body, media_type=JSON, headers=headers)


@lru_cache(64)
def _gzipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


class _Application(Starlette):
    """Starlette without its handlers for exceptions: middleware.py answers them. Where a path has no parameters, its route is
    looked up: to try one after the other takes longer."""

    def build_middleware_stack(self) -> ASGIApp:
        direct = {
            (method, route.path): route
            for route in self.routes
            if isinstance(route, Route) and not route.param_convertors
            for method in route.methods or ()
        }

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            route = None if scope.get("root_path") else direct.get((scope.get("method", ""), scope.get("path", "")))
            if route is None:
                await self.router(scope, receive, send)
            else:
                scope["route"] = route
                await route.app(scope, receive, send)

        return answer
