"""Comparisons with peers and with earlier revisions: their tables, and that the kept table of peers is of one run."""

from __future__ import annotations

import json

import pytest
from benchmarks import before_after, narrowest, same_answers
from benchmarks.peers.contenders import CONTENDERS, Contender
from benchmarks.peers.report import DATA, DOCUMENT, PICTURE, SHOWN, save
from benchmarks.peers.table import Row, Run, render, times
from benchmarks.rounds import Ratio


@pytest.fixture(scope="module")
def kept() -> Run:
    return Run.from_data(json.loads(DATA.read_text("utf-8")))


def row(key: str, title: str, median: float, ours: bool = False) -> Row:
    return Row(key, title, f"note of {title}", ours, Ratio(median, median / 2, median * 2, median / 1e6))


def line_of(text: str, start: str) -> str:
    (found,) = [line for line in text.splitlines() if line.startswith(start)]
    return found


def aims_of(*rows: Row) -> str:
    """The second table, unwrapped."""
    return " ".join(render(Run("a machine", rows)).partition("\naims")[2].split())


def test_the_kept_run_is_whole(kept: Run) -> None:
    assert [row.key for row in kept.rows] == list(CONTENDERS)
    assert all(row.ratio and not row.absent for row in kept.rows)


def test_the_document_shows_the_kept_run(kept: Run) -> None:
    shown = SHOWN.search(DOCUMENT.read_text("utf-8"))
    assert shown is not None
    assert shown[0] == render(kept)


def test_the_picture_shows_the_kept_run(kept: Run) -> None:
    picture = PICTURE.read_text("utf-8")
    for row in kept.rows:
        assert row.ratio
        assert f">{row.title}<" in picture
        assert f">{times(row.ratio.median)} × (" in picture


def test_a_run_survives_json(kept: Run) -> None:
    assert Run.from_data(json.loads(json.dumps(kept.as_data()))) == kept


def test_a_row_has_its_figures() -> None:
    text = render(Run("a machine", (row("clips", "CLIPS", 40),)))
    assert line_of(text, "CLIPS").split() == ["CLIPS", "40.0", "(20.0-80.0)", "40.0", "25,000", "note", "of", "CLIPS"]


def test_what_is_not_there_is_named_with_the_reason() -> None:
    absent = Contender("x", "engine VERSION", "x", package="no_such_package", distribution="no-such-distribution")
    assert absent.absent() == "not installed: no-such-distribution"
    assert absent.named() == "engine"
    text = render(Run("a machine", (Row("x", absent.named(), "a note", False, absent=absent.absent()),)))
    assert line_of(text, "engine").split() == ["engine", "-", "-", "-", "not", "installed:", "no-such-distribution"]


def test_aims_are_reached() -> None:
    hand, ours = row("hand", "by hand", 1), row("ours-conclusions", "misstep", 2, ours=True)
    others = row("clips", "CLIPS", 30), row("drools", "Drools", 10)
    assert aims_of(hand, ours, *others).endswith("misstep 2.0 x: reached 5.0 x Drools: reached 15.0 x CLIPS: reached")


def test_aims_are_not_reached() -> None:
    hand, ours = row("hand", "by hand", 1), row("ours-conclusions", "misstep", 2.1, ours=True)
    others = row("clips", "CLIPS", 30), row("experta", "experta", 900), row("drools", "Drools", 10)
    assert aims_of(hand, ours, *others).endswith("misstep 2.1 x: not reached 4.8 x Drools: not reached 14.3 x CLIPS: reached")


def test_no_other_was_measured() -> None:
    ours = row("ours-answers", "misstep", 3, ours=True)
    assert aims_of(ours).endswith("misstep 3.0 x: not reached none was measured none was measured")


def test_without_the_rows_that_have_aims_there_are_none() -> None:
    assert "aims" not in render(Run("a machine", (row("hand", "by hand", 1), row("clips", "CLIPS", 40))))


def test_part_of_a_run_is_not_kept() -> None:
    before = DATA.read_bytes(), PICTURE.read_bytes(), DOCUMENT.read_bytes()
    said = save(Run("a machine", tuple(row(key, key, 2) for key in CONTENDERS if key not in ("zen", "clips"))))
    assert said == "not saved: there is no figure of clips, zen"
    assert before == (DATA.read_bytes(), PICTURE.read_bytes(), DOCUMENT.read_bytes())


