"""The columns that a mapping reads, and what the value of a cell means. A value that has no meaning is not guessed: it is not
said, and counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.mapping_schema import ColumnDoc, ColumnType, Unit
from misstep.language.expression import Scalar
from misstep.language.facts import LARGEST, TYPES, TypeName, Value
from misstep.language.functions import Type

_SECONDS: dict[Unit, int] = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400, "weeks": 604_800}
_SPELLINGS: dict[Unit, str] = {
    "seconds": "s sec secs second seconds",
    "minutes": "m min mins minute minutes",
    "hours": "h hr hrs hour hours",
    "days": "d day days",
    "weeks": "w wk wks week weeks",
}
_UNIT_WORDS = {word: _SECONDS[unit] for unit, words in _SPELLINGS.items() for word in words.split()}
_WHOLE = re.compile(r"(-?[0-9]+)\.0+")
_MEASURE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*([a-z]*)\.?,?\s*")
_SEPARATOR = ";"


class ColumnError(Exception):
    """A column is declared in a way that cannot be read."""


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column. ``name``: in the mapping; ``source``: in the log. ``type``: of its values, any of which may be not said."""

    name: str
    source: str
    type: Type
    _nothing: frozenset[str]
    _meanings: dict[str, Scalar] | None
    _parse: Callable[[str], Value]

    @classmethod
    def declared(cls, name: str, shown: str, doc: ColumnDoc | ColumnType) -> MappedColumn:
        """The column of a declaration. ``shown``: its name in expressions. Raises ColumnError."""
        doc = ColumnDoc(type=doc) if isinstance(doc, str) else doc
        words = {word: word for word in doc.values} if isinstance(doc.values, list) else doc.values
        meanings = None if words is None else _meanings(words)
        type_ = _type(doc, words)
        if doc.columns or doc.many or doc.pairs:
            raise ColumnError("`columns`, `list` and `pairs` are for a column that is not within another one")
        if doc.unit is not None and not (type_.is_number and meanings is None):
            raise ColumnError("`unit` is for numbers without `values`")
        nothing = frozenset(folded(_text(value)) for value in doc.nothing)
        if meanings is not None and (both := nothing & set(meanings)):
            raise ColumnError(f"'{min(both)}' stands in `values` and in `nothing`")
        return cls(shown, doc.source or name, type_, nothing, meanings, _parser(type_, doc.unit))

    @property
    def words(self) -> tuple[str, ...]:
        """The values that have a meaning, as they are compared; none where any of its type has one."""
        return tuple(self._meanings or ())

    def read(self, cell: object, coverage: LogCoverage) -> Value:
        """What a cell means; None where nothing is said. A value without a meaning is counted."""
        if cell is None:
            return None
        if self.type.name == "set":
            return self._read_words(cell, coverage)
        text = _text(cell)
        if not text or (word := folded(text)) in self._nothing:
            return None
        value = self._parse(text) if self._meanings is None else self._meanings.get(word)
        if value is None:
            coverage.leave_unmapped(self.name, text)
        return value

    def _read_words(self, cell: object, coverage: LogCoverage) -> tuple[str, ...]:
        assert self._meanings is not None
        words = cell if isinstance(cell, list) else _text(cell).split(_SEPARATOR)
        found: set[str] = set()
        for text in filter(None, map(_text, words)):
            if (word := folded(text)) in self._nothing:
                continue
            if word in self._meanings:
                found.add(str(self._meanings[word]))
            else:
                coverage.leave_unmapped(self.name, text)
        return tuple(sorted(found))


def _meanings(words: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What values mean, as they are compared. Raises ColumnError where one has two meanings."""
    first: dict[str, str] = {}
    for word, value in words.items():
        before = first.setdefault(folded(word), word)
        if (words[before], type(words[before])) != (value, type(value)):
            raise ColumnError(f"'{before}' and '{word}' in `values` are one: case, blanks around and .0 do not matter; leave one")
    return {folded(word): value for word, value in words.items()}


def _type(doc: ColumnDoc, words: Mapping[str, Any] | None) -> Type:
    """The type of a column: as declared, or that of the meanings of its values."""
    if words is None:
        if doc.type in ("enum", "set"):
            raise ColumnError(f"`values` says which words a column of the type {doc.type} has")
        return _number(doc.type) if doc.type in ("integer", "number") else Type(doc.type or "text", unknown=True)
    meanings = tuple(words.values())
    if doc.type == "set" and all(isinstance(value, str) for value in meanings):
        return Type("set", tuple(dict.fromkeys(meanings)), unknown=True)
    if all(isinstance(value, bool) for value in meanings):
        found = Type("boolean", unknown=True)
    elif all(isinstance(value, str) for value in meanings):
        found = Type("text" if doc.type == "text" else "enum", tuple(dict.fromkeys(meanings)), unknown=True)
    elif any(isinstance(value, (bool, str)) for value in meanings):
        raise ColumnError("`values` has meanings of several types; they must be all words, all numbers, or all true and false")
    else:
        whole = all(isinstance(value, int) for value in meanings) and doc.type != "number"
        found = _number("integer" if whole else "number")
    if doc.type not in (None, found.name):
        raise ColumnError(f"`values` has {found}, but the type is {doc.type}")
    return found


def _number(type_: TypeName) -> Type:
    return Type(type_, low=-LARGEST, high=LARGEST, unknown=True)


def _parser(type_: Type, unit: Unit | None) -> Callable[[str], Value]:
    """Reads the text of a cell that has no declared values; None where it is not of the type."""
    if unit is not None:
        return lambda text: _measure(text, unit, whole=type_.name == "integer")
    read = TYPES[type_.name].read
    if type_.sort == "word":
        return lambda text: text

    def parse(text: str) -> Value:
        value: Any = read(text, _SEPARATOR)
        return None if isinstance(value, str) or not abs(value) <= LARGEST else value

    return parse


def _measure(text: str, unit: Unit, *, whole: bool) -> float | None:
    """``12``, ``12 min``, ``1 h 5 min`` in a unit; None for anything else, and for a fraction where a whole number is needed."""
    seconds, end = 0.0, 0
    lowered = text.lower()
    while end < len(lowered):
        part = _MEASURE.match(lowered, end)
        size = None if part is None else _UNIT_WORDS.get(part[2]) if part[2] else _SECONDS[unit]
        if part is None or size is None or (not part[2] and (end or part.end() < len(lowered))):
            return None
        seconds += float(part[1]) * size
        end = part.end()
    value = seconds / _SECONDS[unit]
    if not value <= LARGEST or (whole and not value.is_integer()):
        return None
    return int(value) if whole else value


def _text(cell: object) -> str:
    """A cell as text without space around it; whole numbers without a fraction, lists and objects as JSON."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, (list, dict)):
        return orjson.dumps(cell).decode()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell)


def folded(text: str) -> str:
    """A text as `values` and `nothing` are compared: tables may write the whole number 1 as 1.0."""
    word = text.strip().casefold()
    return whole[1] if (whole := _WHOLE.fullmatch(word)) else word
