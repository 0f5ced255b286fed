"""JSON lines, plain and packed: parts hold what the file holds, whatever is wrong with it."""

from __future__ import annotations

import gzip
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.reading import LINE, plan, read, run_alone, told

from misstep.batch.inputs import read_part
from misstep.batch.parts import Logged, Part
from misstep.limits import Limits


def zst(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {"": lambda data: data, ".gz": gzip.compress, ".zst": zst}

some_lines = st.lists(
    st.one_of(st.binary(max_size=40).map(lambda b: b"." + b.replace(b"\n", b"")), st.just(b""), st.just(b"x" * 150)), min_size=1
).filter(any)


@pytest.mark.parametrize("ending", PACKERS)
@given(lines=some_lines, last=st.booleans(), part_bytes=st.integers(1, 400))
def test_parts_hold_the_file_whatever_their_size(ending: str, lines: list[bytes], last: bool, part_bytes: int) -> None:
    data = b"\n".join(lines) + (b"\n" if last else b"")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"a.jsonl{ending}")
        file.write_bytes(PACKERS[ending](data))
        parts, reading = plan(file, Path(folder, "spool"), part_bytes=part_bytes)
        held = [held_by(part) for part in parts]
        assert b"".join(held) == data
        assert [part.row for part in parts] == [1 + b"".join(held[:i]).count(b"\n") for i in range(len(parts))]
        assert len({part.digest for part in parts}) == len(set(held))
        expected = [(row, line.rstrip(b"\r")) for row, line in enumerate(data.split(b"\n"), start=1) if line.strip()]
        got = [record for part in parts for record in read_part(part, reading)]
        assert [(r.row, r.record) for r in got if isinstance(r, Logged)] == expected
        assert len(got) == len(expected)
        assert {Path(part.path).parent.name == "spool" for part in parts} == {ending != ""}
        assert parts[-1].share == 1.0


