"""Check the text of an expression against the names that it may use; the result is a typed tree.

The text is parsed with ``ast`` and walked node by node: nodes that are not listed here are errors. All types are checked, and the
size of numbers is bounded, so nothing can fail when the expression is evaluated. docs/rule-packs.md describes the language.

An unknown field makes a comparison neither true nor false, and a condition holds only where it is certainly true. Engines need
not know that. Here a comparison that uses such a field gets a ``known()`` before it, and ``not`` is moved inward to comparisons,
since what is not certainly true need not be false. An amount always needs a value: there the pack has to ask for ``known()``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple, cast

from misstep.errors import did_you_mean, listing
from misstep.language.effects import Placeholder, Text
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
    KnownFields,
    Literal,
    Logic,
    Lookup,
    Negative,
    Not,
    Scalar,
    Slice,
    known_where,
)
from misstep.language.facts import LARGEST, UNSAID, TypeName
from misstep.language.functions import BOOLEAN, FUNCTIONS, MANY, NUMBERS, TEXT, WORDS, Type, one_of
from misstep.language.numbers import plus
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS, ArithmeticOperator, Comparator, Connective
from misstep.limits import FIXED

MAX_DEPTH = FIXED.expression_depth
MAX_SIZE = 2.0**900  # a double holds up to 2**1023: no product or sum of facts may come near
MOST_ORDERED = FIXED.ordered_words  # each comparison of such a field has a test for each of its words

NOTHING: KnownFields = frozenset()


class ExpressionError(Exception):
    """An error in an expression, and the character (from 0) of its text."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


class BrokenConstant(ExpressionError):
    """The expression names a constant whose declaration has a fault, which is reported there."""


@dataclass(slots=True)
class NamedConstants:
    """The constants of a rule base by name, each as it is put in where an expression names it.

    ``broken``: names whose declaration has a fault. ``used``: names that some expression, text or other constant uses.
    """

    nodes: dict[str, Literal | Constants] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)

    def find(self, name: str) -> Literal | Constants | None:
        """The constant of a name, which is used now; None if there is none. Raises BrokenConstant."""
        self.used.add(name)
        if name in self.broken:
            raise BrokenConstant(name)
        return self.nodes.get(name)


@dataclass(frozen=True, slots=True)
class Scope:
    """Names that an expression may use: facts with the types of their fields, aggregates with theirs, and constants.

    ``own``: the fact of the pattern around it, whose fields need no name before them; empty outside of patterns. ``renamed``:
    names by their old ones; ``lacking``: the messages about fields that findings have with another scale.
    """

    facts: Mapping[str, Mapping[str, Type]]
    aggregates: Mapping[str, Type] = field(default_factory=dict)
    own: str = ""
    constants: NamedConstants = field(default_factory=NamedConstants)
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)


class Checked(NamedTuple):
    """An expression and its type."""

    node: Expression
    type: Type


def check_condition(text: str, scope: Scope, known: KnownFields) -> tuple[Expression, ...]:
    """Check a condition; its parts, of which all must hold, each true or false whatever is unknown. Raises ExpressionError.

    ``known``: the fields that are known where it stands, as (name, field), here and below.
    """
    node = _ExpressionChecker(text, scope).check_condition(known)
    return node.operands if isinstance(node, Logic) and node.operator == "and" else (node,)


def check_value(text: str, scope: Scope, known: KnownFields) -> Checked:
    """Check an expression for its value. Raises ExpressionError."""
    return _ExpressionChecker(text, scope).check(known)


def check_number(value: str | float, scope: Scope, known: KnownFields) -> Expression:
    """Check an amount: a number, or an expression that gives one. Raises ExpressionError."""
    if not isinstance(value, str):
        return Literal(value)
    node, type_ = check_value(value, scope, known)
    if not type_.is_number:
        raise ExpressionError(f"a number is needed here; this is {type_}")
    return node


_PARTS = re.compile(r"\{([^{}]*)\}|[{}]|[^{}]+")
_REFERENCE = re.compile(r"([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")


