"""Check the text of an expression against the names that it may use; the result is a typed tree.

The text is parsed with ``ast`` and walked node by node: nodes that are not listed here are errors. All types are checked, fields
that may be unknown need ``known()``, and the size of numbers is bounded, so nothing can fail when the expression is evaluated.
docs/rule-packs.md describes the language.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from misstep.errors import listing, suggest
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
    known_where,
)
from misstep.language.facts import LARGEST, TypeName
from misstep.language.functions import BOOLEAN, FUNCTIONS, MANY, NUMBERS, TEXT, Type
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS, ArithmeticOperator, Comparator

MAX_DEPTH = 32
MAX_BITS = 900  # a double holds up to 1023: no product or sum of facts may come near
FACT_BITS = 53
AGGREGATE_BITS = 73  # a sum of up to 2**20 facts

NOTHING: KnownFields = frozenset()


@dataclass(frozen=True, slots=True)
class Scope:
    """Names that an expression may use: facts with the types of their fields, and aggregates with theirs. ``renamed``: names by
    their old ones; ``lacking``: the messages about fields that findings have with another scale."""

    facts: Mapping[str, Mapping[str, Type]]
    aggregates: Mapping[str, Type] = field(default_factory=dict)
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)


class ExpressionError(Exception):
    """An error in an expression, and the character (from 0) of its text."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


class Checked(NamedTuple):
    """An expression and its type."""

    node: Expression
    type: Type


def check_condition(text: str, scope: Scope, known: KnownFields) -> tuple[Expression, ...]:
    """Check a condition; its parts, of which all must hold. Raises ExpressionError.

    ``known``: the fields that are known where it stands, as (name, field), here and below.
    """
    node, type_ = check_value(text, scope, known)
    if type_.sort != "truth":
        raise ExpressionError(f"a condition must be true or false; this is {type_}")
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
    """Check a text with ``{name.field}`` places; nothing but a field or the name of an aggregate may stand there. Raises
    ExpressionError."""
    parts: list[str | FieldRef | Placeholder] = []
    for match in _PARTS.finditer(text):
        inner = match.group(1) or ""
        if match.group()[0] not in "{}":
            parts.append(match.group())
        elif inner in scope.aggregates:
            parts.append(Placeholder(inner))
        elif not _REFERENCE.fullmatch(inner):
            raise ExpressionError("braces hold a field, {name.field}, or the name of an aggregate, {n}", match.start())
        else:
            parts.append(cast("FieldRef", _ExpressionChecker(inner, scope, match.start(1)).check(known).node))
    return Text(tuple(parts))


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
)
_SLIP = re.compile("|".join(pattern for pattern, _ in _SLIPS))
_DIGITS = re.compile(r"(?<![\w.])\.?[0-9](?:[eE][-+](?=[0-9])|[\w.])*")


