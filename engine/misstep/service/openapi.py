"""The operations of the service, and its description as OpenAPI 3.1.

OPERATIONS is the one table of routes: routes.py serves it, ``describe`` describes it. Schemas are made from the types of the
answers. Those of records, and the examples, come from the rule base in force, so the description changes with the rules.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson
from pydantic import TypeAdapter

from misstep.analysis.certainty import Certainty
from misstep.analysis.questions import Questions
from misstep.api import RuleBase
from misstep.assessment.assembly import FINDING_REASONS, SUMMARY
from misstep.assessment.result import Assessment
from misstep.language.facts import GIVEN_ROLES, Kind
from misstep.language.scale import Scale
from misstep.service.config import BATCH_PATH, DETAILS, JSON, JSON_LINES, LINES_TYPES, RETRY_SECONDS
from misstep.service.problems import MEDIA_TYPE, PROBLEM_TYPES
from misstep.service.shared_schemas import REF, Schema, enums_as_constants, enums_as_text, share_enums, share_kinds
from misstep.tools.lookup import FIELD_MEMBERS, KIND_MEMBERS, RulePage

RecordExample = tuple[object, object]
"""A record and its assessment, as data."""
_TEXT: Schema = {"type": "string"}
_COMMON_PROBLEMS = (
    "request",
    "query",
    "host",
    "not_acceptable",
    "timeout",
    "headers",
    "too_large",
    "internal",
    "busy",
)  # possible for every request


def _ref(name: str) -> Schema:
    return {"$ref": REF.format(model=name)}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(optional: Sequence[str] = (), /, **properties: Schema) -> Schema:
    """An object with these members and no others."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


class Operation(NamedTuple):
    """One route: its id, its summary, and the schema, media type and description of its answer.

    ``body``: the media type that it takes, with POST; ``takes``: the schema of it, else that of records; ``query``:
    the values of each query parameter, the default first;
    ``problems``: codes of its own problems; ``of_rules``: the answer depends on the rules in force, and with GET can be cached by
    its ETag; ``tag``: one of TAGS.
    """

    id: str
    summary: str
    schema: Schema
    media_type: str = JSON
    answer: str = ""
    description: str = ""
    body: str = ""
    query: Mapping[str, tuple[str, ...]] = {}
    takes: Schema | None = None
    problems: tuple[str, ...] = ()
    of_rules: bool = True
    tag: str = "assessing"

    @property
    def method(self) -> str:
        """GET, or POST if there is a body."""
        return "POST" if self.body else "GET"

    @property
    def media_types(self) -> tuple[str, ...]:
        """The media types that the answer may have, the usual one first."""
        return LINES_TYPES if self.media_type == JSON_LINES else (self.media_type,)

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
        answer="A line for each line: an AssessedLine or a LineError",
        description="JSON lines in and out, in the same order; answers are sent while the rest comes in. Every line is answered "
        'by one with its number: `{"line": 1, "assessment": ...}`, or `{"line": 2, "error": ...}` for an invalid record and '
        "for an empty line. `detail`: `full` assessments; `findings`: scores, findings and steps without reasons and texts; or "
        "`scores` alone. Body and answer may be compressed by gzip.",
        body=JSON_LINES,
        query={"detail": DETAILS},
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
    "/suggest": Operation(
        "suggest",
        "Read a text for the facts that it may tell of",
        _object(suggestions=_array(_ref("Suggestion"))),
        answer="The facts, slips first; none where nothing is understood",
        description="The text is not kept, and nothing of it is logged. Of suggestions with a score of 0.8 eight in ten are "
        "right: show them to the person, and assess what is confirmed. `fields`: only what the words say; `spans`: the places in "
        "the text that led to it, from and to; `wording`: that of the packs which matched best. Packs have words for English.",
        body=JSON,
        takes=_object(text=_TEXT),
        problems=("media_type", "record"),
    ),
    "/kinds": Operation("kinds", "The kinds of facts with their fields", _array(_ref("Kind")), tag="rules"),
    "/kinds/{kind}": Operation(
        "kind", "A kind of facts, with the rules about it", _ref("Kind"), problems=("not_found",), tag="rules"
    ),
    "/rules/{id}": Operation(
        "rule",
        "A rule as written in its pack, with its sources and cases",
        _ref("RulePage"),
        problems=("not_found",),
        tag="rules",
    ),
    "/schema": Operation("schema", "JSON Schemas of records and assessments", {}, tag="rules"),
    "/version": Operation(
        "version",
        "The versions of misstep and of the rules, and the engine",
        _object(misstep=_TEXT, engine=_TEXT, rulebase=_ref("RuleBaseInfo")),
        tag="rules",
    ),
    "/openapi.json": Operation("openapi", "This description", {}, tag="rules"),
    "/healthz": Operation("healthy", "Whether the process is alive", _ref("Health"), of_rules=False, tag="operation"),
    "/readyz": Operation("ready", "Whether the service is ready", _ref("Health"), of_rules=False, tag="operation"),
    "/metrics": Operation("metrics", "Metrics for Prometheus", _TEXT, "text/plain", of_rules=False, tag="operation"),
}
"""Every operation, by path; those that are called most come first."""


TAGS = {
    "assessing": "Records of interviews in, assessments out",
    "rules": "The rules in force: kinds of facts, rules, schemas, versions, and this description",
    "operation": "For those who run it: health and metrics",
}
"""The groups of operations."""


def schemas(record: Schema) -> Schema:
    """The answer of ``GET /schema``: the schemas of records and of assessments."""
    return {"record": record, "assessment": Assessment.json_schema()}


