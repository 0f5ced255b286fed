"""Merge packs of the right shape to one set of declarations.

Each path that is loaded is a layer: within all layers a name is declared once, and a declaration with
``replace: true`` takes its place; of several replacements that of the later layer counts. So the order of files
does not matter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from misstep.errors import Problem, RuleError, suggest, unknown
from misstep.limits import Limits
from misstep.rulebase import schema
from misstep.rulebase.documents import Document

_Doc = TypeVar("_Doc", bound=schema.Doc, covariant=True)


@dataclass(frozen=True)
class Pack:
    """One file of the rule base; ``layer`` is the number of the path it came from, EXTENDED for what is extended."""

    document: Document
    doc: schema.PackDoc
    layer: int
    problems: list[Problem] = field(repr=False, compare=False)
    broken: frozenset[tuple[str, str]] = frozenset()

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

    def problem(self, message: str, *path: str | int, offset: int | None = None) -> Problem:
        """A problem at a path into the declaration."""
        subject = str(self.path[-1]) if self.path[0] == "rules" else ""
        return self.pack.problem((*self.path, *path), message, subject, offset)

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
    ``surplus``: rules whose id another rule has. ``word_files``: those of all layers, unread.
    """

    packs: list[Pack]
    problems: list[Problem] = field(default_factory=list)
    broken: frozenset[tuple[str, str]] = frozenset()
    surplus: list[PackEntry[schema.RuleDoc]] = field(default_factory=list)
    roles: dict[str, PackEntry[schema.RoleDoc]] = field(default_factory=dict)
    kinds: dict[str, PackEntry[schema.KindDoc]] = field(default_factory=dict)
    rules: dict[str, PackEntry[schema.RuleDoc]] = field(default_factory=dict)
    actions: dict[str, PackEntry[schema.ActionDoc]] = field(default_factory=dict)
    sources: dict[str, PackEntry[schema.SourceDoc]] = field(default_factory=dict)
    usual: dict[str, PackEntry[schema.UsualDoc]] = field(default_factory=dict)
    scale: dict[str, PackEntry[Any]] = field(default_factory=dict)
    word_files: tuple[WordFile, ...] = ()
    name: str = "unnamed"
    version: str = "0"

    def declares(self, section: Literal["actions", "sources"], word: str, entry: PackEntry[schema.Doc], *path: str | int) -> bool:
        """Whether an action or source that an entry names is declared, or broken; an unknown one is reported."""
        names, there = getattr(self, section), f"; declare it under {section}:"
        return (section, word) in self.broken or entry.knows(section[:-1], word, names, *path, otherwise=there)

    def is_broken(self, word: str) -> bool:
        """Whether a word is the name of a broken kind or role."""
        return ("kinds", word) in self.broken or ("roles", word) in self.broken

    def digest(self) -> str:
        """SHA-256 of the declarations; files and their order do not matter."""
        sections: dict[str, object] = {"name": self.name, "version": self.version}
        for section in ("roles", "kinds", "rules", "actions", "sources", "usual", "scale"):
            entries: dict[str, PackEntry[schema.Doc]] = getattr(self, section)
            if section == "usual" and not entries:
                continue  # packs that say nothing of it keep the digest that they had before there was such a section
            sections[section] = {name: [e.pack.doc.pack, _raw(e)] for name, e in entries.items()}
        text = json.dumps(sections, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _raw(entry: PackEntry[schema.Doc]) -> object:
    section, name = entry.path
    raw: object = entry.pack.document.data[section][name]
    return raw


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
    for section in ("roles", "kinds", "rules", "actions", "sources", "usual"):
        setattr(merged, section, _merge_section(section, merged))
    merged.scale = _merge_section("scale", merged)
    for pack in packs:
        for i, rule in enumerate(pack.doc.disable):
            if rule not in merged.rules and ("rules", rule) not in merged.broken:
                hint = suggest(rule, merged.rules)
                pack.report(f"there is no rule '{rule}'{hint}", "disable", i)
    for rule in {rule for pack in packs for rule in pack.doc.disable}:
        merged.rules.pop(rule, None)
    if len(merged.rules) > limits.rules:
        packs[-1].report(f"the rule base has {len(merged.rules)} rules; the limit is {limits.rules}")
    return merged


def _repeated(packs: Iterable[Pack], key: Callable[[Pack], object]) -> Iterator[tuple[Pack, Pack]]:
    """The packs whose key an earlier one has, each with that one."""
    first: dict[object, Pack] = {}
    for pack in packs:
        if first.setdefault(key(pack), pack) is not pack:
            yield pack, first[key(pack)]


def _merge_section(section: str, merged: Merged) -> dict[str, PackEntry[Any]]:
    originals: dict[str, list[PackEntry[Any]]] = {}
    replacements: dict[str, list[PackEntry[Any]]] = {}
    for pack in merged.packs:
        for name, doc in _declarations(getattr(pack.doc, section)):
            table = replacements if doc.replace else originals
            table.setdefault(name, []).append(PackEntry(pack, (section, name), doc))
    for name, entries in originals.items():
        for entry in entries[1:]:
            first = entries[0].pack.document.locate(entries[0].path)
            entry.report(f"'{name}' stands in {first} too; say `replace: true` to take its place")
            if section == "rules":
                merged.surplus.append(entry)
    for name, entries in replacements.items():
        if name not in originals and (section, name) not in merged.broken:
            hint = suggest(name, originals)
            entries[0].report(f"`replace: true`, but there is no '{name}' to replace{hint}")
        for one, other in pairwise(entries):
            if one.pack.layer == other.pack.layer:
                first = one.pack.document.locate(one.path)
                other.report(f"'{name}' is replaced in {first} too")
    chosen = {name: entries[0] for name, entries in originals.items()}
    chosen.update({name: entries[-1] for name, entries in replacements.items()})
    return dict(sorted(chosen.items()))


def _declarations(section: dict[str, Any] | BaseModel) -> Iterable[tuple[str, Any]]:
    if isinstance(section, dict):
        return section.items()
    return [(name, doc) for name, doc in section if doc is not None]
