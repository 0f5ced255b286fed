"""Reasons in words: values put into texts, the facts of a firing, the order of reasons, names of derived facts."""

from __future__ import annotations

from typing import Any

import pytest
from tests.inline import load_text

from misstep import RuleBase
from misstep.batch.columns import FINDINGS, read_rows

KINDS = """
schema: 1
pack: texts
kinds:
  slip:
    role: mistake
    title: A slip
    concern: manners
    fields:
      whole: {type: integer, default: 3}
      share: {type: number, default: 0.5}
      yes: {type: boolean, default: false}
      word: {type: enum, values: [first_word, second_word, other], default: other}
      several: {type: set, values: [in_person, email], default: []}
      said: {type: text, default: ""}
      maybe: {type: "integer?"}
  hint: {role: signal, title: A hint, fields: {n: {type: integer, default: 1}}}
  found: {role: derived, title: Found, fields: {about: {type: text}, n: {type: integer}}}
sources: {book: {title: A book, kind: expert}, study: {title: A study, kind: study, year: 2001}}
actions: {act: {title: Act}}
"""


def base(rules: str) -> RuleBase:
    return load_text(f"{KINDS}\nrules:\n{rules}")


@pytest.mark.parametrize(
    ("field", "values", "shown"),
    [
        ("whole", {"whole": 3}, "3"),
        ("whole", {"whole": -1200000}, "-1200000"),
        ("share", {"share": 0.5}, "0.5"),
        ("share", {"share": 2}, "2"),
        ("share", {"share": 2.0}, "2"),
        ("share", {"share": 0.12345}, "0.123"),
        ("share", {"share": 1e15}, "1000000000000000"),
        ("yes", {}, "no"),
        ("yes", {"yes": True}, "yes"),
        ("word", {"word": "second_word"}, "second word"),
        ("several", {"several": ["in_person", "email"]}, "email, in person"),
        ("several", {}, ""),
        ("said", {"said": "under_score {slip.whole} %s {0} <b>"}, "under_score {slip.whole} %s {0} <b>"),
        ("id", {"id": "my_slip"}, "my_slip"),
        ("kind", {}, "A slip"),
        ("concern", {}, "manners"),
    ],
)
def test_a_place_in_a_text_shows_the_value_as_people_write_it(field: str, values: dict[str, Any], shown: str) -> None:
    rules = f'  r: {{when: [slip], then: {{severity: 1, note: "<{{slip.{field}}}>"}}, because: "[{{slip.{field}}}]"}}\n'
    result = base(rules).assess([{"kind": "slip", **values}])
    assert result.findings[0].because[0].text == f"[{shown}]"
    assert result.notes == (f"<{shown}>",)


def test_places_of_findings_outlook_and_aggregates() -> None:
    rules = """
  score: {when: [slip], then: {severity: 3.5, noticed: 10}}
  told:
    when:
      - {fact: finding, of: slip, as: f}
      - {fact: outlook, as: o}
      - {count: hint, as: n}
      - {max: slip, of: slip.share, as: top}
    then: {recommend: {action: act, for: f}}
    because: "{f.severity} {f.severity_band} {f.verdict} {f.noticed_level} {f.fact} {f.kind} {f.whole} {o.level} {n} {top}"
"""
    result = base(rules).assess([{"kind": "slip", "id": "s", "whole": 3}, {"kind": "hint"}])
    assert result.actions[0].because[0].text == "3.5 moderate follow up noticed s A slip 3 open 1 0.5"


@pytest.mark.parametrize(
    ("rule", "facts", "basis", "text"),
    [
        ("{when: [slip], then: {severity: 1}, because: seen}", {}, "said", "seen"),
        ("{when: [slip], then: {severity: slip.whole}, because: seen}", {}, "assumed", "seen"),
        ("{when: [slip], then: {severity: slip.whole}, because: seen}", {"whole": 3}, "said", "seen"),
        ("{when: [slip], then: {severity: 1}, because: '{slip.whole}'}", {}, "assumed", "3 (assumed)"),
        ("{when: [slip], then: {severity: 1}, because: '{slip.whole}'}", {"whole": 3}, "said", "3"),
        ("{when: [{fact: slip, where: slip.whole > 2}], then: {severity: 1}, because: large}", {}, "assumed", "large"),
        ("{when: [slip], then: {verdict: let_go}, because: '{slip.whole}'}", {}, "assumed", "3 (assumed)"),
        ("{when: [{fact: slip, where: not slip.yes}], then: {severity: 1}, because: no}", {}, "said", "no"),
        ("{when: [slip, {count: hint, as: n}], where: n == 0, then: {severity: 1}, because: none}", {}, "concluded", "none"),
    ],
)
def test_a_reason_knows_what_it_rests_on(rule: str, facts: dict[str, Any], basis: str, text: str) -> None:
    rulebase, record = base(f"  r: {rule}\n"), [{"kind": "slip", **facts}]
    (reason,) = rulebase.assess(record).findings[0].because
    assert (reason.basis, reason.text) == (basis, text)
    (row,) = read_rows(rulebase, record, None, ["findings"]).findings or [()]
    assert dict(zip([name for name, _ in FINDINGS], row, strict=True))["assumed"] == (basis == "assumed")


