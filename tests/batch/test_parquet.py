from __future__ import annotations

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from misstep.batch.inputs import Reading, plan_parts, read_part
from misstep.batch.parts import Logged


@pytest.mark.parametrize("group", [1, 7, 10, 25, 100])
@pytest.mark.parametrize("compression", ["snappy", "zstd"])
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
    reading = Reading(spool=tmp_path, keep=("n", "day"), part_rows=10)
    parts = list(plan_parts([str(tmp_path / "a.parquet")], reading))
    got = [record for part in parts for record in read_part(part, reading)]
    assert got == [
        Logged(
            n + 1, f'[{{"kind": "late_arrival", "minutes": {n + 1}}}]'.encode(), f"iv-{n}" if n % 2 else None,
            (str(n), f"2026-01-{1 + n % 28:02}"),
        )
        for n in range(100)
    ]  # fmt: skip
    assert {part.held for part in parts} == ({"rows"} if group > 20 else {"parquet"})
    assert [part.row for part in parts] == sorted({part.row for part in parts})
    assert parts[-1].share == 1.0
