"""The arithmetic of the rule language: exact decimals, each result rounded once to six places.

A number is the decimal that is written. The result of an operator is computed exactly, then rounded to millionths; of two that
are as near, to the one further from zero. Numbers are held as floats. A float stands for the shortest decimal that is read as it,
which is how Python and JSON print it; from 2**53 on for the whole number that it is. Below a thousand million each decimal of six
places has a float of its own; beyond, the result is the float nearest to it.

Each operator is computed by floats first. Only where their errors could change the result is it computed again, by fractions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import fsum

from misstep.language.facts import LARGEST

MILLION = 1_000_000
SMALL = 1e8
"""Below this the errors of a few operations on floats come to less than a tenth of a millionth."""
SURE = 0.4
"""A result is sure where it is nearer than this to whole millionths, by floats: half of one less those errors."""


def plus(a: float, b: float) -> float:
    """The sum."""
    scaled = (a + b) * MILLION
    whole = round(scaled)
    if -SURE < scaled - whole < SURE and -SMALL < a < SMALL and -SMALL < b < SMALL:
        return whole / MILLION
    return _rounded(written(a) + written(b))


def minus(a: float, b: float) -> float:
    """The difference."""
    scaled = (a - b) * MILLION
    whole = round(scaled)
    if -SURE < scaled - whole < SURE and -SMALL < a < SMALL and -SMALL < b < SMALL:
        return whole / MILLION
    return _rounded(written(a) - written(b))


def times(a: float, b: float) -> float:
    """The product."""
    scaled = a * b * MILLION
    whole = round(scaled)
    if -SURE < scaled - whole < SURE and -SMALL < a * b < SMALL:
        return whole / MILLION
    return _rounded(written(a) * written(b))


def divided(a: float, b: float) -> float:
    """The quotient; the divisor is not 0."""
    scaled = a / b * MILLION
    whole = round(scaled)
    if -SURE < scaled - whole < SURE and -SMALL < a / b < SMALL:
        return whole / MILLION
    return _rounded(written(a) / written(b))


def total(values: Sequence[float]) -> float:
    """The sum of many, rounded once, so that their order does not show."""
    scaled = fsum(values) * MILLION
    whole = round(scaled)
    if -SURE < scaled - whole < SURE and fsum(map(abs, values)) < SMALL:
        return whole / MILLION
    return _rounded(sum(map(written, values), Fraction()))


def average(values: Sequence[float]) -> float | None:
    """The sum of many by their number, rounded once; None of no values."""
    return _rounded(sum(map(written, values), Fraction()) / len(values)) if values else None


def curve(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """Straight lines through the points, flat outside; the y have six places."""
    i = bisect_right(xs, x)
    if i == 0:
        return ys[0]
    if i == len(xs):
        return ys[-1]
    x0, y0 = xs[i - 1], ys[i - 1]
    scaled = (y0 + (ys[i] - y0) * (x - x0) / (xs[i] - x0)) * MILLION
    whole = round(scaled)
    if -SURE < scaled - whole < SURE:
        return whole / MILLION
    return steep_curve(x, xs, ys)


def steep_curve(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """The same of any points, by fractions alone."""
    i = bisect_right(xs, x)
    if i == 0:
        return ys[0]
    if i == len(xs):
        return ys[-1]
    x0, y0, x1, y1 = map(written, (xs[i - 1], ys[i - 1], xs[i], ys[i]))
    return _rounded(y0 + (y1 - y0) * (written(x) - x0) / (x1 - x0))


def is_steep(points: Sequence[tuple[float, float]]) -> bool:
    """Whether floats are too coarse for ``curve``: its error is at most 20 ulp of the greatest y times the greatest x, over the
    least step between two x."""
    far, high = max(abs(x) for x, _ in points), max(abs(y) for _, y in points)
    step = min(b - a for (a, _), (b, _) in pairwise(points))
    return far * high > SMALL * step / 10


def thousandths(x: float) -> int:
    """An amount as it is carried, so that sums of amounts are whole; of two that are as near the even one."""
    scaled = x * 1000
    whole = round(scaled)
    return whole if -SURE < scaled - whole < SURE and -SMALL < x < SMALL else round(written(x) * 1000)


def written(x: float) -> Fraction:
    """The decimal that a number stands for."""
    return Fraction(x) if isinstance(x, int) or abs(x) >= LARGEST else Fraction(repr(x))


def _rounded(exact: Fraction) -> float:
    """The float nearest to a number that is rounded to millionths. Raises OverflowError where there is none."""
    size = (2 * MILLION * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return (size if exact > 0 else -size) / MILLION
