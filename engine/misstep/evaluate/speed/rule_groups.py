"""Compile rules that start from the same facts into one function, so that one loop serves them all:

def fire(memory, anchors, rows, found, extents):
    add = memory.contributions.append
    t0 = rows[c0][0]                # t0: a fact that is always there, once: a setting, or the outlook
    if t0[2] == c1:                 # tests of it alone are judged before the loop
        for r0 in anchors:
            if r0[6] != c2:         # a test that several rules share is judged once
                if r0[6] == c3:
                    m = (t0, r0, )
                    add(new(Contribution, (r0, c4, 1500, c5, m)))
                for r1 in rows.get(c6, N):
                    ...

This is for speed only: ``generate`` of codegen.py compiles the same rules one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from misstep.evaluate.codegen import Bound, Writer, compiled
from misstep.evaluate.memory import Memory
from misstep.language.expression import (
    Compare,
    Constants,
    Expression,
    FieldRef,
    KnownFields,
    Literal,
    Lookup,
    known_where,
    refs_in,
)
from misstep.language.facts import Kind, Row
from misstep.language.program import OUTLOOK, Condition, Pattern, Rule, overlap

Anchors = Mapping[Rule, Pattern]
"""The pattern that each rule starts from; a rule without one is run once."""
ByKind = Mapping[str, Sequence[Row]]
FireGroup = Callable[[Memory, Sequence[Row], ByKind, ByKind, ByKind], None]
"""``fire(memory, anchors, rows, found, extents)``: facts to start from, facts and findings by kind, facts by pattern."""


class RuleGroup:
    """Rules that start from the same facts; their function is compiled when it is first called."""

    def __init__(self, rules: Sequence[Rule], anchors: Anchors, kinds: dict[str, Kind]) -> None:
        self.rules = rules
        self._anchors = anchors
        self._kinds = kinds
        self.fire: FireGroup = self._compile_and_fire

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of the facts that the rules start from."""
        return frozenset(kind for rule in self.rules if rule in self._anchors for kind in self._anchors[rule].kinds)

    def replacing(self, rule: Rule, by: Rule) -> list[RuleGroup]:
        """A group without one of the rules, and a group of another rule that starts from the same facts."""
        others = [each for each in self.rules if each is not rule]
        anchors = {by: self._anchors[rule]} if rule in self._anchors else {}
        return [RuleGroup(some, at, self._kinds) for some, at in ((others, self._anchors), ([by], anchors)) if some]

    def _compile_and_fire(self, memory: Memory, anchors: Sequence[Row], rows: ByKind, found: ByKind, extents: ByKind) -> None:
        self.fire = _generate(self.rules, self._anchors, self._kinds)
        self.fire(memory, anchors, rows, found, extents)


def _generate(rules: Sequence[Rule], anchors: Anchors, kinds: dict[str, Kind]) -> FireGroup:
    writer = _GroupWriter(kinds, {kind for rule in rules if rule in anchors for kind in anchors[rule].kinds})
    inside: list[_Candidate] = []
    for rule in rules:
        anchor = anchors.get(rule)
        if anchor is None or any(a.needs <= writer.given(rule, anchor).keys() for a in rule.aggregates):
            writer.anchor = anchor  # an aggregate over the whole record is worked out before the loop, not inside
            writer.block(rule, 1, writer.given(rule, anchor))
        else:
            inside.append(writer.candidate(rule, anchor))
    writer.anchor = None
    if len(writer.of_anchors) > 1:
        writer.before_the_loop(inside, 1, frozenset())
    elif inside:
        writer.loop(inside, 1, frozenset())
    source = writer.function("memory, anchors, rows, found, extents")
    fire: FireGroup = compiled(source, f"<rules from {rules[0].id} on>", writer.constants)
    return fire


class _Test(NamedTuple):
    """A condition as source. ``outside``: it does not speak of the anchor. ``needs``: fields that must be known before it
    can be judged; ``gives``: those that are known where it holds; both by variable. ``implied``: another one says more."""

    source: str
    outside: bool
    needs: KnownFields = frozenset()
    gives: KnownFields = frozenset()
    implied: bool = False


class _Candidate(NamedTuple):
    """A rule on its way into a function, with the tests that are left to judge, in their order."""

    rule: Rule
    given: Bound
    tests: list[_Test]
    judged: list[Condition]

    def has(self, shared: _Test) -> bool:
        """Whether this is one of its tests."""
        return any(test.source == shared.source for test in self.tests)

    def after(self, shared: _Test) -> _Candidate:
        """The same, once that test holds."""
        return self._replace(tests=[test for test in self.tests if test.source != shared.source])


def _most_shared(candidates: list[_Candidate], certain: KnownFields, least: int, outside: bool = False) -> _Test | None:
    """The test of most rules among those that can be judged now; None where fewer than ``least`` share any."""
    tests: dict[str, _Test] = {}
    counts: Counter[str] = Counter()
    for candidate in candidates:
        for source, test in {test.source: test for test in candidate.tests}.items():
            if test.needs <= certain and (test.outside or not outside):
                tests.setdefault(source, test)
                counts[source] += 1
    if not counts:
        return None
    source, count = counts.most_common(1)[0]
    return tests[source] if count >= least else None


