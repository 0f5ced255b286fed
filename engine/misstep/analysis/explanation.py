"""Explain an answer down to its facts: every finding, action and concluded fact with the rules behind it, what each counted, what
it found missing, and whether it was decisive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

import orjson

from misstep.analysis.rule_parts import Matcher, missing_part, with_parts
from misstep.assessment.assembly import Result
from misstep.assessment.explain import Explainer, RecordContext
from misstep.assessment.planning import what_to_avoid
from misstep.assessment.result import Assessment, CitedSource
from misstep.assessment.scoring import level, outlook_limit, overall_severity, score, worst_outlook
from misstep.assessment.statement import state
from misstep.evaluate.memory import Contribution, Match
from misstep.language.expression import Compare, Literal, names_in
from misstep.language.facts import FIRST_VALUE, ID, KIND, Row
from misstep.language.finding import FindingRow
from misstep.language.program import OUTLOOK, Aggregate, Condition, Pattern, Rule


@dataclass(frozen=True, slots=True)
class ExplainedReason:
    """One firing of a rule.

    ``amounts``: what it adds, by dimension; of verdict and outlook the word that it asks for. ``facts``: the ids of those it
    matched; ``counted``: of those behind its counts and sums; ``absent``: what had to be missing, and is. ``decisive``: without
    it a band, a level or the verdict would be another; of an action or a concluded fact: there is no other reason.
    """

    rule: str
    text: str
    amounts: dict[str, float | str]
    facts: tuple[str, ...]
    counted: tuple[str, ...]
    absent: tuple[str, ...]
    sources: tuple[str, ...]
    decisive: bool


@dataclass(frozen=True, slots=True)
class ExplainedFact:
    """A fact with its values as stated or concluded; ``because`` is empty for what the record states."""

    fact: str
    kind: str
    title: str
    values: dict[str, Any]
    because: tuple[ExplainedReason, ...]


@dataclass(frozen=True, slots=True)
class ExplainedFinding:
    """A mistake with its scores; ``because``: decisive reasons first, then the heaviest."""

    fact: str
    title: str
    severity: float
    severity_band: str
    noticed: float
    noticed_level: str
    urgency: float
    urgency_level: str
    verdict: str
    because: tuple[ExplainedReason, ...]


@dataclass(frozen=True, slots=True)
class ExplainedAction:
    """An action of the plan. ``step``: its rank there; ``against``: why it is not done for some mistakes."""

    action: str
    title: str
    step: int
    targets: tuple[str, ...]
    because: tuple[ExplainedReason, ...]
    against: tuple[ExplainedReason, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to one interview, explained.

    ``summary``: its scores in a sentence; ``overall``: the reasons for the interview as a whole; ``avoid``: why what is advised
    against is; ``facts``: those of the record first, then those that rules concluded; ``sources``: all that reasons name.
    """

    id: str | None
    headline: str
    summary: str
    damage: float
    band: str
    verdict: str
    outlook: str
    findings: tuple[ExplainedFinding, ...]
    overall: tuple[ExplainedReason, ...]
    actions: tuple[ExplainedAction, ...]
    avoid: tuple[ExplainedAction, ...]
    facts: tuple[ExplainedFact, ...]
    sources: tuple[CitedSource, ...]

    def to_json(self) -> bytes:
        """JSON, UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)


def explain_answer(result: Result, answer: Assessment, explainer: Explainer) -> Explanation:
    """The explanation of a result, and of the assessment that was made of it. Raises BudgetError as matching rules does."""
    return _Writer(result, explainer).explanation(answer)


RuleFiring = tuple[Rule, Match]


class _Writer:
    def __init__(self, result: Result, explainer: Explainer) -> None:
        self._result = result
        self._memory = result.memory
        self._matcher = Matcher(result)
        self._words = explainer.words
        self._context = RecordContext(self._matcher.names, result.facts.said)

    def explanation(self, answer: Assessment) -> Explanation:
        """All of it."""
        return Explanation(
            answer.id,
            answer.headline,
            state(answer, self._memory.program.scale).summary,
            answer.damage,
            answer.band,
            answer.verdict,
            answer.outlook,
            tuple(map(self._finding, self._result.findings)),
            self._overall(),
            tuple(self._actions()),
            tuple(self._avoided()),
            tuple(self._facts()),
            answer.sources,
        )

    def _finding(self, finding: FindingRow) -> ExplainedFinding:
        mistake, scale = finding.mistake, self._memory.program.scale
        own = [each for each in self._memory.contributions if each.mistake is mistake]

        def decides(firing: RuleFiring) -> bool:
            (other,) = score([mistake], [each for each in own if (each.rule, each.match) != firing], scale)
            return _words_of(other) != _words_of(finding)

        return ExplainedFinding(
            mistake[ID],
            self._memory.program.kinds[mistake[KIND]].title,
            finding.severity,
            finding.severity_band,
            finding.noticed,
            finding.noticed_level,
            finding.urgency,
            finding.urgency_level,
            finding.verdict,
            self._scoring(own, decides),
        )

    def _overall(self) -> tuple[ExplainedReason, ...]:
        """The reasons for the interview as a whole."""
        memory, scale = self._memory, self._memory.program.scale
        own = [each for each in memory.contributions if each.mistake is None]
        limits = [Contribution(None, OUTLOOK, outlook_limit(limit), limit.rule, limit.match) for limit in memory.outlooks]

        def answer(without: RuleFiring | None) -> tuple[int, int]:
            left = [each for each in memory.contributions if (each.rule, each.match) != without]
            severity = overall_severity(self._result.findings, left, scale)
            return level(scale.severity, severity), worst_outlook(
                [each for each in memory.outlooks if (each.rule, each.match) != without]
            )

        now = answer(None)
        return self._scoring([*own, *limits], lambda firing: answer(firing) != now)

    def _scoring(
        self, contributions: Iterable[Contribution], decides: Callable[[RuleFiring], bool]
    ) -> tuple[ExplainedReason, ...]:
        by_firing: dict[RuleFiring, dict[str, int]] = {}
        for each in contributions:
            if each.is_reason:
                amounts = by_firing.setdefault((each.rule, each.match), {})
                amounts[each.dimension] = amounts.get(each.dimension, 0) + each.amount
        reasons = [
            (self._reason(firing, decides(firing), self._sizes(amounts)), amounts) for firing, amounts in by_firing.items()
        ]
        reasons.sort(key=lambda each: (not each[0].decisive, -max(map(abs, each[1].values())), each[0].rule, each[0].facts))
        return tuple(reason for reason, _ in reasons)

    def _sizes(self, amounts: Mapping[str, int]) -> dict[str, float | str]:
        """Thousandths as points, and ranks as words."""
        scale = self._memory.program.scale
        words = {"verdict": scale.verdicts, OUTLOOK: scale.outlooks}
        return {name: words[name][amount] if name in words else amount / 1000 for name, amount in amounts.items()}

    def _actions(self) -> Iterable[ExplainedAction]:
        for rank, step in enumerate(self._result.plan.steps, 1):
            for choice in step.choices:
                because = self._reasons([(firing.rule, firing.match) for firing in choice.firings])
                against = [(veto.rule, veto.match) for veto in self._memory.vetoes if veto.action == choice.action.id]
                yield ExplainedAction(
                    choice.action.id, choice.action.title, rank, tuple(sorted(choice.relief)), because, self._reasons(against)
                )

    def _avoided(self) -> Iterable[ExplainedAction]:
        for action, targets, firings in what_to_avoid(self._memory.vetoes, self._result.plan, self._memory.program):
            against = self._reasons([(firing.rule, firing.match) for firing in firings])
            yield ExplainedAction(action.id, action.title, 0, tuple(sorted(targets)), (), against)

    def _facts(self) -> Iterable[ExplainedFact]:
        for rows in self._result.facts.rows.values():
            for row in rows:
                said = self._result.facts.said.get(row[ID], ())
                yield self._fact(row, row[ID], {name: value for name, value in self._values(row).items() if name in said}, ())
        for row, name in self._matcher.names.items():
            yield self._fact(row, name, self._values(row), self._reasons(self._memory.derivations[row]))

    def _fact(self, row: Row, name: str, values: dict[str, Any], because: tuple[ExplainedReason, ...]) -> ExplainedFact:
        return ExplainedFact(name, row[KIND], self._memory.program.kinds[row[KIND]].title, values, because)

    def _values(self, row: Row) -> dict[str, Any]:
        return {field.name: row[i] for i, field in enumerate(self._memory.program.kinds[row[KIND]].fields, FIRST_VALUE)}

    def _reasons(self, firings: Iterable[RuleFiring]) -> tuple[ExplainedReason, ...]:
        """The reasons for an action or a concluded fact."""
        once = list(dict.fromkeys(firings))
        reasons = [self._reason(firing, len(once) == 1, {}) for firing in once]
        return tuple(sorted(reasons, key=attrgetter("rule", "facts")))

    def _reason(self, firing: RuleFiring, decisive: bool, amounts: dict[str, float | str]) -> ExplainedReason:
        rule, match = firing
        text, facts, _ = self._words[rule].explain(match, self._context)
        counted = [name for aggregate in rule.aggregates for name in self._counted(rule, match, aggregate)]
        absent = [
            missing_part(replace(each, negated=False), rule, self._matcher.kinds) for each in rule.existences if each.negated
        ]
        names = dict.fromkeys(name for name in counted if name not in facts)
        return ExplainedReason(rule.id, text, amounts, facts, tuple(names), tuple(absent), rule.sources, decisive)

    def _counted(self, rule: Rule, match: Match, aggregate: Aggregate) -> Iterable[str]:
        """The ids of the facts behind an aggregate of a firing."""
        taken = dict(zip((binder.name for binder in rule.binders), match, strict=True))
        unsettled = {b.name for b in rule.binders if not isinstance(b, Pattern)}
        own = aggregate.pattern
        needs = frozenset({own.name, *aggregate.needs} - unsettled)
        same_group = [Compare(("==",), (key.value, Literal(taken[key.name]))) for key in aggregate.keys]
        met = [condition for condition in rule.conditions if not names_in(condition.test) & unsettled]  # others rest on these
        of_own = [Condition(test, needs) for test in (*aggregate.conditions, *same_group) if not names_in(test) & unsettled]
        counted = replace(with_parts(rule, rule.patterns), binders=(*rule.patterns, own), conditions=(*met, *of_own))
        patterns = [taken[pattern.name] for pattern in rule.patterns]
        for found in self._matcher.matches(counted):
            if list(found[:-1]) == patterns:
                yield self._matcher.id_of(found[-1][0] if own.over == "finding" else found[-1])


_words_of = attrgetter("severity_band", "noticed_level", "urgency_level", "verdict")
