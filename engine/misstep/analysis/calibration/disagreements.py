"""Cases compared, with their assessments, in; those on which expert and rules differ, and the rules that caused it, out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from misstep.analysis.calibration.agreement import Cause, Compared, DifferingAction, Disagreement
from misstep.analysis.calibration.judged_cases import CaseEntry, JudgedDoc
from misstep.assessment.result import Assessment, PlannedAction
from misstep.assessment.statement import merge_reasons
from misstep.errors import printable
from misstep.language.effects import Recommend
from misstep.language.program import Program

MOST_SEVERE, MOST_NOTICED = 3, 1  # causes shown for one case: of its severity, of its notice
Order = tuple[int, bool, bool, bool, int, str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """One case with everything that is known about it."""

    compared: Compared
    case: JudgedDoc
    entry: CaseEntry
    got: Assessment


def differs(case: Compared) -> bool:
    """Whether expert and rules differ in the band, in acting, or in the plan."""
    return any(_distances(case))


def furthest_first(case: Compared) -> Order:
    """The order of disagreements: bands apart; then act or let go, actions advised against, actions missed; the surer first."""
    apart, act, against, missed = _distances(case)
    return (-apart, not act, not against, not missed, -(case.confidence or 0), case.id, case.place)


def explain(judged: Judged, program: Program, fired: Callable[[], set[str]]) -> Disagreement:
    """A disagreement with the rules behind it. ``fired``: looks up which rules fire on the record."""
    expert, got = judged.case.expert, judged.got
    plan = {action.action: action for action in got.actions}
    missed = expert.recommended if judged.compared.recommended is False else ()
    loud = fired() if missed else set[str]()
    return Disagreement(
        case=judged.compared,
        situation=printable(judged.case.situation),
        gist=printable(expert.gist),
        verdict=got.verdict,
        causes=_causes(got),
        absent=tuple(_absent(action, got, program, loud) for action in missed),
        present=tuple(_present(plan[action]) for action in expert.against if action in plan),
    )


def _distances(case: Compared) -> tuple[int, bool, bool, bool]:
    return (
        abs(case.error),
        case.expert_acts is not None and case.expert_acts != case.acts,
        case.advised_against is True,
        case.recommended is False,
    )


def _causes(got: Assessment) -> tuple[Cause, ...]:
    """The firings that weighed most, in either direction."""
    reasons = (*got.because, *(reason for finding in got.findings for reason in finding.because))
    causes = [
        Cause(
            firing.rule, printable(firing.text), *(round(firing.amounts.get(score, 0.0), 3) for score in ("severity", "noticed"))
        )
        for firing in merge_reasons(reasons)
    ]
    severe = sorted((c for c in causes if c.severity), key=lambda c: (-abs(c.severity), c.rule, c.text))[:MOST_SEVERE]
    noticed = sorted((c for c in causes if c.noticed), key=lambda c: (-abs(c.noticed), c.rule, c.text))[:MOST_NOTICED]
    return tuple(dict.fromkeys((*severe, *noticed)))


def _absent(action: str, got: Assessment, program: Program, fired: set[str]) -> DifferingAction:
    """Why a recommended action is not in the plan."""
    if action not in program.actions:
        return DifferingAction(action, "unknown", ())
    vetoes = sorted({r.rule for avoided in got.avoid if avoided.action == action for r in avoided.because})
    if vetoes:
        return DifferingAction(action, "vetoed", tuple(vetoes))
    rules = [rule for rule in sorted(fired) if any(_recommends(effect, action) for effect in program.rules[rule].effects)]
    return DifferingAction(action, "recommended" if rules else "none", tuple(rules))


def _recommends(effect: object, action: str) -> bool:
    return isinstance(effect, Recommend) and effect.action == action


def _present(action: PlannedAction) -> DifferingAction:
    return DifferingAction(action.action, "recommended", tuple(sorted({r.rule for r in action.because})))
