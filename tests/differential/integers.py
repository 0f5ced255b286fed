"""Random programs over whole numbers, as a pack and as a program for an answer set solver, and what clingo concludes from these.

clingo shares nothing with misstep: joins, negation, aggregates and recursion mean there what answer set programming says that
they mean. Only what both can say is drawn: conditions and sums over integers, ``unless`` and ``exists``, ``count``, ``sum``,
``min``, ``max`` and ``distinct``, each also ``by`` a key, ``least`` and ``most``, and facts derived from derived facts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from misstep.evaluate.memory import CONCLUSIONS, Match, Memory
from misstep.language.facts import FIRST_VALUE, ID
from misstep.language.program import Pattern, Rule

GIVEN = {"m0": "mistake", "m1": "mistake", "s0": "signal"}
DERIVED = ("d0", "d1", "d2")  # d1 from itself too; a negation or aggregate over one stands in rules for those behind it
FIELDS = ("a", "b")
AGGREGATES = ("count", "sum", "min", "max", "distinct")
JOINTS = ("", "", " and ", " or ")
COMPARATORS = ("==", "!=", "<", "<=", ">", ">=")
Said = tuple[Any, ...]
"""What a rule took in one match: the number of a given fact, the values of a derived one, the value of an aggregate."""
Record = list[dict[str, Any]]


@dataclass
class Names:
    """The names of a rule that stand for facts, each with its kind, and the fields and values that an expression may use."""

    kinds: dict[str, str] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)

    def with_fact(self, name: str, kind: str) -> Names:
        return Names({**self.kinds, name: kind}, [*self.numbers, *(f"{name}.{each}" for each in FIELDS)])

    @property
    def fields(self) -> list[str]:
        """The fields alone: what values of aggregates are is known only once they are computed."""
        return [name for name in self.numbers if "." in name]


class IntegerMaker:
    """Draws one program, in both languages at once."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.asp: list[str] = []

    def program(self) -> tuple[str, str]:
        """The text of the pack (JSON), and that of the answer set program."""
        fields = {name: {"type": "integer"} for name in FIELDS}
        kinds = {name: {"role": role, "title": name, "fields": fields} for name, role in GIVEN.items()}
        kinds |= {name: {"role": "derived", "title": name, "fields": fields} for name in DERIVED}
        for name in ("m0", "m1"):
            kinds[name]["concern"] = "manners"
        rules = {f"first_{kind}": self.rule(f"first_{kind}", level, plain=True) for level, kind in enumerate(DERIVED)}
        rules |= {f"r{i}": self.rule(f"r{i}", self.dice.choice((0, 1, 1, 2, 3, 3))) for i in range(self.dice.choice((2, 3, 5)))}
        return json.dumps({"schema": 1, "pack": "integers", "kinds": kinds, "rules": rules}), "\n".join(self.asp)

    def record(self) -> Record:
        """A record for it: each fact with its number as its id."""
        kinds = [kind for kind in GIVEN for _ in range(self.dice.randint(0, 4))]
        return [
            {"kind": kind, "id": str(i), **{name: self.dice.choice((0, 1, 1, 2, 3, -1)) for name in FIELDS}}
            for i, kind in enumerate(kinds)
        ]

    def rule(self, name: str, level: int, plain: bool = False) -> dict[str, Any]:
        """A rule that derives the kind of a level; one of the last level derives nothing."""
        dice, names = self.dice, Names()
        below = [*GIVEN, *DERIVED[:level]]
        own = ["d1"] * 3 if level == 1 and not plain else []
        when: list[dict[str, Any]] = []
        body: list[str] = []
        for i in range(1 if plain else dice.choice((1, 2, 2, 3))):
            kind = dice.choice([*below, *own])
            body += self.bound(f"p{i}", kind, names)
            names = names.with_fact(f"p{i}", kind)
            when.append({"fact": kind, "as": f"p{i}"})
        recursive = "d1" in names.kinds.values() and level == 1
        facts = [*body]  # all patterns, without their conditions
        for pattern in when:
            if dice.random() < 0.5:
                pattern["where"], asp = self.condition(names.numbers)
                body.append(asp)
            if names.kinds[pattern["as"]] in GIVEN and dice.random() < 0.15:
                body.append(self.extreme(name, pattern, facts, names))
        for i in range(0 if plain else dice.choice((0, 0, 1, 1, 2))):
            pattern, parts, bound = self.aggregate(f"{name}_{i}", i, dice.choice(below), facts, names)
            when.append(pattern)
            body += parts
            names = Names(names.kinds, [*names.numbers, *bound])
        rule: dict[str, Any] = {"when": when}
        if dice.random() < 0.4:
            rule["where"], asp = self.condition(names.numbers)
            body.append(asp)
        if dice.random() < 0.25:
            pattern, asp = self.inner(f"ex_{name}", "exists", "ex", dice.choice(below), facts, names)
            when.append(pattern)
            body.append(asp)
        if dice.random() < 0.4:
            pattern, asp = self.inner(f"un_{name}", "fact", "un", dice.choice(below), facts, names)
            rule["unless"] = [pattern]
            body.append(f"not {asp}")
        if level < len(DERIVED):
            values = [
                dice.choice(names.fields) if recursive or dice.random() < 0.5 else self.total(names.numbers) for _ in FIELDS
            ]
            rule["then"] = {"derive": {"kind": DERIVED[level], **dict(zip(FIELDS, values, strict=True))}}
            self.asp.append(f"{DERIVED[level]}({', '.join(map(_variables, values))}) :- {', '.join(body)}.")
        else:
            rule["then"] = {"overall": 1}
        matched = [part for pattern in when for part in self.said(pattern, names)]
        self.asp.append(f"fired({', '.join([name, *matched])}) :- {', '.join(body)}.")
        return rule

    def said(self, pattern: dict[str, Any], names: Names) -> list[str]:
        """What a match says of a pattern of ``when``, as variables."""
        if "exists" in pattern:
            return []
        if "fact" in pattern:
            return _identity(pattern["as"], names.kinds[pattern["as"]])
        return [_variables(name) for name in (pattern["as"], *pattern.get("by", {}))]

    def bound(self, name: str, kind: str, names: Names) -> list[str]:
        """The atom of a pattern, and that it is none of the facts that other names stand for."""
        variables = [_variables(f"{name}.{each}") for each in FIELDS]
        parts = [f"{kind}({', '.join([f'{name.upper()}I', *variables] if kind in GIVEN else variables)})"]
        for other, of in names.kinds.items():
            if of == kind:
                parts.append(f"({', '.join(_identity(name, kind))}) != ({', '.join(_identity(other, kind))})")
        return parts

    def inner(
        self, called: str, key: str, name: str, kind: str, facts: Sequence[str], names: Names
    ) -> tuple[dict[str, Any], str]:
        """A negation or existence, and the atom of the answer set program that says that there is such a fact."""
        own = names.with_fact(name, kind)
        text, asp = self.condition(own.fields, f"{name}.")
        atom = self.helper(called, [*facts, *self.bound(name, kind, names), asp], names)
        return {key: kind, "as": name, "where": text}, atom

    def extreme(self, rule: str, pattern: dict[str, Any], facts: Sequence[str], names: Names) -> str:
        """Make a pattern take the fact with the least or greatest value; the atom that denies all others."""
        key, name = self.dice.choice(("least", "most")), pattern["as"]
        value = pattern[key] = f"{name}.{self.dice.choice(FIELDS)}"
        other = _variables(value.replace(name, "other"))
        parts = [*facts, *self.bound("other", names.kinds[name], Names())]
        if "where" in pattern:  # what is compared meets the same condition
            parts.append(_condition(pattern["where"].replace(f"{name}.", "other.")))
        parts.append(f"{other} {'<' if key == 'least' else '>'} {_variables(value)}")
        return f"not {self.helper(f'beyond_{rule}_{name}', parts, names)}"

    def aggregate(
        self, called: str, i: int, kind: str, facts: Sequence[str], names: Names
    ) -> tuple[dict[str, Any], list[str], list[str]]:
        """An aggregate, the parts of the answer set program that compute it, and the names that it binds."""
        dice, name, value = self.dice, f"e{i}", f"n{i}"
        own, key = names.with_fact(name, kind), dice.choice(AGGREGATES)
        pattern: dict[str, Any] = {key: kind, "each": name, "as": value}
        inside = self.bound(name, kind, names)
        if dice.random() < 0.6:
            pattern["where"], asp = self.condition(own.fields, f"{name}.", JOINTS[:-1])  # no "or" within an aggregate
            inside.append(asp)
        taken = ", ".join(_identity(name, kind))
        if key != "count":
            pattern["of"] = dice.choice((f"{name}.a", f"{name}.b", f"{name}.a + {name}.b", f"{name}.a * 2"))
            taken = _variables(pattern["of"]) + (f", {taken}" if key == "sum" else "")
        parts: list[str] = []
        bound = [value]
        if dice.random() < 0.3:
            of = f"{name}.{dice.choice(FIELDS)}"
            pattern["by"] = {f"q{i}": of}
            bound.append(f"q{i}")
            inside.append(f"{_variables(of)} = Q{i}")
            parts.append(self.helper(f"key_{called}", [*facts, *inside], names, f"Q{i}"))
        function = "count" if key == "distinct" else key
        parts.append(f"{_variables(value)} = #{function} {{ {taken} : {', '.join(inside)} }}")
        if key in ("min", "max"):  # of nothing: no match
            parts.append(f"{_variables(value)} != {'#sup' if key == 'min' else '#inf'}")
        return pattern, parts, bound

    def helper(self, called: str, body: Iterable[str], names: Names, *more: str) -> str:
        """The atom of a new rule over the facts of a rule, and of more variables."""
        variables = [part for name, kind in names.kinds.items() for part in _identity(name, kind)]
        atom = f"{called}({', '.join([*variables, *more])})"
        self.asp.append(f"{atom} :- {', '.join(body)}.")
        return atom

    # -- conditions

    def total(self, numbers: Sequence[str]) -> str:
        one = self.dice.choice(numbers)
        return one + self.dice.choice(("", " + 1", " - 1", " * 2", f" + {self.dice.choice(numbers)}"))

    def comparison(self, numbers: Sequence[str], own: str) -> str:
        left = self.total([each for each in numbers if each.startswith(own)])
        right = self.dice.choice((self.total(numbers), self.dice.choice(numbers), "0", "1", "2"))
        return f"{left} {self.dice.choice(COMPARATORS)} {right}"

    def condition(self, numbers: Sequence[str], own: str = "", joints: Sequence[str] = JOINTS) -> tuple[str, str]:
        """A condition in both languages, on a name of its own if it must."""
        text = self.comparison(numbers, own)
        joint = self.dice.choice(joints)
        text += f"{joint}{self.comparison(numbers, own)}" if joint else ""
        return text, _condition(text)


