"""A batch in Arrow's columns is scored as each of its records is by itself."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow as pa
import pytest

from misstep import Limits, RuleBase, UsageError, score_batch, scores_schema
from misstep.batch.columns import CERTAINTY, SCORES
from misstep.tools.sample import sample_records

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
        assert row["assumed"] == sum(any(reason.basis == "assumed" for reason in finding.because) for finding in findings)
        due = [step.due_hours for step in assessment.steps if any(action.reach == "repairs" for action in step.actions)]
        assert row["due_hours"] == (due[0] if due else None)
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
    "no text": ({"facts": [1]}, "the column 'facts' must be text with JSON, or lists of facts, not int64"),
    "lists of something else": (
        {"facts": [["[]"]]},
        "the column 'facts' must be text with JSON, or lists of facts, not list<item: string>",
    ),
    "ids that are nothing to read": (
        {"facts": ["[]"], "id": [["a"]]},
        "the column 'id' must be text or a number, not list<item: string>",
    ),
    "a column in the way": (
        {"facts": ["[]"], "band": ["x"]},
        "the batch has a column 'band' already, which the scores would replace; rename it",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_batch_without_what_is_needed_is_refused(name: str) -> None:
    columns, says = CALLS[name]
    with pytest.raises(UsageError) as caught:
        score_batch(pa.RecordBatch.from_pydict(columns))
    assert str(caught.value) == says


def test_a_column_that_is_there_twice_is_refused() -> None:
    twice = pa.RecordBatch.from_arrays([pa.array(["[]"])] * 2, names=["facts", "facts"])
    with pytest.raises(UsageError, match="the batch has the column 'facts' twice"):
        score_batch(twice)


# what tools have: tables in pieces, many types of text, facts as structs, and batches without rows

JSON = [json.dumps({"facts": record["facts"]}) for record in RECORDS]
IDS = [record["id"] for record in RECORDS]
TEXTS: dict[str, pa.Array] = {
    "large text": pa.array(JSON, pa.large_string()),
    "views": pa.array(JSON, pa.string_view()),
    "bytes": pa.array(JSON, pa.binary()),
    "JSON": pa.ExtensionArray.from_storage(pa.json_(), pa.array(JSON)),
    "a dictionary": pa.array(JSON).dictionary_encode(),
    "a dictionary of large text": pa.array(JSON, pa.large_string()).dictionary_encode(),
}


@pytest.mark.parametrize("type_", TEXTS)
def test_text_is_text_whatever_its_type(type_: str, scored: list[dict[str, Any]]) -> None:
    for ids in (pa.array(IDS), pa.array(IDS, pa.string_view()), pa.array(IDS).dictionary_encode()):
        found = score_batch(pa.RecordBatch.from_arrays([ids, TEXTS[type_]], names=["id", "facts"]), assessment=True)
        assert found.column("assessment").to_pylist() == [row["assessment"] for row in scored]
        assert found.schema.field("facts").type == TEXTS[type_].type


def test_facts_as_structs_are_those_of_their_json() -> None:
    """A struct has the fields of all kinds, mostly null, and of numbers that are whole in one kind only, fractions."""
    logs = [_of_one_type(record["facts"]) for record in RECORDS]
    given = {"id": IDS, "facts": [json.dumps(facts) for facts in logs]}
    structs = given | {"facts": [[_with_fractions(fact) for fact in facts] for facts in logs]}
    as_text, as_structs = (score_batch(pa.RecordBatch.from_pydict(of), assessment=True) for of in (given, structs))
    assert pa.types.is_struct(as_structs.column("facts").type.value_type)
    assert as_text.column("error").null_count == len(RECORDS)
    assert as_structs.column("assessment") == as_text.column("assessment")


def _of_one_type(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Facts without the fields that are text in one kind, and true or a list in another: no struct can have both."""
    types: dict[str, set[str]] = {}
    for kind in SHIPPED.kinds.values():
        for field in kind.fields:
            types.setdefault(field.name, set()).add({"integer": "number", "enum": "text"}.get(field.type, field.type))
    return [{name: value for name, value in fact.items() if len(types.get(name, ())) < 2} for fact in facts]


def _with_fractions(fact: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if type(value) is int else value for name, value in fact.items()}


