"""What a record may be, what is said of one that is wrong, and the ids that facts get."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import jsonschema
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import records_of
from tests.inline import load_text

from misstep import Fact, Limits, Record, RecordError, RuleBase
from misstep.assessment.records import RecordReader

PACK = """
schema: 1
pack: records
kinds:
  slip:
    role: mistake
    title: Slip
    fields:
      whole: {type: integer, default: 1, min: 0, max: 9, unit: apples}
      large: {type: "integer?"}
      size: {type: "number?", max: 5}
      flag: {type: boolean, default: true}
      note: {type: "text?"}
      word: {type: enum, default: red, values: [red, blue]}
      many: {type: set, default: [], values: [up, down]}
  must: {role: signal, title: Must, fields: {share: {type: number, min: 1}, count: {type: integer}}}
  bare: {role: strength, title: Bare}
  place: {role: setting, title: Place}
  scene: {role: setting, title: Scene, assumed: assumed a scene, fields: {light: {type: boolean, default: true}}}
  drawn: {role: derived, title: Drawn}
"""
BASE = load_text(PACK)
READER = RecordReader(BASE.program, Limits())
SCHEMA = jsonschema.Draft202012Validator(BASE.record_schema())


def rows(record: Any) -> list[tuple[Any, ...]]:
    found = READER.read(record).rows
    return [row for kind in sorted(found) for row in found[kind]]


def errors(record: Any) -> list[str]:
    with pytest.raises(RecordError) as caught:
        READER.read(record)
    return str(caught.value).splitlines()


# -- what is wrong: the record, and what is said of it

FACT = "must be a mapping: {kind: ..., and its fields}"
RECORD = "must be a record {facts: [...]} or a list of facts"
WHOLE = "must be a whole number from 0 to 9 (apples)"
LARGE = "is beyond 9007199254740992, up to which whole numbers are exact"
HALF = "has half of a surrogate pair, which is no character"
SIZE = "must be a number of at most 5, or left out if unknown"
NOTE = "must be text of at most 10000 characters, or left out if unknown"
ID = "must be text of 1 to 200 characters"


def slip(**fields: Any) -> list[dict[str, Any]]:
    return [{"kind": "slip", **fields}]


WRONG: list[tuple[Any, str]] = [
    # the record
    (None, RECORD),
    (5, RECORD),
    ("slip", RECORD),
    (b"slip", RECORD),
    (bytearray(b"slip"), RECORD),
    ({}, "/facts: is missing"),
    ({"facts": None}, "/facts: is missing"),
    ({"facts": 5}, "/facts: must be a list of facts"),
    ({"facts": "slip"}, "/facts: must be a list of facts"),
    ({"facts": {"kind": "slip"}}, "/facts: must be a list of facts"),
    ({"facts": [], "id": 5}, f"/id: {ID}"),
    ({"facts": [], "id": ""}, f"/id: {ID}"),
    ({"facts": [], "id": "x" * 201}, f"/id: {ID}"),
    ({"facts": [], "id": "\ud800"}, f"/id: {HALF}"),
    ({"facts": [], "fact": []}, "/fact: there is no such field; did you mean 'facts'?"),
    ({"facts": [], "zzz": 1}, "/zzz: there is no such field; there are id, facts"),
    ({"kind": "slip"}, "this is one fact; a record is {facts: [...]} or a list of facts"),
    # a fact
    ([5], f"/facts/0: {FACT}"),
    (["slip"], f"/facts/0: {FACT}"),
    ([["slip"]], f"/facts/0: {FACT}"),
    ([{}], "/facts/0/kind: every fact needs a kind, which is text"),
    ([{"whole": 1}], "/facts/0/kind: every fact needs a kind, which is text"),
    ([{"kind": "slop"}], "/facts/0/kind: there is no such kind; did you mean 'slip'?"),
    ([{"kind": "zzzzz"}], "/facts/0/kind: there is no such kind; `misstep kinds` lists them"),
    ([{"kind": "drawn"}], "/facts/0/kind: 'drawn' is concluded by rules and cannot be said"),
    ([{"kind": 5}], "/facts/0/kind: there is no such kind; `misstep kinds` lists them"),
    ([{"kind": None}], "/facts/0/kind: every fact needs a kind, which is text"),
    ([{"kind": [5]}], "/facts/0/kind: there is no such kind; `misstep kinds` lists them"),
    (slip(id=5), f"/facts/0/id: {ID}"),
    (slip(id=""), f"/facts/0/id: {ID}"),
    (slip(id="x" * 201), f"/facts/0/id: {ID}"),
    (slip(id="\ud800"), f"/facts/0/id: {HALF}"),
    (slip(wholes=1), "/facts/0/wholes: there is no such field in slip; did you mean 'whole'?"),
    (slip(zz=1), "/facts/0/zz: there is no such field in slip; there are whole, large, size, flag, note, word, many"),
    (slip(**{"a b": 1}), "/facts/0: there is no such field in slip; there are whole, large, size, flag, note, word, many"),
    ([{"kind": "bare", "zz": 1}], "/facts/0/zz: there is no such field in bare; there are no fields"),
    # fields
    (slip(whole=True), f"/facts/0/whole: {WHOLE}"),
    (slip(whole="1"), f"/facts/0/whole: {WHOLE}"),
    (slip(whole=1.5), f"/facts/0/whole: {WHOLE}"),
    (slip(whole=10.0), f"/facts/0/whole: {WHOLE}"),
    (slip(whole=float("nan")), f"/facts/0/whole: {WHOLE}"),
    (slip(large=2.0**53 * 2), f"/facts/0/large: {LARGE}"),
    (slip(whole=-1), f"/facts/0/whole: {WHOLE}"),
    (slip(whole=10), f"/facts/0/whole: {WHOLE}"),
    (slip(large=2**53 + 1), f"/facts/0/large: {LARGE}"),
    (slip(large=-(2**53) - 1), f"/facts/0/large: {LARGE}"),
    (slip(large=10**400), f"/facts/0/large: {LARGE}"),
    (slip(size=True), f"/facts/0/size: {SIZE}"),
    (slip(size="1"), f"/facts/0/size: {SIZE}"),
    (slip(size=float("nan")), f"/facts/0/size: {SIZE}"),
    (slip(size=float("inf")), f"/facts/0/size: {SIZE}"),
    (slip(size=float("-inf")), f"/facts/0/size: {SIZE}"),
    (slip(size=5.001), f"/facts/0/size: {SIZE}"),
    (slip(size=-1e300), f"/facts/0/size: {LARGE}"),
    (slip(size=-(10**400)), f"/facts/0/size: {SIZE}"),
    (slip(flag=1), "/facts/0/flag: must be true or false"),
    (slip(flag=0), "/facts/0/flag: must be true or false"),
    (slip(flag="true"), "/facts/0/flag: must be true or false"),
    (slip(flag=1.0), "/facts/0/flag: must be true or false"),
    (slip(note=5), f"/facts/0/note: {NOTE}"),
    (slip(note=b"x"), f"/facts/0/note: {NOTE}"),
    (slip(note="x" * 10_001), f"/facts/0/note: {NOTE}"),
    (slip(note="\udfff"), f"/facts/0/note: {HALF}"),
    (slip(word="Red"), "/facts/0/word: must be one of red, blue"),
    (slip(word=1), "/facts/0/word: must be one of red, blue"),
    (slip(many="up"), "/facts/0/many: must be a list of words from up, down"),
    (slip(many={"up"}), "/facts/0/many: must be a list of words from up, down"),
    (slip(many=["up", "left"]), "/facts/0/many/1: must be a list of words from up, down"),
    ([{"kind": "must", "count": 1}], "/facts/0/share: is missing; it must be a number of at least 1"),
    ([{"kind": "must", "share": 1}], "/facts/0/count: is missing; it must be a whole number"),
    ([{"kind": "must", "share": None, "count": 1}], "/facts/0/share: is missing; it must be a number of at least 1"),
    # what is null is left out, and what is left keeps its place
    ([None, *slip(whole=99, zz=None)], f"/facts/1/whole: {WHOLE}"),
    ([*slip(), None, *slip(zz=1)],
     "/facts/2/zz: there is no such field in slip; there are whole, large, size, flag, note, word, many"),
    ([None, *slip(id="a"), None, {"kind": "bare", "id": "a"}], "/facts/3/id: another fact has the same id; ids must differ"),
    ([None, {"kind": "place"}, {"kind": "place"}], "/facts: 'place' is given more than once; it is about the whole interview"),
    # several facts
    ([*slip(), *slip(whole=99)], f"/facts/1/whole: {WHOLE}"),
    ([*slip(id="a"), *slip(), {"kind": "bare", "id": "a"}], "/facts/2/id: another fact has the same id; ids must differ"),
    ([{"kind": "place"}] * 2, "/facts: 'place' is given more than once; it is about the whole interview"),
    ([{"kind": "scene", "id": "a"}, {"kind": "scene"}],
     "/facts: 'scene' is given more than once; it is about the whole interview"),
    (slip() * 1001, "/facts: has 1001 facts; at most 1000 are taken"),
    ({"facts": slip() * 1001}, "/facts: has 1001 facts; at most 1000 are taken"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_is_said_of_a_record_that_is_wrong(number: int) -> None:
    record, message = WRONG[number]
    assert errors(record) == [message]


def test_all_problems_are_told_at_once_in_the_order_of_the_record() -> None:
    record = [*slip(whole=-1, flag=2), {"kind": "slop"}, *slip(word="x")]
    assert errors(record) == [
        f"/facts/0/whole: {WHOLE}",
        "/facts/0/flag: must be true or false",
        "/facts/1/kind: there is no such kind; did you mean 'slip'?",
        "/facts/2/word: must be one of red, blue",
    ]


@pytest.mark.parametrize(
    ("count", "last"), [(20, "/facts/19/flag: must be true or false"), (21, "... and 1 more"), (1000, "... and 980 more")]
)
def test_at_most_twenty_problems_are_told(count: int, last: str) -> None:
    lines = errors(slip(flag=5) * count)
    assert (len(lines), lines[-1]) == (20 + (count > 20), last)


def test_facts_are_counted_before_they_are_copied() -> None:
    taken = 0

    def without_end() -> Iterator[dict[str, str]]:
        nonlocal taken
        while True:
            taken += 1
            yield {"kind": "bare"}

    with pytest.raises(RecordError, match=r"^/facts: has more than 1000 facts, the most that are taken$"):
        READER.read(without_end())
    assert taken == 1_001


@pytest.mark.parametrize("record", [b" " * 8_000_000, " " * 8_000_000, "ä" * 4_000_000], ids=["bytes", "text", "other letters"])
def test_a_record_that_is_too_large_is_not_copied(record: bytes | str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(RecordError, match=r"^<record>: has 8000000 bytes; at most 1000000 are taken$"):
            READER.read_json(record)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_the_limits_can_be_raised_and_lowered() -> None:
    assert len(RecordReader(BASE.program, Limits(facts=1001)).read(slip() * 1001).rows["slip"]) == 1001
    with pytest.raises(RecordError, match="has 3 facts; at most 2 are taken"):
        RecordReader(BASE.program, Limits(facts=2)).read(slip() * 3)
    with pytest.raises(RecordError) as caught:
        RecordReader(BASE.program, Limits(problems=1)).read(slip(flag=5) * 3)
    assert caught.value.omitted == 2


# -- what is right

RIGHT: list[tuple[Any, tuple[Any, ...]]] = [
    (slip(), ("slip-1", "slip", 1, None, None, True, None, "red", ())),
    (slip(whole=0, size=1), ("slip-1", "slip", 0, None, 1.0, True, None, "red", ())),
    (slip(whole=9, size=5), ("slip-1", "slip", 9, None, 5.0, True, None, "red", ())),
    (slip(large=2**53), ("slip-1", "slip", 1, 2**53, None, True, None, "red", ())),
    (slip(large=-(2**53)), ("slip-1", "slip", 1, -(2**53), None, True, None, "red", ())),
    (slip(whole=3.0, large=-(2.0**53), size=None), ("slip-1", "slip", 3, -(2**53), None, True, None, "red", ())),
    (slip(whole=-0.0), ("slip-1", "slip", 0, None, None, True, None, "red", ())),
    (slip(whole=None, flag=None, word=None, many=None), ("slip-1", "slip", 1, None, None, True, None, "red", ())),
    (slip(zz=None, share=None), ("slip-1", "slip", 1, None, None, True, None, "red", ())),
    (slip(many=["up", None]), ("slip-1", "slip", 1, None, None, True, None, "red", ("up",))),
    ([None, *slip(), None], ("slip-1", "slip", 1, None, None, True, None, "red", ())),
    ({"facts": slip(), "team": None}, ("slip-1", "slip", 1, None, None, True, None, "red", ())),
    (slip(large=None, size=None, note=None), ("slip-1", "slip", 1, None, None, True, None, "red", ())),
    (slip(note="x" * 10_000), ("slip-1", "slip", 1, None, None, True, "x" * 10_000, "red", ())),
    (slip(note=""), ("slip-1", "slip", 1, None, None, True, "", "red", ())),
    (slip(many=["up", "down", "up"]), ("slip-1", "slip", 1, None, None, True, None, "red", ("down", "up"))),
    (slip(id="x" * 200, flag=False), ("x" * 200, "slip", 1, None, None, False, None, "red", ())),
    (slip(id=None), ("slip-1", "slip", 1, None, None, True, None, "red", ())),
    ([{"word": "blue", "whole": 2, "kind": "slip"}], ("slip-1", "slip", 2, None, None, True, None, "blue", ())),
]


@pytest.mark.parametrize("number", range(len(RIGHT)))
def test_a_fact_is_read_as_a_row(number: int) -> None:
    record, row = RIGHT[number]
    assert rows(record) == [("scene-1", "scene", True), row]


def test_a_thousand_facts_are_taken() -> None:
    assert len(READER.read(slip() * 1000).rows["slip"]) == 1000


SHAPES: dict[str, Callable[[], Any]] = {
    "a list": lambda: slip(whole=2),
    "a tuple": lambda: tuple(slip(whole=2)),
    "an iterator": lambda: iter(slip(whole=2)),
    "the values of a mapping": lambda: {"x": slip(whole=2)[0]}.values(),
    "a record": lambda: {"facts": slip(whole=2)},
    "a record with a tuple": lambda: {"facts": tuple(slip(whole=2))},
    "a record without an id": lambda: {"id": None, "facts": slip(whole=2)},
    "a record that is a mapping": lambda: MappingProxyType({"facts": slip(whole=2)}),
    "facts that are mappings": lambda: [MappingProxyType(slip(whole=2)[0])],
    "facts of a record that are mappings": lambda: {"facts": [MappingProxyType(slip(whole=2)[0])]},
    "models": lambda: [Fact(kind="slip", whole=2)],  # type: ignore[call-arg]
    "a record of models": lambda: Record(facts=[Fact(kind="slip", whole=2)]),  # type: ignore[call-arg]
    "a mapping of models": lambda: {"facts": [Fact(kind="slip", whole=2)]},  # type: ignore[call-arg]
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_record_may_have_many_shapes(shape: str) -> None:
    assert rows(SHAPES[shape]()) == rows(slip(whole=2))


def test_the_id_of_a_record_is_that_of_its_assessment() -> None:
    assert BASE.assess({"id": "iv-17", "facts": []}).id == "iv-17"
    assert BASE.assess(Record(id="iv-17", facts=[])).id == "iv-17"
    assert BASE.assess([]).id is None


def test_reading_changes_nothing_that_was_given() -> None:
    record = {"id": "r", "facts": [*slip(many=["up", "down"], note=None), Fact(kind="bare")]}
    before = str(record)
    READER.read(record)
    assert str(record) == before


BAD_MODELS: list[tuple[type[pydantic.BaseModel], dict[str, Any]]] = [
    (Fact, {"kind": 5}),
    (Fact, {}),
    (Record, {"facts": [], "more": 1}),
    (Record, {"facts": [], "id": ""}),
]


@pytest.mark.parametrize(("model", "values"), BAD_MODELS)
def test_models_check_their_own_shape(model: type[pydantic.BaseModel], values: dict[str, Any]) -> None:
    with pytest.raises(pydantic.ValidationError):
        model(**values)


def test_models_are_frozen() -> None:
    with pytest.raises(pydantic.ValidationError):
        Fact(kind="slip").kind = "bare"


def test_fields_of_models_are_checked_when_they_are_read() -> None:
    assert errors([Fact(kind="slip", whole="2")]) == [f"/facts/0/whole: {WHOLE}"]  # type: ignore[call-arg]


# -- ids


def test_facts_without_an_id_are_numbered_by_kind() -> None:
    found = rows([*slip(), {"kind": "bare"}, *slip()])
    assert [row[0] for row in found] == ["bare-1", "scene-1", "slip-1", "slip-2"]


def test_ids_that_are_taken_are_passed_over_whoever_has_them() -> None:
    found = rows([*slip(), *slip(id="slip-1"), {"kind": "bare", "id": "slip-2"}, *slip(), {"kind": "place", "id": "scene-1"}])
    assert [row[0] for row in found] == ["slip-2", "scene-1", "scene-2", "slip-1", "slip-3", "slip-4"]


@given(record=records_of(BASE.kinds, 0, 8), data=st.data())
def test_default_ids_do_not_depend_on_the_order_of_the_facts(record: list[dict[str, Any]], data: st.DataObject) -> None:
    assert rows(data.draw(st.permutations(record))) == rows(record)


def test_an_assumed_setting_is_there_unless_it_is_given() -> None:
    assert READER.read([]).assumed == ("scene",)
    assert READER.read([{"kind": "scene", "light": False}]).assumed == ()
    assert rows([{"kind": "scene", "light": False}]) == [("scene-1", "scene", False)]


# -- nothing of a record is told in an error

CANARY = "KANARIENVOGEL 4711"


def places(value: Any) -> Iterator[Any]:
    """A record with the canary in place of one of its values, for every one."""
    if isinstance(value, dict):
        yield {**value, CANARY: 1}
        for key, inner in value.items():
            yield from ({**value, key: other} for other in places(inner))
    elif isinstance(value, list):
        yield [*value, CANARY]
        for i, inner in enumerate(value):
            yield from ([*value[:i], other, *value[i + 1 :]] for other in places(inner))
    yield CANARY
    yield CANARY * 2000
    yield [CANARY]
    yield {CANARY: CANARY}
    yield CANARY + "\ud800"


def refusal(record: Any) -> RecordError | None:
    try:
        READER.read(record)
    except RecordError as error:
        return error
    return None


@settings(max_examples=60, deadline=None)
@given(record=records_of(BASE.kinds, 1, 3))
def test_a_value_is_never_told(record: list[dict[str, Any]]) -> None:
    wrong = [error for record in places({"id": "r", "facts": record}) if (error := refusal(record)) is not None]
    assert len(wrong) > 10
    for error in wrong:
        assert CANARY not in f"{error} {error!r} {error.problems!r}"
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize("key", [(CANARY,), CANARY.encode(), frozenset([CANARY])])
def test_a_key_that_is_no_text_is_refused_and_not_told(key: Any) -> None:
    for record in ([{"kind": "slip", key: 1}], {"facts": [], key: 1}):
        assert CANARY not in "".join(errors(record))


# -- the JSON Schema of a record


@settings(max_examples=60, deadline=None)
@given(record=records_of(BASE.kinds, 0, 4), id_=st.none() | st.text("ab-1", min_size=1, max_size=200))
def test_the_json_schema_accepts_what_is_read(record: list[dict[str, Any]], id_: str | None) -> None:
    whole = json.loads(json.dumps({"id": id_, "facts": record}))
    READER.read(whole)
    SCHEMA.validate(whole)


NOT_SAID_BY_SCHEMA = ("another fact has the same id", "given more than once", "at most 1000 are taken")


def in_json(record: Any) -> bool:
    """Whether JSON can say it: neither NaN nor sets, nor a decimal for a whole number, which JSON does not tell apart."""
    try:
        return bool(json.loads(json.dumps(record, allow_nan=False)) == record) and "1.0" not in repr(record)
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize(
    "number", [i for i, (record, message) in enumerate(WRONG) if isinstance(record, dict) or in_json(record)]
)
def test_the_json_schema_refuses_what_is_not_read(number: int) -> None:
    record, message = WRONG[number]
    whole = {"facts": record} if isinstance(record, list) else record
    said = not any(part in message for part in NOT_SAID_BY_SCHEMA) and "\\ud" not in ascii(record)
    in_the_list = "[None" in repr(record) or ", None" in repr(record)  # a null there is taken, but not offered
    assert SCHEMA.is_valid(whole) != (said or in_the_list)


def test_the_json_schema_of_the_shipped_rules_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(RuleBase.shipped().record_schema())
