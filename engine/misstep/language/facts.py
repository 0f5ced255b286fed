"""Fields and kinds: what can be known about an interview, and how one fact lies in memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

FieldType = Literal["boolean", "integer", "number", "text", "enum", "set"]
Row = tuple[Any, ...]
"""One fact: ``(id, kind, *values)``, values in the order of ``Kind.fields``; the id of a derived fact is None."""

ID, KIND, FIRST_VALUE = 0, 1, 2

UNSAID = "unknown"
"""How packs spell, in an enum, that a thing is not known. It is nothing that could have happened."""

LARGEST = 2**53  # whole numbers are exact in a double up to here
MAX_TEXT = 10_000
MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    ``unknown``: may be left out, and is then None. ``required``: must be given, as it has no default.
    ``worse`` says which change makes a slip worse: ``higher``, ``lower`` or a value; only tests use it.
    ``title`` and ``words`` are what a person reads: the name of the field, and a sentence for each value that has one.
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
    words: tuple[tuple[Any, str], ...] = ()

    @property
    def assumes(self) -> bool:
        """Whether its default says something, so that what is read of it may rest on what nobody said. A word for unknown says
        nothing, nor does a flag that nobody raised."""
        return not (self.default is None or self.default is False or self.default in (UNSAID, "", ()))

    @property
    def asks(self) -> str:
        """What it asks, in words: its title, and its help where that says more."""
        told = self.help.removesuffix(".")
        return "; ".join(part for part in (self.title, told if told.casefold() != self.title.casefold() else "") if part)

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return self.type in ("integer", "number")

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest number that it takes."""
        return (-LARGEST if self.minimum is None else self.minimum), (LARGEST if self.maximum is None else self.maximum)

    def expected(self) -> str:
        """What a value must be, in words: ``a whole number from 1 to 1440 (minutes)``."""
        match self.type:
            case "boolean":
                text = "true or false"
            case "text":
                text = f"text of at most {MAX_TEXT} characters"
            case "enum":
                text = "one of " + ", ".join(self.values)
            case "set":
                text = "a list of words from " + ", ".join(self.values)
            case _:
                text = "a whole number" if self.type == "integer" else "a number"
                if self.minimum is not None and self.maximum is not None:
                    text += f" from {self.minimum:g} to {self.maximum:g}"
                elif self.minimum is not None:
                    text += f" of at least {self.minimum:g}"
                elif self.maximum is not None:
                    text += f" of at most {self.maximum:g}"
                if self.unit:
                    text += f" ({self.unit})"
        return text + (", or left out if unknown" if self.unknown else "")


TRAITS = ("concern", "harm", "mend")
"""What a kind of mistake declares about itself, each a word of the scale: what it calls into doubt, what it did to the other
side, and what can make it good. Rules read them like fields, so that one rule fits kinds that its author did not know."""

Role = Literal["mistake", "signal", "strength", "setting", "derived"]
GIVEN_ROLES: tuple[Role, ...] = ("mistake", "signal", "strength", "setting")
ROLES: tuple[Role, ...] = (*GIVEN_ROLES, "derived")


@dataclass(frozen=True)
class Kind:
    """A declared sort of fact. ``fields`` are those of its role first, then its own;
    ``said``, ``repair``, ``word``: templates of the words for it in a message, of the sentences there that put it right, and of
    what it usually means to those who saw it, said to the person. ``advice``: how an action is done for it, by the action's id,
    in place of what the action says of itself."""

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
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name: f for f in self.fields})

    @cached_property
    def columns(self) -> dict[str, int]:
        """Name of a field to its place in a row."""
        return {f.name: FIRST_VALUE + i for i, f in enumerate(self.fields)}


def free_ids(kind: str, count: int, taken: set[str]) -> list[str]:
    """The first ids ``<kind>-<n>`` that nobody has."""
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
