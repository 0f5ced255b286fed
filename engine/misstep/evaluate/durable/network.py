"""Checked rules in; rulesets for durable-rules out, and facts in the form in which these can take them.

The library finds the matches: it tests the fields of one fact against constants, and joins facts over equal fields. It
may offer a match that is none, since the function of the rule judges every match in full (codegen.py); it must not
miss one. It compares numbers, text and truth values in ways of its own, so it is reported nothing but whole numbers:

* a field that is compared with constants is reported as its place among these constants;
* a look-up in a set of words is reported by its outcome, 1 or 0;
* a field that is joined is reported as a number for its value, equal where Python calls the values equal.

The forms of its definitions are few, because others read memory that is not theirs (``src/rules`` of 2.0.28):

* no ``$or``: it offers a match once for each alternative that holds;
* at most one condition over two facts in a pattern, and that an equality. Where an ``$and`` with such a condition fails,
  the library looks for its end behind the end. It compares hashes of the printed values first, so that never happens as
  long as different values have different hashes: see ``ClashFree``;
* all conditions of one ruleset together are few enough that no table of the library is ever full.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import Any

from misstep.errors import EngineError
from misstep.evaluate.emit import column_of
from misstep.language.expression import Compare, Constants, Expression, FieldRef, Known, Literal, Logic, Lookup, Not
from misstep.language.facts import KIND, TRAITS, Kind, Row
from misstep.language.finding import FINDING_FIELDS
from misstep.language.operators import COMPARISONS
from misstep.language.program import FINDING, OUTLOOK, Pattern, Rule

MOST_JOINED = 16  # facts of one match that the library has room for
MOST_TESTS = 10  # conditions of one pattern that are reported to it; it has room for 250 fields of a fact
MOST_PATTERNS = 60  # of one ruleset: it keeps at most 64 tests of a fact in hand
MOST_FIELDS = 240  # of one ruleset

START = '{"id":"start","start":1}'
"""The fact that rules without a pattern start from."""
PRIME = '{"id":"prime","prime":1}'
"""The fact that every ruleset has a rule for, which does nothing."""


def clash(text: str) -> int:
    """The hash by which the library knows ids, names and values of joined fields (FNV-1a, 32 bits)."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value


class ClashFree:
    """Whole numbers whose hashes all differ, by their place; written down once, and then for all records."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._places: dict[int, int] = {}
        self._hashes = {clash(text) for text in ("start", "prime", "sid-0")}
        self._next = 0

    def __getitem__(self, place: int) -> int:
        while len(self._numbers) <= place:
            value = clash(str(self._next))
            if value not in self._hashes:
                self._hashes.add(value)
                self._places[self._next] = len(self._numbers)
                self._numbers.append(self._next)
            self._next += 1
        return self._numbers[place]

    def place(self, number: int) -> int:
        """The place of one of them."""
        return self._places[number]


class Tokens:
    """A number for every value that is joined, while one record is looked at; an unknown value equals nothing."""

    def __init__(self, numbers: ClashFree) -> None:
        self._numbers = numbers
        self._known: dict[object, int] = {}
        self._count = 0

    def of(self, value: object) -> int:
        """The number of a value."""
        token = None if value is None else self._known.get(value)
        if token is None:
            token = self._numbers[self._count]
            self._count += 1
            if value is not None:
                self._known[value] = token
        return token


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on one field that a match must meet: a comparison with a constant, or a look-up and its outcome.

    ``in``: the field is one of the words. ``has``: the field, a set, has the word. ``known``: it is known.
    """

    field: str
    operator: str
    value: Any = None
    outcome: bool = True


class _Places:
    """A field that is compared with constants: its place among them, odd where it equals one; -1 where it is unknown."""

    def __init__(self) -> None:
        self.constants: list[Any] = []

    def note(self, constant: object) -> None:
        """One more constant."""
        if constant not in self.constants:
            self.constants.append(constant)
            self.constants.sort()

    def code(self, value: object, _: Tokens) -> int:
        """The number of a value."""
        if value is None:
            return -1
        i = bisect_left(self.constants, value)
        return 2 * i + (i < len(self.constants) and self.constants[i] == value)


_Definition = dict[str, Any]
"""A part of a definition, in the words of the library."""
Encode = Callable[[Any, Tokens], int]
"""A value, as the number that the library is reported."""


@dataclass(slots=True)
class _ReportedField:
    """A field as the library is reported of it: its name there, how the value is found in a row, and how it is coded."""

    name: str
    value: Callable[[Row], object]
    code: Encode


class _PatternGroup:
    """Facts that one or more patterns range over: the name of their marker field, and the fields reported of them."""

    def __init__(self, name: str, pattern: Pattern) -> None:
        self.name = name
        self.over = pattern.over
        self.kinds = frozenset(pattern.kinds)
        self.places: dict[str, _Places] = {}
        self.reported: dict[object, _ReportedField] = {}


