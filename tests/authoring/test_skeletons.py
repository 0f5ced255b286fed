"""What ``misstep new`` begins passes the strict check and its own cases, whatever the rule base that it is put into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.end_to_end.command import FIXTURES, Command

from misstep import Limits, RuleBase, UsageError
from misstep.language.program import Program
from misstep.tools.lints.lint_table import check_packs
from misstep.tools.ruletest import run_cases
from misstep.tools.skeletons import EntrySort, new_base, new_entries, new_pack

BASES = {folder: FIXTURES / folder / "rules" for folder in ("incidents", "traffic-fines", "early-warning", "container-hardening")}


def merged(entries: Sequence[str]) -> dict[str, Any]:
    """Entries put into one pack, section by section; no name stands in two of them."""
    pack: dict[str, Any] = {"schema": 1, "pack": "mine"}
    for text in entries:
        for section, declared in yaml.safe_load(text).items():
            assert pack.setdefault(section, {}).keys().isdisjoint(declared)
            pack[section] |= declared
    return pack


def assert_holds(*paths: Path) -> None:
    checked = check_packs(paths, Limits())
    assert [str(told) for told in checked.told] == []
    report = run_cases(paths)
    assert [(outcome.id, outcome.failures) for outcome in report.outcomes if not outcome.passed] == []
    cases = [case.expect for pack in checked.merged.packs for case in pack.doc.cases.values()]
    for rule in (rule.id for rule in checked.program.rules.values() if rule.pack == "mine"):
        assert any(rule in case.fires for case in cases)
        assert any(rule in case.quiet for case in cases)


def all_entries(program: Program) -> list[str]:
    """A rule and an action about every mistake that has a field to ask for, and a kind."""
    texts = [new_entries("kind", "brand_new", program)]
    for number, kind in enumerate(kind.name for kind in program.kinds.values() if kind.role == "mistake"):
        texts += [new_entries("rule", f"mine-{number}", program, kind), new_entries("action", f"mine_{number}", program, kind)]
    return texts


@pytest.mark.parametrize("base", BASES)
def test_entries_hold_in_every_base(base: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(merged(all_entries(RuleBase.load(BASES[base]).program))), encoding="utf-8")
    assert_holds(BASES[base], file)


def test_entries_hold_with_the_shipped_rules(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    pack = merged(all_entries(RuleBase.shipped().program)) | {"extends": "misstep"}
    file.write_text(yaml.safe_dump(pack), encoding="utf-8")
    assert_holds(file)


@pytest.mark.parametrize("name", ["bakery", "fault", "night-shift.2"])
def test_a_base_holds(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(new_base(name), encoding="utf-8")
    assert_holds(file)
    assert RuleBase.load(file).program.name == name


def test_a_pack_holds_beside_the_packs_of_its_base(tmp_path: Path) -> None:
    base, pack = tmp_path / "base.yaml", tmp_path / "ovens.yaml"
    base.write_text(new_base("bakery"), encoding="utf-8")
    pack.write_text(new_pack("hot-ovens", RuleBase.load(base).program), encoding="utf-8")
    assert_holds(tmp_path)
    assert "hot_ovens" in RuleBase.load(tmp_path).kinds


FIELDS = """\
schema: 1
pack: fields
scale: {severity: {bands: {low: 0, high: 5}}}
kinds:
  bare: {role: mistake, title: Bare, fields: {one: {type: enum, values: [only]}, none: {type: integer, min: 1, max: 1}}}
  flaw:
    role: mistake
    title: Flaw
    fields:
      FIELD
      given: {type: number, min: 2}
      word: {type: enum, values: [a, unknown]}
      words: {type: set, values: [a, b]}
      text: {type: text}
      sure: {type: boolean}
