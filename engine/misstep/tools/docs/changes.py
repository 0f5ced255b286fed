"""An example and a rule in; what the rule changed in it out, as lines of the assessment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from misstep.assessment.result import Reason
from misstep.language.effects import Note
from misstep.language.program import Program, Rule
from misstep.tools.docs.condition_words import number
from misstep.tools.docs.examples import Example


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a rule did: to what, why, and what it changed."""

    what: str
    text: str
    amounts: str = ""


def changes(example: Example, rule: Rule, program: Program) -> list[Change]:
    """What a rule that fired did."""
    got = example.assessment
    found = [Change(f"{f.title} ({f.fact})", *line) for f in got.findings for line in _lines(f.because, rule, program)]
    found += [Change("All of it together", *line) for line in _lines(got.because, rule, program)]
    for heading, steps in (("In the plan", got.actions), ("To avoid", got.avoid), ("Concluded", got.derived)):
        for step in steps:
            texts = dict.fromkeys(r.text for r in step.because if r.rule == rule.id)
            found += [Change(f"{heading}: {step.title}", text) for text in texts]
    if any(isinstance(effect, Note) for effect in rule.effects):
        found += [Change("Noted", note) for note in got.notes]
    return found


def _lines(reasons: Iterable[Reason], rule: Rule, program: Program) -> Iterable[tuple[str, str]]:
    """Every reason of the rule once, with all that it changed."""
    amounts: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for reason in reasons:
        if reason.rule == rule.id:
            amounts.setdefault((reason.text, reason.facts), []).append(_amount(reason, program))
    return [(text, ", ".join(parts)) for (text, _), parts in amounts.items()]


def _amount(reason: Reason, program: Program) -> str:
    words = {"verdict": program.scale.verdicts, "outlook": program.scale.outlooks}.get(reason.dimension)
    if words is not None:
        limit = "at least" if reason.dimension == "verdict" else "at best"
        return f"{reason.dimension} {limit} {words[int(reason.amount)].replace('_', ' ')}"
    whole = " of the whole" if reason.dimension == "overall" else ""
    return f"{reason.column}{whole} {'+' if reason.change >= 0 else ''}{number(round(reason.change, 3))}"
