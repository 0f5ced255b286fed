"""The question that the page asks: the one whose answer changes most, of those that were neither answered nor skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from misstep.analysis.questions import Question
from misstep.api import RuleBase
from misstep.errors import BudgetError
from misstep.language.facts import Field
from misstep.service.page.story import Story, StoryFact, Typed, shown_value


@dataclass(frozen=True, slots=True)
class AskedChoice:
    """An answer to choose: as it is typed, in words, and whether it was given before."""

    typed: str
    text: str
    given: bool


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """A question on the page: its key, the place of its fact, its field and its choices, of a number none. ``given``: the answer
    that stands in the story; ``why``: what the most telling answer would change."""

    key: str
    place: int
    fact: StoryFact
    field: Field
    choices: tuple[AskedChoice, ...]
    given: Typed
    why: str

    @property
    def name(self) -> str:
        """The name of its field in the form."""
        return f"facts.{self.place}.{self.field.name}"


@dataclass(frozen=True, slots=True)
class Asking:
    """What is left to ask. ``count``: how many questions could change the advice, this one among them; 0 where one is asked
    again. ``settled``: whether no single answer ever can."""

    question: PageQuestion | None = None
    count: int = 0
    settled: bool = False


def find_asking(rulebase: RuleBase, story: Story, facts: Sequence[Mapping[str, object]], places: Sequence[int]) -> Asking:
    """What to ask about facts without errors, which stand at these places of the story."""
    again = story.asked_about(story.at)
    if again is not None:
        name = story.at.rpartition(".")[2]
        facts = [{n: v for n, v in fact.items() if n != name or fact["id"] != again.id} for fact in facts]
    try:
        found = rulebase.questions(facts)
    except BudgetError:
        return Asking()
    asked = [_shown(each, story, places) for each in found.questions]
    if again is not None and (same := next((each for each in asked if each.key == story.at), None)):
        return Asking(same)
    left = [shown for each, shown in zip(found.questions, asked, strict=True) if each.changes and shown.key not in story.done]
    return Asking(left[0] if left else None, len(left), found.settled)


def _shown(question: Question, story: Story, places: Sequence[int]) -> PageQuestion:
    place = _place(question, story, places)
    fact = story.facts[place]
    field, given = fact.kind.by_name[question.field], fact.content(question.field)
    choices = [(shown_value(choice.answer), choice.text) for choice in question.choices if choice.answer is not None]
    return PageQuestion(
        f"{fact.id}.{field.name}",
        place,
        fact,
        field,
        tuple(
            AskedChoice(typed, text.removesuffix("."), typed in ([given] if isinstance(given, str) else given))
            for typed, text in choices
            if isinstance(typed, str)
        ),
        given,
        question.why,
    )


def _place(question: Question, story: Story, places: Sequence[int]) -> int:
    """The place of its fact in the story, where every assumed setting stands too."""
    stated = question.pointer.split("/")[2]
    if stated.isdigit():
        return places[int(stated)]
    return next(place for place, fact in enumerate(story.facts) if fact.kind.name == question.kind)
