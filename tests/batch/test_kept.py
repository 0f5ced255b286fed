"""Keys of JSON lines that are carried along: as text, and what is left is the record in its old columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.batch.reading import read

from misstep import RuleBase
from misstep.batch.columns import OutputOptions
from misstep.batch.inputs.kept import take_out
from misstep.batch.score_batch import score_records

words = st.text('ab é😀"\\{}[]:,\n\u2028\x00', max_size=8)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), words),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["team", "day", "a", "b", "facts", "id"])


@given(
    record=st.dictionaries(names, values),
    keep=st.lists(names, unique=True),
    indent=st.sampled_from([None, 0, 3]),
    separators=st.sampled_from([(",", ":"), (" , ", " : "), (", ", ": ")]),
    ascii_=st.booleans(),
)
def test_what_is_taken_out_and_what_is_left_are_the_record(
    record: dict[str, Any], keep: list[str], indent: int | None, separators: tuple[str, str], ascii_: bool
) -> None:
    line = json.dumps(record, indent=indent, separators=separators, ensure_ascii=ascii_)
    left, kept = take_out(line.encode(errors="surrogatepass"), keep)
    text = left.decode(errors="surrogatepass")
    assert json.loads(text) == {k: v for k, v in record.items() if k not in keep or k in ("facts", "id")}
    assert len(text) == len(line)
    assert all(new in (old, " ") for old, new in zip(line, text, strict=True))
    for name, value in zip(keep, kept, strict=True):
        given = record.get(name)
        assert value == given if given is None or isinstance(given, str) else json.loads(value or "") == given


@pytest.mark.parametrize("line", ["[1]", '{"a": 1', '{"a": 1, "a": 2}', "[" * 100_000, "{1: 2}", "", '{"a" 1}'])
def test_what_is_no_object_is_left_as_it_is(line: str) -> None:
    assert take_out(line.encode(), ["a"]) == (line.encode(), (None,))


def test_what_is_wrong_with_a_record_is_told_where_it_stands_in_its_line(tmp_path: Path) -> None:
    lines = [
        '{"team": "é", "facts": [{"kind": "late_arrival", "minutes": "12"}], "day": 1}',
        '{"team": "a", "facts": [{"kind": "late_arrival"}], "tema": "b"}',
        '{"team": "a", "facts": [{"kind": "late_arrival"}]',
        '{"team": "a", "team": "b", "facts": []}',
        '{"team": null, "facts": [{"kind": "late_arrival"}], "id": "x", "day": 2.50}',
        '[{"kind": "late_arrival"}]',
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    keep = ("team", "day", "id")
    scored = score_records(
        read(tmp_path / "a.jsonl", tmp_path / "spool", keep=keep), "a.jsonl", RuleBase.shipped(), OutputOptions(keep=keep)
    )
    assert [(r.row, str(r.problems[0])) for r in scored.rejects] == [
        (1, f"<record>:1:{lines[0].index('12') + 1}: /facts/0/minutes: must be a whole number from 1 to 1440 (minutes)"),
        (2, f"<record>:1:{len(lines[1]) - 2}: /tema: there is no such field; there are id, facts"),
        (3, "<record>:1:50: not valid JSON: Expecting ',' delimiter"),
        (4, "<record>:1:15: /team: the key 'team' stands twice in one object"),
    ]
    assert [row[:6] for row in scored.rows["interviews"]] == [
        ("a.jsonl", 5, "x", None, "2.50", "x"),
        ("a.jsonl", 6, None, None, None, None),
    ]
