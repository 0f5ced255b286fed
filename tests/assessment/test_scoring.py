"""The terms of the score, against the formulas of the documentation worked out another way: with exact fractions."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise, product
from math import prod

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from misstep import RuleBase
from misstep.assessment import scoring
from misstep.evaluate.memory import Contribution
from misstep.language.scale import Levels, Scale

SCALE: Scale = RuleBase.shipped().program.scale
THOUSANDTHS = st.integers(0, 10_000)


def half_up(exact: Fraction) -> int:
    return int((exact + Fraction(1, 2)) // 1)


def test_a_quotient_is_rounded_half_up() -> None:
    for denominator in range(1, 40):
        for numerator in range(200):
            assert scoring.half_up(numerator, denominator) == half_up(Fraction(numerator, denominator))


def test_a_score_is_limited_to_ten_points() -> None:
    for thousandths in range(-11_000, 21_000, 7):
        assert scoring.limited(thousandths) == min(max(thousandths, 0), 10_000)


def test_relief_comes_off_what_is_left_of_ten_points() -> None:
    steps = (-12_000, -1, 0, 1, 499, 500, 3_250, 9_999, 10_000, 10_001, 25_000)
    for added, relief in product(steps, steps):
        points = min(max(added, 0), 10_000) - max(relief, 0)
        assert scoring.severity_of(added, relief) == max(points, 0)


def test_the_chance_of_every_number_of_doublings() -> None:
    with localcontext(prec=60):
        step = Decimal(2) ** (Decimal(1) / 1000)
        odds = Decimal(2) ** -20
        for doublings in range(-20_000, 20_001):
            exact = 1000 * odds / (1 + odds)
            assert scoring.chance(doublings) == int(exact + Decimal("0.5"))
            odds *= step


def test_beyond_twenty_doublings_a_chance_is_none_or_certain() -> None:
    assert {scoring.chance(-(10**n)) for n in range(5, 200)} == {0}
    assert {scoring.chance(10**n) for n in range(5, 200)} == {1000}


def test_more_doublings_never_lower_the_chance() -> None:
    chances = [scoring.chance(doublings) for doublings in range(-21_000, 21_000, 5)]
    assert chances == sorted(chances)


def test_damage_is_severity_times_noticed() -> None:
    for severity, noticed in product(range(0, 10_001, 31), range(0, 1_001, 13)):
        assert scoring.damage_of(severity, noticed) == half_up(Fraction(severity * noticed, 1000))


@given(damages=st.lists(THOUSANDTHS, max_size=40))
@example(damages=[])
@example(damages=[10_000])
@example(damages=[1] * 1000)
def test_the_damage_of_all_is_the_chance_that_one_at_least_counts(damages: list[int]) -> None:
    nothing = prod((1 - Fraction(damage, 10_000) for damage in damages), start=Fraction(1))
    assert scoring.total_damage(damages) == half_up(1000 * (1 - nothing))


@given(damages=st.lists(THOUSANDTHS, max_size=20), more=THOUSANDTHS, data=st.data())
def test_total_damage_grows_with_every_mistake_whatever_the_order(damages: list[int], more: int, data: st.DataObject) -> None:
    total = scoring.total_damage([*damages, more])
    assert 0 <= scoring.total_damage(damages) <= total <= 1000
    assert scoring.total_damage(data.draw(st.permutations([*damages, more]))) == total


@pytest.mark.parametrize("levels", [SCALE.severity, SCALE.noticed, SCALE.urgency], ids=["severity", "noticed", "urgency"])
def test_the_level_of_every_thousandth(levels: Levels) -> None:
    ends = [Fraction(str(end)) for end in levels.lower]
    for thousandths in range(10_001):
        assert scoring.level(levels, thousandths) == sum(Fraction(thousandths, 1000) >= end for end in ends) - 1


# -- the verdict table


ROWS = list(product(*(range(len(levels.words)) for levels in (SCALE.severity, SCALE.noticed, SCALE.urgency))))


def milli(end: float) -> int:
    return round(end * 1000)


def doublings_for(level: int) -> int:
    """The least doublings that reach a level of noticed."""
    end = milli(SCALE.noticed.lower[level])
    return next(d for d in range(-20_000, 20_001, 10) if scoring.chance(d) >= end)


DOUBLINGS = [doublings_for(level) for level in range(len(SCALE.noticed.words))]


def verdict_of(band: int, seen: int, soon: int) -> str:
    """The verdict of a mistake that just reaches a band and two levels."""
    mistake = ("m", "kind")
    amounts = {
        "severity": milli(SCALE.severity.lower[band]),
        "noticed": DOUBLINGS[seen] - milli(SCALE.noticed_start),
        "urgency": milli(SCALE.urgency.lower[soon]),
    }
    rule = next(iter(RuleBase.shipped().rules.values()))
    (finding,) = scoring.score([mistake], [Contribution(mistake, d, a, rule, ()) for d, a in amounts.items()], SCALE)
    assert finding[6:9] == (SCALE.severity.words[band], SCALE.noticed.words[seen], SCALE.urgency.words[soon])
    return str(finding[5])


def test_all_45_rows_of_the_table_are_reached() -> None:
    assert len(ROWS) == 45
    assert {row: verdict_of(*row) for row in ROWS} == {(b, n, u): SCALE.verdicts[SCALE.table[b][n][u]] for b, n, u in ROWS}


def test_every_verdict_is_given() -> None:
    assert {verdict_of(*row) for row in ROWS} == set(SCALE.verdicts)


def test_no_step_to_the_worse_gives_a_milder_verdict() -> None:
    rank = {row: SCALE.verdicts.index(verdict_of(*row)) for row in ROWS}
    for row in ROWS:
        for axis in range(3):
            worse = tuple(step + (i == axis) for i, step in enumerate(row))
            assert rank.get(worse, len(SCALE.verdicts)) >= rank[row]


def test_a_verdict_by_rule_raises_and_never_lowers() -> None:
    rule = next(iter(RuleBase.shipped().rules.values()))
    mistake = ("m", "kind")
    for severity, rank in product(range(0, 10_001, 500), range(len(SCALE.verdicts))):
        plain = [Contribution(mistake, "severity", severity, rule, ()), Contribution(mistake, "noticed", 3000, rule, ())]
        asked = [*plain, *(Contribution(mistake, "verdict", asked_for, rule, ()) for asked_for in (rank, 0))]
        (without,) = scoring.score([mistake], plain, SCALE)
        (withal,) = scoring.score([mistake], asked, SCALE)
        assert SCALE.verdicts.index(withal[5]) == max(rank, SCALE.verdicts.index(without[5]))


# -- the interview as a whole


@settings(max_examples=60)
@given(
    scores=st.lists(st.tuples(st.integers(-2000, 12_000), st.integers(-6000, 6000)), max_size=5),
    overall=st.lists(st.integers(-3000, 6000), max_size=4),
)
def test_the_interview_is_as_bad_as_the_worst_that_was_noticed(scores: list[tuple[int, int]], overall: list[int]) -> None:
    rule = next(iter(RuleBase.shipped().rules.values()))
    mistakes = [(f"m{i}", "kind") for i in range(len(scores))]
    made = [Contribution(m, "severity", s, rule, ()) for m, (s, _) in zip(mistakes, scores, strict=True)]
    made += [Contribution(m, "noticed", n, rule, ()) for m, (_, n) in zip(mistakes, scores, strict=True)]
    whole = [Contribution(None, "overall", amount, rule, ()) for amount in overall]
    findings = scoring.score(mistakes, made, SCALE)
    weights = dict(zip(SCALE.noticed.words, map(str, SCALE.overall_weights), strict=True))
    worst = max((Fraction(str(f.severity)) * 1000 * Fraction(weights[f.noticed_level]) for f in findings), default=Fraction(0))
    exact = min(max(worst + sum(overall), Fraction(0)), Fraction(10_000))
    assert abs(scoring.overall_severity(findings, [*made, *whole], SCALE) - exact) <= Fraction(1, 2)


def test_levels_are_listed_from_the_mildest_to_the_worst() -> None:
    for levels in (SCALE.severity, SCALE.noticed, SCALE.urgency):
        assert levels.lower[0] == 0
        assert all(low < high for low, high in pairwise(levels.lower))
