"""Records on which mutants are tried: made-up ones, those of the cases, and the neighbours of these, which differ in one field.

Made-up records seldom meet several conditions at once, or stand at a threshold. Cases do, and their neighbours stand beside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from misstep.analysis.changed_records import FieldUse
from misstep.api import RuleBase
from misstep.language.facts import Field
from misstep.tools.sample import sample_records

TrialFacts = list[dict[str, Any]]
"""The facts of a record, as packs and JSON write them."""

NEIGHBOURS = 12
"""Neighbours of a case that are tried, of all that it has; more of them where there are few cases."""


def trial_records(rulebase: RuleBase, cases: Mapping[str, TrialFacts], count: int, seed: int) -> Iterator[TrialFacts]:
    """``count`` made-up records, the facts of each case, and some of their neighbours: the same for the same seed."""
    for record in sample_records(rulebase, count, seed):
        yield record["facts"]
    use = FieldUse.of(rulebase.program)
    most = max(NEIGHBOURS, count // max(1, len(cases)))
    for case, facts in cases.items():
        yield facts
        chance = Random(f"{seed} {case}").random  # noqa: S311 - no secret
        yield from sorted(_neighbours(facts, use), key=lambda _: chance())[:most]


def _neighbours(facts: TrialFacts, use: FieldUse) -> Iterator[TrialFacts]:
    """The records that differ from one in a field that some rule reads."""
    kinds = use.program.kinds
    given = [str(fact["kind"]) for fact in facts]
    assumed = [name for name, kind in kinds.items() if kind.assumed and name not in given]
    readable = use.readable.of((*given, *assumed))
    for i, fact in enumerate([*facts, *({"kind": name} for name in assumed)]):
        for field in kinds[str(fact["kind"])].fields:
            if (str(fact["kind"]), field.name) in readable:
                for value in _values(field, use.thresholds.get((str(fact["kind"]), field.name), frozenset())):
                    if value != fact.get(field.name, field.default):
                        changed = {**fact, field.name: value}
                        yield [*facts[:i], changed, *facts[i + 1 :]]


def _values(field: Field, thresholds: frozenset[float]) -> Sequence[object]:
    """Values that rules tell apart: all choices, and numbers at which they turn, with those beside them."""
    if not field.is_number:
        return [[value] for value in field.values] if field.form.sort == "set" else field.choices
    step = 1 if field.form.whole else 0.5
    low, high = field.range
    near = sorted({at + beside for at in thresholds for beside in (-step, 0, step)})
    return [int(value) if field.form.whole else value for value in near if low <= value <= high]
