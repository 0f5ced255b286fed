"""Random rule packs that load, and random records for them.

Names and values are few, so that joins, recursion and empty sets all happen. What a rule reads is chosen so that
strata exist: kinds derived in group n read group n and below, and by negation and aggregates only what is below.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st
from tests.evaluate.naive_tables import takes

from misstep.language.effects import EFFECTS
from misstep.language.facts import Field, Kind
from misstep.language.functions import FUNCTIONS, NUMBERS
from misstep.language.operators import ARITHMETIC, COMPARISONS, LOGIC, MEMBERSHIPS

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]
DICE = st.randoms(use_true_random=False)

TYPES = ("boolean", "integer", "number", "text", "enum", "set")
WORDS = ("u", "v", "w")
TEXTS = ("u", "v", "m0-1", "s0-2", "")
VALUES: dict[str, Sequence[Any]] = {
    "boolean": (True, False),
    "integer": (0, 1, 2, 3, -1),
    "number": (0.0, 0.5, 1.0, 2.0, -1.5, 0.1, 0.3, 1.0005),
    "text": TEXTS,
    "enum": WORDS,
    "set": ([], ["u"], ["u", "v"], [*WORDS]),
}
CONSTANTS: dict[str, Any] = {
    "k_one": 1,
    "k_half": {"expression": "k_one / 2"},
    "k_two": {"expression": "max(k_one + k_one, -k_half)"},
    "k_word": "u",
    "k_words": ["u", "v"],
    "k_numbers": {"value": [0, 2.5, 1]},
}
WRITTEN = {
    "k_one": "1",
    "k_half": "0.5",
    "k_two": "2",
    "k_word": "'u'",
    "k_words": "('u', 'v')",
    "k_numbers": "(0, 2.5, 1)",
}
REPLACED = {"k_one": "2", "k_half": "1", "k_two": "4"}  # under a pack on top
"""The constants of every pack, and what expressions say in their place that name none."""
LONG = os.environ.get("MISSTEP_TEST_PROFILE") == "long"
GIVEN = {"m0": "mistake", "m1": "mistake", "s0": "signal", "s1": "signal", "g0": "strength", "c0": "setting"}
KEPT = "d4"  # each of its facts is kept, so it is not derived from itself
GROUPS = (("d0",), (KEPT,), ("d1", "d2"), ("d3",))
JOINED = ("m0", "s0")
SUMS = [symbol for symbol in ARITHMETIC if symbol != "/"]  # a division is by what is never 0
CELLS: dict[str, Sequence[Any]] = {
    "boolean": (True, False),
    "integer": (0, 1, 2, 3, -1, ">= 2", "< 1", "0..2", "-1..<2"),
    "number": (0, 0.5, 1, -1.5, ">= 0.5", "< 2", "0..1", "0.5..<2"),
    "text": ("u", "v", "m0-1"),
    "enum": WORDS,
}
"""What cells of tables ask for, by the types of fields."""
SAMPLES: dict[str, Sequence[Any]] = {
    "boolean": (True, False),
    "integer": (-3, -1, 0, 1, 2, 3, 9),
    "number": (-2.0, -1.5, -1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5),
    "text": ("u", "v", "m0-1", "other"),
    "enum": WORDS,
}
"""Values enough to tell any two cells apart."""
EQUALITIES = [symbol for symbol, form in COMPARISONS.items() if not form.ordered]
ORDERS = [symbol for symbol, form in COMPARISONS.items() if form.ordered]
SCORED = [key for key, form in EFFECTS.items() if form.score and key != "overall"]
_NUMBERS, _TEXTS = (("integer", "number"),), (("text", "enum"), ("text", "enum"), ("id",), ("text", "id"))
ATOMS = (
    *("number", "numbers", "between", "truth", "word", "word", "words", "words", *["rank"] * 6, "member", "text"),
    *("part", "part", "slice", "id", "known"),
)
LATE = "late"  # derived from findings too, so that only advice may read it
DERIVED_FIELDS = {"about": "text", "size": "number?", "flag": "boolean?", "word": "enum", "whole": "integer"}


@dataclass(frozen=True)
class Ref:
    """A field that an expression may use."""

    text: str
    type: str
    unknown: bool
    ordered: bool = False

    @property
    def name(self) -> str:
        return self.text.partition(".")[0]


class Scope:
    """The names of a rule so far, and how to put expressions over them."""

    def __init__(self, dice: Random, joins: int = 3) -> None:
        self.dice = dice
        self.joins = joins  # one condition of so many is a join
        self.refs: list[Ref] = []
        self.numbers: list[str] = []  # names of aggregates
        self.known: set[str] = set()
        self.own = ""  # the fact whose fields may stand without its name
        self.mistakes: list[str] = []
        self.scored: list[str] = []
        self.facts: list[str] = []

    def copy(self) -> Scope:
        other = Scope(self.dice, self.joins)
        other.refs, other.numbers, other.known, other.own = list(self.refs), list(self.numbers), set(self.known), self.own
        return other

    def pick(self, choices: Sequence[T]) -> T:
        return self.dice.choice(choices)

    def chance(self, of: int) -> bool:
        return self.dice.randint(1, of) == 1

    # -- expressions: text, and the fields that must be known for it

    def field(self, *types: str) -> tuple[str, set[str]] | None:
        fitting = [ref for ref in self.refs if ref.type in types]
        if not fitting:
            return None
        ref = self.pick(fitting)
        return self.said(ref.text), {ref.text} if ref.unknown and ref.text not in self.known else set()

    def said(self, ref: str) -> str:
        """A field as it may be written here."""
        name, _, field = ref.partition(".")
        return field if name == self.own and self.chance(2) else ref

    def guarded(self, test: str, needs: set[str]) -> str:
        """A test under ``known()`` for the fields that it needs; or without, so that it may be neither true nor false."""
        guards = [f"known({self.said(ref)})" for ref in sorted(needs)] if self.chance(2) else []
        return "(" + " and ".join([*guards, f"({test})"]) + ")"

    def number(self, depth: int = 2) -> tuple[str, set[str]]:
        form = self.pick(
            ("field", "field", "literal", "aggregate", "binary", "half", "ratio", "call", "len", "curve", "choice", "minus")
        )
        if form == "aggregate" and self.numbers:
            return self.pick(self.numbers), set()
        if form == "len" and (found := self.field("text", "set")):
            return f"len({found[0]})", found[1]
        if form in ("field", "aggregate", "len") and (found := self.field("integer", "number")):
            return found
        if depth == 0 or form not in ("binary", "half", "ratio", "call", "curve", "choice", "minus"):
            return self.pick(("0", "1", "2", "0.5", "-1", "0.1", "0.7", "k_one", "k_half")), set()
        a, needs = self.number(depth - 1)
        if form == "minus":
            return f"-({a})", needs
        if form == "half":
            return f"({a}) / {self.pick(('4', 'k_two'))}", needs
        if form == "curve":
            return f"curve({a}, (-1, 0), (0.5, 1.5), ({self.pick(('2', 'k_two'))}, -1))", needs
        b, more = self.number(depth - 1)
        if form == "choice":
            test = self.condition(0)
            if not needs | more:
                return f"({a} if {test} else {b})", set()
            guards = " and ".join(f"known({ref})" for ref in sorted(needs | more))  # a branch uses only what is known there
            return self.pick((f"({a} if {guards} and {test} else 2)", f"(2 if not ({guards}) or {test} else {b})")), set()
        if form == "ratio":
            return f"({a}) / max(0.3, {b})", needs | more
        if form == "call":
            name = self.pick([name for name, function in FUNCTIONS.items() if set(function.takes) >= set(NUMBERS)])
            return (f"{name}({a}, {b})", needs | more) if FUNCTIONS[name].most > 1 else (f"{name}({a})", needs)
        return f"({a}) {self.pick(SUMS)} ({b})", needs | more

    def atom(self) -> tuple[str, set[str]]:
        match self.pick(ATOMS):
            case "truth" if found := self.field("boolean"):
                return found
            case "word" if found := self.field("enum"):
                return (
                    f"{found[0]} {self.pick(EQUALITIES)} {self.pick((*map(repr, WORDS), 'k_word', 'k_word', 'k_word'))}",
                    found[1],
                )
            case "rank" if ordered := [ref for ref in self.refs if ref.ordered]:
                one = self.pick(ordered)
                second = self.pick([ref for ref in ordered if ref.type == one.type])
                word = "'v'" if one.type == "enum" else "'minor'"
                right = self.pick((second.text, word, word))
                needs = {ref.text for ref in (one, second) if ref.unknown and ref.text not in self.known}
                return f"{one.text} {self.pick(ORDERS)} {right}", needs
            case "words" if found := self.field("enum", "text"):
                return f"{found[0]} {self.pick([*MEMBERSHIPS])} {self.pick((('u', 'v'), 'k_words'))}", found[1]
            case "between" if found := self.field("integer", "number"):
                low, high = self.pick((("-1", "k_two"), ("k_half", "3"), ("0", "1")))
                return f"{low} {self.pick(('<', '<='))} {found[0]} {self.pick(('<', '<='))} {high}", found[1]
            case "numbers" if found := self.field("integer", "number"):
                return f"{found[0]} {self.pick([*MEMBERSHIPS])} k_numbers", found[1]
            case "member" if found := self.field("set"):
                return f"'{self.pick(WORDS)}' {self.pick([*MEMBERSHIPS])} {found[0]}", found[1]
            case "text" if (found := self.field("text")) and (other := self.field("text", "enum", "id")):
                return f"{found[0]} == {other[0]}", found[1] | other[1]
            case "part" if found := self.field("text", "enum"):
                return f"{self.pick(('contains(', 'starts('))}{found[0]}, '{self.pick(('u', 'v', ''))}')", found[1]
            case "slice" if found := self.field("text", "enum", "id"):
                part = self.pick(("[:1]", "[1:]", "[-1:]", "[:-1]", "[1:3]", "[-3:-1]", "[1:-1]", "[k_one:]"))
                return f"{found[0]}{part} {self.pick(EQUALITIES)} '{self.pick(('u', 'm', '0', '0-', '1', ''))}'", found[1]
            case "id" if found := self.field("id"):
                other = self.field("id")
                assert other is not None
                return f"{found[0]} {self.pick(('<', '!=', '=='))} {other[0]}", set()
            case "known" if unknown := [ref.text for ref in self.refs if ref.unknown]:
                return f"known({self.pick(unknown)})", set()
            case _:
                (a, needs), (b, more) = self.number(1), self.number(1)
                return f"{a} {self.pick([*COMPARISONS])} {b}", needs | more

    def condition(self, depth: int = 1) -> str:
        if depth and self.chance(3):
            a, b = self.condition(depth - 1), self.condition(depth - 1)
            return self.pick((*(f"({a}) {o} ({b})" for o in LOGIC), f"not ({a})", f"({a}) or not ({b})"))
        return self.guarded(*self.atom())

    def where(self, own: str = "") -> str:
        """A condition of its own, in the pattern of a fact or outside; what it makes sure to be known stays known."""
        self.own = own
        try:
            return self._where()
        finally:
            self.own = ""

    def _where(self) -> str:
        if self.chance(self.joins) and (join := self.join()):
            return join
        unknown = [ref.text for ref in self.refs if ref.unknown and ref.text not in self.known]
        if unknown and self.chance(3):
            ref = self.pick(unknown)
            test = self.condition(0)
            if self.chance(3):  # known, as something is said of it
                text, needs = self.atom()
                self.known |= needs
                return f"{text} and {test}" if self.chance(2) else f"not ({text} or {test})"
            self.known.add(ref)
            if self.chance(2):  # known, but only once another name is bound too
                return f"(({test} and known({ref})) or (not {test} and known({ref})))"
            return f"known({ref}) and {test}"
        return self.condition()

    def join(self) -> str | None:
        """A field of one name equals something of another: what engines look for."""
        sorts = _NUMBERS * 2 + _TEXTS
        for types in self.dice.sample(sorts, len(sorts)):
            pairs = [(a, b) for a in self.refs for b in self.refs if a.name != b.name and a.type in types and b.type in types]
            if pairs:
                a, b = self.pick(pairs)
                right = self.pick((b.text, f"{b.text} + 1" if b.type in _NUMBERS[0] else f"lower({b.text})"))
                guards = [f"known({r.text})" for r in (a, b) if r.unknown and r.text not in self.known]
                self.known |= {r.text for r in (a, b) if r.unknown}
                return " and ".join([*(guards if self.chance(2) else ()), f"{self.said(a.text)} == {right}"])
        return None

    def amount(self) -> str:
        text, needs = self.number()
        if not needs:
            return text
        guards = " and ".join(f"known({ref})" for ref in sorted(needs))
        return f"({text}) if {guards} else 0.25"


class PackMaker:
    """Draws one pack."""

    def __init__(self, dice: Random, joining: bool = False) -> None:
        self.dice = dice
        self.joining = joining
        self.most = 2 if joining else 3
        self.joins = 1 if joining else 3
        self.given = JOINED if joining else tuple(GIVEN)
        self.fields: dict[str, dict[str, Any]] = {}
        self.rules: list[str] = []

    def pick(self, choices: Sequence[T]) -> T:
        return self.dice.choice(choices)

    def pack(self) -> str:
        common = {"times": {"type": "integer", "default": 1}, "seen": {"type": "boolean?"}, "note": {"type": "text?"}}
        kinds: dict[str, Any] = {}
        for name, role in GIVEN.items():
            own = {f"f{i}": self.field() for i in range(self.pick((0, 1, 2, 3)))}
            if self.joining:
                own |= {"g0": {"type": "integer?"}, "g1": {"type": "text?"}, "g2": {"type": "integer", "default": 2}}
            self.fields[name] = {**(common if role == "mistake" else {}), **own}
            kinds[name] = {"role": role, "title": name, "fields": own}
            if role == "mistake":
                kinds[name]["concern"] = self.pick(("manners", "integrity"))
            if role == "setting":
                kinds[name]["assumed"] = "assumed"
        for name in (*(k for group in GROUPS for k in group), LATE):
            fields = [f for f in DERIVED_FIELDS if self.pick((True, False))]
            self.fields[name] = {f: _derived_field(DERIVED_FIELDS[f]) for f in fields}
            kinds[name] = {"role": "derived", "title": name, "fields": self.fields[name]}
            if name == KEPT or (name == LATE and self.pick((True, False))):
                kinds[name]["keep"] = "each"
        rules = {f"r{i}": self.rule() for i in range(self.pick((2, 4, 6)))}
        rules |= {f"first-{kind}": self.first(kind) for kind in kinds if kinds[kind]["role"] == "derived"}
        tables = {f"t{i}": self.table() for i in range(self.pick((0, 1, 2)))}
        actions = {"x": {"title": "x"}, "y": {"title": "y", "relief": {"severity": 1}}}
        roles = {"mistake": {"fields": common}}
        self.rules = [name for name in rules if not name.startswith("first-")]
        sections = {"constants": CONSTANTS, "roles": roles, "kinds": kinds, "rules": rules}
        sections["tables"] = {name: table for name, table in tables.items() if table}
        return json.dumps({"schema": 1, "pack": "random", **sections, "actions": actions})

    def first(self, kind: str) -> dict[str, Any]:
        """A rule that derives a kind without more ado, so that there are facts for what reads it; or never, for one in four."""
        given = {"about": "m.id", "size": "m.times", "word": self.pick(WORDS), "whole": "m.times", "flag": "True"}
        values = {field: given[field] for field in self.fields[kind]}
        when = [{"fact": "mistake", "as": "m", "where": f"m.times {self.pick(('> 0', '> 0', '> 1', '> 1000'))}"}]
        return {"when": when, "then": {"derive": {"kind": kind, **values}}}

    def override(self) -> str:
        """A pack on top: one rule and a constant take the place of others, one rule is new, and one may be turned off."""
        replaced, other = self.pick(self.rules), self.pick(self.rules)
        rules = {replaced: {**self.rule(), "replace": True}, "over": self.rule()}
        off = [other] if other != replaced else []
        constants = {"k_one": {"value": 2, "replace": True}}
        return json.dumps({"schema": 1, "pack": "over", "constants": constants, "rules": rules, "disable": off})

    def field(self) -> dict[str, Any]:
        type_ = self.pick(TYPES)
        field: dict[str, Any] = {"type": type_}
        if type_ in ("enum", "set"):
            field["values"] = list(WORDS)
        if type_ == "enum":
            field["ordered"] = self.pick((True, True, False))
        if self.pick((True, False)):
            field["type"] += "?"
        else:
            default = self.pick(VALUES[type_])
            field["default"] = default
        return field

    # -- rules

    def rule(self) -> dict[str, Any]:
        groups: tuple[Any, ...] = (None, None, None, *range(len(GROUPS)), *["finding"] * 2, *["outlook"] * 2)
        group = self.pick(groups[:4] if self.joining else groups)
        below = [] if self.joining else [k for g in GROUPS[: group if isinstance(group, int) else None] for k in g]
        roles = () if self.joining else ("mistake", "signal", "strength")
        positive = [*self.given, *roles, *below]
        strict = [*self.given, *roles, *below]
        if isinstance(group, int) and KEPT not in GROUPS[group]:
            positive += GROUPS[group] * 4
        if group in ("finding", "outlook"):
            positive += ["finding"] * 4 + ["finding:m0"] * 4
            strict += ["finding", "finding:m1"]
        if group == "outlook":
            positive += [LATE] * 4 + ["outlook"] * 6
            strict += [LATE]
        scope = Scope(self.dice, self.joins)
        when = self.patterns(scope, positive)
        read = [word for pattern in when for word in _words(pattern["fact"])]
        for i in range(self.pick((0, 1, 1, 2))):
            when.append(self.aggregate(scope, strict, i))
        rule: dict[str, Any] = {"when": when}
        if scope.chance(4):
            rule["where"] = scope.where()
        if scope.chance(4):
            when.append(self.inner(scope, strict, "exists", "ex"))
        if scope.chance(4):
            rule["unless"] = [self.inner(scope, strict, "fact", "un")]
        rule["then"] = self.effects(scope, group, read)
        return rule

    def patterns(self, scope: Scope, choices: Sequence[str]) -> list[dict[str, Any]]:
        patterns: list[dict[str, Any]] = []
        for i in range(self.pick((1, 1, 2, self.most))):
            words = self.pick(choices)
            if words == "outlook" and any(p["fact"] == "outlook" for p in patterns):
                words = "mistake"
            fact: Any = words
            if ":" not in words and words in choices and words not in ("finding", "outlook") and scope.chance(4):
                fact = sorted({words, self.pick([c for c in choices if ":" not in c and c not in ("finding", "outlook")])})
            pattern = self.bind(scope, fact, f"p{i}")
            patterns.append(pattern)
        for pattern in patterns:
            name = pattern["as"]
            numbers = [r.text for r in scope.refs if r.name == name and r.type in _NUMBERS[0] and not r.unknown]
            given = all(_role(word) != "derived" for word in _words(pattern["fact"]))  # what is derived may not be finished
            own = scope
            if numbers and given and scope.chance(3):
                pattern[self.pick(("least", "most"))] = self.pick(numbers)
                own = scope.copy()  # the facts compared with this one have only this condition to make their fields known
                own.known = {ref for ref in scope.known if not ref.startswith(f"{name}.")}
            if self.pick((True, False, False)):
                pattern["where"] = own.where(name)
                scope.known |= own.known
        return patterns

    def bind(self, scope: Scope, fact: Any, name: str) -> dict[str, Any]:
        """A pattern, its fields in scope."""
        words = _words(fact)
        pattern: dict[str, Any] = {"fact": fact[0] if isinstance(fact, list) and len(fact) == 1 else fact, "as": name}
        if words[0].startswith("finding"):
            pattern["fact"], kind = "finding", words[0].partition(":")[2]
            if kind:
                pattern["of"] = kind
            scope.scored.append(name)
            scope.refs += [Ref(f"{name}.{f}", "number", False) for f in ("severity", "noticed", "damage")]
            scope.refs.append(Ref(f"{name}.severity_band", "band", False, ordered=True))
            words = [kind or "mistake"]
        elif words == ["outlook"]:
            return pattern
        elif all(_role(word) == "mistake" for word in words):
            scope.mistakes.append(name)
        roles = {_role(word) for word in words}
        fields = self.fields[words[0]] if len(words) == 1 and words[0] in self.fields else {}
        if not fields and roles == {"mistake"}:
            fields = {f: self.fields["m0"][f] for f in ("times", "seen", "note")}
        for field, doc in fields.items():
            type_, ordered = doc["type"].removesuffix("?"), doc.get("ordered", False)
            scope.refs.append(Ref(f"{name}.{field}", type_, doc["type"].endswith("?"), ordered))
        if "derived" not in roles:
            scope.refs.append(Ref(f"{name}.id", "id", False))
        return pattern

    def inner(self, scope: Scope, choices: Sequence[str], key: str, name: str) -> dict[str, Any]:
        """A pattern of a negation or aggregate, with a condition over its own and the outer names."""
        own = scope.copy()
        pattern = self.bind(own, self.pick(choices), name)
        if key == "fact" or self.pick((True, False)):  # an `unless` without a condition lets hardly any rule fire
            pattern["where"] = own.where(name)
        if key == "exists":
            pattern[key] = pattern.pop("fact")
        elif key != "fact":
            pattern[key] = pattern.pop("fact")
            pattern["each"] = pattern.pop("as")
            if key != "count":
                own.own = name
                pattern["of"] = own.amount()
            values = [ref.text for ref in own.refs if ref.type != "set" and (not ref.unknown or ref.text in own.known)]
            if key == "distinct" and values:
                pattern["of"] = self.pick(values)
            if scope.chance(2) and (by := self.keys(scope, own, name)):
                pattern["by"] = by
        return pattern

    def aggregate(self, scope: Scope, choices: Sequence[str], i: int) -> dict[str, Any]:
        key = self.pick(("count", "sum", "min", "max", "average", "distinct"))
        if key != "count":
            choices = [c for c in choices if ":" not in c]
        pattern = self.inner(scope, choices, key, f"e{i}")
        pattern["as"] = f"n{i}"
        scope.numbers.append(pattern["as"])
        return pattern

    def keys(self, scope: Scope, own: Scope, name: str) -> dict[str, str]:
        """What an aggregate is taken apart by: a field of the counted facts, which has a name from then on."""
        fields = [
            ref for ref in own.refs if ref.name == name and ref.type != "set" and (not ref.unknown or ref.text in own.known)
        ]
        if not fields:
            return {}
        ref, key = self.pick(fields), f"q{name[1:]}"
        scope.refs.append(Ref(key, ref.type, False, ref.ordered))
        return {key: ref.text}

    # -- tables

    def table(self, *words: str) -> dict[str, Any] | None:
        """A table over fields of facts, of any kind or of these; None where they have no field that a cell could ask for."""
        scope = Scope(self.dice, self.joins)
        if not words:
            wide = () if self.joining else ("mistake", "mistake", "mistake", "signal", "d0")
            words = (self.pick([*wide, *self.given]), *(self.pick([(), (), ("mistake",)])))
        table: dict[str, Any] = {"when": [self.bind(scope, word, f"p{i}") for i, word in enumerate(words)]}
        if scope.chance(6):
            table["where"] = scope.where()
        if scope.chance(6):
            table["unless"] = [self.inner(scope, words, "fact", "un")]
        asked = json.dumps(table)  # a field that a condition uses is never unknown in the cells
        refs = [ref for ref in scope.refs if ref.type in CELLS and not (ref.unknown and ref.text in asked)]
        if not refs:
            return None
        inputs = [self.pick(refs) for _ in range(self.pick((1, 2, 3)))]
        table |= {"inputs": {f"i{i}": ref.text for i, ref in enumerate(inputs)}, "outputs": ["size"]}
        table["hit"] = self.pick(("unique", "first", "collect"))
        table["rows"], complete = self.rows(inputs, table["hit"])
        if not complete or scope.chance(2):
            table["gaps"] = "allowed"
        table["then"] = {"overall": "{size}"}
        if scope.mistakes:
            table["then"][self.pick(SCORED)] = {"for": self.pick(scope.mistakes), "add": "{size}"}
        if "d3" in self.fields and scope.chance(3):
            table["then"]["derive"] = self.derive(scope, "d3", True)
        return table

    def rows(self, inputs: Sequence[Ref], hit: str) -> tuple[list[list[Any]], bool]:
        """Rows that a table may have, and whether they take every case."""
        rows: list[list[Any]] = []
        cases = set(product(*(_samples(ref) for ref in inputs)))
        left = set(cases)
        for _ in range(self.pick((2, 4, 6, 8))):
            cells = [self.cell(ref) for ref in inputs]
            taken = {case for case in cases if all(map(takes, cells, case))}
            if hit == "collect" or (taken <= left if hit == "unique" else taken & left):
                rows.append([*cells, self.pick((0, 1, 0.5, 2))])
                left -= taken
        if not rows or (hit != "unique" and left and self.dice.random() < 0.5):
            rows.append([*("-" for _ in inputs), 2])
            left = set()
        return rows, not left

    def cell(self, ref: Ref) -> Any:
        """A cell of a column."""
        if self.pick((True, False, False)):
            return "-"
        choices = [*CELLS[ref.type], *(["unknown"] if ref.unknown else [])]
        first, second = self.pick(choices), self.pick(choices)
        return (
            first if self.pick((True, False)) else f"{first} | {second}".lower() if self.pick((True, False)) else [first, second]
        )

    # -- effects

    def effects(self, scope: Scope, group: Any, read: Sequence[str]) -> dict[str, Any]:
        then: dict[str, Any] = {}
        targets = [*scope.mistakes, *scope.scored]
        if isinstance(group, int):
            recursive = any(word in GROUPS[group] for word in read)
            kind = self.pick(GROUPS[group])
            then["derive"] = [self.derive(scope, kind, recursive or len(GROUPS[group]) > 1)]
            if scope.chance(4):  # what is derived from findings too, after this
                then["derive"].append(self.derive(scope, LATE, False))
        if group is None and scope.mistakes:
            for dimension in SCORED:
                if self.pick((True, False)):
                    then[dimension] = {"for": self.pick(scope.mistakes), "add": f"0 + ({scope.amount()})"}
            if scope.chance(2):
                then["verdict"] = {"for": self.pick(scope.mistakes), "at_least": self.pick(("prepare", "act_now"))}
        if scope.chance(4):
            then["note"] = "noted"
        if group is None:
            then["overall"] = scope.amount()
        if group == "finding":
            then["outlook"] = self.pick(("open", "narrow", "closed"))
            if not scope.chance(2):
                then = {"derive": self.derive(scope, LATE, False)}
        if group in ("finding", "outlook") or scope.chance(4):
            advice: dict[str, Any] = {"action": self.pick(("x", "y"))}
            if targets and scope.chance(2):
                advice["for"] = sorted({self.pick(targets), self.pick(targets)})
            if scope.chance(2):
                then["veto"] = advice
            else:
                then["recommend"] = {key: f"0 + ({scope.amount()})" for key in ("relief", "due_hours")} | advice
        return then

    def derive(self, scope: Scope, kind: str, copies: bool) -> dict[str, Any]:
        """A derived fact; within a recursion its fields only copy values."""
        values: dict[str, Any] = {"kind": kind}
        for field, doc in self.fields[kind].items():
            type_, unknown = doc["type"].removesuffix("?"), doc["type"].endswith("?")
            kinds = {"text": ("text", "id", "enum"), "number": ("number", "integer")}.get(type_, (type_,))
            refs = [r for r in scope.refs if r.type in kinds and (unknown or not r.unknown or r.text in scope.known)]
            if copies:  # a key of an aggregate is no field
                refs = [r for r in refs if r.name != r.text]
            if refs and scope.chance(2):
                values[field] = self.pick(refs).text
            elif unknown and scope.chance(3):
                continue
            elif type_ == "number" and not copies and not scope.chance(3):
                values[field] = scope.amount()
            else:
                values[field] = self.pick(VALUES[type_] if type_ != "text" else WORDS)
        return values


def _samples(ref: Ref) -> list[Any]:
    return [*SAMPLES[ref.type], *([None] if ref.unknown else [])]


def _derived_field(type_: str) -> dict[str, Any]:
    return {"type": type_, **({"values": list(WORDS), "ordered": True} if type_ == "enum" else {})}


def _words(fact: Any) -> list[str]:
    return list(fact) if isinstance(fact, list) else [fact]


def _role(word: str) -> str:
    return GIVEN.get(word, "derived" if word.startswith(("d", LATE)) else word)


def packs(joining: bool = False) -> st.SearchStrategy[str]:
    """The text of a pack (JSON, which is YAML). ``joining``: rules join two kinds, by equalities above all."""
    return DICE.map(lambda dice: PackMaker(dice, joining).pack())


def numbered(number: int, joining: bool = False) -> tuple[str, Random]:
    """The pack of a number, the same each time, and what draws its records."""
    dice = Random(number)
    return PackMaker(dice, joining).pack(), dice


def tables() -> st.SearchStrategy[str]:
    """The text of a pack that is one table over one kind of facts, whose fields are of all types that cells ask for."""
    return DICE.map(_table)


def _table(dice: Random) -> str:
    maker = PackMaker(dice)
    defaults = {name: {"type": name, "default": VALUES[name][0]} for name in CELLS}
    maker.fields["m0"] = {**defaults, **{f"maybe_{name}": {"type": f"{name}?"} for name in CELLS}}
    for doc in (maker.fields["m0"][name] for name in ("enum", "maybe_enum")):
        doc["values"] = list(WORDS)
    kinds = {"m0": {"role": "mistake", "title": "m0", "concern": "manners", "fields": maker.fields["m0"]}}
    sections = {"constants": CONSTANTS, "kinds": kinds, "rules": {}, "tables": {"t": maker.table("m0")}}
    return json.dumps({"schema": 1, "pack": "random", **sections})


def records_of_tables() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Records for these, of values that tell cells apart."""
    known = {name: st.sampled_from(SAMPLES[name]) for name in CELLS}
    maybe = {f"maybe_{name}": st.none() | values for name, values in known.items()}
    return st.lists(st.fixed_dictionaries({"kind": st.just("m0"), **known, **maybe}), min_size=2, max_size=6)


