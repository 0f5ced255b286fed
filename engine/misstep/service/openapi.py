"""A rule base and examples in; the description of the service out: OpenAPI 3.1, with the schemas that the library checks by.

It is put together here rather than by a framework: what a record may hold is decided by the rule base in force, so the
description changes with the rules, and its examples are assessments that this rule base gave.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from typing import Any

from misstep.assessment.result import Assessment
from misstep.service.openapi_examples import Example
from misstep.service.problems import AGAIN_SECONDS, MEDIA_TYPE, SORTS

Data = dict[str, Any]
_TEXT: Data = {"type": "string"}
_NUMBER: Data = {"type": "number"}
_ANYWHERE = ("request", "host", "timeout", "headers", "too_large", "internal", "busy")  # may be the answer to any request
_JSON_LINES = "application/x-ndjson"
_BATCH = """JSON lines both ways, in the same order, answered while the rest comes in. A line that is wrong has an error in its \
place, `{"line": ..., "error": ...}`, and costs the others nothing. Empty lines are passed over."""

_CERTAINTY = """Some hundreds of assessments with answers to what the record leaves open: tens of milliseconds. `low` and `high` \
are the damage in the middle nine tenths of them; `same` the share that keeps verdict and first step; `settled` says that no \
single answer can change either; `depends_on` names what it hangs on, most influential first."""


def schemas(record: Data) -> Data:
    """What ``GET /schema`` gives: the schemas of what goes in and what comes out, each by itself."""
    return {"record": record, "assessment": Assessment.json_schema()}


def describe(record: Data, rule: str, examples: Sequence[Example], version: str) -> Data:
    """The description of the service: ``record`` is the schema of records, ``rule`` the id of a rule that there is."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "misstep",
            "version": version,
            "summary": "How bad a mistake in a job interview was, whether anybody noticed, and what to do about it.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": _paths(rule, examples),
        "components": {
            "schemas": _components(record),
            "headers": {
                "Misstep-Rulebase": {
                    "description": "the rule base that gave the answer: name, version and digest", "schema": _TEXT
                },
                "X-Request-ID": {"description": "the id of the request, as it is in the log", "schema": _TEXT},
                "ETag": {"description": "changes when the rules do", "schema": _TEXT},
                "Retry-After": {"description": f"seconds, {AGAIN_SECONDS.decode()}", "schema": _TEXT},
            },
        },
    }  # fmt: skip


# -- paths


def _paths(rule: str, examples: Sequence[Example]) -> Data:
    records = {example.name: {"value": example.record} for example in examples}
    one_record = {"required": True, "content": {"application/json": {
        "schema": {"anyOf": [_ref("Record"), {"type": "array", "items": _ref("Fact")}]}, "examples": records,
    }}}  # fmt: skip
    answers = {example.name: {"value": example.assessment} for example in examples}
    assessed = {"application/json": {"schema": _ref("Assessment"), "examples": answers}}
    lines = "".join(json.dumps(example.record, ensure_ascii=False) + "\n" for example in examples)
    return {
        "/assess": {"post": {
            "operationId": "assess",
            "summary": "Assess one interview",
            "requestBody": one_record,
            "responses": {"200": _answer("The assessment", assessed, "Misstep-Rulebase"),
                          **_problems("media_type", "record")},
        }},
        "/assess/batch": {"post": {
            "operationId": "assessBatch",
            "summary": "Assess many interviews, a line each",
            "description": _BATCH,
            "requestBody": {"required": True, "content": {
                _JSON_LINES: {"schema": _TEXT, "examples": {"lines": {"value": lines}}},
            }},
            "responses": {"200": _answer("A line for each record: an Assessment or a LineError",
                                         {_JSON_LINES: {"schema": _TEXT}}, "Misstep-Rulebase"),
                          **_problems("media_type")},
        }},
        "/certainty": {"post": {
            "operationId": "certainty",
            "summary": "How far the answer to one interview rests on what is not said",
            "description": _CERTAINTY,
            "requestBody": one_record,
            "responses": {"200": _answer("The range of damage, and what it hangs on",
                                         {"application/json": {"schema": _ref("Certainty")}}, "Misstep-Rulebase"),
                          **_problems("media_type", "record")},
        }},
        "/kinds": _read("kinds", "The kinds of facts with their fields", {"type": "array", "items": _ref("Kind")}),
        "/rules/{id}": _read("rule", "A rule as it stands in its pack, with its sources and cases", _ref("Rule"), "not_found",
                             parameter={"name": "id", "in": "path", "required": True, "schema": _TEXT, "example": rule}),
        "/schema": _read("schema", "JSON Schemas of records and assessments", _object(record={"type": "object"},
                                                                                     assessment={"type": "object"})),
        "/version": _read("version", "Which misstep and which rules these are",
                          _object(misstep=_TEXT, rulebase=_ref("RuleBaseInfo"))),
        "/openapi.json": _read("openapi", "This description", {"type": "object"}),
        "/healthz": _state("healthy", "Whether the process answers at all", _object(status={"const": "ok"})),
        "/readyz": _state("ready", "Whether it is ready for work", _object(status={"const": "ready"}, rulebase=_TEXT)),
        "/metrics": {"get": {
            "operationId": "metrics", "summary": "Figures for Prometheus",
            "responses": {"200": _answer("The figures as text", {"text/plain": {"schema": _TEXT}}), **_problems()},
        }},
    }  # fmt: skip


