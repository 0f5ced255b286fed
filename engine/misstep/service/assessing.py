"""The routes that assess records: ``POST /assess``, ``/certainty``, ``/questions`` and ``/assess/batch``.

These routes are called thousands of times a second, so they are plain ASGI: the bytes of the request go to
``RuleBase.assess_json``, and the bytes that it returns are sent. An assessment takes a fraction of a millisecond and runs in the
event loop; large records run in a thread, so that other requests do not wait. A batch is never held as a whole: lines have a
maximum length, and reading stops while the client does not take its answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from misstep.errors import RecordError, too_long
from misstep.service.config import BUSY, GONE, JSON, JSON_LINES, NO_STORE, Settings
from misstep.service.metrics import Metrics
from misstep.service.problems import Rejected, problem_response, record_problem
from misstep.service.served import RuleReloader, ServedRules

INLINE_BYTES = 4_096
SEND_BYTES = 65_536  # answers of a batch are sent when this much is ready, or when no line is left to assess


class Assessor:
    """Assesses records. One thread takes the large ones: more threads would only compete with each other and with the loop.

    ``find_certainty`` and ``find_questions`` make tens or hundreds of assessments, so they have a thread of their own.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._count = metrics.assessments
        self._large = ThreadPoolExecutor(1, "misstep-large")
        self._certainty = ThreadPoolExecutor(1, "misstep-certainty")

    async def assess(self, served: ServedRules, record: bytes, via: Literal["single", "batch"] = "single") -> bytes:
        """The assessment of one record, as JSON. Raises RecordError."""
        assess_json = served.rulebase.assess_json
        try:
            if len(record) <= INLINE_BYTES:
                answer = assess_json(record)
            else:
                answer = await asyncio.get_running_loop().run_in_executor(self._large, assess_json, record)
        except RecordError:
            self._count("refused", via).inc()
            raise
        self._count("assessed", via).inc()
        return answer

    async def find_certainty(self, served: ServedRules, record: bytes) -> bytes:
        """The certainty of one record, as JSON. Raises RecordError."""
        return await asyncio.get_running_loop().run_in_executor(self._certainty, served.rulebase.certainty_json, record)

    async def find_questions(self, served: ServedRules, record: bytes) -> bytes:
        """The questions about one record, as JSON. Raises RecordError."""
        return await asyncio.get_running_loop().run_in_executor(self._certainty, served.rulebase.questions_json, record)


class RecordRoute:
    """A route whose request is one record. ``answer``: rules and record in; JSON out, or RecordError."""

    def __init__(self, rules: RuleReloader, answer: Callable[[ServedRules, bytes], Awaitable[bytes]]) -> None:
        self._rules = rules
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        require_type(scope, JSON)
        record = await read_body(receive)
        if BUSY in scope:
            raise Rejected("busy", "too many requests are waiting; try again soon")
        served = self._rules.current  # one rule base for the whole answer
        try:
            body = await self._answer(served, record)
        except RecordError as error:
            await problem_response(record_problem(error), {"misstep-rulebase": served.tag})(scope, receive, send)
            return
        headers = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body)), served.header, NO_STORE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def require_type(scope: Scope, *accepted: str) -> None:
    """Raise Rejected unless the body has an accepted media type: pages of other sites cannot post those without permission."""
    headers = dict(scope["headers"])
    found = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if headers.get(b"content-encoding", b"").strip().lower() not in (b"", b"identity"):
        raise Rejected("media_type", "the body must not be compressed")
    if found not in accepted:
        raise Rejected("media_type", f"the content type must be {' or '.join(accepted)}")


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request. protocol.py limits its size and its time."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


class BatchRoute:
    """``POST /assess/batch``: JSON lines in, a record each; JSON lines out in the same order, while the rest comes in."""

    def __init__(self, rules: RuleReloader, assessor: Assessor, settings: Settings) -> None:
        self._rules = rules
        self._assessor = assessor
        self._settings = settings
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, line by line."""
        require_type(scope, JSON_LINES, "application/jsonl", "application/json-lines")
        if self._running >= self._settings.batches:
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
                raise RecordError(too_long(most))
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
