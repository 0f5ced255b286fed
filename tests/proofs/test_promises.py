"""Promises: what is proved is so, what is refuted is broken by the record that is shown, and all else is left open."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from tests.proofs.garage import JOINED, PLAIN, garage

from misstep import Limits, RuleBase
from misstep.errors import Location
from misstep.language.effects import Note, Text
from misstep.language.expression import Expression, Not
from misstep.language.expression_text import expression_text
from misstep.language.program import Condition, Pattern, Rule
from misstep.language.promise import ANSWER, Promise
from misstep.rulebase.link import load_program
from misstep.rulebase.link_promises import link_promises, promised_kinds
from misstep.tools.proofs.answer_laws import laws_of_answers
from misstep.tools.proofs.breaches import BreachFinder
from misstep.tools.proofs.prove import ProvedPromise, prove_promises
from misstep.tools.proofs.record_search import RecordMaker
from misstep.tools.proofs.telling_values import TellingValues

PROMISED = [
    "a worse dent is never milder: {change: {dent: worse}, always: after.severity >= before.severity}",
    "more never harms less: {change: {dent.mm: higher}, always: after.damage >= before.damage}",
    "a wider dent is no milder: {change: {dent.width: higher}, always: after.severity >= before.severity}",
    "a wider dent is as bad: {change: {dent.width: any}, always: after.severity == before.severity}",
    "a note changes nothing: {change: {dent.note: any}, always: after.damage == before.damage}",
    "one more never harms less: {add: mistake, always: after.damage >= before.damage and after.severity >= before.severity}",
    "washing never harms: {add: wash, never: after.damage > before.damage}",
    "a deep dent is high: {when: [{fact: finding, of: dent, as: f, where: mm > 30}], always: f.severity_band == 'high'}",
    "a small one is not: {when: [{fact: finding, of: dent, as: f, where: mm < 3 and width < 10}], always: f.severity <= 5}",
    "dear is ten: {when: [dear], always: dear.cost == 10}",
    "never beyond: {never: damage > 100 or severity < 0}",
    "what is high is acted on: {never: \"verdict == 'act' and not acts\"}",
    "busy shops are large: {when: [busy, shop], never: shop.size < 5}",
    "any scratch is low: {when: [{fact: finding, of: scratch, as: f}], always: f.severity < 3}",
]


@pytest.fixture
def prove(tmp_path: Path) -> Prove:
    return Prove(tmp_path / "pack.yaml")


class Prove:
    """Proves the promises of a garage."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, rules: list[str], *promises: str, seed: int = 1, budget: int = 1000) -> list[ProvedPromise]:
        self.file.write_text(garage(rules, [*promises]), encoding="utf-8")
        return [*prove_promises([self.file], seed, budget)]


@pytest.mark.parametrize(
    ("rules", "promise", "answer", "method"),
    [
        (PLAIN, PROMISED[9], "proved", "value sets: its conditions exclude each other"),
        (PLAIN, PROMISED[10], "proved", "value sets: its conditions exclude each other"),
        (PLAIN, PROMISED[4], "proved", "reading: no rule that bears on it reads the difference"),
        (PLAIN, PROMISED[5], "proved", "reading: no rule reads it together with other facts, so it only adds"),
        (PLAIN[5:], PROMISED[6], "proved", "reading: no rule that bears on it reads the difference"),
        (PLAIN, PROMISED[12], "proved", "enumeration: all 10 different records of shop"),
        (PLAIN[:1], "deep: {when: [{fact: finding, of: dent, as: f, where: mm > 30}], never: f.severity < 3.8}", "proved",
         "enumeration: all 42 different records of dent"),
        (PLAIN[:2], PROMISED[1], "proved", "enumeration: all 42 different records of dent, 82 with those that they change to"),
        (PLAIN[:2] + JOINED[:2], PROMISED[1], "proved",
         "amounts: all 42 different records of dent, 82 with those that they change to"),
        (PLAIN[:2], PROMISED[1].replace("{change", "{when: [{fact: dent, where: mm < 3}], change"), "proved",
         "enumeration: all 42 different records of dent, 159 with those that they change to"),
        (PLAIN, PROMISED[11], "not decided", "no breach in 1,000 records"),
    ],
)  # fmt: skip
def test_a_promise_is_answered_by_the_method_that_is_told(
    rules: list[str], promise: str, answer: str, method: str, prove: Prove
) -> None:
    (found,) = prove(rules, promise)
    assert found.answer == answer
    assert found.method.startswith(method)
    assert found.breach is None


