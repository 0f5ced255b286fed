"""A record as the body of a request in; its assessment as the body of the answer out, with nothing made in between.

This is the path that is called by the thousand a second, so it is written against ASGI itself: the bytes that came in go to
``RuleBase.assess_json`` and what that gives is sent. An assessment takes a fraction of a millisecond and is made where the
request is read; a record that is large goes to a thread, so that others do not wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from misstep.errors import RecordError
from misstep.service.metrics import Metrics
from misstep.service.problems import Refused, problem_of, respond
from misstep.service.served import Header, Rules, Served

INLINE_BYTES = 4_096
BUSY = "misstep.busy"  # in the scope of a request that came in whole when too many others already waited
GONE = "misstep.gone"  # in the scope of a request whose client has gone
NO_STORE: Header = (b"cache-control", b"no-store")
_JSON: Header = (b"content-type", b"application/json")


class Assessor:
    """Assesses records. One thread is for large ones: more would only take turns with each other and with the loop."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, "misstep-large")

    async def assess(self, served: Served, record: bytes, via: Literal["single", "batch"]) -> bytes:
        """The assessment of one record, as JSON. Raises RecordError."""
        assess_json = served.rulebase.assess_json
        try:
            if len(record) <= INLINE_BYTES:
                answer = assess_json(record)
            else:
                answer = await asyncio.get_running_loop().run_in_executor(self._thread, assess_json, record)
        except RecordError:
            self._metrics.assessed("refused", via)
            raise
        self._metrics.assessed("assessed", via)
        return answer


class Assess:
    """``POST /assess``."""

    def __init__(self, rules: Rules, assessor: Assessor) -> None:
        self._rules = rules
        self._assessor = assessor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await answer_record(self._rules, self._assess, scope, receive, send)

    async def _assess(self, served: Served, record: bytes) -> bytes:
        return await self._assessor.assess(served, record, "single")


async def answer_record(
    rules: Rules, find: Callable[[Served, bytes], Awaitable[bytes]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request whose body is one record. ``find``: rules and record in; the answer as JSON out, or RecordError."""
    require_type(scope, b"application/json")
    record = await read_body(receive)
    if BUSY in scope:
        raise Refused("busy", "too many requests wait already; try again soon")
    served = rules.current  # one rule base for the whole of the answer
    try:
        answer = await find(served, record)
    except RecordError as error:
        await respond(problem_of(error), {"misstep-rulebase": served.tag})(scope, receive, send)
        return
    length = (b"content-length", b"%d" % len(answer))
    await send({"type": "http.response.start", "status": 200, "headers": [_JSON, length, served.header, NO_STORE]})
    await send({"type": "http.response.body", "body": answer})


def require_type(scope: Scope, *wanted: bytes) -> None:
    """Raise Refused unless the content is of a type that is taken: what a page elsewhere can post without asking is not."""
    found = b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            found = value
        elif name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise Refused("media_type", "the content must not be compressed")
    if found not in wanted and found.partition(b";")[0].strip().lower() not in wanted:
        raise Refused("media_type", f"the content type must be {' or '.join(name.decode() for name in wanted)}")


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request; how much there may be, and how long it may take, is seen to on the wire."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)
