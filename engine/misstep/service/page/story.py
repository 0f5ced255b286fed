"""Parse a posted form or the record of a link to a story: the facts as they were typed, and the record of them.

Typed text is kept, valid or not; the rule base reports errors when it assesses the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isfinite
from urllib.parse import parse_qsl

from misstep.assessment.old_names import OldNames
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
class StoryFact:
    """One fact as it was typed: values by field, words for yes and no, and a tuple for a set."""

    kind: Kind
    id: str
    typed: Mapping[str, Typed] = field(default_factory=dict)

    def value(self, name: str) -> object:
        """The value that is meant; text that means none is left as it is, to be refused with its place."""
        return _meant(self.kind.by_name[name], self.typed[name])

    @property
    def values(self) -> dict[str, object]:
        """Stated values: not of empty fields, nor of fields at their default, unless such a field could also be left empty."""
        said = {name: self.value(name) for name, typed in self.typed.items() if typed != ""}
        return {n: v for n, v in said.items() if can_be_empty(self.kind.by_name[n]) or not _same(v, self.kind.by_name[n].default)}


@dataclass(frozen=True, slots=True)
class Story:
    """All facts as they were typed, in their order, and an id if the record has one."""

    facts: tuple[StoryFact, ...] = ()
    id: str | None = None

    def record(self) -> tuple[dict[str, object], list[int]]:
        """The record, and the places of its facts in the story. An assumed kind without values is left out."""
        stated = [(place, fact) for place, fact in enumerate(self.facts) if fact.values or not fact.kind.assumed]
        facts = [{"kind": fact.kind.name, **({"id": fact.id} if fact.id else {}), **fact.values} for _, fact in stated]
        return {**({"id": self.id} if self.id is not None else {}), "facts": facts}, [place for place, _ in stated]

    def add(self, kind: Kind) -> Story:
        """The story with one more fact, still empty. There can be only one of a setting."""
        if kind.role == "setting" and any(fact.kind is kind for fact in self.facts):
            return self
        return replace(self, facts=(*self.facts, StoryFact(kind, self._free_id(kind))))

    def remove(self, place: int) -> Story:
        """The story without the fact at a place."""
        return replace(self, facts=tuple(fact for i, fact in enumerate(self.facts) if i != place))

    def completed(self, kinds: Iterable[Kind]) -> Story:
        """The story with all assumed kinds, so that they have fields on the page, and an id for every fact."""
        story = Story((), self.id)
        for fact in self.facts:
            story = replace(story, facts=(*story.facts, replace(fact, id=fact.id or self._free_id(fact.kind, story.facts))))
        for kind in kinds:
            if kind.assumed:
                story = story.add(kind)
        return story

    def _free_id(self, kind: Kind, others: Sequence[StoryFact] = ()) -> str:
        return free_ids(kind.name, 1, {fact.id for fact in (*self.facts, *others)})[0]


@dataclass(frozen=True, slots=True)
class Posted:
    """A posted form: the story, the other fields and the button, and errors."""

    story: Story
    asked: Mapping[str, str]
    wrong: tuple[str, ...] = ()


def read_form(body: bytes, kinds: Mapping[str, Kind], old_names: OldNames, limits: Limits) -> Posted:
    """Parse a form as browsers encode it. Raises RecordError if it is invalid or too large."""
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
    stated: list[StoryFact] = []
    wrong: list[str] = []
    for place in sorted(places):
        named = dict(places[place]).get("kind", "")
        if kind := kinds.get(old_names.kind(named)):  # a page that was open before the rules changed
            stated.append(_of_form([(old_names.field(kind.name, name), value) for name, value in places[place]], kind))
        else:
            wrong.append(f"These rules know no '{named[:60]}' (any more): it is left out.")
    return Posted(Story(tuple(stated), asked.pop("id", "") or None), asked, tuple(wrong))


def _of_form(pairs: Sequence[tuple[str, str]], kind: Kind) -> StoryFact:
    given = dict(pairs)
    typed: dict[str, Typed] = {}
    for each in kind.fields:
        if each.type == "set":
            if each.name in given:  # an empty value: the boxes were shown
                typed[each.name] = tuple(value for name, value in pairs if name == each.name and value)
        elif each.name in given:
            typed[each.name] = given[each.name]
    return StoryFact(kind, given.get("id", "")[:MAX_ID], typed)


def read_record(record: object, kinds: Mapping[str, Kind]) -> Story:
    """The story of a record, as far as the page has fields for it."""
    facts = record.get("facts") if isinstance(record, dict) else record
    stated = []
    for fact in facts if isinstance(facts, list) else ():
        if isinstance(fact, dict) and (kind := kinds.get(str(fact.get("kind")))):
            typed = {each.name: _shown(fact[each.name]) for each in kind.fields if fact.get(each.name) is not None}
            name = fact.get("id")
            stated.append(StoryFact(kind, name if isinstance(name, str) else "", typed))
    name = record.get("id") if isinstance(record, dict) else None
    return Story(tuple(stated), name if isinstance(name, str) else None)


def given_kinds(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The kinds of given facts."""
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
    """Whether a value equals the default."""
    if isinstance(value, list):
        return isinstance(default, tuple) and set(value) == set(default)
    return type(value) is type(default) and value == default


def too_many(limits: Limits) -> str:
    """The error for more facts than the page takes."""
    return f"This page takes at most {limits.facts} facts."


def _fault(message: str) -> RecordError:
    return RecordError([Problem(Location(), message)])
