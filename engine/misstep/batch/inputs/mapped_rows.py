"""A source of any format and a mapping in; parts in the spool out. Rows are mapped where parts are planned, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import orjson

from misstep.batch.arrow import parquet_file, rows_of_batch
from misstep.batch.databases import connected, read_url
from misstep.batch.inputs.csv_files import Rows
from misstep.batch.inputs.database import QueryTexts, database_rows, is_cut
from misstep.batch.inputs.delimited import CsvRows, is_blank, wrong_width
from misstep.batch.inputs.json_files import JsonValues, find_list, is_document
from misstep.batch.inputs.parquet import DAMAGE, MORE_THAN_BYTES, parquet_batches, schema_of, taken_groups, unpacks_too_much
from misstep.batch.inputs.sources import InputSource, check_whole
from misstep.batch.inputs.spool import NOT_UTF_8, Spool, fault_part, plan_rows
from misstep.batch.inputs.streams import Stream, check_stream, open_stream
from misstep.batch.inputs.table_rows import logged
from misstep.batch.inputs.workbooks import workbook_rows
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.parts import Logged, Part, Reading, Reject, SourceRemark, reject
from misstep.errors import UsageError, did_you_mean, listing, printable, too_long
from misstep.files import is_utf_8

if TYPE_CHECKING:
    from misstep.batch.mapping.row_mapping import RowMapping


class RawRow(NamedTuple):
    """A row of a log: its number from 1, its values by column, or what is wrong with it."""

    row: int
    values: Mapping[str, object]
    wrong: str = ""


class _Ended(NamedTuple):
    """Where a source ended before its end, and why."""

    row: int
    fault: str


def plan_mapped(
    source: InputSource, mapping: RowMapping, coverage: LogCoverage, reading: Reading, spool: Spool
) -> Iterator[Part]:
    """The parts of a source."""
    ends: list[_Ended] = []
    with raw_rows(source, mapping, reading, ends, spool.remarks) as rows:
        yield from plan_rows(source, _mapped(source, rows, mapping, coverage, reading), reading, spool)
    for end in ends:
        yield fault_part(spool, source, end.row, end.fault)


def _mapped(
    source: InputSource, rows: Iterator[RawRow], mapping: RowMapping, coverage: LogCoverage, reading: Reading
) -> Iterator[Logged | Reject]:
    keys = dict(source.keys)
    for row, values, wrong in rows:
        if wrong:
            yield reject(source.name, row, wrong)
            continue
        told = {**keys, **values}
        notes: tuple[str | None, ...] = ()
        if reading.notes is not None:
            note = told.get(reading.notes) if reading.notes in mapping.sources else told.pop(reading.notes, None)
            notes = (note if isinstance(note, str) else None,)
        made = mapping.record(told, coverage)
        yield logged(source.name, row, orjson.dumps(made.facts), made.id, (*made.kept, *notes), reading)


@contextmanager
def raw_rows(
    source: InputSource, mapping: RowMapping | None, reading: Reading, ends: list[_Ended], remarks: list[SourceRemark]
) -> Iterator[Iterator[RawRow]]:
    """The rows of a source, with the columns that a mapping does not ignore, or all. ``ends`` gets where it ended before its end,
    ``remarks`` how it was read.

    Raises UsageError or RecordError where it cannot be read, or lacks a column.
    """
    check_whole(source)
    if source.form == "database":
        database = read_url(source.path)
        with connected(database) as cursor:
            names, texts = database_rows(cursor, database, lambda there: _wanted(source, there, mapping, reading), reading)
            yield _of_database(names, texts, ends, reading)
    elif source.form == "parquet":
        yield _of_parquet(source, _wanted(source, schema_of(source).names, mapping, reading), ends)
    elif source.form == "xlsx":
        with workbook_rows(source, reading) as sheet:
            yield _of_table(sheet, _wanted(source, sheet.header, mapping, reading), reading)
    else:
        with open_stream(source, reading) as stream:
            check_stream(source, stream)
            remarks += stream.remarks
            yield _of_stream(source, stream, mapping, reading, ends, remarks)


def _wanted(source: InputSource, there: Sequence[str], mapping: RowMapping | None, reading: Reading) -> list[str]:
    """The columns of a table to read. Raises UsageError where one is not there that the mapping names, or that holds notes."""
    if mapping is None:
        return list(there)
    notes = () if reading.notes is None else (reading.notes,)
    for column in (*mapping.sources, *notes):
        if column not in there and column not in dict(source.keys):
            hint = did_you_mean(column, there, f"; there are {listing(there)}")
            which = "which the mapping reads" if column in mapping.sources else "whose notes are to be read"
            raise UsageError(f"{printable(source.name)}: has no column '{column}', {which}{hint}")
        if list(there).count(column) > 1:
            raise UsageError(f"{printable(source.name)}: has the column '{column}' twice")
    return [column for column in there if column in notes or not mapping.ignores(column)]


def _of_stream(
    source: InputSource,
    stream: Stream,
    mapping: RowMapping | None,
    reading: Reading,
    ends: list[_Ended],
    remarks: list[SourceRemark],
) -> Iterator[RawRow]:
    last = 0
    if source.form in ("csv", "long-csv"):
        if not is_blank(stream.head):
            rows = CsvRows(source, stream, reading)
            remarks += rows.remarks
            yield from _of_table(rows, _wanted(source, rows.header, mapping, reading), reading)
            last = rows.line
    elif source.form == "json" or is_document(stream.head):
        listed = find_list(stream.head)
        remarks += listed.remarks(source.name)
        values = JsonValues(stream.buffered, reading.limits.record_bytes, listed.start)
        for value in values:
            yield _parsed(values.count, value, reading)
        last = values.count
        if values.fault and listed.start:
            ends.append(_Ended(last + 1, values.fault))
    else:
        for last, line in enumerate(_lines(stream, reading.limits.record_bytes), start=1):
            if line is None or line.strip():
                yield _parsed(last, line, reading)
    if stream.fault:
        ends.append(_Ended(last + 1, stream.fault))


def _lines(stream: Stream, most: int) -> Iterator[bytes | None]:
    """The lines of a stream; None for one of more than ``most`` bytes."""
    while line := stream.buffered.readline(most + 2):
        long = len(line.rstrip(b"\r\n")) > most
        while long and line and not line.endswith(b"\n"):
            line = stream.buffered.readline(65_536)
        yield None if long else line


def _parsed(row: int, value: bytes | None, reading: Reading) -> RawRow:
    if value is None:
        return RawRow(row, {}, too_long(reading.limits.record_bytes))
    try:
        found = orjson.loads(value.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        return RawRow(
            row, {}, f"not valid JSON: {error.msg}" if is_utf_8(value.decode("utf-8", "surrogateescape")) else NOT_UTF_8
        )
    return RawRow(row, found) if isinstance(found, dict) else RawRow(row, {}, "must be an object with a value for each column")


def _of_table(rows: Rows, wanted: Sequence[str], reading: Reading) -> Iterator[RawRow]:
    places = {name: rows.header.index(name) for name in wanted}
    nothing = {"", *reading.null}
    for row, cells, wrong in rows:
        if wrong or len(cells) != len(rows.header):
            yield RawRow(row, {}, wrong or wrong_width(len(cells), len(rows.header)))
            continue
        values = {name: cells[place] for name, place in places.items() if cells[place] not in nothing}
        yield RawRow(row, values) if all(map(is_utf_8, values.values())) else RawRow(row, {}, NOT_UTF_8)


def _of_parquet(source: InputSource, wanted: Sequence[str], ends: list[_Ended]) -> Iterator[RawRow]:
    """Rows of Parquet; columns with lists or records as JSON."""
    row = 0
    with parquet_file(source.file) as file:
        metadata = file.metadata
    taken = taken_groups(metadata, wanted)
    for group in range(taken):
        fault = unpacks_too_much(metadata, group, wanted)
        batches = parquet_batches(source, wanted, group)
        while not fault:
            try:
                batch = next(batches, None)
            except DAMAGE:
                fault = "the file is damaged: what follows cannot be read"
                break
            if batch is None:
                break
            for values in rows_of_batch(batch):
                row += 1
                yield RawRow(row, values)
        if fault:
            ends.append(_Ended(row + 1, fault))
            return
    if taken < metadata.num_row_groups:
        ends.append(_Ended(row + 1, MORE_THAN_BYTES))


def _of_database(names: Sequence[str], texts: QueryTexts, ends: list[_Ended], reading: Reading) -> Iterator[RawRow]:
    for text in texts:
        try:
            values = dict(zip(names, orjson.loads(text), strict=True))
        except orjson.JSONDecodeError:
            yield RawRow(texts.row, {}, NOT_UTF_8)
        else:
            wrong = too_long(reading.limits.record_bytes) if is_cut(values, reading) else ""
            yield RawRow(texts.row, {} if wrong else values, wrong)
    if texts.fault:
        ends.append(_Ended(texts.row + 1, texts.fault))
