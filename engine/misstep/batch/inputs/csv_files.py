"""CSV in; parts in the spool out. Its header says which form it has: an interview a row, its facts as JSON, or a fact a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from misstep.batch.inputs.arrow import chosen_columns
from misstep.batch.inputs.delimited import Rows, read_header
from misstep.batch.inputs.interviews import logged_cells
from misstep.batch.inputs.long_form import KIND, check_long, gather_interviews
from misstep.batch.inputs.rows import plan_entries, plan_rows
from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source
from misstep.batch.inputs.spool import Spool, fault_part
from misstep.batch.inputs.streams import Stream
from misstep.batch.parts import Part


def check_csv(source: Source, stream: Stream, reading: Reading) -> None:
    """Raise UsageError or RecordError where the header is not what is meant."""
    header = read_header(source, Rows(source, stream, reading))
    if _is_long(source, header, reading):
        check_long(source, header, reading)
    else:
        chosen_columns(source.name, header, reading)


def plan_csv(source: Source, stream: Stream, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a stream."""
    rows = Rows(source, stream, reading)
    header = read_header(source, rows)
    if _is_long(source, header, reading):
        check_long(source, header, reading)
        entries = gather_interviews(source, header, rows, reading)
        parts = plan_entries(source, entries, "long", reading, spool, lambda: stream.share)
    else:
        columns = chosen_columns(source.name, header, reading)
        parts = plan_rows(source, logged_cells(source, header, columns, rows, reading), reading, spool, lambda: stream.share)
    part = None
    for part in parts:
        yield part
    fault = stream.fault or ("has a header, but no rows" if part is None else "")
    if fault:
        yield fault_part(spool, source, rows.line, fault)


def _is_long(source: Source, header: Sequence[str], reading: Reading) -> bool:
    return source.form == "long-csv" or (reading.facts not in header and KIND in header)
