"""Parquet files and columns of Arrow: a file opened, wherever it lies; a column of any type as text, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from misstep.files import is_remote, is_utf_8, opened

_TEXTS = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view())
_LISTS = (
    pa.types.is_list,
    pa.types.is_large_list,
    pa.types.is_fixed_size_list,
    pa.types.is_list_view,
    pa.types.is_large_list_view,
)


@contextmanager
def parquet_file(path: Path, **options: object) -> Iterator[pq.ParquetFile]:
    """A Parquet file, to be read; one of this machine is opened by pyarrow itself."""
    if not is_remote(path) and is_utf_8(str(path)):  # pyarrow takes no other names
        with pq.ParquetFile(path, **options) as file:
            yield file
        return
    with opened(path) as stream, pq.ParquetFile(stream, **options) as file:
        yield file


def parquet_schema(path: Path) -> pa.Schema:
    """The columns of a Parquet file."""
    with parquet_file(path) as file:
        return file.schema_arrow


def stored_type(type_: pa.DataType) -> pa.DataType:
    """The type of values themselves: what an extension type is made of, what stands in a dictionary. A UUID stays one."""
    while not _is_uuid(type_):
        if isinstance(type_, pa.BaseExtensionType):
            type_ = type_.storage_type
        elif pa.types.is_dictionary(type_) or pa.types.is_run_end_encoded(type_):
            type_ = type_.value_type
        else:
            break
    return type_


def stored(column: pa.Array) -> pa.Array:
    """A column as its ``stored_type``."""
    while not _is_uuid(column.type):
        if isinstance(column.type, pa.BaseExtensionType):
            column = column.storage
        elif pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        elif pa.types.is_run_end_encoded(column.type):
            column = pc.run_end_decode(column)
        else:
            break
    return column


def _is_uuid(type_: pa.DataType) -> bool:
    return getattr(type_, "extension_name", "") == "arrow.uuid"


def _is_json(type_: pa.DataType) -> bool:
    return getattr(type_, "extension_name", "") == "arrow.json"


def is_text(type_: pa.DataType) -> bool:
    """Whether values of a type are text, or bytes that may be."""
    return stored_type(type_) in _TEXTS


def is_list(type_: pa.DataType) -> bool:
    """Whether values of a type are lists."""
    return any(check(type_) for check in _LISTS)


def is_nested(type_: pa.DataType) -> bool:
    """Whether values of a type are records, or lists of facts; a list that is nowhere filled is one of nulls."""
    type_ = stored_type(type_)
    if is_list(type_):
        if _is_json(type_.value_type):
            return True
        type_ = stored_type(type_.value_type)
        return bool(pa.types.is_null(type_) or pa.types.is_struct(type_) or pa.types.is_map(type_))
    return bool(pa.types.is_struct(type_) or pa.types.is_map(type_))


def has_words(type_: pa.DataType) -> bool:
    """Whether values of a type are single ones, which can be written as text."""
    type_ = stored_type(type_)
    return not (is_list(type_) or pa.types.is_struct(type_) or pa.types.is_map(type_))


def longest_text(column: pa.Array) -> int:
    """The bytes of the longest text anywhere in a column; one that stands in a dictionary once is looked at once."""
    type_ = column.type
    if isinstance(type_, pa.BaseExtensionType):
        return longest_text(column.storage)
    if pa.types.is_dictionary(type_):
        return longest_text(column.dictionary)
    if pa.types.is_map(type_):
        return max(longest_text(column.keys), longest_text(column.items))
    if pa.types.is_struct(type_):
        return max([longest_text(column.field(place)) for place in range(type_.num_fields)], default=0)
    if is_list(type_):
        return longest_text(column.values)
    return (pc.max(pc.binary_length(column.cast(pa.large_binary()))).as_py() or 0) if type_ in _TEXTS else 0


def encoded(column: pa.Array) -> list[bytes | None]:
    """Text as bytes, not checked for UTF-8."""
    texts: list[bytes | None] = stored(column).cast(pa.large_binary()).to_pylist()
    return texts


def decoded(column: pa.Array) -> list[str | None]:
    """Text, or values of any type written as text; lists and records as JSON."""
    if is_text(column.type):
        return [None if text is None else text.decode(errors="replace") for text in encoded(column)]
    column = stored(column)
    if not _is_uuid(column.type) and not pa.types.is_fixed_size_binary(column.type):
        try:
            texts: list[str | None] = column.cast(pa.string()).to_pylist()
            return texts
        except pa.ArrowNotImplementedError:  # nested types, and some others
            pass
    return [None if value is None else _text_of(value) for value in column.to_pylist()]


def records_of(column: pa.Array) -> list[Any]:
    """Text as bytes, which is JSON; records and lists of facts as data. A list may hold its facts as JSON."""
    if is_text(column.type):
        return encoded(column)
    column = stored(column)
    values = column.to_pylist()
    if is_list(column.type) and _is_json(column.type.value_type):
        lists = ([text or "null" for text in value or ()] for value in values)
        return [None if value is None else f"[{','.join(texts)}]".encode() for value, texts in zip(values, lists, strict=True)]
    return [_plain(value) for value in values]


def as_json(column: pa.Array) -> list[bytes | None]:
    """The same, all of it as JSON."""
    return [value if value is None or isinstance(value, bytes) else _dumped(value) for value in records_of(column)]


def rows_of_batch(batch: pa.RecordBatch) -> Iterator[dict[str, str | None]]:
    """The rows of a batch: values as text, lists and records as JSON."""
    columns = [
        decoded(column) if has_words(column.type) else [None if text is None else text.decode() for text in as_json(column)]
        for column in batch.columns
    ]
    for values in zip(*columns, strict=True):
        yield dict(zip(batch.schema.names, values, strict=True))


def _plain(value: object) -> object:
    """A value as data that JSON can say, but for dates and times; what is no number becomes text, so that it is refused."""
    if isinstance(value, dict):
        return {name: _plain(held) for name, held in value.items()}
    if isinstance(value, list):
        if value and all(type(pair) is tuple and len(pair) == 2 for pair in value):  # a map
            return {str(name): _plain(held) for name, held in value}
        return [_plain(held) for held in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _text_of(value: object) -> str:
    if isinstance(value, (dict, list)):
        return _dumped(_plain(value)).decode()
    return value.hex() if isinstance(value, bytes) else str(value)


def _dumped(value: object) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
