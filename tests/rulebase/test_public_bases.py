"""Rule bases of other fields: each is checked, its cases hold, the engines agree on it, and it speaks of its own field alone.

Three of them are after public rule sets. They give what the originals give, which is stated here once more, and are shorter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.assessment.test_terms import OF_INTERVIEWS
from tests.evaluate.naive import NaiveEngine
from tests.inline import rules_named_in_cases
from tests.page.reading import read

from misstep import Assessment, Limits, RuleBase
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.assessment.text import to_markdown, to_text
from misstep.rulebase.link import load_program
from misstep.service.page import Page
from misstep.tools.lints.lint_table import find_told
from misstep.tools.ruletest import run_cases
from misstep.tools.sample import sample_records

pytestmark = pytest.mark.once  # nothing here depends on the version of Python

FIXTURES = Path(__file__).parents[2] / "fixtures"
BASES = sorted(folder.name for folder in FIXTURES.iterdir() if (folder / "rules").is_dir())


class Original(NamedTuple):
    """What a rule base is after, and how many lines that has which are neither blank nor comment."""

    lines: int
    source: str
    part: str


ORIGINALS = {
    "container-hardening": Original(
        217, "https://github.com/controlplaneio/kubesec/blob/054d751/pkg/ruler/ruleset.go", "the function NewRuleset"
    ),
    "early-warning": Original(
        360,
        "https://github.com/gdl-lang/common-clinical-models/blob/552b8e0/gdl2/PEWS2_for0to3months.v1.gdl2",
        "`definition`: bindings, conditions and rules, without description and terms",
    ),
    "traffic-fines": Original(
        155,
        "https://github.com/kostola/kogito-examples/blob/0ba4cd1/dmn-quarkus-example/src/main/resources/Traffic%20Violation.dmn",
        "all but the diagram, dmndi:DMNDI",
    ),
}


def load(name: str) -> RuleBase:
    return RuleBase.load(FIXTURES / name / "rules")


@pytest.mark.parametrize("name", BASES)
def test_a_base_is_checked_without_remarks_and_its_cases_hold(name: str) -> None:
    folder = FIXTURES / name / "rules"
    assert find_told(*load_program([folder], Limits())) == []
    outcomes = run_cases([folder]).outcomes
    assert [(outcome.name, outcome.failures) for outcome in outcomes if not outcome.passed] == []
    assert outcomes


@pytest.mark.parametrize("name", ORIGINALS)
def test_every_row_of_a_table_has_a_case_that_takes_it_and_one_that_does_not(name: str) -> None:
    program, merged = load_program([FIXTURES / name / "rules"], Limits())
    rows = {rule for rule in program.rules if rule.rpartition(".")[2].isdigit()}
    assert rows
    assert rows & {*run_cases([FIXTURES / name / "rules"]).never_fired} == set()
    assert rows <= rules_named_in_cases(merged, "fires") & rules_named_in_cases(merged, "quiet")


@pytest.mark.parametrize("name", BASES)
def test_the_compiled_rules_conclude_what_the_oracle_does(name: str) -> None:
    base = load(name)
    oracle = Pipeline(base.program, NaiveEngine(base.program), Limits())
    reader = RecordReader(base.program, Limits())
    for record in sample_records(base, 12, seed=5):
        assert oracle.assess(reader.read(record)).to_json() == base.assess(record).to_json()


@pytest.mark.needs("durable")
@pytest.mark.parametrize("name", BASES)
def test_both_engines_agree(name: str) -> None:
    base = load(name)
    for record in sample_records(base, 25, seed=6):
        assert base.assess(record, "durable") == base.assess(record)


@pytest.mark.parametrize("name", ORIGINALS)
def test_a_base_is_shorter_than_its_original(name: str) -> None:
    files = [file for file in (FIXTURES / name / "rules").iterdir() if file.name != "cases.yaml"]
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    own, original = len([line for line in lines if line and not line.startswith("#")]), ORIGINALS[name].lines
    assert own < original
    document = (FIXTURES.parent / "docs" / "rule-bases.md").read_text(encoding="utf-8")
    assert re.search(rf"(?m)^\| `{name}` \|.*\| {own} \| {original} \|$", document)


@pytest.mark.parametrize("name", BASES)
def test_no_word_of_interviews_is_said(name: str) -> None:
    base = load(name)
    scale, page = base.program.scale, Page(base)
    for record in sample_records(base, 4, seed=7):
        answer = base.assess(record)
        shown = read(page.record(json.dumps(record).encode()).body).text
        for text in (to_text(answer, scale, full=True), to_markdown(answer, scale), shown):
            assert OF_INTERVIEWS.findall(text) == []


# -- what the originals give


def amounts(answer: Assessment) -> list[tuple[Any, Any]]:
    return [(fact.values["amount"], fact.values["points"]) for fact in answer.derived if fact.kind == "fine"]


@pytest.mark.parametrize("points", [0, 13, 14, 15, 16, 17, 19, 20])
def test_fines_and_suspensions_are_those_of_the_decision_model(points: int) -> None:
    base = load("traffic-fines")
    for type_, over in product(("speed", "parking", "driving_under_the_influence"), (-5, 0, 9.9, 10, 29.9, 30, 80)):
        answer = base.assess(
            [{"kind": "driver", "points": points}, {"kind": "violation", "type": type_, "limit": 50, "speed": 50 + over}]
        )
        fine = {"parking": (100, 1), "driving_under_the_influence": (1000, 5)}.get(type_)
        if type_ == "speed" and over >= 10:
            fine = (500, 3) if over < 30 else (1000, 7)
        assert amounts(answer) == ([fine] if fine else [])
        assert answer.outlook == ("suspended" if fine and points + fine[1] >= 20 else "licensed")


def points_of_range(value: int, normal: tuple[int, int], *upper: int) -> int:
    """0 within the normal range, 3 below it, and one more for each upper end that is passed."""
    return 3 if value < normal[0] else sum(value > end for end in (normal[1], *upper))


Measures = dict[str, dict[Any, int]]

RESPIRATION: Measures = {
    "breaths": {n: points_of_range(n, (25, 55), 64, 75) for n in (24, 25, 55, 56, 64, 65, 75, 76)},
    "apnoea": {False: 0, True: 3},
    "effort": {"normal": 0, "slight": 1, "moderate": 2, "vigorous": 3},
    "saturation": {100: 0, 96: 0, 95: 1, 94: 1, 93: 2, 92: 2, 91: 3, 0: 3},
    "oxygen": {False: 0, True: 2},
}
CIRCULATION: Measures = {
    "pulse": {n: points_of_range(n, (105, 165), 179, 190) for n in (104, 105, 165, 166, 179, 180, 190, 191)},
    "refill": {0: 0, 2.9: 0, 3: 3},
    "colour": {"normal": 0, "pale": 1, "grey_or_blue": 3},
}
NEUROLOGY: Measures = {
    "consciousness": {"alert": 0, "confusion": 3, "voice": 3, "pain": 3, "unresponsive": 3},
    "tone": {"normal": 0, "reduced": 3, "cramps": 3},
    "behaviour": {"normal": 0, "less_active": 1, "restless": 3, "irritable": 3, "lethargic": 3},
}


def measured(criterion: Measures) -> Iterator[tuple[dict[str, Any], int]]:
    """Every choice of values, and the greatest of their points."""
    for values in product(*criterion.values()):
        chosen = dict(zip(criterion, values, strict=True))
        yield chosen, max(criterion[name][value] for name, value in chosen.items())


def score(base: RuleBase, *measures: dict[str, Any]) -> tuple[float, str]:
    fact = {"kind": "infant", "months": 1} | {name: value for some in measures for name, value in some.items()}
    answer = base.assess([fact])
    return answer.findings[0].severity, answer.outlook


@pytest.mark.parametrize("criterion", [RESPIRATION, CIRCULATION, NEUROLOGY], ids=["respiration", "circulation", "neurology"])
def test_a_criterion_has_the_greatest_points_of_its_measures(criterion: Measures) -> None:
    base = load("early-warning")
    for values, points in measured(criterion):
        assert score(base, values) == (points, "incomplete"), values
        for name in values:
            assert score(base, {n: v for n, v in values.items() if n != name}) == (0, "incomplete")


def test_the_score_is_the_sum_of_the_criteria() -> None:
    base = load("early-warning")
    some: list[dict[int, dict[str, Any]]] = [
        {points: values for values, points in measured(criterion)} for criterion in (RESPIRATION, CIRCULATION, NEUROLOGY)
    ]
    for first, second, third in product(*some):
        assert score(base, some[0][first], some[1][second], some[2][third]) == (first + second + third, "complete")


Fact = dict[str, Any]


def kubesec(workload: Fact, containers: list[Fact], volumes: list[Fact], claims: list[Fact]) -> int:
    """The sum of the points of all rules that a workload meets."""
    lasting = [fact for fact in containers if not fact.get("init")]
    drops = [fact.get("drops", "") for fact in containers]
    points: dict[int, list[Any]] = {
        -30: [
            any(fact.get("privileged") for fact in containers),
            any("SYS_ADMIN" in fact.get("adds", "") for fact in containers),
        ],
        -9: [
            *(workload.get(name) for name in ("host_network", "host_pid", "host_ipc")),
            any("/var/run/docker.sock" in fact.get("host_path", "") for fact in volumes),
        ],
        -7: [any(fact.get("escalation") for fact in containers)],
        -3: [workload.get("host_aliases")],
        -1: [workload.get("seccomp") == "unconfined"],
        3: ["service_account" in workload, workload.get("apparmor") == "profile"],
        1: [
            workload.get("seccomp") == "profile",
            *(any(fact.get(name) for fact in containers) for name in ("read_only_root", "run_as_non_root")),
            any(fact.get("run_as_user", 0) > 10000 for fact in containers),
            any(drops),
            any("ALL" in text.upper() for text in drops),
            *(any(f"{what}_{of}" in fact for fact in lasting) for what, of in product(("requests", "limits"), ("cpu", "memory"))),
            *(
                workload["type"] == "stateful_set" and met
                for met in (any("once" in fact.get("modes", ()) for fact in claims), any("storage" in fact for fact in claims))
            ),
        ],
    }
    return sum(each for each, rules in points.items() for met in rules if met)


def test_the_score_of_a_workload_is_that_of_kubesec() -> None:
    base = load("container-hardening")
    scores = set()
    for record in sample_records(base, 400, seed=8):
        facts = record["facts"]
        workloads = [fact for fact in facts if fact["kind"] == "workload"]
        if len(workloads) == 1:
            others = ([fact for fact in facts if fact["kind"] == kind] for kind in ("container", "volume", "volume_claim"))
            wanted = kubesec(workloads[0], *others)
            answer = base.assess(record)
            assert (answer.notes, answer.band) == ((f"Score: {wanted}",), "failed" if wanted < 0 else "passed"), record
            scores.add(wanted)
    assert min(scores) < 0 < max(scores)
    assert len(scores) > 10


def test_advice_of_three_points_comes_before_that_of_one() -> None:
    steps = load("container-hardening").assess([{"kind": "workload", "type": "pod"}, {"kind": "container"}]).steps
    assert [step.occasion for step in steps] == ["three_points", "one_point"]
    assert [action.action for action in steps[0].actions] == ["apparmor", "service_account"]
    assert len(steps[1].actions) == 10