def describe(rulebase: RuleBase, examples: Mapping[str, RecordExample], version: str) -> Schema:
    """The description of the service with this rule base."""
    names = {"id": next(iter(rulebase.rules), ""), "kind": next(iter(rulebase.kinds))}
    headers = {
        "Misstep-Rulebase": "name, version and digest of the rule base that gave the answer",
        "X-Request-ID": "the id of the request, as in the log",
        "ETag": "changes with the rules",
        "Retry-After": f"seconds: {RETRY_SECONDS}",
    }
    paths = {path: {each.method.lower(): _operation(path, each, names, examples)} for path, each in OPERATIONS.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "misstep",
            "version": version,
            "summary": "How bad a mistake in a job interview was, whether anybody noticed, and what to do about it.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _components(rulebase),
            "headers": {name: {"description": text, "schema": _TEXT} for name, text in headers.items()},
        },
    }


def _operation(path: str, operation: Operation, names: Mapping[str, str], examples: Mapping[str, RecordExample]) -> Schema:
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
    found: Schema = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary, "responses": responses}
    if operation.description:
        found["description"] = operation.description
    if operation.body:
        found["requestBody"] = _text_body(operation.takes) if operation.takes else _request_body(operation.body, examples)
    parameters: list[Schema] = [
        {
            "name": name,
            "in": "query",
            "schema": {"oneOf": [{"const": value} for value in values], "default": values[0]},
        }
        for name, values in operation.query.items()
    ]
    if operation.cached:
        responses["304"] = {"description": "The rules have not changed", "headers": headers}
        etag = {"name": "If-None-Match", "in": "header", "schema": _TEXT, "description": "an ETag; 304 if it is still valid"}
        in_path = {"in": "path", "required": True, "schema": _TEXT}
        parameters += [{"name": name, **in_path, "example": names[name]} for name in re.findall("{(.+?)}", path)]
        parameters.append(etag)
    if parameters:
        found["parameters"] = parameters
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


def _text_body(schema: Schema) -> Schema:
    examples = {"story": {"value": {"text": "My phone rang, and I was twelve minutes late because of the traffic."}}}
    return {"required": True, "content": {JSON: {"schema": schema, "examples": examples}}}


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
    assessment = Assessment.json_schema(REF)
    adapters = [TypeAdapter(each) for each in (Certainty, Questions, RulePage, Kind)]
    _, found = TypeAdapter.json_schemas([(each, "serialization", each) for each in adapters], ref_template=REF)
    made: Schema = {**found["$defs"], **assessment.pop("$defs"), "Assessment": assessment}
    members = {"Kind": KIND_MEMBERS, "Field": FIELD_MEMBERS}
    for name in ("Certainty", "OpenField", "Questions", "Question", "AnswerChoice", "RulePage", "Source", *members):
        made[name] = _of_dataclass(made[name]["properties"], members.get(name, {}))
    made["Field"]["properties"]["words"] = _array(_object(value={}, text=_TEXT))
    made["Kind"] = _extended(made["Kind"], rules=_array(_TEXT))
    made |= _details(made)
    made = orjson.loads(orjson.dumps(made))  # some share nodes, which are changed below
    number: Schema = {"type": "integer"}
    made |= {
        "Suggestion": _object(
            kind=_TEXT,
            role={"enum": list(GIVEN_ROLES)},
            score={"type": "number", "minimum": 0, "maximum": 1},
            fields={"type": "object"},
            spans=_array({"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}),
            wording=_TEXT,
        ),
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
        "AssessedLine": _object(
            line=number, assessment={"anyOf": [_ref(name) for name in ("Assessment", "AssessmentFindings", "AssessmentScores")]}
        ),
        "Health": _object(("rulebase",), status={"enum": ["ok", "ready"]}, rulebase=_TEXT),
        "LineError": _object(line=number, error=_ref("Problem")),
    }
    enums_as_text(made)
    return {**_record_components(rulebase), **_with_words(made, rulebase.program.scale)}


def _details(made: Schema) -> Schema:
    """The schemas of the parts of an assessment that a batch may answer with."""
    whole, finding, step = (made[name]["properties"] for name in ("Assessment", "Finding", "Step"))
    scores = _object(**{name: whole[name] for name in SUMMARY})
    return {
        "AssessmentScores": scores,
        "AssessmentFindings": _extended(scores, findings=_array(_ref("FindingScores")), steps=_array(_ref("StepOutline"))),
        "FindingScores": _object(**{name: each for name, each in finding.items() if name not in FINDING_REASONS}),
        "StepOutline": _object(
            **{name: step[name] for name in ("rank", "occasion", "channel", "due_hours")}, actions=_array(_TEXT)
        ),
    }


def _extended(schema: Schema, **properties: Schema) -> Schema:
    """A schema of an object, with further members."""
    return _object(**schema["properties"], **properties)


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


def _record_components(rulebase: RuleBase) -> Schema:
    """The schema of a record, with components for its kinds and for the words of their fields."""
    record = copy.deepcopy(rulebase.record_schema())
    del record["title"]
    facts = record["properties"]["facts"]
    kinds: Schema = facts["items"]["discriminator"]["mapping"]
    for schema in kinds.values():
        for each in schema["properties"].values():
            del each["title"]  # the name once more
    words = share_enums(kinds, "Field")
    enums_as_constants(kinds)
    components, names = share_kinds(kinds, {kind: rulebase.program.kinds[kind].role for kind in kinds})
    facts["items"] = _ref("Fact")
    fact = {
        "oneOf": [_ref(name) for name in components],
        "discriminator": {"propertyName": "kind", "mapping": {kind: _ref(name)["$ref"] for kind, name in names.items()}},
    }
    return {"Record": record, "Fact": fact, **words, **components}
