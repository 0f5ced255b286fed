"""What the conditions of a rule demand of each field: a condition as boxes, which are sets of values by what has them.

What is not understood, such as whether a text contains another, counts as something that may be so or not. So a condition without
boxes certainly never holds; one that has boxes may still not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from misstep.language.effects import Derive
from misstep.language.expression import (
    Arithmetic,
    Call,
    Compare,
    Constants,
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
    Scalar,
    Slice,
)
from misstep.language.facts import TRAITS, Field
from misstep.language.finding import FINDING_WORDS
from misstep.language.functions import FUNCTIONS, Type
from misstep.language.functions import NUMBERS as NUMBER_TYPES
from misstep.language.numbers import minus, plus
from misstep.language.operators import ARITHMETIC, COMPARISONS, Comparator
from misstep.language.program import FINDING, OUTLOOK, Aggregate, GroupKey, Pattern, Program, Rule
from misstep.language.scale import Levels
from misstep.rulebase.expressions import MAX_SIZE
from misstep.rulebase.patterns import MOST_FACTS
from misstep.tools.lints.value_sets import LEAST, MOST, TEXTS, TRUTHS, ValueDomain, ValueSet, span_of, union

MOST_BOXES = 200
"""A condition of more boxes is not looked into."""

SCORES = {"severity": 10.0, "noticed": 1.0, "urgency": 10.0, "damage": 10.0}
"""The greatest of each score of a finding; the least is 0."""
LEVELS = {"severity_band": "severity", "noticed_level": "noticed", "urgency_level": "urgency"}
"""The words of a finding that follow from its scores."""


class Pair(NamedTuple):
    """Two values that are compared: less, equal or more, as words ``<``, ``=`` and ``>``."""

    left: Expression
    right: Expression


Subject = Expression | Pair
"""What has values: a field, an aggregate, a computed value, or two values compared."""
ConditionBox = Mapping[Subject, ValueSet]
"""The values that each subject may have; it may have any that is not there."""


class TooManyBoxes(Exception):
    """A condition has too many alternatives to look into."""


class ValueKnowledge:
    """What is known of the values of the fields of a program: their limits and words; and, with ``derived``, what rules put into
    the fields of derived facts."""

    def __init__(self, program: Program, derived: bool = True) -> None:
        self.program = program
        self._domains: dict[tuple[str, str, str], ValueDomain] = {}
        self._derived: dict[tuple[str, str], ValueSet | None] = {}
        self._deriving: dict[str, list[tuple[Rule, Derive]]] = {}
        for rule in program.rules.values() if derived else ():
            for effect in rule.effects:
                if isinstance(effect, Derive):
                    self._deriving.setdefault(effect.kind, []).append((rule, effect))

    def domain(self, pattern: Pattern, field: str) -> ValueDomain:
        """The values of a field of a pattern."""
        key = (pattern.over, pattern.key, field)
        if key not in self._domains:
            self._domains[key] = self._domain(pattern, field)
        return self._domains[key]

    def _domain(self, pattern: Pattern, field: str) -> ValueDomain:
        scale = self.program.scale
        if pattern.over == OUTLOOK:
            return ValueDomain(ValueSet((), frozenset(scale.outlooks)))
        if pattern.over == FINDING and field in SCORES:
            return ValueDomain(span_of(0, SCORES[field]))
        if pattern.over == FINDING and field in FINDING_WORDS:
            return ValueDomain(ValueSet((), frozenset(FINDING_WORDS[field](scale))))
        if field == "kind":
            return ValueDomain(ValueSet((), frozenset(pattern.kinds)))
        if field in TRAITS:
            return ValueDomain(ValueSet((), frozenset(scale.trait(field))))
        declared = next((each for each in pattern.fields if each.name == field), None)
        if declared is None:
            return ValueDomain(TEXTS)  # an id
        domain = _declared(declared)
        if len(pattern.kinds) == 1 and self.program.kinds[pattern.kinds[0]].role == "derived":
            given = self._given(pattern.kinds[0], declared)
            return domain if given is None else ValueDomain(given & domain.all, domain.whole)
        return domain

    def _given(self, kind: str, field: Field) -> ValueSet | None:
        """What rules put into a field of a derived kind; None where it may be anything."""
        if (kind, field.name) not in self._derived:
            self._derived[kind, field.name] = None  # while it is asked for: a kind that is derived from itself may hold anything
            place = self.program.kinds[kind].fields.index(field)
            given = [self._put(rule, effect.values[place]) for rule, effect in self._deriving.get(kind, ())]
            self._derived[kind, field.name] = union(given, field.form.whole) if given else None
        return self._derived[kind, field.name]

    def _put(self, rule: Rule, value: Expression | None) -> ValueSet:
        return ValueSet(unknown=True) if value is None else ConditionReader(self, rule).domain(value).all


def _declared(field: Field) -> ValueDomain:
    """The values that a field is declared to have."""
    match field.form.sort:
        case "number":
            values = span_of(*field.range)
        case "truth":
            values = TRUTHS
        case _:
            values = ValueSet((), frozenset(field.values)) if field.type == "enum" else TEXTS
    return ValueDomain(ValueSet(values.spans, values.words, values.but, field.unknown), field.form.whole)


class ConditionReader:
    """Reads the conditions of one rule. ``inner``: the pattern of the existence or aggregate whose conditions are read."""

    def __init__(self, knowledge: ValueKnowledge, rule: Rule, inner: Pattern | None = None) -> None:
        self.knowledge = knowledge
        self.patterns = {pattern.name: pattern for pattern in (*rule.patterns, *([inner] if inner else []))}
        self.computed = {each.name: each for each in rule.binders if isinstance(each, (Aggregate, GroupKey))}
        self._of_keys = {key.name: each.pattern for each in rule.aggregates for key in each.keys}
        self._rule = rule

    # -- values

    def domain(self, node: Expression) -> ValueDomain:
        """The values that an expression can have."""
        match node:
            case Literal(bool() | str() as word):
                return ValueDomain(ValueSet((), frozenset((word,))))
            case Literal(int() | float() as number):
                return ValueDomain(span_of(number, number), isinstance(number, int))
            case FieldRef(name, field) if name in self.patterns:
                return self.knowledge.domain(self.patterns[name], field)
            case Count(name) if name in self.computed:
                return self._counted(name)
            case IfElse(_, then, otherwise):
                both = [self.domain(then), self.domain(otherwise)]
                whole = all(each.whole for each in both)
                return ValueDomain(union([each.all for each in both], whole), whole)
            case Negative() | Arithmetic() | Curve():
                type_ = self.type(node)
                return ValueDomain(span_of(type_.low, type_.high), type_.name == "integer")
            case Call(name, arguments):
                given = FUNCTIONS[name].gives([self.type(argument) for argument in arguments])
                if given.is_number:
                    return ValueDomain(span_of(given.low, given.high), given.name == "integer")
                return ValueDomain(TRUTHS if given.name == "boolean" else TEXTS)
            case Known() | Not() | Logic() | Compare() | Lookup():
                return ValueDomain(TRUTHS)
            case _:
                return ValueDomain(TEXTS)

    def type(self, node: Expression) -> Type:
        """The type of an expression, with its least and greatest number."""
        match node:
            case Negative(operand):
                inner = self.type(operand)
                return Type(inner.name, low=0 - inner.high, high=0 - inner.low)
            case Arithmetic(operator, left, right, whole):
                run, (a, b) = ARITHMETIC[operator].run, (self.type(left), self.type(right))
                try:
                    ends = [run(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
                except (ZeroDivisionError, OverflowError):  # its ends are computed here less closely than where it was checked
                    ends = [-MAX_SIZE, MAX_SIZE]
                return Type("integer" if whole else "number", low=min(ends), high=max(ends))
            case Curve(x, points):
                heights = [y for _, y in _reached(points, self.type(x))]
                return Type("number", low=min(heights), high=max(heights))
        domain = self.domain(node)
        if domain.all.spans:
            low, high = domain.all.spans[0][0][0], domain.all.spans[-1][1][0]
            return Type("integer" if domain.whole else "number", low=low, high=high)
        return Type("boolean" if domain.all == TRUTHS else "text")

    def _counted(self, name: str) -> ValueDomain:
        """The values of an aggregate, or of a key of one."""
        binder = self.computed[name]
        if isinstance(binder, GroupKey):
            return ConditionReader(self.knowledge, self._rule, self._of_keys[name]).domain(binder.value)
        kinds = [self.knowledge.program.kinds[kind] for kind in binder.pattern.kinds]
        most = len(kinds) if kinds and all(kind.role == "setting" for kind in kinds) else MOST_FACTS
        if binder.value is None or binder.function == "distinct":
            return ValueDomain(span_of(0, most), whole=True)
        type_ = ConditionReader(self.knowledge, self._rule, binder.pattern).type(binder.value)
        low, high = type_.low, type_.high
        if binder.function == "sum":
            low, high = min(low * most, 0) if low else 0, max(high * most, 0) if high else 0
        return ValueDomain(span_of(low, high), binder.whole)

    # -- conditions

    def boxes(self, tests: Iterable[tuple[Expression, bool]]) -> list[ConditionBox]:
        """The boxes in which conditions come out as stated, all of them; none where that cannot be. Raises TooManyBoxes."""
        found: list[ConditionBox] = [{}]
        for node, truth in tests:
            found = _both(found, self._boxes(node, truth))
        return found

    def _boxes(self, node: Expression, truth: bool) -> list[ConditionBox]:
        match node:
            case Not(operand):
                return self._boxes(operand, not truth)
            case Logic(operator, operands) if (operator == "and") == truth:
                return self.boxes((operand, truth) for operand in operands)
            case Logic(_, operands):
                return _either(self._boxes(operand, truth) for operand in operands)
            case IfElse(condition, then, otherwise):
                return _either(
                    self.boxes([(condition, met), (branch, truth)]) for branch, met in ((then, True), (otherwise, False))
                )
            case Compare(operators, operands) if len(operators) > 1:
                pairs = zip(operators, pairwise(operands), strict=True)
                return self._boxes(Logic("and", tuple(Compare((op,), both) for op, both in pairs)), truth)
            case Compare((operator,), operands) if branching := next((x for x in operands if isinstance(x, IfElse)), None):
                branches = [
                    Compare((operator,), tuple(branch if x is branching else x for x in operands))
                    for branch in (branching.then, branching.otherwise)
                ]
                return self._boxes(IfElse(branching.condition, *branches), truth)
            case _:
                subject, domain, values = self.atom(node)
                taken = values if truth else domain.beyond(values)
                if not taken:
                    return []
                return [{}] if isinstance(subject, Literal) else [{subject: taken}]

    def atom(self, node: Expression) -> tuple[Subject, ValueDomain, ValueSet]:
        """A condition that is about one subject: the subject, the values that it can have, and those for which it holds."""
        match node:
            case Literal(value):
                return node, ValueDomain(TRUTHS), TRUTHS if value else ValueSet()
            case Known(ref):
                domain = self.domain(ref)
                return ref, domain, domain.all.known
            case Lookup(item, Constants(words), negated):
                subject, domain, values = self._words_of(item, words)
                return subject, domain, domain.beyond(values).known if negated else values
            case Compare((operator,), (left, right)):
                return self._compared(operator, left, right)
            case FieldRef():
                return node, self.domain(node), self.domain(node).among((True,))
            case Lookup(item, container, negated):
                subject = Lookup(item, container, False)
                return subject, ValueDomain(TRUTHS), ValueSet((), frozenset((not negated,)))
            case _:
                return node, ValueDomain(TRUTHS), ValueSet((), frozenset((True,)))

    def _compared(self, operator: Comparator, left: Expression, right: Expression) -> tuple[Subject, ValueDomain, ValueSet]:
        if isinstance(left, Literal):
            operator, left, right = COMPARISONS[operator].mirrored, right, left
        if isinstance(left, Literal) and isinstance(right, Literal):
            return left, (domain := ValueDomain(TRUTHS)), domain.all if _holds(operator, left.value, right.value) else ValueSet()
        if not isinstance(right, Literal):
            return self._pair(operator, left, right)
        value = right.value
        if isinstance(value, (bool, str)):
            if operator not in ("==", "!="):  # an id that comes before a text
                return Compare((operator,), (left, right)), ValueDomain(TRUTHS), ValueSet((), frozenset((True,)))
            subject, domain, values = self._words_of(left, (value,))
            return subject, domain, values if operator == "==" else domain.beyond(values).known
        subject, operator, number = solved(operator, left, value)
        domain = self.domain(subject)
        return subject, domain, domain.numbers(operator, number)

    def _words_of(self, item: Expression, words: Sequence[Scalar]) -> tuple[Subject, ValueDomain, ValueSet]:
        """That a value is one of some words, or numbers."""
        if isinstance(item, FieldRef) and item.field in LEVELS and self.patterns[item.name].over == FINDING:
            score = FieldRef(item.name, LEVELS[item.field])
            levels: Levels = getattr(self.knowledge.program.scale, score.field)
            domain = self.domain(score)
            return score, domain, union(_of_level(levels, word) for word in words) & domain.all
        domain = self.domain(item)
        return item, domain, domain.among(word for word in words if _can_be(item, word))

    def _pair(self, operator: Comparator, left: Expression, right: Expression) -> tuple[Subject, ValueDomain, ValueSet]:
        if repr(right) < repr(left):
            operator, left, right = COMPARISONS[operator].mirrored, right, left
        domain = ValueDomain(ValueSet((), frozenset(self._orders(left, right))))
        sign = operator.replace("==", "=")
        held = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "=", "!=": "<>"}[sign]
        return Pair(left, right), domain, domain.among(held)

    def _orders(self, left: Expression, right: Expression) -> Iterator[str]:
        """How two values can be to each other."""
        if left == right:
            yield "="
            return
        a, b = self.type(left), self.type(right)
        of_numbers = a.name in NUMBER_TYPES and b.name in NUMBER_TYPES
        if not of_numbers or a.low < b.high:
            yield "<"
        if not (of_numbers and (a.high < b.low or b.high < a.low)) and not self._are_two_facts(left, right):
            yield "="
        if not of_numbers or a.high > b.low:
            yield ">"

    def _are_two_facts(self, left: Expression, right: Expression) -> bool:
        """Whether two expressions are the ids of facts that a rule never takes twice."""
        return (
            isinstance(left, FieldRef)
            and isinstance(right, FieldRef)
            and left.field == right.field == "id"
            and left.name != right.name
            and all(name in {p.name for p in self._rule.patterns if p.over == "fact"} for name in (left.name, right.name))
        )


def _reached(points: Sequence[tuple[float, float]], x: Type) -> list[tuple[float, float]]:
    """The ends and corners of a curve between the least and the greatest x."""
    inner = [(a, b) for a, b in points if x.low < a < x.high]
    return [(x.low, height(points, x.low)), *inner, (x.high, height(points, x.high))]


def height(points: Sequence[tuple[float, float]], x: float) -> float:
    """A curve at x, nearly."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return points[-1][1]