def layers() -> st.SearchStrategy[list[str]]:
    """The texts of a pack, and of one that is loaded on top of it."""
    return DICE.map(PackMaker).map(lambda maker: [maker.pack(), maker.override()])


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Values that a field takes, its limits and None among them."""
    low = -3 if field.minimum is None else field.minimum
    high = low + 50 if field.maximum is None else field.maximum
    match field.type:
        case "boolean":
            values: st.SearchStrategy[Any] = st.booleans()
        case "integer":
            values = st.sampled_from(sorted({int(v) for v in (low, min(low + 1, high), min(low + 4, high), high)}))
        case "number":
            values = st.sampled_from(sorted({float(v) for v in (low, min(low + 0.5, high), min(low + 7, high), high)}))
        case "text":
            values = st.sampled_from(TEXTS)
        case "enum":
            values = st.sampled_from(field.values)
        case "set":
            values = st.lists(st.sampled_from(field.values), max_size=3)
    return st.none() | values if field.unknown else values


@st.composite
def facts_of(draw: Draw, kinds: Sequence[Kind]) -> dict[str, Any]:
    """One fact of one of the kinds, some fields left to their defaults."""
    kind = draw(st.sampled_from(kinds))
    given = [f for f in kind.fields if f.required or draw(st.booleans())]
    return {"kind": kind.name, **{f.name: draw(values_of(f)) for f in given}}


def records_of(kinds: dict[str, Kind], least: int, most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Records of facts of given kinds; every setting at most once."""
    given = [kind for kind in kinds.values() if kind.role != "derived"]
    settings = {kind.name for kind in given if kind.role == "setting"}
    facts = st.lists(facts_of(given), min_size=least, max_size=most)
    return facts.map(lambda found: _once(found, settings))


def records_of_packs(kinds: Iterable[Kind], least: int, most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Records for random packs."""
    return DICE.map(lambda dice: record_of(kinds, least, most, dice))


def record_of(kinds: Iterable[Kind], least: int, most: int, dice: Random) -> list[dict[str, Any]]:
    """A record for a random pack: so many facts of each kind, of the values that its rules ask for, few of them unknown."""
    return [
        {"kind": kind.name, **{f.name: dice.choice([*VALUES[f.type], *([None] if f.unknown else [])]) for f in kind.fields}}
        for kind in kinds
        if kind.role != "derived"
        for _ in range(dice.randint(least, 1 if kind.role == "setting" else most))
    ]


def _once(facts: list[dict[str, Any]], settings: set[str]) -> list[dict[str, Any]]:
    seen: set[str] = set()
    kept = []
    for fact in facts:
        if fact["kind"] not in settings or fact["kind"] not in seen:
            kept.append(fact)
        seen.add(fact["kind"])
    return kept
