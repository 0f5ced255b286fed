"""Text in, plain data out: what is taken of YAML and JSON, what is refused, and where things stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from misstep.errors import Location, MisstepError, Problem, RecordError, RuleError
from misstep.rulebase.documents import MAX_DEPTH, MAX_NODES, Document, read_json, read_yaml
from misstep.rulebase.json_places import json_parts

HIDDEN = "is not seen, and can make what is around it look otherwise; take it out"


def refusal(text: str, **options: Any) -> str:
    with pytest.raises(RuleError) as caught:
        read_yaml(text, "f.yaml", **options)
    return str(caught.value)


def json_refusal(text: str, **options: Any) -> str:
    with pytest.raises(RecordError) as caught:
        read_json(text, "f.json", **options)
    return str(caught.value)


# -- scalars: what looks like a number, true, false or null is that; everything else is text

SCALARS: list[tuple[str, Any]] = [
    ("true", True), ("false", False), ("null", None), ("~", None), ("", None),
    ("True", "True"), ("TRUE", "TRUE"), ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("NO", "NO"), ("y", "y"),
    ("Null", "Null"), ("NULL", "NULL"),
    ("12", 12), ("0", 0), ("-3", -3), ("9007199254740993", 9007199254740993),
    ("1.5", 1.5), ("-0.25", -0.25), ("2e3", 2000.0), ("1.5E-2", 0.015),
    ("012", "012"), ("0o14", "0o14"), ("0x1f", "0x1f"), ("0b1", "0b1"), ("+1", "+1"), ("1_000", "1_000"), ("1,000", "1,000"),
    ("190:20:30", "190:20:30"), ("12:30", "12:30"), ("12:30:45.5", "12:30:45.5"),
    ("2024-01-01", "2024-01-01"), ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
    (".inf", ".inf"), ("-.inf", "-.inf"), (".nan", ".nan"), ("nan", "nan"), ("inf", "inf"), ("Infinity", "Infinity"),
    (".5", ".5"), ("5.", "5."), ("1e", "1e"), ("1e999", "1e999"), ("=", "="), ("1.2.3", "1.2.3"),
    ("'12'", "12"), ('"true"', "true"), ("''", ""), ('"null"', "null"), ("'~'", "~"),
    ("٣", "٣"), ("१२", "१२"), ("１２", "１２"),
    ("9" * 41, "9" * 41),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=[repr(text) for text, _ in SCALARS])
def test_a_scalar_is_what_it_looks_like(text: str, value: Any) -> None:
    got = read_yaml(f"a: {text}", "f.yaml").data["a"]
    assert (type(got), got) == (type(value), value)


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read_yaml("{1: a, true: b, 1.5: c, null: d, 2024-01-01: e}", "f.yaml").data == {
        "1": "a", "true": "b", "1.5": "c", "null": "d", "2024-01-01": "e",
    }  # fmt: skip


def test_a_quoted_merge_key_is_a_key_like_any_other() -> None:
    assert read_yaml('{"<<": 1}', "f.yaml").data == {"<<": 1}


def test_block_and_folded_texts_and_comments_are_plain_yaml() -> None:
    text = "# top\na: |\n  one\n  two\nb: >\n  one\n  two\nc: [x, y] # list\n"
    assert read_yaml(text, "f.yaml").data == {"a": "one\ntwo\n", "b": "one two\n", "c": ["x", "y"]}


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing but a comment\n", "---\n", "--- # nothing\n...\n"])
def test_a_text_without_content_is_no_data(text: str) -> None:
    assert read_yaml(text, "f.yaml").data is None


# -- hostile YAML: refused, at the place, with an error of whoever wrote it

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
TAGS = [
    "!!python/object/apply:os.system [ls]", "!!python/object/new:os.system [ls]", "!!python/name:os.system", "!!python/module:os",
    "!!python/object:os.path {}", "!!python/tuple [1]", "!!binary aGk=", "!!timestamp 2024-01-01", "!!set {a}", "!!omap [a: 1]",
    "!!str 12", "!!int '12'", "!!float 1", "!!bool yes", "!!null x", "!!map {}", "!!seq []", "!x y", "!<tag:x> y", "! x",
    "!!js/function 'x'",
    "!ruby/object:Gem::Installer {}", "!include /etc/passwd", "!ENV ${HOME}",
]  # fmt: skip
HOSTILE: dict[str, tuple[str, str]] = {
    "bomb of aliases": (BOMB, "f.yaml:1:4: anchors (&name) are not taken; write the value out"),
    "alias to itself": ("&a [*a]", "f.yaml:1:1: anchors (&name) are not taken; write the value out"),
    "alias": ("a: 1\nb: *a\n", "f.yaml:2:4: aliases (*name) are not taken; write the value out"),
    "merge key": ("a:\n  <<: {b: 1}\n", "f.yaml:2:3: merge keys (<<) are not taken; write the keys out"),
    "mapping as key": ("{a: 1}: 2", "f.yaml:1:1: a key must be a word"),
    "key twice": ("a: 1\nb:\n  c: 1\n  c: 2\n", "f.yaml:4:3: the key 'c' stands twice; first in line 3"),
    "key twice, quoted": ("{a: 1, 'a': 2}", "f.yaml:1:8: the key 'a' stands twice; first in line 1"),
    "long key twice": (
        f"{{{'k' * 100}: 1, {'k' * 100}: 2}}", f"f.yaml:1:107: the key '{'k' * 60}' stands twice; first in line 1"
    ),
    "one list too deep": ("[" * 17 + "]" * 17, f"f.yaml:1:17: nested more than {MAX_DEPTH} levels deep"),
    "100,000 lists": ("[" * 100_000, f"f.yaml:1:17: nested more than {MAX_DEPTH} levels deep"),
    "100,000 mappings": ("{a: " * 100_000, f"f.yaml:1:65: nested more than {MAX_DEPTH} levels deep"),
    "block lists": ("- " * 50_000, f"f.yaml:1:33: nested more than {MAX_DEPTH} levels deep"),
    "two documents": ("a: 1\n---\na: 2\n", "f.yaml:2:1: a second document; one file holds one"),
    "NUL": ("a: 1\nb: x\x00y\n", "f.yaml:2:5: U+0000 " + HIDDEN),
    "escape": ("a: \x1b[31m", "f.yaml:1:4: U+001B " + HIDDEN),
    "control character behind other letters": ("ü: ö\x07", "f.yaml:1:5: U+0007 " + HIDDEN),
    "half a surrogate pair": ("a: \ud800", "f.yaml: not valid YAML: not readable as UTF-8 text"),
    "directive": ("%TAG ! tag:x,2000:\n---\na: !x 1\n", "f.yaml:3:4: tags (!name) are not taken"),
    "anchored key": ("&a a: 1", "f.yaml:1:1: anchors and tags are not taken"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), list(HOSTILE.values()), ids=list(HOSTILE))
def test_hostile_yaml_is_refused_at_its_place(text: str, says: str) -> None:
    assert refusal(text) == says


@pytest.mark.parametrize("tag", TAGS)
def test_every_tag_is_refused(tag: str) -> None:
    assert refusal(f"a: {tag}") == "f.yaml:1:4: tags (!name) are not taken"
    assert refusal(f"- x\n- {tag}") == "f.yaml:2:3: tags (!name) are not taken"


def test_depth_is_taken_to_the_limit() -> None:
    assert read_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f.yaml").data is not None
    assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f.json").data is not None


def test_size_is_taken_to_the_limit_in_bytes() -> None:
    assert read_yaml("ä: 1", "f.yaml", most=5).data == {"ä": 1}
    assert refusal("ä: 12", most=5) == "f.yaml: has 6 bytes; at most 5 are taken"
    assert json_refusal('"ää"', most=5) == "f.json: has 6 bytes; at most 5 are taken"


def test_the_number_of_values_is_limited() -> None:
    assert refusal("[" + "1," * MAX_NODES + "1]").endswith(f"more than {MAX_NODES} values in one file")


def test_the_error_is_that_of_whoever_wrote_the_text() -> None:
    with pytest.raises(RecordError):
        read_yaml("a: !x", "f.yaml", RecordError)
    with pytest.raises(RuleError):
        read_json("{", "f.json", fault=RuleError)


# -- JSON

JSON_FAULTS: dict[str, tuple[str, str]] = {
    "nothing": ("", "f.json:1:1: not valid JSON: Expecting value"),
    "second line": ('{\n "a": x}', "f.json:2:7: not valid JSON: Expecting value"),
    "rest behind": ("1 2", "f.json:1:3: not valid JSON: Extra data"),
    "NaN": ('{"a": NaN}', "f.json:1:7: /a: NaN is not a number; leave the field out if it is unknown"),
    "infinity": ("[Infinity]", "f.json:1:2: /facts/0: Infinity is not a number; leave the field out if it is unknown"),
    "minus infinity": ("[-Infinity]", "f.json:1:2: /facts/0: -Infinity is not a number; leave the field out if it is unknown"),
    "too large": ("[1e999]", "f.json:1:2: /facts/0: a number too large for a decimal"),
    "many digits": ("1" * 21, "f.json:1:1: a number of more than 20 digits"),
    "a million digits": ("1" * 999_999, "f.json:1:1: a number of more than 20 digits"),
    "key twice": ('{"a": 1, "b": {"c": 1, "c": 2}}', "f.json:1:24: /b/c: the key 'c' stands twice in one object"),
    "too deep": ("[" * 17 + "]" * 17, f"f.json:1:17: /facts{'/0' * 16}: nested more than {MAX_DEPTH} levels deep"),
    "far too deep": ("[" * 900_000, f"f.json:1:17: /facts{'/0' * 16}: nested more than {MAX_DEPTH} levels deep"),
    "mappings too deep": ('{"a":' * 100_000, f"f.json:1:81: {'/a' * 16}: nested more than {MAX_DEPTH} levels deep"),
    "tab in text": ('"\t"', "f.json:1:2: not valid JSON: Invalid control character at"),
    "an open text full of quotes": ('"' + '\\"' * 400_000, "f.json:1:1: not valid JSON: Unterminated string starting at"),
    "an open text that ends in a backslash": (
        '"' + '\\"' * 400_000 + "\\", "f.json:1:1: not valid JSON: Unterminated string starting at"
    ),
    "many keys, the last twice": (
        "{" + "".join(f'"k{i}":1,' for i in range(80_000)) + '"k79999":1}',
        "f.json:1:868892: /k79999: the key 'k79999' stands twice in one object",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "says"), list(JSON_FAULTS.values()), ids=list(JSON_FAULTS))
def test_faulty_json_is_refused(text: str, says: str) -> None:
    assert json_refusal(text) == says


def test_brackets_inside_of_text_are_no_nesting() -> None:
    assert read_json(json.dumps({"a": "[" * 50, 'b"': '\\"[{' * 50}), "f.json").data["a"] == "[" * 50


def test_a_line_of_a_file_of_records_keeps_its_number() -> None:
    assert json_refusal("{", line=7).startswith("f.json:7:2: not valid JSON")
    document = read_json('{"a": {"b": 1}}', "f.json", line=7)
    assert document.locate(("a", "b")) == Location("f.json", 7, 8)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(data=JSON)
def test_json_is_read_as_it_was_written(data: Any) -> None:
    assert read_json(json.dumps(data), "f.json").data == data


# -- where things stand

TEXT = """\
schema: 1
rules:
  late: {when: [late], then: {severity: "late.minutes"}}
  "odd":
    because: 'quoted'
    when:
      - fact: late
        where: plain text
      - {count: x}
    then: |
      block
    list: [1, [2, three]]
