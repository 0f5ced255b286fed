"""A quiet log: good interviews of which the shipped rules call nothing urgent, and what is told where rules do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.end_to_end.command import FIXTURES, Command
from tests.inline import linked_shipped, load_text

from misstep import RuleBase
from misstep.language.facts import GIVEN_ROLES
from misstep.rulebase.shipped import shipped_rules
from misstep.tools.quiet_log import QuietCheck, check_quiet_log, urgent_verdicts

LOG = FIXTURES / "good-interviews.jsonl"
PACK = """\
schema: 1
pack: kitchen
scale: {severity: {bands: {low: 0, high: 5}}}
kinds: {dent: {role: mistake, title: Dent, fields: {depth: {type: integer, default: 1}}}}
rules: {dent: {when: [dent], then: {severity: dent.depth, recommend: hammer}, because: it is there}}
actions: {hammer: {title: Take a hammer}}
cases: {small: {facts: [{kind: dent}], expect: {fires: [dent]}}}
"""


def test_nothing_is_urgent_in_the_shipped_log() -> None:
    assert check_quiet_log([shipped_rules()], LOG) == QuietCheck(100, ())


def test_the_shipped_log_has_many_good_interviews() -> None:
    records = [json.loads(line) for line in LOG.read_text(encoding="utf-8").splitlines()]
    program, _ = linked_shipped()
    kinds = [{fact["kind"] for fact in record["facts"]} for record in records]
    good = {name for name, kind in program.kinds.items() if kind.role in ("strength", "signal") and kind.role in GIVEN_ROLES}
    assert len({record["id"] for record in records}) == len(records) == 100
    assert all(each & good for each in kinds)
    assert len(set().union(*kinds) & program.mistakes) == 20


def test_urgent_is_what_calls_for_a_step_within_hours() -> None:
    assert urgent_verdicts(RuleBase.shipped().program.scale) == {"act_now", "act_today", "nothing_to_send"}
    assert urgent_verdicts(load_text(PACK).program.scale) == {"high"}


@pytest.mark.parametrize(
    "facts", [[{"kind": "late_arrival", "minutes": 40}], [{"kind": "interview", "channels": []}, {"kind": "dishonesty"}]]
)
def test_a_record_that_is_urgent_is_found(facts: list[dict[str, object]], tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('[{"kind": "rapport"}]\n' + json.dumps({"id": "bad", "facts": facts}) + "\n", encoding="utf-8")
    (found,) = check_quiet_log([shipped_rules()], log).urgent
    assert (found.id, found.place.line) == ("bad", 2)
    assert found.mistakes


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--mutate"], "--mutate"),
        (["-k", "small"], "-k"),
        (["--update", "--show"], "--show, --update"),
        (["--junit", "log.jsonl", "--coverage"], "--coverage, --junit"),
        (["--seed", "1", "--sample", "3", "--journal", "j"], "--sample, --seed, --journal"),
    ],
)
def test_what_is_for_cases_does_not_go_with_it(misstep: Command, options: list[str], named: str) -> None:
    misstep.write("kitchen.yaml", PACK)
    misstep.write("log.jsonl", '[{"kind": "dent", "depth": 4}]\n')
    run = misstep.inside("test", "kitchen.yaml", "--quiet", "log.jsonl", *options)
    said = f"misstep: --quiet checks a log instead of the cases; remove {named}\n"
    assert (run.code, run.out, run.err) == (2, "", said)


def test_test_names_record_and_step(misstep: Command) -> None:
    misstep.write("kitchen.yaml", PACK)
    misstep.write("log.jsonl", '[{"kind": "dent", "depth": 4}]\n{"id": "deep", "facts": [{"kind": "dent", "depth": 6}]}\n')
    run = misstep.inside("test", "kitchen.yaml", "--quiet", "log.jsonl")
    assert (run.code, run.err) == (1, "")
    assert run.out == "URGENT log.jsonl:2:1: deep: high (dent-1); first step: Take a hammer\n2 records, 1 urgent\n"
    data = json.loads(misstep.inside("test", "kitchen.yaml", "--quiet", "log.jsonl", "-o", "json").out)
    urgent = {"place": "log.jsonl:2:1", "id": "deep", "verdict": "high", "mistakes": ["dent-1"], "step": "Take a hammer"}
    assert data == {"records": 2, "urgent": [urgent]}
    misstep.write("log.jsonl", '[{"kind": "dent", "depth": 4}]\n')
    run = misstep.inside("test", "kitchen.yaml", "--quiet", "log.jsonl")
    assert (run.code, run.out) == (0, "1 record, 0 urgent\n")


def test_a_log_that_cannot_be_read_is_told_in_one_line(misstep: Command) -> None:
    misstep.write("kitchen.yaml", PACK)
    misstep.write("empty.jsonl", "")
    misstep.write("binary.jsonl", b"\xff\x00")
    misstep.write("wrong.jsonl", '[{"kind": "dint"}]\n')
    (misstep.folder / "folder").mkdir()
    for log, message in (
        ("empty.jsonl", "empty.jsonl: there is no record in it"),
        ("binary.jsonl", "binary.jsonl:1:1: not UTF-8 text"),
        ("wrong.jsonl", "wrong.jsonl:1:12: /facts/0/kind: there is no such kind; did you mean 'dent'?"),
        ("folder", "folder: is a folder; give a file"),
        ("nowhere", "nowhere: no such file"),
    ):
        run = misstep.inside("test", "kitchen.yaml", "--quiet", log)
        assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
