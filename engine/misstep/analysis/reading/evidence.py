"""What in a text speaks for each kind: the words and patterns of an index that its sentences match."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from misstep.analysis.reading.scope import is_note
from misstep.analysis.reading.tokens import Token
from misstep.analysis.reading.wordings import (
    IN_A_NOTE,
    ON_ANOTHER_DAY,
    SAID_OF_OTHERS,
    PatternsByWord,
    WordIndex,
    WordPattern,
    features,
)

GAP = 3
"""The most words between two of a wording."""
_GAP_OF_SMALL_WORDS = 1
"""The same, in one of small words."""
_FURTHER = 0.35  # what a further wording in the same sentence adds, for the words that no better one has
_PER_WORD_BETWEEN = 0.06

Places = dict[str, list[int]]
"""The places of each name in a sentence."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern in a sentence: the places of its words, and how much it tells. ``told``: it is told of the writer, and not of
    somebody else or of another day."""

    pattern: WordPattern
    places: tuple[int, ...]
    score: float
    told: bool


@dataclass(slots=True)
class Evidence:
    """What speaks for one kind, by the number of the sentence: its best pattern, what all of them tell, and what the words do.

    ``denied``: what the best pattern tells that is denied, or said of somebody else or of another day."""

    hits: dict[int, Hit] = field(default_factory=dict)
    patterns: dict[int, float] = field(default_factory=dict)
    words: dict[int, float] = field(default_factory=dict)
    denied: float = 0.0


def find_evidence(found: list[list[Token]], index: WordIndex) -> dict[int, Evidence]:
    """The evidence of the sentences of a text, by the place of the kind."""
    evidence: dict[int, Evidence] = defaultdict(Evidence)
    of_others = IN_A_NOTE if is_note(found) else SAID_OF_OTHERS
    for n, sentence in enumerate(found):
        shares = features(sentence, index.terms, of_others)
        of_both = features(sentence, index.terms, 1.0) if any(token.other for token in sentence) else shares
        for name, share in shares.items():
            for owner, weight in index.weights.get(name, ()):
                words = evidence[owner].words
                words[n] = words.get(n, 0.0) + weight * (of_both[name] if owner in index.of_both else share)
        places = places_of(sentence, index)
        spoken_against = {p.owner for p in likely(index.against, places) if spot(p, places) is not None}
        _add_patterns(n, sentence, places, evidence, index, of_others)
        for owner in spoken_against:
            each = evidence[owner]
            each.denied = max(each.denied, each.patterns.pop(n, 0.0))
            each.hits.pop(n, None)
            each.words.pop(n, None)
    return evidence


def places_of(sentence: list[Token], index: WordIndex, denied_too: bool = False) -> Places:
    """The places of each name in a sentence, those of terms too. ``denied_too``: what is denied also by the name without its
    mark."""
    places: Places = defaultdict(list)
    for i, token in enumerate(sentence):
        for name in (token.stem, *index.terms.of(token.stem)):
            if token.denied:
                places["~" + name].append(i)
            if not token.denied or denied_too:
                places[name].append(i)
    return places


def spot(pattern: WordPattern, places: Places) -> tuple[int, ...] | None:
    """The shortest place where a pattern stands; of two alike, the first."""
    return min(spots(pattern, places), key=lambda row: row[-1] - row[0], default=None)


def spots(pattern: WordPattern, places: Places) -> Iterator[tuple[int, ...]]:
    """Where the words of a pattern stand in their order with small gaps: one place for each of its first word."""
    lists = [places.get(name) for name in pattern.names]
    if not all(lists):
        return
    first, *others = lists
    reach = (_GAP_OF_SMALL_WORDS if pattern.tight else GAP) + 1
    for start in first or ():
        row = [start]
        for following in others:
            at = next((p for p in following or () if row[-1] < p <= row[-1] + reach), -1)
            if at < 0:
                break
            row.append(at)
        else:
            yield tuple(row)


def likely(patterns: PatternsByWord, places: Places) -> list[WordPattern]:
    """The patterns whose key stands in a sentence, and their first and last word: most others need not be looked for."""
    return [
        pattern
        for name in places
        if name in patterns
        for pattern in patterns[name]
        if pattern.names[0] in places and pattern.names[-1] in places
    ]


def _add_patterns(
    n: int,
    sentence: list[Token],
    places: Places,
    evidence: dict[int, Evidence],
    index: WordIndex,
    of_others: float,
) -> None:
    """Add what the patterns in a sentence tell of each kind. ``of_others``: how much counts that is said of others, where a kind
    is of the candidate alone."""
    hits: dict[int, list[Hit]] = defaultdict(list)
    denied: dict[int, list[WordPattern]] = defaultdict(list)
    scoped = any(token.denied for token in sentence)
    all_places = places_of(sentence, index, denied_too=True) if scoped else places
    for pattern in likely(index.patterns, all_places):
        found = spot(pattern, places)
        if found is None:
            if scoped and spot(pattern, all_places) is not None:
                denied[pattern.owner].append(pattern)
            continue
        score = pattern.weight * (1 - _PER_WORD_BETWEEN * (found[-1] - found[0] + 1 - len(found)))
        share = _share(pattern, found, sentence, 1.0 if pattern.owner in index.of_both else of_others)
        told = share >= IN_A_NOTE
        if not told:
            each = evidence[pattern.owner]
            each.denied = max(each.denied, score)
        hits[pattern.owner].append(Hit(pattern, found, score * share, told))
    for owner, patterns in denied.items():
        told_too = {name for hit in hits[owner] if hit.told for name in hit.pattern.names} if owner in hits else set()
        weights = [each.weight for each in patterns if told_too.isdisjoint(each.names)]  # not to spill it that I spilled it
        evidence[owner].denied = max(evidence[owner].denied, *weights, 0.0)
    for owner, each_hit in hits.items():
        each_hit.sort(key=lambda hit: (-hit.score, hit.pattern.wording))
        total, used = each_hit[0].score, set(each_hit[0].places)
        for hit in each_hit[1:]:
            new = sum(place not in used for place in hit.places)
            total += hit.score * _FURTHER * new / len(hit.places)
            used.update(hit.places)
        evidence[owner].patterns[n] = total
        evidence[owner].hits[n] = each_hit[0]


def _share(pattern: WordPattern, found: tuple[int, ...], sentence: list[Token], of_others: float) -> float:
    """How much a pattern counts by its scope."""
    if any(sentence[i].away for i in found):
        return ON_ANOTHER_DAY
    if any(sentence[i].other and not meant for i, meant in zip(found, pattern.others, strict=True)):
        return of_others
    return 1.0
