"""Scored tables in; the bytes of a file out: workers write its parts, one process joins them in their order."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO, Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from misstep.batch.arrow import parquet_file
from misstep.batch.seen_ids import SeenIds, digests
from misstep.errors import UsageError, did_you_mean, printable
from misstep.files import opened

OutputForm = Literal["parquet", "jsonl", "csv"]
ENDINGS: dict[str, OutputForm] = {".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
ROWS, BYTES = 100_000, 1 << 26  # of a row group in the whole Parquet file, whichever comes first


def form_of(output: Path) -> OutputForm:
    """The form of an output by its ending. Raises UsageError."""
    form = ENDINGS.get(output.suffix.lower())
    if form is None:
        known = "; it is one of *.parquet, *.jsonl (JSON lines) and *.csv"
        hint = did_you_mean(output.suffix.lower(), ENDINGS, known)
        raise UsageError(f"{printable(str(output))}: unsupported file extension{hint}")
    return form


def write_part(table: pa.Table, stream: IO[bytes], form: OutputForm) -> None:
    """Write a part of a table, to be joined with others."""
    if form == "parquet":
        pq.write_table(table, stream, compression="zstd")
        return
    columns = [column.to_pylist() for column in table.columns]
    if form == "jsonl":
        names = table.schema.names
        stream.writelines(
            orjson.dumps(dict(zip(names, row, strict=True)), option=orjson.OPT_APPEND_NEWLINE)
            for row in zip(*columns, strict=True)
        )
        return
    text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    csv.writer(text).writerows([csv_cell(value) for value in row] for row in zip(*columns, strict=True))
    text.detach()


def join_parts(parts: Iterable[Path], schema: pa.Schema, stream: IO[bytes], form: OutputForm) -> None:
    """Write a whole file from its parts. ``schema``: with the metadata of the file."""
    if form == "parquet":
        with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            for table in _tables_of(parts):
                writer.write_table(table.cast(schema), row_group_size=len(table))
        return
    if form == "csv":
        header = io.StringIO(newline="")
        csv.writer(header).writerow(schema.names)
        stream.write(header.getvalue().encode())
    join_bytes(parts, stream)


def join_bytes(parts: Iterable[Path], stream: IO[bytes]) -> None:
    """Concatenate files."""
    for part in parts:
        with opened(part) as source:
            shutil.copyfileobj(source, stream, 1 << 20)


def join_once(parts: Iterable[Path], stream: IO[bytes]) -> None:
    """Concatenate files of lines; of equal lines the first."""
    with closing(SeenIds()) as seen:
        for part in parts:
            with opened(part) as source:
                stream.writelines(line for line in source if seen.add(digests([line.decode()]))[0])


def _tables_of(parts: Iterable[Path]) -> Iterator[pa.Table]:
    """Parts joined to tables of about ``ROWS`` rows or ``BYTES``, none of them empty."""
    held: list[pa.Table] = []
    for part in parts:
        with parquet_file(part) as file:
            held.append(file.read())
        if sum(map(len, held)) >= ROWS or sum(table.nbytes for table in held) >= BYTES:
            yield pa.concat_tables(held)
            held = []
    if any(map(len, held)):
        yield pa.concat_tables(held)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: object) -> object:
    """A value as a cell: lists with semicolons, booleans as in JSON, text escaped that a spreadsheet would take for a formula."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, Sequence) else value
