"""Fields of a kind from the words of its own sentence and those around it. Nothing is guessed from silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from misstep.analysis.reading.amounts import SaidAmount, find_amounts
from misstep.analysis.reading.english import (
    CLAUSE_STARTS,
    DETERMINERS,
    FIRST,
    OTHERS,
    PERSONS,
    SECONDS,
    THIRD,
    UNITS,
    stem,
    word_set,
)
from misstep.analysis.reading.evidence import Places, likely, places_of, spots
from misstep.analysis.reading.scope import wording_tokens
from misstep.analysis.reading.tokens import NUMBER, Token
from misstep.analysis.reading.wordings import PatternsByWord, WordIndex, WordPattern, by_first, variants
from misstep.language.facts import Field, Kind
from misstep.language.words import FieldWords

_NEAR = 6
"""The most words between a number and what says what it is of."""
_NEAR_THE_WORDS = 8
"""The most words between a count and the words of its kind."""
_SHORT = 4
"""The most words of a sentence that says nothing but how often."""
_UNREAL = word_set("should shall would will might wish wished hope hoped expect if whether want wanted meant")
"""What is said behind these has not happened."""
_REACH_OF_UNREAL = 5
"""The most words between these and what they make unreal."""
_REACH_OF_SAID = 3
"""The most words between an "ask" and its "if", or a "say" and its "would"."""
_ASKS, _SAYS = frozenset(map(stem, ("ask", "wonder"))), frozenset(map(stem, ("say", "tell", "told", "said")))


@dataclass(frozen=True)
class _Cues:
    """How one field is read: the patterns of each value, of what stands near its number, and of what it counts; those of which
    one stands in the same clause, and those that speak against it."""

    field: Field
    values: tuple[tuple[Any, PatternsByWord], ...]
    near: PatternsByWord
    counts: frozenset[str]
    told_with: PatternsByWord
    against: PatternsByWord

    def and_those(self, other: _Cues) -> _Cues:
        """These cues and those of the same field in other words."""
        values = dict(self.values)
        for value, patterns in other.values:
            values[value] = _both(values.get(value, {}), patterns)
        return _Cues(
            self.field,
            tuple(values.items()),
            _both(self.near, other.near),
            self.counts | other.counts,
            _both(self.told_with, other.told_with),
            _both(self.against, other.against),
        )


def _both(some: PatternsByWord, others: PatternsByWord) -> PatternsByWord:
    return by_first(chain(*some.values(), *others.values()))


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence to read fields from, and the places of the words of the kind, if it is told there; of a setting, those of the
    slips that are. ``passed``: the places of words that are not meant."""

    sentence: list[Token]
    places: Places
    own: tuple[int, ...] = ()
    passed: frozenset[int] = frozenset()


class FieldReader:
    """Reads the fields of kinds."""

    def __init__(self, index: WordIndex) -> None:
        self._index = index
        self._cues: dict[str, tuple[_Cues, ...]] = {}
        self._of_roles: dict[str, tuple[_Cues, ...]] = {}

    def passage(self, sentence: list[Token], own: tuple[int, ...] = ()) -> Passage:
        """A sentence, ready to be read."""
        places = places_of(sentence, self._index)
        for i, token in enumerate(sentence):
            if token.stem == NUMBER:
                places[NUMBER + token.word].append(i)
        return Passage(sentence, places, own)

    def read(self, owner: int, passages: Sequence[Passage], beside: Sequence[Passage] = ()) -> dict[str, Any]:
        """The fields that passages tell, nearest passage first; values as a record has them. ``beside``: passages that tell of
        another kind; fields that are of this kind alone are read from them where the others say nothing."""
        kind = self._index.kinds[owner]
        if kind.name not in self._cues:
            self._cues[kind.name] = self._cues_of(owner)
        found = {}
        for cues in self._cues[kind.name]:
            near = (*passages, *beside) if cues.field.name in self._index.own_fields[owner] else passages
            meant = [_without(cues.against, passage) for passage in near] if cues.against else near
            whole = owner in self._index.by_fields and cues.field.type == "enum"
            value = _clearest(cues, meant) if whole else self._value(cues, meant)
            if value is not None and cues.field.takes(cues.field.form.store(value)):
                found[cues.field.name] = value
        return _in_order(found, kind)

    def _cues_of(self, owner: int) -> tuple[_Cues, ...]:
        """How the fields of a kind are read: in its own words, and in those of its role."""
        role = self._index.kinds[owner].role
        if role not in self._of_roles:  # kinds of a role share them
            words = self._index.role_words.get(role)
            self._of_roles[role] = tuple(map(_cues, words.fields if words else ()))
        own = {words.field.name: _cues(words) for words in self._index.words[owner].fields}
        counted = frozenset[str]().union(*(cues.counts for cues in own.values()))  # "four times" is said of one field
        for cues in self._of_roles[role]:
            shared, name = replace(cues, counts=cues.counts - counted), cues.field.name
            own[name] = own[name].and_those(shared) if name in own else shared
        return tuple(own.values())

    def _value(self, cues: _Cues, passages: Sequence[Passage]) -> Any:
        if cues.field.type == "set":
            words = {value for passage in passages for value, patterns in cues.values if _best(patterns, passage, cues) > _NONE}
            return sorted(words) or None
        for passage in passages:
            scored = [(best, value) for value, patterns in cues.values if (best := _best(patterns, passage, cues)) > _NONE]
            number = _number(cues, passage) if cues.near or cues.counts else None
            if number is not None:
                return number
            if scored:
                return max(scored, key=lambda each: each[0])[1]
        return None


