"""Signs that rules have changed in; rules read again out: files that are watched, and the signal SIGHUP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import Change, awatch

from misstep.rulebase.shipped import shipped_rules
from misstep.service.metrics import Metrics
from misstep.service.served import Rules
from misstep.service.settings import Settings

log = logging.getLogger("misstep.service")
QUIET_MS, LOOK_MS = 200, 500  # packs that are saved one after the other are read once


@contextlib.asynccontextmanager
async def reloading(rules: Rules, settings: Settings, metrics: Metrics) -> AsyncIterator[None]:
    """While the service runs: rules are read again when a sign says so."""

    def observe(outcome: str) -> None:
        metrics.reloaded(outcome)
        _tell(rules, metrics)

    rules.observe = observe
    _tell(rules, metrics)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):  # no such signal, or in a thread
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
    paths = [path.resolve() for path in settings.rules or (shipped_rules(),)]
    folders = {path if path.is_dir() else path.parent for path in paths}  # a file that is replaced is another file

    def of_the_rules(_: Change, changed: str) -> bool:
        return any(Path(changed).is_relative_to(path) for path in paths)

    watching = False
    try:
        watcher = awatch(
            *folders, watch_filter=of_the_rules, debounce=QUIET_MS, step=50, rust_timeout=LOOK_MS, yield_on_timeout=True
        )
        async for changes in watcher:
            if changes or not watching:  # at first because of what may have changed before anybody looked
                rules.want_reload()
            if not watching:
                log.info("watching", extra={"data": {"folders": len(folders)}})
            watching = True
    except Exception as error:
        log.error("the rules are watched no more", extra={"data": {"error": type(error).__name__}})


def _tell(rules: Rules, metrics: Metrics) -> None:
    program = rules.current.rulebase.program
    metrics.serves(program.name, program.version, program.digest)
