"""Conclusions, findings and plan in; the assessment out, with a reason for everything."""

from __future__ import annotations

from typing import Any, NamedTuple

from misstep.drafting import Drafter
from misstep.evaluate.memory import Memory, Remark
from misstep.findings.explain import Explainer, action_reasons, name_derived, outlook_reasons, reasons_by_fact
from misstep.findings.scoring import level, outlook_limits, overall_severity, worst_outlook
from misstep.intake import Facts
from misstep.model.facts import FIRST_VALUE, ID, KIND, Row
from misstep.model.result import Assessment, make_assessment
from misstep.model.rule import Rule, Scale
from misstep.planning import Avoid, Plan, Step, what_to_avoid


class Result(NamedTuple):
    """All that is known about a record once rules have been run and the plan is made."""

    facts: Facts
    memory: Memory
    findings: list[Row]
    plan: Plan


def assess_lazily(result: Result, explainer: Explainer, drafter: Drafter) -> Assessment:
    """The Assessment of a result. What the answer is stands in it; the reasons are put together when somebody asks."""
    summary = summarize(result, explainer)
    return make_assessment(
        summary, lambda: {**_whole(result, explainer, summary), "draft": lambda: _draft(result, drafter, summary["outlook"])}
    )


def assemble(result: Result, explainer: Explainer, drafter: Drafter) -> dict[str, Any]:
    """The whole assessment as plain data: the fields of the Assessment in their order."""
    summary = summarize(result, explainer)
    whole = _whole(result, explainer, summary)
    whole["draft"] = _draft(result, drafter, summary["outlook"])
    return whole


def summarize(result: Result, explainer: Explainer) -> dict[str, Any]:
    """What the answer is, without the reasons: the first fields of the Assessment."""
    facts, memory, _, plan = result
    scale = memory.program.scale
    return {
        "id": facts.id,
        "rulebase": explainer.rulebase,
        "damage": plan.damage / 10,
        "damage_after": plan.damage_after / 10,
        "band": band_of(result),
        "verdict": verdict_of(result),
        "outlook": scale.outlooks[worst_outlook(memory.outlooks)],
        "acts": "repairs" in [step.action.reach for step in plan.steps],
    }


def band_of(result: Result) -> str:
    """The band of the interview as a whole."""
    scale = result.memory.program.scale
    return scale.severity.words[level(scale.severity, overall_severity(result.findings, result.memory.contributions, scale))]


def verdict_of(result: Result) -> str:
    """The verdict of the worst finding; where nothing went wrong, the mildest there is."""
    return result.findings[0][5] if result.findings else result.memory.program.scale.verdicts[0]


def _draft(result: Result, drafter: Drafter, outlook: str) -> str | None:
    steps = [(step.action, step.relief) for step in result.plan.steps]
    return drafter.write(steps, result.findings, result.facts.rows, outlook)


def _whole(result: Result, explainer: Explainer, summary: dict[str, Any]) -> dict[str, Any]:
    """All but the draft, for which there is a place."""
    facts, memory, findings, plan = result
    names = name_derived(memory, facts.ids)
    reasons = reasons_by_fact(memory.contributions, explainer, names)
    outlooks = outlook_limits(memory.outlooks)
    return {
        **summary,
        "because": reasons.get(None, []) + outlook_reasons(outlooks, explainer, names),
        "findings": [_finding(row, memory, reasons.get(row[0][ID], [])) for row in findings],
        "actions": [
            _action(i, step, memory.program.scale, action_reasons(step.firings, explainer, names))
            for i, step in enumerate(plan.steps, 1)
        ],
        "avoid": [
            _avoided(avoid, action_reasons(avoid.firings, explainer, names))
            for avoid in what_to_avoid(memory.vetoes, memory.program)
        ],
        "derived": [
            _derived(row, name, memory, action_reasons(memory.derivations[row], explainer, names)) for row, name in names.items()
        ],
        "notes": _notes(facts, memory, explainer, names),
        "draft": None,
        "sources": explainer.sources(_rules(memory, plan, outlooks)),
    }


def _finding(row: Row, memory: Memory, because: list[dict[str, Any]]) -> dict[str, Any]:
    mistake, severity, noticed, urgency, damage, verdict, severity_band, noticed_level, urgency_level, _ = row
    return {
        "fact": mistake[ID],
        "kind": mistake[KIND],
        "title": memory.program.kinds[mistake[KIND]].title,
        "severity": severity,
        "severity_band": severity_band,
        "noticed": noticed,
        "noticed_level": noticed_level,
        "urgency": urgency,
        "urgency_level": urgency_level,
        "damage": damage,
        "verdict": verdict,
        "because": because,
    }


def _action(rank: int, step: Step, scale: Scale, because: list[dict[str, Any]]) -> dict[str, Any]:
    action = step.action
    return {
        "rank": rank,
        "action": action.id,
        "title": action.title,
        "for": sorted(step.relief),
        "reach": action.reach,
        "channel": action.channel,
        "due_hours": step.due_hours,
        "effort_minutes": action.effort_minutes,
        "priority": step.priority(scale),
        "relief": step.damage_relieved / 10,
        "text": action.text,
        "because": because,
    }


def _avoided(avoid: Avoid, because: list[dict[str, Any]]) -> dict[str, Any]:
    return {"action": avoid.action.id, "title": avoid.action.title, "for": sorted(avoid.targets), "because": because}


def _derived(row: Row, name: str, memory: Memory, because: list[dict[str, Any]]) -> dict[str, Any]:
    kind = memory.program.kinds[row[KIND]]
    return {
        "fact": name,
        "kind": kind.name,
        "title": kind.title,
        "values": {f.name: row[i] for i, f in enumerate(kind.fields, FIRST_VALUE)},
        "because": because,
    }


def _notes(facts: Facts, memory: Memory, explainer: Explainer, names: dict[Row, str]) -> list[str]:
    assumed = [memory.program.kinds[kind].assumed for kind in facts.assumed]
    notes = {explainer.note(note, names): note[1].id for note in memory.notes}
    return [*assumed, *sorted(notes, key=lambda text: (notes[text], text))]


def _rules(memory: Memory, plan: Plan, outlooks: list[tuple[int, Remark]]) -> set[Rule]:
    """The rules that an assessment gives as reasons."""
    rules = {rule for _, dimension, amount, rule, _ in memory.contributions if amount or dimension == "verdict"}
    rules.update([veto[2] for veto in memory.vetoes])
    for step in plan.steps:
        rules.update([rule for rule, _ in step.firings])
    for derivations in memory.derivations.values():
        rules.update([rule for rule, _ in derivations])
    for _, (_, rule, _) in outlooks:
        rules.add(rule)
    return rules
