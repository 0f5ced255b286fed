"""Conclusions, findings and plan in; the Assessment out, with a reason for everything."""

from __future__ import annotations

from misstep.evaluate.memory import Memory, Remark
from misstep.findings.explain import Explainer, action_reasons, name_derived, outlook_reasons, reasons_by_fact
from misstep.findings.scoring import level, outlook_limits, overall_severity
from misstep.model.facts import FIRST_VALUE, ID, KIND, Row
from misstep.model.result import (
    Assessment,
    AvoidedAction,
    DerivedFact,
    Finding,
    PlannedAction,
    Reason,
    make_assessment,
    make_avoided_action,
    make_derived_fact,
    make_finding,
    make_planned_action,
)
from misstep.model.rule import Program, Rule
from misstep.planning import Avoid, Plan, Step
from misstep.records import Facts


def assemble(facts: Facts, memory: Memory, findings: list[Row], plan: Plan, explainer: Explainer) -> Assessment:
    """Put the assessment of one record together."""
    program = memory.program
    scale = program.scale
    names = name_derived(memory, facts.ids)
    reasons = reasons_by_fact(memory.contributions, explainer, names)
    band = level(scale.severity, overall_severity(findings, memory.contributions, scale))
    outlooks = outlook_limits(memory.outlooks)
    return make_assessment(
        {
            "id": facts.id,
            "rulebase": explainer.rulebase,
            "damage": plan.damage / 10,
            "damage_after": plan.damage_after / 10,
            "band": scale.severity.words[band],
            "verdict": findings[0][5] if findings else scale.verdicts[0],
            "outlook": scale.outlooks[max([rank for rank, _ in outlooks], default=0)],
            "acts": any(step.action.reach == "repairs" for step in plan.steps),
            "because": reasons.get(None, ()) + outlook_reasons(outlooks, explainer, names),
            "findings": tuple([_finding(f, program, reasons.get(f[0][ID], ())) for f in findings]),
            "actions": tuple([_action(rank, s, explainer, names) for rank, s in enumerate(plan.steps, start=1)]),
            "avoid": tuple([_avoid(avoid, explainer, names) for avoid in plan.avoid]),
            "derived": tuple([_derived(row, name, memory, explainer, names) for row, name in names.items()]),
            "notes": _notes(facts, memory, explainer),
            "draft": plan.draft,
            "sources": explainer.sources(_rules(memory, plan, outlooks)),
        }
    )


def _finding(row: Row, program: Program, because: tuple[Reason, ...]) -> Finding:
    mistake, severity, noticed, urgency, damage, verdict, severity_band, noticed_level, urgency_level = row
    return make_finding(
        {
            "fact": mistake[ID],
            "kind": mistake[KIND],
            "title": program.kinds[mistake[KIND]].title,
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
    )


def _action(rank: int, step: Step, explainer: Explainer, names: dict[Row, str]) -> PlannedAction:
    action = step.action
    return make_planned_action(
        {
            "rank": rank,
            "action": action.id,
            "title": action.title,
            "targets": tuple(sorted(step.relief)),
            "reach": action.reach,
            "channel": action.channel,
            "due_hours": step.due_hours,
            "effort_minutes": action.effort_minutes,
            "priority": step.priority,
            "relief": step.damage_relieved / 10,
            "text": action.text,
            "because": action_reasons(step.firings, explainer, names),
        }
    )


def _avoid(avoid: Avoid, explainer: Explainer, names: dict[Row, str]) -> AvoidedAction:
    return make_avoided_action(
        {
            "action": avoid.action.id,
            "title": avoid.action.title,
            "targets": avoid.targets,
            "because": action_reasons(avoid.firings, explainer, names),
        }
    )


def _derived(row: Row, name: str, memory: Memory, explainer: Explainer, names: dict[Row, str]) -> DerivedFact:
    kind = memory.program.kinds[row[KIND]]
    return make_derived_fact(
        {
            "fact": name,
            "kind": kind.name,
            "title": kind.title,
            "values": {f.name: row[i] for i, f in enumerate(kind.fields, FIRST_VALUE)},
            "because": action_reasons(memory.derivations[row], explainer, names),
        }
    )


def _notes(facts: Facts, memory: Memory, explainer: Explainer) -> tuple[str, ...]:
    assumed = [memory.program.kinds[kind].assumed for kind in facts.assumed]
    notes = {explainer.note(rule, match, place): rule.id for place, rule, match in memory.notes}
    return (*assumed, *sorted(notes, key=lambda text: (notes[text], text)))


def _rules(memory: Memory, plan: Plan, outlooks: list[tuple[int, Remark]]) -> set[Rule]:
    """The rules that an assessment gives as reasons."""
    rules = {rule for _, dimension, amount, rule, _ in memory.contributions if amount or dimension == "verdict"}
    rules.update([rule for step in plan.steps for rule, _ in step.firings])
    rules.update([rule for avoid in plan.avoid for rule, _ in avoid.firings])
    rules.update([rule for derivations in memory.derivations.values() for rule, _ in derivations])
    rules.update([rule for _, (_, rule, _) in outlooks])
    return rules
