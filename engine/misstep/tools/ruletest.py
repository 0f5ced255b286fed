"""Run the cases of packs, and find rules without cases.

``misstep test`` and the project's own tests both use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from misstep.analysis.reading import READ, SHOWN
from misstep.analysis.reading.reader import Suggestion
from misstep.api import EngineName, RuleBase
from misstep.assessment.assembly import Result
from misstep.assessment.result import Assessment
from misstep.errors import EngineError, Location, RecordError, UsageError, did_you_mean, printable
from misstep.limits import Limits
from misstep.rulebase.case_names import CaseNames
from misstep.rulebase.link import load_program
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Pack
from misstep.rulebase.schema import CaseDoc, StoryCaseDoc
from misstep.tools.condition_coverage import SeenCondition, cover_conditions
from misstep.tools.expectations import Mismatch, find_mismatches
from misstep.tools.lints.linted import LintedBase


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """The outcome of one case: its pack, name and place, and each expectation that failed.

    ``assessment``, ``fired`` and ``result``: the answer; None and empty if the facts could not be assessed.
    """

    pack: str
    name: str
    location: Location
    failures: tuple[Mismatch, ...]
    assessment: Assessment | None = field(default=None, repr=False, compare=False)
    fired: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    result: Result | None = field(default=None, repr=False, compare=False)

    @property
    def id(self) -> str:
        """Pack and name."""
        return f"{self.pack}/{self.name}"

    @property
    def passed(self) -> bool:
        """Whether no expectation failed."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class CaseReport:
    """The outcomes of cases, and the rules of the packs, ``rules`` in number, that fire in none of them. ``conditions``: those of
    the rules, and how the cases saw them, where that is asked for; ``files``: all that were read."""

    outcomes: tuple[CaseOutcome, ...]
    rules: int
    never_fired: tuple[str, ...]
    conditions: tuple[SeenCondition, ...] = ()
    files: tuple[str, ...] = ()


def run_cases(
    paths: Sequence[str | Path],
    limits: Limits | None = None,
    engine: EngineName = "auto",
    chosen: str = "",
    coverage: bool = False,
) -> CaseReport:
    """Run the cases of the packs at the paths, without those of the packs that they extend: those whose pack and name,
    ``pack/name``, hold the ``chosen`` words, in capitals or not. ``coverage``: look at the conditions of the rules too.

    Raises RuleError, InstallationError; and UsageError, also where no case is chosen.
    """
    limits = limits or Limits()
    program, merged = load_program(paths, limits)
    rulebase = RuleBase(program, limits, lazy_words(program, merged, limits))
    packs = [pack for pack in merged.packs if pack.layer > EXTENDED]
    outcomes = tuple(run_packs(rulebase, packs, engine, chosen))
    if chosen and not outcomes:
        names = [f"{pack.doc.pack}/{name}" for pack in packs for name in pack.doc.cases]
        raise UsageError(f"no case is called '{printable(chosen)[:60]}'{did_you_mean(chosen, names)}")
    base = LintedBase(program, merged)
    fired = frozenset[str]().union(*(outcome.fired for outcome in outcomes))
    own = sorted(rule.id for rule, _ in base.rules())
    memories = [outcome.result.memory for outcome in outcomes if outcome.result is not None]
    return CaseReport(
        outcomes,
        len(own),
        tuple(rule for rule in own if rule not in fired),
        tuple(cover_conditions(base, memories)) if coverage else (),
        merged.files,
    )


def run_packs(rulebase: RuleBase, packs: Iterable[Pack], engine: EngineName = "auto", chosen: str = "") -> Iterator[CaseOutcome]:
    """Run the cases of packs on a rule base, in the order of the pack names; ``chosen`` as for ``run_cases``."""
    packs = sorted(packs, key=lambda p: p.doc.pack)
    names = CaseNames(rulebase.program, packs)
    for pack in packs:
        for name, case in pack.doc.cases.items():
            if chosen.casefold() in f"{pack.doc.pack}/{name}".casefold():
                yield _run(rulebase, pack, name, case, names, engine)


def _run(rulebase: RuleBase, pack: Pack, name: str, case: CaseDoc, names: CaseNames, engine: EngineName) -> CaseOutcome:
    make = partial(CaseOutcome, pack.doc.pack, name, pack.document.locate(("cases", name)))
    try:
        got, result = rulebase.assess(case.facts, engine), rulebase.evaluate(case.facts, engine)
    except (RecordError, EngineError) as error:
        return make((Mismatch("facts", "a record that can be assessed", str(error)),))
    fired = frozenset(rule.id for rule in result.memory.fired())
    failures = list(_failures(case, got, fired, names))
    if isinstance(case, StoryCaseDoc):
        failures += _misread(case, rulebase.suggest(case.story, of_interview=True))
    return make(tuple(failures), got, fired, result)


def _failures(case: CaseDoc, got: Assessment, fired: frozenset[str], names: CaseNames) -> Iterator[Mismatch]:
    for path, message in names.find_unknown(case):
        yield Mismatch(".".join(str(step) for step in path[1:]), "names of the rule base", message)
    yield from find_mismatches(case.expect, got, fired)


def _misread(case: StoryCaseDoc, suggestions: Iterable[Suggestion]) -> Iterator[Mismatch]:
    """What of a story is not read as the case has it: a fact with other fields or none, a kind that must not be read."""
    found = {each.kind: each for each in suggestions}
    read = [each for each in found.values() if each.score >= READ]
    for fact in case.facts:
        kind = str(fact["kind"])
        suggestion = found.get(kind)
        if suggestion is None or suggestion.score < READ:
            what = f"score {_score(suggestion, case)}" if suggestion else "not read"
            instead = ", ".join(f"{each.kind} {_score(each, case)}" for each in read)
            yield Mismatch(f"story.{kind}", f"read, with a score of {READ} or more", f"{what}; read: {instead or 'nothing'}")
            continue
        said = {name: value for name, value in fact.items() if name not in ("id", "kind")}
        for name in {**said, **suggestion.fields}:
            expected, got = said.get(name), suggestion.fields.get(name)
            if _value(expected) != _value(got):
                yield Mismatch(f"story.{kind}.{name}", _value(expected), f"{_value(got)}; {_words(suggestion, case)}")
    for kind in case.not_read:
        if kind in found and found[kind].score >= SHOWN:
            yield Mismatch(f"story.{kind}", f"not read, with a score below {SHOWN}", f"score {_score(found[kind], case)}")


def _score(suggestion: Suggestion, case: StoryCaseDoc) -> str:
    return f"{suggestion.score:.2f} ({_words(suggestion, case)})"


def _words(suggestion: Suggestion, case: StoryCaseDoc) -> str:
    """The words of a story that led to a suggestion."""
    said = [" ".join(case.story[start:end].split()) for start, end in suggestion.spans]
    return "from " + ", ".join(f'"{words}"' for words in said) if said else "from what it says of the interview"


def _value(value: object) -> str:
    if isinstance(value, list):  # the words of a set, in any order
        return ", ".join(sorted(map(str, value)))
    return "not said" if value is None else f"{value:g}" if isinstance(value, float) else str(value).lower()