class _GroupWriter(Writer):
    """Rules that start from the same facts; they look the others up themselves.

    A test that several of them share is judged once: see ``_inside``.
    """

    def __init__(self, kinds: dict[str, Kind], of_anchors: set[str]) -> None:
        super().__init__(kinds)
        self.of_anchors = of_anchors
        self.anchor: Pattern | None = None

    def candidate(self, rule: Rule, anchor: Pattern) -> _Candidate:
        """A rule with the tests that can be judged as soon as a fact of its anchor is at hand."""
        given = {**self.given(rule, anchor), anchor.name: (anchor, "r0")}
        self.bind(given)
        unknown = {(p.name, f.name) for p, _ in given.values() for f in p.fields if f.unknown}
        tests: list[_Test] = []
        if guard := self.guard(anchor, "r0"):
            tests.append(_Test(guard, False))
        conditions = [c for c in rule.conditions if c.needs <= given.keys()]
        for condition in conditions:
            outside = anchor.name not in condition.needs
            local = {name: variable for name, (_, variable) in given.items()}
            needs, gives = (
                frozenset((local[name], field) for name, field in facts)
                for facts in (refs_in(condition.test) & unknown, known_where(condition.test, True))
            )
            if implied := self._unusual(condition.test, anchor):
                tests.append(_Test(implied, outside, implied=True))
            tests.append(_Test(self.expression(condition.test), outside, needs, gives))
        return _Candidate(rule, given, tests, conditions)

    def _unusual(self, test: Expression, anchor: Pattern) -> str:
        """A cheap test ``field != default`` that a test implies, if the default cannot satisfy it.

        Records leave most fields out, so one such test, which many rules share, rules them all out.
        """
        match test:
            case Compare(("==",), (FieldRef() as ref, Literal(value)) | (Literal(value), FieldRef() as ref)):
                values: tuple[object, ...] = (value,)
            case Lookup(FieldRef() as ref, Constants(words), False):
                values = words
            case _:
                return ""
        field = next((f for f in anchor.fields if f.name == ref.field and anchor.name == ref.name), None)
        if field is None or field.required or field.unknown or field.type != "enum" or field.default in values:
            return ""
        return f"{self.expression(ref)} != {self.constant(field.default)}"

    def before_the_loop(self, candidates: list[_Candidate], indent: int, certain: KnownFields) -> None:
        """Write rules whose tests of what is always there come before a loop over the anchors."""
        while shared := _most_shared(candidates, certain, least=1, outside=True):
            self.lines.append(f"{'    ' * indent}if {shared.source}:")
            chosen = [c for c in candidates if c.has(shared)]
            candidates = [c for c in candidates if not c.has(shared)]
            self.before_the_loop([c.after(shared) for c in chosen], indent + 1, certain | shared.gives)
        if candidates:
            self.loop(candidates, indent, certain)

    def loop(self, candidates: list[_Candidate], indent: int, certain: KnownFields) -> None:
        """Write rules into one loop over the anchors."""
        self.lines.append(f"{'    ' * indent}for r0 in anchors:")
        self._inside(candidates, indent + 1, certain)

    def _inside(self, candidates: list[_Candidate], indent: int, certain: KnownFields) -> None:
        while shared := _most_shared(candidates, certain, least=2):
            self.lines.append(f"{'    ' * indent}if {shared.source}:")
            chosen = [c for c in candidates if c.has(shared)]
            candidates = [c for c in candidates if not c.has(shared)]
            self._inside([c.after(shared) for c in chosen], indent + 1, certain | shared.gives)
        for rule, given, tests, judged in candidates:
            left = [test.source for test in tests if not test.implied]
            if left:
                self.lines.append(f"{'    ' * indent}if {' and '.join(left)}:")
            self.block(rule, indent + bool(left), given, judged)

    def guard(self, pattern: Pattern, local: str) -> str:
        """A test that separates the facts of a pattern from other anchors; empty if none is needed."""
        if self.of_anchors.issubset(pattern.kinds):
            return ""
        return f"{local}{'[0]' if pattern.over == 'finding' else ''}[1] in {self.constant(frozenset(pattern.kinds))}"

    def source(self, pattern: Pattern) -> str:
        if pattern is self.anchor:
            guard = self.guard(pattern, "x")
            return f"[x for x in anchors if {guard}]" if guard else "anchors"
        if pattern.over == "fact" and len(pattern.kinds) == 1:
            return f"rows.get({self.constant(pattern.kinds[0])}, N)"
        if pattern.over == "finding" and len(pattern.kinds) == 1:
            return f"found.get({self.constant(pattern.kinds[0])}, N)"
        return f"extents[{self.constant(pattern.key)}]"

    def given(self, rule: Rule, anchor: Pattern | None) -> dict[str, tuple[Pattern, str]]:
        """The patterns of a rule for which there is always one fact: assumed settings and the outlook."""
        given: dict[str, tuple[Pattern, str]] = {}
        for pattern in rule.patterns:
            kind = OUTLOOK if pattern.over == "outlook" else pattern.kinds[0]
            always = pattern.over == "outlook" or (len(pattern.kinds) == 1 and self.kinds[kind].assumed)
            if always and pattern is not anchor and not any(overlap(pattern, p) for p in rule.patterns if p is not pattern):
                name = f"t{list(self.kinds).index(kind) if kind in self.kinds else ''}"
                self.head[name] = f"rows[{self.constant(kind)}][0]"
                given[pattern.name] = (pattern, name)
        return given
