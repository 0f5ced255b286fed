"""Parquet: every row once and under its number, whatever its groups and types; what is damaged, or a bomb, costs no others."""

from __future__ import annotations

import datetime
import os
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.batch.reading import FACTS, plan, read, run_alone, told

from misstep.batch.inputs import parquet, read_part
from misstep.batch.parts import Logged
from misstep.batch.run import score
from misstep.errors import RecordError, UsageError
from misstep.limits import Limits


@pytest.mark.parametrize("group", [1, 7, 10, 25, 100])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_every_row_of_every_row_group_is_read_once(tmp_path: Path, group: int, compression: str) -> None:
    table = pa.table(
        {
            "n": pa.array(range(100)),
            "facts": [f'[{{"kind": "late_arrival", "minutes": {n}}}]' for n in range(1, 101)],
            "id": [f"iv-{n}" if n % 2 else None for n in range(100)],
            "day": [datetime.date(2026, 1, 1 + n % 28) for n in range(100)],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=group, compression=compression)
    parts, reading = plan(tmp_path / "a.parquet", tmp_path / "spool", keep=("n", "day"), part_rows=10)
    got = [record for part in parts for record in read_part(part, reading)]
    assert got == [
        Logged(
            n + 1,
            f'[{{"kind": "late_arrival", "minutes": {n + 1}}}]'.encode(),
            f"iv-{n}" if n % 2 else None,
            (str(n), f"2026-01-{1 + n % 28:02}"),
        )
        for n in range(100)
    ]
    assert {part.storage for part in parts} == ({"rows"} if group > 20 else {"parquet"})
    assert [part.row for part in parts] == sorted({part.row for part in parts})
    assert parts[-1].share == 1.0
    assert all(part.share <= 1.0 for part in parts)


@pytest.mark.parametrize("group", [5, 50])
def test_the_digest_tells_which_part_has_changed(tmp_path: Path, group: int) -> None:
    digests = []
    for changed in (None, 7, None):
        facts = ["[1]" if n == changed else "[]" for n in range(50)]
        table = pa.table({"facts": facts, "other": [str(changed)] * 50})
        pq.write_table(table, tmp_path / "a.parquet", row_group_size=group)
        digests.append([part.digest for part in plan(tmp_path / "a.parquet", tmp_path / "spool", part_rows=5)[0]])
    assert digests[0] == digests[2]
    assert [n for n, (a, b) in enumerate(zip(digests[0], digests[1], strict=True)) if a != b] == [1]


@pytest.mark.parametrize(
    "type_",
    [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.dictionary(pa.int8(), pa.string())],
)
@pytest.mark.parametrize("part_rows", [1, 100])
def test_text_of_any_type_is_read(tmp_path: Path, type_: pa.DataType, part_rows: int) -> None:
    texts = [FACTS, None, "[]", "", "[{}]"]
    array = pa.array(texts).dictionary_encode() if pa.types.is_dictionary(type_) else pa.array(texts).cast(type_)
    pq.write_table(pa.table({"facts": array, "team": array}), tmp_path / "a.parquet")
    empty = "the column 'facts' is empty; it must hold the facts as JSON"
    got = read(tmp_path / "a.parquet", tmp_path / "spool", keep=("team",), part_rows=part_rows)
    assert told(got) == [f"1: {FACTS}", f"2! {empty}", "3: []", f"4! {empty}", "5: [{}]"]
    assert [record.kept for record in got if isinstance(record, Logged)] == [(FACTS,), ("[]",), ("[{}]",)]


@pytest.mark.parametrize("part_rows", [1, 100])
def test_text_that_is_not_utf_8_costs_only_its_row(tmp_path: Path, part_rows: int) -> None:
    facts = pa.array([b"[]", b'["\xe9"]', b"[]"], pa.binary())
    pq.write_table(pa.table({"facts": facts}), tmp_path / "a.parquet")
    got = read(tmp_path / "a.parquet", tmp_path / "spool", part_rows=part_rows)
    assert [record.row for record in got] == [1, 2, 3]
    if part_rows == 1:  # else it is found where the record is read
        assert told(got)[1] == "2! not UTF-8 text"


def test_what_is_too_long_or_no_id_costs_only_its_row(tmp_path: Path) -> None:
    pq.write_table(pa.table({"facts": ["[]", " " * 1_001, "[]"], "id": ["a", "b", "c" * 201]}), tmp_path / "a.parquet")
    assert told(read(tmp_path / "a.parquet", tmp_path / "spool", limits=Limits(record_bytes=1_000))) == [
        "1: []",
        "2! has more than 1000 bytes, the most that a record may have",
        "3! the column 'id' must be text of 1 to 200 characters",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05.000000"),
        (None, None),
    ],
)
def test_values_of_any_type_are_carried_along_as_text(tmp_path: Path, value: Any, text: str | None) -> None:
    pq.write_table(pa.table({"facts": ["[]"], "id": [17], "value": [value]}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", tmp_path / "spool", keep=("value",)) == [Logged(1, b"[]", "17", (text,))]


@pytest.mark.parametrize("part_rows", [2_000, 20_000])
def test_a_damaged_page_costs_what_is_in_it_and_after_it_in_its_group(tmp_path: Path, part_rows: int) -> None:
    file = tmp_path / "a.parquet"
    facts = [f'["{os.urandom(50).hex()}"]' for _ in range(20_000)]
    pq.write_table(pa.table({"facts": facts}), file, row_group_size=10_000, data_page_size=50_000, use_dictionary=False)
    chunk = pq.read_metadata(file).row_group(0).column(0)
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    data = bytearray(file.read_bytes())
    data[middle : middle + 60_000] = bytes(60_000)
    file.write_bytes(data)
    got = read(file, tmp_path / "spool", part_rows=part_rows)
    before = [record for record in got if record.row <= 10_000]
    *rows, reject = before
    assert [row.record.decode() for row in rows if isinstance(row, Logged)] == facts[: len(rows)]
    assert 1_000 <= len(rows) < 6_000
    row = len(rows) + 1
    assert told([reject]) == [f"{row}! the file is damaged: rows {row} to 10000 cannot be read"]
    assert [row.record.decode() for row in got[len(before) :] if isinstance(row, Logged)] == facts[10_000:]


def test_a_group_that_unpacks_to_too_much_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    with pq.ParquetWriter(file, pa.schema([("facts", pa.string())]), compression="zstd", use_dictionary=False) as writer:
        writer.write_table(pa.table({"facts": ["[]"]}))
        writer.write_table(pa.table({"facts": ["x" * 1_000_000] * 120}))
        writer.write_table(pa.table({"facts": ["[]"]}))
    fault = "row group 2 unpacks to more than 1000 times its size; unpack it yourself if it is to be trusted"
    assert told(read(file, tmp_path / "spool")) == ["1: []", f"2! {fault}", "122: []"]


def test_of_rows_that_take_no_bytes_a_million_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "FREE_VALUES", 2_000)
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"facts": ["[]"] * 5_000}), file, row_group_size=1_000)
    got = told(read(file, tmp_path / "spool"))
    said = "has more rows or facts than bytes, and more than 1000000, the most that are taken of such a file"
    assert got == [*(f"{row}: []" for row in range(1, 2_001)), f"2001! {said}"]
    pq.write_table(pa.table({"facts": ["[]"] * 5_000, "id": [f"{row:016}" for row in range(5_000)]}), file, row_group_size=1_000)
    assert len(read(file, tmp_path / "spool")) == 5_000


