"""What inputs were named in; the single files and tables that they stand for out, each with its form, in a fixed order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from misstep.batch.databases import DATABASES, read_url
from misstep.batch.parts import Form
from misstep.errors import CallerError, printable

STDIN = "-"
PACKINGS = (".gz", ".zst")
ENDINGS: dict[str, Form] = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv"
}  # fmt: skip
MEANT = "JSON lines (*.jsonl, *.ndjson), Parquet (*.parquet, *.pq) or CSV (*.csv, *.tsv), also packed as *.gz or *.zst"


@dataclass(frozen=True, slots=True)
class Source:
    """One file, table or stream. ``path``: where it is read, a URL for a database and ``-`` for standard input; ``name``: what it
    is called in results; ``named``: whether it was given by its own name, and not found in a folder or by a pattern."""

    path: str
    name: str
    form: Form
    named: bool = True

    @property
    def file(self) -> Path:
        """Where it lies, if it is a file."""
        return Path(self.path)

    @property
    def streamed(self) -> bool:
        """Whether it can only be read once, from its beginning."""
        return self.path == STDIN or not self.file.is_file()


def find_sources(inputs: Sequence[str], form: Form | None) -> list[Source]:
    """The sources that inputs stand for: files as they are, files of folders and patterns sorted by name.

    Raises CallerError where an input stands for nothing, for something twice, or for something of unknown form.
    """
    if not inputs:
        raise CallerError("no input is given; name files, folders, patterns, a database, or - for standard input")
    found = [source for name in inputs for source in _sources(name, form)]
    seen: set[str] = set()
    for source in found:
        place = source.path if source.form == "database" or source.path == STDIN else os.path.realpath(source.path)
        if place in seen:
            raise CallerError(f"{printable(source.name)}: is given twice; every interview is to be scored once")
        seen.add(place)
    return found


def _sources(name: str, form: Form | None) -> Iterator[Source]:
    shown = printable(name)
    if name == STDIN:
        yield Source(STDIN, "<stdin>", form or "jsonl")
    elif name.startswith(DATABASES):
        yield Source(name, read_url(name).name, "database")
    elif Path(name).is_dir():
        yield from _files_below(name, form)
    elif Path(name).exists():
        yield Source(name, name, form or _form_of(name))
    elif glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - pathlib's takes no absolute ones
        if not matches:
            raise CallerError(f"{shown}: no file matches")
        for match in matches:
            if Path(match).is_dir():
                yield from _files_below(match, form)
            else:
                yield Source(match, match, form or _form_of(match), named=False)
    elif Path(name).is_symlink():
        raise CallerError(f"{shown}: is a link to nothing")
    else:
        raise CallerError(f"{shown}: no such file")


def _files_below(folder: str, form: Form | None) -> Iterator[Source]:
    """The files of a folder whose ending says what they are; hidden ones, and what other tools hide, are left alone."""
    count = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for file in sorted(files):
            known = _known_form(file)
            if known is not None and not file.startswith((".", "_")) and _fits(known, form):
                count += 1
                path = str(Path(place, file))
                yield Source(path, path, form or known, named=False)
    if not count:
        what = f"{form} files" if form else MEANT
        raise CallerError(f"{printable(folder)}: there is nothing to read in this folder; what is looked for: {what}")


def _fits(known: Form, form: Form | None) -> bool:
    return form is None or known == form or (known, form) == ("csv", "long-csv")


def _known_form(name: str) -> Form | None:
    path = Path(name.lower())
    return ENDINGS.get(path.with_suffix("").suffix if path.suffix in PACKINGS else path.suffix)


def _form_of(name: str) -> Form:
    known = _known_form(name)
    if known is None:
        raise CallerError(f"{printable(name)}: its name does not say what it is; {MEANT} are read, or give --input-format")
    return known
