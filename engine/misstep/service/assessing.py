"""The routes that assess records, ``POST /assess``, ``/certainty``, ``/questions`` and ``/assess/batch``, and the one that reads
texts, ``/suggest``.

These routes are called thousands of times a second, so they are plain ASGI: the bytes of the request go to
``RuleBase.assess_json``, and the bytes that it returns are sent. An assessment takes a fraction of a millisecond and runs in the
event loop; large records run in a thread, so that other requests do not wait. A batch is never held as a whole: lines have a
maximum length, and reading stops while the client does not take its answers.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from misstep.api import Detail
from misstep.errors import RecordError, too_long
from misstep.service.config import BUSY, DETAILS, GONE, HEADERS, JSON, LINES_TYPES, NO_STORE, QUERY, Settings
from misstep.service.metrics import Metrics
from misstep.service.negotiation import body_parts, choose_type, read_body, require_type, takes_gzip
from misstep.service.problems import ProblemDetails, Rejected, problem, problem_response, record_problem
from misstep.service.served import RuleReloader, ServedRules

INLINE_BYTES = 4_096
SEND_BYTES = 65_536  # answers of a batch are sent when this much is ready, or when no line is left to assess
GZIP_LEVEL = 1  # an eighth of the bytes, for half of the time of an assessment; higher levels take longer than the assessment


class Assessor:
    """Assesses records. One thread takes the large ones: more threads would only compete with each other and with the loop.

    ``find_certainty`` and ``find_questions`` make tens or hundreds of assessments, and a text may be long, so these have threads
    of their own.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._count = metrics.assessments
        self._small: list[tuple[Callable[[], bytes], asyncio.Future[bytes]]] = []  # those that wait, with their answers
        self._large = ThreadPoolExecutor(1, "misstep-large")
        self._certainty = ThreadPoolExecutor(1, "misstep-certainty")
        self._reading = ThreadPoolExecutor(1, "misstep-reading")

    async def assess(
        self, served: ServedRules, record: bytes, detail: Detail = "full", via: Literal["single", "batch"] = "single"
    ) -> bytes:
        """The assessment of one record, or a part of it, as JSON. Raises RecordError."""
        assess = partial(served.rulebase.assess_json, record, detail=detail)
        try:
            if len(record) > INLINE_BYTES:
                answer = await asyncio.get_running_loop().run_in_executor(self._large, assess)
            elif via == "batch":
                answer = assess()
            else:
                answer = await self._one_after_the_other(assess)
        except RecordError:
            self._count("refused", via).inc()
            raise
        self._count("assessed", via).inc()
        return answer

    def _one_after_the_other(self, assess: Callable[[], bytes]) -> asyncio.Future[bytes]:
        """Assess a small record right before or after all others that are there at the same time. With the rest of the server in
        between, code and rules would have to come into the caches of the processor anew, which costs half as much again."""
        loop = asyncio.get_running_loop()
        if not self._small:
            loop.call_soon(self._assess_small)
        answer = loop.create_future()
        self._small.append((assess, answer))
        return answer

    def _assess_small(self) -> None:
        small, self._small = self._small, []
        for assess, answer in small:
            if answer.cancelled():
                continue
            try:
                body = assess()
            except Exception as error:
                answer.set_exception(error)
            else:
                answer.set_result(body)

    async def find_certainty(self, served: ServedRules, record: bytes) -> bytes:
        """The certainty of one record, as JSON. Raises RecordError."""
        return await asyncio.get_running_loop().run_in_executor(self._certainty, served.rulebase.certainty_json, record)

    async def suggest(self, served: ServedRules, request: bytes) -> bytes:
        """The facts that a text may tell of, as JSON. Raises RecordError."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, served.rulebase.suggest_json, request)

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
        packed = require_type(scope[HEADERS], JSON)
        record = await read_body(receive, packed, self._rules.current.rulebase.limits.record_bytes if packed else 0)
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


class BatchRoute:
    """``POST /assess/batch``: JSON lines in, a record each; a line out for each, in the same order, while the rest comes in."""

    def __init__(self, rules: RuleReloader, assessor: Assessor, settings: Settings) -> None:
        self._rules = rules
        self._assessor = assessor
        self._settings = settings
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, line by line."""
        headers = scope[HEADERS]
        packed = require_type(headers, *LINES_TYPES)
        media_type = choose_type(headers, *LINES_TYPES)
        if self._running >= self._settings.batches:
            raise Rejected("busy", "too many batches are running; try again soon")
        self._running += 1
        served = self._rules.current  # one rule base for the whole batch
        answer_headers = [(b"content-type", media_type.encode()), served.header, NO_STORE, (b"vary", b"accept-encoding")]
        gzip = takes_gzip(headers)
        if gzip:
            answer_headers.append((b"content-encoding", b"gzip"))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": answer_headers})
            await self._answer(served, body_parts(receive, packed, self._settings.batch_bytes), scope, _Sender(send, gzip))
        finally:
            self._running -= 1

    async def _answer(self, served: ServedRules, parts: AsyncIterator[tuple[bytes, bool]], scope: Scope, sender: _Sender) -> None:
        rows = bytearray()
        number, detail = 0, scope.get(QUERY, {}).get("detail", DETAILS[0])
        try:
            async for line in _lines(parts, self._settings.body_bytes):
                if line is None or len(rows) >= SEND_BYTES:
                    await sender.send(rows, flush=line is None)
                if line is None:
                    continue
                if number == self._settings.batch_lines:
                    raise Rejected("too_large", f"the batch has more than the limit of {number} lines")
                number += 1
                rows += await self._row(served, line, number, detail)
                await asyncio.sleep(0)  # let other requests run between two records
                if GONE in scope:
                    raise ClientDisconnect
        except Rejected as error:  # the body is no gzip, or too much of it: the status has been sent
            rows += _error_row(number + 1, problem(error.code, f"{error.detail}; from here on it was not read"))
        await sender.end(rows)

    async def _row(self, served: ServedRules, line: bytes, number: int, detail: Detail) -> bytes:
        most = self._settings.body_bytes
        try:
            if len(line) > most:
                raise RecordError(too_long(most))
            if not line.strip():
                raise RecordError("the line is empty; it must be a record")
            return b'{"line":%d,"assessment":%b}\n' % (number, await self._assessor.assess(served, line, detail, "batch"))
        except RecordError as error:
            return _error_row(number, record_problem(error, lines=False))


