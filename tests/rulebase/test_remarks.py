"""What is allowed in a pack and deserves a second look: remarked with its place, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.end_to_end.command import INCIDENTS, ROOT

from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.shipped import shipped_rules
from misstep.tools.lints.judged_people import WHO, WHO_LAST
from misstep.tools.lints.lint_table import find_told

HEAD = """\
schema: 1
pack: p
extends: scale
roles: {mistake: {fields: {}}}
kinds:
  late_arrival: {role: mistake, title: Late, concern: manners, fields: {}}
  person:
    role: setting
    title: Who spoke
    fields:
      {FIELD}: {type: integer, default: 0}
      lateness: {type: integer, default: 0}
  {KIND}: {role: setting, title: A thing, fields: {}}
actions:
"""
PLAIN = HEAD.replace("{KIND}", "thing")


def remarks(folder: Path, text: str, code: str) -> list[str]:
    (folder / "pack.yaml").write_text(text, encoding="utf-8")
    told = find_told(*load_program([folder], Limits()), [code])
    return [str(each.problem).removeprefix(f"{folder}/") for each in told]


@pytest.mark.parametrize("rules", [shipped_rules(), INCIDENTS / "rules"], ids=["shipped", "incidents"])
def test_the_rules_at_hand_have_none(rules: Path) -> None:
    assert find_told(*load_program([rules], Limits())) == []


def test_an_action_that_is_in_no_plan_is_remarked(tmp_path: Path) -> None:
    text = PLAIN.replace("{FIELD}", "height") + (
        "  idle: {title: Nobody says so}\n"
        "  warned: {title: Only advised against}\n"
        "  half: {title: Only vetoed, due_hours: 24, text: How to do it.}\n"
        "  done: {title: Done}\n"
        "rules:\n"
        "  r: {when: [person], then: {recommend: done, veto: [warned, half]}, because: x}\n"
    )
    assert remarks(tmp_path, text, "idle-action") == [
        "pack.yaml:15:3: no rule recommends the action 'idle', so it is in no plan",
        "pack.yaml:17:3: no rule recommends the action 'half', so it is in no plan",
    ]


def test_advice_on_an_action_that_is_never_for_the_kind_is_remarked(tmp_path: Path) -> None:
    advice = "advice: {call: a, write: b, sing: c, wait: d, rest: e}"
    text = PLAIN.replace("{FIELD}", "height").replace("concern: manners, fields", f"concern: manners,\n    {advice}, fields") + (
        "  call: {title: Call, group: contact}\n"
        "  write: {title: Write, group: contact}\n"
        "  sing: {title: Sing, group: contact}\n"
        "  wait: {title: Wait}\n"
        "  rest: {title: Rest}\n"
        "rules:\n"
        "  a: {when: [{fact: mistake, as: m}], then: {recommend: call, veto: sing}, because: x}\n"
        "  b: {when: [person], then: {recommend: [write, wait]}, because: x}\n"
        "  c: {when: [late_arrival, person], then: {recommend: {action: rest, for: late_arrival}}, because: x}\n"
    )
    assert remarks(tmp_path, text, "idle-advice") == [
        "pack.yaml:7:39: no rule recommends 'sing' for 'late_arrival', so this is never shown",
        "pack.yaml:7:48: no rule recommends 'wait' for 'late_arrival', so this is never shown",
    ]


def says_who(name: str) -> str:
    return f"'{name}' says who a person is, not what went wrong: no rule should judge by that, unless to help them"


@pytest.mark.parametrize("field", ["age", "candidate_age", "accent_strength", "religious_belief", "sex", "national_origin"])
@pytest.mark.parametrize(
    "rule",
    [
        "{when: [{fact: person, where: person.FIELD > 40}], then: {overall: 1}, because: x}",
        "{when: [person], then: {overall: person.FIELD * 0.1}, because: x}",
        "{when: [late_arrival], unless: [{fact: person, where: person.FIELD > 40}], then: {severity: 1}, because: x}",
    ],
    ids=["condition", "amount", "negation"],
)
def test_a_rule_that_asks_who_a_person_is_is_remarked(tmp_path: Path, field: str, rule: str) -> None:
    text = PLAIN.replace("{FIELD}", field).replace("actions:", "rules:") + f"  judge: {rule.replace('FIELD', field)}\n"
    assert remarks(tmp_path, text, "judges-people") == [f"pack.yaml:15:11: judge: {says_who(f'person.{field}')}"]


@pytest.mark.parametrize("field", ["age_hours", "message", "sexton", "originality", "traceback", "embarrassment", "language"])
def test_names_that_only_look_like_it_are_not(tmp_path: Path, field: str) -> None:
    text = PLAIN.replace("{FIELD}", field).replace("actions:", "rules:")
    text += f"  r: {{when: [person], then: {{overall: person.{field} * 0.1}}, because: x}}\n"
    assert remarks(tmp_path, text, "judges-people") == []


def test_a_kind_that_says_who_a_person_is_is_remarked_where_it_is_asked_for_by_name(tmp_path: Path) -> None:
    text = HEAD.replace("{FIELD}", "height").replace("{KIND}", "disability").replace("actions:", "rules:") + (
        "  named: {when: [disability], then: {overall: 1}, because: x}\n"
        "  absent: {when: [person], unless: [disability], then: {overall: 1}, because: x}\n"
        "  any: {when: [{fact: mistake, as: m}], then: {severity: {for: m, add: 0.1}}, because: x}\n"
    )
    assert remarks(tmp_path, text, "judges-people") == [
        f"pack.yaml:15:11: named: {says_who('disability')}",
        f"pack.yaml:16:12: absent: {says_who('disability')}",
    ]


def test_the_words_are_those_of_the_document() -> None:
    text = (ROOT / "docs" / "lints.md").read_text(encoding="utf-8").partition("word by word:")[2].partition("at its end")[0]
    anywhere, _, last = text.partition("anywhere in a name")
    assert set(re.findall(r"`(\w+)`", anywhere)) == WHO
    assert set(re.findall(r"`(\w+)`", last)) == WHO_LAST


def test_a_field_that_no_rule_asks_for_is_nobodys_business(tmp_path: Path) -> None:
    text = PLAIN.replace("{FIELD}", "age").replace("actions:", "rules:")
    text += "  r: {when: [person], then: {overall: person.lateness * 0.1}, because: x}\n"
    assert remarks(tmp_path, text, "judges-people") == []


def test_an_amount_that_is_added_for_each_fact_of_another_pattern_is_remarked(tmp_path: Path) -> None:
    text = """\
