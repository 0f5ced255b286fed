"""Examples for the description: records of the packs, with the assessments that the rule base in force gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import orjson

from misstep.api import RuleBase
from misstep.errors import RecordError
from misstep.rulebase.packs import Merged
from misstep.tools.sample import sample_records

MOST_EXAMPLES, MOST_FACTS = 3, 5


class AssessedExample(NamedTuple):
    """A record and its assessment."""

    name: str
    record: dict[str, Any]
    assessment: dict[str, Any]


def choose_examples(rulebase: RuleBase, merged: Merged) -> list[AssessedExample]:
    """The richest of the short cases of the packs; without cases, a made-up record."""
    cases = [
        (f"{pack.doc.pack}: {name}", case.facts)
        for pack in merged.packs
        for name, case in pack.doc.cases.items()
        if len(case.facts) <= MOST_FACTS
    ]
    cases.sort(key=lambda case: (-len(case[1]), case[0]))
    found = list(islice(_assess_all(rulebase, cases), MOST_EXAMPLES))
    return found or list(_assess_all(rulebase, [("made up", record["facts"]) for record in sample_records(rulebase, 1)]))


def _assess_all(rulebase: RuleBase, cases: Iterable[tuple[str, Any]]) -> Iterator[AssessedExample]:
    for name, facts in cases:
        record = {"facts": facts}
        try:
            answer = rulebase.assess_json(orjson.dumps(record))
        except RecordError:  # the facts of a case are checked only when it is run
            continue
        yield AssessedExample(name, record, orjson.loads(answer))
