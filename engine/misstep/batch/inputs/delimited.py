"""CSV in; its dialect, and its rows, each with the line that it begins on, out. Quoting is strict.

A row may have several lines within quotes, up to the size limit of a record. A quote that is left open makes one row of all lines
up to the next quote. So of a broken row of several lines only the first is sure to be lost: the others are read once more, and
rows go on with the first of them that is one.
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple, TypedDict

from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.streams import CHUNK, Stream
from misstep.batch.parts import Decimal, Reading, SourceRemark
from misstep.errors import RecordError, UsageError, printable, too_long

BROKEN = "is not valid CSV: a quote is left open, or stands within a text, where it is doubled and the text quoted"

BARE_RETURN = "ends in a carriage return alone, and so does every other; save the file with line ends of LF or CRLF"

LONE_RETURN = "has a carriage return alone, which ends no line here; save the file with line ends of LF or CRLF"

LEFT_OPEN = "if it looks shorter, a quote is left open"

_AGAIN = 4  # how often a byte is read once more, on average

KIND = "kind"

DELIMITERS = ",;\t|^"
_STATED = re.compile(r"sep=(.)\r?\n")  # the first line, for spreadsheets
_ESCAPED = re.compile(r"\{\s*\\\"")  # JSON with a backslash before each quote
_COMMA = re.compile(r"\s*[-+]?[0-9]+,([0-9]{1,2}|[0-9]{4,})\s*")  # 1,200 may be a thousand


class Dialect(NamedTuple):
    """How the cells of a file stand. ``backslash``: before a quote within a text, which is doubled else; ``first``: the line of
    the header, from 1."""

    delimiter: str
    backslash: bool = False
    decimal: Decimal = "."
    first: int = 1

    def said(self, usual: str) -> str:
        """What is not usual of it, in words; empty if nothing is."""
        parts = ["cells end at " + repr(self.delimiter)] if self.delimiter != usual else []
        parts += ["a backslash stands before a quote"] if self.backslash else []
        parts += ["numbers have a decimal comma"] if self.decimal == "," else []
        return ", ".join(parts) + "; --delimiter and --decimal say otherwise" if parts else ""


class Cells(NamedTuple):
    """One row: the line it begins on, and its cells, or an error message. Bytes that are not UTF-8 are surrogates."""

    row: int
    cells: list[str]
    wrong: str = ""


class _Options(TypedDict, total=False):
    """A dialect, as the csv module names its parts."""

    delimiter: str
    strict: bool
    doublequote: bool
    escapechar: str


class CsvRows:
    """The rows of a stream that are not empty. ``header``: the first of them, with the names of the columns; ``remarks``: what is
    not usual of them; ``line``: on which the latest began, or where the stream ended. Raises RecordError where there is no
    header."""

    def __init__(self, source: InputSource, stream: Stream, reading: Reading) -> None:
        self._most = reading.limits.record_bytes
        csv.field_size_limit(max(csv.field_size_limit(), self._most))  # one for the whole process: it is only ever raised
        self._stream = stream
        self._lines = _Lines(stream, self._most)
        self.dialect = find_dialect(source, stream.head, reading)
        said = self.dialect.said(reading.delimiter or usual_delimiter(source))
        self.remarks = [SourceRemark(source.name, said)] if said else []
        for _ in range(1, self.dialect.first):
            next(self._lines)
        self._rows = csv.reader(self._lines, **_options(self.dialect))
        self._next: Cells | None = None  # what was read in advance
        header = self._read()
        if header is None:
            raise RecordError(f"{printable(source.name)}: is empty; it must begin with a line that names the columns")
        if header.wrong:
            wrong = BARE_RETURN if b"\r" in stream.head and b"\n" not in stream.head else header.wrong
            raise RecordError(f"{printable(source.name)}: line {header.row} {wrong}")
        self.header = [name.strip() for name in header.cells]

    @property
    def line(self) -> int:
        """From 1."""
        return self._lines.first

    def __iter__(self) -> CsvRows:
        return self

    def __next__(self) -> Cells:
        cells, self._next = self._next or self._read(), None
        if cells is None:
            raise StopIteration
        last = self._lines.last
        if not cells.wrong or last == cells.row:
            return cells
        while True:
            self._lines.again()
            following = self._read()
            if following is None or following.row > last or self._fits(following):
                break
            last = max(last, self._lines.last)
        self._next = following
        wrong = f"{cells.wrong}; it runs to line {last}"
        if following is not None and following.row <= last:
            wrong += f", but rows are read again from line {following.row} on"
        return Cells(cells.row, [], wrong)

    def _fits(self, cells: Cells) -> bool:
        """Whether it is a row as the header has it."""
        return not cells.wrong and len(cells.cells) == len(self.header)

    def _read(self) -> Cells | None:
        """The next row, whole or broken; None at the end."""
        while True:
            self._lines.begin()
            try:
                cells = Cells(self.line, next(self._rows))
            except StopIteration:
                return None
            except _TooLong:
                return Cells(self.line, [], f"{too_long(self._most)}; {LEFT_OPEN}")
            except csv.Error as error:  # that of a line end within a row is the only one with these words
                cells = Cells(self.line, [], LONE_RETURN if "new-line character" in str(error) else BROKEN)
            if self._torn():
                return None
            if cells.cells or cells.wrong:
                return cells

    def _torn(self) -> bool:
        """Whether the row is only the beginning of one, as the stream ended within it."""
        return bool(self._stream.fault) and self._lines.torn


def is_blank(head: bytes) -> bool:
    """Whether there is nothing in a file that begins so, not even a header; the mark of UTF-8 is nothing."""
    return not head.removeprefix(BOM_UTF8).strip()


def usual_delimiter(source: InputSource) -> str:
    """What ends cells in a file of such a name."""
    return "\t" if ".tsv" in source.path.lower()[-8:] else ","


def find_dialect(source: InputSource, head: bytes, reading: Reading) -> Dialect:
    """The dialect of a file that begins with some bytes: that in which the columns are found that must be there, and then most
    rows are as long as the header. A few broken rows do not change it. Raises UsageError where the delimiter cannot be one."""
    text = head.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    stated = _STATED.match(text)
    lines = text[stated.end() if stated else 0 :].splitlines(keepends=True)
    delimiters = [*dict.fromkeys(usual_delimiter(source) + DELIMITERS)]
    if reading.delimiter is not None:
        delimiters = [reading.delimiter.replace("\\t", "\t")]
        if len(delimiters[0]) != 1 or delimiters[0] in '"\r\n':
            raise UsageError("the delimiter of CSV must be a single character, say ';', or '\\t' for a tab")
    elif stated:
        delimiters = [stated[1]]
    escapes = [False] if '\\"' not in text else [True, False] if _ESCAPED.search(text) else [False, True]
    dialects = [Dialect(d, e, first=2 if stated else 1) for e, d in product(escapes, delimiters)]
    rows = {dialect: [*_whole_rows(lines, dialect)] for dialect in dialects}

    def fit(dialect: Dialect) -> tuple[bool, bool, int]:
        header, *others = rows[dialect] or [[]]
        names = {name.strip() for name in header}
        known = reading.facts in names or {reading.id, KIND} <= names
        return known, len(header) > 1, sum(len(row) == len(header) for row in others)

    best = max(rows, key=fit)
    if reading.decimal or best.delimiter == ",":
        return best._replace(decimal=reading.decimal or ".")
    return best._replace(decimal="," if any(map(_COMMA.fullmatch, (cell for row in rows[best] for cell in row))) else ".")


def _whole_rows(lines: list[str], dialect: Dialect) -> Iterator[list[str]]:
    rows = csv.reader(lines, **_options(dialect))
    while True:
        try:
            if row := next(rows):
                yield row
        except csv.Error:
            continue
        except StopIteration:
            return


def _options(dialect: Dialect) -> _Options:
    escape: _Options = {"doublequote": False, "escapechar": "\\"} if dialect.backslash else {}
    return {"delimiter": dialect.delimiter, "strict": True, **escape}


class _TooLong(Exception):
    pass


class _Lines:
    """The lines of a stream as text, counted; of one row no more than a record may have. ``first`` and ``last``: of the row;
    ``torn``: the last had no end."""

    def __init__(self, stream: Stream, most: int) -> None:
        self._stream = stream.buffered
        self._most = most
        self._left = most
        self._row: list[bytes] = []
        self._again: deque[bytes] = deque()
        self._spare = 0  # bytes that may still be read once more
        self.first = 1
        self.last = 0
        self.torn = False

    def begin(self) -> None:
        """Begin a new row."""
        self.first = self.last + 1
        self._left = self._most
        self._row = []

    def again(self) -> None:
        """Go back to the second line of the row, unless that was done too often: a file of open quotes takes no more time than
        any other of its size."""
        lines = self._row[1:]
        size = sum(map(len, lines))
        if size <= self._spare:
            self._spare -= size
            self._again.extendleft(reversed(lines))
            self.last -= len(lines)

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._fresh()
        if not line:
            raise StopIteration
        self.last += 1
        self._row.append(line)
        self._left -= len(line)
        self.torn = not line.endswith(b"\n")
        if self._left < 0:
            raise _TooLong
        if self.last == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        return line.decode("utf-8", "surrogateescape")

    def _fresh(self) -> bytes:
        """A line of the stream; of one that is too long only so much that this is seen."""
        line = rest = self._stream.readline(self._most + 2)
        while rest and not rest.endswith(b"\n"):
            rest = self._stream.readline(CHUNK)
        self._spare += _AGAIN * len(line)
        return line


def wrong_width(count: int, expected: int) -> str:
    """The message about a row of more or fewer cells than there are columns."""
    return (
        f"has {count} cell{'' if count == 1 else 's'}, but there are {expected} columns; a text with a delimiter in it is quoted"
    )
