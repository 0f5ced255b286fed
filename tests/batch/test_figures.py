"""Every figure of a report against a plain computation over the rows, however they are cut into batches."""

from __future__ import annotations

import random
import statistics
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.batch.scored import write, write_table

from misstep.analysis.calibration.statistics import student_quantile, wilson
from misstep.api import RuleBase
from misstep.batch import results
from misstep.batch.columns import OutputOptions
from misstep.batch.report import summing
from misstep.batch.report.figures import Distribution, Grouping, LogFigures, ValueGroup
from misstep.batch.report.summing import measure
from misstep.batch.results import Scores
from misstep.batch.summary import Summary, Tally
from misstep.errors import UsageError

BANDS = ("trivial", "minor", "moderate", "serious", "fatal")
VERDICTS = ("let_go", "prepare", "follow_up", "act_today", "act_now", "nothing_to_send")
FORMS = ["scores.parquet", "scores.jsonl", "scores.csv"]
Row = dict[str, Any]


def rows(count: int, seed: int = 5) -> list[Row]:
    """Interviews as they might be: scores that belong to no rules, but with ties, gaps and bounds."""
    draw = random.Random(seed)
    made = []
    for row in range(1, count + 1):
        mistakes = draw.choice([0, 1, 2])
        rules = mistakes and draw.choice([0, 3])
        actions = draw.sample(["apologise", "wait", "write"], draw.randint(0, 3))
        made.append({
            "file": draw.choice(["a.jsonl", "b.jsonl"]), "row": row, "id": draw.choice([None, f"iv-{row}"]),
            "team": draw.choice(["Sales", "Care", "<b>", None]), "month": draw.choice(["2025-2", "2025-10", "2025-1"]),
            "damage": draw.choice([0.0, 0.1, 49.9, 50.0, 99.9, 100.0, draw.randint(0, 1000) / 10]),
            "damage_after": draw.randint(0, 1000) / 10, "band": draw.choice(BANDS),
            "verdict": draw.choice(VERDICTS), "outlook": "open", "acts": False, "due_hours": None,
            "mistakes": mistakes, "assumed": draw.randint(0, mistakes), "worst": "late_arrival" if mistakes else None,
            "worst_severity": draw.choice([3.0, 5.5]) if mistakes else None,
            "first_occasion": draw.choice(["message", "before_next_time"]) if actions else None,
            "first_action": actions[0] if actions else None, "actions": actions, "rules": rules,
        })  # fmt: skip
    return made


def write_rows(output: Path, made: list[Row]) -> Scores:
    schema = OutputOptions(("team", "month")).schema("interviews")
    summary = Summary.of(
        RuleBase.shipped(), ["a.jsonl"], interviews=len(made), rejects=0, examples=[], tally=Tally(), keep=["team", "month"]
    )
    return write_table(output, pa.Table.from_pylist(made, schema), summary)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("cut", [7, 65_536])
