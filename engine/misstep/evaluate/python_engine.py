"""The engine in Python: each rule is a specialised function, written on first use.

It says what rules mean, and runs where the core is missing or looks for more than an answer. It keeps nothing between calls and
holds no lock: threads that need the same function for the first time each write it, and one of the equal results stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from functools import cached_property

from misstep.evaluate.codegen import DUPLICATE_SUFFIX, Choose, Generated, generate, generate_choice
from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Memory, extent_of
from misstep.language.facts import Kind, Row
from misstep.language.program import Over, Pattern, Program, Rule, Stratum


class PythonEngine:
    """Runs the rules of one program. Immutable but for the functions written so far; safe from many threads."""

    def __init__(self, program: Program) -> None:
        self._program = program
        patterns = [p for rule in program.rules.values() for p in rule.all_patterns]
        self._ranges = {p.key: (p.over, frozenset(p.kinds)) for p in patterns}
        phases: dict[Phase, tuple[Stratum, ...]] = {
            "scoring": program.scoring,
            "judging": program.judging,
            "advising": program.advising,
        }
        self._phases = {phase: _Steps(strata, program.kinds) for phase, strata in phases.items()}

    def run(self, phase: Phase, memory: Memory) -> None:
        """Run the strata of a phase."""
        extents = memory.extents if isinstance(memory.extents, _Extents) else _Extents(memory, self._ranges)
        memory.extents = extents
        steps = self._phases[phase]
        for deriving in steps.deriving:
            if deriving.once is not None:
                deriving.once.run(memory, extents)
            if deriving.growing:
                _fixpoint(deriving, memory, extents)
        if steps.rest is not None:
            steps.rest.run(memory, extents)

    def replacing(self, rule: Rule, by: Rule) -> PythonEngine:
        """The same engine with another rule in place of one, over the same patterns. It runs apart from those beside it, whose
        functions are written anew; those of all other rules are shared."""
        engine = copy(self)
        engine._phases = {phase: steps.replacing(rule, by) for phase, steps in self._phases.items()}
        return engine

    def source(self, rule: str) -> str:
        """The Python source of a rule as a function by itself."""
        return generate(self._program.rules[rule], self._program.kinds).source


class _Extents(dict[str, list[Row]]):
    """The facts of every pattern, collected on first use. They are complete by then: a rule reads kinds that an earlier stratum
    has finished. For kinds that its own stratum derives, see ``_fixpoint``."""

    def __init__(self, memory: Memory, ranges: Mapping[str, tuple[Over, frozenset[str]]]) -> None:
        self.rows = memory.rows  # not the memory, which holds this: a cycle would keep both until the garbage collector runs
        self.ranges = ranges

    def __missing__(self, key: str) -> list[Row]:
        rows = self[key] = extent_of(self.rows, *self.ranges[key.rstrip(DUPLICATE_SUFFIX)])
        return rows


class _Runnable:
    """A rule with its function, which is written when it is first asked for."""

    def __init__(self, rule: Rule, kinds: dict[str, Kind]) -> None:
        self.rule = rule
        self.kinds = kinds

    @cached_property
    def generated(self) -> Generated:
        """Its function."""
        return generate(self.rule, self.kinds)

    def replacing(self, rule: Rule, by: Rule) -> _Runnable:
        """See ``PythonEngine.replacing``."""
        return _Runnable(by, self.kinds) if self.rule is rule else self


# -- recursive rules


def _fixpoint(stratum: _Deriving, memory: Memory, extents: _Extents) -> None:
    """Semi-naive: after the first round a rule is run only for matches that hold a new fact.

    For the i-th pattern over a kind that is still growing: that one takes the new facts, those before it the old
    ones, those after it all; so every match is found exactly once.
    """
    kinds = stratum.kinds
    old = {kind: len(memory.rows[kind]) for kind in kinds if kind in memory.rows}
    for rule in stratum.growing:
        _fire_on(rule, memory, extents, kinds, None, old, old)
    while True:
        new = {kind: len(memory.rows[kind]) for kind in kinds if kind in memory.rows}
        if new == old:
            return
        for rule in stratum.growing:
            for place, pattern in enumerate(rule.generated.patterns.values()):
                if grows(pattern, kinds):
                    _fire_on(rule, memory, extents, kinds, place, new, old)
        old = new


def _fire_on(
    rule: _Runnable,
    memory: Memory,
    extents: _Extents,
    kinds: frozenset[str],
    place: int | None,
    new: dict[str, int],
    old: dict[str, int],
) -> None:
    """Fire a rule with the pattern at ``place`` on new facts only (None: on all facts)."""
    sources: dict[str, list[Row]] = {}
    slices: set[int] = set()
    for i, (key, pattern) in enumerate(rule.generated.patterns.items()):
        if grows(pattern, kinds):
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
    rule.generated.fire(memory, sources)
    for index in [index for index in memory.indexes if index[0] in slices]:
        del memory.indexes[index]


def grows(pattern: Pattern, kinds: Iterable[str]) -> bool:
    """Whether a pattern reads a kind that the stratum is still deriving. Existence and aggregates never do."""
    return pattern.over == "fact" and any(kind in pattern.kinds for kind in kinds)


# -- which rules to run


class _Steps:
    """The strata of a phase: rules that derive facts, stratum by stratum; then all other rules at once. No rule of the phase
    reads the conclusions of those, so they can wait for the last stratum."""

    def __init__(self, strata: Iterable[Stratum], kinds: dict[str, Kind]) -> None:
        self.deriving = [_Deriving(stratum, kinds) for stratum in strata if stratum.deriving]
        rest = [rule for stratum in strata for rule in stratum.rest]
        self.rest = _Pass(_Runnable(rule, kinds) for rule in rest) if rest else None

    def replacing(self, rule: Rule, by: Rule) -> _Steps:
        """See ``PythonEngine.replacing``."""
        steps = copy(self)
        steps.deriving = [deriving.replacing(rule, by) for deriving in self.deriving]
        steps.rest = self.rest.replacing(rule, by) if self.rest else None
        return steps


class _Deriving:
    """The rules of a stratum that derive facts: in one pass, or, if they are recursive, to a fixpoint."""

    def __init__(self, stratum: Stratum, kinds: dict[str, Kind]) -> None:
        growing = [r for r in stratum.deriving if any(grows(p, stratum.kinds) for p in r.patterns)]
        once = [r for r in stratum.deriving if r not in growing]
        self.kinds = stratum.kinds
        self.once = _Pass(_Runnable(rule, kinds) for rule in once) if once else None
        self.growing = [_Runnable(r, kinds) for r in growing]

    def replacing(self, rule: Rule, by: Rule) -> _Deriving:
        """See ``PythonEngine.replacing``."""
        deriving = copy(self)
        deriving.once = self.once.replacing(rule, by) if self.once else None
        deriving.growing = [each.replacing(rule, by) for each in self.growing]
        return deriving


class _Pass:
    """Rules that are run once, found by the kinds of the facts that they start from.

    A rule starts from the pattern that is least likely to match: a record holds few kinds, so most rules are never looked at.
    """

    def __init__(self, rules: Iterable[_Runnable]) -> None:
        self._rules = list(rules)
        self._always: list[_Runnable] = []
        self._of_facts: dict[str, _Starts] = {}
        self._of_findings: dict[str, _Starts] = {}
        for each in self._rules:
            start = start_of(each.rule, each.kinds)
            if start is None:
                self._always.append(each)
                continue
            of_kind = self._of_findings if start.over == "finding" else self._of_facts
            for kind in start.kinds:
                of_kind.setdefault(kind, _Starts()).add(each, start)

    def replacing(self, rule: Rule, by: Rule) -> _Pass:
        """See ``PythonEngine.replacing``."""
        return _Pass(each.replacing(rule, by) for each in self._rules)

    def run(self, memory: Memory, extents: _Extents) -> None:
        """Run every rule that could fire."""
        rules = dict.fromkeys(self._always)
        for of_kind, facts_by_kind in ((self._of_facts, memory.rows), (self._of_findings, memory.found)):
            for kind, facts in facts_by_kind.items():
                if kind in of_kind:
                    rules.update(dict.fromkeys(of_kind[kind].choose(facts, memory.rows)))
        for each in rules:
            each.generated.fire(memory, extents)


class _Starts:
    """The rules that start from facts of a kind. One function, written on first use, looks which of them could fire."""

    def __init__(self) -> None:
        self._rules: list[tuple[_Runnable, Pattern]] = []

    def add(self, rule: _Runnable, start: Pattern) -> None:
        """Take up a rule that starts from the facts of a pattern."""
        self._rules.append((rule, start))

    @cached_property
    def choose(self) -> Choose[_Runnable]:
        """The function: it gives those of the rules that could fire on some of the facts."""
        return generate_choice([(each, each.rule, start) for each, start in self._rules], self._rules[0][0].kinds)


def start_of(rule: Rule, kinds: dict[str, Kind]) -> Pattern | None:
    """The pattern that a rule starts from, the least likely to match; None where it has none but the outlook."""
    patterns = [pattern for pattern in rule.patterns if pattern.over != "outlook"]
    return min(patterns, key=lambda pattern: _commonness(pattern, kinds), default=None)


def _commonness(pattern: Pattern, kinds: dict[str, Kind]) -> tuple[bool, int, bool]:
    """How likely a pattern is to match, to sort by: an assumed setting is always there, several kinds are there more often than
    one, and a derived kind more often than one that records give."""
    of = [kinds[kind] for kind in pattern.kinds]
    return any(kind.assumed for kind in of), len(of), any(kind.role == "derived" for kind in of)
