"""Folders of logs: the columns that their names say, in every format."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.batch.reading import read

from misstep.batch.parts import Logged


def parquet(file: Path) -> None:
    pq.write_table(pa.table({"facts": ["[]"], "team": ["x"]}), file)


def workbook(file: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["facts", "team"])
    book.active.append(["[]", "x"])
    book.save(file)


WRITE: dict[str, Callable[[Path], object]] = {
    "a.jsonl": lambda file: file.write_text('{"facts": [], "team": "x"}\n', encoding="utf-8"),
    "a.jsonl.gz": lambda file: file.write_bytes(gzip.compress(b'{"facts": [], "team": "x"}')),
    "a.json": lambda file: file.write_text('[{"facts": [], "team": "x", "month": "other"}]', encoding="utf-8"),
    "a.csv": lambda file: file.write_text("facts,team\n[],x\n", encoding="utf-8"),
    "a.parquet": parquet,
    "a.xlsx": workbook,
}


@pytest.mark.parametrize("name", WRITE)
@pytest.mark.parametrize("part_rows", [1, 100])
def test_folders_say_columns(tmp_path: Path, name: str, part_rows: int) -> None:
    for month in ("2026-01", "2026-02", "__HIVE_DEFAULT_PARTITION__"):
        folder = tmp_path / "logs" / "unit=R%26D" / f"month={month}"
        folder.mkdir(parents=True)
        WRITE[name](folder / name)
    for source in (tmp_path / "logs", f"{tmp_path}/logs/*/*/{name}"):
        got = read(source, tmp_path / "spool", keep=("month", "team", "unit"), part_rows=part_rows)
        assert [row.kept for row in got if isinstance(row, Logged)] == [
            ("2026-01", "x", "R&D"),
            ("2026-02", "x", "R&D"),
            (None, "x", "R&D"),
        ]
    got = read(tmp_path / "logs", tmp_path / "spool", keep=("team",)) if name != "a.json" else []
    assert {row.kept for row in got if isinstance(row, Logged)} <= {("x",)}
