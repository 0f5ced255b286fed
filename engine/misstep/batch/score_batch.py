"""Logged interviews in; their scores by column out. Pure: the same records give the same columns on every machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa

from misstep.analysis.reading import READ
from misstep.api import RuleBase
from misstep.batch.arrow import decoded, has_words, is_nested, is_text, records_of, rows_of_batch
from misstep.batch.baseline import Comparison, responsible_of
from misstep.batch.columns import (
    KIND_OF_FINDING,
    TABLES,
    ColumnValues,
    OutputOptions,
    TableName,
    answer_columns,
    answer_values,
    read_rows,
    rows_or_error,
    to_arrays,
)
from misstep.batch.notes import NoteReader
from misstep.batch.parts import USUAL_FACTS, Logged, Reject
from misstep.batch.summary import Tally
from misstep.errors import Location, Problem, RecordError, UsageError
from misstep.language.facts import MAX_ID

if TYPE_CHECKING:
    from misstep.batch.mapping.row_mapping import RowMapping


@dataclass(slots=True)
class Scored:
    """The results of some records: rows by table, sums over them, and the rejects."""

    rows: dict[TableName, list[ColumnValues]]
    comparison: Comparison | None
    tally: Tally = field(default_factory=Tally)
    rejects: list[Reject] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)

    def table(self, name: TableName, wanted: OutputOptions) -> pa.Table:
        """One of the tables."""
        schema = wanted.schema(name)
        return pa.table(to_arrays(self.rows[name], schema), schema=schema)


def score_records(
    records: Iterable[Logged | Reject],
    file: str,
    rulebase: RuleBase,
    wanted: OutputOptions,
    baseline: RuleBase | None = None,
    notes: NoteReader | None = None,
) -> Scored:
    """Score the records of one file; an invalid record is a reject, and costs the others nothing. With a ``baseline``, its
    answers are compared. With a reader of ``notes``, the last of the values that are carried along is read for facts, and goes no
    further."""
    comparison = Comparison.between(baseline, rulebase) if baseline else None
    scored = Scored({"interviews": [], **{table: [] for table in wanted.tables}}, comparison)
    interviews, findings, actions = (scored.rows.get(table, []) for table in TABLES)
    for logged in records:
        if isinstance(logged, Reject):
            scored.rejects.append(logged)
            continue
        row, record, name, kept = logged
        note, told = None, None
        if notes is not None:
            kept, note = kept[:-1], kept[-1]
            try:
                record, told = notes.add(record, note)
            except RecordError as error:
                scored.rejects.append(Reject(file, row, error.problems, id_of(logged)))
                continue
        rows = rows_or_error(rulebase, record, name, wanted.tables, wanted.assessment)
        if baseline is not None and comparison is not None:
            before = rows_or_error(baseline, record, name)
            comparison.add(before, rows, file, row, responsible_of(baseline, rulebase, record, name))
        if isinstance(rows, RecordError):
            more = (Problem(Location(), f"and {rows.omitted} more"),) if rows.omitted else ()
            scored.rejects.append(Reject(file, row, (*rows.problems, *more), id_of(logged)))
            continue
        scored.tally.add(rows)
        if told is not None:
            scored.tally.add_notes(note, told)
        key = (file, row, rows.id)
        scored.ids.append(rows.id)
        interviews.append((*key, *kept, *answer_values(rulebase, rows, record, wanted.certainty, told)))
        for found in rows.findings or ():
            findings.append((*key, *found) if told is None else (*key, *found, found[KIND_OF_FINDING] in told))
        for action in rows.actions or ():
            actions.append((*key, *action))
    return scored


def id_of(logged: Logged) -> str | None:
    """The id of a logged interview, which may be wrong elsewhere."""
    if logged.id is not None:
        return logged.id
    try:
        data = orjson.loads(logged.record)
    except orjson.JSONDecodeError:
        return None
    id_ = data.get("id") if isinstance(data, dict) else None
    return id_ if isinstance(id_, str) and 0 < len(id_) <= MAX_ID else None


def score_batch(
    batch: pa.RecordBatch | pa.Table,
    rulebase: RuleBase | None = None,
    *,
    facts: str = "facts",
    id: str = "id",  # noqa: A002 - the field of a record
    mapping: RowMapping | None = None,
    from_notes: str | None = None,
    notes_score: float = READ,
    assessment: bool = False,
    certainty: bool = False,
) -> pa.RecordBatch | pa.Table:
    """Score a batch of interviews, one a row: a pure function for Polars, DuckDB, pandas, Spark, Ray and other tools with Arrow.

    ``facts`` names the column with the facts: JSON text, a list or a whole record; or a list of structs, where a null is
    unknown. ``id`` names the column with ids, if there is one. With a ``mapping`` both come of it. ``from_notes`` names a column
    of text that is read for further facts: suggestions with at least ``notes_score``; then there need be no facts. The result is
    the batch, or the table, in its order, with the columns of ``SCORES`` and ``error``: the message about an invalid record,
    which has no scores. ``assessment`` adds the whole assessment as JSON, the same bytes as ``assess_json`` gives; ``certainty``
    the columns of ``CERTAINTY``, ``from_notes`` a column of that name with the kinds that were read.

    Raises UsageError about a column that is missing or of another type.
    """
    reads = from_notes is not None
    schema = scores_schema(batch.schema, assessment=assessment, certainty=certainty, notes=reads)
    if mapping is None:
        _check_columns(batch.schema, facts, id, needs_facts=not reads or facts != USUAL_FACTS)
    if from_notes is not None:
        _check_notes(batch.schema, from_notes)
    rules = rulebase or RuleBase.shipped()
    reader = NoteReader(rules, notes_score) if reads else None
    if isinstance(batch, pa.Table):
        parts = (
            score_batch(
                part,
                rules,
                facts=facts,
                id=id,
                mapping=mapping,
                from_notes=from_notes,
                notes_score=notes_score,
                assessment=assessment,
                certainty=certainty,
            )
            for part in batch.to_batches()
        )
        return pa.Table.from_batches(parts, schema)
    if mapping is None:
        records = records_of(batch.column(facts)) if facts in batch.schema.names else [None] * len(batch)
        ids = decoded(batch.column(id)) if id in batch.schema.names else [None] * len(batch)
    else:
        made = [mapping.record(row) for row in rows_of_batch(batch)]
        records, ids = [row.facts for row in made], [row.id for row in made]
    notes = decoded(batch.column(from_notes)) if from_notes is not None else [None] * len(batch)
    added = list(schema)[len(batch.schema) :]
    nothing: ColumnValues = (None,) * (len(added) - 1)
    rows: list[ColumnValues] = []
    for record, name, note in zip(records, ids, notes, strict=True):
        told: list[str] | None = None
        try:
            if reader is not None:
                record, told = reader.add(record, note)
            if record is None:
                raise RecordError("has no facts")
            scored = read_rows(rules, record, name or None, whole=assessment)
        except RecordError as error:
            rows.append((*nothing, str(error)))
            continue
        rows.append((*answer_values(rules, scored, record, certainty, told), None))
    return pa.RecordBatch.from_arrays([*batch.columns, *to_arrays(rows, added)], schema=schema)


def scores_schema(schema: pa.Schema, *, assessment: bool = False, certainty: bool = False, notes: bool = False) -> pa.Schema:
    """The schema of the result of ``score_batch``, from that of the batch, for tools that need it beforehand. ``notes``: whether
    they are read.

    Raises UsageError about duplicate columns.
    """
    added = [*answer_columns(assessment, certainty, notes), ("error", pa.string())]
    if twice := {name for name, _ in added}.intersection(schema.names):
        raise UsageError(f"the batch has a column '{min(twice)}' already, which the scores would replace; rename it")
    return pa.schema([*schema, *[pa.field(name, type_) for name, type_ in added]], metadata=schema.metadata)


def _check_notes(schema: pa.Schema, notes: str) -> None:
    if schema.names.count(notes) != 1:
        there = "twice" if notes in schema.names else f"not; there are {', '.join(schema.names) or 'none'}"
        raise UsageError(f"from_notes: the batch has the column '{notes}' {there}")
    if not is_text(schema.field(notes).type) and not pa.types.is_null(schema.field(notes).type):
        raise UsageError(f"from_notes: the column '{notes}' must be text, not {schema.field(notes).type}")


def _check_columns(schema: pa.Schema, facts: str, id_: str, needs_facts: bool = True) -> None:
    names = schema.names
    if facts not in names and needs_facts:
        raise UsageError(f"the batch has no column '{facts}'; there are {', '.join(names) or 'none'}")
    for name in (facts, id_):
        if names.count(name) > 1:
            raise UsageError(f"the batch has the column '{name}' twice")
    of_facts = schema.field(facts).type if facts in names else pa.null()
    if not (is_text(of_facts) or pa.types.is_null(of_facts) or is_nested(of_facts)):
        raise UsageError(f"the column '{facts}' must be text with JSON, or lists of facts, not {of_facts}")
    if id_ in names and not has_words(schema.field(id_).type):
        raise UsageError(f"the column '{id_}' must be text or a number, not {schema.field(id_).type}")
