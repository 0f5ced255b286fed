"""``misstep same`` and ``diff``: what they print, and how they end."""

from __future__ import annotations

import json

import pytest
from tests.end_to_end.command import Command

OLD = """\
schema: 1
pack: mine
rulebase: {name: mine, version: 1.2.0}
constants: {much: 5}
kinds:
  sneeze:
    role: mistake
    title: Sneezed
    fields: {times: {type: integer, min: 1, max: 9, default: 1}, loud: {type: boolean, default: false}}
rules:
  sneeze: {when: [sneeze], then: {severity: sneeze.times / 2}, because: a sneeze was heard}
  loud: {when: [{fact: sneeze, where: loud and times >= much}], then: {severity: 3}, because: it was loud}
scale:
  severity: {bands: {low: 0, high: 4}}
  verdicts: {order: [wait, act], table: {low: wait, high: act}}
"""
LATER = OLD.replace("much: 5", "much: 4")


def test_the_same_and_other_answers(misstep: Command) -> None:
    misstep.write("old.yaml", OLD)
    misstep.write("same.yaml", OLD.replace("a sneeze was heard", "everybody heard it"))
    misstep.write("new.yaml", LATER)
    run = misstep.inside("same", "old.yaml", "same.yaml")
    assert (run.code, run.err) == (0, "")
    assert run.out == ("proved: the same answers to every record\n  they are equal but for names of rules, words and order\n")
    run = misstep.inside("same", "old.yaml", "new.yaml", "-o", "json")
    assert (run.code, run.err) == (1, "")
    found = json.loads(run.out)
    assert found["answer"] == "refuted"
    assert found["record"] == [{"id": "sneeze-1", "kind": "sneeze", "times": 4, "loud": True}]
    assert (found["old"]["sneeze-1.severity"], found["new"]["sneeze-1.severity"]) == ("2", "5")


def test_what_differs_and_what_comes_of_it(misstep: Command) -> None:
    misstep.write("old.yaml", OLD)
    misstep.write("new.yaml", LATER)
    records = [[{"kind": "sneeze", "times": times, "loud": True}] for times in range(1, 10)]
    misstep.write("log.jsonl", "".join(json.dumps({"facts": facts, "team": "a"}) + "\n" for facts in records))
    run = misstep.inside("diff", "old.yaml", "new.yaml", "log.jsonl", "--fail-above", "0.2")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("mine 1.2.0 -> mine 1.2.0\n\nrules\n  changed loud\n")
    assert "\nconstants\n  changed much\n    - much: 5\n    + much: 4\n" in run.out
    assert "\n9 records compared; band, verdict or first action of 1 of them (11.11%) changed.\n" in run.out
    assert "     because of loud\n" in run.out
    assert run.out.endswith("\nversion 1.2.0 -> 1.3.0 (minor), the new one says 1.2.0: answers change\n")
    run = misstep.inside("diff", "old.yaml", "new.yaml", "log.jsonl", "--fail-above", "0.1", "-o", "json")
    assert (run.code, run.err) == (1, "")
    found = json.loads(run.out)
    assert [(each["section"], each["name"]) for each in found["changes"]] == [("rules", "loud"), ("constants", "much")]
    assert (found["same"]["answer"], found["comparison"]["changed"]) == ("refuted", 1)
    assert found["version"] == {"old": "1.2.0", "level": "minor", "version": "1.3.0", "reasons": ["answers change"]}
    assert not [file for file in misstep.folder.iterdir() if file.suffix not in (".yaml", ".jsonl")]


def test_nothing_differs(misstep: Command) -> None:
    misstep.write("old.yaml", OLD)
    run = misstep.inside("diff", "old.yaml", "old.yaml")
    assert (run.code, run.err) == (0, "")
    assert run.out.endswith("\nversion 1.2.0: nothing is declared otherwise\n")


def test_a_share_needs_a_log(misstep: Command) -> None:
    misstep.write("old.yaml", OLD)
    run = misstep.inside("diff", "old.yaml", "old.yaml", "--fail-above", "0.1")
    assert (run.code, run.out, run.err) == (2, "", "misstep: --fail-above: a share of a log, so it needs LOG\n")
    misstep.write("empty.jsonl", "")
    for log, message in (("no.jsonl", "no such file"), ("empty.jsonl", "there is no record in it")):
        run = misstep.inside("diff", "old.yaml", "old.yaml", log)
        assert (run.code, run.err) == (2, f"misstep: {log}: {message}\n")


@pytest.mark.parametrize("command", ["same", "diff"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "packs: there is no *.yaml file in this folder"),
        (OLD.replace("loud and", "laud and"), "packs/pack.yaml:12:39: loud: unknown name 'laud'; did you mean 'loud'?"),
        (b"\x7fELF\x80", "packs/pack.yaml:1:5: not UTF-8 text"),
    ],
    ids=["empty", "broken", "binary"],
)
def test_bad_packs_are_told_in_one_line(command: str, content: str | bytes | None, message: str, misstep: Command) -> None:
    misstep.write("old.yaml", OLD)
    (misstep.folder / "packs").mkdir()
    if content is not None:
        misstep.write("packs/pack.yaml", content)
    for pair in (("old.yaml", "packs"), ("packs", "old.yaml")):
        run = misstep.inside(command, *pair)
        assert run.code == 2
        assert run.err.count("\n") == 1
        assert message in run.err
