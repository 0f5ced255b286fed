"""What a rule base means, said as plainly as it can be: the oracle of the engines.

Every rule is tried on every tuple of distinct facts. Expressions are walked node by node, over fields by name.
No index, no order of joins, no generated code, nothing remembered from one round to the next.

An unknown value is None, and so is what is made of it (Kleene's logic). Nothing here relies on a ``known()`` before a field, so
conditions may be as they are written, too: see as_written.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, localcontext
from functools import partial
from itertools import combinations, pairwise, product
from typing import Any

from tests.evaluate.naive_tables import Rows, hits

from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Contribution, Match, Memory, Recommendation, Remark, Vetoed
from misstep.language import expression as e
from misstep.language.effects import Contribute, Derive, LimitOutlook, Note, Recommend, Veto
from misstep.language.facts import FIRST_VALUE, ID, KIND, LARGEST, Field, Row
from misstep.language.finding import FINDING_FIELDS
from misstep.language.program import Aggregate, Existence, Pattern, Program, Rule


class Fact:
    """A row of memory, and its fields by name."""

    def __init__(self, row: Row, mistake: Row, fields: dict[str, Any]) -> None:
        self.row = row
        self.mistake = mistake
        self.fields = fields


Bound = dict[str, Any]
"""What the names of a rule stand for: facts, and values of aggregates."""


class NoMatch(Exception):
    """The least or greatest of nothing: there is none."""


class NaiveEngine:
    """Runs the rules of one program, the slow way."""

    def __init__(self, program: Program, rows: Rows | None = None) -> None:
        self.program = program
        self.rows = rows or {}  # rules that hold only where their row of a table does

    def run(self, phase: Phase, memory: Memory) -> None:
        for stratum in getattr(self.program, phase):
            self._derive_all(stratum.deriving, memory)
            for rule in (*stratum.deriving, *stratum.rest):
                for bound in list(self._matches(rule, memory)):
                    for place, effect in enumerate(rule.effects):
                        self._apply(rule, place, effect, bound, memory)

    def _derive_all(self, rules: tuple[Rule, ...], memory: Memory) -> None:
        """Add derived facts until there is no new one; who derived them is noted afterwards, when all are there."""
        while True:
            rows = {
                self._derived(rule, place, effect, bound)
                for rule in rules
                for bound in self._matches(rule, memory)
                for place, effect in enumerate(rule.effects)
                if isinstance(effect, Derive)
            }
            new = {row for row in rows if row not in memory.rows.get(row[KIND], [])}
            if not new:
                return
            for row in new:
                memory.rows.setdefault(row[KIND], []).append(row)

    # -- matching

    def _facts(self, pattern: Pattern, memory: Memory) -> list[Fact]:
        if pattern.over == "outlook":
            return [Fact(row, (), {"level": row[0]}) for row in memory.rows["outlook"]]
        if pattern.over == "finding":
            return [
                Fact(
                    row, row[0], {**self._fields(row[0]), **dict(zip(FINDING_FIELDS, row[1:], strict=False)), "fact": row[0][ID]}
                )
                for row in memory.rows["finding"]
                if row[0][KIND] in pattern.kinds
            ]
        rows = [row for kind in pattern.kinds for row in memory.rows.get(kind, [])]
        return [Fact(row, row, self._fields(row)) for row in rows]

    def _fields(self, row: Row) -> dict[str, Any]:
        kind = self.program.kinds[row[KIND]]
        names = [field.name for field in kind.fields]
        own = dict(zip(names, row[FIRST_VALUE:], strict=True))
        return {**own, "id": row[ID], "kind": row[KIND], "concern": kind.concern, "harm": kind.harm, "mend": kind.mend}

    def _matches(self, rule: Rule, memory: Memory) -> Iterator[Bound]:
        for facts in product(*(self._facts(pattern, memory) for pattern in rule.patterns)):
            if any(a.row == b.row for a, b in combinations(facts, 2)):
                continue
            bound: Bound = dict(zip((pattern.name for pattern in rule.patterns), facts, strict=True))
            for whole in self._groups(rule, bound, memory):
                try:
                    if self._holds(rule, whole, memory) and self._hits(rule, whole):
                        yield whole
                except NoMatch:
                    continue

    def _groups(self, rule: Rule, bound: Bound, memory: Memory) -> Iterator[Bound]:
        """What is bound, and with it each choice of keys of the aggregates that have some, one of these after the other."""
        step = next((a for a in rule.aggregates if a.keys and a.keys[0].name not in bound), None)
        if step is None:
            yield bound
            return
        try:
            values = _Lazy(self, rule, dict(bound), memory)
            for name in step.needs - bound.keys():
                values.aggregate(name)
            facts = values.inside(step)
        except NoMatch:
            return
        keys: list[list[Any]] = []
        for fact in facts:
            key = [evaluate(key.value, fact) for key in step.keys]
            if key not in keys:
                keys.append(key)
        for key in keys:
            yield from self._groups(rule, {**bound, **dict(zip((key.name for key in step.keys), key, strict=True))}, memory)

    def _holds(self, rule: Rule, bound: Bound, memory: Memory) -> bool:
        values = _Lazy(self, rule, bound, memory)
        return (
            all(values.of(condition.test) is True for condition in rule.conditions)
            and all(values.aggregate(aggregate.name) is not None for aggregate in rule.aggregates)
            and all(bool(values.inside(each)) != each.negated for each in rule.existences)
        )

    def _hits(self, rule: Rule, bound: Bound) -> bool:
        if rule.id not in self.rows:
            return True
        table, place = self.rows[rule.id]
        inputs = [text.split(".") for text in table["inputs"].values()]
        return place in hits(table, [bound[name].fields[field] for name, field in inputs])

    # -- effects

    def _apply(self, rule: Rule, place: int, effect: Any, bound: Bound, memory: Memory) -> None:
        match = _match(rule, bound)
        match effect:
            case Contribute(dimension, target, amount):
                row = bound[target].mistake if target else None
                size = evaluate(amount, bound)
                added = size if dimension == "verdict" else milli(size)
                memory.contributions.append(Contribution(row, dimension, added, rule, match))
            case Derive():
                memory.derivations.setdefault(self._derived(rule, place, effect, bound), []).append((rule, match))
            case Recommend(action, targets, relief, due):
                rows = tuple(bound[target].mistake for target in targets)
                points = None if relief is None else milli(evaluate(relief, bound))
                hours = None if due is None else float(evaluate(due, bound))
                memory.recommendations.append(Recommendation(action, rows, points, hours, rule, match))
            case Veto(action, targets):
                memory.vetoes.append(Vetoed(action, tuple(bound[target].mistake for target in targets), rule, match))
            case Note():
                memory.notes.append(Remark(place, rule, match))
            case LimitOutlook():
                memory.outlooks.append(Remark(place, rule, match))

    def _derived(self, rule: Rule, place: int, effect: Derive, bound: Bound) -> Row:
        kind = self.program.kinds[effect.kind]
        values = (_stored(v, f, bound) for v, f in zip(effect.values, kind.fields, strict=True))
        return ((rule.id, place, _match(rule, bound)) if kind.each else None, effect.kind, *values)


def _match(rule: Rule, bound: Bound) -> Match:
    return tuple(b.row if isinstance(b := bound[binder.name], Fact) else b for binder in rule.binders)


def _stored(value: e.Expression | None, field: Field, bound: Bound) -> Any:
    result = None if value is None else evaluate(value, bound)
    if result is None or not field.is_number:
        return result
    result = min(max(result, -LARGEST), LARGEST)
    return result if field.type == "integer" else float(result)


class _Lazy:
    """The names of one match; an aggregate gets its value when it is asked for."""

    def __init__(self, engine: NaiveEngine, rule: Rule, bound: Bound, memory: Memory) -> None:
        self.engine, self.rule, self.bound, self.memory = engine, rule, bound, memory

    def of(self, node: e.Expression) -> Any:
        for name in e.names_in(node) - self.bound.keys():
            self.aggregate(name)
        return evaluate(node, self.bound)

    def aggregate(self, name: str) -> Any:
        if name not in self.bound:
            aggregate = next(a for a in self.rule.aggregates if a.name == name)
            self.bound[name] = self._result(aggregate)
        return self.bound[name]

    def inside(self, step: Existence | Aggregate) -> list[Bound]:
        """What meets the conditions of a negation or aggregate, of what the patterns of `when` have not taken."""
        own = step.pattern.name
        for node in (*step.conditions, *([step.value] if isinstance(step, Aggregate) and step.value else [])):
            for name in e.names_in(node) - self.bound.keys() - {own}:
                self.aggregate(name)
        taken = [fact.row for fact in self.bound.values() if isinstance(fact, Fact)]
        every = isinstance(step, Existence) and step.taken
        free = [fact for fact in self.engine._facts(step.pattern, self.memory) if every or fact.row not in taken]
        found = [{**self.bound, own: fact} for fact in free]
        chosen = [bound for bound in found if all(evaluate(condition, bound) is True for condition in step.conditions)]
        keys = [key for key in step.keys if key.name in self.bound] if isinstance(step, Aggregate) else []
        return [bound for bound in chosen if all(evaluate(key.value, bound) == self.bound[key.name] for key in keys)]

    def _result(self, aggregate: Aggregate) -> Any:
        found = self.inside(aggregate)
        values = [evaluate(aggregate.value, bound) for bound in found] if aggregate.value else []
        match aggregate.function:
            case "count":
                return len(found)
            case "sum":
                return sum(values) if aggregate.whole else _six_places(lambda *each: sum(each, Decimal(0)), *values)
            case "distinct":
                return len([value for i, value in enumerate(values) if value not in values[:i]])
            case "average" if values:
                return _six_places(lambda *each: sum(each, Decimal(0)) / len(each), *values)
            case function if values:
                return min(values) if function == "min" else max(values)
            case _:
                raise NoMatch


def milli(points: float) -> int:
    """Whole thousandths; of two as near the even one."""
    with localcontext(_DIGITS):
        return int((decimal(points) * 1000).quantize(Decimal(1), ROUND_HALF_EVEN))


def decimal(number: float) -> Decimal:
    """The decimal that a number stands for: as it is printed, and from 2**53 on as it is."""
    return Decimal(number) if isinstance(number, int) or abs(number) >= LARGEST else Decimal(repr(number))


def _six_places(compute: Callable[..., Decimal], *numbers: float) -> float:
    with localcontext(_DIGITS):
        return float(compute(*map(decimal, numbers)).quantize(Decimal("0.000001"), ROUND_HALF_UP)) + 0.0


_DIGITS = Context(prec=2000)  # more than any number of the language has


def evaluate(node: e.Expression, bound: Bound) -> Any:
    """The value of an expression; None where it is unknown."""
    match node:
        case e.Literal(value):
            return value
        case e.FieldRef(name, field):
            return bound[name].fields[field]
        case e.Count(name):
            return bound[name]
        case e.Known(ref):
            return evaluate(ref, bound) is not None
        case e.Logic(operator, operands):
            truths = [evaluate(operand, bound) for operand in operands]
            decides = operator == "or"  # one true operand decides an "or", one false operand an "and"
            return decides if any(t is decides for t in truths) else None if any(t is None for t in truths) else not decides
        case e.IfElse(condition, then, otherwise):
            return evaluate(then if evaluate(condition, bound) is True else otherwise, bound)
    parts = [evaluate(part, bound) for part in e.parts_of(node) if not isinstance(part, e.Constants)]
    return None if any(part is None for part in parts) else _made_of(node, parts)


def _made_of(node: e.Expression, parts: list[Any]) -> Any:
    """The value of an expression that needs the values of all its parts."""
    match node:
        case e.Not():
            return not parts[0]
        case e.Negative():
            return -parts[0] + 0  # never -0.0
        case e.Compare(operators):
            return all(_compare(o, a, b) for o, a, b in zip(operators, parts, parts[1:], strict=False))
        case e.Lookup(_, container, negated):
            return (parts[0] in (container.values if isinstance(container, e.Constants) else parts[1])) != negated
        case e.Arithmetic(operator, _, _, whole):
            return _calculate(operator, *parts) if whole else _six_places(partial(_calculate, operator), *parts)
        case e.Call(function):
            return _call(function, parts)
        case e.Slice(_, start, stop):
            length = len(parts[0])
            first, end = (at if at >= 0 else length + at for at in (start or 0, length if stop is None else stop))
            return "".join(c for i, c in enumerate(parts[0]) if first <= i < end)
        case e.Curve(_, points):
            return _curve(parts[0], points)
        case _:
            raise NotImplementedError(node)


ORDERS = (
    ("trivial", "minor", "moderate", "serious", "fatal"),
    ("unnoticed", "possibly", "noticed"),
    ("low", "medium", "high"),
    ("let_go", "prepare", "follow_up", "act_today", "act_now"),
)
"""The words of the shipped scale, from low to high; ordered words of random packs go by the alphabet, as ids do."""


def _place(value: Any) -> Any:
    return next((order.index(value) for order in ORDERS if value in order), value)


def _compare(operator: str, a: Any, b: Any) -> bool:
    if operator not in ("==", "!="):
        a, b = _place(a), _place(b)
    match operator:
        case "==":
            return bool(a == b)
        case "!=":
            return bool(a != b)
        case "<":
            return bool(a < b)
        case "<=":
            return bool(a <= b)
        case ">":
            return bool(a > b)
        case _:
            return bool(a >= b)


def _calculate(operator: str, a: Any, b: Any) -> Any:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return a / b


def _call(function: str, values: list[Any]) -> Any:
    match function:
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "abs":
            return abs(values[0])
        case "round":
            return int(Decimal(values[0]).quantize(Decimal(1), ROUND_HALF_UP))
        case "len":
            return len(values[0])
        case "contains":
            return values[1] in values[0]
        case "starts":
            return values[0][: len(values[1])] == values[1]
        case "lower":
            return values[0].lower()
        case _:
            raise NotImplementedError(function)


def _curve(x: float, points: tuple[tuple[float, float], ...]) -> float:
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x < x1:
            return _six_places(lambda x, a, b, c, d: b + (d - b) * (x - a) / (c - a), x, x0, y0, x1, y1)
    return points[-1][1]


# -- comparing


Firing = tuple[Rule, Match]


def plain(value: Any, kept: dict[Row, Firing]) -> Any:
    """A value in a form that has an order, whatever its type; equal numbers are equal. ``kept``: the firings of derived facts
    that are kept each, which are known by these, since each engine numbers them in its own way."""
    match value:
        case None:
            return ("none",)
        case bool():
            return ("truth", value)
        case int() | float():
            return ("number", value)
        case str():
            return ("text", value)
        case Rule():
            return ("rule", value.id)
        case _ if value in kept:
            rule, firing = kept[value]
            return ("kept", rule.id, plain(firing, kept), plain(value[KIND:], kept))
        case _:
            return ("tuple", tuple(plain(part, kept) for part in value))


def conclusions(memory: Memory) -> dict[str, list[Any]]:
    """All that a memory holds, each list in one order; nothing is dropped, so what stands twice shows."""
    kept: dict[Row, Firing] = {}
    for row, firings in memory.derivations.items():
        if row[ID] is not None:
            (kept[row],) = firings

    def in_order(values: Iterable[Any]) -> list[Any]:
        return sorted(plain(value, kept) for value in values)

    return {
        "rows": sorted((kind, in_order(rows)) for kind, rows in memory.rows.items() if rows),
        "contributions": in_order(memory.contributions),
        "recommendations": in_order(memory.recommendations),
        "vetoes": in_order(memory.vetoes),
        "notes": in_order(memory.notes),
        "outlooks": in_order(memory.outlooks),
        "derivations": sorted((plain(row, kept), in_order(found)) for row, found in memory.derivations.items()),
    }
