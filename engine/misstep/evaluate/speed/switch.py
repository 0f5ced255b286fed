"""Group rules that start from the same facts, and of very many choose by the values of a fact which are run.

The shipped rules never need the choice: at most some dozens start from one kind. Of 5,000 rules over twelve kinds it keeps an
assessment within a sixth of the time that 100 take (``benchmarks/bench_scaling.py``, the rows of rules over the same kinds).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

from misstep.evaluate.memory import Memory
from misstep.evaluate.speed.rule_groups import Anchors, ByKind, RuleGroup
from misstep.language.expression import Compare, Constants, Expression, FieldRef, Literal, Lookup, Not
from misstep.language.facts import FIRST_VALUE, Kind, Row
from misstep.language.finding import FINDING_FIELDS
from misstep.language.operators import COMPARISONS
from misstep.language.program import Pattern, Rule

MANY = 64  # more rules than these are chosen by the values of a fact
BANDS = 8  # places that a rule with a least and a greatest value may stand at; wider ones stand at all


def group_rules(rules: Sequence[Rule], anchors: Anchors, kinds: dict[str, Kind]) -> list[RuleGroup | Switch]:
    """The groups that run rules which start from facts of the same kinds, or from none."""
    if len(rules) <= MANY or rules[0] not in anchors:
        return [RuleGroup(rules, anchors, kinds)] if rules else []
    by_key: dict[str, list[Rule]] = {}
    for rule in rules:
        by_key.setdefault(anchors[rule].key, []).append(rule)
    return [Switch(some, anchors, kinds) if len(some) > MANY else RuleGroup(some, anchors, kinds) for some in by_key.values()]


class Switch:
    """Many rules that start from facts of one pattern.

    Rules that ask for a value of a field are found by it, those that ask for one between two by the band that it is in, and
    those that ask for a least or greatest one by bisection. The others are run unless they need a kind that is not there.
    """

    def __init__(self, rules: Sequence[Rule], anchors: Anchors, kinds: dict[str, Kind]) -> None:
        def grouped(some: Sequence[Rule]) -> RuleGroup:
            return RuleGroup(some, anchors, kinds)

        equal: dict[int, dict[Any, list[Rule]]] = {}
        ranges: dict[tuple[int, bool], dict[Any, list[Rule]]] = {}
        bands: dict[int, list[tuple[Any, Any, Rule]]] = {}
        others: dict[str, list[Rule]] = {}
        for rule in rules:
            choice = _choice(rule, anchors[rule])
            if choice is None:
                others.setdefault(_needed(rule, anchors[rule], kinds), []).append(rule)
            elif choice.bound == "":
                for value in choice.values:
                    equal.setdefault(choice.column, {}).setdefault(value, []).append(rule)
            elif choice.bound == "both":
                bands.setdefault(choice.column, []).append((*choice.values, rule))
            else:
                ranges.setdefault((choice.column, choice.bound == "least"), {}).setdefault(choice.values[0], []).append(rule)
        self.rules = rules
        self._anchors, self._kinds = anchors, kinds
        self._finding = anchors[rules[0]].over == "finding"
        self._equal = [(column, {value: grouped(some) for value, some in table.items()}) for column, table in equal.items()]
        self._bands = [(column, _Bands(some, anchors, kinds)) for column, some in bands.items()]
        self._ranges = [
            (column, least, sorted(table), [grouped(table[value]) for value in sorted(table)])
            for (column, least), table in ranges.items()
        ]
        self._others = [(needed, grouped(some)) for needed, some in others.items()]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the facts that the rules start from."""
        return frozenset(self._anchors[self.rules[0]].kinds)

    def replacing(self, rule: Rule, by: Rule) -> list[RuleGroup | Switch]:
        """As ``RuleGroup.replacing``."""
        others = [each for each in self.rules if each is not rule]
        return [Switch(others, self._anchors, self._kinds), RuleGroup([by], {by: self._anchors[rule]}, self._kinds)]

    def fire(self, memory: Memory, anchors: Sequence[Row], rows: ByKind, found: ByKind, extents: ByKind) -> None:
        """Run the rules that could fire on some of the facts."""
        starts: dict[RuleGroup, list[Row]] = {}
        for anchor in anchors:
            row: Row = anchor[0] if self._finding else anchor
            groups: list[RuleGroup] = []
            for column, table in self._equal:
                if row[column] in table:
                    groups.append(table[row[column]])
            for column, bands in self._bands:
                if row[column] is not None:
                    groups += bands.of(row[column])
            for column, least, bounds, by_bound in self._ranges:
                value = row[column]
                if value is not None:
                    groups += by_bound[: bisect_right(bounds, value)] if least else by_bound[bisect_left(bounds, value) :]
            for group in groups:
                starts.setdefault(group, []).append(anchor)
        for needed, group in self._others:
            if not needed or needed in rows:
                group.fire(memory, anchors, rows, found, extents)
        for group, chosen in starts.items():
            group.fire(memory, chosen, rows, found, extents)


