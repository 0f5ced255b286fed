"""Compare the verdicts of experts with assessments of the same records, and compute the figures over all cases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import Any

from misstep.analysis.calibration.agreement import CaseGroup, Compared, Figure, Figures
from misstep.analysis.calibration.judged_cases import UNKNOWN, CaseEntry, ExpertDoc, JudgedDoc
from misstep.analysis.calibration.statistics import Item, bootstrap, rank_correlation, weighted_kappa
from misstep.assessment.result import Assessment
from misstep.language.program import Action, Program

NOT_STATED = "not stated"


def compare(case: JudgedDoc, entry: CaseEntry, got: Assessment, program: Program) -> Compared:
    """Compare the expert and the rules on one case."""
    expert, bands = case.expert, program.scale.severity.words
    plan = tuple(action.action for action in got.actions)
    says = _stance(expert, program.actions)
    return Compared(
        id=got.id or "",
        set=entry.set,
        place=entry.place,
        basis=case.basis or NOT_STATED,
        confidence=expert.confidence,
        expert_band=expert.severity,
        band=got.band,
        damage=got.damage,
        error=bands.index(got.band) - bands.index(expert.severity),
        expert_acts=says,
        acts=_acts([program.actions[action] for action in plan], expert.recommended if says else ()),
        expert_noticed=None if expert.noticed == UNKNOWN else expert.noticed,
        noticed=(got.findings[0].noticed_level or None) if got.findings else None,
        recommended=bool(set(plan) & set(expert.recommended)) if expert.recommended else None,
        advised_against=bool(set(plan) & set(expert.against)) if expert.against else None,
        plan=plan,
    )


def among_experts(cases: Iterable[JudgedDoc], program: Program) -> tuple[Figure, Figure]:
    """How far experts agree with each other: of the pairs of cases from two sources that state the same facts, settings and ids
    aside, the shares with the same band and with bands at most one apart. Without intervals, as a case is in several pairs."""
    alike: dict[str, list[JudgedDoc]] = {}
    for case in cases:
        alike.setdefault(_stated(case.record, program), []).append(case)
    bands = program.scale.severity.words
    apart = [
        abs(bands.index(a.expert.severity) - bands.index(b.expert.severity))
        for group in alike.values()
        for a, b in combinations(group, 2)
        if a.source is None or a.source != b.source
    ]
    return (
        Figure(_part([distance == 0 for distance in apart]) if apart else None, len(apart)),
        Figure(_part([distance <= 1 for distance in apart]) if apart else None, len(apart)),
    )


def _stated(record: Any, program: Program) -> str:
    """The facts of a record without settings and ids, as a key."""
    facts = record["facts"] if isinstance(record, Mapping) else record
    told = [{key: value for key, value in fact.items() if key != "id"} for fact in facts]
    kept = [fact for fact in told if program.kinds[fact["kind"]].role != "setting"]
    return json.dumps(sorted(json.dumps(fact, sort_keys=True) for fact in kept))


def measure(cases: Sequence[Compared], bands: Sequence[str], resampled: bool = True) -> Figures:
    """All figures over some cases; ``resampled``: with the intervals that need resamples, which take time."""
    ranks = [(bands.index(c.expert_band), bands.index(c.band), c.damage) for c in cases]
    commonest = Counter(expert for expert, _, _ in ranks).most_common(1)[0][0]
    said = [(c.expert_acts, c.acts) for c in cases if c.expert_acts is not None]
    return Figures(
        cases=len(cases),
        exact=_share([a == b for a, b, _ in ranks], _part([a == commonest for a, _, _ in ranks])),
        within_one=_share([abs(a - b) <= 1 for a, b, _ in ranks], _part([abs(a - commonest) <= 1 for a, _, _ in ranks])),
        safe=_share([a - b <= 1 for a, b, _ in ranks], _part([a - commonest <= 1 for a, _, _ in ranks])),
        mean_error=_resampled([float(b - a) for a, b, _ in ranks], fmean, resampled),
        kappa=_resampled([(a, b) for a, b, _ in ranks], weighted_kappa, resampled),
        rank_correlation=_resampled([(a, damage) for a, _, damage in ranks], rank_correlation, resampled),
        act=_share([expert == ours for expert, ours in said], _part([expert for expert, _ in said])),
        says_act=_share([ours for expert, ours in said if expert], 1.0),
        says_rest=_share([not ours for expert, ours in said if not expert], 0.0),
        noticed=_same([(c.expert_noticed, c.noticed) for c in cases if c.noticed is not None]),
        recommended=_share([c.recommended for c in cases if c.recommended is not None]),
        advised_against=_share([c.advised_against for c in cases if c.advised_against is not None]),
    )


def confusion(cases: Iterable[Compared], bands: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The number of cases with each pair of bands: a row for each band of the expert, a column for each of ours."""
    counts = Counter((c.expert_band, c.band) for c in cases)
    return tuple(tuple(counts[expert, ours] for ours in bands) for expert in bands)


def group(
    cases: Sequence[Compared], key: Callable[[Compared], str], bands: Sequence[str], resampled: bool = False
) -> tuple[CaseGroup, ...]:
    """The figures of the cases with the same key, for every key."""
    keys = sorted({key(case) for case in cases})
    return tuple(CaseGroup(k, measure([c for c in cases if key(c) == k], bands, resampled)) for k in keys)


def confidence(case: Compared) -> str:
    """How sure the expert is, in words."""
    return NOT_STATED if case.confidence is None else str(case.confidence)


def _stance(expert: ExpertDoc, actions: Mapping[str, Action]) -> bool | None:
    """Whether the expert would act towards the other side; None if not stated.

    Recommendations for next time alone are about prevention; they do not count as a verdict to let it rest.
    """
    if expert.act in (None, UNKNOWN):
        return None
    now = [step for step in expert.recommended if step not in actions or not actions[step].next_time]
    return True if expert.act == "act" else False if now else None


def _acts(plan: Iterable[Action], advised: Sequence[str]) -> bool:
    """Whether a plan acts on the mistake: it repairs, or makes the contact that an expert who would act advises.

    Other contact that does not mention the mistake (a thank-you, say) is a courtesy: neither acting nor letting it rest.
    """
    return any(action.reach == "repairs" or (action.reach == "plain" and action.id in advised) for action in plan)


def _same(pairs: Sequence[tuple[object, object]]) -> Figure:
    """The share of equal pairs among those with a statement of the expert, who comes first."""
    said = [(expert, ours) for expert, ours in pairs if expert is not None]
    if not said:
        return Figure(None, 0)
    (_, most), *_ = Counter(expert for expert, _ in said).most_common(1)
    return _share([expert == ours for expert, ours in said], most / len(said))


def _share(hits: Sequence[bool], baseline: float | None = None) -> Figure:
    return Figure.of_share(sum(hits), len(hits), baseline)


def _part(hits: Sequence[bool]) -> float:
    return sum(hits) / (len(hits) or 1)


def _resampled(items: Sequence[Item], value: Callable[[Sequence[Item]], float | None], resampled: bool) -> Figure:
    low, high = (bootstrap(items, value) if resampled else None) or (None, None)
    return Figure(value(items), len(items), low, high)
