"""The engine in Python keeps nothing of a record between two calls, and nothing of a rule base that is gone."""

from __future__ import annotations

import gc
import json
import linecache
import operator
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inline import load_text

from misstep import RuleBase
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.facts import GIVEN_ROLES
from misstep.limits import Limits

PROGRAM, LIMITS = RuleBase.shipped().program, Limits()
READER, ENGINE = RecordReader(PROGRAM, LIMITS), PythonEngine(PROGRAM)
INTERVIEWS = sorted((Path(__file__).parents[2] / "fixtures" / "interviews").glob("*.json"))

PACK = """
schema: 1
pack: short-lived
kinds: {late: {role: mistake, title: Late, concern: manners, fields: {x: {type: integer, default: 10}}}}
rules: {short-lived-rule: {when: [late], then: {severity: 1}, because: late}}
"""


def written() -> list[str]:
    """The names of the sources that tracebacks would show."""
    return [name for name in linecache.cache if "<rule short-lived-rule>" in name]


def test_source_for_tracebacks_is_kept_as_long_as_the_rule_base() -> None:
    rulebase = load_text(PACK)
    rulebase.assess([{"kind": "late"}], "python")
    (name,) = written()
    assert any("memory.contributions.append" in line for line in linecache.getlines(name))
    del rulebase
    gc.collect()
    assert not [name for name in linecache.cache if "short-lived-rule" in name]


def test_a_rule_base_that_goes_leaves_the_source_of_its_successor() -> None:
    before = load_text(PACK)
    before.assess([{"kind": "late"}], "python")
    after = load_text(PACK)
    after.assess([{"kind": "late"}], "python")
    del before
    gc.collect()
    assert len(written()) == 1
    assert after.rule_source("short-lived-rule").startswith("def fire")


class Interrupted:
    """Assesses another record, with a fact of every kind, before every phase of one."""

    def __init__(self) -> None:
        given = [kind for kind in PROGRAM.kinds.values() if kind.role in GIVEN_ROLES]
        record = [
            {"kind": kind.name, **{f.name: "x" if f.type == "text" else f.minimum for f in kind.fields if f.required}}
            for kind in given
        ]
        self.other = READER.read(record)

    def run(self, phase: Phase, memory: Memory) -> None:
        Pipeline(PROGRAM, ENGINE, LIMITS).conclude(self.other)
        ENGINE.run(phase, memory)


@pytest.mark.parametrize("file", INTERVIEWS, ids=lambda file: file.stem)
def test_another_record_between_the_phases_of_one_changes_nothing(file: Path) -> None:
    facts = READER.read(json.loads(file.read_bytes()))
    alone, between = (Pipeline(PROGRAM, engine, LIMITS).assess_json(facts) for engine in (ENGINE, Interrupted()))
    assert between == alone


def test_an_assessment_leaves_nothing_to_the_garbage_collector() -> None:
    base = RuleBase.shipped()
    record = INTERVIEWS[0].read_bytes()
    base.assess_json(record)
    base.assess(json.loads(record))  # what is imported and made once is made here
    gc.collect()
    gc.disable()
    try:
        base.assess_json(record)
        assert base.assess(json.loads(record)).findings
        assert gc.collect() == 0
    finally:
        gc.enable()


COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq,
}  # fmt: skip
Asked = list[tuple[str, int]]


@st.composite
def asked(draw: st.DrawFn) -> tuple[Asked, str]:
    """What one of many rules asks of the same fact: bounds, a value, or nothing; and a second fact or none."""
    tests = draw(st.lists(st.tuples(st.sampled_from(sorted(COMPARISONS)), st.integers(0, 30)), max_size=3))
    return tests, draw(st.sampled_from(["", "", "hint", "absent"]))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(asked(), min_size=1, max_size=60), st.lists(st.integers(0, 30), max_size=4))
def test_of_many_rules_just_those_fire_whose_conditions_hold(rules: list[tuple[Asked, str]], values: list[int]) -> None:
    pack = [
        "schema: 1\npack: many\nkinds:",
        "  late: {role: mistake, title: Late, concern: manners, fields: {x: {type: integer, min: 0}}}",
        "  hint: {role: signal, title: A hint}\n  absent: {role: signal, title: None of it}\nrules:",
    ]
    for number, (tests, other) in enumerate(rules):
        where = " and ".join(f"late.x {comparison} {bound}" for comparison, bound in tests) or "late.x >= 0"
        more = f", {other}" if other else ""
        pack.append(f"  r{number}: {{when: [{{fact: late, where: '{where}'}}{more}], then: {{severity: 1}}, because: so}}")
    fired = load_text("\n".join(pack)).fired([{"kind": "hint"}, *({"kind": "late", "x": x} for x in values)])
    assert fired == {
        f"r{number}"
        for number, (tests, other) in enumerate(rules)
        if other != "absent" and any(all(COMPARISONS[c](x, bound) for c, bound in tests) for x in values)
    }


FOUND_BY_ID = """
schema: 1
pack: found-by-id
kinds:
  late: {role: mistake, title: Late, concern: manners, fields: {x: {type: integer, min: 0}, whose: {type: text, default: ""}}}
  noted: {role: derived, title: Noted, fields: {about: {type: text}}}
rules:
  late: {when: [late], then: {severity: 1, noticed: 9}, because: late}
  noted: {when: [{fact: late, where: "late.x >= 10"}], then: {derive: {kind: noted, about: late.id}}, because: very late}
  own-up:
    when: [noted, {fact: finding, of: late, as: f, where: "f.id == noted.about"}]
    then: {recommend: {action: own_up, for: f}}
    because: it is known
  alike:
    when: [{fact: finding, of: late, as: f}, {fact: finding, of: late, as: g, where: "g.whose == f.whose and f.x < g.x"}]
    then: {recommend: {action: explain, for: g}}
    because: the same person waited twice
actions: {own_up: {title: Own up}, explain: {title: Explain}}
"""
FOUND = load_text(FOUND_BY_ID)


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc")), max_size=30))
def test_findings_are_found_by_the_fields_of_their_mistakes(lates: list[tuple[int, str]]) -> None:
    result = FOUND.assess([{"id": f"l{i}", "kind": "late", "x": x, "whose": whose} for i, (x, whose) in enumerate(lates)])
    targets = {action.action: set(action.targets) for action in result.actions}
    assert targets.get("own_up", set()) == {f"l{i}" for i, (x, _) in enumerate(lates) if x >= 10}
    assert targets.get("explain", set()) == {
        f"l{i}" for i, (x, whose) in enumerate(lates) if any(y < x and other == whose for y, other in lates)
    }


def test_to_find_a_finding_costs_no_look_at_all_the_others() -> None:
    facts = RecordReader(FOUND.program, LIMITS).read([{"kind": "late", "x": 10 + i, "whose": str(i)} for i in range(500)])
    memory, _ = Pipeline(FOUND.program, PythonEngine(FOUND.program), LIMITS).conclude(facts)
    assert len(memory.recommendations) == 500
    assert LIMITS.work - memory.work < 2000
