"""Files of judged cases: what is wrong is told with its place, all of it, and the rest is scored."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.analysis.calibration.judged import BANDS, BASE, case, outage
from tests.end_to_end.command import FIXTURES

from misstep import RecordError, RuleBase

GOOD = case(outage(30), "broken")
SHOWN = "it is one of cosmetic, degraded, broken, catastrophic"


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good case with another value at a path, or a key more."""
    data: Any = deepcopy(GOOD)
    here = data
    *steps, last = path.split("/")
    for step in steps:
        here = here[int(step) if isinstance(here, list) else step]
    here[last] = value
    return dict(data)


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in GOOD.items() if k != key}


BAD: list[tuple[Any, list[str]]] = [
    # the case
    (5, ["/1: a judged case is a mapping {record: ..., expert: ..., ...}"]),
    ([GOOD], ["/1: a judged case is a mapping {record: ..., expert: ..., ...}"]),
    ({}, ["/1: the key 'record' is missing", "/1: the key 'expert' is missing"]),
    (without("record"), ["/1: the key 'record' is missing"]),
    (without("expert"), ["/1: the key 'expert' is missing"]),
    (changed("bassis", "x"), ["/1/bassis: unknown key 'bassis'; did you mean 'basis'?"]),
    (changed("zzz", 1), ["/1/zzz: unknown key 'zzz'; there are approximate, basis, expert, record, situation, source, unfit"]),
    (changed("basis", 5), ["/1/basis: `basis` must be text; put it in quotes"]),
    (changed("basis", ""), ["/1/basis: `basis` must not be empty"]),
    (changed("situation", "x" * 4001), ["/1/situation: `situation` must be a text of at most 4000 characters"]),
    (changed("source", "a book"), ["/1/source: `source` must be a mapping"]),
    (changed("source", {"year": "last"}), ["/1/source/year: `year` must be a whole number"]),
    (changed("unfit", 5), ["/1/unfit: `unfit` must be text; put it in quotes"]),
    (changed("approximate", "minutes"), ["/1/approximate: `approximate` must be a list"]),
    # the expert
    (changed("expert", []), ["/1/expert: `expert` must be a mapping"]),
    (changed("expert", {}), ["/1/expert: the key 'severity' is missing"]),
    (changed("expert/severity", 3), ["/1/expert/severity: `severity` must be text; put it in quotes"]),
    (changed("expert/severity", "brokn"), ["/1/expert/severity: there is no such band; did you mean 'broken'?"]),
    (changed("expert/severity", "xyz"), [f"/1/expert/severity: there is no such band; {SHOWN}"]),
    (changed("expert/noticed", "visibl"), ["/1/expert/noticed: there is no such level; did you mean 'visible'?"]),
    (changed("expert/noticed", "x"), ["/1/expert/noticed: there is no such level; it is one of hidden, visible, unknown"]),
    (changed("expert/act", "let_go"),
     ["/1/expert/act: `act` must be 'act', 'let_it_go' or 'unknown'; did you mean 'let_it_go'?"]),
    (changed("expert/act", True), ["/1/expert/act: `act` must be 'act', 'let_it_go' or 'unknown'"]),
    (changed("expert/recommended", "roll_back"), ["/1/expert/recommended: `recommended` must be a list"]),
    (changed("expert/against", ["roll back"]),
     ["/1/expert/against/0: an item of `against` must be a name: lower-case words with underscores"]),
    (changed("expert/confidence", 0), ["/1/expert/confidence: `confidence` must be at least 1"]),
    (changed("expert/confidence", 11), ["/1/expert/confidence: `confidence` must be at most 10"]),
    (changed("expert/confidence", 2.5), ["/1/expert/confidence: `confidence` must be a whole number"]),
    (changed("expert/confidence", "3"), ["/1/expert/confidence: `confidence` must be a whole number"]),
    (changed("expert/severty", "x"), ["/1/expert/severty: unknown key 'severty'; did you mean 'severity'?"]),
    # the record
    (changed("record", 5), ["/1/record: must be a record {facts: [...]} or a list of facts"]),
    (changed("record/facts/0/minuts", 5),
     ["/1/record/facts/0/minuts: there is no such field in outage; did you mean 'minutes'?"]),
    (changed("record", [{"kind": "outge"}]), ["/1/record/0/kind: there is no such kind; did you mean 'outage'?"]),
    (changed("record", [{"kind": "outage", "minutes": -1}]),
     ["/1/record/0/minutes: must be a whole number from 0 to 10080 (minutes)"]),
    # all at once
    (case([{"kind": "outge"}], "xyz", noticed="x"), [
        f"/1/expert/severity: there is no such band; {SHOWN}",
        "/1/expert/noticed: there is no such level; it is one of hidden, visible, unknown",
        "/1/record/0/kind: there is no such kind; did you mean 'outage'?",
    ]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_is_wrong_is_told_and_the_rest_is_scored(number: int) -> None:
    wrong, messages = BAD[number]
    found = BASE.calibrate([GOOD, wrong, GOOD])
    assert [str(problem) for problem in found.problems] == messages
    assert [c.place for c in found.cases] == ["/0", "/2"]
    assert found.figures == BASE.calibrate([GOOD, GOOD]).figures


def test_of_a_file_the_place_is_told_too(tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    lines = [json.dumps(GOOD), '{"record": [', "", *(json.dumps(wrong) for wrong, _ in BAD), json.dumps(GOOD)]
    file.write_text("\n".join(lines), encoding="utf-8")
    found = BASE.calibrate(file)
    assert found.figures.cases == 2
    assert [c.place for c in found.cases] == [f"{file}:1", f"{file}:{len(lines)}"]
    first, *others = found.problems
    assert str(first) == f"{file}:2:13: not valid JSON: Expecting value"
    expected = [(line, message) for line, (_, messages) in enumerate(BAD, start=4) for message in messages]
    assert len(others) == len(expected)
    for problem, (line, message) in zip(others, expected, strict=True):
        place = problem.location
        assert (place.file, place.line) == (str(file), line)
        assert str(problem).removeprefix(f"{file}:{line}:{place.column}: ") == message.removeprefix("/1").removeprefix(": ")
        assert place.column > 0


def test_the_column_is_that_of_the_part_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    wrong = '{"record": [{"kind": "outage"}], "expert": {"severity": "brokn", "noticed": 7, "recommended": ["Roll"]}}'
    file.write_text(f"{json.dumps(GOOD)}\n{wrong}\n{wrong.replace('7', 'null').replace('Roll', 'roll_back')}\n", encoding="utf-8")
    found = BASE.calibrate(file)
    assert [wrong[p.location.column - 1 :][:9] for p in found.problems] == ['"noticed"', 'Roll"]}}', 'brokn", "']
    assert [p.location.line for p in found.problems] == [2, 2, 3]


def test_where_nothing_is_right_everything_is_told(tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_text('{"record": []}\n5\n', encoding="utf-8")
    with pytest.raises(RecordError) as caught:
        BASE.calibrate(file)
    assert str(caught.value).splitlines() == [
        f"{file}:1:1: the key 'expert' is missing",
        f"{file}:2:1: a judged case is a mapping {{record: ..., expert: ..., ...}}",
        f"{file}: there is no judged case that can be scored",
    ]


def test_a_step_that_the_rules_do_not_know_is_remarked_once_and_the_case_is_scored() -> None:
    cases = [
        case(outage(30), "broken", recommended=["status_updat", "roll_back"]),
        case(outage(30), "broken", against=["status_updat", "call_the_press"]),
    ]
    found = BASE.calibrate(cases)
    assert found.problems == ()
    assert [str(remark) for remark in found.remarks] == [
        "/0/expert/recommended/0: these rules have no action 'status_updat', so it is in no plan; did you mean 'status_update'?",
        "/1/expert/against/1: these rules have no action 'call_the_press', so it is in no plan",
    ]
    assert (found.figures.recommended.cases, found.figures.advised_against.cases) == (1, 1)


def test_no_value_of_a_record_or_a_verdict_is_told_in_an_error() -> None:
    canary = "Kanarienvogel"
    wrong = [
        changed("record/facts/0/minutes", canary), changed("expert/severity", canary), changed("expert/act", canary),
        changed("expert/noticed", canary), changed("situation", [canary]), changed("expert/against", [canary]),
    ]  # fmt: skip
    found = BASE.calibrate([GOOD, *wrong])
    assert len(found.problems) == len(wrong)
    assert canary not in str(found.problems)


def test_what_is_kept_with_a_case_changes_nothing() -> None:
    kept = {"source": {"title": "A letter", "seen_in": "a copy"}, "unfit": "no kind for it", "approximate": ["minutes"]}
    assert BASE.calibrate([{**GOOD, **kept}]) == BASE.calibrate([GOOD])
    jsonschema.Draft202012Validator(BASE.case_schema()).validate({**GOOD, **kept})


# -- the JSON Schema


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dev", "fresh", "quiet"])
def test_the_schema_takes_the_shipped_cases(name: str) -> None:
    schema = RuleBase.shipped().case_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for line in (FIXTURES / "cases" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        validator.validate(json.loads(line))


def test_the_schema_takes_every_band_and_a_bare_list_of_facts() -> None:
    validator = jsonschema.Draft202012Validator(BASE.case_schema())
    for word in BANDS:
        validator.validate(case(outage(3), word, noticed="hidden", recommended=["roll_back", "something_else"]))
        validator.validate(case(outage(3)["facts"], word, noticed="unknown"))


def test_the_schema_refuses_what_is_refused() -> None:
    validator = jsonschema.Draft202012Validator(BASE.case_schema())
    assert [wrong for wrong, _ in BAD if validator.is_valid(wrong)] == []
