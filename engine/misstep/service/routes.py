"""The routes of the service, as an ASGI application.

It is plain Starlette: the library checks records in a quarter of the time that a second model of them would take. The table of
operations, and their description, are in openapi.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import orjson
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from misstep.errors import UsageError
from misstep.service.assessing import Assessor, BatchRoute, RecordRoute
from misstep.service.config import JSON, Settings
from misstep.service.metrics import Metrics
from misstep.service.middleware import RequestMiddleware
from misstep.service.openapi import OPERATIONS
from misstep.service.problems import Rejected, rejection_response
from misstep.service.served import RuleReloader, ServedRules, reloading
from misstep.tools.lookup import require_rule


def create_app(rules: RuleReloader, settings: Settings, metrics: Metrics, pages: Sequence[BaseRoute] = ()) -> ASGIApp:
    """The service. ``pages`` are further routes; they find the rules in ``request.app.state.rules.current``."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with reloading(rules, settings, metrics):
            yield

    endpoints = _endpoints(rules, settings, metrics)
    routes = [Route(path, endpoints[path], methods=[operation.method]) for path, operation in OPERATIONS.items()]
    app = _Application(routes=[*routes, *pages], exception_handlers={HTTPException: _rejected}, lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.rules = rules
    return RequestMiddleware(app, settings, metrics)


def _endpoints(rules: RuleReloader, settings: Settings, metrics: Metrics) -> dict[str, Callable[..., object]]:
    """The endpoint of each operation, by path."""
    assessor = Assessor(metrics)

    async def document(request: Request) -> Response:
        served = rules.current
        return _cached(request, served, served.documents[request.scope["path"]])

    async def rule(request: Request) -> Response:
        served, name = rules.current, request.path_params["id"]
        try:
            require_rule(name, served.rules)
        except UsageError as error:
            raise Rejected("not_found", str(error)) from None
        return _cached(request, served, served.rules[name])

    async def healthy(_: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type=JSON, headers={"cache-control": "no-store"})

    async def ready(_: Request) -> Response:
        tag = rules.current.tag
        body = orjson.dumps({"status": "ready", "rulebase": tag.strip('"')})
        return Response(body, media_type=JSON, headers={"cache-control": "no-store", "misstep-rulebase": tag})

    async def figures(_: Request) -> Response:
        return Response(metrics.text(), headers={"cache-control": "no-store", "content-type": CONTENT_TYPE_LATEST})

    return {
        "/assess": RecordRoute(rules, assessor.assess),
        "/assess/batch": BatchRoute(rules, assessor, settings),
        "/certainty": RecordRoute(rules, assessor.find_certainty),
        "/questions": RecordRoute(rules, assessor.find_questions),
        "/rules/{id}": rule,
        "/healthz": healthy,
        "/readyz": ready,
        "/metrics": figures,
        **dict.fromkeys(rules.current.documents, document),
    }


def _cached(request: Request, served: ServedRules, body: bytes) -> Response:
    """An answer that depends on the rules alone; 304 for a client that has it."""
    headers = {"etag": served.tag, "misstep-rulebase": served.tag, "cache-control": "no-cache"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if served.tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)


class _Application(Starlette):
    """Starlette without its handler for unexpected exceptions: middleware.py handles them without their messages."""

    def build_middleware_stack(self) -> ASGIApp:
        return ExceptionMiddleware(self.router, self.exception_handlers)


def _rejected(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return rejection_response(error)
