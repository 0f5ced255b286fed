"""List the kinds of a rule base by role and topic, and search them by plain words.

All words come from the packs, so own kinds are found like the shipped ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from misstep.api import RuleBase
from misstep.language.facts import GIVEN_ROLES, Field, Kind, Role
from misstep.language.program import Rule
from misstep.layout.wording import name_from_id

MOST_FOUND = 6
LEAST_SHARE = 0.3  # of the best score: much worse matches are noise


@dataclass(frozen=True, slots=True)
class Topic:
    """Kinds that belong together."""

    title: str
    kinds: tuple[Kind, ...]


class Catalogue:
    """The kinds of one rule base. Immutable."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._kinds = [kind for kind in rulebase.kinds.values() if kind.role in GIVEN_ROLES]
        of_rules = _words_of_rules(rulebase.rules.values())
        self._words: dict[str, dict[str, float]] = {}
        for kind in self._kinds:
            weighed = [
                (kind.title, 4.0),
                (kind.name, 4.0),
                (kind.help, 2.0),
                *((_words_of_field(field), 1.0) for field in rulebase.program.own_fields(kind)),
                *((text, 0.5) for text in of_rules.get(kind.name, ())),
            ]
            words = self._words[kind.name] = {}
            for text, weight in weighed:
                for word in _stems(text):
                    words[word] = max(words.get(word, 0), weight)

        self._known = sorted({word for words in self._words.values() for word in words})

    def topics(self, role: Role) -> list[Topic]:
        """The kinds of a role by topic, both in the order of their titles."""
        topics: dict[str, list[Kind]] = {}
        for kind in sorted((kind for kind in self._kinds if kind.role == role), key=lambda kind: kind.title):
            topics.setdefault(kind.topic, []).append(kind)
        return [Topic(name_from_id(title), tuple(topics[title])) for title in sorted(topics)]

    def search(self, text: str) -> list[Kind]:
        """The kinds that match plain words, best first: "I was late" finds "Arrived late".

        A word counts by its place, and less the more kinds have it; a prefix counts half. An unknown word counts as the nearest
        known one.
        """
        asked = list(dict.fromkeys(_stems(text)))
        scores: dict[str, float] = {}
        for word in asked:
            hits = self._hits(word) or self._hits(self._near(word))
            for name, hit in hits.items():
                scores[name] = scores.get(name, 0) + hit / (2 + len(hits))
        least = LEAST_SHARE * max(scores.values(), default=0)
        found = [kind for kind in self._kinds if scores.get(kind.name, -1) >= least]
        return sorted(found, key=lambda kind: (-scores[kind.name], kind.title))[:MOST_FOUND]

    def _hits(self, word: str) -> dict[str, float]:
        """The weight of a word for each kind that has it."""
        return {name: hit for name, words in self._words.items() if word and (hit := _hit(word, words))}

    def _near(self, word: str) -> str:
        """The known word that one with a slip of the finger is close to."""
        close = get_close_matches(word, self._known, n=1, cutoff=0.8) if 4 <= len(word) <= 30 else []
        return close[0] if close else ""


def _words_of_field(field: Field) -> str:
    """The words of a field and of its values."""
    return " ".join((field.name, field.title, field.help, *field.values, *(text for _, text in field.words)))


def _words_of_rules(rules: Iterable[Rule]) -> dict[str, list[str]]:
    """The texts of rules about one kind, by kind."""
    of_rules: dict[str, list[str]] = {}
    for rule in rules:
        kinds = {kind for pattern in rule.patterns for kind in pattern.kinds}
        if len(kinds) == 1:
            said = " ".join(part for part in rule.because.parts if isinstance(part, str))
            of_rules.setdefault(kinds.pop(), []).append(f"{rule.title} {said}")
    return of_rules


def _hit(word: str, words: dict[str, float]) -> float:
    if word in words:
        return words[word]
    if len(word) < 3:
        return 0.0
    return max((weight / 2 for known, weight in words.items() if known.startswith(word)), default=0.0)


_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a about after all am an and any are as at be been before but by did do does for from got had has have he her "
        "him his how i in into is it its just me my no not of off on one or our out over she so some somebody something "
        "than that the their them then there they this to too up us very was we went were what when which who with you "
        "your ",
    )
)
_ENDINGS = ("ingly", "ings", "edly", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s", "y", "e")


def _stems(text: str) -> Iterator[str]:
    """The words of a text without stop words and without endings."""
    for word in re.findall(r"[^\W_]+", text.lower()):
        if word in _EMPTY:
            continue
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word.removesuffix(ending)
                break
        yield word[:-1] if len(word) > 3 and word[-1] == word[-2] else word
