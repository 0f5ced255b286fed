"""Render a story and its answer as the HTML of the page.

The templates escape all text from facts and packs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from misstep.api import RuleBase
from misstep.assessment.phrases import whole_percent
from misstep.assessment.statement import source_details
from misstep.errors import Problem, printable
from misstep.language.facts import GIVEN_ROLES, Field, Kind, Role
from misstep.layout.wording import capitalized, counted, lowered
from misstep.rulebase.field_use import find_references
from misstep.service.page.answer import PageAnswer, letter
from misstep.service.page.catalogue import Catalogue, Topic
from misstep.service.page.labels import answer_text, choice_text, hint_of, label_of
from misstep.service.page.story import Story, StoryFact, Typed, can_be_empty

NAMES = "About"  # the label of a field that names another fact
FIELDS_IN_SIGHT = 4
LONGEST_SEARCH = 200  # characters
KINDS_IN_SIGHT = 12  # of more there is a list to open


@dataclass(frozen=True, slots=True)
class FormSection:
    """One part of the form: facts of one role."""

    role: Role
    title: str
    lead: str
    topics: tuple[Topic, ...]

    @property
    def count(self) -> int:
        """How many kinds there are to choose from."""
        return sum(len(topic.kinds) for topic in self.topics)


@dataclass(frozen=True, slots=True)
class Card:
    """One fact on the page: its place, its title, the fields in sight and those behind them."""

    place: int
    fact: StoryFact
    title: str
    fields: tuple[Field, ...]
    more: tuple[Field, ...]
    fresh: bool

    @property
    def all(self) -> tuple[Field, ...]:
        """All its fields."""
        return (*self.fields, *self.more)

    @property
    def open(self) -> bool:
        """Whether a field behind has a value."""
        values = self.fact.values
        return any(field.name in values for field in self.more)


@dataclass(frozen=True, slots=True)
class FactReadBack:
    """One fact in the printed summary: its title, and the labels and values of its fields."""

    title: str
    values: tuple[tuple[str, str], ...]


class Markup:
    """Fills the templates with the words of one rule base."""

    def __init__(self, rulebase: RuleBase, catalogue: Catalogue) -> None:
        self._program = rulebase.program
        self._catalogue = catalogue
        self._references = find_references(rulebase.program)
        words = rulebase.program.scale.words.page.sections
        self._sections = [
            FormSection(role, words[role].title, words[role].lead, tuple(topics))
            for role in GIVEN_ROLES
            if (topics := catalogue.topics(role))
        ]
        environment = Environment(
            loader=PackageLoader("misstep.service.page"),
            autoescape=True,
            finalize=_plain,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {
            "label_of": self._label,
            "hint_of": hint_of,
            "can_be_empty": can_be_empty,
            "choice_text": choice_text,
            "sentence": capitalized,
            "small": lowered,
            "terms": rulebase.program.scale.words,
            "few": KINDS_IN_SIGHT,
            "longest_search": LONGEST_SEARCH,
            "typed": _typed,
            "source_details": source_details,
            "counted": counted,
            "letter": letter,
            "whole_percent": whole_percent,
        }
        environment.filters["minus"] = lambda text: text.replace("-", "\N{MINUS SIGN}")
        environment.filters["exact"] = escape  # values of fields must not change
        self._template = environment.get_template("page.html")

    def page(
        self,
        story: Story,
        asked: Mapping[str, str],
        record: Mapping[str, object],
        places: Sequence[int],
        answer: PageAnswer | None,
        problems: Sequence[Problem],
        wrong: Sequence[str],
    ) -> str:
        """The whole page. ``places``: of the record's facts in the story; ``wrong``: problems without a field."""
        cards = self._cards(story, asked)
        words = asked.get("q", "")[:LONGEST_SEARCH]
        at_fields, elsewhere = _placed(problems, places, story)
        return self._template.render(
            name=self._program.name,
            version=self._program.version,
            story=story,
            sections=self._sections,
            cards=cards,
            said=[read_back for role in cards.values() for card in role if (read_back := self._read_back(card, story))],
            settings={fact.kind.name for fact in story.facts if fact.kind.role == "setting"},
            words=words,
            found=self._catalogue.search(words),
            live="live" in asked,
            removed="removed" in asked,
            record=json.dumps(record, ensure_ascii=False, separators=(",", ":")),
            answer=answer,
            errors=at_fields,
            named={
                f"facts.{card.place}.{field.name}": f"{card.title}, {lowered(self._label(card, field))}"
                for role in cards.values()
                for card in role
                for field in card.all
            },
            wrong=[*wrong, *elsewhere],
            options=lambda card, field: self._options(card, field, story),
        )

    def _cards(self, story: Story, asked: Mapping[str, str]) -> dict[str, list[Card]]:
        """The facts of every role."""
        cards: dict[str, list[Card]] = {}
        kinds = [fact.kind.name for fact in story.facts]
        added = asked.get("added", "")
        for place, fact in enumerate(story.facts):
            own = self._program.own_fields(fact.kind)
            fields = (*own, *(field for field in fact.kind.fields if field not in own))
            sight = min(len(own), FIELDS_IN_SIGHT)
            before = kinds[:place].count(fact.kind.name)
            title = fact.kind.title + (f" ({before + 1})" if kinds.count(fact.kind.name) > 1 else "")
            fresh = fact.kind.name == added and added not in kinds[place + 1 :]
            cards.setdefault(fact.kind.role, []).append(Card(place, fact, title, fields[:sight], fields[sight:], fresh))
        return cards

    def _read_back(self, card: Card, story: Story) -> FactReadBack | None:
        """A fact in the summary; None if it is only assumed."""
        values = card.fact.values
        if card.fact.kind.assumed and not values:
            return None
        shown = []
        for field in (field for field in card.all if field.name in values):
            choices = dict(self._options(card, field, story) or ())
            typed = _typed(card, field)
            value = values[field.name]
            word = choices.get(typed) if isinstance(typed, str) else None
            shown.append((self._label(card, field), word or answer_text(field, value)))
        return FactReadBack(card.title, tuple(shown))

    def _label(self, card: Card, field: Field) -> str:
        return NAMES if (card.fact.kind.name, field.name) in self._references else label_of(field)

    def _options(self, card: Card, field: Field, story: Story) -> list[tuple[str, str]] | None:
        """The facts that a field may name, with their titles; None for a text field."""
        reference = self._references.get((card.fact.kind.name, field.name))
        if reference is None:
            return None
        options = [
            (fact.id, _title(fact.kind, fact.id, story))
            for fact in story.facts
            if fact.kind.name in reference.ids | reference.kinds and fact.id != card.fact.id
        ]
        given = _typed(card, field)
        if isinstance(given, str) and given and given not in [name for name, _ in options]:
            title = self._program.kinds[given].title if given in self._program.kinds else given
            options.append((given, title))
        return options


