"""Make mutants of a rule base: linked rules and actions with one small change each, which are as valid as before.

* A number is changed by a quarter of itself, up and down: by 1 at least where it is whole, by half a point where it is added to a
  score.
* ``<`` becomes ``<=``, ``>`` becomes ``>=``, and the other way round.
* One ``and`` becomes ``or``. What the first part made known the second then asks for itself; where an amount or another condition
  needs it too, there is no such mutant.
* One entry of ``unless`` is taken out, or one effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar

from misstep.errors import Location
from misstep.language.effects import Contribute, Derive, Effect, Recommend, amounts_of
from misstep.language.expression import (
    Compare,
    Curve,
    Expression,
    IfElse,
    Known,
    KnownFields,
    Literal,
    Logic,
    known_where,
    refs_in,
)
from misstep.language.expression_text import written_expression, written_value
from misstep.language.numbers import minus, plus
from misstep.language.operators import Comparator
from misstep.language.program import Action, Aggregate, Condition, Existence, Rule
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import PackEntry
from misstep.rulebase.schema import RuleDoc
from misstep.tools.lints.linted import LintedBase

_Changed = TypeVar("_Changed", covariant=True)
_Part = TypeVar("_Part", bound=Rule | Action | Effect | Expression)

QUARTER = 4
HALF_A_POINT = 0.5
"""The least change of an amount that is added to a score; less than that nobody would expect of a case to notice."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule or action with one change. ``id``: the same in every run; ``original``: what it takes the place of."""

    id: str
    location: Location
    change: str
    original: Rule | Action
    mutated: Rule | Action


class _Change(NamedTuple, Generic[_Changed]):
    """What stands in place of a part of a rule, and the change in words."""

    part: _Changed
    words: str


def make_mutants(base: LintedBase) -> Iterator[Mutant]:
    """All mutants of the rules and actions of the packs, those of one after the other, in the same order in every run."""
    for rule, entry in base.rules():
        for number, (path, change) in enumerate(_of_rule(rule, entry, base), 1):
            yield Mutant(f"{rule.id}#{number}", entry.place(*path), change.words, rule, change.part)
    for name, action in base.program.actions.items():
        declared = base.merged.actions[name]
        if declared.pack.layer != EXTENDED:
            for number, (key, other) in enumerate(_of_action(action), 1):
                yield Mutant(f"action {name}#{number}", declared.place(key), other.words, action, other.part)


_Placed = tuple[tuple[str | int, ...], _Change[Rule]]


def _of_rule(rule: Rule, entry: PackEntry[RuleDoc], base: LintedBase) -> Iterator[_Placed]:
    """The rules that a rule is changed to, each with the path of the change."""
    places = base.merged.condition_places[rule.id]
    for i, condition in enumerate(rule.conditions):
        for change in _within(condition.test):
            changed = replace(condition, test=change.part)
            conditions = (*rule.conditions[:i], changed, *rule.conditions[i + 1 :])
            yield places[i] if i < len(places) else (), _Change(replace(rule, conditions=conditions), change.words)
    yield from _ors_between(rule, places)
    for path, binder in base.binders(rule, entry):
        for bound in _of_binder(binder):
            yield path, _Change(_with_binder(rule, binder, bound.part), bound.words)
        if isinstance(binder, Existence) and binder.negated:
            existences = tuple(each for each in rule.existences if each is not binder)
            yield path[:2], _Change(replace(rule, existences=existences), "`unless` taken out")
    for i, (path, effect) in enumerate(base.effects(rule, entry)):
        for caused in _of_effect(effect):
            effects = (*rule.effects[:i], caused.part, *rule.effects[i + 1 :])
            yield path, _Change(replace(rule, effects=effects), caused.words)
        yield path, _Change(replace(rule, effects=(*rule.effects[:i], *rule.effects[i + 1 :])), f"`{path[1]}` taken out")


def _of_action(action: Action) -> Iterator[tuple[str, _Change[Action]]]:
    for key in ("due_hours", "relief"):
        value = getattr(action, key)
        if value:
            for changed in _numbers(value, 0 if key == "due_hours" else HALF_A_POINT):
                yield key, _Change(_with(action, key, changed), f"{written_value(value)} -> {written_value(changed)}")


# -- conditions that are joined


