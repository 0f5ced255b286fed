"""A line of JSON in; the values of some of its keys as text, and the line without them, out.

What is taken out becomes blanks, so that whatever is found to be wrong with the rest still stands in its column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

OF_RECORDS = frozenset({"id", "facts"})
"""What belongs to a record: it is carried along and left in."""

_VALUE = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")


def take_out(line: bytes, names: Sequence[str]) -> tuple[bytes, tuple[str | None, ...]]:
    """The line without the members that are named, and their values as text: null, or what is not there, is None.

    A line that is no object, is no JSON, or has a name twice comes back as it is: what reads it as a record has words for that.
    """
    try:
        text = line.decode("utf-8-sig")
        members = _members(text)
    except (ValueError, RecursionError):
        return line, (None,) * len(names)
    values: dict[str, str | None] = dict.fromkeys(names)
    kept = [member for member in members if member[0] in values]
    if len({name for name, *_ in kept}) < len(kept):
        return line, (None,) * len(names)
    for name, _, start, end in kept:
        values[name] = _as_text(text[start:end])
    taken = [i for i, (name, *_) in enumerate(members) if name in values and name not in OF_RECORDS]
    return (_blanked(text, members, set(taken)).encode() if taken else line), tuple(values[name] for name in names)


Member = tuple[str, int, int, int]
"""Name of a key; where the key begins, where its value does, and where that ends."""


def _members(text: str) -> list[Member]:
    """The members of the object that a text is. Raises ValueError where it is none."""
    found: list[Member] = []
    at = _skip(text, 0)
    at = _skip(text, _expect(text, at, "{"))
    if text[at : at + 1] == "}":
        return found
    while True:
        key = at
        name, at = _VALUE.raw_decode(text, at)
        if not isinstance(name, str):
            raise ValueError
        start = _skip(text, _expect(text, _skip(text, at), ":"))
        _, end = _VALUE.raw_decode(text, start)
        found.append((name, key, start, end))
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            return found
        at = _skip(text, _expect(text, at, ","))


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    assert blank is not None
    return blank.end()


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError
    return at + 1


def _as_text(value: str) -> str | None:
    data = json.loads(value)
    if data is None:
        return None
    return data if isinstance(data, str) else value


def _blanked(text: str, members: list[Member], taken: set[int]) -> str:
    """The text with blanks for some members, and for the commas that would be left over."""
    left = [i for i in range(len(members)) if i not in taken]
    signs = list(text)
    for i in taken:
        _, key, _, end = members[i]
        signs[key:end] = " " * (end - key)
    for i in range(1, len(members)):  # the comma before a member stays if that is left, and so is one before it
        if i in taken or not left or i == left[0]:
            between = range(members[i - 1][3], members[i][1])
            comma = next(at for at in between if text[at] == ",")
            signs[comma] = " "
    return "".join(signs)
