"""A rule base as lints see it, and what they find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from misstep.errors import Problem
from misstep.language.program import Program, Rule
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Merged, Pack, PackEntry
from misstep.rulebase.tables import RowEntry

SECTIONS = ("constants", "roles", "kinds", "tables", "rules", "actions", "sources", "usual", "scale")
"""The sections of packs whose declarations may waive lints; cases may too."""


class LintFinding(NamedTuple):
    """What a lint found: the declaration, the message, and the path of the place in the declaration."""

    entry: PackEntry[Any]
    message: str
    path: tuple[str | int, ...] = ()

    @property
    def declared(self) -> PackEntry[Any]:
        """The declaration that may waive it: of a row its table."""
        return self.entry.table if isinstance(self.entry, RowEntry) else self.entry

    @property
    def problem(self) -> Problem:
        """The message at its place."""
        return self.entry.problem(self.message, *self.path)


Place = tuple[str, tuple[str | int, ...]]
"""A declaration: its file, and its path there."""


def place_of(entry: PackEntry[Any]) -> Place:
    """Where a declaration stands, for sets of them."""
    return entry.pack.document.file, entry.path


@dataclass
class LintedBase:
    """A rule base that is linted. ``ran``: the codes of the lints so far; ``waived``: which of them found something that a
    declaration waives."""

    program: Program
    merged: Merged
    ran: list[str] = field(default_factory=list)
    waived: set[tuple[Place, str]] = field(default_factory=set)

    def own_packs(self) -> Iterator[Pack]:
        """The packs that are checked, without the shipped ones that they extend."""
        return (pack for pack in self.merged.packs if pack.layer != EXTENDED)

    def cases(self) -> Iterator[PackEntry[Any]]:
        """The cases of these packs."""
        for pack in self.own_packs():
            for name, case in pack.doc.cases.items():
                yield PackEntry(pack, ("cases", name), case)

    def declarations(self) -> Iterator[PackEntry[Any]]:
        """All that is declared in these packs, but the rows of tables; and their cases."""
        for section in SECTIONS:
            for entry in getattr(self.merged, section).values():
                if entry.pack.layer != EXTENDED and not isinstance(entry, RowEntry):
                    yield entry
        yield from self.cases()

    def rules(self) -> Iterator[tuple[Rule, PackEntry[Any]]]:
        """The rules of these packs, rows of tables too, each with its declaration."""
        for rule in self.program.rules.values():
            entry = self.merged.rules[rule.id]
            if entry.pack.layer != EXTENDED:
                yield rule, entry
