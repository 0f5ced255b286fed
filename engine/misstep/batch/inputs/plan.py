"""Inputs of all formats in; their parts out, in a fixed order, and the logged interviews of a part.

What can be checked beforehand is checked before the first part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from misstep.batch.inputs.csv_files import check_csv, check_workbook, plan_csv, plan_workbook
from misstep.batch.inputs.database import check_database, plan_database
from misstep.batch.inputs.json_files import is_document, plan_json
from misstep.batch.inputs.lines import plan_file, plan_stream, read_lines
from misstep.batch.inputs.mapped_rows import RawRow, plan_mapped, raw_rows
from misstep.batch.inputs.parquet import check_parquet, plan_parquet, read_parquet
from misstep.batch.inputs.sources import InputSource, check_whole, find_sources
from misstep.batch.inputs.spool import Spool, fault_part, read_rows
from misstep.batch.inputs.streams import check_stream, open_stream
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.parts import InputForm, Logged, Part, Reading, Reject, SourceRemark, reject
from misstep.errors import MisstepError, UsageError, printable

if TYPE_CHECKING:
    from misstep.batch.mapping.row_mapping import RowMapping


def plan_parts(
    inputs: Sequence[str],
    reading: Reading,
    remarks: list[SourceRemark] | None = None,
    mapping: RowMapping | None = None,
    coverage: LogCoverage | None = None,
) -> Iterator[Part]:
    """The parts of all inputs, on demand. ``remarks``, if given, has a remark added for what was found out about an input; with a
    ``mapping``, ``coverage`` counts what became of the rows.

    Raises UsageError, RecordError or InstallationError before the first part where an input that was named cannot be read. A
    file of a folder or pattern that cannot be read becomes a part with this fault, and the others are read.
    """
    said: list[SourceRemark] = [] if remarks is None else remarks
    sources = find_sources(inputs, reading.form, said)
    if (reading.delimiter or reading.decimal) and not any(source.form in ("csv", "long-csv") for source in sources):
        raise UsageError("delimiter and decimal say how the cells of CSV stand, and no input is CSV; remove them")
    faults: dict[InputSource, str] = {}
    for source in sources:
        try:
            if mapping is None:
                _check(source, _without(source.keys, source.form, reading))
            else:
                _check_mapped(source, mapping, reading)
        except MisstepError as error:
            if source.named:
                raise
            faults[source] = error.problems[0].message.removeprefix(f"{printable(source.name)}: ")
    sizes = [_size(source) for source in sources]
    whole, done = (0 if None in sizes else sum(filter(None, sizes))), 0
    spool = Spool(reading.spool, said)
    for source, size in zip(sources, sizes, strict=True):
        keys = tuple((name, value) for name, value in source.keys if name in reading.keep)
        if source in faults:
            parts = iter([fault_part(spool, source, 1, faults[source])])
        elif mapping is not None:
            keys = ()  # a column of the mapping, as any other
            parts = plan_mapped(source, mapping, LogCoverage() if coverage is None else coverage, reading, spool)
        else:
            parts = _plan(source, _without(keys, source.form, reading), spool)
        for part in parts:
            yield replace(part, share=(done + part.share * size) / whole if whole and size else 0.0, keys=keys)
        done += size or 0


def rows_of(inputs: Sequence[str], reading: Reading, mapping: RowMapping | None = None) -> Iterator[RawRow]:
    """The rows of all inputs as they stand there, without the columns that a mapping ignores. Raises as ``plan_parts``."""
    for source in find_sources(inputs, reading.form, []):
        with raw_rows(source, mapping, reading, [], []) as rows:
            yield from rows


def _check(source: InputSource, reading: Reading) -> None:
    """Raise an error about a source, as far as one can be found without reading all of it."""
    name = printable(source.name)
    if source.form == "database":
        check_database(source, reading)
        return
    try:
        check_whole(source)
        if not source.streamed:
            if source.form == "parquet":
                check_parquet(source, reading)
            elif source.form == "xlsx":
                check_workbook(source, reading)
            else:
                with open_stream(source, reading) as stream:
                    check_stream(source, stream)
                    if source.form in ("csv", "long-csv"):
                        check_csv(source, stream, reading)
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror}") from None


def _check_mapped(source: InputSource, mapping: RowMapping, reading: Reading) -> None:
    """The same where rows are mapped: the first of them is read."""
    if source.form != "database" and source.streamed:
        return
    try:
        with raw_rows(source, mapping, reading, [], []) as rows:
            next(rows, None)
    except OSError as error:
        raise UsageError(f"{printable(source.name)}: cannot be read: {error.strerror}") from None


def _size(source: InputSource) -> int | None:
    return None if source.form == "database" or source.streamed else source.file.stat().st_size


def _plan(source: InputSource, reading: Reading, spool: Spool) -> Iterator[Part]:
    if source.form == "database":
        yield from plan_database(source, reading, spool)
    elif source.form == "parquet":
        yield from plan_parquet(source, reading, spool)
    elif source.form == "xlsx":
        yield from plan_workbook(source, reading, spool)
    else:
        with open_stream(source, reading) as stream:
            if source.streamed:
                check_stream(source, stream)
            spool.remarks += stream.remarks
            if source.form in ("csv", "long-csv"):
                yield from plan_csv(source, stream, reading, spool)
            elif source.form == "json" or is_document(stream.head):
                yield from plan_json(source, stream, reading, spool)
            elif source.streamed or stream.packing or stream.encoding != "utf-8":
                yield from plan_stream(source, stream, reading, spool)
            else:
                yield from plan_file(source, reading, spool)


Keys = tuple[tuple[str, str | None], ...]


def _without(keys: Keys, form: InputForm, reading: Reading) -> Reading:
    """How a table is read whose folders say some of its columns. A line of JSON may have them too; they are taken out of it."""
    if not keys or form in ("jsonl", "json"):
        return reading
    return replace(reading, keep=tuple(name for name in reading.keep if name not in dict(keys)))


def read_part(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    """The logged interviews of a part, in order, with a reject in place of a record that cannot be read. Workers run this."""
    keys = dict(part.keys)
    inner = reading if part.storage == "lines" or not keys else _without(part.keys, "parquet", reading)
    for read in _read_part(part, inner):
        if not keys or isinstance(read, Reject):
            yield read
            continue
        names = reading.keep if len(read.kept) == len(reading.keep) else inner.keep
        values = dict(zip(names, read.kept, strict=True)) | keys
        yield read._replace(kept=tuple(values[name] for name in reading.keep))


def _read_part(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    if part.fault:
        yield reject(part.name, part.row, part.fault, count=part.stop)
    elif part.storage == "lines":
        yield from read_lines(part, reading)
    elif part.storage == "parquet":
        yield from read_parquet(part, reading)
    else:
        yield from read_rows(part)
