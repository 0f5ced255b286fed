"""Parts of inputs that can only be read once: files of some rows each, there whole or not at all.

A line of a file is a list: row, message of a reject, id; then of a reject for how many records it stands, else the record and
the values carried along.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import orjson

from misstep.batch.inputs.sources import InputSource
from misstep.batch.parts import Logged, Part, Reading, Reject, SourceRemark, reject
from misstep.files import opened, place, whole_file

NOT_UTF_8 = "not UTF-8 text"


class Spool:
    """A folder of parts, and the numbers of all parts of a run, whether they lie here or not; ``remarks`` on the inputs."""

    def __init__(self, folder: Path, remarks: list[SourceRemark]) -> None:
        self.remarks = remarks
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


def fault_part(spool: Spool, source: InputSource, row: int, fault: str, count: int = 1) -> Part:
    """A part for the fault that ends an input at a row; ``count``: how many rows are lost, as far as it is known."""
    digest = hashlib.blake2b(fault.encode(), digest_size=16).hexdigest()
    return Part(spool.number(), "lines", "", source.name, 0, count, row, digest, fault=fault)


def plan_rows(source: InputSource, rows: Iterable[Logged | Reject], reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts that the rows of a table make, each of so many rows or bytes."""
    rows = iter(rows)
    for first in rows:
        number, digest, size, count = spool.number(), hashlib.blake2b(digest_size=16), 0, 0
        with spool.writing(number) as file:
            for row in itertools.chain([first], rows):
                line = orjson.dumps(_entry(row), option=orjson.OPT_APPEND_NEWLINE)
                file.write(line)
                digest.update(line)
                size, count = size + len(line), count + 1
                if count >= reading.part_rows or size >= reading.part_bytes:
                    break
        yield Part(number, "rows", str(spool.path(number)), source.name, 0, size, first.row, digest.hexdigest())


def _entry(row: Logged | Reject) -> tuple[object, ...]:
    if isinstance(row, Reject):
        return row.row, row.problems[0].message, row.id, row.count
    try:
        return row.row, "", row.id, row.record.decode(), row.kept
    except UnicodeDecodeError:
        return row.row, NOT_UTF_8, row.id, 1


def read_rows(part: Part) -> Iterator[Logged | Reject]:
    """The rows of a part."""
    with opened(place(part.path)) as stream:
        for row, wrong, id_, *rest in map(orjson.loads, stream):
            if wrong:
                yield reject(part.name, row, wrong, id_, *rest)
            else:
                record, kept = rest
                yield Logged(row, record.encode(), id_, tuple(kept))
