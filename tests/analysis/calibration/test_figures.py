"""The formulas of agreement, against figures that were published for them, and the laws that they obey."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misstep.analysis.calibration.statistics import bootstrap, rank_correlation, ranks, weighted_kappa, wilson

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_as_newcombe_tabled_it_in_1998(hits: int, cases: int, low: float, high: float) -> None:
    assert wilson(hits, cases) == pytest.approx((low, high), abs=5e-5)


@given(cases=st.integers(1, 10_000), data=st.data())
def test_wilson_holds_the_share_and_keeps_to_it(cases: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, cases))
    low, high = wilson(hits, cases)
    assert 0 <= low <= hits / cases <= high <= 1
    assert wilson(cases - hits, cases) == pytest.approx((1 - high, 1 - low))


@given(hits=st.integers(0, 50), more=st.integers(2, 20))
def test_more_of_the_same_narrows_wilson(hits: int, more: int) -> None:
    low, high = wilson(hits, 50)
    closer = wilson(hits * more, 50 * more)
    assert closer[1] - closer[0] < high - low


def test_kappa_of_two_bands_is_the_plain_one() -> None:
    """20 times both say yes, 15 times both say no, 5 and 10 times they differ: observed 0.7, by chance 0.5."""
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    assert weighted_kappa(pairs) == pytest.approx(0.4)


def test_kappa_weighs_the_square_of_the_distance() -> None:
    """Of (0,0), (1,1), (2,0): observed 4/3; by chance the mean of all nine squared distances, 12/9."""
    assert weighted_kappa([(0, 0), (1, 1), (2, 0)]) == pytest.approx(1 - (4 / 3) / (12 / 9))


@given(pairs=PAIRS)
def test_kappa_is_at_most_one_and_one_for_full_agreement_only(pairs: list[tuple[int, int]]) -> None:
    kappa = weighted_kappa(pairs)
    if kappa is None:
        assert len(set(pairs)) == 1
        assert pairs[0][0] == pairs[0][1]
    else:
        assert kappa <= 1
        assert (kappa == 1) == all(a == b for a, b in pairs)
        assert kappa == pytest.approx(weighted_kappa([(b, a) for a, b in pairs]))


def test_rank_correlation_is_as_in_the_textbook() -> None:
    """Intelligence and hours before the television: -29/165."""
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    assert rank_correlation(list(zip(iq, hours, strict=True))) == pytest.approx(-29 / 165)


@given(values=st.lists(st.integers(-5, 5), max_size=30))
def test_ranks_count_the_smaller_and_half_of_the_equal(values: list[int]) -> None:
    assert ranks(values) == [sum(other < v for other in values) + (values.count(v) - 1) / 2 for v in values]


@given(pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), min_size=2, max_size=30))
def test_rank_correlation_asks_for_the_order_only(pairs: list[tuple[int, int]]) -> None:
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    found = rank_correlation(pairs)
    assert (found is None) == (len(set(xs)) < 2 or len(set(ys)) < 2)
    if found is not None:
        assert -1 - 1e-9 <= found <= 1 + 1e-9
        assert found == pytest.approx(rank_correlation([(x**3, y * 7 - 4) for x, y in pairs]))
        assert found == pytest.approx(-(rank_correlation([(-x, y) for x, y in pairs]) or 0))


def test_the_bootstrap_of_a_mean_comes_near_its_standard_error() -> None:
    sample = [float(n) for n in range(100)]
    interval = bootstrap(sample, statistics.fmean)
    assert interval is not None
    error = statistics.stdev(sample) / 10
    assert interval == pytest.approx((49.5 - 1.96 * error, 49.5 + 1.96 * error), abs=0.8)


def test_the_bootstrap_says_the_same_every_time() -> None:
    sample = [0.0, 1.0, 4.0, 9.0]
    assert bootstrap(sample, statistics.fmean) == bootstrap(sample, statistics.fmean)


def test_the_bootstrap_of_what_never_varies_is_a_point() -> None:
    assert bootstrap([3.0] * 5, statistics.fmean) == (3.0, 3.0)


def test_the_bootstrap_leaves_out_resamples_that_tell_nothing() -> None:
    def spread(sample: Sequence[float]) -> float | None:
        return None if len(set(sample)) == 1 else 1.0

    assert bootstrap([0.0, 1.0, 2.0], spread) == (1.0, 1.0)  # one in nine is of one value
    assert bootstrap([5.0, 5.0], spread) is None