class _Bands:
    """Rules that each ask for a value between two: those that could fire at each place among all their bounds."""

    def __init__(self, some: Sequence[tuple[Any, Any, Rule]], anchors: Anchors, kinds: dict[str, Kind]) -> None:
        self._bounds = sorted({bound for low, high, _ in some for bound in (low, high)})
        at: dict[int, list[Rule]] = {}
        wide: list[Rule] = []
        for low, high, rule in some:
            places = range(self._place(low), self._place(high) + 1)
            if len(places) > BANDS:
                wide.append(rule)
                continue
            for place in places:
                at.setdefault(place, []).append(rule)
        groups = {rules: RuleGroup(rules, anchors, kinds) for rules in map(tuple, at.values())}
        self._everywhere = [RuleGroup(wide, anchors, kinds)] if wide else []
        self._at = {place: [groups[tuple(rules)], *self._everywhere] for place, rules in at.items()}

    def of(self, value: Any) -> list[RuleGroup]:
        """The groups that could fire for a value."""
        return self._at.get(self._place(value), self._everywhere)

    def _place(self, value: Any) -> int:
        """The place of a value among the bounds: odd where it equals one, even between two."""
        place = bisect_left(self._bounds, value)
        return 2 * place + (place < len(self._bounds) and self._bounds[place] == value)


def _needed(rule: Rule, start: Pattern, kinds: dict[str, Kind]) -> str:
    """A kind besides the one that a rule starts from without a fact of which it cannot fire, if there is one."""
    for pattern in rule.patterns:
        if pattern is not start and pattern.over == "fact" and len(pattern.kinds) == 1 and not kinds[pattern.kinds[0]].assumed:
            return pattern.kinds[0]
    return ""


class _Choice(NamedTuple):
    """The values of a column for which a rule can fire: these (``bound`` is empty), from one on ("least"), up to one ("most"), or
    between two ("both")."""

    column: int
    values: tuple[Any, ...]
    bound: str = ""


def _choice(rule: Rule, start: Pattern) -> _Choice | None:
    """What the conditions of a rule ask of the fact that it starts from, if rules can be chosen by it."""
    columns = {f.name: i for i, f in enumerate(start.fields, FIRST_VALUE)}
    found: _Choice | None = None
    for condition in rule.conditions:
        ref, values, bound = _asked(condition.test)
        if ref is None or ref.name != start.name or ref.field not in columns:
            continue
        if start.over == "finding" and ref.field in FINDING_FIELDS:
            continue
        column = columns[ref.field]
        if found is None or (found.bound and not bound):  # a value says more than a bound
            found = _Choice(column, values, bound)
        elif column == found.column and {found.bound, bound} == {"least", "most"}:
            found = _Choice(column, (*found.values, *values) if bound == "most" else (*values, *found.values), "both")
    return found


_BOUND = {">=": "least", ">": "least", "<=": "most", "<": "most", "==": ""}


def _asked(test: Expression) -> tuple[FieldRef | None, tuple[Any, ...], str]:
    """The field of which a condition needs some values, with those values, or the bound that one is. Else None."""
    match test:
        case Compare((operator,), (FieldRef() as ref, Literal(value))) if operator in _BOUND:
            return ref, (value,), _BOUND[operator]
        case Compare((operator,), (Literal(value), FieldRef() as ref)) if operator in _BOUND:
            return ref, (value,), _BOUND[COMPARISONS[operator].mirrored]
        case Lookup(FieldRef() as ref, Constants(values), False):
            return ref, values, ""
        case FieldRef() as ref:
            return ref, (True,), ""
        case Not(FieldRef() as ref):
            return ref, (False,), ""
        case _:
            return None, (), ""
