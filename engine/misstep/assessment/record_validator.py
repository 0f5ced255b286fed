"""Check a record that is not plainly right, and say what is wrong with it in our words.

The kinds of a rule base become one pydantic-core validator, strict: no coercion, no unknown fields, no NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from pydantic_core import CoreSchema, ErrorDetails, SchemaValidator, ValidationError, core_schema

from misstep.assessment.intake import Values
from misstep.assessment.result import Plain
from misstep.errors import HALF_SIGN, Location, Problem, RecordError, did_you_mean, to_pointer
from misstep.language.facts import LARGEST, MAX_ID, MAX_TEXT, Field, Kind

Given = Mapping[tuple[str | int, ...], str]
"""Old names of fields in a record, by the place of the fact and the new name."""


class RecordValidator:
    """Checks records of some kinds. ``concluded``: the kinds that only rules may state. Immutable, safe from many threads."""

    def __init__(self, kinds: Mapping[str, Kind], concluded: Iterable[str]) -> None:
        self._kinds = kinds
        self._concluded = frozenset(concluded)
        self._schema = _record_schema(kinds.values())

    @cached_property
    def _validator(self) -> SchemaValidator:
        return SchemaValidator(self._schema)

    def json_schema(self) -> Plain:
        """JSON Schema of a record."""
        from pydantic.json_schema import GenerateJsonSchema

        schema = GenerateJsonSchema().generate(self._schema, mode="validation")
        schema["title"] = "misstep record"
        return schema

    def rows(self, data: Plain, given: Given, most: int) -> list[Values]:
        """The rows of a record's facts, in its order. Raises RecordError with so many problems at the most."""
        try:
            valid = self._validator.validate_python(data)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            raise RecordError([self._problem(each, given) for each in errors[:most]], max(0, len(errors) - most)) from None
        return [list(fact.values()) for fact in valid["facts"]]

    def _problem(self, error: ErrorDetails, given: Given) -> Problem:
        """One error in our words."""
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
            message = HALF_SIGN
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
