"""Answer for each promise of a rule base whether it is kept: proved, refuted by a record, or not decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

from misstep.api import RuleBase
from misstep.errors import Location
from misstep.language.promise import Promise
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.link_promises import link_promises
from misstep.rulebase.packs import Merged
from misstep.tools.proofs.added_amounts import keep_scores
from misstep.tools.proofs.breaches import Breach, BreachFinder, ValuePick, every_value, nearest_value
from misstep.tools.proofs.promise_proofs import PromiseProver, compared_scores
from misstep.tools.proofs.record_search import RecordMaker, SearchedRecord
from misstep.tools.proofs.smaller_records import smallest
from misstep.tools.proofs.telling_values import TellingValues
from misstep.tools.proofs.whole_space import WholeSpace

BUDGET = 5000
"""Records that are assessed, unless another number is asked for: for one promise, or for two rule bases."""
MOST_SMALLER = 10_000
"""Records that are assessed to find a smaller one that breaks it too."""
MOST_PICKED = 3
"""Values that a field is changed to in one record of the search."""
ProofAnswer = Literal["proved", "refuted", "not decided"]


@dataclass(frozen=True, slots=True)
class ProvedPromise:
    """What was found out about a promise. ``method``: in words how it is proved, or what was searched; ``breach``: a record that
    breaks it."""

    name: str
    pack: str
    place: Location
    condition: str
    answer: ProofAnswer
    method: str
    breach: Breach | None = None


def prove_promises(paths: Sequence[str | Path], seed: int = 1, budget: int = BUDGET) -> tuple[ProvedPromise, ...]:
    """Prove or refute the promises of the packs at the paths, and of those that they extend.

    ``budget``: the most records that are assessed for one promise. Raises RuleError, UsageError.
    """
    limits = Limits()
    program, merged = load_program(paths, limits)
    promises = sorted(link_promises(program, merged, limits), key=lambda promise: promise.place())
    attempt = _Attempt(RuleBase(program, limits), told_records(merged), seed, budget)
    return tuple(map(attempt.prove, promises))


def told_records(merged: Merged) -> list[SearchedRecord]:
    """The records of the cases of the packs, each fact with an id."""
    cases = [case for pack in merged.packs for case in pack.doc.cases.values()]
    return [[{**fact, "id": fact.get("id", f"f{i}")} for i, fact in enumerate(case.facts, 1)] for case in cases]


class _Tried(NamedTuple):
    """A try to prove a promise. ``method``: how it is proved; ``suspects``: records that seem to break it; ``short``: that there
    are more records than may be assessed."""

    method: str = ""
    suspects: Sequence[SearchedRecord] = ()
    short: str = ""


class _Attempt:
    """What is tried with every promise of a rule base."""

    def __init__(self, rulebase: RuleBase, told: Sequence[SearchedRecord], seed: int, budget: int) -> None:
        self.rulebase = rulebase
        self.told = told
        self.seed = seed
        self.budget = budget
        self.prover = PromiseProver(rulebase.program)
        self.values = TellingValues([rulebase.program])

    def prove(self, promise: Promise) -> ProvedPromise:
        """What is found out about a promise."""
        method = self.prover.by_reading(promise)
        if method:
            return _found(promise, "proved", method)
        values = TellingValues([self.prover.breach_alone(promise)], self.values)
        suspects: list[SearchedRecord] = []
        short = ""
        for tried in (self._by_records(promise, values), self._by_amounts(promise, values)):
            if tried.method:
                return _found(promise, "proved", tried.method)
            suspects += tried.suspects
            short = short or tried.short
        finder = BreachFinder(self.rulebase, promise, values, self.budget)
        breach = self._search(finder, promise, values, suspects)
        if breach is not None:
            return _found(promise, "refuted", "by a record", self._smallest(breach, finder, promise))
        searched = f"no breach in {finder.assessed:,} records with {finder.facts:,} facts, seed {self.seed}"
        return _found(promise, "not decided", searched + _untested(finder) + short)

    def _by_records(self, promise: Promise, values: TellingValues) -> _Tried:
        """Prove a promise by all records of a space."""
        space = self.prover.whole_space(promise, values)
        if space is None or space.size > self.budget:
            return _Tried(short=deciding_budget(space))
        finder = BreachFinder(self.rulebase, promise, space, self.budget, exact=promise.two_answers)
        for record in space.records():
            if finder.find(record, self._steps(promise)) is not None:
                return _Tried(suspects=[record])
        if promise.two_answers and space.parted and not self.prover.keeps_same(promise):
            return _Tried()
        return self._all_assessed("enumeration", promise, space, finder)

    def _by_amounts(self, promise: Promise, values: TellingValues) -> _Tried:
        """Prove a promise by the amounts that rules add for a change."""
        found = self.prover.amounts_space(promise, values)
        if found is None or found[0].size > self.budget:
            return _Tried(short=deciding_budget(found and found[0]))
        space, rules = found
        finder, compared = BreachFinder(self.rulebase, promise, space, self.budget), compared_scores(promise)
        pick = self._steps(promise)
        for record in space.records():
            if not all(keep_scores(pair, rules, compared) for pair in finder.pairs(record, pick)):
                return _Tried(suspects=[record])
        return self._all_assessed("amounts", promise, space, finder)

    def _steps(self, promise: Promise) -> ValuePick:
        """The values of a field that all others follow from."""
        return nearest_value if self.prover.steps_suffice(promise) else every_value

    def _all_assessed(self, how: str, promise: Promise, space: WholeSpace, finder: BreachFinder) -> _Tried:
        """A proof, unless a record could not be assessed."""
        if finder.refused:
            return _Tried(short="" if finder.left else deciding_budget(space))
        pairs = f", {finder.assessed:,} with those that they change to" if promise.two_answers else ""
        return _Tried(f"{how}: all {space}{pairs}{_untested(finder)}")

    def _search(
        self, finder: BreachFinder, promise: Promise, values: TellingValues, suspects: Sequence[SearchedRecord]
    ) -> Breach | None:
        """A breach by a record that is suspected, by that of a case, or by one that is made."""
        maker = RecordMaker([self.rulebase.program], values, [promise.when.patterns], self.seed)
        chance = Random(f"changes {self.seed}")  # noqa: S311 - no secret

        def pick(every: Sequence[object]) -> Sequence[object]:
            return every if len(every) <= MOST_PICKED else chance.sample(every, MOST_PICKED)

        for record in suspects:
            if breach := finder.find(record):
                return breach
        for record in chain(self.told, maker.records()):
            if finder.left <= 0:
                return None
            if breach := finder.find(record, pick):
                return breach
        return None

    def _smallest(self, breach: Breach, finder: BreachFinder, promise: Promise) -> Breach:
        """A breach by a smaller record. The last one is found by assessing it, so it is none that only seems so."""
        base = breach.after if promise.added is not None and breach.after is not None else breach.record
        best = breach
        finder.left = MOST_SMALLER

        def holds(record: SearchedRecord) -> bool:
            nonlocal best
            found = finder.find(record)
            best = found or best
            return found is not None

        smallest(base, self.rulebase.kinds, holds)
        return best


def _found(promise: Promise, answer: ProofAnswer, method: str, breach: Breach | None = None) -> ProvedPromise:
    return ProvedPromise(promise.name, promise.pack, promise.place(), promise.condition, answer, method, breach)


def _untested(finder: BreachFinder) -> str:
    return "" if finder.tested else "; none of them puts it to the test"


def deciding_budget(space: WholeSpace | None) -> str:
    """The end of a line on a search: that there are records which would decide it, but too many."""
    return "" if space is None else f"; there are {space}, so a greater --budget decides it"
