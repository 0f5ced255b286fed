"""Run the cases of packs, and find rules without cases.

``misstep test`` and the project's own tests both use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from misstep.analysis.reading import READ, SHOWN
from misstep.analysis.reading.reader import Suggestion
from misstep.api import EngineName, RuleBase
from misstep.assessment.result import Assessment
from misstep.errors import EngineError, Location, RecordError
from misstep.limits import Limits
from misstep.rulebase.case_names import CaseNames
from misstep.rulebase.link import load_program
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.packs import Pack
from misstep.rulebase.schema import CaseDoc, ExpectListDoc, StoryCaseDoc

Failure = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """The outcome of one case: its pack, name and place, and each expectation that failed, as ``what, exp, got``.

    ``assessment`` and ``fired``: the answer; None and empty if the facts could not be assessed.
    """

    pack: str
    name: str
    location: Location
    failures: tuple[Failure, ...]
    assessment: Assessment | None = field(default=None, repr=False, compare=False)
    fired: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

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
    """The outcomes of all cases, and the rules of the packs that no case expects to fire, or to be quiet."""

    outcomes: tuple[CaseOutcome, ...]
    never_fired: tuple[str, ...]
    never_quiet: tuple[str, ...]


def run_cases(paths: Sequence[str | Path], limits: Limits | None = None, engine: EngineName = "python") -> CaseReport:
    """Run the cases of the packs at the paths, without those of the packs that they extend.

    Raises RuleError, UsageError, InstallationError.
    """
    limits = limits or Limits()
    program, merged = load_program(paths, limits)
    rulebase = RuleBase(program, limits, lazy_words(program, merged, limits))
    packs = [pack for pack in merged.packs if pack.layer > 0]
    cases = [case for pack in packs for case in pack.doc.cases.values()]
    fired = {rule for case in cases for rule in case.expect.fires}
    quiet = {rule for case in cases for rule in case.expect.quiet}
    own = sorted(rule.id for rule in program.rules.values() if rule.pack in {p.doc.pack for p in packs})
    return CaseReport(
        tuple(run_packs(rulebase, packs, engine)),
        tuple(rule for rule in own if rule not in fired),
        tuple(rule for rule in own if rule not in quiet),
    )


def run_packs(rulebase: RuleBase, packs: Iterable[Pack], engine: EngineName = "python") -> Iterator[CaseOutcome]:
    """Run the cases of packs on a rule base, in the order of the pack names."""
    packs = sorted(packs, key=lambda p: p.doc.pack)
    names = CaseNames(rulebase.program, packs)
    for pack in packs:
        for name, case in pack.doc.cases.items():
            yield _run(rulebase, pack, name, case, names, engine)


def _run(rulebase: RuleBase, pack: Pack, name: str, case: CaseDoc, names: CaseNames, engine: EngineName) -> CaseOutcome:
    make = partial(CaseOutcome, pack.doc.pack, name, pack.document.locate(("cases", name)))
    try:
        got, fired = rulebase.assess(case.facts, engine), rulebase.fired(case.facts, engine)
    except (RecordError, EngineError) as error:
        return make((("facts", "a record that can be assessed", str(error)),))
    failures = list(_failures(case, got, fired, names))
    if isinstance(case, StoryCaseDoc):
        failures += _misread(case, rulebase.suggest(case.story))
    return make(tuple(failures), got, frozenset(fired))


def _failures(case: CaseDoc, got: Assessment, fired: set[str], names: CaseNames) -> Iterator[Failure]:
    expect = case.expect
    for path, message in names.find_unknown(case):
        yield ".".join(str(step) for step in path[1:]), "names of the rule base", message
    if missing := [rule for rule in expect.fires if rule not in fired]:
        yield "fires", ", ".join(missing), f"quiet; fired: {', '.join(sorted(fired))}"
    if surplus := [rule for rule in expect.quiet if rule in fired]:
        yield "quiet", ", ".join(surplus), "fired"
    yield from _compare_members("", expect, got, ("damage", "damage_after", "band", "verdict", "outlook", "acts"))
    for key, finding in expect.findings.items():
        found = [f for f in got.findings if f.fact == key] or [f for f in got.findings if f.kind == key]
        if len(found) == 1:
            yield from _compare_members(f"findings.{key}.", finding, found[0], type(finding).model_fields)
        else:
            yield f"findings.{key}", "one finding", f"{len(found)} of: {', '.join(f.fact for f in got.findings) or 'none'}"
    plan = [action.action for action in got.actions]
    yield from _compare_list("actions", expect.actions, plan)
    yield from _compare("actions.first", expect.actions.first, plan[0] if plan else "nothing")
    yield from _compare_list("avoid", expect.avoid, [action.action for action in got.avoid])
    yield from _compare_list("derived", expect.derived, [fact.kind for fact in got.derived])


def _misread(case: StoryCaseDoc, suggestions: Iterable[Suggestion]) -> Iterator[Failure]:
    """What of a story is not read as the case has it: a fact with other fields or none, a kind that must not be read."""
    found = {each.kind: each for each in suggestions}
    read = [each for each in found.values() if each.score >= READ]
    for fact in case.facts:
        kind = str(fact["kind"])
        suggestion = found.get(kind)
        if suggestion is None or suggestion.score < READ:
            what = f"score {_score(suggestion, case)}" if suggestion else "not read"
            instead = ", ".join(f"{each.kind} {_score(each, case)}" for each in read)
            yield f"story.{kind}", f"read, with a score of {READ} or more", f"{what}; read: {instead or 'nothing'}"
            continue
        said = {name: value for name, value in fact.items() if name not in ("id", "kind")}
        for name in {**said, **suggestion.fields}:
            expected, got = said.get(name), suggestion.fields.get(name)
            if _value(expected) != _value(got):
                yield f"story.{kind}.{name}", _value(expected), f"{_value(got)}; {_words(suggestion, case)}"
    for kind in case.not_read:
        if kind in found and found[kind].score >= SHOWN:
            yield f"story.{kind}", f"not read, with a score below {SHOWN}", f"score {_score(found[kind], case)}"


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


def _compare_members(prefix: str, expected: object, got: object, members: Iterable[str]) -> Iterator[Failure]:
    for member in members:
        yield from _compare(prefix + member, getattr(expected, member), getattr(got, member))


def _compare(what: str, expected: float | str | bool | None, got: Any) -> Iterator[Failure]:
    if isinstance(expected, str) and ".." in expected:
        low, high = expected.split("..", 1)
        if not float(low) <= got <= float(high):
            yield what, expected, f"{got:g}"
    elif isinstance(expected, (int, float)) and not isinstance(expected, bool):
        if abs(expected - got) > 1e-9:
            yield what, f"{expected:g}", f"{got:g}"
    elif expected is not None and expected != got:
        yield what, str(expected), str(got)


def _compare_list(what: str, expect: ExpectListDoc, got: list[str]) -> Iterator[Failure]:
    if missing := [name for name in expect.include if name not in got]:
        yield f"{what}.include", ", ".join(missing), ", ".join(got) or "nothing"
    if surplus := [name for name in expect.exclude if name in got]:
        yield f"{what}.exclude", "without " + ", ".join(surplus), ", ".join(got)