class Ruleset:
    """Rules for durable-rules: their definition, and how facts are reported to it."""

    def __init__(self, rules: Iterable[Rule], kinds: Mapping[str, Kind]) -> None:
        self.rules = tuple(rules)
        self._kinds = kinds
        self._groups: dict[tuple[str, frozenset[str]], _PatternGroup] = {}
        for rule in self.rules:  # the fields of a fact depend on all rules, so collect them first
            self._write(rule)
        self.definition = {f"r{i}": {"all": self._write(rule)} for i, rule in enumerate(self.rules)}
        self.definition["prime"] = {"all": [{"f": {"prime": 1}}]}
        self.starts = any(not rule.patterns for rule in self.rules)
        self._of_kind: dict[tuple[str, str], list[_PatternGroup]] = {}
        for group in self._groups.values():
            for kind in group.kinds or ("",):
                self._of_kind.setdefault((group.over, kind), []).append(group)

    def wanted(self, kinds: frozenset[str], outlook: bool) -> bool:
        """Whether some rule could fire where there are facts of these kinds, and an outlook."""
        return any(
            all(outlook if p.over == "outlook" else not kinds.isdisjoint(p.kinds) for p in rule.patterns) for rule in self.rules
        )

    def fact(self, key: str, row: Row, number: int, tokens: Tokens) -> str | None:
        """A fact that memory keeps under ``key``, in JSON; None where no pattern ranges over it."""
        if key == FINDING:
            groups = self._of_kind.get(("finding", row[0][KIND]))
        elif key == OUTLOOK:
            groups = self._of_kind.get(("outlook", ""))
        else:
            groups = self._of_kind.get(("fact", key))
        if groups is None:
            return None
        parts = [f'{{"id":{number}']
        for group in groups:
            parts.append(f'"{group.name}":1')
            parts += [f'"{reported.name}":{reported.code(reported.value(row), tokens)}' for reported in group.reported.values()]
        return ",".join(parts) + "}"

    def _write(self, rule: Rule) -> list[_Definition]:
        """The patterns of a rule as the library takes them; ``f0``, ``f1`` are the facts of the rule's own patterns."""
        if not rule.patterns:
            return [{"f": {"start": 1}}]
        by_name = {pattern.name: pattern for pattern in rule.patterns}
        alias = {pattern.name: f"f{i}" for i, pattern in enumerate(rule.patterns)}
        tests = tests_of(rule)
        written = []
        for pattern, join in joined(rule):
            group = self._group(pattern)
            conditions = [{group.name: 1}, *(self._condition(group, pattern, test) for test in tests[pattern.name])]
            if join is not None:
                own, other = join
                theirs = by_name[other.name]
                conditions.append(
                    {self._token(pattern, own.field).name: {alias[other.name]: self._token(theirs, other.field).name}}
                )
            written.append({alias[pattern.name]: {"$and": conditions}})
        return written

    def _condition(self, group: _PatternGroup, pattern: Pattern, test: Test) -> _Definition:
        """A condition in the words of the library, on the field that it is reported for it."""
        if test.operator in ("in", "has"):
            return {self._lookup(group, pattern, test).name: int(test.outcome)}
        places = group.places.setdefault(test.field, _Places())
        name = self._reported(group, pattern, test.field, "place", places.code).name
        if test.operator == "known":
            return {"$gte": {name: 0}}
        places.note(test.value)
        place = {name: 2 * places.constants.index(test.value) + 1}
        return place if test.operator == "==" else {_OPERATORS[test.operator]: place}

    def _lookup(self, group: _PatternGroup, pattern: Pattern, test: Test) -> _ReportedField:
        words = test.value
        if test.operator == "in":
            return self._reported(group, pattern, test.field, words, lambda value, _: int(value in words))
        return self._reported(group, pattern, test.field, (words,), lambda value, _: int(value is not None and words in value))

    def _token(self, pattern: Pattern, name: str) -> _ReportedField:
        """A field that is joined."""
        return self._reported(self._group(pattern), pattern, name, "token", lambda value, tokens: tokens.of(value))

    def _reported(self, group: _PatternGroup, pattern: Pattern, name: str, use: object, code: Encode) -> _ReportedField:
        key = (name, use)
        if key not in group.reported:
            group.reported[key] = _ReportedField(
                f"{group.name}_{len(group.reported)}", value_of(pattern, name, self._kinds), code
            )
        return group.reported[key]

    def _group(self, pattern: Pattern) -> _PatternGroup:
        key = (pattern.over, frozenset(pattern.kinds))
        if key not in self._groups:
            self._groups[key] = _PatternGroup(f"g{len(self._groups)}", pattern)
        return self._groups[key]


