"""Find the questions whose answers matter: the open fields of a record, by how much an answer would change.

Only usual answers are tried at first: if one of them changes verdict or first step, the answer is not settled, whatever the rest
would do. All others are tried once none does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import orjson
from pydantic import TypeAdapter

from misstep.analysis.changed_records import FieldUse
from misstep.analysis.question_words import answer_words, question_words, reason_words
from misstep.analysis.single_answers import (
    AdviceTrials,
    Tried,
    Unanswered,
    try_every_answer,
    try_usual_answers,
    unanswered_fields,
)
from misstep.analysis.trial_outcomes import Evaluate, Outcome
from misstep.assessment.intake import Facts
from misstep.language.facts import KIND, Field, Value
from misstep.language.program import Program

DO_NOT_KNOW = "I do not know."


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """An answer to choose, as records have it, and its words; of "I do not know" it is None, and the field stays out of the
    record."""

    answer: Value
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """An open field to ask about.

    ``pointer``: its place in the record, ``/facts/-/stage`` for a setting that is only assumed. ``text``: the question;
    ``expects``: what the field takes; ``choices``: the answers to choose from, of a set each of its words, of a number none but
    "I do not know"; ``why``: what the most telling answer would change. ``changes``: the share of its usual answers that change
    the verdict or the first step, each by itself; ``low`` and ``high``: the damage over them.
    """

    pointer: str
    fact: str
    kind: str
    field: str
    text: str
    expects: str
    choices: tuple[AnswerChoice, ...]
    why: str
    changes: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions about a record, the one that matters most first.

    ``settled``: whether it is certain that no single answer can change the verdict or the first step.
    """

    settled: bool
    questions: tuple[Question, ...]

    def to_json(self) -> bytes:
        """JSON, UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> Questions:
        """The questions of which this is the JSON. Raises ValueError."""
        return _adapter().validate_json(data)


@cache
def _adapter() -> TypeAdapter[Questions]:
    return TypeAdapter(Questions)  # made when needed: this takes longer than to find questions


def find_questions(facts: Facts, use: FieldUse, evaluate: Evaluate, most: int) -> Questions:
    """The questions about a record. ``most``: the limit of facts to assess in all.

    A field that only an unusual answer makes matter is asked about when no usual answer changes the advice any more. Raises
    BudgetError if the record itself needs too much work.
    """
    open_fields = list(unanswered_fields(facts, use))
    trials = AdviceTrials(facts, evaluate, most)
    found = try_usual_answers(open_fields, trials)
    if all(each.keeps for each in found.tried):
        found = try_every_answer(open_fields, trials)
    named = sum(row[KIND] in use.program.mistakes for row in facts.given) > 1
    return Questions(found.settled, tuple(_question(each, trials.now, use.program, named) for each in found.ranked()))


def _question(tried: Tried, now: Outcome, program: Program, named: bool) -> Question:
    """A question in words. ``named``: whether its mistake must be named, as there are several."""
    asked, open_field = tried.question, tried.open
    kind = program.kinds[open_field.kind]
    answer, outcome = _most_telling(tried, now)
    return Question(
        pointer=open_field.pointer,
        fact=open_field.fact,
        kind=open_field.kind,
        field=open_field.field,
        text=question_words(asked.field, kind.title if named and kind.role != "setting" else ""),
        expects=asked.field.expected(),
        choices=_choices(asked),
        why=reason_words(answer_words(asked.field, answer), outcome, now, program),
        changes=open_field.changes,
        low=open_field.low,
        high=open_field.high,
    )


def _choices(asked: Unanswered) -> tuple[AnswerChoice, ...]:
    answers = tuple(AnswerChoice(answer, answer_words(asked.field, answer)) for answer in _answers(asked.field))
    return (*answers, AnswerChoice(None, DO_NOT_KNOW))


def _answers(field: Field) -> tuple[Value, ...]:
    return field.values if field.form.sort == "set" else field.answers


def _most_telling(tried: Tried, now: Outcome) -> tuple[Value, Outcome]:
    """The answer that changes most: one that changes the verdict before one that changes the first step or the damage alone; of
    several the most usual."""
    weights = dict(tried.question.usual)

    def telling(pair: tuple[Value, Outcome]) -> tuple[bool, bool, bool, float, float]:
        answer, outcome = pair
        moved = abs(outcome.damage - now.damage)
        return (outcome.verdict != now.verdict, not now.advises(outcome), moved > 0, weights.get(answer, 0.0), moved)

    return max(tried.outcomes, key=telling)
