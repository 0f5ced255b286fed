"""``misstep evidence``: every number with what its sources say, and what is amiss with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.end_to_end.command import Command
from tests.inline import linked_shipped

from misstep import Limits
from misstep.rulebase.link import load_program
from misstep.tools.docs.book import read_book
from misstep.tools.docs.pages import render
from misstep.tools.rule_evidence import STANDINGS, EvidenceReport, find_evidence

PACK = """\
schema: 1
pack: bakery
scale: {severity: {bands: {low: 0, high: 5}}}
kinds:
  burnt: {role: mistake, title: Burnt, fields: {loaves: {type: integer, min: 1, default: 3}, word: {type: text, default: a1}}}
  late: {role: mistake, title: Late}
sources:
  poll: {title: A poll, kind: survey, year: 2020, place: US, sample: 1200, figure: 60 % mind, statements: [
    {of: burnt, says: minded, share: 60}, {of: burnt, says: never come back, share: 5}, {of: late, says: minded, share: 20}]}
  other: {title: Another poll, kind: study, statements: [{of: burnt, says: minded, share: 29}]}
  near: {title: A third poll, kind: survey, statements: [{of: burnt, says: minded, share: 31}]}
  baker: {title: A baker, kind: expert, figure: it is bad, statements: [{of: late, says: it is rude}]}
  practice: {title: Ours, kind: practice}
  idle: {title: Idle, kind: survey}
  kept: {title: Kept, kind: survey, waive: {idle-source: for later}}
rules:
  apart:
    because: "2"
    when: [{fact: burnt, where: loaves > 10}]
    then: {severity: "curve(burnt.loaves, (1, 1), (9, 5))"}
    sources: [poll, other]
  close: {when: [burnt], then: {severity: 1}, because: burnt, sources: [poll, near, practice]}
  expert: {when: [late], then: {severity: 2}, because: late, sources: [baker, practice]}
  ours: {when: [{fact: burnt, where: "word == '12'"}], then: {note: "1 of 2"}, sources: [practice]}
  bare: {when: [burnt], unless: [{fact: late, where: id != 'x1'}], then: {severity: {for: burnt, add: -1.5}}, because: bare}
"""
TABLE = """\
schema: 1
pack: tables
constants: {many: 12, rare: {expression: many / 6}, word: many}
scale: {severity: {bands: {low: 0, high: 5}}}
kinds:
  burnt: {role: mistake, title: Burnt, fields: {loaves: {type: integer, min: 1}, how: {type: enum, values: [a1, b]}}}
tables:
  loaves:
    when: [burnt]
    inputs: [burnt.loaves, burnt.how]
    outputs: [points]
    rows: [[< 5, -, 1], ["5..9", a1, rare], [">= 5", b, "-1"], ["> 9", a1, burnt.loaves]]
    then: {severity: "{points}"}
    because: burnt
rules:
  lots: {when: [{fact: burnt, where: loaves > many}], then: {severity: 1}, because: lots}
  none: {when: [{fact: burnt, where: how == 'b'}], then: {severity: burnt.loaves}, because: "12"}