def _clearest(cues: _Cues, passages: Sequence[Passage]) -> Any:
    """The value of which a whole text says most: what it says of the interview has no sentence of its own. Of two alike, the
    last."""
    best, found = 0, None
    for value, patterns in cues.values:
        said = sum(
            len({place for pattern in likely(patterns, passage.places) for place in _told(pattern, passage)})
            for passage in passages
        )
        if said and said >= best:
            best, found = said, value
    return found


def _cues(words: FieldWords) -> _Cues:
    return _Cues(
        words.field,
        tuple((value, by_first(_patterns(wordings))) for value, wordings in words.says),
        by_first(_patterns(words.near)),
        frozenset(name for pattern in _patterns(words.counts) for name in pattern.names),
        by_first(_patterns(words.told_with)),
        by_first(_whole_patterns(words.against)),
    )


def _patterns(wordings: Iterable[str]) -> Iterator[WordPattern]:
    """The patterns of wordings of a field. Here small words count too: "just now" is not "now"; who it is said of is in its
    scope."""
    for wording in wordings:
        for variant in variants(wording):
            tokens = wording_tokens(variant)
            chosen = [token for token in tokens if token.word not in _SCOPE] or tokens
            first = next((token for token in tokens if token.word in ("i", "we") or token.other), None)
            own = first is not None and not first.other  # "she asked if I could" is of her
            theirs = any(token.word in _SUBJECTS and not token.possessive for token in tokens[:2])  # not "interview on the phone"
            others = tuple(theirs and token.other and token.word not in OTHERS for token in chosen)
            yield WordPattern(0, wording, tuple(map(_name, chosen)), others, own, tight=False)


def _whole_patterns(wordings: Iterable[str]) -> Iterator[WordPattern]:
    """The patterns of wordings with all of their words, whoever says them."""
    for wording in wordings:
        for variant in variants(wording):
            names = tuple(map(_name, wording_tokens(variant)))
            yield WordPattern(0, wording, names, (False,) * len(names), own=False, tight=False)


def _name(token: Token) -> str:
    """The name of a word in a pattern. Here "round two" is not "round the block three times"."""
    return NUMBER + token.word if token.stem == NUMBER else token.name


_SUBJECTS = THIRD | PERSONS | OTHERS
_SCOPE = THIRD | word_set("i we the a an not never was were is am are be been had have has do does did")


def _in_order(found: dict[str, Any], kind: Kind) -> dict[str, Any]:
    return {field.name: found[field.name] for field in kind.fields if field.name in found}


_NONE = (False, 0)


def _best(patterns: PatternsByWord, passage: Passage, cues: _Cues) -> tuple[bool, int]:
    """How many words the longest pattern has that stands in a passage; what is said to be so counts before what is denied. A
    truth value is told by either."""
    best = _NONE
    for pattern in likely(patterns, passage.places):
        found = _told(pattern, passage)
        if found and (not cues.told_with or _is_told_with(cues, passage, found[0])):
            said = cues.field.type == "boolean" or all(name[0] != "~" for name in pattern.names)
            best = max(best, (said, len(pattern.names)))
    return best


def _without(against: PatternsByWord, passage: Passage) -> Passage:
    """A passage without the words that are not meant."""
    passed = frozenset(place for pattern in likely(against, passage.places) for place in _told(pattern, passage))
    if not passed:
        return passage
    places = {name: [place for place in found if place not in passed] for name, found in passage.places.items()}
    return replace(passage, places=places, passed=passed)


def _told(pattern: WordPattern, passage: Passage) -> tuple[int, ...]:
    """The first place where a pattern stands in a passage and is said of whom it says it of; none if it does not."""
    for places in spots(pattern, passage.places):
        tokens = [passage.sentence[i] for i in places]
        if any(token.away for token in tokens) or _is_unreal(passage.sentence, places[0]):
            continue
        by_others = any(token.other for token in tokens)
        if by_others if any(pattern.others) else not (pattern.own and by_others):
            return places
    return ()


