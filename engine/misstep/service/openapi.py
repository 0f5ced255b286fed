"""The operations of the service, and its description as OpenAPI 3.1.

OPERATIONS is the one table of routes: routes.py serves it, ``describe`` describes it. Schemas are made from the types of the
answers. Those of records, and the examples, come from the rule base in force, so the description changes with the rules.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from pydantic import TypeAdapter

from misstep.analysis.certainty import Certainty
from misstep.analysis.questions import Questions
from misstep.api import RuleBase
from misstep.assessment.result import Assessment
from misstep.language.facts import Kind
from misstep.language.scale import Scale
from misstep.service.config import BATCH_PATH, JSON, JSON_LINES, RETRY_SECONDS
from misstep.service.problems import MEDIA_TYPE, PROBLEM_TYPES
from misstep.tools.lookup import FIELD_MEMBERS, KIND_MEMBERS, RulePage

Schema = dict[str, Any]
RecordExample = tuple[object, object]
"""A record and its assessment, as data."""
_REF = "#/components/schemas/{model}"
_TEXT: Schema = {"type": "string"}
_COMMON_PROBLEMS = ("request", "host", "timeout", "headers", "too_large", "internal", "busy")  # possible for every request


def _ref(name: str) -> Schema:
    return {"$ref": _REF.format(model=name)}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(optional: Sequence[str] = (), /, **properties: Schema) -> Schema:
    """An object with these members and no others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class Operation(NamedTuple):
    """One route: its id, its summary, and the schema, media type and description of its answer.

    ``body``: the media type that it takes, with POST; ``problems``: codes of its own problems; ``of_rules``: the answer depends
    on the rules in force, and with GET can be cached by its ETag.
    """

    id: str
    summary: str
    schema: Schema
    media_type: str = JSON
    answer: str = ""
    description: str = ""
    body: str = ""
    problems: tuple[str, ...] = ()
    of_rules: bool = True

    @property
    def method(self) -> str:
        """GET, or POST if there is a body."""
        return "POST" if self.body else "GET"

    @property
    def cached(self) -> bool:
        """Whether a client that has the answer can ask if it is still valid."""
        return self.of_rules and not self.body


OPERATIONS = {
    "/assess": Operation(
        "assess",
        "Assess one interview",
        _ref("Assessment"),
        answer="The assessment",
        body=JSON,
        problems=("media_type", "record"),
    ),
    BATCH_PATH: Operation(
        "assessBatch",
        "Assess many interviews, one on each line",
        _TEXT,
        JSON_LINES,
        answer="A line for each record: an Assessment or a LineError",
        description="JSON lines in and out, in the same order; answers are sent while the rest comes in. For an invalid record "
        'the line is an error, `{"line": ..., "error": ...}`; the others are still assessed. Empty lines are skipped.',
        body=JSON_LINES,
        problems=("media_type",),
    ),
    "/certainty": Operation(
        "certainty",
        "Find how far the answer to one interview depends on what the record leaves open",
        _ref("Certainty"),
        answer="The range of damage, and the fields that it depends on",
        description="Some hundreds of assessments, with answers to the open fields: tens of milliseconds. `low` and `high`: the "
        "damage in the middle nine tenths of them; `same`: the share that keeps verdict and first step; `settled`: no single "
        "answer can change either; `depends_on`: the open fields that change the answer, most influential first.",
        body=JSON,
        problems=("media_type", "record"),
    ),
    "/questions": Operation(
        "questions",
        "Find what to ask about one interview: the open fields whose answers change most",
        _ref("Questions"),
        answer="The questions, the one that matters most first",
        description="Some tens of assessments, with answers to the open fields. `settled`: no single answer can change verdict "
        "or first step, as in `/certainty`; `why`: what the most telling answer would change; `choices`: the answers as records "
        'have them, with their words, null for "I do not know": leave the field out then, and go on to the next question.',
        body=JSON,
        problems=("media_type", "record"),
    ),
    "/kinds": Operation("kinds", "The kinds of facts with their fields", _array(_ref("Kind"))),
    "/rules/{id}": Operation(
        "rule", "A rule as written in its pack, with its sources and cases", _ref("RulePage"), problems=("not_found",)
    ),
    "/schema": Operation(
        "schema", "JSON Schemas of records and assessments", _object(record={"type": "object"}, assessment={"type": "object"})
    ),
    "/version": Operation(
        "version", "The versions of misstep and of the rules", _object(misstep=_TEXT, rulebase=_ref("RuleBaseInfo"))
    ),
    "/openapi.json": Operation("openapi", "This description", {"type": "object"}),
    "/healthz": Operation("healthy", "Whether the process is alive", _object(status={"const": "ok"}), of_rules=False),
    "/readyz": Operation(
        "ready", "Whether the service is ready", _object(status={"const": "ready"}, rulebase=_TEXT), of_rules=False
    ),
    "/metrics": Operation("metrics", "Metrics for Prometheus", _TEXT, "text/plain", of_rules=False),
}
"""Every operation, by path; those that are called most come first."""


def schemas(record: Schema) -> Schema:
    """The answer of ``GET /schema``: the schemas of records and of assessments."""
    return {"record": record, "assessment": Assessment.json_schema()}


def describe(rulebase: RuleBase, examples: Mapping[str, RecordExample], version: str) -> Schema:
    """The description of the service with this rule base."""
    rule = next(iter(rulebase.rules), "")
    headers = {
        "Misstep-Rulebase": "name, version and digest of the rule base that gave the answer",
        "X-Request-ID": "the id of the request, as in the log",
        "ETag": "changes with the rules",
        "Retry-After": f"seconds: {RETRY_SECONDS}",
    }
    paths = {path: {each.method.lower(): _operation(path, each, rule, examples)} for path, each in OPERATIONS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "misstep",
            "version": version,
            "summary": "How bad a mistake in a job interview was, whether anybody noticed, and what to do about it.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": _components(rulebase),
            "headers": {name: {"description": text, "schema": _TEXT} for name, text in headers.items()},
        },
    }


