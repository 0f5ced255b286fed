"""CSV of any dialect, text of any encoding: what is found out, and what is said of it."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.reading import read, told

from misstep import RuleBase, UsageError
from misstep.batch.inputs import Reading, plan_parts
from misstep.batch.inputs.delimited import Dialect, find_dialect
from misstep.batch.inputs.encodings import SAMPLE, find_encoding
from misstep.batch.inputs.sources import InputSource
from misstep.batch.parts import Logged, SourceRemark

KINDS = tuple(RuleBase.shipped().kinds.values())
FACTS = json.dumps([{"kind": "bad_joke", "reason": 'he said: "well; well, well|"\n'}, {"kind": "late_arrival", "minutes": 12}])


def remarks_on(file: Path, spool: Path, **options: Any) -> list[str]:
    spool.mkdir(exist_ok=True)
    remarks: list[SourceRemark] = []
    list(plan_parts([str(file)], Reading(spool=spool, **options), remarks))
    return [remark.text for remark in remarks]


def written(rows: int = 5, header: tuple[str, ...] = ("id", "team", "facts"), **options: Any) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, **options)
    writer.writerow(header)
    writer.writerows([f"iv-{n}", "Köln", FACTS if n % 2 else "[]"] for n in range(rows))
    return text.getvalue()


def dialect_of(text: str, name: str = "a.csv", **options: Any) -> Dialect:
    return find_dialect(InputSource(f"/{name}", name, "csv"), text.encode(), Reading(spool=Path(), **options))


@pytest.mark.parametrize("backslash", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 2, 300])
@pytest.mark.parametrize("delimiter", ",;\t|^")
def test_the_dialect_is_found_by_the_columns_that_must_be_there(delimiter: str, rows: int, backslash: bool) -> None:
    escape: dict[str, Any] = {"doublequote": False, "escapechar": "\\"} if backslash else {}
    text = written(rows, delimiter=delimiter, **escape)
    assert dialect_of(text)[:2] == (delimiter, backslash and rows > 1)
    assert dialect_of(text, "a.tsv")[:2] == (delimiter, backslash and rows > 1)


@pytest.mark.parametrize("broken", ['x;y\n"z""\n', 'x;"y"z;"[]"\n', "x\n" * 3, 'x;y;"[]\n'])
def test_a_row_that_is_broken_does_not_hide_the_dialect(broken: str) -> None:
    assert dialect_of(written(5, delimiter=";") + broken + written(5, delimiter=";"))[:2] == (";", False)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("facts\n[]\n", ","),
        ('facts\n[{"kind": "late_arrival", "minutes": 12}]\n', ";"),  # one column: cut at commas, no row would be whole
        ("ID;Team;Facts\na;b;[]\n", ";"),
        ("id|kind|minutes\na|late_arrival|1,5\n", "|"),
        ("sep=|\nid|facts\n", "|"),
        ("", ","),
    ],
)
def test_the_dialect_of_what_is_short_or_odd(text: str, delimiter: str) -> None:
    assert dialect_of(text).delimiter == delimiter


def test_a_line_for_spreadsheets_is_no_header_and_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\ufeffsep=;\r\nid;facts\r\na;[]\r\n", encoding="utf-8")
    assert read(tmp_path / "a.csv", tmp_path / "spool") == [Logged(3, b"[]", "a")]


@given(st.lists(st.text('ab ,;"\\\n|é', max_size=6), min_size=3, max_size=3), st.sampled_from(",;\t|"))
def test_what_is_written_with_backslashes_is_read(row: list[str], delimiter: str) -> None:
    sample = [["q", '{"a": "b"}', "[]"], row]
    text = io.StringIO(newline="")
    options: dict[str, Any] = {"delimiter": delimiter, "quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"}
    csv.writer(text, **options).writerows([["id", "team", "facts"], *sample])
    found = dialect_of(text.getvalue())
    assert found[:2] == (delimiter, True)


@pytest.mark.parametrize(
    ("cell", "decimal"), [("12,0", ","), ("-3,25", ","), ("1,200", "."), ("12.0", "."), ("a,b", "."), ("0,1234", ",")]
)
def test_a_decimal_comma_is_found_where_it_can_be_nothing_else(cell: str, decimal: str) -> None:
    assert dialect_of(f"id;kind;minutes\na;late_arrival;{cell}\n").decimal == decimal
    assert dialect_of(f"id;kind;minutes\na;late_arrival;{cell}\n", decimal=".").decimal == "."
    assert dialect_of(f'id,kind,minutes\na,late_arrival,"{cell}"\n').decimal == "."
    assert dialect_of(f'id,kind,minutes\na,late_arrival,"{cell}"\n', decimal=",").decimal == ","


TEXTS = {
    "de": ("Köln, Vertrieb, Größe", "cp1252"),
    "fr": ("équipe Développement été", "latin-1"),
    "es": ("Logroño, Málaga", "cp1252"),
    "sv": ("Malmö, försäljning", "cp1252"),
    "signs": ("“quoted” – it’s €5", "cp1252"),
    "pl": ("Sprzedaż Łódź źle", "cp1250"),
    "cs": ("Příbram, žluťoučký kůň", "cp1250"),
    "ru": ("Продажи, Москва, интервью", "cp1251"),
    "el": ("Πωλήσεις Αθήνα", "cp1253"),
    "ja": ("営業東京面接", "shift_jis"),
    "zh": ("销售部门在北京的面试，人力资源", "gb18030"),
    "ko": ("영업 서울 면접", "euc_kr"),
    "any": ("Köln 東京 Łódź", "utf-8"),
    "mark": ("Köln 東京 Łódź", "utf-8-sig"),
    "16": ("Köln 東京 Łódź", "utf-16"),
    "32": ("Köln 東京 Łódź", "utf-32"),
    "le": ("Köln, Vertrieb", "utf-16-le"),
    "be": ("Köln, Vertrieb", "utf-16-be"),
}


@pytest.mark.parametrize("rows", [1, 50])
@pytest.mark.parametrize(("text", "encoding"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_text_of_any_encoding_is_read(tmp_path: Path, text: str, encoding: str, rows: int, pack: Any) -> None:
    data = "id;team;facts\n" + f'a;"{text}";[]\n' + 'b;x;"[{""kind"": ""late_arrival"", ""minutes"": 12}]"\n' * rows
    file = tmp_path / ("a.csv" if pack is bytes else "a.csv.gz")
    file.write_bytes(pack(data.encode(encoding)))
    first, *others = read(file, tmp_path / "spool", keep=("team",))
    assert first == Logged(2, b"[]", "a", (text,))
    assert len(others) == rows
    said = remarks_on(file, tmp_path / "spool", keep=("team",))
    assert len(said) == 2 - encoding.startswith("utf-8")
    assert remarks_on(file, tmp_path / "spool", keep=("team",), encoding=encoding, delimiter=";") == []


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_an_encoding_with_a_mark_is_never_mistaken(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    if "\0" in text or (encoding == "utf-8" and data[:2] in (b"\xff\xfe", b"\xfe\xff")):
        return  # a NUL behind the mark of UTF-16 is the mark of UTF-32
    assert find_encoding(data, older=True) == encoding.removesuffix("-sig")


@pytest.mark.parametrize("shift", range(4))
def test_a_sign_cut_off_at_the_end_of_the_sample_is_no_other_encoding(shift: int) -> None:
    text = "x" * shift + "\n" + "a\n" * (SAMPLE // 2 - 5) + "😀" * 20
    assert find_encoding(text.encode()[:SAMPLE], older=True) == "utf-8"


def test_a_byte_that_is_no_text_costs_only_its_row(tmp_path: Path) -> None:
    rows = ["id;team;facts", "a;Köln;[]", "b;Zürich;[]", "c;Bern;[]", ""]
    data = "\n".join(rows).encode().replace(b"B", b"\xff")
    (tmp_path / "a.csv").write_bytes(data)
    assert told(read(tmp_path / "a.csv", tmp_path / "spool", keep=("team",))) == ["2: []", "3: []", "4! not UTF-8 text"]
    data = "\n".join(rows).encode("cp1252").replace(b"B", b"\x81")
    (tmp_path / "a.csv").write_bytes(data)
    assert told(read(tmp_path / "a.csv", tmp_path / "spool", keep=("team",))) == ["2: []", "3: []", "4! not UTF-8 text"]


@pytest.mark.parametrize("count", [1, 2, 10_921, 10_922, 10_923, 100_000])  # around the end of the first chunk, and of others
@pytest.mark.parametrize(
    ("encoding", "damage"),
    [
        ("utf-16", b"x"),
        ("utf-16", b"\x00\xd8"),
        ("utf-16", b"\x00\xdc\n\x00"),
        ("utf-16-le", b"x"),
        ("utf-16-be", b"\xdc\x00\x00\n"),
        ("utf-32", b"xy"),
        ("utf-32", b"\x00\x00\x11\x00" * 3),
        ("utf-7", b"+2AA-"),
        ("iso2022_jp", b"\x1b$)x"),
    ],
)
def test_text_that_stops_being_of_its_encoding_is_read_up_to_there(
    tmp_path: Path, encoding: str, damage: bytes, count: int
) -> None:
    text = "id,facts\n" + "a,[]\n" * count
    (tmp_path / "a.csv").write_bytes(text.encode(encoding) + damage)
    *rows, fault = read(tmp_path / "a.csv", tmp_path / "spool", encoding=encoding)
    assert all(isinstance(row, Logged) for row in rows)
    assert len(rows) == count
    assert told([fault]) == [f"{count + 2}! the text is not {encoding} from here on"]


def test_lines_of_json_before_a_fault_of_the_encoding_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes('{"facts": []}\n[]\n'.encode("utf-16") + b"x")
    assert told(read(tmp_path / "a.jsonl", tmp_path / "spool")) == [
        '1: {"facts": []}',
        "2: []",
        "3! the text is not utf-16 from here on",
    ]


def test_lines_of_json_may_be_utf_16(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": "Köln", "facts": []}\n[]\n', encoding="utf-16")
    assert told(read(file, tmp_path / "spool")) == ['1: {"id": "Köln", "facts": []}', "2: []"]
    assert remarks_on(file, tmp_path / "spool") == ["read as utf-16; --encoding names another encoding"]
    file.write_text('{"id": "Köln", "facts": []}\n', encoding="cp1252")
    assert told(read(file, tmp_path / "spool", encoding="cp1252")) == ['1: {"id": "Köln", "facts": []}']
    assert remarks_on(file, tmp_path / "spool") == []  # as JSON is UTF-8, the line is rejected


def test_an_encoding_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("facts\n[]\n", encoding="utf-8")
    for name in ("latin-99", "rot13", "hex", "\0"):
        with pytest.raises(UsageError, match="there is no encoding"):
            read(tmp_path / "a.csv", tmp_path / "spool", encoding=name)


def test_texts_that_say_nothing_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,kind,minutes,team\na,late_arrival,N/A,N/A\nb,late_arrival,3,x\n", encoding="utf-8")
    assert told(read(tmp_path / "a.csv", tmp_path / "spool", keep=("team",), kinds=KINDS)) == [
        "2! the column 'minutes' has no value of its type; --null names texts that say nothing",
        '3: [{"kind":"late_arrival","minutes":3}]',
    ]
    assert read(tmp_path / "a.csv", tmp_path / "spool", keep=("team",), kinds=KINDS, null=("N/A", "-"))[0] == Logged(
        2, b'[{"kind":"late_arrival"}]', "a", (None,)
    )
    (tmp_path / "b.csv").write_text("id,facts,team\nNULL,[],NULL\na,NULL,x\n", encoding="utf-8")
    assert read(tmp_path / "b.csv", tmp_path / "spool", keep=("team",), null=("NULL",))[0] == Logged(2, b"[]", None, (None,))
    assert told(read(tmp_path / "b.csv", tmp_path / "spool", null=("NULL",)))[1:] == [
        "3! the column 'facts' is empty; it must hold the facts as JSON"
    ]


def test_a_column_that_is_spelled_otherwise_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ID,Facts\na,[]\n", encoding="utf-8")
    there = f"{tmp_path}/a.csv: has no column"
    for options, said in (
        ({}, f"{there} 'facts'; there are Facts, ID; did you mean 'Facts'? Then give --facts Facts"),
        ({"facts": "Facts"}, f"{there} 'id'; there are Facts, ID; did you mean 'ID'? Then give --id ID"),
    ):
        with pytest.raises(UsageError) as raised:
            read(tmp_path / "a.csv", tmp_path / "spool", **options)
        assert str(raised.value) == said
    assert read(tmp_path / "a.csv", tmp_path / "spool", facts="Facts", id="ID") == [Logged(2, b"[]", "a")]
