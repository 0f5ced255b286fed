"""An assessment and what would have changed it in; what the page shows of them out, in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from misstep.analysis.certainty import Certainty
from misstep.analysis.certainty_words import certainty_sentences
from misstep.analysis.counterfactuals import Counterfactual, Counterfactuals
from misstep.assessment.phrases import due_beside, of_hundred
from misstep.assessment.result import ActionReason, Assessment, CitedSource, Finding, PlannedAction, Reason
from misstep.assessment.result import Step as ResultStep
from misstep.language.facts import Field, Kind
from misstep.language.program import Program
from misstep.service.page.labels import label_of, said_of, sentence, small, word_of

MOST_CHANGES = 3
MOST_OPEN = 5
MOST_AVOIDED = 4
MOST_WORDS = 3  # on top; those for further mistakes stand with what they cost


@dataclass(frozen=True, slots=True)
class Because:
    """One firing of a rule: its words, what it added to each score, and the numbers of its sources."""

    text: str
    rule: str
    amounts: tuple[str, ...]
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """What is said to the person about mistakes; ``title``: which, where it is not for all."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Cost:
    """One mistake and what it costs, of ten. ``word``: to the person, where it does not stand on top; ``figures``: how bad it
    was and how visible."""

    fact: str
    title: str
    word: str
    damage: float
    figures: str
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One action of a step; ``about``: the mistakes that it is for, where not for all."""

    title: str
    about: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the plan. ``due``: empty where its title says it. ``letter``: its message in pieces, each with whether it is a
    blank to be filled in."""

    title: str
    due: str
    parts: tuple[Part, ...]
    subject: tuple[tuple[str, bool], ...]
    letter: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that weighed: what, how it would have had to be, how bad all would be then, and where it stands on the page."""

    what: str
    instead: str
    band: str
    field: str


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that was not said and that the answer hangs on, and where it stands on the page."""

    what: str
    field: str


@dataclass(frozen=True, slots=True)
class Answer:
    """All that the page shows of an answer."""

    assessment: Assessment
    verdict: str
    band: str
    outlook: str
    damage: str
    damage_after: str
    words: tuple[Word, ...]
    costs: tuple[Cost, ...]
    together: tuple[Because, ...]
    steps: tuple[Step, ...]
    avoid: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    questions: tuple[Question, ...]
    sources: tuple[CitedSource, ...]
    certainty: tuple[str, ...]

    @property
    def better(self) -> bool:
        """Whether the plan makes the damage less, as it is shown."""
        return self.damage_after != self.damage


def show_answer(
    assessment: Assessment,
    found: Counterfactuals,
    certainty: Certainty | None,
    program: Program,
    places: Sequence[int],
    wanted: Collection[str],
) -> Answer:
    """What the page shows; ``places`` are those of the record's facts on the page; ``wanted``: the actions that rules recommend,
    whether or not others veto them."""
    numbers = {source.id: n for n, source in enumerate(assessment.sources, start=1)}
    titles = assessment.titles
    words = _words(assessment)
    return Answer(
        assessment,
        word_of(assessment.verdict),
        word_of(assessment.band),
        word_of(assessment.outlook),
        _whole(assessment.damage),
        _whole(assessment.damage_after),
        words[:MOST_WORDS],
        tuple(_cost(finding, titles, words[MOST_WORDS:], numbers) for finding in assessment.findings),
        _because(assessment.because, numbers),
        tuple(_step(step, titles) for step in assessment.steps),
        tuple(_avoided(assessment, program, wanted))[:MOST_AVOIDED],
        tuple(_changes(found.changes, program, titles, places))[:MOST_CHANGES],
        tuple(_questions(found.unsaid, program, titles, places))[:MOST_OPEN],
        assessment.sources,
        certainty_sentences(certainty, program.kinds, titles) if certainty else (),
    )


def _whole(damage: float) -> str:
    """Damage without its tenths, which no chance of a person's has."""
    shown = of_hundred(damage)
    return shown if shown.startswith(("below", "above")) else f"{damage:.0f}"


def _words(assessment: Assessment) -> tuple[Word, ...]:
    """What is said to the person, worst first; nothing twice."""
    every = len(assessment.findings)
    return tuple(Word(", ".join(named) if len(named) < every else "", text) for text, named in assessment.words.items())


def _cost(finding: Finding, titles: Mapping[str, str], words: Sequence[Word], numbers: Mapping[str, int]) -> Cost:
    figures = (
        f"How bad, once seen: {word_of(finding.severity_band)}, {finding.severity:.1f} of 10. "
        f"The chance that it was seen: {_whole(100 * finding.noticed)}%."
    )
    word = finding.word if any(word.text == finding.word for word in words) else ""
    return Cost(finding.fact, titles[finding.fact], word, finding.damage, figures, _because(finding.because, numbers))


