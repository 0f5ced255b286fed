"""Which rules look at one fact alone, besides settings.

A setting occurs once in a record, so what follows from settings alone is known. Where a rule looks at one other fact at most,
what it concludes of that fact is the same whatever else the record holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from misstep.language.effects import Contribute, Derive
from misstep.language.program import FINDING, OUTLOOK, Pattern, Program, Rule


class FactDependence:
    """How far the rules of a program look at facts one by one. ``rooted``: settings, and kinds that follow from them alone."""

    def __init__(self, program: Program) -> None:
        self._rules = (*program.rules.values(),)
        self._deriving: dict[str, list[Rule]] = {}
        for rule in self._rules:
            for kind in rule.derives:
                self._deriving.setdefault(kind, []).append(rule)
        self.rooted = frozenset(kind.name for kind in program.kinds.values() if kind.role in ("setting", "derived"))
        grown: frozenset[str] = frozenset()
        while grown != self.rooted:
            grown = self.rooted
            self.rooted = frozenset(kind for kind in grown if all(map(self.is_rooted, self._deriving.get(kind, ()))))

    def is_rooted(self, rule: Rule) -> bool:
        """Whether a rule looks at nothing but settings and what follows from them."""
        return not any(map(self._is_loose, rule.all_patterns))

    def _is_loose(self, pattern: Pattern) -> bool:
        return pattern.over in (FINDING, OUTLOOK) or not self.rooted.issuperset(pattern.kinds)

    def loose(self, rule: Rule) -> list[Pattern] | None:
        """The patterns of a rule over more than settings; None where it counts such facts, or asks whether there are any, or for
        the outlook, which rests on all of them."""
        loose = [pattern for pattern in rule.all_patterns if self._is_loose(pattern)]
        return None if any(each.over == OUTLOOK or each not in rule.patterns for each in loose) else loose

    def is_plain(self, rule: Rule) -> bool:
        """Whether a rule looks at one fact at most besides settings."""
        loose = self.loose(rule)
        return loose is not None and len(loose) <= 1

    def feeding(self, patterns: Iterable[Pattern]) -> list[Rule]:
        """The rules on which the facts and findings of patterns rest."""
        found: dict[Rule, None] = {}
        waiting = [*patterns]
        while waiting:
            pattern = waiting.pop()
            rules = [rule for kind in pattern.kinds for rule in self._deriving.get(kind, ())]
            if pattern.over == FINDING:
                rules += self.adding_to(pattern.kinds)
            for rule in rules:
                if rule not in found:
                    found[rule] = None
                    waiting += rule.all_patterns
        return [*found]

    def starting(self, patterns: Iterable[Pattern]) -> set[str]:
        """The kinds of which one fact, besides settings, leads to a fact of a pattern."""
        names = {kind for pattern in patterns for kind in pattern.kinds} - self.rooted
        while True:
            rules = [rule for kind in names for rule in self._deriving.get(kind, ())]
            behind = {kind for rule in rules for pattern in self.loose(rule) or () for kind in pattern.kinds}
            if behind <= names:
                return names
            names |= behind

    def looking_at(self, kinds: Collection[str]) -> list[Rule]:
        """The rules that look at facts of some kinds, or at their findings."""
        return [rule for rule in self._rules if any(not set(kinds).isdisjoint(pattern.kinds) for pattern in rule.all_patterns)]

    def adding_to(self, kinds: Collection[str]) -> list[Rule]:
        """The rules that may add something to the scores of mistakes of some kinds."""
        targets = ((rule, {each.target for each in rule.effects if isinstance(each, Contribute)}) for rule in self._rules)
        return [
            rule
            for rule, names in targets
            if any(pattern.name in names and not set(kinds).isdisjoint(pattern.kinds) for pattern in rule.patterns)
        ]

    def bearing(self, rules: Iterable[Rule]) -> list[Rule]:
        """Some rules and those that what they derive bears on, but for rules that only advise."""
        found: dict[Rule, None] = {}
        waiting = [*rules]
        while waiting:
            rule = waiting.pop()
            if rule not in found and any(isinstance(effect, (Contribute, Derive)) for effect in rule.effects):
                found[rule] = None
                waiting += self.looking_at(rule.derives)
        return [*found]


def adds_up(rule: Rule) -> bool:
    """Whether a rule adds to a score."""
    return any(isinstance(effect, Contribute) for effect in rule.effects)
