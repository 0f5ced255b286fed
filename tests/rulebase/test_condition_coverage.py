"""Conditions count as seen where a case judged them, and only there."""

from __future__ import annotations

from pathlib import Path

import pytest

from misstep.tools.ruletest import run_cases

PACK = """\
schema: 1
pack: road
extends: scale
kinds:
  slow: {role: mistake, title: Slow, concern: manners,
         fields: {km: {type: integer, default: 5}, why: {type: "enum?", values: [fog, sleep]},
                  wet: {type: boolean, default: false}}}
  calm: {role: strength, title: Calm, fields: {much: {type: integer, default: 1}}}
rules:
  r: {RULE, then: {severity: 1}}
cases:
CASES
"""


def unseen(tmp_path: Path, rule: str, *cases: str) -> dict[str, str]:
    lines = [f"  c{i}: {{facts: [{facts}], expect: {{}}}}" for i, facts in enumerate(cases)]
    (tmp_path / "road.yaml").write_text(PACK.replace("RULE", rule).replace("CASES", "\n".join(lines)), "utf-8")
    return {each.text: each.unseen for each in run_cases([tmp_path], coverage=True).conditions}


FAST, SLOW = "{kind: slow, km: 90}", "{kind: slow, km: 3}"


@pytest.mark.parametrize(
    ("rule", "cases", "seen"),
    [
        ("when: [{fact: slow, where: km < 9}]", [FAST], {"slow.km < 9": "true"}),
        ("when: [{fact: slow, where: km < 9}]", [SLOW], {"slow.km < 9": "false"}),
        ("when: [{fact: slow, where: km < 9}]", [FAST, SLOW], {"slow.km < 9": ""}),
        ("when: [{fact: slow, where: km < 9}]", ["{kind: calm}"], {"slow.km < 9": "judged"}),
        # what stands behind `and` is judged where the rest holds, what stands behind `or` where it does not
        ("when: [{fact: slow, where: km < 9 and wet}]", [FAST], {"slow.km < 9": "true", "slow.wet": "judged"}),
        ("when: [{fact: slow, where: km < 9 or wet}]", [SLOW], {"slow.km < 9": "false", "slow.wet": "judged"}),
        ("when: [{fact: slow, where: km < 9 or wet}]", [SLOW, FAST], {"slow.km < 9": "", "slow.wet": "true"}),
        ("when: [{fact: slow, where: not wet}]", [SLOW], {"slow.wet": "true"}),
        # an unknown field is a condition of its own
        ("when: [{fact: slow, where: why == 'fog'}]", [SLOW], {"known(slow.why)": "true", "slow.why == 'fog'": "judged"}),
        # unless, exists and aggregates, and what is asked inside
        (
            "when: [slow], unless: [{fact: calm, where: much > 2}]",
            [SLOW],
            {"unless calm where calm.much > 2": "true", "calm.much > 2": "judged"},
        ),
        (
            "when: [slow], unless: [{fact: calm, where: much > 2}]",
            [f"{SLOW}, {{kind: calm, much: 3}}"],
            {"unless calm where calm.much > 2": "false", "calm.much > 2": "false"},
        ),
        ("when: [slow, {exists: calm}]", [SLOW], {"exists calm": "true"}),
        ("when: [slow, {exists: calm}]", [SLOW, f"{SLOW}, {{kind: calm}}"], {"exists calm": ""}),
        (
            "when: [slow, {count: calm, where: much > 2, as: n}], where: n > 0",
            [f"{SLOW}, {{kind: calm}}"],
            {"calm.much > 2": "true", "n > 0": "true"},
        ),
        (
            "when: [{fact: slow, least: km}]",
            [SLOW, f"{SLOW}, {FAST}"],
            {"most or least slow where another slow.km < slow.km": ""},
        ),
    ],
)
def test_a_condition_is_seen_where_a_case_judges_it(tmp_path: Path, rule: str, cases: list[str], seen: dict[str, str]) -> None:
    assert unseen(tmp_path, rule, *cases) == seen


def test_names_alone_cover_nothing(tmp_path: Path) -> None:
    pack = PACK.replace("RULE", "when: [{fact: slow, where: km < 9}]")
    text = pack.replace("CASES", "  c: {facts: [{kind: calm}], expect: {quiet: [r]}}")
    (tmp_path / "road.yaml").write_text(text, "utf-8")
    report = run_cases([tmp_path], coverage=True)
    assert report.never_fired == ("r",)
    assert [(each.location.line, each.location.column, each.unseen) for each in report.conditions] == [(10, 34, "judged")]
