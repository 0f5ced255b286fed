"""An explanation: complete, right about what decides, and the same at every door."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

import pytest
from tests.end_to_end.command import ROOT
from tests.inline import load_text
from tests.rulebase.drawn import Fact, drawn

from misstep import RuleBase, UsageError
from misstep.analysis.explanation import Explanation
from misstep.analysis.explanation_text import explanation_document, to_mermaid, what_if_document
from misstep.layout.as_text import as_text

BASE = RuleBase.shipped()
RECORDS = [each.record for each in drawn(6)]
SEED = json.loads((ROOT / "fixtures" / "interviews" / "seed.json").read_text("utf-8"))


def explained() -> list[tuple[list[Fact], Explanation]]:
    return [(record, BASE.explain(record)) for record in RECORDS]


def test_it_has_every_reason_of_the_answer_and_no_other() -> None:
    for record, explanation in explained():
        answer = BASE.assess(record)
        told = {(f.fact, r.rule, r.facts) for f in explanation.findings for r in f.because}
        assert told == {(f.fact, r.rule, r.facts) for f in answer.findings for r in f.because}
        assert {(r.rule, r.facts) for r in explanation.overall} == {(r.rule, r.facts) for r in answer.because}
        assert {(a.action, r.rule, r.facts) for a in explanation.actions for r in a.because} == {
            (a.action, r.rule, r.facts) for a in answer.actions for r in a.because
        }
        assert [f.fact for f in explanation.facts if f.because] == [f.fact for f in answer.derived]
        assert {a.action for a in explanation.avoid} == {a.action for a in answer.avoid}


def test_amounts_add_up_as_those_of_the_answer() -> None:
    for record, explanation in explained():
        for finding, told in zip(BASE.assess(record).findings, explanation.findings, strict=True):
            for score in ("severity", "relief", "noticed", "urgency"):
                sums = [sum(r.amount for r in finding.because if r.dimension == score)]
                sums.append(sum(float(r.amounts.get(score, 0)) for r in told.because))
                assert sums[0] == pytest.approx(sums[1])


def test_every_fact_that_a_reason_names_is_told_and_what_is_counted_is_a_fact() -> None:
    for _, explanation in explained():
        known = {each.fact for each in explanation.facts}
        because = [f.because for f in explanation.findings] + [a.because for a in explanation.actions]
        because += [f.because for f in explanation.facts]
        for reason in (*chain.from_iterable(because), *explanation.overall):
            assert {*reason.facts, *reason.counted} <= known


CARS = """
schema: 1
pack: cars
scale: {severity: {bands: {fine: 0, bad: 4, grave: 8}}}
kinds:
  noise: {role: mistake, title: Noise, fields: {level: {type: integer, min: 0, max: 10, default: 3}}}
  oil: {role: signal, title: Oil}
  many: {role: derived, title: Many}
rules:
  base: {when: [noise], then: {severity: 3}, because: it is heard}
  more: {when: [{fact: noise, where: level >= 5}], then: {severity: 2}, because: it is loud}
  less: {when: [noise, oil], then: {severity: 0.5}, because: there is oil}
  count:
    when: [{count: noise, where: level >= 2, as: n}]
    where: n >= 2
    unless: [oil]
    then: {derive: {kind: many}}
    because: two
"""


@pytest.fixture(scope="module")
def cars() -> RuleBase:
    return load_text(CARS)


def test_what_changes_a_band_is_decisive_and_comes_first(cars: RuleBase) -> None:
    (finding,) = cars.explain([{"kind": "noise", "level": 7}, {"kind": "oil"}]).findings
    assert [(r.rule, r.decisive) for r in finding.because] == [("base", True), ("more", True), ("less", False)]


def test_counted_facts_and_absent_ones_are_named(cars: RuleBase) -> None:
    record = [{"kind": "noise", "id": name, "level": level} for name, level in (("a", 2), ("b", 3), ("c", 1))]
    (many,) = [each for each in cars.explain(record).facts if each.kind == "many"]
    (reason,) = many.because
    assert (reason.facts, reason.counted, reason.absent) == ((), ("a", "b"), ("there is no oil",))


GUARDED = """
schema: 1
pack: guarded
kinds:
  bump: {role: mistake, title: Bump, concern: competence, fields: {note: {type: "text?"}}}
  scar: {role: strength, title: Scar, fields: {}}
