"""Why a rule did not fire, or why an action is not in the plan: the first condition that failed, at the facts that came nearest.

What a rule asks for is taken part by part (see rule_parts.py); the first part with which nothing matches is the one that failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson

from misstep.analysis.rule_parts import Matcher, RulePart, missing_part, parts_of_rule, with_blocking, with_parts
from misstep.assessment.assembly import Result
from misstep.assessment.planning import open_channels, open_ways
from misstep.evaluate.emit import column_of
from misstep.evaluate.memory import Match
from misstep.language.effects import Recommend
from misstep.language.expression import Count, Expression, FieldRef, walk
from misstep.language.facts import ID, KIND, TRAITS
from misstep.language.finding import FINDING_FIELDS
from misstep.language.program import FINDING, OUTLOOK, Action, Aggregate, Condition, Existence, GroupKey, Pattern, Rule

MOST_NEAR = 3
"""Matches that are shown of those that came nearest."""
DEEPEST = 3
"""Rules behind a rule: how far the search follows facts that no rule concluded."""


@dataclass(frozen=True, slots=True)
class NearMatch:
    """Facts by their ids that meet what a rule asks for before the condition that failed, and the values that this one read."""

    facts: tuple[str, ...]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why a rule did not fire, or why an action is not in the plan.

    ``holds``: it did fire, or is planned. ``failed``: the condition that failed, as packs write it, or in words why an action was
    left out. ``near``: the matches that came nearest, ``nearest`` in number. ``met`` of the ``asked`` parts of the rule hold.
    ``rules``: those that would conclude the missing fact, or recommend the action, the nearest first.
    """

    name: str
    title: str
    holds: bool
    failed: str = ""
    near: tuple[NearMatch, ...] = ()
    nearest: int = 0
    met: int = 0
    asked: int = 0
    rules: tuple[WhyNot, ...] = ()

    def to_json(self) -> bytes:
        """JSON, UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)


def why_no_rule(rule: Rule, result: Result, deepest: int = DEEPEST) -> WhyNot:
    """Why a rule did not fire. Raises BudgetError where it would look at too many facts."""
    return _Search(result).rule(rule, deepest)


def why_no_action(action: Action, result: Result) -> WhyNot:
    """Why an action is not in the plan. Raises as ``why_no_rule``."""
    memory, plan = result.memory, result.plan
    if any(choice.action is action for choice in plan.choices):
        return WhyNot(action.id, action.title, holds=True)
    recommended = [each for each in memory.recommendations if each.action == action.id]
    if recommended:
        return WhyNot(action.id, action.title, holds=False, failed=_left_out(action, result))
    search = _Search(result)
    rules = [rule for rule in memory.program.rules.values() if any(_recommends(rule, action))]
    failed = "no rule that recommends it has fired" if rules else "no rule recommends it: it is there to be advised against"
    return WhyNot(action.id, action.title, holds=False, failed=failed, rules=search.nearest_of(rules, DEEPEST - 1))


def _recommends(rule: Rule, action: Action) -> Iterator[bool]:
    return (isinstance(effect, Recommend) and effect.action == action.id for effect in rule.effects)


def _left_out(action: Action, result: Result) -> str:
    """Why the plan has no place for an action that is recommended, in the order in which plans are made."""
    memory, plan = result.memory, result.plan
    barred: set[str] = set()
    for veto in memory.vetoes:
        if veto.action == action.id:
            if not veto.mistakes:
                return f"the rule {veto.rule.id} advises against it"
            barred.update(row[ID] for row in veto.mistakes)
    targets = {row[ID] for each in memory.recommendations if each.action == action.id for row in each.mistakes}
    if targets and targets <= barred:
        by = sorted({veto.rule.id for veto in memory.vetoes if veto.action == action.id})
        return f"advised against by {', '.join(by)}"
    if not open_channels(action, open_ways(memory)):
        return f"no way is open to do it over {' or '.join(action.channels) or 'any channel'}"
    planned = {choice.action.id: choice.action for choice in plan.choices}
    recommended = {each.action for each in memory.recommendations}
    excluding = [winner for winner, losers in memory.program.exclusions if action.id in losers]
    for winner in sorted(excluding, key=lambda name: name not in planned):
        if winner in planned or winner in recommended or winner in {veto.action for veto in memory.vetoes}:
            return f"{winner} excludes it"
    for name, other in planned.items():
        if action.group and other.group == action.group:
            return f"{name} stands for it: both are of the group {action.group}"
    return f"a plan has {memory.program.scale.max_actions} actions at most, and others matter more"


class _Search:
    """Looks for what rules lack in the memory of one record."""

    def __init__(self, result: Result) -> None:
        self._matcher = Matcher(result)
        self._memory = result.memory
        self._kinds = result.memory.program.kinds
        self._fired = result.memory.fired()
        self._on_the_way: set[str] = set()

    def rule(self, rule: Rule, deepest: int) -> WhyNot:
        """Why a rule did not fire; rules behind it are followed ``deepest`` steps."""
        parts = parts_of_rule(rule)
        asked = len(parts)
        if rule in self._fired:
            return WhyNot(rule.id, rule.title, holds=True, met=asked, asked=asked)
        met, before, matches = self._longest(rule, parts)
        part = parts[met]
        blocking = with_blocking(before, part)
        if blocking is not None and (blocked := self._matcher.matches(blocking)):
            before, matches = blocking, blocked
        read = _read_by(part)
        near = {(self._matcher.fact_ids(before, match), self._values(before, match, read)) for match in matches}
        return WhyNot(
            rule.id,
            rule.title,
            holds=False,
            failed=missing_part(part, before, self._kinds),
            near=tuple(
                NearMatch(facts, dict(values)) for facts, values in sorted(near, key=itemgetter(0))[:MOST_NEAR] if facts or values
            ),
            nearest=len(near),
            met=met,
            asked=asked,
            rules=self._behind(rule, part, deepest),
        )

    def _longest(self, rule: Rule, parts: Sequence[RulePart]) -> tuple[int, Rule, list[Match]]:
        """How many parts hold together at the most, the rule of these, and its matches."""
        before = with_parts(rule, ())
        matches: list[Match] = [()]
        for met in range(len(parts)):
            longer = with_parts(rule, parts[: met + 1])
            found = self._matcher.matches(longer)
            if not found:
                return met, before, matches
            before, matches = longer, found
        raise AssertionError(f"{rule.id} matches, and has not fired")

    def nearest_of(self, rules: Iterable[Rule], deepest: int) -> tuple[WhyNot, ...]:
        """Why none of these rules fired, those first of which the greatest share is met."""
        found = [self.rule(rule, deepest) for rule in rules]
        return tuple(sorted(found, key=lambda each: (-each.met / max(1, each.asked), each.name)))

    def _behind(self, rule: Rule, part: RulePart, deepest: int) -> tuple[WhyNot, ...]:
        """The rules that would conclude the fact that is missing."""
        pattern = (
            part if isinstance(part, Pattern) else part.pattern if isinstance(part, Existence) and not part.negated else None
        )
        if pattern is None or pattern.over != "fact" or deepest <= 0:
            return ()
        kinds = {kind for kind in pattern.kinds if self._kinds[kind].role == "derived"}
        if any(self._memory.rows.get(kind) for kind in kinds):
            return ()
        self._on_the_way.add(rule.id)
        deriving = [each for each in self._memory.program.rules.values() if not kinds.isdisjoint(each.derives)]
        found = self.nearest_of([each for each in deriving if each.id not in self._on_the_way], deepest - 1)
        self._on_the_way.discard(rule.id)
        return found

    def _values(self, rule: Rule, match: Match, read: Iterable[FieldRef | Count]) -> tuple[tuple[str, Any], ...]:
        """The values that a condition reads of a match, each with its name."""
        taken = {binder.name: (binder, row) for binder, row in zip(rule.binders, match, strict=True)}
        return tuple((_called(node), self._value(node, *taken[node.name])) for node in read if node.name in taken)

    def _value(self, node: FieldRef | Count, binder: Pattern | Aggregate | GroupKey, row: Any) -> Any:
        if not isinstance(node, FieldRef) or not isinstance(binder, Pattern):
            return row
        if binder.over == OUTLOOK:
            return row[0]
        if binder.over == FINDING:
            if node.field in FINDING_FIELDS:
                return getattr(row, node.field)
            row = row[0]
        if node.field in TRAITS:
            return getattr(self._kinds[row[KIND]], node.field)
        return self._matcher.id_of(row) if node.field in ("id", "fact") else row[column_of(binder, node.field)]


def _read_by(part: RulePart) -> list[FieldRef | Count]:
    """The fields and aggregates whose values decide a condition."""
    tests: tuple[Expression, ...] = ()
    match part:
        case Condition(test):
            tests = (test,)
        case Existence(conditions=conditions, negated=negated):
            tests = conditions if negated else conditions[-1:]
    nodes = {_called(node): node for test in tests for node in walk(test) if isinstance(node, (FieldRef, Count))}
    return [nodes[name] for name in sorted(nodes)]


def _called(node: FieldRef | Count) -> str:
    return str(node) if isinstance(node, FieldRef) else node.name
