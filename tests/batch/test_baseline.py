"""What has changed from one rule base to another: against a plain computation, by laws, and case by case."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from tests.conftest import Golden
from tests.evaluate.packs import layers
from tests.inline import load_text

from misstep import Assessment, RecordError, RuleBase
from misstep.batch.baseline import EXAMPLES, Comparison, compare, responsible_of
from misstep.batch.baseline_report import comparison_markdown, comparison_text
from misstep.batch.columns import rows_or_error
from misstep.tools.sample import sample_records

FIXTURES = Path(__file__).parents[2] / "fixtures"
EXPECTED = FIXTURES / "expected" / "baseline"
EVIL = "\x1b[31m[bold]x[/bold] <b>|`*_"


@cache
def acme() -> RuleBase:
    return RuleBase.load(FIXTURES / "packs" / "acme")


@cache
def log() -> list[dict[str, Any]]:
    """Interviews of which many go another way with ACME's rules, which do not mind ten minutes."""
    late = [r for r in sample_records(RuleBase.shipped(), 6000) if any(f["kind"] == "late_arrival" for f in r["facts"])]
    return late[:300] + list(sample_records(acme(), 100, seed=2))


# -- against a plain computation


def answers(assessment: Assessment) -> dict[str, str | None]:
    first = assessment.actions[0].action if assessment.actions else None
    return {"band": assessment.band, "verdict": assessment.verdict, "first_action": first, "outlook": assessment.outlook}


def test_counts_are_those_of_a_plain_computation() -> None:
    changes: Counter[str] = Counter()
    matrix: Counter[tuple[str, str]] = Counter()
    total = compared = only_acme = changed = 0
    for record in log():
        after = acme().assess(record)
        try:
            before = RuleBase.shipped().assess(record)
        except RecordError:
            only_acme += 1
            continue
        compared += 1
        matrix[before.band, after.band] += 1
        total += round(after.damage * 10) - round(before.damage * 10)
        differing = [what for what, word in answers(before).items() if answers(after)[what] != word]
        changes.update(differing + ["damage"] * (before.damage != after.damage))
        changed += bool(differing)
    got = compare(log(), acme(), RuleBase.shipped())
    assert min(only_acme, changed, *changes.values()) > 3
    assert (got.compared, got.only_baseline, got.only_rules, got.neither) == (compared, 0, only_acme, 0)
    assert (got.changed, got.changes, got.damage_change) == (changed, changes, total)
    assert got.mean_damage_change == total / 10 / compared
    bands = got.rules.bands
    assert got.matrix == [[matrix[before, after] for after in bands] for before in bands]


def reasons(assessment: Assessment, finding: str) -> Counter[tuple[str, str]]:
    """What every rule gave to a finding, in thousandths."""
    given: Counter[tuple[str, str]] = Counter()
    for found in assessment.findings:
        for reason in found.because if found.fact == finding else ():
            given[reason.rule, reason.dimension] += round(reason.amount * 1000)
    return given


def test_rules_responsible_for_verdicts_are_those_of_a_plain_computation() -> None:
    seen = 0
    for record in log():
        got = compare([record], acme(), RuleBase.shipped())
        if set(got.changes) - {"damage"} != {"verdict"}:
            continue
        seen += 1
        before, after = RuleBase.shipped().assess(record), acme().assess(record)
        worst = {f.fact for a in (before, after) for f in a.findings if f.verdict == a.findings[0].verdict}
        rules = set()
        for finding in worst:
            one, other = reasons(before, finding), reasons(after, finding)
            rules |= {key[0] for key in one.keys() | other.keys() if one[key] != other[key]}
        if UNABLE in (before.verdict, after.verdict):  # then those that advise on steps towards the employer have a part in it
            assert rules <= got.responsible.keys()
        else:
            assert got.responsible == Counter(rules)
    assert seen


