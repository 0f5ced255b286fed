"""The whole of misstep on one screen: facts -> working memory -> findings -> plan -> assessment."""

from __future__ import annotations

import orjson

from misstep.assessment.assembly import Result, assemble, assess_lazily, outline, summarize
from misstep.assessment.drafting import Drafter
from misstep.assessment.explain import Explainer
from misstep.assessment.intake import Facts
from misstep.assessment.planning import make_plan
from misstep.assessment.result import Assessment, Plain
from misstep.assessment.scoring import score, worst_outlook
from misstep.evaluate.interface import Engine
from misstep.evaluate.memory import Memory
from misstep.language.finding import FindingRow
from misstep.language.program import Program
from misstep.limits import Limits


class Pipeline:
    """One program with one engine, ready for the facts of interviews. Holds nothing about records.

    Whatever runs rules raises BudgetError where the facts ask for more work than the limits allow.
    """

    def __init__(self, program: Program, engine: Engine, limits: Limits) -> None:
        self._program = program
        self.engine = engine
        self._limits = limits
        self.explainer = Explainer(program)
        self._drafter = Drafter(program)

    def conclude(self, facts: Facts) -> tuple[Memory, list[FindingRow]]:
        """Run all rules on the facts of one interview: all conclusions, and the findings, worst first."""
        program, engine = self._program, self.engine
        memory = Memory(program, facts.rows, self._limits)
        engine.run("scoring", memory)
        mistakes = [row for kind, rows in facts.rows.items() if kind in program.mistakes for row in rows]
        findings = score(mistakes, memory.contributions, program.scale)
        memory.add_findings(findings)
        engine.run("judging", memory)
        memory.add_outlook(program.scale.outlooks[worst_outlook(memory.outlooks)])
        engine.run("advising", memory)
        return memory, findings

    def evaluate(self, facts: Facts) -> Result:
        """Run all rules on the facts of one interview, and make the plan."""
        memory, findings = self.conclude(facts)
        return Result(facts, memory, findings, make_plan(findings, memory))

    def assess(self, facts: Facts) -> Assessment:
        """Assess the facts of one interview."""
        return self.word(self.evaluate(facts))

    def word(self, result: Result) -> Assessment:
        """A result put into words."""
        return assess_lazily(result, self.explainer, self._drafter)

    def assess_json(self, facts: Facts) -> bytes:
        """The same as JSON, without models in between."""
        return self.to_json(self.evaluate(facts))

    def to_json(self, result: Result) -> bytes:
        """A result put into words, as the JSON of an assessment."""
        return orjson.dumps(assemble(result, self.explainer, self._drafter))

    def summarize(self, result: Result) -> Plain:
        """A result without its reasons."""
        return summarize(result, self.explainer)

    def outline(self, result: Result) -> Plain:
        """A result without its reasons, with its findings and steps."""
        return outline(result, self.explainer)