@pytest.mark.parametrize(
    ("rules", "answer"),
    [
        (JOINED[:1], "proved"),
        (["k: {when: [dent], unless: [wash], then: {severity: 2}}"], "proved"),
        (["k: {when: [dent, {exists: wash}], then: {severity: -2}}"], "proved"),
        (
            ["k: {when: [wash], then: {derive: {kind: busy}}}", "l: {when: [dent, busy], then: {relief: {for: dent, add: 1}}}"],
            "proved",
        ),
        (["k: {when: [dent], unless: [wash], then: {relief: 2}}"], "refuted"),
        (["k: {when: [dent, {exists: wash}], then: {severity: 2}}"], "refuted"),
        (
            ["k: {when: [wash], then: {derive: {kind: busy}}}", "l: {when: [dent], unless: [busy], then: {severity: -2}}"],
            "refuted",
        ),
        (["k: {when: [dent, {count: wash, as: n}], then: {severity: {for: dent, add: n - 2}}}"], "refuted"),
    ],
)
def test_a_fact_more_is_proved_by_the_signs_of_amounts(rules: list[str], answer: str, prove: Prove) -> None:
    seen = "m: {when: [dent], then: {severity: 5}}"
    (found,) = prove([seen, *rules], "washing never harms: {add: wash, always: after.severity <= before.severity}")
    assert found.answer == answer
    assert found.method == (
        "signs: the rules that it starts or stops move scores one way only" if answer == "proved" else "by a record"
    )


def test_a_setting_that_is_assumed_is_no_fact_more(tmp_path: Path) -> None:
    rule = "k: {when: [dent, {fact: shop, where: open}], then: {severity: {for: dent, add: 2}}}"
    text = garage([rule], ["a shop never helps: {add: shop, always: after.severity >= before.severity}"])
    (tmp_path / "pack.yaml").write_text(text.replace("title: Shop\n", "title: Shop\n    assumed: it is open\n"), encoding="utf-8")
    (found,) = prove_promises([tmp_path / "pack.yaml"])
    assert found.answer == "refuted"


def test_what_refutes_a_promise_is_small_and_breaks_it(prove: Prove) -> None:
    milder, added = prove([*PLAIN, "j: {when: [dent], unless: [scratch], then: {severity: 9}}"], PROMISED[1], PROMISED[5])
    assert (milder.answer, added.answer) == ("refuted", "refuted")
    assert milder.breach is not None
    assert added.breach is not None
    rulebase = RuleBase.load(prove.file)
    before, after = milder.breach.record, milder.breach.after
    assert after is not None
    assert [len(before), len(after)] == [1, 1]
    assert before[0].get("mm", 1) < after[0]["mm"] == 17  # where the relief is
    assert {**before[0], "mm": 17} == after[0]
    damage = [rulebase.assess(record).damage for record in (before, after)]
    assert damage[0] > damage[1]
    assert list(milder.breach.values.values()) == damage[::-1]
    assert len(added.breach.after or ()) == len(added.breach.record) + 1


def test_a_dent_that_seems_as_bad_by_itself_proves_nothing(prove: Prove) -> None:
    """One that is milder by a thousandth leaves the damage of one dent as it is, which is rounded, and lowers that of several."""
    rule = "r: {when: [dent], then: {severity: 5 - dent.mm / 20000}}"
    (found,) = prove([rule], PROMISED[1])
    assert found.answer == "refuted"
    assert found.breach is not None
    assert len(found.breach.record) > 1


def test_a_budget_that_is_too_small_says_what_would_do(prove: Prove) -> None:
    promise = "deep: {when: [{fact: finding, of: dent, as: f, where: mm > 30}], never: f.severity < 3.8}"
    (found,) = prove(PLAIN[:1], promise, budget=10)
    assert found.answer == "not decided"
    assert found.method.endswith("there are 42 different records of dent, so a greater --budget decides it")


def test_a_promise_that_nothing_puts_to_the_test_says_so(prove: Prove) -> None:
    shut = "when: [{fact: shop, where: size < 3}, {fact: shop, as: other}]"
    never, none = prove(
        PLAIN, f"two shops: {{{shut}, never: damage > 1}}", "deep: {when: [{fact: shop, where: size > 9.5}], always: acts}"
    )
    assert (never.answer, none.answer) == ("not decided", "proved")
    assert never.method.endswith("seed 1; none of them puts it to the test")


