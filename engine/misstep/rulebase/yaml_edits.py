"""Change single values of a YAML text in place; all the rest of it, comments and layout too, stays as it is."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

from misstep.errors import MisstepError
from misstep.rulebase.documents import Path, TextSpan, find_spans, read_scalar, read_yaml

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class NoEditError(Exception):
    """The text is written in such a way that this value cannot be changed in place."""


def replace_value(text: str, path: Path, value: object) -> str:
    """The text with another value at a path. Raises NoEditError."""
    span = _span(text, path)
    return _checked(text, text[: span.start] + written(value) + text[span.end :], path, value)


def remove_item(text: str, path: Path) -> str:
    """The text without an item of a list. Raises NoEditError."""
    *above, place = path
    assert isinstance(place, int)
    spans, item = find_spans(text), _span(text, path)
    before, after = spans.get((*above, place - 1)), spans.get((*above, place + 1))
    if spans[tuple(above)].flow:
        start = before.end if before and not after else item.start
        changed = text[:start] + text[after.start if after else item.end :]
    else:
        start, end = text.rfind("\n", 0, item.start) + 1, text.find("\n", item.end) + 1 or len(text)
        alone = not before and not after
        head = f"{text[:start].rstrip()} []\n" if alone else text[:start]
        changed = head + text[end:]
    return _checked(text, changed, path, None)


def _span(text: str, path: Path) -> TextSpan:
    span = find_spans(text).get(path)
    if span is None:
        raise NoEditError
    return span


def _checked(before: str, after: str, path: Path, value: object) -> str:
    """The changed text, if it says what it is to say and nothing else. ``value``: None where an item is taken out."""
    meant: Any = deepcopy(read_yaml(before, "").data)
    *above, last = path
    holder = meant
    for step in above:
        holder = holder[step]
    if isinstance(last, int) and value is None:
        del holder[last]
    else:
        holder[last] = list(value) if isinstance(value, tuple) else value
    try:
        said = read_yaml(after, "").data
    except MisstepError:
        raise NoEditError from None
    if said != meant:
        raise NoEditError
    return after


def written(value: object) -> str:
    """A value as YAML, in one line."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {written(each)}' for key, each in value.items())}}}"
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and read_scalar(value) == value else json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else json.dumps(value)
