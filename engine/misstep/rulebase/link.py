"""Merged declarations in; a checked program out: every name resolved, every expression typed, rules in strata."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from misstep.language.program import Program, Source
from misstep.limits import Limits
from misstep.rulebase import schema
from misstep.rulebase.actions import check_ways, link_actions
from misstep.rulebase.kinds import link_kinds
from misstep.rulebase.link_scale import link_scale
from misstep.rulebase.load import load_packs
from misstep.rulebase.messages import MessageChecker
from misstep.rulebase.packs import Merged, refuse
from misstep.rulebase.patterns import Declared
from misstep.rulebase.rules import link_rule
from misstep.rulebase.strata import StrataError, stratify
from misstep.rulebase.usual import link_usual


def load_program(paths: Sequence[str | Path], limits: Limits, cases: bool = True) -> tuple[Program, Merged]:
    """Load, check and link packs, with or without their cases. Raises RuleError with every problem, UsageError for
    paths."""
    collecting = gc.isenabled()
    gc.disable()  # nearly all that is made here stays: looking for garbage meanwhile would be a fifth of the time
    try:
        return _load_program(paths, limits, cases)
    finally:
        if collecting:
            gc.enable()


def _load_program(paths: Sequence[str | Path], limits: Limits, cases: bool) -> tuple[Program, Merged]:
    merged = load_packs(paths, limits, cases)
    problems = merged.problems
    scale = link_scale(merged, problems)
    roles, kinds = link_kinds(merged, scale)
    if scale is None:
        refuse(problems, limits)
    assert scale is not None
    declared = Declared(merged, kinds, scale, limits)
    messages = MessageChecker(merged, kinds, roles, scale)
    messages.check_scale()
    actions = link_actions(merged, scale, messages)
    check_ways(merged, kinds, scale)
    rules = [rule for entry in merged.rules.values() if (rule := link_rule(declared, entry)) is not None]
    for entry in merged.surplus:
        link_rule(declared, entry)
    usual = link_usual(merged, roles, kinds)
    strata: Any = ((), (), ())
    if not problems:
        try:
            strata = stratify(rules, kinds)
        except StrataError as error:
            problems.append(merged.rules[error.rule].problem(str(error), "then"))
    refuse(problems, limits)
    program = Program(
        name=merged.name,
        version=merged.version,
        digest=merged.digest(),
        kinds=kinds,
        roles=roles,
        rules={rule.id: rule for rule in rules},
        actions=actions,
        sources={name: _source(name, entry.doc) for name, entry in merged.sources.items()},
        usual=usual,
        scale=scale,
        scoring=strata[0],
        judging=strata[1],
        advising=strata[2],
    )
    return program, merged


def _source(name: str, doc: schema.SourceDoc) -> Source:
    return Source(name, doc.title, doc.kind, doc.year, doc.figure, doc.url or "")