_OPERATORS = {"!=": "$neq", "<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}


def value_of(pattern: Pattern, name: str, kinds: Mapping[str, Kind]) -> Callable[[Row], object]:
    """A function that finds a field in a row of memory: of a fact, a finding or the outlook."""
    if pattern.over == "outlook":
        return itemgetter(0)
    if pattern.over == "finding" and name in FINDING_FIELDS:
        return itemgetter(1 + FINDING_FIELDS.index(name))
    if name in TRAITS:
        traits = {kind: getattr(kinds[kind], name) for kind in pattern.kinds}
        find: Callable[[Row], object] = lambda row: traits[row[KIND]]  # noqa: E731
    else:
        find = itemgetter(column_of(pattern, name))
    return find if pattern.over == "fact" else lambda row: find(row[0])


def tests_of(rule: Rule) -> dict[str, list[Test]]:
    """For every pattern the conditions on one of its fields that a match must meet."""
    tests: dict[str, list[Test]] = {pattern.name: [] for pattern in rule.patterns}
    for condition in rule.conditions:
        for name, test in _tests(condition.test):
            if name in tests and test not in tests[name] and len(tests[name]) < MOST_TESTS:
                tests[name].append(test)
    return tests


def _tests(node: Expression) -> Iterator[tuple[str, Test]]:
    match node:
        case Logic("and", operands):
            for operand in operands:
                yield from _tests(operand)
        case FieldRef(name, field):
            yield name, Test(field, "==", True)
        case Not(FieldRef(name, field)):
            yield name, Test(field, "==", False)
        case Known(FieldRef(name, field)):
            yield name, Test(field, "known")
        case Lookup(FieldRef(name, field), Constants(values), negated):
            yield name, Test(field, "in", frozenset(values), not negated)
        case Lookup(Literal(value), FieldRef(name, field), negated):
            yield name, Test(field, "has", value, not negated)
        case Compare(operators, operands):
            for operator, (left, right) in zip(operators, pairwise(operands), strict=True):
                match left, right:
                    case FieldRef(name, field), Literal(value):
                        yield name, Test(field, operator, value)
                    case Literal(value), FieldRef(name, field):
                        yield name, Test(field, COMPARISONS[operator].mirrored, value)


Join = tuple[FieldRef, FieldRef]
"""The own field, and the field of a pattern before that it equals."""


def joined(rule: Rule) -> list[tuple[Pattern, Join | None]]:
    """The patterns in join order: the narrowest first, then those that an equality joins to it."""
    left = sorted(rule.patterns, key=lambda pattern: len(pattern.kinds))
    equalities = list(_equalities(rule))
    order: list[tuple[Pattern, Join | None]] = []
    before: set[str] = set()
    while left:
        joins = {p.name: join for p in left for join in equalities if join[0].name == p.name and join[1].name in before}
        pattern = next((p for p in left if p.name in joins), left[0])
        order.append((pattern, joins.get(pattern.name)))
        before.add(pattern.name)
        left.remove(pattern)
    return order


def _equalities(rule: Rule) -> Iterator[Join]:
    """The equalities between fields of two facts, both ways."""
    for condition in rule.conditions:
        conjuncts = condition.test.operands if isinstance(condition.test, Logic) and condition.test.operator == "and" else ()
        for test in conjuncts or (condition.test,):
            match test:
                case Compare(("==",), (FieldRef() as a, FieldRef() as b)) if a.name != b.name:
                    yield a, b
                    yield b, a


def check_rule_sizes(rules: Iterable[Rule]) -> None:
    """Raise EngineError for a rule that the library cannot take."""
    for rule in rules:
        if len(rule.patterns) > MOST_JOINED:
            raise EngineError(
                f"the rule {rule.id} has {len(rule.patterns)} patterns and the engine 'durable' takes at most {MOST_JOINED}; "
                "the engine 'python' has no such limit"
            )


def rulesets(rules: Iterable[Rule], kinds: Mapping[str, Kind]) -> list[Ruleset]:
    """Rules in rulesets that are small enough, those that look at the same kinds together."""
    chunks: list[list[Rule]] = []
    patterns = fields = 0
    for rule in sorted(rules, key=_narrowest):
        reported = sum(3 + len(tests) for tests in tests_of(rule).values())  # its group, its join and that of another to it
        patterns, fields = patterns + max(1, len(rule.patterns)), fields + reported
        if not chunks or patterns > MOST_PATTERNS or fields > MOST_FIELDS:
            chunks.append([])
            patterns, fields = max(1, len(rule.patterns)), reported
        chunks[-1].append(rule)
    return [Ruleset(chunk, kinds) for chunk in chunks]


def _narrowest(rule: Rule) -> tuple[int, tuple[str, ...]]:
    return min(((len(p.kinds), p.kinds) for p in rule.patterns), default=(0, ()))
