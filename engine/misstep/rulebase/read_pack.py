"""Validate a document as a pack; invalid parts are reported and left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from types import UnionType
from typing import Annotated, Any, TypeGuard, Union, get_args, get_origin, get_type_hints

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from misstep.errors import HALF_SIGN, Problem, RuleError, did_you_mean, odd_letter
from misstep.rulebase import schema
from misstep.rulebase.documents import Document
from misstep.rulebase.packs import Pack

MAX_ROUNDS = 10  # leaving something out brings up a new problem only where one hid another


def read_pack(document: Document, layer: int, problems: list[Problem]) -> Pack:
    """The pack of a document. Invalid parts are added to ``problems`` and left out, and the rest is validated again. Raises
    RuleError if the document is no mapping, if it is in a newer schema, or if nothing of it is valid."""
    if not isinstance(document.data, dict):
        raise RuleError([Problem(document.locate(()), "a pack is a mapping that begins with `schema: 1`")])
    number = document.data.get("schema")
    if type(number) is int and number > schema.NEWEST:  # no more is said of a pack whose words have yet to be invented
        what = f"this pack is in schema {number}, and this misstep reads schema {schema.NEWEST}; a newer misstep reads it"
        raise RuleError([Problem(document.locate(("schema",)), what)])
    data, broken = document.data, set[tuple[str, str]]()
    for _ in range(MAX_ROUNDS):
        try:
            return Pack(document, schema.PackDoc.model_validate(data), layer, problems, frozenset(broken))
        except ValidationError as error:
            errors = error.errors(include_url=False)
            problems.extend(_shape_problem(document, e) for e in errors)
            data = deepcopy(data)
            for path, e in [(_path(data, e["loc"]), e) for e in errors]:
                _leave_out(data, path, e, broken)
    raise RuleError(problems)


_NAMED = (
    *("constants", "roles", "kinds", "rules", "tables", "actions", "sources", "usual", "promises"),
    *("words", "terms", "scale", "cases"),
)


def _leave_out(data: dict[str, Any], path: list[str | int], error: ErrorDetails, broken: set[tuple[str, str]]) -> None:
    """Remove an invalid part of a pack: an unknown key, or else the whole declaration or section."""
    section, *rest = [str(step) for step in path] or [str(error["loc"][0])]  # `schema` or `pack` is missing
    if error["type"] == "extra_forbidden":
        here: Any = data
        for step in path[:-1]:
            here = here.get(step, {}) if isinstance(here, dict) else here[step]
        here.pop(path[-1], None)
    elif rest and section in _NAMED:
        data.get(section, {}).pop(rest[0], None)
        broken.add((section, rest[0]))
    elif section in ("schema", "pack"):
        data[section] = 1 if section == "schema" else "unnamed"
    else:
        data.pop(section, None)


def _path(data: Any, loc: Iterable[str | int]) -> list[str | int]:
    """The path of an error in the data; a step that leads nowhere is a tag of a union, or a key that is missing."""
    path: list[str | int] = []
    for step in loc:
        if isinstance(step, int) if isinstance(data, list) else isinstance(data, dict) and step in data:
            path.append(step)
            data = data[step]
    return path


def _shape_problem(document: Document, error: ErrorDetails) -> Problem:
    """One pydantic error in our words, with the place in the file."""
    path, message = describe(document.data, error, schema.PackDoc)
    subject = str(path[1]) if len(path) > 1 and path[0] in ("rules", "tables") else ""
    return Problem(document.locate(path), message, subject)


def describe(data: object, error: ErrorDetails, root: type[schema.Doc]) -> tuple[list[str | int], str]:
    """One pydantic error about data of the shape ``root``: the path of the fault, and our message."""
    path = _path(data, error["loc"])
    here: Any = data
    for step in path:
        here = here[step]
    last = error["loc"][-1] if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        keys = _keys_at(path[:-1], root)
        old = schema.OLD_KEYS.get(".".join(map(str, path)))
        hint = f"; {old}" if old else did_you_mean(str(last), keys, f"; there are {', '.join(keys)}")
        message = f"unknown key '{_short(last)}'{hint}" if last not in keys else f"'{last}' does not go with the other keys here"
    elif error["type"] == "missing":
        message = f"the key '{last}' is missing"
    elif error["type"] == "string_unicode" and isinstance(here, dict):
        message = f"a key {HALF_SIGN}"
    elif last == "[key]":
        message = f"'{_short(path[-1])}' {_expected(error, path[-1]).replace('must be', 'is not', 1)}"
    else:
        message = f"{_called(path)} {_expected(error, here)}{_meant(path, root)}"
    return path, message


def _meant(path: list[str | int], root: type[schema.Doc]) -> str:
    """The key that is meant, where names may stand beside keys and a misspelt key was taken for a name."""
    place = max((i for i, step in enumerate(path) if isinstance(step, str)), default=0)
    keys = _keys_at(path[:place], root)
    return did_you_mean(str(path[place]), keys) if keys and path[place] not in keys else ""


def _short(key: object) -> str:
    return str(key)[:60]


def _called(path: list[str | int]) -> str:
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    return f"an item of `{_short(key)}`" if isinstance(path[-1], int) else f"`{_short(key)}`"


def _expected(error: ErrorDetails, value: object) -> str:
    """The expected shape of a value: ``must be ...``."""
    context = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            words = re.findall("'([^']*)'", context["expected"])
            return f"must be {context['expected']}" + did_you_mean(str(value), words)
        case "union_tag_invalid":
            tags = re.findall("'([^']*)'", context["expected_tags"])
            words = [_TAGS[tag] for tag in tags]
            return f"must be {', '.join(words[:-1])} or {words[-1]}"
        case "string_type":
            return "must be text" + ("; put it in quotes" if isinstance(value, (int, float)) else "")
        case "string_pattern_mismatch":
            return f"must be {schema.PATTERNS[context['pattern']]}{odd_letter(str(value))}"
        case "string_too_long":
            return f"must be a text of at most {context['max_length']} characters"
        case kind:
            text: str = _EXPECTED.get(kind, error["msg"])
            return text.format(**context)


_TAGS = {"text": "text", "list": "a list", "mapping": "a mapping", "number": "a number", "boolean": "true or false"}
_EXPECTED = {
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "list_type": "must be a list",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt:.16g}",
    "greater_than_equal": "must be at least {ge:.16g}",
    "less_than_equal": "must be at most {le:.16g}",
    "string_too_short": "must not be empty",
    "string_unicode": HALF_SIGN,
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} items",
}


def _keys_at(path: list[str | int], root: type[schema.Doc]) -> list[str]:
    """The keys that may stand in the mapping at a path."""
    shapes: list[object] = [root]
    for step in path:
        below = [_below(shape, step) for shape in shapes]
        shapes = [shape for annotation in below for shape in _alternatives(annotation)]
    return sorted({f.alias or name for shape in shapes if _is_doc(shape) for name, f in shape.model_fields.items()})


def _is_doc(shape: object) -> TypeGuard[type[schema.Doc]]:
    return isinstance(shape, type) and issubclass(shape, schema.Doc)


def _below(shape: object, step: str | int) -> object:
    """The annotation under a key or index of a shape; None if there is none."""
    if _is_doc(shape):
        named = next((f.annotation for name, f in shape.model_fields.items() if (f.alias or name) == step), None)
        if named is None and shape.model_config.get("extra") == "allow":
            return get_args(get_type_hints(shape, include_extras=True)["__pydantic_extra__"])[-1]
        return named
    return get_args(shape)[-1] if get_origin(shape) is (list if isinstance(step, int) else dict) else None


def _alternatives(annotation: object) -> Iterator[object]:
    """The types that an annotation allows."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for alternative in get_args(annotation):
            yield from _alternatives(alternative)
    else:
        yield annotation
