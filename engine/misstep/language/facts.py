"""Fields with their types, kinds with their roles, and the row of a fact in memory."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple, get_args

from misstep.limits import FIXED

FieldType = Literal["boolean", "integer", "number", "text", "enum", "set"]
TypeName = Literal["boolean", "integer", "number", "text", "enum", "set", "id"]
ValueSort = Literal["truth", "number", "word", "set"]
Value = bool | int | float | str | tuple[str, ...] | None
"""A value of a field, as memory has it: of a set its words, sorted; None where it is not known."""
Row = tuple[Any, ...]
"""One fact: ``(id, kind, *values)``, values in the order of ``Kind.fields``. The id of a derived fact is None, as equal ones are
one; where its kind keeps each, a number of its own."""

ID, KIND, FIRST_VALUE = 0, 1, 2

UNSAID = "unknown"
"""The word of an enum for a value that is not known."""

LARGEST = FIXED.number  # whole numbers are exact in a double up to here
MAX_TEXT = FIXED.text
MAX_ID = FIXED.id


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    ``unknown``: may be left out, and is then None. ``required``: must be given, as it has no default.
    ``ordered``: its values, words, go from low to high. ``worse`` says which change makes a slip worse: ``higher``, ``lower`` or
    a value; only tests use it.
    ``title`` and ``words`` are for people: the name of the field, and a sentence for some of its values.
    ``was``: old names, by which records may still call it.
    """

    name: str
    type: FieldType
    unknown: bool = False
    required: bool = False
    default: Any = None
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    worse: Any = None
    help: str = ""
    title: str = ""
    words: tuple[tuple[Value, str], ...] = ()
    was: tuple[str, ...] = ()
    ordered: bool = False

    @property
    def order(self) -> tuple[str, ...]:
        """Its words from low to high, if they have an order; one that says that nothing is known has no place in it."""
        return tuple(word for word in self.values if word != UNSAID) if self.ordered else ()

    @property
    def assumes(self) -> bool:
        """Whether its default states something, so that conclusions may rest on an assumption. False, empty and unknown values do
        not."""
        return not (self.default is None or self.default is False or self.default in (UNSAID, "", ()))

    @property
    def asks(self) -> str:
        """The question in words: its title, and its help if that is longer."""
        told = self.help.removesuffix(".")
        return "; ".join(part for part in (self.title, told if told.casefold() != self.title.casefold() else "") if part)

    @property
    def form(self) -> ValueType:
        """The entry of its type."""
        return TYPES[self.type]

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.form.sort == "number"

    @property
    def choices(self) -> tuple[bool | str, ...]:
        """The values to choose one from: true and false, or words; of other types none."""
        return self.form.choices(self)

    @property
    def answers(self) -> tuple[bool | str, ...]:
        """The choices that say something."""
        return tuple(value for value in self.choices if not self.leaves_open(value))

    def leaves_open(self, value: object) -> bool:
        """Whether a value says that the field is not known."""
        return value == UNSAID and self.type == "enum"

    def takes(self, stored: object) -> bool:
        """Whether a value, as memory has it, may stand in the field."""
        return self.form.takes(self, stored)

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest number that it takes."""
        return (-LARGEST if self.minimum is None else self.minimum), (LARGEST if self.maximum is None else self.maximum)

    def expected(self) -> str:
        """The expected value in words: ``a whole number from 1 to 1440 (minutes)``."""
        return self.form.expected(self) + (", or left out if unknown" if self.unknown else "")


class ValueType(NamedTuple):
    """A type of values in the rule language.

    ``called``: in messages. ``sort``: values of one sort can be compared. ``store``: a value of YAML or JSON as memory has it;
    ``takes``: whether one that is stored may stand in a field. ``read``: text as a value of JSON, with a separator between the
    words of a set; what has another form stays as it is. ``choices``: the values to choose one from. ``whole``: whole numbers
    only. ``expected``: what a field takes, in words.
    """

    called: str
    sort: ValueSort
    takes: Callable[[Field, object], bool]
    expected: Callable[[Field], str]
    store: Callable[[object], object] = lambda value: value
    read: Callable[[str, str], object] = lambda text, _: text
    choices: Callable[[Field], tuple[bool | str, ...]] = lambda _: ()
    whole: bool = False


_WHOLE = re.compile(r"[-+]?[0-9]{1,18}(\.0*)?")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?")


def _read_boolean(text: str, _: str) -> bool | str:
    return {"true": True, "false": False}.get(text.strip().lower(), text)


def _read_integer(text: str, _: str) -> int | str:
    """12, and 12.0 as it becomes in tables where the column has gaps."""
    text = text.strip()
    return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else text


def _read_number(text: str, _: str) -> float | str:
    text = text.strip()
    return float(text) if _DECIMAL.fullmatch(text) else text


def _read_set(text: str, separator: str) -> list[str]:
    return [word.strip() for word in text.split(separator) if word.strip()]


def _store_number(value: object) -> object:
    return value if isinstance(value, bool) or not isinstance(value, (int, float)) else value + 0.0  # -0.0 is 0.0


def _store_set(value: object) -> object:
    if not isinstance(value, list) or not all(type(word) is str for word in value):
        return value
    return tuple(sorted(set(value)))


def _number_in(type_: type[int | float], field: Field, value: object) -> bool:
    low, high = field.range
    return type(value) is type_ and low <= value <= high


def _expected_number(text: str, field: Field) -> str:
    if field.minimum is not None and field.maximum is not None:
        text += f" from {field.minimum:g} to {field.maximum:g}"
    elif field.minimum is not None:
        text += f" of at least {field.minimum:g}"
    elif field.maximum is not None:
        text += f" of at most {field.maximum:g}"
    return text + (f" ({field.unit})" if field.unit else "")


TYPES: dict[TypeName, ValueType] = {
    "boolean": ValueType(
        "true or false",
        "truth",
        takes=lambda _, value: type(value) is bool,
        expected=lambda _: "true or false",
        read=_read_boolean,
        choices=lambda _: (False, True),
    ),
    "integer": ValueType(
        "a whole number",
        "number",
        takes=partial(_number_in, int),
        expected=partial(_expected_number, "a whole number"),
        read=_read_integer,
        whole=True,
    ),
    "number": ValueType(
        "a number",
        "number",
        takes=partial(_number_in, float),
        expected=partial(_expected_number, "a number"),
        store=_store_number,
        read=_read_number,
    ),
    "text": ValueType(
        "text",
        "word",
        takes=lambda _, value: type(value) is str and len(value) <= MAX_TEXT,
        expected=lambda _: f"text of at most {MAX_TEXT} characters",
    ),
    "enum": ValueType(
        "a word",
        "word",
        takes=lambda field, value: type(value) is str and value in field.values,
        expected=lambda field: "one of " + ", ".join(field.values),
        choices=lambda field: field.values,
    ),
    "set": ValueType(
        "a set",
        "set",
        takes=lambda field, value: type(value) is tuple and set(value) <= set(field.values),
        expected=lambda field: "a list of words from " + ", ".join(field.values),
        store=_store_set,
        read=_read_set,
    ),
    "id": ValueType(
        "an id",
        "word",
        takes=lambda _, value: type(value) is str and 0 < len(value) <= MAX_ID,
        expected=lambda _: f"text of at most {MAX_ID} characters",
    ),
}
"""The types by name. The id of a fact has a type of its own, which fields cannot have."""

TRAITS = ("concern", "harm", "mend")
"""What a kind of mistake declares about itself, each a word of the scale: what it calls into doubt, what it did to the other
side, and what can make it good. Rules read them like fields, so that one rule fits kinds that its author did not know."""

GivenRole = Literal["mistake", "signal", "strength", "setting"]
Role = Literal["mistake", "signal", "strength", "setting", "derived"]
GIVEN_ROLES: tuple[GivenRole, ...] = get_args(GivenRole)
ROLES: dict[Role, str] = {
    "mistake": "Mistakes",
    "signal": "Signals",
    "strength": "Strengths",
    "setting": "Settings",
    "derived": "Conclusions",
}
"""The roles of kinds, and how documents call the kinds of each; those that records state come first."""


@dataclass(frozen=True)
class Kind:
    """A declared sort of fact. ``fields`` are those of its role first, then its own;
    ``said``, ``repair``, ``word``: templates of the words for it in a message, of the sentences there that put it right, and of
    what it usually means to those who saw it, said to the person. ``advice``: how an action is done for it, by the action's id,
    in place of what the action says of itself. ``was``: old names, by which records may still call it. ``each``: equal derived
    facts are as many as the firings they come of."""

    name: str
    role: Role
    title: str
    fields: tuple[Field, ...] = ()
    concern: str = ""
    help: str = ""
    topic: str = ""
    assumed: str = ""
    said: str = ""
    harm: str = ""
    mend: str = ""
    repair: str = ""
    word: str = ""
    advice: dict[str, str] = field(default_factory=dict)
    was: tuple[str, ...] = ()
    each: bool = False
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    @cached_property
    def columns(self) -> dict[str, int]:
        """Name of a field to its place in a row."""
        return {f.name: FIRST_VALUE + i for i, f in enumerate(self.fields)}


def renamings(kinds: Iterable[Kind]) -> dict[str, tuple[str, ...]]:
    """What is called otherwise now: the new names by each old one of a kind or field. Fields of several kinds may share an old
    name."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in kinds:
        for name, was in ((kind.name, kind.was), *((each.name, each.was) for each in kind.fields)):
            for old in was:
                found[old] = (*found.get(old, ()), name)
    return found


def free_ids(kind: str, count: int, taken: set[str]) -> list[str]:
    """The first free ids ``<kind>-<n>``."""
    if count == 1 and (first := f"{kind}-1") not in taken:
        return [first]
    ids = [f"{kind}-{n}" for n in range(1, count + 1)]
    if taken.isdisjoint(ids):
        return ids
    every = (f"{kind}-{n}" for n in itertools.count(1))
    return list(itertools.islice((name for name in every if name not in taken), count))


def sort_key(row: Sequence[Any]) -> tuple[tuple[bool, Any], ...]:
    """An order of the facts of one kind by their values, unknown ones last."""
    return tuple((value is None, 0 if value is None else value) for value in row[FIRST_VALUE:])