def test_figures_of_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, cut: int) -> None:
    monkeypatch.setattr(results, "ROWS", cut)
    made = rows(400)
    found = measure([write_rows(tmp_path / name, made)])
    damage = sorted(row["damage"] for row in made)
    assert found.damage.interviews == found.interviews == 400
    assert found.damage.mean == pytest.approx(statistics.fmean(damage), abs=1e-12)
    assert found.damage.quantile(0.5) == damage[199]
    assert found.damage.quantile(0.9) == damage[359]
    assert found.damage.bins(5) == [sum(min(int(d / 5 + 1e-9), 19) == i for d in damage) for i in range(20)]
    assert found.damage.some.interviews == sum(d > 0 for d in damage)
    assert found.mean_after == pytest.approx(statistics.fmean(row["damage_after"] for row in made), abs=1e-12)
    assert found.bands == tuple((band, sum(row["band"] == band for row in made)) for band in BANDS)
    assert found.verdicts == tuple((verdict, sum(row["verdict"] == verdict for row in made)) for verdict in VERDICTS)
    assert {(o.title, o.first) for o in found.occasions} == {
        (title, sum(row["first_occasion"] == occasion for row in made))
        for occasion, title in (("message", "One message"), ("before_next_time", "Before the next interview"))
    }
    assert [o.first for o in found.occasions] == sorted((o.first for o in found.occasions), reverse=True)
    assert found.severe == ("serious", "fatal")
    assert found.severe_count == sum(row["band"] in found.severe for row in made)
    assert {(a.action, a.count, a.first) for a in found.actions} == {
        (action, sum(action in row["actions"] for row in made), sum(action == row["first_action"] for row in made))
        for action in ("apologise", "wait", "write")
    }
    assert [a.count for a in found.actions] == sorted((a.count for a in found.actions), reverse=True)
    worst = sorted(made, key=lambda r: (-r["damage"], -(r["worst_severity"] or 0), r["file"], r["row"]))[:10]
    assert [(w.file, w.row, w.id, w.damage) for w in found.worst] == [(r["file"], r["row"], r["id"], r["damage"]) for r in worst]
    assert [w.worst for w in found.worst] == ["Arrived late" if r["worst"] else "" for r in worst]
    assert (found.guessed.interviews, found.guessed.mistakes, found.guessed.of) == (
        sum(row["assumed"] > 0 for row in made),
        sum(row["assumed"] for row in made),
        sum(row["mistakes"] for row in made),
    )
    unjudged = [r for r in made if r["mistakes"] and not r["rules"]]
    assert found.untouched.clean == sum(not r["mistakes"] for r in made)
    assert found.untouched.unjudged == len(unjudged)
    assert found.untouched.examples == tuple((r["file"], r["row"]) for r in unjudged[:20])
    assert [grouping.column for grouping in found.groupings] == ["team", "month"]
    for grouping in found.groupings:
        for row in made if grouping.column == "month" else ():
            year, month = row["month"].split("-")
            row["month"] = f"{year}-{month:>02}"
        values = {row[grouping.column] for row in made}
        assert {g.value for g in grouping.groups} == values
        for group in grouping.groups:
            own = [row for row in made if row[grouping.column] == group.value]
            severe = sum(row["band"] in found.severe for row in own)
            assert (group.interviews, group.severe) == (len(own), severe)
            assert group.mean == pytest.approx(statistics.fmean(row["damage"] for row in own), abs=1e-12)
            assert group.median == sorted(row["damage"] for row in own)[-(-len(own) // 2) - 1]
            assert group.mistakes == pytest.approx(statistics.fmean(row["mistakes"] for row in own), abs=1e-12)
            reach = student_quantile(len(own) - 1) * statistics.stdev(row["damage"] for row in own) / len(own) ** 0.5
            assert group.interval == pytest.approx((group.mean - reach, group.mean + reach), abs=1e-9)
            assert (group.share, group.low, group.high) == (severe / len(own), *wilson(severe, len(own)))
        if grouping.period:
            assert [g.value for g in grouping.groups] == ["2025-01", "2025-02", "2025-10"]
        else:
            assert [g.interviews for g in grouping.groups] == sorted((g.interviews for g in grouping.groups), reverse=True)


def test_figures_of_mistakes_and_rules(tmp_path: Path) -> None:
    scores = write(tmp_path / "scores.parquet")
    found = measure([scores])
    kinds = scores.summary.kinds
    assert {m.kind for m in found.mistakes} == set(kinds)
    assert sum(m.share for m in found.mistakes) == pytest.approx(1)
    for m in found.mistakes:
        assert (m.count, m.interviews) == (kinds[m.kind].count, kinds[m.kind].interviews)
        assert m.share == kinds[m.kind].damage / sum(k.damage for k in kinds.values())
        assert m.mean == kinds[m.kind].severity / 1000 / m.count
        assert m.title == RuleBase.shipped().kinds[m.kind].title
    assert [m.interviews for m in found.mistakes] == sorted((m.interviews for m in found.mistakes), reverse=True)
    assert {rule for rule, _ in found.silent} == RuleBase.shipped().rules.keys() - scores.summary.fired.keys()
    assert found.untouched.clean >= 1
    assert ("logs.jsonl", 89) in found.untouched.examples


def test_two_results_are_as_one(tmp_path: Path) -> None:
    made = rows(100)
    whole = measure([write_rows(tmp_path / "all.parquet", made)])
    halves = [write_rows(tmp_path / "1.parquet", made[:37]), write_rows(tmp_path / "2.csv", made[37:])]
    assert measure(halves) == whole


def test_groups_are_those_that_were_asked_for(tmp_path: Path) -> None:
    scores = write_rows(tmp_path / "scores.parquet", rows(50))
    assert [g.column for g in measure([scores], ["month", "file", "month"]).groupings] == ["month", "file"]
    assert measure([scores], []).groupings == ()
    with pytest.raises(UsageError) as error:
        measure([scores], ["teem"])
    assert str(error.value) == "--by: there is no column 'teem' to group by; did you mean 'team'?"
    with pytest.raises(UsageError) as error:
        measure([scores], ["x"])
    assert str(error.value) == (
        "--by: there is no column 'x' to group by; the result has team, month, file: "
        "`misstep score --keep COLUMN` carries columns of the input along"
    )


def test_a_column_of_very_many_values_is_no_grouping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summing, "VALUES", 2)
    monkeypatch.setattr(results, "ROWS", 10)
    found = measure([write_rows(tmp_path / "scores.parquet", rows(50))], ["team", "file"])
    assert [len(g.groups) for g in found.groupings] == [0, 2]


def test_a_file_that_was_changed_is_told(tmp_path: Path) -> None:
    made = rows(5)
    write_rows(tmp_path / "a.jsonl", made)
    lines = (tmp_path / "a.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines[:3]))
    with pytest.raises(UsageError) as error:
        measure([results.read_scores(tmp_path / "a.jsonl")])
    assert str(error.value) == f"{tmp_path}/a.jsonl: has 3 interviews where 5 were scored; it was changed since"


def test_nothing_at_all(tmp_path: Path) -> None:
    found: LogFigures = measure([write_rows(tmp_path / "none.parquet", [])])
    assert (found.interviews, found.damage.mean, found.worst, found.mistakes) == (0, 0.0, (), ())
    assert found.damage.quantile(0.5) == 0


def test_all_interviews_may_come_to_the_same() -> None:
    full = Distribution((0,) * 1000 + (3,))
    assert (full.mean, full.quantile(0.5), full.bins(5)[-1], full.bins(50)) == (100, 100, 3, [0, 3])


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["2025-10", "2025-2", None], ["2025-2", "2025-10", None]),
        (["10", "9"], ["9", "10"]),
        (["2024-12-31", "2024-02-01"], ["2024-02-01", "2024-12-31"]),
        (["2025-Q3", "2025-Q1"], ["2025-Q1", "2025-Q3"]),
        (["Care", "2025-1", "Sales"], ["Care", "2025-1", "Sales"]),
    ],
)
def test_what_has_an_order_stands_in_it_and_others_worst_first(values: list[str | None], order: list[str | None]) -> None:
    groups = tuple(ValueGroup(value, 9, 50.0, 50.0 - i, None, 1, 0.1, 0.0, 0.3, 1.0) for i, value in enumerate(values))
    assert [g.value for g in Grouping("c", groups).chief(5)] == order
    assert [g.value for g in Grouping("c", groups).chief(1)] == values[:1]
