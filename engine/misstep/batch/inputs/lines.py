"""Files and streams of JSON lines in; parts of whole lines out, and of a part its lines, with their numbers in the file.

A file is cut in place, a stream into files of the spool; in one pass, with no more than a part in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from misstep.batch.inputs.kept import fault_of, take_out
from misstep.batch.inputs.sources import InputSource
from misstep.batch.inputs.spool import Spool, fault_part
from misstep.batch.inputs.streams import Stream
from misstep.batch.parts import Logged, Part, Reading, Reject, reject
from misstep.errors import too_long
from misstep.files import opened, place

PIECE = 65_536  # bytes of a line that are read at a time


@dataclass(frozen=True, slots=True)
class Taken:
    """Lines that were read: their bytes, those written, those written up to the last line's end, and how many lines ended."""

    size: int
    written: int
    whole: int
    lines: int
    digest: str


def plan_file(source: InputSource, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a file, in its place."""
    start, row = 0, 1
    whole = max(source.file.stat().st_size, 1)
    with opened(source.file) as stream:
        while taken := _take(stream, reading):
            stop = start + taken.size
            share = min(stop / whole, 1.0)
            yield Part(spool.number(), "lines", source.path, source.name, start, stop, row, taken.digest, share)
            start, row = stop, row + taken.lines


def plan_stream(source: InputSource, stream: Stream, reading: Reading, spool: Spool) -> Iterator[Part]:
    """The parts of a stream, in the spool. A line cut off by a fault is left out: the fault is reported."""
    row = 1
    while stream.buffered.peek(1):
        number = spool.number()
        with spool.writing(number) as file:
            taken = _take(stream.buffered, reading, file.write)
        assert taken is not None
        stop = taken.whole if stream.fault else taken.written
        yield Part(number, "lines", str(spool.path(number)), source.name, 0, stop, row, taken.digest, stream.share)
        row += taken.lines
    if stream.fault:
        yield fault_part(spool, source, row, stream.fault)


def _take(stream: BinaryIO, reading: Reading, write: Callable[[bytes], object] = len) -> Taken | None:
    """Read some whole lines, so many or of so many bytes; empty ones are not counted. A line above the size limit of a record is
    written only until it exceeds that limit."""
    digest = hashlib.blake2b(digest_size=16)
    size = written = whole = lines = rows = 0
    ended = True
    while not ended or (size < reading.part_bytes and rows < reading.part_rows):
        piece = stream.readline(PIECE)
        if not piece:
            break
        digest.update(piece)
        size += len(piece)
        rows += ended and not piece.isspace()
        ended = piece.endswith(b"\n")
        if written - whole <= reading.limits.record_bytes or ended:
            write(piece)
            written += len(piece)
        if ended:
            lines, whole = lines + 1, written
    return Taken(size, written, whole, lines, digest.hexdigest()) if size else None


def read_lines(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    """The lines of a part that are not empty. They are validated later, as records, except for the size limit."""
    most = reading.limits.record_bytes
    with opened(place(part.path)) as stream:
        stream.seek(part.start)
        row, left = part.row - 1, part.stop - part.start
        while left > 0 and (line := stream.readline(min(most + 2, left))):
            row += 1
            left -= len(line)
            record = line.rstrip(b"\r\n")
            if len(record) > most:
                while left > 0 and line and not line.endswith(b"\n"):
                    line = stream.readline(min(PIECE, left))
                    left -= len(line)
                yield reject(part.name, row, too_long(most))
            elif record and not record.isspace():
                text, kept = take_out(record, reading.keep, reading.ignore)
                fault = fault_of(reading.keep, kept)
                yield reject(part.name, row, fault) if fault else Logged(row, text, None, kept)
