"""Paths of packs in; the rule base that is served out, with all that is said about it. It is changed whole or not at all."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from misstep import __version__
from misstep.api import RuleBase
from misstep.errors import MisstepError
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.shipped import shipped_rules
from misstep.service.openapi import describe, schemas
from misstep.service.openapi_examples import choose_examples
from misstep.service.settings import Settings
from misstep.tools.lookup import RulePage, kind_data, rule_pages

log = logging.getLogger("misstep.service")
Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Served:
    """A rule base, ready to answer. Immutable: a request takes one and answers from it to its end.

    ``tag`` names it: name, version and digest; ``header`` has it in every answer. The rest is what can be read, as JSON.
    """

    rulebase: RuleBase
    tag: str
    header: Header
    kinds: bytes
    rules: dict[str, bytes]
    schemas: bytes
    version: bytes
    openapi: bytes


def load_served(settings: Settings) -> Served:
    """Load, check and compile the packs. Raises RuleError with every problem, UsageError where a path does not exist."""
    limits = Limits(record_bytes=settings.body_bytes, facts=settings.facts)
    program, merged = load_program(settings.rules or (shipped_rules(),), limits)
    rulebase = RuleBase(program, limits)
    tag = f'"{program.name}/{program.version}/{program.digest}"'
    examples = choose_examples(rulebase, merged)
    record = rulebase.record_schema()
    about = {"name": program.name, "version": program.version, "digest": program.digest}
    return Served(
        rulebase=rulebase,
        tag=tag,
        header=(b"misstep-rulebase", tag.encode()),
        kinds=orjson.dumps([kind_data(kind) for kind in program.kinds.values()]),
        rules={page.id: orjson.dumps(_rule_data(page, program)) for page in rule_pages(program, merged)},
        schemas=orjson.dumps(schemas(record)),
        version=orjson.dumps({"misstep": __version__, "rulebase": about}),
        openapi=orjson.dumps(describe(record, next(iter(program.rules), ""), examples, __version__)),
    )


def _rule_data(page: RulePage, program: Program) -> dict[str, Any]:
    """A rule as it stands in its pack; of the place only the name of the file, for the folders are nobody's business."""
    place = page.location
    return {
        "rule": page.id, "title": page.title, "help": page.help, "pack": page.pack,
        "file": Path(place.file).name, "line": place.line, "text": page.text, "cases": page.cases,
        "sources": [{"id": name, **dataclasses.asdict(program.sources[name])} for name in page.sources],
    }  # fmt: skip


class Rules:
    """The rule base in force, and how another one takes its place: loaded beside it, then one reference is changed."""

    def __init__(self, load: Callable[[], Served], first: Served | None = None) -> None:
        self._load = load
        self.current = first or load()
        self._wanted = asyncio.Event()
        self.observe: Callable[[str], Any] = lambda outcome: None

    def want_reload(self) -> None:
        """Have the packs read again soon. What is wanted while they are being read is done once more after that."""
        self._wanted.set()

    async def reload_when_wanted(self) -> None:
        """Reload for ever; to be cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.reload()

    async def reload(self) -> bool:
        """Read the packs again, in a thread; whether what they say is in force now. The old rules stay where it is not."""
        try:
            new = await asyncio.to_thread(self._load)
        except Exception as error:  # any: the old rules stay, and the next change is read again
            log.error("reload refused", extra={"data": {"rulebase": self.current.tag, "problems": _lines(error)}})
            self.observe("refused")
            return False
        changed, self.current = new.tag != self.current.tag, new
        log.info("reloaded", extra={"data": {"rulebase": new.tag, "changed": changed}})
        self.observe("loaded")
        return True


def _lines(error: Exception) -> list[str]:
    if isinstance(error, MisstepError):
        return str(error).splitlines()
    if isinstance(error, OSError):
        return [f"{error.filename or ''}: {error.strerror}"]
    return [f"internal error ({type(error).__name__})"]
