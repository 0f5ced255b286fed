"""Whether damage goes with a logged outcome: the area, its interval and the curve, against plain computations and a database."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from tests.batch.scored import write
from tests.batch.test_chance import damage as drawn
from tests.batch.test_chance import sums
from tests.batch.test_figures import Row, rows, write_rows
from tests.batch.test_report import sketch

from misstep.analysis.calibration.statistics import separation, separation_interval, wilson
from misstep.batch.report.comparing import GroupSums, grouping, hold
from misstep.batch.report.outcomes import OutcomeChoice, judge
from misstep.batch.report.report_page import to_html
from misstep.batch.report.summing import measure
from misstep.errors import UsageError

HIRED = OutcomeChoice("hired")


def logged(of_words: Mapping[str | None, Sequence[float]]) -> dict[str | None, GroupSums]:
    """Sums of interviews, as their words and damage."""
    return sums([(word, damage, ()) for word, many in of_words.items() for damage in many])


def with_outcome(count: int, seed: int = 2) -> list[Row]:
    """Interviews that end well less often the more damage there is; the outcome stands in place of the month."""
    draw = random.Random(seed)
    made = rows(count, seed)
    for row in made:
        well = draw.random() > row["damage"] / 150
        row["month"] = None if draw.random() < 0.1 else "pending" if draw.random() < 0.1 else "Offer" if well else "rejected"
    return made


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv"])
def test_figures_are_those_of_a_database(tmp_path: Path, name: str) -> None:
    made = with_outcome(600)
    found = measure([write_rows(tmp_path / name, made)], outcome=OutcomeChoice.parse("month=offer:rejected")).outcome
    assert found is not None
    write_rows(tmp_path / "same.parquet", made)
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE log AS SELECT damage, month = 'rejected' AS bad, least(floor(damage / 10), 9)::INT AS bin"
            f" FROM read_parquet('{tmp_path}/same.parquet') WHERE month IN ('Offer', 'rejected')"
        )
        ((area, good, bad),) = database.execute(
            "SELECT avg(CASE WHEN b.damage > g.damage THEN 1.0 WHEN b.damage = g.damage THEN 0.5 ELSE 0 END),"
            " (SELECT count(*) FROM log WHERE NOT bad), (SELECT count(*) FROM log WHERE bad)"
            " FROM log b, log g WHERE b.bad AND NOT g.bad"
        ).fetchall()
        curve = database.execute("SELECT bin, count(*), avg(damage), sum(bad::INT) FROM log GROUP BY bin ORDER BY bin").fetchall()
    assert (found.good, found.bad) == (good, bad)
    assert found.area == pytest.approx(area, abs=1e-12)
    assert [(b.least // 10, b.interviews, b.bad) for b in found.bins] == [(bin_, count, wrong) for bin_, count, _, wrong in curve]
    assert [b.damage for b in found.bins] == pytest.approx([mean for _, _, mean, _ in curve])
    for each in found.bins:
        assert (each.share, each.low, each.high) == (each.bad / each.interviews, *wilson(each.bad, each.interviews))
    assert {word: (side, count) for word, side, count in found.words} == {
        word or "": (side, sum(row["month"] == word for row in made))
        for word, side in ((None, "left out"), ("pending", "left out"), ("Offer", "good"), ("rejected", "bad"))
    }
    assert found.holds


def test_the_chance_is_that_of_shuffled_outcomes() -> None:
    """Mann and Whitney's normal approximation, with ties, against the share of shuffles that come out as far from a half."""
    draw = random.Random(7)
    values = [draw.choice([0, 0, 1, 2, 3, 5, 8]) for _ in range(60)]
    labels = [True] * 25 + [False] * 35
    best = [value + (draw.random() < 0.35) * label for value, label in zip(values, labels, strict=True)]

    def counts(of: bool) -> list[int]:
        return [sum(label is of and value == each for value, label in zip(best, labels, strict=True)) for each in range(10)]

    area, chance = separation(counts(True), counts(False))
    pairs = itertools.product(
        *([value for value, label in zip(best, labels, strict=True) if label is of] for of in (True, False))
    )
    assert area == pytest.approx(sum((one > other) + (one == other) / 2 for one, other in pairs) / (25 * 35))
    far = 0
    for _ in range(2000):
        draw.shuffle(labels)
        far += abs(separation(counts(True), counts(False))[0] - 0.5) >= abs(area - 0.5) - 1e-12
    assert far / 2000 == pytest.approx(chance, abs=0.03)


