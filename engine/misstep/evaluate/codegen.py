"""Rules in; the source of Python functions out, and the constants that they use.

Source is put together from fixed pieces, numbers and names made here. Text of a rule never becomes source: it is
bound as a constant, ``c0``, ``c1`` and so on.

Rules that start from the same facts share a function, so that one loop serves them all:

    def fire(memory, anchors, rows, found, extents):
        add = memory.add
        t0 = rows[c0][0]                # t0: a fact that is always there, once: a setting, or the outlook
        for r0 in anchors:              # r0, r1: rows of facts; v0: values of aggregates
            if r0[3] >= 5:
                m = (r0, )
                add((r0, c1, 1500, c2, m))
            for r1 in rows.get(c3, N):
                ...

A rule alone has a function that is told the facts of each of its patterns: ``fire(memory, sources)``.
"""

from __future__ import annotations

import linecache
import weakref
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from misstep.evaluate.choices import asked_of
from misstep.evaluate.emit import RUNTIME, ExpressionWriter, thousandths
from misstep.model.expression import (
    Compare,
    Expression,
    Facts,
    FieldRef,
    IfElse,
    Literal,
    known_where,
    names_in,
    refs_in,
)
from misstep.model.facts import Field, Kind
from misstep.model.rule import (
    OUTLOOK,
    Aggregate,
    Condition,
    Contribute,
    Derive,
    LimitOutlook,
    Negation,
    Note,
    Pattern,
    Recommend,
    Rule,
    Veto,
    overlap,
)

Fire = Callable[[Any, Mapping[str, Any]], None]
"""``fire(memory, sources)``: the facts of each pattern by its key."""
FireTogether = Callable[[Any, Any, Any, Any, Any], None]
"""``fire(memory, anchors, rows, found, extents)``: facts to start from, facts and findings by kind, facts by pattern."""

AGAIN = "#"  # behind the key of a pattern that ranges over the same facts as one before it
INDEX_FROM = 8  # for fewer facts a loop costs less than an index to build


@dataclass(frozen=True)
class Generated:
    """The function of a rule, its source, and its patterns by the key under which it looks their facts up."""

    fire: Fire
    source: str
    patterns: dict[str, Pattern]


def generate(rule: Rule, kinds: dict[str, Kind]) -> Generated:
    """Write and compile the function of a rule by itself."""
    writer = _Alone(kinds)
    writer.block(rule, 1, {})
    source = writer.function("memory, sources")
    return Generated(_compiled(source, f"<rule {rule.id}>", writer.constants), source, writer.keys)


def generate_together(rules: Sequence[Rule], anchors: Mapping[Rule, Pattern], kinds: dict[str, Kind]) -> FireTogether:
    """Write and compile the function of rules that start from the same facts: ``anchors`` says by which pattern of each;
    a rule without one is run once."""
    writer = _Together(kinds, {kind for rule in rules if rule in anchors for kind in anchors[rule].kinds})
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
    fire: FireTogether = _compiled(source, f"<rules from {rules[0].id} on>", writer.constants)
    return fire


def _compiled(source: str, filename: str, constants: Mapping[str, Any]) -> Any:
    namespace: dict[str, Any] = {**RUNTIME, **constants, "N": ()}
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - names and numbers made here, see above
    fire = namespace["fire"]
    lines = (len(source), None, source.splitlines(keepends=True), filename)
    linecache.cache[filename] = lines
    weakref.finalize(fire, _forget, filename, lines).atexit = False  # else every rule base that is loaded would leave its source
    return fire


def _forget(filename: str, lines: object) -> None:
    """Let the source of a function go with it, unless another rule base has written a function of that name since."""
    if linecache.cache.get(filename) is lines:
        linecache.cache.pop(filename, None)


_Bound = Mapping[str, tuple[Pattern, str]]
"""Patterns whose facts are at hand, with the variable of each, by the name that the rule gives them."""


