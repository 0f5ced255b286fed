"""Workbooks of Excel: read like CSV, whatever their cells are."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from tests.batch.reading import FACTS, read, told

from misstep import RuleBase
from misstep.batch.inputs import workbooks
from misstep.batch.parts import Logged
from misstep.errors import InstallationError, MisstepError, RecordError
from misstep.limits import Limits

KINDS = tuple(RuleBase.shipped().kinds.values())


def write(file: Path, rows: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.create_sheet("more").append(["x"])
    book.save(file)
    return file


def test_a_row_an_interview(tmp_path: Path) -> None:
    day = datetime.datetime(2026, 1, 2)
    rows: list[list[Any]] = [
        ["id", "facts", "n", "day"],
        ["a", FACTS, 12.0, day],
        [],
        [7, "[]", 1.5, day.replace(hour=3)],
        ["c", None, True, None],
        ["d", "[]", None, None, "left over"],
    ]
    got = read(write(tmp_path / "a.xlsx", rows), tmp_path / "spool", keep=("n", "day"))
    assert got[:2] == [
        Logged(2, FACTS.encode(), "a", ("12", "2026-01-02")),
        Logged(4, b"[]", "7", ("1.5", "2026-01-02 03:00:00")),
    ]
    assert told(got[2:]) == [
        "5! the column 'facts' is empty; it must hold the facts as JSON",
        "6! has 5 cells, but there are 4 columns; a text with a delimiter in it is quoted",
    ]


def test_a_row_a_fact(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["id", "kind", "minutes", "notified", "team"],
        ["a", "late_arrival", 12, False, "Köln"],
        ["a", "bad_joke", None, None, None],
        ["b", None, None, None, None],
    ]
    got = read(write(tmp_path / "a.xlsx", rows), tmp_path / "spool", keep=("team",), kinds=KINDS)
    assert got == [
        Logged(2, b'[{"kind":"late_arrival","minutes":12,"notified":false},{"kind":"bad_joke"}]', "a", ("Köln",)),
        Logged(4, b"[]", "b", (None,)),
    ]


def test_a_row_that_is_too_long_costs_only_itself(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xlsx", [["facts"], ["[]"], ["x" * 2_000], ["[]"]])
    assert told(read(file, tmp_path / "spool", limits=Limits(record_bytes=1_000))) == [
        "2: []",
        "3! has more than 1000 bytes, the most that a record may have",
        "4: []",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no zip", "is not a workbook of Excel (*.xlsx), or is truncated or damaged"),
        (b"", "is empty"),
        (None, "is empty; its first row must name the columns"),
    ],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, data: bytes | None, said: str) -> None:
    file = write(tmp_path / "a.xlsx", [])
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(MisstepError) as raised:
        read(file, tmp_path / "spool")
    assert str(raised.value) == f"{file}: {said}"


def repacked(file: Path, change: Callable[[str, bytes], bytes]) -> None:
    """Change what is in a workbook."""
    with ZipFile(file) as packed:
        parts = {name: change(name, packed.read(name)) for name in packed.namelist()}
    with ZipFile(file, "w", ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)


def test_what_comes_before_damage_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xlsx", [["facts", "n"], *[["[]", n] for n in range(5_000)]])
    repacked(file, lambda name, data: data[: len(data) // 2] if name == "xl/worksheets/sheet1.xml" else data)
    *rows, fault = read(file, tmp_path / "spool", keep=("n",))
    assert [row.kept for row in rows if isinstance(row, Logged)] == [(str(n),) for n in range(len(rows))]
    assert 1_000 < len(rows) < 4_000
    assert told([fault]) == [f"{len(rows) + 2}! the workbook is damaged: what follows row {len(rows) + 1} cannot be read"]


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("data", [b"", b"<a/>", b"<a>", b"\x00\xff"])
def test_whatever_is_damaged_is_told(tmp_path: Path, name: str, data: bytes) -> None:
    file = write(tmp_path / "a.xlsx", [["facts"], ["[]"]])
    repacked(file, lambda other, old: data if other == name else old)
    with pytest.raises(RecordError, match=r"is not a workbook|has no sheet with cells|is empty; its first row must name"):
        read(file, tmp_path / "spool")


@pytest.mark.parametrize("data", [b"", b"<a/>", b"<a>", b"\x00\xff"])
def test_damaged_shared_strings_are_told(tmp_path: Path, data: bytes) -> None:
    good = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>facts</t></si><si><t>[]</t></si></sst>'
    assert [row.record for row in read(shared(tmp_path / "good.xlsx", good), tmp_path / "spool") if isinstance(row, Logged)] == [
        b"[]"
    ]
    with pytest.raises(RecordError, match=r"is not a workbook|the workbook is damaged: what follows row 0 cannot be read"):
        read(shared(tmp_path / "a.xlsx", data), tmp_path / "spool")


def shared(file: Path, strings: bytes) -> Path:
    """A workbook as Excel itself writes it: the two texts of its cells lie in a part of their own."""
    write(file, [["facts"], ["[]"]])
    numbers = itertools.count()
    part = (
        b'<Override PartName="/xl/sharedStrings.xml" '
        b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )

    def moved(name: str, data: bytes) -> bytes:
        if name == "[Content_Types].xml":
            return data.replace(b"</Types>", part)
        if name != "xl/worksheets/sheet1.xml":
            return data
        return re.sub(rb't="inlineStr"><is><t>.*?</t></is>', lambda _: b't="s"><v>%d</v>' % next(numbers), data)

    repacked(file, moved)
    with ZipFile(file, "a") as parts:
        parts.writestr("xl/sharedStrings.xml", strings)
    return file


def test_a_workbook_that_unpacks_to_too_much_is_not_read(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xlsx", [["facts"], ["[]"]])
    repacked(file, lambda name, data: data + b" " * 120_000_000 if name == "xl/worksheets/sheet1.xml" else data)
    with pytest.raises(RecordError, match="unpacks to more than 1000 times its size"):
        read(file, tmp_path / "spool")


def test_of_cells_that_take_no_bytes_only_so_many_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "FREE_CELLS", 100_000)
    file = write(tmp_path / "a.xlsx", [["facts"], ["[]"], *([[]] * 9), ["[]"]])
    wide = re.compile(rb'<dimension ref="[^"]*"')
    repacked(file, lambda _, data: wide.sub(b'<dimension ref="A1:XFD1048576"', data))
    row, fault = told(read(file, tmp_path / "spool"))
    assert row == "2: []"
    assert fault.startswith("7! has more than 10000000 cells, and more than 10 for each of its bytes, empty ones included")


def test_without_openpyxl_the_extra_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xlsx", [["facts"], ["[]"]])
    with mock.patch.dict("sys.modules", openpyxl=None), pytest.raises(InstallationError, match=r"misstep\[excel\]"):
        read(file, tmp_path / "spool")
