"""Measure how far a rule base agrees with judged cases.

A case that is wrong is listed in the agreement, and the others are measured all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from misstep.analysis.calibration.agreement import Agreement, Disagreement
from misstep.analysis.calibration.disagreements import Judged, differs, explain, furthest_first
from misstep.analysis.calibration.judged_cases import (
    CaseEntry,
    CasesLike,
    name_sets,
    read_case,
    read_entries,
    record_problems,
    unknown_steps,
    unknown_words,
)
from misstep.analysis.calibration.measuring import among_experts, compare, confidence, confusion, group, measure
from misstep.assessment.records import RecordLike
from misstep.assessment.result import Assessment
from misstep.errors import EngineError, Location, MisstepError, Problem, RecordError, UsageError, did_you_mean, listing
from misstep.language.program import Program


@dataclass(frozen=True, slots=True)
class RulesToJudge:
    """The rules to measure: their program, the assessment of a record by them, and the ids of the rules that fire on it."""

    program: Program
    assess: Callable[[RecordLike], Assessment]
    fired: Callable[[RecordLike], set[str]]


@dataclass(frozen=True, slots=True)
class Selection:
    """The cases to measure, by basis and confidence, and the number of worst disagreements to list."""

    bases: Sequence[str] = ()
    min_confidence: int | None = None
    worst: int = 5


def calibrate(sets: Sequence[CasesLike], rules: RulesToJudge, selection: Selection) -> Agreement:
    """Measure how far rules agree with judged cases: with all sets together, and with each.

    Raises RecordError if no case is right; UsageError if the selection leaves none, or a file does not exist.
    """
    read = _read(sets, rules)
    if not read.judged:
        raise RecordError([*read.problems, Problem(_file(sets), "there is no judged case that can be scored")])
    chosen = _chosen(read.judged, selection)
    compared = [judged.compared for judged in chosen]
    program, bands = rules.program, rules.program.scale.severity.words
    experts_same, experts_near = among_experts((judged.case for judged in chosen), program)
    furthest = sorted((j for j in chosen if differs(j.compared)), key=lambda j: furthest_first(j.compared))
    return Agreement(
        rulebase=program.name,
        version=program.version,
        digest=program.digest,
        read=len(read.judged),
        bases=tuple(selection.bases),
        min_confidence=selection.min_confidence,
        figures=measure(compared, bands),
        experts_same=experts_same,
        experts_near=experts_near,
        by_set=group(compared, lambda case: case.set, bands, resampled=True),
        by_basis=group(compared, lambda case: case.basis, bands),
        by_confidence=group(compared, confidence, bands),
        bands=bands,
        matrix=confusion(compared, bands),
        worst=tuple(_explained(judged, rules) for judged in furthest[: selection.worst]),
        cases=tuple(compared),
        problems=tuple(read.problems),
        remarks=tuple(read.remarks.values()),
    )


@dataclass(slots=True)
class _Read:
    """The cases that were assessed, the faults of the others, and remarks on actions that the rules do not have."""

    judged: list[Judged] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: dict[str, Problem] = field(default_factory=dict)


def _read(sets: Sequence[CasesLike], rules: RulesToJudge) -> _Read:
    read = _Read()
    for entry in chain.from_iterable(map(read_entries, sets, name_sets(sets))):
        try:
            judged = _judge(entry, rules)
        except MisstepError as error:
            read.problems.extend(error.problems)
        else:
            read.judged.append(judged)
            for action, remark in unknown_steps(judged.case, judged.entry, rules.program):
                read.remarks.setdefault(action, remark)
    return read


def _judge(entry: CaseEntry | MisstepError, rules: RulesToJudge) -> Judged:
    """A case with its assessment. Raises MisstepError with all that is wrong with the case."""
    if isinstance(entry, MisstepError):
        raise entry
    case = read_case(entry)
    wrong = unknown_words(case, entry, rules.program)
    try:
        got = rules.assess(case.record)
    except RecordError as error:
        wrong += record_problems(error, entry)
    except EngineError as error:
        wrong.append(entry.problem(("record",), "; ".join(problem.message for problem in error.problems)))
    if wrong:
        raise RecordError(wrong)
    return Judged(compare(case, entry, got, rules.program), case, entry, got)


def _chosen(judged: Sequence[Judged], selection: Selection) -> list[Judged]:
    """The cases of the selected bases and confidence."""
    known = sorted({j.compared.basis for j in judged})
    for basis in selection.bases:
        if basis not in known:
            hint = did_you_mean(basis, known, f"; there are {listing(known)}")
            raise UsageError(f"no case has the basis '{basis}'{hint}")
    least = selection.min_confidence
    chosen = [
        j
        for j in judged
        if (not selection.bases or j.compared.basis in selection.bases)
        and (least is None or (j.compared.confidence or 0) >= least)
    ]
    if not chosen:
        raise UsageError(f"none of the {len(judged)} cases has the chosen basis and confidence")
    return chosen


def _explained(judged: Judged, rules: RulesToJudge) -> Disagreement:
    return explain(judged, rules.program, lambda: rules.fired(judged.case.record))


def _file(sets: Sequence[CasesLike]) -> Location:
    """The file of the cases, if there is only one."""
    cases = sets[0] if len(sets) == 1 else "-"
    return Location(str(cases)) if isinstance(cases, (str, Path)) and str(cases) != "-" else Location()
