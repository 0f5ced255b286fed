"""The text of a JSON value in; where each of its parts stands out. For errors only: text that is right needs no places."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*+"|[\[\]{},:]|[^\s\[\]{},:"]++)', re.DOTALL)


class JsonPart(NamedTuple):
    """A value, or a key that its object has already: ``twice``. ``start``: its offset; ``named``: that of its key, if it has one;
    ``token``: the text of what is no list or object, else its bracket."""

    path: tuple[str | int, ...]
    start: int
    named: int
    token: str
    twice: bool = False


def json_parts(text: str) -> Iterator[JsonPart]:
    """The parts of a JSON value in their order. Text that is no JSON gives those before the fault, and perhaps others."""
    path: list[str | int] = []
    keys: list[set[str] | None] = []  # of each bracket that is open; None of a list
    known = set[str]()  # of the innermost object
    key_is_due, named = False, 0
    for match in _TOKEN.finditer(text):
        token, start = match[1], match.start()
        if token in "]}":
            if not keys:
                return
            keys.pop()
            path.pop()
            key_is_due = False
        elif token == ",":
            known, key_is_due = _innermost(keys)
            if path and isinstance(path[-1], int):
                path[-1] += 1
        elif key_is_due:
            key = _key(token)
            path[-1], named, key_is_due = key, start, False
            if key in known:
                yield JsonPart(tuple(path), start, start, token, twice=True)
            known.add(key)
        elif token != ":":
            yield JsonPart(tuple(path), start, named if _innermost(keys)[1] else start, token)
            if token in "[{":
                keys.append(None if token == "[" else set())
                path.append(0 if token == "[" else "")
                known, key_is_due = _innermost(keys)


def _innermost(keys: list[set[str] | None]) -> tuple[set[str], bool]:
    """The keys of the innermost bracket so far, and whether it is an object."""
    found = keys[-1] if keys else None
    return (set(), False) if found is None else (found, True)


def _key(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token
