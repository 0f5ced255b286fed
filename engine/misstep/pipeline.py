"""The whole of misstep on one screen: facts -> working memory -> findings -> plan -> assessment."""

from __future__ import annotations

from typing import Any

from misstep.evaluate.interface import Engine
from misstep.evaluate.memory import Memory
from misstep.findings.explain import (
    Explainer,
    action_reasons,
    name_derived,
    outlook_reasons,
    reasons_by_fact,
)
from misstep.findings.scoring import level, overall_severity, score
from misstep.limits import Limits
from misstep.model.facts import FIRST_VALUE, ID, KIND, Row
from misstep.model.result import Assessment
from misstep.model.rule import LimitOutlook, Program
from misstep.planning import Plan, make_plan
from misstep.records import Facts


def conclude(facts: Facts, program: Program, engine: Engine, limits: Limits) -> tuple[Memory, list[Row]]:
    """Run all rules on the facts of one interview: all conclusions, and the findings, worst first.

    Raises BudgetError where the facts ask for more work than the limits allow.
    """
    memory = Memory(program, facts.rows, limits)
    engine.run("scoring", memory)
    mistakes = [row for kind, rows in facts.rows.items() if program.kinds[kind].role == "mistake" for row in rows]
    findings = score(mistakes, memory.contributions, program.scale)
    findings.sort(key=lambda f: (-program.scale.verdicts.index(f[5]), -f[4], -f[1], f[0][ID]))
    memory.add_findings(findings)
    engine.run("judging", memory)
    memory.add_outlook(program.scale.outlooks[_outlook(memory)])
    engine.run("advising", memory)
    return memory, findings


def assess(facts: Facts, program: Program, engine: Engine, explainer: Explainer, limits: Limits) -> Assessment:
    """Assess the facts of one interview. Raises BudgetError."""
    memory, findings = conclude(facts, program, engine, limits)
    plan = make_plan(findings, memory.recommendations, memory.vetoes, program)
    return Assessment.model_validate(_report(facts, memory, findings, plan, explainer))


def _outlook(memory: Memory) -> int:
    return max((rank for rank, _ in _outlooks(memory)), default=0)


def _outlooks(memory: Memory) -> list[tuple[int, Any]]:
    """Every limit of the outlook, with its rank."""
    limits = []
    for remark in memory.outlooks:
        effect = remark[1].effects[remark[0]]
        assert isinstance(effect, LimitOutlook)
        limits.append((effect.rank, remark))
    return limits


def _report(facts: Facts, memory: Memory, findings: list[Row], plan: Plan, explainer: Explainer) -> dict[str, Any]:
    """The assessment as plain data, in the shape of ``Assessment``."""
    program = memory.program
    scale = program.scale
    names = name_derived(memory, program.kinds)
    reasons = reasons_by_fact(memory.contributions, explainer, names)
    band = level(scale.severity, overall_severity(findings, memory.contributions, scale))
    report: dict[str, Any] = {
        "id": facts.id,
        "rulebase": {"name": program.name, "version": program.version, "digest": program.digest},
        "damage": plan.damage / 10,
        "damage_after": plan.damage_after / 10,
        "band": scale.severity.words[band],
        "verdict": findings[0][5] if findings else scale.verdicts[0],
        "outlook": scale.outlooks[_outlook(memory)],
        "acts": any(step.action.reach == "repairs" for step in plan.steps),
        "because": reasons.get(None, []) + outlook_reasons(_outlooks(memory), explainer, names),
        "findings": [
            {
                "fact": f[0][ID],
                "kind": f[0][KIND],
                "title": program.kinds[f[0][KIND]].title,
                "severity": f[1],
                "noticed": f[2],
                "urgency": f[3],
                "damage": f[4],
                "verdict": f[5],
                "severity_band": f[6],
                "noticed_level": f[7],
                "urgency_level": f[8],
                "because": reasons.get(f[0][ID], []),
            }
            for f in findings
        ],
        "actions": [
            {
                "rank": rank,
                "action": step.action.id,
                "title": step.action.title,
                "for": sorted(step.relief),
                "reach": step.action.reach,
                "channel": step.action.channel,
                "due_hours": step.due_hours,
                "effort_minutes": step.action.effort_minutes,
                "priority": step.priority,
                "relief": step.damage_relieved / 10,
                "text": step.action.text,
                "because": action_reasons(step.firings, explainer, names),
            }
            for rank, step in enumerate(plan.steps, start=1)
        ],
        "avoid": [
            {
                "action": avoid.action.id,
                "title": avoid.action.title,
                "for": avoid.targets,
                "because": action_reasons(avoid.firings, explainer, names),
            }
            for avoid in plan.avoid
        ],
        "derived": [_derived(row, name, memory, explainer, names) for row, name in names.items()],
        "notes": _notes(facts, memory, explainer),
        "draft": plan.draft,
    }
    report["sources"] = _sources(report, program)
    return report


def _derived(row: Row, name: str, memory: Memory, explainer: Explainer, names: dict[Row, str]) -> dict[str, Any]:
    kind = memory.program.kinds[row[KIND]]
    return {
        "fact": name,
        "kind": kind.name,
        "title": kind.title,
        "values": {f.name: row[i] for i, f in enumerate(kind.fields, FIRST_VALUE)},
        "because": action_reasons(memory.derivations[row], explainer, names),
    }


def _notes(facts: Facts, memory: Memory, explainer: Explainer) -> list[str]:
    assumed = [memory.program.kinds[kind].assumed for kind in facts.assumed]
    notes = {explainer.text(rule, match, place): rule.id for place, rule, match in memory.notes}
    return [*assumed, *sorted(notes, key=lambda text: (notes[text], text))]


def _sources(report: dict[str, Any], program: Program) -> list[dict[str, Any]]:
    """Every source that a reason names."""
    cited: set[str] = set()
    for section in ("findings", "actions", "avoid", "derived"):
        for entry in report[section]:
            for reason in entry["because"]:
                cited.update(reason["sources"])
    for reason in report["because"]:
        cited.update(reason["sources"])
    return [
        {"id": s.id, "title": s.title, "kind": s.kind, "year": s.year, "figure": s.figure, "url": s.url}
        for s in (program.sources[name] for name in sorted(cited))
    ]
