"""Judge mutants: whether one changes an answer of any record that is tried, and which cases notice it.

A mutant changes one rule. What that rule concludes on the facts of a record is compared first, the rest being as before: only
where it differs is the whole record assessed with the mutant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from misstep.analysis.rule_parts import fire_alone
from misstep.api import RuleBase
from misstep.assessment.assembly import Result, band_of, outlook_of
from misstep.assessment.intake import Facts
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.errors import BudgetError, RecordError
from misstep.evaluate.codegen import generate
from misstep.evaluate.memory import CONCLUSIONS, Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.facts import ID, KIND, Row
from misstep.language.program import OUTLOOK, Action, Program, Rule
from misstep.limits import Limits
from misstep.rulebase.schema import ExpectDoc
from misstep.tools.expectations import find_mismatches
from misstep.tools.mutants.make_mutants import Mutant
from misstep.tools.mutants.trial_records import TrialFacts, trial_records

MOST_RECORDS = 200
"""Records that a mutant is tried on where its rule concludes something else: a rule about all records would else be tried on
thousands, to no other end."""


_NO_ANSWER = (BudgetError, ArithmeticError)
"""What a mutant may raise: it derives without end, or divides by what is 0 now."""


@dataclass(frozen=True, slots=True)
class JudgedMutant:
    """What became of a mutant. ``matters``: it changes the gist of the answer to a record that was tried; ``noticed_by``: the
    cases that fail with it, in their order. ``facts``: of one that survives, the smallest record found that it changes."""

    mutant: str
    matters: bool
    noticed_by: tuple[str, ...] = ()
    facts: TrialFacts | None = None

    @property
    def survives(self) -> bool:
        """Whether it changes an answer and no case notices."""
        return self.matters and not self.noticed_by


class AnswerGist(NamedTuple):
    """What people act on in an answer: its band, its verdict, what to do first, and what else it tells. That is the derived facts
    that no rule reads, a price, say; and the scores and the outlook, where there is one band alone."""

    band: str
    verdict: str
    first: tuple[object, ...]
    told: frozenset[Row]


def gist_of(result: Result, told_kinds: Iterable[str]) -> AnswerGist:
    """The gist of the answer to a record; ``told_kinds``: see below."""
    rows, steps = result.memory.rows, result.plan.steps
    actions = [(step.occasion, step.channel, step.due_hours, *(each.action.id for each in step.choices)) for step in steps[:1]]
    told = {row[KIND:] for kind in told_kinds for row in rows.get(kind, ())}
    if len(result.memory.program.scale.severity.words) == 1:
        told |= {(outlook_of(result), *((finding.mistake[ID], finding.severity) for finding in result.findings))}
    return AnswerGist(band_of(result), result.plan.verdict, tuple(actions), frozenset(told))


def told_kinds_of(program: Program) -> tuple[str, ...]:
    """The derived kinds that neither a rule nor the plan reads."""
    read = {kind for rule in program.rules.values() for pattern in rule.all_patterns for kind in pattern.kinds}
    derived = {name for name, kind in program.kinds.items() if kind.role == "derived"}
    return tuple(sorted(derived - read - {program.scale.ways}))


class _Trial(NamedTuple):
    """A record that mutants are tried on, as it is without them. ``recommended``: actions that rules recommend."""

    given: TrialFacts
    facts: Facts
    memory: Memory
    gist: AnswerGist
    recommended: frozenset[str]


class _CaseTrial(NamedTuple):
    """A case that mutants are tried on."""

    name: str
    expect: ExpectDoc
    trial: _Trial


class MutantJudge:
    """Judges mutants of one rule base."""

    def __init__(self, program: Program, cases: Mapping[str, tuple[TrialFacts, ExpectDoc]], records: int, seed: int) -> None:
        """``cases``: facts and expectations by name, all of which hold."""
        self._program = program
        self._told = told_kinds_of(program)
        self._reader = RecordReader(program, Limits())
        self._engine = PythonEngine(program)
        self._pipeline = Pipeline(program, self._engine, Limits())
        self._mutated = Pipeline(program, self._engine, Limits())  # with the engine of one mutant after the other
        given = {name: facts for name, (facts, _) in cases.items()}
        found = self._trials(trial_records(RuleBase(program), given, records, seed))
        self._records = sorted(found, key=lambda trial: sum(map(len, trial.given)))  # the smallest that tells is found first
        self._cases = [
            _CaseTrial(name, expect, trial) for name, (facts, expect) in cases.items() for trial in self._trials([facts])
        ]

    def _trials(self, records: Iterable[TrialFacts]) -> Iterator[_Trial]:
        for given in records:
            try:
                facts = self._reader.read(given)
                result = self._pipeline.evaluate(facts)
            except RecordError:  # a neighbour that is no record, or asks for too much
                continue
            memory = Memory(self._program, result.memory.rows, result.memory.limits)
            memory.found = result.memory.found
            recommended = frozenset(each.action for each in result.memory.recommendations)
            yield _Trial(given, facts, memory, gist_of(result, self._told), recommended)

    def judge(self, mutants: Sequence[Mutant]) -> Iterator[JudgedMutant]:
        """Judge mutants, all of one rule or action."""
        original = mutants[0].original
        yield from self._judge_rules(original, mutants) if isinstance(original, Rule) else map(self._judge_action, mutants)

    def _judge_rules(self, original: Rule, mutants: Sequence[Mutant]) -> Iterator[JudgedMutant]:
        needed = [frozenset(pattern.kinds) for pattern in original.patterns if pattern.over != OUTLOOK]
        records = [trial for trial in self._records if _has(trial, needed)]
        cases = [case for case in self._cases if _has(case.trial, needed)]
        conclude = _conclusions_of(original, self._program)
        of_records, of_cases = ([conclude(trial.memory) for trial in some] for some in (records, [each.trial for each in cases]))
        apart = self._engine.replacing(original, original)
        for mutant in mutants:
            assert isinstance(mutant.mutated, Rule)
            conclude = _conclusions_of(mutant.mutated, self._program)
            self._mutated.engine = apart.replacing(original, mutant.mutated)
            yield self._judged(
                mutant,
                self._mutated,
                (trial for trial, before in zip(records, of_records, strict=True) if conclude(trial.memory) != before),
                (case for case, before in zip(cases, of_cases, strict=True) if conclude(case.trial.memory) != before),
            )

    def _judge_action(self, mutant: Mutant) -> JudgedMutant:
        action = mutant.mutated
        assert isinstance(action, Action)
        program = replace(self._program, actions={**self._program.actions, action.id: action})
        return self._judged(
            mutant,
            Pipeline(program, self._engine, Limits()),
            (trial for trial in self._records if action.id in trial.recommended),
            (case for case in self._cases if action.id in case.trial.recommended),
        )

    def _judged(self, mutant: Mutant, pipeline: Pipeline, records: Iterable[_Trial], cases: Iterable[_CaseTrial]) -> JudgedMutant:
        """``pipeline``: with the mutant; the records and the cases are those where it could change something."""
        some = islice(records, MOST_RECORDS)
        changed = next((trial for trial in some if self._gist(pipeline, trial.facts) != trial.gist), None)
        if changed is None:
            return JudgedMutant(mutant.id, matters=False)
        noticed = tuple(case.name for case in cases if _notices(case, pipeline))
        return JudgedMutant(mutant.id, True, noticed, None if noticed else self._smallest(changed.given, pipeline))

    def _smallest(self, given: TrialFacts, pipeline: Pipeline) -> TrialFacts:
        """A record whose answer a mutant changes, without all facts and fields that it needs not for that."""
        smaller: TrialFacts | None = given
        while smaller is not None:
            given = smaller
            smaller = next((facts for facts in _smaller(given) if self._changes(facts, pipeline)), None)
        return given

    def _gist(self, pipeline: Pipeline, facts: Facts) -> AnswerGist | None:
        """The gist of an answer; None where a mutant leaves none."""
        try:
            return gist_of(pipeline.evaluate(facts), self._told)
        except _NO_ANSWER:
            return None

    def _changes(self, given: TrialFacts, pipeline: Pipeline) -> bool:
        try:
            facts = self._reader.read(given)
            return self._gist(pipeline, facts) != self._gist(self._pipeline, facts)
        except RecordError:
            return False


def _smaller(facts: TrialFacts) -> Iterator[TrialFacts]:
    """The records that lack one fact, then those that lack one field."""
    for i, fact in enumerate(facts):
        yield [*facts[:i], *facts[i + 1 :]]
        for name in fact:
            if name != "kind":
                yield [*facts[:i], {key: value for key, value in fact.items() if key != name}, *facts[i + 1 :]]


def _has(trial: _Trial, needed: Iterable[frozenset[str]]) -> bool:
    """Whether a record has a fact for each pattern of a rule."""
    return not any(kinds.isdisjoint(trial.memory.rows) for kinds in needed)


def _conclusions_of(rule: Rule, program: Program) -> Callable[[Memory], object]:
    """What a rule concludes on the facts of a memory, but for its name."""
    generated = generate(rule, program.kinds)

    def conclude(after: Memory) -> object:
        try:
            memory = fire_alone(generated, after, rule.derives)
        except _NO_ANSWER:
            return None
        derived = [(row, [match for _, match in found]) for row, found in memory.derivations.items()]
        return derived, [(*each[:-2], each[-1]) for name in CONCLUSIONS for each in getattr(memory, name)]

    return conclude


def _notices(case: _CaseTrial, pipeline: Pipeline) -> bool:
    """Whether a case fails with a mutant."""
    try:
        result = pipeline.evaluate(case.trial.facts)
    except _NO_ANSWER:
        return True
    fired = frozenset(rule.id for rule in result.memory.fired())
    return next(find_mismatches(case.expect, pipeline.word(result), fired), None) is not None
