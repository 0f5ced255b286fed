"""What can be asked of the service besides assessments: its rules, its schemas, its version, how it is. Nothing is made when
it is asked for: a rule base that is served has all of it ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from misstep.errors import UsageError
from misstep.service import metrics as metrics_module
from misstep.service.metrics import Metrics
from misstep.service.problems import Refused
from misstep.service.served import Rules, Served
from misstep.tools.lookup import known_rule

JSON = "application/json"


def reading_routes(rules: Rules, metrics: Metrics) -> list[Route]:
    """The routes of what can be read."""

    async def rule(request: Request) -> Response:
        served, name = rules.current, request.path_params["id"]
        try:
            known_rule(name, served.rules)
        except UsageError as error:
            raise Refused("not_found", str(error)) from None
        return _cached(request, served, served.rules[name])

    async def version(request: Request) -> Response:
        return _cached(request, rules.current, rules.current.version)

    async def kinds(request: Request) -> Response:
        return _cached(request, rules.current, rules.current.kinds)

    async def schema(request: Request) -> Response:
        return _cached(request, rules.current, rules.current.schemas)

    async def openapi(request: Request) -> Response:
        return _cached(request, rules.current, rules.current.openapi)

    async def healthy(_: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type=JSON, headers={"cache-control": "no-store"})

    async def ready(_: Request) -> Response:
        body = orjson.dumps({"status": "ready", "rulebase": rules.current.tag.strip('"')})
        return Response(body, media_type=JSON, headers={"cache-control": "no-store", "misstep-rulebase": rules.current.tag})

    async def figures(_: Request) -> Response:
        return Response(metrics.text(), headers={"cache-control": "no-store", "content-type": metrics_module.TYPE})

    found: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/kinds": kinds, "/rules/{id}": rule, "/schema": schema, "/version": version, "/openapi.json": openapi,
        "/healthz": healthy, "/readyz": ready, "/metrics": figures,
    }  # fmt: skip
    return [Route(path, answer, methods=["GET"]) for path, answer in found.items()]


def _cached(request: Request, served: Served, body: bytes) -> Response:
    """An answer that stays the same as long as the rules do; a client that has it already is told so."""
    headers = {"etag": served.tag, "misstep-rulebase": served.tag, "cache-control": "no-cache"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if served.tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=JSON, headers=headers)
