"""Parse a posted form or the record of a link to a story: what was told, the facts as they were typed, and the record of them.

Typed text is kept, valid or not; the rule base reports errors when it assesses the record. What a page shows is in its form, so
a form that is posted again gives the same page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isfinite
from urllib.parse import parse_qsl

from misstep.analysis.reading.amounts import said_amount
from misstep.analysis.reading.reader import Suggestion
from misstep.assessment.old_names import OldNames
from misstep.errors import Location, Problem, RecordError
from misstep.language.facts import GIVEN_ROLES, MAX_ID, Field, Kind, free_ids
from misstep.limits import FIXED, Limits

Typed = str | tuple[str, ...]
NAME = re.compile(r"facts\.(\d{1,9})\.(\w+)", re.ASCII)
"""Names of the form are the places of the record, dots for slashes: ``facts.0.minutes`` is ``/facts/0/minutes``."""
_ABOUT = re.compile(r"(words|unsure|keep)\.(\d{1,9})", re.ASCII)
BLANK = "blank."
FIELDS_OF_A_FORM = FIXED.form_fields
LEAST_SCORE, LIKELY = 0.1, 0.5
"""The score of a suggestion to be shown, and of one to be ticked when it is shown."""
MOST_READ = FIXED.page_read
_AROUND = 45
"""How many characters of the sentence are quoted on either side of the words that led to a suggestion."""


@dataclass(frozen=True, slots=True)
class StoryFact:
    """One fact as it was typed: values by field, words for yes and no, and a tuple for a set.

    ``words``: those of the story that it was read from. ``unsure``: the person has not said yet that it happened, and
    ``keep``: its box is ticked.
    """

    kind: Kind
    id: str
    typed: Mapping[str, Typed] = field(default_factory=dict)
    words: str = ""
    unsure: bool = False
    keep: bool = False

    def content(self, name: str) -> Typed:
        """What stands in a field: what was typed, and the ticks of a set that come by default."""
        field = self.kind.by_name[name]
        return self.typed.get(name, (field.default or ()) if field.type == "set" else "")

    def value(self, name: str) -> object:
        """The value that is meant; text that means none is left as it is, to be refused with its place."""
        return _meant(self.kind.by_name[name], self.typed[name])

    @property
    def values(self) -> dict[str, object]:
        """Stated values: not of empty fields, nor of sets at their default, whose boxes are ticked before anybody says so."""
        said = {name: self.value(name) for name, typed in self.typed.items() if typed != ""}
        return {n: v for n, v in said.items() if not _is_default(self.kind.by_name[n], v)}

    @property
    def stated(self) -> bool:
        """Whether it is part of the record: an assumed kind without values is not."""
        return not self.unsure and bool(self.values or not self.kind.assumed)


@dataclass(frozen=True, slots=True)
class Story:
    """All that the page holds: the facts as they were typed, in their order, and an id if the record has one.

    ``text``: what was told. ``done``: the questions that were answered or skipped, as ``fact.field``, in their order; ``at``:
    the one that is asked again. ``blanks``: what was filled into the blanks of messages.
    """

    facts: tuple[StoryFact, ...] = ()
    id: str | None = None
    text: str = ""
    done: tuple[str, ...] = ()
    at: str = ""
    blanks: Mapping[str, str] = field(default_factory=dict)

    def record(self) -> tuple[dict[str, object], list[int]]:
        """The record, and the places of its facts in the story."""
        stated = [(place, fact) for place, fact in enumerate(self.facts) if fact.stated]
        facts = [{"kind": fact.kind.name, **({"id": fact.id} if fact.id else {}), **fact.values} for _, fact in stated]
        return {**({"id": self.id} if self.id is not None else {}), "facts": facts}, [place for place, _ in stated]

    def add(self, kind: Kind) -> Story:
        """The story with one more fact, still empty. There can be only one of a setting."""
        if kind.role == "setting" and any(fact.kind is kind for fact in self.facts):
            return self
        return replace(self, facts=(*self.facts, StoryFact(kind, self._free_id(kind))))

    def remove(self, place: int) -> Story:
        """The story without the fact at a place, and the questions about it."""
        gone = {fact.id for i, fact in enumerate(self.facts) if i == place}
        return replace(
            self,
            facts=tuple(fact for i, fact in enumerate(self.facts) if i != place),
            done=tuple(key for key in self.done if key.rpartition(".")[0] not in gone),
        )

    def with_suggestions(self, suggestions: Iterable[Suggestion], kinds: Mapping[str, Kind], most: int) -> Story:
        """The story with what its text seems to tell, to be confirmed, in place of what was read before; with at most so many
        facts. What has been said already is not suggested again."""
        stated = [fact for fact in self.facts if fact.stated]
        said = {fact.kind.name for fact in stated}
        read = [
            StoryFact(
                kinds[each.kind],
                "",
                {name: shown_value(value) for name, value in each.fields.items()},
                quoted(self.text, each.spans),
                unsure=True,
                keep=each.score >= LIKELY,
            )
            for each in suggestions
            if each.score >= LEAST_SCORE and each.kind in kinds and each.kind not in said
        ]
        return replace(self, facts=(*stated, *read[: max(0, min(MOST_READ, most - len(stated)))]))

    def confirmed(self) -> Story:
        """The story with what was ticked as said, and without the rest of what was read."""
        kept = (fact for fact in self.facts if not fact.unsure or fact.keep)
        return replace(self, facts=tuple(replace(fact, unsure=False, keep=False) for fact in kept))

    def answered(self, key: str, typed: Typed) -> Story:
        """The story with the answer to a question. It is asked again if its field does not take the answer."""
        fact_id, _, name = key.rpartition(".")
        facts = [replace(fact, typed={**fact.typed, name: typed}) if fact.id == fact_id else fact for fact in self.facts]
        told = replace(self, facts=tuple(facts))
        fact = told.asked_about(key)
        if fact is None:
            return self
        field_ = fact.kind.by_name[name]
        return told.skipped(key) if field_.takes(field_.form.store(fact.value(name))) else replace(told, at=key)

    def skipped(self, key: str) -> Story:
        """The story when a question is left for the next one."""
        return replace(self, done=(*(each for each in self.done if each != key), key), at="")

    def back(self) -> Story:
        """The story at the question before. Its answer stays until there is another."""
        return replace(self, done=self.done[:-1], at=self.done[-1]) if self.done else self

    def asked_about(self, key: str) -> StoryFact | None:
        """The fact that a question is about; None if there is none, or it has no such field."""
        fact_id, _, name = key.rpartition(".")
        return next((fact for fact in self.facts if fact.id == fact_id and name in fact.kind.by_name), None)

    def completed(self, kinds: Iterable[Kind]) -> Story:
        """The story with all assumed kinds, so that they have fields on the page, and an id for every fact."""
        story = replace(self, facts=())
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
    """A posted form: the story, the other fields and the button, what was typed for the question that was asked, and errors."""

    story: Story
    asked: Mapping[str, str]
    wrong: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


def read_form(body: bytes, kinds: Mapping[str, Kind], old_names: OldNames, limits: Limits) -> Posted:
    """Parse a form as browsers encode it. Raises RecordError if it is invalid or too large."""
    try:
        if len(body) > limits.record_bytes:
            raise ValueError
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_OF_A_FORM)
    except ValueError:
        raise _fault("This is not a form that this page posts.") from None
    form: dict[str, list[str]] = {}
    places: dict[int, list[tuple[str, str]]] = {}
    about: dict[int, dict[str, str]] = {}
    for name, value in pairs:
        if match := NAME.fullmatch(name):
            places.setdefault(int(match[1]), []).append((match[2], value))
        elif match := _ABOUT.fullmatch(name):
            about.setdefault(int(match[2]), {})[match[1]] = value
        else:
            form.setdefault(name, []).append(value)
    assumed = sum(1 for kind in kinds.values() if kind.assumed)  # they are on every page
    if len(places) > limits.facts + assumed:
        raise _fault(too_many(limits))
    stated: list[StoryFact] = []
    wrong: list[str] = []
    for place in sorted(places):
        named = dict(places[place]).get("kind", "")
        if kind := kinds.get(old_names.kind(named)):  # a page that was open before the rules changed
            given = [(old_names.field(kind.name, name), value) for name, value in places[place]]
            stated.append(_of_form(given, kind, about.get(place, {})))
        else:
            wrong.append(f"These rules know no '{named[:60]}' (any more): it is left out.")
    replies = tuple(form.pop("reply", ()))
    story = Story(
        tuple(stated),
        form.pop("id", [""])[-1] or None,
        form.pop("text", [""])[-1].replace("\r\n", "\n"),
        tuple(dict.fromkeys(form.pop("done", ()))),
        form.pop("at", [""])[-1],
        {name.removeprefix(BLANK): values[-1] for name, values in form.items() if name.startswith(BLANK) and values[-1].strip()},
    )
    return Posted(story, {name: values[-1] for name, values in form.items()}, tuple(wrong), replies)


def _of_form(pairs: Sequence[tuple[str, str]], kind: Kind, about: Mapping[str, str]) -> StoryFact:
    given = dict(pairs)
    typed: dict[str, Typed] = {}
    for each in kind.fields:
        if each.type == "set":
            if each.name in given:  # an empty value: the boxes were shown
                typed[each.name] = tuple(value for name, value in pairs if name == each.name and value)
        elif each.name in given:
            typed[each.name] = given[each.name]
    return StoryFact(kind, given.get("id", "")[:MAX_ID], typed, about.get("words", ""), "unsure" in about, "keep" in about)


def quoted(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The words of a text that led to a suggestion, with some of their sentence around them."""
    if not spans:
        return ""
    start, end = spans[0]
    for other_start, other_end in spans[1:]:
        if end <= other_start and other_end - start <= 2 * _AROUND:
            end = other_end
    before = re.split(r"[.!?\n]\s*", text[max(0, start - _AROUND) : start])
    after = re.split(r"[.!?\n]", text[end : end + _AROUND])
    left, right = before[-1], after[0]
    if len(before) == 1 and start > _AROUND:  # cut in a sentence: not in a word
        left = "\u2026 " + left.partition(" ")[2]
    if len(after) == 1 and len(text) > end + _AROUND:
        right = right.rpartition(" ")[0] + " \u2026"
    return " ".join(f"{left}{text[start:end]}{right}".split())


