"""Parquet files and columns of Arrow: a file opened, wherever it lies; a column as text, of the many types for text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from misstep.files import is_remote, opened

_TEXTS = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view())


@contextmanager
def parquet_file(path: Path, **options: object) -> Iterator[pq.ParquetFile]:
    """A Parquet file, to be read; one of this machine is opened by pyarrow itself."""
    if not is_remote(path):
        with pq.ParquetFile(path, **options) as file:
            yield file
        return
    with opened(path) as stream, pq.ParquetFile(stream, **options) as file:
        yield file


def parquet_schema(path: Path) -> pa.Schema:
    """The columns of a Parquet file."""
    with parquet_file(path) as file:
        return file.schema_arrow


def is_text(type_: pa.DataType) -> bool:
    """Whether values of a type are text, or bytes that may be."""
    if getattr(type_, "extension_name", "") == "arrow.json":  # the only extension type that is taken: it is text
        type_ = type_.storage_type
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return type_ in _TEXTS


def has_words(type_: pa.DataType) -> bool:
    """Whether values of a type can be written as text."""
    try:
        pa.array([], type_).cast(pa.string())
    except pa.ArrowException:
        return False
    return not isinstance(type_, pa.BaseExtensionType) and not pa.types.is_fixed_size_binary(type_)


def encoded(column: pa.Array) -> list[bytes | None]:
    """Text as bytes, not checked for UTF-8."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    return texts


def decoded(column: pa.Array) -> list[str | None]:
    """Text, or values written as text."""
    if is_text(column.type):
        return [None if text is None else text.decode(errors="replace") for text in encoded(column)]
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts
