"""Everything that can go wrong in misstep: one base error, one leaf for each culprit.

An error holds all problems found, and ``str(error)`` says all of them, one a line. Values from
facts never appear in a message: interview notes are personal data.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_LENGTH = 500  # characters of one message: a fault must not be an amplifier


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where in somebody's input: a file with line and column, a JSON pointer, or both."""

    file: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}" if self.column else f":{self.line}"
        return ": ".join(part for part in (place, self.pointer) if part)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: where, in what (a rule's id, say), what, and what would be right."""

    location: Location
    message: str
    subject: str = ""

    def __str__(self) -> str:
        text = ": ".join(part for part in (str(self.location), self.subject, self.message) if part)
        return printable(text)[:MAX_LENGTH]


class MisstepError(Exception):
    """Base of all errors of misstep; ``problems`` holds what was found, ``omitted`` counts what is left out."""

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
    """A function or command was called in a way that makes no sense."""


class EngineError(MisstepError):
    """An engine failed, or cannot take what it is given; the caller may try again, or choose another engine."""


class InstallationError(MisstepError):
    """Something that belongs to the installation of misstep is missing."""


def suggest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """``"; did you mean 'x'?"`` for the nearest known word, else ``otherwise``."""
    close = difflib.get_close_matches(word[:80], list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else otherwise


def listing(words: Iterable[str], most: int = 12) -> str:
    """The first words of a set as text: ``a, b, c, ...``."""
    names: Sequence[str] = sorted(words)
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


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
