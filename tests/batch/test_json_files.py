"""JSON documents: whatever their layout, every record is read once, and one that is wrong costs no other."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.reading import plan, read, run_alone, told
from tests.batch.test_dialects import remarks_on

from misstep.batch.inputs import read_part
from misstep.batch.inputs.json_files import JsonValues, find_list, is_document
from misstep.batch.parts import Logged
from misstep.limits import Limits

FACT = {"kind": "bad_joke", "reason": 'a "quote\\", a }] and , é'}
RECORDS = [{"id": "a", "facts": [FACT]}, {"id": "b", "team": {"name": "x"}, "facts": []}, [FACT], {"facts": [FACT, FACT]}]

LAYOUTS: dict[str, str] = {
    "a list": json.dumps(RECORDS),
    "a list, not ASCII": json.dumps(RECORDS, ensure_ascii=False),
    "a list, pretty": json.dumps(RECORDS, indent=2),
    "in an object": json.dumps({"data": RECORDS}),
    "in an object, pretty": json.dumps({"data": RECORDS}, indent=1),
    "among other members": json.dumps({"next": None, "tags": ["x"], "page": {"n": [1]}, "items": RECORDS, "more": {"a": []}}),
    "one after another": "\n".join(json.dumps(record, indent=2) for record in RECORDS),
    "a list with a mark": "\ufeff" + json.dumps(RECORDS),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz"])
def test_every_layout_is_read(tmp_path: Path, layout: str, name: str) -> None:
    if name == "a.jsonl" and layout == "among other members":
        return
    data = LAYOUTS[layout].encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    got = read(tmp_path / name, tmp_path / "spool", keep=("team",), part_rows=2)
    assert [(row.row, json.loads(row.record)) for row in got if isinstance(row, Logged)] == [
        (n, {"id": "b", "facts": []} if n == 2 else record) for n, record in enumerate(RECORDS, start=1)
    ]
    kept = [row.kept[0] for row in got if isinstance(row, Logged)]
    assert [value and json.loads(value) for value in kept] == [None, {"name": "x"}, None, None]
    where = {"in an object": "data", "in an object, pretty": "data", "among other members": "items"}.get(layout)
    assert remarks_on(tmp_path / name, tmp_path / "spool") == ([f"the records are those of the list '{where}'"] if where else [])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.text('"\\[]{},: ', max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('"\\[]{},:a', max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(values, max_size=6), st.sampled_from([None, 1]), st.integers(1, 7), st.booleans())
def test_values_are_split_wherever_they_are_cut(found: list[Any], indent: int | None, chunk: int, ascii_: bool) -> None:
    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            return super().read1(chunk)

    text = json.dumps(found, indent=indent, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    stream: Any = Slow(text)
    split = JsonValues(stream, 1_000_000, 1)
    assert [json.loads(value or b"") for value in split] == found
    assert (split.count, split.fault) == (len(found), "")


@given(st.lists(st.dictionaries(st.text(max_size=3), values, max_size=3) | st.lists(values), max_size=5), st.integers(1, 7))
def test_values_that_stand_one_after_another_are_split(found: list[Any], chunk: int) -> None:
    class Slow(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            return super().read1(chunk)

    stream: Any = Slow(b"\n".join(json.dumps(value).encode() for value in found))
    assert [json.loads(value or b"") for value in JsonValues(stream, 1_000_000, 0)] == found


@given(st.binary(max_size=200), st.integers(0, 1))
def test_whatever_there_is_is_read_to_its_end(data: bytes, start: int) -> None:
    listed = find_list(data)
    is_document(data)
    stream: Any = io.BytesIO(data)
    assert all(value != b"" for value in JsonValues(stream, 10, listed.start or start))


def test_a_record_that_is_wrong_inside_costs_no_other(tmp_path: Path) -> None:
    text = '[{"facts": []}, {"facts": [}, {"facts": [], "facts": []}, 5, , null, {"facts" []}, {"facts": []}]'
    (tmp_path / "a.json").write_text(text.replace("[}", "[oops]}"), encoding="utf-8")
    got = read(tmp_path / "a.json", tmp_path / "spool")
    assert [row.row for row in got] == [1, 2, 3, 4, 5, 6, 7]
    assert told(got)[-1] == '7: {"facts": []}'


@pytest.mark.parametrize(
    ("text", "rows", "said"),
    [
        ('[{"facts": []}, {"facts": []', 2, "the list is not closed: the file is truncated"),
        ('[{"facts": []},', 1, "the list is not closed: the file is truncated"),
        ('{"data": [{"facts": []}]', 1, ""),
        ('{"data": [{"facts": []}]}\n{"data": [{"facts": []}]}', 1, "another document follows, which is not read"),
        ('[{"facts": []}]\n[{"facts": []}]', 1, "another document follows, which is not read"),
    ],
)
def test_a_document_that_is_cut_off_or_followed_by_another_is_told(tmp_path: Path, text: str, rows: int, said: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    got = read(tmp_path / "a.json", tmp_path / "spool")
    assert len([row for row in got if isinstance(row, Logged)]) == rows
    assert told(got)[rows:] == ([f"{rows + 1}! {said}"] if said else [])


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "a", "facts": []}',
        '{"id": "a", "fact": [{"kind": "bad_joke"}]}',
        '{"id": "a", "tags": [{"a": 1}], "facts": []}',
        '[{"kind": "bad_joke"}]',
        "[]",
        '{"tags": [{"a": 1}]}\n{"tags": [{"a": 1}]}',
        "[{]",
        "",
    ],
)
def test_lines_stay_lines(line: str) -> None:
    assert not is_document(line.encode())
    assert not is_document(f"\n{line}\n".encode())


def test_a_record_that_is_too_long_costs_only_itself(tmp_path: Path) -> None:
    long = {"facts": [], "note": "x" * 300_000}
    (tmp_path / "a.json").write_text(json.dumps([{"facts": []}, long, {"facts": []}]), encoding="utf-8")
    assert told(read(tmp_path / "a.json", tmp_path / "spool", limits=Limits(record_bytes=1_000))) == [
        '1: {"facts": []}',
        "2! has more than 1000 bytes, the most that a record may have",
        '3: {"facts": []}',
    ]


def test_a_large_document_is_never_in_memory(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"data": [')
        for n in range(20_000):
            stream.write(("," if n else "") + json.dumps({"id": str(n), "facts": [{"kind": "bad_joke", "reason": "x" * 9_000}]}))
        stream.write("]}")
    program = (
        "import sys; from pathlib import Path; from tests.batch.reading import plan\n"
        "from misstep.batch.inputs import read_part\n"
        "parts, reading = plan(sys.argv[1], Path(sys.argv[2]))\n"
        "assert sum(1 for part in parts for _ in read_part(part, reading)) == 20_000\n"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM:')).split()[1])"
    )
    assert int(run_alone(program, file, tmp_path / "spool")) < 200_000  # kB, of as many; the libraries take most of it


@given(st.integers(1, 5))
def test_parts_are_the_same_whenever_they_are_made(part_rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.json")
        file.write_text(LAYOUTS["a list"], encoding="utf-8")
        first, reading = plan(file, Path(folder, "one"), part_rows=part_rows)
        again, _ = plan(file, Path(folder, "two"), part_rows=part_rows)
        assert [part.digest for part in first] == [part.digest for part in again]
        assert sum(len(list(read_part(part, reading))) for part in first) == len(RECORDS)
