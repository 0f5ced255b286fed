"""Which text fields name other facts is seen from what rules do with them."""

from __future__ import annotations

import json

from tests.inline import load_text

from misstep import RuleBase
from misstep.rulebase.field_use import Reference, find_references

TEXT = {"about": {"type": "text?"}}
KINDS = {
    "late": {"role": "mistake", "title": "late", "concern": "manners", "fields": {}},
    "rude": {"role": "mistake", "title": "rude", "concern": "manners", "fields": {}},
    "sign": {"role": "signal", "title": "sign", "fields": TEXT},
    "told": {"role": "derived", "title": "told", "fields": {"whom": {"type": "text"}}},
    "retold": {"role": "derived", "title": "retold", "fields": {"whom": {"type": "text"}}},
}


def found(**rules: object) -> dict[tuple[str, str], Reference]:
    return find_references(load_text(json.dumps({"schema": 1, "pack": "p", "kinds": KINDS, "rules": rules})).program)


def test_a_text_compared_with_an_id_names_a_fact_of_that_kind() -> None:
    rule = {"when": ["late", {"fact": "sign", "where": "known(sign.about) and sign.about == late.id"}], "then": {"overall": 1}}
    assert found(r=rule) == {("sign", "about"): Reference(ids=frozenset({"late"}))}


def test_a_role_stands_for_all_its_kinds_and_a_kind_can_name_a_fact_too() -> None:
    where = "known(s.about) and (s.about == m.id or m.kind == s.about)"
    rule = {"when": [{"fact": "mistake", "as": "m"}, {"fact": "sign", "as": "s", "where": where}], "then": {"overall": 1}}
    both = frozenset({"late", "rude"})
    assert found(r=rule) == {("sign", "about"): Reference(ids=both, kinds=both)}


def test_negations_findings_and_aggregates_are_looked_into() -> None:
    where = "known(sign.about) and sign.about == {}.id"
    finding = {"fact": "finding", "of": "rude", "as": "f"}
    rules = {
        "negation": {"when": [finding], "unless": [{"fact": "sign", "where": where.format("f")}], "then": {"outlook": "closed"}},
        "aggregate": {"when": ["late", {"count": "sign", "where": where.format("late"), "as": "n"}], "then": {"overall": "n"}},
    }
    assert found(negation=rules["negation"]) == {("sign", "about"): Reference(ids=frozenset({"rude"}))}
    assert found(**rules) == {("sign", "about"): Reference(ids=frozenset({"rude", "late"}))}


def test_a_text_that_derived_facts_pass_on_names_what_they_name() -> None:
    rules = {
        "pass": {
            "when": [{"fact": "sign", "where": "known(sign.about)"}],
            "then": {"derive": {"kind": "told", "whom": "sign.about"}},
        },
        "pass-on": {"when": ["told"], "then": {"derive": {"kind": "retold", "whom": "told.whom"}}},
        "use": {
            "when": ["retold", {"fact": "late", "where": "retold.whom == late.id"}],
            "then": {"severity": {"for": "late", "add": 1}},
        },
    }
    assert set(found(**rules)) == {("sign", "about"), ("told", "whom"), ("retold", "whom")}


def test_other_texts_name_nothing() -> None:
    rule = {"when": [{"fact": "sign", "where": "known(sign.about) and sign.about == 'late'"}], "then": {"overall": 1}}
    assert found(r=rule) == {}


def test_every_field_of_the_shipped_kinds_that_says_so_names_a_fact() -> None:
    rulebase = RuleBase.shipped()
    said = {(kind.name, field.name) for kind in rulebase.kinds.values() for field in kind.fields if "id or kind of" in field.help}
    given = {place for place in find_references(rulebase.program) if rulebase.kinds[place[0]].role != "derived"}
    assert given == said != set()
