"""The whole of misstep on one screen: facts -> working memory -> findings -> plan -> assessment."""

from __future__ import annotations

from misstep.assembly import Result, assemble, assess_lazily
from misstep.drafting import Drafter
from misstep.evaluate.interface import Engine
from misstep.evaluate.memory import Memory
from misstep.findings.explain import Explainer
from misstep.findings.scoring import score, worst_outlook
from misstep.intake import Facts
from misstep.limits import Limits
from misstep.model.facts import Row
from misstep.model.result import Assessment, to_json
from misstep.model.rule import Program
from misstep.planning import make_plan


def conclude(facts: Facts, program: Program, engine: Engine, limits: Limits) -> tuple[Memory, list[Row]]:
    """Run all rules on the facts of one interview: all conclusions, and the findings, worst first.

    Raises BudgetError where the facts ask for more work than the limits allow.
    """
    memory = Memory(program, facts.rows, limits)
    engine.run("scoring", memory)
    mistakes = [row for kind, rows in facts.rows.items() if kind in program.mistakes for row in rows]
    findings = score(mistakes, memory.contributions, program.scale)
    memory.add_findings(findings)
    engine.run("judging", memory)
    memory.add_outlook(program.scale.outlooks[worst_outlook(memory.outlooks)])
    engine.run("advising", memory)
    return memory, findings


def evaluate(facts: Facts, program: Program, engine: Engine, limits: Limits) -> Result:
    """Run all rules on the facts of one interview, and make the plan. Raises BudgetError."""
    memory, findings = conclude(facts, program, engine, limits)
    return Result(facts, memory, findings, make_plan(findings, memory))


def assess(facts: Facts, program: Program, engine: Engine, explainer: Explainer, drafter: Drafter, limits: Limits) -> Assessment:
    """Assess the facts of one interview. Raises BudgetError."""
    return assess_lazily(evaluate(facts, program, engine, limits), explainer, drafter)


def assess_json(facts: Facts, program: Program, engine: Engine, explainer: Explainer, drafter: Drafter, limits: Limits) -> bytes:
    """The same as JSON, without models in between. Raises BudgetError."""
    return to_json(assemble(evaluate(facts, program, engine, limits), explainer, drafter))
