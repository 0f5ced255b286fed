"""A rule base in; what there is to know of its kinds and rules out, as data, for the command line and the service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from misstep.errors import Location, UsageError, listing, suggest
from misstep.language.facts import TRAITS, Kind
from misstep.language.program import Program
from misstep.rulebase.packs import Merged


def kind_data(kind: Kind) -> dict[str, Any]:
    """All that is declared of a kind."""
    return {
        "kind": kind.name, "role": kind.role, "title": kind.title, "topic": kind.topic,
        **{trait: getattr(kind, trait) for trait in TRAITS}, "help": kind.help, "word": kind.word,
        "fields": [
            {"name": f.name, "type": f.type, "unknown": f.unknown, "required": f.required, "default": f.default,
             "values": f.values, "min": f.minimum, "max": f.maximum, "unit": f.unit, "help": f.help, "title": f.title,
             "words": [{"value": value, "text": text} for value, text in f.words]} for f in kind.fields
        ],
    }  # fmt: skip


class RulePage(NamedTuple):
    """A rule as it stands in its pack, the sources it rests on, and the cases that prove it."""

    id: str
    pack: str
    location: Location
    title: str
    help: str
    text: str
    sources: tuple[str, ...]
    cases: tuple[str, ...]


def rule_page(merged: Merged, rule_id: str) -> RulePage:
    """What there is to know of one rule. Raises UsageError where there is none of this name."""
    known_rule(rule_id, merged.rules)
    return _page(merged, rule_id, _cases(merged))


def rule_pages(program: Program, merged: Merged) -> list[RulePage]:
    """The same of every rule."""
    cases = _cases(merged)
    return [_page(merged, rule, cases) for rule in program.rules]


def _cases(merged: Merged) -> dict[str, list[str]]:
    """Names of the cases in which a rule is said to fire, by the pack and the id of the rule."""
    cases: dict[str, list[str]] = {}
    for pack in merged.packs:
        for name, case in pack.doc.cases.items():
            for rule in case.expect.fires:
                cases.setdefault(f"{pack.doc.pack} {rule}", []).append(name)
    return cases


def _page(merged: Merged, rule_id: str, cases: dict[str, list[str]]) -> RulePage:
    entry = merged.rules[rule_id]
    pack, document = entry.pack.doc.pack, entry.pack.document
    return RulePage(
        id=rule_id,
        pack=pack,
        location=document.locate(entry.path),
        title=entry.doc.title or "",
        help=entry.doc.help,
        text=document.excerpt(entry.path),
        sources=tuple(entry.doc.sources),
        cases=tuple(cases.get(f"{pack} {rule_id}", ())),
    )


def known_rule(rule_id: str, known: Iterable[str]) -> None:
    """Raise UsageError where there is no such rule; it says which may have been meant."""
    known = list(known)
    if rule_id not in known:
        near = [name for name in known if name.split(".")[0] == rule_id.split(".")[0]]
        otherwise = f"there are {listing(near)}" if near else "`misstep kinds KIND` lists those about a kind"
        hint = suggest(rule_id, known, f"; {otherwise}")
        raise UsageError(f"there is no rule '{rule_id}'{hint}")
