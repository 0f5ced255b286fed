"""Find out whether a record breaks a promise, by assessing it, and what differs from it in one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from misstep.analysis.rule_parts import fire_alone
from misstep.api import RuleBase
from misstep.assessment.assembly import Result, band_of, outlook_of
from misstep.assessment.planning import what_to_avoid
from misstep.errors import MisstepError
from misstep.evaluate.codegen import Generated, generate
from misstep.evaluate.memory import Match
from misstep.language.expression import FieldRef, walk
from misstep.language.facts import ID, KIND, Field, Kind, Row, Value
from misstep.language.program import FINDING, Pattern
from misstep.language.promise import AFTER, ANSWER, BEFORE, NO_ACTION, FieldChange, Promise
from misstep.rulebase.link_promises import promised_kinds
from misstep.tools.proofs.record_search import SearchedRecord
from misstep.tools.proofs.telling_values import TellingValues
from misstep.tools.proofs.whole_space import WholeSpace


class Breach(NamedTuple):
    """A record that breaks a promise, the record after the change where there are two, and the values that the condition read,
    by how it names them."""

    record: SearchedRecord
    after: SearchedRecord | None
    values: dict[str, Value]


ValuePick = Callable[[Sequence[object]], Sequence[object]]
"""Chooses among the values that a field may be changed to."""


def every_value(values: Sequence[object]) -> Sequence[object]:
    """All of them."""
    return values


def nearest_value(values: Sequence[object]) -> Sequence[object]:
    """The one that is next to the value that is changed."""
    return values[:1]


class AnsweredPair(NamedTuple):
    """Two records that differ in one thing, the fact that it is about, and the results of both."""

    fact: Row
    before: SearchedRecord
    after: SearchedRecord
    one: Result
    other: Result


_READ: Mapping[str, Callable[[Result], object]] = {
    "damage": lambda result: result.plan.damage / 10,
    "damage_after": lambda result: result.plan.damage_after / 10,
    "band": band_of,
    "verdict": lambda result: result.plan.verdict,
    "outlook": outlook_of,
    "acts": lambda result: result.plan.acts,
    "severity": lambda result: max((finding.severity for finding in result.findings), default=0.0),
    "noticed": lambda result: max((finding.noticed for finding in result.findings), default=0.0),
    "urgency": lambda result: max((finding.urgency for finding in result.findings), default=0.0),
    "steps": lambda result: len(result.plan.steps),
    "due_hours": lambda result: min(
        (step.due_hours for step in result.plan.steps if step.outward and step.due_hours is not None), default=None
    ),
    "actions": lambda result: tuple(choice.action.id for choice in result.plan.choices),
    "first": lambda result: result.plan.choices[0].action.id if result.plan.choices else NO_ACTION,
    "avoid": lambda result: tuple(
        each.action.id for each in what_to_avoid(result.memory.vetoes, result.plan, result.memory.program)
    ),
    "reaches": lambda result: tuple(sorted({choice.action.reach for choice in result.plan.choices})),
    "derived": lambda result: tuple(sorted({row[KIND] for row in result.memory.derivations})),
    "fires": lambda result: tuple(sorted(rule.id for rule in result.memory.fired())),
}
"""What a promise may read of an answer, by the names of the fields of ``answer_kinds``."""


def _exact_damage(result: Result) -> float:
    return max((finding.damage for finding in result.findings), default=0.0)


class BreachFinder:
    """Finds breaches of one promise. ``assessed``: the records that were assessed so far, ``facts``: the facts in them; ``left``:
    how many more may be, after which no record is looked at; ``tested``: those that `when` matches; ``refused``: those that
    were none, asked for too much work, or came too late. ``exact``: damage is that of the worst finding, not rounded."""

    def __init__(
        self, rulebase: RuleBase, promise: Promise, values: TellingValues | WholeSpace, budget: int, exact: bool = False
    ) -> None:
        self.promise = promise
        self.left = budget
        self.tested = 0
        self.refused = 0
        self.assessed = 0
        self._reading = {**_READ, "damage": _exact_damage} if exact else _READ
        self.facts = 0
        self._rulebase = rulebase
        self._values = values
        self._answers = promised_kinds(rulebase.program)
        kinds = {**rulebase.program.kinds, **{kind.name: kind for kind in self._answers.values()}}
        self._read = {ref.field for ref in self.read if ref.name in self._answers}
        self._breach = generate(promise.breach, kinds)
        self._when = generate(promise.when, kinds)

    @property
    def read(self) -> tuple[FieldRef, ...]:
        """The fields that the promise reads, `when` among them."""
        tests = [each.test for each in self.promise.breach.conditions]
        return tuple(dict.fromkeys(part for test in tests for part in walk(test) if isinstance(part, FieldRef)))

    def find(self, record: SearchedRecord, pick: ValuePick = every_value) -> Breach | None:
        """How a record breaks the promise; None where it does not, or is no record. ``pick`` chooses among the values that a
        field may be changed to."""
        result, matches = self._matched(record)
        if result is None or not matches:
            return None
        if not self.promise.two_answers:
            return self._broken(record, None, result, {ANSWER: result}, None)
        for pair in self._answered(record, result, matches, pick):
            found = self._broken(pair.before, pair.after, result, {BEFORE: pair.one, AFTER: pair.other}, pair.fact)
            if found is not None:
                return found
        return None

    def pairs(self, record: SearchedRecord, pick: ValuePick = every_value) -> Iterator[AnsweredPair]:
        """A record and those that differ from it in the one thing, with the answers to both."""
        result, matches = self._matched(record)
        return iter(()) if result is None else self._answered(record, result, matches, pick)

    def _matched(self, record: SearchedRecord) -> tuple[Result | None, list[Match]]:
        result = self.assess(record)
        matches = [] if result is None else self._matches(self._when, result, {})
        self.tested += bool(matches)
        return result, matches

    def _answered(
        self,
        record: SearchedRecord,
        result: Result,
        matches: Iterable[Match],
        pick: ValuePick,
    ) -> Iterator[AnsweredPair]:
        for fact in self._subjects(matches):
            for before, after in self._pairs(record, fact, pick):
                one, other = (result if each is record else self.assess(each) for each in (before, after))
                if one is not None and other is not None:
                    yield AnsweredPair(fact, before, after, one, other)

    def assess(self, record: SearchedRecord) -> Result | None:
        """The result of a record; None where it is none, or no more may be assessed."""
        if self.left <= 0:
            self.refused += 1
            return None
        self.left -= 1
        self.assessed += 1
        self.facts += len(record)
        try:
            return self._rulebase.evaluate(record)
        except MisstepError:
            self.refused += 1
            return None

    def _matches(self, rule: Generated, result: Result, answers: Mapping[str, list[Row]]) -> list[Match]:
        """All matches of a rule that notes them."""
        try:
            return [remark.match for remark in fire_alone(rule, result.memory, more=answers).notes]
        except MisstepError:
            self.refused += 1
            return []

    def _subjects(self, matches: Iterable[Match]) -> list[Row]:
        """The facts that are changed or added, each once."""
        binders = self.promise.breach.binders
        place = [binder.name for binder in binders].index(self.promise.subject)
        facts = (_fact_of(binders[place], match[place]) for match in matches)
        return [*{fact[ID]: fact for fact in facts}.values()]

    def _pairs(self, record: SearchedRecord, fact: Row, pick: ValuePick) -> Iterator[tuple[SearchedRecord, SearchedRecord]]:
        """A record before and after the change of a fact, or without and with it; one of both is the record itself."""
        change = self.promise.change
        if change is None:
            without = [each for each in record if each["id"] != fact[ID]]
            if len(without) < len(record):  # else it is a setting that is only assumed
                yield without, record
            return
        kind = self._rulebase.kinds[fact[KIND]]
        for field in kind.fields:
            if field.name == change.field or (change.field is None and field.worse is not None):
                old = fact[kind.columns[field.name]]
                for value in pick(changed_values(field, old, change, self._values.of(kind.name, field))):
                    yield record, _with_field(record, fact, field.name, value)

    def _broken(
        self,
        record: SearchedRecord,
        after: SearchedRecord | None,
        matched: Result,
        answers: Mapping[str, Result],
        fact: Row | None,
    ) -> Breach | None:
        rows = {kind.name: [self._row(kind, answers[name])] for name, kind in self._answers.items() if name in answers}
        rule = self.promise.breach
        for match in self._matches(self._breach, matched, rows):
            bound = dict(zip((binder.name for binder in rule.binders), zip(rule.binders, match, strict=True), strict=True))
            if fact is None or _fact_of(*bound[self.promise.subject])[ID] == fact[ID]:
                return Breach(record, after, self._values_of(bound))
        return None

    def _row(self, kind: Kind, result: Result) -> Row:
        """An answer as a fact of a kind; only the fields that are read have values."""
        return (None, kind.name, *(self._reading[each.name](result) if each.name in self._read else None for each in kind.fields))

    def _values_of(self, bound: Mapping[str, tuple[object, Any]]) -> dict[str, Value]:
        """The values of the fields that the conditions read."""
        values: dict[str, Value] = {}
        for ref in self.read:
            if ref.name in bound:
                binder, row = bound[ref.name]
                value = _value(binder, row, ref.field, self._rulebase, self._answers)
                values[ref.field if ref.name == ANSWER else str(ref)] = value
        return values


def changed_values(field: Field, old: Value, change: FieldChange, telling: Sequence[Any]) -> list[object]:
    """The values, as records have them, that a field is changed to, in a direction the nearest first; none where it has no such
    value."""
    if change.word is None:
        new = list(change.to) if isinstance(change.to, tuple) else change.to
        return [] if change.to == old else [new]
    if change.word == "any":
        return [value for value in telling if field.form.store(value) != old]
    direction = field.worse if change.word == "worse" else change.word
    if direction in ("higher", "lower") and (field.is_number or field.order):
        order: Sequence[Any] = telling if field.is_number else field.order
        if old is None or (field.order and old not in order):
            return []
        place = (lambda value: value) if field.is_number else order.index
        above = [each for each in order if place(each) > place(old)]
        below = [each for each in reversed(order) if place(each) < place(old)]
        return above if direction == "higher" else below
    is_answer = old in field.answers and old != field.worse
    return [field.worse] if is_answer else []


def _fact_of(binder: object, row: Any) -> Row:
    """The fact that a pattern took, of a finding its mistake."""
    fact: Row = row[0] if isinstance(binder, Pattern) and binder.over == FINDING else row
    return fact


def _with_field(record: SearchedRecord, fact: Row, name: str, value: object) -> SearchedRecord:
    """The record with another value in a field of a fact, which it may only assume."""
    if any(each["id"] == fact[ID] for each in record):
        return [{**each, name: value} if each["id"] == fact[ID] else each for each in record]
    return [*record, {"id": fact[ID], "kind": fact[KIND], name: value}]


def _value(binder: object, row: Any, field: str, rulebase: RuleBase, answers: Mapping[str, Kind]) -> Any:
    """The value of a field of what a pattern took."""
    if not isinstance(binder, Pattern):
        return row
    if binder.over == "outlook":
        return row[0]
    if binder.over == FINDING and field in row._fields:
        return getattr(row, field)
    fact = _fact_of(binder, row)
    if field in ("id", "fact"):
        return fact[ID]
    if field == "kind":
        return fact[KIND]
    kind = next((kind for kind in answers.values() if kind.name == fact[KIND]), None) or rulebase.kinds[fact[KIND]]
    if field in kind.columns:
        return fact[kind.columns[field]]
    return getattr(kind, field, None)
