"""A record as the body of a request in; how far its answer rests on what was not said out. ``POST /certainty``.

It takes some hundreds of assessments, so it is a path of its own with a thread of its own: nobody who asks for an assessment
waits for it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.types import Receive, Scope, Send

from misstep.errors import RecordError
from misstep.service.assessing import BUSY, read_body, require_type
from misstep.service.problems import Refused, problem_of, respond
from misstep.service.rules import Rules

PATH = "/certainty"


class FindCertainty:
    """``POST /certainty``."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._thread = ThreadPoolExecutor(1, "misstep-certainty")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        require_type(scope, b"application/json")
        body = await read_body(receive)
        if BUSY in scope:
            raise Refused("busy", "too many requests wait already; try again soon")
        served = self._rules.current
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._thread, served.rulebase.certainty_json, body)
        except RecordError as error:
            await respond(problem_of(error), {"misstep-rulebase": served.tag})(scope, receive, send)
            return
        headers = [
            (b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer)), served.header,
            (b"cache-control", b"no-store"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})
