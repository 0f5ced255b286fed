"""From a text to suggestions: kinds and fields that it tells of, with the words that led to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from misstep.analysis.reading import SHOWN
from misstep.analysis.reading.english import stem
from misstep.analysis.reading.evidence import Evidence, find_evidence
from misstep.analysis.reading.ranking import FIGURES, WeighedKind, Weights, chance, weigh
from misstep.analysis.reading.said_fields import FieldReader, Passage
from misstep.analysis.reading.scope import sentences
from misstep.analysis.reading.spelling import Spelling
from misstep.analysis.reading.tokens import NUMBER, Token
from misstep.analysis.reading.wordings import WordIndex
from misstep.errors import RecordError
from misstep.language.facts import Role

LEAST_SCORE = 0.005
MOST_SUGGESTIONS = 10
"""The most mistakes that are suggested, and the most of all else."""
LIKELY = 0.01
"""Fields are read for kinds with at least this chance."""
SURE = 0.3
"""A kind with this chance is taken for told where settings are read, and where another gives way to it."""
TAKEN = 0.5
"""A slip with this chance has its sentences to itself: others read no fields from them. Signals take none: "she said it happens"
tells how they took the slip as well."""
_LEAST_KNOWN = 0.4  # of the words of a text; fewer are of another language, or of none
_SAME_WORDS = 0.5
"""What is left of a chance where another kind is meant instead."""
_BY_FIELDS = 0.85
"""The score of a setting that is told by its fields alone: how many of these are right."""
_BY_FIELDS_ALONE = 0.5
"""The same, in a text that neither names an interview nor surely tells of a slip."""
_AFTER, _BEFORE = 3, 1
"""How many sentences after and before that of a kind its fields are read from."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A fact that a text may tell of; a person confirms it.

    ``fields``: only what the words say. ``score``: of suggestions at 0.8 eight in ten are right. ``spans``: the places in the
    text that led to it, from and to; ``wording``: that of the packs which matched best.
    """

    kind: str
    role: Role
    score: float
    fields: dict[str, Any] = field(default_factory=dict)
    spans: tuple[tuple[int, int], ...] = ()
    wording: str = ""

    @property
    def fact(self) -> dict[str, Any]:
        """The fact as a record has it."""
        return {"kind": self.kind, **self.fields}


class StoryReader:
    """Reads texts with the words of one rule base. Immutable."""

    def __init__(self, index: WordIndex) -> None:
        self._weights = fitted_weights()
        self.index = index
        self._fields = FieldReader(self.index)
        self._spelling = Spelling(self.index.spelled, self.index.stems)

    def suggest(self, text: str, most: int, of_interview: bool = False) -> list[Suggestion]:
        """The kinds that a text of at most so many characters tells of, best first: mistakes, then strengths, signals and what
        has been done since; settings that are told by their fields alone come last. ``of_interview``: it is known to be about an
        interview. Raises RecordError for anything but text, and for a longer one."""
        if not isinstance(text, str):
            raise RecordError("a story must be text")
        if len(text) > most:
            raise RecordError(f"a story has at most {most} characters; tell the part that matters")
        found = sentences(text, self._spelling.corrected)
        if self._is_foreign(found):
            return []
        evidence = find_evidence(found, self.index)
        ranked = self._ranked(evidence, found, of_interview)
        told = [
            _Told(
                owner,
                score,
                weighed.sentence,
                _own_sentences(evidence[owner]),
                {n: hit.places for n, hit in evidence[owner].hits.items()},
            )
            for owner, score, weighed in ranked
        ]
        slips = [each for each in told if self.index.kinds[each.owner].role == "mistake"]
        besides = [each for each in told if self.index.kinds[each.owner].role != "mistake"]
        chosen = [*slips[:MOST_SUGGESTIONS], *besides[:MOST_SUGGESTIONS]]
        suggestions = [self._suggestion(each, told, found, evidence[each.owner]) for each in chosen]
        sure, named = [each for each in told if each.score >= SURE], self._names_setting(found)
        if told and (told[0].score >= SHOWN or named):
            # who sat down somewhere was at an interview no surer than something went wrong at one
            score = _BY_FIELDS if named or of_interview else min(_BY_FIELDS, told[0].score) if sure else _BY_FIELDS_ALONE
            suggestions += self._settings(found, sure, round(score, 3))
        return suggestions

    def with_weights(self, weights: Weights) -> StoryReader:
        """The same reader with other weights."""
        other = copy(self)
        other._weights = weights
        return other

    def weigh(self, text: str) -> dict[str, WeighedKind]:
        """The figures of the kinds that anything in a text speaks for, by name: what the weights are fitted to."""
        found = sentences(text, self._spelling.corrected)
        figures = self._weighed(find_evidence(found, self.index), found)
        return {self.index.kinds[owner].name: weighed for owner, weighed in figures.items()}

    def _weighed(
        self, evidence: dict[int, Evidence], found: list[list[Token]], of_interview: bool = False
    ) -> dict[int, WeighedKind]:
        """The figures of all kinds. Slips stand against slips alone, as a sentence with one may well tell how they took it; all
        else stands against everything."""
        slips = {owner: each for owner, each in evidence.items() if self.index.kinds[owner].role == "mistake"}
        return weigh(evidence, found, of_interview) | weigh(slips, found, of_interview)

    def _is_foreign(self, found: list[list[Token]]) -> bool:
        words = [token.stem for sentence in found for token in sentence if token.stem != NUMBER]
        known = sum(word in self.index.stems for word in words)
        return not words or known < _LEAST_KNOWN * len(words)

    def _ranked(
        self, evidence: dict[int, Evidence], found: list[list[Token]], of_interview: bool
    ) -> list[tuple[int, float, WeighedKind]]:
        """The kinds with their chances, best first."""
        weighed = self._weighed(evidence, found, of_interview)
        kinds = self.index.kinds
        chances = {owner: chance(each, self._weights.of(kinds[owner])) for owner, each in weighed.items() if not each.denied}
        for owner, score in list(chances.items()):
            for other in self.index.instead_of[owner]:
                if other in chances and score >= SURE and weighed[other].sentence == weighed[owner].sentence:
                    chances[other] *= _SAME_WORDS
        ordered = sorted(chances.items(), key=lambda item: (-item[1], kinds[item[0]].name))
        return [(owner, score, weighed[owner]) for owner, score in ordered if score >= LEAST_SCORE]

    def _suggestion(self, told: _Told, all_told: Iterable[_Told], found: list[list[Token]], evidence: Evidence) -> Suggestion:
        kind = self.index.kinds[told.owner]
        return Suggestion(
            kind.name,
            kind.role,
            round(told.score, 3),
            self._read_fields(told, all_told, found) if told.score >= LIKELY else {},
            tuple(self._spans(told, found, evidence)),
            evidence.hits[told.sentence].pattern.wording if told.sentence in evidence.hits else "",
        )

    def _read_fields(self, told: _Told, all_told: Iterable[_Told], found: list[list[Token]]) -> dict[str, Any]:
        others = [
            other
            for other in all_told
            if other.owner != told.owner and other.score >= TAKEN and self.index.kinds[other.owner].role == "mistake"
        ]
        order = _passage_order(told, {other.sentence for other in others}, len(found))
        passages = [self._passage(n, told, others, found[n]) for n in order]
        whole = {n for n, passage in zip(order, passages, strict=True) if len(passage.sentence) == len(found[n])}
        near = _passage_order(told, set(), len(found)) if others else []
        beside = [self._fields.passage(found[n], told.places.get(n, ())) for n in near if n not in whole]
        return self._fields.read(told.owner, passages, beside)

    def _passage(self, n: int, told: _Told, others: Iterable[_Told], sentence: list[Token]) -> Passage:
        """A sentence to read fields from; where it tells of other kinds too, its part about this one."""
        own = told.places.get(n, ())
        start, end = 0, len(sentence)
        for other in others if own else ():
            if n in other.own and not set(other.places[n]) & set(own):
                if other.places[n][0] > own[-1]:
                    end = min(end, _clause_start(sentence, own[-1], other.places[n][0]))
                elif other.places[n][-1] < own[0]:
                    start = max(start, _clause_start(sentence, other.places[n][-1], own[0]))
        return self._fields.passage(sentence[start:end], tuple(place - start for place in own if start <= place < end))

    def _names_setting(self, found: list[list[Token]]) -> bool:
        """Whether a text names what its settings are of: the interview."""
        names = {stem(self.index.kinds[owner].name) for owner in self.index.by_fields}
        return any(token.stem in names for sentence in found for token in sentence)

    def _settings(self, found: list[list[Token]], told: Sequence[_Told], score: float) -> Iterator[Suggestion]:
        slips = [tuple(place for each in told for place in each.places.get(n, ())) for n in range(len(found))]
        passages = [self._fields.passage(sentence, own) for sentence, own in zip(found, slips, strict=True)]
        for owner in sorted(self.index.by_fields):
            fields = self._fields.read(owner, passages)
            if fields:
                kind = self.index.kinds[owner]
                yield Suggestion(kind.name, kind.role, score, fields)

    def _spans(self, told: _Told, found: list[list[Token]], evidence: Evidence) -> Iterator[tuple[int, int]]:
        """The words of the best pattern of each of its sentences; without a pattern, the words of its sentence that tell most of
        it."""
        for n in told.own or (told.sentence,):
            sentence = found[n]
            if n in evidence.hits:
                places = evidence.hits[n].places
            else:
                tells = [dict(self.index.weights.get(token.name, ())).get(told.owner, 0.0) for token in sentence]
                places = tuple(i for i, weight in enumerate(tells) if weight and weight >= 0.5 * max(tells))
            for start, end in _joined_places(places):
                yield sentence[start].start, sentence[end].end


@dataclass(frozen=True, slots=True)
class _Told:
    """A kind that is told: its chance, the sentence that tells of it most, all that do, and the places of its words in each."""

    owner: int
    score: float
    sentence: int
    own: tuple[int, ...]
    places: dict[int, tuple[int, ...]]


def _own_sentences(evidence: Evidence) -> tuple[int, ...]:
    most = max(evidence.patterns.values(), default=0.0)
    return tuple(n for n, score in sorted(evidence.patterns.items()) if score >= 0.5 * most)


def _passage_order(told: _Told, taken: set[int], count: int) -> list[int]:
    """The sentences to read fields from: its own, then those after it up to that of another kind, then the one before."""
    order = [told.sentence, *(n for n in told.own if n != told.sentence)]
    for n in range(told.sentence + 1, min(count, told.sentence + 1 + _AFTER)):
        if n in taken:
            break
        order.append(n)
    if not any(n < told.sentence for n in taken):  # else what stands before is of that one
        order += range(told.sentence - 1, max(-1, told.sentence - 1 - _BEFORE), -1)
    return list(dict.fromkeys(order))


def _clause_start(sentence: list[Token], after: int, before: int) -> int:
    """The start of the last clause that begins after one place and not after another."""
    starts = [n for n in range(after + 1, before + 1) if sentence[n].starts_clause]
    return starts[-1] if starts else before


def _joined_places(places: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Places that stand side by side, as one."""
    start = end = -2
    for place in sorted(set(places)):
        if place != end + 1:
            if start >= 0:
                yield start, end
            start = place
        end = place
    if start >= 0:
        yield start, end


@cache
def fitted_weights() -> Weights:
    """The weights that ``python -m benchmarks.words --fit`` has fitted."""
    fitted = json.loads((Path(__file__).parent / "weights.json").read_text("utf-8"))
    return Weights(*([fitted[of][name] for name in FIGURES] for of in Weights._fields))
