"""An Assessment as a value: compared, hashed, copied, pickled, frozen, and read by pydantic."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError
from tests.conftest import Golden
from tests.inline import load_text

from misstep import Assessment, RuleBase
from misstep.assessment import SCHEMA

ROOT = Path(__file__).resolve().parents[2]
SEED = json.loads((ROOT / "fixtures" / "interviews" / "seed.json").read_text())
BASE = RuleBase.shipped()
LATE = ("headline", "because", "findings", "steps", "avoid", "derived", "notes", "draft", "sources")

DERIVING = """
schema: 1
pack: deriving
extends: scale
kinds:
  slip: {role: mistake, title: Slip}
  habit: {role: derived, title: Habit, fields: {what: {type: text}}}
rules:
  habit: {when: [slip], then: {derive: {kind: habit, what: "'slips'"}}}
"""


def seed() -> Assessment:
    return BASE.assess(SEED)


@pytest.mark.parametrize("name", LATE)
def test_every_late_field_is_computed_when_it_is_read(name: str) -> None:
    assert getattr(seed(), name) == getattr(Assessment.from_json(BASE.assess_json(json.dumps(SEED))), name)


def test_equal_answers_are_equal_and_have_one_hash() -> None:
    one, other = seed(), seed()
    assert one.damage == other.damage
    assert one.findings
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, BASE.assess([])}) == 2
    assert one != dataclasses.replace(one, headline="Another")


def test_an_answer_with_derived_facts_has_a_hash() -> None:
    answer = load_text(DERIVING).assess([{"kind": "slip"}])
    assert [fact.values for fact in answer.derived] == [{"what": "slips"}]
    assert hash(answer) == hash(Assessment.from_dict(answer.to_dict()))


@pytest.mark.parametrize("completed", [False, True])
@pytest.mark.parametrize("same", [copy.copy, copy.deepcopy, lambda answer: pickle.loads(pickle.dumps(answer))])
def test_copies_are_whole(same: Any, completed: bool) -> None:
    answer = seed()
    if completed:
        assert answer.steps
    copied = same(answer)
    assert copied == seed()
    assert copied.to_json() == answer.to_json()


def test_nothing_in_it_can_be_changed() -> None:
    answer = seed()
    for part in (answer, answer.rulebase, answer.findings[0], answer.findings[0].because[0], answer.steps[0].actions[0]):
        for name in ("because", "anything"):
            with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
                setattr(part, name, ())
    with pytest.raises(AttributeError, match="'Assessment' has no attribute 'sevrity'"):
        answer.sevrity  # type: ignore[attr-defined] # noqa: B018


def test_its_text_in_python_is_whole() -> None:
    assert repr(seed()).startswith(f"Assessment(schema={SCHEMA}, id='seed', rulebase=RuleBaseInfo(name='misstep'")
    assert "steps=(Step(rank=1" in repr(seed())


def test_plain_data_has_the_names_of_json() -> None:
    answer = seed()
    assert json.loads(answer.to_json()) == json.loads(json.dumps(answer.to_dict()))
    assert list(answer.to_dict()["steps"][0]["actions"][0])[2] == "for"
    assert answer.to_dict()["steps"][0]["actions"][0]["for"] == answer.steps[0].actions[0].targets
    assert Assessment.from_dict(dataclasses.asdict(answer)) == answer


@pytest.mark.parametrize(
    "wrong", [b"", b"{}", b"[]", seed().to_json()[:-1] + b',"more":1}', seed().to_json().replace(b'"damage":', b'"damage":-')]
)
def test_what_is_no_assessment_is_refused(wrong: bytes) -> None:
    with pytest.raises(ValueError, match="Assessment"):
        Assessment.from_json(wrong)


# -- as a model of pydantic's, as frameworks use it


def test_pydantic_takes_and_gives_it() -> None:
    adapter, answer = TypeAdapter(Assessment), seed()
    assert adapter.validate_python(answer) is answer
    assert adapter.dump_json(seed()) == answer.to_json()
    assert adapter.dump_python(seed()) == answer.to_dict()
    assert adapter.validate_json(answer.to_json()) == answer
    with pytest.raises(ValidationError):
        adapter.validate_python({**answer.to_dict(), "damage": 101})


def test_pydantic_takes_it_inside_of_other_types() -> None:
    adapter = TypeAdapter(dict[str, list[Assessment]])
    assert adapter.validate_json(adapter.dump_json({"a": [seed()]})) == {"a": [seed()]}


def test_its_json_schema_takes_it() -> None:
    schema = TypeAdapter(Assessment).json_schema(mode="serialization")
    assert schema == Assessment.json_schema()
    jsonschema.validate(json.loads(seed().to_json()), schema)


@pytest.mark.once  # versions of pydantic write the same in different ways
def test_its_json_schema_is_as_on_file(golden: Golden) -> None:
    schema = Assessment.json_schema()
    golden(Path(__file__).with_name("assessment.schema.json"), json.dumps(schema, indent=1) + "\n")
