"""A logged outcome and damage in; whether the one goes with the other, out.

An outcome is a word of the log, such as ``offer``. Nothing is guessed: a word counts as good or as not good only where this was
said, or where all are words of truth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from misstep.analysis.calibration.statistics import separation, separation_interval, wilson
from misstep.batch.report.comparing import GroupSums
from misstep.batch.report.figures import FEW, CalibrationBin, Distribution, LoggedOutcome, OutcomeSide
from misstep.errors import UsageError, did_you_mean, listing, printable

BIN = 10  # points of damage
YES, NO = ("1", "true", "yes", "y"), ("0", "false", "no", "n")


@dataclass(frozen=True, slots=True)
class OutcomeChoice:
    """The column with the outcome, and its words for a good and for another one. No ``bad``: all others; no ``good`` either: it
    has words of truth, and the true one is good."""

    column: str
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> OutcomeChoice:
        """Of ``COLUMN``, ``COLUMN=GOOD,...`` or ``COLUMN=GOOD,...:BAD,...``. Raises UsageError."""
        column, sign, words = text.partition("=")
        good, other, bad = words.partition(":")
        choice = cls(column, _words(good), _words(bad))
        if not column or (sign and not choice.good) or (other and not choice.bad):
            raise UsageError(f"--outcome: '{printable(text)}' is not of the form COLUMN, COLUMN=GOOD or COLUMN=GOOD:BAD")
        if both := set(choice.good) & set(choice.bad):
            raise UsageError(f"--outcome: '{printable(min(both))}' is to be both good and bad")
        return choice

    def side(self, word: str) -> OutcomeSide | None:
        """What a word counts as; None where nothing says it."""
        if not self.good:
            return "good" if word in YES else "bad" if word in NO else None
        if word in self.good:
            return "good"
        return "bad" if not self.bad or word in self.bad else "left out"


def judge(sums: Mapping[str | None, GroupSums], choice: OutcomeChoice) -> LoggedOutcome:
    """How damage goes with an outcome. ``sums``: of the interviews with each word.

    Raises UsageError where nothing says whether a word is good, or a word that was named never came up.
    """
    there = {_folded(value) for value in sums if value}
    for word in (*choice.good, *choice.bad):
        if there and word not in there:
            hint = did_you_mean(word, there, f"; there are {listing(there, 5)}")
            raise UsageError(printable(f"--outcome: no interview has '{word}' in the column '{choice.column}'{hint}"))
    counts: dict[OutcomeSide, Sequence[int]] = dict.fromkeys(("good", "bad"), [0] * 1001)
    words: list[tuple[str, OutcomeSide, int]] = []
    for value, own in sums.items():
        side = choice.side(_folded(value)) if value else "left out"
        if side is None:
            shown, column = printable(value or "")[:40], choice.column
            raise UsageError(
                f"--outcome: '{shown}' in the column '{column}' is neither yes nor no: say which words are good,"
                f" --outcome {column}=GOOD or {column}=GOOD:BAD"
            )
        words.append((value or "", side, sum(own.damage)))
        if side != "left out":
            counts[side] = [a + b for a, b in zip(counts[side], own.damage, strict=True)]
    good, bad = (Distribution(tuple(counts[side])) for side in ("good", "bad"))
    most_first = sorted(words, key=lambda word: (-word[2], word[0]))
    return LoggedOutcome(
        choice.column, tuple(most_first), good.interviews, bad.interviews, tuple(_bins(good, bad)), *_area(good, bad)
    )


def _area(good: Distribution, bad: Distribution) -> tuple[float | None, tuple[float, float] | None, float | None]:
    """The area, its interval and its chance."""
    if min(good.interviews, bad.interviews) < FEW:
        return None, None, None
    area, chance = separation(bad.counts, good.counts)
    return area, separation_interval(area, bad.interviews, good.interviews), chance


def _bins(good: Distribution, bad: Distribution) -> Iterator[CalibrationBin]:
    """Those with interviews."""
    for place, (fine, wrong) in enumerate(zip(good.bins(BIN), bad.bins(BIN), strict=True)):
        least, count = BIN * place, fine + wrong
        if count:
            end = 1001 if least + BIN == 100 else 10 * (least + BIN)
            tenths = sum(each * (good.counts[each] + bad.counts[each]) for each in range(10 * least, end))
            yield CalibrationBin(least, least + BIN, count, tenths / 10 / count, wrong, wrong / count, *wilson(wrong, count))


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in map(_folded, text.split(",")) if word))


def _folded(word: str) -> str:
    return word.strip().casefold()
