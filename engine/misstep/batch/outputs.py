"""Where scores go in; the parts of a run written there, whole or not at all, out."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from misstep.batch.columns import TABLES, TableName, Wanted
from misstep.batch.databases import DATABASES, read_url
from misstep.batch.forms import OutputForm, form_of, join_parts
from misstep.batch.inputs.sources import STDIN
from misstep.batch.journal import SUFFIX
from misstep.batch.loading import DatabaseOutput
from misstep.batch.summary import Summary
from misstep.errors import UsageError, printable
from misstep.files import is_remote, place, whole_file


class Output(Protocol):
    """Where scores go."""

    @property
    def name(self) -> str:
        """As it may be shown."""
        ...

    @property
    def form(self) -> OutputForm:
        """Of the parts it is made of."""
        ...

    def beside(self, what: str) -> Path:
        """A path for what belongs to it and is a file of its own: ``scores.rejects.jsonl`` beside ``scores.parquet``."""
        ...

    def journal(self) -> Path:
        """The folder of a run that is not finished."""
        ...

    def files(self, tables: Sequence[TableName]) -> list[Path]:
        """The files that will be written."""
        ...

    def further(self, tables: Sequence[TableName]) -> dict[TableName, str]:
        """What other tables than interviews are called, for who has this output."""
        ...

    def check(self, wanted: Wanted, overwrite: bool) -> None:
        """Raise UsageError where something is there already, or nothing can be written."""
        ...

    def write(self, parts: Callable[[TableName], list[Path]], wanted: Wanted, summary: Summary, journal: Path) -> dict[str, str]:
        """Write all tables, and interviews last; what was written, by table."""
        ...

    def result(self, journal: Path) -> Path:
        """A file that ``read_scores`` reads, there as long as the journal is."""
        ...


def output_of(name: str | Path) -> Output:
    """The output that a name stands for, a file or the URL of a database. Raises UsageError."""
    if str(name).startswith(DATABASES):
        return DatabaseOutput.named(str(name))
    path = place(name)
    return FileOutput(path, form_of(path))


@dataclass(frozen=True, slots=True)
class FileOutput:
    """A file of interviews, with those of other tables beside it."""

    path: Path
    form: OutputForm

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def beside(self, what: str) -> Path:
        """``scores.findings.parquet`` beside ``scores.parquet``; what is no table has an ending of its own."""
        return self.path.with_name(f"{self.path.stem}.{what}")

    def journal(self) -> Path:
        """The folder beside it."""
        return self.path.with_name(self.path.name + SUFFIX)

    def files(self, tables: Sequence[TableName]) -> list[Path]:
        """Of every table, and of the summary."""
        return [*self._tables(tables).values(), self._summary]

    @property
    def _summary(self) -> Path:
        return self.path.with_name(self.path.name + ".summary.json")

    def _written_before(self) -> set[str]:
        """The names of further tables that a run before wrote, which is replaced."""
        try:
            return set(Summary.from_json(self._summary.read_bytes()).tables.values()) & set(self.further(TABLES[1:]).values())
        except (OSError, UsageError):
            return set()

    def _tables(self, tables: Sequence[TableName]) -> dict[TableName, Path]:
        further: dict[TableName, Path] = {table: self.beside(table + self.path.suffix) for table in tables}
        return further | {"interviews": self.path}  # comes last: once it is there, all is there

    def further(self, tables: Sequence[TableName]) -> dict[TableName, str]:
        """The names of other files than that of interviews."""
        return {table: self._tables(tables)[table].name for table in tables}

    def check(self, wanted: Wanted, overwrite: bool) -> None:
        """Raise UsageError where something is there already, or the folder is not."""
        refuse_written(self.files(wanted.tables), overwrite)

    def write(self, parts: Callable[[TableName], list[Path]], wanted: Wanted, summary: Summary, journal: Path) -> dict[str, str]:
        """Write the summary, the further tables, and interviews."""
        about, tables = summary.to_json(), self._tables(wanted.tables)
        for stale in self._written_before() - {path.name for path in tables.values()}:
            self.path.with_name(stale).unlink(missing_ok=True)
        with whole_file(self._summary) as stream:
            stream.write(about)
        for table, path in tables.items():
            with whole_file(path) as stream:
                join_parts(parts(table), wanted.schema(table).with_metadata({b"misstep": about}), stream, self.form)
        return {table: str(path) for table, path in tables.items()}

    def result(self, journal: Path) -> Path:
        """Itself."""
        return self.path


def refuse_written(files: Sequence[Path], overwrite: bool) -> None:
    """Raise UsageError where one of the files cannot be written, or is there and is not to be replaced."""
    for file in files:
        shown = printable(str(file))
        if not is_remote(file) and not file.absolute().parent.is_dir():
            raise UsageError(f"{shown}: there is no folder {printable(str(file.parent))}")
        if file.is_dir():
            raise UsageError(f"{shown}: is a folder; give a file")
        if file.exists() and not overwrite:
            raise UsageError(f"{shown}: is there already; give --overwrite to replace it, or choose another name")


def refuse_among_inputs(output: Output, files: Sequence[Path], inputs: Sequence[str]) -> None:
    """Raise UsageError where what is to be written is an input, or would be one next time."""
    for name in inputs:
        if name == STDIN:
            continue
        if name.startswith(DATABASES):
            if isinstance(output, DatabaseOutput) and read_url(name) == output.database:
                raise UsageError(f"{printable(output.name)}: is an input; write elsewhere")
            continue
        for file in files:
            if is_remote(name) or is_remote(file):
                _refuse_object(str(file), name)
                continue
            given = Path(name)
            if given.is_dir():
                if file.resolve().is_relative_to(given.resolve()):
                    raise UsageError(f"{printable(str(file))}: lies in the input {printable(name)}; write elsewhere")
            elif given.exists():
                if file.resolve() == given.resolve():
                    raise UsageError(f"{printable(str(file))}: is an input; write elsewhere")
            elif file.absolute().match(str(given.absolute())):
                raise UsageError(f"{printable(str(file))}: the input {printable(name)} means it too; write elsewhere")


def _refuse_object(file: str, name: str) -> None:
    """The same in an object storage, by names alone: one stands for an object, or for all that begin as if in a folder."""
    if file == name or file.startswith(name.rstrip("/") + "/"):
        raise UsageError(f"{printable(file)}: lies in the input {printable(name)}; write elsewhere")
    if fnmatch.fnmatchcase(file, name):
        raise UsageError(f"{printable(file)}: the input {printable(name)} means it too; write elsewhere")
