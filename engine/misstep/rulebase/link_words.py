"""Link the words of packs: how people tell of each kind, with terms and fields resolved.

Words take no part in an answer, and most uses of a rule base never ask for them. So files of words are parsed only when they are
needed, and the digest of a rule base does not cover them. Words of several packs for one kind add up; with ``replace: true``
those of earlier layers do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from misstep.errors import Problem, RuleError, did_you_mean
from misstep.language.facts import Field, Kind
from misstep.language.program import Program
from misstep.language.words import FieldWords, KindWords, Words
from misstep.limits import FIXED, Limits
from misstep.rulebase import schema
from misstep.rulebase.documents import read_yaml
from misstep.rulebase.load import read_shipped_words
from misstep.rulebase.packs import Merged, Pack, PackEntry, WordFile, refuse
from misstep.rulebase.read_pack import read_pack

MOST_CHOICES = FIXED.choices
"""The most wordings that the choices of one wording may stand for."""
TERM = re.compile(r"<([^<>]*)>")
_EMPTY_CHOICE = re.compile(r"(^|\s|\|)\||\|(\s|$)|^\s*$")
_OF_WORDS = {"schema_version", "pack", "title", "words", "terms"}


@dataclass(frozen=True, slots=True)
class WordSources:
    """What the words of a rule base are read from. ``layers``: the layer of the declaration of each kind and role."""

    packs: tuple[Pack, ...] = ()
    files: tuple[WordFile, ...] = ()
    layers: Mapping[str, int] | None = None


def word_sources(merged: Merged) -> WordSources:
    """The sources of the words of merged packs."""
    layers = {name: entry.pack.layer for section in (merged.roles, merged.kinds) for name, entry in section.items()}
    return WordSources(tuple(pack for pack in merged.packs if pack.doc.words or pack.doc.terms), merged.word_files, layers)


def shipped_word_sources() -> WordSources:
    """The sources of the words of the shipped rule base."""
    return WordSources(files=read_shipped_words())


def lazy_words(program: Program, merged: Merged, limits: Limits) -> Callable[[], Words]:
    """What links the words of merged packs when it is called."""
    sources = word_sources(merged)
    return lambda: link_words(program, sources, limits)


def link_words(program: Program, sources: WordSources, limits: Limits) -> Words:
    """The words of a rule base. Raises RuleError with every problem."""
    problems: list[Problem] = []
    packs = sorted([*sources.packs, *_parsed(sources.files, limits, problems)], key=lambda pack: (pack.layer, pack.document.file))
    linker = _Linker(program, sources.layers or {}, {})
    for pack in packs:
        for name, wordings in pack.doc.terms.items():
            linker.terms[name] = tuple(dict.fromkeys((*linker.terms.get(name, ()), *wordings)))
    entries: dict[str, list[PackEntry[schema.KindWordsDoc]]] = {}
    for pack in packs:
        for name, doc in pack.doc.words.items():
            entry = PackEntry(pack, ("words", name), doc)
            before = [each for each in entries.get(name, ()) if not (doc.replace and each.pack.layer < pack.layer)]
            if linker.checks(entry):
                entries[name] = [*before, entry]
    found = {name: linker.words(name, given) for name, given in sorted(entries.items())}
    refuse([*problems, *(problem for pack in packs for problem in pack.problems)], limits)
    return Words(found, linker.terms)


def _parsed(files: Iterable[WordFile], limits: Limits, problems: list[Problem]) -> Iterator[Pack]:
    for file in files:
        try:
            pack = read_pack(read_yaml(file.text, file.file, RuleError, limits.pack_bytes, problems), file.layer, problems)
        except RuleError as error:
            problems.extend(error.problems)
            continue
        for section in sorted(pack.doc.model_fields_set - _OF_WORDS):
            pack.report(
                f"a file in a folder `words` holds `words` and `terms` alone; move `{section}` to a pack outside of it", section
            )
        yield pack


def choices(wording: str) -> list[str]:
    """The wordings that one with choices stands for: ``sent rude|angry note`` for two."""
    return [" ".join(parts) for parts in product(*(part.split("|") for part in wording.split()))]


@dataclass(frozen=True)
class _Linker:
    program: Program
    layers: Mapping[str, int]
    terms: dict[str, tuple[str, ...]]

    def checks(self, entry: PackEntry[schema.KindWordsDoc]) -> bool:
        """Whether words fit the kind or role that they are of. A fault is reported, but where a later layer declared the kind
        anew, or the rule base has no such kind because only some of the shipped packs are in it: then the words are passed
        over."""
        name, stale = str(entry.path[1]), entry.pack.layer == 0
        kinds, roles = self.program.kinds, self.program.roles
        if name not in kinds and name not in roles:
            if not stale:
                entry.report(f"there is no kind or role '{name}'{did_you_mean(name, [*kinds, *roles])}")
            return False
        report: Callable[..., None] = entry.report
        if entry.pack.layer < self.layers.get(name, 0) or stale:
            report = lambda *_: None  # noqa: E731
        before = len(entry.pack.problems)
        if name in kinds and kinds[name].role == "derived":
            report(f"'{name}' is concluded by rules, so nobody tells of it")
        if name in roles and name not in kinds and (entry.doc.says or entry.doc.examples or entry.doc.instead_of):
            report("a role has words for its fields alone")
        for i, other in enumerate(entry.doc.instead_of):
            if other not in kinds and not stale:
                report(f"there is no kind '{other}'{did_you_mean(other, kinds)}", "instead_of", i)
        for section, given in (("says", entry.doc.says), ("against", entry.doc.against)):
            self._check_wordings(given, report, section)
        fields = {field.name: field for field in self._fields(name)}
        for field_name, doc in entry.doc.fields.items():
            at = ("fields", field_name)
            field = fields.get(field_name)
            if field is None:
                there = f"; there are {', '.join(fields)}" if fields else "; it has none"
                report(f"{name} has no field '{field_name}'{did_you_mean(field_name, fields, there)}", *at)
                continue
            if (doc.near or doc.counts) and not field.is_number:
                report("`near` and `counts` are for numbers", *at)
            for value, wordings in doc.says.items():
                _, fault = _value(field, value)
                if fault:
                    report(fault, *at, "says", value)
                self._check_wordings(wordings, report, *at, "says", value)
            for section, given in (
                ("near", doc.near),
                ("counts", doc.counts),
                ("told_with", doc.told_with),
                ("against", doc.against),
            ):
                self._check_wordings(given, report, *at, section)
        return len(entry.pack.problems) == before

    def _fields(self, name: str) -> tuple[Field, ...]:
        kind: Kind | None = self.program.kinds.get(name)
        return kind.fields if kind is not None else self.program.roles[name]

    def _check_wordings(self, wordings: Iterable[str], report: Callable[..., None], *path: str | int) -> None:
        for i, wording in enumerate(wordings):
            for term in TERM.findall(wording):
                if term not in self.terms:
                    report(
                        f"there is no term '{term[:60]}'{did_you_mean(term, self.terms, '; declare it under terms:')}", *path, i
                    )
            count = 1
            for part in wording.split():
                count *= part.count("|") + 1
            if count > MOST_CHOICES:
                report(f"stands for {count} wordings; at most {MOST_CHOICES} are taken: make two of it", *path, i)
            elif _EMPTY_CHOICE.search(wording):
                report("a choice is empty: `a|b` has words on both sides of the bar", *path, i)

    def words(self, name: str, entries: list[PackEntry[schema.KindWordsDoc]]) -> KindWords:
        """The words of a kind or role, those of all entries added up."""
        docs = [entry.doc for entry in entries]
        return KindWords(
            says=_united(doc.says for doc in docs),
            examples=_united(doc.examples for doc in docs),
            against=_united(doc.against for doc in docs),
            instead_of=tuple(other for other in _united(doc.instead_of for doc in docs) if other in self.program.kinds),
            fields=tuple(
                _field_words(field, given)
                for field in self._fields(name)
                if (given := [doc.fields[field.name] for doc in docs if field.name in doc.fields])
            ),
        )


def _united(lists: Iterable[list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for given in lists for each in given))


def _field_words(field: Field, docs: list[schema.FieldWordsDoc]) -> FieldWords:
    says: dict[object, tuple[str, ...]] = {}
    for doc in docs:
        for text, wordings in doc.says.items():
            value, fault = _value(field, text)
            if not fault:
                says[value] = tuple(dict.fromkeys((*says.get(value, ()), *wordings)))
    return FieldWords(
        field,
        tuple(says.items()),
        near=_united(doc.near for doc in docs),
        counts=_united(doc.counts for doc in docs),
        told_with=_united(doc.told_with for doc in docs),
        against=_united(doc.against for doc in docs),
    )


def _value(field: Field, text: str) -> tuple[object, str]:
    """A value as a record has it, and the fault if there is one. A value of a set is one of its words; any text is one of a
    text."""
    if field.type == "set":
        fault = "" if text in field.values else f"'{text[:60]}' is no word of the set; it is one of {', '.join(field.values)}"
        return text, fault + (did_you_mean(text, field.values) if fault else "")
    value = field.form.read(text, ",")
    if field.takes(field.form.store(value)) and not field.leaves_open(value):
        return value, ""
    words = ("true", "false") if field.type == "boolean" else field.values
    return None, f"'{text[:60]}' is no value of the field: it must be {field.expected()}{did_you_mean(text, words)}"
