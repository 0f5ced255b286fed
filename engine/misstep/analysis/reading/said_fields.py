"""Fields of a kind from the words of its own sentence and those around it. Nothing is guessed from silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from misstep.analysis.reading.amounts import SaidAmount, find_amounts
from misstep.analysis.reading.english import FIRST, OTHERS, SECONDS, THIRD, UNITS
from misstep.analysis.reading.evidence import Places, places_of, spot
from misstep.analysis.reading.tokens import Token, sentences
from misstep.analysis.reading.wordings import WordIndex, WordPattern, variants
from misstep.language.facts import Field, Kind
from misstep.language.words import FieldWords

_NEAR = 6
"""The most words between a number and what says what it is of."""
_NEAR_THE_WORDS = 8
"""The most words between a count and the words of its kind."""


@dataclass(frozen=True)
class _Cues:
    """How one field is read: the patterns of each value, of what stands near its number, and of what it counts."""

    field: Field
    values: tuple[tuple[Any, tuple[WordPattern, ...]], ...]
    near: tuple[WordPattern, ...]
    counts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence to read fields from, and the places of the words of the kind, if it is told there."""

    sentence: list[Token]
    places: Places
    own: tuple[int, ...] = ()


class FieldReader:
    """Reads the fields of kinds."""

    def __init__(self, index: WordIndex) -> None:
        self._index = index
        self._cues: dict[str, tuple[_Cues, ...]] = {}

    def passage(self, sentence: list[Token], own: tuple[int, ...] = ()) -> Passage:
        """A sentence, ready to be read."""
        return Passage(sentence, places_of(sentence, self._index), own)

    def read(self, owner: int, passages: Sequence[Passage]) -> dict[str, Any]:
        """The fields that passages tell, nearest passage first; values as a record has them."""
        kind = self._index.kinds[owner]
        if kind.name not in self._cues:
            role = self._index.role_words.get(kind.role)
            own = {words.field.name: _cues(words) for words in self._index.words[owner].fields}
            counted = frozenset[str]().union(*(cues.counts for cues in own.values()))  # "four times" is said of one field
            shared = [replace(cues, counts=cues.counts - counted) for cues in map(_cues, role.fields if role else ())]
            self._cues[kind.name] = tuple(({cues.field.name: cues for cues in shared} | own).values())
        found = {}
        for cues in self._cues[kind.name]:
            value = self._value(cues, passages)
            if value is not None and cues.field.takes(cues.field.form.store(value)):
                found[cues.field.name] = value
        return _in_order(found, kind)

    def _value(self, cues: _Cues, passages: Sequence[Passage]) -> Any:
        if cues.field.type == "set":
            words = {value for passage in passages for value, patterns in cues.values if _best(patterns, passage)}
            return sorted(words) or None
        for passage in passages:
            scored = [(best, value) for value, patterns in cues.values if (best := _best(patterns, passage))]
            number = _number(cues, passage) if cues.near or cues.counts else None
            if number is not None:
                return number
            if scored:
                return max(scored, key=lambda each: each[0])[1]
        return None


def _cues(words: FieldWords) -> _Cues:
    values = tuple((value, tuple(_patterns(wordings))) for value, wordings in words.says)
    counts = frozenset(name for pattern in _patterns(words.counts) for name in pattern.names)
    return _Cues(words.field, values, tuple(_patterns(words.near)), counts)


def _patterns(wordings: Iterable[str]) -> Iterator[WordPattern]:
    """The patterns of wordings of a field. Here small words count too: "just now" is not "now"; who it is said of is in its
    scope."""
    for wording in wordings:
        for variant in variants(wording):
            tokens = [token for sentence in sentences(variant, mine=True) for token in sentence]
            chosen = [token for token in tokens if token.word not in _SCOPE] or tokens
            own = any(token.word in FIRST for token in tokens)
            names, others = (
                tuple(token.name for token in chosen),
                tuple(token.other and token.word not in OTHERS for token in chosen),
            )
            yield WordPattern(0, wording, names, others, own, tight=False)


_SCOPE = THIRD | frozenset(
    [
        "i",
        "we",
        "the",
        "a",
        "an",
        "not",
        "never",
        "was",
        "were",
        "is",
        "am",
        "are",
        "be",
        "been",
        "had",
        "have",
        "has",
        "do",
        "does",
        "did",
    ]
)


def _in_order(found: dict[str, Any], kind: Kind) -> dict[str, Any]:
    return {field.name: found[field.name] for field in kind.fields if field.name in found}


def _best(patterns: Iterable[WordPattern], passage: Passage) -> int:
    """How many words the longest pattern has that stands in a passage; 0 if none does."""
    places = passage.places
    return max([len(p.names) for p in patterns if p.names[0] in places and _holds(p, passage)], default=0)


def _holds(pattern: WordPattern, passage: Passage) -> bool:
    """Whether a pattern stands in a passage and is said of whom it says it of."""
    found = spot(pattern, passage.places)
    if found is None:
        return False
    tokens = [passage.sentence[i] for i in found]
    if any(token.away for token in tokens):
        return False
    if any(pattern.others):
        return any(token.other for token in tokens)
    return not (pattern.own and any(token.other for token in tokens))


def _number(cues: _Cues, passage: Passage) -> int | float | None:
    """The number of a field in a passage: the one nearest to the words that say what it is of."""
    amounts = find_amounts(passage.sentence)
    if not amounts:
        return None
    unit = UNITS.get(cues.field.unit, 0)
    best: tuple[int, float] | None = None
    if cues.near:
        spots = [found for p in cues.near if (found := spot(p, passage.places)) is not None]
        for amount in amounts:
            value = _in_unit(amount, unit, passage)
            for found in spots if value is not None else ():
                distance = max(found[0] - amount.end, amount.start - found[-1], 0)
                if value is not None and distance <= _NEAR and (best is None or distance < best[0]):
                    best = (distance, value)
    for amount in amounts if cues.counts else ():
        if _counts(amount, cues.counts, passage) and amount.value > 1 and (passage.own or not _is_times(amount, passage)):
            distance = min((abs(amount.start - place) for place in passage.own), default=0)
            if distance <= _NEAR_THE_WORDS and (best is None or distance < best[0]):
                best = (distance, amount.value)
    if best is None:
        return None
    return int(best[1] + 0.5) if cues.field.form.whole else float(best[1])


def _in_unit(amount: SaidAmount, unit: int, passage: Passage) -> float | None:
    """An amount of time in the unit of a field; a bare number before "past" is of minutes."""
    if not unit:
        return None if amount.seconds else amount.value
    if amount.seconds:
        return amount.value * amount.seconds / unit
    following = passage.sentence[amount.end + 1].word if amount.end + 1 < len(passage.sentence) else ""
    return amount.value if following == "past" and unit == SECONDS["minute"] else None


def _is_times(amount: SaidAmount, passage: Passage) -> bool:
    """Whether an amount says how often: then it is of the sentence that it stands in alone."""
    return amount.times or passage.sentence[amount.noun].stem == "time"


def _counts(amount: SaidAmount, nouns: frozenset[str], passage: Passage) -> bool:
    if amount.times:
        return "time" in nouns
    return amount.noun >= 0 and not amount.seconds and passage.sentence[amount.noun].stem in nouns
