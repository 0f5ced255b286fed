"""Check records, in every shape that callers have them in, and give their facts in the form that they have in memory.

What is plainly right is taken at once, by intake.py; record_validator.py decides about the rest. Errors name places, never
values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sized
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import orjson

from misstep.assessment.intake import Facts, Intake, fault
from misstep.assessment.old_names import OldNames
from misstep.assessment.result import Plain
from misstep.errors import Location, Problem, RecordError
from misstep.language.facts import (
    GIVEN_ROLES,
    MAX_ID,
)
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.documents import read_json, read_text

if TYPE_CHECKING:  # pydantic takes a third of the time of a short command, and plain data needs none of it
    from misstep.assessment.record_models import Fact, Record
    from misstep.assessment.record_validator import Given, RecordValidator

RecordLike: TypeAlias = "Record | Mapping[str, object] | Iterable[Fact | Mapping[str, object]]"
"""A record, a mapping of its shape, or just the facts."""


class RecordReader:
    """Checks records against the kinds of one program. Immutable, safe from many threads."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self._limits = limits
        self._kinds = {name: kind for name, kind in program.kinds.items() if kind.role in GIVEN_ROLES}
        self._concluded = program.kinds.keys() - self._kinds.keys()
        self._old_names = OldNames(self._kinds.values())
        intake = Intake(self._kinds)
        self._take, self._collect = intake.take, intake.collect

    def json_schema(self) -> Plain:
        """JSON Schema of a record."""
        return self._validator.json_schema()

    @cached_property
    def _validator(self) -> RecordValidator:
        from misstep.assessment.record_validator import RecordValidator

        return RecordValidator(self._kinds, self._concluded)

    def read(self, record: RecordLike) -> Facts:
        """Check a record. Raises RecordError with every problem found, up to the limit."""
        data = plain_record(record, self._limits.facts)
        rows = self._take(data)
        if rows is None:
            return self._read_anew(data)
        return self._collect(data.get("id"), rows, _stated(data))

    def read_json(self, data: bytes | str) -> Facts:
        """Check a record given as JSON text. Raises RecordError with line and column of every problem found.

        A fast parser reads the text first; the strict one reads it again only if something may be wrong.
        """
        if not isinstance(data, (bytes, str)):
            raise fault("", "must be JSON text, bytes or str; a record as Python data is for assess()")
        if len(data) <= self._limits.record_bytes:
            try:
                record = orjson.loads(data)
                if _has_each_key_once(record, data):
                    return self.read(record)
            except (orjson.JSONDecodeError, RecordError):
                pass  # the strict reader decides, and knows the place
        most = self._limits.record_bytes
        if isinstance(data, bytes) and len(data) > most:  # before it is copied
            raise RecordError([Problem(Location("<record>"), f"has {len(data)} bytes; at most {most} are taken")])
        text = data if isinstance(data, str) else read_text(data, "<record>")
        document = read_json(text, "<record>", most=most)
        try:
            return self.read(document.data)
        except RecordError as error:
            raise document.place(error) from None

    def _read_anew(self, data: Plain) -> Facts:
        """The facts of a record that is not plainly right: of one with nulls or old names, say, or one that is wrong."""
        said = {name: value for name, value in data.items() if value is not None}
        facts = said.get("facts")
        places: list[int] = []  # of facts in the record, where those that are left out are counted
        given: Given = {}
        problems: list[Problem] = []
        if isinstance(facts, list):
            places = [i for i, fact in enumerate(facts) if fact is not None]
            renewed, given, problems = self._old_names.renew([facts[i] for i in places])
            said["facts"] = [self._said(fact) for fact in renewed]
        try:
            if problems:
                raise self._record_error(problems)
            rows = self._take(said)
            if rows is None:
                rows = self._validator.rows(said, given, self._limits.problems)
            return self._collect(said.get("id"), rows, _stated(said))
        except RecordError as error:
            raise _placed(error, places) from None

    def _said(self, fact: object) -> object:
        """A fact without what it does not say: null, whatever the field. 12.0 is the whole number 12."""
        if type(fact) is not dict:
            return fact
        kind = fact.get("kind")
        fields = self._kinds[kind].by_name if isinstance(kind, str) and kind in self._kinds else {}
        said = {name: value for name, value in fact.items() if value is not None}
        for name, value in said.items():
            field = fields.get(name)
            if field is None:
                continue
            if type(value) is float and field.form.whole and value.is_integer():
                said[name] = int(value)
            elif type(value) is list and field.form.sort == "set":
                said[name] = [word for word in value if word is not None]
        return said

    def _record_error(self, problems: list[Problem], omitted: int = 0) -> RecordError:
        most = self._limits.problems
        return RecordError(problems[:most], max(0, omitted, len(problems) - most))