def test_decimals_in_structs_are_numbers() -> None:
    hours = [{"kind": "interview", "hours_since": 1.5}, {"kind": "late_arrival", "minutes": 12}]
    decimal = [{"kind": "interview", "hours_since": Decimal("1.5")}, {"kind": "late_arrival", "minutes": Decimal("12.0")}]
    one = score_batch(pa.RecordBatch.from_pydict({"facts": [hours]}), assessment=True)
    other = score_batch(pa.RecordBatch.from_pydict({"facts": [decimal]}), assessment=True)
    assert pa.types.is_decimal(other.column("facts").type.value_type.field("minutes").type)
    assert one.column("assessment") == other.column("assessment")
    assert one.column("error").to_pylist() == [None]


STRUCTS: dict[str, tuple[Any, str]] = {
    "a fraction": (
        [{"kind": "late_arrival", "minutes": 12.5}],
        "/facts/0/minutes: must be a whole number from 1 to 1440 (minutes)",
    ),
    "no number": (
        [{"kind": "late_arrival", "minutes": float("nan")}],
        "/facts/0/minutes: must be a whole number from 1 to 1440 (minutes)",
    ),
    "no kind": ([{"kind": None, "minutes": 12.0}], "/facts/0/kind: every fact needs a kind, which is text"),
    "nothing": (None, "has no facts"),
}


@pytest.mark.parametrize("name", STRUCTS)
def test_a_struct_that_is_wrong_costs_the_others_nothing(name: str) -> None:
    facts, says = STRUCTS[name]
    late = [{"kind": "late_arrival", "minutes": 12.0}]
    rows = score_batch(pa.RecordBatch.from_pydict({"facts": [late, facts, late]})).to_pylist()
    assert [row["error"] for row in rows] == [None, says, None]


def test_whole_records_as_structs_have_their_ids() -> None:
    records = [{"id": "own", "facts": [{"kind": "phone_rang"}]}, {"id": None, "facts": []}]
    found = score_batch(pa.RecordBatch.from_pydict({"id": [7, 8], "facts": records}), assessment=True)
    assert [json.loads(text)["id"] for text in found.column("assessment").to_pylist()] == ["own", "8"]


def test_a_column_of_nulls_has_no_facts_and_one_of_empty_lists_no_mistakes() -> None:
    nulls, lists = ({"facts": pa.nulls(2)}, {"facts": pa.array([[], []])})
    assert score_batch(pa.RecordBatch.from_pydict(nulls)).column("error").to_pylist() == ["has no facts"] * 2
    assert score_batch(pa.RecordBatch.from_pydict(lists)).column("damage").to_pylist() == [0.0, 0.0]


def test_an_empty_id_is_none() -> None:
    (text,) = score_batch(batch(LATE, id=[""]), assessment=True).column("assessment").to_pylist()
    assert json.loads(text)["id"] is None


def test_a_table_in_pieces_is_scored_as_one(scored: list[dict[str, Any]]) -> None:
    pieces = [pa.array(IDS[:100]), pa.array(IDS[100:])], [pa.array(JSON[:7]), pa.array([], pa.string()), pa.array(JSON[7:])]
    table = pa.table({name: pa.chunked_array(chunks) for name, chunks in zip(("id", "facts"), pieces, strict=True)})
    found = score_batch(table, assessment=True)
    assert isinstance(found, pa.Table)
    assert found.column("assessment").to_pylist() == [row["assessment"] for row in scored]
    assert score_batch(table, SHIPPED, facts="facts", id="other").schema == scores_schema(table.schema)


@pytest.mark.parametrize("assessment", [False, True])
def test_the_schema_is_known_beforehand(assessment: bool) -> None:
    given = pa.schema([("facts", pa.large_string()), pa.field("team", pa.string(), nullable=False)], metadata={"pandas": "{}"})
    wanted = scores_schema(given, assessment=assessment)
    for rows in ([], [{"facts": LATE, "team": "red"}]):
        for of in (pa.RecordBatch, pa.Table):
            found = score_batch(of.from_pylist(rows, given), assessment=assessment)
            assert found.schema.equals(wanted, check_metadata=True)
            assert len(found) == len(rows)