def test_examples_are_the_largest_changes_of_damage() -> None:
    got = compare(log(), acme(), RuleBase.shipped(), "log.jsonl")
    sizes = []
    for row, record in enumerate(log(), start=1):
        one = compare([record], acme(), RuleBase.shipped())
        sizes += [(-abs(example.damage_change), row) for example in one.examples]
    assert [(-abs(e.damage_change), e.row) for e in got.examples] == sorted(sizes)[:EXAMPLES]
    first = got.examples[0]
    assert (first.file, first.id) == ("log.jsonl", log()[first.row - 1]["id"])
    assert first.before.damage / 10 == RuleBase.shipped().assess(log()[first.row - 1]).damage
    assert first.after.damage / 10 == acme().assess(log()[first.row - 1]).damage
    assert "late-arrival" in first.rules


# -- laws


def assert_nothing_changed(comparison: Comparison) -> None:
    assert (comparison.changed, +comparison.changes, comparison.damage_change) == (0, Counter(), 0)
    assert (comparison.responsible, comparison.unexplained, comparison.examples) == (Counter(), 0, [])
    assert sum(comparison.matrix[i][i] for i in range(len(comparison.matrix))) == comparison.compared


def assert_mirrored(one: Comparison, other: Comparison) -> None:
    assert other.matrix == [list(column) for column in zip(*one.matrix, strict=True)]
    assert other.damage_change == -one.damage_change
    assert (other.only_baseline, other.only_rules, other.neither) == (one.only_rules, one.only_baseline, one.neither)
    assert (other.changes, other.responsible, other.unexplained) == (one.changes, one.responsible, one.unexplained)
    assert [(e.row, e.before, e.after, e.rules) for e in other.examples] == [
        (e.row, e.after, e.before, e.rules) for e in one.examples
    ]


def test_of_a_rule_base_and_itself_nothing_has_changed() -> None:
    got = compare(log(), acme(), acme())
    assert got.compared == len(log())
    assert_nothing_changed(got)


def test_the_other_way_round_everything_is_mirrored() -> None:
    assert_mirrored(compare(log(), acme(), RuleBase.shipped()), compare(log(), RuleBase.shipped(), acme()))


def test_parts_in_any_order_come_to_the_same() -> None:
    rules, baseline = acme(), RuleBase.shipped()
    whole = compare(log(), rules, baseline)
    parts = []
    for rows in (range(50), range(50, 51), range(51, 51), range(51, len(log()))):
        part = Comparison.between(baseline, rules)
        for row in rows:
            record = orjson.dumps(log()[row])
            before, after = rows_or_error(baseline, record), rows_or_error(rules, record)
            part.add(before, after, "", row + 1, responsible_of(baseline, rules, record))
        parts.append(orjson.dumps(part.to_json()))
    for order in itertools.permutations(parts):
        merged = Comparison.between(baseline, rules)
        for kept in order:
            merged.merge(Comparison.from_json(orjson.loads(kept)))
        assert merged == whole
        assert orjson.dumps(merged.to_json()) == orjson.dumps(whole.to_json())


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=layers())
def test_laws_hold_for_any_rules(texts: list[str]) -> None:
    baseline, rules = load_text(texts[0]), load_text(*texts)
    records = list(sample_records(baseline, 15))
    one = compare(records, rules, baseline)
    assert_mirrored(one, compare(records, baseline, rules))
    assert_nothing_changed(compare(records, rules, rules))
    assert Comparison.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert set(one.responsible) <= baseline.rules.keys() | rules.rules.keys()
    assert sum(one.responsible.values()) + one.unexplained >= one.changed


# -- rules that are responsible

PACK = """\
schema: 1
pack: p
extends: misstep
kinds:
  sneeze: {role: mistake, title: Sneezed, concern: manners, fields: {loud: {type: boolean, default: false}}}
rules:
  sneeze: {when: [sneeze], then: {severity: 3, noticed: 3}, because: heard}
  nothing: {when: [sneeze], then: {severity: 0}, because: nothing}
  smile: {when: [{fact: finding, of: sneeze, as: f}], then: {recommend: {action: smile, for: f}}, because: it helps}
actions:
  smile: {title: Smile, reach: repairs, occasion: now, due_hours: 1, relief: {severity: 2}}
"""
RECORD = [{"kind": "sneeze"}]
UNABLE = RuleBase.shipped().program.scale.unable
OUTWARD = ", ".join(["smile", *(name for name, action in RuleBase.shipped().actions.items() if action.reach != "private")])


