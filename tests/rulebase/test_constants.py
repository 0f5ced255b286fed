"""Constants stand for their values: nothing else changes, whichever pack they come from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.evaluate.packs import CONSTANTS, WRITTEN, packs
from tests.inline import load_text

from misstep.errors import RuleError
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.program_json import dump_program
from misstep.tools.docs.book import read_book
from misstep.tools.docs.pages import render
from misstep.tools.lints.lint_table import find_told

HEAD = """\
schema: 1
pack: p
extends: scale
kinds: {late: {role: mistake, title: Late, concern: manners, fields: {minutes: {type: integer, default: 9}}}}
"""
RULE = "rules: {r: {when: [{fact: late, where: late.minutes >= limit}], then: {severity: 1}}}\n"
AROUND = ("'c0'", "'c1'", "'c2'", "'c3'", "...", "'c0'")


def linked(program: Program) -> bytes:
    return dump_program(replace(program, digest=""))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_a_pack_with_constants_is_the_pack_with_their_values(data: st.DataObject) -> None:
    text = data.draw(packs())
    pack = json.loads(text)
    assert pack.pop("constants") == CONSTANTS
    written = re.sub(r"\bk_\w+", lambda found: WRITTEN[found[0]], json.dumps(pack))
    assert linked(load_text(text).program) == linked(load_text(written).program)


def test_a_later_pack_replaces_a_constant_for_all_rules() -> None:
    base = HEAD + "constants: {limit: {expression: 2 * unit}, unit: 5}\n" + RULE
    record = [{"kind": "late", "minutes": 10}]
    for unit, fires in (("5", True), ("5.5", False)):
        over = f"schema: 1\npack: q\nconstants: {{unit: {{value: {unit}, replace: true}}}}\n"
        assert (load_text(base, over).assess(record).findings[0].severity == 1) is fires


def test_the_digest_tells_constants_apart() -> None:
    digests = {load_text(HEAD + f"constants: {{limit: {value}}}\n" + RULE).program.digest for value in ("5", "6", "{value: 5}")}
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("constants", "says"),
    [
        ("limit: [" + ", ".join(f"w{i}" for i in range(100_000)) + "]", "pack.yaml:5:13: `limit` must have at most 10000 items"),
        (", ".join(f"c{i}: 1" for i in range(60_000)), "pack.yaml:5:1: `constants` must have at most 1000 items"),
        (
            ", ".join(f"c{i}: {{expression: c{(i + 1) % 1000}}}" for i in range(1000)),
            f"pack.yaml:5:30: {' is computed from '.join(AROUND)}; one of them needs a value",
        ),
    ],
    ids=["words", "constants", "a cycle"],
)
def test_what_is_too_much_is_refused(tmp_path: Path, constants: str, says: str) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text(HEAD + "constants: {" + constants + "}\n", encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_program([file], Limits())
    assert str(caught.value).replace(f"{tmp_path}/", "") == says


def test_the_most_words_and_the_longest_chain_are_taken() -> None:
    words = ", ".join(f"w{i}" for i in range(10_000))
    chain = ", ".join(f"c{i}: {{expression: c{i + 1} + 1}}" for i in range(998))
    pack = HEAD + f"constants: {{words: [{words}], {chain}, c998: 1}}\n"
    rule = "rules: {r: {when: [{fact: late, where: late.id in words and late.minutes == c0}], then: {severity: 1}}}\n"
    record = [{"kind": "late", "id": "w9999", "minutes": 999}, {"kind": "late", "id": "x", "minutes": 999}]
    found = load_text(pack + rule).assess(record).findings
    assert {finding.fact: finding.severity for finding in found} == {"w9999": 1, "x": 0}


def test_constants_that_nothing_uses_are_remarked(tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    constants = "constants: {limit: {expression: 2 * unit}, unit: 5, shown: 1, idle: 2, idler: {expression: idle + shown}}\n"
    file.write_text(HEAD + constants + RULE.replace("}}}", '}, because: "{shown}"}}'), encoding="utf-8")
    told = find_told(*load_program([file], Limits()), ["idle-constant"])
    said = [str(each.problem).removeprefix(f"{tmp_path}/") for each in told]
    assert said == ["pack.yaml:5:72: nothing uses the constant 'idler'"]


def test_the_pages_of_a_rule_base_show_constants(tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    constants = "constants: {limit: {expression: 2 * unit, help: No more.}, unit: -5, all: [a, b]}\n"
    file.write_text(HEAD + constants + RULE.replace("}}}", '}, because: "over {limit}"}}'), encoding="utf-8")
    pages = render(read_book([file]), {})
    table = pages["scale.md"].partition("## Constants of the rules\n\n")[2]
    assert table == (
        "| Name | Value | What | Pack |\n| --- | --- | --- | --- |\n"
        "| `all` | `a`, `b` |  | `p` |\n| `limit` | −10, which is `2 * unit` | No more. | `p` |\n| `unit` | −5 |  | `p` |\n"
    )
    assert "over −10" in pages["rules/r.md"]
    assert "`minutes` is at least −10" in pages["rules/r.md"]
