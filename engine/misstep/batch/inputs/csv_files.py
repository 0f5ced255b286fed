"""CSV in; parts in the spool out. Its header shows its form: an interview a row, its facts as JSON, or a fact a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from misstep.batch.inputs.delimited import CsvRows, is_utf_8, wrong_width
from misstep.batch.inputs.long_form import KIND, check_long, gather_interviews
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.spool import NOT_UTF_8, Spool, fault_part, plan_entries, plan_rows
from misstep.batch.inputs.streams import Stream
from misstep.batch.inputs.table_rows import Columns, choose_columns, logged_row
from misstep.batch.parts import Logged, Part, Reading, Reject, reject


def check_csv(source: InputSource, stream: Stream, reading: Reading) -> None:
    """Raise CallerError or RecordError about a wrong header."""
    _columns(source, CsvRows(source, stream, reading), reading)


def plan_csv(source: InputSource, stream: Stream, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a stream."""
    rows = CsvRows(source, stream, reading)
    columns = _columns(source, rows, reading)
    if columns is None:
        parts = plan_entries(source, gather_interviews(source, rows, reading), "long", reading, spool)
    else:
        parts = plan_rows(source, _interviews(source, columns, rows, reading), reading, spool)
    part = None
    for part in parts:
        yield replace(part, share=stream.share)
    fault = stream.fault or ("has a header, but no rows" if part is None else "")
    if fault:
        yield fault_part(spool, source, rows.line, fault)


def _columns(source: InputSource, rows: CsvRows, reading: Reading) -> Columns | None:
    """The columns that are read; None for a fact a row, where all are read."""
    if source.form == "long-csv" or (reading.facts not in rows.header and KIND in rows.header):
        check_long(source, rows.header, reading)
        return None
    return choose_columns(source.name, rows.header, reading)


def _interviews(source: InputSource, columns: Columns, rows: CsvRows, reading: Reading) -> Iterator[Logged | Reject]:
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