"""


@pytest.fixture
def report(tmp_path: Path) -> EvidenceReport:
    file = tmp_path / "bakery.yaml"
    file.write_text(PACK, encoding="utf-8")
    return find_evidence(*load_program([file], Limits()))


def test_the_standing_of_a_rule_is_that_of_its_best_source(report: EvidenceReport) -> None:
    assert {each.rule: each.standing for each in report.rules} == {
        "apart": "surveyed",
        "close": "surveyed",
        "expert": "judged",
        "ours": "practice",
        "bare": "unsourced",
    }
    assert report.shares == {"surveyed": (2, 3), "judged": (1, 1), "practice": (1, 0), "unsourced": (1, 1)}


def test_numbers_are_those_of_conditions_and_effects_as_written(report: EvidenceReport) -> None:
    assert {each.rule: [tuple(number) for number in each.numbers] for each in report.rules} == {
        "apart": [("when.where", "loaves > 10"), ("then.severity", "curve(burnt.loaves, (1, 1), (9, 5))")],
        "close": [("then.severity", "1")],
        "expert": [("then.severity", "2")],
        "ours": [],
        "bare": [("then.severity.add", "-1.5")],
    }


def test_cells_and_constants_are_numbers_too(tmp_path: Path) -> None:
    file = tmp_path / "tables.yaml"
    file.write_text(TABLE, encoding="utf-8")
    report = find_evidence(*load_program([file], Limits()))
    assert {each.rule: [f"{place}: {text}" for place, text in each.numbers] for each in report.rules} == {
        "loaves.1": ["then.severity: 1", "cell loaves: < 5"],
        "loaves.2": ["then.severity: rare", "cell loaves: 5..9"],
        "loaves.3": ["then.severity: -1", "cell loaves: >= 5"],
        "loaves.4": ["cell loaves: > 9"],
        "lots": ["when.where: loaves > many", "then.severity: 1"],
        "none": [],
    }


def test_what_is_amiss_is_found(report: EvidenceReport) -> None:
    assert report.unused == {"idle": "", "kept": "for later"}
    assert [(each.source, each.kind, each.says) for each in report.unencoded] == [("poll", "late", "minded")]
    (disagreement,) = report.disagreements  # 60 % and 31 % are usual between polls
    assert (disagreement[0], disagreement[1].share, disagreement[2].share) == ("apart", 29, 60)


def test_evidence_is_printed(misstep: Command) -> None:
    misstep.write("bakery.yaml", PACK)
    run = misstep.inside("evidence", "bakery.yaml")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith(
        "5 rules with 5 numbers and formulas\n  surveyed      2 rules  40%      3 numbers  60%  A survey or "
    )
    for lines in (
        "3 rules with 4 numbers rest on what a source says of their own kind\n",
        "\nNumbers with no source: 1\n  bare: then.severity.add: -1.5\n",
        "\nSources that nothing rests on: 2\n  idle (survey)\n  kept (survey): for later\n",
        "\nStatements that no rule encodes: 1\n  poll (survey, US, 1,200 people, 2020) on late: minded: 20 %\n",
        "\nRules whose sources disagree: 1\n  apart: burnt, minded: 29 % (other), 60 % (poll)\n",
        "\n  expert: judged\n    then.severity: 2\n    - baker (expert): it is bad\n    - practice (practice): Ours\n",
        "    - baker (expert) on late: it is rude\n",
    ):
        assert lines in run.out
    data = json.loads(misstep.inside("evidence", "bakery.yaml", "-o", "json").out)
    assert data["shares"]["surveyed"] == {"rules": 2, "numbers": 3}
    assert data["rules"][0]["disagree"][1]["share"] == 60
    assert data["sources"]["poll"]["sample"] == 1200
    assert data["unused_sources"] == [{"source": "idle", "waived": ""}, {"source": "kept", "waived": "for later"}]


def test_evidence_says_in_one_line_what_it_cannot_read(misstep: Command) -> None:
    misstep.write("binary.yaml", b"\xff\x00")
    misstep.write("broken.yaml", PACK.replace("{of: late, says: it", "{of: lade, says: it"))
    (misstep.folder / "empty").mkdir()
    for path, message in (
        ("empty", "empty: there is no *.yaml file in this folder"),
        ("binary.yaml", "binary.yaml:1:1: not UTF-8 text"),
        ("broken.yaml", "broken.yaml:12:78: unknown kind 'lade'; did you mean 'late'?"),
    ):
        run = misstep.inside("evidence", path)
        assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")


def test_the_pages_say_it(tmp_path: Path) -> None:
    file = tmp_path / "bakery.yaml"
    file.write_text(PACK, encoding="utf-8")
    pages = render(read_book([file]), {})
    assert "## It rests on\n\nThis is practice: nothing published is behind it.\n\n- [Ours]" in pages["rules/ours.md"]
    assert "## It rests on\n\nIt names no source.\n\n## A case" in pages["rules/bare.md"]
    assert "1,200 people asked, US.\n" in pages["sources/poll.md"]
    assert "- [Burnt](../kinds/burnt.md): minded: 60 %\n" in pages["sources/poll.md"]


def test_no_shipped_rule_is_without_a_source_and_none_claims_more_than_it_has() -> None:
    report = find_evidence(*linked_shipped())
    assert report.shares["unsourced"] == (0, 0)
    assert all(rules for standing, (rules, _) in report.shares.items() if standing != "unsourced")
    assert all(report.unused.values())
    assert [each.rule for each in report.rules if each.standing not in STANDINGS] == []
    assert report.disagreements == []
