"""CSV in its two forms: every row where it stands, and every broken one told by its line."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import time
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.reading import FACTS, plan, read, told

from misstep import RuleBase
from misstep.batch.columns import OutputOptions
from misstep.batch.inputs import Reading, plan_parts, read_part
from misstep.batch.mapping.row_mapping import RowMapping
from misstep.batch.parts import Logged
from misstep.batch.score_batch import score_records
from misstep.errors import MisstepError
from misstep.limits import Limits

KINDS = tuple(RuleBase.shipped().kinds.values())
QUOTED = FACTS.replace('"', '""')
BROKEN = "is not valid CSV: a quote is left open, or stands within a text, where it is doubled and the text quoted"

cells = st.text('ab ,;"\n\ré\u2028😀\x00', max_size=8)


@given(rows=st.lists(st.tuples(cells, cells, cells), min_size=1), delimiter=st.sampled_from(",;\t|"), part_rows=st.integers(1, 4))
def test_every_row_that_is_written_is_read(rows: list[tuple[str, str, str]], delimiter: str, part_rows: int) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(["team", "facts", "id"])
    lines = []
    for row in rows:
        lines.append(text.getvalue().count("\n") + 1)
        writer.writerow(row)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.csv")
        file.write_bytes(text.getvalue().encode())
        options = {"keep": ("team", "id"), "delimiter": delimiter, "part_rows": part_rows}
        parts, reading = plan(file, Path(folder, "spool"), **options)
        got = [record for part in parts for record in read_part(part, reading)]
    assert [part.row for part in parts] == lines[::part_rows]
    assert [record.row for record in got] == lines
    for record, (team, facts, id_) in zip(got, rows, strict=True):
        if facts.encode().strip():
            assert record == Logged(record.row, facts.encode(), id_ or None, (team or None, id_ or None))
        else:
            assert told([record]) == [f"{record.row}! the column 'facts' is empty; it must hold the facts as JSON"]


def test_a_row_that_is_broken_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b"\xef\xbb\xbfid,facts,team\r\n"
        + f'1,"{QUOTED}",x\r\n'.encode()
        + f"2,{FACTS},x\r\n".encode()  # its quotes stand within a text
        + b"\r\n"
        + f'3,"{QUOTED}"\r\n'.encode()
        + f'4,"{QUOTED}",caf\xe9\r\n'.encode("latin-1")
        + b"5,,x\r\n"
        + b'6,"[\r\n]",x\r\n'
        + f'{"7" * 201},"{QUOTED}",x\r\n'.encode()
        + f'8,"{QUOTED}"x,x\r\n'.encode()
        + f'9,"{" " * 1_000}[]",x\r\n'.encode()
        + b'10,"[]",x\r\n'
        + b'11,"[],x\r\n'
    )
    limits = Limits(record_bytes=1_000)
    assert told(read(tmp_path / "a.csv", tmp_path / "spool", keep=("team",), limits=limits, encoding="utf-8")) == [
        f"2: {FACTS}",
        "3! has 4 cells, but there are 3 columns; a text with a delimiter in it is quoted",
        "5! has 2 cells, but there are 3 columns; a text with a delimiter in it is quoted",
        "6! not UTF-8 text",
        "7! the column 'facts' is empty; it must hold the facts as JSON",
        "8: [\r\n]",
        "10! the column 'id' must be text of 1 to 200 characters",
        f"11! {BROKEN}",
        "12! has more than 1000 bytes, the most that a record may have; if it looks shorter, a quote is left open",
        "13: []",
        f"14! {BROKEN}",
    ]


@pytest.mark.parametrize(
    "data", [b"", b" \n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"\xff\xfe", gzip.compress(b"\xef\xbb\xbf")]
)
def test_a_file_of_nothing_has_no_interviews(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    assert read(tmp_path / "a.csv", tmp_path / "spool") == []
    mapping = RowMapping.parse("map: 1\ncolumns: {m: integer}\nfacts: {late_arrival: {minutes: m}}\n")
    assert list(plan_parts([str(tmp_path / "a.csv")], Reading(tmp_path / "spool"), mapping=mapping)) == []


RETURN = "has a carriage return alone, which ends no line here; save the file with line ends of LF or CRLF"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id,facts\na,[]\r\nb,[]\rc,[]\rd,[]\ne,[]\n", ["2: []", f"3! {RETURN}", "4: []"]),
        ('id,facts\na,"[]"\rb,"[]"\nc,[]\n', [f"2! {RETURN}", "3: []"]),
        ('id,facts\n"a\rb",[]\n', ["2: []"]),  # within a text it is one of its signs
        ("id,facts\na,[]\nb,[]\r", ["2: []", "3: []"]),
    ],
)
def test_a_carriage_return_alone_is_named(tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert told(read(tmp_path / "a.csv", tmp_path / "spool")) == found


@pytest.mark.parametrize("cell", ["[]", '"[]"', f'"{QUOTED}"', '"[\n]"'])
@pytest.mark.parametrize("place", [0, 1, 100, 198, 199])
@pytest.mark.parametrize("broken", ['x,"[]', 'x,"[],y', '"x,[]', 'x,"[{""kind"": 1}]', 'x,"""', 'x,"a\nb'])
def test_a_quote_that_is_left_open_costs_its_row_alone(tmp_path: Path, broken: str, place: int, cell: str) -> None:
    rows = [f"{n},{cell}" for n in range(200)]
    rows[place] = broken
    (tmp_path / "a.csv").write_text("id,facts\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for limits in (Limits(), Limits(record_bytes=1_000)):
        got = read(tmp_path / "a.csv", tmp_path / "spool", limits=limits)
        assert [record.id for record in got if isinstance(record, Logged)] == [str(n) for n in range(200) if n != place]
        first = 2 + place * (1 + cell.count("\n"))
        assert [record.row for record in got if not isinstance(record, Logged)] == [first]
        assert [record.row for record in got] == sorted(record.row for record in got)


def test_a_row_of_several_lines_that_is_broken_is_told_once_with_its_lines(tmp_path: Path) -> None:
    head, good = "id,facts,team\n", 'b,"[\n]",y\n'
    width = "has 4 cells, but there are 3 columns; a text with a delimiter in it is quoted"
    for broken, wrong in (
        ('a,"one\ntwo ""and"" 3\nfour "x" five",y\n', f"{BROKEN}; it runs to line 4"),
        ('a,"one\ntwo",three,"fo\nur"\n', width),
    ):
        (tmp_path / "a.csv").write_text(head + broken + good, encoding="utf-8")
        assert told(read(tmp_path / "a.csv", tmp_path / "spool")) == [f"2! {wrong}", "5: [\n]"]
    (tmp_path / "a.csv").write_text(head + 'a,"[],x\nb,"[],x\n\nc,[],x\nd,"[]",x\n', encoding="utf-8")
    assert told(read(tmp_path / "a.csv", tmp_path / "spool")) == [
        f"2! {BROKEN}; it runs to line 6, but rows are read again from line 5 on",
        "5: []",
        "6: []",
    ]


def test_a_file_of_open_quotes_takes_no_more_time_than_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,facts\n" + 'x",","\n' * 200_000, encoding="utf-8")
    began = time.process_time()
    read(tmp_path / "a.csv", tmp_path / "spool", limits=Limits(record_bytes=100_000))
    assert time.process_time() - began < 20  # it takes 3; if every line were read to its limit, some hours


def test_tabs_are_known_by_the_name_and_packed_files_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.tsv.gz").write_bytes(gzip.compress(b"facts\tteam\n[]\ta,b\n"))
    assert read(tmp_path / "a.tsv.gz", tmp_path / "spool", keep=("team",)) == [Logged(2, b"[]", None, ("a,b",))]


def test_a_packed_file_that_is_cut_off_gives_its_rows_and_says_so(tmp_path: Path) -> None:
    whole = gzip.compress(b"id,facts\n" + b"".join(b'%d,"[]"\n' % (n * 7919) for n in range(10_000)))
    for size in (len(whole) // 2, len(whole) - 10):
        (tmp_path / "a.csv.gz").write_bytes(whole[:size])
        *rows, fault = read(tmp_path / "a.csv.gz", tmp_path / "spool")
        assert [row.id for row in rows if isinstance(row, Logged)] == [str(n * 7919) for n in range(len(rows))]
        assert len(rows) > 4_000
        assert told([fault]) == [f"{len(rows) + 2}! the gzip data end too early: the file is truncated"]


LONG = """\
interview,kind,fact,minutes,notified,times,whose,about,team
b,late_arrival,late,12.0,FALSE,,,,x
b,they_brought_it_up,,,,,,late,
a,wrong_name,,,,2,interviewer,,"y
z"
nothing,,,,,,,,x
wrong,late_arrival,,twelve,,,,,x
"""


def test_facts_in_rows_are_read_as_the_interviews_they_are_of(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LONG, encoding="utf-8")
    got = read(tmp_path / "a.csv", tmp_path / "spool", id="interview", keep=("team",), kinds=KINDS, part_rows=2)
    facts = [
        [
            {"kind": "late_arrival", "id": "late", "minutes": 12, "notified": False},
            {"kind": "they_brought_it_up", "about": "late"},
        ],
        [{"kind": "wrong_name", "times": 2, "whose": "interviewer"}],
        [],
        [{"kind": "late_arrival", "minutes": "twelve"}],
    ]
    assert [(r.row, r.id, orjson.loads(r.record), r.kept) for r in got if isinstance(r, Logged)] == [
        (2, "b", facts[0], ("x",)),
        (4, "a", facts[1], ("y\nz",)),
        (6, "nothing", facts[2], ("x",)),
        (7, "wrong", facts[3], ("x",)),
    ]
    scored = score_records(got, "a.csv", RuleBase.shipped(), OutputOptions(keep=("team",)))
    assert [row[:4] for row in scored.rows["interviews"]] == [
        ("a.csv", 2, "b", "x"),
        ("a.csv", 4, "a", "y\nz"),
        ("a.csv", 6, "nothing", "x"),
    ]
    assert [(r.row, str(r.problems[0]).partition(": ")[2]) for r in scored.rejects] == [
        (7, "/facts/0/minutes: must be a whole number from 1 to 1440 (minutes)")
    ]


def test_in_rows_of_facts_what_is_broken_costs_only_the_interviews_it_may_belong_to(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b"id,kind,minutes\n"
        b"a,late_arrival,1\n"
        b"b,late_arrival,1\n"
        b"b,late_arrival,1,2\n"
        b",late_arrival,1\n"
        b"c,late_\xe9,1\n"
        b"c,late_arrival,1\n"
        b"d,late_arrival,1\n"
        b"d,late_arrival,2\n"
        b"d,late_arrival,3\n"
        b"e,late_arrival,1\n"
        b'f,late_arrival,"1\n'
        b"g,late_arrival,1\n"
        b"h,late_arrival,1\n"
    )
    got = read(tmp_path / "a.csv", tmp_path / "spool", kinds=KINDS, limits=Limits(facts=2), encoding="utf-8")
    assert told(got) == [
        '2: [{"kind":"late_arrival","minutes":1}]',
        "3! one of its rows has 4 cells, but there are 3 columns; a text with a delimiter in it is quoted",
        "5! the column 'id' is empty; it must say which interview the fact is of",
        "6! not UTF-8 text",
        "8! has more than 2 facts, the most that are taken",
        "11! a row that may belong to it cannot be read",
        f"12! {BROKEN}; it runs to line 14, but rows are read again from line 13 on",
        "13! a row that may belong to it cannot be read",
        '14: [{"kind":"late_arrival","minutes":1}]',
    ]


def test_a_broken_row_within_an_interview_costs_no_other(tmp_path: Path) -> None:
    rows = ["a,late_arrival,1", "b,late_arrival,1", 'b,late_arrival,"1', "b,late_arrival,1", "c,late_arrival,1"]
    (tmp_path / "a.csv").write_text("\n".join(["id,kind,minutes", *rows]), encoding="utf-8")
    assert told(read(tmp_path / "a.csv", tmp_path / "spool", kinds=KINDS)) == [
        '2: [{"kind":"late_arrival","minutes":1}]',
        "3! a row that may belong to it cannot be read",
        f"4! {BROKEN}; it runs to line 6, but rows are read again from line 5 on",
        '6: [{"kind":"late_arrival","minutes":1}]',
    ]


def test_interviews_in_pieces_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,kind\na,late_arrival\nb,late_arrival\na,bad_joke\n", encoding="utf-8")
    with pytest.raises(MisstepError) as raised:
        read(tmp_path / "a.csv", tmp_path / "spool", kinds=KINDS)
    assert str(raised.value) == (
        f"{tmp_path}/a.csv: line 4 belongs to an interview whose rows stand further up; the rows of one interview must follow"
        " each other: sort the file by the column 'id'"
    )
