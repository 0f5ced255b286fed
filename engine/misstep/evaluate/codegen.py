"""Rules in; the source of Python functions out, and the constants that they use.

Source is put together from fixed pieces, numbers and names made here. Text of a rule never becomes source: it is
bound as a constant, ``c0``, ``c1`` and so on.

The function of a rule is given the facts of each of its patterns:

    def fire(memory, sources):
        add = memory.contributions.append
        for r0 in sources[c0]:          # r0, r1: rows of facts; v0: values of aggregates
            if r0[3] >= 5:
                m = (r0, )
                add(new(Contribution, (r0, c1, 1500, c2, m)))
"""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from misstep.evaluate.emit import RUNTIME, ExpressionWriter, column_of
from misstep.evaluate.memory import Memory
from misstep.language.effects import Contribute, Derive, Effect, LimitOutlook, Note, Recommend, Veto
from misstep.language.expression import (
    Compare,
    Expression,
    FieldRef,
    IfElse,
    KnownFields,
    Literal,
    known_where,
    names_in,
    refs_in,
)
from misstep.language.facts import TRAITS, Field, Kind, Row
from misstep.language.finding import FINDING_FIELDS
from misstep.language.numbers import thousandths
from misstep.language.program import Aggregate, Condition, Existence, Pattern, Rule, overlap

Fire = Callable[[Memory, Mapping[str, list[Row]]], None]
"""``fire(memory, sources)``: the facts of each pattern by its key."""

T = TypeVar("T")
Choose = Callable[[Sequence[Row], Mapping[str, Sequence[Row]]], list[T]]
"""``choose(facts, rows)``: those of some rules that could fire on some facts; ``rows``: all facts, by kind."""

DUPLICATE_SUFFIX = "#"  # behind the key of a pattern that ranges over the same facts as one before it
INDEX_FROM = 8  # for fewer facts a loop costs less than an index to build


@dataclass(frozen=True)
class Generated:
    """The function of a rule, its source, and its patterns by the key under which it looks their facts up."""

    fire: Fire
    source: str
    patterns: dict[str, Pattern]


def generate(rule: Rule, kinds: dict[str, Kind]) -> Generated:
    """Write and compile the function of a rule."""
    writer = _RuleWriter(kinds)
    source = writer.write(rule)
    return Generated(compiled(source, f"<rule {rule.id}>", writer.constants), source, writer.keys)


def generate_choice(rules: Sequence[tuple[T, Rule, Pattern]], kinds: dict[str, Kind]) -> Choose[T]:
    """Write and compile a function that chooses from rules which start from facts of one kind: those of which some fact meets all
    conditions that speak of nothing but that fact and of settings that are always there, and whose other kinds are there too.
    Each rule has a value that stands for it and the pattern that it starts from."""
    writer = ExpressionWriter(kinds)
    lines = ["def fire(facts, rows):", "    found = []", "    for r0 in facts:"]
    for value, rule, start in rules:
        others = [
            pattern for pattern in rule.patterns if pattern is not start and pattern.over == "fact" and len(pattern.kinds) == 1
        ]
        always = [pattern for pattern in others if kinds[pattern.kinds[0]].assumed and not _shares(pattern, rule)]
        writer.patterns = {pattern.name: pattern for pattern in (start, *always)}
        writer.locals = {pattern.name: f"rows[{writer.constant(pattern.kinds[0])}][0]" for pattern in always}
        writer.locals[start.name] = "r0"
        tests = [f"{writer.constant(pattern.kinds[0])} in rows" for pattern in others if pattern not in always]
        tests += [writer.expression(c.test) for c in rule.conditions if c.needs <= writer.patterns.keys()]
        lines.append(f"        if {' and '.join(tests) or True}: found.append({writer.constant(value)})")
    source = "\n".join([*lines, "    return found"]) + "\n"
    choose: Choose[T] = compiled(source, f"<rules from {rules[0][1].id} on>", writer.constants)
    return choose


def _shares(pattern: Pattern, rule: Rule) -> bool:
    """Whether another pattern of the rule could take the fact of this one."""
    return any(overlap(pattern, other) for other in rule.patterns if other is not pattern)


def compiled(source: str, filename: str, constants: Mapping[str, object]) -> Any:
    """The function ``fire`` of a source written here; tracebacks show its lines for as long as it lives."""
    namespace: dict[str, Any] = {**RUNTIME, **constants}
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - names and numbers made here, see above
    fire = namespace["fire"]
    lines = (len(source), None, source.splitlines(keepends=True), filename)
    linecache.cache[filename] = lines
    weakref.finalize(fire, _forget, filename, lines).atexit = False  # otherwise the source of every rule base would stay
    return fire


def _forget(filename: str, lines: object) -> None:
    """Drop the source of a function, unless another rule base has written a function of that name since."""
    if linecache.cache.get(filename) is lines:
        linecache.cache.pop(filename, None)


