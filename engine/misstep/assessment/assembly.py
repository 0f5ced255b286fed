"""Build the assessment from conclusions, findings and plan, with reasons for everything."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from misstep.assessment import SCHEMA
from misstep.assessment.drafting import Draft, Drafter, clauses_of
from misstep.assessment.explain import Explainer, RecordContext, action_reasons, name_derived, reasons_by_fact
from misstep.assessment.intake import Facts
from misstep.assessment.planning import Avoid, Choice, Firing, Plan, PlannedStep, what_to_avoid
from misstep.assessment.result import Assessment, Plain, make_assessment
from misstep.assessment.scoring import level, outlook_limit, overall_severity, worst_outlook
from misstep.evaluate.memory import Contribution, Match, Memory
from misstep.language.facts import FIRST_VALUE, ID, KIND, Row
from misstep.language.finding import FindingRow
from misstep.language.program import OUTLOOK, Rule
from misstep.language.scale import Scale

MOST_ADVICE = 2  # of kinds, on how to do one action for them


class Result(NamedTuple):
    """A record after its rules have run and its plan is made."""

    facts: Facts
    memory: Memory
    findings: list[FindingRow]
    plan: Plan


def assess_lazily(result: Result, explainer: Explainer, drafter: Drafter) -> Assessment:
    """The Assessment of a result. It holds the scores; reasons and words are computed when they are first read."""
    summary = summarize(result, explainer)
    return make_assessment(summary, lambda: _whole(result, explainer, drafter, summary))


def assemble(result: Result, explainer: Explainer, drafter: Drafter) -> Plain:
    """The whole assessment as plain data: the fields of the Assessment in their order."""
    return _whole(result, explainer, drafter, summarize(result, explainer))


SUMMARY = ("schema", "id", "rulebase", "damage", "damage_after", "band", "verdict", "outlook", "acts")
"""The members of an assessment without reasons."""


def summarize(result: Result, explainer: Explainer) -> Plain:
    """The answer without reasons: scores, words and verdict of an Assessment."""
    facts, _, _, plan = result
    return {
        "schema": SCHEMA,
        "id": facts.id,
        "rulebase": explainer.rulebase,
        "damage": plan.damage / 10,
        "damage_after": plan.damage_after / 10,
        "band": band_of(result),
        "verdict": plan.verdict,
        "outlook": outlook_of(result),
        "acts": plan.acts,
    }


FINDING_REASONS = ("word", "because")
"""The members of a finding that say why, and put it into words."""


def outline(result: Result, explainer: Explainer) -> Plain:
    """The answer without reasons and texts: the scores, the findings, and the steps with the ids of their actions."""
    findings = [_finding(finding, result, "", []) for finding in result.findings]
    return {
        **summarize(result, explainer),
        "findings": [{name: value for name, value in each.items() if name not in FINDING_REASONS} for each in findings],
        "steps": [
            {
                "rank": rank,
                "occasion": step.occasion,
                "channel": step.channel,
                "due_hours": step.due_hours,
                "actions": [choice.action.id for choice in step.choices],
            }
            for rank, step in enumerate(result.plan.steps, 1)
        ],
    }


def band_of(result: Result) -> str:
    """The band of the interview as a whole."""
    scale = result.memory.program.scale
    return scale.severity.words[level(scale.severity, overall_severity(result.findings, result.memory.contributions, scale))]


def outlook_of(result: Result) -> str:
    """The outlook of the interview."""
    return result.memory.program.scale.outlooks[worst_outlook(result.memory.outlooks)]


def _whole(result: Result, explainer: Explainer, drafter: Drafter, summary: Plain) -> Plain:
    facts, memory, findings, plan = result
    context = RecordContext(name_derived(memory, facts.ids), facts.said)
    limits = [Contribution(None, OUTLOOK, outlook_limit(limit), limit.rule, limit.match) for limit in memory.outlooks]
    reasons = reasons_by_fact([*memory.contributions, *limits], explainer, context)
    drafts = [drafter.message(step, plan, findings, facts, summary["outlook"]) for step in plan.steps]
    because = reasons.get(None, [])
    words = [drafter.told(f.mistake, facts, memory.program.kinds[f.mistake[KIND]].word) for f in findings]
    scored = [_finding(f, result, word, reasons.get(f.mistake[ID], [])) for f, word in zip(findings, words, strict=True)]
    actions = [[_action(choice, result, explainer, drafter, context) for choice in step.choices] for step in plan.steps]
    avoid = [
        _avoided(each, action_reasons(_fired(each.firings), explainer, context))
        for each in what_to_avoid(memory.vetoes, plan, memory.program)
    ]
    derived = [
        _derived(row, name, memory, action_reasons(memory.derivations[row], explainer, context))
        for row, name in context.names.items()
    ]
    explained = chain(scored, chain.from_iterable(actions), avoid, derived)
    return {
        "schema": SCHEMA,
        "id": facts.id,
        "rulebase": explainer.rulebase,
        "headline": drafter.headline(plan, findings, facts, summary["outlook"]),
        **summary,
        "because": because,
        "findings": scored,
        "steps": [
            _step(rank, step, draft, memory.program.scale, parts)
            for rank, (step, draft, parts) in enumerate(zip(plan.steps, drafts, actions, strict=True), 1)
        ],
        "avoid": avoid,
        "derived": derived,
        "notes": _notes(facts, memory, explainer, context),
        "draft": next((draft.body for draft in drafts if draft is not None), None),
        "sources": explainer.sources(chain(because, *[part["because"] for part in explained])),
    }


def _fired(firings: Iterable[Firing]) -> list[tuple[Rule, Match]]:
    return [(firing.rule, firing.match) for firing in firings]


def _finding(finding: FindingRow, result: Result, word: str, because: list[Plain]) -> Plain:
    mistake = finding.mistake
    return {
        "fact": mistake[ID],
        "kind": mistake[KIND],
        "title": result.memory.program.kinds[mistake[KIND]].title,
        "word": word,
        "severity": finding.severity,
        "severity_band": finding.severity_band,
        "noticed": finding.noticed,
        "noticed_level": finding.noticed_level,
        "urgency": finding.urgency,
        "urgency_level": finding.urgency_level,
        "damage": finding.damage,
        "verdict": finding.verdict,
        "because": because,
    }


def _step(rank: int, step: PlannedStep, draft: Draft | None, scale: Scale, actions: list[Plain]) -> Plain:
    occasion = scale.occasions.get(step.occasion)
    clauses = clauses_of(step.choices)
    return {
        "rank": rank,
        "occasion": step.occasion,
        "title": f"{occasion.title}: {clauses}" if occasion else clauses[:1].upper() + clauses[1:],
        "channel": step.channel,
        "due_hours": step.due_hours,
        "text": " ".join([action["text"] for action in actions if action["text"]]),
        "message": None if draft is None else draft._asdict(),
        "actions": actions,
    }


def _action(choice: Choice, result: Result, explainer: Explainer, drafter: Drafter, context: RecordContext) -> Plain:
    action, program = choice.action, result.memory.program
    mistakes = [finding.mistake for finding in result.findings if finding.mistake[ID] in choice.relief]
    templates = [(mistake, program.kinds[mistake[KIND]].advice.get(action.id, "")) for mistake in mistakes]
    advice = dict.fromkeys([said for each, text in templates if (said := drafter.told(each, result.facts, text))])
    return {
        "action": action.id,
        "title": action.title,
        "for": sorted(choice.relief),
        "reach": action.reach,
        "priority": choice.priority(program.scale),
        "relief": choice.damage_relieved / 10,
        "text": " ".join(list(advice)[:MOST_ADVICE]) or action.text,
        "because": action_reasons(_fired(choice.firings), explainer, context),
    }


def _avoided(avoid: Avoid, because: list[Plain]) -> Plain:
    return {"action": avoid.action.id, "title": avoid.action.title, "for": sorted(avoid.targets), "because": because}


def _derived(row: Row, name: str, memory: Memory, because: list[Plain]) -> Plain:
    kind = memory.program.kinds[row[KIND]]
    return {
        "fact": name,
        "kind": kind.name,
        "title": kind.title,
        "values": {f.name: row[i] for i, f in enumerate(kind.fields, FIRST_VALUE)},
        "because": because,
    }


def _notes(facts: Facts, memory: Memory, explainer: Explainer, context: RecordContext) -> list[str]:
    assumed = [memory.program.kinds[kind].assumed for kind in facts.assumed]
    notes = {explainer.note(note, context): note.rule.id for note in memory.notes}
    return [*assumed, *sorted(notes, key=lambda text: (notes[text], text))]
