"""Inputs in; the parts that one worker reads at a time out, and the records of a part.

A part is so much of an input that it is quickly done again, and is known by what it holds, so that a run can go on where it
stopped: lines of a file by their bytes, rows of a Parquet file by their row group.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Form = Literal["jsonl", "parquet", "csv", "long-csv", "database"]


@dataclass(frozen=True, slots=True)
class Part:
    """What one worker reads. ``path``: where it is read; ``name``: the input as its owner knows it.

    ``start`` and ``stop`` are bytes of a file, or row groups of Parquet; ``row`` is the row or line that it begins with, from 1.
    ``digest`` is of what it holds; ``share``: how much of all inputs is read with it, from 0 to 1, and 0 where nobody knows.
    """

    number: int
    form: Form
    path: str
    name: str
    start: int
    stop: int
    row: int
    digest: str
    share: float = 0.0


class Logged(NamedTuple):
    """One logged interview as it stands in an input: a record, or its facts, as JSON; ``kept``: values to carry along."""

    row: int
    record: bytes
    id: str | None = None
    kept: tuple[str | None, ...] = ()
