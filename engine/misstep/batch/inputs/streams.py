"""A file or standard input in; its unpacked bytes out, as UTF-8, until its end or a fault.

A fault in the middle costs nothing of the bytes before it: the stream ends there, with a message.
"""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from typing import cast

import pyarrow as pa

from misstep.batch.inputs.encodings import SAMPLE, find_encoding, known_encoding
from misstep.batch.inputs.sources import STDIN, InputSource
from misstep.batch.parts import Reading, SourceRemark
from misstep.errors import RecordError, printable
from misstep.files import opened
from misstep.limits import FIXED

CHUNK = 65_536
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

FREELY, RATIO = FIXED.free_bytes, FIXED.ratio
"""After FREELY bytes, at most RATIO times the packed bytes are unpacked: real text is packed to a tenth or a fiftieth, only
decompression bombs to a thousandth."""

UNPACKS_TOO_MUCH = f"unpacks to more than {RATIO} times its size; unpack it yourself if it is to be trusted"


def open_stream(source: InputSource, reading: Reading) -> Stream:
    """The bytes of a file, or of standard input, which is not ours to close."""
    if source.path == STDIN:
        return Stream(cast(io.BufferedReader, sys.stdin.buffer), 0, False, source, reading)
    return Stream(opened(source.file), source.file.stat().st_size, True, source, reading)


class Stream(io.RawIOBase):
    """The unpacked bytes of a source, as UTF-8, to be read once. Bytes that are no text in its encoding come as they are, so that
    only their row is rejected.

    ``packing``: how it was packed, if it was; ``encoding``: as given, or found out; ``remarks``: that this is an unusual one;
    ``head``: the first bytes; ``fault``: why it ended before its end, if it did.
    """

    def __init__(self, file: io.BufferedReader, size: int, owned: bool, source: InputSource, reading: Reading) -> None:
        super().__init__()
        self._packed = _Counted(file, owned)
        self._whole = size
        packed = io.BufferedReader(self._packed, CHUNK)
        head = packed.peek(4)[:4]
        self._from: io.BufferedIOBase = packed
        self.packing = ""
        if head.startswith(GZIP):
            self.packing, self._from = "gzip", gzip.GzipFile(fileobj=packed)
        elif head == ZSTD:
            self.packing, self._from = "Zstandard", pa.CompressedInputStream(packed, "zstd")
        self.fault = ""
        self.unpacked = 0
        head = b""
        while len(head) < SAMPLE and (data := self._unpack()):
            head += data
        given = reading.encoding
        self.encoding = known_encoding(given) if given else find_encoding(head, older=source.form not in ("json", "jsonl"))
        said = f"read as {self.encoding}; --encoding names another encoding"
        self.remarks = [] if given or self.encoding == "utf-8" else [SourceRemark(source.name, said)]
        self._decoder = None if self.encoding == "utf-8" else codecs.getincrementaldecoder(self.encoding)("surrogateescape")
        self.head = self._ready = self._recode(head, last=len(head) < SAMPLE)
        self.buffered = io.BufferedReader(self, CHUNK)

    @property
    def share(self) -> float:
        """How much of the source has been read, from 0 to 1; 0 if unknown."""
        return min(self._packed.count / self._whole, 1.0) if self._whole else 0.0

    def readable(self) -> bool:
        """Required by ``io.BufferedReader``."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read some bytes; none at the end, or at a fault."""
        while not self._ready:
            packed = self._unpack()
            self._ready = self._recode(packed, last=not packed)
            if not packed:
                break
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _unpack(self) -> bytes:
        """Some bytes; none at the end, or at a fault."""
        if self.fault:
            return b""
        try:
            data = self._from.read1(CHUNK)  # no more at a time, as what comes with a fault is lost
        except EOFError:
            self.fault = f"the {self.packing} data end too early: the file is truncated"
            return b""
        except (OSError, zlib.error, pa.ArrowException) as error:
            if not self.packing:
                raise
            cut = "Truncated" in str(error)
            self.fault = f"the {self.packing} data " + ("end too early: the file is truncated" if cut else "are damaged")
            return b""
        self.unpacked += len(data)
        if self.unpacked > FREELY and self.unpacked > RATIO * self._packed.count and self.packing:
            self.fault = UNPACKS_TOO_MUCH
            return b""
        return data

    def _recode(self, data: bytes, last: bool) -> bytes:
        """Bytes as UTF-8, up to a fault."""
        if self._decoder is None:
            return data
        before = self._decoder.getstate()
        try:
            return self._decoder.decode(data, last).encode("utf-8", "surrogateescape")
        except UnicodeError as error:
            self.fault = f"the text is not {self.encoding} from here on"
            text = ""
            if isinstance(error, UnicodeDecodeError):
                self._decoder.setstate(before)
                whole = error.start - (len(error.object) - len(data))  # what it still had of the bytes before stands in front
                text = self._decoder.decode(data[: max(whole, 0)])
            elif isinstance(error, UnicodeEncodeError):  # half of a surrogate pair
                text = error.object[: error.start]
            return text.encode("utf-8", "surrogateescape")

    def close(self) -> None:
        """Close the file."""
        self._packed.close()
        super().close()


class _Counted(io.RawIOBase):
    """The bytes of a file, counted. ``owned``: whether it is ours to close."""

    def __init__(self, file: io.BufferedReader, owned: bool) -> None:
        super().__init__()
        self._file = file
        self._owned = owned
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read1(len(buffer))
        self.count += len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if self._owned:
            self._file.close()
        super().close()


def check_stream(source: InputSource, stream: Stream) -> None:
    """Raise RecordError about a stream that is damaged at its beginning, or not packed as its name says."""
    name = printable(source.name)
    if not stream.head:
        if stream.fault:
            raise RecordError(f"{name}: {stream.fault}")
        return
    packing = source.path.lower().rpartition(".")[2]
    if packing in ("gz", "zst") and not stream.packing:
        raise RecordError(f"{name}: is not compressed, although its name ends in .{packing}")
