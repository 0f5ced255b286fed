"""Run the cases of packs, and choose the plainest example of each rule and kind.

A case that fails is an error, and no page is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from misstep.api import RuleBase
from misstep.assessment.result import Assessment
from misstep.assessment.statement import state
from misstep.errors import Problem
from misstep.language.effects import Note
from misstep.language.program import Program, Rule
from misstep.limits import Limits
from misstep.rulebase.load import EXTENDED, load_packs
from misstep.rulebase.packs import Merged, Pack, refuse
from misstep.tools.docs.condition_words import number, signed
from misstep.tools.docs.markdown import code, joined, say
from misstep.tools.ruletest import run_packs


@dataclass(frozen=True, slots=True)
class CaseExample:
    """A case, its assessment, and the rules that it is about."""

    pack: str
    name: str
    facts: Sequence[dict[str, object]]
    assessment: Assessment
    fired: frozenset[str]
    fires: frozenset[str]
    quiet: frozenset[str]

    @property
    def kinds(self) -> set[str]:
        """The kinds of facts that are given or concluded."""
        return {str(fact["kind"]) for fact in self.facts} | {fact.kind for fact in self.assessment.derived}


class Examples:
    """The cases of a rule base, the plainest first."""

    def __init__(self, examples: Iterable[CaseExample]) -> None:
        self.all = sorted(examples, key=lambda e: (len(e.facts), e.pack, e.name))
        self._fired: dict[str, list[CaseExample]] = {}
        self._quiet: dict[str, list[CaseExample]] = {}
        self._kinds: dict[str, list[CaseExample]] = {}
        for example in self.all:
            for table, names in ((self._fired, example.fired), (self._quiet, example.quiet - example.fired)):
                for rule in names:
                    table.setdefault(rule, []).append(example)
            for kind in example.kinds:
                self._kinds.setdefault(kind, []).append(example)

    def firing(self, rule: Rule) -> CaseExample | None:
        """A case in which a rule fires: one that was written for it, if there is one."""
        return min(self._fired.get(rule.id, ()), key=lambda e: (rule.id not in e.fires, e.pack != rule.pack), default=None)

    def quiet(self, rule: Rule) -> CaseExample | None:
        """A case that was written to show that a rule stays quiet."""
        return min(self._quiet.get(rule.id, ()), key=lambda e: e.pack != rule.pack, default=None)

    def showing(self, kind: str, pack: str) -> CaseExample | None:
        """A case with a fact of a kind."""
        return min(self._kinds.get(kind, ()), key=lambda e: e.pack != pack, default=None)


class RuleChange(NamedTuple):
    """One change by a rule: where, the reason, and the amounts."""

    what: str
    text: str
    changes: str = ""


def rule_changes(example: CaseExample, rule: Rule, program: Program) -> Iterator[RuleChange]:
    """Everything that a rule changed in an example."""
    got = example.assessment
    stated = state(got, program.scale)
    for named, firings in stated.reasons:
        for firing in firings:
            if firing.rule == rule.id:
                yield RuleChange(named, firing.text, ", ".join(firing.changes).replace("-", "\N{MINUS SIGN}"))
    for heading, reasoned in (("In the plan", got.actions), ("To avoid", got.avoid), ("Concluded", got.derived)):
        for each in reasoned:
            for text in dict.fromkeys(reason.text for reason in each.because if reason.rule == rule.id):
                yield RuleChange(f"{heading}: {each.title}", text)
    if any(isinstance(effect, Note) for effect in rule.effects):
        yield from (RuleChange("Noted", note) for note in got.notes)


def rule_sums(assessment: Assessment, rule: Rule) -> Iterator[Markup]:
    """The scores of mistakes that a rule changes, each as the sum that it is, over all rules."""
    for finding in assessment.findings:
        for column, score in (("severity", finding.severity), ("noticed", finding.noticed), ("urgency", finding.urgency)):
            reasons = [reason for reason in finding.because if reason.column == column]
            if any(reason.rule == rule.id for reason in reasons):
                own = say("**{}** by this rule", signed(sum(reason.change for reason in reasons if reason.rule == rule.id)))
                others = [say("{} by {}", signed(each.change), code(each.rule)) for each in reasons if each.rule != rule.id]
                total = sum(reason.change for reason in reasons)
                if column == "noticed":
                    end = say("{} doublings of the odds: {} %", signed(total), number(round(100 * score)))
                elif abs(total - score) < HALF_A_THOUSANDTH:
                    end = say("{}", number(score))
                else:
                    end = say("{}, which counts as {}", number(total), number(score))
                yield say("{} of *{}*: {} = {}", column, finding.title, joined([own, *others], ", "), end)


HALF_A_THOUSANDTH = 0.0005


def run_examples(rulebase: RuleBase, merged: Merged) -> Examples:
    """Run the cases of all packs. Raises RuleError if a case of the given packs fails.

    A case of an extended pack may fail because of the given packs: it is shown with its actual outcome.
    """
    own = [pack for pack in merged.packs if pack.layer > EXTENDED]
    extended = [pack.document.locate(()).file for pack in merged.packs if pack.layer == EXTENDED]
    others = [p for p in load_packs(extended, Limits()).packs if p.layer != EXTENDED] if extended else []  # now with their cases
    problems: list[Problem] = []
    examples = [*_run(rulebase, own, problems), *_run(rulebase, others, [])]
    refuse(problems, Limits())
    return Examples(examples)


def _run(rulebase: RuleBase, packs: Sequence[Pack], problems: list[Problem]) -> Iterable[CaseExample]:
    cases = {(pack.doc.pack, name): case for pack in packs for name, case in pack.doc.cases.items()}
    for outcome in run_packs(rulebase, packs):
        problems += [
            Problem(outcome.location, f"the case does not hold: {what}: expected {expected}, got {got}", outcome.id)
            for what, expected, got, _ in outcome.failures
        ]
        if outcome.assessment is not None:
            case = cases[outcome.pack, outcome.name]
            expect = case.expect
            yield CaseExample(
                outcome.pack,
                outcome.name,
                case.facts,
                outcome.assessment,
                outcome.fired,
                frozenset(expect.fires),
                frozenset(expect.quiet),
            )