def _operation(path: str, operation: Operation, rule: str, examples: Mapping[str, RecordExample]) -> Schema:
    content: Schema = {"schema": operation.schema}
    if operation.schema == _ref("Assessment"):
        content["examples"] = {name: {"value": assessment} for name, (_, assessment) in examples.items()}
    headers = _headers(*["Misstep-Rulebase"] * operation.of_rules, *["ETag"] * operation.cached)
    responses: Schema = {
        "200": {
            "description": operation.answer or operation.summary,
            "headers": headers,
            "content": {operation.media_type: content},
        },
        **_problem_responses(*operation.problems),
    }
    found: Schema = {"operationId": operation.id, "summary": operation.summary, "responses": responses}
    if operation.description:
        found["description"] = operation.description
    if operation.body:
        found["requestBody"] = _request_body(operation.body, examples)
    if operation.cached:
        responses["304"] = {"description": "The rules have not changed", "headers": headers}
        etag = {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "an ETag; 304 if it is still valid"}
        in_path = {"in": "path", "required": True, "schema": _TEXT, "example": rule}
        found["parameters"] = [*({"name": name, **in_path} for name in re.findall("{(.+?)}", path)), etag]
    return found


def _request_body(media_type: str, examples: Mapping[str, RecordExample]) -> Schema:
    if media_type == JSON:
        schema: Schema = {"anyOf": [_ref("Record"), _array(_ref("Fact"))]}
        values = {name: record for name, (record, _) in examples.items()}
    else:
        schema = _TEXT
        values = {"lines": b"".join(orjson.dumps(record) + b"\n" for record, _ in examples.values()).decode()}
    content = {"schema": schema, "examples": {name: {"value": value} for name, value in values.items()}}
    return {"required": True, "content": {media_type: content}}


def _headers(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, "X-Request-ID")}


def _problem_responses(*codes: str) -> Schema:
    """The responses that are problems, by status."""
    titles: dict[str, list[str]] = {}
    for code in (*codes, *_COMMON_PROBLEMS):
        status, title = PROBLEM_TYPES[code]
        titles.setdefault(str(status), []).append(title)
    return {
        status: {
            "description": "; or: ".join(titles[status]),
            "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}} if status == "503" else {},
            "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
        }
        for status in sorted(titles)
    }


# -- schemas


def _components(rulebase: RuleBase) -> Schema:
    assessment = Assessment.json_schema(_REF)
    adapters = [TypeAdapter(each) for each in (Certainty, Questions, RulePage, Kind)]
    _, found = TypeAdapter.json_schemas([(each, "serialization", each) for each in adapters], ref_template=_REF)
    made: Schema = {**found["$defs"], **assessment.pop("$defs"), "Assessment": assessment}
    members = {"Kind": KIND_MEMBERS, "Field": FIELD_MEMBERS}
    for name in ("Certainty", "OpenField", "Questions", "Question", "AnswerChoice", "RulePage", "Source", *members):
        made[name] = _of_dataclass(made[name]["properties"], members.get(name, {}))
    made["Field"]["properties"]["words"] = _array(_object(value={}, text=_TEXT))
    number = {"type": "integer"}
    return {
        **_record_components(rulebase.record_schema()),
        **_with_words(made, rulebase.program.scale),
        "Place": _object(("line", "column"), pointer=_TEXT, detail=_TEXT, line=number, column=number),
        "Problem": _object(
            ("errors", "omitted"),
            type=_TEXT,
            title=_TEXT,
            status=number,
            detail=_TEXT,
            code={"enum": list(PROBLEM_TYPES)},
            errors=_array(_ref("Place")),
            omitted=number,
        ),
        "LineError": _object(line=number, error=_ref("Problem")),
    }


def _of_dataclass(properties: Schema, members: Mapping[str, str]) -> Schema:
    """The schema of an instance as JSON, with these members or else with all. All are required, so defaults are removed."""
    members = members or {name: name for name in properties}
    left_out = {"title", "default"}
    kept = {member: properties[attribute] for member, attribute in members.items()}
    return _object(**{member: {key: each[key] for key in each.keys() - left_out} for member, each in kept.items()})


def _with_words(made: Schema, scale: Scale) -> Schema:
    """The schemas, with the words that packs declare for verdicts, outlooks and bands as shared enums."""
    names = {"verdict": "Verdict", "outlook": "Outlook", "band": "Band", "severity_band": "Band"}
    for schema in made.values():
        for member in names.keys() & schema["properties"].keys():
            schema["properties"][member] |= _ref(names[member])
    words = {"Verdict": {*scale.verdicts, scale.unable} - {""}, "Outlook": scale.outlooks, "Band": scale.severity.words}
    return made | {name: {"enum": sorted(each)} for name, each in words.items()}


def _record_components(record: Schema) -> Schema:
    """The schema of a record with a component for each kind, as discriminators of OpenAPI require."""
    record = copy.deepcopy(record)
    facts = record["properties"]["facts"]
    kinds: Schema = facts["items"]["discriminator"]["mapping"]
    names = {kind: f"Fact.{kind}" for kind in kinds}
    fact = {
        "oneOf": [_ref(name) for name in names.values()],
        "discriminator": {"propertyName": "kind", "mapping": {kind: _ref(name)["$ref"] for kind, name in names.items()}},
    }
    facts["items"] = _ref("Fact")
    return {"Record": record, "Fact": fact, **{names[kind]: schema for kind, schema in kinds.items()}}
