"""Put an assessment into words: titles, figures, merged reasons, due times.

Text, Markdown, the page, notebooks and the pages of a rule base lay this out, and put nothing into words themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from misstep.assessment.phrases import due_beside, of_hundred, shown_word
from misstep.assessment.result import ActionReason, Assessment, CitedSource, DerivedFact, Finding, PlannedAction, Reason
from misstep.language.program import Source
from misstep.language.scale import Scale, ScaleWords
from misstep.layout.wording import spaced

SCORES = ("severity", "noticed", "urgency")


@dataclass(frozen=True, slots=True)
class MergedReason:
    """One firing of a rule: ``amounts`` by the score that it changed, and how it ``limits`` the verdict and the outlook."""

    rule: str
    text: str
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    terms: ScaleWords
    amounts: dict[str, float] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)

    def amount(self, score: str) -> str:
        """The amount that it added to a score; empty if none."""
        return f"{round(self.amounts[score], 2):+g}" if score in self.amounts else ""

    @property
    def changes(self) -> list[str]:
        """All that it changed."""
        return [f"{self.terms.of(score)} {self.amount(score)}" for score in self.amounts] + self.limits


class StatedScore(NamedTuple):
    """A score, and its word."""

    figure: str
    word: str


@dataclass(frozen=True, slots=True)
class StatedMistake:
    """One mistake; its ``title`` has the id of its fact if there are others with that title."""

    finding: Finding
    title: str
    severity: StatedScore
    noticed: StatedScore
    urgency: StatedScore
    verdict: str
    because: tuple[MergedReason, ...]

    def score(self, name: str) -> StatedScore:
        """One of the scores by its name."""
        return {"severity": self.severity, "noticed": self.noticed, "urgency": self.urgency}[name]


@dataclass(frozen=True, slots=True)
class StatedAction:
    """One action of a step. ``gain``: its relief of the damage; ``about``: its mistakes, if it is not for all."""

    title: str
    gain: str
    about: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class StatedStep:
    """One step. ``due``: empty if the title begins with it."""

    title: str
    due: str
    actions: tuple[StatedAction, ...]
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class StatedReasons:
    """An action to avoid, or a fact that rules concluded, with its reasons, each once."""

    title: str
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        """The reasons in one line."""
        return "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class Statement:
    """An assessment in words.

    ``terms``: words of the field; ``scores``: those that mistakes have, and ``outlook``: empty if the rule base has none;
    ``damage_after``: empty if the plan changes nothing; ``words``: titles of mistakes, and a
    sentence about them to the person; ``together``: reasons that concern all mistakes; ``numbers``: of the sources, by id.
    """

    terms: ScaleWords
    scores: tuple[str, ...]
    headline: str
    damage: str
    damage_after: str
    band: str
    verdict: str
    outlook: str
    mistakes: tuple[StatedMistake, ...]
    words: tuple[tuple[str, str], ...]
    steps: tuple[StatedStep, ...]
    avoid: tuple[StatedReasons, ...]
    derived: tuple[StatedReasons, ...]
    together: tuple[MergedReason, ...]
    notes: tuple[str, ...]
    sources: tuple[CitedSource, ...]
    numbers: Mapping[str, int]

    @property
    def meaning(self) -> str:
        """The meaning of the damage."""
        if not self.mistakes:
            return f"No {self.terms.mistake} was reported: nothing to repair."
        return f"Damage is {self.terms.damage}."

    @property
    def summary(self) -> str:
        """The answer in one line."""
        verdict = f"Verdict: {self.verdict}." + (f" Outlook: {self.outlook}." if self.outlook else "")
        if not self.mistakes:
            return verdict
        after = f", {self.damage_after} once the plan is carried out" if self.damage_after else ""
        return f"How bad: {self.band}. Damage {self.damage} of 100{after}. {verdict}"

    @property
    def reasons(self) -> list[tuple[str, tuple[MergedReason, ...]]]:
        """The mistakes, and at last all of them together, with their reasons."""
        named = [(f"{each.finding.title} ({each.finding.fact})", each.because) for each in self.mistakes]
        named.append((TOGETHER, self.together))
        return [(name, because) for name, because in named if because]


TOGETHER = "All of it together"


def state(assessment: Assessment, scale: Scale | None = None) -> Statement:
    """An assessment in words, those of the scale of its rule base."""
    titles = assessment.titles
    planned = {action.action for action in assessment.actions}
    better = assessment.damage_after < assessment.damage
    words: dict[str, list[str]] = {}
    for finding in assessment.findings:
        if finding.word:
            words.setdefault(finding.word, []).append(titles[finding.fact])
    return Statement(
        terms=scale.words if scale else ScaleWords(),
        scores=scale.scores if scale else tuple(score for score in SCORES if _is_worded(score, assessment)),
        headline=assessment.headline,
        damage=of_hundred(assessment.damage),
        damage_after=of_hundred(assessment.damage_after) if better else "",
        band=spaced(assessment.band),
        verdict=spaced(assessment.verdict),
        outlook=spaced(assessment.outlook),
        mistakes=tuple(_mistake(finding, titles, scale) for finding in assessment.findings),
        words=tuple((", ".join(named), word) for word, named in words.items()),
        steps=tuple(
            StatedStep(
                step.title,
                due_beside(step.title, step.due_hours),
                tuple(_action(action, titles) for action in step.actions),
                (step.message and step.message.subject) or "",
                step.message.body if step.message else "",
            )
            for step in assessment.steps
        ),
        avoid=tuple(
            StatedReasons(
                f"{avoid.title} (for: {_about(avoid.targets, titles)})" if avoid.action in planned else avoid.title,
                _texts(avoid.because),
            )
            for avoid in assessment.avoid
        ),
        derived=tuple(StatedReasons(_derived(fact), _texts(fact.because)) for fact in assessment.derived),
        together=_once(merge_reasons(assessment.because, scale)),
        notes=assessment.notes,
        sources=assessment.sources,
        numbers={source.id: number for number, source in enumerate(assessment.sources, start=1)},
    )


def _is_worded(score: str, assessment: Assessment) -> bool:
    """Whether mistakes have a word for a score: all have one for their severity, and for what the rule base has besides."""
    return score == "severity" or any(getattr(finding, f"{score}_level") for finding in assessment.findings)


def merge_reasons(reasons: Iterable[Reason], scale: Scale | None = None) -> tuple[MergedReason, ...]:
    """Each firing once, with all that it changed."""
    firings: dict[tuple[str, str, tuple[str, ...]], MergedReason] = {}
    terms = scale.words if scale else ScaleWords()
    for reason in reasons:
        key = (reason.rule, reason.text, reason.facts)
        firing = firings.setdefault(key, MergedReason(*key, reason.sources, terms))
        if reason.column is None:
            firing.limits.append(_limit(reason, scale))
        elif reason.amount:
            firing.amounts[reason.column] = firing.amounts.get(reason.column, 0.0) + reason.change
    return tuple(firings.values())


def _once(reasons: Iterable[MergedReason]) -> tuple[MergedReason, ...]:
    """Without a second reason that reads like the first and adds nothing: the same limit because of another mistake."""
    return tuple({(each.text, *each.limits, *(each.facts if each.amounts else ())): each for each in reasons}.values())


def _limit(reason: Reason, scale: Scale | None) -> str:
    if scale is None:
        return f"limits the {reason.dimension}"
    if reason.dimension == "verdict":
        return f"verdict at least {spaced(scale.verdicts[int(reason.amount)])}"
    return f"outlook at best {spaced(scale.outlooks[int(reason.amount)])}"


def source_details(source: CitedSource | Source, figure: bool = True) -> str:
    """The year of a source, unless its title has it, and its figure."""
    year = f" ({source.year})" if source.year and str(source.year) not in source.title else ""
    return year + (f": {source.figure}" if figure and source.figure else "")


def _mistake(finding: Finding, titles: Mapping[str, str], scale: Scale | None) -> StatedMistake:
    return StatedMistake(
        finding,
        titles[finding.fact],
        StatedScore(f"{finding.severity:.1f}", spaced(finding.severity_band)),
        StatedScore(f"{finding.noticed:.0%}", spaced(finding.noticed_level)),
        StatedScore(f"{finding.urgency:.1f}", spaced(finding.urgency_level)),
        spaced(finding.verdict),
        merge_reasons(finding.because, scale),
    )


def _action(action: PlannedAction, titles: Mapping[str, str]) -> StatedAction:
    gain = f"{action.relief:g} off the damage" if action.relief else ""
    some = 0 < len(action.targets) < len(titles)
    why = "; ".join(_texts(action.because))
    return StatedAction(action.title, gain, _about(action.targets, titles) if some else "", action.text, why.rstrip("."))


def _about(targets: Sequence[str], titles: Mapping[str, str]) -> str:
    """The titles of some mistakes, worst first."""
    return ", ".join(title for fact, title in titles.items() if fact in targets)


def _derived(fact: DerivedFact) -> str:
    values = ", ".join(f"{spaced(name)} {shown_word(value)}" for name, value in fact.values.items() if value is not None)
    return fact.title + (f" ({values})" if values else "")


def _texts(reasons: Iterable[ActionReason]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason.text for reason in reasons))
