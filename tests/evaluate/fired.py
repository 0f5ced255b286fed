"""Which words of the rule language stand in rules that fire, in random packs on random records.

``python -m tests.evaluate.fired 1000`` prints for each word how many rules with it fired, and how many matches they had. A word
that no rule with matches has is one that nothing was compared for.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.evaluate.packs import CONSTANTS, GIVEN, GROUPS, JOINED, KEPT, LATE, numbered, record_of
from tests.inline import load_text

from misstep import Limits
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.memory import CONCLUSIONS, Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.effects import EFFECTS
from misstep.language.functions import FUNCTIONS
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS
from misstep.language.program import Program

Doc = dict[str, Any]
"""A rule, a table or a pattern of a pack."""

Fields = Collection[tuple[str, str]]

LIMITS = Limits(work=100_000_000)
AGGREGATES = ("count", "sum", "min", "max", "average", "distinct")
ORDERS = [symbol for symbol, form in COMPARISONS.items() if form.ordered]
HITS = ("unique", "first", "collect")
WORDS = frozenset(
    (
        *COMPARISONS,
        *ARITHMETIC,
        *LOGIC,
        *MEMBERSHIPS,
        *(f"{function}()" for function in (*FUNCTIONS, "known", "curve")),
        *("not", "negative", "if else", "slice", "bare field", "unguarded", "chain"),
        *(f"words {symbol}" for symbol in ORDERS),
        *CONSTANTS,
        *(f"{key}:" for key in (*AGGREGATES, "exists", "unless", "where", "least", "most", "by")),
        *(f"{key}: by" for key in AGGREGATES),
        *("kind", "kinds", "role", "finding", "finding of", "outlook", "derived", "kept", "late", "recursion"),
        *(f"then {effect}" for effect in EFFECTS),
        "keep: each",
        *(f"table {hit}" for hit in HITS),
        *("cell -", "cell value", "cell range", "cell |", "cell list", "cell unknown"),
    )
)
"""All words of the language, as they are named here."""

_VALUE = re.compile(r"[nq]\d")  # the names of aggregates and of their keys
_SYMBOLS: dict[type[ast.AST], str] = {
    form.node: symbol for table in (COMPARISONS, ARITHMETIC, LOGIC, MEMBERSHIPS) for symbol, form in table.items()
}


def words_of(rule: Doc, unknown: Fields) -> set[str]:
    """The words that stand in a rule. ``unknown``: the fields, as (name, field), that may be."""
    return set(_words(rule, unknown))


def _words(rule: Doc, unknown: Fields) -> Iterator[str]:
    read: set[str] = set()
    for pattern in (*rule["when"], *rule.get("unless", [])):
        aggregate = next((key for key in AGGREGATES if key in pattern), None)
        over = pattern[aggregate or ("exists" if "exists" in pattern else "fact")]
        read |= {over} if isinstance(over, str) and "fact" in pattern else set()
        yield from _over(over)
        if aggregate:
            yield f"{aggregate}:"
        for key in ("exists", "least", "most", "by"):
            if key in pattern:
                yield f"{key}:"
        if aggregate and "by" in pattern:
            yield f"{aggregate}: by"
        if "fact" in pattern and "of" in pattern:
            yield "finding of"
        own = pattern.get("each", pattern["as"])
        texts = [*pattern.get("by", {}).values(), *(pattern[key] for key in ("least", "most") if key in pattern)]
        for text in (*texts, *([pattern["of"]] if aggregate and "of" in pattern else [])):
            yield from _expression(text, own, unknown, judged=False)
        if "where" in pattern:
            yield from _expression(pattern["where"], own, unknown, judged=True)
    if "unless" in rule:
        yield "unless:"
    if "where" in rule:
        yield "where:"
        yield from _expression(rule["where"], "", unknown, judged=True)
    for effect, value in rule["then"].items():
        yield f"then {effect}"
        values = value if isinstance(value, list) else [value]
        derived = {each["kind"] for each in values} if effect == "derive" else set()
        if KEPT in derived:
            yield "keep: each"
        if any(set(group) & read and set(group) & derived for group in GROUPS):
            yield "recursion"
        amounts = [each.get(key) for each in values if isinstance(each, dict) for key in ("add", "relief", "due_hours")]
        for text in [value] if effect == "overall" else amounts:
            yield from _expression(text, "", unknown, judged=False)


def _over(over: str | list[str]) -> Iterator[str]:
    if isinstance(over, list):
        yield "kinds"
    elif over in GIVEN:
        yield "kind"
    elif over in ("finding", "outlook"):
        yield over
    elif over == KEPT:
        yield "kept"
    elif over == LATE:
        yield "late"
    else:
        yield "derived" if over.startswith("d") else "role"


def _expression(text: str | float | None, own: str, unknown: Fields, judged: bool) -> Iterator[str]:
    if not isinstance(text, str):
        return
    tree = ast.parse(text.strip(), mode="eval")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    known = {ast.unparse(call.args[0]) for call in calls if ast.unparse(call.func) == "known"}
    named = {id(call.func) for call in calls}
    named |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        match node:
            case ast.BoolOp(operator) | ast.BinOp(op=operator):
                yield _SYMBOLS[type(operator)]
            case ast.Compare(left, operators, others):
                yield from (_SYMBOLS[type(operator)] for operator in operators)
                if any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (left, *others)):
                    yield from (f"words {s}" for o in operators if (s := _SYMBOLS[type(o)]) in ORDERS)
                if len(operators) > 1:
                    yield "chain"
            case ast.UnaryOp(operator):
                yield "not" if isinstance(operator, ast.Not) else "negative"
            case ast.IfExp():
                yield "if else"
            case ast.Subscript():
                yield "slice"
            case ast.Call(ast.Name(function)):
                yield f"{function}()"
            case ast.Attribute(ast.Name(name), field):
                if judged and (name, field) in unknown and not known & {field, f"{name}.{field}"}:
                    yield "unguarded"
            case ast.Name(name) if name in CONSTANTS:
                yield name
            case ast.Name(name) if own and id(node) not in named and not _VALUE.fullmatch(name):
                yield "bare field"
                if judged and (own, name) in unknown and not known & {name, f"{own}.{name}"}:
                    yield "unguarded"


def _cells(table: Doc, row: list[Any]) -> Iterator[str]:
    yield f"table {table['hit']}"
    for cell in row[: len(table["inputs"])]:
        if isinstance(cell, list):
            yield "cell list"
        elif isinstance(cell, str) and "|" in cell:
            yield "cell |"
        elif cell in ("-", "unknown"):
            yield f"cell {cell}"
        else:
            yield "cell range" if isinstance(cell, str) and (cell[0] in "<>" or ".." in cell) else "cell value"


def matches_of(memory: Memory) -> Counter[str]:
    """How many matches each rule had, by its id."""
    found = {(conclusion.rule, conclusion.match) for name in CONCLUSIONS for conclusion in getattr(memory, name)}
    found |= {firing for firings in memory.derivations.values() for firing in firings}
    return Counter(rule.id for rule, _ in found)


@dataclass
class Tally:
    """By word: how many rules with it fired at least once, and how many matches they had; and the same of all rules."""

    rules: Counter[str] = field(default_factory=Counter)
    matches: Counter[str] = field(default_factory=Counter)
    drawn: int = 0
    fired: int = 0

    def add(self, text: str, program: Program, memories: Iterable[Memory]) -> None:
        """Count the rules of a pack that fired on some records."""
        pack = json.loads(text)
        matches = sum(map(matches_of, memories), Counter())
        for name, rule in program.rules.items():
            if name.startswith("first-"):
                continue
            self.drawn += 1
            self.fired += name in matches
            table, _, place = name.partition(".")
            doc = pack["tables"][table] if place else pack["rules"][name]
            unknown = {(p.name, f.name) for p in rule.all_patterns for f in p.fields if f.unknown}
            for word in words_of(doc, unknown) | (set(_cells(doc, doc["rows"][int(place) - 1])) if place else set()):
                self.rules[word] += name in matches
                self.matches[word] += matches[name]

    def draw(self, number: int) -> None:
        """Count the rules of the pack of a number."""
        text, program, records = case(number)
        reader, pipeline = RecordReader(program, LIMITS), Pipeline(program, PythonEngine(program), LIMITS)
        self.add(text, program, [pipeline.conclude(reader.read(record))[0] for record in records])

    def __str__(self) -> str:
        lines = [f"{word:16}{self.rules[word]:8}{self.matches[word]:10}" for word in sorted(WORDS, key=self.rules.__getitem__)]
        return "\n".join([f"{self.fired} of {self.drawn} rules fired", *lines])


def case(number: int) -> tuple[str, Program, list[list[dict[str, Any]]]]:
    """The pack of a number, as text and linked, and records for it; every fourth pack joins many facts."""
    joining = number % 4 == 3
    text, dice = numbered(number, joining)
    program = load_text(text, limits=LIMITS).program
    if joining:
        return text, program, [record_of([program.kinds[name] for name in JOINED], 10, 12, dice)]
    return text, program, [record_of(program.kinds.values(), least, 2, dice) for least in (0, 1, 1)]


if __name__ == "__main__":
    counts = Tally()
    for number in range(int(sys.argv[1])):
        counts.draw(number)
    print(counts)
