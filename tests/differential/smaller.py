"""A differing program without all that the difference does not need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.differential.drawn import Drawn
from tests.differential.voices import check
from tests.evaluate.oracle import LIMITS
from tests.inline import program_of_json

from misstep import MisstepError

MOST_TRIES = 400
_Step = str | int


def smaller(drawn: Drawn, durable: bool) -> Drawn:
    """The program with one record, as far as parts of both can be left out and the same voice differs."""
    found = check(drawn, durable)
    drawn = replace(drawn, records=[drawn.records[found.record]])
    tries = 0
    shrunk = True
    while shrunk:
        shrunk = False
        for path in list(_paths(drawn)):
            tries += 1
            less = _without(drawn, path) if tries < MOST_TRIES else None
            if less is not None and check(less, durable).differs[:6] == found.differs[:6]:
                drawn, shrunk = less, True
                break
    return drawn


def _paths(drawn: Drawn) -> Iterator[tuple[_Step, ...]]:
    """What may be left out, the largest parts first: of the record, and of the packs where no other text says the same."""
    yield from (("record", i) for i in range(len(drawn.records[0])))
    for layer, text in enumerate(() if drawn.asp else drawn.texts):
        pack = json.loads(text)
        sections = [(layer, section, name) for section in ("tables", "rules") for name in pack.get(section, {})]
        yield from sections
        for place in sections:
            part = pack[place[1]][place[2]]
            yield from ((*place, key) for key in ("where", "unless") if key in part)
            yield from ((*place, key, i) for key in ("when", "rows") for i in range(len(part.get(key, ()))))
            yield from ((*place, "when", i, "where") for i, pattern in enumerate(part["when"]) if "where" in pattern)
            yield from ((*place, "then", key) for key in part["then"] if len(part["then"]) > 1)


def _without(drawn: Drawn, path: tuple[_Step, ...]) -> Drawn | None:
    """The same without a part; None where it does not load then."""
    first, *rest = path
    if first == "record":
        record = drawn.records[0]
        return replace(drawn, records=[[fact for i, fact in enumerate(record) if i != rest[0]]])
    assert isinstance(first, int)
    pack: Any = json.loads(drawn.texts[first])
    here = pack
    for step in rest[:-1]:
        here = here[step]
    del here[rest[-1]]
    texts = tuple(json.dumps(pack) if layer == first else text for layer, text in enumerate(drawn.texts))
    try:
        return replace(drawn, texts=texts, program=program_of_json(*texts, limits=LIMITS))
    except MisstepError:
        return None
