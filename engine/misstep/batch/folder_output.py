"""Scores of a run in; one more file in a folder of results out, with all that is there to know about the run beside it.

::

    scores.parquet/00000001.parquet      the interviews of the first run
    scores.parquet/00000002.parquet      those that the second one added
    scores.parquet/_runs/00000002.json   what it read, so that nothing is added twice; also .summary.json, and .ids: their digests
    scores.findings.parquet/00000002.parquet

Tools that read a folder of files pass over what begins with ``_``. A run is in the result once its file of interviews is there,
which is written last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from misstep.batch.columns import OutputOptions, TableName
from misstep.batch.forms import join_bytes, join_parts
from misstep.batch.history import AddedRun, History
from misstep.batch.output_path import OutputPath
from misstep.batch.seen_ids import SeenIds
from misstep.batch.summary import Summary
from misstep.batch.tasks import IDS
from misstep.errors import UsageError, printable
from misstep.files import discard_torn, whole_file

RUNS = "_runs"
_NUMBER = "[0-9]" * 8


class FolderOutput(OutputPath):
    """A folder with a file of interviews for each run that added some, and folders of other tables beside it."""

    __slots__ = ()

    def files(self, tables: Sequence[TableName]) -> list[Path]:
        """The folder of every table."""
        return [self._folder(table) for table in (*tables, "interviews")]

    def further(self, tables: Sequence[TableName]) -> dict[TableName, str]:
        """The names of other folders than that of interviews."""
        return {table: self._folder(table).name for table in tables}

    def check(self, wanted: OutputOptions, overwrite: bool) -> None:
        """Raise UsageError where there can be no such folder, or there is one that no run has begun."""
        if not self.path.absolute().parent.is_dir():
            raise UsageError(f"{printable(self.name)}: there is no folder {printable(str(self.path.parent))}")
        for folder in self.files(wanted.tables):
            if folder.exists() and not folder.is_dir():
                raise UsageError(
                    f"{printable(str(folder))}: is a file, and --append adds files to a folder; choose another output"
                )
            if folder.is_dir() and any(folder.iterdir()) and not (self.path / RUNS).is_dir():
                raise UsageError(f"{printable(str(folder))}: is a folder with other files; choose another output")

    def history(self, wanted: OutputOptions) -> History:
        """The runs that it holds."""
        notes = [self._about(number, "json") for number in run_numbers(self.path)]
        return History(tuple(AddedRun.from_json(note.read_bytes(), str(note)) for note in notes))

    def mark_seen(self, seen: SeenIds) -> None:
        """Add the ids of all interviews that are there."""
        for number in run_numbers(self.path):
            seen.add_file(self._about(number, IDS))

    def write(
        self,
        parts: Callable[[str], list[Path]],
        wanted: OutputOptions,
        summary: Summary,
        run: AddedRun,
        journal: Path,
    ) -> dict[str, str]:
        """Add a file to each folder."""
        number = run.number
        files = {table: self._folder(table) / f"{number:08}{self.path.suffix}" for table in (*wanted.tables, "interviews")}
        about = summary.to_json()
        self._about(number, IDS).parent.mkdir(parents=True, exist_ok=True)
        discard_torn(self._about(number, IDS))
        with whole_file(self._about(number, IDS)) as stream:
            join_bytes(parts(IDS), stream)
        for what, content in (("json", run.to_json()), ("summary.json", about)):
            discard_torn(self._about(number, what))
            with whole_file(self._about(number, what)) as stream:
                stream.write(content)
        for table, file in files.items():  # interviews last: once they are there, all is there
            file.parent.mkdir(exist_ok=True)
            discard_torn(file)
            with whole_file(file) as stream:
                join_parts(parts(table), wanted.schema(table).with_metadata({b"misstep": about}), stream, self.form)
        return self.places(wanted)

    def places(self, wanted: OutputOptions) -> dict[str, str]:
        """Where each table is."""
        return {table: str(self._folder(table)) for table in (*wanted.tables, "interviews")}

    def _folder(self, table: TableName) -> Path:
        return self.path if table == "interviews" else self.beside(table + self.path.suffix)

    def _about(self, number: int, what: str) -> Path:
        return self.path / RUNS / f"{number:08}.{what}"


def run_numbers(folder: Path) -> list[int]:
    """The numbers of the runs in a result: those whose file of interviews is there."""
    noted = [int(file.stem) for file in (folder / RUNS).glob(f"{_NUMBER}.json")]
    return sorted(number for number in noted if (folder / f"{number:08}{folder.suffix}").is_file())


def run_files(folder: Path) -> list[tuple[Path, Path]]:
    """The files of interviews of a result, each with its summary."""
    return [
        (folder / f"{number:08}{folder.suffix}", folder / RUNS / f"{number:08}.summary.json") for number in run_numbers(folder)
    ]
