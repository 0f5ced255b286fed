"""How likely a text tells of each kind: figures of its evidence, put together by fitted weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from misstep.analysis.reading.english import FIRST, OF_INTERVIEWS, stem
from misstep.analysis.reading.evidence import Evidence
from misstep.analysis.reading.tokens import Token
from misstep.analysis.reading.wordings import STOP_STEMS
from misstep.language.facts import Kind

FIGURES = (
    "always",
    "patterns",  # the best sentence: what its patterns tell
    "words",
    "share of patterns",  # of all sentences together, against the kind with most
    "share of words",
    "of the same words",  # its best pattern against those of others that have a word in common with it
    "of its clause",  # how many of the words of its clause are those of its best pattern
    "lead in a sentence",  # against the other kinds of its best sentence
    "lead in the text",
    "sentences",
    "further sentences",
    "of an interview",  # a word of the text says so
)
"""The figures of one kind, in the order of their weights."""


class Weights(NamedTuple):
    """The weights of the figures, in their order: of mistakes, and of all that is told besides."""

    mistakes: Sequence[float]
    besides: Sequence[float]

    def of(self, kind: Kind) -> Sequence[float]:
        """Those of a kind."""
        return self.mistakes if kind.role == "mistake" else self.besides


@dataclass(frozen=True, slots=True)
class WeighedKind:
    """The figures of a kind for one text, and the sentence that tells of it most. ``denied``: its words are rather said to deny
    it, or of somebody else."""

    figures: tuple[float, ...]
    sentence: int
    denied: bool


def weigh(evidence: Mapping[int, Evidence], found: list[list[Token]], of_interview: bool = False) -> dict[int, WeighedKind]:
    """The figures of all kinds that anything speaks for. ``of_interview``: the text is known to be about one."""
    sums = {k: (_sum(e.patterns), _sum(e.words)) for k, e in evidence.items()}
    most = [max((row[i] for row in sums.values()), default=0.0) or 1.0 for i in range(2)]
    patterns_most, words_most = _most_by_sentence(evidence)
    scores: dict[int, dict[int, float]] = {}
    best_of: dict[int, int] = {}
    for k, e in evidence.items():
        row: dict[int, float] = {}
        strongest = -1.0
        for n, words in e.words.items():
            patterns = e.patterns.get(n, 0.0)
            score = row[n] = (patterns / patterns_most.get(n, 1.0) + words / words_most.get(n, 1.0)) / 2
            strength = score * (math.log1p(patterns) + math.log1p(words))
            if strength > strongest or (strength == strongest and n < best_of[k]):
                strongest, best_of[k] = strength, n
        scores[k] = row
    shares = {k: sum(value / top for value, top in zip(row, most, strict=True)) / 2 for k, row in sums.items()}
    of_interview = of_interview or _is_of_interview(found)
    leads = _leads(scores)
    text_lead = _lead_over_others(shares)
    weighed = {}
    for k, e in evidence.items():
        if k not in best_of:
            continue
        best = best_of[k]
        further = sorted((scores[k][n] for n in scores[k] if n != best), reverse=True)
        weighed[k] = WeighedKind(
            (
                1.0,
                math.log1p(e.patterns.get(best, 0.0)),
                math.log1p(e.words.get(best, 0.0)),
                sums[k][0] / most[0],
                sums[k][1] / most[1],
                _of_same_words(k, best, evidence),
                _of_its_clause(e, best, found),
                leads[k][best],
                text_lead[k],
                math.log1p(len(found)),
                sum(further[:2]),
                float(of_interview),
            ),
            best,
            _is_denied(e),
        )
    return weighed


def chance(weighed: WeighedKind, weights: Sequence[float]) -> float:
    """The chance that a kind is told, 0 to 1: the logistic function of the weighted sum of its figures."""
    total = sum(figure * weight for figure, weight in zip(weighed.figures, weights, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _is_of_interview(found: list[list[Token]]) -> bool:
    """Whether a text says that it is about an interview: by a word, or as one tells of oneself and "them"."""
    words = {token.word for sentence in found for token in sentence}
    if not FIRST.isdisjoint(words) and not words.isdisjoint(("they", "them", "their")):
        return True
    return any(token.stem in _OF_INTERVIEW_STEMS for sentence in found for token in sentence)


def _is_denied(e: Evidence) -> bool:
    """Whether the best of what is denied tells more than what is not. Where the kind is a not-doing, its own words deny."""
    if any(name[0] == "~" for hit in e.hits.values() if hit.told for name in hit.pattern.names):
        return False
    return e.denied > max(e.patterns.values(), default=0.0)


def _of_same_words(k: int, n: int, evidence: Mapping[int, Evidence]) -> float:
    """The score of the best pattern of a kind in a sentence, as a part of the best that shares a word with it."""
    hit = evidence[k].hits.get(n)
    if hit is None or not hit.score:
        return 0.0
    places = set(hit.places)
    scores = [
        other.score for e in evidence.values() if (other := e.hits.get(n)) is not None and not places.isdisjoint(other.places)
    ]
    return hit.score / max(scores)


def _of_its_clause(e: Evidence, n: int, found: list[list[Token]]) -> float:
    hit = e.hits.get(n)
    if hit is None:
        return 0.0
    sentence = found[n]
    start, end = min(hit.places), max(hit.places)
    while start and not sentence[start].starts_clause:
        start -= 1
    while end + 1 < len(sentence) and not sentence[end + 1].starts_clause:
        end += 1
    words = sum(token.stem not in STOP_STEMS for token in sentence[start : end + 1])
    return min(1.0, len(hit.places) / max(1, words))


def _sum(scores: Mapping[int, float]) -> float:
    """The best sentence, and a part of the others."""
    ordered = sorted(scores.values(), reverse=True)
    return ordered[0] + 0.3 * sum(ordered[1:]) if ordered else 0.0


def _most_by_sentence(evidence: Mapping[int, Evidence]) -> tuple[dict[int, float], dict[int, float]]:
    """What the patterns, and what the words, of any kind tell at most, by sentence; only what is more than 0."""
    most: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for e in evidence.values():
        for tops, scores in zip(most, (e.patterns, e.words), strict=True):
            for n, score in scores.items():
                if score > tops.get(n, 0.0):
                    tops[n] = score
    return most


def _leads(scores: Mapping[int, Mapping[int, float]]) -> dict[int, dict[int, float]]:
    by_sentence: dict[int, dict[int, float]] = {}
    for k, row in scores.items():
        for n, score in row.items():
            by_sentence.setdefault(n, {})[k] = score
    leads: dict[int, dict[int, float]] = {k: {} for k in scores}
    for n, column in by_sentence.items():
        for k, lead in _lead_over_others(column).items():
            leads[k][n] = lead
    return leads


def _lead_over_others(column: Mapping[int, float]) -> dict[int, float]:
    """How far each is ahead of the best of the others; behind it, a number below 0."""
    ordered = sorted(column.values(), reverse=True)
    first = ordered[0] if ordered else 0.0
    second = ordered[1] if len(ordered) > 1 else 0.0
    return {k: score - (second if score == first else first) for k, score in column.items()}


_OF_INTERVIEW_STEMS = frozenset(map(stem, OF_INTERVIEWS))
