"""Programs with records, each drawn by its number: the same for a number, whatever is installed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.differential.integers import IntegerMaker, Record
from tests.evaluate.fired import AGGREGATES
from tests.evaluate.oracle import LIMITS
from tests.evaluate.packs import JOINED, PackMaker, record_of
from tests.inline import program_of_json

from misstep.errors import RuleError
from misstep.language.program import Program

INTEGERS = (2, 6)  # by the number modulo 8: programs that clingo can run too
JOINING = (3, 7)
LAYERED = (5,)
MANY_FACTS = 3  # by the number modulo 32: so many facts that joins use indexes


@dataclass(frozen=True)
class Drawn:
    """A program, its packs as text (JSON) in layers, records for it, and the answer set program that says the same, if any."""

    texts: tuple[str, ...]
    program: Program
    records: list[Record]
    asp: str = ""


def draw(number: int) -> Drawn:
    """The program of a number."""
    dice = Random(number)
    if number % 8 in INTEGERS:
        integers = IntegerMaker(dice)
        text, asp = integers.program()
        return Drawn((text,), program_of_json(text, limits=LIMITS), [integers.record() for _ in range(4)], asp)
    joining = number % 8 in JOINING
    maker = PackMaker(dice, joining)
    texts: tuple[str, ...] = (maker.pack(),)
    program = program_of_json(*texts, limits=LIMITS)
    if number % 8 in LAYERED:
        layers = (*texts, maker.override())
        with suppress(RuleError):  # a field that gets another type may be refused for what rules ask of it
            texts, program = layers, program_of_json(*layers, limits=LIMITS)
    if joining:
        least, most = (8, 9) if number % 32 == MANY_FACTS else (2, 4)
        kinds = [program.kinds[name] for name in JOINED]
        return Drawn(texts, program, [record_of(kinds, least, most, dice) for _ in range(1 if most > 4 else 3)])
    return Drawn(texts, program, [record_of(program.kinds.values(), least, 2, dice) for least in (0, 1, 1)])


def features(drawn: Drawn) -> set[str]:
    """What the rules of a program use, in the words of the table."""
    return set(_features(drawn))


def _features(drawn: Drawn) -> Iterator[str]:
    if len(drawn.texts) > 1:
        yield "two layers"
    if drawn.asp:
        yield "integers alone, for clingo"
    for stratum in (s for phase in (drawn.program.scoring, drawn.program.judging, drawn.program.advising) for s in phase):
        if any(not stratum.kinds.isdisjoint(p.kinds) for rule in stratum.deriving for p in rule.patterns):
            yield "recursion"
    for text in drawn.texts:
        pack: dict[str, Any] = json.loads(text)
        tables = pack.get("tables", {}).values()
        yield from (f"tables: {table['hit']}" for table in tables)
        yield from ("tables" for _ in tables)
        for name, words in _WRITTEN.items():
            if any(word in text for word in words):
                yield name
        for rule in (*pack["rules"].values(), *tables):
            yield from _of_rule(rule)


_WRITTEN = {
    "curves": ("curve(",),
    "slices of text": ("[:", "[1:", "[-", "[k_one:"),
    "unknown fields": ('?"',),
    "known()": ("known(",),
}
"""What is found by how it is written."""


def _of_rule(rule: dict[str, Any]) -> Iterator[str]:
    facts = [pattern for pattern in rule["when"] if "fact" in pattern]
    if len(facts) > 1:
        yield "several facts in a rule"
    if any(" == p" in part for part in (rule.get("where", ""), *(pattern.get("where", "") for pattern in facts))):
        yield "joins by equality"
    if "unless" in rule:
        yield "negation"
    for pattern in rule["when"]:
        if "exists" in pattern:
            yield "existence"
        if "least" in pattern or "most" in pattern:
            yield "least or most"
        if any(key in pattern for key in AGGREGATES):
            yield "aggregates by groups" if "by" in pattern else "aggregates"
        if pattern.get("fact") == "finding":
            yield "rules on findings"
    for effect in ("derive", "recommend", "veto", "outlook", "verdict"):
        if effect in rule["then"]:
            yield f"then {effect}"
