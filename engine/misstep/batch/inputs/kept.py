"""A line of JSON in; the values of some of its keys as text, and the line without them, and without what is ignored, out.

The values taken out are replaced by blanks, so that errors in the rest keep their columns.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Collection, Mapping, Sequence

from misstep.batch.parts import EVERY
from misstep.errors import HALF_SIGN, printable
from misstep.evaluate.core import Member, core_members
from misstep.files import is_utf_8

OF_RECORDS = frozenset({"id", "facts"})
"""Keys of a record: carried along, and also left in the line."""

_VALUE = json.JSONDecoder()
_OPEN, _COMMA, _CLOSE = (re.compile(rf"[ \t\n\r]*{sign}[ \t\n\r]*") for sign in (r"\{", ",", r"\}"))
_KEY = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")[ \t\n\r]*:[ \t\n\r]*')


def take_out(line: bytes, names: Sequence[str], ignore: Collection[str] = ()) -> tuple[bytes, tuple[str | None, ...]]:
    """The line without some keys and those to ignore, and the values of ``names`` as text; null and missing ones are None.

    A line that is no object, no JSON, or has a kept key twice is returned unchanged: the reader of records has messages for that.
    """
    if not names and not ignore:
        return line, ()
    try:
        text = line.removeprefix(BOM_UTF8).decode()
        members = _members(text)
    except (ValueError, RecursionError):
        return line, (None,) * len(names)
    values: dict[str, str | None] = dict.fromkeys(names)
    kept = [member for member in members if member[0] in values]
    if len({name for name, *_ in kept}) < len(kept):
        return line, (None,) * len(names)
    for name, _, start, end in kept:
        values[name] = _as_text(text[start:end])
    every = EVERY in ignore
    taken = {i for i, (name, *_) in enumerate(members) if name not in OF_RECORDS and (every or name in values or name in ignore)}
    return (_blanked(text, members, taken).encode() if taken else line), tuple(values[name] for name in names)


def fault_of(names: Sequence[str], values: Sequence[str | None]) -> str:
    """Why the values that were taken out cannot be carried along; empty where they can."""
    for name, value in zip(names, values, strict=False):
        if value is not None and not is_utf_8(value):
            return f"the column '{printable(name)}' {HALF_SIGN}"
    return ""


def with_facts(record: bytes, facts: Sequence[Mapping[str, object]]) -> bytes:
    """A record, or its facts, with further facts after its own; unchanged where it has no list of facts to add to. What is wrong
    with it stays where it is, for the reader of records to find."""
    more = ", ".join(json.dumps(fact) for fact in facts)
    try:
        text = record.removeprefix(BOM_UTF8).decode()
        end = len(text.rstrip()) - 1
        if text.lstrip()[:1] == "{":
            members = _members(text)
            held = [member for member in members if member[0] == "facts"]
            if not held:
                comma = ", " if members else ""
                return f'{text[:end]}{comma}"facts": [{more}]{text[end:]}'.encode()
            _, _, start, end = held[0]
            if text[start] == "n":  # null
                return f"{text[:start]}[{more}]{text[end:]}".encode()
            end -= 1
    except (ValueError, RecursionError):
        return record
    if not more or text[end : end + 1] != "]":
        return record
    comma = "" if text[:end].rstrip()[-1:] == "[" else ", "
    return f"{text[:end]}{comma}{more}{text[end:]}".encode()


def _members(text: str) -> list[Member]:
    """The members of an object. Raises ValueError for other text."""
    found = core_members(text)
    return read_members(text) if found is None else found


def read_members(text: str) -> list[Member]:
    """The members of an object, without the core. Raises ValueError for other text."""
    found: list[Member] = []
    sign = _OPEN.match(text)
    while sign is not None:
        key = _KEY.match(text, sign.end())
        if key is None:
            if found or _CLOSE.match(text, sign.end()) is None:
                break
            return found
        _, end = _VALUE.raw_decode(text, key.end())
        name = json.loads(key[1]) if "\\" in key[1] else key[1][1:-1]
        found.append((name, key.start(), key.end(), end))
        sign = _COMMA.match(text, end)
        if sign is None and _CLOSE.match(text, end) is not None:
            return found
    raise ValueError


def _as_text(value: str) -> str | None:
    """A value of JSON as text: null is None, and what is no text stays as it is written."""
    if value[0] == '"':
        text: str = json.loads(value) if "\\" in value else value[1:-1]
        return text
    return None if value == "null" else value


def _blanked(text: str, members: list[Member], taken: set[int]) -> str:
    """The text with blanks for some members, and for the commas that would be left over."""
    first = next((i for i in range(len(members)) if i not in taken), len(members))
    pieces = []
    done = 0
    for i, (_, start, _, end) in enumerate(members):
        if i and (i in taken or i <= first):  # the comma before a member stays if that is left, and so is one before it
            comma = text.index(",", members[i - 1][3])
            pieces += [text[done:comma], " "]
            done = comma + 1
        if i in taken:
            pieces += [text[done:start], " " * (end - start)]
            done = end
    return "".join([*pieces, text[done:]])
