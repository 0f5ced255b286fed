"""The lints of a rule base, an entry each, and the check of packs that runs them.

``docs/lints.md`` has an entry for each code, and ``tests/tools/lints/`` examples of what it tells and of what it leaves alone.
Codes are stable: packs waive lints by them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal, LiteralString, NamedTuple

from misstep.errors import Problem, UsageError, did_you_mean, unknown
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.case_names import refuse_unknown_names
from misstep.rulebase.link import load_program
from misstep.rulebase.link_promises import link_promises
from misstep.rulebase.link_words import link_words, word_sources
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Merged
from misstep.tools.lints.case_lints import find_idle_cases, find_vain_expectations, find_wrong_facts
from misstep.tools.lints.dead_rules import find_contradictions, find_tautologies, find_thresholds
from misstep.tools.lints.disguised_letters import find_disguised_letters
from misstep.tools.lints.effect_lints import (
    find_idle_amounts,
    find_multiplied_amounts,
    find_taken_extremes,
    find_vetoed_advice,
    find_wrong_units,
)
from misstep.tools.lints.idle_parts import (
    find_idle_actions,
    find_idle_advice,
    find_idle_constants,
    find_idle_sources,
    find_missing_reasons,
    find_own_disabled,
    find_unmended_mistakes,
    find_unread_words,
    find_unscored_mistakes,
)
from misstep.tools.lints.judged_people import find_judged_people
from misstep.tools.lints.linted import LintedBase, LintFinding, place_of
from misstep.tools.lints.rule_families import find_doubled, find_gaps, find_overlaps, find_subsumed
from misstep.tools.lints.worse_fields import find_wrong_directions

LintLevel = Literal["error", "remark"]


class Lint(NamedTuple):
    """What is looked for: ``title`` says what was found, ``find`` finds it. An error cannot be meant; a remark may be."""

    code: LiteralString
    title: LiteralString
    find: Callable[[LintedBase], Iterator[LintFinding]]
    level: LintLevel = "remark"


def _idle_waivers(base: LintedBase) -> Iterator[LintFinding]:
    for entry in base.declarations():
        for code in getattr(entry.doc, "waive", ()):
            if code not in CODES:
                yield LintFinding(entry, f"there is no lint '{code}'{did_you_mean(code, CODES)}", ("waive", code))
            elif code in base.ran and (place_of(entry), code) not in base.waived:
                yield LintFinding(entry, f"'{code}' is waived here, and there is nothing to waive", ("waive", code))


LINTS: tuple[Lint, ...] = (
    Lint("contradiction", "a condition never holds, so that a rule never fires", find_contradictions),
    Lint("tautology", "a condition always holds", find_tautologies),
    Lint("threshold", "a number is beyond what it is compared with", find_thresholds),
    Lint("doubled", "two rules say the same, and both fire", find_doubled),
    Lint("subsumed", "a rule fires only where another one of its family fires too", find_subsumed),
    Lint("overlap", "two rules of a family take the number at which they meet", find_overlaps),
    Lint("gap", "no rule of a family takes the numbers between them", find_gaps),
    Lint("multiplied", "an amount is added once for each fact of another pattern", find_multiplied_amounts),
    Lint("amount", "an amount is never within its limits", find_idle_amounts),
    Lint("unit", "an amount looks like one of another unit", find_wrong_units),
    Lint("vetoed", "what a rule recommends is always vetoed", find_vetoed_advice),
    Lint("taken", "an aggregate is compared with a fact that it leaves out", find_taken_extremes),
    Lint("idle-action", "an action is in no plan", find_idle_actions),
    Lint("idle-advice", "advice is never shown", find_idle_advice),
    Lint("idle-constant", "nothing uses a constant", find_idle_constants),
    Lint("turned-off", "a pack turns off a rule of its own", find_own_disabled),
    Lint("idle-source", "nothing rests on a source", find_idle_sources),
    Lint("no-severity", "a mistake has no severity", find_unscored_mistakes),
    Lint("no-repair", "nothing is recommended for a mistake", find_unmended_mistakes),
    Lint("no-reason", "a rule that people see gives no reason", find_missing_reasons),
    Lint("unread-word", "no rule asks for a word that a rule derives", find_unread_words),
    Lint("worse", "a change that a field calls worse makes a mistake milder", find_wrong_directions),
    Lint("case-facts", "the facts of a case are no record", find_wrong_facts, "error"),
    Lint("case-expects", "a case expects what cannot be", find_vain_expectations, "error"),
    Lint("idle-case", "a case expects nothing", find_idle_cases),
    Lint("disguised", "a letter is not what it looks like", find_disguised_letters),
    Lint("judges-people", "a rule asks who a person is", find_judged_people),
    Lint("idle-waiver", "a waiver waives nothing", _idle_waivers),
)
"""In this order they run; the last one needs all others to have run."""
CODES = tuple(lint.code for lint in LINTS)


class Told(NamedTuple):
    """What a lint tells."""

    problem: Problem
    code: str
    level: LintLevel

    def __str__(self) -> str:
        return f"{self.problem} [{self.code}]"


class CheckedPacks(NamedTuple):
    """Packs without a mistake that would keep them from being used, and what lints tell of them."""

    program: Program
    merged: Merged
    told: Sequence[Told]

    @property
    def errors(self) -> list[Told]:
        """What cannot be meant."""
        return [each for each in self.told if each.level == "error"]

    @property
    def remarks(self) -> list[Told]:
        """What deserves a second look."""
        return [each for each in self.told if each.level == "remark"]


def choose_codes(select: Sequence[str] = (), ignore: Sequence[str] = ()) -> frozenset[str]:
    """The codes of the lints to run: those to select, or all, without those to ignore. Raises UsageError for unknown ones."""
    for code in (*select, *ignore):
        if code not in CODES:
            raise UsageError(unknown("lint", code, CODES))
    return frozenset(select or CODES) - frozenset(ignore)


def check_packs(paths: Sequence[str | Path], limits: Limits, codes: Collection[str] = CODES) -> CheckedPacks:
    """Load packs with their cases and words, and lint them. Raises RuleError with every mistake, UsageError for paths."""
    program, merged = load_program(paths, limits)
    refuse_unknown_names(program, merged, limits)
    link_promises(program, merged, limits)
    link_words(program, word_sources(merged), limits)
    return CheckedPacks(program, merged, find_told(program, merged, codes))


def find_told(program: Program, merged: Merged, codes: Collection[str] = CODES) -> list[Told]:
    """What the lints of some codes tell of the given packs, in the order of places; without what declarations waive, and without
    what is in the shipped packs that they extend."""
    collecting = gc.isenabled()
    gc.disable()  # as where packs are loaded: nearly all that is there stays
    try:
        return sorted(_find_told(LintedBase(program, merged), codes))
    finally:
        if collecting:
            gc.enable()


def _find_told(base: LintedBase, codes: Collection[str]) -> set[Told]:
    told: set[Told] = set()
    for lint in LINTS:
        if lint.code in codes:
            for found in lint.find(base):
                if lint.code in getattr(found.declared.doc, "waive", ()):
                    base.waived.add((place_of(found.declared), lint.code))
                elif found.entry.pack.layer != EXTENDED:
                    told.add(Told(found.problem, lint.code, lint.level))
            base.ran.append(lint.code)
    return told