class _ExpressionChecker:
    """Checks one expression, with a method for every sort of node that may be in it: the node, the fields that are known where it
    stands, and how deep that is, in; the node checked and typed out. They raise ExpressionError with the place of the node."""

    def __init__(self, text: str, scope: Scope, start: int = 0) -> None:
        self.scope = scope
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
        self._spelling()
        try:
            tree = ast.parse(self.line, mode="eval")
        except SyntaxError as error:
            column = min(error.offset - 1, len(self.line)) if error.offset else len(self.line)
            raise ExpressionError("not an expression: the text cannot be read from here on", self.shift + column) from None
        except (ValueError, RecursionError, MemoryError):
            raise ExpressionError("not an expression: nested too deep or not text") from None
        return self._check(tree.body, known, 0)

    def _error(self, node: ast.AST, message: str) -> ExpressionError:
        column: int = getattr(node, "col_offset", 0)
        return ExpressionError(message, self.shift + len(self.line.encode()[:column].decode(errors="replace")))

    def _check(self, node: ast.expr, known: KnownFields, depth: int) -> Checked:
        if depth > MAX_DEPTH:
            raise self._error(node, f"nested more than {MAX_DEPTH} levels deep")
        method = _METHODS.get(type(node))
        if method is None:
            what = _REFUSED.get(type(node), f"'{type(node).__name__}'")
            raise self._error(node, f"{what} is not part of the expression language")
        checked = method(self, node, known, depth + 1)
        if checked.type.bits > MAX_BITS:
            raise self._error(node, "the number can become too large: fewer or smaller factors are needed")
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
            case bool() as value:
                return Checked(Literal(value), BOOLEAN)
            case str() as value:
                return Checked(Literal(value), Type("text", values=(value,)))
            case int() as value if abs(value) <= LARGEST:
                return Checked(Literal(value), Type("integer", bits=value.bit_length()))
            case float() as value if abs(value) <= LARGEST:
                return Checked(Literal(value), Type("number", bits=max(1, math.ceil(abs(value)).bit_length())))
            case int() | float() as value:
                raise self._error(node, f"a {'whole ' if isinstance(value, int) else ''}number is at most {LARGEST}")
            case None:
                raise self._error(node, "None is not a value; known(x.field) tells whether a field is known")
        raise self._error(node, "not a value of the expression language")

    def name(self, node: ast.Name, known: KnownFields, depth: int) -> Checked:
        name = node.id
        if name in self.scope.aggregates:
            return Checked(Count(name), self.scope.aggregates[name])
        if name in self.scope.facts:
            raise self._error(node, f"'{name}' is a fact; say which field of it: {name}.id")
        if name in ("true", "false"):
            raise self._error(node, f"'{name}' is written {name.capitalize()}")
        if name in ("null", "none"):
            raise self._error(node, f"'{name}' is not a value; known(x.field) tells whether a field is known")
        raise self._error(node, f"unknown name '{name}'{self._hint(name, [*self.scope.facts, *self.scope.aggregates])}")

    def _hint(self, name: str, names: list[str]) -> str:
        there = f"; known here: {listing(names)}" if names else ""
        return suggest(name, names, there, self.scope.renamed) + " (text stands in quotes)"

    def attribute(self, node: ast.Attribute, known: KnownFields, depth: int) -> Checked:
        ref, type_ = self._reference(node)
        if type_.unknown and (ref.name, ref.field) not in known:
            raise self._error(node, f"{ref} may be unknown; use it under known({ref}) and ...")
        return Checked(ref, type_)

    def _reference(self, node: ast.expr) -> tuple[FieldRef, Type]:
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            raise self._error(node, "a field is written name.field")
        name = node.value.id
        fields = self.scope.facts.get(name)
        if fields is None:
            if name in self.scope.aggregates:
                raise self._error(node, f"'{name}' is a number; it has no fields")
            raise self._error(node, f"unknown name '{name}'{self._hint(name, list(self.scope.facts))}")
        type_ = fields.get(node.attr)
        if type_ is None:
            if node.attr in self.scope.lacking:
                raise self._error(node, self.scope.lacking[node.attr])
            hint = suggest(node.attr, fields, f"; it has {listing(fields)}", self.scope.renamed)
            raise self._error(node, f"'{name}' has no field '{node.attr}'{hint}")
        return FieldRef(name, node.attr), type_

    # -- logic

    def boolean_operator(self, node: ast.BoolOp, known: KnownFields, depth: int) -> Checked:
        operator = next(symbol for symbol, form in LOGIC.items() if isinstance(node.op, form.node))
        operands: list[Expression] = []
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
        if isinstance(operand, Literal):
            return Checked(Literal(-operand.value), type_)  # type: ignore[operator]
        return Checked(Negative(operand), type_)

    def conditional(self, node: ast.IfExp, known: KnownFields, depth: int) -> Checked:
        test = self._typed(node.test, known, depth, "boolean")
        then = self._check(node.body, known | known_where(test.node, True), depth)
        other = self._check(node.orelse, known | known_where(test.node, False), depth)
        return Checked(IfElse(test.node, then.node, other.node), self._joined(node, then.type, other.type))

    def _joined(self, node: ast.AST, a: Type, b: Type) -> Type:
        if a.sort == b.sort == "number":
            name: TypeName = "integer" if a.name == b.name == "integer" else "number"
            return Type(name, bits=max(a.bits, b.bits))
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
        for i, symbol in enumerate(operators):
            self._comparable(parts[i + 1], operands[i].type, operands[i + 1].type, COMPARISONS[symbol].ordered)
        return Checked(Compare(tuple(operators), tuple(o.node for o in operands)), BOOLEAN)

    def _comparable(self, node: ast.AST, a: Type, b: Type, ordered: bool = False) -> None:
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
            hint = suggest(words[0], type_.values, f"; it is one of {listing(type_.values)}")
            raise self._error(node, f"'{words[0][:60]}' is not a value of this field{hint}")

    def _member(self, node: ast.Compare, known: KnownFields, depth: int, negated: bool) -> Checked:
        item = self._check(node.left, known, depth)
        container = node.comparators[0]
        if isinstance(container, (ast.Tuple, ast.List, ast.Set)):
            return Checked(Lookup(item.node, self._words(container, item.type, depth), negated), BOOLEAN)
        checked = self._check(container, known, depth)
        if not isinstance(checked.node, FieldRef) or checked.type.name != "set":
            raise self._error(container, f"'in' looks into a field that is a set, or into ('a', 'b'); this is {checked.type}")
        self._comparable(container, Type("enum", checked.type.values), item.type)
        return Checked(Lookup(item.node, checked.node, negated), BOOLEAN)

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
            raise self._error(node, "arithmetic is + - * and division by a constant")
        left, right = self._number(node.left, known, depth), self._number(node.right, known, depth)
        name: TypeName = "integer" if left.type.name == right.type.name == "integer" else "number"
        size = right.type.bits
        if operator == "/":
            if not isinstance(right.node, Literal) or right.node.value == 0:
                raise self._error(node.right, "division is by a constant other than 0")
            name, size = "number", max(0, -math.floor(math.log2(abs(float(right.node.value)))))
        return Checked(
            Arithmetic(operator, left.node, right.node), Type(name, bits=ARITHMETIC[operator].bits(left.type.bits, size))
        )

    # -- functions

    def call(self, node: ast.Call, known: KnownFields, depth: int) -> Checked:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in _ARGUMENTS:
            hint = suggest(name, _ARGUMENTS, f"; there are {listing(_ARGUMENTS)}")
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
                    points.append((float(a), float(b)))
                case _:
                    raise self._error(arg, "a point of a curve is two constants: (10, 1.5)")
            if len(points) > 1 and points[-1][0] <= points[-2][0]:
                raise self._error(arg, "the points of a curve go from left to right")
        bits = max(math.ceil(abs(y)).bit_length() for _, y in points) + 1
        return Checked(Curve(x.node, tuple(points)), Type("number", bits=bits))


_REFUSED: dict[type[ast.AST], str] = {
    ast.Is: "'is' is written ==",
    ast.IsNot: "'is not' is written !=",
    ast.In: "'in' stands in a condition of its own: join conditions with 'and'",
    ast.NotIn: "'not in' stands in a condition of its own: join conditions with 'and'",
    ast.Lambda: "a lambda",
    ast.Subscript: "an index in brackets",
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
}
