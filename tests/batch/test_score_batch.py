"""A batch in Arrow's columns is scored as each of its records is by itself."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from misstep import CallerError, RuleBase
from misstep.batch.columns import SCORES
from misstep.batch.scoring import score_batch
from misstep.sample import sample_records

SHIPPED = RuleBase.shipped()
RECORDS = list(sample_records(SHIPPED, 300, seed=3))


def batch(*texts: str | None, **columns: list[Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"facts": pa.array(texts, pa.string()), **columns})


@pytest.fixture(scope="module")
def scored() -> list[dict[str, Any]]:
    texts = [json.dumps(record["facts"]) for record in RECORDS]
    ids = [record["id"] for record in RECORDS]
    rows: list[dict[str, Any]] = score_batch(batch(*texts, id=ids), assessment=True).to_pylist()
    return rows


@pytest.mark.parametrize("column", ["damage", "damage_after", "band", "verdict", "outlook", "acts"])
def test_a_score_is_that_of_the_assessment(column: str, scored: list[dict[str, Any]]) -> None:
    assert [row[column] for row in scored] == [getattr(SHIPPED.assess(record), column) for record in RECORDS]


def test_findings_and_actions_are_those_of_the_assessment(scored: list[dict[str, Any]]) -> None:
    for row, record in zip(scored, RECORDS, strict=True):
        assessment = SHIPPED.assess(record)
        findings, actions = assessment.findings, [action.action for action in assessment.actions]
        assert row["mistakes"] == len(findings)
        assert row["worst"] == (findings[0].kind if findings else None)
        assert row["worst_severity"] == max((f.severity for f in findings), default=None)
        assert (row["actions"], row["first_action"]) == (actions, actions[0] if actions else None)
        assert row["rules"] == len({reason.rule for finding in findings for reason in finding.because})


def test_the_whole_assessment_is_the_same_to_the_byte(scored: list[dict[str, Any]]) -> None:
    assert [row["assessment"] for row in scored] == [SHIPPED.assess_json(json.dumps(r)).decode() for r in RECORDS]


def test_the_columns_have_their_types_and_the_batch_its_own() -> None:
    found = score_batch(batch("[]", team=["red"])).schema
    assert found.names == ["facts", "team", *(name for name, _ in SCORES), "error"]
    assert [found.field(name).type for name, _ in SCORES] == [type_ for _, type_ in SCORES]
    assert score_batch(batch()).schema == score_batch(batch("[]")).schema


LATE = '[{"kind": "late_arrival"}]'
WRONG: dict[str, tuple[str | None, str]] = {
    "nothing": (None, "has no facts"),
    "no JSON": ("[{", "<record>:1:3: not valid JSON: Expecting property name enclosed in double quotes"),
    "an unknown kind": (
        '[{"kind": "late_arival"}]',
        "<record>:1:12: /facts/0/kind: there is no such kind; did you mean 'late_arrival'?",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_record_that_is_wrong_costs_the_others_nothing(name: str) -> None:
    text, says = WRONG[name]
    before, wrong, after = score_batch(batch(LATE, text, LATE)).to_pylist()
    assert (before["error"], wrong["error"], after["error"]) == (None, says, None)
    assert before["damage"] == after["damage"] == SHIPPED.assess([{"kind": "late_arrival"}]).damage
    assert {wrong[column] for column, _ in SCORES} == {None}


def test_an_id_that_is_none_is_wrong() -> None:
    one, other = score_batch(batch(LATE, LATE, id=["a", "x" * 201])).to_pylist()
    assert (one["error"], other["error"]) == (None, "/id: must be text of 1 to 200 characters")


def test_an_id_of_the_record_goes_before_that_of_the_column() -> None:
    texts = [json.dumps({"id": "own", "facts": []}), json.dumps({"facts": []})]
    rows = score_batch(batch(*texts, id=["other", "other"]), assessment=True).to_pylist()
    assert [json.loads(row["assessment"])["id"] for row in rows] == ["own", "other"]


CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "no such column": ({"notes": ["x"]}, "the batch has no column 'facts'; there are notes"),
    "no text": ({"facts": [1]}, "the column 'facts' must be text, not int64"),
    "a column in the way": (
        {"facts": ["[]"], "band": ["x"]},
        "the batch has a column 'band' already, which the scores would replace; rename it",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_batch_without_what_is_needed_is_refused(name: str) -> None:
    columns, says = CALLS[name]
    with pytest.raises(CallerError) as caught:
        score_batch(pa.RecordBatch.from_pydict(columns))
    assert str(caught.value) == says
