"""The default engine keeps nothing of a record between two calls, and nothing of a rule base that is gone."""

from __future__ import annotations

import gc
import json
import linecache
from pathlib import Path

import pytest
from tests.inline import load_text

from misstep import RuleBase
from misstep.evaluate.compiled import CompiledEngine
from misstep.evaluate.interface import Phase
from misstep.evaluate.memory import Memory
from misstep.findings.explain import Explainer
from misstep.limits import Limits
from misstep.model.facts import GIVEN_ROLES
from misstep.pipeline import assess_json, conclude
from misstep.records import RecordReader

PROGRAM, LIMITS = RuleBase.shipped().program, Limits()
READER, ENGINE, EXPLAINER = RecordReader(PROGRAM, LIMITS), CompiledEngine(PROGRAM), Explainer(PROGRAM)
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
        record = [{"kind": kind.name, **{f.name: f.minimum for f in kind.fields if f.required}} for kind in given]
        self.other = READER.read(record)

    def run(self, phase: Phase, memory: Memory) -> None:
        conclude(self.other, PROGRAM, ENGINE, LIMITS)
        ENGINE.run(phase, memory)


@pytest.mark.parametrize("file", INTERVIEWS, ids=lambda file: file.stem)
def test_another_record_between_the_phases_of_one_changes_nothing(file: Path) -> None:
    facts = READER.read(json.loads(file.read_bytes()))
    alone, between = (assess_json(facts, PROGRAM, engine, EXPLAINER, LIMITS) for engine in (ENGINE, Interrupted()))
    assert between == alone
