"""The name of a file in; its path, on this machine or in an object storage, and a file that is there whole or not at all out."""

from __future__ import annotations

import errno
import glob
import importlib
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from misstep.errors import InstallationError, UsageError, printable

_URL = re.compile(r"\A([a-z][a-z0-9+.-]*)://")


def is_remote(name: object) -> bool:
    """Whether a name, or the path that it stands for, is of an object storage."""
    return _URL.match(str(name)) is not None


def place(name: str | os.PathLike[str]) -> Path:
    """The path that a name stands for. A URL, ``s3://bucket/logs``, gives one that is no path of this machine, but has those
    words of pathlib that are used here; what knows its storage is fsspec.

    Raises UsageError where nobody knows such a storage, InstallationError where what knows it is missing.
    """
    url = _URL.match(str(name))
    if url is None:
        return Path(name)
    try:
        upath, fsspec = importlib.import_module("upath"), importlib.import_module("fsspec")  # an extra that few need
    except ImportError:
        raise InstallationError("an object storage needs universal_pathlib: pip install 'misstep[storage]'") from None
    try:
        fsspec.get_filesystem_class(url[1])
    except ImportError as error:
        raise InstallationError(f"{printable(str(name))}: {printable(str(error))}") from None
    except ValueError:
        raise UsageError(f"{printable(str(name))}: there is no storage '{url[1]}://'; s3://BUCKET/NAME is one") from None
    return cast(Path, upath.UPath(name, use_listings_cache=False))  # others write there too


def refuse_unreached(path: Path) -> None:
    """Raise UsageError where a path is of an object storage that cannot be reached."""
    if is_remote(path):
        try:
            path.exists()
        except Exception as error:  # whatever speaks to a storage has errors of its own
            reason = str(error).strip().partition("\n")[0][:200]
            raise UsageError(f"{printable(str(path))}: cannot be reached: {printable(reason)}") from None


def opened(path: Path) -> io.BufferedReader:
    """The bytes of a file, wherever it is."""
    stream: Any = path.open("rb")
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[Any]]:
    """A file that appears under its name when all of it is on the disk, or not at all; what was there before stays until then.

    It takes bytes. What is no file, a pipe or a terminal, is written to as it is. Errors name the path.
    """
    if is_remote(path):
        with _whole_object(path) as stream:
            yield stream
        return
    if path.is_dir():  # said before the work is done, not after it
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    whole = path.resolve()  # a link stays one
    temporary = whole.with_name(f".{whole.name}.{secrets.token_hex(8)}.tmp")  # whoever else writes it, anywhere, has another
    try:
        with temporary.open("wb") as stream:
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


def discard_torn(path: Path) -> None:
    """Take away what processes that were killed have left of a file. Only for who knows that nobody writes it now."""
    if not is_remote(path):
        whole = path.resolve()
        for torn in whole.parent.glob(f".{glob.escape(whole.name)}.{'[0-9a-f]' * 16}.tmp"):
            torn.unlink(missing_ok=True)


@contextmanager
def _whole_object(path: Any) -> Iterator[IO[Any]]:
    """An object of a storage, which appears once all of it was sent."""
    stream = path.fs.open(path.path, "wb", autocommit=False)
    try:
        yield stream
        stream.close()
    except BaseException:
        stream.discard()
        raise
    stream.commit()


def _sync_folder(folder: Path) -> None:
    """Have a rename on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
