"""Numbers in a sentence, with the unit of time or the noun that they count: "half an hour", "twice", "five or six typos"."""

from __future__ import annotations

from dataclasses import dataclass

from misstep.analysis.reading.english import NUMBERS, SECONDS, UNITS
from misstep.analysis.reading.scope import sentences
from misstep.analysis.reading.tokens import Token

_ONE = {"a": 1, "an": 1, "one": 1, "another": 1}
_TIMES = {"twice": 2, "thrice": 3}
_LONGEST_AMOUNT = 40  # characters
_BETWEEN = frozenset(("or", "to"))
_SKIPPED = frozenset(("of", "good", "full", "whole", "more", "further", "separate", "different", "spelling", "odd"))


@dataclass(frozen=True, slots=True)
class SaidAmount:
    """A number at the places ``start`` to ``end`` of a sentence. ``seconds`` in its unit; 0 if it has none. ``noun``: the place
    of what it counts, or -1; ``times``: it says how often."""

    start: int
    end: int
    value: float
    seconds: int = 0
    noun: int = -1
    times: bool = False


def find_amounts(sentence: list[Token]) -> list[SaidAmount]:
    """The amounts in a sentence, in their order."""
    words = [token.word for token in sentence]
    found: list[SaidAmount] = []
    i = 0
    while i < len(words):
        amount = _amount_at(words, i)
        if amount is not None:
            found.append(amount)
            i = amount.end
        i += 1
    return found


def said_amount(text: str, unit: str) -> float | None:
    """The number that a text is, and nothing else, in a unit of fields: "12 min", "half an hour", "twelve". None if it is no
    number, or of another unit; figures without a unit are left to others."""
    if len(text) > _LONGEST_AMOUNT or not text[:1].isalnum() or (text[0].isdecimal() and text[-1].isdecimal()):
        return None
    found = sentences(text)
    amounts = find_amounts(found[0]) if len(found) == 1 else []
    if len(amounts) != 1 or (amounts[0].start, amounts[0].end) != (0, len(found[0]) - 1):
        return None
    if not amounts[0].seconds:
        return float(amounts[0].value)
    return amounts[0].value * amounts[0].seconds / UNITS[unit] if unit in UNITS else None


def _amount_at(words: list[str], i: int) -> SaidAmount | None:
    word = words[i]
    if word in _TIMES:
        return SaidAmount(i, i, _TIMES[word], times=True)
    fraction = _fraction_at(words, i)
    if fraction is not None:
        return fraction
    value, at = _number_at(words, i)
    if value is None or words[at + 1 : at + 2] == ["quarters"]:
        return None
    if words[at + 1 : at + 4] == ["and", "a", "half"]:
        value, at = value + 0.5, at + 3
    if at + 2 < len(words) and words[at + 1] in _BETWEEN:
        other, end = _number_at(words, at + 2)
        if other is not None and other > value:
            value, at = (value + other) / 2, end
    elif at + 1 < len(words) and words[at + 1] not in _ONE:  # 10-15
        other, end = _number_at(words, at + 1)
        if other is not None and words[at + 1][0].isdecimal() and other > value:
            value, at = (value + other) / 2, end
    unit = at + 1
    while unit < len(words) and words[unit] in _SKIPPED:
        unit += 1
    if unit < len(words) and words[unit] in SECONDS:
        end = unit
        if words[unit + 1 : unit + 4] == ["and", "a", "half"]:
            value, end = value + 0.5, unit + 3
        elif SECONDS[words[unit]] == SECONDS["hour"]:  # an hour and ten minutes, 1 hr 20 min
            at = unit + 1 + (words[unit + 1 : unit + 2] == ["and"])
            minutes, last = _number_at(words, at) if at < len(words) else (None, at)
            if minutes is not None and SECONDS.get("".join(words[last + 1 : last + 2])) == SECONDS["minute"]:
                return SaidAmount(i, last + 1, value + minutes / 60, SECONDS["hour"])
        return SaidAmount(i, end, value, SECONDS[words[unit]])
    if word in ("a", "an", "another"):
        return None
    return SaidAmount(i, at, value, noun=unit if unit < len(words) else -1)


def _fraction_at(words: list[str], i: int) -> SaidAmount | None:
    """Half an hour, a quarter of an hour, quarter past."""
    if words[i] == "half" and words[i + 1 : i + 2] in (["a"], ["an"]) and (words[i + 2 : i + 3] or [""])[0] in SECONDS:
        return SaidAmount(i, i + 2, 0.5, SECONDS[words[i + 2]])
    if words[i] == "half" and words[i + 1 : i + 2] == ["hour"]:
        return SaidAmount(i, i + 1, 0.5, SECONDS["hour"])
    if words[i : i + 2] == ["both", "times"]:
        return SaidAmount(i, i + 1, 2, times=True)
    if words[i] == "quarter" or words[i] == "quarters":
        three = i > 0 and words[i - 1] == "three"
        if "hour" in words[i + 1 : i + 4]:
            return SaidAmount(i, words.index("hour", i), 0.75 if three else 0.25, SECONDS["hour"])
        if words[i + 1 : i + 2] == ["past"]:
            return SaidAmount(i, i, 15)
    if words[i] == "half" and words[i + 1 : i + 2] == ["past"]:
        return SaidAmount(i, i, 30)
    return None


def _number_at(words: list[str], i: int) -> tuple[float | None, int]:
    """The number that begins at a place, and the place of its last word."""
    word = words[i]
    if word[0].isdecimal():
        plain = word.replace(",", ".") if word.count(",") <= 1 and len(word.split(",")[-1]) != 3 else word.replace(",", "")
        try:
            return float(plain), i
        except ValueError:  # as of 5²
            return None, i
    following = words[i + 1] if i + 1 < len(words) else ""
    if word in ("a", "an") and following in ("few", "couple", "dozen", "hundred"):
        return float(NUMBERS[following]), i + 1 + (words[i + 2 : i + 3] == ["of"])
    if word in NUMBERS:
        value = float(NUMBERS[word])
        if 20 <= value < 100 and following in NUMBERS and NUMBERS[following] < 10:
            return value + NUMBERS[following], i + 1
        return value, i
    if word in _ONE:
        return 1.0, i
    return None, i
