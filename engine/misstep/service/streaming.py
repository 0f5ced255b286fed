"""JSON lines in, a record each; JSON lines out in the same order, an assessment or an error each, while the rest comes in.

Neither is ever held as a whole: a line has a greatest length, and no more is read while nobody takes what was answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from misstep.errors import Location, Problem, RecordError, too_long
from misstep.service.assessing import BUSY, GONE, NO_STORE, Assessor, require_type
from misstep.service.problems import Refused, problem_of
from misstep.service.served import Header, Rules, Served
from misstep.service.settings import Settings

PATH = "/assess/batch"
TYPE = "application/x-ndjson"
SEND_BYTES = 65_536  # answers are sent when so much of them is there, or when there is nothing to be done


class AssessBatch:
    """``POST /assess/batch``."""

    def __init__(self, rules: Rules, assessor: Assessor, settings: Settings) -> None:
        self._rules = rules
        self._assessor = assessor
        self._most = settings.body_bytes
        self._batches = settings.batches
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, line by line."""
        require_type(scope, TYPE.encode(), b"application/jsonl", b"application/json-lines")
        if BUSY in scope or self._running >= self._batches:
            raise Refused("busy", "too many batches are being assessed already; try again soon")
        self._running += 1
        try:
            await self._answer(self._rules.current, scope, receive, send)  # one rule base for the whole batch
        finally:
            self._running -= 1

    async def _answer(self, served: Served, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[Header] = [(b"content-type", TYPE.encode()), served.header, NO_STORE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        rows = bytearray()
        number = 0
        async for line in _lines(receive, self._most):
            if line is None or len(rows) >= SEND_BYTES:  # nothing more has come in yet, or enough is there
                await send({"type": "http.response.body", "body": bytes(rows), "more_body": True})
                rows.clear()
            if line is None:
                continue
            number += 1
            if line.strip():
                rows += await self._row(served, line, number) + b"\n"
                await asyncio.sleep(0)  # a batch takes turns with everybody else, record by record
                if GONE in scope:
                    raise ClientDisconnect
        await send({"type": "http.response.body", "body": bytes(rows)})

    async def _row(self, served: Served, line: bytes, number: int) -> bytes:
        try:
            if len(line) > self._most:
                raise RecordError([Problem(Location(), too_long(self._most))])
            return await self._assessor.assess(served, line, "batch")
        except RecordError as error:
            members = problem_of(error)
            for place in members["errors"]:
                place.pop("line", None)  # of the record, which is the line
            return orjson.dumps({"line": number, "error": members})


async def _lines(receive: Receive, most: int) -> AsyncIterator[bytes | None]:
    """The lines of a body without their ends; None where more must come in first. Of a line that is too long there is only
    as much as shows that it is."""
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
