"""A checked program in; for the kinds of a record, the fields that a rule could read of it, out.

A rule can match only where there is a fact for each of its patterns, given or concluded; what only others read changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from misstep.model.expression import FieldRef
from misstep.model.rule import Derive, Program, Rule
from misstep.rulebase.references import Place, expressions_of, parts_of


class _Reach(NamedTuple):
    """What a rule needs, what it concludes, and what it reads."""

    needs: tuple[frozenset[str], ...]
    concludes: frozenset[str]
    reads: frozenset[Place]


class Reaches:
    """The rules of a program, by what they need. Immutable, safe from many threads."""

    def __init__(self, program: Program) -> None:
        self._rules = [_reach(rule, program) for rule in program.rules.values()]

    def read_of(self, kinds: Iterable[str]) -> set[Place]:
        """The fields that rules could read where there are facts of these kinds."""
        there, read = set(kinds), set[Place]()
        waiting, grown = self._rules, True
        while grown:
            grown, later = False, []
            for rule in waiting:
                if any(there.isdisjoint(kinds) for kinds in rule.needs):
                    later.append(rule)
                    continue
                read |= rule.reads
                grown = grown or not rule.concludes <= there
                there |= rule.concludes
            waiting = later
        return read


def _reach(rule: Rule, program: Program) -> _Reach:
    reads = set()
    for node, patterns in expressions_of(rule):
        for ref in _fields(node):
            for kind in patterns[ref.name].kinds if ref.name in patterns else ():
                if ref.field in program.kinds[kind].by_name:
                    reads.add((kind, ref.field))
    needs = tuple(frozenset(pattern.kinds) for pattern in rule.patterns if pattern.over != "outlook")
    concludes = frozenset(effect.kind for effect in rule.effects if isinstance(effect, Derive))
    return _Reach(needs, concludes, frozenset(reads))


def _fields(node: object) -> Iterable[FieldRef]:
    if isinstance(node, FieldRef):
        yield node
    for part in parts_of(node):
        yield from _fields(part)
