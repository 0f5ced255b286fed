"""Two rule bases: what is proved the same is so, and what is refuted has a record with two answers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from random import Random

import pytest
from tests.proofs.garage import JOINED, PLAIN, garage

from misstep.tools.proofs.record_search import RecordMaker
from misstep.tools.proofs.same import find_sameness
from misstep.tools.proofs.telling_values import TellingValues
from misstep.tools.two_bases import LoadedBase, load_base


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path)


class Base:
    """Loads garages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *rules: str, text: str = "") -> LoadedBase:
        file = self.folder / f"pack{len([*self.folder.iterdir()])}.yaml"
        file.write_text(text or garage(rules), encoding="utf-8")
        return load_base(file)


PAIRS: dict[str, tuple[list[str], list[str], str, str]] = {
    "other names of rules, of facts, words and orders": (
        ["a: {when: [{fact: dent, as: d, where: mm > 3 and seen}, shop], then: {severity: {for: d, add: 2}, recommend: polish}}"],
        ["b: {when: [shop, {fact: dent, where: seen and mm > 3}], then: {recommend: polish, severity: {for: dent, add: 2}}}"],
        "proved",
        "they are equal but for names of rules, words and order",
    ),
    "another way to say it": (
        [*JOINED, "a: {when: [{fact: dent, where: 3 < mm <= 9 or hue == 'red'}], then: {severity: 2}}"],
        [*JOINED, "a: {when: [{fact: dent, where: not (mm >= 10 or mm < 4) or not hue != 'red'}], then: {severity: 2}}"],
        "proved",
        "enumeration: all ",
    ),
    "two steps for one": (
        ["a: {when: [{fact: dent, where: mm > 3}], then: {severity: 3}}"],
        [
            "a: {when: [{fact: dent, where: mm > 3}], then: {severity: 1}}",
            "b: {when: [{fact: dent, where: mm >= 4}], then: {severity: 2}}",
        ],
        "proved",
        "enumeration: all ",
    ),
    "a rule of two facts": (
        ["a: {when: [dent, {fact: scratch, as: s, where: s.mm > 3}], then: {severity: {for: s, add: 2}}}"],
        ["a: {when: [dent, {fact: scratch, as: s, where: not s.mm <= 3}], then: {severity: {for: s, add: 2}}}"],
        "not decided",
        "no difference in ",
    ),
    "a sum that is limited and seems the same of one fact": (
        [
            "a: {when: [dent], then: {severity: 10}}",
            "b: {when: [dent], then: {severity: 2}}",
            "c: {when: [dent, wash], then: {severity: {for: dent, add: -3}}}",
        ],
        [
            "a: {when: [dent], then: {severity: 10}}",
            "b: {when: [dent], then: {severity: 1}}",
            "c: {when: [dent, wash], then: {severity: {for: dent, add: -3}}}",
        ],
        "refuted",
        "",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_bases_are_answered_by_the_method_that_is_told(name: str, base: Base) -> None:
    old, new, answer, method = PAIRS[name]
    found = find_sameness(base(*old), base(*new), budget=1000)
    assert (found.answer, found.method.startswith(method)) == (answer, True), found.method


def test_a_record_with_two_answers_is_small(base: Base) -> None:
    old, new = base(*PLAIN, *JOINED), base(*PLAIN[1:], *JOINED)
    found = find_sameness(old, new)
    assert found.answer == "refuted"
    assert found.record is not None
    assert [(fact["kind"], *fact.keys() - {"id", "kind", "mm"}) for fact in found.record] == [("dent",)]
    answers = [each.rulebase.assess(found.record) for each in (old, new)]
    assert found.old is not None
    assert found.new is not None
    assert [found.old["damage"], found.new["damage"]] == [f"{each.damage:g}" for each in answers]
    assert found.old["damage"] != found.new["damage"]


def test_a_kind_that_only_one_of_both_has_is_refused_by_the_other(base: Base) -> None:
    text = garage(PLAIN[:1]).replace("  wash: {role", "  washed: {role")
    found = find_sameness(base(PLAIN[0]), base(text=text))
    assert found.answer == "refuted"
    assert found.old is not None
    assert found.new is not None
    refused = sorted([found.old["refused"], found.new["refused"]])
    assert refused[0] == ""
    assert refused[1].startswith("there is no such kind; did you mean 'wash")


def test_the_order_of_the_parts_of_a_message_orders_a_plan(base: Base) -> None:
    rule = "a: {when: [{fact: finding, as: f}], then: {recommend: [{action: polish, for: f}, {action: wax, for: f}]}}"
    text = garage([rule]).replace(
        "channel: hand}", "channel: hand, part: rub}\n  wax: {title: Wax, reach: repairs, channel: hand, part: shine}"
    )
    text = text.replace("scale:", "scale:\n  message: {channels: [], max_words: 50, parts: [rub, shine]}")
    found = find_sameness(base(text=text), base(text=text.replace("[rub, shine]", "[shine, rub]")))
    assert found.answer == "refuted"
    assert found.old == {"steps": "polish, wax (hand)"}
    assert found.new == {"steps": "wax, polish (hand)"}


def test_a_helper_that_only_one_of_both_has_is_no_detail(base: Base) -> None:
    text = garage(
        ["a: {when: [{fact: dear, as: d}], then: {overall: 2}}", "b: {when: [shop], then: {derive: {kind: extra, cost: 3}}}"]
    )
    helped = text.replace(
        "  busy: {role", "  extra: {role: derived, title: Extra, fields: {cost: {type: number}}}\n  busy: {role"
    )
    plain = text.replace("then: {derive: {kind: extra, cost: 3}}", "then: {note: a shop}")
    old, new = base(text=plain), base(text=helped.replace("{fact: dear, as: d}", "{fact: [dear, extra], as: d}"))
    assert [rule.id for rule in new.rules_beside(old)] == ["a", "b"]
    assert find_sameness(old, new).answer == "refuted"


def test_a_budget_that_is_too_small_says_what_would_do(base: Base) -> None:
    old, new, _, _ = PAIRS["two steps for one"]
    found = find_sameness(base(*old), base(*new), budget=5)
    assert found.answer == "not decided"
    assert found.method.endswith(" different records of dent, so a greater --budget decides it")


REWRITTEN = {
    "deep": [
        "x: {when: [{fact: dent, where: mm > 12}], then: {severity: 2}}",
        "x: {when: [{fact: dent, where: not mm <= 12}], then: {severity: 2}}",
        "x: {when: [{fact: dent, where: mm >= 12}], then: {severity: 2}}",
    ],
    "busy": [
        "y: {when: [{fact: shop, where: size > 4 and open}], then: {derive: {kind: busy}}}",
        "y: {when: [shop], unless: [{fact: shop, as: s, where: size <= 4 or not open}], then: {derive: {kind: busy}}}",
        "y: {when: [{fact: shop, where: not (size < 5 or not open)}], then: {derive: {kind: busy}}}",
    ],
    "washed": [
        "z: {when: [{fact: wash, where: \"'roof' in parts\"}], then: {derive: {kind: dear, cost: 5}}}",
        "z: {when: [{fact: wash, where: \"not ('roof' not in parts)\"}], then: {derive: {kind: dear, cost: 5}}}",
        "z: {when: [{fact: wash, where: \"'roof' in parts and 'door' in parts\"}], then: {derive: {kind: dear, cost: 5}}}",
    ],
}


@pytest.mark.parametrize("number", range(8))
def test_no_record_has_two_answers_where_they_are_proved_the_same(number: int, base: Base) -> None:
    dice = Random(number)
    common = dice.sample([*PLAIN, *JOINED], 6)
    several = [dice.sample(REWRITTEN[key], 2) for key in dice.sample([*REWRITTEN], 2)]
    old, new = (base(*common, *(pair[place] for pair in several)) for place in (0, 1))
    found = find_sameness(old, new, budget=3000)
    assert found.answer in ("proved", "refuted")
    values = TellingValues([old.program, new.program])
    wanted = [rule.patterns for rule in (*old.rules_beside(new), *new.rules_beside(old))]
    maker = RecordMaker([old.program, new.program], values, wanted, number + 100)
    differing = [record for record in islice(maker.records(), 300) if _answer(old, record) != _answer(new, record)]
    assert not differing or found.answer == "refuted"


def _answer(base: LoadedBase, record: list[dict[str, object]]) -> object:
    told = base.rulebase.assess(record)
    return told.damage, told.band, told.verdict, [(f.fact, f.severity) for f in told.findings], [a.action for a in told.actions]
