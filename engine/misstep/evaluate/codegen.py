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
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from misstep.model.expression import (
    Arithmetic,
    Call,
    Compare,
    Count,
    Curve,
    Expression,
    Facts,
    FieldRef,
    IfElse,
    Known,
    Literal,
    Logic,
    Member,
    Negative,
    Not,
    Words,
    known_where,
    names_in,
    refs_in,
)
from misstep.model.facts import FIRST_VALUE, LARGEST, Field, Kind
from misstep.model.rule import (
    FINDING_FIELDS,
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
INDEX_FROM = 8  # below so many facts a loop is faster than building an index (benchmarks/bench_scaling.py)


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
    namespace: dict[str, Any] = {**_RUNTIME, **writer.constants, "rule": rule}
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - names and numbers made here, see above
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return Generated(namespace["fire"], source, writer.arguments)


# -- what generated functions call


def curve(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """Straight lines through the points, flat outside."""
    i = bisect_right(xs, x)
    if i == 0:
        return ys[0]
    if i == len(xs):
        return ys[-1]
    x0, y0 = xs[i - 1], ys[i - 1]
    return y0 + (ys[i] - y0) * (x - x0) / (xs[i] - x0)


def thousandths(x: float) -> int:
    """A contribution as it is carried: rounded once, here, so that sums are exact."""
    return round(x * 1000)


def within(x: Any) -> Any:
    """A derived number, kept within what a fact may hold."""
    return min(max(x, -LARGEST), LARGEST)


_RUNTIME: dict[str, Any] = {
    "__builtins__": {"abs": abs, "float": float, "id": id, "len": len, "max": max, "min": min, "round": round, "sum": sum},
    "curve": curve, "fsum": fsum, "thousandths": thousandths, "within": within,
}  # fmt: skip


class _Writer:
    def __init__(self, rule: Rule, kinds: dict[str, Kind]) -> None:
        self.rule = rule
        self.kinds = kinds
        self.constants: dict[str, Any] = {}
        self.lines: list[str] = []
        self.arguments: dict[str, Pattern] = {}
        self.patterns: dict[str, Pattern] = {}
        self.locals: dict[str, str] = {}
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

    def constant(self, value: Any) -> str:
        for name, known in self.constants.items():
            if known is value or (type(known) is type(value) and known == value):
                return name
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

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
                            return self._column(pattern, own.field), self.expression(other)
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

    # -- expressions: one method each

    def expression(self, node: Expression) -> str:
        return _EMIT[type(node)](self, node)

    def _column(self, pattern: Pattern, field: str) -> int:
        """The place of a field in the row of a fact."""
        if field == "id":
            return 0
        if field == "kind":
            return 1
        return next(i for i, f in enumerate(pattern.fields, FIRST_VALUE) if f.name == field)

    def emit_literal(self, node: Literal) -> str:
        if isinstance(node.value, str):
            return self.constant(node.value)
        return repr(node.value) if not isinstance(node.value, float) or node.value >= 0 else f"({node.value!r})"

    def emit_field(self, node: FieldRef) -> str:
        pattern, local = self.patterns[node.name], self.locals[node.name]
        if pattern.over == "outlook":
            return f"{local}[0]"
        if pattern.over == "finding":
            if node.field in FINDING_FIELDS:
                return f"{local}[{1 + FINDING_FIELDS.index(node.field)}]"
            local = f"{local}[0]"
        if node.field == "concern":
            return f"{self.constant({k: self.kinds[k].concern for k in pattern.kinds})}[{local}[1]]"
        if node.field == "fact":
            return f"{local}[0]"
        return f"{local}[{self._column(pattern, node.field)}]"

    def emit_count(self, node: Count) -> str:
        return self.locals[node.name]

    def emit_known(self, node: Known) -> str:
        return f"({self.expression(node.ref)} is not None)"

    def emit_not(self, node: Not) -> str:
        return f"(not {self.expression(node.operand)})"

    def emit_logic(self, node: Logic) -> str:
        return "(" + f" {node.operator} ".join(self.expression(o) for o in node.operands) + ")"

    def emit_compare(self, node: Compare) -> str:
        parts = [self.expression(node.operands[0])]
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            parts += [operator, self.expression(operand)]
        return f"({' '.join(parts)})"

    def emit_member(self, node: Member) -> str:
        container = node.container
        where = self.constant(frozenset(container.values)) if isinstance(container, Words) else self.expression(container)
        return f"({self.expression(node.item)} {'not in' if node.negated else 'in'} {where})"

    def emit_arithmetic(self, node: Arithmetic) -> str:
        return f"({self.expression(node.left)} {node.operator} {self.expression(node.right)})"

    def emit_negative(self, node: Negative) -> str:
        return f"(-{self.expression(node.operand)})"

    def emit_if_else(self, node: IfElse) -> str:
        then, test, other = (self.expression(n) for n in (node.then, node.condition, node.otherwise))
        return f"({then} if {test} else {other})"

    def emit_call(self, node: Call) -> str:
        arguments = ", ".join(self.expression(a) for a in node.arguments)
        return f"{arguments}.lower()" if node.function == "lower" else f"{node.function}({arguments})"

    def emit_curve(self, node: Curve) -> str:
        xs, ys = zip(*node.points, strict=True)
        return f"curve({self.expression(node.x)}, {self.constant(xs)}, {self.constant(ys)})"


_EMIT: dict[type[Any], Callable[[_Writer, Any], str]] = {
    Literal: _Writer.emit_literal,
    FieldRef: _Writer.emit_field,
    Count: _Writer.emit_count,
    Known: _Writer.emit_known,
    Not: _Writer.emit_not,
    Logic: _Writer.emit_logic,
    Compare: _Writer.emit_compare,
    Member: _Writer.emit_member,
    Arithmetic: _Writer.emit_arithmetic,
    Negative: _Writer.emit_negative,
    IfElse: _Writer.emit_if_else,
    Call: _Writer.emit_call,
    Curve: _Writer.emit_curve,
}


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
