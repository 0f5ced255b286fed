"""Near-valid packs: whatever is changed in a good pack, it loads or is refused; nothing else happens."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from misstep.errors import RuleError
from misstep.limits import Limits
from misstep.rulebase.link import load_program

HERE = Path(__file__).parent
GOOD = """\
rules:
  one:
    title: One
    when:
      - {fact: late, as: l, where: "l.minutes > 5 and known(l.told) and not l.told"}
      - {count: mistake, each: m, where: m.times > 1, as: n}
    unless: [{fact: smile, as: s}]
    where: n < 3
    then:
      severity: "curve(l.minutes, (1, 0), (10, 2)) + n"
      noticed: 1
      verdict: {for: l, at_least: act_now}
      note: "{n} of {l.times}"
    because: "{l.minutes} minutes"
    sources: [poll]
  two:
    when: [{fact: finding, of: late, as: f, where: "f.severity_band == 'fatal' or f.cause == 'own'"}]
    then: {recommend: [{action: sorry, for: f, relief: 1}], veto: sorry, derive: {kind: even, about: f.id}}
  three:
    when: [{max: late, of: late.minutes, as: worst}]
    then: {derive: [{kind: odd, about: x, n: worst / 2, sort: red}]}
disable: []
cases: {a case: {facts: [{kind: late}], expect: {damage: 0..9}}}
"""
TEXT = (HERE.parents[1] / "fixtures/conformance/words.yaml").read_text("utf-8").replace("actions:", GOOD + "actions:")
DATA: dict[str, Any] = yaml.safe_load(TEXT)


def outcome(text: str | bytes) -> str:
    """``""`` where the pack loads, else what the error says; any other exception is a failure of the test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "p.yaml"
        file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        error: RuleError | None = None
        try:
            load_program([file], Limits())
        except RuleError as caught:
            error = caught
        if error is None:
            return ""
        assert error.problems
        assert {p.location.file for p in error.problems} == {str(file)}
        return str(error)


def test_the_pack_that_is_changed_below_is_good() -> None:
    assert outcome(TEXT) == ""
    assert outcome(yaml.safe_dump(DATA, sort_keys=False)) == ""


def _paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(below for key, value in parts for below in _paths(value, (*path, key)))]


PATHS = _paths(DATA)[1:]
WORDS = sorted({str(part) for path in PATHS for part in path} | {"a", "b", "lambda", "id", "finding", "outlook", "mistake"})
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.sampled_from(["l.minutes", "m.times * m.times", "known(l.told)", "n + worst", "odd.n", "f.damage / 0", "{n}", "1e300"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _changed(data: Any, path: tuple[Any, ...], how: str, value: Any, key: str) -> Any:
    """A copy with one part taken out, put in, renamed, doubled or set to another value."""
    data = copy.deepcopy(data)
    here = data
    for step in path[:-1]:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):  # an earlier change took it away
            return data
    last = path[-1]
    try:
        if how == "set":
            here[last] = value
        elif how == "delete":
            del here[last]
        elif how == "rename" and isinstance(here, dict):
            here[key] = here.pop(last)
        elif isinstance(here, dict):
            here[key] = here[last]
        else:
            here.insert(last, here[last])
    except (KeyError, IndexError, TypeError, AttributeError):
        pass
    return data


CHANGES = st.lists(
    st.tuples(st.sampled_from(PATHS), st.sampled_from(["set", "delete", "rename", "double"]), VALUES, st.sampled_from(WORDS)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=250, deadline=None)
@given(changes=CHANGES)
def test_a_good_pack_with_parts_changed_loads_or_is_refused(changes: list[tuple[tuple[Any, ...], str, Any, str]]) -> None:
    data = DATA
    for path, how, value, key in changes:
        data = _changed(data, path, how, value, key)
    outcome(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


@settings(max_examples=150, deadline=None)
@given(
    start=st.integers(0, len(TEXT)),
    length=st.integers(0, 12),
    put=st.one_of(st.text(max_size=6), st.text("{}[]:,&*!|>'\"#-?<%@ \n\tab1.=", max_size=6)),
)
def test_a_good_pack_with_letters_changed_loads_or_is_refused(start: int, length: int, put: str) -> None:
    outcome(TEXT[:start] + put + TEXT[start + length :])


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=60), start=st.integers(0, len(TEXT)))
def test_a_good_pack_with_bytes_changed_loads_or_is_refused(data: bytes, start: int) -> None:
    raw = TEXT.encode()
    outcome(raw[:start] + data + raw[start + len(data) :])


@settings(max_examples=60, deadline=None)
@given(data=st.dictionaries(st.sampled_from(sorted(DATA)) | st.text(max_size=5), VALUES, max_size=6))
def test_any_mapping_loads_or_is_refused(data: dict[str, Any]) -> None:
    outcome(yaml.safe_dump({"schema": 1, "pack": "p", **data}, sort_keys=False, allow_unicode=True))


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["one", "two", "three"]),
    part=st.sampled_from(["where", "because", "title", "help"]),
    text=st.text(max_size=40),
)
def test_any_text_as_a_part_of_a_rule_loads_or_is_refused(name: str, part: str, text: str) -> None:
    data = copy.deepcopy(DATA)
    data["rules"][name][part] = text
    said = outcome(yaml.safe_dump(data, allow_unicode=True))
    assert said == "" or f": {name}: " in said or "not valid YAML" in said or "is not seen" in said
