"""Load packs as a book: chapters, cross-references, and the outcomes of their cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from misstep.api import RuleBase
from misstep.language.effects import Derive, Recommend, Veto
from misstep.language.facts import Kind
from misstep.language.program import Action, Pattern, Program, Rule, Source
from misstep.layout.wording import name_from_id
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Merged, Pack, PackEntry
from misstep.rulebase.schema import Doc
from misstep.rulebase.tables import RowEntry
from misstep.tools.docs.examples import Examples, run_examples

_T = TypeVar("_T")


@dataclass(frozen=True)
class ShownTable:
    """A decision table: the heads of its columns, and its rows, each with the rule that it is, if it is one."""

    id: str
    title: str
    help: str
    hit: str
    heads: Sequence[str]
    rows: Sequence[tuple[Rule | None, Sequence[str]]]


@dataclass(frozen=True)
class Chapter:
    """A pack: its declarations in their order."""

    id: str
    title: str
    kinds: Sequence[Kind]
    tables: Sequence[ShownTable]
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
    """The place of a declaration, and its text."""

    chapter: str
    file: str
    line: int
    text: str


@dataclass(frozen=True)
class Book:
    """Everything that the pages are made from.

    The tables lead from the name of a kind, action or source to the rules that speak of it.
    """

    rulebase: RuleBase
    title: str
    chapters: Sequence[Chapter]
    examples: Examples
    merged: Merged = field(repr=False)
    looking: Mapping[str, Sequence[Rule]]
    deriving: Mapping[str, Sequence[Rule]]
    recommending: Mapping[str, Sequence[Rule]]
    vetoing: Mapping[str, Sequence[Rule]]
    resting: Mapping[str, Sequence[Rule]]

    @property
    def program(self) -> Program:
        """The checked rules."""
        return self.rulebase.program

    def about(self, rule: Rule) -> str:
        """The kind that a rule is about: the first that it names, settings last; empty if it is about all of a role."""
        named = [p.kinds[0] for p in rule.patterns if p.over != "outlook" and len(p.kinds) == 1]
        settings = [kind for kind in named if self.program.kinds[kind].role == "setting"]
        return next((kind for kind in named if kind not in settings), settings[0] if settings else "")

    def chapter_of(self, section: str, name: str) -> str:
        """The chapter that declares something."""
        return self.origin(section, name).chapter

    def origin(self, section: str, name: str) -> Origin:
        """The place and text of a declaration."""
        entries: Mapping[str, PackEntry[Doc]] = getattr(self.merged, section)
        entry = entries[name]
        place = entry.place()
        return Origin(entry.pack.doc.pack, Path(place.file).name, place.line, entry.text)


def read_book(paths: Sequence[str | Path]) -> Book:
    """Load packs and run their cases. Raises RuleError, also for a case that does not hold; UsageError for a path."""
    limits = Limits()
    program, merged = load_program(paths, limits)
    rulebase = RuleBase(program, limits, lazy_words(program, merged, limits))
    chapters = tuple(_chapters(program, merged))
    title = next((pack.doc.title for pack in reversed(merged.packs) if pack.doc.rulebase and pack.doc.title), None)

    def index(names: Callable[[Rule], Iterable[str]]) -> dict[str, list[Rule]]:
        """Rules by each of the names that they have to do with."""
        found: dict[str, list[Rule]] = {}
        for rule in (rule for chapter in chapters for rule in chapter.rules):
            for name in dict.fromkeys(names(rule)):
                found.setdefault(name, []).append(rule)
        return found

    return Book(
        rulebase=rulebase,
        title=title or program.name,
        chapters=chapters,
        examples=run_examples(rulebase, merged),
        merged=merged,
        looking=index(lambda rule: (k for p in rule.all_patterns if not is_every_kind(p, program) for k in p.kinds)),
        deriving=index(lambda rule: (e.kind for e in rule.effects if isinstance(e, Derive))),
        recommending=index(lambda rule: (e.action for e in rule.effects if isinstance(e, Recommend))),
        vetoing=index(lambda rule: (e.action for e in rule.effects if isinstance(e, Veto))),
        resting=index(lambda rule: rule.sources),
    )


def is_every_kind(pattern: Pattern, program: Program) -> bool:
    """Whether a pattern takes every kind of a role, and so names none."""
    roles = {program.kinds[name].role for name in pattern.kinds}
    return len(pattern.kinds) > 1 and any(
        set(pattern.kinds) == {k.name for k in program.kinds.values() if k.role == role} for role in roles
    )


def _chapters(program: Program, merged: Merged) -> Iterable[Chapter]:
    """The packs that declare something, given ones first."""
    for pack in sorted(merged.packs, key=lambda p: (p.layer == EXTENDED, p.doc.pack)):
        kinds = _of_pack(pack, pack.doc.kinds, merged.kinds, program.kinds)
        written = [*pack.doc.rules, *(row for rows in pack.rows.values() for row in rows)]
        rules = _of_pack(pack, written, merged.rules, program.rules)
        actions = _of_pack(pack, pack.doc.actions, merged.actions, program.actions)
        sources = _of_pack(pack, pack.doc.sources, merged.sources, program.sources)
        if kinds or rules or actions or sources:
            title = pack.doc.title or pack.doc.pack.replace("-", " ").capitalize()
            yield Chapter(pack.doc.pack, title, kinds, [*_tables(pack, program, merged)], rules, actions, sources)


def _tables(pack: Pack, program: Program, merged: Merged) -> Iterable[ShownTable]:
    """The tables of a pack that no other pack replaces or disables."""
    for name, entry in merged.tables.items():
        rows = [row for row in entry.pack.rows.get(name, {}).values() if isinstance(row, RowEntry)]
        if entry.pack is pack and any(row.name in merged.rules for row in rows):
            shown = [(program.rules[row.name] if merged.rules.get(row.name) is row else None, row.texts) for row in rows]
            title = entry.doc.title or name_from_id(name).capitalize()
            yield ShownTable(name, title, entry.doc.help, entry.doc.hit, [*rows[0].cells], shown)


def _of_pack(pack: Pack, names: Iterable[str], entries: Mapping[str, PackEntry[Doc]], things: Mapping[str, _T]) -> list[_T]:
    """The declarations of a pack that no other pack replaces or disables."""
    return [things[name] for name in names if name in things and entries[name].pack is pack]
