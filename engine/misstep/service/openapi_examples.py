"""A rule base in; records that show what it is for out, each with the assessment that it really gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import orjson

from misstep.api import RuleBase
from misstep.errors import RecordError
from misstep.rulebase.packs import Merged
from misstep.tools.sample import sample_records

MOST = 3
FACTS = 5  # more than so many would hide what is shown


class Example(NamedTuple):
    """A record and its assessment."""

    name: str
    record: dict[str, Any]
    assessment: dict[str, Any]


def choose_examples(rulebase: RuleBase, merged: Merged) -> list[Example]:
    """The richest of the short cases that the packs themselves have; where they have none, a record that is made up."""
    cases = sorted(_cases(merged), key=lambda case: (-len(case[1]), case[0]))
    found = list(islice(_assessed(rulebase, cases), MOST))
    if not found:
        found = list(_assessed(rulebase, [("made up", record["facts"]) for record in sample_records(rulebase, 1)]))
    return found


def _cases(merged: Merged) -> Iterator[tuple[str, Any]]:
    for pack in merged.packs:
        for name, case in pack.doc.cases.items():
            if len(case.facts) <= FACTS:
                yield f"{pack.doc.pack}: {name}", case.facts


def _assessed(rulebase: RuleBase, cases: Iterable[tuple[str, Any]]) -> Iterator[Example]:
    for name, facts in cases:
        try:
            answer = rulebase.assess_json(orjson.dumps({"facts": facts}))
        except RecordError:  # the facts of a case are checked only when it is run
            continue
        yield Example(name, {"facts": facts}, orjson.loads(answer))
