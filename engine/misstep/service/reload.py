"""Signs that rules have changed in; rules read again out: files that are watched, and the signal SIGHUP."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

from watchfiles import awatch

from misstep.service.metrics import Metrics
from misstep.service.rules import Rules, watched
from misstep.service.settings import Settings


@contextlib.asynccontextmanager
async def reloading(rules: Rules, settings: Settings, metrics: Metrics) -> AsyncIterator[None]:
    """While the service runs: rules are read again when a sign says so."""

    def observe(outcome: str) -> None:
        metrics.reloaded(outcome)
        _tell(rules, metrics)

    rules.observe = observe
    _tell(rules, metrics)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # no such signal here, or not the main thread
        loop.add_signal_handler(signal.SIGHUP, rules.want_reload)
    tasks = [loop.create_task(rules.reload_when_wanted())]
    if settings.reload:
        tasks.append(loop.create_task(_watch(rules, settings)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(rules: Rules, settings: Settings) -> None:
    async for _ in awatch(*watched(settings), debounce=300):
        rules.want_reload()


def _tell(rules: Rules, metrics: Metrics) -> None:
    program = rules.current.rulebase.program
    metrics.serves(program.name, program.version, program.digest)
