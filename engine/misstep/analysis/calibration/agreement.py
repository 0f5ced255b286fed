"""Agreement: all figures, and every case beside the expert's verdict."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from misstep.analysis.calibration.statistics import wilson
from misstep.errors import Problem


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of agreement over ``cases`` cases, with its 95% interval.

    ``value`` is None without cases, or if it is not defined, as a correlation without variation.
    ``baseline``: the figure of always giving the most frequent verdict of the experts or, for acting, of always acting.
    """

    value: float | None
    cases: int
    low: float | None = None
    high: float | None = None
    baseline: float | None = None

    @classmethod
    def of_share(cls, hits: int, cases: int, baseline: float | None = None) -> Figure:
        """The share of cases that are hits, with Wilson's interval."""
        return cls(hits / cases, cases, *wilson(hits, cases), baseline) if cases else cls(None, 0)

    def shown(self, signed: bool = False) -> str:
        """The value in a report."""
        if self.value is None:
            return "-"
        return f"{self.value:+.3f}" if signed else f"{self.value:.3f}"

    @property
    def interval(self) -> str:
        """The interval in a report; empty if there is none."""
        return "" if self.low is None or self.high is None else f"{self.low:.3f} to {self.high:.3f}"


@dataclass(frozen=True, slots=True)
class Figures:
    """All measures over some cases. The first five look at the band of severity, the sixth at the damage too.

    ``safe``: at most one band too mild. ``act``: acting or letting it rest, of the cases in which the expert speaks to that;
    ``says_act`` and ``says_rest`` are its two parts.
    """

    cases: int
    exact: Figure
    within_one: Figure
    safe: Figure
    mean_error: Figure
    kappa: Figure
    rank_correlation: Figure
    act: Figure
    says_act: Figure
    says_rest: Figure
    noticed: Figure
    recommended: Figure
    advised_against: Figure


@dataclass(frozen=True, slots=True)
class CaseGroup:
    """The figures of the cases that have one basis, or one confidence, or are of one set."""

    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Compared:
    """One case: the verdict of the expert and that of the rules. ``error``: bands by which the rules are harsher.

    None: not stated by the expert. ``acts``: the plan deals with the mistake towards the other side, or makes contact as this
    expert advises. ``recommended``: one of the recommended actions is in the plan; ``advised_against``: one of those that the
    expert advised against is. ``set``: the name of the file of cases, without its ending.
    """

    id: str
    set: str
    place: str
    basis: str
    confidence: int | None
    expert_band: str
    band: str
    damage: float
    error: int
    expert_acts: bool | None
    acts: bool
    expert_noticed: str | None
    noticed: str | None
    recommended: bool | None
    advised_against: bool | None
    plan: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """The contribution of one firing to a mistake or to the whole record: points of severity, doublings of the odds."""

    rule: str
    text: str
    severity: float
    noticed: float


@dataclass(frozen=True, slots=True)
class DifferingAction:
    """An action on which the plan and the expert differ. ``why``: rules ``recommended`` it, ``vetoed`` it, or none did either."""

    action: str
    why: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A case on which expert and rules differ, and the rules that caused it, the strongest first."""

    case: Compared
    situation: str
    gist: str
    verdict: str
    causes: tuple[Cause, ...]
    absent: tuple[DifferingAction, ...]
    present: tuple[DifferingAction, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far a rule base agrees with experts.

    ``read`` counts the cases that could be assessed, before a choice by basis and confidence. ``matrix`` counts cases: a row
    for each band of the expert, a column for each band of the rules. ``worst``: furthest apart first. ``problems``: faults
    of cases that were left out. ``remarks``: actions that experts name and the rule base does not know.
    """

    rulebase: str
    version: str
    digest: str
    read: int
    bases: tuple[str, ...]
    min_confidence: int | None
    figures: Figures
    experts_same: Figure
    experts_near: Figure
    by_set: tuple[CaseGroup, ...]
    by_basis: tuple[CaseGroup, ...]
    by_confidence: tuple[CaseGroup, ...]
    bands: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    worst: tuple[Disagreement, ...]
    cases: tuple[Compared, ...]
    problems: tuple[Problem, ...]
    remarks: tuple[Problem, ...]

    def to_json(self) -> bytes:
        """The one JSON form: UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)
