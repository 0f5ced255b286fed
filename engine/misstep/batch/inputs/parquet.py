"""Parquet files in; parts out, and of a part its rows.

Row groups of usual size are read in place by workers; larger ones are copied row by row into the spool, since each worker would
have to read all of one for a piece of it. Rows come in small batches, so an unpacked file is never in memory as a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq

from misstep.batch.arrow import as_json, decoded, has_words, is_nested, is_text, longest_text, parquet_file, parquet_schema
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.spool import Spool, fault_part, plan_rows
from misstep.batch.inputs.streams import FREELY, RATIO, UNPACKS_TOO_MUCH
from misstep.batch.inputs.table_rows import Columns, choose_columns, logged
from misstep.batch.parts import Logged, Part, Reading, Reject, reject
from misstep.errors import RecordError, UsageError, printable
from misstep.files import opened, place
from misstep.limits import FIXED

BATCH = 1_000  # rows
BATCH_BYTES = 64_000_000  # of one column, where its values are long
FREE_VALUES = FIXED.free_values
"""Beyond these a file has at most as many rows, and facts in lists, as bytes: equal ones take next to none."""
MORE_THAN_BYTES = f"has more rows or facts than bytes, and more than {FREE_VALUES}, the most that are taken of such a file"
_IN_PIECES: dict[str, int] = {"buffer_size": 65_536, "pre_buffer": False}  # of a column chunk, which is not read as a whole

DAMAGE = (pa.ArrowInvalid, pa.ArrowSerializationError, OSError)  # errors of pyarrow about what is in a file


def check_parquet(source: InputSource, reading: Reading) -> None:
    """Raise UsageError or RecordError about a file that cannot be read."""
    _columns(schema_of(source), source, reading)


def schema_of(source: InputSource) -> pa.Schema:
    """The columns of a file. Raises UsageError or RecordError where it cannot be read."""
    name = printable(source.name)
    try:
        return parquet_schema(source.file)
    except pa.ArrowNotImplementedError as error:
        raise UsageError(f"{name}: is Parquet that is not supported here: {printable(str(error))[:200]}") from None
    except DAMAGE:
        raise RecordError(f"{name}: is not a Parquet file, or is truncated or damaged") from None


def plan_parquet(source: InputSource, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a file: row groups, small ones together; large ones as parts in the spool."""
    with parquet_file(source.file) as file:
        metadata = file.metadata
        columns = choose_columns(source.name, file.schema_arrow.names, reading)
    spool.remarks += columns.remarks(source.name)
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    whole = max(sum(sizes), 1)
    first = row = 0  # of the row groups that are gathered
    done = 0
    for group, size in enumerate(sizes[: taken_groups(metadata, columns.names())]):
        bomb = unpacks_too_much(metadata, group, columns.names())
        large = not bomb and (size > 2 * reading.part_rows or _unpacked(source, metadata, group, columns) > BATCH_BYTES)
        if first < group and (large or bomb or done + size - row > reading.part_rows):
            yield _in_place(source, metadata, columns, spool, range(first, group), row + 1, done / whole)
            first, row = group, done
        done += size
        if bomb:
            yield fault_part(spool, source, row + 1, bomb, size)
        elif large:
            rows = _group_rows(source, columns, reading, group, row + 1)
            yield from (replace(part, share=done / whole) for part in plan_rows(source, rows, reading, spool))
        if large or bomb:
            first, row = group + 1, done
    taken = taken_groups(metadata, columns.names())
    if first < taken:
        yield _in_place(source, metadata, columns, spool, range(first, taken), row + 1, done / whole)
    if taken < len(sizes):
        yield fault_part(spool, source, done + 1, MORE_THAN_BYTES, whole - done)


def read_parquet(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    """The rows of a part. A damaged row group gives the rows before the damage, and a reject for the rest."""
    with parquet_file(place(part.path)) as file:
        metadata = file.metadata
        columns = choose_columns(part.name, file.schema_arrow.names, reading)
    row = part.row
    source = InputSource(part.path, part.name, "parquet")
    for group in range(part.start, part.stop):
        yield from _group_rows(source, columns, reading, group, row)
        row += metadata.row_group(group).num_rows


def _columns(schema: pa.Schema, source: InputSource, reading: Reading) -> Columns:
    """The columns that are read. Raises UsageError about wrong types."""
    columns = choose_columns(source.name, schema.names, reading)
    name = printable(source.name)
    type_ = schema.field(columns.facts).type if columns.facts else pa.null()
    if not is_text(type_) and not is_nested(type_) and not pa.types.is_null(type_):
        raise UsageError(f"{name}: the column '{columns.facts}' must be text with JSON, or lists of facts, not {type_}")
    if columns.id and not has_words(type_ := schema.field(columns.id).type):
        raise UsageError(f"{name}: the column '{columns.id}' must be text, a number, true or false, or a time, not {type_}")
    return columns


def _in_place(
    source: InputSource, metadata: pq.FileMetaData, columns: Columns, spool: Spool, groups: range, row: int, share: float
) -> Part:
    digest = hashlib.blake2b(digest_size=16)
    with opened(source.file) as stream:
        for group in groups:
            for chunk in _chunks(metadata, group, columns.names()):
                digest.update(f"{chunk.path_in_schema}:{chunk.num_values}:".encode())
                stream.seek(min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset))))
                left = chunk.total_compressed_size
                while left > 0 and (data := stream.read(min(left, 1_000_000))):
                    digest.update(data)
                    left -= len(data)
    return Part(spool.number(), "parquet", source.path, source.name, groups.start, groups.stop, row, digest.hexdigest(), share)