def solved(operator: Comparator, node: Expression, number: float) -> tuple[Expression, Comparator, float]:
    """A comparison with a number, told of what is inside of the sums and products with constants: ``2 * a + 1 < 5`` is
    ``a < 2``."""
    match node:
        case Negative(inner):
            return solved(COMPARISONS[operator].mirrored, inner, 0 - number)
        case Arithmetic("+", inner, Literal(constant)) | Arithmetic("+", Literal(constant), inner):
            return solved(operator, inner, minus(number, float(constant)))
        case Arithmetic("-", inner, Literal(constant)):
            return solved(operator, inner, plus(number, float(constant)))
        case Arithmetic("-", Literal(constant), inner):
            return solved(COMPARISONS[operator].mirrored, inner, minus(float(constant), number))
        case Arithmetic("*", inner, Literal(constant)) | Arithmetic("*", Literal(constant), inner) if (
            constant and operator not in ("==", "!=")
        ):
            factor = float(constant)
            return solved(operator if factor > 0 else COMPARISONS[operator].mirrored, inner, number / factor)
        case Arithmetic("/", inner, Literal(constant)) if operator not in ("==", "!="):
            factor = float(constant)
            return solved(operator if factor > 0 else COMPARISONS[operator].mirrored, inner, number * factor)
        case _:
            return node, operator, number