def test_a_later_pack_replaces_a_promise_and_keeps_the_others(tmp_path: Path) -> None:
    first, later = tmp_path / "first.yaml", tmp_path / "later.yaml"
    first.write_text(garage(PLAIN[:1], [PROMISED[1], PROMISED[5]]), encoding="utf-8")
    lower = PROMISED[1].replace("{change", "{replace: true, change").replace("higher", "lower")
    later.write_text(f"schema: 1\npack: later\npromises:\n  {lower}\n", encoding="utf-8")
    found = {each.name: (each.pack, each.answer) for each in prove_promises([first, later])}
    assert found == {
        "more never harms less": ("later", "refuted"),
        "one more never harms less": ("garage", "proved"),
    }


def test_the_search_is_seeded(prove: Prove) -> None:
    def shown(seed: int) -> list[object]:
        return [(each.answer, each.method, each.breach) for each in prove([*PLAIN, *JOINED], *PROMISED, seed=seed, budget=200)]

    assert shown(7) == shown(7)


SWITCHES = """\
schema: 1
pack: switches
kinds:
  left: {role: setting, title: Left, fields: {on: {type: boolean, default: false}, note: {type: "text?"}}}
  right: {role: setting, title: Right, fields: {on: {type: boolean, default: false}}}
  bright: {role: derived, title: Bright, fields: {}}
  dark: {role: derived, title: Dark, fields: {}}
rules:
  both: {when: [{fact: left, where: on}, {fact: right, where: on}], then: {derive: {kind: bright}}}
  none: {when: [left], unless: [bright], then: {derive: {kind: dark}}}
scale:
  severity: {bands: {low: 0}}
  verdicts: {order: [wait], table: {low: wait}}
promises:
  never both: {never: "'bright' in derived and 'dark' in derived"}
  light stays: {change: {left.on: true}, never: "'dark' in after.derived and 'dark' not in before.derived"}
  a note counts: {change: {left.note: any}, always: after.damage != before.damage}
  it stays dark: {change: {left.on: any}, always: "'dark' in after.derived"}
"""


def test_answers_of_settings_alone_are_known_all(tmp_path: Path) -> None:
    """A note that no rule reads makes no two records that differ, and yet two that a promise may compare."""
    file = tmp_path / "pack.yaml"
    file.write_text(SWITCHES, encoding="utf-8")
    found = {each.name: each for each in prove_promises([file])}
    assert {name: each.answer for name, each in found.items()} == {
        "never both": "proved",
        "light stays": "proved",
        "a note counts": "refuted",
        "it stays dark": "refuted",
    }
    assert found["never both"].method == "enumeration: all 9 different records of left, right"


VALUES = TellingValues([RuleBase.shipped().program])
LAWS = [*laws_of_answers(RuleBase.shipped().program.scale, ANSWER)]


@pytest.mark.once
@pytest.mark.parametrize("law", LAWS, ids=expression_text)
def test_every_law_of_answers_holds(law: Expression) -> None:
    """Put to the test as a promise of its own, by the records of a search that is not told that it holds."""
    rulebase = RuleBase.shipped()
    answers = Pattern(ANSWER, "fact", f"the {ANSWER}", (f"the {ANSWER}",), promised_kinds(rulebase.program)[ANSWER].fields)
    when = Rule("law", "", "", "", (), (), (), (Note(Text(())),), Text(()), ())
    breach = replace(when, binders=(answers,), conditions=(Condition(Not(law), frozenset({ANSWER})),))
    finder = BreachFinder(rulebase, Promise("law", "", Location, "", when, breach), VALUES, 1000)
    records = [*islice(RecordMaker([rulebase.program], VALUES, seed=3).records(), 100)]
    assert [record for record in records if finder.find(record) is not None] == []
    assert finder.tested == 100
    opposite = replace(breach, conditions=(Condition(law, frozenset({ANSWER})),))
    assert BreachFinder(rulebase, Promise("law", "", Location, "", when, opposite), VALUES, 10).find(records[0]) is not None


@pytest.mark.parametrize("number", range(6))
def test_no_record_breaks_what_is_proved(number: int, prove: Prove) -> None:
    dice = Random(number)
    rules = [*dice.sample(PLAIN, dice.randint(2, 9)), *dice.sample(JOINED, dice.choice((0, 0, 1)))]
    found = prove(rules, *PROMISED, budget=400)
    assert {each.answer for each in found} <= {"proved", "refuted", "not decided"}
    proved = {each.name for each in found if each.answer == "proved"}
    assert proved
    program, merged = load_program([prove.file], Limits())
    rulebase, values = RuleBase(program), TellingValues([program])
    for promise in link_promises(program, merged, Limits()):
        if promise.name in proved:
            finder = BreachFinder(rulebase, promise, values, 10**6)
            for record in islice(RecordMaker([program], values, [promise.breach.patterns], number + 100).records(), 150):
                assert finder.find(record) is None, (promise.name, rules, record)
