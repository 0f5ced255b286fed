"""List the kinds of a rule base by role and topic, and search them by people's own words.

All words come from the packs, so own kinds are found like the shipped ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from misstep.api import RuleBase
from misstep.language.facts import GIVEN_ROLES, Kind, Role
from misstep.layout.wording import name_from_id

MOST_FOUND = 6


@dataclass(frozen=True, slots=True)
class Topic:
    """Kinds that belong together."""

    title: str
    kinds: tuple[Kind, ...]


class Catalogue:
    """The kinds of one rule base. Immutable."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self._kinds = {kind.name: kind for kind in rulebase.kinds.values() if kind.role in GIVEN_ROLES}

    def topics(self, role: Role) -> list[Topic]:
        """The kinds of a role by topic, both in the order of their titles."""
        topics: dict[str, list[Kind]] = {}
        for kind in sorted((kind for kind in self._kinds.values() if kind.role == role), key=lambda kind: kind.title):
            topics.setdefault(kind.topic, []).append(kind)
        return [Topic(name_from_id(title), tuple(topics[title])) for title in sorted(topics)]

    def search(self, text: str) -> list[Kind]:
        """The kinds that a text may tell of, best first: "I was late" finds "Arrived late". A kind that is called by its title
        or name comes first."""
        called = text.strip().casefold()
        named = [
            kind for kind in self._kinds.values() if called in (kind.name, kind.name.replace("_", " "), kind.title.casefold())
        ]
        suggested = sorted(self._rulebase.suggest(text, of_interview=True), key=lambda each: -each.score)
        told = [self._kinds[each.kind] for each in suggested]
        return list({kind.name: kind for kind in (*named, *told)}.values())[:MOST_FOUND]
