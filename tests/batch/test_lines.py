from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misstep.batch.inputs import Reading, discard_part, plan_parts, read_part
from misstep.batch.parts import Logged, Part
from misstep.limits import Limits

LINE = b'{"facts": [{"kind": "late_arrival"}]}'


def zst(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {"": lambda data: data, ".gz": gzip.compress, ".zst": zst}

lines = st.lists(
    st.one_of(st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")), st.just(LINE), st.just(b"x" * 150)), min_size=1
)


@pytest.mark.parametrize("ending", PACKERS)
@given(lines=lines, last=st.booleans(), part_bytes=st.integers(1, 400))
def test_parts_hold_the_file_whatever_their_size(ending: str, lines: list[bytes], last: bool, part_bytes: int) -> None:
    data = b"\n".join(lines) + (b"\n" if last else b"")
    if not data or data[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b") or data[:4] == b"\x28\xb5\x2f\xfd":
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"a.jsonl{ending}")
        file.write_bytes(PACKERS[ending](data))
        reading = Reading(spool=Path(folder, "spool"), part_bytes=part_bytes, limits=Limits(record_bytes=1000))
        reading.spool.mkdir()
        parts = list(plan_parts([str(file)], reading))
        assert [part.number for part in parts] == list(range(len(parts)))
        held = b"".join(Path(p.path).read_bytes()[p.start : p.stop] for p in parts)
        assert held == data
        assert [p.row for p in parts] == [1 + before(parts, i) for i in range(len(parts))]
        expected = [(i, line.rstrip(b"\r")) for i, line in enumerate(data.split(b"\n"), start=1) if line.strip()]
        got = [record for part in parts for record in read_part(part, reading)]
        assert all(isinstance(record, Logged) for record in got)
        assert [(r.row, r.record) for r in got if isinstance(r, Logged)] == expected
        for part in parts:
            discard_part(part, reading)
        assert not list(reading.spool.iterdir())
        assert file.exists()


def content(part: Part) -> bytes:
    return Path(part.path).read_bytes()[part.start : part.stop]


def before(parts: list[Part], i: int) -> int:
    return b"".join(content(part) for part in parts[:i]).count(b"\n")
