"""Columns taken out of lines of JSON: the core finds their places where Python does, or leaves the line to it."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from misstep.batch.inputs.kept import read_members, take_out
from misstep.evaluate.core import core_members

_NAMES = st.sampled_from(["id", "facts", "team", "a b", 'quo"te', "back\\slash", "", "Ö"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """An object of JSON, written in one of many ways, and sometimes a little broken."""
    space = draw(st.sampled_from(["", " ", "\t \n"]))
    members = draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=4))
    in_ascii = draw(st.booleans())
    text = (space + "," + space).join(
        f"{json.dumps(name, ensure_ascii=in_ascii)}{space}:{space}{json.dumps(value, ensure_ascii=in_ascii)}"
        for name, value in members
    )
    text = f"{space}{{{space}{text}{space}}}{space}"
    if draw(st.booleans()):
        return text
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.sampled_from(["", ",", '"', "}", "{", "\\", "x", "\x00"])) + text[at + draw(st.integers(0, 1)) :]


@pytest.mark.needs("core")
@settings(max_examples=500)
@given(text=lines())
@example(text='{"a": 1e999, "b": -0, "c": NaN}')
@example(text='{"a": "\\ud800"}')
@example(text="{" + '"a":{' * 300 + "}" * 301)
def test_the_core_finds_the_members_that_python_finds(text: str) -> None:
    found = core_members(text)
    if found is not None:
        assert found == read_members(text)


@pytest.mark.needs("core")
def test_the_core_finds_what_is_plain() -> None:
    assert core_members(' {"a" : [1, {"b": "}"}], "c":null}') == [("a", 2, 8, 23), ("c", 25, 29, 33)]
    assert core_members('{"ö": 1}') is None


@pytest.mark.parametrize(
    ("line", "left", "kept"),
    [
        (b'{"team": "a", "facts": []}', b'{             "facts": []}', ("a",)),
        (b'{"facts": [], "team": null}', b'{"facts": []              }', (None,)),
        (b'{"facts": [], "team": "\\u00f6\\n"}', b'{"facts": []                    }', ("ö\n",)),
        (b'\xef\xbb\xbf{"team": 1.50, "facts": []}', b'{              "facts": []}', ("1.50",)),
        ('{"team": "ö", "facts": []}'.encode(), b'{             "facts": []}', ("ö",)),
        (b'{"team": 1, "team": 2}', b'{"team": 1, "team": 2}', (None,)),
        (b'{"team": 1,}', b'{"team": 1,}', (None,)),
        (b'["team"]', b'["team"]', (None,)),
    ],
)
def test_a_column_is_taken_out(line: bytes, left: bytes, kept: tuple[str | None, ...]) -> None:
    assert take_out(line, ["team"]) == (left, kept)
