"""Promises: what holds of every answer of a rule base, or of two answers to records that differ in one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from misstep.errors import Location
from misstep.language.facts import Field, Kind
from misstep.language.program import Action, Rule
from misstep.language.scale import Scale

ANSWER, BEFORE, AFTER = "answer", "before", "after"
"""The names by which a promise speaks of an answer, or of two."""
ChangeWord = Literal["any", "higher", "lower", "worse"]
CHANGE_WORDS: tuple[ChangeWord, ...] = ("any", "higher", "lower", "worse")
"""What a field is changed to, where it is no value of the field: any other value, or each that lies in a direction."""
NO_ACTION = "nothing"
"""The first action of a plan that has none."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the fact of some name gets another value. ``field``: None, each that says what is worse; ``to``: a value as
    memory has it, or, with ``word``, those that lie in a direction."""

    name: str
    field: str | None
    to: Any = None
    word: ChangeWord | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Promise:
    """A checked promise, equal to itself only.

    ``when`` is a rule that notes each match of its `when`, and ``breach`` one that notes those where the condition is broken;
    answers are facts to it, of the kinds of ``answer_kinds``. With a ``change`` `when` is about the record before it. ``added``:
    the fact of that name is what the record with it has more than the one before. ``place`` finds where it stands: its pack is
    parsed once more for that.
    """

    name: str
    pack: str
    place: Callable[[], Location]
    condition: str
    when: Rule
    breach: Rule
    change: FieldChange | None = None
    added: str | None = None

    @property
    def two_answers(self) -> bool:
        """Whether it compares two answers."""
        return self.change is not None or self.added is not None

    @property
    def subject(self) -> str:
        """The name of the fact that is changed or added."""
        return self.added or (self.change.name if self.change is not None else "")


def answer_kinds(scale: Scale, actions: Iterable[Action], rules: Iterable[str], derived: Iterable[str]) -> dict[str, Kind]:
    """The kinds of which answers are facts, by the name that a promise has for them. No pack can declare kinds so called."""
    ids = tuple(action.id for action in actions)
    verdicts = (*scale.verdicts, *([scale.unable] if scale.unable else []))  # a word that the table lacks has no place in it
    fields = [
        Field("damage", "number", minimum=0, maximum=100),
        Field("damage_after", "number", minimum=0, maximum=100),
        Field("band", "enum", values=scale.severity.words, ordered=True),
        Field("verdict", "enum", values=verdicts, ordered=not scale.unable),
        Field("acts", "boolean"),
        Field("severity", "number", minimum=0, maximum=10),
        Field("steps", "integer", minimum=0),
        Field("due_hours", "number", unknown=True, minimum=0),
        Field("actions", "set", values=ids),
        Field("first", "enum", values=(*ids, NO_ACTION)),
        Field("avoid", "set", values=ids),
        Field("reaches", "set", values=("repairs", "plain", "private")),
        Field("derived", "set", values=tuple(derived)),
        Field("fires", "set", values=tuple(rules)),
    ]
    if "noticed" in scale.scores:
        fields.append(Field("noticed", "number", minimum=0, maximum=1))
    if "urgency" in scale.scores:
        fields.append(Field("urgency", "number", minimum=0, maximum=10))
    if scale.has_outlooks:
        fields.append(Field("outlook", "enum", values=scale.outlooks, ordered=True))
    return {name: Kind(f"the {name}", "derived", name, tuple(fields)) for name in (ANSWER, BEFORE, AFTER)}