def _identity(name: str, kind: str) -> list[str]:
    """What tells the fact of a name from others of its kind, as variables."""
    return [f"{name.upper()}I"] if kind in GIVEN else [_variables(f"{name}.{each}") for each in FIELDS]


def _variables(text: str) -> str:
    """An expression with the variables of the answer set program."""
    return re.sub(r"\b([a-z]+\d*)\.([ab])\b|\b([nq]\d)\b", lambda found: "".join(filter(None, found.groups())).upper(), text)


def _condition(text: str) -> str:
    one, joint, other = text.replace("==", "=").partition(" or ")
    if joint:  # either holds: a count of what does
        return f"#count {{ 1 : {_variables(one)}; 2 : {_variables(other)} }} >= 1"
    return _variables(one.replace(" and ", ", "))


# -- what is concluded


def said_by_clingo(asp: str, record: Record) -> tuple[list[Said], list[Said]]:
    """The matches of rules, and the derived facts. Raises ImportError where clingo is missing."""
    import clingo

    facts = "".join(f"{fact['kind']}({fact['id']}, {fact['a']}, {fact['b']}). " for fact in record)
    shown = "".join(f"#defined {kind}/{size}. " for kind, size in _SIZES.items())
    control = clingo.Control(["--warn=none"])
    control.add("base", [], f"{facts}{shown}{asp}")
    control.ground([("base", [])])
    atoms: list[Said] = []
    control.solve(on_model=lambda model: atoms.extend(map(_plain, model.symbols(atoms=True))))
    return sorted(atom[1:] for atom in atoms if atom[0] == "fired"), sorted(atom for atom in atoms if atom[0] in DERIVED)


_SIZES = {**dict.fromkeys(GIVEN, 1 + len(FIELDS)), **dict.fromkeys(DERIVED, len(FIELDS))}


def _plain(symbol: Any) -> Said:
    return (symbol.name, *(each.number if each.type.name == "Number" else each.name for each in symbol.arguments))


def said_by_misstep(memory: Memory) -> tuple[list[Said], list[Said]]:
    """The same of a memory; what stands twice there stands twice here."""
    firings = [(c.rule, c.match) for name in CONCLUSIONS for c in getattr(memory, name)]
    firings += [firing for found in memory.derivations.values() for firing in found]
    derived = [(kind, *row[FIRST_VALUE:]) for kind in DERIVED for row in memory.rows.get(kind, ())]
    return sorted(_match(*firing) for firing in firings), sorted(derived)


def _match(rule: Rule, match: Match) -> Said:
    said: list[Any] = [rule.id]
    for binder, taken in zip(rule.binders, match, strict=True):
        if not isinstance(binder, Pattern):
            said.append(taken)
        else:
            said += [int(taken[ID])] if taken[ID] is not None else taken[FIRST_VALUE:]
    return tuple(said)
