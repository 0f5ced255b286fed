"""Merge packs of the right shape to one set of declarations.

Each path that is loaded is a layer: within all layers a name is declared once, and a declaration with
``replace: true`` takes its place; of several replacements that of the later layer counts. So the order of files
does not matter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from misstep.errors import Location, Problem, RuleError, did_you_mean, unknown
from misstep.limits import Limits
from misstep.rulebase import schema
from misstep.rulebase.documents import Document
from misstep.rulebase.expressions import NamedConstants

_Doc = TypeVar("_Doc", bound=schema.Doc, covariant=True)


@dataclass(frozen=True)
class Pack:
    """One file of the rule base; ``layer`` is the number of the path it came from, EXTENDED for what is extended. ``rows``: those
    of its tables as rules, by the name of the table; one with a fault is missing."""

    document: Document
    doc: schema.PackDoc
    layer: int
    problems: list[Problem] = field(repr=False, compare=False)
    broken: frozenset[tuple[str, str]] = frozenset()
    rows: dict[str, Mapping[str, PackEntry[schema.RuleDoc]]] = field(default_factory=dict, repr=False, compare=False)

    def problem(self, path: Sequence[str | int], message: str, subject: str = "", offset: int | None = None) -> Problem:
        """A problem at a path into the pack."""
        return Problem(self.document.locate(path, offset), message, subject)

    def report(self, message: str, *path: str | int) -> None:
        """Report a problem at a path into the pack."""
        self.problems.append(self.problem(path, message))


@dataclass(frozen=True)
class PackEntry(Generic[_Doc]):
    """A declaration and its place."""

    pack: Pack
    path: tuple[str | int, ...]
    doc: _Doc

    @property
    def name(self) -> str:
        """The name that it declares."""
        return str(self.path[-1])

    @property
    def raw(self) -> Any:
        """The declaration as it was read."""
        section, name = self.path
        return self.pack.document.data[section][name]

    @property
    def text(self) -> str:
        """The declaration as it stands in the pack."""
        return self.pack.document.excerpt(self.path)

    def place(self, *path: str | int, offset: int | None = None) -> Location:
        """Where a part of the declaration stands; without a path, where it begins."""
        return self.pack.document.locate((*self.path, *path), offset)

    def problem(self, message: str, *path: str | int, offset: int | None = None) -> Problem:
        """A problem at a path into the declaration."""
        subject = self.name if self.path[0] in ("rules", "tables") else ""
        return Problem(self.place(*path, offset=offset), message, subject)

    def report(self, message: str, *path: str | int, offset: int | None = None) -> None:
        """Report a problem at a path into the declaration; ``offset``: at a character of the text there."""
        self.pack.problems.append(self.problem(message, *path, offset=offset))

    def knows(self, what: str, word: str, known: Collection[str], *path: str | int, otherwise: str | None = None) -> bool:
        """Whether a word is known; an unknown word is reported."""
        if word not in known:
            self.report(unknown(what, word, known, otherwise), *path)
        return word in known


@dataclass(frozen=True, slots=True)
class WordFile:
    """The text of a file that holds only words, which are parsed when they are asked for; ``layer`` as of a pack."""

    file: str
    text: str
    layer: int


@dataclass
class Merged:
    """The declarations that hold, by name, and the ``problems`` found so far.

    ``broken``: sections and names of declarations with a fault; references to them are not reported as errors.
    ``surplus``: rules whose id another rule has. ``named``: the constants as expressions use them, once these are linked.
    ``word_files``: those of all layers, unread. ``condition_places``: the path in the rule of each of its conditions; none for
    those of a row, which its cells give it.
    """

    packs: list[Pack]
    problems: list[Problem] = field(default_factory=list)
    broken: frozenset[tuple[str, str]] = frozenset()
    surplus: list[PackEntry[schema.RuleDoc]] = field(default_factory=list)
    constants: dict[str, PackEntry[schema.ConstantDoc]] = field(default_factory=dict)
    named: NamedConstants = field(default_factory=NamedConstants)
    roles: dict[str, PackEntry[schema.RoleDoc]] = field(default_factory=dict)
    kinds: dict[str, PackEntry[schema.KindDoc]] = field(default_factory=dict)
    tables: dict[str, PackEntry[schema.TableDoc]] = field(default_factory=dict)
    rules: dict[str, PackEntry[schema.RuleDoc]] = field(default_factory=dict)
    actions: dict[str, PackEntry[schema.ActionDoc]] = field(default_factory=dict)
    sources: dict[str, PackEntry[schema.SourceDoc]] = field(default_factory=dict)
    usual: dict[str, PackEntry[schema.UsualDoc]] = field(default_factory=dict)
    promises: dict[str, PackEntry[schema.PromiseDoc]] = field(default_factory=dict)
    scale: dict[str, PackEntry[Any]] = field(default_factory=dict)
    word_files: tuple[WordFile, ...] = ()
    condition_places: dict[str, tuple[tuple[str | int, ...], ...]] = field(default_factory=dict)
    name: str = "unnamed"
    version: str = "0"

    def declares(self, section: Literal["actions", "sources"], word: str, entry: PackEntry[schema.Doc], *path: str | int) -> bool:
        """Whether an action or source that an entry names is declared, or broken; an unknown one is reported."""
        names, there = getattr(self, section), f"; declare it under {section}:"
        return (section, word) in self.broken or entry.knows(section[:-1], word, names, *path, otherwise=there)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that was read: of packs, of their tables, and of words."""
        packs = [Path(pack.document.file) for pack in self.packs]
        sheets = [
            file.parent / table.csv
            for file, pack in zip(packs, self.packs, strict=True)
            for table in pack.doc.tables.values()
            if table.csv is not None
        ]
        return (*map(str, packs + sheets), *(words.file for words in self.word_files))

    def is_broken(self, word: str) -> bool:
        """Whether a word is the name of a broken kind or role."""
        return ("kinds", word) in self.broken or ("roles", word) in self.broken

    def is_broken_rule(self, word: str) -> bool:
        """Whether a word is the id of a broken rule, or of a row of a broken table."""
        table = word.rpartition(".")[0]
        unread = table in self.tables and table not in self.tables[table].pack.rows
        return unread or not self.broken.isdisjoint({("rules", word), ("tables", word), ("tables", table)})

    def digest(self) -> str:
        """SHA-256 of the declarations; files and their order do not matter."""
        sections: dict[str, object] = {"name": self.name, "version": self.version}
        for section in ("constants", "roles", "kinds", "tables", "rules", "actions", "sources", "usual", "scale"):
            entries: dict[str, PackEntry[schema.Doc]] = getattr(self, section)
            if section in ("constants", "tables", "usual") and not entries:
                continue  # packs that say nothing of it keep the digest that they had before there was such a section
            sections[section] = {name: [e.pack.doc.pack, e.raw] for name, e in entries.items()}
        rows = [row.raw for name, table in self.tables.items() for row in table.pack.rows.get(name, {}).values()]
        if rows:  # those of CSV files, and those that are turned off and still take their cases
            sections["rows"] = rows
        text = json.dumps(sections, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def refuse(problems: list[Problem], limits: Limits) -> None:
    """Raise all problems as one RuleError, if there are any: in the order of their places, as many as the limits allow."""
    if problems:
        ordered = sorted(set(problems))
        raise RuleError(ordered[: limits.problems], max(0, len(ordered) - limits.problems))


def merge(packs: list[Pack], limits: Limits, problems: list[Problem]) -> Merged:
    """The declarations of all packs, in any order; faults are added to ``problems``."""
    packs = sorted(packs, key=lambda p: (p.layer, p.document.file))
    merged = Merged(packs, problems, frozenset[tuple[str, str]]().union(*(pack.broken for pack in packs)))
    for pack, first in _repeated(packs, lambda pack: pack.doc.pack):
        pack.report(f"the pack '{pack.doc.pack}' is in {first.document.locate(('pack',))} too", "pack")
    named = [pack for pack in packs if pack.doc.rulebase is not None]
    for pack, first in _repeated(named, lambda pack: pack.layer):
        pack.report(f"the rule base has its name in {first.document.locate(('rulebase',))}", "rulebase")
    for pack in named:  # the last layer that names itself counts
        assert pack.doc.rulebase is not None
        merged.name, merged.version = pack.doc.rulebase.name, pack.doc.rulebase.version
    for section in ("constants", "roles", "kinds", "tables", "rules", "actions", "sources", "usual", "promises"):
        setattr(merged, section, _merge_section(section, merged))
    merged.scale = _merge_section("scale", merged)
    for pack in packs:
        for i, rule in enumerate(pack.doc.disable):
            if rule not in merged.rules and rule not in merged.tables and not merged.is_broken_rule(rule):
                hint = did_you_mean(rule, [*merged.tables, *merged.rules])
                pack.report(f"there is no rule '{rule}'{hint}", "disable", i)
    for rule in disabled_rules(packs):
        merged.rules.pop(rule, None)
    if len(merged.rules) > limits.rules:
        packs[-1].report(f"the rule base has {len(merged.rules)} rules; the limit is {limits.rules}")
        refuse(problems, limits)  # to link them all would take its time
    return merged


def disabled_rules(packs: Iterable[Pack]) -> set[str]:
    """The rules that packs turn off; the name of a table stands for all its rows."""
    packs = list(packs)
    named = {rule for pack in packs for rule in pack.doc.disable}
    return named.union(*(rows for pack in packs for table, rows in pack.rows.items() if table in named))


def _repeated(packs: Iterable[Pack], key: Callable[[Pack], object]) -> Iterator[tuple[Pack, Pack]]:
    """The packs whose key an earlier one has, each with that one."""
    first: dict[object, Pack] = {}
    for pack in packs:
        if first.setdefault(key(pack), pack) is not pack:
            yield pack, first[key(pack)]


def _merge_section(section: str, merged: Merged) -> dict[str, PackEntry[Any]]:
    originals: dict[str, list[PackEntry[Any]]] = {}
    replacements: dict[str, list[PackEntry[Any]]] = {}
    if section == "rules":
        for name, table in merged.tables.items():
            rows = table.pack.rows.get(name, {}).items()
            originals.update({rule: [row] for rule, row in rows if row.doc.then.model_fields_set})
    for pack in merged.packs:
        for name, doc in _declarations(getattr(pack.doc, section)):
            declared = replacements if doc.replace else originals
            declared.setdefault(name, []).append(PackEntry(pack, (section, name), doc))
    for name, entries in originals.items():
        for entry in entries[1:]:
            first = entries[0].place()
            entry.report(f"'{name}' stands in {first} too; say `replace: true` to take its place")
            if section == "rules":
                merged.surplus.append(entry)
    renamed = {old: [name] for name, entries in originals.items() for old in old_names(entries[0].doc)}
    for name, entries in replacements.items():
        broken = merged.is_broken_rule(name) if section == "rules" else (section, name) in merged.broken
        if name not in originals and not broken:
            hint = did_you_mean(name, originals, renamed=renamed)
            entries[0].report(f"`replace: true`, but there is no '{name}' to replace{hint}")
        for one, other in pairwise(entries):
            if one.pack.layer == other.pack.layer:
                first = one.pack.document.locate(one.path)
                other.report(f"'{name}' is replaced in {first} too")
    chosen = {name: entries[0] for name, entries in originals.items()}
    chosen.update({name: entries[-1] for name, entries in replacements.items()})
    return dict(sorted(chosen.items()))


def old_names(doc: schema.Doc) -> tuple[str, ...]:
    """The old names of what is declared; only kinds and fields have any."""
    was: str | list[str] | None = getattr(doc, "was", None)
    return (was,) if isinstance(was, str) else tuple(was or ())


def _declarations(section: dict[str, schema.Declaration] | BaseModel) -> Iterable[tuple[str, schema.Declaration]]:
    if isinstance(section, dict):
        return section.items()
    return [(name, doc) for name, doc in section if doc is not None]
