"""Derived facts of a kind with `keep: each`: equal ones of different firings are different facts."""

from __future__ import annotations

from contextlib import ExitStack, closing
from itertools import permutations
from typing import Any

import pytest
from tests.evaluate.naive import NaiveEngine, conclusions
from tests.inline import load_text

from misstep import Assessment, Limits, RuleBase
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.durable.engine import DurableEngine
from misstep.evaluate.interface import Engine
from misstep.evaluate.memory import Memory
from misstep.evaluate.python_engine import PythonEngine

PACK = """
schema: 1
pack: insurance
kinds:
  driver: {role: signal, title: Driver, fields: {age: {type: integer}, claims: {type: integer, default: 0}}}
  surcharge: {role: derived, title: Surcharge, KEEP fields: {amount: {type: number}}}
  doubled: {role: derived, title: Surcharge on a surcharge, KEEP fields: {amount: {type: number}}}
  mark: {role: derived, title: Mark, KEEP}
  price: {role: derived, title: Price, fields: {amount: {type: number}}}
  marks: {role: derived, title: Marks, fields: {number: {type: number}}}
rules:
  young: {when: [{fact: driver, where: driver.age < 25}], then: {derive: [{kind: surcharge, amount: 100}, {kind: mark}]},
          because: "{driver.age} years old"}
  claims: {when: [{fact: driver, where: driver.claims > 1}], then: {derive: {kind: surcharge, amount: 100}}}
  base: {when: [driver], then: {derive: [{kind: surcharge, amount: 370}, {kind: mark}, {kind: mark}]}}
  twice: {when: [{fact: surcharge, where: surcharge.amount < 200}], then: {derive: {kind: doubled, amount: 2 * surcharge.amount}}}
  sum: {when: [{sum: surcharge, of: surcharge.amount, as: n}], then: {derive: {kind: price, amount: n}}}
  count: {when: [{count: mark, as: n}], then: {derive: {kind: marks, number: n}}}
  pair: {when: [{fact: surcharge, as: a}, {fact: surcharge, as: b}], where: a.amount == b.amount,
         then: {derive: {kind: doubled, amount: 1}}}
  many: {when: [mark], then: {overall: 1}}
"""
DRIVER = {"kind": "driver", "age": 20, "claims": 2}
EACH, ONCE = PACK.replace("KEEP", "keep: each,").replace("each,}", "each}"), PACK.replace(" KEEP", "").replace("Mark,}", "Mark}")


def values(result: Assessment, kind: str) -> list[Any]:
    return [next(iter(fact.values.values()), None) for fact in result.derived if fact.kind == kind]


def concluded(base: RuleBase, engine: Engine, record: list[dict[str, Any]]) -> Memory:
    facts = RecordReader(base.program, Limits()).read(record)
    return Pipeline(base.program, engine, Limits()).conclude(facts)[0]


@pytest.mark.parametrize(("pack", "price", "marks"), [(ONCE, 470, 1), (EACH, 570, 3)], ids=["once", "each"])
def test_a_sum_or_count_counts_equal_facts_as_often_as_they_are_kept(pack: str, price: int, marks: int) -> None:
    result = load_text(pack).assess([DRIVER])
    assert values(result, "price") == [price]
    assert values(result, "marks") == [marks]


def test_each_matches_and_has_its_own_derivation() -> None:
    result = load_text(EACH).assess([DRIVER])
    surcharges = {fact.fact: [(reason.rule, reason.text) for reason in fact.because] for fact in result.derived}
    assert surcharges["surcharge-1"] == [("claims", "claims")]
    assert surcharges["surcharge-2"] == [("young", "20 years old")]
    assert surcharges["surcharge-3"] == [("base", "base")]
    of_doubled = [(fact.values["amount"], fact.because[0].facts) for fact in result.derived if fact.kind == "doubled"]
    one, two = "surcharge-1", "surcharge-2"
    assert of_doubled == [(1, (one, two)), (1, (two, one)), (200, (one,)), (200, (two,))]


def test_names_and_reasons_do_not_depend_on_the_order_of_facts() -> None:
    base = load_text(EACH)
    facts = [{"id": name, **DRIVER, "age": age} for name, age in (("a", 20), ("b", 20), ("c", 50))]
    first, *others = (base.assess(list(order)).derived for order in permutations(facts))
    assert len(first) > 20
    assert all(other == first for other in others)


@pytest.mark.parametrize("durable", [False, pytest.param(True, marks=pytest.mark.needs("durable"))], ids=["oracle", "durable"])
def test_engines_agree(durable: bool) -> None:
    base = load_text(EACH)
    record = [DRIVER, {**DRIVER, "claims": 0}, {**DRIVER, "age": 70}]
    with ExitStack() as stack:
        other = stack.enter_context(closing(DurableEngine(base.program))) if durable else NaiveEngine(base.program)
        wanted, got = (concluded(base, engine, record) for engine in (other, PythonEngine(base.program)))
    assert conclusions(got) == conclusions(wanted)
    assert [len(got.rows[kind]) for kind in ("surcharge", "mark", "doubled")] == [7, 8, 4 + 4 * 3 + 3 * 2]


def test_each_counts_against_the_limit_of_derived_facts() -> None:
    with pytest.raises(Exception, match=r"^more than 5 derived facts"):
        load_text(EACH, limits=Limits(derived=5)).assess([DRIVER])
