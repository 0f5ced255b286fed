"""``misstep profile``: how often each rule is looked at, fires and matches is exact; times are only times."""

from __future__ import annotations

import json

import pytest
from tests.end_to_end.command import Command
from tests.inline import load_text

from misstep.tools.rule_profile import RuleProfiler

PACK = """\
schema: 1
pack: kitchen
scale: {severity: {bands: {low: 0, high: 5}}}
kinds:
  dent: {role: mistake, title: Dent, fields: {depth: {type: integer, default: 1}}}
  scratch: {role: mistake, title: Scratch}
  near: {role: derived, title: Near, fields: {a: {type: text}, b: {type: text}}}
rules:
  dent: {when: [dent], then: {severity: dent.depth, note: a dent}, because: it is there}
  deep: {when: [{fact: dent, where: depth > 3}], then: {severity: 0}, because: deep}
  scratch: {when: [scratch], then: {severity: 1}, because: it is there}
  pairs: {when: [{fact: dent, as: a}, {fact: dent, as: b}], then: {derive: {kind: near, a: a.id, b: b.id}}}
  far: {when: [near], then: {derive: {kind: near, a: near.b, b: near.a}}}
  none: {when: [{count: dent, as: n}], where: n == 0, then: {note: no dent}}
"""
LOG = """\
[{"kind": "dent", "depth": 5}, {"kind": "dent"}, {"kind": "scratch"}]
{"facts": [{"kind": "dent"}]}
{"facts": []}
"""
COUNTS = {
    "dent": (2, 2, 3),
    "deep": (2, 1, 1),
    "scratch": (1, 1, 1),
    "pairs": (2, 1, 2),
    "far": (1, 1, 2),
    "none": (3, 1, 1),
}


def test_what_is_looked_at_and_what_fires_is_counted() -> None:
    profiler = RuleProfiler(load_text(PACK))
    for line in LOG.splitlines():
        profiler.add(json.loads(line))
    found = profiler.profile
    assert {cost.rule: (cost.looked_at, cost.fired, cost.matches) for cost in found.costs} == COUNTS
    assert (found.records, found.alone) == (3, sum(cost.nanoseconds for cost in found.costs))
    assert min(found.assessing, found.concluding, *(cost.nanoseconds for cost in found.costs)) > 0
    assert [cost.nanoseconds for cost in found.costs] == sorted((cost.nanoseconds for cost in found.costs), reverse=True)


def test_a_rule_that_does_more_costs_more() -> None:
    pack = PACK.replace(
        "  none:", "  triples: {when: [{fact: dent, as: a}, {fact: dent, as: b}, {fact: dent, as: c}], then: {note: x}}\n  none:"
    )
    profiler = RuleProfiler(load_text(pack))
    profiler.add([{"kind": "dent"}] * 20)
    assert profiler.profile.costs[0].rule == "triples"
    assert profiler.profile.rules["triples"].matches == 20 * 19 * 18


@pytest.mark.once
def test_profile_prints_the_rules(misstep: Command) -> None:
    misstep.write("kitchen.yaml", PACK)
    misstep.write("log.jsonl", LOG + '{"facts": [{"kind": "dint"}]}\n')
    run = misstep("profile", "log.jsonl", "--rules", "kitchen.yaml", "--most", "2")
    assert run.code == 2
    assert run.err == "misstep: log.jsonl:4:22: /facts/0/kind: there is no such kind; did you mean 'dent'?\n"
    lines = run.out.splitlines()
    assert lines[0].startswith("3 records: ")
    assert lines[1].startswith("6 of 6 rules fired; each rule alone, they come to ")
    assert lines[3].split() == ["rule", "µs", "a", "record", "share", "looked", "at", "fired", "matches"]
    assert len(lines) == 6
    data = json.loads(misstep.inside("profile", "log.jsonl", "--rules", "kitchen.yaml", "-o", "json").out)
    assert {each["rule"]: (each["looked_at"], each["fired"], each["matches"]) for each in data["rules"]} == COUNTS


def test_profile_says_in_one_line_what_it_cannot_read(misstep: Command) -> None:
    misstep.write("kitchen.yaml", PACK)
    misstep.write("empty.jsonl", "\n")
    misstep.write("binary.json", b"\xff\x00")
    misstep.write("broken.yaml", "schema: 1\npack: broken\nkindz: {}\n")
    (misstep.folder / "empty").mkdir()
    rules = ("--rules", "kitchen.yaml")
    for arguments, message in (
        (("empty.jsonl", *rules), "empty.jsonl: there is no record in it"),
        (("binary.json", *rules), "binary.json:1:1: not UTF-8 text"),
        (("nowhere", *rules), "nowhere: no such file"),
        (("empty", *rules), "empty: is a folder; give a file"),
        (("empty.jsonl", "--rules", "empty"), "empty: there is no *.yaml file in this folder"),
        (("empty.jsonl", "--rules", "broken.yaml"), "broken.yaml:3:1: unknown key 'kindz'; did you mean 'kinds'?"),
    ):
        run = misstep.inside("profile", *arguments)
        assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
