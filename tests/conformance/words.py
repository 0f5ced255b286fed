"""Which words of the rule language stand in the packs of the suite's tests, and in how many of them.

Words are the keys of packs, each behind the mapping that it is of, and the words of the tables of the language: functions,
operators, roles, types of fields, effects, and the forms of patterns, cells and templates.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import yaml
from tests.conformance.suite import Json, Trial

from misstep.language.effects import EFFECTS
from misstep.language.facts import GIVEN_ROLES, ROLES
from misstep.language.functions import FUNCTIONS
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS
from misstep.rulebase.schema import FieldDoc, PackDoc

LEAST = 5
"""In how many tests each word stands at least."""
FORMS = {
    "pattern": ("kind", "kinds", "role", "finding", "outlook", "derived"),
    "hit": ("unique", "first", "collect"),
    "cell": ("-", "value", "range", "|", "list", "unknown"),
    "reach": ("repairs", "plain", "private"),
    "expression": ("not", "negative", "if else", "slice", "chain", "constant"),
    "template": ("{{", "if", "elif", "else", "{#", "and", "or", "not", "in", "capitalize", "lower", "upper", "round"),
}
_SYMBOLS: dict[type[ast.AST], str] = {
    form.node: symbol for table in (COMPARISONS, ARITHMETIC, LOGIC, MEMBERSHIPS) for symbol, form in table.items()
}
_TEMPLATES = frozenset(("said", "repair", "word", "says", "subject", "opening", "spoken", "closing", "headline"))


def keys_of(shape: Json, defs: Json, path: str = "") -> Iterator[str]:
    """Every path of keys of a JSON Schema, with * for names."""
    if "$ref" in shape:
        yield from keys_of(defs[_name(shape)], defs, path)
    for part in (*shape.get("anyOf", ()), *shape.get("oneOf", ())):
        yield from keys_of(part, defs, path)
    for key, below in shape.get("properties", {}).items():
        yield f"{path}{key}"
        yield from keys_of(below, defs, f"{path}{key}.")
    for below in _of_names(shape):
        yield from keys_of(below, defs, f"{path}*.")
    if isinstance(shape.get("items"), dict):
        yield from keys_of(shape["items"], defs, path)


def _name(shape: Json) -> str:
    """The name of what a shape refers to."""
    return str(shape["$ref"]).rpartition("/")[2]


def _of_names(shape: Json) -> list[Json]:
    """The shapes of what stands under names of the author's own."""
    found = (shape.get("additionalProperties"), *shape.get("patternProperties", {}).values())
    return [each for each in found if isinstance(each, dict)]


@cache
def pack_schema() -> Json:
    """The JSON Schema of packs."""
    return PackDoc.model_json_schema()


@cache
def words() -> tuple[str, ...]:
    """All words of the language, as they are named here."""
    types = FieldDoc.model_json_schema()["properties"]["type"]["enum"]
    tables: dict[str, Iterable[str]] = {
        "function": [*FUNCTIONS, "known", "curve"],
        "operator": [*COMPARISONS, *MEMBERSHIPS, *LOGIC, *ARITHMETIC],
        "role": ROLES,
        "type": types,
        "effect": EFFECTS,
        **FORMS,
    }
    shapes = {"pack": pack_schema(), **{_mapping(name): shape for name, shape in pack_schema()["$defs"].items()}}
    keys = [f"{of} {key}" for of, shape in shapes.items() for key in shape.get("properties", {})]
    return (*dict.fromkeys(keys), *(f"{table} {word}" for table, members in tables.items() for word in members))


def _mapping(model: str) -> str:
    """What a mapping of a pack is called, by the name of its model."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.removesuffix("Doc")).lower()


def count(trials: Iterable[Trial]) -> Counter[str]:
    """In how many tests each word stands."""
    return Counter(word for trial in trials for word in words_of(trial))


def table(found: Counter[str]) -> str:
    """The counts as text, the rarest first."""
    rows = sorted(words(), key=lambda word: (found[word], word))
    lines = [f"{found[word]:6}  {word}" for word in rows]
    return "\n".join([*lines, f"figure: {len(rows)} words, each in {found[rows[0]]} tests or more"])


def words_of(trial: Trial) -> set[str]:
    """The words that stand in the packs of a test; none in those that are no YAML."""
    texts = [text for layer in trial.given["layers"] for name, text in layer.items() if not name.endswith(".csv")]
    return set().union(*map(_words_of_pack, texts))


@cache
def _words_of_pack(text: str) -> frozenset[str]:
    try:
        pack = json.loads(text) if text.startswith("{") else yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError):
        return frozenset()
    if not isinstance(pack, dict):
        return frozenset()
    defs = pack_schema()["$defs"]
    constants = frozenset(pack["constants"]) if isinstance(pack.get("constants"), dict) else frozenset()
    return frozenset((*_keys(pack, pack_schema(), defs, "pack"), *_forms(pack), *_expressions(pack, constants)))


def _keys(value: Any, shape: Json, defs: Json, of: str) -> Iterator[str]:
    """The keys of a value that the schema knows, each behind the mapping that it is of."""
    if "$ref" in shape:
        yield from _keys(value, defs[_name(shape)], defs, _mapping(_name(shape)))
    for part in (*shape.get("anyOf", ()), *shape.get("oneOf", ())):
        yield from _keys(value, part, defs, of)
    if isinstance(value, list) and isinstance(shape.get("items"), dict):
        for each in value:
            yield from _keys(each, shape["items"], defs, of)
    for key, each in value.items() if isinstance(value, dict) else ():
        if key in shape.get("properties", {}):
            yield f"{of} {key}"
            yield from _keys(each, shape["properties"][key], defs, of)
        else:
            for below in _of_names(shape):
                yield from _keys(each, below, defs, of)


def _mappings(value: Any) -> Iterator[Json]:
    """The mapping itself and all inside of it."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(each)