def test_intervals_hold_the_true_area_in_nineteen_of_twenty() -> None:
    """Of normal scores a distance apart the area is known."""
    for apart in (0.0, 1.0, 2.5):
        true = (1 + math.erf(apart / 2)) / 2
        draw, held = random.Random(5), 0
        for _ in range(300):
            one = [min(999, max(0, round(100 * draw.gauss(5 + apart, 1)))) for _ in range(40)]
            other = [min(999, max(0, round(100 * draw.gauss(5, 1)))) for _ in range(60)]
            counts = [[many.count(value) for value in range(1000)] for many in (one, other)]
            low, high = separation_interval(separation(*counts)[0], 40, 60)
            held += low <= true <= high
        assert 0.92 <= held / 300 <= 0.99


@pytest.mark.parametrize("area", [0.0, 0.3, 1.0])
def test_the_ends_of_an_interval_are_just_within_reach(area: float) -> None:
    low, high = separation_interval(area, 40, 60)
    assert 0 <= low <= area <= high <= 1
    assert high - low > 0.03  # never said to be sure
    for end in (low, high):
        if 0 < end < 1:
            q1, q2 = end / (2 - end), 2 * end * end / (1 + end)
            mean = (40 + 60) / 2 - 1
            variance = (end * (1 - end) + mean * (q1 - end * end) + mean * (q2 - end * end)) / (40 * 60)
            assert abs(end - area) == pytest.approx(1.959964 * variance**0.5, rel=1e-4)


def test_what_is_nothing_but_chance_is_seldom_claimed() -> None:
    claimed = 0
    for seed in range(200):
        draw = random.Random(seed)
        interviews = [(draw.choice(["yes", "no"]), drawn(draw), ()) for _ in range(150)]
        teams = [(draw.choice("ABCDE"), damage, ()) for _, damage, _ in interviews]
        groupings, outcome = hold([grouping("team", sums(teams), {})], judge(sums(interviews), HIRED))
        claimed += outcome is not None and (outcome.holds or any(each.held for each in groupings))
    assert claimed <= 16


def test_all_that_a_report_claims_is_one_family() -> None:
    outcome = judge(logged({"yes": [10.0] * 40, "no": [10.0] * 38 + [90.0, 80.0]}), HIRED)
    teams = sums([(team, damage, ()) for team in "ABC" for damage in (10.0, 20.0, 30.0) * 20])
    _, alone = hold([], outcome)
    _, among = hold([grouping("team", teams, {})], outcome)
    assert alone is not None
    assert among is not None
    assert outcome.chance is not None
    assert (alone.chance, among.chance) == pytest.approx((outcome.chance, 4 * outcome.chance))


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("hired", OutcomeChoice("hired")),
        ("state=Offer, hired", OutcomeChoice("state", ("offer", "hired"))),
        ("state=offer:rejected,declined", OutcomeChoice("state", ("offer",), ("rejected", "declined"))),
    ],
)
def test_choices_are_read(text: str, choice: OutcomeChoice) -> None:
    assert OutcomeChoice.parse(text) == choice


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not of the form COLUMN, COLUMN=GOOD or COLUMN=GOOD:BAD"),
        ("=offer", "'=offer' is not of the form"),
        ("state=", "'state=' is not of the form"),
        ("state=offer:", "'state=offer:' is not of the form"),
        ("state=a,b:b", "'b' is to be both good and bad"),
    ],
)
def test_what_is_no_choice_is_told(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        OutcomeChoice.parse(text)
    assert str(error.value).startswith(f"--outcome: {message}")


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        (["true", "false", None], ["good", "bad", "left out"]),
        (["1", "0"], ["good", "bad"]),
        (["Yes", " no ", ""], ["good", "bad", "left out"]),
        (["y", "n", "TRUE"], ["good", "bad", "good"]),
    ],
)
def test_words_of_truth_need_not_be_named(words: list[str | None], sides: list[str]) -> None:
    found = judge(logged({word: [1.0] * (9 - place) for place, word in enumerate(words)}), HIRED)
    assert [(word, side) for word, side, _ in found.words] == [
        (word or "", side) for word, side in zip(words, sides, strict=True)
    ]


