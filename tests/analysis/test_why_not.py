"""Why a rule did not fire, and why an action is not planned: laws on drawn records and packs, and the words of each case."""

from __future__ import annotations

from typing import Any

import pytest
from tests.evaluate.fired import case
from tests.inline import load_text
from tests.rulebase.drawn import Fact, drawn

from misstep import Limits, RuleBase, UsageError
from misstep.analysis.explanation_text import near_texts
from misstep.analysis.rule_parts import Matcher, parts_of_rule, with_parts
from misstep.language.expression import Compare, FieldRef, Literal, Lookup
from misstep.language.program import Condition, Pattern

BASE = RuleBase.shipped()
RECORDS = [each.record for each in drawn(3)]
GARAGE = load_text("""
schema: 1
pack: garage
kinds:
  noise:
    role: mistake
    title: Noise
    fields: {level: {type: integer, min: 0, max: 10, default: 3}, where: {type: "enum?", values: [hood, wheel]}}
  oil: {role: signal, title: Oil, fields: {litres: {type: number, min: 0, max: 9}}}
  loud: {role: derived, title: Loud, fields: {of: {type: text}}}
  louder: {role: derived, title: Louder}
actions:
  stop: {title: Stop, reach: repairs, excludes: [drive]}
  drive: {title: Drive on, reach: repairs}
  look: {title: Look, reach: private}
  push: {title: Push, reach: repairs}
  pull: {title: Pull, reach: repairs, group: move, relief: {severity: 1}}
  roll: {title: Roll, reach: repairs, group: move, relief: {severity: 4}}
  kick: {title: Kick it}
rules:
  base: {when: [noise], then: {severity: 5, noticed: 3}, because: it is heard}
  loud: {when: [{fact: noise, where: level >= 5}], then: {derive: {kind: loud, of: noise.id}}, because: it is loud}
  louder: {when: [loud, {fact: oil, where: litres < 1}], then: {derive: {kind: louder}}, because: it is louder}
  rule.stop:
    when: [{fact: noise, as: n}, {fact: loud, where: of == n.id}]
    then: {recommend: {action: stop, for: n}}
    because: it is loud
  scream: {when: [louder], then: {overall: 1}, because: it screams}
  rule.drive: {when: [noise], then: {recommend: {action: drive, for: noise}}, because: it goes}
  rule.look:
    when: [noise]
    unless: [{fact: oil, where: litres >= 4}]
    then: {recommend: {action: look, for: noise}}
    because: there is time
  rule.pull: {when: [noise], then: {recommend: {action: pull, for: noise}}, because: it moves}
  rule.roll: {when: [noise], then: {recommend: {action: roll, for: noise}}, because: it rolls}
  rule.push: {when: [noise], then: {recommend: {action: push, for: noise}}, because: it moves}
  no-push: {when: [oil], then: {veto: {action: push}}, because: it is wet}
  no-kick: {when: [noise], then: {veto: {action: kick, for: noise}}, because: it hurts}
  wheel: {when: [{fact: noise, where: "level > 1 and where == 'wheel'"}], then: {severity: 1}, because: it wobbles}
  oiled: {when: [noise, {exists: oil, where: litres >= 2 and litres < 3}], then: {severity: 1}, because: it is oiled}
  several: {when: [{count: noise, as: noises}], where: noises >= 2, then: {overall: 1}, because: there are several}
  two: {when: [{fact: noise, as: a}, {fact: noise, as: b}], then: {overall: 1}, because: there are two}
""")
NOISE, OIL = {"kind": "noise", "id": "n"}, {"kind": "oil", "id": "o", "litres": 5}


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_all_parts_of_a_rule_match_where_it_fires_and_nowhere_else(record: list[Fact]) -> None:
    matcher = Matcher(BASE.evaluate(record))
    assert {name for name, rule in BASE.rules.items() if matcher.matches(with_parts(rule, parts_of_rule(rule)))} == BASE.fired(
        record
    )


@pytest.mark.parametrize("number", range(12))
def test_so_they_do_in_any_rule_base(number: int) -> None:
    _, program, records = case(number)
    base = RuleBase(program, Limits())
    for record in records:
        fired = base.fired(record)
        told = {name: base.why_not(record, name) for name in base.rules}
        assert {name for name, each in told.items() if each.holds} == fired
        assert all(each.failed and each.met < each.asked for name, each in told.items() if name not in fired)


def _mended(part: object) -> Any:
    """A value of the only field that a condition reads with which it holds; None where it is another sort of condition."""
    match part:
        case Condition(Compare((operator,), (FieldRef(), Literal(bound)))) if isinstance(bound, (int, float)):
            return {">=": bound, "<=": bound, "==": bound, ">": bound + 1, "<": bound - 1}.get(operator)
        case Condition(Compare(("==",), (FieldRef(), Literal(word)))):
            return word
        case Condition(Lookup(FieldRef(), container, False)) if not isinstance(container, FieldRef):
            return container.values[0]
    return None


