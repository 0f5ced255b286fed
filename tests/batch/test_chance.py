"""What a report claims: nothing of chance, a true difference nearly always, and the figures of a plain computation."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.batch.test_figures import write_rows

from misstep.analysis.calibration.statistics import holm, student_p, student_quantile
from misstep.batch.report.comparing import GroupSums, MixSums, Moments, difference, grouping, hold
from misstep.batch.report.figures import Grouping
from misstep.batch.report.summing import measure

Interview = tuple[str | None, float, tuple[str | None, ...]]
"""Its group, its damage, and its stage and format."""


def sums(interviews: Sequence[Interview]) -> dict[str | None, GroupSums]:
    found: dict[str | None, GroupSums] = {}
    for value, damage, stratum in interviews:
        own, tenths = found.setdefault(value, GroupSums()), round(damage * 10)
        own.damage[tenths] += 1
        own.add_stratum(stratum, Moments(1, tenths, tenths * tenths))
    return found


def grouped(interviews: Sequence[Interview], *mix: str) -> Grouping:
    ((found,), _) = hold([grouping("team", sums(interviews), {name: place for place, name in enumerate(mix)})])
    return found


def damage(draw: random.Random, more: float = 0.0) -> float:
    """As skewed as a log: a fifth without any, many near the end, ties at 100."""
    return 0.0 if draw.random() < 0.2 else min(100.0, draw.choice([draw.uniform(0, 90), draw.uniform(70, 110)]) + more)


@pytest.mark.parametrize("size", [35, 200])
def test_chance_is_seldom_claimed(size: int) -> None:
    claimed = 0
    for seed in range(200):
        draw = random.Random(seed)
        teams = [(draw.choice("ABCDE"), damage(draw), ()) for _ in range(5 * size)]
        days = [(f"2025-{draw.randint(1, 12):02}", score, ()) for _, score, _ in teams]
        both, _ = hold([grouping("team", sums(teams), {}), grouping("month", sums(days), {})])
        claimed += any(each.held for each in both)
    assert claimed <= 16


def test_a_true_difference_is_found() -> None:
    found = 0
    for seed in range(100):
        draw = random.Random(seed)
        one = [("one", draw.betavariate(2, 1.5) * 90, ()) for _ in range(500)]
        other = [("other", draw.betavariate(2, 1.5) * 90 + 8, ()) for _ in range(500)]
        team = grouped([*one, *other])
        found += [(d.value, d.above < 0) for d in team.held] in ([("one", True)], [("other", False)])
    assert found >= 90


def test_a_step_in_time_is_found_at_its_date() -> None:
    draw = random.Random(3)
    days = [(f"2025-{month:02}-{day:02}", month > 6) for month in range(1, 13) for day in range(1, 29)]
    found = grouped([(day, 40 + 12 * late + draw.uniform(-20, 20), ()) for day, late in days * 6])
    assert found.period == "week"
    assert [d.value for d in found.held] == ["2025-06-30"]
    assert found.held[0].above == pytest.approx(12, abs=1)


def test_a_mix_of_stages_is_no_difference() -> None:
    """The teams are alike at each stage; one has more late stages, in which damage is higher."""
    draw = random.Random(8)
    interviews = [
        (team, draw.uniform(0, 40) + 40 * (draw_late := draw.random() < share), ("late" if draw_late else "early",))
        for team, share in (("one", 0.2), ("other", 0.7))
        for _ in range(400)
    ]
    assert grouped(interviews).held
    assert not grouped(interviews, "stage").held
    assert abs(grouped(interviews, "stage").differences[0].above) < 2


def test_few_are_not_compared() -> None:
    small = [("small", 90.0 + i % 3, ()) for i in range(29)]
    large = [("large", 10.0 + i % 3, ()) for i in range(500)]
    assert grouped([*small, *large]).differences == ()
    assert [group.interval for group in grouped([*small, *large]).groups][1] is None
    assert grouped([*small, ("small", 90.0, ()), *large]).held


@pytest.mark.parametrize("freedom", [5, 29, 200])
def test_chances_are_those_of_a_table(freedom: int) -> None:
    """Against the integral of the density of Student's t."""
    norm = _density(0, freedom) and sum(_density(x / 100, freedom) for x in range(-40_000, 40_001)) / 100
    for t in (0.5, 2.0, 3.5):
        tail = 2 * sum(_density(t + (x + 0.5) / 1000, freedom) for x in range(100_000)) / 1000 / norm
        assert student_p(t, freedom) == pytest.approx(tail, rel=0.03)
    assert student_p(student_quantile(freedom), freedom) == pytest.approx(0.05, abs=1e-9)