def _is_told_with(cues: _Cues, passage: Passage, at: int) -> bool:
    """Whether the clause of a place tells of a slip, or has one of the words that a field is told with."""
    sentence = passage.sentence
    start, end = at, at + 1
    while start and not _starts_clause(sentence, start):
        start -= 1
    while end < len(sentence) and not _starts_clause(sentence, end):
        end += 1
    if any(start <= place < end for place in passage.own):
        return True
    told_with = likely(cues.told_with, passage.places)
    return any((found := _told(pattern, passage)) and start <= found[0] < end for pattern in told_with)


def _is_unreal(sentence: list[Token], at: int) -> bool:
    """Whether what is said at a place is only wished, feared or asked: "I should have said sorry", "do I apologise?"."""
    for i in range(at - 1, max(-1, at - 1 - _REACH_OF_UNREAL), -1):
        if sentence[i + 1].clause or _starts_clause(sentence, i + 1):
            return False
        if sentence[i].word in _UNREAL or (sentence[i].word == "do" and sentence[i + 1].word in ("i", "we")):
            return not _is_reported(sentence, i)
    return False


def _is_reported(sentence: list[Token], at: int) -> bool:
    """Whether somebody said what is unreal: "asked me if I plan children" and "said it would be a step down" have happened."""
    word = sentence[at].word
    said = _ASKS if word in ("if", "whether") else _SAYS if word == "would" else frozenset()
    return any(token.stem in said for token in sentence[max(0, at - _REACH_OF_SAID) : at])


def _starts_clause(sentence: list[Token], at: int) -> bool:
    """Whether a clause with its own subject starts at a place; an "and" may join two nouns."""
    word = sentence[at].word
    if word in ("and", "or"):
        return at + 1 < len(sentence) and (sentence[at + 1].word in FIRST | THIRD or sentence[at + 1].word in DETERMINERS)
    return word in CLAUSE_STARTS


def _number(cues: _Cues, passage: Passage) -> int | float | None:
    """The number of a field in a passage: the one nearest to the words that say what it is of."""
    amounts = [each for each in find_amounts(passage.sentence) if passage.passed.isdisjoint(range(each.start, each.end + 1))]
    if not amounts:
        return None
    unit = UNITS.get(cues.field.unit, 0)
    best: tuple[int, float] | None = None
    if cues.near:
        spots = [found for p in likely(cues.near, passage.places) if (found := _told(p, passage))]
        for amount in amounts:
            if cues.told_with and not _is_told_with(cues, passage, amount.start):
                continue
            value = _in_unit(amount, unit, passage)
            for found in spots if value is not None else ():
                distance = max(found[0] - amount.end, amount.start - found[-1], 0)
                if _clause_between(passage.sentence, found, amount):
                    continue
                if value is not None and distance <= _NEAR and (best is None or distance < best[0]):
                    best = (distance, value)
    for amount in amounts if cues.counts else ():
        if _counts(amount, cues.counts, passage) and amount.value > 1 and _is_of_kind(amount, passage):
            distance = min((abs(amount.start - place) for place in passage.own), default=0)
            if distance <= _NEAR_THE_WORDS and (best is None or distance < best[0]):
                best = (distance, amount.value)
    if best is None:
        return None
    return int(best[1] + 0.5) if cues.field.form.whole else float(best[1])


def _clause_between(sentence: list[Token], found: tuple[int, ...], amount: SaidAmount) -> bool:
    """Whether a clause with its own subject begins between words and an amount: "late, and the interview took an hour"."""
    start, end = (found[-1] + 1, amount.start) if found[-1] < amount.start else (amount.end + 1, found[0])
    return any(
        sentence[i].word not in ("a", "an", "one")
        and (sentence[i].clause or sentence[i - 1].word in ("and", "but", "so"))
        and (sentence[i].word in FIRST | THIRD or sentence[i].word in DETERMINERS)
        for i in range(start, end + 1)
        if i < len(sentence)
    )


def _in_unit(amount: SaidAmount, unit: int, passage: Passage) -> float | None:
    """An amount of time in the unit of a field; a bare number before "past" is of minutes."""
    if not unit:
        return None if amount.seconds else amount.value
    if amount.seconds:
        years = unit == SECONDS["month"] and amount.seconds == SECONDS["year"]
        return amount.value * (12 if years else amount.seconds / unit)
    following = passage.sentence[amount.end + 1].word if amount.end + 1 < len(passage.sentence) else ""
    return amount.value if following == "past" and unit == SECONDS["minute"] else None


def _is_of_kind(amount: SaidAmount, passage: Passage) -> bool:
    """Whether what is counted is of the kind that is told. How often something was done stands in its own sentence, or in a short
    one that says nothing else: "Twice."; what others did so often is not of it."""
    if amount.times or passage.sentence[amount.noun].stem == "time":
        theirs = passage.sentence[amount.start].other
        return not theirs and (bool(passage.own) or len(passage.sentence) <= _SHORT)
    return True


def _counts(amount: SaidAmount, nouns: frozenset[str], passage: Passage) -> bool:
    if amount.times:
        return "time" in nouns
    return amount.noun >= 0 and not amount.seconds and passage.sentence[amount.noun].stem in nouns