"""
PLACES: dict[tuple[str | int, ...], tuple[int, int]] = {
    (): (1, 1),
    ("schema",): (1, 1),  # of anything but text, the key
    ("rules",): (2, 1),
    ("rules", "late"): (3, 3),
    ("rules", "late", "when"): (3, 10),
    ("rules", "late", "when", 0): (3, 17),
    ("rules", "late", "then", "severity"): (3, 42),  # inside of the quotes
    ("rules", "odd"): (4, 3),
    ("rules", "odd", "because"): (5, 15),
    ("rules", "odd", "when", 0, "where"): (8, 16),
    ("rules", "odd", "when", 1): (9, 9),
    ("rules", "odd", "when", 1, "count"): (9, 17),
    ("rules", "odd", "then"): (10, 11),
    ("rules", "odd", "list", 1, 1): (12, 19),
    ("rules", "none"): (2, 1),  # what is missing: its nearest parent
    ("rules", "odd", "when", 7, "where"): (6, 5),
}


@pytest.mark.parametrize(("path", "place"), list(PLACES.items()), ids=lambda value: str(value))
def test_a_part_is_found_where_it_stands(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert read_yaml(TEXT, "f.yaml").locate(path) == Location("f.yaml", *place)


def test_an_offset_counts_inside_of_a_text_on_one_line_only() -> None:
    document = read_yaml("a: 'one two'\nb: |\n  one two\nc: \"one \\ttwo\"\nd: one two\n", "f.yaml")
    places = {key: document.locate((key,), 4).column for key in "abcd"}
    assert places == {"a": 9, "b": 4, "c": 4, "d": 8}


def test_a_place_in_a_missing_part_has_no_offset() -> None:
    assert read_yaml("a: {b: one}", "f.yaml").locate(("a", "c"), 5) == Location("f.yaml", 1, 1)


def test_json_that_is_no_yaml_has_its_places_too() -> None:
    text = '{"a": {},\n "half": "\\ud800"}'
    assert read_json(text, "f.json").locate(("a",)) == Location("f.json", 1, 2)
    assert read_json(text, "f.json", line=3).locate(("half",)) == Location("f.json", 4, 10)


@settings(max_examples=100, deadline=None)
@given(data=JSON, indent=st.none() | st.just(1))
def test_json_has_its_places_as_it_had_them_as_yaml(data: Any, indent: int | None) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=True)
    found, by_yaml = read_json(text, "f.json"), Document("f.json", text, data, RecordError)
    assume(by_yaml.locate(()) != Location("f.json"))  # half a surrogate pair is no YAML
    assert all(found.locate(part.path) == by_yaml.locate(part.path) for part in json_parts(text))


def test_many_places_cost_one_more_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    document = read_yaml(TEXT, "f.yaml")
    readings: list[str] = []
    parse = yaml.CSafeLoader

    def counted(text: str) -> yaml.CSafeLoader:
        readings.append(text)
        return parse(text)

    monkeypatch.setattr(yaml, "CSafeLoader", counted)
    for path in [*PLACES, *PLACES]:
        document.locate(path)
    assert len(readings) == 1


def test_problems_of_a_record_get_their_places() -> None:
    document = read_yaml("id: x\nfacts:\n  - kind: late\n    minutes: many\n", "r.yaml", RecordError)
    error = RecordError([Problem(Location(pointer="/facts/0/minutes"), "must be a whole number")], omitted=2)
    assert str(document.place(error)) == "r.yaml:4:14: /facts/0/minutes: must be a whole number\n... and 2 more"
    bare = read_json('[{"kind": "late", "a/b~c": 1}]', "r.json")
    placed = bare.place(RecordError([Problem(Location(pointer="/facts/0/a~1b~0c"), "unknown")]))
    assert str(placed) == "r.json:1:19: /facts/0/a~1b~0c: unknown"


def test_an_excerpt_is_the_mapping_with_all_that_is_indented_under_it() -> None:
    document = read_yaml("rules:\n  a:\n    when: [x]\n\n    then: {}\n  b: {}\n", "f.yaml")
    assert document.excerpt(("rules", "a")) == "a:\n  when: [x]\n\n  then: {}"
    assert document.excerpt(("rules", "b")) == "b: {}"


# -- laws

YAMLISH = st.text("ab:-[]{},?&*!|>'\"%@`#~<\n \t.019\x00é", max_size=60)


@settings(max_examples=400, deadline=None)
@given(text=st.one_of(st.text(), YAMLISH))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_yaml, read_json):
        error: RuleError | None = None
        document: Document | None = None
        try:
            document = read(text, "f", fault=RuleError)
        except RuleError as caught:
            error = caught
        if error is not None:
            lines = 1 + sum(text.count(end) for end in "\n\r\x85\u2028\u2029")
            assert all(p.location.file == "f" and p.location.line <= lines for p in error.problems)
        if document is not None:
            _every_part_is_plain(document.data)


def _every_part_is_plain(data: Any) -> None:
    if isinstance(data, dict):
        assert all(type(key) is str for key in data)
        for value in data.values():
            _every_part_is_plain(value)
    elif isinstance(data, list):
        for item in data:
            _every_part_is_plain(item)
    else:
        assert data is None or type(data) in (str, int, float, bool)


@settings(max_examples=100, deadline=None)
@given(text=YAMLISH)
def test_whatever_is_read_has_a_place_for_every_part(text: str) -> None:
    try:
        document = read_yaml(text, "f")
    except MisstepError:
        return
    for path in _paths(document.data):
        assert document.locate(path).line >= 1


def _paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(below for key, value in parts for below in _paths(value, (*path, key)))]
