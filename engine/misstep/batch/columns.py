"""The columns of the tables of scores, and the rows of an interview in them.

Three tables, related by ``file`` and ``row``: interviews, and on request their findings and actions. The columns and types
are version ``SCHEMA`` of an interface: see docs/batch.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import orjson
import pyarrow as pa

from misstep.api import RuleBase
from misstep.assessment.assembly import Result
from misstep.assessment.records import RecordLike
from misstep.errors import BudgetError, RecordError
from misstep.evaluate.memory import Contribution
from misstep.language.facts import ID, KIND

SCHEMA = 2

TableName = Literal["interviews", "findings", "actions"]
TABLES: tuple[TableName, ...] = ("interviews", "findings", "actions")

ColumnValue = str | float | bool | list[str] | None
ColumnValues = tuple[ColumnValue, ...]
"""Values of some columns, in their order."""

_WORDS = pa.list_(pa.string())
_KEY = [("file", pa.string()), ("row", pa.int64()), ("id", pa.string())]
SCORES: list[tuple[str, pa.DataType]] = [
    ("damage", pa.float64()),
    ("damage_after", pa.float64()),
    ("band", pa.string()),
    ("verdict", pa.string()),
    ("outlook", pa.string()),
    ("acts", pa.bool_()),
    ("due_hours", pa.float64()),
    ("mistakes", pa.int32()),
    ("assumed", pa.int32()),
    ("worst", pa.string()),
    ("worst_severity", pa.float64()),
    ("first_occasion", pa.string()),
    ("first_action", pa.string()),
    ("actions", _WORDS),
    ("rules", pa.int32()),
]
"""Columns about an interview as a whole. ``due_hours``: within how many hours the first step is due that ``acts``, null if at any
time; ``assumed``: how many mistakes have a score that rests on a default; ``worst``: the kind of the worst finding;
``worst_severity``: the greatest severity; ``rules``: how many different rules moved the score of a mistake."""
CERTAINTY: list[tuple[str, pa.DataType]] = [
    ("certainty_low", pa.float64()),
    ("certainty_high", pa.float64()),
    ("certainty_same", pa.float64()),
    ("settled", pa.bool_()),
    ("depends_on", _WORDS),
]
"""How certain the answer is; ``depends_on``: the open fields that it depends on most, as ``kind.field``."""
MOST_NAMED = 5
FINDINGS: list[tuple[str, pa.DataType]] = [
    ("rank", pa.int32()),
    ("fact", pa.string()),
    ("kind", pa.string()),
    ("severity", pa.float64()),
    ("severity_band", pa.string()),
    ("noticed", pa.float64()),
    ("noticed_level", pa.string()),
    ("urgency", pa.float64()),
    ("urgency_level", pa.string()),
    ("damage", pa.float64()),
    ("verdict", pa.string()),
    ("assumed", pa.bool_()),
]
KIND_OF_FINDING = [name for name, _ in FINDINGS].index("kind")
ACTIONS: list[tuple[str, pa.DataType]] = [
    ("rank", pa.int32()),
    ("occasion", pa.string()),
    ("channel", pa.string()),
    ("action", pa.string()),
    ("reach", pa.string()),
    ("due_hours", pa.float64()),
    ("priority", pa.float64()),
    ("relief", pa.float64()),
    ("for", _WORDS),
]


FROM_NOTES = "from_notes"
"""A column of interviews, the kinds that were read from notes; and one of findings, whether its mistake is among them."""


def answer_columns(assessment: bool, certainty: bool, notes: bool = False) -> list[tuple[str, pa.DataType]]:
    """The columns of an interview's answer; with ``notes``, the kinds that were read from them."""
    return (
        SCORES
        + (CERTAINTY if certainty else [])
        + ([("assessment", pa.string())] if assessment else [])
        + ([(FROM_NOTES, _WORDS)] if notes else [])
    )


class RecordRows(NamedTuple):
    """What the tables say of one interview. ``scores``: the values of ``SCORES``; ``fired``: the ids of rules; ``sums``: kind,
    damage and severity of each finding, in thousandths; ``findings`` and ``actions``: values of ``FINDINGS`` and ``ACTIONS``,
    and ``whole``: the assessment as JSON, where they were asked for."""

    id: str | None
    scores: ColumnValues
    fired: list[str]
    sums: list[tuple[str, int, int]]
    findings: list[ColumnValues] | None = None
    actions: list[ColumnValues] | None = None
    whole: bytes | None = None


RowsOrError = RecordRows | RecordError


def read_rows(
    rulebase: RuleBase,
    record: RecordLike | bytes | str,
    id: str | None,  # noqa: A002 - the field of a record
    tables: Collection[TableName] = (),
    whole: bool = False,
) -> RecordRows:
    """The rows of a record, JSON or its data; ``id``: of one that has none. Raises RecordError."""
    findings, actions = "findings" in tables, "actions" in tables
    if (core := rulebase.core) is not None:
        rows = core.rows(record, id, findings, actions, whole)
        if rows is not None:
            return RecordRows(*rows)
    return rows_of_result(rulebase, read_result(rulebase, record, id), tables, whole)


def rows_or_error(
    rulebase: RuleBase,
    record: RecordLike | bytes | str,
    id: str | None = None,  # noqa: A002 - the field of a record
    tables: Collection[TableName] = (),
    whole: bool = False,
) -> RowsOrError:
    """The rows of a record, as ``read_rows`` gives them, or the error about it."""
    try:
        return read_rows(rulebase, record, id, tables, whole)
    except RecordError as error:
        return error