def test_without_the_bad_ones_all_others_are_bad() -> None:
    found = judge(logged({"offer": [1.0] * 3, "no": [2.0] * 2, "gone": [3.0]}), OutcomeChoice.parse("state=offer"))
    assert (found.good, found.bad) == (3, 3)
    assert found.area is None
    assert not found.holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hired", "'offer' in the column 'hired' is neither yes nor no: say which words are good, --outcome hired=GOOD or"),
        ("hired=ofer", "no interview has 'ofer' in the column 'hired'; did you mean 'offer'?"),
        ("hired=xyz", "no interview has 'xyz' in the column 'hired'; there are offer, yes"),
        ("hired=offer:yess", "no interview has 'yess' in the column 'hired'; did you mean 'yes'?"),
    ],
)
def test_words_that_say_nothing_are_told(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        judge(logged({"offer": [1.0], "yes": [1.0], None: [2.0]}), OutcomeChoice.parse(text))
    assert str(error.value).startswith(f"--outcome: {message}")


def test_a_column_that_was_not_kept_is_told(tmp_path: Path) -> None:
    scores = write(tmp_path / "scores.parquet")
    with pytest.raises(UsageError, match="--outcome: there is no column 'teem'; did you mean 'team'"):
        measure([scores], outcome=OutcomeChoice("teem"))


def test_a_column_of_very_many_words_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misstep.batch.report.summing.VALUES", 1)
    with pytest.raises(UsageError, match="--outcome: the column 'team' has more than 1 different values"):
        measure([write(tmp_path / "scores.parquet")], outcome=OutcomeChoice("team", ("sales",)))


def test_an_outcome_is_no_group_unless_asked_for(tmp_path: Path) -> None:
    scores = write_rows(tmp_path / "scores.parquet", with_outcome(100))
    chosen = OutcomeChoice.parse("month=offer:rejected")
    assert [each.column for each in measure([scores], outcome=chosen).groupings] == ["team"]
    assert [each.column for each in measure([scores], ["month"], chosen).groupings] == ["month"]


def test_the_page_tells_what_holds_and_what_does_not(tmp_path: Path) -> None:
    chosen = OutcomeChoice.parse("month=offer:rejected")
    figures = measure([write_rows(tmp_path / "many.parquet", with_outcome(600))], outcome=chosen)
    found = figures.outcome
    assert found is not None
    assert found.area is not None
    assert found.interval is not None
    html = to_html(figures, sketch)
    told = f"(AUC {found.area:.3f}, 95% interval {found.interval[0]:.3f} to {found.interval[1]:.3f}"
    assert html.count("Damage goes with month: of two interviews of which one ended well, the other one has more damage in") == 2
    assert told in html
    assert 'href="#outcome">Damage and month</a>' in html
    few = to_html(measure([write_rows(tmp_path / "few.parquet", with_outcome(40))], outcome=chosen), sketch)
    assert "Damage goes" not in few
    assert "it takes 30 of each." in few
    none = [{**row, "damage": 50.0} for row in with_outcome(600)]
    same = to_html(measure([write_rows(tmp_path / "same.parquet", none)], outcome=chosen), sketch)
    assert "Chance may explain all that damage has to do with month here (AUC 0.500" in same


def test_a_log_of_nothing_has_no_outcome(tmp_path: Path) -> None:
    figures = measure([write_rows(tmp_path / "none.parquet", [])], outcome=OutcomeChoice.parse("month=offer"))
    assert "Damage and month" not in to_html(figures, sketch)
