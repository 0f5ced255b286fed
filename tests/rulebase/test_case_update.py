"""`misstep test --update`: what failed is rewritten, all the rest of the pack stays, and the cases hold from then on."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.rulebase.test_expectations import PACK

from misstep.errors import UsageError
from misstep.rulebase.yaml_edits import NoEditError, remove_item, replace_value
from misstep.tools.case_update import update_packs
from misstep.tools.junit import to_junit
from misstep.tools.ruletest import run_cases

WRONG = """
      # what it costs
      derived: {price: {amount: 1000, paint: red}}   # in euros
      actions: {own_up: {for: [hood], due_hours: 0..4}, first: own_up, include: [ring, own_up]}
      quiet:
        - ring   # nobody calls
      fires:
        - scratch   # yes
        - write
      notes: {include: ["the bill", "of paint"]}
      findings: {dent: {severity: 3..4}}
      acts: false"""
RIGHT = """
      # what it costs
      derived: {price: {amount: 1200, paint: null}}   # in euros
      actions: {own_up: {for: [hood, scratch-1], due_hours: 24}, first: ring, include: [ring, own_up]}
      quiet: []
      fires:
        - scratch   # yes
        - write
      notes: {include: ["the bill"]}
      findings: {dent: {severity: 2.5}}
      acts: true"""


def test_what_failed_is_rewritten_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "garage.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + PACK.replace("EXPECTED", WRONG).encode())
    (update,) = update_packs(run_cases([file]).outcomes)
    assert file.read_text("utf-8-sig") == PACK.replace("EXPECTED", WRONG)  # not before it is asked for
    update.write()
    assert file.read_bytes() == b"\xef\xbb\xbf" + PACK.replace("EXPECTED", RIGHT).encode()
    assert (update.changed, update.left) == (9, ())
    assert {"-      acts: false", "+      acts: true"} <= {*update.diff.splitlines()}
    assert [outcome.failures for outcome in run_cases([file]).outcomes] == [()]


def test_what_cannot_be_told_is_left(tmp_path: Path) -> None:
    file = tmp_path / "garage.yaml"
    file.write_text(PACK.replace("EXPECTED", "{derived: {part: [{name: wheel}]}, findings: {caller: {}}}"), "utf-8")
    (update,) = update_packs(run_cases([file]).outcomes)
    assert update.before == update.after
    assert set(update.left) == {"garage/one: derived.part.0", "garage/one: findings.caller"}


def test_a_pack_that_was_changed_meanwhile_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "garage.yaml"
    file.write_text(PACK.replace("EXPECTED", "{acts: false}"), "utf-8")
    (update,) = update_packs(run_cases([file]).outcomes)
    file.write_text("schema: 1", "utf-8")
    with pytest.raises(UsageError, match="was changed while its cases ran"):
        update.write()
    assert file.read_text("utf-8") == "schema: 1"


def test_items_are_taken_out_of_lists_of_each_layout() -> None:
    assert remove_item("a: [b, c]  # d", ("a", 0)) == "a: [c]  # d"
    assert remove_item("a: [b, c]  # d", ("a", 1)) == "a: [b]  # d"
    assert remove_item("a: [b]", ("a", 0)) == "a: []"
    assert remove_item("a:\n- b  # x\n- c\n", ("a", 0)) == "a:\n- c\n"
    assert remove_item("a:\n  - b\ne: 1\n", ("a", 0)) == "a: []\ne: 1\n"


def test_values_are_written_so_that_they_read_as_they_are() -> None:
    for value in ("yes", "true", "12", "a: b", 'say "x"', "", None, True, 1.5, 0.1 + 0.2, ["a", "1"]):
        assert replace_value("a: {b: 5}  # c", ("a", "b"), value).endswith("}  # c")


def test_a_value_that_cannot_be_changed_in_place_is_refused() -> None:
    with pytest.raises(NoEditError):
        remove_item("a: # why\n  - b\n", ("a", 0))  # the comment would swallow what stands instead
    with pytest.raises(NoEditError):
        replace_value("a: 1", ("b",), 2)


def test_junit_has_a_suite_for_each_pack_and_says_what_failed(tmp_path: Path) -> None:
    file = tmp_path / "garage.yaml"
    file.write_text(PACK.replace("EXPECTED", '{acts: false, notes: {include: ["<&"]}}'), "utf-8")
    root = ElementTree.fromstring(to_junit(run_cases([file]).outcomes))
    (case,) = root.findall("./testsuite[@name='garage'][@failures='1']/testcase[@name='one'][@line='34']")
    (failure,) = case.findall("failure")
    assert failure.text == "acts: expected false, got true\nnotes.include: expected <&, got keep the bill of the dent"
