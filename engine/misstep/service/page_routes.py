"""The routes of the pages for people, the page and the description of the service, with the rules in force.

Nothing that is entered on the page is stored. Only the page itself may post its forms: posts from other sites are rejected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from misstep.api import RuleBase
from misstep.limits import Limits
from misstep.service.config import HEADERS, JSON, Settings
from misstep.service.docs_page import docs_page
from misstep.service.negotiation import read_body, require_type
from misstep.service.page import FILES, SECURITY_HEADERS, Page, Reply, read_file
from misstep.service.problems import Rejected
from misstep.service.served import RuleReloader

FORM = "application/x-www-form-urlencoded"
Endpoint = Callable[[Request], Awaitable[Response]]


def page_routes(rules: RuleReloader, settings: Settings) -> list[BaseRoute]:
    """The routes of the page."""
    limits = Limits(record_bytes=settings.body_bytes, facts=settings.facts)

    @lru_cache(maxsize=2)  # the rules in force, and the previous ones, which a request may still use
    def page_of(rulebase: RuleBase) -> Page:
        return Page(rulebase, limits)

    def reply(make: Callable[[Page, bytes], Reply], *types: str) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body = await _body(request, limits.record_bytes, *types) if types else b""
            return _response(await asyncio.to_thread(make, page_of(rules.current.rulebase), body))

        return endpoint

    @lru_cache(maxsize=2)
    def docs_of(description: bytes) -> bytes:
        return docs_page(orjson.loads(description))

    async def docs(_: Request) -> Response:
        body = await asyncio.to_thread(docs_of, rules.current.documents["/openapi.json"])
        return _response(Reply(200, "text/html; charset=utf-8", body))

    async def posted(request: Request) -> Response:
        is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == JSON
        return await reply(Page.record if is_json else Page.form, FORM, JSON)(request)

    return [
        Route("/", reply(lambda page, _: page.empty()), methods=["GET"]),
        Route("/", posted, methods=["POST"]),
        Route("/docs", docs, methods=["GET"]),
        Route("/page/assessment.json", reply(Page.assessment_json, FORM), methods=["POST"]),
        Route("/page/interview.json", reply(Page.record_json, FORM), methods=["POST"]),
        *(Route(f"/page/{name}", _file(name, media_type), methods=["GET"]) for name, media_type in FILES.items()),
    ]


def _file(name: str, media_type: str) -> Endpoint:
    body = read_file(name)
    headers = {**SECURITY_HEADERS, "Content-Type": media_type, "Cache-Control": "no-cache"}

    async def send_file(_: Request) -> Response:
        return Response(body, headers=headers)

    return send_file


async def _body(request: Request, most: int, *types: str) -> bytes:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Rejected("origin", "only the page of this service may post here")
    packed = require_type(request.scope[HEADERS], *types)
    return await read_body(request.receive, packed, most)


def _response(reply: Reply) -> Response:
    headers = {**SECURITY_HEADERS, "Content-Type": reply.type}
    if reply.download:
        headers["Content-Disposition"] = f'attachment; filename="{reply.download}"'
    return Response(reply.body, reply.status, headers)