def _error_row(number: int, members: ProblemDetails) -> bytes:
    return orjson.dumps({"line": number, "error": members}) + b"\n"


class _Sender:
    """Sends the body of an answer, compressed or not, and empties what it has sent."""

    def __init__(self, send: Send, gzip: bool) -> None:
        self._send = send
        self._gzip = zlib.compressobj(GZIP_LEVEL, wbits=31) if gzip else None

    async def send(self, rows: bytearray, flush: bool) -> None:
        """Send rows; ``flush``: so that the client can read all of them now."""
        body = bytes(rows)
        if self._gzip is not None and body:
            body = self._gzip.compress(body) + (self._gzip.flush(zlib.Z_SYNC_FLUSH) if flush else b"")
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        rows.clear()

    async def end(self, rows: bytearray) -> None:
        """Send the last rows."""
        body = bytes(rows) if self._gzip is None else self._gzip.compress(bytes(rows)) + self._gzip.flush()
        await self._send({"type": "http.response.body", "body": body})


async def _lines(parts: AsyncIterator[tuple[bytes, bool]], most: int) -> AsyncIterator[bytes | None]:
    """The lines of a body without their ends, cut off just beyond ``most`` bytes; None when the next one is not complete yet."""
    rest = bytearray()
    async for part, more in parts:
        *whole, last = part.split(b"\n")
        for line in whole:
            rest += line[: most + 2 - len(rest)]
            yield bytes(rest).removesuffix(b"\r")
            rest.clear()
        rest += last[: most + 2 - len(rest)]
        if more:
            yield None
    if rest:
        yield bytes(rest)