def read_result(rulebase: RuleBase, record: RecordLike | bytes | str, id: str | None) -> Result:  # noqa: A002
    """The result of a record, JSON or its data; ``id``: of one that has none. Raises RecordError."""
    if isinstance(record, bytes | str):
        return rulebase.evaluate_json(record, id=id)
    return rulebase.evaluate(record, id=id)


def rows_of_result(rulebase: RuleBase, result: Result, tables: Collection[TableName], whole: bool) -> RecordRows:
    """The rows of a result."""
    return RecordRows(
        result.facts.id,
        _scores(result, rulebase.scores(result)),
        [rule.id for rule in result.memory.fired()],
        [(found.mistake[KIND], found.exact.damage, found.exact.severity) for found in result.findings],
        list(_finding_rows(result)) if "findings" in tables else None,
        list(_action_rows(result)) if "actions" in tables else None,
        rulebase.to_json(result) if whole else None,
    )


def answer_values(
    rulebase: RuleBase, rows: RecordRows, record: bytes | str | RecordLike, certainty: bool, told: list[str] | None = None
) -> ColumnValues:
    """The values of ``answer_columns`` for one interview; ``told``: the kinds that were read from its notes, where notes are
    read."""
    return (
        *rows.scores,
        *(certainty_values(rulebase, record) if certainty else ()),
        *((rows.whole.decode(),) if rows.whole is not None else ()),
        *((told,) if told is not None else ()),
    )


def to_arrays(rows: Sequence[ColumnValues], schema: Iterable[pa.Field]) -> list[pa.Array]:
    """Rows as columns of the types of a schema."""
    fields = list(schema)
    columns: Iterable[Sequence[ColumnValue]] = zip(*rows, strict=True) if rows else [()] * len(fields)
    return [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)]


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Tables and columns to write. ``keep``: columns of the input to carry along; ``tables``: besides interviews; ``assessment``:
    a column with the whole assessment as JSON; ``certainty``: the columns of ``CERTAINTY``; ``notes``: ``FROM_NOTES``."""

    keep: tuple[str, ...] = ()
    tables: tuple[TableName, ...] = ()
    assessment: bool = False
    certainty: bool = False
    notes: bool = False

    def schema(self, table: TableName) -> pa.Schema:
        """The columns of a table; those that are kept are text."""
        if table == "findings":
            return pa.schema(_KEY + FINDINGS + ([(FROM_NOTES, pa.bool_())] if self.notes else []))
        if table == "actions":
            return pa.schema(_KEY + ACTIONS)
        kept = [(name, pa.string()) for name in self.keep]
        return pa.schema(_KEY + kept + answer_columns(self.assessment, self.certainty, self.notes))


def _scores(result: Result, summary: Mapping[str, ColumnValue]) -> ColumnValues:
    """The values of ``SCORES`` for one interview."""
    findings, steps = result.findings, result.plan.steps
    actions = [choice.action.id for choice in result.plan.choices]
    reasons = _reasons(result)
    return (
        summary["damage"],
        summary["damage_after"],
        summary["band"],
        summary["verdict"],
        summary["outlook"],
        summary["acts"],
        next((step.due_hours for step in steps if any(choice.repairs for choice in step.choices)), None),
        len(findings),
        len(_assumed(reasons, result)),
        findings[0].mistake[KIND] if findings else None,
        max([f.severity for f in findings], default=None),
        steps[0].occasion if steps else None,
        actions[0] if actions else None,
        actions,
        len({given.rule for given in reasons}),
    )


def certainty_values(rulebase: RuleBase, record: bytes | str | RecordLike) -> ColumnValues:
    """The values of ``CERTAINTY`` for one record, as data or as JSON; nulls if it is too much work."""
    try:
        json = rulebase.certainty_json(record) if isinstance(record, bytes | str) else rulebase.certainty(record).to_json()
    except BudgetError:
        return (None,) * len(CERTAINTY)
    found = orjson.loads(json)
    named = dict.fromkeys(f"{each['kind']}.{each['field']}" for each in found["depends_on"])
    return found["low"], found["high"], found["same"], found["settled"], list(named)[:MOST_NAMED]


def _finding_rows(result: Result) -> Iterable[ColumnValues]:
    """The values of ``FINDINGS`` for every finding of one interview, worst first."""
    assumed = _assumed(_reasons(result), result)
    for rank, finding in enumerate(result.findings, start=1):
        fact = finding.mistake[ID]
        yield (
            rank,
            fact,
            finding.mistake[KIND],
            finding.severity,
            finding.severity_band,
            finding.noticed,
            finding.noticed_level,
            finding.urgency,
            finding.urgency_level,
            finding.damage,
            finding.verdict,
            fact in assumed,
        )


def _action_rows(result: Result) -> Iterable[ColumnValues]:
    """The values of ``ACTIONS`` for every action of one interview, in the order to do them; ``rank`` is that of its step."""
    scale = result.memory.program.scale
    for rank, step in enumerate(result.plan.steps, start=1):
        for choice in step.choices:
            action = choice.action
            yield (
                rank,
                step.occasion,
                step.channel,
                action.id,
                action.reach,
                step.due_hours,
                choice.priority(scale),
                choice.damage_relieved / 10,
                sorted(choice.relief),
            )


def _reasons(result: Result) -> list[Contribution]:
    """What moved the score of a mistake."""
    return [given for given in result.memory.contributions if given.mistake is not None and given.is_reason]


def _assumed(reasons: Iterable[Contribution], result: Result) -> set[str]:
    """The ids of mistakes with a score that rests on a default, for something that the record leaves out."""
    said, found = result.facts.said, set[str]()
    for given in reasons:
        fact = None if given.mistake is None else given.mistake[ID]
        if fact is not None and fact not in found and any(each.rests(given.match, said) for each in given.rule.assumptions):
            found.add(fact)
    return found
