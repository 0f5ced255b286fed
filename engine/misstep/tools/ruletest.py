"""Packs in; the outcome of their cases out, and which rules no case proves.

``misstep test`` and the project's own test suite both run this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from misstep.api import EngineName, RuleBase
from misstep.assessment.result import Assessment
from misstep.errors import EngineError, Location, RecordError
from misstep.limits import Limits
from misstep.rulebase.cases import CaseNames
from misstep.rulebase.link import load_program
from misstep.rulebase.packs import Pack
from misstep.rulebase.schema import CaseDoc


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case: its pack and name, where it stands, and every expectation that was not met, as ``what, exp, got``.

    ``assessment`` and ``fired`` are what came; of a case that cannot be assessed there is none.
    """

    pack: str
    name: str
    location: Location
    failures: tuple[tuple[str, str, str], ...]
    assessment: Assessment | None = field(default=None, repr=False, compare=False)
    fired: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    @property
    def id(self) -> str:
        """Pack and name."""
        return f"{self.pack}/{self.name}"

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class Report:
    """All cases of the packs, and the rules of these packs that no case makes fire, or expects to stay quiet."""

    outcomes: tuple[Outcome, ...]
    never_fired: tuple[str, ...]
    never_quiet: tuple[str, ...]


def run_cases(paths: Sequence[str | Path], limits: Limits | None = None, engine: EngineName = "compiled") -> Report:
    """Run the cases of the packs at the paths (not of those they extend) on an engine.

    Raises RuleError, UsageError, InstallationError.
    """
    program, merged = load_program(paths, limits or Limits())
    rulebase = RuleBase(program, limits)
    packs = [pack for pack in merged.packs if pack.layer > 0]
    cases = [case for pack in packs for case in pack.doc.cases.values()]
    fired = {rule for case in cases for rule in case.expect.fires}
    quiet = {rule for case in cases for rule in case.expect.quiet}
    own = sorted(rule.id for rule in program.rules.values() if rule.pack in {p.doc.pack for p in packs})
    return Report(
        tuple(run_packs(rulebase, packs, engine)),
        tuple(rule for rule in own if rule not in fired),
        tuple(rule for rule in own if rule not in quiet),
    )


def run_packs(rulebase: RuleBase, packs: Iterable[Pack], engine: EngineName = "compiled") -> Iterator[Outcome]:
    """Run the cases of packs on a rule base, by the names of the packs."""
    packs = sorted(packs, key=lambda p: p.doc.pack)
    names = CaseNames(rulebase.program, packs)
    for pack in packs:
        for name, case in pack.doc.cases.items():
            yield _run(rulebase, pack, name, case, names, engine)


def _run(rulebase: RuleBase, pack: Pack, name: str, case: CaseDoc, names: CaseNames, engine: EngineName) -> Outcome:
    location = pack.document.locate(("cases", name))
    try:
        got, fired = rulebase.assess(case.facts, engine), rulebase.fired(case.facts, engine)
    except (RecordError, EngineError) as error:
        return Outcome(pack.doc.pack, name, location, (("facts", "a record that can be assessed", str(error)),))
    return Outcome(pack.doc.pack, name, location, tuple(_failures(case, got, fired, names)), got, frozenset(fired))


def _failures(case: CaseDoc, got: Assessment, fired: set[str], names: CaseNames) -> Iterator[tuple[str, str, str]]:
    expect = case.expect
    for path, message in names.find_unknown(case):
        yield ".".join(str(step) for step in path[1:]), "names of the rule base", message
    missing = [rule for rule in expect.fires if rule not in fired]
    if missing:
        yield "fires", ", ".join(missing), f"quiet; fired: {', '.join(sorted(fired))}"
    loud = [rule for rule in expect.quiet if rule in fired]
    if loud:
        yield "quiet", ", ".join(loud), "fired"
    for name in ("damage", "damage_after", "band", "verdict", "outlook", "acts"):
        yield from _compare(name, getattr(expect, name), getattr(got, name))
    for key, finding in expect.findings.items():
        found = [f for f in got.findings if f.fact == key] or [f for f in got.findings if f.kind == key]
        if len(found) != 1:
            yield f"findings.{key}", "one finding", f"{len(found)} of: {', '.join(f.fact for f in got.findings) or 'none'}"
            continue
        for name in type(finding).model_fields:
            yield from _compare(f"findings.{key}.{name}", getattr(finding, name), getattr(found[0], name))
    plan = [action.action for action in got.actions]
    yield from _members("actions", expect.actions.include, expect.actions.exclude, plan)
    yield from _compare("actions.first", expect.actions.first, plan[0] if plan else "nothing")
    yield from _members("avoid", expect.avoid.include, expect.avoid.exclude, [a.action for a in got.avoid])
    yield from _members("derived", expect.derived.include, expect.derived.exclude, [d.kind for d in got.derived])


def _compare(what: str, expected: Any, got: Any) -> Iterator[tuple[str, str, str]]:
    if expected is None:
        return
    if isinstance(expected, str) and ".." in expected:
        low, high = expected.split("..", 1)
        if not float(low) <= got <= float(high):
            yield what, expected, f"{got:g}"
    elif isinstance(expected, (int, float)) and not isinstance(expected, bool):
        if abs(expected - got) > 1e-9:
            yield what, f"{expected:g}", f"{got:g}"
    elif expected != got:
        yield what, str(expected), str(got)


def _members(what: str, include: list[str], exclude: list[str], got: list[str]) -> Iterator[tuple[str, str, str]]:
    missing = [name for name in include if name not in got]
    surplus = [name for name in exclude if name in got]
    if missing:
        yield f"{what}.include", ", ".join(missing), ", ".join(got) or "nothing"
    if surplus:
        yield f"{what}.exclude", "without " + ", ".join(surplus), ", ".join(got)
