"""The rules in force, and their reload: on SIGHUP, and with ``--reload`` when a file changes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from watchfiles import Change, awatch

from misstep.errors import MisstepError
from misstep.rulebase.shipped import shipped_rules
from misstep.service.config import Settings
from misstep.service.logs import log_event
from misstep.service.metrics import Metrics
from misstep.service.served import ServedRules

DEBOUNCE_MS, POLL_MS = 200, 500  # packs that are saved one after the other are loaded once


class RuleReloader:
    """The rules in force (``current``). New rules are loaded beside them, then one reference is changed."""

    def __init__(self, load: Callable[[], ServedRules], first: ServedRules | None = None) -> None:
        self._load = load
        self.current = first or load()
        self._requested = asyncio.Event()

    def request_reload(self) -> None:
        """Load the packs again soon. A request during a reload starts one more reload after it."""
        self._requested.set()

    async def run(self, metrics: Metrics) -> None:
        """Reload on request, until cancelled."""
        while True:
            metrics.set_rules(self.current.rulebase.program)
            await self._requested.wait()
            self._requested.clear()
            metrics.reloads.labels("loaded" if await self.reload() else "refused").inc()

    async def reload(self) -> bool:
        """Load the packs again, in a thread. If that fails, the old rules stay in force and the result is false."""
        try:
            new = await asyncio.to_thread(self._load)
        except Exception as error:  # any: the old rules stay, and the next change is loaded again
            log_event("reload refused", logging.ERROR, rulebase=self.current.tag, problems=_lines(error))
            return False
        changed, self.current = new.tag != self.current.tag, new
        log_event("reloaded", rulebase=new.tag, changed=changed)
        return True


def _lines(error: Exception) -> list[str]:
    if isinstance(error, MisstepError):
        return str(error).splitlines()
    if isinstance(error, OSError):
        return [f"{error.filename or ''}: {error.strerror}"]
    return [f"internal error ({type(error).__name__})"]


@contextlib.asynccontextmanager
async def reloading(rules: RuleReloader, settings: Settings, metrics: Metrics) -> AsyncIterator[None]:
    """Reload the rules on request while the service runs."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):  # no SIGHUP, or not the main thread
        loop.add_signal_handler(signal.SIGHUP, rules.request_reload)
    tasks = [loop.create_task(rules.run(metrics))]
    if settings.reload:
        tasks.append(loop.create_task(_watch(rules, settings)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(rules: RuleReloader, settings: Settings) -> None:
    paths = [path.resolve() for path in settings.rules or (shipped_rules(),)]
    folders = {path if path.is_dir() else path.parent for path in paths}  # a file that is replaced is a new file

    def is_pack(_: Change, changed: str) -> bool:
        return any(Path(changed).is_relative_to(path) for path in paths)

    watching = False
    try:
        changes = awatch(
            *folders, watch_filter=is_pack, debounce=DEBOUNCE_MS, step=50, rust_timeout=POLL_MS, yield_on_timeout=True
        )
        async for changed in changes:
            if changed or not watching:  # at first for changes between loading and watching
                rules.request_reload()
            if not watching:
                log_event("watching", folders=len(folders))
            watching = True
    except Exception as error:
        log_event("watching stopped by an error", logging.ERROR, error=type(error).__name__)
