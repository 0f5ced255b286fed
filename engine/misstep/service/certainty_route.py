"""A record as the body of a request in; how far its answer rests on what was not said out. ``POST /certainty``.

It takes some hundreds of assessments, so it is a path of its own with a thread of its own: nobody who asks for an assessment
waits for it.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.types import Receive, Scope, Send

from misstep.service.assessing import answer_record
from misstep.service.served import Rules, Served

PATH = "/certainty"


class FindCertainty:
    """``POST /certainty``."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._thread = ThreadPoolExecutor(1, "misstep-certainty")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await answer_record(self._rules, self._find, scope, receive, send)

    async def _find(self, served: Served, record: bytes) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._thread, served.rulebase.certainty_json, record)
