"""A case that holds only because it speaks of what is not there does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from misstep.errors import RuleError
from misstep.limits import Limits
from misstep.rulebase.case_names import refuse_unknown_names
from misstep.rulebase.link import load_program
from misstep.tools.ruletest import run_cases

Write = Callable[[Mapping[str, str]], Path]

PACK = """\
schema: 1
pack: p
extends: scale
kinds: {late: {role: mistake, title: Late, concern: manners}, calm: {role: strength, title: Calm}}
actions: {sorry: {title: Sorry}, call: {title: Call}}
rules: {r: {when: [late], then: {severity: 1, recommend: sorry}}, s: {when: [late], unless: [calm], then: {severity: 1}}}
cases:
  one: {facts: [{kind: late}, {kind: calm}], expect: EXPECTED}
"""


@pytest.mark.parametrize(
    ("expected", "failures"),
    [
        ("{quiet: [s], actions: {exclude: [call]}, avoid: {exclude: [call]}}", []),
        ("{quiet: [t]}", [("quiet.0", "unknown rule 't'; it is one of r, s")]),
        ("{actions: {exclude: [cal]}}", [("actions.exclude.0", "unknown action 'cal'; did you mean 'call'?")]),
        ("{avoid: {exclude: [cal]}}", [("avoid.exclude.0", "unknown action 'cal'; did you mean 'call'?")]),
        ("{derived: {exclude: [lat]}}", [("derived.exclude.0", "unknown derived kind 'lat'; there are none")]),
    ],
)
def test_a_case_fails_for_a_name_that_is_not_there(write: Write, expected: str, failures: list[tuple[str, str]]) -> None:
    (outcome,) = run_cases([write({"pack.yaml": PACK.replace("EXPECTED", expected)})]).outcomes
    assert [(what, got) for what, _, got, _ in outcome.failures] == failures


def test_a_rule_that_another_pack_turns_off_is_a_name_of_a_case_still(write: Write) -> None:
    pack = PACK.replace("EXPECTED", "{quiet: [s]}")
    folder = write({"pack.yaml": pack, "later.yaml": "schema: 1\npack: later\ndisable: [s]\n"})
    refuse_unknown_names(*load_program([folder], Limits()), Limits())
    with pytest.raises(RuleError, match="unknown rule 't'"):
        refuse_unknown_names(*load_program([write({"pack.yaml": pack.replace("[s]}", "[t]}")})], Limits()), Limits())
