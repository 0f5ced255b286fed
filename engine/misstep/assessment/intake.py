"""Fast path for valid records: turn them into rows of facts. All others are left to the validator.

Nearly all records are valid, and this check takes a quarter of the time of the validator.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass
from math import copysign
from operator import itemgetter
from typing import Any, NamedTuple

from misstep.assessment.result import Plain
from misstep.errors import Location, Problem, RecordError
from misstep.language.facts import FIRST_VALUE, ID, KIND, MAX_ID, MAX_TEXT, Kind, Row, free_ids, sort_key

Values = list[Any]
"""A row while it is filled in."""


class Facts(NamedTuple):
    """The facts of one record by kind, and all their ids. ``assumed``: the settings that were not given; ``said``: the names of
    the fields that each fact states, by its id; ``given``: the rows in the order of the record.

    The order of the kinds is that of the record; no answer may depend on it.
    """

    id: str | None
    rows: dict[str, list[Row]]
    assumed: tuple[str, ...]
    ids: set[str]
    said: dict[str, Collection[str]]
    given: Sequence[Values]


class Intake:
    """Reads the facts of some kinds. Immutable, safe from many threads."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        self._forms = {name: _FactForm(kind) for name, kind in kinds.items()}
        self._settings = {name for name, kind in kinds.items() if kind.role == "setting"}
        self._assumed: dict[str, Values] = {
            name: [None, name, *(f.default for f in kind.fields)] for name, kind in kinds.items() if kind.assumed
        }

    def take(self, data: Plain) -> list[Values] | None:
        """The rows of a valid record; None if the validator must decide.

        Whatever this accepts, the validator accepts too, with the same rows.
        """
        facts, record_id = data.get("facts"), data.get("id")
        if type(facts) is not list or len(data) != 1 + ("id" in data):
            return None
        if record_id is not None and not (type(record_id) is str and record_id in AN_ID):
            return None
        forms = self._forms
        rows: list[Values] = []
        try:
            for fact in facts:
                form = forms[fact["kind"]]
                row = form.defaults.copy()
                fields = form.fields
                for name, value in fact.items():
                    place, type_, allowed = fields[name]
                    if type(value) is not type_:
                        if type_ is not float or type(value) is not int:
                            return None
                        if value in allowed:
                            value = float(value)
                    if value not in allowed:
                        return None
                    row[place] = value
                if form.required and not form.required <= fact.keys():
                    return None
                rows.append(row)
        except (KeyError, TypeError, AttributeError):  # no mapping, no such kind or field: the validator reports it
            return None
        return rows

    def collect(self, record_id: str | None, given: Sequence[Values], stated: Iterable[Collection[str]]) -> Facts:
        """The facts of the rows of a record, each with an id, and the assumed settings. New ids depend on values alone.
        ``stated``: the names of the fields that each fact states.

        Raises:
            RecordError: two facts have the same id, or a setting is given twice
        """
        rows: dict[str, list[Row]] = {}
        ids: set[str] = set()
        said: dict[str, Collection[str]] = {}
        unnamed: dict[str, list[tuple[Values, Collection[str]]]] = {}
        for i, (values, names) in enumerate(zip(given, stated, strict=True)):
            name, kind = values[ID], values[KIND]
            if name is None:
                unnamed.setdefault(kind, []).append((values, names))
            elif name in ids:
                raise fault(f"/facts/{i}/id", "another fact has the same id; ids must differ")
            else:
                ids.add(name)
                said[name] = names
                rows.setdefault(kind, []).append(tuple(values))
        assumed = tuple([kind for kind in self._assumed if kind not in rows and kind not in unnamed])
        for kind in assumed:
            unnamed[kind] = [(self._assumed[kind].copy(), ())]
        for kind, nameless in unnamed.items():
            if len(nameless) > 1:  # numbered in the order of their values, not of the record
                nameless.sort(key=_by_values)
            of_kind = rows.get(kind)
            if of_kind is None:
                of_kind = rows[kind] = []
            for (values, names), made in zip(nameless, free_ids(kind, len(nameless), ids), strict=True):
                values[ID] = made
                of_kind.append(tuple(values))
                ids.add(made)
                said[made] = names
        for kind, of_kind in rows.items():
            if len(of_kind) > 1:
                if kind in self._settings:
                    raise fault("/facts", f"'{kind}' is given more than once; it is about the whole interview")
                of_kind.sort(key=itemgetter(ID))  # the order in which facts were given ends here
        return Facts(record_id, rows, assumed, ids, said, given)


def _by_values(fact: tuple[Values, Collection[str]]) -> tuple[object, list[str]]:
    values, names = fact
    return sort_key(values), sorted(names)


def fault(pointer: str, message: str) -> RecordError:
    """A RecordError with one problem."""
    return RecordError([Problem(Location(pointer=pointer), message)])


class _FactForm:
    """The valid facts of a kind.

    ``defaults``: the row where nothing is given; ``fields``: by name the place in the row, the type, and what has every
    value that may stand there; ``required``: names that must be given.
    """

    __slots__ = ("defaults", "fields", "required")

    def __init__(self, kind: Kind) -> None:
        self.defaults: Values = [None, kind.name, *(None if f.unknown else f.default for f in kind.fields)]
        self.required = frozenset(f.name for f in kind.fields if f.required)
        self.fields: dict[str, tuple[int, type, Container[Any]]] = {"id": (ID, str, AN_ID), "kind": (KIND, str, (kind.name,))}
        for place, field in enumerate(kind.fields, FIRST_VALUE):
            low, high = field.range
            match field.type:
                case "boolean":
                    self.fields[field.name] = (place, bool, (True, False))
                case "integer":
                    self.fields[field.name] = (place, int, range(int(low), int(high) + 1))
                case "number":
                    self.fields[field.name] = (place, float, _NumberRange(low, high))
                case "text":
                    self.fields[field.name] = (place, str, _TextRange(0, MAX_TEXT))
                case "enum":
                    self.fields[field.name] = (place, str, frozenset(field.values))
                case "set":
                    self.fields[field.name] = (place, _Never, ())  # must be sorted, so the validator reads it


class _Never:
    """A type without instances."""


@dataclass(frozen=True, slots=True)
class _NumberRange:
    low: float
    high: float

    def __contains__(self, number: Any) -> bool:
        return self.low <= number <= self.high and (number != 0 or copysign(1, number) > 0)  # -0.0 is to become 0.0


@dataclass(frozen=True, slots=True)
class _TextRange:
    shortest: int
    longest: int

    def __contains__(self, text: Any) -> bool:
        return self.shortest <= len(text) <= self.longest and text.isascii()  # other text may hold half a surrogate pair


AN_ID = _TextRange(1, MAX_ID)
