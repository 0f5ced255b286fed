"""CSV or a workbook in; parts in the spool, and the interviews of a part, out. The header shows its form.

An interview a row: its facts as JSON, in a column. A fact a row: the interview's id, ``kind``, the fields of the kinds by their
names, and ``fact`` for the ids of facts that others name; an empty cell is a field that is not given, and a row with nothing but
an id is an interview in which nothing happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import orjson

from misstep.batch.inputs.cell_text import SeemsNull, read_cell
from misstep.batch.inputs.delimited import KIND, CsvRows, is_blank, wrong_width
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.spool import NOT_UTF_8, Spool, fault_part, plan_rows
from misstep.batch.inputs.streams import Stream
from misstep.batch.inputs.table_rows import Columns, choose_columns, logged, logged_row, require_columns
from misstep.batch.inputs.workbooks import WorkbookRows, workbook_rows
from misstep.batch.parts import EVERY, Decimal, Logged, Part, Reading, Reject, reject
from misstep.errors import RecordError, UsageError, did_you_mean, printable
from misstep.files import is_utf_8
from misstep.language.facts import GIVEN_ROLES, Field, Kind

FACT = "fact"

Rows = CsvRows | WorkbookRows
FactCells = dict[str, str]


def check_csv(source: InputSource, stream: Stream, reading: Reading) -> None:
    """Raise UsageError or RecordError about a wrong header."""
    if not is_blank(stream.head):
        _columns(source, CsvRows(source, stream, reading), reading)


def check_workbook(source: InputSource, reading: Reading) -> None:
    """The same of a workbook, which may also be none."""
    with workbook_rows(source, reading) as rows:
        _columns(source, rows, reading)


def plan_workbook(source: InputSource, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a workbook."""
    with workbook_rows(source, reading) as rows:
        yield from plan_rows(source, _read(source, rows, reading, spool), reading, spool)
        if rows.fault:
            yield fault_part(spool, source, rows.line + 1, rows.fault)