def _ors_between(rule: Rule, places: Sequence[tuple[str | int, ...]]) -> Iterator[_Placed]:
    """The rule with ``or`` in place of one ``and`` between conditions that stand in one text."""
    for i, (one, other) in enumerate(pairwise(places)):
        if one != other:
            continue
        first = next(j for j, place in enumerate(places) if place == one)
        last = len(places) - places[::-1].index(one)
        together = rule.conditions[first:last]
        left, right = ([each.test for each in some] for some in (together[: i + 1 - first], together[i + 1 - first :]))
        test = _or(left, right)
        needs = frozenset[str]().union(*(each.needs for each in together))
        others = (*rule.conditions[:first], *rule.conditions[last:])
        if test is not None and not _needed(rule, others) & _lost(together, test):
            conditions = (*rule.conditions[:first], Condition(test, needs), *rule.conditions[last:])
            yield one, _Change(replace(rule, conditions=conditions), _or_words(left, right))


def _or(left: Sequence[Expression], right: Sequence[Expression]) -> Expression | None:
    """One of two conditions; None where no ``and`` is written between them, but only what must be known for the second."""
    if isinstance(left[-1], Known) and (left[-1].ref.name, left[-1].ref.field) in refs_in(right[0]):
        return None
    known = frozenset[tuple[str, str]]().union(*(known_where(test, True) for test in left))
    own = frozenset[tuple[str, str]]().union(*(refs_in(test) for test in right))
    asked = [test for each in left for test in _knowns(each) if (test.ref.name, test.ref.field) in known & own]
    return Logic("or", (_joined(left), _joined([*dict.fromkeys(asked), *right])))


def _knowns(test: Expression) -> Iterator[Known]:
    if isinstance(test, Known):
        yield test
    elif isinstance(test, Logic):
        for operand in test.operands:
            yield from _knowns(operand)


def _joined(tests: Sequence[Expression]) -> Expression:
    return tests[0] if len(tests) == 1 else Logic("and", tuple(tests))


def _or_words(left: Sequence[Expression], right: Sequence[Expression]) -> str:
    return f"`and` -> `or` between `{written_expression(left[-1])}` and `{written_expression(right[0])}`"


def _lost(together: Sequence[Condition], test: Expression) -> KnownFields:
    """The fields that conditions make known, and one of them alone does not."""
    return frozenset[tuple[str, str]]().union(*(known_where(each.test, True) for each in together)) - known_where(test, True)


def _needed(rule: Rule, conditions: Sequence[Condition]) -> KnownFields:
    """The fields whose values a rule uses outside of some of its conditions."""
    nodes = [each.test for each in conditions]
    binders: list[Aggregate | Existence] = [*rule.aggregates, *rule.existences]
    for binder in binders:
        nodes += binder.conditions
        nodes += [binder.value] if isinstance(binder, Aggregate) and binder.value is not None else []
    for effect in rule.effects:
        nodes += amounts_of(effect)
    return frozenset[tuple[str, str]]().union(*map(refs_in, nodes))


# -- existences, aggregates, effects


def _of_binder(binder: Existence | Aggregate) -> Iterator[_Change[Existence | Aggregate]]:
    tests = binder.conditions
    for i, test in enumerate(tests):
        for change in _within(test):
            conditions = (*tests[:i], change.part, *tests[i + 1 :])
            yield _Change(replace(binder, conditions=conditions), change.words)
    for i in range(1, len(tests)):
        either = _or(tests[:i], tests[i:])
        used = [binder.value] if isinstance(binder, Aggregate) and binder.value is not None else []
        used += [key.value for key in binder.keys] if isinstance(binder, Aggregate) else []
        lost = _lost([Condition(test, binder.needs) for test in tests], either) if either is not None else frozenset()
        if either is not None and not lost & frozenset[tuple[str, str]]().union(*map(refs_in, used)):
            yield _Change(replace(binder, conditions=(either,)), _or_words(tests[:i], tests[i:]))
    if isinstance(binder, Aggregate) and binder.value is not None:
        for change in _within(binder.value):
            yield _Change(replace(binder, value=change.part), change.words)


def _with_binder(rule: Rule, old: Existence | Aggregate, new: Existence | Aggregate) -> Rule:
    key = "existences" if isinstance(old, Existence) else "binders"
    return _with(rule, key, tuple(new if each is old else each for each in getattr(rule, key)))


