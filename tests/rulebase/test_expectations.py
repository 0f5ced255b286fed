"""What a case can expect of an answer: each holds where it is so, and fails with what came where it is not."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from misstep.rulebase.schema import PackDoc
from misstep.tools.ruletest import CaseOutcome, run_cases

PACK = """\
schema: 1
pack: garage
kinds:
  dent: {role: mistake, title: Dent, said: the dent, fields: {depth: {type: integer, min: 1, max: 50, default: 5}}}
  scratch: {role: mistake, title: Scratch}
  caller: {role: signal, title: Somebody calls}
  price: {role: derived, title: Price, fields: {amount: {type: number}, paint: {type: "enum?", values: [red, blue]}}}
  part: {role: derived, title: Part, fields: {name: {type: text}, count: {type: integer}}}
  way: {role: derived, title: Way, fields: {channel: {type: enum, values: [phone, letter]},
                                            occasion: {type: enum, values: [call, write]}}}
rules:
  dent.depth: {when: [dent], then: {severity: "dent.depth / 5", noticed: 2}, because: "{dent.depth} mm deep"}
  dent.again: {when: [dent], then: {severity: 0.5}, because: seen from afar}
  scratch: {when: [scratch], then: {severity: 1, overall: 0.25}}
  dent.price: {when: [dent], then: {derive: [{kind: price, amount: 120 * dent.depth}, {kind: part, name: hood, count: 1},
                                             {kind: part, name: bolt, count: 4}]}}
  write: {when: [{fact: finding, as: f}], then: {recommend: {action: own_up, for: f, due_hours: 24}}}
  ring: {when: [{fact: finding, of: dent, as: f}, caller], then: {recommend: {action: ring, for: f, due_hours: 2}}}
  open: {when: [{count: mistake, as: n}], then: {derive: [{kind: way, channel: letter, occasion: write},
                                                          {kind: way, channel: phone, occasion: call}]}}
  keep: {when: [dent], then: {note: keep the bill of the dent}}
actions:
  own_up: {title: Own up, reach: repairs, channel: letter, part: sorry, says: "I am sorry for {{ said }}. I will pay."}
  ring: {title: Ring them, reach: plain, channel: phone}
scale:
  concerns: {values: [care]}
  severity: {bands: {light: 0, bad: 4}}
  noticed: {levels: {hidden: 0, seen: 0.5}}
  verdicts: {order: [rest, act], table: {light: rest, bad: act}}
  overall: {weights: {hidden: 0.5, seen: 1}}
  plan: {ways: way, private: write, occasions: {call: {title: Call}, write: {title: Write}}, headline: "Pay for it."}
  message: {channels: [letter], max_words: 60, opening: "Hello,", parts: [sorry], closing: Yours}
cases:
  one:
    facts: [{kind: dent, id: hood, depth: 10}, {kind: scratch}, {kind: caller}]
    expect: EXPECTED
"""

EDITORS = jsonschema.Draft202012Validator(PackDoc.model_json_schema())
"""The schema by which editors complete and check packs."""

HOLDS = [
    "{derived: {price: {amount: 1200}}}",
    "{derived: {price: {amount: 1100..1300, paint: null}, exclude: [], include: [part]}}",
    "{derived: {part: [{name: bolt, count: 4}, {name: hood}]}}",
    "{because: {scratch: {overall: 0.25}, include: [scratch], exclude: [dent.depth]}}",
    "{findings: {dent: {because: {include: [dent.again], exclude: [scratch], dent.depth: {severity: 1.9..2.1, noticed: 2}}}}}",
    "{findings: {hood: {because: {dent.again: {severity: 0.5, relief: 0}}}}}",
    "{actions: {own_up: {for: [hood, scratch], due_hours: 24, occasion: write, channel: letter}, ring: {due_hours: 1..3}}}",
    "{steps: {first: call, include: [write], exclude: []}}",
    "{headline: {include: [Pay for it]}, notes: {include: [the bill], exclude: [paint]}}",
    '{draft: {include: ["Hello, I am sorry for the dent", I will pay], exclude: [excuse]}}',
]
FAILS = {
    "{derived: {price: {amount: 1000, paint: red}}}": [
        ("derived.price.amount", "1000", "1200"),
        ("derived.price.paint", "red", "unknown"),
    ],
    "{derived: {part: [{name: bolt}, {name: hood, count: 2}]}}": [
        ("derived.part.1", "name hood, count 2", "name bolt, count 4; name hood, count 1"),
    ],
    "{because: {scratch: {overall: 1..2}}}": [("because.scratch.overall", "1..2", "0.25")],
    "{findings: {dent: {because: {exclude: [dent.again], dent.depth: {severity: 3}}}}}": [
        ("findings.dent.because.exclude", "without dent.again", "dent.depth, dent.again"),
        ("findings.dent.because.dent.depth.severity", "3", "2"),
    ],
    "{actions: {own_up: {for: [hood], due_hours: 0..4, occasion: call, channel: phone}}}": [
        ("actions.own_up.for", "hood", "hood, scratch-1"),
        ("actions.own_up.due_hours", "0..4", "24"),
        ("actions.own_up.occasion", "call", "write"),
        ("actions.own_up.channel", "phone", "letter"),
    ],
    "{steps: {first: write, exclude: [call]}}": [
        ("steps.exclude", "without call", "call, write"),
        ("steps.first", "write", "call"),
    ],
    "{notes: {include: [the bill, the paint]}}": [("notes.include", "the paint", "keep the bill of the dent")],
    "{headline: {exclude: [Pay]}}": [("headline.exclude", "without Pay", "Pay for it.")],
    "{draft: {exclude: [I will pay]}}": [
        ("draft.exclude", "without I will pay", "Hello, I am sorry for the dent. I will pay. Yours"),
    ],
}


def outcome_of(tmp_path: Path, expected: str) -> CaseOutcome:
    (tmp_path / "garage.yaml").write_text(PACK.replace("EXPECTED", expected), "utf-8")
    (outcome,) = run_cases([tmp_path]).outcomes
    return outcome


@pytest.mark.parametrize("expected", [*HOLDS, *FAILS])
def test_editors_take_every_expectation(expected: str) -> None:
    pack = yaml.safe_load(PACK.replace("EXPECTED", expected))
    assert [error.message for error in EDITORS.iter_errors(pack)] == []


def test_editors_mark_what_no_case_can_expect() -> None:
    for expected in ("{actions: {ring: {du_hours: 1}}}", "{derived: {price: 570}}", "{because: {r: {severity: much}}}"):
        assert not EDITORS.is_valid(yaml.safe_load(PACK.replace("EXPECTED", expected)))


@pytest.mark.parametrize("expected", HOLDS)
def test_an_expectation_holds(tmp_path: Path, expected: str) -> None:
    assert outcome_of(tmp_path, expected).failures == ()


@pytest.mark.parametrize("expected", FAILS)
def test_an_expectation_fails_with_what_came(tmp_path: Path, expected: str) -> None:
    failures = [(each.what, each.expected, each.got) for each in outcome_of(tmp_path, expected).failures]
    assert failures == FAILS[expected]


def test_an_action_that_is_not_in_the_plan_has_no_due_time(tmp_path: Path) -> None:
    pack = PACK.replace("EXPECTED", "{actions: {ring: {due_hours: 2}}}").replace(", {kind: caller}]", "]")
    (tmp_path / "garage.yaml").write_text(pack, "utf-8")
    (outcome,) = run_cases([tmp_path]).outcomes
    assert [tuple(each[:3]) for each in outcome.failures] == [("actions.ring", "in the plan", "own_up")]