class _Writer(ExpressionWriter):
    """Writes rules into the body of a function, line by line, from the outermost loop in."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        super().__init__(kinds)
        self.head: dict[str, str] = {}  # variables that are set first of all
        self.lines: list[str] = []
        self.bound: list[Pattern] = []
        self.loops = 0
        self.rule = ""

    def source(self, pattern: Pattern) -> str:
        """The expression for the facts that a pattern ranges over."""
        raise NotImplementedError

    def function(self, arguments: str) -> str:
        """The whole function."""
        head = [f"    {name} = {value}" for name, value in self.head.items()]
        return "\n".join([f"def fire({arguments}):", *head, *self.lines]) + "\n"

    def bind(self, given: _Bound) -> None:
        """Take up a rule with the facts that are at hand."""
        self.locals = {name: local for name, (_, local) in given.items()}
        self.patterns = {name: pattern for name, (pattern, _) in given.items()}
        self.bound = list(self.patterns.values())

    def block(self, rule: Rule, indent: int, given: _Bound, judged: Container[Condition] = ()) -> None:
        """Write all that a rule does, at an indentation, where the facts of some of its patterns are at hand and some of
        its conditions have been judged."""
        self.rule = self.constant(rule)
        self.bind(given)
        self.loops = indent - 1
        conditions = [c for c in rule.conditions if c not in judged]
        steps: list[Condition | Negation | Aggregate] = [*conditions, *rule.aggregates, *rule.unless]
        bound = set(given)
        indent = self._ready(steps, bound, indent)
        for pattern in _join_order(rule, bound):
            indent = self._loop(pattern, steps, bound, indent)
            indent = self._ready(steps, bound, indent)
        pad = "    " * indent
        self.lines.append(f"{pad}m = ({''.join(f'{self.locals[b.name]}, ' for b in rule.binders)})")
        self.lines += [pad + self._effect(i, effect) for i, effect in enumerate(rule.effects)]

    # -- matching

    def _loop(self, pattern: Pattern, steps: Iterable[Condition | Negation | Aggregate], bound: set[str], indent: int) -> int:
        local = f"r{len(self.bound)}"
        self.locals[pattern.name] = local
        self.patterns[pattern.name] = pattern
        pad = "    " * indent
        source = self.source(pattern)
        if self.loops and not self._once(pattern):
            tests = [s.test for s in steps if isinstance(s, Condition)]
            source = self._counted(pattern, source, tests, bound, pad)
        self.lines.append(f"{pad}for {local} in {source}:")
        self.loops += 1
        indent += 1
        others = [self.locals[other.name] for other in self.bound if overlap(other, pattern)]
        if others:
            self.lines.append(f"{'    ' * indent}if {' and '.join(f'{local} is not {other}' for other in others)}:")
            indent += 1
        self.bound.append(pattern)
        bound.add(pattern.name)
        return indent

    def _once(self, pattern: Pattern) -> bool:
        """Whether there is at most one fact for a pattern: equal ones that rules conclude are one."""
        if pattern.over != "fact" or len(pattern.kinds) > 1:
            return pattern.over == "outlook"
        kind = self.kinds[pattern.kinds[0]]
        return kind.role == "setting" or (kind.role == "derived" and not kind.fields)

    def _counted(self, pattern: Pattern, source: str, tests: Iterable[Expression], bound: set[str], pad: str) -> str:
        """The facts to look at inside a loop, by an index where that pays; how many is counted against the budget."""
        place = f"s{len(self.bound)}"
        self.lines.append(f"{pad}{place} = {source}")
        join = self._equality(pattern, tests, bound)
        if join is not None:
            column, value = join
            self.lines.append(f"{pad}if len({place}) >= {INDEX_FROM}: {place} = memory.lookup({place}, {column}, {value})")
        self.lines.append(f"{pad}if {place}: memory.spend(len({place}), {self.rule})")
        return place

    def _equality(self, pattern: Pattern, tests: Iterable[Expression], bound: set[str]) -> tuple[int, str] | None:
        """A condition ``own.field == something bound``: the column to index, and the value to look up."""
        if pattern.over != "fact":
            return None
        for test in tests:
            match test:
                case Compare(("==",), (left, right)):
                    for own, other in ((left, right), (right, left)):
                        # fields only: of an unknown one any value may be looked up, but not computed with
                        if (
                            isinstance(own, FieldRef)
                            and isinstance(other, FieldRef)
                            and own.name == pattern.name
                            and own.field != "concern"
                            and other.name in bound
                        ):
                            return self.column(pattern, own.field), self.expression(other)
        return None

    def _ready(self, steps: list[Condition | Negation | Aggregate], bound: set[str], indent: int) -> int:
        """Write every step whose names are all bound; an aggregate binds one more."""
        while ready := [step for step in steps if step.needs <= bound]:
            steps[:] = [step for step in steps if step not in ready]
            tests = [self.expression(step.test) for step in ready if isinstance(step, Condition)]
            if tests:
                self.lines.append(f"{'    ' * indent}if {' and '.join(tests)}:")
                indent += 1
            for step in ready:
                if isinstance(step, Condition):
                    continue
                if isinstance(step, Negation):
                    indent = self._negation(step, bound, indent)
                else:
                    indent = self._aggregate(step, bound, indent)
                    bound.add(step.name)
        return indent

    def _inner(self, step: Aggregate | Negation, bound: set[str], pad: str) -> tuple[str, list[str]]:
        """The facts that a negation or aggregate looks at, and the conditions that are left to judge on each.

        Inside a loop they are filtered once, by the conditions that speak of nothing else.
        """
        own = step.pattern
        source = self.source(own)
        self.locals[own.name] = "x"
        self.patterns[own.name] = own
        alone = _alone(step)
        outer = [c for c in step.conditions if c not in alone]
        filters = [f"({self.expression(c)})" for c in alone]
        tests = [f"x is not {self.locals[p.name]}" for p in self.bound if overlap(p, own)]
        tests += [f"({self.expression(c)})" for c in outer]
        if not self.loops:
            return source, filters + tests
        if filters:
            name = f"f{len(self.head)}"
            self.head[name] = "None"
            self.lines.append(f"{pad}if {name} is None: {name} = [x for x in {source} if {' and '.join(filters)}]")
            source = name
        if tests:
            source = self._counted(own, source, outer, bound, pad)
        return source, tests

    def _negation(self, step: Negation, bound: set[str], indent: int) -> int:
        pad = "    " * indent
        source, tests = self._inner(step, bound, pad)
        if not tests:
            self.lines.append(f"{pad}if not {source}:")
            return indent + 1
        self.lines += [
            f"{pad}for x in {source}:",
            f"{pad}    if {' and '.join(tests)}: break",
            f"{pad}else:",
        ]
        return indent + 1

    def _aggregate(self, step: Aggregate, bound: set[str], indent: int) -> int:
        pad = "    " * indent
        source, tests = self._inner(step, bound, pad)
        local = f"v{sum(name.startswith('v') for name in self.locals.values())}"
        chosen = f" if {' and '.join(tests)}" if tests else ""
        value = "1" if step.value is None else self.expression(step.value)
        self.locals[step.name] = local
        if step.function == "count":
            count = f"sum([1 for x in {source}{chosen}])" if tests else f"len({source})"
            self.lines.append(f"{pad}{local} = {count}")
            return indent
        if step.function == "sum":
            total = "sum" if step.whole else "fsum"  # fsum is exact, so the order of the facts does not show
            self.lines.append(f"{pad}{local} = {total}([{value} for x in {source}{chosen}])")
            return indent
        self.lines += [
            f"{pad}{local} = {step.function}([{value} for x in {source}{chosen}], default=None)",
            f"{pad}if {local} is not None:",
        ]
        return indent + 1

    # -- effects

    def _effect(self, i: int, effect: Any) -> str:
        match effect:
            case Contribute(dimension, target, amount):
                self.head["add"] = "memory.add"
                row = self._fact(target) if target else "None"
                size = self.expression(amount) if dimension == "verdict" else self._thousandths(amount)
                return f"add(({row}, {self.constant(dimension)}, {size}, {self.rule}, m))"
            case Derive(kind, values):
                fields = self.kinds[kind].fields
                parts = ", ".join(self._derived(v, f) for v, f in zip(values, fields, strict=True))
                return f"memory.derive((None, {self.constant(kind)}, {parts}), {self.rule}, m)"
            case Recommend(action, targets, relief, due):
                rows = "".join(f"{self._fact(t)}, " for t in targets)
                size = "None" if relief is None else self._thousandths(relief)
                hours = "None" if due is None else f"float({self.expression(due)})"
                return f"memory.recommend(({self.constant(action)}, ({rows}), {size}, {hours}, {self.rule}, m))"
            case Veto(action, targets):
                rows = "".join(f"{self._fact(t)}, " for t in targets)
                return f"memory.veto(({self.constant(action)}, ({rows}), {self.rule}, m))"
            case Note():
                return f"memory.note(({i}, {self.rule}, m))"
            case LimitOutlook():
                return f"memory.outlook(({i}, {self.rule}, m))"
            case _:
                raise AssertionError(effect)

    def _fact(self, name: str) -> str:
        """The row of the mistake behind a name."""
        return self.locals[name] + ("[0]" if self.patterns[name].over == "finding" else "")

    def _thousandths(self, amount: Expression) -> str:
        if isinstance(amount, IfElse):  # of amounts that are written out, rounded here and not each time
            then, test, other = (
                self._thousandths(amount.then),
                self.expression(amount.condition),
                self._thousandths(amount.otherwise),
            )
            return f"({then} if {test} else {other})"
        if isinstance(amount, Literal) and not isinstance(amount.value, str):
            return repr(thousandths(amount.value))
        return f"thousandths({self.expression(amount)})"

    def _derived(self, value: Expression | None, field: Field) -> str:
        if value is None:
            return "None"
        text = self.expression(value)
        if field.type not in ("integer", "number"):
            return text
        if not isinstance(value, (FieldRef, Literal)):
            text = f"within({text})"
        if field.type == "number":
            if isinstance(value, FieldRef):
                return f"{text} if {text} is None else float({text})"
            return f"float({text}) + 0.0"  # -0.0 and 0.0 are equal, so they must not look different
        return text


class _Alone(_Writer):
    """A rule by itself, told the facts of its patterns. Each pattern has a key of its own."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        super().__init__(kinds)
        self.keys: dict[str, Pattern] = {}

    def source(self, pattern: Pattern) -> str:
        key = pattern.key
        while key in self.keys:
            key += AGAIN
        self.keys[key] = pattern
        return f"sources[{self.constant(key)}]"


