"""A rule in words for a terminal, as its page has them."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from misstep.api import RuleBase
from misstep.errors import RecordError
from misstep.language.facts import Kind
from misstep.language.program import Action, Program
from misstep.limits import Limits
from misstep.rulebase.packs import Merged
from misstep.tools.docs.examples import rule_sums
from misstep.tools.docs.markdown import plain, say
from misstep.tools.docs.rulewords import RuleWords
from misstep.tools.lookup import RulePage


class RuleText(NamedTuple):
    """A rule as a sentence; and the scores that it changes in a case, each as the sum that it is. ``case``: empty where there is
    none in which it fires."""

    sentence: str
    case: str = ""
    sums: tuple[str, ...] = ()


def rule_text(page: RulePage, program: Program, merged: Merged) -> RuleText:
    """The words for the rule of a page."""
    rule = program.rules[page.rule]
    sentence = plain(RuleWords(rule, program, _quoted).sentence())
    cases = {name: case for pack in merged.packs if pack.doc.pack == page.pack for name, case in pack.doc.cases.items()}
    for name in page.cases:
        try:
            assessment = RuleBase(program, Limits()).assess(cases[name].facts)
        except RecordError:  # `misstep test` tells
            continue
        return RuleText(sentence, name, tuple(plain(each) for each in rule_sums(assessment, rule)))
    return RuleText(sentence)


def _quoted(thing: Kind | Action) -> Markup:
    return say("“{}”", thing.title)