rules:
  counted:
    when:
      - {fact: bump, where: "known(note)"}
      - {count: scar, as: n, where: "lower(bump.note) == 'x'"}
    then: {severity: "n"}
"""


def test_what_is_counted_rests_on_the_conditions_before_it() -> None:
    """Of a fact that does not meet them it cannot be said."""
    record = [{"kind": "bump", "id": "a", "note": "X"}, {"kind": "bump", "id": "b"}, {"kind": "scar", "id": "s"}]
    first, other = load_text(GUARDED).explain(record).findings
    assert [(first.fact, reason.counted) for reason in first.because] == [("a", ("s",))]
    assert not other.because


def test_text_says_nothing_of_what_a_scale_lacks(cars: RuleBase) -> None:
    record = [{"kind": "noise", "level": 7}]
    text = as_text(explanation_document(cars.explain(record)))
    changed = as_text(what_if_document(cars.what_if(record, {"noise.level": 1})))
    assert not any(word in (text + changed).lower() for word in ("outlook", "noticed", "urgency", "interview"))


@pytest.mark.needs("durable")
def test_the_second_engine_is_explained_alike(cars: RuleBase) -> None:
    record = [{"kind": "noise", "level": 7}, {"kind": "noise", "level": 3}]
    assert cars.explain(record, "durable") == cars.explain(record)
    assert [cars.why_not(record, name, "durable") for name in cars.rules] == [cars.why_not(record, name) for name in cars.rules]


def test_the_graph_leads_from_every_fact_named_to_what_it_led_to() -> None:
    lines = to_mermaid(BASE.explain(SEED)).splitlines()
    assert lines[0] == "flowchart LR"
    assert "  f_late --> r_late_2d_arrival" in lines
    assert "  r_late_2d_arrival ==> s_late" in lines
    declared = {
        line.split("[")[0].split("(")[0].split("{")[0].strip() for line in lines[1:] if "-->" not in line and "==>" not in line
    }
    used = {end.strip() for line in lines[1:] for arrow in (" --> ", " ==> ") if arrow in line for end in line.split(arrow)}
    assert used <= declared


# -- what if


def test_other_values_give_the_answer_of_a_record_that_says_so() -> None:
    for record in RECORDS:
        for fact in record:
            kind = BASE.kinds[fact["kind"]]
            for field in kind.fields:
                if not field.answers or field.form.sort == "set":
                    continue
                value = field.answers[-1]
                found = BASE.what_if(record, {f"{fact['id']}.{field.name}": value})
                changed = [{**each, field.name: value} if each is fact else each for each in record]
                answer = BASE.assess(changed)
                assert (found.then.damage, found.then.verdict, found.then.headline) == (
                    answer.damage,
                    answer.verdict,
                    answer.headline,
                )
                assert set(found.starts) == BASE.fired(changed) - BASE.fired(record)
                assert set(found.stops) == BASE.fired(record) - BASE.fired(changed)
                break


def test_none_leaves_a_field_unsaid() -> None:
    found = BASE.what_if([{"kind": "late_arrival", "minutes": 30, "notified": True}], {"late_arrival.notified": None})
    assert found.then.damage == BASE.assess([{"kind": "late_arrival", "minutes": 30}]).damage


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no dot": ({"late": 1}, "what-if late: expected FACT.FIELD, as in late_arrival.minutes"),
    "no fact": ({"lat.minutes": 1}, "what-if lat: the record has no such fact; did you mean 'late'?"),
    "no field": ({"late.minute": 1}, "what-if late.minute: late_arrival has no field 'minute'; did you mean 'minutes'?"),
    "no value": ({"late.minutes": "x"}, "what-if late.minutes: expected a whole number from 1 to 1440 (minutes)"),
    "out of range": ({"late.minutes": 0}, "what-if late.minutes: expected a whole number from 1 to 1440 (minutes)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_change_that_cannot_be_made_is_refused(name: str) -> None:
    changes, message = WRONG[name]
    with pytest.raises(UsageError) as caught:
        BASE.what_if(SEED, changes)
    assert str(caught.value) == message


def test_of_several_facts_of_a_kind_one_must_be_named() -> None:
    record = [{"kind": "wrong_name", "id": name} for name in "ab"]
    with pytest.raises(UsageError, match="what-if wrong_name: there are several; say one of a, b"):
        BASE.what_if(record, {"wrong_name.times": 2})
