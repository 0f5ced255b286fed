"""Logged interviews in; their scores by column out. Pure: the same records give the same columns, wherever it is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa

from misstep.api import RuleBase
from misstep.batch.baseline import Comparison, evaluated
from misstep.batch.columns import CERTAINTY, SCORES, TableName, Wanted, action_rows, certainty_values, finding_rows, scores
from misstep.batch.parts import Logged, Reject
from misstep.batch.summary import Tally
from misstep.batch.texts import decoded, encoded, has_words, is_text
from misstep.errors import Location, Problem, RecordError, UsageError

Row = tuple[Any, ...]

MOST_EXACT = 2**53  # beyond it a fraction in binary no longer tells whole numbers apart


@dataclass(slots=True)
class Scored:
    """What came of some records: rows by table, sums over them, and the records that were wrong."""

    rows: dict[TableName, list[Row]]
    comparison: Comparison | None
    tally: Tally = field(default_factory=Tally)
    rejects: list[Reject] = field(default_factory=list)

    def table(self, name: TableName, wanted: Wanted) -> pa.Table:
        """A table of what was scored."""
        schema = wanted.schema(name)
        columns: Iterable[Sequence[Any]] = zip(*self.rows[name], strict=True) if self.rows[name] else [()] * len(schema)
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def score_records(
    records: Iterable[Logged | Reject], file: str, rulebase: RuleBase, wanted: Wanted, baseline: RuleBase | None = None
) -> Scored:
    """Score the records of one file; a record that is wrong is a reject among them, and costs the others nothing. With a
    ``baseline``, what it says of them is compared."""
    comparison = Comparison.between(baseline, rulebase) if baseline else None
    scored = Scored({"interviews": [], **{table: [] for table in wanted.tables}}, comparison)
    interviews = scored.rows["interviews"]
    findings, actions = scored.rows.get("findings"), scored.rows.get("actions")
    for logged in records:
        if isinstance(logged, Reject):
            scored.rejects.append(logged)
            continue
        row, record, name, kept = logged
        result = evaluated(rulebase, record, name)
        if baseline is not None and comparison is not None:
            comparison.add(evaluated(baseline, record, name), result, file, row)
        if isinstance(result, RecordError):
            more = (Problem(Location(), f"and {result.omitted} more"),) if result.omitted else ()
            scored.rejects.append(Reject(file, row, (*result.problems, *more)))
            continue
        scored.tally.add(result)
        summary = rulebase.scores(result)
        key = (file, row, summary["id"])
        values = (*key, *kept, *scores(result, summary))
        if wanted.certainty:
            values = (*values, *certainty_values(rulebase, record))
        interviews.append((*values, rulebase.to_json(result).decode()) if wanted.assessment else values)
        if findings is not None:
            findings += [(*key, *found) for found in finding_rows(result)]
        if actions is not None:
            actions += [(*key, *action) for action in action_rows(result)]
    return scored


def score_batch(
    batch: pa.RecordBatch | pa.Table,
    rulebase: RuleBase | None = None,
    *,
    facts: str = "facts",
    id: str = "id",  # noqa: A002 - the field of a record
    assessment: bool = False,
    certainty: bool = False,
) -> pa.RecordBatch | pa.Table:
    """Score a batch of interviews, one a row: a pure function for Polars, DuckDB, pandas, Spark, Ray and whoever speaks Arrow.

    ``facts`` names the column with the facts: JSON text, a list or a whole record; or a list of structs, where nothing in a
    struct is what is not known. ``id`` names one with ids, if there is one. What comes out is the batch, or the table, in its
    order, with the columns of ``SCORES`` and ``error``: what is wrong with a record, which has no scores then. ``assessment``
    adds the whole assessment as JSON, the same bytes as ``assess_json`` gives; ``certainty`` the columns of ``CERTAINTY``.

    Raises UsageError where there is no such column, or it holds something else.
    """
    schema = scores_schema(batch.schema, assessment=assessment, certainty=certainty)
    _check_columns(batch.schema, facts, id)
    rules = rulebase or RuleBase.shipped()
    if isinstance(batch, pa.Table):
        parts = (
            score_batch(part, rules, facts=facts, id=id, assessment=assessment, certainty=certainty)
            for part in batch.to_batches()
        )
        return pa.Table.from_batches(parts, schema)
    records = _records(batch.column(facts))
    ids = decoded(batch.column(id)) if id in batch.schema.names else [None] * len(batch)
    added = list(schema)[len(batch.schema) :]
    nothing: Row = (None,) * (len(added) - 1)
    rows: list[Row] = []
    for record, name in zip(records, ids, strict=True):
        try:
            if record is None:
                raise RecordError("has no facts")
            evaluate = rules.evaluate_json if isinstance(record, bytes) else rules.evaluate
            result = evaluate(record, id=name or None)
        except RecordError as error:
            rows.append((*nothing, str(error)))
            continue
        values = scores(result, rules.scores(result))
        if certainty:
            values = (*values, *certainty_values(rules, record))
        rows.append((*values, *([rules.to_json(result).decode()] if assessment else []), None))
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(added)
    arrays = [pa.array(column, of.type) for column, of in zip(columns, added, strict=True)]
    return pa.RecordBatch.from_arrays([*batch.columns, *arrays], schema=schema)


def scores_schema(schema: pa.Schema, *, assessment: bool = False, certainty: bool = False) -> pa.Schema:
    """The schema of what ``score_batch`` makes of a batch with this one, for tools that want to know it beforehand.

    Raises UsageError where a column is in the way.
    """
    added = [
        *SCORES,
        *(CERTAINTY if certainty else []),
        *([("assessment", pa.string())] if assessment else []),
        ("error", pa.string()),
    ]
    if twice := {name for name, _ in added}.intersection(schema.names):
        raise UsageError(f"the batch has a column '{min(twice)}' already, which the scores would replace; rename it")
    return pa.schema([*schema, *[pa.field(name, type_) for name, type_ in added]], metadata=schema.metadata)


def _check_columns(schema: pa.Schema, facts: str, id_: str) -> None:
    names = schema.names
    if facts not in names:
        raise UsageError(f"the batch has no column '{facts}'; there are {', '.join(names) or 'none'}")
    for name in (facts, id_):
        if names.count(name) > 1:
            raise UsageError(f"the batch has the column '{name}' twice")
    of_facts = schema.field(facts).type
    if not (is_text(of_facts) or pa.types.is_null(of_facts) or _is_nested(of_facts)):
        raise UsageError(f"the column '{facts}' must be text with JSON, or lists of facts, not {of_facts}")
    if id_ in names and not (is_text(of_ids := schema.field(id_).type) or has_words(of_ids)):
        raise UsageError(f"the column '{id_}' must be text or a number, not {of_ids}")


def _is_nested(type_: pa.DataType) -> bool:
    """Whether values of a type are records, or lists of facts; a list that is nowhere filled is one of nulls."""
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_list_view, pa.types.is_large_list_view)
    if any(check(type_) for check in lists):
        type_ = type_.value_type
        return bool(pa.types.is_struct(type_) or pa.types.is_null(type_))
    return bool(pa.types.is_struct(type_))


def _records(column: pa.Array) -> list[Any]:
    if is_text(column.type):
        return encoded(column)
    return [_without_nulls(value) for value in column.to_pylist()]


def _without_nulls(value: Any) -> Any:
    """What a struct says of one fact. It has the fields of all kinds, and a field has the type that suits all of them: what
    is null is not said, and a whole number may come as a fraction."""
    if isinstance(value, dict):
        return {name: _without_nulls(held) for name, held in value.items() if held is not None}
    if isinstance(value, list):
        return [_without_nulls(held) for held in value]
    if isinstance(value, Decimal):
        value = float(value)
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= MOST_EXACT else value
