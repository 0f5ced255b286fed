"""Rules with plain names, so that they can be compared, and the families that they make.

Rules are of one family if they take the same facts under the same conditions but for one number, and do the same sort of thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from misstep.language.effects import Contribute, Derive, Effect, Note, Recommend, Veto
from misstep.language.expression import Count, FieldRef
from misstep.language.facts import Field
from misstep.language.program import Aggregate, Existence, GroupKey, Pattern, Rule
from misstep.tools.lints.rule_conditions import ConditionBox, ConditionReader, TooManyBoxes, ValueKnowledge
from misstep.tools.lints.value_sets import NumberPoint, ValueDomain, ValueSet, span_of


@dataclass(frozen=True, eq=False)
class PlainRule:
    """A rule with plain names: ``takes`` tells the facts that it looks at, ``boxes`` what they must be, ``effects`` what it
    does."""

    rule: Rule
    takes: Hashable
    boxes: list[ConditionBox]

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Its effects, but for notes."""
        return tuple(effect for effect in self.rule.effects if not isinstance(effect, Note))


FamilySubject = FieldRef | Count


class FamilyMember(NamedTuple):
    """A rule of a family: the values of the number that tells its rules apart, and the effect that they have in common."""

    plain: PlainRule
    values: ValueSet
    effect: Effect


class RuleFamily(NamedTuple):
    """Rules that differ in the values of one subject only, from the least values to the greatest. ``field``: what it is declared
    as; of one with ordered words the values are the places of the words."""

    subject: FamilySubject
    field: Field | None
    domain: ValueDomain
    others: ConditionBox
    members: list[FamilyMember]

    @property
    def words(self) -> tuple[str, ...]:
        """The words in their order; none of numbers."""
        return self.field.order if self.field else ()


def plain_rules(knowledge: ValueKnowledge, rules: Iterable[Rule]) -> list[PlainRule]:
    """Rules with plain names; without those whose conditions never hold, or are too many to look into."""
    return [plain for rule in rules if (plain := _plain(knowledge, rule)) is not None]


def _plain(knowledge: ValueKnowledge, rule: Rule) -> PlainRule | None:
    names = {binder.name: f"#{place}" for place, binder in enumerate(rule.binders)}
    inner = [*(each.pattern for each in rule.aggregates), *(each.pattern for each in rule.existences)]
    names |= {pattern.name: f"##{place}" for place, pattern in enumerate(inner)}
    renamed = replace(
        rule,
        binders=_renamed(rule.binders, names),
        existences=_renamed(rule.existences, names),
        conditions=_renamed(rule.conditions, names),
        effects=_renamed(rule.effects, names),
    )
    try:
        boxes = ConditionReader(knowledge, renamed).boxes([(condition.test, True) for condition in renamed.conditions])
    except TooManyBoxes:
        return None
    takes = (tuple(map(_taken, renamed.binders)), frozenset(map(_taken, renamed.existences)))
    return PlainRule(renamed, takes, boxes) if boxes else None


def _taken(binder: Pattern | Aggregate | GroupKey | Existence) -> Hashable:
    """What a binder or existence looks at."""
    match binder:
        case Pattern():
            return (binder.over, binder.key, binder.kinds)
        case Aggregate():
            return (binder.function, _taken(binder.pattern), binder.conditions, binder.value, binder.keys)
        case Existence():
            return (_taken(binder.pattern), binder.conditions, binder.negated, binder.taken)
        case _:
            return binder


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A part of a rule with other names."""
    match node:
        case FieldRef(name, field):
            return FieldRef(names.get(name, name), field)
        case Count(name):
            return Count(names.get(name, name))
        case Pattern(name):
            return replace(node, name=names.get(name, name))
        case Contribute(_, target):
            return replace(node, target=names.get(target, target), amount=_renamed(node.amount, names))
        case Recommend(targets=targets) | Veto(targets=targets):
            targets = tuple(names.get(target, target) for target in targets)
            more = {key: _renamed(getattr(node, key), names) for key in ("relief", "due_hours") if isinstance(node, Recommend)}
            return replace(node, targets=targets, **more)
        case GroupKey(name) | Aggregate(name):
            node = replace(node, name=names.get(name, name))
        case tuple():
            return tuple(_renamed(part, names) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        changed = {
            name: _renamed(value, names)
            for name in _field_names(type(node))
            if isinstance(value := getattr(node, name), tuple) or is_dataclass(value)
        }
        return replace(node, **changed) if changed else node
    return node


@cache
def _field_names(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(cls))


def find_families(knowledge: ValueKnowledge, rules: Iterable[PlainRule]) -> Iterator[RuleFamily]:
    """The families of two rules or more, by each number that tells rules apart."""
    groups: dict[Hashable, list[FamilyMember]] = defaultdict(list)
    subjects: dict[Hashable, tuple[FamilySubject, ConditionBox]] = {}
    for plain in rules:
        if len(plain.boxes) == 1:
            for subject, values in plain.boxes[0].items():
                if not isinstance(subject, (FieldRef, Count)):
                    continue
                field = _field_of(plain.rule, subject)
                values = _placed(field, values)
                if len(values.spans) == 1:
                    others = {key: value for key, value in plain.boxes[0].items() if key != subject}
                    for effect in plain.effects:
                        group = (plain.takes, subject, frozenset(others.items()), sort_of(effect))
                        groups[group].append(FamilyMember(plain, values, effect))
                        subjects[group] = (subject, others)
    for common, members in groups.items():
        if len(members) > 1:
            subject, conditions = subjects[common]
            rule = members[0].plain.rule
            field = _field_of(rule, subject)
            domain = ConditionReader(knowledge, rule).domain(subject)
            if field is not None and field.order:
                domain = ValueDomain(span_of(0, len(field.order) - 1), whole=True)
            yield RuleFamily(subject, field, domain, conditions, sorted(members, key=_span))


def _field_of(rule: Rule, subject: FamilySubject) -> Field | None:
    fields = [field for pattern in rule.patterns if pattern.name == subject.name for field in pattern.fields]
    return next((field for field in fields if isinstance(subject, FieldRef) and field.name == subject.field), None)


def _placed(field: Field | None, values: ValueSet) -> ValueSet:
    """Words of an order that follow each other, as their places; other values as they are."""
    order = field.order if field is not None else ()
    places = [place for place, word in enumerate(order) if word in values.words]
    if not places or values.but or len(places) < len(values.words) or places[-1] - places[0] >= len(places):
        return values
    return span_of(places[0], places[-1])


def _span(member: FamilyMember) -> tuple[NumberPoint, NumberPoint]:
    return member.values.spans[0]


def sort_of(effect: Effect) -> Hashable:
    """What an effect is about, whatever its amount."""
    match effect:
        case Contribute(dimension, target):
            return (dimension, target)
        case Recommend(targets=targets) | Veto(targets=targets):
            return (type(effect).__name__, targets)
        case Derive(kind):
            return ("derive", kind)
        case _:
            return type(effect).__name__
