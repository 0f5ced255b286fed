"""A path in; a file that appears under it whole or not at all out."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


@contextmanager
def whole_file(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """A file that appears under its name when all of it is on the disk, or not at all; what was there before stays until then.

    What is no file, a pipe or a terminal, is written to as it is. Errors name the path.
    """
    if path.is_dir():  # said before the work is done, not after it
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        with path.open(mode) as stream:
            yield stream
        return
    whole = path.resolve()  # a link stays one
    temporary = whole.with_name(f".{whole.name}.{os.getpid()}.tmp")
    try:
        with temporary.open(mode) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(whole)
        _sync_folder(whole.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and str(error.filename or temporary) == str(temporary):
            error.filename, error.filename2 = str(path), None
        raise


def _sync_folder(folder: Path) -> None:
    """Have a rename on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
