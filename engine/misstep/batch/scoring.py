"""Logged interviews in; their scores by column out. Pure: the same records give the same columns, wherever it is run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from misstep.api import RuleBase
from misstep.batch.baseline import Comparison, evaluated
from misstep.batch.columns import SCORES, TableName, Wanted, action_rows, finding_rows, scores
from misstep.batch.parts import Logged, Reject
from misstep.batch.summary import Tally
from misstep.errors import CallerError, Location, Problem, RecordError

Row = tuple[Any, ...]


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
        interviews.append((*values, rulebase.to_json(result).decode()) if wanted.assessment else values)
        if findings is not None:
            findings += [(*key, *found) for found in finding_rows(result)]
        if actions is not None:
            actions += [(*key, *action) for action in action_rows(result)]
    return scored


def score_batch(
    batch: pa.RecordBatch,
    rulebase: RuleBase | None = None,
    *,
    facts: str = "facts",
    id: str = "id",  # noqa: A002 - the field of a record
    assessment: bool = False,
) -> pa.RecordBatch:
    """Score a batch of interviews, one a row: a pure function for Polars, DuckDB, pandas, Spark, Ray and whoever speaks Arrow.

    ``facts`` names the column with the facts as JSON text, a list or a whole record; ``id`` one with ids, if there is one. What
    comes out is the batch, in its order, with the columns of ``SCORES`` and ``error``: what is wrong with a record, which has
    no scores then. ``assessment`` adds the whole assessment as JSON, the same bytes as ``assess_json`` gives.

    Raises CallerError where there is no such column, or it has no text.
    """
    rules = rulebase or RuleBase.shipped()
    added = [*SCORES, *([("assessment", pa.string())] if assessment else []), ("error", pa.string())]
    if twice := {name for name, _ in added}.intersection(batch.schema.names):
        raise CallerError(f"the batch has a column '{min(twice)}' already, which the scores would replace; rename it")
    texts, ids = _texts(batch, facts), _texts(batch, id) if id in batch.schema.names else [None] * len(batch)
    nothing: Row = (None,) * (len(added) - 1)
    rows: list[Row] = []
    for text, name in zip(texts, ids, strict=True):
        try:
            if text is None:
                raise RecordError("has no facts")
            result = rules.evaluate_json(text, id=name)
        except RecordError as error:
            rows.append((*nothing, str(error)))
            continue
        values = scores(result, rules.scores(result))
        rows.append((*values, *([rules.to_json(result).decode()] if assessment else []), None))
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(added)
    arrays = [pa.array(column, type_) for column, (_, type_) in zip(columns, added, strict=True)]
    fields = [*batch.schema, *[pa.field(name, type_) for name, type_ in added]]
    return pa.RecordBatch.from_arrays([*batch.columns, *arrays], schema=pa.schema(fields))


def _texts(batch: pa.RecordBatch, name: str) -> list[str | None]:
    if name not in batch.schema.names:
        raise CallerError(f"the batch has no column '{name}'; there are {', '.join(batch.schema.names) or 'none'}")
    column = batch.column(name)
    if not any(check(column.type) for check in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)):
        raise CallerError(f"the column '{name}' must be text, not {column.type}")
    texts: list[str | None] = column.to_pylist()
    return texts
