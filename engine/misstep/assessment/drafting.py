"""The words of a plan: the message of each step, and the headline.

The parts of a message stand in the order of the scale; each ordered part is in it, and what is too long loses whole sentences
before that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from misstep.assessment.intake import Facts
from misstep.assessment.phrases import due_in_words
from misstep.assessment.planning import Choice, Plan, PlannedStep
from misstep.assessment.speech import GLUE, Occurrence, Speaker
from misstep.language.facts import ID, Row
from misstep.language.finding import FindingRow
from misstep.language.program import Program
from misstep.language.scale import MessagePart
from misstep.layout.wording import capitalized, joined, spaced

MOST_CLAUSES = 2  # in a headline
_END = "\x1e"  # of a sentence
_BEFORE_A_STOP = re.compile(r" (?=[.,;])")  # left by an empty part of a template
_BLANK = re.compile(r"\[[^\[\]\n]{1,80}\]")
_Part = tuple[MessagePart, list[str]]


class Draft(NamedTuple):
    """A message: its subject, where it is written, and its text with the blanks to be filled in."""

    subject: str | None
    body: str
    blanks: tuple[str, ...]


class Drafter:
    """Puts plans into words with the templates of one program. Holds nothing about records."""

    def __init__(self, program: Program) -> None:
        self._scale = scale = program.scale
        self._speaker = Speaker(program)
        self._parts = (*scale.message_parts, MessagePart(""))  # actions without a part come last
        self._places = {part.name: place for place, part in enumerate(self._parts)}
        self._unnoticed = scale.noticed.words[0] if len(scale.noticed.words) > 1 else None

    def headline(self, plan: Plan, findings: Sequence[FindingRow], facts: Facts, outlook: str) -> str:
        """The answer to the question that the person asks, which is about the first step that repairs, else the first that the
        other side hears of; without a template for it, the first step, or else the verdict."""
        if not self._scale.headline:
            return _first_step(plan.steps) or f"{capitalized(spaced(plan.verdict))}."
        outward = [step for step in plan.steps if step.outward]
        about = ("", "", "", "", "")
        if outward:
            step = next((step for step in outward if any(choice.repairs for choice in step.choices)), outward[0])
            repairs = [choice for choice in step.choices if choice.repairs]
            adds = [choice for choice in step.choices if choice.action.outward and choice not in repairs]
            clauses = clauses_of(repairs, MOST_CLAUSES), clauses_of(adds, MOST_CLAUSES)
            about = (step.occasion, step.channel, due_in_words(step.due_hours), *clauses)
        mistakes = [finding.mistake for finding in findings]
        occurrence = Occurrence(facts, outlook, plan.verdict, _ids(plan), mistakes, about)
        return " ".join(self._speaker.template(self._scale.headline)(occurrence).replace(GLUE, " ").split())

    def told(self, mistake: Row, facts: Facts, text: str) -> str:
        """What a template of the kind of a mistake says to the person."""
        return " ".join(self._speaker.of_kind(mistake, facts, text).replace(GLUE, " ").split())

    def message(self, step: PlannedStep, plan: Plan, findings: Sequence[FindingRow], facts: Facts, outlook: str) -> Draft | None:
        """The message of a step; None if its channel has none, or if no action has words for it."""
        scale = self._scale
        written = step.channel in scale.message_channels
        if not written and step.channel not in scale.message_spoken:
            return None
        speaking = [choice for choice in step.choices if choice.action.says]
        if not speaking:
            return None
        whole = Occurrence(facts, outlook, plan.verdict, _ids(plan), [finding.mistake for finding in findings])
        said: dict[int, list[str]] = {}
        already: set[str] = set()
        for choice in speaking:
            about = whole._replace(mistakes=self._mistakes(choice, findings))
            sentences = _sentences(self._speaker.template(choice.action.says)(about))
            said.setdefault(self._places[choice.action.part], []).extend([s for s in sentences if s not in already])
            already.update(sentences)
        for place, part in enumerate(scale.message_parts):  # spoken messages have no parts of their own
            if part.says and not said.get(place) and (written or place in said):
                said[place] = _sentences(self._speaker.template(part.says)(whole))
        parts = [(part, said[i][: part.sentences or None]) for i, part in enumerate(self._parts) if said.get(i)]
        while written and parts and not parts[-1][0].last:
            parts.pop()
        opening = scale.message_opening if written else scale.message_spoken[step.channel]
        body = self._body(parts, self._lines(opening, whole), self._lines(scale.message_closing, whole) if written else "")
        if body is None:
            return None
        subject = self._lines(scale.message_subject, whole).replace(GLUE, " ") if written else ""
        blanks = dict.fromkeys(_BLANK.findall(f"{subject}\n{body}"))
        return Draft(subject or None, body, tuple(blanks))

    def _mistakes(self, choice: Choice, findings: Sequence[FindingRow]) -> list[Row]:
        """The mistakes that an action mentions, worst first: its own, or all if it is for the interview as a whole; of these the
        noticed ones, if there are any."""
        own = [finding for finding in findings if not choice.relief or finding.mistake[ID] in choice.relief]
        noticed = [finding for finding in own if finding.noticed_level != self._unnoticed]
        return [finding.mistake for finding in noticed or own]

    def _body(self, parts: list[_Part], opening: str, closing: str) -> str | None:
        """The parts between opening and closing, without the sentences that are too many."""
        most = self._scale.message_max_words
        while parts:
            body = "\n\n".join([" ".join(sentences) for _, sentences in parts])
            text = f"{opening}\n\n{body}\n\n{closing}".strip("\n").replace(GLUE, " ")
            if text.count(" ") + text.count("\n") < most or len(text.split()) <= most:
                return text
            _leave_out(parts)
        return None

    def _lines(self, text: str, of: Occurrence) -> str:
        said = self._speaker.template(text, lines=True)(of).strip() if text else ""
        return "\n".join([line.strip() for line in said.split("\n")]) if "\n" in said else said


def _ids(plan: Plan) -> frozenset[str]:
    return frozenset([choice.action.id for choice in plan.choices])


def clauses_of(choices: Sequence[Choice], most: int | None = None) -> str:
    """Actions as parts of a sentence, at most ``most``: the first one, then the most important ones. An action that only leads to
    a call is left out beside others."""
    told = [choice for choice in choices if not choice.action.leads] or choices
    main = [*told[:1], *sorted(told[1:], key=lambda choice: choice.order)][:most]
    return joined([choice.action.clause for choice in told if choice in main])


def _first_step(steps: Sequence[PlannedStep]) -> str:
    if not steps:
        return ""
    titles = joined([choice.action.title for choice in steps[0].choices])
    return f"{titles}, {due_in_words(steps[0].due_hours)}."


# -- sentences


def _sentences(text: str) -> list[str]:
    """The sentences of a text: one ends with a full stop, a question or an exclamation mark before a blank."""
    text = _BEFORE_A_STOP.sub("", " ".join(text.split()))
    text = text.replace(". ", f".{_END}").replace("! ", f"!{_END}").replace("? ", f"?{_END}")
    return text.split(_END) if text else []


def _leave_out(parts: list[_Part]) -> None:
    """Drop the lowest-priority sentence: the last of the last part that has several. If all parts have one, drop the last part,
    or the one before it if that must not stand last."""
    for _, sentences in reversed(parts):
        if len(sentences) > 1:
            sentences.pop()
            return
    parts.pop(-2 if len(parts) > 1 and not parts[-2][0].last else -1)