def test_facts_in_lists_are_counted_as_rows_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "FREE_VALUES", 2_000)
    file = tmp_path / "a.parquet"
    pq.write_table(pa.table({"facts": [[{"kind": "rambling"}] * 900] * 9}), file, row_group_size=2)
    assert [row.row for row in read(file, tmp_path / "spool")] == [1, 2, 3]  # and there is the fault


def test_a_part_holds_no_more_than_fits_into_memory_however_it_is_packed(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000, pa.int32()), pa.array(["[" + " " * 50_000 + "]"]))
    pq.write_table(pa.table({"facts": long}), file)
    parts, _ = plan(file, tmp_path / "spool")
    assert {part.storage for part in parts} == {"rows"}
    assert max(Path(part.path).stat().st_size for part in parts) < 5_000_000


def test_a_text_that_stands_once_in_a_dictionary_is_never_in_memory_for_every_row(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 5_000, pa.int32()), pa.array(["x" * 1_000_001]))
    pq.write_table(pa.table({"facts": long}), file, compression="zstd")
    assert file.stat().st_size < 10_000
    program = (
        "import sys; from pathlib import Path; from tests.batch.reading import read\n"
        "got = read(sys.argv[1], Path(sys.argv[2]))\n"
        "assert len(got) == 5_000 and 'has more than 1000000 bytes' in str(got[-1]), got[-1]\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM:')).split()[1])"
    )
    printed = run_alone(program, file, tmp_path / "spool")
    assert int(printed) < 900_000  # kB, of five million; ru_maxrss would begin with what these tests hold themselves