def _chunks(metadata: pq.FileMetaData, group: int, names: Sequence[str]) -> Iterator[pq.ColumnChunkMetaData]:
    of_group = metadata.row_group(group)
    chunks = (of_group.column(place) for place in range(of_group.num_columns))
    return (chunk for chunk in chunks if _is_of(chunk.path_in_schema, names))


def _is_of(path: str, names: Sequence[str]) -> bool:
    """Whether a path of a file is one of the columns, or something within."""
    return any(path == name or path.startswith(f"{name}.") for name in names)


def taken_groups(metadata: pq.FileMetaData, names: Sequence[str]) -> int:
    """How many row groups are read, by what the file says of itself: those before one with more values than there are bytes so
    far, of the columns of these names."""
    values = size = 0
    for group in range(metadata.num_row_groups):
        chunks = [*_chunks(metadata, group, names)]
        values += max([metadata.row_group(group).num_rows, *(chunk.num_values for chunk in chunks)])
        size += sum(chunk.total_compressed_size for chunk in chunks)
        if values > max(FREE_VALUES, size):
            return group
    return int(metadata.num_row_groups)


def unpacks_too_much(metadata: pq.FileMetaData, group: int, names: Sequence[str]) -> str:
    """The message about a row group that unpacks to too much; empty where it does not."""
    bomb = any(
        chunk.total_uncompressed_size > FREELY and chunk.total_uncompressed_size > RATIO * chunk.total_compressed_size
        for chunk in _chunks(metadata, group, names)
    )
    return f"row group {group + 1} {UNPACKS_TOO_MUCH}" if bomb else ""


def _unpacked(source: InputSource, metadata: pq.FileMetaData, group: int, columns: Columns) -> int:
    """The bytes of a row group in memory, at most: so many values, each as long as the longest."""
    try:
        longest = _longest(source, columns.names(), group)
    except DAMAGE:  # told where it is read
        return 0
    values = [int(chunk.num_values) for chunk in _chunks(metadata, group, columns.names())]
    return longest * max(values, default=0)


def _group_rows(source: InputSource, columns: Columns, reading: Reading, group: int, row: int) -> Iterator[Logged | Reject]:
    """The rows of a row group, of which ``row`` is the first."""
    with parquet_file(source.file) as file:
        last = row + file.metadata.row_group(group).num_rows - 1
    batches = parquet_batches(source, columns.names(), group)
    while True:
        try:
            batch = next(batches, None)
        except DAMAGE:
            yield reject(source.name, row, f"the file is damaged: rows {row} to {last} cannot be read", count=last - row + 1)
            return
        if batch is None:
            return
        facts = as_json(batch.column(columns.facts)) if columns.facts else [None] * len(batch)
        ids = decoded(batch.column(columns.id)) if columns.id else [None] * len(batch)
        kept = zip(*[decoded(batch.column(name)) for name in columns.keep], strict=True) if columns.keep else None
        for text, id_ in zip(facts, ids, strict=True):
            yield logged(source.name, row, text, id_, next(kept) if kept else (), reading)
            row += 1


def parquet_batches(source: InputSource, names: Sequence[str], group: int) -> Iterator[pa.RecordBatch]:
    """The rows of a row group, so many at a time as fit into memory."""
    rows = max(1, min(BATCH, BATCH_BYTES // _longest(source, names, group)))
    with parquet_file(source.file, **_IN_PIECES) as file:
        yield from file.iter_batches(rows, [group], list(names), use_threads=False)


def _longest(source: InputSource, names: Sequence[str], group: int) -> int:
    """The bytes of the longest text of a row group, in its first row or in a dictionary: one of these can make every row long."""
    with parquet_file(source.file) as file:
        leaves = (file.schema.column(place) for place in range(len(file.schema)))
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY" and _is_of(leaf.path, names)]
    with parquet_file(source.file, read_dictionary=texts, **_IN_PIECES) as file:
        for batch in file.iter_batches(1, row_groups=[group], columns=list(names), use_threads=False):
            return max(1, *map(longest_text, batch.columns)) if batch.num_columns else 1
    return 1
