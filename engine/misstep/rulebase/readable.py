"""A checked program in; for the kinds of a record, the fields that a rule could read of it, out.

A rule can match only where there is a fact for each of its patterns, given or concluded; what only others read changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from misstep.language.effects import Derive
from misstep.language.expression import FieldRef, walk
from misstep.language.program import Program, Rule
from misstep.rulebase.references import Place, expressions_of


class _Reader(NamedTuple):
    """A rule: what kinds of facts it needs, one of each set, what kinds it concludes, and the fields that it reads."""

    needs: tuple[frozenset[str], ...]
    concludes: frozenset[str]
    reads: frozenset[Place]


class ReadableFields:
    """The rules of a program, by what they read. Immutable, safe from many threads."""

    def __init__(self, program: Program) -> None:
        self._readers = [_reader(rule, program) for rule in program.rules.values()]

    def of(self, kinds: Iterable[str]) -> set[Place]:
        """The fields that rules could read where there are facts of these kinds."""
        there, read = set(kinds), set[Place]()
        waiting, grown = self._readers, True
        while grown:
            grown, later = False, []
            for reader in waiting:
                if any(there.isdisjoint(kinds) for kinds in reader.needs):
                    later.append(reader)
                    continue
                read |= reader.reads
                grown = grown or not reader.concludes <= there
                there |= reader.concludes
            waiting = later
        return read


def _reader(rule: Rule, program: Program) -> _Reader:
    reads = set()
    for node, patterns in expressions_of(rule):
        for ref in walk(node):
            if isinstance(ref, FieldRef):
                for kind in patterns[ref.name].kinds if ref.name in patterns else ():
                    if ref.field in program.kinds[kind].by_name:
                        reads.add((kind, ref.field))
    needs = tuple(frozenset(pattern.kinds) for pattern in rule.patterns if pattern.over != "outlook")
    concludes = frozenset(effect.kind for effect in rule.effects if isinstance(effect, Derive))
    return _Reader(needs, concludes, frozenset(reads))
