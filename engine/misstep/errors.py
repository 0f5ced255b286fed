"""Everything that can go wrong in misstep: one base error, one leaf for each culprit.

An error holds all problems found, and ``str(error)`` says all of them, one a line. Values from
facts never appear in a message: interview notes are personal data.
"""

from __future__ import annotations

import difflib
import heapq
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

MAX_LENGTH = 500  # characters of one message: a fault must not be an amplifier


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in an input: a file with line and column, a JSON pointer, or both."""

    file: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}" if self.column else f":{self.line}"
        return ": ".join(part for part in (place, self.pointer) if part)


def to_pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def from_pointer(pointer: str, record: Any) -> list[str | int]:
    """The path of a JSON pointer into a record, which may be a bare list of facts."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    if isinstance(record, list) and steps[:1] == ["facts"]:
        del steps[0]
    path: list[str | int] = []
    for step in steps:
        path.append(int(step) if isinstance(record, list) and step.isdigit() else step)
        try:
            record = record[path[-1]]
        except (LookupError, TypeError):  # what is missing has a place too
            record = None
    return path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault: its place, the message, and its subject, such as the id of a rule."""

    location: Location
    message: str
    subject: str = ""

    def __str__(self) -> str:
        text = ": ".join(part for part in (str(self.location), self.subject, self.message) if part)
        return printable(text)[:MAX_LENGTH]


class MisstepError(Exception):
    """Base of all errors of misstep, with all ``problems``; ``omitted`` counts further ones."""

    def __init__(self, problems: Iterable[Problem] | str, omitted: int = 0) -> None:
        if isinstance(problems, str):
            problems = [Problem(Location(), problems)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.omitted = omitted
        super().__init__(self.problems, omitted)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        if self.omitted:
            lines.append(f"... and {self.omitted} more")
        return "\n".join(lines)


class RuleError(MisstepError):
    """A rule pack is wrong: its author's to mend."""


class RecordError(MisstepError):
    """A record is wrong: its author's to mend."""


class BudgetError(RecordError):
    """A record asks for more work than the limits allow; the message names the limit."""


class UsageError(MisstepError):
    """A function or command was called with invalid arguments."""


class EngineError(MisstepError):
    """An engine failed, or does not support the rules; the caller may retry, or choose another engine."""


class InstallationError(MisstepError):
    """Something that belongs to the installation of misstep is missing."""


def did_you_mean(
    word: str, known: Iterable[str], otherwise: str = "", renamed: Mapping[str, Iterable[str]] = MappingProxyType({})
) -> str:
    """``"; did you mean 'x'?"`` for the nearest known word, else ``otherwise``. ``renamed``: known words by their old ones, which
    are said first."""
    known = list(known)
    for new in renamed.get(word, ()):
        if new in known:
            return f"; renamed to '{new}'"
    close = _nearest(word[:80], known)
    return f"; did you mean '{close}'?{odd_letter(word)}" if close else otherwise


def odd_letter(word: str) -> str:
    """The first letter of a word that is not what it looks like, in words; empty if there is none."""
    place, c = next(((i, c) for i, c in enumerate(word[:80], 1) if c in BIDI or c in INVISIBLE or c in LOOKALIKES), (0, ""))
    return f" (character {place} is {_named(c)})" if c else ""


def _named(c: str) -> str:
    """A character by its number and name."""
    return f"U+{ord(c):04X} {unicodedata.name(c, '')}".rstrip()


BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = frozenset("\u00ad\u200b\u2060\ufeff")
LOOKALIKES = frozenset(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"  # Cyrillic
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
    "\u03bf\u03bd\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"  # Greek
)
"""Letters of other scripts that look like letters of ASCII."""
_PLAIN = re.compile(r"[\t\n\x20-\x7e]*")
_LETTERS = re.compile(r"[^\W\d_]+")


_HIDDEN = re.compile(f"[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029{''.join(sorted(BIDI))}]")


