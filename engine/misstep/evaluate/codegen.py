"""A rule in; the source of one Python function out, and the constants that it uses.

Source is put together from fixed pieces, numbers and names made here. Text of a rule never becomes source: it is
bound as a constant, ``c0``, ``c1`` and so on.

    def fire(memory, extents):
        s0 = extents[c0]            # s0, s1: the facts that each pattern ranges over
        for r0 in s0:               # r0, r1: rows of facts; v0: values of aggregates
            if r0[3] >= 5:
                m = (r0, )
                memory.add((r0, c1, 1500, rule, m))
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from misstep.evaluate.emit import RUNTIME, ExpressionWriter, thousandths
from misstep.model.expression import (
    Compare,
    Expression,
    Facts,
    FieldRef,
    Literal,
    known_where,
    names_in,
    refs_in,
)
from misstep.model.facts import Field, Kind
from misstep.model.rule import (
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
AGAIN = "#"  # behind the key of a pattern that ranges over the same facts as one before it
INDEX_FROM = 8  # for fewer facts a loop costs less than an index to build


@dataclass(frozen=True)
class Generated:
    """The function of a rule, its source, and its patterns by the key under which it looks their facts up."""

    fire: Fire
    source: str
    patterns: dict[str, Pattern]


def generate(rule: Rule, kinds: dict[str, Kind]) -> Generated:
    """Write and compile the function of a rule."""
    writer = _Writer(rule, kinds)
    source = writer.write()
    filename = f"<rule {rule.id}>"
    namespace: dict[str, Any] = {**RUNTIME, **writer.constants, "rule": rule}
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - names and numbers made here, see above
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return Generated(namespace["fire"], source, writer.arguments)


class _Writer(ExpressionWriter):
    """Writes the body of one function, line by line, from the outermost loop in."""

    def __init__(self, rule: Rule, kinds: dict[str, Kind]) -> None:
        super().__init__(kinds)
        self.rule = rule
        self.lines: list[str] = []
        self.arguments: dict[str, Pattern] = {}
        self.bound: list[Pattern] = []

    def write(self) -> str:
        order = _join_order(self.rule)
        steps: list[Condition | Negation | Aggregate] = [
            *self.rule.conditions, *self.rule.aggregates, *self.rule.unless
        ]  # fmt: skip
        sources = {pattern.name: self._argument(pattern) for pattern in order}
        inner = {id(step): self._argument(step.pattern) for step in steps if not isinstance(step, Condition)}
        body = self.lines
        indent, bound = 1, set[str]()
        hoisted = {id(s): self._hoist(s, inner[id(s)]) for s in steps if isinstance(s, (Aggregate, Negation))}
        indent = self._ready(steps, bound, hoisted, indent)
        for pattern in order:
            self._loop(pattern, sources[pattern.name], steps, bound, indent)
            indent += 1
            for other in self.bound:
                if overlap(other, pattern):
                    body.append(f"{'    ' * indent}if {self.locals[pattern.name]} is {self.locals[other.name]}: continue")
            self.bound.append(pattern)
            bound.add(pattern.name)
            indent = self._ready(steps, bound, hoisted, indent)
        body.append(f"{'    ' * indent}m = ({''.join(f'{self.locals[b.name]}, ' for b in self.rule.binders)})")
        body += ["    " * indent + self._effect(i, effect) for i, effect in enumerate(self.rule.effects)]
        head = ["def fire(memory, extents):"]
        head += [f"    s{i} = extents[{self.constant(key)}]" for i, key in enumerate(self.arguments)]
        return "\n".join([*head, *body]) + "\n"

    def _argument(self, pattern: Pattern) -> str:
        """The variable that holds the facts of a pattern. Each pattern has a key of its own."""
        key = pattern.key
        while key in self.arguments:
            key += AGAIN
        self.arguments[key] = pattern
        self.patterns[pattern.name] = pattern
        return f"s{len(self.arguments) - 1}"

    # -- matching

    def _loop(
        self, pattern: Pattern, source: str, steps: list[Condition | Negation | Aggregate], bound: set[str], indent: int
    ) -> None:
        local = f"r{len(self.bound)}"
        self.locals[pattern.name] = local
        pad = "    " * indent
        if self.bound:
            tests = [s.test for s in steps if isinstance(s, Condition)]
            join = self._equality(pattern, tests, bound)
            if join is not None:
                column, value = join
                place = f"{source}j"
                self.lines.append(
                    f"{pad}{place} = {source} if len({source}) < {INDEX_FROM} else memory.lookup({source}, {column}, {value})"
                )
                source = place
            self.lines.append(f"{pad}memory.spend(len({source}), rule)")
        self.lines.append(f"{pad}for {local} in {source}:")

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

    def _ready(
        self,
        steps: list[Condition | Negation | Aggregate],
        bound: set[str],
        hoisted: dict[int, str],
        indent: int,
    ) -> int:
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
                    indent = self._negation(step, hoisted[id(step)], bound, indent)
                else:
                    indent = self._aggregate(step, hoisted[id(step)], bound, indent)
                    bound.add(step.name)
        return indent

    def _hoist(self, step: Aggregate | Negation, source: str) -> str:
        """Filter the facts of a negation or aggregate once, by the conditions that speak of nothing else."""
        own = step.pattern.name
        self.locals[own] = "x"
        tests = [self.expression(c) for c in _alone(step)]
        if not tests:
            return source
        name = f"{source}f"
        self.lines.append(f"    {name} = [x for x in {source} if {' and '.join(f'({t})' for t in tests)}]")
        return name

    def _inner(self, step: Aggregate | Negation, source: str, bound: set[str], indent: int) -> tuple[str, list[str]]:
        """The facts left to look at, and the conditions left to judge on each."""
        own = step.pattern
        self.locals[own.name] = "x"
        alone = _alone(step)
        outer = [c for c in step.conditions if c not in alone]
        tests = [f"x is not {self.locals[p.name]}" for p in self.bound if overlap(p, own)]
        tests += [f"({self.expression(c)})" for c in outer]
        if tests and bound:
            join = self._equality(own, outer, bound)
            pad = "    " * indent
            if join is not None:
                column, value = join
                place = f"{source}j"
                self.lines.append(
                    f"{pad}{place} = {source} if len({source}) < {INDEX_FROM} else memory.lookup({source}, {column}, {value})"
                )
                source = place
            self.lines.append(f"{pad}memory.spend(len({source}), rule)")
        return source, tests

    def _negation(self, step: Negation, source: str, bound: set[str], indent: int) -> int:
        source, tests = self._inner(step, source, bound, indent)
        pad = "    " * indent
        if not tests:
            self.lines.append(f"{pad}if not {source}:")
            return indent + 1
        self.lines += [
            f"{pad}for x in {source}:",
            f"{pad}    if {' and '.join(tests)}: break",
            f"{pad}else:",
        ]
        return indent + 1

    def _aggregate(self, step: Aggregate, source: str, bound: set[str], indent: int) -> int:
        source, tests = self._inner(step, source, bound, indent)
        pad = "    " * indent
        local = f"v{sum(name.startswith('v') for name in self.locals.values())}"
        chosen = f" if {' and '.join(tests)}" if tests else ""
        self.locals[step.pattern.name] = "x"
        value = "1" if step.value is None else self.expression(step.value)
        self.locals[step.name] = local
        if step.function == "count":
            count = f"sum(1 for x in {source}{chosen})" if tests else f"len({source})"
            self.lines.append(f"{pad}{local} = {count}")
            return indent
        if step.function == "sum":
            total = "sum" if step.whole else "fsum"  # fsum is exact, so the order of the facts does not show
            self.lines.append(f"{pad}{local} = {total}({value} for x in {source}{chosen})")
            return indent
        self.lines += [
            f"{pad}{local} = {step.function}(({value} for x in {source}{chosen}), default=None)",
            f"{pad}if {local} is not None:",
        ]
        return indent + 1

    # -- effects

    def _effect(self, i: int, effect: Any) -> str:
        match effect:
            case Contribute(dimension, target, amount):
                row = self._fact(target) if target else "None"
                size = self.expression(amount) if dimension == "verdict" else self._thousandths(amount)
                return f"memory.add(({row}, {self.constant(dimension)}, {size}, rule, m))"
            case Derive(kind, values):
                fields = self.kinds[kind].fields
                parts = ", ".join(self._derived(v, f) for v, f in zip(values, fields, strict=True))
                return f"memory.derive((None, {self.constant(kind)}, {parts}), rule, m)"
            case Recommend(action, targets, relief, due):
                rows = "".join(f"{self._fact(t)}, " for t in targets)
                size = "None" if relief is None else self._thousandths(relief)
                hours = "None" if due is None else f"float({self.expression(due)})"
                return f"memory.recommend(({self.constant(action)}, ({rows}), {size}, {hours}, rule, m))"
            case Veto(action, targets):
                rows = "".join(f"{self._fact(t)}, " for t in targets)
                return f"memory.veto(({self.constant(action)}, ({rows}), rule, m))"
            case Note():
                return f"memory.note(({i}, rule, m))"
            case LimitOutlook():
                return f"memory.outlook(({i}, rule, m))"
            case _:
                raise AssertionError(effect)

    def _fact(self, name: str) -> str:
        """The row of the mistake behind a name."""
        return self.locals[name] + ("[0]" if self.patterns[name].over == "finding" else "")

    def _thousandths(self, amount: Expression) -> str:
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


def _join_order(rule: Rule) -> list[Pattern]:
    """The patterns in the order of the loops: one kind before many, and next what an equality joins to what is bound."""
    tests = [c.test for c in rule.conditions if isinstance(c.test, Compare) and c.test.operators == ("==",)]
    left = list(rule.patterns)
    order: list[Pattern] = []
    while left:
        names = {p.name for p in order}

        def rank(pattern: Pattern, names: set[str] = names) -> tuple[bool, int]:
            joined = any(pattern.name in names_in(t) and names_in(t) & names for t in tests)
            return (bool(names) and not joined, len(pattern.kinds))

        best = min(left, key=rank)
        order.append(best)
        left.remove(best)
    return order