@pytest.mark.parametrize(
    ("array", "type_"), [(pa.array([{"a": 1}]), "struct<a: int64>"), (pa.array([[1]]), "list<element: int64>")], ids=str
)
def test_an_id_is_one_value(tmp_path: Path, array: pa.Array, type_: str) -> None:
    pq.write_table(pa.table({"facts": ["[]"], "id": array}), tmp_path / "a.parquet")
    with pytest.raises(UsageError) as raised:
        read(tmp_path / "a.parquet", tmp_path / "spool")
    assert str(raised.value) == (
        f"{tmp_path}/a.parquet: the column 'id' must be text, a number, true or false, or a time, not {type_}"
    )


UUID = uuid.UUID("0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([UUID.bytes], pa.binary(16))), str(UUID)),
        (pa.array([UUID.bytes], pa.binary(16)), UUID.hex),
        (pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}'])), '{"a": 1}'),
        (pa.array([Decimal("1.50")]), "1.50"),
        (pa.array([datetime.date(2026, 1, 2)]), "2026-01-02"),
        (pa.array([datetime.time(3, 4, 5)]), "03:04:05.000000"),
        (pa.array([datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)]), "2026-01-02 00:00:00.000000Z"),
        (pa.array([1.5], pa.float16()), "1.5"),
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array(["é".encode()], pa.binary()), "é"),
        (pa.array([["a", None]]), '["a",null]'),
        (pa.array([{"a": Decimal("2.0"), "b": [datetime.date(2026, 1, 2)]}]), '{"a":2,"b":["2026-01-02"]}'),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())), '{"a":1}'),
        (pa.nulls(1), None),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_a_column_of_any_logical_type_is_carried_along(tmp_path: Path, array: pa.Array, text: str | None) -> None:
    pq.write_table(pa.table({"facts": ["[]"], "value": array}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", tmp_path / "spool", keep=("value",)) == [Logged(1, b"[]", None, (text,))]


LATE = {"kind": "late_arrival", "minutes": 12}
JSON_FACTS = '[{"kind": "late_arrival", "minutes": 12}]'


@pytest.mark.parametrize(
    ("array", "records"),
    [
        (pa.array([[LATE, {"kind": "bad_joke"}], None, []]), [[LATE, {"kind": "bad_joke", "minutes": None}], None, []]),
        (pa.array([{"id": "a", "facts": [LATE]}]), [{"id": "a", "facts": [LATE]}]),
        (pa.array([[LATE]], pa.large_list(pa.struct([("kind", pa.large_string()), ("minutes", pa.float64())]))), [[LATE]]),
        (pa.array([[LATE]], pa.list_(pa.struct([("kind", pa.binary()), ("minutes", pa.decimal128(9, 2))]))), [[LATE]]),
        (pa.array([[[("kind", "bad_joke")]]], pa.list_(pa.map_(pa.string(), pa.string()))), [[{"kind": "bad_joke"}]]),
        (pa.ExtensionArray.from_storage(pa.json_(), pa.array([JSON_FACTS, None])), [[LATE], None]),
        (pa.nulls(2), [None, None]),
        (pa.array([[], None], pa.list_(pa.null())), [[], None]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
@pytest.mark.parametrize("part_rows", [1, 100])
def test_facts_of_any_shape_are_read(tmp_path: Path, array: pa.Array, records: list[Any], part_rows: int) -> None:
    pq.write_table(pa.table({"facts": array}), tmp_path / "a.parquet", row_group_size=3)
    got = read(tmp_path / "a.parquet", tmp_path / "spool", part_rows=part_rows)
    assert [orjson.loads(row.record) if isinstance(row, Logged) else None for row in got] == records
    assert {told([row])[0][1:] for row, record in zip(got, records, strict=True) if record is None} <= {
        "! the column 'facts' is empty; it must hold the facts as JSON"
    }


def test_a_column_of_json_that_duckdb_wrote_is_scored_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    facts = "to_json([{kind: 'late_arrival', minutes: 1 + i % 60}])"
    duckdb.sql(f"COPY (SELECT 'iv-' || i AS id, uuid() AS u, {facts} AS facts FROM range(20000) t(i)) TO '{file}'")
    outcome = score(file, tmp_path / "scores.parquet", keep=["u"], workers=1)
    assert (outcome.interviews, outcome.rejects) == (20_000, 0)


def test_facts_as_a_list_of_json_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    values = '([\'{"kind": "bad_joke"}\'::JSON, NULL]), ([]::JSON[]), (NULL)'
    duckdb.sql(f"COPY (SELECT * FROM (VALUES {values}) t(facts)) TO '{file}'")
    told_ = told(read(file, tmp_path / "spool"))
    assert told_[:2] == ['1: [{"kind": "bad_joke"},null]', "2: []"]
    assert len(told_) == 3


def test_an_error_that_is_not_about_the_file_is_not_told_as_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"facts": ["[]"]}), tmp_path / "a.parquet")
    for error in (ValueError("ours"), pa.ArrowNotImplementedError("ours"), pa.ArrowInvalid("ours"), OSError("ours")):

        def fails(column: pa.Array, error: Exception = error) -> list[bytes | None]:
            raise error

        monkeypatch.setattr(parquet, "as_json", fails)
        with pytest.raises(type(error), match="ours"):
            read(tmp_path / "a.parquet", tmp_path / "spool")


def test_rejects_count_interviews(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    facts = [f'["{os.urandom(50).hex()}"]' for _ in range(3_000)]
    pq.write_table(pa.table({"facts": facts}), file, use_dictionary=False, compression="none")
    data = bytearray(file.read_bytes())
    data[4:200] = bytes(196)
    file.write_bytes(data)
    whole = tmp_path / "b.parquet"
    pq.write_table(pa.table({"facts": ["[]"]}), whole)
    outcome = score([file, whole], tmp_path / "scores.parquet", workers=1)
    assert (outcome.interviews, outcome.rejects) == (1, 3_000)
    (line,) = (tmp_path / "scores.rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert orjson.loads(line)["count"] == 3_000
    with pytest.raises(RecordError, match="more than 100 records are invalid"):
        score([file, whole], tmp_path / "again.parquet", workers=1, max_rejects=100)


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    class Odd(pa.ExtensionType):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(pa.string(), "odd")

        def __arrow_ext_serialize__(self) -> bytes:
            return b"cos\nsystem\n(S'false'\ntR."

        @classmethod
        def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> Odd:
            raise AssertionError

    array = pa.ExtensionArray.from_storage(Odd(), pa.array(["[]"]))
    pq.write_table(pa.table({"facts": array}), tmp_path / "a.parquet")
    assert told(read(tmp_path / "a.parquet", tmp_path / "spool")) == ["1: []"]  # what is not known is what it is made of
