"""Routes that take one record and answer with JSON: ``POST /assess`` and ``POST /certainty``.

These routes are called thousands of times a second, so they are plain ASGI: the bytes of the request go to
``RuleBase.assess_json``, and the bytes that it returns are sent. An assessment takes a fraction of a millisecond and runs in the
event loop; large records run in a thread, so that other requests do not wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from misstep.errors import RecordError
from misstep.service.config import BUSY, JSON, NO_STORE
from misstep.service.metrics import Metrics
from misstep.service.problems import Rejected, problem_response, record_problem
from misstep.service.reload import RuleReloader
from misstep.service.served import ServedRules

INLINE_BYTES = 4_096


class Assessor:
    """Assesses records. One thread takes the large ones: more threads would only compete with each other and with the loop.

    ``find_certainty`` makes some hundreds of assessments, so it has a thread of its own.
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
    found = ""
    for name, value in scope["headers"]:
        if name == b"content-type":
            found = value.decode("latin-1")
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise Rejected("media_type", "the body must not be compressed")
    if found not in accepted and found.partition(";")[0].strip().lower() not in accepted:
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