def read_record(record: object, kinds: Mapping[str, Kind]) -> Story:
    """The story of a record, as far as the page has fields for it."""
    facts = record.get("facts") if isinstance(record, dict) else record
    stated = []
    for fact in facts if isinstance(facts, list) else ():
        if isinstance(fact, dict) and (kind := kinds.get(str(fact.get("kind")))):
            typed = {each.name: shown_value(fact[each.name]) for each in kind.fields if fact.get(each.name) is not None}
            name = fact.get("id")
            stated.append(StoryFact(kind, name if isinstance(name, str) else "", typed))
    name = record.get("id") if isinstance(record, dict) else None
    return Story(tuple(stated), name if isinstance(name, str) else None)


def given_kinds(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """The kinds of given facts."""
    return {name: kind for name, kind in kinds.items() if kind.role in GIVEN_ROLES}


def shown_value(value: object) -> Typed:
    """A value of a record as it is typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return tuple(str(part) for part in value)
    if isinstance(value, float) and isfinite(value):
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    return str(value)


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
            return _whole(float(text.replace(",", ".")))
        case "integer" | "number":
            amount = said_amount(text, field_.unit)
            return typed if amount is None else _whole(amount)
        case "set":
            return [text]
    return typed


def _whole(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _is_default(field_: Field, value: object) -> bool:
    return field_.type == "set" and isinstance(value, list) and set(value) == set(field_.default or ())


def too_many(limits: Limits) -> str:
    """The error for more facts than the page takes."""
    return f"This page takes at most {limits.facts} facts."


def _fault(message: str) -> RecordError:
    return RecordError([Problem(Location(), message)])
