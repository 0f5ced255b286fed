"""Inputs in; the parts that one worker reads at a time out, and the records of a part.

A part is so much of an input that it is quickly done again, and is known by what it holds, so that a run can go on where it
stopped: lines of a file by their bytes, rows of a Parquet file by their row group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from misstep.errors import Problem

Form = Literal["jsonl", "parquet", "csv", "long-csv", "database"]
"""What form an input has."""

Held = Literal["lines", "parquet", "rows", "long"]
"""How a part lies where it is read: lines of JSON, row groups of a Parquet file, or a file of the spool with rows of a table, or
with interviews of several rows each."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one worker reads. ``path``: where it is read; ``name``: the input as its owner knows it.

    ``start`` and ``stop`` are bytes of a file, or row groups of Parquet; ``row`` is the row or line that it begins with, from 1.
    ``digest`` is of what it holds; ``share``: how much of all inputs is read with it, from 0 to 1, and 0 where nobody knows.
    ``fault``: why the input can be read no further than this; such a part holds nothing else.
    """

    number: int
    held: Held
    path: str
    name: str
    start: int
    stop: int
    row: int
    digest: str
    share: float = 0.0
    fault: str = ""


class Logged(NamedTuple):
    """One logged interview as it stands in an input: a record, or its facts, as JSON; ``kept``: values to carry along."""

    row: int
    record: bytes
    id: str | None = None
    kept: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be scored: where it stands, and what is wrong with it; never a value."""

    file: str
    row: int
    problems: tuple[Problem, ...]