def test_a_table_without_rows_is_refused_for_the_same_reasons() -> None:
    with pytest.raises(UsageError, match="the batch has no column 'facts'; there are notes"):
        score_batch(pa.schema([("notes", pa.string())]).empty_table())


# and from the tools themselves, what their examples in docs/batch-tools.md do not show


def test_a_frame_of_pandas_keeps_its_index_and_its_types() -> None:
    frame = pandas.DataFrame({"facts": JSON[:6], "team": pandas.Categorical(["a", "b"] * 3), "month": [1, 2, 3, 4, 5, None]})
    some = frame[frame["team"] == "b"]
    found = score_batch(pa.Table.from_pandas(some)).to_pandas()
    pandas.testing.assert_frame_equal(found[["facts", "team", "month"]], some)
    assert list(found.index) == [1, 3, 5]


def test_missing_facts_of_pandas_are_none() -> None:
    frame = pandas.DataFrame({"facts": [LATE, None, float("nan")]})
    assert score_batch(pa.Table.from_pandas(frame)).column("error").to_pylist() == [None, "has no facts", "has no facts"]


def test_json_lines_that_duckdb_reads_are_taken(tmp_path: Path, scored: list[dict[str, Any]]) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(record) + "\n" for record in RECORDS), encoding="utf-8")
    read = duckdb.connect().read_json(str(log), columns={"id": "VARCHAR", "facts": "JSON"}).to_arrow_table()
    assert score_batch(read, assessment=True).column("assessment").to_pylist() == [row["assessment"] for row in scored]


def test_structs_that_duckdb_makes_are_taken() -> None:
    made = (
        duckdb.connect()
        .sql("""
        SELECT [{kind: 'late_arrival', minutes: 12.0, notified: NULL::BOOLEAN, times: NULL::BIGINT, about: NULL::VARCHAR},
                {kind: 'wrong_name', minutes: NULL, notified: NULL, times: 2, about: NULL}] AS facts
    """)
        .to_arrow_table()
    )
    (text,) = score_batch(made, assessment=True).column("assessment").to_pylist()
    record = [{"kind": "late_arrival", "minutes": 12}, {"kind": "wrong_name", "times": 2}]
    assert text == SHIPPED.assess(record).to_json().decode()


def test_text_of_polars_is_taken_in_both_of_its_forms() -> None:
    frame = polars.DataFrame({"id": IDS, "facts": JSON, "team": IDS}, schema_overrides={"team": polars.Categorical})
    old = score_batch(frame.to_arrow())
    new = score_batch(frame.to_arrow(compat_level=polars.CompatLevel.newest()))
    assert pa.types.is_string_view(new.schema.field("facts").type)
    assert old.column("damage") == new.column("damage")
    assert old.column("error").null_count == len(RECORDS)
    assert polars.DataFrame(new)["team"].to_list() == IDS


def test_how_certain_each_answer_is_stands_in_columns_of_its_own() -> None:
    records = RECORDS[:4]
    texts = [json.dumps(record["facts"]) for record in records]
    rows = score_batch(batch(*texts, "[{"), certainty=True)
    assert rows.schema.names == ["facts", *(name for name, _ in [*SCORES, *CERTAINTY]), "error"]
    assert rows.schema == scores_schema(batch().schema, certainty=True)
    *scored, wrong = rows.to_pylist()
    for row, record in zip(scored, records, strict=True):
        found = SHIPPED.certainty(record["facts"])
        assert (row["certainty_low"], row["certainty_high"], row["certainty_same"]) == (found.low, found.high, found.same)
        assert row["settled"] == found.settled
        named = list(dict.fromkeys(f"{each.kind}.{each.field}" for each in found.depends_on))
        assert row["depends_on"] == named[:5]
    assert all(wrong[name] is None for name, _ in CERTAINTY)


def test_a_record_too_large_for_it_has_scores_without() -> None:
    rules = RuleBase(SHIPPED.program, Limits(certainty=30))
    (row,) = score_batch(batch('[{"kind": "spill"}]'), rules, certainty=True).to_pylist()
    assert row["damage"] is not None
    assert [row[name] for name, _ in CERTAINTY] == [None] * len(CERTAINTY)
