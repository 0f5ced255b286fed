"""Rows that can only be read one after the other in; files of the spool with so many rows each out, and what they hold.

A line of a file is a list, row, id, facts and what is carried along; or a mapping, row and what is wrong with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import orjson

from misstep.batch.inputs.arrow import reject
from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source
from misstep.batch.inputs.spool import Spool
from misstep.batch.parts import Held, Logged, Part, Reject
from misstep.files import opened, place

NOT_UTF_8 = "not UTF-8 text"


def plan_rows(
    source: Source, rows: Iterable[Logged | Reject], reading: Reading, spool: Spool, share: Callable[[], float]
) -> Iterator[Part]:
    """The parts that rows make. ``share``: how much of the source has been read."""
    return plan_entries(source, ((row[0] if isinstance(row, Logged) else row.row, _entry(row)) for row in rows), "rows",
                        reading, spool, share)  # fmt: skip


def plan_entries(
    source: Source,
    entries: Iterable[tuple[int, Any]],
    held: Held,
    reading: Reading,
    spool: Spool,
    share: Callable[[], float],
) -> Iterator[Part]:
    """The parts that entries make, each with the row it stands in: as many as make a part."""
    entries = iter(entries)
    for row, entry in entries:
        number, digest, size, count = spool.number(), hashlib.blake2b(digest_size=16), 0, 0
        with spool.writing(number) as file:
            for _, held_entry in chain([(row, entry)], entries):
                line = orjson.dumps(held_entry, option=orjson.OPT_APPEND_NEWLINE)
                file.write(line)
                digest.update(line)
                size, count = size + len(line), count + 1
                if count >= reading.part_rows or size >= reading.part_bytes:
                    break
        yield Part(number, held, str(spool.path(number)), source.name, 0, size, row, digest.hexdigest(), share())


def _entry(row: Logged | Reject) -> Any:
    if isinstance(row, Reject):
        return {"row": row.row, "wrong": row.problems[0].message}
    try:
        facts = row.record.decode()
    except UnicodeDecodeError:
        return {"row": row.row, "wrong": NOT_UTF_8}
    return [row.row, row.id, facts, row.kept]


def read_rows(part: Part) -> Iterator[Logged | Reject]:
    """What a part holds."""
    for entry in entries_of(part):
        if isinstance(entry, dict):
            yield reject(part.name, entry["row"], entry["wrong"])
        else:
            row, id_, facts, kept = entry
            yield Logged(row, facts.encode(), id_, tuple(kept))


def entries_of(part: Part) -> Iterator[Any]:
    """What was written, an entry a line."""
    with opened(place(part.path)) as stream:
        yield from map(orjson.loads, stream)
