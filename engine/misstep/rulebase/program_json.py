"""Linked declarations as JSON, plain data of which nothing is ever run, and back: for the cache, and for other processes."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from misstep.language import effects, expression, facts, scale, words
from misstep.language import program as rules
from misstep.language.facts import Field
from misstep.language.program import Pattern, Program, Rule
from misstep.language.words import Words
from misstep.rulebase.cache import kept
from misstep.rulebase.shipped import shipped_rules

_CLASSES: dict[str, type[Any]] = {
    name: value
    for module in (effects, expression, facts, rules, scale, words)
    for name, value in vars(module).items()
    if isinstance(value, type) and dataclasses.is_dataclass(value)
}
_FIELDS = {cls: tuple(f.name for f in dataclasses.fields(cls) if f.init) for cls in _CLASSES.values()}
_SHARED = (Field, Pattern, Rule)
"""Classes of objects that several parts of a program share: each object is written once."""


def shipped_program() -> Program:
    """The linked program of the shipped rules."""

    def link() -> bytes:
        # this needs pydantic's models of packs and the YAML parser, which is most of what the cache saves
        from misstep.limits import Limits
        from misstep.rulebase.link import load_program

        return dump_program(load_program([shipped_rules()], Limits(), cases=False)[0])

    return kept("rules", link, read_program)


def dump_program(program: Program) -> bytes:
    """A program as JSON."""
    return _dump(program)


def read_program(text: bytes) -> Program:
    """A program from its JSON. Raises ValueError, KeyError, IndexError or TypeError for any other JSON."""
    program: Program = _read_dump(text)
    return program


def dump_words(told: Words) -> bytes:
    """The words of a rule base as JSON."""
    return _dump(told)


def read_words(text: bytes) -> Words:
    """Words from their JSON. Raises as ``read_program`` does."""
    told: Words = _read_dump(text)
    return told


def _dump(whole: Program | Words) -> bytes:
    """Linked declarations as JSON: tuples are lists, other objects have one key, the name of their class. An object that several
    parts share is written once, in ``shared``, and referred to by its index."""
    places: dict[object, int] = {}
    shared: list[object] = []

    def plain(value: object) -> object:
        if isinstance(value, tuple):
            return [plain(part) for part in value]
        if isinstance(value, frozenset):
            return {"set": sorted(value)}
        if isinstance(value, dict):
            return {"map": [[key, plain(part)] for key, part in value.items()]}
        if type(value) not in _FIELDS:
            return value
        if isinstance(value, _SHARED) and value in places:
            return {"": places[value]}
        written = {type(value).__name__: [plain(getattr(value, name)) for name in _FIELDS[type(value)]]}
        if not isinstance(value, _SHARED):
            return written
        places[value] = len(shared)
        shared.append(written)
        return {"": places[value]}

    content = {"whole": plain(whole), "shared": shared}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read_dump(text: bytes) -> Any:
    content = json.loads(text)
    shared: list[object] = []
    for value in content["shared"]:
        shared.append(_whole(value, shared))
    return _whole(content["whole"], shared)


def _whole(value: Any, shared: list[object]) -> Any:
    if type(value) is list:
        return tuple([_whole(part, shared) if type(part) in _NESTED else part for part in value])
    if type(value) is not dict:
        return value
    ((name, content),) = value.items()
    if name == "":
        return shared[content]
    if name == "set":
        return frozenset(content)
    if name == "map":
        return {key: _whole(part, shared) if type(part) in _NESTED else part for key, part in content}
    return _CLASSES[name](*[_whole(part, shared) if type(part) in _NESTED else part for part in content])


_NESTED = (list, dict)
