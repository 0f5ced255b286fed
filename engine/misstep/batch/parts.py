"""How inputs are read: the parts that one worker reads at a time, and the records of a part.

A part is small, so that it is quickly done again, and has a digest of its content, so that an interrupted run can resume: some
lines of a file, row groups of a Parquet file, or rows copied to the spool.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from misstep.errors import Location, Problem
from misstep.language.facts import Kind
from misstep.limits import FIXED, Limits

InputForm = Literal["jsonl", "json", "parquet", "csv", "long-csv", "xlsx", "database"]
"""The format of an input."""

Storage = Literal["lines", "parquet", "rows"]
"""How a part is stored where it is read: lines of JSON, row groups of a Parquet file, or a file of the spool."""

Decimal = Literal[".", ","]
"""What stands before the fraction of a number."""

EVERY = "*"
"""In place of the names of columns to ignore."""

USUAL_FACTS = "facts"
USUAL_ID = "id"
"""A table need not have this column; one of another name was asked for, and must be there."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How inputs are read.

    ``spool``: a folder for inputs that can only be read once; ``keep``: columns, or keys of JSON, that are carried along as text;
    ``notes``: the last of them, where it is to be read for facts: then a record need not have any;
    ``ignore``: those that are never read, ``*`` for all that nothing else names; ``form``: the format of all inputs, else by
    their endings; ``facts`` and ``id``: the columns of tables with the facts as JSON, and with the id; ``encoding`` of text,
    ``delimiter`` and ``decimal`` of CSV, else found out; ``null``: texts of cells that say nothing, besides the empty one;
    ``kinds``: of the rule base, for CSV with a fact a row; ``part_bytes`` of lines and ``part_rows`` of tables make a part.
    """

    spool: Path
    keep: tuple[str, ...] = ()
    notes: str | None = None
    ignore: tuple[str, ...] = ()
    form: InputForm | None = None
    facts: str = USUAL_FACTS
    id: str = USUAL_ID
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Decimal | None = None
    null: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    part_bytes: int = FIXED.part_bytes
    part_rows: int = FIXED.part_rows
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Part:
    """The part of an input that one worker reads. ``path``: where it is read; ``name``: the input as its owner knows it.

    ``start`` and ``stop`` are bytes of a file, or row groups of Parquet; ``row`` is its first row or line, from 1. ``digest`` is
    of its content; ``share``: how much of all inputs is read with it, from 0 to 1, and 0 if unknown. ``fault``: why the input
    cannot be read from here on; such a part has no content, and ``stop`` says how many records are lost. ``keys``: columns that
    the folders of the file say, ``month=2026-01/``.
    """

    number: int
    storage: Storage
    path: str
    name: str
    start: int
    stop: int
    row: int
    digest: str
    share: float = 0.0
    fault: str = ""
    keys: tuple[tuple[str, str | None], ...] = ()


class Logged(NamedTuple):
    """One logged interview as it stands in an input: a record, or its facts, as JSON; ``kept``: values to carry along."""

    row: int
    record: bytes
    id: str | None = None
    kept: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be scored: its place, its id where it can be read, and what is wrong with it; no other value.
    ``count``: how many records it stands for, as all that follow damage are lost with it."""

    file: str
    row: int
    problems: tuple[Problem, ...]
    id: str | None = None
    count: int = 1


def reject(name: str, row: int, message: str, id_: str | None = None, count: int = 1) -> Reject:
    """A row that cannot be read as a record."""
    return Reject(name, row, (Problem(Location(), message),), id_, count)


class SourceRemark(NamedTuple):
    """How an input was read, where that is not plain: its encoding, say. ``file``: the input, by its name in results."""

    file: str
    text: str
