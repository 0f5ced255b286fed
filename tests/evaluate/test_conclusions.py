"""What rules conclude: derived facts, recursion, strata, replaced and disabled rules, budgets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inline import load_text

from misstep import Assessment, BudgetError, Limits, RuleBase, RuleError

KINDS = """
schema: 1
pack: conclusions
kinds:
  late: {role: mistake, title: Late, fields: {minutes: {type: integer, default: 10}, note: {type: "text?"}}}
  link: {role: signal, title: Link, fields: {a: {type: text}, b: {type: text}}}
  cold:
    role: signal
    title: Cold
    fields: {about: {type: "text?"}, level: {type: "number?"}, word: {type: "enum?", values: [x, y]}}
  path: {role: derived, title: Path, fields: {a: {type: text}, b: {type: text}}}
  seen:
    role: derived
    title: Seen
    fields: {about: {type: "text?"}, size: {type: "number?"}, word: {type: "enum?", values: [x, y]}}
  heavy: {role: derived, title: Heavy, fields: {size: {type: number}}}
  grave: {role: derived, title: Grave, fields: {about: {type: text}}}
actions: {act: {title: Act}, wait: {title: Wait}}
"""


def base(rules: str, limits: Limits | None = None) -> RuleBase:
    return load_text(f"{KINDS}\nrules:\n{rules}", limits=limits)


def derived(result: Assessment, kind: str) -> list[dict[str, Any]]:
    return [fact.values for fact in result.derived if fact.kind == kind]


def test_a_derived_fact_is_matched_by_further_rules() -> None:
    rules = """
  one: {when: [late], then: {derive: {kind: seen, about: late.id, size: late.minutes}}}
  two: {when: [{fact: seen, where: "known(seen.size) and seen.size > 5"}], then: {derive: {kind: heavy, size: seen.size * 2}}}
  three: {when: [heavy], then: {recommend: act}, because: "{heavy.size}"}
"""
    result = base(rules).assess([{"kind": "late"}])
    assert derived(result, "heavy") == [{"size": 20.0}]
    assert [reason.text for reason in result.actions[0].because] == ["20"]


def test_equal_derived_facts_are_one_fact_with_several_derivations() -> None:
    rules = """
  one: {when: [late], then: {derive: {kind: seen, about: anyone}}}
  two: {when: [cold], then: {derive: {kind: seen, about: anyone}}}
"""
    result = base(rules).assess([{"kind": "late"}, {"kind": "late"}, {"kind": "cold"}])
    (fact,) = result.derived
    assert [(r.rule, r.facts) for r in fact.because] == [("one", ("late-1",)), ("one", ("late-2",)), ("two", ("cold-1",))]


def test_unknown_values_are_copied_and_left_out_fields_are_unknown() -> None:
    rules = """
  one: {when: [cold], then: {derive: {kind: seen, about: cold.about, word: cold.word}}}
"""
    result = base(rules).assess([{"kind": "cold"}, {"kind": "cold", "about": "x", "word": "y"}])
    assert derived(result, "seen") == [
        {"about": "x", "size": None, "word": "y"},
        {"about": None, "size": None, "word": None},
    ]


def test_a_single_word_is_text_and_anything_else_an_expression() -> None:
    rules = """
  one:
    when: [late]
    then: {derive: [{kind: seen, about: late, word: x}, {kind: seen, about: "'two words'"}, {kind: heavy, size: 1}]}
"""
    with pytest.raises(RuleError, match="'late' is a fact"):
        base(rules)
    result = base(rules.replace("about: late,", "about: lateness,")).assess([{"kind": "late"}])
    assert [values["about"] for values in derived(result, "seen")] == ["lateness", "two words"]
    assert derived(result, "heavy") == [{"size": 1.0}]


def test_a_signed_zero_is_zero() -> None:
    rules = """
  one: {when: [cold], where: known(cold.level), then: {derive: {kind: heavy, size: cold.level}}}
  two: {when: [late], then: {derive: {kind: heavy, size: -(late.minutes * 0.0)}}}
"""
    rulebase = base(rules)
    results = [
        rulebase.assess([{"kind": "cold", "level": 0.0}, {"kind": "cold", "level": -0.0}]),
        rulebase.assess([{"kind": "cold", "level": -0.0}, {"kind": "cold", "level": 0.0}]),
    ]
    assert results[0].to_json() == results[1].to_json()
    assert b"-0.0" not in results[0].to_json() + rulebase.assess([{"kind": "late"}]).to_json()


# -- recursion

CLOSURE = {
    "left": """
  base: {when: [link], then: {derive: {kind: path, a: link.a, b: link.b}}}
  step: {when: [path, {fact: link, where: "path.b == link.a"}], then: {derive: {kind: path, a: path.a, b: link.b}}}
""",
    "both": """
  base: {when: [link], then: {derive: {kind: path, a: link.a, b: link.b}}}
  step: {when: [{fact: path, as: p}, {fact: path, as: q, where: "p.b == q.a"}], then: {derive: {kind: path, a: p.a, b: q.b}}}
