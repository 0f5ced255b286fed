"""The routes of the page for people, with the rules in force.

Nothing that is entered on the page is stored. Only the page itself may post its forms: posts from other sites are rejected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from misstep.api import RuleBase
from misstep.limits import Limits
from misstep.service.assessing import read_body, require_type
from misstep.service.config import JSON, Settings
from misstep.service.page import FILES, SECURITY_HEADERS, Page, Reply, read_file
from misstep.service.problems import Rejected
from misstep.service.reload import RuleReloader

FORM = "application/x-www-form-urlencoded"


def page_routes(rules: RuleReloader, settings: Settings) -> list[BaseRoute]:
    """The routes of the page."""
    limits = Limits(record_bytes=settings.body_bytes, facts=settings.facts)

    @lru_cache(maxsize=2)  # the rules in force, and the previous ones, which a request may still use
    def page_of(rulebase: RuleBase) -> Page:
        return Page(rulebase, limits)

    def current() -> Page:
        return page_of(rules.current.rulebase)

    async def shown(_: Request) -> Response:
        return _sent(await asyncio.to_thread(lambda: current().empty()))

    async def posted(request: Request) -> Response:
        body = await _body(request, FORM, JSON)
        plain = request.headers["content-type"].partition(";")[0].strip().lower() == JSON
        return _sent(await asyncio.to_thread(lambda: current().record(body) if plain else current().form(body)))

    def download(make: Callable[[Page, bytes], Reply]) -> Callable[[Request], Awaitable[Response]]:
        async def downloaded(request: Request) -> Response:
            body = await _body(request, FORM)
            return _sent(await asyncio.to_thread(lambda: make(current(), body)))

        return downloaded

    return [
        Route("/", shown, methods=["GET"]),
        Route("/", posted, methods=["POST"]),
        Route("/page/assessment.json", download(Page.assessment_json), methods=["POST"]),
        Route("/page/interview.json", download(Page.record_json), methods=["POST"]),
        *(Route(f"/page/{name}", _file(name, media_type), methods=["GET"]) for name, media_type in FILES.items()),
    ]


class _Whole(NamedTuple):
    """A file, read once."""

    body: bytes
    headers: dict[str, str]


def _file(name: str, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    whole = _Whole(read_file(name), {**SECURITY_HEADERS, "Content-Type": media_type, "Cache-Control": "no-cache"})

    async def sent(_: Request) -> Response:
        return Response(whole.body, headers=whole.headers)

    return sent


async def _body(request: Request, *types: str) -> bytes:
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Rejected("origin", "only the page of this service may post here")
    require_type(request.scope, *types)
    return await read_body(request.receive)


def _sent(reply: Reply) -> Response:
    headers = {**SECURITY_HEADERS, "Content-Type": reply.type}
    if reply.download:
        headers["Content-Disposition"] = f'attachment; filename="{reply.download}"'
    return Response(reply.body, reply.status, headers)