@pytest.mark.parametrize("ending", PACKERS)
def test_a_part_has_so_many_rows_whatever_their_bytes_and_empty_lines_are_none(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.jsonl{ending}"
    file.write_bytes(PACKERS[ending](b"[]\n\n  \r\n" * 25 + b"\n" * 100))
    parts, reading = plan(file, tmp_path / "spool", part_rows=10)
    assert [part.row for part in parts] == [1, 29, 59]
    assert [len(list(read_part(part, reading))) for part in parts] == [10, 10, 5]


def held_by(part: Part) -> bytes:
    return Path(part.path).read_bytes()[part.start : part.stop]


@pytest.mark.parametrize("ending", PACKERS)
def test_the_digest_tells_that_a_part_has_changed_and_which(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.jsonl{ending}"
    lines = [b'{"n": %03d}\n' % n for n in range(100)]
    file.write_bytes(PACKERS[ending](b"".join(lines)))
    before, _ = plan(file, tmp_path / "spool", part_bytes=100)
    lines[50] = b'{"n": 999}\n'
    file.write_bytes(PACKERS[ending](b"".join(lines)))
    after, _ = plan(file, tmp_path / "spool", part_bytes=100)
    assert [p.number for p, q in zip(before, after, strict=True) if p.digest != q.digest] == [5]


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("part_bytes", [50, 1_000, 100_000])
def test_a_line_that_is_too_long_costs_only_itself(tmp_path: Path, ending: str, part_bytes: int) -> None:
    file = tmp_path / f"a.jsonl{ending}"
    long = b"[" + b" " * 200_000 + b"]"
    file.write_bytes(PACKERS[ending](b"[1]\n" + long + b"\n[3]\n" + b"x" * 1_000 + b"\n" + b"y" * 1_001 + b"\r\n[6]"))
    got = read(file, tmp_path / "spool", part_bytes=part_bytes, limits=Limits(record_bytes=1_000))
    wrong = "has more than 1000 bytes, the most that a record may have"
    assert told(got) == ["1: [1]", f"2! {wrong}", "3: [3]", "4: " + "x" * 1_000, f"5! {wrong}", "6: [6]"]


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_of_a_line_that_never_ends_no_more_is_unpacked_than_is_safe(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"bomb.jsonl{ending}"
    file.write_bytes(PACKERS[ending](LINE + b"\n" + bytes(300_000_000)))
    fault = "unpacks to more than 1000 times its size; unpack it yourself if it is to be trusted"
    assert told(read(file, tmp_path / "spool")) == [f"1: {LINE.decode()}", f"2! {fault}"]
    assert sum(path.stat().st_size for path in (tmp_path / "spool").iterdir()) < 6_000_000


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_packed_file_that_is_cut_off_gives_what_it_can_and_says_so(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.jsonl{ending}"
    lines = [os.urandom(500).hex().encode() for _ in range(1_000)]
    whole = PACKERS[ending](b"\n".join(lines))
    for size in (len(whole) // 2, len(whole) - 5):
        file.write_bytes(whole[:size])
        *rows, fault = read(file, tmp_path / "spool", part_bytes=100_000)
        assert [row.record for row in rows if isinstance(row, Logged)] == lines[: len(rows)]
        assert len(rows) >= 1_000 * size / len(whole) - 150
        name = {".gz": "gzip", ".zst": "Zstandard"}[ending]
        assert told([fault]) == [f"{len(rows) + 1}! the {name} data end too early: the file is truncated"]


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_packed_file_that_is_damaged_says_so(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.jsonl{ending}"
    data = bytearray(PACKERS[ending](b"\n".join(os.urandom(500).hex().encode() for _ in range(1_000))))
    middle = len(data) // 2
    stop = middle + 1_000 if ending == ".gz" else len(data)  # Zstandard has no sums to find a little damage by
    data[middle:stop] = b"\xff" * (stop - middle)
    file.write_bytes(data)
    *rows, fault = read(file, tmp_path / "spool")
    assert told([fault]) == [f"{fault.row}! the {'gzip' if ending == '.gz' else 'Zstandard'} data are damaged"]
    assert len(rows) > 300


def test_packed_files_that_were_put_together_are_read_to_their_end(tmp_path: Path) -> None:
    for ending, pack in PACKERS.items():
        (tmp_path / f"a.jsonl{ending}").write_bytes(b"".join(pack(b"[%d]\n" % n) for n in range(100)))
        assert told(read(tmp_path / f"a.jsonl{ending}", tmp_path / "spool")) == [f"{n + 1}: [{n}]" for n in range(100)]


def test_what_packed_data_are_is_seen_even_if_the_name_does_not_say_it(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(gzip.compress(b"[1]\n"))
    assert told(read(tmp_path / "a.jsonl", tmp_path / "spool")) == ["1: [1]"]


def test_lines_may_end_as_on_windows_and_a_file_begin_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf[1]\r\n\r\n  \t\n[2]\r\n")
    got = read(tmp_path / "a.jsonl", tmp_path / "spool")
    assert [(r.row, r.record) for r in got if isinstance(r, Logged)] == [(1, b"\xef\xbb\xbf[1]"), (4, b"[2]")]


def test_standard_input_is_read_as_it_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (b"[1]\n[2]", gzip.compress(b"[1]\n[2]")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
        parts, reading = plan("-", tmp_path / "spool")
        assert [(part.name, part.share) for part in parts] == [("<stdin>", 0.0)]
        assert told(list(read_part(parts[0], reading))) == ["1: [1]", "2: [2]"]
        assert not sys.stdin.buffer.closed


def test_a_pipe_is_read_like_standard_input(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[b"[1]\n[2]\n"])
    writer.start()
    assert told(read(pipe, tmp_path / "spool", form="jsonl")) == ["1: [1]", "2: [2]"]
    writer.join()


def test_a_part_in_the_spool_is_for_nobody_else_to_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(LINE))
    plan(tmp_path / "a.jsonl.gz", tmp_path / "spool")
    assert [(f.name, f.stat().st_mode & 0o777) for f in (tmp_path / "spool").iterdir()] == [("00000000.part", 0o600)]


PEAKS = """
import sys, tracemalloc
from pathlib import Path
from misstep.batch.inputs import Reading, plan_parts, read_part

few, many, spool = sys.argv[1:]
for file in (few, few, many, many):
    reading = Reading(spool=Path(spool), part_bytes=50_000)
    tracemalloc.start()
    rows = sum(1 for part in plan_parts([file], reading) for _ in read_part(part, reading))
    print(rows, tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
"""


@pytest.mark.parametrize("ending", PACKERS)
def test_a_file_five_times_as_long_takes_no_more_memory(tmp_path: Path, ending: str) -> None:
    files = [tmp_path / f"{count}.jsonl{ending}" for count in (5_000, 25_000)]
    for file in files:
        lines = (b'{"id": "%s"}\n' % os.urandom(100).hex().encode() for _ in range(int(file.name.partition(".")[0])))
        file.write_bytes(PACKERS[ending](b"".join(lines)))
    (tmp_path / "spool").mkdir()
    printed = run_alone(PEAKS, *files, tmp_path / "spool")
    rows, peaks = zip(*[map(int, line.split()) for line in printed.splitlines()], strict=True)
    assert rows == (5_000, 5_000, 25_000, 25_000)
    assert min(peaks[2:]) < max(peaks[:2]) + 100_000  # of 5 MB; tables of Python itself grow by more at times, in either file
