"""Rules with their conditions and amounts as packs write them, for the oracle: what the loader makes of them is left aside.

Texts are read node by node into the tree of the language, and nothing is checked or moved: the pack has been loaded before.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from misstep.language import expression as e
from misstep.language.effects import Contribute, Effect, Recommend
from misstep.language.operators import Comparator
from misstep.language.program import Aggregate, Condition, Existence, GroupKey, Pattern, Program, Rule, Stratum

Doc = dict[str, Any]
"""A rule or a pattern of a pack."""

_SYMBOLS: dict[type[ast.AST], Any] = {
    ast.And: "and",
    ast.Or: "or",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


class Named(NamedTuple):
    """The names of aggregates, and which of these and of the fields, as (name, field), are whole numbers."""

    values: frozenset[str]
    whole: frozenset[str | tuple[str, str]]

    @classmethod
    def of(cls, rule: Rule) -> Named:
        """What the names of a rule mean."""
        fields = {(p.name, f.name) for p in rule.all_patterns for f in p.fields if f.type == "integer"}
        keys = [key for aggregate in rule.aggregates for key in aggregate.keys]
        values = frozenset((*(a.name for a in rule.aggregates), *(key.name for key in keys)))
        names = cls(values, frozenset({*fields, *(a.name for a in rule.aggregates if a.whole)}))
        return cls(values, names.whole | {key.name for key in keys if _is_whole(key.value, names)})


def read(text: str | float, own: str, names: Named) -> e.Expression:
    """The tree of a text. ``own``: the fact whose fields stand without a name."""
    return _node(ast.parse(text.strip(), mode="eval").body, own, names) if isinstance(text, str) else e.Literal(text)


def _is_whole(node: e.Expression, names: Named) -> bool:
    """Whether an expression is a whole number by its type."""
    match node:
        case e.Literal(value):
            return type(value) is int
        case e.FieldRef(name, field):
            return (name, field) in names.whole
        case e.Count(name):
            return name in names.whole
        case e.Negative(operand):
            return _is_whole(operand, names)
        case e.Arithmetic():
            return node.whole
        case e.IfElse(_, then, otherwise):
            return _is_whole(then, names) and _is_whole(otherwise, names)
        case e.Call(function, arguments):
            return function in ("round", "len") or all(_is_whole(argument, names) for argument in arguments)
        case _:
            return False


def _node(node: ast.expr, own: str, names: Named) -> Any:
    def of(part: ast.expr) -> Any:
        return _node(part, own, names)

    match node:
        case ast.Constant(value):
            return e.Literal(value)  # type: ignore[arg-type]
        case ast.Name(name):
            return e.Count(name) if name in names.values else e.FieldRef(own, name)
        case ast.Attribute(ast.Name(name), field):
            return e.FieldRef(name, field)
        case ast.BoolOp(operator, operands):
            return e.Logic(_SYMBOLS[type(operator)], tuple(map(of, operands)))
        case ast.UnaryOp(ast.Not(), operand):
            return e.Not(of(operand))
        case ast.UnaryOp(ast.USub(), operand):
            return e.Negative(of(operand))
        case ast.IfExp(test, body, orelse):
            return e.IfElse(of(test), of(body), of(orelse))
        case ast.Compare(item, [ast.In() | ast.NotIn() as operator], [container]):
            if isinstance(container, (ast.Tuple, ast.List, ast.Set)):
                return e.Lookup(of(item), e.Constants(ast.literal_eval(container)), isinstance(operator, ast.NotIn))
            return e.Lookup(of(item), of(container), isinstance(operator, ast.NotIn))
        case ast.Compare(left, operators, others):
            return e.Compare(tuple(_SYMBOLS[type(o)] for o in operators), tuple(map(of, [left, *others])))
        case ast.BinOp(left, operator, right):
            a, b = of(left), of(right)
            whole = not isinstance(operator, ast.Div) and _is_whole(a, names) and _is_whole(b, names)
            return e.Arithmetic(_SYMBOLS[type(operator)], a, b, whole)
        case ast.Subscript(text, ast.Slice(start, stop)):
            return e.Slice(of(text), *(None if end is None else ast.literal_eval(end) for end in (start, stop)))
        case ast.Call(ast.Name("known"), [field]):
            return e.Known(of(field))
        case ast.Call(ast.Name("curve"), [x, *points]):
            return e.Curve(of(x), tuple(ast.literal_eval(point) for point in points))
        case ast.Call(ast.Name(function), arguments):
            return e.Call(function, tuple(map(of, arguments)))
        case _:
            raise NotImplementedError(ast.dump(node))


def as_written(program: Program, rules: Mapping[str, Doc]) -> Program:
    """A program whose rules judge and compute by what stands in the pack; every pattern there has a name of its own."""
    made = {name: _rule(program.rules[name], doc) for name, doc in rules.items() if name in program.rules}

    def of(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(made[rule.id] for rule in rules)

    def strata(given: tuple[Stratum, ...]) -> tuple[Stratum, ...]:
        return tuple(Stratum(of(stratum.deriving), of(stratum.rest), stratum.kinds) for stratum in given)

    scoring, judging, advising = map(strata, (program.scoring, program.judging, program.advising))
    return replace(program, rules=made, scoring=scoring, judging=judging, advising=advising)


def _rule(rule: Rule, doc: Doc) -> Rule:
    names = Named.of(rule)
    facts = [pattern for pattern in doc["when"] if "fact" in pattern]
    wheres = [(pattern["where"], pattern["as"]) for pattern in facts if "where" in pattern]
    wheres += [(doc["where"], "")] if "where" in doc else []
    conditions = tuple(Condition(read(text, own, names), frozenset()) for text, own in wheres)
    extremes = [pattern for pattern in facts if "least" in pattern or "most" in pattern]
    inner = [*(p for p in doc["when"] if "exists" in p), *extremes, *doc.get("unless", [])]
    existences = tuple(_existence(each, of, names) for each, of in zip(rule.existences, inner, strict=True))
    binders: list[Pattern | Aggregate | GroupKey] = []
    bound = [binder for binder in rule.binders if not isinstance(binder, GroupKey)]
    for binder, of in zip(bound, [p for p in doc["when"] if "exists" not in p], strict=True):
        aggregate = _aggregate(binder, of, names) if isinstance(binder, Aggregate) else None
        binders += [aggregate, *aggregate.keys] if aggregate else [binder]
    effects = tuple(_effect(effect, doc["then"], names) for effect in rule.effects)
    return replace(rule, binders=tuple(binders), existences=existences, conditions=conditions, effects=effects)


def _where(doc: Doc, own: str, names: Named) -> Iterator[e.Expression]:
    if "where" in doc:
        yield read(doc["where"], own, names)


def _existence(each: Existence, doc: Doc, names: Named) -> Existence:
    own, name = doc["as"], each.pattern.name
    conditions = [e.with_name(test, own, name) for test in _where(doc, own, names)]
    if each.taken:
        operator: Comparator = "<" if "least" in doc else ">"
        value = read(doc["least"] if "least" in doc else doc["most"], own, names)
        conditions.append(e.Compare((operator,), (e.with_name(value, own, name), value)))
    return replace(each, conditions=tuple(conditions))


def _aggregate(aggregate: Aggregate, doc: Doc, names: Named) -> Aggregate:
    own = aggregate.pattern.name
    value = None if aggregate.value is None else read(doc["of"], own, names)
    keys = tuple(GroupKey(name, read(text, own, names)) for name, text in doc.get("by", {}).items())
    return replace(aggregate, conditions=tuple(_where(doc, own, names)), value=value, keys=keys)


def _effect(effect: Effect, then: Doc, names: Named) -> Effect:
    match effect:
        case Contribute(dimension) if dimension != "verdict":
            given = then[dimension]
            return replace(effect, amount=read(given["add"] if isinstance(given, dict) else given, "", names))
        case Recommend():
            relief, due = (read(then["recommend"][key], "", names) for key in ("relief", "due_hours"))
            return replace(effect, relief=relief, due_hours=due)
        case _:
            return effect
