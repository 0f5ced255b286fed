"""Words with a slip of the finger, put right: one letter missing or too many, or two swapped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from misstep.analysis.reading.english import stem

_LEAST, _LONGEST = 6, 16  # letters of the word that is meant: a short one is near to too many others
_VOWELS = frozenset("aeiouy")


class Spelling:
    """The words that packs are written in, and those near to them. A changed letter is left alone: most often it makes another
    word ("stripe", "stride")."""

    def __init__(self, words: Iterable[str], stems: Iterable[str]) -> None:
        self._words = {word for word in words if _LEAST - 1 <= len(word) <= _LONGEST and word.isalpha()}
        self._known = frozenset(stems) | frozenset(words)
        self._without: dict[str, str] = {}
        for word in sorted(self._words):
            for shorter in _shortened(word):
                self._without.setdefault(shorter, word)

    def corrected(self, word: str) -> str:
        """A word as it is meant; the word itself where it is known, short, or near to none."""
        if word in self._known or len(word) > _LONGEST or not word.isalpha() or stem(word) in self._known:
            return word
        least = _LEAST if not _VOWELS.isdisjoint(word) else _LEAST - 1  # a word without a vowel is misspelt for certain
        near = (self._without.get(word, ""), *_shortened(word), *_swapped(word))
        return next((other for other in near if len(other) >= least and other in self._words), word)


def _shortened(word: str) -> Iterator[str]:
    """The word without one of its letters, but the first."""
    for i in range(1, len(word)):
        yield word[:i] + word[i + 1 :]


def _swapped(word: str) -> Iterator[str]:
    """The word with two letters swapped that stand side by side, but the first."""
    for i in range(1, len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
