"""Names of inputs in; single files and tables with their formats out, in a fixed order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from misstep.batch.databases import DATABASES, read_url
from misstep.batch.parts import InputForm, SourceRemark
from misstep.errors import RecordError, UsageError, listing, printable
from misstep.files import EMPTY, is_remote, place, shown_name

STDIN = "-"
PACKINGS = (".gz", ".zst")
ENDINGS: dict[str, InputForm] = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
}
MEANT = "JSON (*.json, *.jsonl, *.ndjson) or CSV (*.csv, *.tsv), also packed as *.gz or *.zst, Parquet (*.parquet, *.pq), *.xlsx"

_EXPORT = "DuckDB, Polars or pyarrow writes it as Parquet"
WAYS = {
    ".xls": "save it as *.xlsx",
    ".ods": "save it as *.xlsx",
    ".avro": _EXPORT,
    ".orc": _EXPORT,
    ".feather": _EXPORT,
    ".arrow": _EXPORT,
    ".db": "a table of it is sqlite:///FILE?table=NAME",
    ".sqlite": "a table of it is sqlite:///FILE?table=NAME",
    ".duckdb": "a table of it is duckdb:///FILE?table=NAME",
    ".zip": "unpack it",
    ".bz2": "unpack it, or pack it as *.gz",
    ".xz": "unpack it, or pack it as *.gz",
}
"""How files of other formats become readable, by their endings."""
_HIVE = re.compile(r"(?:\A|(?<=/))([^/=]+)=([^/]+)/")
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class InputSource:
    """One file, table or stream. ``path``: absolute, as workers may have another folder; a URL for a database, ``-`` for
    standard input; ``name``: its name in results; ``named``: whether it was given by its own name, not by a folder or pattern."""

    path: str
    name: str
    form: InputForm
    named: bool = True

    @property
    def file(self) -> Path:
        """Its path, if it is a file."""
        return place(self.path)

    @property
    def keys(self) -> tuple[tuple[str, str | None], ...]:
        """The columns that its folders say, as Hive names them: ``month=2026-01/``."""
        found = [] if self.form == "database" else _HIVE.findall(self.name)
        return tuple((name, None if value == _HIVE_NULL else unquote(value)) for name, value in found)

    @property
    def streamed(self) -> bool:
        """Whether it can only be read once, from its beginning."""
        return self.path == STDIN or not self.file.is_file()


def check_whole(source: InputSource) -> None:
    """Raise UsageError where a format that begins at the end of its file comes from a stream, RecordError where it is empty."""
    if source.form in ("parquet", "xlsx"):
        if source.streamed:
            title = "Parquet" if source.form == "parquet" else "a workbook"
            raise UsageError(f"{printable(source.name)}: {title} is read from a file only, as it begins at its end")
        if not source.file.stat().st_size:
            raise RecordError(f"{printable(source.name)}: is empty")


def find_sources(inputs: Sequence[str], form: InputForm | None, remarks: list[SourceRemark]) -> list[InputSource]:
    """The sources of inputs: files as given, files of folders and patterns sorted by name. ``remarks`` has one added for the
    files of a folder that are left out.

    Raises UsageError about an input that is missing, given twice, or of unknown format.
    """
    if not inputs:
        raise UsageError("no input is given; name files, folders, patterns, a database, or - for standard input")
    found = [source for name in inputs for source in _sources(name, form, remarks)]
    seen: set[str] = set()
    for source in found:
        elsewhere = source.form == "database" or source.path == STDIN or is_remote(source.path)
        where = source.path if elsewhere else os.path.realpath(source.path)
        if where in seen:
            raise UsageError(f"{printable(source.name)}: is given twice; every interview is to be scored once")
        seen.add(where)
    return found


def _sources(name: str, form: InputForm | None, remarks: list[SourceRemark]) -> Iterator[InputSource]:
    shown = printable(name)
    if not name:
        raise UsageError(EMPTY)
    if name == STDIN:
        yield InputSource(STDIN, "<stdin>", form or "jsonl")
    elif name.startswith(DATABASES):
        yield InputSource(name, read_url(name).name, "database")
    elif is_remote(name):
        yield from _objects(name, form, remarks)
    elif Path(name).is_dir():
        yield from _files_below(name, form, remarks)
    elif Path(name).exists():
        yield InputSource(str(Path(name).absolute()), shown_name(name), form or _form_of(name))
    elif glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - pathlib's takes no absolute ones
        if not matches:
            raise UsageError(f"{shown}: no file matches")
        for match in matches:
            if Path(match).is_dir():
                yield from _files_below(match, form, remarks)
            else:
                yield InputSource(str(Path(match).absolute()), shown_name(match), form or _form_of(match), named=False)
    elif Path(name).is_symlink():
        raise UsageError(f"{shown}: is a broken link")
    else:
        raise UsageError(f"{shown}: no such file")


def _files_below(folder: str, form: InputForm | None, remarks: list[SourceRemark]) -> Iterator[InputSource]:
    """The files of a folder with a known ending, except hidden ones and those that begin with ``_``."""
    found: list[Path] = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        found += [Path(where, file) for file in sorted(files) if not file.startswith((".", "_"))]
    yield from _known(shown_name(folder), [(str(path.absolute()), shown_name(str(path))) for path in found], form, remarks)


def _known(
    folder: str, found: Iterable[tuple[str, str]], form: InputForm | None, remarks: list[SourceRemark]
) -> Iterator[InputSource]:
    """The sources among the paths and names of a folder: those with a known ending. Raises UsageError where there are only
    others."""
    count, others = 0, []
    for path, name in found:
        known = _known_form(name)
        if known is not None and _fits(known, form):
            count += 1
            yield InputSource(path, name, form or known, named=False)
        else:
            others.append(name.removeprefix(folder).lstrip("/"))
    if others and not count:
        what = f"{form} files" if form else MEANT
        raise UsageError(f"{printable(folder)}: no files to read in this folder; looked for: {what}")
    if others:
        what = f"{len(others)} files are left out" if len(others) > 1 else "a file is left out"
        remarks.append(SourceRemark(folder, f"{what}: {listing(others, 5)}"))
    elif not count:
        remarks.append(SourceRemark(folder, "no files in this folder"))


def _objects(url: str, form: InputForm | None, remarks: list[SourceRemark]) -> Iterator[InputSource]:
    """The sources of a URL in an object storage: one object, those of a pattern, or those with a prefix like a folder."""
    shown, below = printable(url), url.rstrip("/") + "/"
    path: Any = place(url)
    try:
        storage, inside, pattern = path.fs, path.path, glob.has_magic(url)
        single = not pattern and storage.isfile(inside)
        found = [] if single else sorted(map(storage.unstrip_protocol, storage.glob(inside) if pattern else storage.find(inside)))
        files = [name for name in found if not pattern or place(name).is_file()]
    except FileNotFoundError:
        single, files = False, []
    except Exception as error:  # clients of storages have errors of their own
        raise UsageError(f"{shown}: cannot be reached: {printable(str(error).strip().partition(chr(10))[0])[:200]}") from None
    if single:
        yield InputSource(url, url, form or _form_of(url))
    elif not files:
        raise UsageError(f"{shown}: {'no file matches' if pattern else 'no such file'}")
    elif pattern:
        yield from (InputSource(name, name, form or _form_of(name), named=False) for name in files)
    else:
        seen = [name for name in files if not any(part.startswith((".", "_")) for part in name.removeprefix(below).split("/"))]
        yield from _known(url, zip(seen, seen, strict=True), form, remarks)


def _fits(known: InputForm, form: InputForm | None) -> bool:
    return form is None or known == form or (known, form) == ("csv", "long-csv")


def _known_form(name: str) -> InputForm | None:
    path = Path(name.lower())
    return ENDINGS.get(path.with_suffix("").suffix if path.suffix in PACKINGS else path.suffix)


def _form_of(name: str) -> InputForm:
    known = _known_form(name)
    if known is None:
        way = WAYS.get(Path(name.lower()).suffix, "or give --input-format")
        raise UsageError(f"{printable(name)}: its ending is of no known format; {MEANT} are read; {way}")
    return known