def _of(pack: Json, section: str) -> list[Json]:
    entries = pack.get(section)
    return [each for each in entries.values() if isinstance(each, dict)] if isinstance(entries, dict) else []


def _forms(pack: Json) -> Iterator[str]:
    """The words of tables that are values of keys."""
    derived = (
        {name for name, kind in pack.get("kinds", {}).items() if isinstance(kind, dict) and kind.get("role") == "derived"}
        if isinstance(pack.get("kinds"), dict)
        else set()
    )
    for kind in _of(pack, "kinds"):
        yield f"role {kind.get('role')}"
    for each in _mappings({"kinds": pack.get("kinds"), "roles": pack.get("roles")}):
        if isinstance(each.get("type"), str):
            yield f"type {each['type']}"
    for action in _of(pack, "actions"):
        yield f"reach {action.get('reach', 'private')}"
    for rule in (*_of(pack, "rules"), *_of(pack, "tables")):
        if isinstance(rule.get("then"), dict):
            yield from (f"effect {effect}" for effect in rule["then"])
        for key in ("when", "unless"):
            for pattern in rule[key] if isinstance(rule.get(key), list) else ():
                yield from _pattern(pattern, derived)
    for each in _of(pack, "tables"):
        yield f"hit {each.get('hit', 'unique')}"
        size = len(each["inputs"]) if isinstance(each.get("inputs"), (list, dict)) else 0
        for row in each["rows"] if isinstance(each.get("rows"), list) else ():
            yield from (f"cell {_cell(cell)}" for cell in (row[:size] if isinstance(row, list) else ()))
    for place in _mappings(pack):
        for key in _TEMPLATES & place.keys():
            texts = place[key].values() if isinstance(place[key], dict) else [place[key]]
            for text in texts:
                if isinstance(text, str):
                    yield from _template(text)


def _pattern(pattern: Any, derived: set[str]) -> Iterator[str]:
    keys = ("fact", "exists", "count", "sum", "min", "max", "average", "distinct")
    over = (
        pattern
        if isinstance(pattern, str)
        else next((pattern[key] for key in keys if key in pattern), None)
        if isinstance(pattern, dict)
        else None
    )
    if isinstance(over, list):
        yield "pattern kinds"
    elif over in ("finding", "outlook"):
        yield f"pattern {over}"
    elif over in GIVEN_ROLES:
        yield "pattern role"
    elif isinstance(over, str):
        yield "pattern derived" if over in derived else "pattern kind"


def _cell(cell: Any) -> str:
    if isinstance(cell, list):
        return "list"
    if not isinstance(cell, str):
        return "value"
    if "|" in cell:
        return "|"
    return cell if cell in ("-", "unknown") else "range" if cell[:1] in "<>" or ".." in cell else "value"


def _template(text: str) -> Iterator[str]:
    yield from (f"template {sign}" for sign in ("{{", "{#") if sign in text)
    for inside in re.findall(r"\{[{%](.*?)[%}]\}", text):
        bare = re.sub(r"'[^']*'", "''", inside)
        yield from (f"template {word}" for word in FORMS["template"] if word.isalpha() and re.search(rf"\b{word}\b", bare))


def _expressions(pack: Json, constants: frozenset[str]) -> Iterator[str]:
    """The words in the expressions of rules, tables and promises."""
    leave = {"because", "title", "help", "note", "sources", "waive", "rows", "outputs", "csv"}
    parts = [*_of(pack, "rules"), *_of(pack, "tables"), *_of(pack, "promises")]
    texts = [text for part in parts for key, value in part.items() if key not in leave for text in _texts(value, leave)]
    for text in texts:
        try:
            with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
                tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            yield from _node(node, constants)


def _texts(value: Any, leave: set[str]) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, leave)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key not in leave:
                yield from _texts(each, leave)


def _node(node: ast.AST, constants: frozenset[str]) -> Iterator[str]:
    match node:
        case ast.BoolOp(operator) | ast.BinOp(op=operator) if type(operator) in _SYMBOLS:
            yield f"operator {_SYMBOLS[type(operator)]}"
        case ast.Compare(_, operators):
            yield from (f"operator {_SYMBOLS[type(operator)]}" for operator in operators if type(operator) in _SYMBOLS)
            if len(operators) > 1:
                yield "expression chain"
        case ast.UnaryOp(ast.Not()):
            yield "expression not"
        case ast.UnaryOp(ast.USub()):
            yield "expression negative"
        case ast.IfExp():
            yield "expression if else"
        case ast.Subscript():
            yield "expression slice"
        case ast.Call(ast.Name(function)):
            yield f"function {function}"
        case ast.Name(name) if name in constants:
            yield "expression constant"
