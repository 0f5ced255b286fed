"""Whether the amounts that rules add for a change go one way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from misstep.assessment.assembly import Result
from misstep.language.facts import ID, Row
from misstep.language.program import Rule
from misstep.tools.proofs.breaches import AnsweredPair
from misstep.tools.proofs.promise_proofs import ComparedScores

_DIMENSIONS = {"severity": ("severity", "relief"), "noticed": ("noticed",), "urgency": ("urgency",)}
_DIMENSIONS["damage"] = (*_DIMENSIONS["severity"], *_DIMENSIONS["noticed"])
"""What is added up to each score; a relief lowers it."""


def keep_scores(pair: AnsweredPair, rules: Collection[Rule], compared: ComparedScores) -> bool:
    """Whether the amounts of some rules keep the scores of the changed mistake as compared, whatever else is added to it."""
    before, after = (_amounts(result, pair.fact, rules) for result in (pair.one, pair.other))
    for score, operator in compared:
        for dimension in _DIMENSIONS[score]:
            more = after[dimension] - before[dimension]
            if dimension == "relief":
                more = -more
            if (more < 0 and operator != "<=") or (more > 0 and operator != ">="):
                return False
    return True


def _amounts(result: Result, fact: Row, rules: Collection[Rule]) -> Counter[str]:
    """What rules added to a mistake, by dimension."""
    amounts: Counter[str] = Counter()
    for each in result.memory.contributions:
        if each.rule in rules and each.mistake is not None and each.mistake[ID] == fact[ID]:
            amounts[each.dimension] += each.amount
    return amounts
