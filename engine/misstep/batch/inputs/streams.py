"""A file or standard input in; its bytes out, unpacked, until its end or until it can be read no further.

That something is wrong in the middle costs nothing of what came before: the stream ends there, and knows why.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from misstep.batch.inputs.sources import STDIN, Source
from misstep.errors import CallerError, printable

CHUNK = 65_536
GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")

FREELY, RATIO = 100_000_000, 1_000
"""Past the first so many bytes, at most so many times the packed bytes are unpacked: texts that somebody wrote are packed to
a tenth or a fiftieth, and only what is made to do harm to a thousandth."""

UNPACKS_TOO_MUCH = f"unpacks to more than {RATIO} times its size; unpack it yourself if it is to be trusted"


class Stream(io.RawIOBase):
    """The unpacked bytes of a source, to be read once. ``fault``: why it ended before its end, if it did."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._owned = source.path != STDIN
        self._packed = _Counted(source.file.open("rb", buffering=0) if self._owned else sys.stdin.buffer)
        self._whole = source.file.stat().st_size if self._owned else 0
        packed = io.BufferedReader(self._packed, CHUNK)
        head = packed.peek(4)[:4]
        self._from: BinaryIO = packed
        self._packing = ""
        if head.startswith(GZIP):
            self._packing, self._from = "gzip", cast(BinaryIO, gzip.GzipFile(fileobj=packed))
        elif head == ZSTD:
            self._packing, self._from = "Zstandard", pa.CompressedInputStream(packed, "zstd")
        self.fault = ""
        self.unpacked = 0
        self.buffered = io.BufferedReader(self, CHUNK)
        _refuse_other_text(source, head)

    @property
    def share(self) -> float:
        """How much of the source has been read, from 0 to 1; 0 where nobody knows."""
        return min(self._packed.count / self._whole, 1.0) if self._whole else 0.0

    def readable(self) -> bool:
        """As the library asks of what it buffers."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Some more bytes; none at the end, or at a fault."""
        if self.fault:
            return 0
        try:
            data = self._from.read1(len(buffer)) if hasattr(self._from, "read1") else self._from.read(len(buffer))
        except EOFError:
            self.fault = f"the {self._packing} data end too early: the file is cut off"
            return 0
        except (OSError, zlib.error, pa.ArrowException) as error:
            if not self._packing:
                raise
            cut = "Truncated" in str(error)
            self.fault = f"the {self._packing} data " + ("end too early: the file is cut off" if cut else "are damaged")
            return 0
        self.unpacked += len(data)
        if self.unpacked > FREELY and self.unpacked > RATIO * self._packed.count and self._packing:
            self.fault = UNPACKS_TOO_MUCH
            return 0
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file; standard input is not ours to close."""
        if self._owned:
            self._packed.close()
        super().close()


class _Counted(io.RawIOBase):
    """The bytes of a file, counted."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read1(len(buffer)) if hasattr(self._file, "read1") else self._file.read(len(buffer))
        self.count += len(data)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def is_packed(path: Path) -> bool:
    """Whether a file is packed, whatever its name says."""
    with path.open("rb") as file:
        head = file.read(4)
    return head.startswith(GZIP) or head == ZSTD


def _refuse_other_text(source: Source, head: bytes) -> None:
    if head.startswith(UTF_16):
        raise CallerError(f"{printable(source.name)}: is UTF-16 text; only UTF-8 is read")