rules: {flaw: {when: [{fact: [bare, flaw], as: f}], then: {severity: {for: f, add: 2}}, because: it is there}}
"""


@pytest.mark.parametrize(
    ("field", "condition"),
    [
        ("x: {type: integer, min: 1, max: 9, default: 4}", "x >= 4"),
        ("x: {type: number, max: 9, worse: lower}", "x <= -499995.5"),
        ("x: {type: number, min: 0, max: 1, worse: higher}", "x >= 0.5"),
        ("x: {type: integer, min: 0, max: 1}", "x >= 1"),
        ("x: {type: integer, min: 0, max: 1, worse: lower}", "x <= 0"),
        ("x: {type: boolean, worse: false}", "not x"),
        ('x: {type: "boolean?"}', "x"),
        ("x: {type: enum, values: [unknown, no, off], default: unknown, worse: no}", "x == 'no'"),
        ("x: {type: set, values: [no, off]}", "\"'off' in x\""),
    ],
)
def test_a_rule_asks_for_the_worse_side_of_a_field(field: str, condition: str, tmp_path: Path) -> None:
    base, file = tmp_path / "base.yaml", tmp_path / "mine.yaml"
    base.write_text(FIELDS.replace("FIELD", field), encoding="utf-8")
    text = new_entries("rule", "one", RuleBase.load(base).program, "flaw")
    assert f"where: {condition}}}]" in text
    file.write_text(f"schema: 1\npack: mine\n{text}", encoding="utf-8")
    assert_holds(base, file)


@pytest.mark.parametrize(
    ("what", "name", "about", "message"),
    [
        ("kind", "Oven", None, "'Oven' is no name for a kind: lower-case words with underscores, at most 80 characters"),
        ("kind", "finding", None, "'finding' has a meaning of its own; choose another name"),
        ("kind", "true", None, "'true' has a meaning of its own; choose another name"),
        ("kind", "flaw", None, "there is a kind 'flaw' already; choose another name"),
        ("rule", "two words", None, "'two words' is no name for a rule: lower-case words with - . or _, at most 80 characters"),
        ("rule", "flaw", None, "there is a rule 'flaw' already; choose another name"),
        ("rule", "new", "flaws", "unknown kind 'flaws'; did you mean 'flaw'?"),
        ("rule", "new", "bare", "'bare' has no field to ask for"),
    ],
)
def test_what_cannot_be_is_told(what: EntrySort, name: str, about: str | None, message: str, tmp_path: Path) -> None:
    base = tmp_path / "base.yaml"
    base.write_text(FIELDS.replace("FIELD", ""), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        new_entries(what, name, RuleBase.load(base).program, about)
    assert str(refused.value) == message


def test_a_skeleton_is_about_a_mistake_and_a_pack_has_a_name_of_its_own() -> None:
    program = RuleBase.shipped().program
    with pytest.raises(UsageError, match="'interview' is a setting; a skeleton is about a mistake"):
        new_entries("rule", "new", program, "interview")
    with pytest.raises(UsageError, match="there is a shipped pack 'phones'; choose another name"):
        new_pack("phones", program, "misstep")


# -- the command


def test_new_writes_a_base_once_and_prints_entries_for_it(misstep: Command) -> None:
    run = misstep("new", "base", "bakery")
    assert (run.code, run.err) == (0, "")
    assert run.out == "bakery.yaml is written; now: misstep check bakery.yaml && misstep test bakery.yaml\n"
    before = (misstep.folder / "bakery.yaml").read_bytes()
    run = misstep.inside("new", "base", "bakery")
    assert (run.code, run.out, run.err) == (2, "", "misstep: bakery.yaml: is there already; nothing was written\n")
    run = misstep.inside("new", "rule", "large", "--rules", "bakery.yaml", "-o", "bakery.yaml")
    assert (run.code, run.out, run.err) == (2, "", "misstep: bakery.yaml: is there already; nothing was written\n")
    assert (misstep.folder / "bakery.yaml").read_bytes() == before
    run = misstep.inside("new", "rule", "large", "--rules", "bakery.yaml")
    assert (run.code, run.err) == (0, "")
    assert run.out.startswith("rules:\n  large:\n")
    assert "when: [{fact: fault, where: size >= 3}]" in run.out
    assert misstep.inside("new", "kind", "oven", "--rules", "bakery.yaml", "-o", "-").out.startswith("kinds:\n  oven:\n")


def test_new_says_in_one_line_what_it_cannot_do(misstep: Command) -> None:
    misstep.write("binary.yaml", b"\x00\xff\x00")
    misstep.write("broken.yaml", "schema: 1\npack: broken\nkindz: {}\n")
    (misstep.folder / "empty").mkdir()
    for arguments, message in (
        (("base", "no/where"), "'no/where' is no name for a base: lower-case words with - . or _, at most 80 characters"),
        (("base", "mine", "-o", "no/mine.yaml"), "no/mine.yaml: No such file or directory"),
        (("kind", "oven", "--rules", "empty"), "empty: there is no *.yaml file in this folder"),
        (("kind", "oven", "--rules", "binary.yaml"), "binary.yaml:1:2: not UTF-8 text"),
        (("kind", "oven", "--rules", "broken.yaml"), "broken.yaml:3:1: unknown key 'kindz'; did you mean 'kinds'?"),
        (("base", "oven", "--rules", "empty"), "a base has rules of its own; --rules is for what is added to some"),
        (("kind", "oven", "--about", "fault"), "--about is for a rule or action, not for a kind"),
    ):
        run = misstep.inside("new", *arguments)
        assert (run.code, run.out, run.err) == (2, "", f"misstep: {message}\n")