def _plain(value: object) -> object:
    """Text with its control characters escaped, also those that change the direction of text."""
    if type(value) is not str or value.isprintable():
        return value
    return "\n".join(printable(line) for line in value.split("\n"))


def _title(kind: Kind, name: str, story: Story) -> str:
    alike = [fact.id for fact in story.facts if fact.kind is kind]
    return kind.title if len(alike) == 1 else f"{kind.title} ({alike.index(name) + 1})"


def _typed(card: Card, field: Field) -> Typed:
    """The content of a field: typed text, else its default, unless the default is only assumed."""
    typed = card.fact.typed.get(field.name)
    if typed is not None:
        return typed
    if field.type == "set":
        return field.default or ()
    if field.default is None or can_be_empty(field):
        return ""
    return field.default if isinstance(field.default, str) else "yes" if field.default else "no"


def _placed(problems: Sequence[Problem], places: Sequence[int], story: Story) -> tuple[dict[str, str], list[str]]:
    """Problems by the name of their field in the form, and the others."""
    fields: dict[str, str] = {}
    elsewhere: list[str] = []
    for problem in problems:
        steps = problem.location.pointer.split("/")
        if len(steps) == 4 and steps[1] == "facts" and int(steps[2]) < len(places):
            place = places[int(steps[2])]
            if steps[3] in story.facts[place].kind.by_name:
                fields[f"facts.{place}.{steps[3]}"] = capitalized(problem.message) + "."
                continue
        elsewhere.append(str(problem))
    return fields, elsewhere
