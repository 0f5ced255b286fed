"""Find the single changes of a record that would have lowered its band: counterfactual explanations.

A change removes one fact, or gives one of its fields another value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from misstep.analysis.changed_records import FieldUse, Trials, with_value
from misstep.analysis.trial_outcomes import Evaluate, Outcome
from misstep.analysis.usual_answers import Grid
from misstep.assessment.intake import Facts, Values
from misstep.language.facts import FIRST_VALUE, ID, KIND, Field, Row, Value

WORD_COST, FACT_COST = 1.0, 2.0


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One change that lowers the band: its place, the value given and the one instead, and the answer it would have had.

    ``field`` is None if the whole fact is removed. ``size``: 2 for a whole fact; 1 for yes or no, and for a word; for a number
    the share by which it changes, 12 to 9 is 0.25.
    """

    pointer: str
    fact: str
    kind: str
    field: str | None
    given: Value
    instead: Value
    size: float
    band: str
    verdict: str
    damage: float


@dataclass(frozen=True, slots=True)
class Counterfactuals:
    """The answer as it is, and the changes that would have lowered its band: the best one of every field and fact.

    ``changes`` are of fields that the record states, smallest first; ``unsaid`` are of fields that it leaves out, and their
    ``given`` is the assumed value. ``tried``: the number of changes that were assessed; ``complete``: whether the limit allowed
    all.
    """

    id: str | None
    damage: float
    band: str
    verdict: str
    changes: tuple[Counterfactual, ...]
    unsaid: tuple[Counterfactual, ...]
    tried: int
    complete: bool

    def to_json(self) -> bytes:
        """JSON, UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)


def find_counterfactuals(facts: Facts, use: FieldUse, evaluate: Evaluate, most: int) -> Counterfactuals:
    """The changes that would have lowered the band. ``most``: the limit of facts to assess in all. The worst mistake is tried
    first.

    Raises BudgetError if the record itself needs too much work.
    """
    trials = _BandTrials(facts, evaluate, most, use.program.scale.severity.words)
    found: list[_Found] = []
    complete = True
    try:
        if trials.rank(trials.now):  # the mildest band cannot be lowered
            for place, row in _worst_facts_first(trials.now, facts.given):
                found.extend(_changes_of(place, row, facts.said[row[ID]], use, trials))
    except _EnoughError:
        complete = False
    found.sort(key=itemgetter(0))
    changes, unsaid = (tuple(each.change for each in found if each.said is said) for said in (True, False))
    answer = trials.now
    return Counterfactuals(facts.id, answer.damage, answer.band, answer.verdict, changes, unsaid, trials.made, complete)


class _Found(NamedTuple):
    """A change, and whether the record states its field. The key is size, rank of the band and damage; then fact and place of the
    field, so that all changes have one order."""

    key: tuple[float, int, float, str, int]
    change: Counterfactual
    said: bool


class _EnoughError(Exception):
    """The limit allows no more changes."""


class _BandTrials(Trials):
    """Tries changes of one fact, and gives the outcomes that have a lower band, out of ``bands``, mildest first."""

    def __init__(self, facts: Facts, evaluate: Evaluate, most: int, bands: Sequence[str]) -> None:
        super().__init__(facts, evaluate, most)
        self._bands = bands

    def rank(self, outcome: Outcome) -> int:
        """That of its band, 0 the mildest."""
        return self._bands.index(outcome.band)

    def lower(self, row: Row, instead: Row | None) -> Outcome | None:
        """The outcome with another row, or none, in place of a row; None if its band is not lower, or if it
        would need too much work. Raises _EnoughError."""
        if not self.left:
            raise _EnoughError
        outcome = self.outcome_with([instead]) if instead else self.outcome_with((), [row])
        return outcome if outcome and self.rank(outcome) < self.rank(self.now) else None


def _worst_facts_first(now: Outcome, given: Iterable[Values]) -> list[tuple[int, Row]]:
    """The facts with their places in the record: mistakes first, worst first, then the others by kind and id."""
    ranks = now.ranks()
    rows = enumerate(map(tuple, given))
    return sorted(rows, key=lambda fact: (ranks.get(fact[1][ID], len(ranks)), fact[1][KIND], fact[1][ID]))


def _changes_of(place: int, row: Row, said: Collection[str], use: FieldUse, trials: _BandTrials) -> Iterator[_Found]:
    """The changes of one fact that lower the band, the best one of every field."""
    kind = use.program.kinds[row[KIND]]

    def found(column: int, field: Field | None, instead: Value, size: float, answer: Outcome) -> _Found:
        pointer = f"/facts/{place}" + (f"/{field.name}" if field else "")
        name, given = (field.name, row[column]) if field else (None, None)
        change = Counterfactual(
            pointer, row[ID], kind.name, name, given, instead, size, answer.band, answer.verdict, answer.damage
        )
        key = (size, trials.rank(answer), answer.damage, row[ID], column)
        return _Found(key, change, field is None or field.name in said)

    if not kind.assumed and (answer := trials.lower(row, None)):  # a setting that would be assumed cannot be removed
        yield found(0, None, None, FACT_COST, answer)
    for column, field in enumerate(kind.fields, FIRST_VALUE):
        lower = partial(_lower_with, trials, row, column)
        lowering = _lowering(field, row[column], lower, use.thresholds.get((kind.name, field.name), frozenset()))
        changes = [found(column, field, value, _size(row[column], value), answer) for value, answer in lowering]
        if changes:
            yield min(changes, key=itemgetter(0))


def _lower_with(trials: _BandTrials, row: Row, column: int, value: Value) -> Outcome | None:
    return trials.lower(row, with_value(row, column, value))


def _lowering(
    field: Field, given: Any, lower: Callable[[Value], Outcome | None], thresholds: Iterable[float]
) -> Iterator[tuple[Value, Outcome]]:
    """The values of a field that lower the band; of numbers the nearest one on each side."""
    if field.is_number:
        if given is not None:  # else there is nothing to be near to
            for outward in (-1, 1):
                if found := _nearest(field, given, outward, lower, thresholds):
                    yield found
        return
    for value in _words(field, given):
        if value != given and (answer := lower(value)):
            yield value, answer


def _words(field: Field, given: Any) -> Iterable[Value]:
    if field.form.sort == "set":  # a word more, or a word less
        return (tuple(sorted({*(given or ())} ^ {word})) for word in field.values)
    return field.answers


def _nearest(
    field: Field, given: float, outward: int, lower: Callable[[Value], Outcome | None], thresholds: Iterable[float]
) -> tuple[Value, Outcome] | None:
    """The number nearest to the given one, on one side, that lowers the band: from threshold to threshold, then by halves."""
    grid = Grid(field)
    start = grid.step_of(given, -outward)
    end = grid.first if outward < 0 else grid.last
    steps = {step for number in thresholds for step in (grid.step_of(number, -1), grid.step_of(number, 1))}
    beyond = {step for step in steps if min(start, end) < step < max(start, end)} | ({end} - {start})
    for step in sorted(beyond, key=lambda step: outward * step):
        answer = lower(grid.value(step))
        if answer:
            while abs(step - start) > 1:
                middle = (start + step) // 2
                if closer := lower(grid.value(middle)):
                    step, answer = middle, closer
                else:
                    start = middle
            return grid.value(step), answer
        start = step
    return None


def _size(given: Value, value: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return WORD_COST
    return min(WORD_COST, round(float(abs(value - given) / max(abs(value), abs(given))), 4))