def plan_csv(source: InputSource, stream: Stream, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a stream; none of one in which there is nothing, not even a header."""
    if is_blank(stream.head):
        return
    rows = CsvRows(source, stream, reading)
    spool.remarks += rows.remarks
    for part in plan_rows(source, _read(source, rows, reading, spool), reading, spool):
        yield replace(part, share=stream.share)
    if stream.fault:
        yield fault_part(spool, source, rows.line, stream.fault)


def _read(source: InputSource, rows: Rows, reading: Reading, spool: Spool) -> Iterator[Logged | Reject]:
    """The interviews of either form; the spool has a remark on columns that are not read."""
    columns = _columns(source, rows, reading)
    if columns is None:
        return _gather_interviews(source, rows, reading)
    spool.remarks += columns.remarks(source.name)
    return _read_interviews(source, columns, rows, reading)


def _columns(source: InputSource, rows: Rows, reading: Reading) -> Columns | None:
    """The columns that are read; None for a fact a row, where all are read."""
    if source.form == "long-csv" or (reading.facts not in rows.header and KIND in rows.header):
        _check_facts(source, rows.header, reading)
        return None
    return choose_columns(source.name, rows.header, reading)


def _read_interviews(source: InputSource, columns: Columns, rows: Rows, reading: Reading) -> Iterator[Logged | Reject]:
    """Every row as an interview, its facts in one of the columns."""
    places = {name: rows.header.index(name) for name in columns.names()}
    nothing = {"", *reading.null}
    for row, cells, wrong in rows:
        if wrong:
            yield reject(source.name, row, wrong)
            continue
        values = {name: cells[at] for name, at in places.items() if at < len(cells) and cells[at] not in nothing}
        id_ = values.get(columns.id or "")
        if not all(map(is_utf_8, values.values())):
            yield reject(source.name, row, NOT_UTF_8, id_ if id_ and is_utf_8(id_) else None)
        elif len(cells) != len(rows.header):
            yield reject(source.name, row, wrong_width(len(cells), len(rows.header)))
        else:
            yield logged_row(source.name, row, columns, {name: values.get(name) for name in places}, reading)


# -- a fact a row


def _check_facts(source: InputSource, header: Sequence[str], reading: Reading) -> None:
    """Raise UsageError where a column is missing, or is no field of any kind."""
    require_columns(source.name, header, tuple(dict.fromkeys([reading.id, KIND, *reading.keep])))
    fields = {name for kind in _given(reading) for field in kind.fields for name in (field.name, *field.was)}
    known = {reading.id, KIND, FACT, *reading.keep, *fields}
    read = [column for column in header if column not in reading.ignore and (column in known or EVERY not in reading.ignore)]
    for column in read:
        if column not in known:
            hint = did_you_mean(column, fields, "; --keep carries it along, --ignore leaves it out")
            raise UsageError(f"{printable(source.name)}: the column '{column}' is no field of any kind{hint}")
    require_columns(source.name, read, list(dict.fromkeys(read)))


def _gather_interviews(source: InputSource, rows: Rows, reading: Reading) -> Iterator[Logged | Reject]:
    """The interviews, each with the line that it begins on. A row that cannot be read costs the interview that it stands in, or
    those before and after it: it may belong to either.

    Raises RecordError where the rows of an interview do not follow each other: it would be scored in pieces.
    """
    kinds = {
        called: {name: field for field in kind.fields for name in (field.name, *field.was)}
        for kind in _given(reading)
        for called in (kind.name, *kind.was)
    }
    nothing = {"", *reading.null}
    read = {reading.id, KIND, FACT, *reading.keep, *(name for fields in kinds.values() for name in fields)} - {*reading.ignore}
    header = [name if name in read else "" for name in rows.header]
    with closing(sqlite3.connect("")) as seen:  # a file of its own that is gone afterwards: ids may be more than memory holds
        seen.execute("CREATE TABLE ids (id TEXT PRIMARY KEY) WITHOUT ROWID")
        gathered: _Gathered | None = None
        rejected: str | None = None  # the interview before a row that cannot be read
        unsure = ""
        for cells in rows:
            if cells.wrong:
                unsure = "a row that may belong to it cannot be read"
                if gathered is not None:
                    yield gathered.logged(source.name, reading, unsure)
                    rejected, gathered = gathered.id, None
                yield reject(source.name, cells.row, cells.wrong)
                continue
            row = {name: cell for name, cell in zip(header, cells.cells, strict=False) if name and cell not in nothing}
            id_ = row.get(reading.id, "")
            if id_ == rejected:
                unsure = ""
                continue
            if gathered is None or id_ != gathered.id:
                if gathered is not None:
                    yield gathered.logged(source.name, reading)
                kept = tuple(row.get(name) for name in reading.keep)
                gathered = _Gathered(id_, cells.row, kept, kinds, rows.dialect.decimal, unsure)
                rejected, unsure = None, ""
                key = id_.encode("utf-8", "surrogateescape")
                if id_ and not seen.execute("INSERT OR IGNORE INTO ids VALUES (CAST(? AS TEXT))", (key,)).rowcount:
                    raise RecordError(
                        f"{printable(source.name)}: line {cells.row} belongs to an interview whose rows stand further up;"
                        f" the rows of one interview must follow each other: sort the file by the column '{reading.id}'"
                    )
            gathered.add(row, len(cells.cells), len(rows.header), reading)
        if gathered is not None:
            yield gathered.logged(source.name, reading)


class _Gathered:
    """The rows of one interview. ``kinds``: the fields of each kind; ``decimal``: of its numbers; ``wrong``: why it is rejected,
    whatever its rows are."""

    def __init__(
        self,
        id_: str,
        row: int,
        kept: tuple[str | None, ...],
        kinds: dict[str, dict[str, Field]],
        decimal: Decimal,
        wrong: str = "",
    ) -> None:
        self.id = id_
        self._row = row
        self._kept = kept
        self._kinds = kinds
        self._decimal = decimal
        self._facts: list[dict[str, object]] = []
        self._wrong = wrong

    def add(self, row: FactCells, count: int, expected: int, reading: Reading) -> None:
        """One more row, without the cells that say nothing."""
        if count != expected:
            self._wrong = self._wrong or f"one of its rows {wrong_width(count, expected)}"
        elif not self.id:
            self._wrong = f"the column '{reading.id}' is empty; it must say which interview the fact is of"
        elif not all(map(is_utf_8, row.values())):
            self._wrong = self._wrong or NOT_UTF_8
        elif len(self._facts) >= reading.limits.facts:
            self._wrong = self._wrong or f"has more than {reading.limits.facts} facts, the most that are taken"
        else:
            aside = {reading.id, *reading.keep}
            cells = {name: cell for name, cell in row.items() if name not in aside}
            if cells:
                self._facts.append(self._fact(cells))

    def _fact(self, cells: FactCells) -> dict[str, object]:
        """A fact. A cell of the wrong type stays text; the reader of records rejects it."""
        fields = self._kinds.get(cells.get(KIND, ""), {})
        fact: dict[str, object] = {}
        for name, cell in cells.items():
            try:
                value = read_cell(fields[name], cell, self._decimal) if name in fields else cell
            except SeemsNull:
                self._wrong = self._wrong or f"the column '{name}' has no value of its type; --null names texts that say nothing"
            else:
                fact["id" if name == FACT else name] = value
        return fact

    def logged(self, name: str, reading: Reading, wrong: str = "") -> Logged | Reject:
        """The interview; ``wrong``: one more error message."""
        if message := self._wrong or wrong:
            return reject(name, self._row, message, self.id if is_utf_8(self.id) else None)
        return logged(name, self._row, orjson.dumps(self._facts), self.id, self._kept, reading)


def _given(reading: Reading) -> list[Kind]:
    return [kind for kind in reading.kinds if kind.role in GIVEN_ROLES]
