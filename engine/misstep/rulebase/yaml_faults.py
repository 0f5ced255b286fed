"""Where a fault of YAML began, and what is probably meant.

A parser notices a fault where it cannot go on, which may be many lines after a quote that was not closed. Here the text is looked
at once more, for the error only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import NamedTuple


class QuotedText(NamedTuple):
    """A text in quotes that goes over several lines: where it begins and ends, from 0, and what stands in it."""

    line: int
    column: int
    end_line: int
    text: str


class YamlFault(NamedTuple):
    """What a parser says: of what (``context``), where that began, what (``problem``), and where; places from 0."""

    context: str
    began: tuple[int, int] | None
    problem: str
    at: tuple[int, int]


class FaultPlace(NamedTuple):
    """The place to point at, from 0, and what to say there; an empty message stands for that of the parser."""

    line: int
    column: int
    message: str = ""


_CONFLICT = re.compile(r"<{7}( |$)|>{7}( |$)|={7}$")
_SWALLOWED = re.compile(r"\n *(- |[\w.-]+:( |\n|$))")
_NO_SPACE = re.compile(r"\s*(?:- )?([\w.-]+):(?=[^\s:])")
_BARE_WORD = re.compile(r"\s*([\w.-]+)\s*$")
_OPENED = re.compile(r"(?:^|[\s,{\[])(?:- |[\w.-]+: )(?P<value>[{\['\"].*)")


def explain_fault(text: str, fault: YamlFault, quoted: Callable[[], Sequence[QuotedText]]) -> FaultPlace:
    """The place where a fault began, and what is probably meant. ``quoted`` scans the text for quotes that go over several lines,
    up to the fault."""
    lines = text.split("\n")
    for number, line in enumerate(lines[: fault.at[0] + 2]):
        if _CONFLICT.match(line):
            return FaultPlace(number, 0, "a conflict of git stands here: keep one of the two versions, without its marks")
    for number in range(max(0, fault.at[0] - 2), min(fault.at[0] + 1, len(lines))):
        if odd := _odd_blank(lines[number]):
            return FaultPlace(number, *odd)
    if fault.problem == "found unexpected end of stream" and fault.began:
        return FaultPlace(*fault.began, "this quote is never closed")
    swallowing = next((each for each in quoted() if _SWALLOWED.search(each.text)), None)
    if swallowing is not None:
        message = f"this quote is closed in line {swallowing.end_line + 1} only; is it missing where the text ends?"
        return FaultPlace(swallowing.line, swallowing.column, message)
    if fault.context == "while scanning a simple key" and fault.began:
        return _no_key(_line(lines, fault.began[0]), *fault.began)
    if fault.context.startswith("while parsing a flow") and fault.began:
        return _not_closed(lines, fault.began, fault.at)
    if fault.context == "while parsing a block mapping":
        return _no_mapping(lines, *fault.at)
    return FaultPlace(*fault.at)


def _odd_blank(line: str) -> tuple[int, str] | None:
    """A blank of another sort in the indentation of a line."""
    for column, c in enumerate(line[: len(line) - len(line.lstrip())]):
        if c not in " \t\r":
            name = unicodedata.name(c, f"U+{ord(c):04X}").lower()
            return column, f"this line is indented with another sign than a blank: {name}, U+{ord(c):04X}"
    return None


def _no_key(text: str, line: int, column: int) -> FaultPlace:
    if match := _NO_SPACE.match(text):
        return FaultPlace(line, column, f"a blank is missing behind the colon: `{match[1]}: ...`")
    if match := _BARE_WORD.match(text):
        return FaultPlace(line, column, f"a colon is missing behind a key: `{match[1]}:`")
    return FaultPlace(line, column, "a key is needed here, with a colon and a blank behind it")


def _not_closed(lines: Sequence[str], began: tuple[int, int], at: tuple[int, int]) -> FaultPlace:
    bracket = _line(lines, began[0])[began[1] : began[1] + 1]
    closing = {"[": "]", "{": "}"}.get(bracket, "")
    if closing and began[0] != at[0]:
        return FaultPlace(*began, f"this {bracket} is not closed: {closing} is missing")
    if closing:
        return FaultPlace(*at, f"between {bracket} and {closing} a text with brackets, commas or quotes in it stands in quotes")
    return FaultPlace(*at)


def _no_mapping(lines: Sequence[str], line: int, column: int) -> FaultPlace:
    text = _line(lines, line)
    if opened := [*_OPENED.finditer(text[:column])]:
        value = opened[-1]["value"]
        if value[0] in "{[":
            message = f"a text that begins with {value[0]} stands in quotes"
        else:
            message = f"this text ends where the quote comes again; put it in {_other(value[0])}, or write the quote twice"
        return FaultPlace(line, opened[-1].start("value"), message)
    if not text[:column].strip():
        return _odd_indentation(lines, line, column)
    return FaultPlace(line, column)


def _other(quote: str) -> str:
    return "double quotes" if quote == "'" else "single quotes"


def _odd_indentation(lines: Sequence[str], line: int, column: int) -> FaultPlace:
    """A line that is deeper than the one before, which has its value already; or the one before is not deep enough."""
    said = [n for n in range(min(line, len(lines))) if lines[n].strip() and not lines[n].lstrip().startswith("#")]
    if not said:
        return FaultPlace(line, column)
    before = said[-1]
    depth = _depth(lines[before])
    if depth < column and len(said) > 1 and _depth(lines[said[-2]]) == column:
        what = f"this line is indented by {depth} blanks, and its neighbours are by {column}"
        return FaultPlace(before, depth, what)
    if depth == column:
        return FaultPlace(line, column)
    return FaultPlace(line, column, f"this line is indented by {column} blanks, and the one before it by {depth}")


def _line(lines: Sequence[str], number: int) -> str:
    """A line; empty where a parser counts other line ends too."""
    return lines[number] if number < len(lines) else ""


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())
