"""Real interviews, a rule base of another domain and a pack of one's own: each whole assessment is on file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conftest import Golden
from tests.end_to_end.command import FIXTURES, INCIDENTS, INTERVIEWS, Command
from tests.inline import rules_named_in_cases

from misstep import Assessment, Limits, RuleBase
from misstep.assessment.text import to_markdown, to_text
from misstep.rulebase.documents import read_json, read_yaml
from misstep.rulebase.load import load_packs
from misstep.tools.ruletest import run_cases

EXPECTED = FIXTURES / "expected"
SOURCES = INTERVIEWS / "SOURCES.yaml"
FILES = sorted(file for file in INTERVIEWS.iterdir() if file != SOURCES)
INCIDENT = INCIDENTS / "checkout-down.json"
ACME = FIXTURES / "packs" / "acme"
PATCH_PRIORITY = FIXTURES / "patch-priority" / "rules"


def record(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    return (read_json if file.suffix == ".json" else read_yaml)(text, file.name).data


def pretty(assessment: Assessment) -> str:
    return json.dumps(json.loads(assessment.to_json()), ensure_ascii=False, indent=1) + "\n"


@pytest.fixture(scope="module")
def incidents() -> RuleBase:
    return RuleBase.load(INCIDENTS / "rules")


@pytest.fixture(scope="module")
def acme() -> RuleBase:
    return RuleBase.load(ACME)


# -- golden files


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_interview_is_assessed_as_on_file(file: Path, golden: Golden) -> None:
    golden(EXPECTED / f"{file.stem}.json", pretty(RuleBase.shipped().assess(record(file))))


def test_seed_reads_as_on_file(golden: Golden) -> None:
    rulebase = RuleBase.shipped()
    assessment, scale = rulebase.assess(record(INTERVIEWS / "seed.json")), rulebase.program.scale
    golden(EXPECTED / "seed.txt", to_text(assessment, scale, width=80))
    golden(EXPECTED / "seed.full.txt", to_text(assessment, scale, width=100, full=True))
    golden(EXPECTED / "seed.md", to_markdown(assessment, scale))


def test_incident_is_assessed_as_on_file(incidents: RuleBase, golden: Golden) -> None:
    assessment = incidents.assess(record(INCIDENT))
    golden(EXPECTED / "incidents" / "checkout-down.json", pretty(assessment))
    golden(EXPECTED / "incidents" / "checkout-down.txt", to_text(assessment, incidents.program.scale, width=80))


def test_every_golden_file_has_its_fixture() -> None:
    names = {file.name for file in EXPECTED.iterdir() if file.is_file()}
    assert names == {f"{file.stem}.json" for file in FILES} | {"seed.txt", "seed.full.txt", "seed.md"}


# -- the interviews


def test_every_interview_names_where_it_comes_from() -> None:
    sources: dict[str, dict[str, Any]] = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["interviews"]
    assert set(sources) == {file.name for file in FILES}
    assert all(entry["situation"] for entry in sources.values())
    real = [entry for entry in sources.values() if "judged" in entry]
    assert len(real) >= 28
    assert all(entry["title"] and entry["outlet"] and entry["url"].startswith("http") for entry in real)
    assert {entry["judged"] for entry in real} == {"trivial", "minor", "moderate", "serious", "fatal"}


def test_interviews_cover_every_band_verdict_outlook_and_moment() -> None:
    scale = RuleBase.shipped().program.scale
    assessments = [RuleBase.shipped().assess(record(file)) for file in FILES]
    assert {a.band for a in assessments} == set(scale.severity.words)
    assert {a.verdict for a in assessments} == {*scale.verdicts, scale.unable}
    assert {a.outlook for a in assessments} == set(scale.outlooks)
    settings = [fact for file in FILES for fact in record(file)["facts"] if fact["kind"] == "interview"]
    assert {fact.get("moment", "after") for fact in settings} == {"before", "during", "after"}


def test_every_id_of_an_interview_is_its_file_name() -> None:
    assert [record(file)["id"] for file in FILES] == [file.stem for file in FILES]


# -- the seed story


@pytest.fixture(scope="module")
def seed() -> Assessment:
    return RuleBase.shipped().assess(record(INTERVIEWS / "seed.json"))


def test_seed_assesses_the_damage(seed: Assessment) -> None:
    assert seed.band == "serious"
    assert 60 <= seed.damage <= 85
    assert seed.damage_after < seed.damage
    assert [finding.fact for finding in seed.findings] == ["late", "wrong_name-1", "bad_joke-1"]


def test_seed_is_to_be_repaired_quickly(seed: Assessment) -> None:
    assert seed.acts
    assert seed.verdict in ("act_today", "act_now")
    due = [step.due_hours for step in seed.steps if any(action.reach != "private" for action in step.actions)]
    assert due
    assert all(hours is not None and hours <= 24 for hours in due)


def test_seed_restates_the_qualifications(seed: Assessment) -> None:
    assert {"follow_up_note_restating_fit", "thank_you_note"} & {action.action for action in seed.actions}
    assert seed.draft is not None
    assert "at [employer] I [what you did], which led to [the result]" in seed.draft  # the strongest proof is for them to name


def test_seed_apologises_at_most_once(seed: Assessment) -> None:
    apologies = {name for name, action in RuleBase.shipped().actions.items() if action.group == "apology"}
    assert len(apologies) > 1
    assert sum(action.action in apologies for action in seed.actions) <= 1
    assert seed.draft is not None
    assert seed.draft.lower().count("sorry") + seed.draft.lower().count("apolog") <= 1


def test_seed_does_not_joke_again(seed: Assessment) -> None:
    assert "use_humour" not in {action.action for action in seed.actions}
    assert "use_humour" in {avoided.action for avoided in seed.avoid}


def test_seed_prepares_for_the_next_shot(seed: Assessment) -> None:
    assert "prepare_next_time" in {action.action for action in seed.actions}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_reason_rests_on_a_source_that_is_given(file: Path) -> None:
    got = RuleBase.shipped().assess(record(file))
    reasons = [reason.sources for reason in got.because]
    for items in (got.findings, got.actions, got.avoid, got.derived):
        reasons += [reason.sources for item in items for reason in item.because]
    assert all(reasons)
    assert {source for sources in reasons for source in sources} == {source.id for source in got.sources}


# -- another domain, and a pack of one's own


def test_incidents_load_alone_and_their_cases_pass(incidents: RuleBase) -> None:
    report = run_cases([INCIDENTS / "rules"])
    assert report.outcomes
    assert [outcome for outcome in report.outcomes if not outcome.passed] == []
    assert report.never_fired == ()
    assert incidents.rules.keys() <= rules_named_in_cases(load_packs([INCIDENTS / "rules"], Limits()), "quiet")
    assert {rule.pack for rule in incidents.rules.values()} == {"triage"}


def test_incidents_share_no_word_of_the_shipped_scale(incidents: RuleBase) -> None:
    own, shipped = incidents.program.scale, RuleBase.shipped().program.scale
    assert not set(own.verdicts) & set(shipped.verdicts)
    assert not set(own.severity.words) & set(shipped.severity.words)
    assert not set(own.outlooks) & set(shipped.outlooks)


def test_incident_is_assessed_from_the_command_line(incidents: RuleBase, misstep: Command) -> None:
    run = misstep("assess", INCIDENT, "--rules", INCIDENTS / "rules", "--output", "json", "--fail-level", "broken")
    assert run.raw == incidents.assess(record(INCIDENT)).to_json() + b"\n"
    assert (run.code, run.err) == (1, "")


def test_the_deployer_tree_of_ssvc_answers_all_its_published_rows_each_by_one_row_of_the_table() -> None:
    report = run_cases([PATCH_PRIORITY])
    assert [outcome for outcome in report.outcomes if not outcome.passed] == []
    assert len(report.outcomes) == 72 + 16
    fired = [outcome.fired for outcome in report.outcomes]
    assert set().union(*fired) == set(RuleBase.load(PATCH_PRIORITY).rules)
    assert {tuple(sorted(rule.partition(".")[0] for rule in rules)) for rules in fired} == {("human-impact", "priority")}


def test_acme_adds_replaces_and_disables(acme: RuleBase) -> None:
    shipped = RuleBase.shipped()
    assert set(acme.kinds) - set(shipped.kinds) == {"ignored_safety_rule"}
    assert set(shipped.rules) - set(acme.rules) == {"plan.light-word"}
    assert acme.rules["late-arrival"].pack == "acme"
    assert acme.version == "1.0.0"


def test_acme_is_kinder_to_the_late_and_harder_on_the_careless(acme: RuleBase) -> None:
    late = [{"kind": "late_arrival", "minutes": 10}]
    assert acme.assess(late).damage < RuleBase.shipped().assess(late).damage
    careless = acme.assess([{"kind": "ignored_safety_rule", "rule": "smoking"}, {"kind": "interview", "hours_since": 2}])
    assert careless.findings[0].severity_band == "fatal"
    assert "learn_site_rules" in {action.action for action in careless.actions}
    assert careless.draft is not None
    assert "site rules" in careless.draft


def test_acme_leaves_everything_else_as_it_is(acme: RuleBase) -> None:
    facts = [{"kind": "wrong_name", "times": 2}, {"kind": "interview", "hours_since": 2}]
    ours, shipped = (json.loads(rules.assess(facts).to_json()) for rules in (acme, RuleBase.shipped()))
    assert ours.pop("rulebase") != shipped.pop("rulebase")
    assert ours == shipped


def test_cases_of_acme_pass(acme: RuleBase) -> None:
    report = run_cases([ACME])
    assert report.outcomes
    assert [outcome for outcome in report.outcomes if not outcome.passed] == []
    assert report.never_fired == ()
    own = {rule.id for rule in acme.rules.values() if rule.pack == "acme"}
    assert own <= rules_named_in_cases(load_packs([ACME], Limits()), "quiet")
