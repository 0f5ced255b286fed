"""Aggregates by keys: what a rule concludes of each, that no order of facts shows, and what a reason names."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import yaml
from tests.inline import load_text

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
