"""Parquet files in; parts out, and of a part its rows.

Row groups of usual size are read by workers where they lie; larger ones are copied row by row into the spool, as to read one
in pieces is to read it anew for each. Rows come in small batches, so what a file unpacks to is never in memory as a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from operator import truediv
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from misstep.batch.inputs.arrow import Columns, chosen_columns, logged_row, reject
from misstep.batch.inputs.rows import plan_rows
from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source
from misstep.batch.inputs.spool import Spool, fault_part
from misstep.batch.inputs.streams import FREELY, RATIO, UNPACKS_TOO_MUCH
from misstep.batch.parquet_file import parquet_file
from misstep.batch.parts import Logged, Part, Reject
from misstep.batch.texts import decoded, encoded, has_words, is_text
from misstep.errors import RecordError, UsageError, printable
from misstep.files import opened, place

BATCH = 1_000  # rows
BATCH_BYTES = 64_000_000  # of one column, where its values are long
BUFFER = 65_536  # of a column chunk, which is not read as a whole

_FAULTS = (pa.ArrowException, OSError, ValueError)  # what pyarrow says of a file that is damaged


def check_parquet(source: Source, reading: Reading) -> None:
    """Raise UsageError or RecordError where a file cannot be what is meant."""
    try:
        with parquet_file(source.file) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except _FAULTS:
        name = printable(source.name)
        raise RecordError(f"{name}: is no Parquet file, or one that is cut off or damaged") from None
    _columns(schema, source, reading)
    if not rows:
        raise RecordError(f"{printable(source.name)}: has no rows")


def plan_parquet(source: Source, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a file: row groups, small ones together, and what large ones were copied to."""
    with parquet_file(source.file) as file:
        metadata = file.metadata
        columns = chosen_columns(source.name, file.schema_arrow.names, reading)
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    whole = max(sum(sizes), 1)
    first = row = 0  # of the row groups that are gathered
    done = 0
    for group, size in enumerate(sizes):
        large, bomb = size > 2 * reading.part_rows, _unpacks_too_much(metadata, group, columns)
        if first < group and (large or bomb or done + size - row > reading.part_rows):
            yield _in_place(source, metadata, columns, spool, range(first, group), row + 1, done / whole)
            first, row = group, done
        done += size
        if bomb:
            yield fault_part(spool, source, row + 1, f"row group {group + 1} {UNPACKS_TOO_MUCH}")
        elif large:
            rows = _group_rows(source, columns, reading, group, row + 1)
            yield from plan_rows(source, rows, reading, spool, partial(truediv, done, whole))
        if large or bomb:
            first, row = group + 1, done
    if first < len(sizes):
        yield _in_place(source, metadata, columns, spool, range(first, len(sizes)), row + 1, 1.0)


def read_parquet(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    """The rows of a part. Where a row group is damaged, the rows before are given, and a reject for the rest of it."""
    with parquet_file(place(part.path)) as file:
        metadata = file.metadata
        columns = chosen_columns(part.name, file.schema_arrow.names, reading)
    row = part.row
    source = Source(part.path, part.name, "parquet")
    for group in range(part.start, part.stop):
        yield from _group_rows(source, columns, reading, group, row)
        row += metadata.row_group(group).num_rows


def _columns(schema: pa.Schema, source: Source, reading: Reading) -> Columns:
    """The columns that are read. Raises UsageError where they are not what they should be."""
    columns = chosen_columns(source.name, schema.names, reading)
    name = printable(source.name)
    if not is_text(schema.field(columns.facts).type):
        raise UsageError(f"{name}: the column '{columns.facts}' must be text with JSON, not {schema.field(columns.facts).type}")
    for column in columns.names():
        type_ = schema.field(column).type
        if not is_text(type_) and not has_words(type_):
            raise UsageError(f"{name}: the column '{column}' must be text, a number, true or false, or a time, not {type_}")
    return columns


def _in_place(
    source: Source, metadata: pq.FileMetaData, columns: Columns, spool: Spool, groups: range, row: int, share: float
) -> Part:
    digest = hashlib.blake2b(digest_size=16)
    with opened(source.file) as stream:
        for group in groups:
            for chunk in _chunks(metadata, group, columns):
                digest.update(f"{chunk.path_in_schema}:{chunk.num_values}:".encode())
                stream.seek(min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset))))
                left = chunk.total_compressed_size
                while left > 0 and (data := stream.read(min(left, 1_000_000))):
                    digest.update(data)
                    left -= len(data)
    return Part(spool.number(), "parquet", source.path, source.name, groups.start, groups.stop, row, digest.hexdigest(), share)


def _chunks(metadata: pq.FileMetaData, group: int, columns: Columns) -> Iterator[Any]:
    of_group = metadata.row_group(group)
    chunks = (of_group.column(place) for place in range(of_group.num_columns))
    return (chunk for chunk in chunks if chunk.path_in_schema in columns.names())


def _unpacks_too_much(metadata: pq.FileMetaData, group: int, columns: Columns) -> bool:
    return any(
        chunk.total_uncompressed_size > FREELY and chunk.total_uncompressed_size > RATIO * chunk.total_compressed_size
        for chunk in _chunks(metadata, group, columns)
    )


def _group_rows(source: Source, columns: Columns, reading: Reading, group: int, row: int) -> Iterator[Logged | Reject]:
    """The rows of a row group, of which ``row`` is the first."""
    last = row
    try:
        size = _batch_size(source, columns, group)
        with parquet_file(source.file, buffer_size=BUFFER, pre_buffer=False) as file:
            last = row + file.metadata.row_group(group).num_rows - 1
            for batch in file.iter_batches(size, row_groups=[group], columns=list(columns.names()), use_threads=False):
                facts = encoded(batch.column(columns.facts))
                ids = decoded(batch.column(columns.id)) if columns.id else [None] * len(batch)
                kept = zip(*[decoded(batch.column(name)) for name in columns.keep], strict=True) if columns.keep else None
                for text, id_ in zip(facts, ids, strict=True):
                    yield logged_row(source.name, row, text, id_, next(kept) if kept else (), reading)
                    row += 1
    except _FAULTS:
        yield reject(source.name, row, f"the file is damaged: rows {row} to {last} cannot be read")


def _batch_size(source: Source, columns: Columns, group: int) -> int:
    """How many rows are read at a time. A text that stands once in a dictionary can make every row long, so the longest is
    looked up first."""
    with parquet_file(source.file) as file:
        schema = file.schema_arrow
    texts = [name for name in columns.names() if is_text(schema.field(name).type)]
    longest = 1
    with parquet_file(source.file, read_dictionary=texts, buffer_size=BUFFER, pre_buffer=False) as file:
        for batch in file.iter_batches(1, row_groups=[group], columns=texts, use_threads=False):
            for column in batch.columns:
                values = column.dictionary if pa.types.is_dictionary(column.type) else column
                longest = max(longest, pc.max(pc.binary_length(values)).as_py() or 0)
            break
    return max(1, min(BATCH, BATCH_BYTES // longest))