def _read(operation: str, summary: str, schema: Data, *codes: str, parameter: Data | None = None) -> Data:
    """A path of what stays the same as long as the rules do."""
    content = {"application/json": {"schema": schema}}
    described: Data = {
        "operationId": operation, "summary": summary,
        "responses": {"200": _answer(summary, content, "Misstep-Rulebase", "ETag"), **_problems(*codes)},
    }  # fmt: skip
    known = {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "an ETag; the answer is 304 if it holds"}
    described["parameters"] = [known] if parameter is None else [parameter, known]
    described["responses"]["304"] = {
        "description": "The rules are still the same",
        "headers": _headers("Misstep-Rulebase", "ETag"),
    }
    return {"get": described}


def _state(operation: str, summary: str, schema: Data) -> Data:
    responses = {"200": _answer(summary, {"application/json": {"schema": schema}}), **_problems()}
    return {"get": {"operationId": operation, "summary": summary, "responses": responses}}


def _answer(description: str, content: Data, *headers: str) -> Data:
    return {"description": description, "headers": _headers(*headers), "content": content}


def _headers(*names: str) -> Data:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, "X-Request-ID")}


def _problems(*codes: str) -> Data:
    """The answers that are problems, by status."""
    found: Data = {}
    for code in (*codes, *_ANYWHERE):
        status = str(SORTS[code].status)
        response = found.setdefault(status, {
            "description": SORTS[code].title,
            "headers": {"Retry-After": {"$ref": "#/components/headers/Retry-After"}} if code == "busy" else {},
            "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
        })  # fmt: skip
        if SORTS[code].title not in response["description"]:
            response["description"] += f"; or: {SORTS[code].title}"
    return dict(sorted(found.items()))


# -- schemas


def _components(record: Data) -> Data:
    assessment = Assessment.json_schema("#/components/schemas/{model}")
    return {
        **_record_components(record),
        **assessment.pop("$defs"),
        "Assessment": assessment,
        "Kind": _object(
            kind=_TEXT, role={"enum": ["mistake", "signal", "strength", "setting", "derived"]}, title=_TEXT, topic=_TEXT,
            concern=_TEXT, harm=_TEXT, mend=_TEXT, help=_TEXT, word=_TEXT, fields={"type": "array", "items": _ref("Field")},
        ),
        "Field": _object(
            name=_TEXT, type={"enum": ["boolean", "integer", "number", "text", "enum", "set"]}, unknown={"type": "boolean"},
            required={"type": "boolean"}, default={}, values={"type": "array", "items": _TEXT}, min={"type": ["number", "null"]},
            max={"type": ["number", "null"]}, unit=_TEXT, help=_TEXT, title=_TEXT,
            words={"type": "array", "items": _object(value={}, text=_TEXT)},
        ),
        "Certainty": _object(
            low=_NUMBER, high=_NUMBER, same=_NUMBER, settled={"type": "boolean"},
            depends_on={"type": "array", "items": _ref("OpenField")}, draws={"type": "integer"}, complete={"type": "boolean"},
        ),
        "OpenField": _object(
            pointer=_TEXT, fact=_TEXT, kind=_TEXT, field=_TEXT, changes=_NUMBER, low=_NUMBER, high=_NUMBER,
        ),
        "Rule": _object(
            rule=_TEXT, title=_TEXT, help=_TEXT, pack=_TEXT, file=_TEXT, line={"type": "integer"}, text=_TEXT,
            cases={"type": "array", "items": _TEXT}, sources={"type": "array", "items": _ref("CitedSource")},
        ),
        "Place": _object(["line", "column"], pointer=_TEXT, detail=_TEXT, line={"type": "integer"}, column={"type": "integer"}),
        "Problem": _object(
            ["errors", "omitted"], type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT, code={"enum": list(SORTS)},
            errors={"type": "array", "items": _ref("Place")}, omitted={"type": "integer"},
        ),
        "LineError": _object(line={"type": "integer"}, error=_ref("Problem")),
    }  # fmt: skip


def _record_components(record: Data) -> Data:
    """The schema of a record with one component for each kind, as a discriminator wants it in OpenAPI."""
    record = copy.deepcopy(record)
    facts = record["properties"]["facts"]
    kinds: Data = facts["items"]["discriminator"]["mapping"]
    names = {kind: f"Fact.{kind}" for kind in kinds}
    fact = {
        "oneOf": [_ref(name) for name in names.values()],
        "discriminator": {"propertyName": "kind", "mapping": {kind: _ref(name)["$ref"] for kind, name in names.items()}},
    }
    facts["items"] = _ref("Fact")
    return {"Record": record, "Fact": fact, **{names[kind]: schema for kind, schema in kinds.items()}}


def _ref(name: str) -> Data:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(optional: Iterable[str] = (), /, **properties: Data) -> Data:
    """An object with these members and no others."""
    left_out = set(optional)
    required = [name for name in properties if name not in left_out]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
