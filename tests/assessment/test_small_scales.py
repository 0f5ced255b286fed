"""A scale needs no more than its bands. What it lacks is not asked for, has one stated value, and stands nowhere in an answer."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batch.scored import write
from tests.evaluate.naive import NaiveEngine
from tests.inline import load_text
from tests.page.reading import read

from misstep import Limits, RuleBase
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.assessment.text import to_markdown, to_text
from misstep.batch.baseline import Comparison, compare
from misstep.batch.baseline_report import comparison_text
from misstep.batch.columns import FINDINGS, read_rows
from misstep.batch.parts import Logged
from misstep.batch.report.report_page import to_html
from misstep.batch.report.summing import measure
from misstep.service.page import Page
from misstep.tools.docs.book import read_book
from misstep.tools.docs.pages import render

PACK = """\
schema: 1
pack: patches
scale:
  severity: {bands: {low: 0, medium: 4, high: 7}}
%s
roles: {mistake: {fields: {hosts: {type: integer, min: 1, max: 1000, default: 1}}}}
kinds:
  flaw:
    role: mistake
    title: Flaw
    fields: {score: {type: number, min: 0, max: 10}, used: {type: boolean, default: false}, open: {type: "boolean?"}}
  shield: {role: strength, title: Shield}
  alarm: {role: signal, title: Alarm}
rules:
  score: {when: [flaw], then: {severity: flaw.score}, because: "its score is {flaw.score}"}
  used: {when: [{fact: flaw, where: flaw.used}], then: {severity: 2, recommend: isolate}}
  shield: {when: [flaw, {exists: shield}], then: {relief: 1}}
  worst:
    when: [{fact: finding, as: f, where: "f.severity_band == 'high' and f.damage > 1"}]
    then: {recommend: {action: patch, for: f}}
  many: {when: [{count: flaw, as: n}], where: n > 2, then: {overall: 1}, because: "{n} flaws"}
%s
actions:
  isolate: {title: Isolate it, due_hours: 4, relief: {severity: 9}}
  patch: {title: Patch it, reach: repairs, channel: console}
cases:
  one: {facts: [{kind: flaw, score: 5}], expect: {band: medium, findings: {flaw: {severity: 5, severity_band: medium}}}}
