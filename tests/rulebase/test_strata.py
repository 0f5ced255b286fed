"""Strata: whatever must be finished before it is read is finished earlier, and what never can be is refused by name."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inline import linked_shipped

from misstep.errors import RuleError
from misstep.language.effects import Contribute, Derive, LimitOutlook
from misstep.language.program import FINDING, OUTLOOK, Pattern, Program, Rule
from misstep.limits import Limits
from misstep.rulebase.link import load_program

Load = Callable[..., Program]

HEAD = """\
schema: 1
pack: p
kinds:
  late: {role: mistake, title: Late, concern: manners}
  a: {role: derived, title: A, fields: {x: {type: text}}}
  b: {role: derived, title: B, fields: {x: {type: text}}}
  c: {role: derived, title: C, fields: {x: {type: text}}}
rules:
"""


def phases(program: Program) -> dict[str, list[tuple[set[str], set[str]]]]:
    """Per phase its strata, as the ids of the rules that derive and of the rest."""
    return {
        name: [({r.id for r in s.deriving}, {r.id for r in s.rest}) for s in getattr(program, name)]
        for name in ("scoring", "judging", "advising")
    }


def test_a_chain_through_negations_is_run_link_by_link(load: Load) -> None:
    program = load(
        HEAD
        + "  third: {when: [late], unless: [b], then: {derive: {kind: c, x: y}}}\n"
        + "  second: {when: [late], unless: [a], then: {derive: {kind: b, x: y}}}\n"
        + "  first: {when: [late], then: {derive: {kind: a, x: y}}}\n"
        + "  last: {when: [late], unless: [c], then: {severity: 1}}\n"
    )
    strata = phases(program)["scoring"]
    assert [deriving for deriving, _ in strata if deriving] == [{"first"}, {"second"}, {"third"}]
    assert strata[-1][1] == {"last"}


def test_what_reads_findings_comes_after_scores_and_what_reads_the_outlook_after_that(load: Load) -> None:
    program = load(
        HEAD
        + "  score: {when: [late], then: {severity: 1}}\n"
        + "  judge: {when: [{fact: finding, as: f, where: f.severity > 1}], then: {outlook: narrow}}\n"
        + "  conclude: {when: [{fact: finding, as: f}], then: {derive: {kind: a, x: f.id}}}\n"
        + "  advise: {when: [{fact: outlook, as: o, where: \"o.level == 'narrow'\"}], then: {note: narrow}}\n"
        + "  behind: {when: [a], then: {note: behind findings}}\n"
        + "  counted: {when: [{count: finding, as: n}], where: n > 1, then: {note: several}}\n"
    )
    got = {name: set().union(*(d | r for d, r in strata)) for name, strata in phases(program).items()}
    assert got == {"scoring": {"score"}, "judging": {"judge", "conclude", "behind", "counted"}, "advising": {"advise"}}


def test_a_recursion_that_only_copies_is_one_stratum(load: Load) -> None:
    program = load(
        HEAD
        + "  seed: {when: [late], then: {derive: {kind: a, x: late.id}}}\n"
        + "  there: {when: [a], then: {derive: {kind: b, x: a.x}}}\n"
        + "  back: {when: [b], then: {derive: {kind: a, x: b.x}}}\n"
        + "  constant: {when: [{fact: a, where: a.x != 'one'}], then: {derive: {kind: a, x: one}}}\n"
    )
    growing = [s for s in program.scoring if {"there", "back"} & {r.id for r in s.deriving}]
    assert len(growing) == 1
    assert {r.id for r in growing[0].deriving} >= {"there", "back", "constant"}
    assert growing[0].kinds >= {"a", "b"}


@pytest.mark.parametrize(
    "value", ["a.x if a.x == 'y' else 'z'", "lower(a.x)", "'y' if a.x == 'x' else a.x"], ids=["if", "lower", "constant if"]
)
def test_a_recursion_makes_no_new_values(load: Load, value: str) -> None:
    with pytest.raises(RuleError, match="'a' depends on itself, so its fields may only copy values"):
        load(HEAD + f'  r: {{when: [a], then: {{derive: {{kind: a, x: "{value}"}}}}}}\n')


def test_new_values_are_made_freely_where_nothing_recurs(load: Load) -> None:
    start = "  a: {when: [late], then: {derive: {kind: a, x: y}}}\n"
    assert load(HEAD + start + "  r: {when: [a], then: {derive: {kind: b, x: lower(a.x)}}}\n").rules


@pytest.mark.parametrize(
    ("rules", "cycle"),
    [
        (["when: [late], unless: [a], then: {derive: {kind: a, x: y}}"], "a -> a"),
        (
            ["when: [b], then: {derive: {kind: a, x: y}}", "when: [late], unless: [a], then: {derive: {kind: b, x: y}}"],
            "a -> b -> a",
        ),
        (
            [
                "when: [a], then: {derive: {kind: b, x: y}}",
                "when: [b], then: {derive: {kind: c, x: y}}",
                "when: [late, {count: c, as: n}], where: n > 1, then: {derive: {kind: a, x: y}}",
            ],
            "c -> a -> b -> c",
        ),
        (["when: [outlook, late], then: {noticed: 1}"], "outlook -> finding -> outlook"),
        (["when: [{count: finding, as: n}], where: n > 1, then: {overall: 1}"], "finding -> finding"),
        (
            ["when: [late], unless: [{fact: outlook, as: o, where: \"o.level == 'open'\"}], then: {outlook: narrow}"],
            "outlook -> outlook",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_circle_is_named(load: Load, rules: list[str], cycle: str) -> None:
    with pytest.raises(RuleError) as caught:
        load(HEAD + "".join(f"  r{i}: {{{rule}}}\n" for i, rule in enumerate(rules)))
    assert f"(cycle: {cycle})" in str(caught.value)
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].subject in {f"r{i}" for i in range(len(rules))}


def test_a_long_circle_is_named_by_its_ends(load: Load) -> None:
    size = 50
    kinds = "".join(f"  k{i}: {{role: derived, title: A}}\n" for i in range(size))
    rules = "".join(
        f"  r{i}: {{when: [{{count: k{i}, as: n}}], then: {{derive: {{kind: k{(i + 1) % size}}}}}}}\n" for i in range(size)
    )
    with pytest.raises(RuleError, match=r"\(cycle: k0 -> k1 -> k2 -> k3 -> ... 43 more ... -> k47 -> k48 -> k49 -> k0\)"):
        load(f"schema: 1\npack: p\nkinds:\n{kinds}rules:\n{rules}")
    actions = "".join(f"  a{i}: {{title: A, excludes: [a{(i + 1) % size}]}}\n" for i in range(size))
    with pytest.raises(RuleError, match=r"'a48' is excluded by 'a47' is excluded by ... 43 more ... is excluded by 'a3'"):
        load(f"schema: 1\npack: p\nactions:\n{actions}")


# -- the law, on the shipped rules and on any


def _written(rule: Rule) -> set[str]:
    names = {Derive: "", Contribute: FINDING, LimitOutlook: OUTLOOK}
    return {e.kind if isinstance(e, Derive) else names[type(e)] for e in rule.effects if type(e) in names}


def _read(pattern: Pattern) -> set[str]:
    return {pattern.over} if pattern.over != "fact" else set(pattern.kinds)


def check_order(program: Program) -> None:
    """Every rule is run once, and all that writes what it must find finished is run before it."""
    position: dict[str, tuple[int, int]] = {}
    strata = [*program.scoring, *program.judging, *program.advising]
    for number, stratum in enumerate(strata):
        for place, rules in enumerate((stratum.deriving, stratum.rest)):  # the rest is run when nothing more is derived
            for rule in rules:
                assert rule.id not in position
                position[rule.id] = (number, place)
                assert bool([e for e in rule.effects if isinstance(e, Derive)]) == (place == 0)
    assert set(position) == set(program.rules)
    writers: dict[str, list[Rule]] = {}
    for rule in program.rules.values():
        for node in _written(rule):
            writers.setdefault(node, []).append(rule)
    ends = {FINDING: len(program.scoring), OUTLOOK: len(program.scoring) + len(program.judging)}
    for node, first in ends.items():
        assert all(position[w.id][0] < first for w in writers.get(node, ()))
    for rule in program.rules.values():
        closed = [*(n.pattern for n in rule.existences), *(a.pattern for a in rule.aggregates)]
        finished: set[str] = set().union(*map(_read, closed))
        open_ones: set[str] = set().union(*map(_read, rule.patterns))
        for node in (finished | open_ones) & {FINDING, OUTLOOK}:
            assert position[rule.id][0] >= ends[node]
        for node in finished:
            assert all(position[w.id] < position[rule.id] for w in writers.get(node, ()))
        for node in open_ones - {FINDING, OUTLOOK}:  # may grow together with the rule, never after it
            assert all(position[w.id][0] <= position[rule.id][0] for w in writers.get(node, ()))


def test_the_shipped_rules_are_in_order() -> None:
    check_order(linked_shipped()[0])


NODES = "abcde"
GRAPHS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(NODES), max_size=2),  # what a rule reads
        st.sets(st.sampled_from(NODES), max_size=1),  # what it must find finished
        st.sampled_from([*NODES, "severity", "outlook", "note"]),  # what it concludes
        st.sampled_from(["", "finding", "outlook"]),
    ),
    max_size=7,
)


def _text(graph: list[tuple[set[str], set[str], str, str]]) -> str:
    kinds = "".join(f"  {n}: {{role: derived, title: {n}, fields: {{x: {{type: text}}}}}}\n" for n in NODES)
    rules = []
    for i, (reads, finished, writes, also) in enumerate(graph):
        when = ", ".join(["late", *sorted(reads), *([also] if also else [])])
        unless = f", unless: [{', '.join(f'{{fact: {n}, as: no_{n}}}' for n in sorted(finished))}]" if finished else ""
        then = {
            "severity": "severity: {for: late, add: 1}",
            "outlook": "outlook: narrow",
            "note": "note: x",
        }.get(writes, f"derive: {{kind: {writes}, x: y}}")
        rules.append(f"  r{i}: {{when: [{when}]{unless}, then: {{{then}}}}}\n")
    read = set[str]().union(*(reads | finished for reads, finished, _, _ in graph)) - {writes for _, _, writes, _ in graph}
    rules += [f"  some-{n}: {{when: [late], then: {{derive: {{kind: {n}, x: y}}}}}}\n" for n in sorted(read)]
    body = "".join(rules) or " {}\n"
    return "schema: 1\npack: p\nkinds:\n  late: {role: mistake, title: Late, concern: manners}\n" + kinds + "rules:\n" + body


def _has_a_meaning(graph: list[tuple[set[str], set[str], str, str]]) -> bool:
    """No circle through anything that must be finished; found by trying out all ways."""
    edges = {(FINDING, OUTLOOK, True)}
    for reads, finished, writes, also in graph:
        written = {"severity": FINDING, "outlook": OUTLOOK}.get(writes, writes)
        if written == "note":
            continue
        strict = written in (FINDING, OUTLOOK)
        edges |= {(read, written, strict) for read in reads}
        edges |= {(read, written, True) for read in finished | ({also} if also else set())}
    reach = {(a, b) for a, b, _ in edges}
    while more := {(a, d) for a, b in reach for c, d in reach if b == c} - reach:
        reach |= more
    return not any(strict and (a == b or (b, a) in reach) for a, b, strict in edges)


@settings(max_examples=150, deadline=None)
@given(graph=GRAPHS)
def test_any_rules_are_in_order_or_have_a_circle(graph: list[tuple[set[str], set[str], str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "p.yaml"
        file.write_text(_text(graph), encoding="utf-8")
        if _has_a_meaning(graph):
            check_order(load_program([file], Limits())[0])
        else:
            with pytest.raises(RuleError, match=r"\(cycle: "):
                load_program([file], Limits())
