"""The row of a finding in memory: a mistake with its scores, which rules may match."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from misstep.language.facts import Row
from misstep.language.scale import Scale


class ExactScores(NamedTuple):
    """The scores of a finding for further sums: whole thousandths of points, and the rank of the verdict."""

    severity: int
    noticed: int
    damage: int
    verdict: int


class FindingRow(NamedTuple):
    """A mistake with its scores: points of 0..10, a chance of 0..1, and the words of the scale."""

    mistake: Row
    severity: float
    noticed: float
    urgency: float
    damage: float
    verdict: str
    severity_band: str
    noticed_level: str
    urgency_level: str
    exact: ExactScores


FINDING_WORDS: dict[str, Callable[[Scale], tuple[str, ...]]] = {
    "verdict": lambda scale: scale.verdicts,
    "severity_band": lambda scale: scale.severity.words,
    "noticed_level": lambda scale: scale.noticed.words,
    "urgency_level": lambda scale: scale.urgency.words,
}
"""The fields of a finding that are words, and the words of each."""
FINDING_FIELDS = FindingRow._fields[1:-1]
"""The fields of a finding that rules can read, besides those of its mistake; the others of them are numbers."""
