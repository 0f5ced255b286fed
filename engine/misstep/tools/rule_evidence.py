"""What the numbers of rules rest on, as far as their sources say.

The standing of a rule is that of the best source that it names: a survey or study, the judgement of experts, or practice, which
is nothing published. A statement is encoded by a rule about its kind that names its source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import BaseModel

from misstep.language.program import Program, Rule
from misstep.rulebase import schema
from misstep.rulebase.packs import Merged, PackEntry
from misstep.rulebase.tables import RowEntry

Standing = Literal["surveyed", "judged", "practice", "unsourced"]
STANDINGS: dict[Standing, str] = {
    "surveyed": "A survey or study is behind it.",
    "judged": "Experts judge so; no survey or study is behind it.",
    "practice": "This is practice: nothing published is behind it.",
    "unsourced": "It names no source.",
}
"""The standings of a rule, the best first, and what they mean."""
_OF_KIND: dict[str, Standing] = {"survey": "surveyed", "study": "surveyed", "expert": "judged", "practice": "practice"}
FAR_APART = 30
"""Shares that differ by more points of a hundred disagree; 20 to 40 is usual between polls (fixtures/evidence/README.md)."""


def standing_of(rule: Rule, program: Program) -> Standing:
    """The standing of a rule: that of the best of its sources."""
    found = {_OF_KIND[program.sources[source].kind] for source in rule.sources}
    return next((standing for standing in STANDINGS if standing in found), "unsourced")


class RuleNumber(NamedTuple):
    """A place of a rule with numbers: its keys, and what stands there."""

    place: str
    text: str


class SourceStatement(NamedTuple):
    """What a source says of a kind; ``share``: percent of those asked, if it has one."""

    source: str
    kind: str
    says: str
    share: float | None


class RuleEvidence(NamedTuple):
    """A rule with its numbers, the sources that it names, and what these say of the kinds that it looks at."""

    rule: str
    standing: Standing
    numbers: Sequence[RuleNumber]
    sources: Sequence[str]
    statements: Sequence[SourceStatement]

    @property
    def apart(self) -> tuple[SourceStatement, SourceStatement] | None:
        """Two statements with the same words about one kind, of different sources, whose shares are far apart; the least and the
        greatest."""
        shares: dict[tuple[str, str], list[SourceStatement]] = {}
        for each in self.statements:
            if each.share is not None:
                shares.setdefault((each.kind, each.says), []).append(each)
        for same in shares.values():
            low, high = (choose(same, key=lambda each: each.share or 0.0) for choose in (min, max))
            if low.source != high.source and (high.share or 0.0) - (low.share or 0.0) > FAR_APART:
                return low, high
        return None


@dataclass(frozen=True)
class EvidenceReport:
    """The evidence of a rule base. ``unused``: sources that no rule and nothing usual rests on, with the reason that they waive
    it for, if any; ``unencoded``: statements that no rule encodes."""

    rules: Sequence[RuleEvidence]
    sources: dict[str, schema.SourceDoc]
    unused: dict[str, str]
    unencoded: Sequence[SourceStatement]

    @property
    def disagreements(self) -> list[tuple[str, SourceStatement, SourceStatement]]:
        """The rules whose sources disagree, each with the statements that do."""
        return [(each.rule, *each.apart) for each in self.rules if each.apart]

    @property
    def shares(self) -> dict[Standing, tuple[int, int]]:
        """How many rules, and how many places with numbers, are of each standing."""
        rules = Counter(each.standing for each in self.rules)
        numbers = Counter(each.standing for each in self.rules for _ in each.numbers)
        return {standing: (rules[standing], numbers[standing]) for standing in STANDINGS}


def find_evidence(program: Program, merged: Merged) -> EvidenceReport:
    """The evidence of the rules of all packs."""
    docs = {name: entry.doc for name, entry in merged.sources.items()}
    said = {
        name: [SourceStatement(name, each.of, each.says, each.share) for each in doc.statements] for name, doc in docs.items()
    }
    constants = frozenset(name for name, entry in merged.constants.items() if _is_number(entry.doc))
    rules, encoded, used = [], set[SourceStatement](), set[str]()
    for usual in program.usual.values():
        used.update(usual.sources)
    for rule in program.rules.values():
        used.update(rule.sources)
        kinds = {kind for pattern in rule.patterns if len(pattern.kinds) == 1 for kind in pattern.kinds}
        statements = [each for source in rule.sources for each in said[source] if each.kind in kinds]
        encoded.update(statements)
        numbers = tuple(_numbers(merged.rules[rule.id], constants))
        rules.append(RuleEvidence(rule.id, standing_of(rule, program), numbers, rule.sources, statements))
    unused = {name: doc.waive.get("idle-source", "") for name, doc in docs.items() if name not in used}
    unencoded = [each for name in said for each in said[name] if each not in encoded]
    return EvidenceReport(rules, docs, unused, unencoded)


_QUOTED = re.compile(r"'[^']*'|\{[^}]*\}")
_WORD = re.compile(r"(?<![\w.])[\w.]+")
_TEXTS = frozenset({"title", "help", "because", "note", "waive", "sources", "replace"})


def _is_number(doc: schema.ConstantDoc) -> bool:
    return doc.expression is not None or (isinstance(doc.value, (int, float)) and not isinstance(doc.value, bool))


def _numbers(entry: PackEntry[schema.RuleDoc], constants: Collection[str]) -> Iterator[RuleNumber]:
    """The places of a rule with numbers, or with constants that are numbers: conditions, cells of a row, effects."""
    for key in ("when", "unless", "where", "then"):
        for place, value in _values(getattr(entry.doc, key), key):
            if _has_number(value, constants):
                yield RuleNumber(place, _written(value))
    if isinstance(entry, RowEntry):
        for head, cell in entry.cells.items():
            if head not in entry.table.doc.outputs and _has_number(cell.value, constants):
                yield RuleNumber(f"cell {head}", _written(cell.value))


def _values(value: object, place: str) -> Iterator[tuple[str, object]]:
    """The numbers and texts of a part of a rule, but for those that people read, each with its keys."""
    match value:
        case BaseModel():
            for name, field in type(value).model_fields.items():
                if name not in _TEXTS:
                    yield from _values(getattr(value, name), f"{place}.{field.alias or name}")
        case list():
            for i, each in enumerate(value):
                yield from _values(each, f"{place}[{i}]" if len(value) > 1 else place)
        case dict():
            for key, each in value.items():
                yield from _values(each, f"{place}.{key}")
        case _:
            yield place, value


def _has_number(value: object, constants: Collection[str]) -> bool:
    if isinstance(value, list):
        return any(_has_number(each, constants) for each in value)
    if isinstance(value, str):
        return any(word[0].isdigit() or word in constants for word in _WORD.findall(_QUOTED.sub("", value)))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


# -- as data


def to_data(report: EvidenceReport) -> dict[str, object]:
    """The report as JSON data."""
    return {
        "shares": {standing: {"rules": rules, "numbers": numbers} for standing, (rules, numbers) in report.shares.items()},
        "rules": [
            {
                "rule": each.rule,
                "standing": each.standing,
                "numbers": [number._asdict() for number in each.numbers],
                "sources": list(each.sources),
                "statements": [statement._asdict() for statement in each.statements],
                "disagree": [statement._asdict() for statement in each.apart or ()],
            }
            for each in report.rules
        ],
        "sources": {
            name: {key: getattr(doc, key) for key in ("title", "kind", "year", "place", "sample", "figure", "url")}
            for name, doc in report.sources.items()
        },
        "unused_sources": [{"source": name, "waived": reason} for name, reason in report.unused.items()],
        "unencoded": [statement._asdict() for statement in report.unencoded],
    }
