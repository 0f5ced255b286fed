"""A result of ``misstep score`` in, a file, a folder or a table; its scores out, batch by batch, and the summary of the run."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePath
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.fs
import pyarrow.json as pa_json

from misstep.assessment.record_files import check_is_file
from misstep.batch.arrow import parquet_schema
from misstep.batch.columns import OutputOptions
from misstep.batch.databases import DATABASES, Database, read_url
from misstep.batch.folder_output import RUNS, run_files
from misstep.batch.forms import ENDINGS, OutputForm
from misstep.batch.score_tables import read_columns, read_runs
from misstep.batch.scores_view import VIEWED, scores_view
from misstep.batch.summary import Summary
from misstep.errors import InstallationError, UsageError, printable
from misstep.files import is_remote, place, refuse_not_utf_8
from misstep.layout.as_html import as_html
from misstep.layout.wording import counted

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow.dataset as ds

SUMMARY = b"misstep"
"""The key of the summary in the metadata of a Parquet file."""
ROWS = 65_536  # of a batch: so many are in memory at a time
BLOCK = 1 << 24  # bytes: longer than any line of JSON that a row with its whole assessment has


class Scores:
    """Scored interviews in a file, one a row: see docs/batch.md for the columns. Scores are read lazily.

    ``path``: the file, or a folder of ``files``; ``summary``: of the run, or of all runs.
    """

    def __init__(self, path: Path, form: OutputForm, summary: Summary, files: Sequence[Path] = ()) -> None:
        self.path = path
        self.summary = summary
        self._form = form
        self._files = files or [path]

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        if self._form == "parquet":
            return parquet_schema(self._files[0]).remove_metadata()
        return OutputOptions(self.summary.keep).schema("interviews")

    @cached_property
    def dataset(self) -> ds.Dataset:
        """The files as an Arrow dataset, as they stand: a CSV has lists as text."""
        import pyarrow.dataset as ds  # imports pandas where it is installed; a command that fails early does without

        schema, form = self.schema, ds.ParquetFileFormat()
        if self._form == "jsonl":
            parse = pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
            read = pa_json.ReadOptions(block_size=BLOCK)
            form = ds.JsonFileFormat(ds.JsonFragmentScanOptions(parse_options=parse, read_options=read))
        elif self._form == "csv":
            schema = pa.schema([(f.name, pa.string() if pa.types.is_list(f.type) else f.type) for f in schema])
            convert = pc_csv.ConvertOptions(column_types=schema, strings_can_be_null=True, null_values=[""])
            read_csv = pc_csv.ReadOptions(block_size=BLOCK)
            options = ds.CsvFragmentScanOptions(convert_options=convert, read_options=read_csv)
            form = ds.CsvFileFormat(pc_csv.ParseOptions(newlines_in_values=True), options)
        path: Any = self.path
        if is_remote(path):
            storage = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(path.fs))
            return ds.FileSystemDataset.from_paths([path.path], schema, form, storage)
        files = [file for file in self._files if file.stat().st_size]  # no line is no JSON to Arrow
        return ds.FileSystemDataset.from_paths(list(map(str, files)), schema, form, pyarrow.fs.LocalFileSystem())

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns, in batches. Raises UsageError where the file is broken."""
        try:
            for batch in self.dataset.scanner(columns=list(columns), batch_size=ROWS, batch_readahead=2).to_batches():
                yield _from_csv(batch, self.schema) if self._form == "csv" else batch
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(self.path, error) from None

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All of it in memory. Raises UsageError where the file is broken."""
        names = list(self.schema.names if columns is None else columns)
        return pa.Table.from_batches(self.batches(names), pa.schema([self.schema.field(name) for name in names]))

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def __len__(self) -> int:
        return self.summary.interviews

    def __repr__(self) -> str:
        rules = self.summary.rulebase
        return f"<Scores {self.name!r}: {self._counts()}, {rules.name} {rules.version}>"

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """All of it as a frame of pandas, or some columns. Raises InstallationError without pandas, UsageError where the file is
        broken."""
        _needs("pandas")
        frame: pd.DataFrame = self.to_arrow(columns).to_pandas()
        return frame

    def to_polars(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """All of it as a frame of Polars, or some columns. Raises InstallationError without Polars, UsageError where the file is
        broken."""
        frame: pl.DataFrame = _needs("polars").from_arrow(self.to_arrow(columns))
        return frame

    def _repr_html_(self) -> str:
        """Shown by a notebook: means, bands and the worst. All rows are read."""
        return as_html(scores_view(PurePath(self.name).name, self.summary, self.batches(VIEWED)))

    def _counts(self) -> str:
        rejects = self.summary.rejects
        return self.summary.words.counted(len(self)) + (f", {counted(rejects, 'reject')}" if rejects else "")


class TableScores(Scores):
    """Scored interviews in a table of a database."""

    def __init__(self, database: Database, summary: Summary, schema: pa.Schema) -> None:
        super().__init__(Path(database.name), "parquet", summary)
        self._database = database
        self._schema = schema

    @property
    def name(self) -> str:
        """Its URL, without a password."""
        return self._database.name

    @property
    def schema(self) -> pa.Schema:
        """The columns and their types."""
        return self._schema

    @cached_property
    def dataset(self) -> ds.Dataset:
        """The table as an Arrow dataset, in memory."""
        import pyarrow.dataset as ds

        return ds.dataset(self.to_arrow())

    def batches(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns, in batches. Raises UsageError where the table cannot be read."""
        return read_columns(self._database, pa.schema([self.schema.field(name) for name in columns]))