# -- two revisions

SAME = [("assess", "seed.json", '{"damage": 3}'), ("HTTP", "GET /kinds", "status 200\n[]")]


def test_equal_answers_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert same_answers.compare(["assess", "HTTP"], iter(SAME), iter(SAME))
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["assess", "1", "answers", "0", "differ"],
        ["HTTP", "1", "answers", "0", "differ"],
    ]


def test_the_first_difference_of_a_door_is_shown_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    other = [("assess", "seed.json", '{"damage": 4}'), SAME[1]]
    assert not same_answers.compare(["assess", "HTTP"], iter(SAME), iter(other))
    shown = capsys.readouterr().out
    assert line_of(shown, "assess").split() == ["assess", "1", "answers", "1", "differ"]
    assert "    seed.json: at /damage\n    - 3\n    + 4\n" in shown


def test_an_answer_that_one_revision_does_not_give_is_a_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert not same_answers.compare(["assess", "HTTP"], iter(SAME), iter(SAME[:1]))
    assert "GET /kinds: only old answers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ('{"a": [1, {"b": 2}]}', '{"a": [1, {"b": 3}]}', "at /a/1/b\n- 2\n+ 3"),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', 'at the keys of \'\'\n- ["a", "b"]\n+ ["b", "a"]'),
        ('{"a": [1]}', '{"a": [1, 2]}', "at /a\n- [1]\n+ [1, 2]"),
        ('{"a": 1}', '{"a": 1.0}', "at /a\n- 1\n+ 1.0"),
        ("status 200\n[1]", "status 200\n[2]", "at /0\n- 1\n+ 2"),
        ("One.\nTwo.", "One.\nThree.", "\n@@ -1,2 +1,2 @@\n One.\n-Two.\n+Three."),
        ('{"a":1}', '{"a": 1}', '\n@@ -1 +1 @@\n-{"a":1}\n+{"a": 1}'),
    ],
)
def test_a_difference_is_short(old: str, new: str, shown: str) -> None:
    assert same_answers.difference(("assess", "x", old), ("assess", "x", new)) == shown


def test_only_digest_version_seconds_and_folder_are_masked() -> None:
    one = f'{{"digest":"sha256:{"0" * 64}","misstep": "0.1.0","seconds":1.5,"file":"/tmp/misstep-two-abc/old/x","damage":1}}'
    other = f'{{"digest":"sha256:{"f" * 64}","misstep": "0.2.0","seconds":2e-3,"file":"/tmp/misstep-two-abc/new/x","damage":1}}'
    assert same_answers.equal_when_masked(("HTTP", "x", one), ("HTTP", "x", other))
    assert not same_answers.equal_when_masked(("HTTP", "x", one), ("HTTP", "x", other.replace('"damage":1', '"damage":2')))
    assert not same_answers.equal_when_masked(("HTTP", "x", one), ("HTTP", "y", other))
    assert not same_answers.equal_when_masked(("HTTP", "x", one), None)


def test_a_row_is_slower_that_is_slower_in_every_round() -> None:
    ratios = {"assess": [1.2, 1.11, 1.3], "load": [1.5, 1.0, 1.5], "score": [0.5, 0.5, 0.5]}
    assert before_after.slower(ratios) == ["assess"]
    table = before_after.render(ratios, {row: [0.001] for row in ratios})
    assert line_of(table, "assess").split() == ["assess", "1.000", "1.200", "1.110", "1.300", "1.201", "slower"]
    assert line_of(table, "score").split() == ["score", "1.000", "0.500", "0.500", "0.500", "0.500"]
    assert line_of(table, "all rows").split() == ["all", "rows", "0.923"]


# -- how narrow ranges could be


def test_the_narrowest_range_holds_seven_in_eight() -> None:
    assert narrowest.narrowest([0, 10, 11, 12, 13, 14, 15, 16]) == 6
    assert narrowest.narrowest([0, 1, 50, 51]) == 51


def test_cases_are_put_together_by_their_mistakes() -> None:
    (line,) = narrowest.report(with_kinds=False)
    kinds = [*narrowest.report(with_kinds=True)]
    assert kinds[-1] == line
    assert line.startswith(f"{len(kinds) - 1} groups, ")
