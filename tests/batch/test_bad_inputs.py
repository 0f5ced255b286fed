"""Inputs that cannot be read: what is said of each, whole."""

from __future__ import annotations

import errno
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.batch.reading import LINE, read, told

from misstep.batch.inputs import Reading, rows_of
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.batch.run import score
from misstep.errors import MisstepError, RecordError, UsageError
from misstep.language.facts import Field, Kind

NEAR = "; did you mean 'fact'? Then give --facts fact"
FORMS = "JSON (*.json, *.jsonl, *.ndjson) or CSV (*.csv, *.tsv), also packed as *.gz or *.zst, Parquet (*.parquet, *.pq), *.xlsx"
KIND = Kind("late", "mistake", "Late", (Field("minutes", "integer"),))


def parquet(**columns: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


BAD: list[tuple[str, bytes, dict[str, Any], type[MisstepError], str]] = [
    ("a.parquet", b"", {}, RecordError, "is empty"),
    ("a.jsonl.gz", gzip.compress(LINE, mtime=0)[:11], {}, RecordError, "the gzip data end too early: the file is truncated"),
    ("a.jsonl.gz", LINE, {}, RecordError, "is not compressed, although its name ends in .gz"),
    ("a.csv.zst", b"facts\n", {}, RecordError, "is not compressed, although its name ends in .zst"),
    ("a.txt", LINE, {}, UsageError, f"its ending is of no known format; {FORMS} are read; or give --input-format"),
    ("a.parquet", b"PAR1 and nothing else", {}, RecordError, "is not a Parquet file, or is truncated or damaged"),
    ("a.parquet", parquet(facts=["[]"])[:-20], {}, RecordError, "is not a Parquet file, or is truncated or damaged"),
    (
        "a.parquet",
        parquet(fact=["[]"]),
        {},
        UsageError,
        f"has no column 'facts'; there are fact{NEAR}",
    ),
    ("a.parquet", parquet(a=["[]"], b=["[]"]), {}, UsageError, "has no column 'facts'; there are a, b"),
    ("a.parquet", parquet(facts=["[]"]), {"id": "iv"}, UsageError, "has no column 'iv'; there are facts"),
    ("a.parquet", parquet(facts=["[]"]), {"keep": ("team",)}, UsageError, "has no column 'team'; there are facts"),
    ("a.parquet", parquet(facts=[1]), {}, UsageError, "the column 'facts' must be text with JSON, or lists of facts, not int64"),
    (
        "a.parquet",
        parquet(facts=["[]"], id=[{"a": 1}]),
        {},
        UsageError,
        "the column 'id' must be text, a number, true or false, or a time, not struct<a: int64>",
    ),
    (
        "a.csv",
        b"fact,id\n",
        {},
        UsageError,
        f"has no column 'facts'; there are fact, id{NEAR}",
    ),
    ("a.csv", b"facts,facts\n", {}, UsageError, "has the column 'facts' twice"),
    (
        "a.csv",
        b'"facts\n',
        {},
        RecordError,
        "line 1 is not valid CSV: a quote is left open, or stands within a text, where it is doubled and the text quoted",
    ),
    (
        "a.csv",
        b"id,facts\ra,[]\r",
        {},
        RecordError,
        "line 1 ends in a carriage return alone, and so does every other; save the file with line ends of LF or CRLF",
    ),
    (
        "a.csv",
        b"id,kind,minuts\n",
        {"kinds": (KIND,)},
        UsageError,
        "the column 'minuts' is no field of any kind; did you mean 'minutes'?",
    ),
    (
        "a.csv",
        b"id,kind,team\n",
        {"kinds": (KIND,)},
        UsageError,
        "the column 'team' is no field of any kind; --keep carries it along, --ignore leaves it out",
    ),
    ("a.csv", b"kind,minutes\n", {"kinds": (KIND,)}, UsageError, "has no column 'id'; there are kind, minutes"),
    ("a.csv", b"id,facts\n", {"form": "long-csv"}, UsageError, "has no column 'kind'; there are facts, id"),
    ("a.csv", b"id,kind,minutes,minutes\n", {"kinds": (KIND,)}, UsageError, "has the column 'minutes' twice"),
]


@pytest.mark.parametrize(("name", "data", "options", "error", "said"), BAD, ids=[f"{b[0]}: {b[-1][:40]}" for b in BAD])
def test_what_cannot_be_read_is_said_before_anything_is(
    tmp_path: Path, name: str, data: bytes, options: dict[str, Any], error: type[MisstepError], said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    (tmp_path / "good.jsonl").write_bytes(LINE)
    inputs = [file] if "form" in options else [tmp_path / "good.jsonl", file]
    with pytest.raises(error) as raised:
        read(inputs, tmp_path / "spool", **options)
    assert str(raised.value) == f"{file}: {said}"
    assert not list((tmp_path / "spool").iterdir())


@pytest.mark.parametrize(
    ("name", "data", "error", "said"),
    [(name, data, error, said) for name, data, options, error, said in BAD if error is RecordError and not options],
)
def test_the_same_is_said_where_rows_are_mapped(
    tmp_path: Path, name: str, data: bytes, error: type[MisstepError], said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    mapping = RowMapping.parse("map: 1\ncolumns: {minutes: integer}\nfacts: {late_arrival: {minutes: minutes}}\n")
    with pytest.raises(error) as raised:
        score(file, tmp_path / "out.jsonl", mapping=mapping, workers=1)
    assert str(raised.value) == f"{file}: {said}"
    with pytest.raises(error) as raised:
        list(rows_of([str(file)], Reading(tmp_path)))
    assert str(raised.value) == f"{file}: {said}"


@pytest.mark.parametrize(
    ("name", "data", "options", "said"),
    [(name, data, options, said) for name, data, options, _, said in BAD if name != "a.txt" and "form" not in options],
)
def test_what_is_found_in_a_folder_and_cannot_be_read_costs_the_others_nothing(
    tmp_path: Path, name: str, data: bytes, options: dict[str, Any], said: str
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "0.jsonl").write_bytes(b"[1]")
    (logs / name).write_bytes(data)
    (logs / "z.jsonl").write_bytes(b"[2]")
    assert told(read(logs, tmp_path / "spool", **options)) == ["1: [1]", f"1! {said}", "1: [2]"]


def test_what_is_named_and_cannot_be_read_stops_the_run_before_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LINE)
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(RecordError, match=r"b\.parquet: is not a Parquet file, or is truncated or damaged$"):
        score([tmp_path / "a.jsonl", tmp_path / "b.parquet"], tmp_path / "s.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "b.parquet"]
    outcome = score(f"{tmp_path}/[ab].*", tmp_path / "s.csv")
    assert (outcome.interviews, outcome.rejects) == (1, 1)


def nothing(folder: Path) -> None:
    pass


def link(folder: Path) -> None:
    (folder / "a.jsonl").symlink_to(folder / "gone.jsonl")


def other(folder: Path) -> None:
    (folder / "a.txt").write_bytes(LINE)


def twice(folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(LINE)


@pytest.mark.parametrize(
    ("make", "inputs", "options", "said"),
    [
        (nothing, [], {}, "no input is given; name files, folders, patterns, a database, or - for standard input"),
        (nothing, ["a.jsonl"], {}, "{}/a.jsonl: no such file"),
        (nothing, ["*.jsonl"], {}, "{}/*.jsonl: no file matches"),
        (other, [""], {}, f"{{}}/: no files to read in this folder; looked for: {FORMS}"),
        (twice, [""], {"form": "csv"}, "{}/: no files to read in this folder; looked for: csv files"),
        (link, ["a.jsonl"], {}, "{}/a.jsonl: is a broken link"),
        (twice, ["a.jsonl", "*.jsonl"], {}, "{}/a.jsonl: is given twice; every interview is to be scored once"),
        (twice, ["a.jsonl", "../logs/a.jsonl"], {}, "{}/../logs/a.jsonl: is given twice; every interview is to be scored once"),
        (
            twice,
            ["a.jsonl"],
            {"form": "csv", "delimiter": "ab"},
            "the delimiter of CSV must be a single character, say ';', or '\\t' for a tab",
        ),
    ],
)
def test_inputs_that_make_no_sense(
    tmp_path: Path, make: Callable[[Path], None], inputs: list[str], options: dict[str, Any], said: str
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    make(logs)
    with pytest.raises(UsageError) as raised:
        read([f"{logs}/{name}" for name in inputs], tmp_path / "spool", **options)
    assert str(raised.value) == said.replace("{}", str(logs))


def test_a_file_is_read_though_its_name_is_not_utf_8(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / os.fsdecode(b"a\xff.jsonl")).write_bytes(LINE + b"\n")
    (logs / os.fsdecode(b"b\xff.csv")).write_text("id,facts\na,[]\n", encoding="utf-8")
    (logs / os.fsdecode(b"\xff")).write_bytes(b"")
    pq.write_table(pa.table({"id": ["p"], "facts": ["[]"]}), logs / "c.parquet")
    (logs / "c.parquet").rename(logs / os.fsdecode(b"c\xff.parquet"))
    for inputs in ([logs], [logs / "*.*"], sorted(logs.glob("*.*"))):
        done = score(inputs, tmp_path / "out.jsonl", workers=1, overwrite=True)
        scored = [orjson.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
        assert [row["file"].removeprefix(f"{logs}/") for row in scored] == ["a\\udcff.jsonl", "b\\udcff.csv", "c\\udcff.parquet"]
        assert done.rejects == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"output": "\udcff.jsonl"}, "\\udcff.jsonl: the path of scores must be UTF-8 text; choose another name"),
        ({"output": "sqlite:///\udcff.db?table=a"}, "sqlite:///\\udcff.db: is not UTF-8 text, as the URL of a database is"),
        ({"keep": ["\udcff"]}, "the name of a column is not UTF-8 text: '\\udcff'"),
        ({"ignore": ["\udcff"]}, "the name of a column is not UTF-8 text: '\\udcff'"),
        ({"id": "\udcff"}, "the name of a column is not UTF-8 text: '\\udcff'"),
    ],
)
def test_other_names_that_are_not_utf_8_are_refused(
    tmp_path: Path, options: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_bytes(LINE)
    with pytest.raises(UsageError) as raised:
        score("a.jsonl", **{"output": "out.jsonl", **options}, workers=1)
    assert str(raised.value) == said


def test_parquet_has_no_beginning_to_be_read_from(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read("-", tmp_path / "spool", form="parquet")
    assert str(raised.value) == "<stdin>: Parquet is read from a file only, as it begins at its end"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (tmp_path / "a.jsonl").write_bytes(LINE)
    monkeypatch.setattr(Path, "open", refuse)  # not by its mode, which root need not heed
    with pytest.raises(UsageError) as raised:
        read(tmp_path / "a.jsonl", tmp_path / "spool")
    assert str(raised.value) == f"{tmp_path}/a.jsonl: cannot be read: Permission denied"


EMPTY: list[tuple[str, bytes, dict[str, Any]]] = [
    ("a.jsonl", b"", {}),
    ("a.jsonl", b"\n\n", {}),
    ("a.jsonl.gz", gzip.compress(b"", mtime=0), {}),
    ("a.json", b"", {}),
    ("a.json", b"[]", {}),
    ("a.json", b'{"data": []}', {}),
    ("a.csv", b"", {}),
    ("a.csv", b"\n\n", {}),
    ("a.csv", b"id,facts\n", {}),
    ("a.csv", b"id,kind\n\n", {}),
    ("a.csv.gz", gzip.compress(b"facts\n", mtime=0), {}),
    ("a.parquet", parquet(facts=pa.array([], pa.string())), {}),
]


@pytest.mark.parametrize(("name", "data", "options"), EMPTY, ids=[f"{name}: {data[:20]!r}" for name, data, _ in EMPTY])
def test_an_input_without_interviews_is_none_that_is_wrong(
    tmp_path: Path, name: str, data: bytes, options: dict[str, Any]
) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / name).write_bytes(data)
    (tmp_path / "logs" / "z.jsonl").write_bytes(b"[2]")
    assert read(tmp_path / "logs" / name, tmp_path / "spool", **options) == []
    assert told(read(tmp_path / "logs", tmp_path / "spool", **options)) == ["1: [2]"]


def test_folders_and_patterns_are_read_in_the_order_of_names(tmp_path: Path) -> None:
    hidden = ("b/.hidden.jsonl", "_temporary/x.jsonl", ".git/x.jsonl", "b/notes.txt")
    for name in ("b/2.jsonl", "b/1.ndjson", "a.jsonl", "c.JSONL", *hidden):
        (tmp_path / "logs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs" / name).write_text(f"[{name!r}]", encoding="utf-8")
    logs = tmp_path / "logs"
    assert told(read(logs, tmp_path / "spool")) == ["1: ['a.jsonl']", "1: ['c.JSONL']", "1: ['b/1.ndjson']", "1: ['b/2.jsonl']"]
    assert told(read([f"{logs}/b/*.jsonl", f"{logs}/[ac].*"], tmp_path / "spool")) == [
        "1: ['b/2.jsonl']",
        "1: ['a.jsonl']",
        "1: ['c.JSONL']",
    ]
    (logs / "[x].jsonl").write_text("[0]", encoding="utf-8")
    assert told(read(logs / "[x].jsonl", tmp_path / "spool")) == ["1: [0]"]