def hidden_signs(text: str) -> Iterator[tuple[int, str]]:
    """The signs of a text that are not seen and make the rest of it look otherwise: control characters, and those that turn the
    order of what is written. Of each the offset, and what it is."""
    if not text.isprintable():
        for found in _HIDDEN.finditer(text):
            yield found.start(), _named(found.group())


def disguised_letter(text: str) -> str:
    """What in a text is not what it looks like, in words: a sign that is not seen, or turns what is written around; or, within a
    word, a letter of another script that looks like one of ours. Empty if there is nothing."""
    if _PLAIN.fullmatch(text):
        return ""
    for place, c in enumerate(text, 1):
        if c in BIDI or c in INVISIBLE or (unicodedata.category(c) == "Cc" and c not in "\t\n"):
            return f"character {place} is not seen: {_named(c)}"
    for word in _LETTERS.finditer(text):
        others = [c for c in word.group() if not c.isascii()]
        if 0 < len(others) < len(word.group()) and all(c in LOOKALIKES for c in others):
            return f"in '{word.group()}' a letter is of another script: {_named(others[0])}"
    return ""


NEAR = 0.6  # how alike two words must be, from 0 to 1: as difflib has it
MOST_COMPARED = 20  # words that are compared as difflib does, which takes a while: a thousand wrong names must not wait for it


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like a word, of several the last by the alphabet; None where none is near.

    Two words are at most as alike as their letters have in common, whatever their order. So those are compared first that have
    most in common, until no other can be nearer.
    """
    letters, size = _letters(word), len(word)
    bounds = [(2 * (letters & _letters(name)).bit_count() / max(1, size + len(name)), name) for name in known]
    matcher = difflib.SequenceMatcher(b=word)
    best = (NEAR, "")
    for bound, name in heapq.nlargest(MOST_COMPARED, [pair for pair in bounds if pair[0] >= NEAR]):
        if bound < best[0]:
            break
        matcher.set_seq1(name)
        best = max(best, (matcher.ratio(), name))
    return best[1] or None


@lru_cache(maxsize=10_000)
def _letters(word: str) -> int:
    """The letters of a word as bits, a letter that stands there again by another one; of 64 sorts, so that some share theirs."""
    counts = [0] * 64
    bits = 0
    for c in word:
        sort = ord(c) % 64
        bits |= 1 << (64 * counts[sort] + sort)
        counts[sort] += 1
    return bits


def unknown(what: str, word: object, known: Iterable[str], otherwise: str | None = None) -> str:
    """The message about a word that is not known, with the nearest that is, or all of them, or ``otherwise``."""
    names = list(known)
    there = f"; it is one of {', '.join(names)}" if names else "; there are none"
    hint = did_you_mean(str(word), names, there if otherwise is None else otherwise)
    return f"unknown {what} '{word}'{hint}"


def listing(words: Iterable[str], most: int = 12) -> str:
    """The first words of a set as text: ``a, b, c, ...``."""
    names: Sequence[str] = sorted(words)
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def abridged(names: Sequence[str], most: int = 8) -> list[str]:
    """The names of a cycle, without those in the middle where they are more than ``most``."""
    left_out = len(names) - most
    return [*names[: most // 2], f"... {left_out} more ...", *names[-most // 2 :]] if left_out > 0 else [*names]


HALF_SIGN = "has half of a surrogate pair, which is no character"
"""The message about a text that JSON can spell, and no encoding can write."""


def too_long(most: int) -> str:
    """The message about a record that has more than so many bytes."""
    return f"has more than {most} bytes, the most that a record may have"


JOINERS = "\u200c\u200d"
"""Zero-width joiners are part of how words are spelled, in Persian, Sinhala or emoji; bidi overrides are not."""


def printable(text: str) -> str:
    """Text with its control characters as escapes, so that none reaches a terminal or a log; blanks of any script are kept as
    blanks, and joiners as they are."""
    if text.isprintable():
        return text
    return "".join(map(_printable, text))


def _printable(c: str) -> str:
    if c.isprintable() or c in JOINERS:
        return c
    return " " if unicodedata.category(c) == "Zs" else c.encode("unicode_escape").decode("ascii")