def _density(t: float, freedom: int) -> float:
    return float((1 + t * t / freedom) ** (-(freedom + 1) / 2))


def test_many_comparisons_are_held_to_one_chance() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def _strata(interviews: Sequence[tuple[str, float]]) -> MixSums:
    found: dict[tuple[str | None, ...], Moments] = {}
    for stage, value in interviews:
        tenths = round(value * 10)
        found[(stage,)] = found.get((stage,), Moments()) + Moments(1, tenths, tenths * tenths)
    return found


def test_a_difference_is_that_of_a_plain_computation() -> None:
    draw = random.Random(4)
    one = [(draw.choice("xy"), round(draw.uniform(20, 90), 1)) for _ in range(60)]
    other = [(draw.choice("xyz"), round(draw.uniform(0, 80), 1)) for _ in range(90)]
    found = difference(_strata(one), _strata(other))
    assert found is not None
    first, second = ([[value for stage, value in side if stage == s] for s in "xy"] for side in (one, other))
    weights = [1 / (1 / len(a) + 1 / len(b)) for a, b in zip(first, second, strict=True)]
    gaps = [statistics.fmean(a) - statistics.fmean(b) for a, b in zip(first, second, strict=True)]
    assert found[0] == pytest.approx(sum(w * gap for w, gap in zip(weights, gaps, strict=True)) / sum(weights), abs=1e-9)
    error = 0.0
    for side in (first, second):
        within = sum(statistics.variance(each) * (len(each) - 1) for each in side) / (sum(map(len, side)) - 2)
        error += within * sum(w * w / len(each) for w, each in zip(weights, side, strict=True)) / sum(weights) ** 2
    assert (found[2] - found[1]) / 2 == pytest.approx(1.98 * error**0.5, rel=0.01)


def _rows(count: int) -> Iterator[dict[str, Any]]:
    draw = random.Random(6)
    for row in range(1, count + 1):
        score = round(damage(draw), 1)
        yield {
            "file": "a.jsonl", "row": row, "id": f"iv-{row}", "team": draw.choice(["Care", "Sales", None]),
            "month": f"2025-{draw.randint(1, 3):02}-{draw.randint(1, 28):02}T{draw.randint(10, 23)}:00:00Z",
            "damage": score, "damage_after": score / 2, "band": "fatal" if score > 70 else "minor", "verdict": "act_now",
            "outlook": "open", "acts": True, "due_hours": None, "mistakes": draw.randint(0, 4), "assumed": 0,
            "worst": None, "worst_severity": None,
            "first_occasion": None, "first_action": None, "actions": [], "rules": 0,
        }  # fmt: skip


def test_groups_are_those_of_a_database(tmp_path: Path) -> None:
    scores = write_rows(tmp_path / "scores.parquet", list(_rows(3000)))
    team, month = measure([scores]).groupings
    assert month.period == "week"
    for found, key in ((team, "team"), (month, "strftime(date_trunc('week', month[:10]::DATE), '%Y-%m-%d')")):
        asked = duckdb.sql(
            f"SELECT {key} AS value, count(*), quantile_disc(damage, 0.5), avg(damage), var_samp(damage),"
            f" count(*) FILTER (band = 'fatal'), avg(mistakes) FROM read_parquet('{scores.path}') GROUP BY ALL"
        )
        assert asked is not None
        rows = asked.fetchall()
        assert len(rows) == len(found.groups)
        for value, count, median, mean, variance, severe, mistakes in rows:
            (group,) = [each for each in found.groups if each.value == value]
            assert (group.interviews, group.median, group.severe) == (count, median, severe)
            assert (group.mean, group.mistakes) == pytest.approx((mean, mistakes), abs=1e-9)
            if group.interval is None:
                assert count < 30
            else:
                reach = student_quantile(count - 1) * (variance / count) ** 0.5
                assert group.interval == pytest.approx((mean - reach, mean + reach), abs=1e-9)


@pytest.mark.parametrize(
    ("values", "period"),
    [
        (["2025-01-03", "2025-01-04", None], "day"),
        ([f"2025-{month:02}-{day:02}" for month in range(1, 7) for day in range(1, 29)], "week"),
        ([f"20{year}-{month:02}-15" for year in range(20, 26) for month in range(1, 13)], "month"),
        (["2025-01", "2025-02-03"], "month"),
        (["2025-13-01", "2025-01-01"], None),
        (["2025-01-01", "soon"], None),
        (["12", "13"], None),
        ([None], None),
    ],
)
def test_dates_are_binned(values: list[str | None], period: str | None) -> None:
    found = grouped([(value, 10.0, ()) for value in values * 40])
    assert found.period == period
    assert sum(group.interviews for group in found.groups) == 40 * len(values)
    assert len(found.groups) <= 75