""",
}
EDGES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=14, unique=True)
Pair = tuple[str, str]


def closure(edges: Iterable[Pair]) -> set[Pair]:
    paths = set(edges)
    while True:
        longer = {(a, d) for a, b in paths for c, d in paths if b == c} - paths
        if not longer:
            return paths
        paths |= longer


BASES = {form: base(rules) for form, rules in CLOSURE.items()}


@settings(max_examples=40, deadline=None)
@given(edges=EDGES)
def test_recursion_gives_the_transitive_closure_with_every_derivation_once(edges: list[Pair]) -> None:
    facts = [{"kind": "link", "id": f"{a}-{b}", "a": a, "b": b} for a, b in edges]
    paths = closure(edges)
    joins = {
        "left": [(a, d) for a, b in paths for c, d in edges if b == c],
        "both": [(p[0], q[1]) for p in paths for q in paths if p != q and p[1] == q[0]],
    }
    for form, rulebase in BASES.items():
        result = rulebase.assess(facts)
        assert {(v["a"], v["b"]) for v in derived(result, "path")} == paths
        steps = [(fact.values["a"], fact.values["b"]) for fact in result.derived for r in fact.because if r.rule == "step"]
        assert sorted(map(str, steps)) == sorted(map(str, joins[form]))
        assert sum(r.rule == "base" for fact in result.derived for r in fact.because) == len(edges)


def test_a_list_of_given_and_growing_kinds_in_a_recursion() -> None:
    rules = """
  base: {when: [link], then: {derive: {kind: path, a: link.a, b: link.b}}}
  swap: {when: [{fact: [link, path], as: any}, path], then: {derive: {kind: path, a: path.b, b: path.a}}}
"""
    result = base(rules).assess([{"kind": "link", "a": "x", "b": "y"}])
    reasons = {(fact.values["a"], r.rule, r.facts) for fact in result.derived for r in fact.because}
    xy, yx = "path-1", "path-2"
    assert sum(len(fact.because) for fact in result.derived) == len(reasons)
    assert reasons == {
        ("x", "base", ("link-1",)),
        ("y", "swap", ("link-1", xy)),
        ("y", "swap", (yx, xy)),
        ("x", "swap", ("link-1", yx)),
        ("x", "swap", (xy, yx)),
    }


def test_a_list_with_a_kind_that_nothing_derived_matches_the_others() -> None:
    rules = """
  base: {when: [{fact: [cold, path], as: any}], then: {derive: {kind: path, a: x, b: y}}}
"""
    result = base(rules).assess([{"kind": "cold"}])
    assert [[r.facts for r in fact.because] for fact in result.derived] == [[("cold-1",), ("path-1",)]]


def test_two_kinds_may_be_derived_of_each_other() -> None:
    rules = """
  start: {when: [link], then: {derive: {kind: path, a: link.a, b: link.b}}}
  there: {when: [path], then: {derive: {kind: seen, about: path.b}}}
  back: {when: [{fact: seen, where: "known(seen.about)"}], then: {derive: {kind: path, a: seen.about, b: end}}}
"""
    result = base(rules).assess([{"kind": "link", "a": "x", "b": "y"}])
    assert [(v["a"], v["b"]) for v in derived(result, "path")] == [("end", "end"), ("x", "y"), ("y", "end")]


# -- strata


def test_negation_and_aggregates_read_what_other_rules_have_finished() -> None:
    rules = """
  a.reader: {when: [late, {count: seen, as: n}], unless: [heavy], then: {severity: n}}
  z.one: {when: [cold], then: {derive: {kind: seen, about: cold.id}}}
  z.two: {when: [{fact: cold, where: "known(cold.level)"}], then: {derive: {kind: heavy, size: cold.level}}}
"""
    rulebase = base(rules)
    assert rulebase.assess([{"kind": "late"}, {"kind": "cold"}, {"kind": "cold"}]).findings[0].severity == 2
    assert rulebase.assess([{"kind": "late"}, {"kind": "cold", "level": 1}]).findings[0].severity == 0


def test_facts_may_be_derived_of_findings_and_of_the_outlook() -> None:
    rules = """
  score: {when: [late], then: {severity: late.minutes}}
  grave: {when: [{fact: finding, as: f, where: "f.severity_band == 'fatal'"}], then: {derive: {kind: grave, about: f.id}}}
  close: {when: [grave], then: {outlook: closed}}
  told: {when: [{fact: outlook, as: o, where: "o.level == 'closed'"}], then: {derive: {kind: seen, about: o.level}}}
  act: {when: [{fact: seen, where: known(seen.about)}], then: {recommend: act}, because: "{seen.about}"}
