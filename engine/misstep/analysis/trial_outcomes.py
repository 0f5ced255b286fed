"""What the answer to a record comes to, as far as trials compare it: from a result in Python, or from the core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from misstep.assessment.assembly import Result, band_of
from misstep.assessment.intake import Facts
from misstep.evaluate.core import Core
from misstep.language.facts import FIRST_VALUE, ID, KIND, Row
from misstep.language.program import Program

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
