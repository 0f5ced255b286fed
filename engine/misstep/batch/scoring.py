"""A batch of interviews in, one a row; their scores out, by column. Pure: the same records give the same columns anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from misstep.api import RuleBase
from misstep.batch.columns import SCORES, scores
from misstep.errors import CallerError, RecordError

Row = tuple[Any, ...]


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
