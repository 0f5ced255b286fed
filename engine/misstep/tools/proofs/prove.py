"""Answer for each promise of a rule base whether it is kept: proved, refuted by a record, or not decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any, Literal

from misstep.api import RuleBase
from misstep.errors import Location
from misstep.language.promise import Promise
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.link_promises import link_promises
from misstep.rulebase.packs import Merged
from misstep.tools.proofs.breaches import Breach, BreachFinder
from misstep.tools.proofs.promise_proofs import PromiseProver
from misstep.tools.proofs.record_search import RecordMaker, SearchedRecord
from misstep.tools.proofs.smaller_records import smallest
from misstep.tools.proofs.telling_values import TellingValues
from misstep.tools.proofs.whole_space import WholeSpace

BUDGET = 2000
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
    promises = link_promises(program, merged, limits)
    attempt = _Attempt(RuleBase(program, limits), told_records(merged), seed, budget)
    return tuple(map(attempt.prove, promises))


def told_records(merged: Merged) -> list[SearchedRecord]:
    """The records of the cases of the packs, each fact with an id."""
    cases = [case for pack in merged.packs for case in pack.doc.cases.values()]
    return [[{**fact, "id": fact.get("id", f"f{i}")} for i, fact in enumerate(case.facts, 1)] for case in cases]


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
        values = TellingValues([self.prover.breach_alone(promise)], self.values)
        space = None if method else self.prover.whole_space(promise, values)
        suspects: list[SearchedRecord] = []
        if space is not None and space.size <= self.budget:
            method, suspects = self._whole(promise, space)
        if method:
            return _found(promise, "proved", method)
        finder = BreachFinder(self.rulebase, promise, values, self.budget)
        breach = self._search(finder, promise, values, suspects)
        if breach is not None:
            return _found(promise, "refuted", "by a record", self._smallest(breach, finder, promise))
        searched = f"no breach in {finder.assessed:,} records with {finder.facts:,} facts, seed {self.seed}"
        return _found(promise, "not decided", searched + _untested(finder) + deciding_budget(space))

    def _whole(self, promise: Promise, space: WholeSpace) -> tuple[str, list[SearchedRecord]]:
        """How a promise is proved by all records of a space; or else the record that breaks it, if one does."""
        finder = BreachFinder(self.rulebase, promise, space, self.budget, exact=promise.two_answers)
        for record in space.records():
            if finder.find(record) is not None:
                return "", [record]
        if finder.refused or (promise.two_answers and space.parted and not self.prover.keeps_same(promise)):
            return "", []
        pairs = f", {finder.assessed:,} with those that they change to" if promise.two_answers else ""
        return f"enumeration: all {space}{pairs}{_untested(finder)}", []

    def _search(
        self, finder: BreachFinder, promise: Promise, values: TellingValues, suspects: Sequence[SearchedRecord]
    ) -> Breach | None:
        """A breach by a record that is suspected, by that of a case, or by one that is made."""
        maker = RecordMaker([self.rulebase.program], values, [promise.when.patterns], self.seed)
        chance = Random(f"changes {self.seed}")  # noqa: S311 - no secret

        def pick(every: Sequence[Any]) -> Sequence[Any]:
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
    return ProvedPromise(promise.name, promise.pack, promise.place, promise.condition, answer, method, breach)


def _untested(finder: BreachFinder) -> str:
    return "" if finder.tested else "; none of them puts it to the test"


def deciding_budget(space: WholeSpace | None) -> str:
    """The end of a line on a search: that there are records which would decide it, but too many."""
    return "" if space is None else f"; there are {space}, so a greater --budget decides it"