class _RuleWriter(ExpressionWriter):
    """Writes a rule as the body of a function, line by line, from the outermost loop in."""

    def __init__(self, kinds: dict[str, Kind]) -> None:
        super().__init__(kinds)
        self.head: dict[str, str] = {}  # variables that are set first of all
        self.lines: list[str] = []
        self.bound: list[Pattern] = []
        self.keys: dict[str, Pattern] = {}  # the patterns, each by a key of its own
        self.loops = 0
        self.rule = ""

    def write(self, rule: Rule) -> str:
        """The whole function."""
        self.rule = self.constant(rule)
        steps: list[Condition | Existence | Aggregate] = [*rule.conditions, *rule.aggregates, *rule.existences]
        bound: set[str] = set()
        indent = self._ready(steps, bound, 1)
        for pattern in join_order(rule, set()):
            indent = self._loop(pattern, steps, bound, indent)
            indent = self._ready(steps, bound, indent)
        pad = "    " * indent
        self.lines.append(f"{pad}m = ({''.join(f'{self.locals[b.name]}, ' for b in rule.binders)})")
        self.lines += [pad + self._effect(i, effect) for i, effect in enumerate(rule.effects)]
        head = [f"    {name} = {value}" for name, value in self.head.items()]
        return "\n".join(["def fire(memory, sources):", *head, *self.lines]) + "\n"

    def _source(self, pattern: Pattern) -> str:
        """The expression for the facts that a pattern ranges over."""
        key = pattern.key
        while key in self.keys:
            key += DUPLICATE_SUFFIX
        self.keys[key] = pattern
        return f"sources[{self.constant(key)}]"

    # -- matching

    def _loop(self, pattern: Pattern, steps: Iterable[Condition | Existence | Aggregate], bound: set[str], indent: int) -> int:
        local = f"r{len(self.bound)}"
        self.locals[pattern.name] = local
        self.patterns[pattern.name] = pattern
        pad = "    " * indent
        source = self._source(pattern)
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
        return kind.role == "setting" or (kind.role == "derived" and not kind.fields and not kind.each)

    def _counted(self, pattern: Pattern, source: str, tests: Iterable[Expression], bound: set[str], pad: str) -> str:
        """The facts to look at inside a loop, by an index where that pays; how many is counted against the budget."""
        place = f"s{len(self.bound)}"
        self.lines.append(f"{pad}{place} = {source}")
        join = self._equality(pattern, tests, bound)
        if join is not None:
            column, value = join
            findings = ", True" if pattern.over == "finding" else ""
            self.lines.append(
                f"{pad}if len({place}) >= {INDEX_FROM}: {place} = memory.lookup({place}, {column}, {value}{findings})"
            )
        self.lines.append(f"{pad}if {place}: memory.spend(len({place}), {self.rule})")
        return place

    def _equality(self, pattern: Pattern, tests: Iterable[Expression], bound: set[str]) -> tuple[int, str] | None:
        """A condition ``own.field == something bound``: the column of the fact, or of the mistake of a finding, to index, and the
        value to look up."""
        if pattern.over == "outlook":
            return None
        scored = (*FINDING_FIELDS, *TRAITS) if pattern.over == "finding" else TRAITS
        for test in tests:
            match test:
                case Compare(("==",), (left, right)):
                    for own, other in ((left, right), (right, left)):
                        # fields only: of an unknown one any value may be looked up, but not computed with
                        if (
                            isinstance(own, FieldRef)
                            and isinstance(other, FieldRef)
                            and own.name == pattern.name
                            and own.field not in scored
                            and other.name in bound
                        ):
                            return column_of(pattern, own.field), self.expression(other)
        return None

    def _ready(self, steps: list[Condition | Existence | Aggregate], bound: set[str], indent: int) -> int:
        """Write every step whose names are all bound; an aggregate binds its own, and those of its keys."""
        while ready := [step for step in steps if step.needs <= bound]:
            steps[:] = [step for step in steps if step not in ready]
            tests = [self.expression(step.test) for step in ready if isinstance(step, Condition)]
            if tests:
                self.lines.append(f"{'    ' * indent}if {' and '.join(tests)}:")
                indent += 1
            for step in ready:
                if isinstance(step, Condition):
                    continue
                if isinstance(step, Existence):
                    indent = self._existence(step, bound, indent)
                else:
                    indent = self._aggregate(step, bound, indent)
                    bound.update((step.name, *(key.name for key in step.keys)))
        return indent

    def _inner(self, step: Aggregate | Existence, bound: set[str], pad: str) -> tuple[str, list[str]]:
        """The facts that a negation or aggregate looks at, and the conditions that are left to judge on each.

        Inside a loop they are filtered once, by the conditions that speak of nothing else.
        """
        own = step.pattern
        source = self._source(own)
        self.locals[own.name] = "x"
        self.patterns[own.name] = own
        alone = _alone(step)
        outer = [c for c in step.conditions if c not in alone]
        filters = [f"({self.expression(c)})" for c in alone]
        others = () if isinstance(step, Existence) and step.taken else self.bound
        tests = [f"x is not {self.locals[p.name]}" for p in others if overlap(p, own)]
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

    def _existence(self, step: Existence, bound: set[str], indent: int) -> int:
        pad = "    " * indent
        source, tests = self._inner(step, bound, pad)
        if not tests:
            self.lines.append(f"{pad}if {'not ' if step.negated else ''}{source}:")
            return indent + 1
        if not step.negated:
            self.lines.append(f"{pad}if [1 for x in {source} if {' and '.join(tests)}]:")
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
        value = "1" if step.value is None else self.expression(step.value)
        if step.keys:
            return self._groups(step, source, tests, value, indent)
        chosen = f" if {' and '.join(tests)}" if tests else ""
        local = self._value(step.name)
        if step.function == "count":
            count = f"sum([1 for x in {source}{chosen}])" if tests else f"len({source})"
            self.lines.append(f"{pad}{local} = {count}")
            return indent
        if step.function == "sum":
            run = "sum" if step.whole else "total"
            self.lines.append(f"{pad}{local} = {run}([{value} for x in {source}{chosen}])")
            return indent
        if step.function == "distinct":
            self.lines.append(f"{pad}{local} = distinct([{value} for x in {source}{chosen}])")
            return indent
        nothing = "" if step.function == "average" else ", default=None"
        self.lines += [
            f"{pad}{local} = {step.function}([{value} for x in {source}{chosen}]{nothing})",
            f"{pad}if {local} is not None:",
        ]
        return indent + 1

    def _value(self, name: str) -> str:
        """A new variable for a value that the rule gives a name."""
        local = f"v{sum(name.startswith('v') for name in self.locals.values())}"
        self.locals[name] = local
        return local

    def _groups(self, step: Aggregate, source: str, tests: list[str], value: str, indent: int) -> int:
        """Take the facts apart by their keys, and loop over the keys in their order: that of the facts does not show."""
        pad = "    " * indent
        groups = f"g{self.loops}"
        key = "".join(f"{self.expression(key.value)}, " for key in step.keys)
        self.lines += [f"{pad}{groups} = {{}}", f"{pad}for x in {source}:"]
        if tests:
            self.lines.append(f"{pad}    if {' and '.join(tests)}:")
        self.lines.append(f"{pad}    {'    ' if tests else ''}{groups}.setdefault(({key}), []).append({value})")
        keys = "".join(f"{self._value(key.name)}, " for key in step.keys)
        run = {"count": "len", "distinct": "distinct", "sum": "sum" if step.whole else "total"}.get(step.function, step.function)
        self.lines += [
            f"{pad}for {keys}in sorted({groups}):",
            f"{pad}    {self._value(step.name)} = {run}({groups}[{keys}])",
        ]
        self.loops += 1
        return indent + 1

    # -- effects

    def _effect(self, i: int, effect: Effect) -> str:
        match effect:
            case Contribute(dimension, target, amount):
                self.head["add"] = "memory.contributions.append"
                row = self._fact(target) if target else "None"
                size = self.expression(amount) if dimension == "verdict" else self._thousandths(amount)
                return f"add(new(Contribution, ({row}, {self.constant(dimension)}, {size}, {self.rule}, m)))"
            case Derive(kind, values):
                fields = self.kinds[kind].fields
                parts = ", ".join(self._derived(v, f) for v, f in zip(values, fields, strict=True))
                id_ = "len(memory.derivations)" if self.kinds[kind].each else "None"
                return f"memory.derive(({id_}, {self.constant(kind)}, {parts}), {self.rule}, m)"
            case Recommend(action, targets, relief, due):
                rows = "".join(f"{self._fact(t)}, " for t in targets)
                size = "None" if relief is None else self._thousandths(relief)
                hours = "None" if due is None else f"float({self.expression(due)})"
                advice = f"{self.constant(action)}, ({rows}), {size}, {hours}, {self.rule}, m"
                return f"memory.recommendations.append(new(Recommendation, ({advice})))"
            case Veto(action, targets):
                rows = "".join(f"{self._fact(t)}, " for t in targets)
                return f"memory.vetoes.append(new(Vetoed, ({self.constant(action)}, ({rows}), {self.rule}, m)))"
            case Note():
                return f"memory.notes.append(new(Remark, ({i}, {self.rule}, m)))"
            case LimitOutlook():
                return f"memory.outlooks.append(new(Remark, ({i}, {self.rule}, m)))"

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
        if not field.is_number:
            return text
        if not isinstance(value, (FieldRef, Literal)):
            text = f"within({text})"
        if field.type == "number":
            if isinstance(value, FieldRef):
                return f"{text} if {text} is None else float({text})"
            return f"float({text})"
        return text


def _alone(step: Aggregate | Existence) -> list[Expression]:
    """The conditions of an aggregate or negation that can be judged before anything else is bound.

    They speak of the own fact only, and of its fields that may be unknown only where one of them says that they are known.
    """
    own = step.pattern
    unknown = {(own.name, f.name) for f in own.fields if f.unknown}
    alone: list[Expression] = []
    certain: KnownFields = frozenset()
    for condition in step.conditions:
        if names_in(condition) <= {own.name} and refs_in(condition) & unknown <= certain:
            alone.append(condition)
            certain |= known_where(condition, True)
    return alone


def join_order(rule: Rule, bound: set[str]) -> list[Pattern]:
    """The unbound patterns in the order of their loops: first those that an equality joins to bound ones, and one kind before
    many."""
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
