"""Whether what is said of certainty holds is measured as it is said: by hand on a few cases, and on the shipped ones."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.analysis.test_certainty import TOAST, USUAL, measured
from tests.end_to_end.command import FIXTURES
from tests.inline import load_text

from misstep import RecordError, RuleBase, UsageError
from misstep.analysis.calibration.certainty_figures import MOST_NUMBERS, is_refuted, single_answers
from misstep.analysis.calibration.certainty_report import to_markdown, to_text
from misstep.language.facts import Field, Kind

TOASTER = load_text(TOAST + USUAL)
CASES = [{"record": [{"kind": "toast", "how": how, "slices": slices}]} for how in ("brown", "black") for slices in (1, 2, 5)]


def test_the_figures_can_be_counted_by_hand() -> None:
    found = TOASTER.measure_certainty(CASES)
    kinds, five, whole = found.rows
    assert (found.cases, kinds.given, five.given, whole.given) == (6, 0, 5, None)
    told = TOASTER.certainty([{"kind": "toast"}])
    damages = [TOASTER.assess(case["record"]).damage for case in CASES]
    assert kinds.held.value == sum(told.low <= damage <= told.high for damage in damages) / 6
    assert kinds.width == round(told.high - told.low, 1)
    assert (five.width, five.held, five.kept) == (whole.width, whole.held, whole.kept)  # all of them say two things
    assert (whole.settled, whole.refuted, whole.held.value) == (6, 0, 1.0)


def test_the_same_seed_leaves_out_the_same() -> None:
    assert TOASTER.measure_certainty(CASES, seed=3) == TOASTER.measure_certainty(CASES, seed=3)


def test_what_is_not_settled_is_refuted() -> None:
    toast = measured(TOASTER)
    assert is_refuted([{"kind": "toast"}], toast)
    assert is_refuted([{"kind": "toast", "how": "unknown", "slices": 2}], toast)
    assert not is_refuted([{"kind": "toast", "how": "black", "slices": 2}], toast)
    answered = list(single_answers([{"kind": "smoke"}], TOASTER.program))
    assert answered[0] == [{"kind": "smoke"}, {"kind": "kitchen", "alarm": False}]


@pytest.mark.parametrize(
    ("field", "least", "greatest"),
    [
        (Field("n", "integer", minimum=1, maximum=1440), 1, 1440),
        (Field("n", "integer", minimum=7, maximum=7), 7, 7),
        (Field("n", "integer", minimum=3), 3, 1003),
        (Field("n", "integer", maximum=1.5), -1000, 1),
        (Field("n", "integer"), -1000, 1000),
        (Field("n", "number", minimum=0, maximum=0.4996), 0, 0.4996),
        (Field("n", "number", minimum=0, maximum=90), 0, 90),
    ],
)
def test_of_numbers_both_ends_are_tried(field: Field, least: float, greatest: float) -> None:
    fact = Kind("f", "signal", "F", (field,))
    program = replace(TOASTER.program, kinds={"f": fact})
    tried = [record[0]["n"] for record in single_answers([{"kind": "f"}], program)]
    assert (min(tried), max(tried)) == (tried[0], tried[-1]) == (least, greatest)
    assert len(tried) <= MOST_NUMBERS + 1
    assert len(set(tried)) == len(tried)


def test_of_the_shipped_cases_nothing_settled_is_refuted() -> None:
    lines = (FIXTURES / "cases" / "dev.jsonl").read_text(encoding="utf-8").splitlines()[:12]
    found = RuleBase.shipped().measure_certainty(map(json.loads, lines))
    assert found.cases == 12
    assert found.settled
    assert found.refuted == sum(row.refuted for row in found.rows) == 0
    assert all(row.held.value is not None and row.held.value >= 0.5 for row in found.rows)
    assert found.rows[0].width >= found.rows[1].width


def test_it_is_shown_as_text_and_as_markdown() -> None:
    found = TOASTER.measure_certainty(CASES)
    for shown in (to_text(found), to_markdown(found)):
        assert "kinds only" in shown
        assert "5 answers" in shown
        assert "Refuted by trying all single answers: 0." in shown
    assert json.loads(found.to_json())["rows"][0]["given"] == 0
    one = to_text(replace(found, cases=1, rows=(), settled=1))
    assert one.startswith("unnamed 0 on 1 case: certainty\n")
    assert "Called settled: 1 record, 1 of them" in one


def test_cases_that_are_wrong_are_told_and_the_others_measured() -> None:
    found = TOASTER.measure_certainty([*CASES, {"record": [{"kind": "tost"}]}, {"expert": {}}])
    assert found.cases == 6
    assert [str(problem) for problem in found.problems] == [
        "/6/record/0/kind: there is no such kind; did you mean 'toast'?",
        "/7: a judged case is a mapping {record: ..., expert: ..., ...}",
    ]
    assert json.loads(found.to_json())["problems"][1] == {
        "location": {"file": "", "line": 0, "column": 0, "pointer": "/7"},
        "message": "a judged case is a mapping {record: ..., expert: ..., ...}",
        "subject": "",
    }
    with pytest.raises(RecordError, match="/0/record"):
        TOASTER.measure_certainty([{"record": 3}])
    with pytest.raises(UsageError, match="there are no cases"):
        TOASTER.measure_certainty([])
