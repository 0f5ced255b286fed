"""The default engine: every rule is a specialised Python function, written on first use.

It keeps nothing between calls and holds no lock: threads that need the same function for the first time each
write it, and one of the equal results stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from misstep.evaluate.codegen import AGAIN, Fire, Generated, generate
from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Memory
from misstep.model.expression import Compare, Expression, FieldRef, Literal, Member, Not, Words
from misstep.model.facts import FIRST_VALUE, KIND, Kind, Row
from misstep.model.rule import FINDING, FINDING_FIELDS, OUTLOOK, Over, Pattern, Program, Rule, Stratum

FEW_KINDS = 8  # a pattern over more kinds than this is taken to match something in every record


class CompiledEngine:
    """Runs the rules of one program. Immutable but for the functions written so far; safe from many threads."""

    def __init__(self, program: Program) -> None:
        patterns = [p for rule in program.rules.values() for p in _patterns(rule)]
        self._ranges = {p.key: (p.over, frozenset(p.kinds)) for p in patterns}
        derived = {name for name, kind in program.kinds.items() if kind.role == "derived"}
        self._growing = [key for key, (_, kinds) in self._ranges.items() if not kinds.isdisjoint(derived)]
        self._rules = {rule.id: CompiledRule(rule, program.kinds) for rule in program.rules.values()}
        assumed = frozenset(name for name, kind in program.kinds.items() if kind.assumed)
        phases: dict[Phase, tuple[Stratum, ...]] = {
            "scoring": program.scoring, "judging": program.judging, "advising": program.advising
        }  # fmt: skip
        self._phases = {
            phase: tuple(_Plan(stratum, self._rules, assumed) for stratum in strata) for phase, strata in phases.items()
        }

    def run(self, phase: Phase, memory: Memory) -> None:
        """Run the strata of a phase."""
        extents = memory.extents if isinstance(memory.extents, _Extents) else _Extents(memory, self._ranges)
        memory.extents = extents
        for plan in self._phases[phase]:
            if plan.deriving:
                known = len(memory.derivations)
                _fixpoint(plan, memory, extents)
                if len(memory.derivations) > known:
                    for key in self._growing:
                        extents.pop(key, None)
            for rule in plan.rest.candidates(memory.rows):
                rule.fire(memory, extents)

    def source(self, rule: str) -> str:
        """The Python source of the function of a rule."""
        return generate(self._rules[rule].rule, self._rules[rule].kinds).source


class CompiledRule:
    """A rule with its function, once somebody needs it: ``fire(memory, extents)``."""

    __slots__ = ("fire", "generated", "kinds", "rule")

    def __init__(self, rule: Rule, kinds: dict[str, Kind]) -> None:
        self.rule = rule
        self.kinds = kinds
        self.generated: Generated | None = None
        self.fire: Fire = self._first

    def _first(self, memory: Memory, extents: Mapping[str, list[Row]]) -> None:
        self.write().fire(memory, extents)

    def write(self) -> Generated:
        """The function; written now if it is not. Other threads may do the same: the results are equal."""
        if self.generated is None:
            self.generated = generate(self.rule, self.kinds)
            self.fire = self.generated.fire
        return self.generated


def _patterns(rule: Rule) -> Iterator[Pattern]:
    yield from rule.patterns
    yield from (aggregate.pattern for aggregate in rule.aggregates)
    yield from (negation.pattern for negation in rule.unless)


class _Extents(dict[str, list[Row]]):
    """The facts that each pattern ranges over, put together on first use."""

    __slots__ = ("ranges", "rows")

    def __init__(self, memory: Memory, ranges: Mapping[str, tuple[Over, frozenset[str]]]) -> None:
        self.rows = memory.rows
        self.ranges = ranges

    def __missing__(self, key: str) -> list[Row]:
        if key.endswith(AGAIN):
            return self[key.rstrip(AGAIN)]
        over, kinds = self.ranges[key]
        rows: list[Row] = []
        if over == "outlook":
            rows = self.rows[OUTLOOK]
        elif key == FINDING:
            rows = self.rows[FINDING]
        elif over == "finding":
            rows = [finding for finding in self.rows[FINDING] if finding[0][KIND] in kinds]
        else:
            for kind, found in self.rows.items():
                if kind in kinds:
                    rows += found
        self[key] = rows
        return rows


def _fixpoint(plan: _Plan, memory: Memory, extents: _Extents) -> None:
    """Semi-naive: after the first round a rule is run only for matches that hold a new fact.

    For the i-th pattern over a kind that is still growing: that one takes the new facts, those before it the old
    ones, those after it all; so every match is found exactly once.
    """
    kinds = plan.growing_kinds
    old = {kind: len(memory.rows[kind]) for kind in kinds if kind in memory.rows} if plan.growing else {}
    for rule in plan.deriving.candidates(memory.rows):
        if rule not in plan.growing:
            rule.fire(memory, extents)
        else:
            _fire_on(rule, memory, extents, kinds, None, old, old)
    while plan.growing:
        new = {kind: len(memory.rows[kind]) for kind in kinds if kind in memory.rows}
        if new == old:
            return
        for rule in plan.growing:
            for place, pattern in enumerate(rule.write().patterns.values()):
                if _grows(pattern, kinds):
                    _fire_on(rule, memory, extents, kinds, place, new, old)
        old = new


def _fire_on(
    rule: CompiledRule,
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
    for i, (key, pattern) in enumerate(rule.write().patterns.items()):
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
            rows = extents[key]
        sources[key] = rows
    memory.spend(sum(map(len, sources.values())), rule.rule)
    rule.fire(memory, sources)
    for index in [index for index in memory.indexes if index[0] in slices]:
        del memory.indexes[index]


def _grows(pattern: Pattern, kinds: Iterable[str]) -> bool:
    """Whether a pattern reads a kind that the stratum is still deriving. Negation and aggregates never do."""
    return pattern.over == "fact" and any(kind in pattern.kinds for kind in kinds)


class _Plan:
    """A stratum, with its rules found by what they cannot do without."""

    def __init__(self, stratum: Stratum, rules: dict[str, CompiledRule], assumed: frozenset[str]) -> None:
        self.growing_kinds = stratum.kinds
        self.deriving = _Anchored((rules[r.id] for r in stratum.deriving), assumed)
        self.rest = _Anchored((rules[r.id] for r in stratum.rest), assumed)
        self.growing = {rules[r.id]: None for r in stratum.deriving if any(_grows(p, stratum.kinds) for p in r.patterns)}


_Group = dict[CompiledRule, None]


class _Anchored:
    """Rules by anchor: a kind, or a value of a field of a kind, without which they cannot fire.

    A record holds few kinds and few remarkable values, so most rules are never looked at.
    """

    def __init__(self, rules: Iterable[CompiledRule], assumed: frozenset[str]) -> None:
        self.always: _Group = {}
        self.by_kind: dict[str, _Group] = {}
        self.by_value: dict[str, dict[int, dict[Any, _Group]]] = {}
        for rule in rules:
            anchors = [_anchor(rule.rule, p, assumed) for p in rule.rule.patterns if p.over != "outlook"]
            if not anchors:
                self.always[rule] = None
                continue
            cost, pattern, column, values = min(anchors, key=lambda anchor: anchor[0])
            if cost == _HOPELESS:
                self.always[rule] = None
            for kind in pattern.kinds if cost < _HOPELESS else ():
                if column is None:
                    self.by_kind.setdefault(kind, {})[rule] = None
                for value in values:
                    columns = self.by_value.setdefault(kind, {})
                    columns.setdefault(column or 0, {}).setdefault(value, {})[rule] = None

    def __bool__(self) -> bool:
        return bool(self.always or self.by_kind or self.by_value)

    def candidates(self, rows: dict[str, list[Row]]) -> _Group:
        """The rules that could fire, each once."""
        found = self.always.copy()
        by_kind, by_value = self.by_kind, self.by_value
        for kind, facts in rows.items():
            if kind in by_kind:
                found.update(by_kind[kind])
            if kind in by_value:
                for column, groups in by_value[kind].items():
                    for fact in facts:
                        if fact[column] in groups:
                            found.update(groups[fact[column]])
        return found


_HOPELESS = 4


def _anchor(rule: Rule, pattern: Pattern, assumed: frozenset[str]) -> tuple[int, Pattern, int | None, tuple[Any, ...]]:
    """How much a pattern tells about whether the rule can fire (less is better), and by which field and values."""
    always_there = not assumed.isdisjoint(pattern.kinds)
    few = len(pattern.kinds) <= FEW_KINDS and not always_there
    best: tuple[int | None, tuple[Any, ...]] = (None, ())
    for condition in rule.conditions:
        ref, values = _required(condition.test)
        if ref is None or ref.name != pattern.name:
            continue
        if pattern.over == "finding" and ref.field in FINDING_FIELDS:
            continue
        columns = {f.name: i for i, f in enumerate(pattern.fields, FIRST_VALUE)}
        if ref.field in columns:
            best = (columns[ref.field], values)
            break
    if best[0] is not None:
        return (0 if few else 3 if always_there else 2), pattern, *best
    return (1 if few else _HOPELESS), pattern, *best


def _required(test: Expression) -> tuple[FieldRef | None, tuple[Any, ...]]:
    """Where a condition holds only for some values of one field: the field and those values."""
    match test:
        case Compare(("==",), (FieldRef() as ref, Literal(value)) | (Literal(value), FieldRef() as ref)):
            return ref, (value,)
        case Member(FieldRef() as ref, Words(values), False):
            return ref, values
        case FieldRef() as ref:
            return ref, (True,)
        case Not(FieldRef() as ref):
            return ref, (False,)
        case _:
            return None, ()
