"""Assess a record with some of its facts changed, for counterfactuals and for certainty.

Facts are changed in the form that they have in memory: each has its id there, so a change never renames another fact.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from operator import itemgetter
from typing import NamedTuple

from misstep.assessment.assembly import Result, band_of
from misstep.assessment.intake import Facts
from misstep.errors import BudgetError
from misstep.evaluate.core import Core
from misstep.language.facts import FIRST_VALUE, ID, KIND, Row
from misstep.language.program import Program
from misstep.rulebase.field_use import FieldKey, ReadableFields, find_crossings, find_thresholds

FindingScores = tuple[str, float, float, float, float, str]
"""Of a finding: the id of its mistake, severity, noticed, urgency, damage and verdict."""


class Outcome(NamedTuple):
    """What an answer comes to. ``first``: occasion and action of the first step, empty where there is none; ``findings``: worst
    first."""

    verdict: str
    first: str
    damage: float
    damage_after: float
    band: str
    findings: list[FindingScores]

    @classmethod
    def of(cls, result: Result) -> Outcome:
        """The outcome of a result."""
        plan = result.plan
        first = f"{plan.steps[0].occasion} {plan.steps[0].choices[0].action.id}" if plan.steps else ""
        findings = [(f.mistake[ID], f.severity, f.noticed, f.urgency, f.damage, f.verdict) for f in result.findings]
        return cls(plan.verdict, first, plan.damage / 10, plan.damage_after / 10, band_of(result), findings)

    def advises(self, other: Outcome) -> bool:
        """Whether both advise the same."""
        return (self.verdict, self.first) == (other.verdict, other.first)

    def ranks(self) -> dict[str, int]:
        """The place of every mistake among the findings, by its id: 0 is the worst."""
        return {finding[0]: rank for rank, finding in enumerate(self.findings)}


Evaluate = Callable[[Facts], Outcome]


class CoreOutcomes:
    """The outcomes of facts by the core; those that it leaves by ``otherwise``. For the trials of one record."""

    def __init__(self, core: Core, program: Program, otherwise: Evaluate) -> None:
        self._core = core
        self._kinds = program.kinds
        self._otherwise = otherwise
        self._given: dict[Row, Mapping[str, object]] = {}

    def __call__(self, facts: Facts) -> Outcome:
        """Every fact is given with its id and all its values: an outcome depends on nothing else."""
        given = [self._fact(row) for rows in facts.rows.values() for row in rows]
        outcome = self._core.outcome(given)
        return self._otherwise(facts) if outcome is None else Outcome(*outcome)

    def _fact(self, row: Row) -> Mapping[str, object]:
        """A row as records have it; made once, as most rows of a record never change."""
        if row not in self._given:
            values = ((field.name, row[i]) for i, field in enumerate(self._kinds[row[KIND]].fields, FIRST_VALUE))
            said = {name: list(value) if isinstance(value, tuple) else value for name, value in values if value is not None}
            self._given[row] = {"kind": row[KIND], "id": row[ID], **said}
        return self._given[row]


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
