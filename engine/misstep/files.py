"""Paths on this machine or in an object storage, and atomic writes."""

from __future__ import annotations

import errno
import fnmatch
import glob
import importlib
import io
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import IO, Any, cast

from misstep.errors import InstallationError, UsageError, printable

_URL = re.compile(r"\A([a-z][a-z0-9+.-]*)://")

_EXPORT = "SQLite, DuckDB and PostgreSQL are; export the table as Parquet or CSV, or see docs/batch-tools.md"
_NO_STORAGE = {
    **dict.fromkeys(["mysql", "mariadb", "mssql", "oracle", "db2", "clickhouse", "mongodb", "redshift"], _EXPORT),
    **dict.fromkeys(["snowflake", "bigquery", "databricks", "athena", "trino", "presto", "hive", "jdbc", "odbc"], _EXPORT),
    **dict.fromkeys(["spark", "ray"], "docs/batch-tools.md shows how to score in it; a cluster of Dask is named by --on"),
    **dict.fromkeys(["kafka", "amqp"], "pipe the records into `misstep score -`, or call assess_json for each"),
}
"""Schemes of URLs that are no object storage, and the way to what they name."""


EMPTY = "an empty name is no file or folder"


def is_remote(name: object) -> bool:
    """Whether a name or path is in an object storage."""
    return _URL.match(str(name)) is not None


def is_utf_8(text: str) -> bool:
    """Whether a text can be written as UTF-8; bytes that are none, of a name or a file, stand in it as half surrogate pairs."""
    return text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)


def refuse_not_utf_8(path: Path) -> None:
    """Raise UsageError where a path is not UTF-8, and can be no table of scores: Arrow reads no other ones."""
    if not is_utf_8(str(path)):
        raise UsageError(f"{printable(str(path))}: the path of scores must be UTF-8 text; choose another name")


def shown_name(name: str) -> str:
    """A name as UTF-8 can write it, with escapes for what it cannot: the name of a file may be any bytes."""
    return name if is_utf_8(name) else name.encode("utf-8", "backslashreplace").decode()


def place(name: str | os.PathLike[str]) -> Path:
    """The path of a name. A URL such as ``s3://bucket/logs`` gives a path of universal_pathlib, which has the methods of pathlib
    that are used here.

    Raises UsageError where the name is empty, or nobody knows such a storage, InstallationError where what knows it is missing.
    """
    if not str(name):  # pathlib takes it for the working folder
        raise UsageError(EMPTY)
    url = _URL.match(str(name))
    if url is None:
        return Path(name)
    if url[1] in _NO_STORAGE:
        raise UsageError(f"{printable(str(name))}: {url[1]}:// is not supported; {_NO_STORAGE[url[1]]}")
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


def place_to_write(name: str | os.PathLike[str]) -> Path:
    """The path of a name that is to be written. Raises as ``place``, and UsageError about a URL of a file of this machine."""
    url, path = str(name), str(name).removeprefix("file://")
    if path != url:
        raise UsageError(f"{printable(url)}: a file of this machine is named by its path: {printable(path)}")
    return place(name)


def real_path(path: Path) -> Path:
    """A path without links; of a loop of links, as it is."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # Python before 3.13 has no OSError for a loop
        return path.absolute()


def refuse_existing(file: Path, overwrite: bool) -> None:
    """Raise UsageError where a file is there that would be replaced; a pipe or terminal is written to, and stays."""
    if file.is_file() and not overwrite:
        raise UsageError(f"{printable(str(file))}: is there already; give --overwrite to replace it, or choose another name")


def refuse_inputs(files: Iterable[Path], names: Iterable[str]) -> None:
    """Raise UsageError where a file to be written is one that is read."""
    for name, file in product(names, files):
        if message := _overlap(file, name):
            raise UsageError(f"{printable(str(file))}: {message}; write elsewhere")


def _overlap(file: Path, name: str) -> str:
    """The message about a file that is an input, or empty. In an object storage names alone count: one stands for an object, or
    for all that begin as if in a folder."""
    within, matched = f"lies in the input {printable(name)}", f"the input {printable(name)} matches it too"
    if is_remote(name) or is_remote(file):
        if str(file) == name or str(file).startswith(name.rstrip("/") + "/"):
            return within
        return matched if fnmatch.fnmatchcase(str(file), name) else ""
    given = place(name)
    if given.is_dir():
        return within if real_path(file).is_relative_to(real_path(given)) else ""
    if given.exists():
        return "is an input" if _is_same(file, given) else ""
    return matched if file.absolute().match(str(given.absolute())) else ""


def _is_same(file: Path, given: Path) -> bool:
    """Whether two paths name one file, be it by links of either sort."""
    try:
        return file.samefile(given)
    except OSError:  # what is to be written need not be there yet
        return real_path(file) == real_path(given)


def doubled(paths: Iterable[Path]) -> Path | None:
    """The first path that names the same file as one before it, though it may be written otherwise."""
    known = set()
    for path in paths:
        file = str(path) if is_remote(path) else str(real_path(path))
        if file in known:
            return path
        known.add(file)
    return None


def refuse_unreached(path: Path) -> None:
    """Raise UsageError where a path is of an object storage that cannot be reached."""
    if is_remote(path):
        try:
            path.exists()
        except Exception as error:  # each storage has its own errors
            reason = str(error).strip().partition("\n")[0][:200]
            raise UsageError(f"{printable(str(path))}: cannot be reached: {printable(reason)}") from None


def opened(path: Path) -> io.BufferedReader:
    """A buffered stream of the bytes of a file."""
    stream: Any = path.open("rb")
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)


@contextmanager
def whole_file(path: Path, mode: int = 0o666, sync: bool = True) -> Iterator[IO[Any]]:
    """Write a file of bytes atomically: it appears under its name when all of it is on the disk; until then the old one stays.

    Pipes and terminals are written directly. Errors name the path. ``mode``: the permissions
    of a new file, less the umask. Without ``sync`` it need not outlast a crash of the machine.
    """
    if is_remote(path):
        with _whole_object(path) as stream:
            yield stream
        return
    if path.is_dir():  # before the work is done, not after it
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        try:
            with path.open("wb") as stream:
                yield stream
        except OSError as error:
            error.filename = error.filename or str(path)
            raise
        return
    whole = real_path(path)  # a link stays one
    temporary = whole.with_name(f".{whole.name}.{secrets.token_hex(8)}.tmp")  # other writers have other names
    try:
        with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
            yield stream
            stream.flush()
            if sync:
                os.fsync(stream.fileno())
        temporary.replace(whole)
        if sync:
            _sync_folder(whole.parent)
    except BaseException as error:
        with suppress(OSError):  # it may be what failed
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and str(error.filename or temporary) == str(temporary):
            error.filename, error.filename2 = str(path), None
        raise


def discard_torn(path: Path) -> None:
    """Delete temporary files left by killed writers. The caller must hold the lock."""
    if not is_remote(path):
        whole = real_path(path)
        for torn in whole.parent.glob(f".{glob.escape(whole.name)}.{'[0-9a-f]' * 16}.tmp"):
            torn.unlink(missing_ok=True)


@contextmanager
def _whole_object(path: Any) -> Iterator[IO[Any]]:
    """An object of a storage, which appears when all of it is sent."""
    stream = path.fs.open(path.path, "wb", autocommit=False)
    try:
        yield stream
        stream.close()
    except BaseException:
        stream.discard()
        raise
    stream.commit()


def _sync_folder(folder: Path) -> None:
    """Flush a rename to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
