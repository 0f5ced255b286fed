"""CSV in; its rows out, each with the line that it begins on. Quoting is read strictly: what is left open swallows what follows.

A row may go on for several lines within quotes, but for no longer than a record may be.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source
from misstep.batch.inputs.streams import CHUNK, Stream
from misstep.errors import RecordError, UsageError, printable

BROKEN = "is not valid CSV: a quote is left open, or stands within a text, where it is doubled and the text quoted"

LEFT_OPEN = "if it looks shorter, a quote is left open"


@dataclass(frozen=True, slots=True)
class Cells:
    """One row: the line it begins on, and its cells, or what is wrong with it. Bytes that are not UTF-8 are surrogates."""

    row: int
    cells: list[str]
    wrong: str = ""


def delimiter_of(source: Source, reading: Reading) -> str:
    """What stands between cells. Raises UsageError where it cannot be that."""
    if reading.delimiter is None:
        return "\t" if ".tsv" in source.path.lower()[-8:] else ","
    delimiter = reading.delimiter.replace("\\t", "\t")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError("the delimiter of CSV must be a single character, say ';', or '\\t' for a tab")
    return delimiter


class Rows:
    """The rows of a stream that hold something, the first of them with the names of the columns. ``line``: that the latest began
    on, or where the stream ended."""

    def __init__(self, source: Source, stream: Stream, reading: Reading) -> None:
        self._most = reading.limits.record_bytes
        csv.field_size_limit(max(csv.field_size_limit(), self._most))  # one for the whole process: it is only ever raised
        self._stream = stream
        self._lines = _Lines(stream, self._most)
        self._rows = csv.reader(self._lines, delimiter=delimiter_of(source, reading), strict=True)

    @property
    def line(self) -> int:
        """From 1."""
        return self._lines.first

    def __iter__(self) -> Rows:
        return self

    def __next__(self) -> Cells:
        while True:
            self._lines.begin()
            try:
                cells = next(self._rows)
            except _TooLong:
                return Cells(self.line, [], f"has more than {self._most} bytes, the most that a record may have; {LEFT_OPEN}")
            except csv.Error:
                if self._torn():
                    raise StopIteration from None
                return Cells(self.line, [], BROKEN)
            if self._torn():
                raise StopIteration
            if cells:
                return Cells(self.line, cells)

    def _torn(self) -> bool:
        """Whether the row is only the beginning of one, as the stream ended within it."""
        return bool(self._stream.fault) and self._lines.torn


def read_header(source: Source, rows: Rows) -> list[str]:
    """The names of the columns. Raises RecordError where there are none."""
    for header in rows:
        if header.wrong:
            raise RecordError(f"{printable(source.name)}: line {header.row} {header.wrong}")
        return [name.strip() for name in header.cells]
    raise RecordError(f"{printable(source.name)}: is empty; it must begin with a line that names the columns")


class _TooLong(Exception):
    pass


class _Lines:
    """The lines of a stream as text, counted; of one row no more than a record may have. ``torn``: the last had no end."""

    def __init__(self, stream: Stream, most: int) -> None:
        self._stream = stream.buffered
        self._most = most
        self._count = 0
        self._left = most
        self.first = 1
        self.torn = False

    def begin(self) -> None:
        """What comes now is a row of its own."""
        self.first = self._count + 1
        self._left = self._most

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(self._left + 2)
        if not line:
            raise StopIteration
        self._count += 1
        self._left -= len(line)
        self.torn = not line.endswith(b"\n")
        if self._left < 0:
            while line and not line.endswith(b"\n"):
                line = self._stream.readline(CHUNK)
            raise _TooLong
        if self._count == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        return line.decode("utf-8", "surrogateescape")


def is_utf_8(text: str) -> bool:
    """Whether a cell was UTF-8 in its file."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)
