"""A small rule base in two files whose every part says which number it has, so that half of one and half of another shows."""

from __future__ import annotations

from pathlib import Path

NAMES = """\
schema: 1
pack: names
extends: scale
rulebase: {{name: numbered, version: 1.{number}.0}}
kinds:
  slip: {{role: mistake, title: "Number {number}", concern: manners, fields: {{}}}}
"""
RULES = """\
schema: 1
pack: rules
rules:
  slip:
    when: [{kind}]
    then: {{severity: 2, noticed: 3}}
    because: "number {number}"
"""
RECORD = b'[{"kind": "slip"}]'


def write(folder: Path, number: int, broken: bool = False) -> None:
    """The rule base of a number; a broken one names a kind that is not there."""
    folder.mkdir(exist_ok=True)
    for name, text in (("names.yaml", NAMES), ("rules.yaml", RULES)):
        temporary = folder / f".{name}.tmp"
        temporary.write_text(text.format(number=number, kind="slop" if broken else "slip"), encoding="utf-8")
        temporary.rename(folder / name)


def numbers_in(assessment: dict[str, object]) -> set[str]:
    """The numbers that the parts of an answer have: a single one, if it is from one rule base."""
    rulebase, findings = assessment["rulebase"], assessment["findings"]
    assert isinstance(rulebase, dict)
    assert isinstance(findings, list)
    (finding,) = findings
    version = str(rulebase["version"]).split(".")[1]
    return {version, finding["title"].split()[-1], finding["because"][0]["text"].split()[-1]}
