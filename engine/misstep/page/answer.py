"""An assessment and what would have changed it in; what the page shows of them out, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from misstep.alternatives import Counterfactual, Counterfactuals
from misstep.findings.words import due_in_words, of_hundred
from misstep.model.facts import Kind
from misstep.model.result import ActionReason, Assessment, CitedSource, Finding, PlannedAction, Reason
from misstep.model.result import Step as ResultStep
from misstep.page.words import label_of, sentence, small, word_of
from misstep.uncertainty import Certainty
from misstep.uncertainty_words import certainty_sentences

MOST_CHANGES = 3
_COLUMNS = {"severity": "severity", "relief": "severity", "overall": "severity", "noticed": "noticed", "urgency": "urgency"}


@dataclass(frozen=True, slots=True)
class Because:
    """One firing of a rule: its words, what it added to each score, and the numbers of its sources."""

    text: str
    rule: str
    amounts: tuple[str, ...]
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """One mistake and what it costs, of ten."""

    fact: str
    title: str
    word: str
    damage: float
    words: str
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One action of a step."""

    title: str
    details: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the plan; ``letter``: its message in pieces, each with whether it is a blank to be filled in."""

    title: str
    due: str
    parts: tuple[Part, ...]
    subject: str
    letter: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would have changed the verdict: what, the answer then, and where it stands on the page."""

    what: str
    instead: str
    band: str
    damage: float
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
    costs: tuple[Cost, ...]
    together: tuple[Because, ...]
    steps: tuple[Step, ...]
    avoid: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    unsaid: tuple[Change, ...]
    sources: tuple[CitedSource, ...]
    certainty: tuple[str, ...]

    @property
    def better(self) -> bool:
        """Whether the plan makes the damage less."""
        return self.assessment.damage_after < self.assessment.damage


def show_answer(
    assessment: Assessment,
    found: Counterfactuals,
    certainty: Certainty | None,
    kinds: Mapping[str, Kind],
    places: Sequence[int],
) -> Answer:
    """What the page shows; ``places`` are those of the record's facts on the page."""
    numbers = {source.id: n for n, source in enumerate(assessment.sources, start=1)}
    titles = _titles(assessment.findings)
    steps = tuple(_step(step, titles) for step in assessment.steps)
    return Answer(
        assessment,
        sentence(word_of(assessment.verdict)),
        word_of(assessment.band),
        word_of(assessment.outlook),
        of_hundred(assessment.damage),
        of_hundred(assessment.damage_after),
        tuple(_cost(finding, titles, numbers) for finding in assessment.findings),
        _because(assessment.because, numbers),
        steps,
        tuple((avoided.title, _reasons(avoided.because)) for avoided in assessment.avoid),
        tuple(_change(change, kinds, titles, places, said=True) for change in found.changes[:MOST_CHANGES]),
        tuple(_change(change, kinds, titles, places, said=False) for change in found.unsaid[:MOST_CHANGES]),
        assessment.sources,
        certainty_sentences(certainty, kinds, titles) if certainty else (),
    )


def _titles(findings: Sequence[Finding]) -> dict[str, str]:
    """What every mistake is called; those of a kind are told apart by their ids."""
    kinds = [finding.kind for finding in findings]
    return {f.fact: f.title if kinds.count(f.kind) == 1 else f"{f.title} ({f.fact})" for f in findings}


def _cost(finding: Finding, titles: Mapping[str, str], numbers: Mapping[str, int]) -> Cost:
    words = f"{word_of(finding.severity_band)}, {finding.severity:.1f} of 10, once seen. That it was seen: {finding.noticed:.0%}"
    return Cost(finding.fact, titles[finding.fact], finding.word, finding.damage, words, _because(finding.because, numbers))


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
    column = _COLUMNS.get(reason.dimension)
    if column is None:
        return f"limits the {reason.dimension}"
    amount = -reason.amount if reason.dimension == "relief" else reason.amount
    return f"{column} {amount:+.3g}".replace("-", "\N{MINUS SIGN}")


def _step(step: ResultStep, titles: Mapping[str, str]) -> Step:
    message = step.message
    subject, body = (message.subject or "", message.body) if message else ("", "")
    parts = tuple(_part(action, titles) for action in step.actions)
    return Step(step.title, due_in_words(step.due_hours), parts, subject, tuple(_letter(body)))


def _part(action: PlannedAction, titles: Mapping[str, str]) -> Part:
    details = [f"{action.relief:g} off the damage"] if action.relief else []
    if 0 < len(action.targets) < len(titles):
        details.append(f"for: {', '.join(titles[fact] for fact in action.targets)}")
    return Part(action.title, "; ".join(details), action.text, _reasons(action.because))


def _reasons(reasons: Iterable[ActionReason]) -> str:
    return sentence("; ".join(dict.fromkeys(reason.text for reason in reasons)))


_BLANK = re.compile(r"(\[[^\[\]\n]{1,80}\])")


def _letter(draft: str) -> Iterable[tuple[str, bool]]:
    """A draft in pieces, each with whether it is a blank to be filled in."""
    for i, piece in enumerate(_BLANK.split(draft)):
        if piece:
            yield piece, i % 2 == 1


def _change(
    change: Counterfactual, kinds: Mapping[str, Kind], titles: Mapping[str, str], places: Sequence[int], said: bool
) -> Change:
    kind = kinds[change.kind]
    title = titles.get(change.fact, kind.title)
    _, _, place, *rest = change.pointer.split("/")
    name = ".".join(["facts", str(places[int(place)]), *rest])
    if change.field is None:
        return Change(title, "had it not happened", word_of(change.band), change.damage, name)
    field = kind.by_name[change.field]
    unit = f" {field.unit}" if field.unit and field.unit not in label_of(field) else ""
    instead = f"{word_of(change.instead)}{unit}" + (f" instead of {word_of(change.given)}" if said else "")
    return Change(f"{title}: {small(label_of(field))}", instead, word_of(change.band), change.damage, name)
