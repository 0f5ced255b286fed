"""A workbook of Excel in; the rows of its first sheet, as those of CSV, out. Needs openpyxl.

Numbers and dates become text as JSON has them, so that cells are read as those of CSV are.
"""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812

from misstep.batch.inputs.delimited import Cells, Dialect
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.streams import FREELY, RATIO, UNPACKS_TOO_MUCH
from misstep.batch.parts import Reading
from misstep.errors import InstallationError, RecordError, printable, too_long
from misstep.files import opened
from misstep.limits import FIXED

FREE_CELLS, CELLS_PER_BYTE = FIXED.free_cells, FIXED.cells_per_byte
"""After FREE_CELLS, at most so many times the bytes of the file: rows are as wide as a sheet says it is, and empty ones take no
bytes."""

_DAMAGE = (BadZipFile, ZlibError, SyntaxError, EOFError, LookupError, ValueError, TypeError, OSError)
"""Errors of openpyxl, and of what it rests on, about what is in a file. A SyntaxError is one of XML, from lxml where that is
installed, else from the standard library."""


TOO_MANY_CELLS = f"has more than {FREE_CELLS} cells, and more than {CELLS_PER_BYTE} for each of its bytes, empty ones included"


class WorkbookRows:
    """The rows of a sheet that are not empty. ``header``: the first of them; ``line``: the row that was read last; ``fault``: why
    they ended before their end, if they did."""

    dialect = Dialect(",")

    def __init__(self, source: InputSource, rows: Iterator[tuple[object, ...]], reading: Reading) -> None:
        self._rows = rows
        self._most = reading.limits.record_bytes
        self._cells = max(FREE_CELLS, CELLS_PER_BYTE * source.file.stat().st_size)  # that may still come
        self.line = 0
        self.fault = ""
        self.header: list[str] = []
        header = next(self, None)
        if header is None:
            raise RecordError(f"{printable(source.name)}: {self.fault or 'is empty; its first row must name the columns'}")
        while header.cells and not header.cells[-1]:
            header.cells.pop()
        self.header = [name.strip() for name in header.cells]

    def __iter__(self) -> WorkbookRows:
        return self

    def __next__(self) -> Cells:
        while True:
            try:
                values = next(self._rows)
            except _DAMAGE:
                self.fault = f"the workbook is damaged: what follows row {self.line} cannot be read"
                raise StopIteration from None
            self._cells -= len(values) + 1
            if self._cells < 0:
                self.fault = f"{TOO_MANY_CELLS}; save it as CSV if it is to be trusted"
                raise StopIteration
            self.line += 1
            cells = [_text(value) for value in values]
            width = len(self.header)
            if width and not any(cells[width:]):  # a sheet is as wide as its widest row
                cells = (cells + [""] * width)[:width]
            if sum(map(len, cells)) > self._most:
                return Cells(self.line, [], too_long(self._most))
            if any(cells):
                return Cells(self.line, cells)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


@contextmanager
def workbook_rows(source: InputSource, reading: Reading) -> Iterator[WorkbookRows]:
    """The rows of the first sheet. Raises RecordError where a file is no workbook, InstallationError without openpyxl."""
    try:
        openpyxl = importlib.import_module("openpyxl")  # an extra that few need
    except ImportError:
        raise InstallationError("workbooks of Excel need openpyxl: pip install 'misstep[excel]'") from None
    name = printable(source.name)
    with opened(source.file) as stream:
        try:
            with ZipFile(stream) as packed:
                sizes = [(entry.file_size, entry.compress_size) for entry in packed.infolist()]
            if any(size > FREELY and size > RATIO * small for size, small in sizes):
                raise RecordError(f"{name}: {UNPACKS_TOO_MUCH}")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        except _DAMAGE:
            raise RecordError(f"{name}: is not a workbook of Excel (*.xlsx), or is truncated or damaged") from None
        try:
            if not book.worksheets:
                raise RecordError(f"{name}: has no sheet with cells")
            yield WorkbookRows(source, book.worksheets[0].iter_rows(values_only=True), reading)
        finally:
            book.close()
