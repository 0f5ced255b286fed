"""Find fields that say which change makes a mistake worse, while rules make it milder: by records that are assessed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from misstep.api import RuleBase
from misstep.assessment.assembly import Result
from misstep.errors import MisstepError
from misstep.language.effects import EFFECTS, Contribute, amounts_of
from misstep.language.expression import FieldRef, walk
from misstep.language.facts import Field, Kind, Value
from misstep.language.program import Rule
from misstep.rulebase.field_use import FieldKey, find_thresholds
from misstep.rulebase.packs import PackEntry
from misstep.rulebase.schema import RuleDoc
from misstep.tools.lints.linted import LintedBase, LintFinding
from misstep.tools.lints.rule_conditions import ConditionReader
from misstep.tools.lints.value_sets import ValueSet

MOST_TRIALS = 1000
"""Records that are assessed for one rule base."""
MOST_VALUES = 40
"""Values of one field that are tried."""
MOST_CONTEXTS = 6
"""Values of the other fields that one field is tried with."""

FactValues = dict[str, object]
_Tried = tuple[Value, Result]


class Milder(NamedTuple):
    """Two records with one mistake that differ in one field, of which the worse one has less damage: the values, the scores, and
    the rule that takes most off. ``fall``: by how much the damage is less."""

    better: Value
    worse: Value
    before: float
    after: float
    fall: float
    rule: str


def find_wrong_directions(base: LintedBase) -> Iterator[LintFinding]:
    """Fields whose `worse` is the wrong way round, or rules that are: each with two records that show it."""
    fields = [
        (kind, field)
        for kind in base.program.kinds.values()
        for field in kind.fields
        if kind.role == "mistake" and field.worse is not None and base.merged.kinds[kind.name].pack in base.own_packs()
    ]
    if not fields:
        return
    trials, told = _Trials(base), set[FieldKey]()
    for place in range(MOST_CONTEXTS):  # what is most plain first, of all fields
        for kind, field in fields:
            contexts = trials.contexts(kind, field)
            if place < len(contexts) and (kind.name, field.name) not in told:
                milder = trials.find(kind, field, contexts[place])
                if milder is not None and milder.rule not in base.unfit:
                    told.add((kind.name, field.name))
                    yield _finding(base, kind, field, contexts[place], milder)


def _finding(base: LintedBase, kind: Kind, field: Field, context: FactValues, milder: Milder) -> LintFinding:
    worse = str(field.worse).lower() if isinstance(field.worse, bool) else field.worse
    others = "".join(f", {name} {_said(value)}" for name, value in context.items())
    message = (
        f"`worse: {worse}`, but '{kind.name}' with {field.name} {_said(milder.better)}{others} comes to {milder.before:g}, "
        f"and with {field.name} {_said(milder.worse)} to {milder.after:g}"
    )
    entry = base.merged.kinds[kind.name]
    if field.is_number and milder.rule:  # more is rarely better: rather the rule is the wrong way round
        rule = base.program.rules[milder.rule]
        own = base.merged.rules[milder.rule]
        return LintFinding(own, f"{kind.name}.{field.name} says {message}", _place(base, rule, own, field))
    return LintFinding(entry, message, ("fields", field.name, "worse") if field.name in entry.doc.fields else ())


def _place(base: LintedBase, rule: Rule, entry: PackEntry[RuleDoc], field: Field) -> tuple[str | int, ...]:
    """Where a rule counts with a field, or asks for it."""
    computed = [(path, amounts_of(effect)) for path, effect in base.effects(rule, entry) if isinstance(effect, Contribute)]
    for path, nodes in (*computed, *((placed.path, placed.tests) for placed in base.tests(rule, entry))):
        if any(isinstance(ref, FieldRef) and ref.field == field.name for node in nodes for ref in walk(node)):
            return path
    return ()


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else f"{value:.10g}"


class _Trials:
    """Assesses records with one mistake."""

    def __init__(self, base: LintedBase) -> None:
        self._rules = RuleBase(base.program)
        self._thresholds = find_thresholds(base.program)
        self._read = _read_together(base)
        self._bounds = _bounds(base)
        self._left = MOST_TRIALS

    def contexts(self, kind: Kind, field: Field) -> list[FactValues]:
        """Values of the other fields with which rules read a field; first none."""
        read = self._read.get((kind.name, field.name), [])
        found: dict[Hashable, FactValues] = {(): {}}
        for boxes in read:
            values: FactValues = {
                name: sample for name, box in boxes.items() if (sample := _sample(kind.by_name[name], box)) is not None
            }
            found.setdefault(tuple(sorted((name, str(value)) for name, value in values.items())), values)
        return [*found.values()][:MOST_CONTEXTS] if read else []

    def find(self, kind: Kind, field: Field, context: FactValues) -> Milder | None:
        """The two values of a field with the greatest fall of damage from the better to the worse one; None if it never falls."""
        found: Milder | None = None
        for (better, one), (worse, other) in self._pairs(kind, field, context):
            before, after = one.findings[0], other.findings[0]
            fall = before.damage - after.damage
            lowering = _lowering(one, other)
            falls = fall > max(0.001, found.fall if found else 0) and before.severity >= after.severity
            if falls and not self._ends(lowering, field, one, other):
                score = "severity" if before.severity > after.severity else "damage"
                found = Milder(better, worse, getattr(before, score), getattr(after, score), fall, lowering)
        return found

    def _ends(self, rule: str, field: Field, one: Result, other: Result) -> bool:
        """Whether a rule is for some numbers between others, and no rule begins where it ends: that is what it says."""
        before, after = ({each.rule.id for each in result.memory.contributions} for result in (one, other))
        begins = any((name, field.name) in self._bounds for name in after - before)
        return self._bounds.get((rule, field.name), False) and not begins

    def _pairs(self, kind: Kind, field: Field, context: FactValues) -> Iterator[tuple[_Tried, _Tried]]:
        """Values with their results, a better one before a worse one: of a number that with most damage so far, and the next."""
        tried: list[_Tried] = []
        for value in _values(field, self._thresholds.get((kind.name, field.name), frozenset())):
            result = self._assess(kind, {**context, field.name: value})
            if result is None:
                return
            tried.append((value, result))
        if not field.is_number:
            yield from ((each, tried[-1]) for each in tried[:-1])
            return
        most = tried[0]
        for each in tried:
            yield most, each
            if each[1].findings[0].damage >= most[1].findings[0].damage:
                most = each

    def _assess(self, kind: Kind, values: FactValues) -> Result | None:
        given = {field.name: _any_value(field) for field in kind.fields if field.required}
        self._left -= 1
        try:
            return self._rules.evaluate([{"kind": kind.name, **given, **values}]) if self._left >= 0 else None
        except MisstepError:
            return None


def _lowering(one: Result, other: Result) -> str:
    """The rule that adds least to the other record, compared with the one."""
    changes: Counter[str] = Counter()
    for result, sign in ((one, -1), (other, 1)):
        for each in result.memory.contributions:
            form = next(form for key, form in EFFECTS.items() if key == each.dimension)
            if form.effect is Contribute and form.score in ("severity", "noticed"):
                changes[each.rule.id] += sign * form.sign * each.amount
    return min(changes, key=lambda rule: (changes[rule], rule), default="")


def _read_together(base: LintedBase) -> dict[FieldKey, list[dict[str, ValueSet]]]:
    """For each field the values of other fields of the same mistake with which rules ask for it, or count with it."""
    found: dict[FieldKey, list[dict[str, ValueSet]]] = {}
    for plain in base.plain:
        amounts = [effect.amount for effect in plain.effects if isinstance(effect, Contribute)]
        nodes = (*(condition.test for condition in plain.rule.conditions), *amounts) if amounts else ()
        for pattern in plain.rule.patterns:
            refs = {ref for node in nodes for ref in walk(node) if isinstance(ref, FieldRef) and ref.name == pattern.name}
            own = {ref.field: plain.boxes[0][ref] for ref in refs if ref in plain.boxes[0]}
            for kind in pattern.kinds:
                fields = base.program.kinds[kind].by_name
                for name in {ref.field for ref in refs} & fields.keys():
                    others = {other: values for other, values in own.items() if other in fields and other != name}
                    found.setdefault((kind, name), []).append(others)
    return found


def _bounds(base: LintedBase) -> dict[tuple[str, str], bool]:
    """Whether a rule asks for a field between two numbers, by the rule and the field, of the rules that ask for one."""
    found: dict[tuple[str, str], bool] = {}
    for plain in base.plain:
        for subject, values in plain.boxes[0].items():
            if isinstance(subject, FieldRef) and values.spans:
                domain = ConditionReader(base.knowledge, plain.rule).domain(subject).all.spans
                within = domain[0][0] < values.spans[0][0] and values.spans[-1][1] < domain[-1][1]
                found[plain.rule.id, subject.field] = within
    return found


def _sample(field: Field, values: ValueSet) -> Value:
    """A value of a field that is among some; None where the default is, or none can be told."""
    if values.spans:
        (low, above), (high, _) = values.spans[0]
        number = low + (above > 0) if math.isfinite(low) else high - 1 if math.isfinite(high) else 0
        return int(number) if field.form.whole else float(number)
    choices = [choice for choice in field.choices if choice in values.words]
    return None if not choices or field.default in choices else choices[0]


def _values(field: Field, thresholds: frozenset[float]) -> Iterator[Value]:
    """The values of a field to try: of numbers from better to worse; of others the worst is the last."""
    if not field.is_number:
        yield from (*(value for value in field.answers if value != field.worse), field.worse)
        return
    low, high = field.range
    step = 1.0 if field.form.whole else 0.01
    ends = [end for end in (field.minimum, field.maximum, field.default) if end is not None]
    near = {number for t in (*thresholds, *ends) for number in (t - step, t, t + step) if low <= number <= high}
    ordered = sorted(near)[:MOST_VALUES]
    numbers = [int(number) for number in ordered] if field.form.whole else ordered
    yield from numbers if field.worse == "higher" else reversed(numbers)


def _any_value(field: Field) -> object:
    """A value of a field that must be given."""
    if field.is_number:
        low, high = field.range
        number = min(max(1.0, low), high)
        return int(number) if field.form.whole else number
    return {"text": "x", "set": []}.get(field.type, field.choices[0] if field.choices else "x")
