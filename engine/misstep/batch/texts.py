"""A column of Arrow in; its values as text out, whichever of the many types for text it has."""

from __future__ import annotations

import pyarrow as pa


def is_text(type_: pa.DataType) -> bool:
    """Whether values of a type are text, or bytes that may be."""
    if getattr(type_, "extension_name", "") == "arrow.json":  # the only type of others that is taken: it is text
        type_ = type_.storage_type
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return any(
        check(type_)
        for check in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary,
                      pa.types.is_large_binary, pa.types.is_binary_view)
    )  # fmt: skip


def has_words(type_: pa.DataType) -> bool:
    """Whether values of a type can be written as text."""
    try:
        pa.array([], type_).cast(pa.string())
    except pa.ArrowException:
        return False
    return not isinstance(type_, pa.BaseExtensionType) and not pa.types.is_fixed_size_binary(type_)


def encoded(column: pa.Array) -> list[bytes | None]:
    """Text as it lies there; whether it is UTF-8, whoever reads it finds out."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    return texts


def decoded(column: pa.Array) -> list[str | None]:
    """Text, or what is written as text."""
    if is_text(column.type):
        return [None if text is None else text.decode(errors="replace") for text in encoded(column)]
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts
