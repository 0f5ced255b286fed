"""The default engine keeps nothing of a record between two calls, and nothing of a rule base that is gone."""

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
from misstep.drafting import Drafter
from misstep.evaluate.compiled import MANY, CompiledEngine
from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Memory
from misstep.findings.explain import Explainer
from misstep.limits import Limits
from misstep.model.facts import GIVEN_ROLES
from misstep.pipeline import assess_json, conclude
from misstep.records import RecordReader

PROGRAM, LIMITS = RuleBase.shipped().program, Limits()
READER, ENGINE, EXPLAINER, DRAFTER = RecordReader(PROGRAM, LIMITS), CompiledEngine(PROGRAM), Explainer(PROGRAM), Drafter(PROGRAM)
INTERVIEWS = sorted((Path(__file__).parents[2] / "fixtures" / "interviews").glob("*.json"))

PACK = """
schema: 1
pack: short-lived
kinds: {late: {role: mistake, title: Late, concern: manners, fields: {x: {type: integer, default: 10}}}}
rules: {short-lived-rule: {when: [late], then: {severity: 1}, because: late}}
"""


def written() -> list[str]:
    """The names of the sources that tracebacks would show."""
    return [name for name in linecache.cache if "short-lived-rule" in name]


def test_source_for_tracebacks_is_kept_as_long_as_the_rule_base() -> None:
    rulebase = load_text(PACK)
    rulebase.assess([{"kind": "late"}])
    (name,) = written()
    assert any("memory.add" in line for line in linecache.getlines(name))
    del rulebase
    gc.collect()
    assert not written()


def test_a_rule_base_that_goes_leaves_the_source_of_its_successor() -> None:
    before = load_text(PACK)
    before.assess([{"kind": "late"}])
    after = load_text(PACK)
    after.assess([{"kind": "late"}])
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
        conclude(self.other, PROGRAM, ENGINE, LIMITS)
        ENGINE.run(phase, memory)


@pytest.mark.parametrize("file", INTERVIEWS, ids=lambda file: file.stem)
def test_another_record_between_the_phases_of_one_changes_nothing(file: Path) -> None:
    facts = READER.read(json.loads(file.read_bytes()))
    alone, between = (assess_json(facts, PROGRAM, engine, EXPLAINER, DRAFTER, LIMITS) for engine in (ENGINE, Interrupted()))
    assert between == alone


COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt, "==": operator.eq,
}  # fmt: skip
Asked = list[tuple[str, int]]


@st.composite
def asked(draw: st.DrawFn) -> tuple[Asked, str]:
    """What one of very many rules asks of the same fact: bounds, a value, or nothing; and a second fact or none."""
    tests = draw(st.lists(st.tuples(st.sampled_from(sorted(COMPARISONS)), st.integers(0, 30)), max_size=3))
    return tests, draw(st.sampled_from(["", "", "hint", "absent"]))


@settings(max_examples=40, deadline=None)
@given(st.lists(asked(), min_size=MANY + 1, max_size=2 * MANY), st.lists(st.integers(0, 30), max_size=4))
def test_of_very_many_rules_just_those_fire_whose_conditions_hold(rules: list[tuple[Asked, str]], values: list[int]) -> None:
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
