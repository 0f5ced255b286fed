"""Score every mistake: severity, noticed, urgency, damage and verdict from the contributions of rules.

All sums are of whole thousandths, so they are exact and their order does not matter; what is computed from them
is rounded to thousandths in one place each. The constants are those of the rule base's scale.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from functools import lru_cache
from math import prod

from misstep.evaluate.memory import Contribution, Remark
from misstep.language.effects import DIMENSIONS, LimitOutlook
from misstep.language.facts import ID, Row
from misstep.language.finding import ExactScores, FindingRow
from misstep.language.scale import Levels, Scale

TOP = 10_000  # ten points, in thousandths
DOUBT = 1e-6  # far more than the error of a product of a million floats
MAX_DOUBLINGS = 20_000  # twenty doublings, odds of a million: beyond that a chance is 0 or 1 to six digits


def score(mistakes: Iterable[Row], contributions: Iterable[Contribution], scale: Scale) -> list[FindingRow]:
    """Findings. Worst first: by verdict, damage, severity, id."""
    sums: dict[str, list[int]] = {mistake[ID]: [0, 0, 0, 0, 0] for mistake in mistakes}
    for contribution in contributions:
        if contribution.mistake is not None:
            of_one, place, amount = sums[contribution.mistake[ID]], _PLACE[contribution.dimension], contribution.amount
            if place != _VERDICT:
                of_one[place] += amount
            elif amount > of_one[place]:
                of_one[place] = amount
    scored: list[tuple[tuple[int, int, int], str, FindingRow]] = []
    for mistake in mistakes:
        name = mistake[ID]
        order, values = _scores(scale, *sums[name])
        scored.append((order, name, FindingRow._make((mistake, *values))))
    scored.sort()
    return [row for _, _, row in scored]


@lru_cache(maxsize=8192)
def _scores(
    scale: Scale, added: int, relief: int, doublings: int, pressing: int, least: int
) -> tuple[tuple[int, int, int], tuple[object, ...]]:
    """The scores of a finding from its sums, behind its place among others. Kept, as the same sums come again and again."""
    severity = severity_of(added, relief)
    noticed = chance(round(scale.noticed_start * 1000) + doublings)
    damage = damage_of(severity, noticed)
    points, likely, soon = severity / 1000, noticed / 1000, limited(pressing) / 1000
    band, seen, due = (
        bisect_right(levels.lower, value) - 1
        for levels, value in ((scale.severity, points), (scale.noticed, likely), (scale.urgency, soon))
    )
    verdict = max(scale.table[band][seen][due], least)
    words = (scale.verdicts[verdict], scale.severity.words[band], scale.noticed.words[seen], scale.urgency.words[due])
    exact = ExactScores(severity, noticed, damage, verdict)
    return (-verdict, -damage, -severity), (points, likely, soon, damage / 1000, *words, exact)


_PLACE: dict[str, int] = {dimension: place for place, dimension in enumerate(DIMENSIONS)}
_VERDICT = _PLACE["verdict"]


def limited(thousandths: int) -> int:
    """A score within 0..10 points."""
    return 0 if thousandths < 0 else TOP if thousandths > TOP else thousandths


def severity_of(added: int, relief: int) -> int:
    """severity = max(0, min(10, sum of severity) - sum of relief); relief below 0 counts as none."""
    severity = 0 if added < 0 else TOP if added > TOP else added
    return severity if relief <= 0 else max(0, severity - relief)


def chance(doublings: int) -> int:
    """noticed = 1 / (1 + 2 ** -doublings): the chance, in thousandths, of odds given in thousandths of a doubling."""
    x = max(-MAX_DOUBLINGS, min(MAX_DOUBLINGS, doublings)) / 1000
    odds: float = 2.0**-x
    return round(1000 / (1 + odds))


def damage_of(severity: int, noticed: int) -> int:
    """damage = severity x noticed: managers of ten expected to hold it against the candidate; in thousandths."""
    return (2 * severity * noticed + 1000) // 2000  # rounded half up


def half_up(numerator: int, denominator: int) -> int:
    """A quotient of non-negative whole numbers, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def level(levels: Levels, thousandths: int) -> int:
    """The place of a score among ordered levels."""
    return bisect_right(levels.lower, thousandths / 1000) - 1


def total_damage(damages: Collection[int]) -> int:
    """damage = 100 x (1 - product of (1 - damage / 10)): the chance in percent, in tenths, that at least one slip is
    held against the candidate; rounded half up, and where floats cannot tell, by whole numbers: one more mistake never lowers it.
    """
    tenths = damage_in_tenths(chance_unharmed(damages))
    if tenths is None:
        whole: int = TOP ** len(damages)
        tenths = half_up(1000 * (whole - prod([TOP - damage for damage in damages])), whole)
    return tenths


def chance_unharmed(damages: Iterable[int]) -> float:
    """The chance that no slip is held against the candidate."""
    return prod([1 - damage / TOP for damage in damages])


def damage_in_tenths(unharmed: float) -> int | None:
    """The damage in tenths of a percent for a chance to come away unharmed; None if rounding is uncertain."""
    tenths = 1000 * (1 - unharmed) + 0.5
    whole = int(tenths)
    return whole if DOUBT < tenths - whole < 1 - DOUBT else None


def overall_severity(findings: Iterable[FindingRow], contributions: Iterable[Contribution], scale: Scale) -> int:
    """Severity of the interview = min(10, greatest severity x weight of its noticed level + sum of overall)."""
    worst = max(weighed(findings, scale), default=0)
    return limited(worst + sum([each.amount for each in contributions if each.mistake is None]))


def weighed(findings: Iterable[FindingRow], scale: Scale) -> list[int]:
    """The weight of each finding in the whole: its severity x weight of its noticed level, in thousandths."""
    weights = _weights(scale)
    return [half_up(f.exact.severity * weights[f.noticed_level], 1000) for f in findings]


@lru_cache(maxsize=64)
def _weights(scale: Scale) -> dict[str, int]:
    """How much a severity counts for the whole by the level at which it was noticed, in thousandths."""
    return {word: round(weight * 1000) for word, weight in zip(scale.noticed.words, scale.overall_weights, strict=True)}


def outlook_limit(remark: Remark) -> int:
    """How good the outlook is at most by a rule that limits it: a rank, 0 the best."""
    effect = remark.rule.effects[remark.effect]
    assert isinstance(effect, LimitOutlook)
    return effect.rank


def worst_outlook(remarks: Collection[Remark]) -> int:
    """How good the outlook is at most by all rules that limit it."""
    return max(map(outlook_limit, remarks), default=0)
