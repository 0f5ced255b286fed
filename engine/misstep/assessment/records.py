"""Check records, in every shape that callers have them in, and give their facts in the form that they have in memory.

The kinds of the rule base become one pydantic-core validator, strict: no coercion, no unknown fields, no NaN.
Its errors are reworded; they name places, never values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic_core import CoreSchema, ErrorDetails, SchemaValidator, ValidationError, core_schema

from misstep.assessment.intake import Facts, Intake, Values, fault
from misstep.assessment.old_names import OldNames
from misstep.assessment.result import Plain
from misstep.errors import Location, Problem, RecordError, did_you_mean, to_pointer
from misstep.language.facts import (
    GIVEN_ROLES,
    LARGEST,
    MAX_ID,
    MAX_TEXT,
    Field,
    Kind,
)
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.documents import read_json

_Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID)]


class Fact(BaseModel):
    """One fact as a model: ``Fact(kind="late_arrival", minutes=12)``. Its fields are checked by ``assess``."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, defer_build=True)

    kind: str
    id: _Id | None = None


class Record(BaseModel):
    """One interview: its facts, and an id if it has one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    id: _Id | None = None
    facts: list[Fact]


RecordLike = Record | Mapping[str, Any] | Iterable[Fact | Mapping[str, Any]]
"""A record, a mapping of its shape, or just the facts."""


class RecordReader:
    """Checks records against the kinds of one program. Immutable, safe from many threads."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self._limits = limits
        self._kinds = {name: kind for name, kind in program.kinds.items() if kind.role in GIVEN_ROLES}
        self._concluded = program.kinds.keys() - self._kinds.keys()
        self._schema = _record_schema(self._kinds.values())
        self._validator = SchemaValidator(self._schema)
        self._old_names = OldNames(self._kinds.values())
        intake = Intake(self._kinds)
        self._take, self._collect = intake.take, intake.collect

    def json_schema(self) -> Plain:
        """JSON Schema of a record."""
        from pydantic.json_schema import GenerateJsonSchema

        schema = GenerateJsonSchema().generate(self._schema, mode="validation")
        schema["title"] = "misstep record"
        return schema

    def read(self, record: RecordLike) -> Facts:
        """Check a record. Raises RecordError with every problem found, up to the limit."""
        data = plain_record(record)
        facts = data.get("facts")
        if isinstance(facts, list) and len(facts) > self._limits.facts:
            raise fault("/facts", f"has {len(facts)} facts; at most {self._limits.facts} are taken")
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
        document = read_json(_decoded(data), "<record>", most=self._limits.record_bytes)
        try:
            return self.read(document.data)
        except RecordError as error:
            raise document.place(error) from None

    def _read_anew(self, data: Plain) -> Facts:
        """The facts of a record that is not plainly right: of one with nulls or old names, say, or one that is wrong."""
        said = {name: value for name, value in data.items() if value is not None}
        facts = said.get("facts")
        places: list[int] = []  # of facts in the record, where those that are left out are counted
        given: Mapping[tuple[str | int, ...], str] = {}
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
                rows = self._validated(said, given)
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

    def _validated(self, data: Plain, given: Mapping[tuple[str | int, ...], str]) -> list[Values]:
        """The rows of a record's facts, in its order. ``given``: as for ``_problem``."""
        try:
            valid = self._validator.validate_python(data)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            most = self._limits.problems
            raise self._record_error([self._problem(e, given) for e in errors[:most]], len(errors) - most) from None
        return [list(fact.values()) for fact in valid["facts"]]

    # -- errors

    def _record_error(self, problems: list[Problem], omitted: int = 0) -> RecordError:
        most = self._limits.problems
        return RecordError(problems[:most], max(0, omitted, len(problems) - most))

    def _problem(self, error: ErrorDetails, given: Mapping[tuple[str | int, ...], str]) -> Problem:
        """One error in our words. ``given``: old names of fields in the record, by the place of the fact and the new name."""
        kind = error["type"]
        loc = [step for step in error["loc"] if isinstance(step, (str, int))]
        if kind == "invalid_key" or len(loc) < len(error["loc"]):
            place = loc[:2] if loc[:1] == ["facts"] else []
            return Problem(Location(pointer=to_pointer(place)), "every key must be text")
        found: Kind | None = None
        if len(loc) > 2 and loc[0] == "facts":
            found = self._kinds.get(str(loc.pop(2)))
        if kind == "union_tag_invalid":
            loc.append("kind")
            tag = error["ctx"]["tag"]  # repr() of a tag that is not text
            if tag in self._concluded:
                message = f"'{tag}' is concluded by rules and cannot be said"
            else:
                near = did_you_mean(tag, self._kinds) if tag.isidentifier() else ""
                message = "there is no such kind" + (near or "; `misstep kinds` lists them")
        elif kind == "union_tag_not_found":
            loc.append("kind")
            message = "every fact needs a kind, which is text"
        elif kind == "extra_forbidden":
            known = list(found.by_name) if found else ["id", "facts"]
            of = f" in {found.name}" if found else ""
            name = str(loc.pop())
            if name.isidentifier() and len(name) <= 60:
                loc.append(name)
            message = f"there is no such field{of}" + did_you_mean(name, known, f"; there are {', '.join(known) or 'no fields'}")
        elif kind == "missing":
            field = found.by_name.get(str(loc[-1])) if found else None
            message = "is missing" + (f"; it must be {field.expected()}" if field else "")
        elif kind == "string_unicode":
            message = "has half of a surrogate pair, which is no character"
        elif error.get("ctx") in ({"le": LARGEST}, {"ge": -LARGEST}):
            message = f"is beyond {LARGEST}, up to which whole numbers are exact"
        elif found is not None and len(loc) > 2 and str(loc[2]) in found.by_name:
            message = f"must be {found.by_name[str(loc[2])].expected()}"
        elif loc and loc[-1] == "id":
            message = f"must be text of 1 to {MAX_ID} characters"
        elif loc == ["facts"]:
            message = "must be a list of facts"
        else:
            message = "must be a mapping: {kind: ..., and its fields}"
        if len(loc) > 2:
            loc[2] = given.get((*loc[1:3],), loc[2])
        return Problem(Location(pointer=to_pointer(loc)), message)


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


