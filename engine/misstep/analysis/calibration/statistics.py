"""Compute measures of agreement and their 95% intervals. Formulas only: nothing here knows of cases."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

RESAMPLES = 1000
SEED = 20  # any will do, as long as the same cases always give the same interval
Z = statistics.NormalDist().inv_cdf(0.975)


def wilson(hits: int, cases: int) -> tuple[float, float]:
    """The score interval of a share, (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n).

    Wilson: Probable inference, the law of succession, and statistical inference (1927). It keeps to 0..1 and holds for few
    cases, as the usual p ± z √(p(1-p)/n) does not.
    """
    share = hits / cases
    middle = share + Z * Z / (2 * cases)
    reach = Z * (share * (1 - share) / cases + Z * Z / (4 * cases * cases)) ** 0.5
    scale = 1 + Z * Z / cases
    return max(0.0, min(share, (middle - reach) / scale)), min(1.0, max(share, (middle + reach) / scale))


def weighted_kappa(pairs: Sequence[tuple[int, int]]) -> float | None:
    """1 - (mean squared distance) / (the same if both gave their ranks by chance): 1 is full agreement, 0 is chance.

    Cohen: Weighted kappa (1968), with quadratic weights. None if both always give one and the same rank.
    """
    observed = len(pairs) * sum((a - b) ** 2 for a, b in pairs)
    ours = [b for _, b in pairs]
    squares = sum(b * b for b in ours)
    chance = sum(len(pairs) * a * a + squares for a, _ in pairs) - 2 * sum(a for a, _ in pairs) * sum(ours)
    return 1 - observed / chance if chance else None


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's: the correlation of ranks, and equal values share the mean of theirs. None if one side never varies."""
    xs, ys = ([pair[side] for pair in pairs] for side in (0, 1))
    if len(set(xs)) < 2 or len(set(ys)) < 2:
        return None
    return statistics.correlation(ranks(xs), ranks(ys))


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 0; equal values share the mean of theirs."""
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [(places[value][0] + places[value][-1]) / 2 for value in values]


def bootstrap(items: Sequence[Item], measure: Callable[[Sequence[Item]], float | None]) -> tuple[float, float] | None:
    """The middle 95% of a measure over resamples of the items, drawn with replacement: the percentile bootstrap.

    Efron: Bootstrap methods, another look at the jackknife (1979). The draw is seeded, and resamples for which the measure is
    not defined are left out; None if too few are left.
    """
    draw = random.Random(SEED).random  # noqa: S311 - no secret
    found = []
    for _ in range(RESAMPLES):
        value = measure([items[int(draw() * len(items))] for _ in items])
        if value is not None:
            found.append(value)
    if len(found) < RESAMPLES / 2:
        return None
    cuts = statistics.quantiles(found, n=40, method="inclusive")
    return cuts[0], cuts[-1]


def mean_interval(mean: float, variance: float, count: int) -> tuple[float, float] | None:
    """The 95% interval of a mean by Student's t; ``variance``: of the sample. None of fewer than two values."""
    if count < 2:
        return None
    reach = student_quantile(count - 1) * (variance / count) ** 0.5
    return mean - reach, mean + reach


def student_p(t: float, freedom: float) -> float:
    """How likely chance alone brings a Student's t this far from 0, on either side.

    Wallace: Bounds on normal approximations to Student's and the chi-square distributions (1959): z = (8f + 1) / (8f + 3)
    √(f log(1 + t²/f)), with an error of a few thousandths of z from five degrees of freedom on.
    """
    z = (8 * freedom + 1) / (8 * freedom + 3) * math.sqrt(freedom * math.log1p(t * t / freedom))
    return math.erfc(z / math.sqrt(2))


def student_quantile(freedom: float) -> float:
    """The t that chance alone exceeds on either side in 5%: ``student_p`` the other way round."""
    z = Z * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(z * z / freedom))


def separation(one: Sequence[int], other: Sequence[int]) -> tuple[float, float]:
    """In how many pairs of the two sides the first has the greater value, ties counted half, and how likely chance alone brings
    this so far from a half, on either side. ``one`` and ``other``: how often each of the same values came up, least first.

    The area under the ROC curve. Mann and Whitney: On a test of whether one of two random variables is stochastically larger than
    the other (1947), by the normal distribution, with the usual correction for ties.
    """
    ones, others = sum(one), sum(other)
    wins = below = ties = 0.0
    for mine, theirs in zip(one, other, strict=True):
        wins += mine * (below + theirs / 2)
        below += theirs
        both = mine + theirs
        ties += both**3 - both
    pairs, all_ = ones * others, ones + others
    variance = pairs / 12 * (all_ + 1 - ties / (all_ * (all_ - 1)))
    chance = math.erfc(abs(wins - pairs / 2) / math.sqrt(2 * variance)) if variance > 0 else 1.0
    return wins / pairs, chance


def separation_interval(area: float, ones: int, others: int) -> tuple[float, float]:
    """The 95% interval of that share, from how many there are on each side.

    Newcombe: Confidence intervals for an effect size measure based on the Mann-Whitney statistic (2006), method 5: the areas that
    lie within their own z √V of what was found, with the V of Hanley and McNeil (1982). It keeps to 0..1, also at the ends.
    """
    more = (ones + others) / 2 - 1

    def reach(true: float) -> float:
        spread = 1 + more * ((1 - true) / (2 - true) + true / (1 + true))
        return Z * math.sqrt(true * (1 - true) * spread / (ones * others))

    def end(far: float) -> float:
        """The area between what was found and 0 or 1 from which that is just within reach."""
        near = area
        for _ in range(60):
            middle = (near + far) / 2
            if abs(middle - area) <= reach(middle):
                near = middle
            else:
                far = middle
        return near

    return end(0.0), end(1.0)


def holm(chances: Sequence[float]) -> list[float]:
    """Chances of many comparisons, each raised so that all together claim something by chance in no more than the share to which
    they are held. The least counts for as many as there are, the next for one fewer, and none falls below one before it.

    Holm: A simple sequentially rejective multiple test procedure (1979). It holds however the comparisons hang together.
    """
    raised, least = [0.0] * len(chances), 0.0
    for before, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        least = max(least, min(1.0, chances[place] * (len(chances) - before)))
        raised[place] = least
    return raised
