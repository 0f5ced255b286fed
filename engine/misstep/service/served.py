"""The rule base that is served: loaded, checked, compiled, with every document about it ready to send."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import orjson

from misstep import __version__
from misstep.api import RuleBase
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.shipped import shipped_rules
from misstep.service.config import Header, Settings
from misstep.service.openapi import describe, schemas
from misstep.service.openapi_examples import choose_examples
from misstep.tools.lookup import kind_data, rule_pages


@dataclass(frozen=True)
class ServedRules:
    """A rule base that is ready to answer. Immutable: a request takes one and uses it to its end.

    ``tag``: name, version and digest as an ETag; ``header``: the header with it, for every answer. ``documents``: JSON about the
    rule base, by path of its route; ``rules``: JSON about each rule, by id.
    """

    rulebase: RuleBase
    tag: str
    header: Header
    documents: dict[str, bytes]
    rules: dict[str, bytes]


def load_served(settings: Settings) -> ServedRules:
    """Load, check and compile the packs. Raises RuleError with every problem, UsageError if a path does not exist."""
    limits = Limits(record_bytes=settings.body_bytes, facts=settings.facts)
    program, merged = load_program(settings.rules or (shipped_rules(),), limits)
    rulebase = RuleBase(program, limits)
    tag = f'"{program.name}/{program.version}/{program.digest}"'
    documents: dict[str, object] = {
        "/kinds": [kind_data(kind) for kind in program.kinds.values()],
        "/schema": schemas(rulebase.record_schema()),
        "/version": {
            "misstep": __version__,
            "rulebase": {"name": program.name, "version": program.version, "digest": program.digest},
        },
        "/openapi.json": describe(rulebase, choose_examples(rulebase, merged), __version__),
    }
    pages = rule_pages(program, merged)
    return ServedRules(
        rulebase=rulebase,
        tag=tag,
        header=(b"misstep-rulebase", tag.encode()),
        documents={path: orjson.dumps(document) for path, document in documents.items()},
        # only the name of the file: the folders of the server are private
        rules={page.rule: orjson.dumps(dataclasses.replace(page, file=Path(page.file).name)) for page in pages},
    )