class _Test(NamedTuple):
    """A condition as source. ``outside``: it does not speak of the anchor. ``needs``: fields that must be known before it
    can be judged; ``gives``: those that are known where it holds; both by variable. ``implied``: another one says more."""

    source: str
    outside: bool
    needs: Facts = frozenset()
    gives: Facts = frozenset()
    implied: bool = False


class _Candidate(NamedTuple):
    """A rule on its way into a function, with the tests that are left to judge, in their order."""

    rule: Rule
    given: _Bound
    tests: list[_Test]
    judged: list[Condition]

    def has(self, shared: _Test) -> bool:
        """Whether this is one of its tests."""
        return any(test.source == shared.source for test in self.tests)

    def after(self, shared: _Test) -> _Candidate:
        """The same, once that test holds."""
        return self._replace(tests=[test for test in self.tests if test.source != shared.source])


def _most_shared(candidates: list[_Candidate], certain: Facts, least: int, outside: bool = False) -> _Test | None:
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


class _Together(_Writer):
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
        """What a test asks for at least, where a field that nobody speaks of does not meet it: that it was spoken of.

        Most fields of a fact are left out, so what many rules ask for is ruled out by one look.
        """
        ref, values, bound = asked_of(test)
        if ref is None or ref.name != anchor.name or bound:
            return ""
        field = next((f for f in anchor.fields if f.name == ref.field), None)
        if field is None or field.required or field.unknown or field.type != "enum" or field.default in values:
            return ""
        return f"{self.expression(ref)} != {self.constant(field.default)}"

    def before_the_loop(self, candidates: list[_Candidate], indent: int, certain: Facts) -> None:
        """Write rules whose tests of what is always there come before a loop over the anchors."""
        while shared := _most_shared(candidates, certain, least=1, outside=True):
            self.lines.append(f"{'    ' * indent}if {shared.source}:")
            chosen = [c for c in candidates if c.has(shared)]
            candidates = [c for c in candidates if not c.has(shared)]
            self.before_the_loop([c.after(shared) for c in chosen], indent + 1, certain | shared.gives)
        if candidates:
            self.loop(candidates, indent, certain)

    def loop(self, candidates: list[_Candidate], indent: int, certain: Facts) -> None:
        """Write rules into one loop over the anchors."""
        self.lines.append(f"{'    ' * indent}for r0 in anchors:")
        self._inside(candidates, indent + 1, certain)

    def _inside(self, candidates: list[_Candidate], indent: int, certain: Facts) -> None:
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
        """What tells the facts of a pattern from others among the anchors, if anything has to."""
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


