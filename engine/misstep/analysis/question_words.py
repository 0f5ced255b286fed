"""Put questions, their answers and the reasons to ask into words."""

from __future__ import annotations

from misstep.analysis.trial_outcomes import Outcome
from misstep.assessment.phrases import name_of, show, shown_word, whole_percent
from misstep.language.facts import Field, Value
from misstep.language.program import Program
from misstep.layout.wording import capitalized, lowered, spaced


def question_words(field: Field, of: str) -> str:
    """The question about a field. ``of``: the title of its mistake, where there are several."""
    name = name_of(field).rstrip(".?! ")
    return f"{of}: {lowered(name)}?" if of else f"{capitalized(name)}?"


def answer_words(field: Field, answer: Value) -> str:
    """An answer in words: its sentence, else its word or number."""
    if isinstance(answer, tuple):
        return "; ".join(answer_words(field, word).removesuffix(".") for word in answer) or "None of them"
    if field.is_number:
        return f"{show(answer)} {field.unit}".rstrip()
    return dict(field.words).get(answer) or capitalized(shown_word(answer))


def reason_words(answer: str, outcome: Outcome, now: Outcome, program: Program) -> str:
    """What an answer would change: the verdict, else the first step, else the damage."""
    said = f'"{answer.removesuffix(".")}" would'
    if outcome.verdict != now.verdict:
        return f"{said} make the verdict: {spaced(outcome.verdict)}. Now it is: {spaced(now.verdict)}."
    if outcome.first != now.first:
        if not outcome.first:
            return f"{said} leave no step to take. Now the first is: {_step(now, now, program)}."
        before = f"Now it is: {_step(now, outcome, program)}." if now.first else "Now there is none."
        return f"{said} make the first step: {_step(outcome, now, program)}. {before}"
    then, before = whole_percent(outcome.damage), whole_percent(now.damage)
    if then == before:  # a small change, shown in tenths
        then, before = f"{outcome.damage:g}", f"{now.damage:g}"
    return f"{said} make the damage {then} of 100. Now it is {before}."


def _step(of: Outcome, other: Outcome, program: Program) -> str:
    """The first step; with its occasion if the other has the same action on another one."""
    (occasion, _, action), (_, _, same) = of.first.rpartition(" "), other.first.rpartition(" ")
    title = program.actions[action].title
    if action != same or of is other:
        return title
    known = program.scale.occasions.get(occasion)
    return f"{title} ({known.title if known else occasion})"
