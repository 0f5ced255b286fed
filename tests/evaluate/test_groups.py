"""Aggregates by keys: what a rule concludes of each, that no order of facts shows, and what a reason names."""

from __future__ import annotations

import json
import random
from contextlib import ExitStack, closing
from itertools import permutations
from typing import Any

import pytest
import yaml
from tests.evaluate.naive import NaiveEngine, conclusions
from tests.inline import load_text
from tests.needs import found

from misstep import Limits
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.durable.engine import DurableEngine
from misstep.evaluate.interface import Engine
from misstep.evaluate.python_engine import PythonEngine
from misstep.rulebase.field_use import find_crossings, find_references

PACK = """\
schema: 1
pack: bills
extends: scale
kinds:
  bill:
    role: mistake
    title: Bill
    concern: manners
    fields:
      team: {type: text}
      amount: {type: number}
      sort: {type: enum, values: [low, mid, high], ordered: true, default: low}
  person: {role: signal, title: Person, fields: {name: {type: text}}}
  total: {role: derived, title: Total, fields: {team: {type: text}, amount: {type: number}}}
rules:
  total:
    when: [{sum: bill, of: bill.amount, by: {team: bill.team}, as: amount}]
    then: {derive: {kind: total, team: team, amount: amount}, note: "{team} spent {amount}"}
  grand:
    when: [{sum: total, of: total.amount, by: {large: total.amount >= 10}, as: sum}, {max: total, of: total.amount, as: most}]
    where: large
    then: {note: "large ones {sum}, the most {most}"}
  worst:
    when: [{count: bill, each: b, by: {sort: b.sort}, as: n}]
    where: sort >= 'mid' and n > 1
    then: {recommend: talk}
    because: "{n} of {sort}"
  named:
    when: [{count: bill, by: {who: bill.team}, as: n}, {fact: person, where: person.name == who}]
    then: {recommend: ask}
    because: "{who} has {n}"
actions: {talk: {title: Talk}, ask: {title: Ask}}
"""
FACTS: list[dict[str, Any]] = [
    {"kind": "bill", "id": "a", "team": "x", "amount": 7, "sort": "mid"},
    {"kind": "bill", "id": "b", "team": "y", "amount": 4.5, "sort": "high"},
    {"kind": "bill", "id": "c", "team": "x", "amount": 5, "sort": "high"},
    {"kind": "bill", "id": "d", "team": "z", "amount": 12, "sort": "mid"},
    {"kind": "person", "id": "p", "name": "x"},
]


def test_each_key_is_concluded_of_whatever_the_order_of_facts() -> None:
    rulebase = load_text(PACK)
    answers = {rulebase.assess(list(facts)).to_json() for facts in permutations(FACTS)}
    assert len(answers) == 1
    assessment = rulebase.assess(FACTS)
    said = ("large ones 24, the most 12", "x spent 12", "y spent 4.5", "z spent 12")
    assert tuple(note for note in sorted(assessment.notes) if "spent" in note or "large" in note) == said
    assert [fact.values for fact in assessment.derived] == [
        {"team": "x", "amount": 12.0},
        {"team": "y", "amount": 4.5},
        {"team": "z", "amount": 12.0},
    ]


def test_a_reason_names_what_when_takes_and_not_what_is_counted() -> None:
    reasons = {a.action: [(r.text, r.facts, r.basis) for r in a.because] for a in load_text(PACK).assess(FACTS).actions}
    assert reasons == {
        "talk": [("2 of high", (), "concluded"), ("2 of mid", (), "concluded")],
        "ask": [("x has 2", ("p",), "concluded")],
    }


def test_what_is_found_out_about_fields_minds_the_keys() -> None:
    program = load_text(PACK).program
    assert ("total", "amount") in find_crossings(program)
    pack = yaml.safe_load(PACK)
    pack["rules"] = {
        "r": {"when": [{"count": "bill", "by": {"half": "bill.amount / 2"}, "as": "n"}], "then": {"recommend": "ask"}}
    }
    assert find_crossings(load_text(yaml.safe_dump(pack)).program) == {("bill", "amount")}
    assert find_references(program) == {}


# -- drawn rules, most of which fire: of those in packs.py few do

FUNCTIONS = ("count", "sum", "min", "max", "average", "distinct")
KEYS = ("b.team", "b.amount", "b.sort", "b.id", "(b.amount > 6)", "b.team[:1]", "(b.sort >= 'mid')", "round(b.amount / 4)")
VALUES = ("b.amount", "b.amount * 0.1", "0 - b.amount / 3", "len(b.team)")
TESTS = ("b.amount > 4", "b.team != 'y'", "b.sort < 'high'")
OWN = {"fact": "bill", "as": "own"}


def drawn_rule(draw: random.Random) -> dict[str, Any]:
    """A rule of one or two aggregates with keys, beside what takes facts; the second may ask for a key of the first."""
    taken: list[Any] = draw.choice(([], ["person"], [OWN], [{**OWN, "most": "own.amount"}], [OWN, "person"]))
    counted: list[dict[str, Any]] = []
    keys: dict[str, str] = {}
    for i in range(draw.choice((1, 1, 2))):
        function, by = draw.choice(FUNCTIONS), {f"k{i}{j}": draw.choice(KEYS) for j in range(draw.choice((1, 1, 2)))}
        tests = draw.sample(TESTS, draw.choice((0, 0, 1)))
        if OWN["as"] in str(taken) and draw.random() < 0.5:
            tests.append("b.team == own.team")
        if keys and draw.random() < 0.7:
            key = draw.choice([*keys])
            tests.append(f"{keys[key]} {draw.choice(('==', '!='))} {key}")
        step: dict[str, Any] = {function: "bill", "each": "b", "by": by, "as": f"n{i}"}
        if function != "count":
            step["of"] = draw.choice(VALUES)
        if tests:
            step["where"] = " and ".join(tests)
        counted.append(step)
        keys |= by
    when = [*taken, *counted] if draw.random() < 0.5 else [*counted, *taken]
    then = {"derive": {"kind": "total", "team": "a", "amount": "n0"}, "note": "noted"}
    return {"when": when, "where": draw.choice(("n0 > 1", "n0 != 2", "True")), "then": then}


def drawn_facts(draw: random.Random) -> list[dict[str, Any]]:
    """A record of some of the facts, which may stand in it several times."""
    facts = [{key: value for key, value in fact.items() if key != "id"} for fact in FACTS]
    return [dict(draw.choice(facts)) for _ in range(draw.randint(1, 12))]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_engines_agree_on_drawn_rules(seed: int) -> None:
    draw = random.Random(seed)
    pack = {**yaml.safe_load(PACK), "rules": {f"r{i}": drawn_rule(draw) for i in range(8)}}
    limits = Limits()
    program = load_text(json.dumps(pack)).program
    fired = 0
    with ExitStack() as stack:
        engines: list[Engine] = [PythonEngine(program), NaiveEngine(program)]
        if found("durable"):
            engines.append(stack.enter_context(closing(DurableEngine(program))))
        for _ in range(4):
            facts = RecordReader(program, limits).read(drawn_facts(draw))
            first, *others = (Pipeline(program, engine, limits).conclude(facts)[0] for engine in engines)
            fired += len(first.fired())
            for other in others:
                assert conclusions(other) == conclusions(first)
    assert fired > 8
