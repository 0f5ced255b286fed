"""Data about the kinds and rules of a rule base, for the command line and the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from misstep.errors import UsageError, did_you_mean, listing
from misstep.language.facts import TRAITS, Field, Kind
from misstep.language.program import Program, Source
from misstep.rulebase.packs import Merged

_KIND = ("role", "title", "topic", *TRAITS, "help", "word", "fields")
_FIELD = ("name", "type", "unknown", "required", "default", "values")
KIND_MEMBERS = {"kind": "name", **{name: name for name in _KIND}}
FIELD_MEMBERS = {
    **{name: name for name in _FIELD},
    "min": "minimum",
    "max": "maximum",
    **{name: name for name in ("unit", "help", "title", "words")},
}
"""The members of a kind and of a field in JSON, with the attributes that they show."""


def kind_data(kind: Kind) -> dict[str, object]:
    """A kind as JSON data."""
    return _members(kind, KIND_MEMBERS) | {"fields": [_field_data(field) for field in kind.fields]}


def kind_with_rules(program: Program, kind: Kind) -> dict[str, object]:
    """A kind as JSON data, with the ids of the rules about it alone."""
    about = [rule.id for rule in program.rules.values() if any(pattern.kinds == (kind.name,) for pattern in rule.patterns)]
    return kind_data(kind) | {"rules": about}


def _field_data(field: Field) -> dict[str, object]:
    return _members(field, FIELD_MEMBERS) | {"words": [{"value": value, "text": text} for value, text in field.words]}


def _members(of: Kind | Field, members: Mapping[str, str]) -> dict[str, object]:
    return {member: getattr(of, attribute) for member, attribute in members.items()}


@dataclass(frozen=True, slots=True)
class RulePage:
    """A rule as written in its pack, its place there, its sources, and the cases in which it fires."""

    rule: str
    title: str
    help: str
    pack: str
    file: str
    line: int
    column: int
    text: str
    cases: tuple[str, ...]
    sources: tuple[Source, ...]


def rule_pages(program: Program, merged: Merged) -> list[RulePage]:
    """The pages of all rules."""
    return [rule_page(program, merged, rule) for rule in program.rules]


def rule_page(program: Program, merged: Merged, rule: str) -> RulePage:
    """The page of one rule. Raises UsageError if it does not exist."""
    require_rule(rule, program.rules)
    entry = merged.rules[rule]
    pack, place = entry.pack.doc.pack, entry.place()
    return RulePage(
        rule=rule,
        title=entry.doc.title or "",
        help=entry.doc.help,
        pack=pack,
        file=place.file,
        line=place.line,
        column=place.column,
        text=entry.text,
        cases=tuple(
            name
            for each in merged.packs
            if each.doc.pack == pack
            for name, case in each.doc.cases.items()
            if rule in case.expect.fires
        ),
        sources=tuple(program.sources[name] for name in entry.doc.sources),
    )


def require_rule(rule: str, known: Iterable[str]) -> None:
    """Raise UsageError, with a suggestion, if a rule does not exist."""
    known = list(known)
    if rule not in known:
        near = [name for name in known if name.split(".")[0] == rule.split(".")[0]]
        otherwise = f"there are {listing(near)}" if near else "`misstep kinds KIND` lists the rules about a kind"
        raise UsageError(f"unknown rule '{rule}'" + did_you_mean(rule, known, f"; {otherwise}"))
