"""Render a story and its answer as the HTML of the page.

The templates escape all text from facts and packs.
"""

from __future__ import annotations

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
from misstep.service.page.answer import PageAnswer, blanks_of, letter
from misstep.service.page.asking import Asking
from misstep.service.page.catalogue import Catalogue, Topic
from misstep.service.page.labels import answer_text, choice_text, hint_of, label_of
from misstep.service.page.story import BLANK, Story, StoryFact

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
    """One fact on the page: its place, its title, what is said of it in words, the fields in sight and those behind them."""

    place: int
    fact: StoryFact
    title: str
    said: str
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
            "choice_text": choice_text,
            "sentence": capitalized,
            "small": lowered,
            "terms": rulebase.program.scale.words,
            "few": KINDS_IN_SIGHT,
            "longest_search": LONGEST_SEARCH,
            "blank_name": BLANK,
            "blanks_of": blanks_of,
            "source_details": source_details,
            "counted": counted,
            "letter": letter,
            "whole_percent": whole_percent,
        }
        environment.filters["minus"] = lambda text: text.replace("-", "\N{MINUS SIGN}")
        environment.filters["exact"] = escape  # values of fields must not change
        self._template = environment.get_template("page.html")

    def example(self, place: int) -> str:
        """The story of an example; empty if there is none at this place."""
        examples = self._program.scale.words.page.examples
        return examples[place].story if place < len(examples) else ""

    def page(
        self,
        story: Story,
        asked: Mapping[str, str],
        answer: PageAnswer | None,
        asking: Asking,
        problems: Sequence[Problem],
        places: Sequence[int],
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
            said=[card for card in cards if not card.fact.unsure],
            read=[card for card in cards if card.fact.unsure],
            told=any(fact.unsure or fact.stated for fact in story.facts),
            settings={fact.kind.name for fact in story.facts if fact.kind.role == "setting"},
            words=words,
            found=self._catalogue.search(words),
            step=asked.get("step", ""),
            removed="removed" in asked,
            answer=answer,
            asking=asking,
            errors=at_fields,
            named={
                f"facts.{card.place}.{field.name}": f"{card.title}, {lowered(self._label(card.fact, field))}"
                for card in cards
                for field in card.all
            },
            wrong=[*wrong, *elsewhere],
            options=lambda fact, field: self._options(fact, field, story),
        )

    def _cards(self, story: Story, asked: Mapping[str, str]) -> list[Card]:
        """The facts by their role, and in their order."""
        cards = []
        kinds = [fact.kind.name for fact in story.facts]
        added = asked.get("added", "")
        for place, fact in sorted(enumerate(story.facts), key=lambda each: GIVEN_ROLES.index(each[1].kind.role)):
            own = self._program.own_fields(fact.kind)
            fields = (*own, *(field for field in fact.kind.fields if field not in own))
            sight = min(len(own), FIELDS_IN_SIGHT)
            before = kinds[:place].count(fact.kind.name)
            title = fact.kind.title + (f" ({before + 1})" if kinds.count(fact.kind.name) > 1 else "")
            fresh = fact.kind.name == added and added not in kinds[place + 1 :]
            said = ". ".join(self._said(fact, field, story) for field in fields if field.name in fact.values)
            cards.append(Card(place, fact, title, said, fields[:sight], fields[sight:], fresh))
        return cards

    def _said(self, fact: StoryFact, field: Field, story: Story) -> str:
        """A field in words: a sentence stands for itself, other values have the name of their field."""
        value = fact.values[field.name]
        if field.words and not isinstance(value, list):
            return answer_text(field, value)
        named = dict(self._options(fact, field, story) or ()).get(value) if isinstance(value, str) else None
        return f"{self._label(fact, field)}: {named or answer_text(field, value)}"

    def _label(self, fact: StoryFact, field: Field) -> str:
        return NAMES if (fact.kind.name, field.name) in self._references else label_of(field)

    def _options(self, asking: StoryFact, field: Field, story: Story) -> list[tuple[str, str]] | None:
        """The facts that a field may name, with their titles; None for a text field."""
        reference = self._references.get((asking.kind.name, field.name))
        if reference is None:
            return None
        options = [
            (fact.id, _title(fact.kind, fact.id, story))
            for fact in story.facts
            if fact.kind.name in reference.ids | reference.kinds and fact.id != asking.id and not fact.unsure
        ]
        given = asking.content(field.name)
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