def check_text(text: str, scope: Scope, known: KnownFields) -> Text:
    """Check a text with ``{name.field}`` places; nothing but a field, or the name of an aggregate or a constant, may stand there.
    Raises ExpressionError."""
    parts: list[str | FieldRef | Placeholder | Literal] = []
    for match in _PARTS.finditer(text):
        inner = match.group(1) or ""
        if match.group()[0] not in "{}":
            parts.append(match.group())
        elif inner in scope.aggregates:
            parts.append(Placeholder(inner))
        elif isinstance(constant := scope.constants.find(inner), Literal):
            parts.append(constant)
        elif not _REFERENCE.fullmatch(inner):
            hint = f"; do you mean {meant}?" if (meant := _meant(inner, scope)) else ""
            message = f"braces hold a field, {{name.field}}, or the name of an aggregate or a constant, {{n}}{hint}"
            raise ExpressionError(message, match.start())
        else:
            parts.append(cast("FieldRef", _ExpressionChecker(inner, scope, match.start(1)).check(known).node))
    return Text(tuple(parts))


def _meant(field: str, scope: Scope) -> str:
    """The fields of this name, with the names of their facts before them."""
    return " or ".join(f"{name}.{field}" for name, fields in scope.facts.items() if field in fields)


def type_of(value: Scalar) -> Type:
    """The type of a constant."""
    match value:
        case bool():
            return BOOLEAN
        case str():
            return Type("text", values=(value,))
        case _:
            return Type("integer" if isinstance(value, int) else "number", low=value, high=value)


_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+]?[0-9]+)?")
_SLIPS = (  # what ast would take for something else, drop or warn of; or refuse without a helpful word
    (r"#", "a comment is not part of the expression language"),
    (r"'_*'\s*'_*'", "two texts with nothing between them; is a comma missing?"),
    (r"&&?", "'and' is written out"),
    (r"\|\|?", "'or' is written out"),
    (r"!(?!=)", "'not' is written out"),
    (r"=>", "'at least' is written >="),
    (r"=<", "'at most' is written <="),
    (r"(?<![=!<>:])=(?!=)", "values are compared with =="),
    (r":=", "':=' is not part of the expression language"),
    (r"<>", "'unequal' is written !="),
    ("[\u2018-\u201f\u00ab\u00bb\u2032\u2033]", "this is no quotation mark; a text stands in ' or \""),
    (r"[^\x00-\x7f\ud800-\udfff]", "letters and signs beyond ASCII stand in texts alone, in plain quotes"),
)
_SLIP = re.compile("|".join(pattern for pattern, _ in _SLIPS))
_DIGITS = re.compile(r"(?<![\w.])\.?[0-9](?:[eE][-+](?=[0-9])|[\w.])*")