def _holds(operator: Comparator, left: Scalar, right: Scalar) -> bool:
    compared = {"==": left == right, "!=": left != right}
    if operator in compared:
        return compared[operator]
    a, b = (str(left), str(right)) if isinstance(left, str) else (float(left), float(right))
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]  # type: ignore[operator]


def _of_level(levels: Levels, word: Scalar) -> ValueSet:
    """The scores that have a word."""
    place = levels.words.index(str(word))
    last = place == len(levels.lower) - 1
    low = LEAST if place == 0 else (levels.lower[place], 0)
    return ValueSet(((low, MOST if last else (levels.lower[place + 1], -1)),))


def _can_be(item: Expression, word: Scalar) -> bool:
    """Whether a computed text can be a word: small letters have no capitals, and a part is no longer than it is."""
    match item:
        case Call("lower") if isinstance(word, str):
            return word == word.lower()
        case Slice(_, start, None) if isinstance(word, str) and start is not None and start < 0:
            return len(word) <= -start
        case Slice(_, start, stop) if isinstance(word, str) and stop is not None and ((start or 0) < 0) == (stop < 0):
            return len(word) <= stop - (start or 0)
    return True


def _both(some: list[ConditionBox], others: list[ConditionBox]) -> list[ConditionBox]:
    """The boxes of which one of each list holds."""
    if len(some) * len(others) > MOST_BOXES:
        raise TooManyBoxes
    found: list[ConditionBox] = []
    for one in some:
        for other in others:
            shared = {subject: one[subject] & other[subject] for subject in one.keys() & other.keys()}
            if all(shared.values()):
                found.append({**one, **other, **shared})
    return found


def _either(alternatives: Iterable[list[ConditionBox]]) -> list[ConditionBox]:
    found: list[ConditionBox] = []
    for boxes in alternatives:
        found += [box for box in boxes if box not in found]
        if len(found) > MOST_BOXES:
            raise TooManyBoxes
    return found
