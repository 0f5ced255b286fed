"""Requests to read a text, and suggestions, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from misstep.analysis.reading.reader import Suggestion
from misstep.errors import RecordError


def read_request(request: bytes | str) -> str:
    """The text of ``{"text": ...}``. Raises RecordError."""
    try:
        data = orjson.loads(request)
    except orjson.JSONDecodeError as error:
        raise RecordError(f"not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    if not isinstance(data, dict) or set(data) != {"text"} or not isinstance(data["text"], str):
        raise RecordError('must be {"text": "..."}, with the text to read and nothing else')
    text: str = data["text"]
    return text


def to_json(suggestions: Iterable[Suggestion]) -> bytes:
    """``{"suggestions": [...]}``, each with all of its members."""
    return orjson.dumps({"suggestions": [asdict(each) for each in suggestions]})


def from_data(data: Mapping[str, Any]) -> list[Suggestion]:
    """The suggestions of an answer. Raises KeyError or TypeError for other data."""
    return [Suggestion(**{**each, "spans": tuple((start, end) for start, end in each["spans"])}) for each in data["suggestions"]]
