"""Format small parts of sentences: counts with nouns, lists, names, shares."""

from __future__ import annotations

from collections.abc import Sequence


def spaced(word: str) -> str:
    """A word of a rule base in prose: ``let_go`` becomes "let go"."""
    return word.replace("_", " ")


def name_from_id(name: str) -> str:
    """An id in prose: ``late-arrival.minutes`` becomes "late arrival: minutes"."""
    return spaced(name.replace("-", " ").replace(".", ": "))


def capitalized(text: str) -> str:
    """Text with a capital letter at its start; the rest is left as it is."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """Text with a small letter at its start, for the middle of a sentence."""
    return text[:1].lower() + text[1:]


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: "1 case", "2,000 cases"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Parts of a sentence: "a, b and c"."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def percent(count: float, of: float) -> str:
    """A share in percent: never 0% of something, and never 100% of less than all."""
    share = 100 * count / of if of else 0.0
    if 0 < share < 0.5:
        return f"{share:.1f}%" if share >= 0.05 else "under 0.1%"
    return "over 99%" if 99.5 <= share < 100 else f"{share:.0f}%"
