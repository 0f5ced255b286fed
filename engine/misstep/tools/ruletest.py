"""Run the cases of packs, and find rules without cases.

``misstep test`` and the project's own tests both use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from misstep.api import EngineName, RuleBase
from misstep.assessment.result import Assessment
from misstep.errors import EngineError, Location, RecordError
from misstep.limits import Limits
from misstep.rulebase.case_names import CaseNames
from misstep.rulebase.link import load_program
from misstep.rulebase.packs import Pack
from misstep.rulebase.schema import CaseDoc, ExpectListDoc

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


def run_cases(paths: Sequence[str | Path], limits: Limits | None = None, engine: EngineName = "compiled") -> CaseReport:
    """Run the cases of the packs at the paths, without those of the packs that they extend.

    Raises RuleError, UsageError, InstallationError.
    """
    program, merged = load_program(paths, limits or Limits())
    rulebase = RuleBase(program, limits)
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


def run_packs(rulebase: RuleBase, packs: Iterable[Pack], engine: EngineName = "compiled") -> Iterator[CaseOutcome]:
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
    return make(tuple(_failures(case, got, fired, names)), got, frozenset(fired))


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
