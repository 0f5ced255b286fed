"""Try every single answer to the open fields of a record, for certainty and for questions.

A field is open if the record leaves it out or calls it unknown, or if its setting is only assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from misstep.analysis.changed_records import FieldUse, Trials, with_value
from misstep.analysis.trial_outcomes import Evaluate, Outcome
from misstep.analysis.usual_answers import MOST_SUBSETS, Grid, Weighed, subsets_of, usual_answers
from misstep.assessment.intake import Facts
from misstep.language.facts import FIRST_VALUE, ID, KIND, Field, Row, Value

MOST_STEPS = 2000
"""If rules do not state the numbers at which they turn, all numbers of a field are tried, up to this many."""


@dataclass(frozen=True, slots=True)
class OpenField:
    """An open field that the answer depends on.

    ``pointer``: its place in the record, ``/facts/-/stage`` for a setting that is only assumed. ``changes``: the share of its
    usual answers that change the verdict or the first step, each by itself; ``low`` and ``high``: the damage over them.
    """

    pointer: str
    fact: str
    kind: str
    field: str
    changes: float
    low: float
    high: float


# -- open fields


class Unanswered(NamedTuple):
    """An open field of one fact. ``usual``: its usual answers with their weights; ``answers``: all answers to try, of numbers
    both ends and those at which rules turn; ``crosses``: whether rules may turn at other numbers too."""

    row: Row
    column: int
    field: Field
    pointer: str
    usual: tuple[Weighed, ...]
    answers: tuple[Value, ...]
    crosses: bool

    def answered(self, answer: Value, row: Row | None = None) -> Row:
        """The row with an answer in it."""
        return with_value(row or self.row, self.column, answer)


def unanswered_fields(facts: Facts, use: FieldUse) -> Iterator[Unanswered]:
    """The open fields, by kind, id and place of the field. Settings always count: the plan reads them too."""
    program, readable, thresholds, crossings = use
    read = readable.of(facts.rows)
    given = [(row, f"/facts/{place}") for place, row in enumerate(map(tuple, facts.given))]
    assumed = [(facts.rows[kind][0], "/facts/-") for kind in facts.assumed]
    for row, pointer in sorted([*given, *assumed], key=lambda fact: (fact[0][KIND], fact[0][ID])):
        kind, said = program.kinds[row[KIND]], facts.said[row[ID]]
        for column, field in enumerate(kind.fields, FIRST_VALUE):
            place = (kind.name, field.name)
            if field.type == "text" or (field.name in said and not field.leaves_open(row[column])):
                continue
            if place in read or kind.role == "setting":
                turns = thresholds.get(place, frozenset())
                usual = usual_answers(program, kind, field, turns)
                yield Unanswered(
                    row, column, field, f"{pointer}/{field.name}", usual, _answers(field, usual, turns), place in crossings
                )


def _answers(field: Field, usual: Iterable[Weighed], turns: Iterable[float]) -> tuple[Value, ...]:
    """The answers to try. Of numbers these are only some, in ascending order."""
    if field.is_number:
        grid = Grid(field)
        numbers: set[Any] = {*map(grid.value, grid.around(turns)), *(answer for answer, _ in usual)}
        return tuple(sorted(numbers))
    if field.form.sort == "set":
        return tuple(dict.fromkeys([*subsets_of(field), *(answer for answer, _ in usual)]))
    return field.answers


# -- trying


class AdviceTrials(Trials):
    """Tries answers to open fields, and gives their outcome."""

    def __init__(self, facts: Facts, evaluate: Evaluate, most: int) -> None:
        super().__init__(facts, evaluate, most)
        self._known: dict[tuple[Row, ...], Outcome | None] = {}

    def with_answers(self, answers: Iterable[tuple[Unanswered, Value]]) -> Outcome | None:
        """The outcome with all these answers; None if it is beyond the limits."""
        rows: dict[str, Row] = {}
        for question, answer in answers:
            rows[question.row[ID]] = question.answered(answer, rows.get(question.row[ID]))
        key = tuple(rows.values())
        if key not in self._known:
            self._known[key] = self.outcome_with(key)
        return self._known[key]


class Tried(NamedTuple):
    """A question and its answers, each tried by itself. ``moves``: the mean change of the damage over the usual answers;
    ``keeps``: whether all answers keep the advice; ``complete``: whether all could be tried; ``outcomes``: of the answers that
    were; ``results``: the numbers among them, each with its scores."""

    question: Unanswered
    open: OpenField
    moves: float
    keeps: bool
    complete: bool
    outcomes: Sequence[tuple[Value, Outcome]]
    results: Sequence[tuple[float, object]]

    def changed_by(self, answer: Value, outcome: Outcome) -> Tried:
        """The same with one more answer, which changes the advice."""
        return self._replace(keeps=False, outcomes=(*self.outcomes, (answer, outcome)))

    @property
    def counts(self) -> bool:
        """Whether any answer changes the advice, or any usual answer the damage."""
        return not self.keeps or self.open.high > self.open.low


class SingleAnswers(NamedTuple):
    """Questions whose answers were tried, each by itself. ``complete``: whether all answers were tried that ``settled`` needs."""

    tried: list[Tried]
    complete: bool

    @property
    def settled(self) -> bool:
        """Whether no single answer can change the verdict or the first step."""
        return self.complete and all(each.keeps for each in self.tried)

    def ranked(self) -> list[Tried]:
        """Those with an answer that changes something: by how often they change the advice, then by how far they move the
        damage."""
        counting = [each for each in self.tried if each.counts]
        return sorted(counting, key=lambda each: (-each.open.changes, -round(each.moves, 6), each.keeps))


def try_every_answer(questions: Iterable[Unanswered], trials: AdviceTrials) -> SingleAnswers:
    """Try every answer to every question by itself."""
    tried = [_try_answers(question, question.answers, trials) for question in _most_telling_first(questions, trials.now)]
    complete = all(each.complete for each in tried)
    if complete and all(each.keeps for each in tried):
        between = [_look_between(each, trials) for each in tried]
        tried = [each for each, _ in between]
        complete = all(whole for _, whole in between)
    return SingleAnswers(tried, complete)


def try_usual_answers(questions: Iterable[Unanswered], trials: AdviceTrials) -> SingleAnswers:
    """Try only the usual answers, which takes a third of the work. This never settles: it is never complete."""
    first = _most_telling_first(questions, trials.now)
    return SingleAnswers([_try_answers(each, [answer for answer, _ in each.usual], trials) for each in first], complete=False)


def _most_telling_first(questions: Iterable[Unanswered], now: Outcome) -> list[Unanswered]:
    """Questions about settings and other facts first, then those about mistakes, the worst mistake first: if not all can be
    tried, the most telling are."""
    ranks = now.ranks()
    return sorted(questions, key=lambda question: ranks.get(question.row[ID], -1))


def _try_answers(question: Unanswered, answers: Iterable[Value], trials: AdviceTrials) -> Tried:
    """Try answers to a question, each by itself."""
    now, row = trials.now, question.row
    weights = dict(question.usual)
    total = sum(weights.values())
    changes = moves = 0.0
    damages, keeps, complete = [now.damage], True, True
    outcomes: list[tuple[Value, Outcome]] = []
    results: list[tuple[Any, object]] = []
    for answer in answers:
        outcome = now if answer == row[question.column] else trials.outcome_with([question.answered(answer)])
        if outcome is None:
            complete = False
            continue
        outcomes.append((answer, outcome))
        same = now.advises(outcome)
        keeps = keeps and same
        if question.field.is_number:
            results.append((answer, _scores(outcome)))
        if weight := weights.get(answer, 0.0):
            damages.append(outcome.damage)
            changes += 0.0 if same else weight / total
            moves += abs(outcome.damage - now.damage) * weight / total
    kind, name = row[KIND], question.field.name
    open_field = OpenField(question.pointer, row[ID], kind, name, round(changes, 4), min(damages), max(damages))
    return Tried(question, open_field, moves, keeps, complete, outcomes, results)


def _scores(outcome: Outcome) -> object:
    """All scores that can change with a number before the advice does."""
    return outcome._replace(findings=sorted(outcome.findings))


def _look_between(tried: Tried, trials: AdviceTrials) -> tuple[Tried, bool]:
    """Try the answers not tried yet, up to one that changes the advice; and whether that settles it: there may be too many of
    them, or too many for the limits.

    Between two numbers at which rules turn, scores are straight lines: if both have the same scores, so have all between them.
    If not, every step between them is tried.
    """
    field = tried.question.field
    if not field.is_number:
        return tried, field.form.sort != "set" or len(field.values) <= MOST_SUBSETS
    grid = Grid(field)
    if tried.question.crosses:
        return _look_at_every(grid, tried, trials)
    waiting = [pair for pair in pairwise(tried.results) if pair[0][1] != pair[1][1]]
    whole = True
    while waiting:
        (low, before), (high, after) = waiting.pop()
        first, last = grid.step_of(low, 1), grid.step_of(high, -1)
        middle = (first + last) // 2
        between = grid.value(middle)
        if not low < between < high:
            continue
        outcome = trials.outcome_with([tried.question.answered(between)])
        if outcome is None:
            whole = False
            if trials.left <= 0:
                break
            continue
        if not trials.now.advises(outcome):
            return tried.changed_by(between, outcome), True
        found = (between, _scores(outcome))
        waiting += [((low, before), found)] if before != found[1] else []
        waiting += [(found, (high, after))] if after != found[1] else []
    return tried, whole


def _look_at_every(grid: Grid, tried: Tried, trials: AdviceTrials) -> tuple[Tried, bool]:
    """The same for every number of a field."""
    if grid.last - grid.first > MOST_STEPS:
        return tried, False
    before = {answer for answer, _ in tried.results}
    whole = True
    for number in map(grid.value, range(grid.first, grid.last + 1)):
        if number not in before:
            outcome = trials.outcome_with([tried.question.answered(number)])
            if outcome is None:
                whole = False
            elif not trials.now.advises(outcome):
                return tried.changed_by(number, outcome), True
    return tried, whole
