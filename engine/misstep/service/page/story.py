"""What a form posts or a link holds in; the story out: the facts as they were typed, and the record that they make.

What was typed is kept as it is, right or wrong; what is wrong, the rule base says when it assesses the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isfinite
from urllib.parse import parse_qsl

from misstep.errors import Location, Problem, RecordError
from misstep.language.facts import GIVEN_ROLES, MAX_ID, Field, Kind, free_ids
from misstep.limits import Limits

Typed = str | tuple[str, ...]
NAME = re.compile(r"facts\.(\d{1,9})\.(\w+)", re.ASCII)
"""Names of the form are the places of the record, dots for slashes: ``facts.0.minutes`` is ``/facts/0/minutes``."""
FIELDS_OF_A_FORM = 100_000


def can_be_empty(field: Field) -> bool:
    """Whether the form has a way to leave a field empty although something is assumed then."""
    return field.assumes and field.type != "set"


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as it was typed: values by field, words for yes and no, and a tuple for a set."""

    kind: Kind
    id: str
    typed: Mapping[str, Typed] = field(default_factory=dict)

    def value(self, name: str) -> object:
        """The value that is meant; text that means none is left as it is, to be refused with its place."""
        return _meant(self.kind.by_name[name], self.typed[name])

    @property
    def values(self) -> dict[str, object]:
        """What is said: fields that were left empty say nothing, nor do those that say what holds anyway; but one that can be
        left empty, and says what would else be assumed, says it."""
        said = {name: self.value(name) for name, typed in self.typed.items() if typed != ""}
        return {n: v for n, v in said.items() if can_be_empty(self.kind.by_name[n]) or not _same(v, self.kind.by_name[n].default)}


@dataclass(frozen=True, slots=True)
class Story:
    """All facts as they were typed, in their order, and an id if the record has one."""

    told: tuple[Told, ...] = ()
    id: str | None = None

    def record(self) -> tuple[dict[str, object], list[int]]:
        """The record, and of every fact in it the place in the story: an assumed kind of which nothing is said is left out."""
        facts, places = [], []
        for place, told in enumerate(self.told):
            values = told.values
            if values or not told.kind.assumed:
                facts.append({"kind": told.kind.name, **({"id": told.id} if told.id else {}), **values})
                places.append(place)
        return {**({"id": self.id} if self.id is not None else {}), "facts": facts}, places

    def add(self, kind: Kind) -> Story:
        """The story with one fact more, of which nothing is said yet. Of a setting there can be only one."""
        if kind.role == "setting" and any(told.kind is kind for told in self.told):
            return self
        return replace(self, told=(*self.told, Told(kind, self._free_id(kind))))

    def remove(self, place: int) -> Story:
        """The story without the fact at a place."""
        return replace(self, told=tuple(told for i, told in enumerate(self.told) if i != place))

    def completed(self, kinds: Iterable[Kind]) -> Story:
        """With the kinds that are assumed, so that there is a place to say how it was, and an id for every fact."""
        story = Story((), self.id)
        for told in self.told:
            story = replace(story, told=(*story.told, replace(told, id=told.id or self._free_id(told.kind, story.told))))
        for kind in kinds:
            if kind.assumed:
                story = story.add(kind)
        return story

    def _free_id(self, kind: Kind, others: Sequence[Told] = ()) -> str:
        return free_ids(kind.name, 1, {told.id for told in (*self.told, *others)})[0]


@dataclass(frozen=True, slots=True)
class Posted:
    """A form: the story, what its other fields and its button ask for, and what of it could not be taken."""

    story: Story
    asked: Mapping[str, str]
    wrong: tuple[str, ...] = ()


def read_form(body: bytes, kinds: Mapping[str, Kind], limits: Limits) -> Posted:
    """What a form posts, as browsers encode it. Raises RecordError where it is none, or too large."""
    try:
        if len(body) > limits.record_bytes:
            raise ValueError
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_OF_A_FORM)
    except ValueError:
        raise _fault("This is not a form that this page posts.") from None
    asked: dict[str, str] = {}
    places: dict[int, list[tuple[str, str]]] = {}
    for name, value in pairs:
        if match := NAME.fullmatch(name):
            places.setdefault(int(match[1]), []).append((match[2], value))
        else:
            asked[name] = value
    assumed = sum(1 for kind in kinds.values() if kind.assumed)  # they are on every page
    if len(places) > limits.facts + assumed:
        raise _fault(too_many(limits))
    told: list[Told] = []
    wrong: list[str] = []
    for place in sorted(places):
        named = dict(places[place]).get("kind", "")
        if kind := kinds.get(named):
            told.append(_of_form(places[place], kind))
        else:
            wrong.append(f"These rules know no '{named[:60]}' (any more): it is left out.")
    return Posted(Story(tuple(told), asked.pop("id", "") or None), asked, tuple(wrong))


def _of_form(pairs: Sequence[tuple[str, str]], kind: Kind) -> Told:
    given = dict(pairs)
    typed: dict[str, Typed] = {}
    for each in kind.fields:
        if each.type == "set":
            if each.name in given:  # an empty value says that the boxes were shown
                typed[each.name] = tuple(value for name, value in pairs if name == each.name and value)
        elif each.name in given:
            typed[each.name] = given[each.name]
    return Told(kind, given.get("id", "")[:MAX_ID], typed)


def read_record(record: object, kinds: Mapping[str, Kind]) -> Story:
    """The story of a record, as far as there is a place on the page for what it holds."""
    facts = record.get("facts") if isinstance(record, dict) else record
    told = []
    for fact in facts if isinstance(facts, list) else ():
        if isinstance(fact, dict) and (kind := kinds.get(str(fact.get("kind")))):
            typed = {each.name: _shown(fact[each.name]) for each in kind.fields if fact.get(each.name) is not None}
            name = fact.get("id")
            told.append(Told(kind, name if isinstance(name, str) else "", typed))
    name = record.get("id") if isinstance(record, dict) else None
    return Story(tuple(told), name if isinstance(name, str) else None)


def given_kinds(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The kinds that can be said."""
    return {name: kind for name, kind in kinds.items() if kind.role in GIVEN_ROLES}


def _shown(value: object) -> Typed:
    """A value of a record as it is typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return tuple(str(part) for part in value)
    return format(Decimal(repr(value)), "f") if isinstance(value, float) and isfinite(value) else str(value)


_WHOLE = re.compile(r"[+-]?\d{1,17}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,17}([.,]\d{1,17})?", re.ASCII)


def _meant(field_: Field, typed: Typed) -> object:
    if not isinstance(typed, str):
        return list(typed)
    text = typed.strip()
    match field_.type:
        case "boolean":
            return {"yes": True, "no": False}.get(text, typed)
        case "integer" if _WHOLE.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text):
            number = float(text.replace(",", "."))
            return int(number) if number.is_integer() else number
        case "set":
            return [text]
    return typed


def _same(value: object, default: object) -> bool:
    """Whether a value says what holds anyway."""
    if isinstance(value, list):
        return isinstance(default, tuple) and set(value) == set(default)
    return type(value) is type(default) and value == default


def too_many(limits: Limits) -> str:
    """What is said where there is no room for more."""
    return f"This page takes at most {limits.facts} facts."


def _fault(message: str) -> RecordError:
    return RecordError([Problem(Location(), message)])
