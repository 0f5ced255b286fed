"""Check message templates and bound their length; compile them.

Templates are a small part of Jinja: values, ``if``, comparisons and a few filters; no loops, calls or assignments, so that
none can fail, hang or grow. A compiled template knows plain variables only: every ``name.field`` is one variable, looked up
before the template runs, so no attribute of a fact is ever accessed. docs/rule-packs.md describes the language.

Importing Jinja takes longer than loading the shipped rules from their cache: import this module only to link packs or to write
a draft.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from misstep.errors import did_you_mean, listing
from misstep.language.facts import LARGEST, ValueSort
from misstep.language.functions import BOOLEAN, TEXT, Type
from misstep.language.scale import QUOTED_WORDS
from misstep.layout.wording import spaced
from misstep.limits import FIXED

MAX_DEPTH = FIXED.template_depth

Names = Mapping[str, Type | Mapping[str, Type]]
"""The names that a template may use: values, and facts with their fields."""


class TemplateError(Exception):
    """An error in a template, and the character (from 0) of its text, if it is known."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


def check_template(
    text: str,
    names: Names,
    longest: Mapping[str, int],
    lenient: frozenset[str],
    renamed: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> int:
    """Check a template; the most words that it can say. Raises TemplateError.

    ``longest``: the most words of a value, where it is not a single field; ``lenient``: names of which nothing is known;
    ``renamed``: names by their old ones, for errors.
    """
    return _TemplateChecker(text, names, longest, lenient, renamed).body(_parse(text).body, 0)


Variable = tuple[str, str]
"""A name and a field of it, or ``""``."""


class Compiled(NamedTuple):
    """The names that a template uses, and its function: ``say({variable: value})``."""

    references: dict[str, Variable]
    say: Callable[[dict[str, object]], str]


class TemplateCompiler:
    """Compiles templates that have been checked. ``shown`` puts a value into words."""

    def __init__(self, shown: Callable[[object], str]) -> None:
        self._environment = _environment(shown)

    def compile(self, text: str) -> Compiled:
        """Compile a template that has been checked; for any other Jinja raises its own errors."""
        flat = _Flat()
        tree = flat.visit(_parse(text))
        run = self._environment.from_string(tree).root_render_func
        references = {variable: reference for reference, variable in flat.variables.items()}

        def say(values: dict[str, object]) -> str:
            context: Any = _Context()
            context.resolve_or_missing = values.__getitem__
            return "".join(run(context))

        return Compiled(references, say)


def template_tree(text: str) -> tuple[list[Variable], list[dict[str, object]]]:
    """A template that has been checked, as plain data: its variables, and its pieces with these by number. A node is
    ``{form: what it is made of}``."""
    tree = _Tree()
    body = tree.body(_parse(text).body)
    return list(tree.variables), body


class _Tree:
    """Turns the nodes of Jinja into plain data."""

    def __init__(self) -> None:
        self.variables: dict[Variable, int] = {}

    def body(self, body: list[nodes.Node]) -> list[dict[str, object]]:
        return [piece for node in body for piece in self.statement(node)]

    def statement(self, node: nodes.Node) -> list[dict[str, object]]:
        if isinstance(node, nodes.Output):
            return [
                {"text": part.data} if isinstance(part, nodes.TemplateData) else {"value": self.term(part)} for part in node.nodes
            ]
        assert isinstance(node, nodes.If)
        branches = [[self.term(each.test), self.body(each.body)] for each in (node, *node.elif_)]
        return [{"if": [branches, self.body(node.else_)]}]

    def term(self, node: nodes.Node) -> dict[str, object]:
        match node:
            case nodes.Const(value=value):
                name = {bool: "truth", int: "whole", float: "number", str: "text"}[type(value)]
                return {"constant": {name: value}}
            case nodes.Name(name=name):
                return self.variable(name, "")
            case nodes.Getattr(node=nodes.Name(name=name), attr=field):
                return self.variable(name, field)
            case nodes.Not(node=inner):
                return {"not": self.term(inner)}
            case nodes.And(left=left, right=right):
                return {"and": [self.term(left), self.term(right)]}
            case nodes.Or(left=left, right=right):
                return {"or": [self.term(left), self.term(right)]}
            case nodes.CondExpr(test=test, expr1=then, expr2=nodes.Node() as otherwise):
                return {"choose": [self.term(test), self.term(then), self.term(otherwise)]}
            case nodes.Filter(node=nodes.Node() as value, name=name):
                return {"filter": [name, self.term(value)]}
            case nodes.Compare(expr=left, ops=[nodes.Operand(op=operator, expr=right)]):
                if isinstance(right, (nodes.List, nodes.Tuple)):
                    return {"among": [self.term(left), list(map(self.term, right.items)), operator == "notin"]}
                if operator in ("in", "notin"):
                    return {"holds": [self.term(left), self.term(right), operator == "notin"]}
                return {"compare": [operator, self.term(left), self.term(right)]}
        raise TypeError(node)

    def variable(self, name: str, field: str) -> dict[str, object]:
        return {"variable": self.variables.setdefault((name, field), len(self.variables))}


class _Context:
    """All of Jinja's context that a template without loops, blocks and imports makes use of."""

    __slots__ = ("resolve_or_missing",)


def _environment(shown: Callable[[object], str]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, finalize=shown, autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()  # an unknown value passes a filter as it is
    environment.filters.update(
        lower=lambda value: shown(value).lower() if value else value,
        upper=lambda value: shown(value).upper() if value else value,
        capitalize=lambda value: shown(value)[:1].upper() + shown(value)[1:] if value else value,
        round=lambda value: round(value) if value else value,
    )
    return environment


_PARSER = _environment(str)


def _parse(text: str) -> nodes.Template:
    try:
        return _PARSER.parse(text)
    except TemplateSyntaxError as error:
        said = (error.message or "").rstrip(".")
        offset = _offset_of_line(text, error.lineno)
        raise TemplateError(f"not a template: {said[:1].lower()}{said[1:200]}", offset) from None
    except RecursionError:
        raise TemplateError(f"nested more than {MAX_DEPTH} levels deep") from None


def _offset_of_line(text: str, line: int) -> int | None:
    """The offset of the first tag of a line: the parser knows no columns."""
    start = sum(len(before) for before in text.splitlines(keepends=True)[: line - 1])
    tag = text.find("{", start)
    return None if tag < 0 else tag


class _Flat(NodeTransformer):
    """Makes a variable of every ``name`` and ``name.field``."""

    def __init__(self) -> None:
        self.variables: dict[Variable, str] = {}

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Name:  # noqa: N802 - the visitor's spelling
        assert isinstance(node.node, nodes.Name)
        return self._variable(node, (node.node.name, node.attr))

    def visit_Name(self, node: nodes.Name) -> nodes.Name:  # noqa: N802
        return self._variable(node, (node.name, ""))

    def _variable(self, node: nodes.Node, reference: Variable) -> nodes.Name:
        name = self.variables.setdefault(reference, f"v{len(self.variables)}")
        return nodes.Name(name, "load", lineno=node.lineno)


class _CheckedValue(NamedTuple):
    """The type of an expression, and the most words it can be."""

    type: Type
    words: int


class _TemplateChecker:
    """Checks one template, with a method for every sort of node that may be in it: a node and its depth in; out the most words
    that it can say, and of an expression its type too. They raise TemplateError with the place of the node."""

    def __init__(
        self,
        text: str,
        names: Names,
        longest: Mapping[str, int],
        lenient: frozenset[str],
        renamed: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.text, self.names, self.longest, self.lenient, self.renamed = text, names, longest, lenient, renamed

    def error(self, message: str, node: nodes.Node, word: str = "") -> TemplateError:
        """The error, at the first place of a word in the tags of its line."""
        lines = self.text.splitlines(keepends=True)
        start = sum(map(len, lines[: node.lineno - 1]))
        for tag in re.finditer(r"\{[{%].*?[%}]\}", self.text[start:], re.DOTALL):
            found = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", tag.group()) if word else None
            if found or not word:
                return TemplateError(message, start + tag.start() + (found.start() if found else 0))
        return TemplateError(message)

    # -- what is said

    def body(self, body: list[nodes.Node], depth: int) -> int:
        return sum(self.statement(node, depth) for node in body)

    def statement(self, node: nodes.Node, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep", node)
        match node:
            case nodes.Output(nodes=parts):
                return sum(self.part(part, depth + 1) for part in parts)
            case nodes.If(test=test, body=body, elif_=others, else_=otherwise):
                self.test(test, depth + 1)
                branches = [self.body(body, depth + 1), self.body(otherwise, depth + 1)]
                return max(branches + [self.statement(other, depth) for other in others])
        raise self.refused(node)

    def part(self, node: nodes.Expr, depth: int) -> int:
        if isinstance(node, nodes.TemplateData):
            return len(node.data.split())
        return self.value(node, depth).words

    def refused(self, node: nodes.Node) -> TemplateError:
        what, word = _REFUSED.get(type(node).__name__, (f"'{type(node).__name__}'", ""))
        return self.error(f"{what} is not part of the template language", node, word)

    # -- expressions

    def test(self, node: nodes.Node, depth: int) -> None:
        """Any expression may be a condition; unknown, empty and missing values are false."""
        if depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep", node)
        match node:
            case nodes.Not(node=inner):
                self.test(inner, depth + 1)
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                self.test(left, depth + 1)
                self.test(right, depth + 1)
            case nodes.Name(name=name) if name in self.lenient or isinstance(self.names.get(name), Mapping):
                pass
            case _:
                self.value(node, depth)

    def value(self, node: nodes.Node, depth: int) -> _CheckedValue:
        if depth > MAX_DEPTH:
            raise self.error(f"nested more than {MAX_DEPTH} levels deep", node)
        match node:
            case nodes.Const(value=value):
                return self.constant(node, value)
            case nodes.Name(name=name):
                return self.name(node, name)
            case nodes.Getattr(node=nodes.Name(name=name), attr=field):
                return self.field(node, name, field)
            case nodes.And(left=left, right=right) | nodes.Or(left=left, right=right):
                return self.either(self.value(left, depth + 1), self.value(right, depth + 1))
            case nodes.Not():
                self.test(node, depth)
                return _CheckedValue(BOOLEAN, 1)
            case nodes.CondExpr(test=test, expr1=then, expr2=otherwise):
                if otherwise is None:
                    raise self.error("`if` inside of {{ }} needs an `else`", node, "if")
                self.test(test, depth + 1)
                return self.either(self.value(then, depth + 1), self.value(otherwise, depth + 1))
            case nodes.Compare():
                return self.compare(node, depth + 1)
            case nodes.Filter():
                return self.filter(node, depth + 1)
        raise self.refused(node)

    def constant(self, node: nodes.Node, value: object) -> _CheckedValue:
        if isinstance(value, bool):
            return _CheckedValue(BOOLEAN, 1)
        if isinstance(value, str):
            return _CheckedValue(Type("text", (value,)), len(value.split()))
        if isinstance(value, int) and abs(value) <= LARGEST:
            return _CheckedValue(Type("integer"), 1)
        if isinstance(value, float) and abs(value) <= LARGEST:
            return _CheckedValue(Type("number"), 1)
        raise self.error("not a value of the template language: text in quotes, a number, true or false", node)

    def name(self, node: nodes.Node, name: str) -> _CheckedValue:
        type_ = self.names.get(name)
        if isinstance(type_, Type):
            return _CheckedValue(type_, self.longest.get(name) or _words(type_, name))
        if name in self.lenient:
            return _CheckedValue(TEXT, QUOTED_WORDS)
        if type_ is None:
            raise self.error(self.unknown(name), node, name)
        if not type_:
            raise self.error(f"'{name}' is a fact without fields; it can stand in a condition only", node, name)
        raise self.error(f"'{name}' is a fact; say which field of it: it has {listing(type_)}", node, name)

    def unknown(self, name: str) -> str:
        return f"unknown name '{name}'{did_you_mean(name, self.names, f'; known here: {listing(self.names)}', self.renamed)}"

    def field(self, node: nodes.Node, name: str, field: str) -> _CheckedValue:
        fields = self.names.get(name)
        if name in self.lenient:
            return _CheckedValue(TEXT, QUOTED_WORDS)
        if fields is None:
            raise self.error(self.unknown(name), node, name)
        if isinstance(fields, Type):
            raise self.error(f"'{name}' has no fields", node, name)
        if field not in fields:
            hint = did_you_mean(field, fields, f"; it has {listing(fields)}", self.renamed)
            raise self.error(f"'{name}' has no field '{field}'{hint}", node, f"{name}.{field}")
        return _CheckedValue(fields[field], _words(fields[field], field))

    def either(self, a: _CheckedValue, b: _CheckedValue) -> _CheckedValue:
        if a.type.name == b.type.name:
            values = a.type.values + b.type.values if a.type.values and b.type.values else ()
            type_ = Type(a.type.name, values)
        else:
            type_ = Type("number") if a.type.sort == b.type.sort == "number" else TEXT
        return _CheckedValue(type_, max(a.words, b.words))

    def compare(self, node: nodes.Compare, depth: int) -> _CheckedValue:
        (operand, *more), left = node.ops, self.value(node.expr, depth)
        if more:
            raise self.error("a chain of comparisons is not part of the template language; join them with `and`", node)
        if operand.op in ("in", "notin"):
            self.member(node, left, operand.expr, depth)
            return _CheckedValue(BOOLEAN, 1)
        right = self.value(operand.expr, depth)
        if operand.op in ("eq", "ne"):
            self.comparable(node, left.type, right.type)
        elif not (left.type.is_number and right.type.is_number):
            raise self.error(f"order is between numbers; these are {left.type} and {right.type}", node)
        return _CheckedValue(BOOLEAN, 1)

    def member(self, node: nodes.Node, left: _CheckedValue, items: nodes.Node, depth: int) -> None:
        if isinstance(items, (nodes.List, nodes.Tuple)):
            for item in items.items:
                self.comparable(node, left.type, self.value(item, depth).type)
            return
        right = self.value(items, depth)
        if right.type.name != "set":
            raise self.error(f"`in` needs a list or a set; this is {right.type}", node)
        self.comparable(node, left.type, Type("enum", right.type.values))

    def comparable(self, node: nodes.Node, a: Type, b: Type) -> None:
        """Both must be of one sort; a word must be one that can be there."""
        if a.sort != b.sort or a.sort == "set":
            raise self.error(f"{a} cannot be compared with {b}", node)
        for one, other in ((a, b), (b, a)):
            if one.name == "enum" and other.name == "text" and one.values:
                for word in other.values:
                    if word not in one.values:
                        hint = did_you_mean(word, one.values, f"; it is one of {listing(one.values)}")
                        raise self.error(f"it is never '{word}'{hint}", node, word)

    def filter(self, node: nodes.Filter, depth: int) -> _CheckedValue:
        if node.name not in _FILTERS:
            hint = did_you_mean(node.name, _FILTERS, f"; there are {listing(_FILTERS)}")
            raise self.error(f"there is no filter '{node.name}'{hint}", node, node.name)
        if node.node is None or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise self.error(f"the filter '{node.name}' takes no arguments", node, node.name)
        value = self.value(node.node, depth)
        if value.type.sort != _FILTERS[node.name]:
            wanted = "numbers" if _FILTERS[node.name] == "number" else "text"
            raise self.error(f"the filter '{node.name}' is for {wanted}; this is {value.type}", node, node.name)
        return _CheckedValue(Type("integer") if node.name == "round" else TEXT, value.words)


_FILTERS: dict[str, ValueSort] = {"lower": "word", "upper": "word", "capitalize": "word", "round": "number"}

_REFUSED = {  # what it is called, and a word that it stands at
    "For": ("a loop", "for"),
    "Assign": ("an assignment", "set"),
    "AssignBlock": ("an assignment", "set"),
    "Macro": ("a macro", "macro"),
    "CallBlock": ("a macro", "call"),
    "FilterBlock": ("a block of a filter", "filter"),
    "With": ("`with`", "with"),
    "Block": ("a block", "block"),
    "Extends": ("another template", "extends"),
    "Include": ("another template", "include"),
    "Import": ("another template", "import"),
    "FromImport": ("another template", "import"),
    "ScopedEvalContextModifier": ("`autoescape`", "autoescape"),
    "Call": ("a call", ""),
    "Getattr": ("a field of a field", ""),
    "Getitem": ("a part of a value", ""),
    "Slice": ("a part of a value", ""),
    "Concat": ("`~`", ""),
    "Test": ("`is`", "is"),
    "List": ("a list", ""),
    "Tuple": ("a list", ""),
    "Dict": ("a mapping", ""),
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "FloorDiv", "Mod", "Pow", "Neg", "Pos"), ("arithmetic", "")),
}


def _words(type_: Type, name: str) -> int:
    """The greatest number of words of a value, or of its name, which stands for an unknown one."""
    match type_.name:
        case "text":
            most = QUOTED_WORDS
        case "enum":
            most = max((len(spaced(word).split()) for word in type_.values), default=1)
        case "set":
            most = sum(len(spaced(word).split()) for word in type_.values)
        case _:
            most = 1
    return max(most, len(name.split("_")))