def _with(part: _Part, key: str, value: Any) -> _Part:
    """A part of a rule, with another value of one of its fields."""
    return replace(part, **{key: value})


def _of_effect(effect: Effect) -> Iterator[_Change[Effect]]:
    match effect:
        case Contribute(dimension=dimension, amount=amount) if dimension != "verdict":
            yield from (_Change(replace(effect, amount=change.part), change.words) for change in _within(amount, HALF_A_POINT))
        case Derive(values=values):
            for i, value in enumerate(values):
                for change in _within(value) if value is not None else ():
                    yield _Change(replace(effect, values=(*values[:i], change.part, *values[i + 1 :])), change.words)
        case Recommend():
            for key, least in (("relief", HALF_A_POINT), ("due_hours", 0)):
                value = getattr(effect, key)
                for change in _within(value, least) if value is not None else ():
                    yield _Change(_with(effect, key, change.part), change.words)


# -- expressions

_BOUNDS: dict[Comparator, Comparator] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


def _within(node: Expression, least: float = 0) -> Iterator[_Change[Expression]]:
    """The expressions that differ from one in a single place. ``least``: the least change of a number that is an amount."""
    match node:
        case Literal(int() | float() as value) if not isinstance(value, bool):
            for changed in _numbers(value, least):
                yield _Change(Literal(changed), f"{written_value(value)} -> {written_value(changed)}")
        case Curve(x, points):
            yield from (_Change(replace(node, x=change.part), change.words) for change in _within(x))
            yield from _of_points(node, points, least)
        case Compare(operators, operands):
            for i, operator in enumerate(operators):
                if operator in _BOUNDS:
                    other = replace(node, operators=(*operators[:i], _BOUNDS[operator], *operators[i + 1 :]))
                    yield _Change(other, f"`{written_expression(node)}` -> `{written_expression(other)}`")
            yield from _of_parts(node, 0)
        case Logic("and", operands):
            for i in range(1, len(operands)):
                either = _or(operands[:i], operands[i:])
                if either is not None and not _lost([Condition(node, frozenset())], either):
                    yield _Change(either, _or_words(operands[:i], operands[i:]))
            yield from _of_parts(node, 0)
        case IfElse(condition, then, otherwise):
            yield from (_Change(replace(node, condition=change.part), change.words) for change in _within(condition))
            yield from (_Change(replace(node, then=change.part), change.words) for change in _within(then, least))
            yield from (_Change(replace(node, otherwise=change.part), change.words) for change in _within(otherwise, least))
        case _:
            yield from _of_parts(node, 0)


def _of_parts(node: Expression, least: float) -> Iterator[_Change[Expression]]:
    """The same for a node whose parts are changed one at a time."""
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, tuple):
            for i, part in enumerate(value):
                for change in _within(part, least) if isinstance(part, Expression) else ():
                    yield _Change(_with(node, each.name, (*value[:i], change.part, *value[i + 1 :])), change.words)
        elif isinstance(value, Expression):
            yield from (_Change(_with(node, each.name, change.part), change.words) for change in _within(value, least))


def _of_points(node: Curve, points: tuple[tuple[float, float], ...], least: float) -> Iterator[_Change[Expression]]:
    """A curve with one coordinate of a point changed, so that its points still go from left to right."""
    for i, (x, y) in enumerate(points):
        for moved in [*((changed, y) for changed in _numbers(x, 0)), *((x, changed) for changed in _numbers(y, least))]:
            changed = (*points[:i], moved, *points[i + 1 :])
            if all(a[0] < b[0] for a, b in pairwise(changed)):
                yield _Change(replace(node, points=changed), f"point ({x:g}, {y:g}) -> ({moved[0]:g}, {moved[1]:g})")


def _numbers(value: float, least: float) -> tuple[float, float]:
    """A number changed by a quarter, up and down: by ``least`` at the least, or by 1 where it is whole and that is 0."""
    step: float = abs(value) / QUARTER
    whole = isinstance(value, int) or (value.is_integer() and not least)
    step = max(1, round(step)) if whole else max(step, least)
    return type(value)(plus(value, step)), type(value)(minus(value, step))
