"""What is written for a rule base goes with it."""

from __future__ import annotations

import gc
import linecache

from tests.inline import load_text

PACK = """
schema: 1
pack: short-lived
kinds: {late: {role: mistake, title: Late, concern: manners, fields: {x: {type: integer, default: 10}}}}
rules: {short-lived-rule: {when: [late], then: {severity: 1}, because: late}}
"""


def written() -> list[str]:
    """The names of the sources that tracebacks would show."""
    return [name for name in linecache.cache if "short-lived-rule" in name]


def test_source_for_tracebacks_is_kept_as_long_as_the_rule_base() -> None:
    rulebase = load_text(PACK)
    rulebase.assess([{"kind": "late"}])
    (name,) = written()
    assert any("memory.add" in line for line in linecache.getlines(name))
    del rulebase
    gc.collect()
    assert not written()


def test_a_rule_base_that_goes_leaves_the_source_of_its_successor() -> None:
    before = load_text(PACK)
    before.assess([{"kind": "late"}])
    after = load_text(PACK)
    after.assess([{"kind": "late"}])
    del before
    gc.collect()
    assert len(written()) == 1
    assert after.rule_source("short-lived-rule").startswith("def fire")