def test_to_mend_the_named_condition_makes_the_rule_fire_or_names_another() -> None:
    mended = 0
    for record in RECORDS:
        for name, rule in BASE.rules.items():
            told = BASE.why_not(record, name)
            plain = all(isinstance(b, Pattern) and b.over == "fact" and len(b.kinds) == 1 for b in rule.binders)
            if told.holds or not plain or any(BASE.kinds[b.kinds[0]].role == "derived" for b in rule.patterns):
                continue
            part = parts_of_rule(rule)[told.met]
            value = _mended(part)
            if value is None or not told.near:
                continue
            (field,) = told.near[0].values
            place = [p.name for p in rule.patterns].index(field.split(".")[0])
            try:
                then = BASE.what_if(record, {f"{told.near[0].facts[place]}.{field.split('.')[1]}": value})
            except UsageError:  # the threshold is no value of the field
                continue
            mended += 1
            if name not in then.starts:
                changed = [dict(fact) for fact in record]
                fact = next(each for each in changed if each["id"] == told.near[0].facts[place])
                fact[field.split(".")[1]] = value
                assert BASE.why_not(changed, name).failed != told.failed
    assert mended > 20


TOLD: dict[str, tuple[list[Fact], str, str, list[tuple[tuple[str, ...], dict[str, Any]]]]] = {
    "no fact": ([OIL], "base", "there is no noise", []),
    "no second fact": ([NOISE], "two", "there is no other noise", [(("n",), {})]),
    "a number": ([NOISE | {"level": 4}], "loud", "noise.level >= 5", [(("n",), {"noise.level": 4})]),
    "a part of a condition": (
        [NOISE | {"where": "hood"}],
        "wheel",
        "noise.where == 'wheel'",
        [(("n",), {"noise.where": "hood"})],
    ),
    "an unknown value": ([NOISE], "wheel", "known(noise.where)", [(("n",), {"noise.where": None})]),
    "a count": ([NOISE], "several", "noises >= 2", [((), {"noises": 1})]),
    "a fact that must not be": (
        [NOISE, OIL],
        "rule.look",
        "there is a fact oil where oil.litres >= 4",
        [(("n", "o"), {"oil.litres": 5.0})],
    ),
    "a fact that must be": ([NOISE], "oiled", "there is no oil", [(("n",), {})]),
    "and what it lacks": (
        [NOISE, OIL],
        "oiled",
        "there is no oil where oil.litres >= 2 and oil.litres < 3",
        [(("n", "o"), {"oil.litres": 5.0})],
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_the_first_condition_that_failed_is_named_with_what_it_read(name: str) -> None:
    record, rule, failed, near = TOLD[name]
    told = GARAGE.why_not(record, rule)
    assert not told.holds
    assert told.failed == failed
    assert [(each.facts, each.values) for each in told.near] == near


def test_rules_behind_a_missing_fact_are_followed() -> None:
    told = GARAGE.why_not([NOISE, OIL], "scream")
    assert told.failed == "there is no louder"
    (louder,) = told.rules
    assert (louder.name, louder.failed) == ("louder", "there is no loud")
    (loud,) = louder.rules
    assert (loud.name, loud.failed, loud.near[0].values) == ("loud", "noise.level >= 5", {"noise.level": 3})


PLANNED: dict[str, tuple[list[Fact], str, str]] = {
    "planned": ([NOISE], "drive", ""),
    "excluded": ([NOISE | {"level": 9}], "drive", "stop excludes it"),
    "not recommended": ([NOISE], "stop", "no rule that recommends it has fired"),
    "only advised against": ([NOISE], "kick", "no rule recommends it: it is there to be advised against"),
    "vetoed": ([NOISE, OIL], "push", "the rule no-push advises against it"),
    "another of its group": ([NOISE], "pull", "roll stands for it: both are of the group move"),
}


@pytest.mark.parametrize("name", PLANNED)
def test_why_an_action_is_not_planned(name: str) -> None:
    record, action, failed = PLANNED[name]
    told = GARAGE.why_not(record, action)
    assert (told.holds, told.failed) == (not failed, failed)


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_what_is_planned_holds_and_all_else_has_a_reason(record: list[Fact]) -> None:
    planned = {action.action for action in BASE.assess(record).actions}
    for name in BASE.actions.keys() - BASE.rules.keys():
        told = BASE.why_not(record, name)
        assert told.holds is (name in planned)
        assert told.holds or told.failed


def test_an_unknown_name() -> None:
    with pytest.raises(UsageError, match="there is no rule or action 'stopp'; did you mean 'stop'"):
        GARAGE.why_not([NOISE], "stopp")


@pytest.mark.parametrize(
    ("given", "shown"), [(["in_person"], "in_person"), (["in_person", "recruiter"], "in_person, recruiter"), ([], "none")]
)
def test_several_words_are_shown_as_people_write_them(given: list[str], shown: str) -> None:
    record: list[Fact] = [{"kind": "interview", "moment": "before", "channels": given}, {"kind": "spill"}]
    assert near_texts(BASE.why_not(record, "way.call-ahead")) == [f"interview-1: interview.channels is {shown}"]
