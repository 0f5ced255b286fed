"""Choose the parts of an assessment and its counterfactuals that the page shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from misstep.analysis.certainty import Certainty
from misstep.analysis.certainty_words import certainty_sentences
from misstep.analysis.counterfactuals import Counterfactual, Counterfactuals
from misstep.assessment.phrases import whole_percent
from misstep.assessment.result import Assessment
from misstep.assessment.statement import StatedReasons, StatedStep, Statement, state
from misstep.language.facts import Field, Kind
from misstep.language.program import Program
from misstep.layout.wording import lowered
from misstep.service.page.labels import answer_text, label_of, value_text

MOST_CHANGES = 3
MOST_AVOIDED = 4
MOST_WORDS = 3  # on top


@dataclass(frozen=True, slots=True)
class MilderField:
    """A field that weighed: its name, a milder value, the band of all with it, and its place on the page."""

    what: str
    instead: str
    band: str
    field: str


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """The answer on the page. ``words``: those on top; the others stand with their mistakes."""

    assessment: Assessment
    statement: Statement
    words: tuple[tuple[str, str], ...]
    avoid: tuple[StatedReasons, ...]
    changes: tuple[MilderField, ...]
    certainty: tuple[str, ...]

    @property
    def damage(self) -> str:
        """The damage in whole percent."""
        return whole_percent(self.assessment.damage)

    @property
    def letter(self) -> int:
        """The number of the first step with a message; 0 if there is none."""
        return next((number for number, step in enumerate(self.statement.steps, 1) if step.body), 0)

    @property
    def damage_after(self) -> str:
        """The same once the plan is carried out; empty if it is shown as the same."""
        after = whole_percent(self.assessment.damage_after)
        return after if after != self.damage else ""


def show_answer(
    assessment: Assessment,
    found: Counterfactuals,
    certainty: Certainty | None,
    program: Program,
    places: Sequence[int],
    wanted: Collection[str],
) -> PageAnswer:
    """The answer on the page. ``places``: of the facts of the record on the page; ``wanted``: recommended actions, vetoed or
    not."""
    stated = state(assessment, program.scale)
    titles = assessment.titles
    every = ", ".join(titles.values())
    return PageAnswer(
        assessment,
        stated,
        tuple((named if named != every else "", text) for named, text in stated.words[:MOST_WORDS]),
        tuple(_avoided(assessment, stated, program, wanted))[:MOST_AVOIDED],
        tuple(_changes(found.changes, program, titles, places))[:MOST_CHANGES],
        certainty_sentences(certainty, program.kinds, titles) if certainty else (),
    )


def _avoided(assessment: Assessment, stated: Statement, program: Program, wanted: Collection[str]) -> Iterable[StatedReasons]:
    """Actions to avoid: first those that would else be in the plan, then those that are only ever vetoed, most reasons first.
    Others are left out."""
    kept = [
        (avoided.action not in wanted, -len(avoided.because), place)
        for place, avoided in enumerate(assessment.avoid)
        if avoided.action in wanted or avoided.action not in program.recommended
    ]
    return (stated.avoid[place] for _, _, place in sorted(kept))


_BLANK = re.compile(r"(\[[^\[\]\n]{1,80}\])")


def blanks_of(step: StatedStep) -> list[str]:
    """The blanks of a message, each once, without their brackets."""
    return list(dict.fromkeys(piece[1:-1] for piece, blank in letter(f"{step.subject}\n{step.body}") if blank))


def letter(draft: str) -> Iterable[tuple[str, bool]]:
    """A draft in pieces, each with whether it is a blank to be filled in."""
    for i, piece in enumerate(_BLANK.split(draft)):
        if piece:
            yield piece, i % 2 == 1


def _changes(
    changes: Iterable[Counterfactual], program: Program, titles: Mapping[str, str], places: Sequence[int]
) -> Iterable[MilderField]:
    """The fields of mistakes that weighed most. Fields of the role are about the others, so no person could have changed them."""
    for change in changes:
        kind = program.kinds[change.kind]
        if kind.role == "mistake" and change.field in {field.name for field in program.own_fields(kind)}:
            field = kind.by_name[change.field]
            given, instead = _value(field, change.given), _value(field, change.instead)
            told = f"{instead}, instead of: {lowered(given)}" if field.words else f"{instead} instead of {given}"
            yield MilderField(_what(change, field, titles, kind), told, value_text(change.band), _place(change, places))


def _what(change: Counterfactual, field: Field, titles: Mapping[str, str], kind: Kind) -> str:
    return f"{titles.get(change.fact, kind.title)}: {lowered(label_of(field))}"


def _value(field: Field, value: object) -> str:
    return answer_text(field, value) if field.words or field.is_number else value_text(value)


def _place(change: Counterfactual, places: Sequence[int]) -> str:
    _, _, place, *rest = change.pointer.split("/")
    return ".".join(["facts", str(places[int(place)]), *rest])