def changed_by(addition: str, record: Any = RECORD, before: str = PACK) -> tuple[set[str], set[str]]:
    """What has changed with a pack on top, and because of which rules."""
    got = compare([record], load_text(before, f"schema: 1\npack: q\n{addition}"), load_text(before))
    return set(got.changes) - {"damage"} if got.changed else set(), set(got.responsible)


def test_a_rule_that_is_new_gone_or_gives_another_amount() -> None:
    more = "rules: {more: {when: [sneeze], then: {severity: 4, urgency: 6}, because: more}}"
    other = "rules: {sneeze: {replace: true, when: [sneeze], then: {severity: 7, urgency: 6, noticed: 3}, because: heard}}"
    for addition, rule in ((more, "more"), (other, "sneeze"), ("disable: [sneeze]", "sneeze")):
        changed, rules = changed_by(addition)
        assert {"band", "verdict"} <= changed
        assert rule in rules
        assert "nothing" not in rules


def test_a_rule_that_gives_nought_is_as_good_as_gone() -> None:
    assert changed_by("disable: [nothing]") == (set(), set())


def test_a_rule_about_the_interview_as_a_whole() -> None:
    changed, rules = changed_by("rules: {all: {when: [sneeze], then: {overall: 5}, because: all of it}}")
    assert "band" in changed
    assert rules == {"all"}


def test_a_veto_and_a_recommendation() -> None:
    veto = "rules: {no-smile: {when: [sneeze], then: {veto: smile}, because: not now}}"
    advice = (
        "rules: {bow: {when: [{fact: finding, of: sneeze, as: f}], then: {recommend: {action: bow, for: f}}, because: better}}"
    )
    bow = "\nactions: {bow: {title: Bow, reach: repairs, occasion: now, due_hours: 0.5, relief: {severity: 3}}}"
    assert changed_by(veto) == ({"first_action"}, {"no-smile"})
    assert changed_by(advice + bow) == ({"first_action"}, {"bow"})


def test_what_leaves_nothing_to_send() -> None:
    """Where something is called for and no step is left, what took the steps away is responsible for the verdict."""
    worse = PACK.replace("severity: 3,", "severity: 9, urgency: 9,")
    after = load_text(
        worse, "schema: 1\npack: q\nrules: {none: {when: [sneeze], then: {veto: [" + OUTWARD + "]}, because: not now}}"
    )
    got = compare([RECORD], after, load_text(worse))
    assert after.assess(RECORD).verdict == UNABLE != load_text(worse).assess(RECORD).verdict
    assert "verdict" in got.changes
    assert "none" in got.responsible


def test_an_outlook_and_what_scored_the_finding_that_it_rests_on() -> None:
    doubt = (
        "doubt: {when: [{fact: finding, of: sneeze, as: f, where: f.severity > 2.6}], then: {outlook: narrow}, because: doubt}"
    )
    before = PACK.replace("actions:", f"  {doubt}\nactions:").replace("severity: 3,", "severity: 2.5,")
    changed, rules = changed_by("rules: {bit: {when: [sneeze], then: {severity: 0.25}, because: a bit}}", before=before)
    assert changed == {"outlook"}
    assert rules == {"doubt", "bit"}


def incidents(old: str = "", new: str = "", *more: str) -> RuleBase:
    """The incidents' rules, with one text in place of another."""
    folder = FIXTURES / "incidents" / "rules"
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("scale.yaml", "triage.yaml")]
    assert any(old in text for text in texts)
    return load_text(*(text.replace(old, new) if old else text for text in texts), *more)


