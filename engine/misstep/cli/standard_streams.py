"""Standard streams that were closed before the command began: ``misstep ... >&-``."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import NoReturn


def open_streams() -> None:
    """Put something in place of each standard stream that is closed, for which Python has None.

    To read the input, or to write the output, is then an OSError that says so. What is told on standard error is discarded. Each
    takes the number that is free, so that no file that is opened later is taken for a standard stream.
    """
    if sys.stdin is None:
        closed = _Closed("<stdin>", "is closed; give a file or a pipe: < FILE")
        sys.stdin = io.TextIOWrapper(io.BufferedReader(closed))
    if sys.stdout is None:
        sys.stdout = io.TextIOWrapper(_Closed("<stdout>", "is closed; > /dev/null discards what is printed"), write_through=True)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


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