schema: 1
pack: p
extends: scale
kinds:
  slip: {role: mistake, title: Slip, concern: manners}
  hint: {role: signal, title: Hint, fields: {size: {type: integer, default: 1}}}
  talk: {role: setting, title: Talk}
  seen: {role: derived, title: Seen, fields: {about: {type: text}}}
  loud: {role: derived, title: Loud}
rules:
  seen: {when: [slip, hint], then: {derive: [{kind: seen, about: slip.id}, {kind: loud}]}, because: x}
  each: {when: [slip, hint], then: {severity: 1, verdict: prepare}, because: x}
  overall: {when: [slip], then: {overall: 1}, because: x}
  sized: {when: [slip, hint], then: {severity: hint.size}, because: x}
  once: {when: [slip, {exists: hint}], then: {severity: 1}, because: x}
  alone: {when: [slip, talk, loud], then: {severity: 1}, because: x}
  about: {when: [slip, {fact: seen, where: slip.id == seen.about}], then: {severity: 1}, because: x}
  any: {when: [slip, seen], then: {relief: 1}, because: x}
"""
    assert remarks(tmp_path, text, "multiplied") == [
        "pack.yaml:12:37: each: this is added once for each 'hint'; with `exists` in place of `fact` it is added once",
        "pack.yaml:13:34: overall: this is added once for each 'slip'; with `exists` in place of `fact` it is added once",
        "pack.yaml:18:36: any: this is added once for each 'seen'; with `exists` in place of `fact` it is added once",
    ]