def test_where_only_the_scale_differs_no_rule_is_responsible() -> None:
    record = [{"kind": "outage", "minutes": 30}]
    got = compare([record], incidents("broken: 5, cat", "broken: 7, cat"), incidents())
    assert (got.changed, got.unexplained, got.responsible) == (1, 1, Counter())
    assert got.examples[0].rules == ()


def test_bands_of_other_words_are_other_bands() -> None:
    got = compare([[]] * 3, RuleBase.shipped(), incidents())
    assert got.matrix == [[3, 0, 0, 0, 0], [0] * 5, [0] * 5, [0] * 5]
    assert got.changes["band"] == 3
    assert "trivial" in comparison_text(got)
    assert "A harsher band" not in comparison_text(got)


# -- what cannot be read


def test_records_that_not_both_can_read_are_counted_by_who_can() -> None:
    ours, theirs, none = [{"kind": "sneeze"}], [{"kind": "outage"}], [{"kind": "?"}]
    got = compare([ours, ours, theirs, [], none, "{", b"\xff"], load_text(PACK), incidents())
    assert (got.only_rules, got.only_baseline, got.compared, got.neither) == (2, 1, 1, 3)


# -- what is said

OTHER = """\
schema: 1
pack: night-shift
rules:
  outage.minutes:
    replace: true
    when: [outage]
    then: {severity: "curve(outage.minutes, (0, 1), (60, 4))", noticed: 3, urgency: 4}
    because: "{outage.minutes} minutes without an answer"
  mild-at-night:
    when: [mistake, {fact: on_call, where: on_call.hours == 'night'}]
    then: {severity: {for: mistake, add: -0.5}}
    because: few are awake
disable: [post-mortem]
"""


@cache
def compared() -> Comparison:
    baseline, rules = incidents(), incidents("", "", OTHER)
    records: list[Any] = [*sample_records(baseline, 1200), [{"kind": "?"}]]
    return compare(records, rules, baseline, "log.jsonl")


def test_what_is_said_is_as_on_file(golden: Golden) -> None:
    golden(EXPECTED / "incidents.txt", comparison_text(compared()))
    golden(EXPECTED / "incidents.md", comparison_markdown(compared()))


def test_nothing_more_is_said_than_there_is() -> None:
    nothing = comparison_text(Comparison.between(incidents(), incidents()))
    assert nothing.startswith("incidents 0.3.0 against the baseline incidents 0.3.0\n0 incidents compared.\n\nBaseline: ")
    same = comparison_text(compare([[]], incidents(), incidents()))
    assert "1 incident compared; band, verdict, first action or outlook of none of them changed.\n" in same
    assert "Left out" not in same
    assert "Examples" not in same
    left = comparison_text(compare([[{"kind": "?"}]], incidents(), incidents()))
    assert "0 incidents compared.\nLeft out, as they could be read with neither: 1.\n" in left


def test_only_the_first_of_many_rules_are_told() -> None:
    many = Comparison.from_json(
        {**compared().to_json(), "responsible": {f"r{n:02}": 100 - n for n in range(23)}, "unexplained": 4}
    )
    text = comparison_text(many)
    assert "  r19 " in text
    assert "  r20 " not in text
    assert "  and 3 more rules" in text
    assert "  no rule, but the scale or an action " in text


@pytest.mark.parametrize("color", [False, True])
def test_nothing_of_an_interview_is_obeyed(color: bool) -> None:
    told = compare(
        [{"id": EVIL, "facts": RECORD}], load_text(PACK), load_text(PACK, "schema: 1\npack: q\ndisable: [sneeze]"), EVIL
    )
    text = comparison_text(told, color=color)
    assert "\x1b[31m" not in text
    assert "\\x1b[31m[bold]x[/bold] <b>|`*_" in text
    assert ("\x1b[1m" in text) is color
    markdown = comparison_markdown(told)
    assert "\x1b" not in markdown
    assert "<b>" not in markdown


@pytest.mark.parametrize("width", [60, 100])
def test_lines_keep_to_the_width(width: int) -> None:
    assert max(map(len, comparison_text(compared(), width).splitlines())) <= width
