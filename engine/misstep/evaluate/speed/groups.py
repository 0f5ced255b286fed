"""Rules that start from the same facts in; what runs those of them that could fire out.

Few are run all together, by one function. Of very many, the values of a fact choose: most are never looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from misstep.evaluate.memory import Memory
from misstep.evaluate.speed.choices import asked_of
from misstep.evaluate.speed.together import FireTogether, generate_together
from misstep.language.facts import FIRST_VALUE, Kind, Row
from misstep.language.finding import FINDING_FIELDS
from misstep.language.program import Pattern, Rule

MANY = 64  # of more rules that start from the same facts, those that a value of a fact rules out are not looked at


def group_of(rules: Sequence[Rule], start: Mapping[Rule, Pattern], kinds: dict[str, Kind]) -> Group:
    """What runs some rules; ``start`` says by which pattern each of them starts."""
    return Together(rules, start, kinds) if len(rules) <= MANY else Switch(rules, start, kinds)


class Together:
    """Rules that start from the same facts, with the function that they share once somebody needs it."""

    __slots__ = ("_kinds", "_rules", "_start", "fire")

    def __init__(self, rules: Sequence[Rule], start: Mapping[Rule, Pattern], kinds: dict[str, Kind]) -> None:
        self._rules = rules
        self._start = start
        self._kinds = kinds
        self.fire: FireTogether = self._first

    def _first(self, memory: Memory, anchors: Any, rows: Any, found: Any, extents: Any) -> None:
        self.fire = generate_together(self._rules, self._start, self._kinds)
        self.fire(memory, anchors, rows, found, extents)


class Switch:
    """Many rules that start from the same facts: the values of a fact say which of them are looked at.

    Rules that ask for a value of a field are found by it, those that ask for one between two by the band that it is in, and
    those that ask for a least or greatest one by bisection. Of the rest, those that need a kind that is not there are passed
    over.
    """

    __slots__ = ("_bands", "_equal", "_finding", "_others", "_ranges")

    def __init__(self, rules: Sequence[Rule], start: Mapping[Rule, Pattern], kinds: dict[str, Kind]) -> None:
        equal: dict[int, dict[Any, list[Rule]]] = {}
        ranges: dict[tuple[int, bool], dict[Any, list[Rule]]] = {}
        bands: dict[int, list[_Between]] = {}
        others: dict[str, list[Rule]] = {}
        for rule in rules:
            choice = _choice(rule, start[rule])
            if choice is None:
                others.setdefault(_needed(rule, start[rule], kinds), []).append(rule)
            elif choice.bound is None:
                for value in choice.values:
                    equal.setdefault(choice.column, {}).setdefault(value, []).append(rule)
            elif choice.bound == "both":
                low, high = choice.values
                bands.setdefault(choice.column, []).append((low, high, rule))
            else:
                ranges.setdefault((choice.column, choice.bound == "least"), {}).setdefault(choice.values[0], []).append(rule)
        self._finding = start[rules[0]].over == "finding"
        self._bands = [(column, *_banded(some, start, kinds)) for column, some in bands.items()]
        self._others = [(needed, Together(some, start, kinds)) for needed, some in others.items()]
        self._equal = [
            (column, {value: Together(some, start, kinds) for value, some in table.items()}) for column, table in equal.items()
        ]
        self._ranges = [
            (column, least, sorted(table), [Together(table[value], start, kinds) for value in sorted(table)])
            for (column, least), table in ranges.items()
        ]

    def fire(self, memory: Memory, anchors: Sequence[Row], rows: Any, found: Any, extents: Any) -> None:
        """Run the rules that could fire on some of the facts."""
        starts: dict[Together, list[Row]] = {}
        for anchor in anchors:
            row = anchor[0] if self._finding else anchor
            for column, table in self._equal:
                if row[column] in table:
                    starts.setdefault(table[row[column]], []).append(anchor)
            for column, bounds, at in self._bands:
                value = row[column]
                if value is not None:
                    for group in at.get(_band(bounds, value), ()):
                        starts.setdefault(group, []).append(anchor)
            for column, least, bounds, groups in self._ranges:
                value = row[column]
                if value is not None:
                    some = groups[: bisect_right(bounds, value)] if least else groups[bisect_left(bounds, value) :]
                    for group in some:
                        starts.setdefault(group, []).append(anchor)
        for needed, group in self._others:
            if not needed or needed in rows:
                group.fire(memory, anchors, rows, found, extents)
        for group, chosen in starts.items():
            group.fire(memory, chosen, rows, found, extents)


Group = Together | Switch

_Between = tuple[Any, Any, Rule]
"""The least and the greatest value that a rule asks for."""
BANDS = 8  # places that rules stand at on average; of more, bands overlap so much that to list them costs more than it saves


def _band(bounds: list[Any], value: Any) -> int:
    """The place of a value among bounds: odd where it equals one, even between two."""
    place = bisect_left(bounds, value)
    return 2 * place + (place < len(bounds) and bounds[place] == value)


def _banded(
    some: list[_Between], start: Mapping[Rule, Pattern], kinds: dict[str, Kind]
) -> tuple[list[Any], dict[int, list[Together]]]:
    """The bounds of rules, and those that could fire at each place among them; rules with wide bands stand together at every
    place."""
    bounds = sorted({bound for low, high, _ in some for bound in (low, high)})
    at: dict[int, list[Rule]] = {}
    wide: list[Rule] = []
    for low, high, rule in some:
        places = range(_band(bounds, low), _band(bounds, high) + 1)
        if len(places) > BANDS:
            wide.append(rule)
            continue
        for place in places:
            at.setdefault(place, []).append(rule)
    everywhere = [Together(wide, start, kinds)] if wide else []
    groups = {rules: Together(rules, start, kinds) for rules in map(tuple, at.values())}
    found = {place: [groups[tuple(rules)], *everywhere] for place, rules in at.items()}
    for place in range(2 * len(bounds) + 1 if everywhere else 0):
        found.setdefault(place, everywhere)
    return bounds, found


def _needed(rule: Rule, start: Pattern, kinds: dict[str, Kind]) -> str:
    """A kind besides the one that a rule starts from without a fact of which it cannot fire, if there is one."""
    for pattern in rule.patterns:
        if pattern is not start and pattern.over == "fact" and len(pattern.kinds) == 1 and not kinds[pattern.kinds[0]].assumed:
            return pattern.kinds[0]
    return ""


class _Choice(NamedTuple):
    """A rule fires only for some values of a column: those named, or where ``bound`` is set, those from or up to one, or, with
    ``both``, between two."""

    column: int
    values: tuple[Any, ...]
    bound: str | None = None


def _choice(rule: Rule, start: Pattern) -> _Choice | None:
    """What the conditions of a rule ask of the fact that it starts from, if it is something to choose rules by."""
    columns = {f.name: i for i, f in enumerate(start.fields, FIRST_VALUE)}
    found: _Choice | None = None
    for condition in rule.conditions:
        ref, values, bound = asked_of(condition.test)
        own = ref is not None and ref.name == start.name and ref.field in columns
        if ref is None or not own or (start.over == "finding" and ref.field in FINDING_FIELDS):
            continue
        column = columns[ref.field]
        if found is None or (found.bound is not None and bound is None):  # a value says more than a bound
            found = _Choice(column, values, bound)
        elif column == found.column and {found.bound, bound} == {"least", "most"}:
            found = _Choice(column, (*found.values, *values) if bound == "most" else (*values, *found.values), "both")
    return found
