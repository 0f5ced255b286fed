"""Requests to read a text, and suggestions, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from misstep.analysis.reading.reader import Suggestion
from misstep.errors import Location, Problem, RecordError
from misstep.rulebase.documents import read_json, read_text

REQUEST = "<request>"


def read_request(request: bytes | str) -> str:
    """The text of ``{"text": ...}``. Raises RecordError."""
    data = read_json(request if isinstance(request, str) else read_text(request, REQUEST), REQUEST).data
    if not isinstance(data, dict) or set(data) != {"text"} or not isinstance(data["text"], str):
        place = Location(REQUEST, 1, 1)
        raise RecordError([Problem(place, 'must be {"text": "..."}, with the text to read and nothing else')])
    text: str = data["text"]
    return text


def to_json(suggestions: Iterable[Suggestion]) -> bytes:
    """``{"suggestions": [...]}``, each with all of its members."""
    return orjson.dumps({"suggestions": [asdict(each) for each in suggestions]})


def from_data(data: Mapping[str, Any]) -> list[Suggestion]:
    """The suggestions of an answer. Raises KeyError or TypeError for other data."""
    return [Suggestion(**{**each, "spans": tuple((start, end) for start, end in each["spans"])}) for each in data["suggestions"]]
