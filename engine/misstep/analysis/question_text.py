"""Lay out questions as text for a terminal."""

from __future__ import annotations

from misstep.analysis.questions import Question, Questions
from misstep.layout.as_text import as_text
from misstep.layout.document import Inline, Point, Points, Quote, ReportDocument, Run, Section

MOST_LISTED = 4  # questions after the first: more would not help to choose
SETTLED = "No single answer would change what to do."
OPEN = "The answers that would change most:"
NOTHING = "There is nothing to ask."


def to_text(found: Questions, width: int = 100, color: bool = False) -> str:
    """The first question with its choices and its why, and the texts of those that follow."""
    lead = SETTLED if found.settled else OPEN if found.questions else NOTHING
    if not found.questions:
        return as_text(ReportDocument("", [lead]), width, color)
    first, *others = found.questions
    shown = [Point(Run(first.text, "strong"), _under(first)), *(Point(other.text) for other in others[:MOST_LISTED])]
    rest = len(others) - MOST_LISTED
    more: list[Inline] = [Run(f"And {rest} more, which change less.", "dim")] if rest > 0 else []
    return as_text(ReportDocument("", [lead], [Section("", [Points(shown, "1."), *more])]), width, color)


def _under(question: Question) -> list[Inline | Points | Quote]:
    choices = [Point(choice.text) for choice in question.choices]
    expected = [Run(f"It is {question.expects}.")] if len(choices) == 1 else []
    return [*expected, Points(choices), Run(f"Why: {question.why}", "dim")]
