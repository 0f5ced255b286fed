"""The default engine: rules are specialised Python functions, written on first use.

Rules that start from the same facts share one function: see codegen.py. The engine keeps nothing between calls and
holds no lock: threads that need the same function for the first time each write it, and one of the equal results stays.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from misstep.evaluate.choices import asked_of
from misstep.evaluate.codegen import AGAIN, FireTogether, Generated, generate, generate_together
from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Memory
from misstep.model.facts import FIRST_VALUE, KIND, Kind, Row
from misstep.model.rule import FINDING, FINDING_FIELDS, OUTLOOK, Over, Pattern, Program, Rule, Stratum

MANY = 64  # of more rules that start from the same facts, those that a value of a fact rules out are not looked at


class CompiledEngine:
    """Runs the rules of one program. Immutable but for the functions written so far; safe from many threads."""

    def __init__(self, program: Program) -> None:
        self._program = program
        patterns = [p for rule in program.rules.values() for p in _patterns(rule)]
        self._ranges = {p.key: (p.over, frozenset(p.kinds)) for p in patterns}
        phases: dict[Phase, tuple[Stratum, ...]] = {
            "scoring": program.scoring, "judging": program.judging, "advising": program.advising
        }  # fmt: skip
        self._phases = {phase: [_Plan(stratum, program.kinds) for stratum in strata] for phase, strata in phases.items()}

    def run(self, phase: Phase, memory: Memory) -> None:
        """Run the strata of a phase."""
        extents = memory.extents if isinstance(memory.extents, _Extents) else _Extents(memory, self._ranges)
        memory.extents = extents
        for plan in self._phases[phase]:
            if plan.deriving is not None:
                plan.deriving.run(memory, extents)
            if plan.growing:
                _fixpoint(plan, memory, extents)
            if plan.rest is not None:
                plan.rest.run(memory, extents)

    def source(self, rule: str) -> str:
        """The Python source of a rule as a function by itself."""
        return generate(self._program.rules[rule], self._program.kinds).source


def _patterns(rule: Rule) -> Iterator[Pattern]:
    yield from rule.patterns
    yield from (aggregate.pattern for aggregate in rule.aggregates)
    yield from (negation.pattern for negation in rule.unless)


class _Extents(dict[str, list[Row]]):
    """The facts that each pattern ranges over, put together on first use: by then they are all there, as what a rule reads is
    finished in a stratum before its own; but for what grows in its own, see ``_fixpoint``."""

    __slots__ = ("ranges", "rows")

    def __init__(self, memory: Memory, ranges: Mapping[str, tuple[Over, frozenset[str]]]) -> None:
        self.rows = memory.rows
        self.ranges = ranges

    def __missing__(self, key: str) -> list[Row]:
        over, kinds = self.ranges[key]
        if over == "fact":
            rows = [row for kind, found in self.rows.items() if kind in kinds for row in found]
        elif over == "outlook":
            rows = self.rows[OUTLOOK]
        elif key == FINDING:
            rows = self.rows[FINDING]
        else:
            rows = [finding for finding in self.rows[FINDING] if finding[0][KIND] in kinds]
        self[key] = rows
        return rows


# -- rules that derive from what they derive


class _Growing:
    """A rule that reads a kind which its own stratum derives."""

    __slots__ = ("_generated", "kinds", "rule")

    def __init__(self, rule: Rule, kinds: dict[str, Kind]) -> None:
        self.rule = rule
        self.kinds = kinds
        self._generated: Generated | None = None

    @property
    def generated(self) -> Generated:
        """Its function."""
        if self._generated is None:
            self._generated = generate(self.rule, self.kinds)
        return self._generated


def _fixpoint(plan: _Plan, memory: Memory, extents: _Extents) -> None:
    """Semi-naive: after the first round a rule is run only for matches that hold a new fact.

    For the i-th pattern over a kind that is still growing: that one takes the new facts, those before it the old
    ones, those after it all; so every match is found exactly once.
    """
    kinds = plan.kinds
    old = {kind: len(memory.rows[kind]) for kind in kinds if kind in memory.rows}
    for rule in plan.growing:
        _fire_on(rule, memory, extents, kinds, None, old, old)
    while True:
        new = {kind: len(memory.rows[kind]) for kind in kinds if kind in memory.rows}
        if new == old:
            return
        for rule in plan.growing:
            for place, pattern in enumerate(rule.generated.patterns.values()):
                if _grows(pattern, kinds):
                    _fire_on(rule, memory, extents, kinds, place, new, old)
        old = new


def _fire_on(
    rule: _Growing,
    memory: Memory,
    extents: _Extents,
    kinds: frozenset[str],
    place: int | None,
    new: dict[str, int],
    old: dict[str, int],
) -> None:
    """Fire a rule with the pattern at ``place`` on what is new (None: on all there is)."""
    sources: dict[str, list[Row]] = {}
    slices: set[int] = set()
    for i, (key, pattern) in enumerate(rule.generated.patterns.items()):
        if _grows(pattern, kinds):
            rows: list[Row] = []
            for kind in pattern.kinds:
                of_kind = memory.rows.get(kind, [])
                before, now = (old.get(kind, 0), new.get(kind, 0)) if kind in kinds else (len(of_kind), len(of_kind))
                start = before if i == place else 0
                end = before if place is not None and i < place else now
                rows += of_kind[start:end]
            slices.add(id(rows))
        else:
            rows = extents[key.rstrip(AGAIN)]
        sources[key] = rows
    memory.spend(sum(map(len, sources.values())), rule.rule)
    rule.generated.fire(memory, sources)
    for index in [index for index in memory.indexes if index[0] in slices]:
        del memory.indexes[index]


def _grows(pattern: Pattern, kinds: Iterable[str]) -> bool:
    """Whether a pattern reads a kind that the stratum is still deriving. Negation and aggregates never do."""
    return pattern.over == "fact" and any(kind in pattern.kinds for kind in kinds)


# -- which rules to run


class _Plan:
    """A stratum: rules that derive in one pass, those that need more, and those that need all of their facts."""

    def __init__(self, stratum: Stratum, kinds: dict[str, Kind]) -> None:
        growing = [r for r in stratum.deriving if any(_grows(p, stratum.kinds) for p in r.patterns)]
        deriving = [r for r in stratum.deriving if r not in growing]
        self.kinds = stratum.kinds
        self.deriving = _Pass(deriving, kinds) if deriving else None
        self.growing = [_Growing(r, kinds) for r in growing]
        self.rest = _Pass(stratum.rest, kinds) if stratum.rest else None


class _Pass:
    """Rules that are run once, found by the kinds of the facts that they start from.

    A rule starts from the pattern that is least likely to match: a record holds few kinds, so most rules are never
    looked at. Rules that start from facts of one kind share a function, and so do those that start from facts of several.
    """

    def __init__(self, rules: Iterable[Rule], kinds: dict[str, Kind]) -> None:
        start: dict[Rule, Pattern] = {}
        always: list[Rule] = []
        of_one: dict[tuple[Over, str], list[Rule]] = {}
        of_several: dict[Over, list[Rule]] = {}
        for rule in rules:
            patterns = [p for p in rule.patterns if p.over != "outlook"]
            if not patterns:
                always.append(rule)
                continue
            start[rule] = first = min(patterns, key=lambda p: _commonness(p, kinds))
            if len(first.kinds) == 1:
                of_one.setdefault((first.over, first.key), []).append(rule)
            else:
                of_several.setdefault(first.over, []).append(rule)
        groups = list(of_one.values())
        for several in of_several.values():
            groups += [several] if len(several) <= MANY else _by_key(several, start)
        self._always = [_Together(always, start, kinds)] if always else []
        self._of_facts: _Found = {}
        self._of_findings: _Found = {}
        for some in groups:
            group = _Together(some, start, kinds) if len(some) <= MANY else _Switch(some, start, kinds)
            of_kind = self._of_findings if start[some[0]].over == "finding" else self._of_facts
            names = {kind: None for rule in some for kind in start[rule].kinds}
            for name in names:
                alone, among = of_kind.setdefault(name, ([], []))
                (alone if len(names) == 1 else among).append(group)

    def run(self, memory: Memory, extents: _Extents) -> None:
        """Run every rule that could fire."""
        rows, found = memory.rows, memory.found
        if self._of_facts:
            _run(self._of_facts, list(rows.items()), memory, rows, found, extents)  # a list, as rules may derive
        if self._of_findings:
            _run(self._of_findings, found.items(), memory, rows, found, extents)
        for group in self._always:
            group.fire(memory, (), rows, found, extents)


def _run(of_kind: _Found, facts_by_kind: Any, memory: Memory, rows: Any, found: Any, extents: _Extents) -> None:
    """Run the rules that start from the facts of one kind, kind by kind, and gather those of several."""
    gathered: dict[_Group, list[Row]] = {}
    for kind, facts in facts_by_kind:
        if kind in of_kind:
            alone, among = of_kind[kind]
            for group in alone:
                group.fire(memory, facts, rows, found, extents)
            for group in among:
                gathered[group] = gathered[group] + facts if group in gathered else facts
    for group, anchors in gathered.items():
        group.fire(memory, anchors, rows, found, extents)


def _by_key(rules: Iterable[Rule], start: Mapping[Rule, Pattern]) -> list[list[Rule]]:
    by_key: dict[str, list[Rule]] = {}
    for rule in rules:
        by_key.setdefault(start[rule].key, []).append(rule)
    return list(by_key.values())


def _commonness(pattern: Pattern, kinds: dict[str, Kind]) -> tuple[bool, int, bool]:
    """How likely a pattern is to match something: what is assumed where nothing is said is always there, and what rules conclude
    is there more often than one kind of what can be given."""
    of = [kinds[kind] for kind in pattern.kinds]
    return any(kind.assumed for kind in of), len(of), any(kind.role == "derived" for kind in of)


class _Together:
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


class _Switch:
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
        self._others = [(needed, _Together(some, start, kinds)) for needed, some in others.items()]
        self._equal = [
            (column, {value: _Together(some, start, kinds) for value, some in table.items()}) for column, table in equal.items()
        ]
        self._ranges = [
            (column, least, sorted(table), [_Together(table[value], start, kinds) for value in sorted(table)])
            for (column, least), table in ranges.items()
        ]

    def fire(self, memory: Memory, anchors: Sequence[Row], rows: Any, found: Any, extents: Any) -> None:
        """Run the rules that could fire on some of the facts."""
        starts: dict[_Together, list[Row]] = {}
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


_Between = tuple[Any, Any, Rule]
"""The least and the greatest value that a rule asks for."""
BANDS = 8  # places that rules stand at on average; of more, bands overlap so much that to list them costs more than it saves


def _band(bounds: list[Any], value: Any) -> int:
    """The place of a value among bounds: odd where it equals one, even between two."""
    place = bisect_left(bounds, value)
    return 2 * place + (place < len(bounds) and bounds[place] == value)


def _banded(
    some: list[_Between], start: Mapping[Rule, Pattern], kinds: dict[str, Kind]
) -> tuple[list[Any], dict[int, list[_Together]]]:
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
    everywhere = [_Together(wide, start, kinds)] if wide else []
    groups = {rules: _Together(rules, start, kinds) for rules in map(tuple, at.values())}
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


_Group = _Together | _Switch
_Found = dict[str, tuple[list[_Group], list[_Group]]]
"""By kind: groups of rules that start from its facts alone, and those that start from facts of several kinds."""


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