"""
    result = base(rules).assess([{"kind": "late", "id": "l", "minutes": 9}, {"kind": "late", "minutes": 1}])
    assert derived(result, "grave") == [{"about": "l"}]
    assert result.outlook == "closed"
    assert [reason.text for reason in result.actions[0].because] == ["closed"]
    assert [(r.rule, r.dimension, r.amount) for r in result.because] == [("close", "outlook", 2.0)]


def test_the_worst_outlook_holds() -> None:
    rules = """
  a: {when: [late], then: {outlook: narrow}}
  b: {when: [cold], then: {outlook: closed}}
  c: {when: [link], then: {outlook: open}}
"""
    rulebase = base(rules)
    link = {"kind": "link", "a": "x", "b": "y"}
    assert rulebase.assess([]).outlook == "open"
    assert rulebase.assess([link]).outlook == "open"
    assert rulebase.assess([link, {"kind": "late"}]).outlook == "narrow"
    assert rulebase.assess([link, {"kind": "late"}, {"kind": "cold"}]).outlook == "closed"


# -- overriding

OVER = """
schema: 1
pack: over
"""


def test_a_later_pack_replaces_a_rule() -> None:
    first = KINDS + "rules: {r: {when: [late], then: {severity: 1}}}"
    second = OVER + "rules: {r: {replace: true, when: [late], then: {severity: 2}}}"
    for packs in ((first, second), (second, first)):
        assert load_text(*packs).assess([{"kind": "late"}]).findings[0].severity == 2


def test_a_disabled_rule_is_off() -> None:
    first = KINDS + "rules: {r: {when: [late], then: {severity: 1}}, s: {when: [late], then: {severity: 2}}}"
    rulebase = load_text(first, OVER + "disable: [s]")
    assert rulebase.assess([{"kind": "late"}]).findings[0].severity == 1
    assert rulebase.fired([{"kind": "late"}]) == {"r"}


def test_kinds_actions_and_scale_are_replaced_too() -> None:
    first = KINDS + "rules: {r: {when: [late], then: {severity: late.minutes, recommend: act}}}"
    fields = {"minutes": {"type": "integer", "default": 3}}
    over = {
        "schema": 1,
        "pack": "over",
        "kinds": {"late": {"replace": True, "role": "mistake", "title": "Tardy", "fields": fields}},
        "actions": {"act": {"replace": True, "title": "Do"}},
        "extends": "scale",
        "scale": {"outlooks": {"replace": True, "order": ["fine", "bleak"]}},
    }
    result = load_text(first, json.dumps(over)).assess([{"kind": "late"}])
    assert (result.findings[0].title, result.findings[0].severity) == ("Tardy", 3)
    assert (result.actions[0].title, result.outlook) == ("Do", "fine")


# -- budgets


def test_too_much_work_is_an_error_that_names_the_rule() -> None:
    rules = "  cross.join: {when: [{fact: late, as: a}, {fact: late, as: b}], then: {overall: 1}}\n"
    facts = [{"kind": "late"}] * 20
    assert base(rules, Limits(work=1000)).assess(facts).band == "fatal"
    with pytest.raises(BudgetError) as error:
        base(rules, Limits(work=300)).assess(facts)
    assert str(error.value) == "more than 300 facts were looked at; the limit was reached in the rule cross.join"


def test_too_many_derived_facts_are_an_error_that_names_the_rule() -> None:
    rules = "  pairs: {when: [{fact: late, as: a}, {fact: late, as: b}], then: {derive: {kind: path, a: a.id, b: b.id}}}\n"
    facts = [{"kind": "late"}] * 4
    assert len(base(rules, Limits(derived=12)).assess(facts).derived) == 12
    with pytest.raises(BudgetError) as error:
        base(rules, Limits(derived=11)).assess(facts)
    assert str(error.value) == "more than 11 derived facts; the rule pairs asked for the last"


@pytest.mark.parametrize("where", ["unless", "count"])
def test_work_inside_negations_and_aggregates_counts(where: str) -> None:
    inner = "{fact: late, as: b, where: a.minutes < b.minutes}"
    form = {
        "unless": f"when: [{{fact: late, as: a}}], unless: [{inner}]",
        "count": "when: [{fact: late, as: a}, {count: late, each: b, where: a.minutes < b.minutes, as: n}]",
    }[where]
    with pytest.raises(BudgetError, match=r"the rule inner$"):
        base(f"  inner: {{{form}, then: {{overall: 1}}}}\n", Limits(work=300)).assess([{"kind": "late"}] * 20)


def test_a_recursion_over_many_facts_ends_with_an_error() -> None:
    facts = [{"kind": "link", "a": str(i), "b": str(i + 1)} for i in range(200)]
    with pytest.raises(BudgetError, match="10000 derived facts"):
        base(CLOSURE["left"]).assess(facts)


def test_a_derived_constant_is_a_number_that_a_fact_may_hold() -> None:
    rules = "  r: {when: [late], then: {derive: {kind: heavy, size: 1e300}}}\n"
    with pytest.raises(RuleError, match="`size` must be at most 9007199254740992"):
        base(rules)
    result = base(rules.replace("1e300", "9007199254740992")).assess([{"kind": "late"}])
    assert derived(result, "heavy") == [{"size": 2.0**53}]
