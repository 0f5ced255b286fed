"""An assessment and what would have changed it in; what the page shows of them out, in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from misstep.analysis.certainty import Certainty
from misstep.analysis.certainty_words import certainty_sentences
from misstep.analysis.counterfactuals import Counterfactual, Counterfactuals
from misstep.assessment.phrases import whole_percent
from misstep.assessment.result import Assessment
from misstep.assessment.statement import StatedReasons, Statement, state
from misstep.language.facts import Field, Kind
from misstep.language.program import Program
from misstep.layout.wording import lowered
from misstep.service.page.labels import label_of, said_of, word_of

MOST_CHANGES = 3
MOST_OPEN = 5
MOST_AVOIDED = 4
MOST_WORDS = 3  # on top


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One thing that weighed: what, how it would have had to be, how bad all would be then, and its field on the page."""

    what: str
    instead: str
    band: str
    field: str


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One thing that was not said and that the answer depends on, and its field on the page."""

    what: str
    field: str


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """All that the page shows of an answer. ``words``: those on top; those about further mistakes stand with what they cost."""

    assessment: Assessment
    statement: Statement
    words: tuple[tuple[str, str], ...]
    avoid: tuple[StatedReasons, ...]
    changes: tuple[WhatIf, ...]
    questions: tuple[OpenQuestion, ...]
    certainty: tuple[str, ...]

    @property
    def damage(self) -> str:
        """The damage in whole percent."""
        return whole_percent(self.assessment.damage)

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
    """What the page shows; ``places`` are those of the record's facts on the page; ``wanted``: the actions that rules recommend,
    whether or not others veto them."""
    said = state(assessment, program.scale)
    titles = assessment.titles
    every = ", ".join(titles.values())
    return PageAnswer(
        assessment,
        said,
        tuple((named if named != every else "", text) for named, text in said.words[:MOST_WORDS]),
        tuple(_avoided(assessment, said, program, wanted))[:MOST_AVOIDED],
        tuple(_changes(found.changes, program, titles, places))[:MOST_CHANGES],
        tuple(_questions(found.unsaid, program, titles, places))[:MOST_OPEN],
        certainty_sentences(certainty, program.kinds, titles) if certainty else (),
    )


def _avoided(assessment: Assessment, said: Statement, program: Program, wanted: Collection[str]) -> Iterable[StatedReasons]:
    """What to leave alone: first what would else be in the plan, then what is only there to be advised against, in the order of
    the number of rules against it. An action that nobody planned is left out."""
    kept = [
        (avoided.action not in wanted, -len(avoided.because), place)
        for place, avoided in enumerate(assessment.avoid)
        if avoided.action in wanted or avoided.action not in program.recommended
    ]
    return (said.avoid[place] for _, _, place in sorted(kept))


_BLANK = re.compile(r"(\[[^\[\]\n]{1,80}\])")


def letter(draft: str) -> Iterable[tuple[str, bool]]:
    """A draft in pieces, each with whether it is a blank to be filled in."""
    for i, piece in enumerate(_BLANK.split(draft)):
        if piece:
            yield piece, i % 2 == 1


def _changes(
    changes: Iterable[Counterfactual], program: Program, titles: Mapping[str, str], places: Sequence[int]
) -> Iterable[WhatIf]:
    """What weighed most in how it happened. Not that it happened, nor what only others could have done or seen: nobody can do
    anything with that."""
    shared = {field.name for field in program.roles.get("mistake", ())}
    for change in changes:
        kind = program.kinds[change.kind]
        if kind.role == "mistake" and change.field is not None and change.field not in shared:
            field = kind.by_name[change.field]
            given, instead = _value(field, change.given), _value(field, change.instead)
            told = f"{instead}, instead of: {lowered(given)}" if field.words else f"{instead} instead of {given}"
            yield WhatIf(_what(change, field, titles, kind), told, word_of(change.band), _place(change, places))


def _questions(
    unsaid: Iterable[Counterfactual], program: Program, titles: Mapping[str, str], places: Sequence[int]
) -> Iterable[OpenQuestion]:
    """What was not said about a mistake, and the answer hangs on; not which answer would make it milder, nor what nobody would
    say unasked."""
    for change in unsaid:
        kind = program.kinds[change.kind]
        field = kind.by_name.get(change.field or "")
        if kind.role == "mistake" and field is not None and field.default is not False:
            yield OpenQuestion(_what(change, field, titles, kind), _place(change, places))


def _what(change: Counterfactual, field: Field, titles: Mapping[str, str], kind: Kind) -> str:
    return f"{titles.get(change.fact, kind.title)}: {lowered(label_of(field))}"


def _value(field: Field, value: object) -> str:
    unit = f" {field.unit}" if field.unit and field.is_number else ""
    return f"{said_of(field, value) if field.words else word_of(value)}{unit}"


def _place(change: Counterfactual, places: Sequence[int]) -> str:
    _, _, place, *rest = change.pointer.split("/")
    return ".".join(["facts", str(places[int(place)]), *rest])
