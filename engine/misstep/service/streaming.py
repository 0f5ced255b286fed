"""The route ``POST /assess/batch``: JSON lines in, a record each; JSON lines out in the same order, while the rest comes in.

Neither side is ever held as a whole: lines have a maximum length, and reading stops while the client does not take its answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from misstep.errors import RecordError
from misstep.service.assessing import Assessor, require_type
from misstep.service.config import BUSY, GONE, JSON_LINES, NO_STORE, Settings
from misstep.service.problems import Rejected, record_problem
from misstep.service.reload import RuleReloader
from misstep.service.served import ServedRules

SEND_BYTES = 65_536  # answers are sent when this much is ready, or when no line is left to assess


class BatchRoute:
    """``POST /assess/batch``."""

    def __init__(self, rules: RuleReloader, assessor: Assessor, settings: Settings) -> None:
        self._rules = rules
        self._assessor = assessor
        self._settings = settings
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, line by line."""
        require_type(scope, JSON_LINES, "application/jsonl", "application/json-lines")
        if BUSY in scope or self._running >= self._settings.batches:
            raise Rejected("busy", "too many batches are running; try again soon")
        self._running += 1
        try:
            await self._answer(self._rules.current, scope, receive, send)  # one rule base for the whole batch
        finally:
            self._running -= 1

    async def _answer(self, served: ServedRules, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", JSON_LINES.encode()), served.header, NO_STORE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        rows = bytearray()
        number = 0
        async for line in _lines(receive, self._settings.body_bytes):
            if line is None or len(rows) >= SEND_BYTES:
                await send({"type": "http.response.body", "body": bytes(rows), "more_body": True})
                rows.clear()
            if line is None:
                continue
            number += 1
            if line.strip():
                rows += await self._row(served, line, number) + b"\n"
                await asyncio.sleep(0)  # let other requests run between two records
                if GONE in scope:
                    raise ClientDisconnect
        await send({"type": "http.response.body", "body": bytes(rows)})

    async def _row(self, served: ServedRules, line: bytes, number: int) -> bytes:
        most = self._settings.body_bytes
        try:
            if len(line) > most:
                raise RecordError(f"has more than {most} bytes, the most that a record may have")
            return await self._assessor.assess(served, line, "batch")
        except RecordError as error:
            return orjson.dumps({"line": number, "error": record_problem(error, lines=False)})


async def _lines(receive: Receive, most: int) -> AsyncIterator[bytes | None]:
    """The lines of a body without their ends, cut off just beyond ``most`` bytes; None when the next one is not complete yet."""
    rest = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        *whole, last = message.get("body", b"").split(b"\n")
        for line in whole:
            rest += line[: most + 2 - len(rest)]
            yield bytes(rest).removesuffix(b"\r")
            rest.clear()
        rest += last[: most + 2 - len(rest)]
        if more:
            yield None
    if rest:
        yield bytes(rest)