def read_scores(path: str | Path) -> Scores:
    """The scores that ``misstep score`` wrote into a file, Parquet, JSON lines or CSV; into a folder of them, by ``--append``; or
    into a table, by its URL.

    Raises UsageError where there is no such file, or it is not a result.
    """
    if str(path).startswith(DATABASES):
        return _table_scores(read_url(str(path)))
    file = place(path)
    refuse_not_utf_8(file)
    if not is_remote(file) and (file / RUNS).is_dir():
        return _folder_scores(file)
    check_is_file(file)
    form = _form_of(file)
    scores = Scores(file, form, _read_summary(file, form))
    if "mistakes" not in scores.schema.names:
        raise UsageError(f"{printable(str(file))}: is a further table of a result; give the one with interviews")
    return scores


def _form_of(file: Path) -> OutputForm:
    form = ENDINGS.get(file.suffix.lower())
    if form is None:
        raise _no_result(file, f"its name ends in none of {', '.join(ENDINGS)}")
    return form


def _table_scores(database: Database) -> Scores:
    name = printable(database.name)
    if database.query:
        raise UsageError(f"{name}: a result is a whole table; end it with ?table=NAME")
    summary, schema = read_runs(database)
    return TableScores(database, summary, schema)


def _folder_scores(folder: Path) -> Scores:
    form, found = _form_of(folder), run_files(folder)
    if not found:
        raise _no_result(folder, "no run has added to it")
    try:
        summary = Summary.merged([Summary.from_json(about.read_bytes()) for _, about in found])
    except UsageError as error:
        raise UsageError(f"{printable(str(folder))}: {error}") from None
    return Scores(folder, form, summary, [file for file, _ in found])


def _needs(package: str) -> ModuleType:
    """A package that few need. Raises InstallationError where it is missing."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise InstallationError(f"a frame of {package} needs {package}: pip install 'misstep[{package}]'") from None


def _read_summary(file: Path, form: OutputForm) -> Summary:
    """The summary inside a Parquet file, or beside another."""
    place = file
    if form == "parquet":
        try:
            data = (parquet_schema(file).metadata or {}).get(SUMMARY)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(file, error) from None
        if data is None:
            raise _no_result(file, "it has no summary of a run")
    else:
        place = file.with_name(file.name + ".summary.json")
        if not place.is_file():
            raise _no_result(file, f"there is no {place.name} beside it")
        data = place.read_bytes()
    try:
        return Summary.from_json(data)
    except UsageError as error:
        raise UsageError(f"{printable(str(place))}: {error}") from None


def _no_result(file: Path, why: str) -> UsageError:
    return UsageError(f"{printable(str(file))}: is not a result of `misstep score`: {printable(why)}")


def _unreadable(file: Path, error: Exception) -> UsageError:
    """Errors of Arrow may hold values of the file, which are private: what the system says is shown, else the type of error."""
    if isinstance(error, OSError) and error.errno:
        return UsageError(f"{printable(str(file))}: {os.strerror(error.errno)}")
    return UsageError(f"{printable(str(file))}: cannot be read as {file.suffix[1:].lower()} ({type(error).__name__})")


def _from_csv(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Lists and text as they were before they became cells."""
    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_list(schema.field(name).type):
            empty = pa.scalar([], pa.list_(pa.string()))
            columns.append(pc.if_else(pc.is_null(column), empty, pc.split_pattern(column, ";")))
        elif pa.types.is_string(column.type):
            columns.append(pc.replace_substring_regex(column, r"\A'([=+\-@\t\r])", r"\1"))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
