"""The rules in force: a rule base with every document about it ready to send, and its reload.

Rules are loaded again on SIGHUP, and with ``--reload`` when a file changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pydantic
from watchfiles import Change, awatch

from misstep import __version__
from misstep.api import RuleBase
from misstep.errors import MisstepError, RecordError
from misstep.language.facts import GIVEN_ROLES
from misstep.limits import Limits
from misstep.rulebase.cache import forget_packs, kept
from misstep.rulebase.link import load_program
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.packs import Merged
from misstep.rulebase.shipped import shipped_rules
from misstep.service.config import Header, Settings
from misstep.service.logs import log_event
from misstep.service.metrics import Metrics
from misstep.service.openapi import RecordExample, describe, schemas
from misstep.tools.lookup import kind_with_rules, rule_pages
from misstep.tools.sample import sample_records

DEBOUNCE_MS, POLL_MS = 200, 500  # packs that are saved one after the other are loaded once
MOST_EXAMPLES, MOST_FACTS = 3, 5
_SORTS = ("documents", "kinds", "rules")
_CODE = tuple(sorted(Path(__file__).parents[1].rglob("*.py")))
"""What is sent about rules has types and answers in it from all over the package."""


@dataclass(frozen=True)
class ServedRules:
    """A rule base that is ready to answer. Immutable: a request takes one and uses it to its end.

    ``tag``: name, version and digest as an ETag; ``header``: the header with it, for every answer. ``documents``: JSON about the
    rule base, by path of its route; ``kinds`` and ``rules``: JSON about each kind and rule, by name.
    """

    rulebase: RuleBase
    tag: str
    header: Header
    documents: dict[str, bytes]
    kinds: dict[str, bytes]
    rules: dict[str, bytes]


def load_served(settings: Settings) -> ServedRules:
    """Load, check and compile the packs. Raises RuleError with every problem, UsageError if a path does not exist."""
    limits = Limits(record_bytes=settings.body_bytes, facts=settings.facts)
    if settings.rules:
        program, merged = load_program(settings.rules, limits)
        rulebase = RuleBase(program, limits, lazy_words(program, merged, limits))
        served = _served(rulebase, _texts(rulebase, merged))
    else:
        served = _load_shipped(limits)
    # Learns the words, which may take seconds: no request waits for that, and rules with an error in their words are not taken.
    served.rulebase.suggest("")
    return served


def _load_shipped(limits: Limits) -> ServedRules:
    """The shipped rules; what is sent about them comes from the user's cache."""
    forget_packs()  # they may have changed since they were loaded last, in a checkout
    rulebase = RuleBase.shipped(limits)

    def write() -> bytes:
        return orjson.dumps(_texts(rulebase, load_program([shipped_rules()], limits)[1]))

    content = f"{limits} {__version__} pydantic {pydantic.VERSION}"  # which makes some of the schemas
    return _served(rulebase, kept("served", write, orjson.loads, also=_CODE, content=content.encode()))


def _served(rulebase: RuleBase, texts: dict[str, dict[str, str]]) -> ServedRules:
    program = rulebase.program
    tag = f'"{program.name}/{program.version}/{program.digest}"'
    version = {
        "misstep": __version__,
        "engine": "python" if rulebase.core is None else "core",
        "rulebase": {"name": program.name, "version": program.version, "digest": program.digest},
    }
    documents, kinds, rules = ({name: text.encode() for name, text in texts[sort].items()} for sort in _SORTS)
    return ServedRules(
        rulebase=rulebase,
        tag=tag,
        header=(b"misstep-rulebase", tag.encode()),
        documents={**documents, "/version": orjson.dumps(version)},
        kinds=kinds,
        rules=rules,
    )


def _texts(rulebase: RuleBase, merged: Merged) -> dict[str, dict[str, str]]:
    """What is sent about a rule base, as JSON, by sort and name."""
    program = rulebase.program
    kinds = {name: kind_with_rules(program, kind) for name, kind in program.kinds.items()}
    documents = {
        "/kinds": [kinds[name] for name, kind in program.kinds.items() if kind.role in GIVEN_ROLES],
        "/schema": schemas(rulebase.record_schema()),
        "/openapi.json": describe(rulebase, _examples(rulebase, merged), __version__),
    }
    # only the name of the file: the folders of the server are private
    rules = {page.rule: dataclasses.replace(page, file=Path(page.file).name) for page in rule_pages(program, merged)}
    sorts: tuple[Mapping[str, object], ...] = (documents, kinds, rules)
    return {
        sort: {name: orjson.dumps(thing).decode() for name, thing in things.items()}
        for sort, things in zip(_SORTS, sorts, strict=True)
    }


def _examples(rulebase: RuleBase, merged: Merged) -> dict[str, RecordExample]:
    """The richest of the short cases of the packs, by name; without cases, a made-up record."""
    cases = [
        (f"{pack.doc.pack}: {name}", case.facts)
        for pack in merged.packs
        for name, case in pack.doc.cases.items()
        if len(case.facts) <= MOST_FACTS
    ]
    cases.sort(key=lambda case: (-len(case[1]), case[0]))
    found = dict(islice(_assess_all(rulebase, cases), MOST_EXAMPLES))
    return found or dict(_assess_all(rulebase, [("made up", record["facts"]) for record in sample_records(rulebase, 1)]))


def _assess_all(rulebase: RuleBase, cases: Iterable[tuple[str, list[dict[str, Any]]]]) -> Iterator[tuple[str, RecordExample]]:
    for name, facts in cases:
        record = {"facts": facts}
        with contextlib.suppress(RecordError):  # the facts of a case are checked only when it is run
            yield name, (record, orjson.loads(rulebase.assess_json(orjson.dumps(record))))


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
async def reloading(rules: RuleReloader, settings: Settings, metrics: Metrics, signals: bool) -> AsyncIterator[None]:
    """Reload the rules on request while the service runs; ``signals``: SIGHUP is a request."""
    loop = asyncio.get_running_loop()
    if signals:
        with contextlib.suppress(
            AttributeError, NotImplementedError, RuntimeError, ValueError
        ):  # no SIGHUP, or not the main thread
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

    try:
        watcher = awatch(
            *folders, watch_filter=is_pack, debounce=DEBOUNCE_MS, step=50, rust_timeout=POLL_MS, yield_on_timeout=True
        )
        await anext(watcher)  # the first timeout or change: the files are watched from now on
        log_event("watching", folders=len(folders))
        rules.request_reload()  # for changes between loading and watching
        async for changed in watcher:
            if changed:
                rules.request_reload()
    except Exception as error:
        log_event("watching stopped by an error", logging.ERROR, error=type(error).__name__)
