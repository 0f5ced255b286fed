"""``misstep rule``: a rule as a sentence, and as a part of the sums in a case; its page on the site has the same words."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.end_to_end.command import Command

from misstep import Limits
from misstep.rulebase.link import load_program
from misstep.tools.docs.book import read_book
from misstep.tools.docs.pages import render
from misstep.tools.docs.rule_text import RuleText, rule_text
from misstep.tools.lookup import rule_page

PACK = """\
schema: 1
pack: bakery
scale:
  severity: {bands: {low: 0, high: 5}}
  noticed: {levels: {hidden: 0, seen: 0.5}}
  outlooks: {order: [open, closed]}
kinds:
  burnt_bread:
    role: mistake
    title: Burnt bread
    fields: {loaves: {type: integer, min: 1, max: 100, default: 1}, sold: {type: boolean, default: false}}
  rain: {role: setting, title: It rains, fields: {}}
  guest: {role: signal, title: "A *guest* [told]", fields: {times: {type: integer, default: 1}}}
rules:
  bread: {when: [burnt_bread], then: {severity: "curve(burnt_bread.loaves, (1, 1), (20, 5))", noticed: 2}, because: burnt}
  many: {when: [{fact: burnt_bread, where: loaves >= 20 and not sold}], unless: [rain], then: {severity: 8}, because: many}
  told:
    when: [burnt_bread, {exists: guest, where: times > 1}, {count: guest, as: guests}]
    where: guests >= 2
    then: {noticed: {for: burnt_bread, add: 1}, outlook: closed, note: They told.}
    because: they told
  milder: {when: [burnt_bread, rain], then: {relief: burnt_bread.loaves * 0.1, recommend: call}, because: it rains}
actions: {call: {title: Call them}}
cases:
  twenty: {facts: [{kind: burnt_bread, loaves: 20}], expect: {fires: [bread, many]}}
  wrong: {facts: [{kind: burnt_bread, loaves: 1000}], expect: {fires: [milder]}}
  in the rain: {facts: [{kind: burnt_bread, loaves: 20}, {kind: rain}], expect: {fires: [milder]}}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RuleText]:
    file = tmp_path_factory.mktemp("rules") / "bakery.yaml"
    file.write_text(PACK, encoding="utf-8")
    program, merged = load_program([file], Limits())
    return {rule: rule_text(rule_page(program, merged, rule), program, merged) for rule in program.rules}


SENTENCES = """\
When there is “Burnt bread”: severity: by loaves (1 → +1, 20 → +5); noticed: +2 doublings of the odds.
When there is “Burnt bread” where loaves is at least 20 and sold is false, unless there is “It rains”: severity: +8.
When there is “Burnt bread”, guests is how many there are of: “A *guest* [told]”, there is “A *guest* [told]”, called guest \
where times is more than 1 and guests is at least 2: noticed: +1 doublings of the odds; the outlook is at best closed; notes: \
They told.
When there is “Burnt bread” and there is “It rains”: severity of Burnt bread: −(loaves of Burnt bread × 0.1), once all else is \
added up; recommends “Call them” for Burnt bread.
"""


def test_a_rule_is_a_sentence(told: dict[str, RuleText]) -> None:
    assert [told[rule].sentence for rule in ("bread", "many", "told", "milder")] == SENTENCES.splitlines()


def test_a_rule_is_a_part_of_sums(told: dict[str, RuleText]) -> None:
    assert told["many"] == RuleText(
        told["many"].sentence, "twenty", ("severity of Burnt bread: +8 by this rule, +5 by bread = 13, which counts as 10",)
    )
    assert told["bread"].sums == (
        "severity of Burnt bread: +5 by this rule, +8 by many = 13, which counts as 10",
        "noticed of Burnt bread: +2 by this rule = +2 doublings of the odds: 80 %",
    )
    assert told["milder"][1:] == ("in the rain", ("severity of Burnt bread: −2 by this rule, +5 by bread = 3",))
    assert told["told"][1:] == ("", ())


def test_the_page_of_a_rule_has_the_same_words(tmp_path: Path, told: dict[str, RuleText]) -> None:
    file = tmp_path / "bakery.yaml"
    file.write_text(PACK.replace("loaves: 1000", "loaves: 10}, {kind: rain"), encoding="utf-8")
    page = render(read_book([file]), {})["rules/many.md"]
    assert (
        "When there is [Burnt bread](../kinds/burnt_bread.md) where `loaves` is at least 20 and `sold` is false, unless" in page
    )
    assert "As a sum:\n\n- severity of *Burnt bread*: **+8** by this rule, +5 by `bread` = 13, which counts as 10\n" in page


def test_rule_prints_them(misstep: Command) -> None:
    misstep.write("bakery.yaml", PACK)
    run = misstep.inside("rule", "milder", "--rules", "bakery.yaml")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert lines[1].startswith("When there is “Burnt bread” and there is “It rains”: severity of ")
    assert lines[-2:] == ["fires in the case: in the rain", "  severity of Burnt bread: −2 by this rule, +5 by bread = 3"]
