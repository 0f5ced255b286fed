"""Put checked expressions into words, as Markdown.

``late_arrival.minutes >= 5 and not late_arrival.notified`` becomes "`minutes` is at least 5 and `notified` is false".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from misstep.language.expression import (
    Arithmetic,
    Call,
    Compare,
    Count,
    Curve,
    Expression,
    FieldRef,
    IfElse,
    Known,
    Literal,
    Logic,
    Lookup,
    Negative,
    Not,
    Slice,
    refs_in,
)
from misstep.language.functions import FUNCTIONS
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS
from misstep.tools.docs.markdown import code, escape, joined, say


def number(value: float) -> str:
    """A number as people write it."""
    return f"{value:.10g}".replace("-", "−")


def signed(amount: float) -> str:
    """An amount that is added."""
    return ("+" if amount >= 0 else "") + number(amount)


def constant(value: object) -> Markup:
    """A value as packs write it; of several, each."""
    match value:
        case bool():
            return say("true") if value else say("false")
        case str():
            return code(value)
        case int() | float():
            return escape(number(value))
        case tuple():
            return joined(map(constant, value)) if value else say("none")
        case _:
            return say("")


class Phrases:
    """Puts expressions of one rule into words. ``names``: of facts; fields of ``own`` stand without a name. ``orders``: the words
    of fields from low to high, by the name of the fact and that of the field."""

    def __init__(
        self, names: Mapping[str, Markup], own: str = "", orders: Mapping[tuple[str, str], tuple[str, ...]] | None = None
    ) -> None:
        self._names = names
        self._own = own
        self._orders = orders or {}

    def clauses(self, conditions: Sequence[Expression], beside: Sequence[Expression] = ()) -> list[Markup]:
        """Conditions in words; those ``beside`` them stand elsewhere."""
        return [self.clause(condition) for condition in _telling(conditions, beside)]

    def clause(self, node: Expression) -> Markup:
        """A condition."""
        match node:
            case Literal(value):
                return say("always") if value else say("never")
            case FieldRef():
                return say("{} is true", self._ref(node))
            case Known(ref):
                return say("{} is known", self._ref(ref))
            case Not(operand):
                return self._denied(operand)
            case Logic("and", operands):
                return joined(map(self._inside, _telling(operands)), LOGIC["and"].words)
            case Logic("or", (Not(Known(ref)), test)) if _telling([Known(ref)], [test]) == []:
                return say("it is not known that {}", self._inside(_denial(test)))
            case Logic(operator, operands):
                return joined(map(self._inside, operands), LOGIC[operator].words)
            case Compare():
                return self._compare(node)
            case Lookup():
                return self._member(node)
            case IfElse(condition, then, otherwise):
                return say("{} if {}, else {}", self._inside(then), self._inside(condition), self._inside(otherwise))
            case _:
                return say("{} is true", self.value(node))

    def _denied(self, node: Expression) -> Markup:
        """That a condition does not hold, as far as possible without a word of denial before all of it."""
        match node:
            case FieldRef():
                return say("{} is false", self._ref(node))
            case Known(ref):
                return say("{} is not known", self._ref(ref))
            case Not(operand):
                return self.clause(operand)
            case Lookup(item, container, negated):
                return self._member(Lookup(item, container, not negated))
            case Compare((operator,), operands):
                return self._compare(Compare((COMPARISONS[operator].opposite,), operands))
            case Logic(operator, operands):
                return joined((self._inside(Not(o)) for o in operands), LOGIC[LOGIC[operator].opposite].words)
            case _:
                return say("it is not so that {}", self._inside(node))

    def value(self, node: Expression) -> Markup:
        """An amount or a word."""
        match node:
            case Literal(value):
                return constant(value)
            case FieldRef():
                return self._ref(node)
            case Count(name):
                return code(name)
            case Arithmetic("-", Literal(0), right) | Negative(right):
                return say("−{}", self._factor(right))
            case Arithmetic(operator, left, right):
                return say(ARITHMETIC[operator].words, self._factor(left), self._factor(right))
            case IfElse(condition, then, otherwise):
                return say("{} if {}, else {}", self.value(then), self._inside(condition), self.value(otherwise))
            case Call(function, arguments):
                return say(FUNCTIONS[function].words, joined((self.value(a) for a in arguments), ", ", "and"))
            case Slice():
                return self._part(node)
            case Curve(x, points):
                steps = joined(say("{} → {}", number(a), number(b)) for a, b in points)
                return say("by {} ({})", self.value(x), steps)
            case _:
                return self.clause(node)

    def _part(self, node: Slice) -> Markup:
        """A part of a text."""
        text = self.value(node.text)
        match node.start, node.stop:
            case None | 0, int(stop) if stop > 0:
                return say("the first {} of {}", _characters(stop), text)
            case None | 0, int(stop):
                return say("{} without its last {}", text, _characters(-stop))
            case int(start), None if start < 0:
                return say("the last {} of {}", _characters(-start), text)
            case int(start), None:
                return say("{} without its first {}", text, _characters(start))
            case int(start), int(stop) if 0 <= start < stop:
                return say("the characters {} to {} of {}", number(start + 1), number(stop), text)
            case start, stop:
                return say("the part {} of {}", code(f"[{start}:{stop}]"), text)

    def _inside(self, node: Expression) -> Markup:
        """A part of a longer condition."""
        while isinstance(node, Logic) and node.operator == "and" and len(told := _telling(node.operands)) == 1:
            node = told[0]
        words = self.clause(node)
        core = node.operand if isinstance(node, Not) else node
        return say("({})", words) if isinstance(core, (Logic, IfElse)) else words

    def _factor(self, node: Expression) -> Markup:
        words = self.value(node)
        return say("({})", words) if isinstance(node, (Arithmetic, Negative, IfElse, Call)) else words

    def _ref(self, ref: FieldRef) -> Markup:
        if ref.field in ("id", "fact"):
            return say("its id") if ref.name == self._own else say("the id of {}", self._names[ref.name])
        if ref.name == self._own:
            return code(ref.field)
        return say("{} of {}", code(ref.field), self._names[ref.name])

    def _compare(self, node: Compare) -> Markup:
        operands = [self.value(o) for o in node.operands]
        if len(operands) == 2:
            return say(COMPARISONS[node.operators[0]].words, *operands)
        rest = (say("{} {}", COMPARISONS[o].sign, value) for o, value in zip(node.operators, operands[1:], strict=True))
        return joined((operands[0], *rest), " ")

    def _member(self, node: Lookup) -> Markup:
        item, form = self.value(node.item), MEMBERSHIPS["not in" if node.negated else "in"]
        if isinstance(node.container, FieldRef):
            return say(form.words, item, self._ref(node.container))
        values = [constant(value) for value in node.container.values]
        order = self._orders.get((node.item.name, node.item.field), ()) if isinstance(node.item, FieldRef) else ()
        if 1 < len(values) < len(order) and not node.negated:
            if order[-len(values) :] == node.container.values:
                return say(COMPARISONS[">="].words, item, values[0])
            if order[: len(values)] == node.container.values:
                return say(COMPARISONS["<="].words, item, values[-1])
        return say(form.one if len(values) == 1 else form.among, item, joined(values, ", ", form.last))


def _denial(node: Expression) -> Expression:
    """What does not hold where a condition holds."""
    return node.operand if isinstance(node, Not) else Not(node)


def _characters(count: int) -> Markup:
    return say("character") if count == 1 else say("{} characters", number(count))


def _telling(conditions: Sequence[Expression], beside: Sequence[Expression] = ()) -> list[Expression]:
    """Conditions without those that others imply: that a field is known whose value is compared."""
    plain = [c for c in (*conditions, *beside) if not isinstance(c, (Logic, IfElse))]
    asked = frozenset[tuple[str, str]]().union(*map(refs_in, plain))
    return [c for c in conditions if not (isinstance(c, Known) and (c.ref.name, c.ref.field) in asked)]