def test_without_because_a_reason_is_the_title_or_the_id() -> None:
    rules = """
  some-thing.of_note: {when: [slip], then: {severity: 1}}
  titled: {title: The title, when: [slip], then: {severity: 2}}
"""
    texts = [reason.text for reason in base(rules).assess([{"kind": "slip"}]).findings[0].because]
    assert texts == ["The title", "some thing: of note"]


def test_reasons_are_sorted_by_dimension_weight_and_rule() -> None:
    rules = """
  a: {when: [slip], then: {noticed: -3, severity: 1}}
  b: {when: [slip], then: {severity: 2, relief: 0.5, urgency: 1}}
  c: {when: [slip], then: {severity: 1, verdict: prepare, noticed: 2}}
  none: {when: [slip], then: {severity: 0}}
"""
    reasons = base(rules).assess([{"kind": "slip"}]).findings[0].because
    assert [(r.dimension, r.amount, r.rule) for r in reasons] == [
        ("severity", 2, "b"),
        ("severity", 1, "a"),
        ("severity", 1, "c"),
        ("relief", 0.5, "b"),
        ("noticed", -3, "a"),
        ("noticed", 2, "c"),
        ("urgency", 1, "b"),
        ("verdict", 1, "c"),
    ]


def test_a_reason_names_facts_and_sources() -> None:
    rules = """
  derive: {when: [hint], then: {derive: {kind: found, about: x, n: hint.n}}, sources: [book]}
  use: {when: [slip, found], then: {severity: 1}, sources: [study, book]}
"""
    result = base(rules).assess([{"kind": "slip", "id": "s"}, {"kind": "hint", "id": "h"}])
    (reason,) = result.findings[0].because
    assert (reason.facts, reason.sources) == (("s", "found-1"), ("book", "study"))
    assert [(d.fact, d.because[0].facts, d.because[0].sources) for d in result.derived] == [("found-1", ("h",), ("book",))]
    assert [(s.id, s.title, s.kind, s.year) for s in result.sources] == [
        ("book", "A book", "expert", None),
        ("study", "A study", "study", 2001),
    ]


def test_sources_that_no_reason_names_are_left_out() -> None:
    rules = (
        "  r: {when: [hint], then: {overall: 1}, sources: [book]}\n  s: {when: [slip], then: {severity: 1}, sources: [study]}\n"
    )
    assert [s.id for s in base(rules).assess([{"kind": "hint"}]).sources] == ["book"]


def test_derived_facts_are_numbered_by_their_values_past_ids_that_are_taken() -> None:
    rules = "  r: {when: [hint], then: {derive: {kind: found, about: x, n: hint.n}}}\n"
    facts = [{"kind": "hint", "n": 30}, {"kind": "hint", "n": 4}, {"kind": "hint", "id": "found-2", "n": 200}]
    derived = base(rules).assess(facts).derived
    assert [(d.fact, d.values["n"]) for d in derived] == [("found-1", 4), ("found-3", 30), ("found-4", 200)]


def test_an_assumed_setting_stands_in_the_notes_before_the_notes_of_rules() -> None:
    pack = """
schema: 1
pack: notes
kinds:
  place: {role: setting, title: Place, assumed: assumed a place}
  hint: {role: signal, title: Hint}
rules:
  b: {when: [hint], then: {note: second}}
  d: {when: [hint], then: {note: third}}
  c: {when: [hint], then: {note: third}}
"""
    rulebase = load_text(pack)
    assert rulebase.assess([{"kind": "hint"}, {"kind": "hint"}]).notes == ("assumed a place", "second", "third")
    assert rulebase.assess([{"kind": "place"}]).notes == ()
