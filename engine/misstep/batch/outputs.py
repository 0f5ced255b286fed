"""Outputs of a run: files or tables of a database, written whole or not at all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

from misstep.batch.columns import TABLES, OutputOptions, TableName
from misstep.batch.databases import DATABASES, read_url
from misstep.batch.folder_output import RUNS, FolderOutput
from misstep.batch.forms import OutputForm, form_of, join_bytes, join_parts
from misstep.batch.history import AddedRun
from misstep.batch.inputs.sources import STDIN
from misstep.batch.loading import DatabaseOutput
from misstep.batch.output_path import OutputPath
from misstep.batch.summary import Summary
from misstep.errors import UsageError, printable
from misstep.files import doubled, is_remote, place_to_write, refuse_existing, refuse_inputs, refuse_not_utf_8, whole_file

STDOUT = "-"


class FileOutput(OutputPath):
    """A file of interviews, with those of other tables beside it."""

    __slots__ = ()

    def files(self, tables: Sequence[TableName]) -> list[Path]:
        """Of every table, and of the summary."""
        return [*self._tables(tables).values(), self._summary]

    @property
    def _summary(self) -> Path:
        return self.path.with_name(self.path.name + ".summary.json")

    def _written_before(self) -> set[str]:
        """The names of further tables of an earlier run, which is replaced."""
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

    def check(self, wanted: OutputOptions, overwrite: bool) -> None:
        """Raise UsageError where a file exists, or its folder does not."""
        check_writable(self.files(wanted.tables), overwrite)

    def write(
        self,
        parts: Callable[[str], list[Path]],
        wanted: OutputOptions,
        summary: Summary,
        run: AddedRun,
        journal: Path,
    ) -> dict[str, str]:
        """Write the summary, the further tables, and interviews. ``run``: not noted, as nothing can be added to a file."""
        about, tables = summary.to_json(), self._tables(wanted.tables)
        for stale in self._written_before() - {path.name for path in tables.values()}:
            self.path.with_name(stale).unlink(missing_ok=True)
        with whole_file(self._summary) as stream:
            stream.write(about)
        for table, path in tables.items():
            with whole_file(path) as stream:
                join_parts(parts(table), wanted.schema(table).with_metadata({b"misstep": about}), stream, self.form)
        return {table: str(path) for table, path in tables.items()}


@dataclass(frozen=True, slots=True)
class StandardOutput:
    """Interviews as JSON lines on standard output. What stands beside a file is in the journal, and gone with it."""

    folder: Path = field(default_factory=lambda: Path(gettempdir(), f"misstep-{token_hex(8)}"))
    form: OutputForm = "jsonl"
    name: str = STDOUT

    def beside(self, what: str) -> Path:
        """A file in the journal."""
        return self.folder / what

    def journal(self) -> Path:
        """A folder for temporary files: nobody could name it to resume the run."""
        return self.folder

    def files(self, tables: Sequence[TableName]) -> list[Path]:
        """None."""
        return []

    def further(self, tables: Sequence[TableName]) -> dict[TableName, str]:
        """None."""
        return {}

    def check(self, wanted: OutputOptions, overwrite: bool) -> None:
        """Raise UsageError where there are further tables."""
        if wanted.tables:
            raise UsageError(f"standard output takes one table; give a file for that of {wanted.tables[0]}")

    def write(
        self,
        parts: Callable[[str], list[Path]],
        wanted: OutputOptions,
        summary: Summary,
        run: AddedRun,
        journal: Path,
    ) -> dict[str, str]:
        """Write interviews."""
        file = FileOutput(self.result(journal), self.form)
        file.write(parts, wanted, summary, run, journal)
        join_bytes([file.path], sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return {"interviews": self.name}

    def result(self, journal: Path) -> Path:
        """The interviews as a file, which the journal holds."""
        return journal / "interviews.jsonl"


GrowingOutput = FolderOutput | DatabaseOutput
"""One to which further runs can add."""

Output = FileOutput | StandardOutput | GrowingOutput


def output_of(name: str | Path) -> FileOutput | StandardOutput | DatabaseOutput:
    """The output of a name, a file or the URL of a database. Raises UsageError."""
    if str(name) == STDOUT:
        return StandardOutput()
    if str(name).startswith(DATABASES):
        return DatabaseOutput.named(str(name))
    path = place_to_write(name)
    refuse_not_utf_8(path)
    return FileOutput(path, form_of(path))


def growing_output_of(name: str | Path) -> GrowingOutput:
    """The output of a name to which a run adds: a folder of files with the ending of the name, or a table. Raises UsageError."""
    output = output_of(name)
    if isinstance(output, StandardOutput):
        raise UsageError("--append adds to a folder or a table, not to standard output")
    if isinstance(output, DatabaseOutput):
        return replace(output, grows=True)
    if is_remote(output.path):
        raise UsageError(f"{printable(output.name)}: --append adds to a folder of this machine, or to a table")
    return FolderOutput(output.path, output.form)


def check_writable(files: Sequence[Path], overwrite: bool) -> None:
    """Raise UsageError where a file cannot be written, or exists and may not be replaced."""
    for file in files:
        shown = printable(str(file))
        if not is_remote(file) and not file.absolute().parent.is_dir():
            raise UsageError(f"{shown}: there is no folder {printable(str(file.parent))}")
        if file.is_dir():
            way = "give --append to add to it, or another file" if (file / RUNS).is_dir() else "give a file"
            raise UsageError(f"{shown}: is a folder; {way}")
        refuse_existing(file, overwrite)


def check_no_input(output: Output, files: Sequence[Path], inputs: Sequence[str]) -> None:
    """Raise UsageError where a file to be written is an input, or would be one next time.

    ``inputs``: also the files of the rules, of the baseline and of the mapping.
    """
    for name in inputs:
        if name.startswith(DATABASES):
            read = read_url(name)
            if isinstance(output, DatabaseOutput) and read.may_be(output.database):
                raise UsageError(f"{printable(output.name)}: is an input; write elsewhere")
            refuse_inputs(files, [file for file in read.files if not Path(file).is_dir()])
        elif name != STDIN:
            refuse_inputs(files, [name])


def refuse_equal(files: Sequence[Path]) -> None:
    """Raise UsageError where two files to be written are one."""
    if (file := doubled(files)) is not None:
        raise UsageError(f"{printable(str(file))}: is named for two outputs; give each a file of its own")