def _alone(step: Aggregate | Negation) -> list[Expression]:
    """The conditions of an aggregate or negation that can be judged before anything else is bound.

    They speak of the own fact only, and of its fields that may be unknown only where one of them says that they are known.
    """
    own = step.pattern
    unknown = {(own.name, f.name) for f in own.fields if f.unknown}
    alone: list[Expression] = []
    certain: Facts = frozenset()
    for condition in step.conditions:
        if names_in(condition) <= {own.name} and refs_in(condition) & unknown <= certain:
            alone.append(condition)
            certain |= known_where(condition, True)
    return alone


def _join_order(rule: Rule, bound: set[str]) -> list[Pattern]:
    """The patterns that are not bound yet in the order of their loops: one kind before many, and next what an equality
    joins to what is bound."""
    tests = [c.test for c in rule.conditions if isinstance(c.test, Compare) and c.test.operators == ("==",)]
    left = [p for p in rule.patterns if p.name not in bound]
    names = set(bound)
    order: list[Pattern] = []
    while left:

        def rank(pattern: Pattern) -> tuple[bool, int]:
            joined = any(pattern.name in names_in(t) and names_in(t) & names for t in tests)
            return (bool(names) and not joined, len(pattern.kinds))

        best = min(left, key=rank)
        order.append(best)
        names.add(best.name)
        left.remove(best)
    return order