def _because(reasons: Iterable[Reason], numbers: Mapping[str, int]) -> tuple[Because, ...]:
    """Every firing once, with all that it added."""
    firings: dict[tuple[str, str, tuple[str, ...]], list[Reason]] = {}
    for reason in reasons:
        firings.setdefault((reason.rule, reason.text, reason.facts), []).append(reason)
    return tuple(
        Because(sentence(text), rule, tuple(_amount(r) for r in merged), tuple(numbers[s] for s in merged[0].sources))
        for (rule, text, _), merged in firings.items()
    )


def _amount(reason: Reason) -> str:
    if reason.column is None:
        return f"limits the {reason.dimension}"
    return f"{reason.column} {reason.change:+.3g}".replace("-", "\N{MINUS SIGN}")


def _step(step: ResultStep, titles: Mapping[str, str]) -> Step:
    message = step.message
    subject, body = (message.subject or "", message.body) if message else ("", "")
    parts = tuple(_part(action, titles) for action in step.actions)
    return Step(step.title, due_beside(step.title, step.due_hours), parts, tuple(_letter(subject)), tuple(_letter(body)))


def _part(action: PlannedAction, titles: Mapping[str, str]) -> Part:
    some = 0 < len(action.targets) < len(titles)
    about = ", ".join(titles[fact] for fact in action.targets) if some else ""
    gain = f" It takes {action.relief:g} off the damage." if action.relief else ""
    why = _reasons(action.because)
    return Part(action.title, about, action.text, (f"{why}." if why else "") + gain)


def _avoided(assessment: Assessment, program: Program, wanted: Collection[str]) -> Iterable[tuple[str, str]]:
    """What to leave alone, with its first reason: what would else be in the plan; then what is only there to be advised against,
    what most rules speak against first. An action that nobody planned is not worth a word."""
    kept = [a for a in assessment.avoid if a.action in wanted or a.action not in program.recommended]
    kept.sort(key=lambda avoided: (avoided.action not in wanted, -len(avoided.because)))
    return ((avoided.title, avoided.because[0].text if avoided.because else "") for avoided in kept)


def _reasons(reasons: Iterable[ActionReason]) -> str:
    return sentence("; ".join(dict.fromkeys(reason.text for reason in reasons)))


_BLANK = re.compile(r"(\[[^\[\]\n]{1,80}\])")


def _letter(draft: str) -> Iterable[tuple[str, bool]]:
    """A draft in pieces, each with whether it is a blank to be filled in."""
    for i, piece in enumerate(_BLANK.split(draft)):
        if piece:
            yield piece, i % 2 == 1


def _changes(
    changes: Iterable[Counterfactual], program: Program, titles: Mapping[str, str], places: Sequence[int]
) -> Iterable[Change]:
    """What weighed most in how it happened. Not that it happened, nor what only others could have done or seen: nobody can do
    anything with that."""
    shared = {field.name for field in program.roles.get("mistake", ())}
    for change in changes:
        kind = program.kinds[change.kind]
        if kind.role == "mistake" and change.field is not None and change.field not in shared:
            field = kind.by_name[change.field]
            given, instead = _value(field, change.given), _value(field, change.instead)
            told = f"{instead}, instead of: {small(given)}" if field.words else f"{instead} instead of {given}"
            yield Change(_what(change, field, titles, kind), told, word_of(change.band), _place(change, places))


def _questions(
    unsaid: Iterable[Counterfactual], program: Program, titles: Mapping[str, str], places: Sequence[int]
) -> Iterable[Question]:
    """What was not said about a mistake, and the answer hangs on; not which answer would make it milder, nor what nobody would
    say unasked."""
    for change in unsaid:
        kind = program.kinds[change.kind]
        field = kind.by_name.get(change.field or "")
        if kind.role == "mistake" and field is not None and field.default is not False:
            yield Question(_what(change, field, titles, kind), _place(change, places))


def _what(change: Counterfactual, field: Field, titles: Mapping[str, str], kind: Kind) -> str:
    return f"{titles.get(change.fact, kind.title)}: {small(label_of(field))}"


def _value(field: Field, value: object) -> str:
    unit = f" {field.unit}" if field.unit and field.is_number else ""
    return f"{said_of(field, value) if field.words else word_of(value)}{unit}"


def _place(change: Counterfactual, places: Sequence[int]) -> str:
    _, _, place, *rest = change.pointer.split("/")
    return ".".join(["facts", str(places[int(place)]), *rest])
