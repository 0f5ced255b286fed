"""CSV in; parts in the spool, and the interviews of a part, out. The header shows its form.

An interview a row: its facts as JSON, in a column. A fact a row: the interview's id, ``kind``, the fields of the kinds by their
names, and ``fact`` for the ids of facts that others name; an empty cell is a field that is not given, and a row with nothing but
an id is an interview in which nothing happened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

import orjson

from misstep.batch.inputs.delimited import CsvRows, is_utf_8, wrong_width
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.spool import NOT_UTF_8, Spool, SpooledRow, fault_part, plan_entries, plan_rows, read_entries
from misstep.batch.inputs.streams import Stream
from misstep.batch.inputs.table_rows import Columns, choose_columns, logged, logged_row, require_columns
from misstep.batch.parts import Logged, Part, Reading, Reject, reject
from misstep.errors import RecordError, UsageError, printable, suggest
from misstep.language.facts import GIVEN_ROLES, Kind

KIND, FACT = "kind", "fact"

Fields = dict[str, str]


def check_csv(source: InputSource, stream: Stream, reading: Reading) -> None:
    """Raise UsageError or RecordError about a wrong header."""
    _columns(source, CsvRows(source, stream, reading), reading)


def plan_csv(source: InputSource, stream: Stream, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a stream."""
    rows = CsvRows(source, stream, reading)
    columns = _columns(source, rows, reading)
    if columns is None:
        parts = plan_entries(source, _gather_interviews(source, rows, reading), "long", reading, spool)
    else:
        parts = plan_rows(source, _read_interviews(source, columns, rows, reading), reading, spool)
    part = None
    for part in parts:
        yield replace(part, share=stream.share)
    fault = stream.fault or ("has a header, but no rows" if part is None else "")
    if fault:
        yield fault_part(spool, source, rows.line, fault)


def _columns(source: InputSource, rows: CsvRows, reading: Reading) -> Columns | None:
    """The columns that are read; None for a fact a row, where all are read."""
    if source.form == "long-csv" or (reading.facts not in rows.header and KIND in rows.header):
        _check_facts(source, rows.header, reading)
        return None
    return choose_columns(source.name, rows.header, reading)


def _read_interviews(source: InputSource, columns: Columns, rows: CsvRows, reading: Reading) -> Iterator[Logged | Reject]:
    """Every row as an interview, its facts in one of the columns."""
    places = {name: rows.header.index(name) for name in columns.names()}
    for row, cells, wrong in rows:
        if wrong:
            yield reject(source.name, row, wrong)
        elif len(cells) != len(rows.header):
            yield reject(source.name, row, wrong_width(len(cells), len(rows.header)))
        elif not all(is_utf_8(cells[place]) for place in places.values()):
            yield reject(source.name, row, NOT_UTF_8)
        else:
            yield logged_row(source.name, row, columns, {name: cells[at] or None for name, at in places.items()}, reading)


# -- a fact a row


def _check_facts(source: InputSource, header: Sequence[str], reading: Reading) -> None:
    """Raise UsageError where a column is missing, or is no field of any kind."""
    require_columns(source.name, header, tuple(dict.fromkeys([reading.id, KIND, *reading.keep])))
    fields = {name for kind in _given(reading) for field in kind.fields for name in (field.name, *field.was)}
    for column in header:
        if column not in {reading.id, KIND, FACT, *reading.keep, *fields}:
            hint = suggest(column, fields, "; name it among those to keep, if it is none")
            raise UsageError(f"{printable(source.name)}: the column '{column}' is no field of any kind{hint}")
    require_columns(source.name, header, list(dict.fromkeys(header)))


def _gather_interviews(source: InputSource, rows: CsvRows, reading: Reading) -> Iterator[SpooledRow]:
    """The interviews, each with the line that it begins on. They end at a broken quote: the rows after it cannot be told apart.

    Raises RecordError where the rows of an interview do not follow each other: it would be scored in pieces.
    """
    with closing(sqlite3.connect("")) as seen:  # a file of its own that is gone afterwards: ids may be more than memory holds
        seen.execute("CREATE TABLE ids (id TEXT PRIMARY KEY) WITHOUT ROWID")
        gathered: _Gathered | None = None
        for cells in rows:
            if cells.wrong:
                if gathered is not None:
                    yield gathered.entry("a row that may belong to it cannot be read")
                yield SpooledRow(cells.row, f"{cells.wrong}; what follows is not read")
                return
            row = dict(zip(rows.header, cells.cells, strict=False))
            id_ = row.get(reading.id, "")
            if gathered is None or id_ != gathered.id:
                if gathered is not None:
                    yield gathered.entry()
                gathered = _Gathered(id_, cells.row, tuple(row.get(name) or None for name in reading.keep))
                key = id_.encode("utf-8", "surrogateescape")
                if id_ and not seen.execute("INSERT OR IGNORE INTO ids VALUES (CAST(? AS TEXT))", (key,)).rowcount:
                    raise RecordError(
                        f"{printable(source.name)}: line {cells.row} belongs to an interview whose rows stand further up;"
                        f" the rows of one interview must follow each other: sort the file by the column '{reading.id}'"
                    )
            gathered.add(row, len(cells.cells), len(rows.header), reading)
        if gathered is not None:
            yield gathered.entry()


class _Gathered:
    """The rows of one interview."""

    def __init__(self, id_: str, row: int, kept: tuple[str | None, ...]) -> None:
        self.id = id_
        self._row = row
        self._kept = kept
        self._facts: list[Fields] = []
        self._wrong = ""

    def add(self, row: Fields, count: int, expected: int, reading: Reading) -> None:
        """One more row."""
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
            fact = {name: cell for name, cell in row.items() if cell and name not in aside}
            if fact:
                self._facts.append(fact)

    def entry(self, wrong: str = "") -> SpooledRow:
        """The row for the spool; ``wrong``: one more error message."""
        return SpooledRow(self._row, self._wrong or wrong, self.id, self._facts, self._kept)


def read_long(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    """The interviews of a part as records: cells are converted to the types of their fields. A cell of the wrong type stays text;
    the reader of records rejects it."""
    kinds = {
        called: {name: field.form.read for field in kind.fields for name in (field.name, *field.was)}
        for kind in _given(reading)
        for called in (kind.name, *kind.was)
    }
    for entry in read_entries(part):
        if isinstance(entry, Reject):
            yield entry
            continue
        assert isinstance(entry.facts, list)
        facts = [_fact(fact, kinds.get(fact.get(KIND, ""), {})) for fact in entry.facts]
        yield logged(part.name, entry.row, orjson.dumps(facts), entry.id, tuple(entry.kept), reading)


def _given(reading: Reading) -> list[Kind]:
    return [kind for kind in reading.kinds if kind.role in GIVEN_ROLES]


def _fact(cells: Fields, fields: dict[str, Callable[[str, str], object]]) -> dict[str, object]:
    return {"id" if name == FACT else name: fields[name](cell, ";") if name in fields else cell for name, cell in cells.items()}