"""
SECTIONS = {
    "noticed": "  noticed: {levels: {hidden: 0, seen: 0.5}}",
    "urgency": "  urgency: {levels: {slow: 0, fast: 5}}",
    "outlooks": "  outlooks: {order: [open, closed]}",
}
RULES = {
    "noticed": "  noticed: {when: [flaw, {exists: alarm}], then: {noticed: 2}}",
    "urgency": "  urgency: {when: [{fact: flaw, where: flaw.used}], then: {urgency: 6}}",
    "outlooks": "  outlooks: {when: [{fact: finding, as: f, where: f.severity > 8}], then: {outlook: closed}}",
}
WORDS = {
    "noticed": re.compile(r"notic|once seen|chance that it was seen|hidden", re.IGNORECASE),
    "urgency": re.compile(r"urgen|slow|fast", re.IGNORECASE),
    "outlooks": re.compile(r"outlook|closed", re.IGNORECASE),
}
RECORD: list[dict[str, Any]] = [{"kind": "flaw", "score": 7.5, "used": True}, {"kind": "flaw", "score": 2}, {"kind": "alarm"}]
HAVING = [tuple(s for s, has in zip(SECTIONS, each, strict=True) if has) for each in product((False, True), repeat=3)]


@cache
def base(sections: tuple[str, ...]) -> RuleBase:
    return load_text(_text(sections))


def _text(sections: tuple[str, ...]) -> str:
    return PACK % ("\n".join(map(SECTIONS.get, sections)), "\n".join(map(RULES.get, sections)))  # type: ignore[arg-type]


def read_aloud(sections: tuple[str, ...], folder: Path) -> dict[str, str]:
    """One answer at every door, and what is said about the rules themselves."""
    rules = base(sections)
    answer, scale = rules.assess(RECORD), rules.program.scale
    record = json.dumps(RECORD).encode()
    file = folder / "pack.yaml"
    file.write_text(_text(sections), encoding="utf-8")
    scores = write(folder / "scores.jsonl", [Logged(1, record, None, ())], (), rules)
    return {
        "text": to_text(answer, scale, full=True),
        "narrow text": to_text(answer, scale, width=40),
        "markdown": to_markdown(answer, scale),
        "notebook": answer._repr_html_(),
        "page": read(Page(rules).record(record).body).text,
        "report": re.sub(r"<style>.*?</style>|<[^>]*>", " ", to_html(measure([scores]), lambda *_: "<svg></svg>"), flags=re.S),
        "baseline": comparison_text(_compared(rules)),
        "scores": scores._repr_html_(),
        "docs": "\n".join(text for path, text in render(read_book([file]), {}).items() if not path.startswith("rules")),
    }


def _compared(rules: RuleBase) -> Comparison:
    return Comparison.from_json(compare([RECORD], rules, rules).to_json())


@pytest.mark.parametrize("sections", HAVING, ids="-".join)
def test_what_a_scale_lacks_stands_nowhere(sections: tuple[str, ...], tmp_path: Path) -> None:
    read_out = read_aloud(sections, tmp_path)
    for section, words in WORDS.items():
        said = {door: words.findall(text) for door, text in read_out.items() if words.search(text)}
        if section in sections:
            assert {"text", "markdown", "page", "docs"} <= said.keys()
        else:
            assert said == {}


@pytest.mark.parametrize("sections", HAVING, ids="-".join)
def test_what_a_scale_lacks_has_one_stated_value(sections: tuple[str, ...]) -> None:
    answer = base(sections).assess(RECORD)
    (row, *_) = read_rows(base(sections), RECORD, None, ["findings"]).findings or [()]
    columns = dict(zip((name for name, _ in FINDINGS), row, strict=True))
    assert (answer.outlook == "") == ("outlooks" not in sections)
    for finding in answer.findings:
        if "noticed" not in sections:
            assert (finding.noticed, finding.noticed_level, finding.damage) == (1.0, "", finding.severity)
        if "urgency" not in sections:
            assert (finding.urgency, finding.urgency_level) == (0.0, "")
        assert finding.verdict == finding.severity_band
    assert columns["noticed_level"] == answer.findings[0].noticed_level
    assert columns["urgency_level"] == answer.findings[0].urgency_level


@pytest.mark.parametrize("sections", HAVING, ids="-".join)
def test_every_tool_takes_the_rules(sections: tuple[str, ...]) -> None:
    rules = base(sections)
    answer = rules.assess(RECORD)
    program, facts = rules.program, RecordReader(rules.program, Limits()).read(RECORD)
    assert Pipeline(program, NaiveEngine(program), Limits()).assess(facts) == answer
    assert rules.assess_json(json.dumps(RECORD)) == answer.to_json()
    assert type(answer).from_json(answer.to_json()) == answer
    assert rules.counterfactuals(RECORD).changes
    assert rules.certainty(RECORD).settled in (True, False)
    agreement = rules.calibrate([{"record": RECORD, "expert": {"severity": "high", "act": "act"}}])
    assert agreement.figures.exact.value == 1.0
    assert rules.case_schema()["$defs"]["ExpertDoc"]["properties"]["noticed"]["enum"] == [
        *(("hidden", "seen") if "noticed" in sections else ()), "unknown", None,
    ]  # fmt: skip


flaws = st.fixed_dictionaries(
    {"kind": st.just("flaw"), "score": st.integers(0, 100).map(lambda tenths: tenths / 10), "used": st.booleans()}
)


@settings(max_examples=50)
@given(st.sampled_from(HAVING), st.lists(flaws, max_size=5), flaws)
def test_laws_of_scoring_hold(sections: tuple[str, ...], facts: list[dict[str, Any]], one_more: dict[str, Any]) -> None:
    rules = base(sections)
    bands = rules.program.scale.severity.words
    less, more = rules.assess(facts), rules.assess([*facts, one_more])
    assert 0 <= more.damage_after <= more.damage <= 100
    assert less.damage <= more.damage
    assert bands.index(less.band) <= bands.index(more.band)
    assert rules.assess([one_more, *reversed(facts)]).damage == more.damage
    worse = rules.assess([{**fact, "score": 10} for fact in facts])
    assert bands.index(worse.verdict) >= bands.index(less.verdict)


# -- the sections


def test_without_a_table_the_verdict_is_the_band() -> None:
    scale = base(()).program.scale
    assert scale.verdicts == scale.severity.words
    assert scale.table == (((0,),), ((1,),), ((2,),))


@pytest.mark.parametrize(
    ("sections", "table", "expected"),
    [
        ((), "{low: wait, medium: wait, high: act}", (((0,),), ((0,),), ((1,),))),
        (("urgency",), "{low: wait, medium: [wait, act], high: act}", (((0, 0),), ((0, 1),), ((1, 1),))),
        (("noticed",), "{low: wait, medium: {hidden: wait, seen: act}, high: act}", (((0,), (0,)), ((0,), (1,)), ((1,), (1,)))),
        (("noticed", "urgency"), "{low: wait, medium: {hidden: wait, seen: [wait, act]}, high: [act, act]}",
         (((0, 0), (0, 0)), ((0, 0), (0, 1)), ((1, 1), (1, 1)))),
    ],
)  # fmt: skip
def test_a_verdict_holds_for_all_that_stands_beside_it(sections: tuple[str, ...], table: str, expected: object) -> None:
    verdicts = f"  verdicts: {{order: [wait, act], table: {table}}}"
    rules = load_text(PACK % ("\n".join([*(SECTIONS[s] for s in sections), verdicts]), ""))
    assert rules.program.scale.table == expected


def test_without_weights_every_severity_counts_in_full() -> None:
    assert base(("noticed",)).program.scale.overall_weights == (1.0, 1.0)


def test_without_a_plan_all_that_is_recommended_is_in_it_and_repairs_in_full() -> None:
    answer = base(()).assess([{"kind": "flaw", "score": 8, "used": True}])
    assert [action.action for action in answer.actions] == ["isolate", "patch"]
    assert answer.damage_after < answer.damage
    limited = load_text(PACK % ("  plan: {max_actions: 1}", ""))
    assert [action.action for action in limited.assess([{"kind": "flaw", "score": 8, "used": True}]).actions] == ["patch"]
    assert limited.program.scale.max_relief == 1


def test_a_pack_without_a_scale_has_the_shipped_one() -> None:
    assert load_text("schema: 1\npack: p\nkinds: {gap: {role: mistake, title: Gap}}\n").program.scale.has_outlooks


def test_without_steps_the_headline_is_the_verdict() -> None:
    verdicts = "  verdicts: {order: [next_cycle, act], table: {low: next_cycle, medium: next_cycle, high: act}}"
    rules = load_text(PACK % (verdicts, ""))
    assert rules.assess([{"kind": "flaw", "score": 1}]).headline == "Next cycle."
    assert rules.assess([{"kind": "flaw", "score": 8}]).headline == "Patch it, in your own time."
