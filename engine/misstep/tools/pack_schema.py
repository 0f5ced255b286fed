"""The JSON Schema of packs for editors: every key with its meaning and an example, and completed names of a rule base.

Names are suggested and not required: a pack declares new ones, and ``misstep check`` knows which are there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from misstep.language.facts import GIVEN_ROLES, Field
from misstep.language.program import FINDING, OUTLOOK, Program
from misstep.rulebase import schema
from misstep.rulebase.load import SHIPPED
from misstep.rulebase.shipped import shipped_rules
from misstep.tools.key_help import NameSort, help_of

SchemaNode = dict[str, Any]


def pack_schema(program: Program | None = None) -> SchemaNode:
    """The JSON Schema of a pack, with the names of a rule base where one is given."""
    data = schema.PackDoc.model_json_schema()
    defs, names = data["$defs"], _names(program)
    models = {model.__name__: model for model in _models(schema.Doc)}
    for name, node in (("PackDoc", data), *defs.items()):
        model = models[name]
        del node["title"]  # the name of the model, which is ours
        if told := help_of(model, ""):
            node["description"] = told.text
        for key, below in node.get("properties", {}).items():
            if told := help_of(model, key):
                suggested = _suggest(below, names[told.names], defs) if told.names and told.names in names else below
                node["properties"][key] = _told(suggested, told.text, told.example)
    if program is not None:
        defs["Fact"] = {"description": "A fact: its kind, and its fields."} | _fact(program, GIVEN_ROLES, _value)
        for case in ("CaseDoc", "StoryCaseDoc"):
            defs[case]["properties"]["facts"]["items"] = {"$ref": "#/$defs/Fact"}
        defs["DerivedFact"] = _fact(program, ["derived"], lambda field: {"description": field.expected()})
        one, several = defs["ThenDoc"]["properties"]["derive"]["anyOf"][0]["oneOf"]
        for node in (one, several["items"]):
            node["allOf"] = [{"$ref": "#/$defs/DerivedFact"}]
    return data


def _models(model: type[schema.Doc]) -> Iterator[type[schema.Doc]]:
    yield model
    for below in model.__subclasses__():
        yield from _models(below)


def _told(node: SchemaNode, text: str, example: object) -> SchemaNode:
    """A node with its meaning, in place of the title and the empty default that pydantic gives it."""
    kept = {key: value for key, value in node.items() if key != "title" and (key, value) != ("default", None)}
    return {"description": text, **kept} | ({} if example is None else {"examples": [example]})


# -- names


def _names(program: Program | None) -> Mapping[NameSort, Collection[str]]:
    """The names of a rule base by their sort; without one, those of the shipped packs alone."""
    packs = (SHIPPED, *sorted(file.stem for file in shipped_rules().glob("*.yaml")))
    if program is None:
        return {"packs": packs}
    scale = program.scale
    of_role = {role: [kind.name for kind in program.kinds.values() if kind.role == role] for role in (*GIVEN_ROLES, "derived")}
    channels = {channel for action in program.actions.values() for channel in action.channels}
    places = [f"{role}.{field.name}" for role, fields in program.roles.items() for field in fields]
    places += [
        f"{kind.name}.{field.name}"
        for kind in program.kinds.values()
        if kind.role in GIVEN_ROLES
        for field in program.own_fields(kind)
    ]
    return {
        "actions": [*program.actions],
        "bands": scale.severity.words,
        "channels": sorted({*channels, *scale.message_channels, *scale.message_spoken}),
        "concerns": scale.concerns,
        "derived": of_role["derived"],
        "facts": [*GIVEN_ROLES, FINDING, OUTLOOK, *program.kinds],
        "fields": places,
        "harms": scale.harms,
        "kinds": [*program.kinds],
        "levels": [word for word in scale.noticed.words if word],
        "mends": scale.mends,
        "mistakes": of_role["mistake"],
        "occasions": [*scale.occasions],
        "outlooks": scale.outlooks,
        "packs": packs,
        "parts": [part.name for part in scale.message_parts],
        "rules": [*program.rules],
        "sources": [*program.sources],
        "urgencies": [word for word in scale.urgency.words if word],
        "verdicts": scale.verdicts,
    }


def _suggest(node: SchemaNode, names: Collection[str], defs: Mapping[str, SchemaNode]) -> SchemaNode:
    """A node that names complete: each name in it, or the keys of a mapping. What has keys of its own is left as it is."""
    if "$ref" in node:
        below = defs[node["$ref"].rpartition("/")[2]]
        if below["properties"].keys() != schema.ExpectListDoc.model_fields.keys():
            return node
        lists = {key: _suggest(each, names, defs) for key, each in below["properties"].items()}
        return {**below, **{key: value for key, value in node.items() if key != "$ref"}, "properties": lists}
    for several in ("anyOf", "oneOf"):
        if several in node:
            node = {**node, several: [_suggest(each, names, defs) for each in node[several]]}
    match node.get("type"):
        case "string":
            return {"anyOf": [{"enum": [*names]}, node]}
        case "array":
            return {**node, "items": _suggest(node["items"], names, defs)}
        case "object":
            (value,) = node["patternProperties"].values() if "patternProperties" in node else [node["additionalProperties"]]
            return {**node, "properties": dict.fromkeys(names, value)}
    return {**node, "anyOf": [{"enum": [*names]}, {}]} if node.keys() <= {"default", "title"} else node  # of anything: suggested


# -- facts


def _fact(program: Program, roles: Collection[str], value: Callable[[Field], SchemaNode]) -> SchemaNode:
    """A fact of a kind of some roles, or of one that is not known: its fields by its kind. ``value``: what stands in a field."""
    kinds = [kind for kind in program.kinds.values() if kind.role in roles]
    fields: list[tuple[SchemaNode, Sequence[Field]]] = [({"const": kind.name}, program.own_fields(kind)) for kind in kinds]
    for role in roles:
        fields.append(({"enum": [kind.name for kind in kinds if kind.role == role]}, program.roles.get(role, ())))
    return {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {
                "description": "The kind of the fact.",
                "anyOf": [{"enum": [kind.name for kind in kinds]}, {"type": "string"}],
            }
        },
        "allOf": [
            {"if": {"properties": {"kind": of_kind}}, "then": {"properties": {field.name: value(field) for field in told}}}
            for of_kind, told in fields
            if told
        ],
    }


def _value(field: Field) -> SchemaNode:
    """A field of a fact, with its choices."""
    told = "; ".join(part for part in (field.asks, field.expected()) if part)
    return {"description": told, "anyOf": [{"enum": [*field.choices]}, {}]} if field.choices else {"description": told}