def _decoded(data: bytes | str) -> str:
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError([Problem(Location("<record>", data.count(b"\n", 0, error.start) + 1), "not UTF-8 text")]) from None


def plain_record(record: RecordLike) -> Plain:
    """The record as a mapping with ``facts``, not checked yet. Raises RecordError if it has no shape of a record."""
    if type(record) is list:
        return {"facts": _plain_facts(record)}
    if isinstance(record, Record):
        return {"id": record.id, "facts": _plain_facts(record.facts)}
    if isinstance(record, Mapping):
        data = dict(record)
        facts = data.get("facts")
        if facts is None and "facts" not in data and "kind" in data:
            raise fault("", "this is one fact; a record is {facts: [...]} or a list of facts")
        if isinstance(facts, (list, tuple)):
            data["facts"] = _plain_facts(facts)
        return data
    if isinstance(record, (str, bytes, bytearray)) or not isinstance(record, Iterable):
        raise fault("", "must be a record {facts: [...]} or a list of facts")
    return {"facts": _plain_facts(record)}


def _plain_facts(facts: Iterable[object]) -> list[object]:
    return [fact if type(fact) is dict else _plain_fact(fact) for fact in facts]


def _plain_fact(fact: object) -> object:
    if isinstance(fact, Fact):
        return {name: value for name, value in fact.model_dump().items() if name != "id" or value is not None}
    return dict(fact) if isinstance(fact, Mapping) else fact


# -- the validator


def _record_schema(kinds: Iterable[Kind]) -> CoreSchema:
    facts = core_schema.tagged_union_schema(
        {kind.name: _fact_schema(kind) for kind in kinds}, "kind", strict=True, from_attributes=False
    )
    return core_schema.typed_dict_schema(
        {
            "id": core_schema.typed_dict_field(_optional(_id_schema()), required=False),
            "facts": core_schema.typed_dict_field(core_schema.list_schema(facts, strict=True)),
        },
        strict=True,
        extra_behavior="forbid",
    )


def _fact_schema(kind: Kind) -> CoreSchema:
    """A mapping whose values come out in the order of a row: id, kind, then the fields."""
    fields = {
        "id": core_schema.typed_dict_field(_optional(_id_schema()), required=False),
        "kind": core_schema.typed_dict_field(core_schema.literal_schema([kind.name])),
    }
    fields |= {
        f.name: core_schema.typed_dict_field(_field_schema(f), required=f.required, metadata=_described(f)) for f in kind.fields
    }
    return core_schema.typed_dict_schema(fields, strict=True, extra_behavior="forbid")


def _described(field: Field) -> Plain:
    return {"pydantic_js_updates": {"description": field.help or field.expected()}}


def _id_schema() -> CoreSchema:
    return core_schema.str_schema(strict=True, min_length=1, max_length=MAX_ID)


def _optional(schema: CoreSchema) -> CoreSchema:
    return core_schema.with_default_schema(core_schema.nullable_schema(schema), default=None)


def _field_schema(field: Field) -> CoreSchema:
    schema = _value_schema(field)
    if field.required:
        return schema
    return core_schema.with_default_schema(core_schema.nullable_schema(schema), default=None if field.unknown else field.default)


def _value_schema(field: Field) -> CoreSchema:
    low, high = field.range
    match field.type:
        case "boolean":
            return core_schema.bool_schema(strict=True)
        case "integer":
            return core_schema.int_schema(strict=True, ge=int(low), le=int(high))
        case "number":
            number = core_schema.float_schema(strict=True, allow_inf_nan=False, ge=low, le=high)
            return core_schema.no_info_after_validator_function(lambda given: given + 0.0, number)  # -0.0 is 0.0
        case "text":
            return core_schema.str_schema(strict=True, max_length=MAX_TEXT)
        case "enum":
            return core_schema.literal_schema(list(field.values))
        case "set":
            words = core_schema.list_schema(core_schema.literal_schema(list(field.values)), strict=True)
            return core_schema.no_info_after_validator_function(lambda given: tuple(sorted(set(given))), words)
