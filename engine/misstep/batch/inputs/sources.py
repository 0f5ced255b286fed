"""What inputs were named in; the single files and tables that they stand for out, each with its form, in a fixed order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from misstep.batch.databases import DATABASES, read_url
from misstep.batch.parts import Form
from misstep.errors import UsageError, printable
from misstep.files import is_remote, place

STDIN = "-"
PACKINGS = (".gz", ".zst")
ENDINGS: dict[str, Form] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv"
}  # fmt: skip
MEANT = "JSON lines (*.jsonl, *.ndjson), Parquet (*.parquet, *.pq) or CSV (*.csv, *.tsv), also packed as *.gz or *.zst"


@dataclass(frozen=True, slots=True)
class Source:
    """One file, table or stream. ``path``: where it is read, from the root on, as workers may be elsewhere; a URL for a database
    and ``-`` for standard input; ``name``: what it is called in results; ``named``: whether it was given by its own name, and not
    found in a folder or by a pattern."""

    path: str
    name: str
    form: Form
    named: bool = True

    @property
    def file(self) -> Path:
        """Where it lies, if it is a file."""
        return place(self.path)

    @property
    def streamed(self) -> bool:
        """Whether it can only be read once, from its beginning."""
        return self.path == STDIN or not self.file.is_file()


def find_sources(inputs: Sequence[str], form: Form | None) -> list[Source]:
    """The sources that inputs stand for: files as they are, files of folders and patterns sorted by name.

    Raises UsageError where an input stands for nothing, for something twice, or for something of unknown form.
    """
    if not inputs:
        raise UsageError("no input is given; name files, folders, patterns, a database, or - for standard input")
    found = [source for name in inputs for source in _sources(name, form)]
    seen: set[str] = set()
    for source in found:
        elsewhere = source.form == "database" or source.path == STDIN or is_remote(source.path)
        where = source.path if elsewhere else os.path.realpath(source.path)
        if where in seen:
            raise UsageError(f"{printable(source.name)}: is given twice; every interview is to be scored once")
        seen.add(where)
    return found


def _sources(name: str, form: Form | None) -> Iterator[Source]:
    shown = printable(name)
    if name == STDIN:
        yield Source(STDIN, "<stdin>", form or "jsonl")
    elif name.startswith(DATABASES):
        yield Source(name, read_url(name).name, "database")
    elif is_remote(name):
        yield from _objects(name, form)
    elif Path(name).is_dir():
        yield from _files_below(name, form)
    elif Path(name).exists():
        yield Source(str(Path(name).absolute()), name, form or _form_of(name))
    elif glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - pathlib's takes no absolute ones
        if not matches:
            raise UsageError(f"{shown}: no file matches")
        for match in matches:
            if Path(match).is_dir():
                yield from _files_below(match, form)
            else:
                yield Source(str(Path(match).absolute()), match, form or _form_of(match), named=False)
    elif Path(name).is_symlink():
        raise UsageError(f"{shown}: is a link to nothing")
    else:
        raise UsageError(f"{shown}: no such file")


def _files_below(folder: str, form: Form | None) -> Iterator[Source]:
    """The files of a folder whose ending says what they are; hidden ones, and what other tools hide, are left alone."""
    found: list[Path] = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        found += [Path(where, file) for file in sorted(files) if not file.startswith((".", "_"))]
    yield from _known(folder, [(str(path.absolute()), str(path)) for path in found], form)


def _known(folder: str, found: Iterable[tuple[str, str]], form: Form | None) -> Iterator[Source]:
    """Of the paths and names in a folder, those whose ending says what they are."""
    count = 0
    for path, name in found:
        known = _known_form(name)
        if known is not None and _fits(known, form):
            count += 1
            yield Source(path, name, form or known, named=False)
    if not count:
        what = f"{form} files" if form else MEANT
        raise UsageError(f"{printable(folder)}: there is nothing to read in this folder; what is looked for: {what}")


def _objects(url: str, form: Form | None) -> Iterator[Source]:
    """What a URL means in an object storage: an object, those of a pattern, or those whose names begin as if in a folder."""
    shown, below = printable(url), url.rstrip("/") + "/"
    path: Any = place(url)
    try:
        storage, inside, pattern = path.fs, path.path, glob.has_magic(url)
        single = not pattern and storage.isfile(inside)
        found = [] if single else sorted(map(storage.unstrip_protocol, storage.glob(inside) if pattern else storage.find(inside)))
        files = [name for name in found if not pattern or place(name).is_file()]
    except FileNotFoundError:
        single, files = False, []
    except Exception as error:  # whatever speaks to the storage has errors of its own
        raise UsageError(f"{shown}: cannot be reached: {printable(str(error).strip().partition(chr(10))[0])[:200]}") from None
    if single:
        yield Source(url, url, form or _form_of(url))
    elif not files:
        raise UsageError(f"{shown}: {'no file matches' if pattern else 'no such file'}")
    elif pattern:
        yield from (Source(name, name, form or _form_of(name), named=False) for name in files)
    else:
        seen = [name for name in files if not any(part.startswith((".", "_")) for part in name.removeprefix(below).split("/"))]
        yield from _known(url, zip(seen, seen, strict=True), form)


def _fits(known: Form, form: Form | None) -> bool:
    return form is None or known == form or (known, form) == ("csv", "long-csv")


def _known_form(name: str) -> Form | None:
    path = Path(name.lower())
    return ENDINGS.get(path.with_suffix("").suffix if path.suffix in PACKINGS else path.suffix)


def _form_of(name: str) -> Form:
    known = _known_form(name)
    if known is None:
        raise UsageError(f"{printable(name)}: its name does not say what it is; {MEANT} are read, or give --input-format")
    return known
