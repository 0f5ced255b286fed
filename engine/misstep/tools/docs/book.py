"""Paths of packs in; a book out: the rule base in chapters, what refers to what, and its cases, run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from misstep.api import RuleBase
from misstep.language.facts import Kind
from misstep.language.program import Action, Derive, Pattern, Program, Recommend, Rule, Source, Veto
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Entry, Merged, Pack
from misstep.tools.docs.examples import Examples, run_examples

_T = TypeVar("_T")


@dataclass(frozen=True)
class Chapter:
    """A pack: what it declares, in the order in which it does."""

    id: str
    title: str
    kinds: Sequence[Kind]
    rules: Sequence[Rule]
    actions: Sequence[Action]
    sources: Sequence[Source]

    def rules_of(self, kind: Kind | None, book: Book) -> Sequence[Rule]:
        """Its rules about a kind; without one, those that are about no kind of this chapter."""
        if kind is not None:
            return [rule for rule in self.rules if book.about(rule) == kind.name]
        names = {kind.name for kind in self.kinds}
        return [rule for rule in self.rules if book.about(rule) not in names]


@dataclass(frozen=True)
class Origin:
    """Where a declaration stands, and its text."""

    chapter: str
    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Book:
    """Everything that the pages are made from.

    The tables lead from the name of a kind, action or source to the rules that speak of it.
    """

    program: Program
    title: str
    chapters: Sequence[Chapter]
    examples: Examples
    merged: Merged = field(repr=False)
    looking: Mapping[str, Sequence[Rule]]
    deriving: Mapping[str, Sequence[Rule]]
    recommending: Mapping[str, Sequence[Rule]]
    vetoing: Mapping[str, Sequence[Rule]]
    resting: Mapping[str, Sequence[Rule]]

    def about(self, rule: Rule) -> str:
        """The kind that a rule is about: the first that it names, settings last; empty where it is about all of a role."""
        named = [p.kinds[0] for p in rule.patterns if p.over != "outlook" and len(p.kinds) == 1]
        settings = [kind for kind in named if self.program.kinds[kind].role == "setting"]
        return next((kind for kind in named if kind not in settings), settings[0] if settings else "")

    def everywhere(self, pattern: Pattern) -> bool:
        """Whether a pattern takes every kind of a role, and so speaks of none."""
        roles = {self.program.kinds[name].role for name in pattern.kinds}
        return len(pattern.kinds) > 1 and any(
            set(pattern.kinds) == {k.name for k in self.program.kinds.values() if k.role == role} for role in roles
        )

    def chapter_of(self, section: str, name: str) -> str:
        """The chapter that declares something."""
        entries: Mapping[str, Entry[Any]] = getattr(self.merged, section)
        return entries[name].pack.doc.pack

    def origin(self, section: str, name: str) -> Origin:
        """Where something is declared, and how."""
        entries: Mapping[str, Entry[Any]] = getattr(self.merged, section)
        entry = entries[name]
        place = entry.pack.document.locate(entry.path)
        return Origin(entry.pack.doc.pack, Path(place.file).name, place.line, entry.pack.document.excerpt(entry.path))


def read_book(paths: Sequence[str | Path]) -> Book:
    """Load packs and run their cases. Raises RuleError, also for a case that does not hold; UsageError for a path."""
    limits = Limits()
    program, merged = load_program(paths, limits)
    rulebase = RuleBase(program, limits)
    chapters = tuple(_chapters(program, merged))
    title = next((pack.doc.title for pack in reversed(merged.packs) if pack.doc.rulebase and pack.doc.title), None)
    tables: list[dict[str, list[Rule]]] = [{} for _ in range(5)]
    looking, deriving, recommending, vetoing, resting = tables
    book = Book(program, title or program.name, chapters, run_examples(rulebase, merged), merged, *tables)
    for chapter in chapters:
        for rule in chapter.rules:
            _add(looking, rule, (k for p in _patterns(rule) if not book.everywhere(p) for k in p.kinds))
            _add(deriving, rule, (e.kind for e in rule.effects if isinstance(e, Derive)))
            _add(recommending, rule, (e.action for e in rule.effects if isinstance(e, Recommend)))
            _add(vetoing, rule, (e.action for e in rule.effects if isinstance(e, Veto)))
            _add(resting, rule, rule.sources)
    return book


def _patterns(rule: Rule) -> Iterable[Pattern]:
    yield from rule.patterns
    yield from (negation.pattern for negation in rule.unless)
    yield from (aggregate.pattern for aggregate in rule.aggregates)


def _add(table: dict[str, list[Rule]], rule: Rule, names: Iterable[str]) -> None:
    for name in dict.fromkeys(names):
        table.setdefault(name, []).append(rule)


def _chapters(program: Program, merged: Merged) -> Iterable[Chapter]:
    """The packs that declare something, given ones first."""
    for pack in sorted(merged.packs, key=lambda p: (p.layer == EXTENDED, p.doc.pack)):
        kinds = _of_pack(pack, pack.doc.kinds, merged.kinds, program.kinds)
        rules = _of_pack(pack, pack.doc.rules, merged.rules, program.rules)
        actions = _of_pack(pack, pack.doc.actions, merged.actions, program.actions)
        sources = _of_pack(pack, pack.doc.sources, merged.sources, program.sources)
        if kinds or rules or actions or sources:
            title = pack.doc.title or pack.doc.pack.replace("-", " ").capitalize()
            yield Chapter(pack.doc.pack, title, kinds, rules, actions, sources)


def _of_pack(pack: Pack, names: Iterable[str], entries: Mapping[str, Entry[Any]], things: Mapping[str, _T]) -> list[_T]:
    """What a pack declares and still holds: another may have replaced it or turned it off."""
    return [things[name] for name in names if name in things and entries[name].pack is pack]