class _ExpressionChecker:
    """Checks one expression, with a method for every sort of node that may be in it: the node, the fields that are known where it
    stands, and how deep that is, in; the node checked and typed out. They raise ExpressionError with the place of the node.

    ``asked`` gathers what must hold for a comparison to be true or false: the fields that it uses are known, their words have a
    place in the order; None outside of comparisons.
    """

    def __init__(self, text: str, scope: Scope, start: int = 0) -> None:
        self.scope = scope
        self.asked: dict[Expression, None] | None = None
        self.shift = start + len(text) - len(text.lstrip())
        self.line = re.sub(r"\s", " ", text).strip()

    def _spelling(self) -> None:
        """Reject spellings that Python's parser reads in another way than the author means."""
        if "\\" in self.line:
            raise ExpressionError("a backslash is not part of the expression language", self.shift + self.line.index("\\"))
        bare = _STRING.sub(lambda m: f"'{'_' * (len(m.group()) - 2)}'", self.line)
        if match := _SLIP.search(bare):
            message = next(m for pattern, m in _SLIPS if re.match(pattern, bare[match.start() :]))
            raise ExpressionError(message, self.shift + match.start())
        for match in _DIGITS.finditer(bare):
            if not _NUMBER.fullmatch(match.group()):
                raise ExpressionError("a number is written 12, 1.5 or 2e3", self.shift + match.start())

    def check(self, known: KnownFields) -> Checked:
        """The expression for its value."""
        return self._check(self._parsed(), known, 0)

    def check_condition(self, known: KnownFields) -> Expression:
        """The condition that holds where the text is certainly true."""
        return self._condition(self._parsed(), known, 0)

    def _parsed(self) -> ast.expr:
        self._spelling()
        try:
            return ast.parse(self.line, mode="eval").body
        except SyntaxError as error:
            column = min(error.offset - 1, len(self.line)) if error.offset else len(self.line)
            raise ExpressionError("not an expression: the text cannot be read from here on", self.shift + column) from None
        except (ValueError, RecursionError, MemoryError):
            raise ExpressionError("not an expression: nested too deep or not text") from None

    def _error(self, node: ast.AST, message: str) -> ExpressionError:
        column: int = getattr(node, "col_offset", 0)
        return ExpressionError(message, self.shift + len(self.line.encode()[:column].decode(errors="replace")))

    # -- conditions

    def _condition(self, node: ast.expr, known: KnownFields, depth: int, truth: bool = True) -> Expression:
        """The condition that holds where a node is certainly ``truth``. Each part of the node is in it once."""
        self._bounded(node, depth)
        match node:
            case ast.BoolOp():
                operator = _connective(node) if truth else LOGIC[_connective(node)].opposite
                operands: list[Expression] = []
                for value in node.values:
                    part = self._condition(value, known, depth + 1, truth)
                    known = known | known_where(part, operator == "and")
                    operands += part.operands if isinstance(part, Logic) and part.operator == operator else (part,)
                return Logic(operator, tuple(operands))
            case ast.UnaryOp(op=ast.Not()):
                return self._condition(node.operand, known, depth + 1, not truth)
            case ast.IfExp():
                test = self._condition(node.test, known, depth + 1)
                then = self._condition(node.body, known | known_where(test, True), depth + 1, truth)
                other = self._condition(node.orelse, known | known_where(test, False), depth + 1, truth)
                return IfElse(test, then, other)
            case _:
                return self._comparison(node, known, depth, truth)

    def _comparison(self, node: ast.expr, known: KnownFields, depth: int, truth: bool) -> Expression:
        """The same for a comparison, or whatever else is true or false; it is neither where a field that it uses is unknown."""
        asked: dict[Expression, None] = {}
        with self._asking(asked):
            part = self._typed(node, known, depth, "boolean").node
        guards = [guard for guard in asked if isinstance(guard, Known) or not truth]  # no look-up has a word without a place
        parts = part.operands if truth and isinstance(part, Logic) and part.operator == "and" else (part if truth else Not(part),)
        return Logic("and", (*guards, *parts)) if guards or len(parts) > 1 else parts[0]

    @contextmanager
    def _asking(self, asked: dict[Expression, None] | None) -> Iterator[None]:
        """Gather guards there; None: refuse unknown fields."""
        before, self.asked = self.asked, asked
        yield
        self.asked = before

    # -- values

    def _bounded(self, node: ast.expr, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._error(node, f"nested more than {MAX_DEPTH} levels deep")

    def _check(self, node: ast.expr, known: KnownFields, depth: int) -> Checked:
        self._bounded(node, depth)
        method = _METHODS.get(type(node))
        if method is None:
            what = _REFUSED.get(type(node), f"'{type(node).__name__}'")
            raise self._error(node, f"{what} is not part of the expression language")
        checked = method(self, node, known, depth + 1)
        if max(-checked.type.low, checked.type.high) > MAX_SIZE:
            raise self._error(node, _TOO_LARGE)
        return checked

    def _typed(self, node: ast.expr, known: KnownFields, depth: int, *names: TypeName) -> Checked:
        checked = self._check(node, known, depth)
        if checked.type.name not in names:
            wanted = "a number" if names[0] == "integer" else str(Type(names[0]))
            raise self._error(node, f"{wanted} is needed here; this is {checked.type}")
        return checked

    def _number(self, node: ast.expr, known: KnownFields, depth: int) -> Checked:
        return self._typed(node, known, depth, *NUMBERS)

    # -- leaves

    def constant(self, node: ast.Constant, known: KnownFields, depth: int) -> Checked:
        match node.value:
            case int() | float() as value if abs(value) > LARGEST:
                raise self._error(node, f"a {'whole ' if isinstance(value, int) else ''}number is at most {LARGEST}")
            case bool() | str() | int() | float() as value:
                return Checked(Literal(value), type_of(value))
            case None:
                raise self._error(node, "None is not a value; known(x.field) tells whether a field is known")
        raise self._error(node, "not a value of the expression language")

    def name(self, node: ast.Name, known: KnownFields, depth: int) -> Checked:
        name = node.id
        if name in self._own_fields():
            return self._field(node, known)
        if name in self.scope.aggregates:
            return Checked(Count(name), self.scope.aggregates[name])
        if name in self.scope.facts:
            raise self._error(node, f"'{name}' is a fact; say which field of it: {name}.id")
        if (constant := self.scope.constants.find(name)) is not None:
            if isinstance(constant, Constants):
                raise self._error(node, f"'{name}' is a list, which only stands behind 'in'")
            return Checked(constant, type_of(constant.value))
        if name in ("true", "false"):
            raise self._error(node, f"'{name}' is written {name.capitalize()}")
        if name in ("null", "none"):
            raise self._error(node, f"'{name}' is not a value; known(x.field) tells whether a field is known")
        raise self._no_name(node)

    def _no_name(self, node: ast.Name) -> ExpressionError:
        name = node.id
        if meant := _meant(name, self.scope):
            return self._error(node, f"'{name}' is a field; outside of its own pattern it is written {meant}")
        there = [*self._own_fields(), *self.scope.facts, *self.scope.aggregates]
        return self._error(node, f"unknown name '{name}'{self._hint(name, there)}")

    def _own_fields(self) -> Mapping[str, Type]:
        """The fields that need no name before them."""
        return self.scope.facts[self.scope.own] if self.scope.own else {}

    def _hint(self, name: str, names: list[str]) -> str:
        there = f"; known here: {listing(names)}" if names else ""
        return did_you_mean(name, [*names, *self.scope.constants.nodes], there, self.scope.renamed) + " (text stands in quotes)"

    def attribute(self, node: ast.Attribute, known: KnownFields, depth: int) -> Checked:
        return self._field(node, known)

    def _field(self, node: ast.expr, known: KnownFields) -> Checked:
        ref, type_ = self._reference(node)
        if type_.unknown and (ref.name, ref.field) not in known:
            if self.asked is None:
                hint = f"let a condition ask for known({ref}); an amount may also be: {ref} if known({ref}) else ..."
                raise self._error(node, f"{ref} may be unknown; {hint}")
            self.asked[Known(ref)] = None
        return Checked(ref, type_)

    def _reference(self, node: ast.expr) -> tuple[FieldRef, Type]:
        if isinstance(node, ast.Name) and node.id in self._own_fields():
            if node.id in self.scope.aggregates or self.scope.constants.find(node.id) is not None:
                both = f"'{node.id}' is a field of this pattern and a value too"
                raise self._error(
                    node, f"{both}; the field is written {self.scope.own}.{node.id}, and the value needs another name"
                )
            return FieldRef(self.scope.own, node.id), self._own_fields()[node.id]
        if isinstance(node, ast.Name) and node.id not in (*self.scope.facts, *self.scope.aggregates):
            raise self._no_name(node)
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            raise self._error(node, "a field is written name.field")
        name = node.value.id
        fields = self.scope.facts.get(name)
        if fields is None:
            if name in self.scope.aggregates:
                raise self._error(node, f"'{name}' is a value; it has no fields")
            if self.scope.constants.find(name) is not None:
                raise self._error(node, f"'{name}' is a constant; it has no fields")
            raise self._error(node, f"unknown name '{name}'{self._hint(name, list(self.scope.facts))}")
        type_ = fields.get(node.attr)
        if type_ is None:
            if node.attr in self.scope.lacking:
                raise self._error(node, self.scope.lacking[node.attr])
            hint = did_you_mean(node.attr, fields, f"; it has {listing(fields)}", self.scope.renamed)
            raise self._error(node, f"'{name}' has no field '{node.attr}'{hint}")
        return FieldRef(name, node.attr), type_

    # -- logic

    def boolean_operator(self, node: ast.BoolOp, known: KnownFields, depth: int) -> Checked:
        operator = _connective(node)
        operands: list[Expression] = []
        with self._asking(None):
            for value in node.values:
                part = self._typed(value, known, depth, "boolean").node
                known = known | known_where(part, operator == "and")
                operands.extend(part.operands if isinstance(part, Logic) and part.operator == operator else (part,))
        return Checked(Logic(operator, tuple(operands)), BOOLEAN)

    def unary(self, node: ast.UnaryOp, known: KnownFields, depth: int) -> Checked:
        if isinstance(node.op, ast.Invert):
            raise self._error(node, "'~' is not part of the expression language")
        if isinstance(node.op, ast.Not):
            return Checked(Not(self._typed(node.operand, known, depth, "boolean").node), BOOLEAN)
        operand, type_ = self._number(node.operand, known, depth)
        if isinstance(node.op, ast.UAdd):
            return Checked(operand, type_)
        below = replace(type_, low=0 - type_.high, high=0 - type_.low)  # 0 - 0.0 is no -0.0
        return Checked(Literal(below.low) if isinstance(operand, Literal) else Negative(operand), below)

    def conditional(self, node: ast.IfExp, known: KnownFields, depth: int) -> Checked:
        test = self._condition(node.test, known, depth)
        with self._asking(None):
            then = self._check(node.body, known | known_where(test, True), depth)
            other = self._check(node.orelse, known | known_where(test, False), depth)
        return Checked(IfElse(test, then.node, other.node), self._joined(node, then.type, other.type))

    def _joined(self, node: ast.AST, a: Type, b: Type) -> Type:
        if a.sort == b.sort == "number":
            return one_of((a, b))
        if a.sort == b.sort == "truth":
            return BOOLEAN
        if a.sort == b.sort == "word":
            return Type("enum", tuple(dict.fromkeys(a.values + b.values))) if a.values and b.values else TEXT
        raise self._error(node, f"both sides of 'if' must be of one type; these are {a} and {b}")

    # -- comparisons

    def compare(self, node: ast.Compare, known: KnownFields, depth: int) -> Checked:
        if len(node.ops) == 1 and (lookup := _LOOKUPS.get(type(node.ops[0]))):
            return self._member(node, known, depth, lookup.negated)
        parts = (node.left, *node.comparators)
        for part, refused in zip(node.comparators, map(type, node.ops), strict=True):
            if refused not in _OPERATORS:
                raise self._error(part, _REFUSED[refused])
        operands = [self._check(part, known, depth) for part in parts]
        operators = [_OPERATORS[type(operator)] for operator in node.ops]
        tests: list[Expression] = []
        for part, symbol, (a, b) in zip(node.comparators, operators, pairwise(operands), strict=True):
            if COMPARISONS[symbol].ordered and (a.type.order or b.type.order):
                tests.append(self._ranked(part, symbol, a, b))
            else:
                self._comparable(part, a.type, b.type, COMPARISONS[symbol].ordered)
                tests.append(Compare((symbol,), (a.node, b.node)))
        if all(isinstance(test, Compare) for test in tests):
            return Checked(Compare(tuple(operators), tuple(o.node for o in operands)), BOOLEAN)
        return Checked(tests[0] if len(tests) == 1 else Logic("and", tuple(tests)), BOOLEAN)

    def _ranked(self, node: ast.AST, symbol: Comparator, a: Checked, b: Checked) -> Expression:
        """A comparison of a field whose words have an order, as look-ups of the words for which it holds."""
        order = a.type.order
        if not order:
            return self._ranked(node, COMPARISONS[symbol].mirrored, b, a)
        for each in (a, b):
            if self.asked is not None and UNSAID in each.type.values and each.type.order:
                self.asked[Compare(("!=",), (each.node, Literal(UNSAID)))] = None
        if len(order) > MOST_ORDERED:
            raise self._error(node, f"this field has {len(order)} words, too many to compare; the limit is {MOST_ORDERED}")
        match b.node:
            case Literal(str() as word) if word in order:
                found: list[Expression] = (
                    [Lookup(a.node, Constants(words), False)] if (words := _beside(order, symbol, word)) else []
                )
            case Literal(str() as word) if word in a.type.values:
                raise self._error(node, f"'{word}' has no place in the order of this field")
            case Literal(str() as word):
                raise self._no_value(node, word, a.type)
            case _ if b.type.order == order:
                found = [
                    Logic("and", (Lookup(a.node, Constants(words), False), Compare(("==",), (b.node, Literal(word)))))
                    for word in order
                    if (words := _beside(order, symbol, word))
                ]
            case _:
                message = "an ordered field is compared with one of its words, or with a field of its order; this is"
                raise self._error(node, f"{message} {b.type}")
        if not found:
            raise self._error(node, "this never holds: nothing is below the lowest word, or above the highest")
        return found[0] if len(found) == 1 else Logic("or", tuple(found))

    def _comparable(self, node: ast.AST, a: Type, b: Type, ordered: bool = False) -> None:
        if ordered and a.sort == b.sort == "word" and "enum" in (a.name, b.name):
            raise self._error(
                node, "the words of this field have no order; `ordered: true` at the field gives them that of `values`"
            )
        if ordered and not (a.sort == b.sort == "number" or a.name == b.name == "id"):
            raise self._error(node, f"order is only between numbers; these are {a} and {b}")
        if "set" in (a.sort, b.sort):
            raise self._error(node, "a set is only looked into: 'word' in name.field")
        if a.sort != b.sort:
            raise self._error(node, f"{a} and {b} are never equal")
        if a.name == "enum" and b.values:
            self._words_in(node, b.values, a)
        elif b.name == "enum" and a.values:
            self._words_in(node, a.values, b)

    def _words_in(self, node: ast.AST, words: tuple[str, ...], type_: Type) -> None:
        """One of the words at least must be possible; a constant that never can be is a slip of the pen."""
        if not set(words) & set(type_.values):
            raise self._no_value(node, words[0], type_)

    def _no_value(self, node: ast.AST, word: str, type_: Type, of: str = "") -> ExpressionError:
        hint = did_you_mean(word, type_.values, f"; it is one of {listing(type_.values)}")
        return self._error(node, f"'{word[:60]}'{of} is not a value of this field{hint}")

    def _member(self, node: ast.Compare, known: KnownFields, depth: int, negated: bool) -> Checked:
        item = self._check(node.left, known, depth)
        container = node.comparators[0]
        if isinstance(container, (ast.Tuple, ast.List, ast.Set)):
            return Checked(Lookup(item.node, self._words(container, item.type, depth), negated), BOOLEAN)
        if isinstance(container, ast.Name) and isinstance(found := self.scope.constants.find(container.id), Constants):
            self._list_comparable(container, item.type, found)
            return Checked(Lookup(item.node, found, negated), BOOLEAN)
        checked = self._check(container, known, depth)
        if not isinstance(checked.node, FieldRef) or checked.type.name != "set":
            raise self._error(container, f"'in' looks into a field that is a set, or into ('a', 'b'); this is {checked.type}")
        self._comparable(container, Type("enum", checked.type.values), item.type)
        return Checked(Lookup(item.node, checked.node, negated), BOOLEAN)

    def _list_comparable(self, node: ast.Name, item: Type, found: Constants) -> None:
        """The same for a constant that is a list: each of its words must be possible."""
        if item.name == "enum" and (odd := set(found.values) - set(item.values)):
            raise self._no_value(node, str(next(v for v in found.values if v in odd)), item, f" of the list '{node.id}'")
        self._comparable(node, item, type_of(found.values[0]))

    def _words(self, node: ast.Tuple | ast.List | ast.Set, item: Type, depth: int) -> Constants:
        values: list[Scalar] = []
        if not node.elts:
            raise self._error(node, "a list to look in is empty")
        for element in node.elts:
            checked = self._check(element, NOTHING, depth)
            if not isinstance(checked.node, Literal):
                raise self._error(element, "a list to look in holds constants only")
            self._comparable(element, item, checked.type)
            values.append(checked.node.value)
        return Constants(tuple(values))

    # -- arithmetic

    def binary(self, node: ast.BinOp, known: KnownFields, depth: int) -> Checked:
        operator = _ARITHMETIC.get(type(node.op))
        if operator is None:
            raise self._error(node, "arithmetic is + - * /")
        left, right = self._number(node.left, known, depth), self._number(node.right, known, depth)
        (a, a_type), (b, b_type) = left, right
        if operator == "/" and b_type.low <= 0 <= b_type.high:
            raise self._error(node.right, _division_by(b))
        whole = operator != "/" and a_type.name == b_type.name == "integer"
        run = ARITHMETIC[operator].run
        try:
            ends = [run(x, y) for x in (a_type.low, a_type.high) for y in (b_type.low, b_type.high)]
        except OverflowError:
            raise self._error(node, _TOO_LARGE) from None
        return Checked(Arithmetic(operator, a, b, whole), Type("integer" if whole else "number", low=min(ends), high=max(ends)))

    # -- parts of texts

    def subscript(self, node: ast.Subscript, known: KnownFields, depth: int) -> Checked:
        if not isinstance(node.slice, ast.Slice) or node.slice.step is not None:
            what = "a step in a slice" if isinstance(node.slice, ast.Slice) else "an index in brackets"
            raise self._error(node, f"{what} is not part of the expression language; a part of a text is x.field[2:5]")
        text = self._typed(node.value, known, depth, *WORDS)
        start, stop = (None if end is None else self._end(end, depth) for end in (node.slice.lower, node.slice.upper))
        first = start or 0
        if stop == 0 or (stop is not None and (first < 0) == (stop < 0) and stop <= first):
            raise self._error(node.slice.upper or node, "this part of a text is always empty: it ends before it begins")
        return Checked(Slice(text.node, start, stop), TEXT)

    def _end(self, node: ast.expr, depth: int) -> int:
        """One end of a slice."""
        match self._check(node, NOTHING, depth).node:
            case Literal(int(place)) if not isinstance(place, bool):
                return place
        raise self._error(node, "an end of a part is a whole number, and a constant: x.field[2:5]")

    # -- functions

    def call(self, node: ast.Call, known: KnownFields, depth: int) -> Checked:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _ARGUMENTS:
            hint = did_you_mean(name, _ARGUMENTS, f"; there are {listing(_ARGUMENTS)}")
            raise self._error(node, (f"unknown function '{name}'" if name else "not a function") + hint)
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise self._error(node, "a function takes plain arguments only")
        least, most = _ARGUMENTS[name]
        if not least <= len(node.args) <= most:
            count = "one argument" if most == 1 else f"{least} to {most} arguments"
            raise self._error(node, f"{name} takes {count}")
        if name == "known":
            return self._known(node)
        if name == "curve":
            return self._curve(node, known, depth)
        function = FUNCTIONS[name]
        arguments = [self._typed(argument, known, depth, *function.takes) for argument in node.args]
        return Checked(Call(name, tuple(a.node for a in arguments)), function.gives([a.type for a in arguments]))

    def _known(self, node: ast.Call) -> Checked:
        ref, type_ = self._reference(node.args[0])
        if not type_.unknown:
            raise self._error(node, f"{ref} is always known")
        return Checked(Known(ref), BOOLEAN)

    def _curve(self, node: ast.Call, known: KnownFields, depth: int) -> Checked:
        x = self._number(node.args[0], known, depth)
        points: list[tuple[float, float]] = []
        for arg in node.args[1:]:
            pair = [self._check(e, NOTHING, depth).node for e in arg.elts] if isinstance(arg, ast.Tuple) else []
            match pair:
                case [Literal(bool()), _] | [_, Literal(bool())]:
                    raise self._error(arg, "a point of a curve is two constants: (10, 1.5)")
                case [Literal(int() | float() as a), Literal(int() | float() as b)]:
                    points.append((float(a), plus(b, 0)))
                case _:
                    raise self._error(arg, "a point of a curve is two constants: (10, 1.5)")
            if len(points) > 1 and points[-1][0] <= points[-2][0]:
                raise self._error(arg, "the points of a curve go from left to right")
        heights = [y for _, y in points]
        return Checked(Curve(x.node, tuple(points)), Type("number", low=min(heights), high=max(heights)))


def _connective(node: ast.BoolOp) -> Connective:
    return next(symbol for symbol, form in LOGIC.items() if isinstance(node.op, form.node))


def _division_by(divisor: Expression) -> str:
    """The error of a divisor that is 0 or may be."""
    if isinstance(divisor, Literal):
        return "division by 0"
    what = str(divisor) if isinstance(divisor, FieldRef) else "..."
    return f"the divisor may be 0; max(1, {what}) never is, nor is a field with `min: 1`"


_TOO_LARGE = "the number can become too large: fewer or smaller factors are needed"


def _beside(order: tuple[str, ...], symbol: Comparator, word: str) -> tuple[str, ...]:
    """The words of which ``x < word``, or what else the comparison is, holds."""
    place = order.index(word)
    match symbol:
        case "<":
            return order[:place]
        case "<=":
            return order[: place + 1]
        case ">":
            return order[place + 1 :]
        case _:
            return order[place:]


_REFUSED: dict[type[ast.AST], str] = {
    ast.Is: "'is' is written ==",
    ast.IsNot: "'is not' is written !=",
    ast.In: "'in' stands in a condition of its own: join conditions with 'and'",
    ast.NotIn: "'not in' stands in a condition of its own: join conditions with 'and'",
    ast.Lambda: "a lambda",
    ast.JoinedStr: "a text with f before it",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Dict: "a mapping",
    ast.List: "a list outside of 'in'",
    ast.Set: "a set outside of 'in'",
    ast.Tuple: "a comma outside of 'in' and curve()",
    ast.Starred: "a star",
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.NamedExpr: "':='",
    ast.Slice: "a slice",
}
_ARGUMENTS = {name: (function.least, function.most) for name, function in FUNCTIONS.items()} | {
    "known": (1, 1),
    "curve": (3, MANY),
}
"""How many arguments each function takes, and the two forms that are written like one: they take a field, and points."""
_OPERATORS: dict[type[ast.cmpop], Comparator] = {form.node: symbol for symbol, form in COMPARISONS.items()}
_LOOKUPS = {form.node: form for form in MEMBERSHIPS.values()}
_ARITHMETIC: dict[type[ast.operator], ArithmeticOperator] = {form.node: symbol for symbol, form in ARITHMETIC.items()}
_METHODS: dict[type[ast.expr], Callable[..., Checked]] = {
    ast.Constant: _ExpressionChecker.constant,
    ast.Name: _ExpressionChecker.name,
    ast.Attribute: _ExpressionChecker.attribute,
    ast.BoolOp: _ExpressionChecker.boolean_operator,
    ast.UnaryOp: _ExpressionChecker.unary,
    ast.IfExp: _ExpressionChecker.conditional,
    ast.Compare: _ExpressionChecker.compare,
    ast.BinOp: _ExpressionChecker.binary,
    ast.Call: _ExpressionChecker.call,
    ast.Subscript: _ExpressionChecker.subscript,
}
