"""Split a text into sentences of tokens, each with its place in the text and its scope: denied, said of others, or of another
day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from misstep.analysis.reading.english import (
    AFTER_NOT,
    AUXILIARIES,
    AWAY,
    AWAY_PHRASES,
    CLAUSE_STARTS,
    CONTRACTIONS,
    DETERMINERS,
    FIRST,
    JOINED,
    LAST_DENIED,
    NEGATORS,
    NUMBERS,
    OTHERS,
    PERSONS,
    SELF,
    SKIPPED,
    SPEECH,
    THEIRS,
    THIRD,
    stem,
)

_WORD = re.compile(r"<[a-z0-9_]+>|[0-9]+(?:[.,][0-9]+)?|[^\W\d_]+\*+[^\W\d_]*(?:\*+[^\W\d_]*)*|[^\W\d_]+(?:'[^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?;:\n\u2026]")
_CLAUSE = re.compile(r"[,()\u2013\u2014\"\u201c\u201d]| - ")
_QUOTES = str.maketrans("\u2018\u2019\u02bc`", "''''")
NUMBER = "#"
"""The stem of every number: which one it is tells of a field, not of a kind."""
_AGAIN = 5
"""How many words on something is denied behind an "or", or behind an "I" that stands after its verb."""
_LONGEST_WORD = 40
_LONGEST_SENTENCE = 120  # tokens; a text without full stops is cut


@dataclass(slots=True)
class Token:
    """A word in lower case, its stem, and its place in the text. ``denied``, ``other`` and ``away`` are its scope."""

    word: str
    stem: str
    start: int
    end: int
    clause: bool = False
    denied: bool = False
    other: bool = False
    away: bool = False

    @property
    def name(self) -> str:
        """The stem with a mark where it is denied."""
        return f"~{self.stem}" if self.denied else self.stem


def sentences(text: str, corrected: Callable[[str], str] = str, mine: bool = False) -> list[list[Token]]:
    """The sentences of a text, in scope. ``corrected``: a word as it is meant, where it is misspelt. ``mine``: somebody tells of
    themselves, so that "he" and "she" are others; a text that says "I" does so anyway."""
    found = list(_split(text))
    mine = mine or tells_of_self(found)
    note = not mine and is_note(found)
    for sentence in found:
        for token in sentence:
            token.stem = NUMBER if token.word in NUMBERS or token.word[0].isdecimal() else stem(corrected(token.word))
        _mark_others(sentence, mine, note)
        _mark_denied(sentence)
        if not _AWAY_FIRST.isdisjoint([token.stem for token in sentence]):
            _mark_away(sentence)
    return found


def is_note(found: list[list[Token]]) -> bool:
    """Whether a text is a note of a candidate, in which others may well tell what the candidate did."""
    return not tells_of_self(found) and any(token.word in SELF for sentence in found for token in sentence)


def tells_of_self(found: list[list[Token]]) -> bool:
    """Whether somebody tells of themselves, and not a note of a candidate."""
    return any(token.word in FIRST for sentence in found for token in sentence)


def _split(text: str) -> Iterator[list[Token]]:
    text = text.translate(_QUOTES)
    lower = text.lower()
    if len(lower) != len(text):  # a letter that has two in lower case would shift all places
        lower = "".join(c if len(c.lower()) != 1 else c.lower() for c in text)
    sentence: list[Token] = []
    at = 0
    clause = True
    for match in _WORD.finditer(lower):
        gap = lower[at : match.start()]
        at = match.end()
        if gap != " ":
            if sentence and (_SENTENCE.search(gap) or len(sentence) >= _LONGEST_SENTENCE):
                yield _joined(sentence)
                sentence, clause = [], True
            clause = clause or _CLAUSE.search(gap) is not None
        word = match.group()
        if len(word) > _LONGEST_WORD:
            continue
        parts = CONTRACTIONS.get(word) or (word.removesuffix("'s") if word.endswith("'s") else word.strip("'"),)
        for part in parts:
            sentence.append(Token(part, part, match.start(), match.end(), clause))
            clause = False
    if sentence:
        yield _joined(sentence)


def _joined(tokens: list[Token]) -> list[Token]:
    """The tokens with those that are one word joined."""
    if _JOINED_FIRST.isdisjoint([token.word for token in tokens]):
        return tokens
    found: list[Token] = []
    i = 0
    while i < len(tokens):
        token, size = tokens[i], 1
        if token.word in _JOINED_FIRST:
            size = next((n for n in (3, 2) if tuple([t.word for t in tokens[i : i + n]]) in JOINED), 1)
        size = min(size, len(tokens) - i)
        if size > 1:
            whole = JOINED[tuple([t.word for t in tokens[i : i + size]])]
            token = Token(whole, whole, token.start, tokens[i + size - 1].end, token.clause)
        found.append(token)
        i += size
    return found


def _mark_others(sentence: list[Token], mine: bool, note: bool) -> None:
    """Mark what is said of the other side. A clause without a subject has that of the one before it, and what
    somebody says is theirs, whoever it is about."""
    fresh, subject, speaks = True, False, False
    for i, token in enumerate(sentence):
        word = token.word
        following = sentence[i + 1].word if i + 1 < len(sentence) else ""
        if token.clause and i:
            fresh, speaks = fresh or word in CLAUSE_STARTS or _is_subject(word), False
        if word in CLAUSE_STARTS:
            speaks = speaks and word not in ("and", "but", "so", "then")
            fresh = word not in ("and", "or") or _is_subject(following)
            continue
        if word == "i" or word in SELF:
            subject, fresh = False, False
        elif word in THIRD and not speaks and _is_other(token, following, mine, note):
            subject, fresh = True, False
        elif fresh and word not in SKIPPED and following != "of":  # two of the panel
            if not speaks and (_is_other(token, following, mine, note) or _ends_in_other(sentence, i)):
                subject = True
            else:
                subject = subject and word not in FIRST and not token.clause
            fresh = False
        speaks = speaks or (not subject and token.stem in _SPEECH_STEMS)
        token.other = subject


def _is_subject(word: str) -> bool:
    return word in DETERMINERS or word in FIRST or word in THIRD or word in OTHERS or word in PERSONS


def _is_other(token: Token, following: str, mine: bool, note: bool) -> bool:
    """Whether the first word of a clause is of the other side."""
    if token.word in THEIRS:
        return (mine or (token.word == "their" and not note)) and following != "name"
    return (
        token.stem in _OTHER_STEMS
        or (token.word in THIRD and (mine or token.word == "they"))
        or (mine and token.stem in _PERSON_STEMS)
    )


def _ends_in_other(sentence: list[Token], at: int) -> bool:
    """Whether a clause begins with one of them, or with a name of the other side of two words: the ward manager, my interviewer.
    A manager of a shop, with "a", is rather the one whom a note is about."""
    before, word = sentence[at - 1].word if at else "", sentence[at].word
    if before == "of" and word == "them":
        return True
    following = sentence[at + 1] if at + 1 < len(sentence) else None
    named = following is not None and not following.clause and following.stem in _OTHER_STEMS
    return named and (before == "the" or word in ("my", "our"))


def _mark_denied(sentence: list[Token]) -> None:
    reach = 0
    for i, token in enumerate(sentence):
        word = token.word
        before = sentence[i - 1].word if i else ""
        if (token.clause and i) or (word in CLAUSE_STARTS and word != "or") or (word == "i" and before not in AUXILIARIES):
            reach = 0
        elif reach and (word == "or" or (before in AUXILIARIES and word == "i")):
            reach = _AGAIN
        if word in NEGATORS:
            following = sentence[i + 1].word if i + 1 < len(sentence) else ""
            reach = 0 if following in AFTER_NOT or before == "why" else NEGATORS[word]
            continue
        if reach:
            token.denied = True
            reach = 0 if word in LAST_DENIED or token.stem in _LAST_STEMS else reach - 1


def _mark_away(sentence: list[Token]) -> None:
    words = [token.word for token in sentence]
    stems = [token.stem for token in sentence]
    away = [i for i, word in enumerate(words) if word in AWAY]
    for phrase in _AWAY_STEMS:
        away += [i for i in range(len(stems) - len(phrase) + 1) if tuple(stems[i : i + len(phrase)]) == phrase]
    if words and words[0] == "if":
        away.append(0)
    for at in away:
        start, end = at, at
        while start and not sentence[start].clause and words[start] not in ("but", "and", "because"):
            start -= 1
        while end < len(sentence) and not (
            end > at and ((sentence[end].clause and at) or words[end] in ("but", "and", "because"))
        ):
            end += 1
        for token in sentence[start:end]:
            token.away = True


_OTHER_STEMS = frozenset(map(stem, OTHERS))
_PERSON_STEMS = frozenset(map(stem, PERSONS))
_SPEECH_STEMS = frozenset(map(stem, SPEECH))
_LAST_STEMS = frozenset(map(stem, LAST_DENIED))
_AWAY_STEMS = tuple(tuple(map(stem, phrase)) for phrase in AWAY_PHRASES)
_AWAY_FIRST = frozenset((*map(stem, AWAY), "if", *(phrase[0] for phrase in _AWAY_STEMS)))
_JOINED_FIRST = frozenset(parts[0] for parts in JOINED)
