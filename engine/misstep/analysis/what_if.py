"""The answer to an interview with some fields changed, beside the answer as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from misstep.analysis.changed_records import with_rows, with_value
from misstep.assessment.assembly import Result
from misstep.assessment.intake import Facts
from misstep.assessment.result import Assessment
from misstep.errors import UsageError, did_you_mean, listing, printable
from misstep.language.facts import ID, KIND, Field, Row, Value
from misstep.language.program import Program


@dataclass(frozen=True, slots=True)
class ChangedField:
    """A field with its value in the record and the one instead; None: unknown."""

    fact: str
    kind: str
    field: str
    given: Value
    instead: Value


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """What an answer comes to; ``steps``: their titles in order."""

    damage: float
    damage_after: float
    band: str
    verdict: str
    outlook: str
    headline: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An answer as it is, and as it would be. ``starts``: the rules that fire only then; ``stops``: those that fire only now."""

    id: str | None
    changes: tuple[ChangedField, ...]
    now: ShortAnswer
    then: ShortAnswer
    starts: tuple[str, ...]
    stops: tuple[str, ...]

    def to_json(self) -> bytes:
        """JSON, UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)


def find_what_if(
    facts: Facts,
    changes: Mapping[str, object],
    program: Program,
    evaluate: Callable[[Facts], Result],
    word: Callable[[Result], Assessment],
) -> WhatIf:
    """Change fields of a record, ``{"late_arrival.minutes": 5}``: of the fact of that kind or id; None: left unsaid.

    Raises UsageError where there is no such fact or field, where a field does not take the value, or is changed twice.
    """
    made: list[ChangedField] = []
    changed = facts
    for place, value in changes.items():
        changed, change = _change(changed, place, value, program)
        if any((change.fact, change.field) == (other.fact, other.field) for other in made):
            raise UsageError(f"what-if {printable(place)[:60]}: is changed twice; give the field one value")
        made.append(change)
    now, then = evaluate(facts), evaluate(changed)
    before, after = ({rule.id for rule in result.memory.fired()} for result in (now, then))
    return WhatIf(
        facts.id, tuple(made), _short(word(now)), _short(word(then)), tuple(sorted(after - before)), tuple(sorted(before - after))
    )


def _short(answer: Assessment) -> ShortAnswer:
    steps = tuple(step.title for step in answer.steps)
    return ShortAnswer(answer.damage, answer.damage_after, answer.band, answer.verdict, answer.outlook, answer.headline, steps)


def _change(facts: Facts, place: str, value: object, program: Program) -> tuple[Facts, ChangedField]:
    name, dot, field_name = place.rpartition(".")
    if not dot:
        raise UsageError(f"what-if {printable(place)[:60]}: expected FACT.FIELD, as in late_arrival.minutes")
    row = _row(facts, name)
    kind = program.kinds[row[KIND]]
    field = kind.by_name.get(field_name)
    if field is None:
        hint = did_you_mean(field_name, kind.by_name, f"; it has {listing(kind.by_name)}")
        raise UsageError(f"what-if {printable(place)[:60]}: {kind.name} has no field '{printable(field_name)[:60]}'{hint}")
    column = kind.columns[field.name]
    stored = _stored(field, value, place)
    said = {*facts.said.get(row[ID], ())}
    said = said - {field.name} if value is None else said | {field.name}
    changed = with_rows(facts, [with_value(row, column, stored)])._replace(
        said={**facts.said, row[ID]: said}, assumed=tuple(each for each in facts.assumed if each != kind.name)
    )
    return changed, ChangedField(row[ID], kind.name, field.name, row[column], stored)


def _row(facts: Facts, name: str) -> Row:
    """The fact of that id, or the only one of that kind."""
    rows = [row for of_kind in facts.rows.values() for row in of_kind]
    for row in rows:
        if row[ID] == name:
            return row
    found = facts.rows.get(name, [])
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"what-if {printable(name)[:60]}: there are several; say one of {listing(row[ID] for row in found)}")
    known = sorted({row[ID] for row in rows} | set(facts.rows))
    raise UsageError(
        f"what-if {printable(name)[:60]}: the record has no such fact" + did_you_mean(name, known, f"; it has {listing(known)}")
    )


def _stored(field: Field, value: object, place: str) -> Any:
    """The value as memory has it; text is read as the field's type."""
    if value is None:
        if field.required:
            raise UsageError(f"what-if {printable(place)[:60]}: {field.name} must be given: {field.expected()}")
        return field.default
    stored = field.form.store(field.form.read(value, ",") if isinstance(value, str) else value)
    if field.type == "number" and type(stored) is int:
        stored = float(stored)
    if not field.takes(stored):
        raise UsageError(f"what-if {printable(place)[:60]}: expected {field.expected()}")
    return stored
