"""A workbook of Excel in; the rows of its first sheet, as those of CSV, out. Needs openpyxl.

Numbers and dates become text as JSON has them, so that cells are read as those of CSV are.
"""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zipfile import BadZipFile

from misstep.batch.inputs.delimited import Cells, Dialect
from misstep.batch.inputs.sources import InputSource
from misstep.batch.parts import Reading
from misstep.errors import InstallationError, RecordError, printable, too_long
from misstep.files import opened


class WorkbookRows:
    """The rows of a sheet that are not empty. ``header``: the first of them; ``line``: the row that was read last."""

    dialect = Dialect(",")

    def __init__(self, source: InputSource, rows: Iterator[tuple[Any, ...]], reading: Reading) -> None:
        self._rows = rows
        self._most = reading.limits.record_bytes
        self.line = 0
        self.header: list[str] = []
        header = next(self, None)
        if header is None:
            raise RecordError(f"{printable(source.name)}: is empty; its first row must name the columns")
        while header.cells and not header.cells[-1]:
            header.cells.pop()
        self.header = [name.strip() for name in header.cells]

    def __iter__(self) -> WorkbookRows:
        return self

    def __next__(self) -> Cells:
        while True:
            values = next(self._rows)
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
    with opened(source.file) as stream:
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        except (BadZipFile, KeyError, ValueError, OSError, openpyxl.utils.exceptions.InvalidFileException):
            raise RecordError(
                f"{printable(source.name)}: is not a workbook of Excel (*.xlsx), or is truncated or damaged"
            ) from None
        try:
            yield WorkbookRows(source, book.worksheets[0].iter_rows(values_only=True), reading)
        finally:
            book.close()
