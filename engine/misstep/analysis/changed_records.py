"""Assess a record with some of its facts changed, for counterfactuals and for certainty.

Facts are changed in the form that they have in memory: each has its id there, so a change never renames another fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter
from typing import NamedTuple

from misstep.analysis.trial_outcomes import Evaluate, Outcome
from misstep.assessment.intake import Facts
from misstep.errors import BudgetError
from misstep.language.facts import ID, KIND, Row
from misstep.language.program import Program
from misstep.rulebase.field_use import FieldKey, ReadableFields, find_crossings, find_thresholds


class FieldUse(NamedTuple):
    """How the rules of a program use fields: the fields that they read, the numbers that they compare them with, and the number
    fields of which they state no such numbers."""

    program: Program
    readable: ReadableFields
    thresholds: Mapping[FieldKey, frozenset[float]]
    crossings: frozenset[FieldKey]

    @classmethod
    def of(cls, program: Program) -> FieldUse:
        """Find out how the rules of a program use fields."""
        return cls(program, ReadableFields(program), find_thresholds(program), find_crossings(program))


class Trials:
    """Assesses a record with some of its facts changed, as often as the limit allows.

    ``now``: the outcome of the record as it is; ``made``: the number of trials so far; ``left``: the number still allowed.
    """

    def __init__(self, facts: Facts, evaluate: Evaluate, most: int) -> None:
        """``most``: the limit of facts to assess in all. Raises BudgetError if the record itself needs too much work."""
        self._facts = facts
        self._evaluate = evaluate
        self.now = evaluate(facts)
        self.made = 0
        self.left = most // max(1, sum(map(len, facts.rows.values())))

    def outcome_with(self, changed: Iterable[Row], gone: Collection[Row] = ()) -> Outcome | None:
        """The outcome with rows changed, each found by its id, and others gone; None if no trial is left, or if this one needs
        too much work."""
        if self.left <= 0:
            return None
        self.made += 1
        self.left -= 1
        try:
            return self._evaluate(with_rows(self._facts, changed, gone))
        except BudgetError:
            return None


def with_rows(facts: Facts, changed: Iterable[Row], gone: Collection[Row] = ()) -> Facts:
    """The facts of a record with rows changed, each found by its id, and others gone."""
    rows = dict(facts.rows)
    taken = {row[ID] for row in gone}
    for row in gone:
        rows[row[KIND]] = [other for other in rows[row[KIND]] if other[ID] != row[ID]]
        if not rows[row[KIND]]:
            del rows[row[KIND]]
    by_kind: dict[str, list[Row]] = {}
    for row in changed:
        by_kind.setdefault(row[KIND], []).append(row)
    for kind, new in by_kind.items():
        ids = {row[ID] for row in new}
        kept = [other for other in rows[kind] if other[ID] not in ids] if len(new) < len(rows[kind]) else []
        rows[kind] = sorted([*kept, *new], key=itemgetter(ID))
    return facts._replace(rows=rows, ids=facts.ids - taken if taken else facts.ids)


def with_value(row: Row, column: int, value: object) -> Row:
    """The row with another value in one of its columns."""
    return (*row[:column], value, *row[column + 1 :])
