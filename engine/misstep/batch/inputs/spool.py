"""Parts of inputs that can only be read once: files of some rows each, there whole or not at all.

A line of a file is a list: row, message of a reject, id, facts, values carried along.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, NamedTuple

import orjson

from misstep.batch.inputs.sources import InputSource
from misstep.batch.parts import Logged, Part, Reading, Reject, Storage, reject
from misstep.files import opened, place, whole_file

NOT_UTF_8 = "not UTF-8 text"


class SpooledRow(NamedTuple):
    """A row, or the rows of an interview, as it lies in a part: with its facts, or with the message of a reject."""

    row: int
    wrong: str
    id: str | None = None
    facts: str | list[dict[str, str]] = ""
    kept: tuple[str | None, ...] = ()


class Spool:
    """A folder of parts, and the numbers of all parts of a run, whether they lie here or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def number(self) -> int:
        """The number of the next part."""
        return next(self._numbers)

    def path(self, number: int) -> Path:
        """The file of a part that was written here."""
        return self._folder / f"{number:08}.part"

    def writing(self, number: int) -> AbstractContextManager[IO[bytes]]:
        """The file of a part, to be written; only its owner can read it. It is made anew whenever a run goes on, so it need
        not outlast a crash."""
        return whole_file(self.path(number), mode=0o600, sync=False)


def fault_part(spool: Spool, source: InputSource, row: int, fault: str) -> Part:
    """A part for the fault that ends an input at a row."""
    digest = hashlib.blake2b(fault.encode(), digest_size=16).hexdigest()
    return Part(spool.number(), "lines", "", source.name, 0, 0, row, digest, fault=fault)


def plan_rows(source: InputSource, rows: Iterable[Logged | Reject], reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts that the rows of a table make."""
    return plan_entries(source, map(_entry, rows), "rows", reading, spool)


def _entry(row: Logged | Reject) -> SpooledRow:
    if isinstance(row, Reject):
        return SpooledRow(row.row, row.problems[0].message)
    try:
        return SpooledRow(row.row, "", row.id, row.record.decode(), row.kept)
    except UnicodeDecodeError:
        return SpooledRow(row.row, NOT_UTF_8)


def plan_entries(
    source: InputSource, entries: Iterable[SpooledRow], storage: Storage, reading: Reading, spool: Spool
) -> Iterator[Part]:
    """The parts that entries make, each of so many rows or bytes."""
    entries = iter(entries)
    for first in entries:
        number, digest, size, count = spool.number(), hashlib.blake2b(digest_size=16), 0, 0
        with spool.writing(number) as file:
            for entry in itertools.chain([first], entries):
                line = orjson.dumps(tuple(entry), option=orjson.OPT_APPEND_NEWLINE)
                file.write(line)
                digest.update(line)
                size, count = size + len(line), count + 1
                if count >= reading.part_rows or size >= reading.part_bytes:
                    break
        yield Part(number, storage, str(spool.path(number)), source.name, 0, size, first.row, digest.hexdigest())


def read_entries(part: Part) -> Iterator[SpooledRow | Reject]:
    """The entries of a part."""
    with opened(place(part.path)) as stream:
        for row, wrong, *rest in map(orjson.loads, stream):
            yield reject(part.name, row, wrong) if wrong else SpooledRow(row, "", *rest)


def read_rows(part: Part) -> Iterator[Logged | Reject]:
    """The rows of a part."""
    for entry in read_entries(part):
        yield entry if isinstance(entry, Reject) else Logged(entry.row, str(entry.facts).encode(), entry.id, tuple(entry.kept))
