"""Split a text into sentences of tokens, each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from misstep.analysis.reading.english import CLAUSE_STARTS, CONTRACTIONS, DETERMINERS, JOINED, word_set

_WORD = re.compile(r"<[a-z0-9_]+>|[0-9]+(?:[.,][0-9]+)?|[^\W\d_]+\*+[^\W\d_]*(?:\*+[^\W\d_]*)*|[^\W\d_]+(?:'[^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?;:\n\u2026]")
_CLAUSE = re.compile(r"[,()\u2013\u2014\"\u201c\u201d]| - ")
_QUOTES = str.maketrans("\u2018\u2019\u02bc`", "''''")
NUMBER = "#"
"""The stem of every number: which one it is tells of a field, not of a kind."""
_BEFORE_A_NOUN = DETERMINERS | word_set("of no photo valid some any for with and or")
_LONGEST_WORD = 40
_LONGEST_SENTENCE = 120  # tokens; a text without full stops is cut


@dataclass(slots=True)
class Token:
    """A word in lower case, its stem, and its place in the text. ``clause``: it is the first of one; ``asks``: a question mark
    follows; ``possessive``: an "'s" stood behind it. ``denied``, ``other`` and ``away`` are its scope."""

    word: str
    stem: str
    start: int
    end: int
    clause: bool = False
    asks: bool = False
    possessive: bool = False
    denied: bool = False
    other: bool = False
    away: bool = False

    @property
    def name(self) -> str:
        """The stem with a mark where it is denied."""
        return f"~{self.stem}" if self.denied else self.stem

    @property
    def starts_clause(self) -> bool:
        """Whether a clause starts here, by a sign or by a word."""
        return self.clause or self.word in CLAUSE_STARTS


def split(text: str) -> Iterator[list[Token]]:
    """The sentences of a text; their tokens have no stems yet, and no scope."""
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
                sentence[-1].asks = "?" in gap
                yield joined(sentence)
                sentence, clause = [], True
            clause = clause or _CLAUSE.search(gap) is not None
        word = match.group()
        if len(word) > _LONGEST_WORD:
            continue
        parts = CONTRACTIONS.get(word)
        if word == "id" and not (sentence and sentence[-1].word in _BEFORE_A_NOUN) and text[match.start()] == "i":
            parts = ("i", "d")  # a paper is "my id", or "ID"
        possessive = parts is None and word.endswith("'s")
        for part in parts or (word[:-2] if possessive else word.strip("'"),):
            sentence.append(Token(part, part, match.start(), match.end(), clause, possessive=possessive))
            clause = False
    if sentence:
        sentence[-1].asks = "?" in text[at:]
        yield joined(sentence)


def joined(tokens: list[Token]) -> list[Token]:
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
            last = tokens[i + size - 1]
            token = Token(whole, whole, token.start, last.end, token.clause, last.asks, last.possessive)
        found.append(token)
        i += size
    return found


_JOINED_FIRST = frozenset(parts[0] for parts in JOINED)
