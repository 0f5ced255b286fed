"""Standard streams whose errors say which it is, also where one was closed before the command began: ``misstep ... >&-``."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, NoReturn

STDOUT = "<stdout>"


def open_streams() -> None:
    """Put something in place of each standard stream that is closed, for which Python has None; and name standard output.

    To read the input, or to write the output, is then an OSError that says so. What is told on standard error is discarded. Each
    takes the number that is free, so that no file that is opened later is taken for a standard stream.
    """
    if sys.stdin is None:
        closed = _Closed("<stdin>", "is closed; give a file or a pipe: < FILE")
        sys.stdin = io.TextIOWrapper(io.BufferedReader(closed))
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(_Closed(STDOUT, "is closed; > /dev/null discards what is printed"), write_through=True)
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _named(sys.stdout)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _named(stdout: io.TextIOWrapper) -> io.TextIOWrapper:
    """Standard output, whose errors have its name: a disk may be full. What is no file, as in tests, stays."""
    buffered = isinstance(stdout.buffer, io.BufferedWriter)
    raw: object = getattr(stdout.buffer, "raw", None) if buffered else stdout.buffer
    if not isinstance(raw, io.FileIO):
        return stdout
    stdout.flush()
    named: Any = _Named(stdout)
    return io.TextIOWrapper(
        io.BufferedWriter(named) if buffered else named,
        stdout.encoding,
        stdout.errors,
        line_buffering=stdout.line_buffering,
        write_through=stdout.write_through,
    )


class _Named(io.FileIO):
    """Standard output."""

    def __init__(self, stdout: io.TextIOWrapper) -> None:
        super().__init__(stdout.fileno(), "w", closefd=False)
        self._given = stdout  # it closes the file where nobody holds it

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STDOUT
            raise


class _Closed(io.RawIOBase):
    """A stream of which every use is an OSError with its name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__()
        self._name, self._message = name, message
        self._number = os.open(os.devnull, os.O_RDWR)

    def fileno(self) -> int:
        return self._number

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, _: memoryview) -> NoReturn:  # type: ignore[override]
        self._refuse()

    def write(self, _: bytes) -> NoReturn:  # type: ignore[override]
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise OSError(errno.EBADF, self._message, self._name)
