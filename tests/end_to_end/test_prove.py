"""``misstep prove``: what it prints, and how it ends; and the promises of the shipped rules."""

from __future__ import annotations

import json

import pytest
from tests.end_to_end.command import Command

from misstep.rulebase.shipped import shipped_rules
from misstep.tools.proofs.prove import prove_promises

PACK = """\
schema: 1
pack: mine
kinds:
  sneeze: {role: mistake, title: Sneezed, concern: manners, fields: {times: {type: integer, min: 1, max: 9, default: 1}}}
rules:
  sneeze: {when: [sneeze], then: {severity: sneeze.times / 2}, because: a sneeze was heard}
promises:
  more is never milder: {change: {sneeze.times: higher}, always: after.severity >= before.severity}
"""
BROKEN = PACK.replace("always: after.severity", "always: after.severty")


def test_a_promise_that_is_kept(misstep: Command) -> None:
    misstep.write("pack.yaml", PACK)
    run = misstep.inside("prove", "pack.yaml")
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        "proved       more is never milder\n"
        "             enumeration: all 10 different records of sneeze, 18 with those that they change to\n"
        "1 promise: 1 proved, 0 refuted, 0 not decided\n"
    )


def test_a_promise_that_is_broken(misstep: Command) -> None:
    misstep.write("pack.yaml", PACK.replace("higher", "lower"))
    run = misstep.inside("prove", "pack.yaml", "-o", "json", "--seed", "3", "--budget", "100")
    assert (run.code, run.err) == (1, "")
    (found,) = json.loads(run.out)
    assert (found["answer"], found["file"], found["line"], found["pack"]) == ("refuted", "pack.yaml", 8, "mine")
    (before,), (after,) = found["record"], found["after"]
    assert before["times"] > after.get("times", 1)
    assert found["values"] == {"after.severity": after["times"] / 2, "before.severity": before["times"] / 2}


def test_packs_without_promises(misstep: Command) -> None:
    misstep.write("pack.yaml", PACK.partition("promises:")[0])
    run = misstep.inside("prove", ".")
    assert (run.code, run.out, run.err) == (0, "no promises\n", "")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "packs: there is no *.yaml file in this folder"),
        (BROKEN, "packs/pack.yaml:8:66: 'after' has no field 'severty'; did you mean 'severity'?"),
        (b"\x7fELF\x80", "packs/pack.yaml:1:5: not UTF-8 text"),
    ],
    ids=["empty", "broken", "binary"],
)
def test_bad_packs_are_told_in_one_line(content: str | bytes | None, message: str, misstep: Command) -> None:
    (misstep.folder / "packs").mkdir()
    if content is not None:
        misstep.write("packs/pack.yaml", content)
    for command in ("prove", "check") if content == BROKEN else ("prove",):
        run = misstep.inside(command, "packs")
        assert run.code == 2
        assert run.err.count("\n") == 1
        assert message in run.err


@pytest.mark.once
def test_the_shipped_rules_keep_their_promises() -> None:
    found = prove_promises([shipped_rules()], budget=150)
    assert len(found) >= 8
    assert [each.name for each in found if each.answer == "refuted"] == []
    assert {each.method.partition(":")[0] for each in found if each.answer == "proved"} == {"laws of answers", "reading", "signs"}
