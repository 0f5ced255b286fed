"""Share equal parts of JSON Schemas, so that programs that generate clients do not make the same type again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]
REF = "#/components/schemas/{model}"
"""The reference to a component of a description."""


def share_enums(schemas: Mapping[str, Schema], prefix: str) -> Schema:
    """Move every list of words that three properties have into a component. Changes the schemas in place; returns components.

    A component is called ``prefix.property``, after the first property that has it.
    """
    places: dict[tuple[str, ...], list[tuple[str, Schema]]] = {}
    for schema in schemas.values():
        for name, node in _enums_in(schema):
            places.setdefault(tuple(node["enum"]), []).append((f"{prefix}.{name}", node))
    components: Schema = {}
    for words, found in places.items():
        if len(found) >= 3:
            name = _free(found[0][0], components)
            components[name] = {"type": "string", "enum": list(words)}
            for _, node in found:
                del node["enum"]
                node.pop("type", None)
                node["$ref"] = REF.format(model=name)
    return components


def enums_as_constants(schemas: Mapping[str, Schema]) -> None:
    """Put the lists of words as ``oneOf`` constants: generators make a type of every ``enum``, but not of these."""
    for schema in schemas.values():
        for _, node in _enums_in(schema):
            node["oneOf"] = [{"const": word} for word in node.pop("enum")]
            node.pop("type", None)


def enums_as_text(schemas: Mapping[str, Schema]) -> None:
    """Put the lists of words as text that names them: a later version may answer with another word, and a client that is made
    today reads it."""
    for schema in schemas.values():
        for _, node in _enums_in(schema):
            words = f"one of {', '.join(node.pop('enum'))}"
            node["type"] = "string"
            node["description"] = f"{node['description']}; {words}" if "description" in node else words


def _enums_in(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The nodes with a list of words in the properties of an object, each with the name of its property."""
    for name, node in schema.get("properties", {}).items():
        yield from ((name, each) for each in _choices(node) if "enum" in each)


def _choices(node: Schema) -> Iterator[Schema]:
    """What a property, or an item of it, may be."""
    yield node
    for each in (*filter(None, [node.get("items")]), *node.get("anyOf", ())):
        yield from _choices(each)


def _free(name: str, taken: Mapping[str, object]) -> str:
    numbered = [name, *(f"{name}_{number}" for number in range(2, len(taken) + 2))]
    return next(each for each in numbered if each not in taken)


def share_kinds(kinds: Mapping[str, Schema], roles: Mapping[str, str]) -> tuple[Schema, dict[str, str]]:
    """Schemas of facts by kind, with the role of each, in; the components, and the name of the component of each kind, out.

    Kinds with the same fields have one component, which is called after their role and the fields that not all kinds of that role
    have; other components are called after their kind.
    """
    alike: dict[str, list[str]] = {}
    for kind, schema in kinds.items():
        fields = {name: each for name, each in schema["properties"].items() if name != "kind"}
        alike.setdefault(json.dumps([fields, schema.get("required")], sort_keys=True), []).append(kind)
    components: Schema = {}
    names: dict[str, str] = {}
    for group in alike.values():
        first = kinds[group[0]]
        if len(group) == 1:
            name = f"Fact.{group[0]}"
        else:
            role = roles[group[0]]
            of_all = set.intersection(*(set(kinds[kind]["properties"]) for kind in kinds if roles[kind] == role))
            own = [field for field in first["properties"] if field not in of_all]
            name = _free(".".join(["Fact", f"{role}_with_{'_and_'.join(own)}" if own else f"any_{role}"]), components)
            first = {**first, "properties": {**first["properties"], "kind": {"oneOf": [{"const": kind} for kind in group]}}}
        components[name] = first
        names |= dict.fromkeys(group, name)
    return components, names
