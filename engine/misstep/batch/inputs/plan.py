"""Inputs in; parts out, in a fixed order. Everything that can be seen to be wrong beforehand is, before the first part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from misstep.batch.inputs.csv_files import check_csv, plan_csv
from misstep.batch.inputs.database import check_database, plan_database
from misstep.batch.inputs.lines import plan_file, plan_stream
from misstep.batch.inputs.parquet import check_parquet, plan_parquet
from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source, find_sources
from misstep.batch.inputs.spool import Spool, fault_part
from misstep.batch.inputs.streams import check_stream, is_packed, open_stream
from misstep.batch.parts import Part
from misstep.errors import MisstepError, RecordError, UsageError, printable


def plan_parts(inputs: Sequence[str], reading: Reading) -> Iterator[Part]:
    """The parts of all inputs, as they are asked for.

    Raises UsageError, RecordError or InstallationError before the first part where an input that was named cannot be read. A
    file that was found in a folder or by a pattern and cannot be read becomes a part that says so, and costs the others nothing.
    """
    sources = find_sources(inputs, reading.form)
    faults: dict[Source, str] = {}
    for source in sources:
        try:
            _check(source, reading)
        except MisstepError as error:
            if source.named:
                raise
            faults[source] = error.problems[0].message.removeprefix(f"{printable(source.name)}: ")
    sizes = [_size(source) for source in sources]
    whole, done = (0 if None in sizes else sum(filter(None, sizes))), 0
    spool = Spool(reading.spool)
    for source, size in zip(sources, sizes, strict=True):
        parts = iter([fault_part(spool, source, 1, faults[source])]) if source in faults else _plan(source, reading, spool)
        for part in parts:
            yield replace(part, share=(done + part.share * size) / whole if whole and size else 0.0)
        done += size or 0


def _check(source: Source, reading: Reading) -> None:
    """Raise what is wrong with a source, as far as it can be seen without reading all of it."""
    name = printable(source.name)
    if source.form == "database":
        check_database(source, reading)
    elif source.streamed:
        if source.form == "parquet":
            raise UsageError(f"{name}: Parquet is read from a file only, as it begins at its end")
    else:
        try:
            if not source.file.stat().st_size:
                raise RecordError(f"{name}: is empty")
            if source.form == "parquet":
                check_parquet(source, reading)
            else:
                with open_stream(source) as stream:
                    check_stream(source, stream)
                    if source.form in ("csv", "long-csv"):
                        check_csv(source, stream, reading)
        except OSError as error:
            raise UsageError(f"{name}: cannot be read: {error.strerror}") from None


def _size(source: Source) -> int | None:
    return None if source.form == "database" or source.streamed else source.file.stat().st_size


def _plan(source: Source, reading: Reading, spool: Spool) -> Iterator[Part]:
    if source.form == "database":
        yield from plan_database(source, reading, spool)
    elif source.form == "parquet":
        yield from plan_parquet(source, reading, spool)
    elif source.form == "jsonl" and not source.streamed and not is_packed(source.file):
        yield from plan_file(source, reading, spool)
    else:
        with open_stream(source) as stream:
            if source.streamed:
                check_stream(source, stream)
            yield from (plan_stream if source.form == "jsonl" else plan_csv)(source, stream, reading, spool)