def _placed(error: RecordError, places: list[int]) -> RecordError:
    """An error about facts, with their places in the whole record."""
    if places == list(range(len(places))):
        return error
    problems = []
    for problem in error.problems:
        first, slash, rest = problem.location.pointer.removeprefix("/facts/").partition("/")
        pointer = f"/facts/{places[int(first)]}{slash}{rest}" if first.isdigit() else problem.location.pointer
        problems.append(Problem(Location(pointer=pointer), problem.message))
    return RecordError(problems, error.omitted)


def named(facts: Facts, id: str) -> Facts:  # noqa: A002 - the field of a record
    """The facts of a record with another id. Raises RecordError if the id is no id."""
    if not 1 <= len(id) <= MAX_ID:
        raise fault("/id", f"must be text of 1 to {MAX_ID} characters")
    return facts._replace(id=id)


def _stated(data: Plain) -> list[frozenset[str]]:
    """The names of the fields that each fact of a checked record has a value for."""
    return [
        frozenset(fact) if None not in fact.values() else frozenset(name for name, value in fact.items() if value is not None)
        for fact in data["facts"]
    ]


def _has_each_key_once(record: object, data: bytes | str) -> bool:
    """Whether no object of a record can have a key twice. The parsed record does not show it, but the text has at least as many
    colons as keys."""
    colons = data.count(":") if isinstance(data, str) else data.count(b":")
    keys = 0
    if type(record) is dict:
        keys = len(record)
        record = record.get("facts")
    if type(record) is list:
        keys += sum([len(fact) for fact in record if type(fact) is dict])
    return colons == keys


def plain_record(record: RecordLike, most: int | None = None) -> Plain:
    """The record as a mapping with ``facts``, not checked yet, of which there may be ``most``: they are counted before they are
    copied. Raises RecordError if it has no shape of a record, or more facts."""
    if type(record) is list:
        return {"facts": _plain_facts(record, most)}
    if isinstance(record, Mapping):
        data = dict(record)
        facts = data.get("facts")
        if facts is None and "facts" not in data and "kind" in data:
            raise fault("", "this is one fact; a record is {facts: [...]} or a list of facts")
        if isinstance(facts, (list, tuple)):
            data["facts"] = _plain_facts(facts, most)
        return data
    from misstep.assessment.record_models import Record

    if isinstance(record, Record):
        return {"id": record.id, "facts": _plain_facts(record.facts, most)}
    if isinstance(record, (str, bytes, bytearray)) or not isinstance(record, Iterable):
        raise fault("", "must be a record {facts: [...]} or a list of facts")
    return {"facts": _plain_facts(record, most)}


def _plain_facts(facts: Iterable[object], most: int | None) -> list[object]:
    if most is not None:
        if not isinstance(facts, Sized):  # a generator may never end
            facts = list(islice(facts, most + 1))
            if len(facts) > most:
                raise fault("/facts", f"has more than {most} facts, the most that are taken")
        elif len(facts) > most:
            raise fault("/facts", f"has {len(facts)} facts; at most {most} are taken")
    return [fact if type(fact) is dict else _plain_fact(fact) for fact in facts]


def _plain_fact(fact: object) -> object:
    if isinstance(fact, Mapping):
        return dict(fact)
    from misstep.assessment.record_models import Fact

    if isinstance(fact, Fact):
        return {name: value for name, value in fact.model_dump().items() if name != "id" or value is not None}
    return fact
