"""Find how certain an answer is: the range of damage over the open fields, and the fields that it depends on.

A field is open if the record leaves it out or calls it unknown, or if its setting is only assumed. Two things are tried. A draw
answers many open fields at once, each answer as often as packs say that it is true. And every answer to one open field is tried
by itself. Nothing is random: the seed of the draws is made of the facts.

People mostly leave out the ordinary, and the more so the more they have told. So a draw does not answer every open field: in a
record with k answers it answers one field in k + 2, by Laplace's rule of succession. That is half of them where nothing is said,
and one in seven after five answers. The others keep their assumed value.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate, pairwise
from math import ceil, floor
from random import Random
from typing import Any, NamedTuple

import orjson

from misstep.analysis.changed_records import Evaluate, FieldUse, Trials, finding_ranks, with_value
from misstep.analysis.usual_answers import MOST_SUBSETS, Grid, Value, Weighed, subsets_of, usual_answers
from misstep.assessment.assembly import Result
from misstep.assessment.intake import Facts
from misstep.errors import BudgetError
from misstep.language.facts import FIRST_VALUE, ID, KIND, UNSAID, Field, Row
from misstep.language.program import Program

DRAWS, FEWEST_DRAWS = 300, 20
"""The number of draws, and the least number for a record so large that the limit allows no more."""
MOST_STEPS = 2000
"""If rules do not state the numbers at which they turn, all numbers of a field are tried, up to this many."""
LEFT_OUT = 0.05
"""The share of draws at either end that the range leaves out."""


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


@dataclass(frozen=True, slots=True)
class Certainty:
    """How certain an answer is.

    ``low`` and ``high``: the damage in the middle nine tenths of the draws; ``same``: the share of draws that keep the verdict
    and the first step; ``settled``: whether no single answer to an open field can change either; ``depends_on``: the open fields
    with an answer that changes verdict, first step or damage, most influential first. ``draws``: their number; ``complete``:
    whether all draws and answers were tried that ``settled`` needs; an answer is only settled if they were.
    """

    low: float
    high: float
    same: float
    settled: bool
    depends_on: tuple[OpenField, ...]
    draws: int
    complete: bool

    def to_json(self) -> bytes:
        """JSON, UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)


class Outcome(NamedTuple):
    """The advice of an answer, its verdict and first step, and its damage."""

    verdict: str
    first: str
    damage: float

    @classmethod
    def of(cls, result: Result) -> Outcome:
        """The outcome of a result: verdict, first action of the plan, damage."""
        plan = result.plan
        first = f"{plan.steps[0].occasion} {plan.steps[0].choices[0].action.id}" if plan.steps else ""
        return cls(plan.verdict, first, plan.damage / 10)

    def advises(self, other: Outcome) -> bool:
        """Whether both advise the same."""
        return self[:2] == other[:2]


def find_certainty(facts: Facts, use: FieldUse, evaluate: Evaluate, most: int) -> Certainty:
    """How certain the answer to a record is. ``most``: the limit of facts to assess in all.

    Raises BudgetError if the record needs too much work, or is so large that the limit leaves too few draws.
    """
    questions = list(_questions(facts, use))
    size = sum(map(len, facts.rows.values()))
    trials = _AdviceTrials(facts, evaluate, most)
    now = trials.now
    if not questions:
        return Certainty(now.damage, now.damage, 1.0, True, (), 0, True)
    count = min(DRAWS, trials.left // 2)
    if count < FEWEST_DRAWS:
        raise BudgetError(f"{size} facts are too many to find how certain the answer is; raise Limits.certainty")
    draws = _draws(questions, _seed(facts, questions), _answers_given(facts, use.program), count)
    drawn = [outcome for answers in draws if (outcome := trials.with_answers(answers))]
    if len(drawn) < FEWEST_DRAWS:
        raise BudgetError("nearly all answers to the open fields need too much work; raise Limits.work")
    tried = [_try_all(question, trials) for question in _most_telling_first(questions, trials.result)]
    complete = len(drawn) == count and all(each.complete for each in tried)
    if complete and all(each.keeps for each in tried):
        between = [_look_between(each, trials) for each in tried]
        tried = [each._replace(keeps=kept is not False) for each, kept in zip(tried, between, strict=True)]
        complete = None not in between
    damages = sorted(outcome.damage for outcome in drawn)
    return Certainty(
        low=damages[floor(LEFT_OUT * len(damages))],
        high=damages[ceil((1 - LEFT_OUT) * len(damages)) - 1],
        same=round(sum(now.advises(outcome) for outcome in drawn) / len(drawn), 4),
        settled=complete and all(each.keeps for each in tried),
        depends_on=tuple(_ranked(tried)),
        draws=len(drawn),
        complete=complete,
    )


# -- open fields


class _Question(NamedTuple):
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


def _questions(facts: Facts, use: FieldUse) -> Iterator[_Question]:
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
                yield _Question(
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


# -- draws


def _seed(facts: Facts, questions: Iterable[_Question]) -> str:
    """A seed made of the facts alone: neither their order nor the id of the record changes it."""
    rows = [row for kind in sorted(facts.rows) for row in facts.rows[kind]]
    text = json.dumps([rows, [(question.row[ID], question.field.name) for question in questions]], ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


def _answers_given(facts: Facts, program: Program) -> int:
    """The number of answers in a record that it could have left out."""
    given = 0
    for row in facts.given:
        kind, said = program.kinds[row[KIND]], facts.said[row[ID]]
        given += sum(not (f.required or f.name not in said or row[kind.columns[f.name]] == UNSAID) for f in kind.fields)
    return given


def _draws(questions: Sequence[_Question], seed: str, given: int, count: int) -> Iterator[list[tuple[_Question, Value]]]:
    """``count`` draws, each with answers to some of the questions; every question is answered in one of ``given + 2`` draws.

    Every answer comes as often as it is true, give or take one draw: each question puts the draws in an order of its own, and its
    answers share them (Latin hypercube sampling, McKay and others 1979).
    """
    chance = Random(seed).random  # noqa: S311 - no secret
    columns: list[list[tuple[_Question, Value] | None]] = []
    for question in questions:
        ends = list(accumulate(weight for _, weight in question.usual))
        if not ends:
            continue
        order = sorted(range(count), key=[chance() for _ in range(count)].__getitem__)
        all_of_it = ends[-1] * (given + 2)
        places = [bisect(ends, (place + chance()) / count * all_of_it) for place in order]
        columns.append([(question, question.usual[place][0]) if place < len(ends) else None for place in places])
    for draw in range(count):
        yield [answer for column in columns if (answer := column[draw])]


# -- trying


class _AdviceTrials(Trials):
    """Tries answers to open fields, and gives their outcome."""

    def __init__(self, facts: Facts, evaluate: Evaluate, most: int) -> None:
        super().__init__(facts, evaluate, most)
        self.now = Outcome.of(self.result)
        self._known: dict[tuple[Row, ...], Outcome | None] = {}

    def with_answers(self, answers: Iterable[tuple[_Question, Value]]) -> Outcome | None:
        """The outcome with all these answers; None if it is beyond the limits."""
        rows: dict[str, Row] = {}
        for question, answer in answers:
            rows[question.row[ID]] = question.answered(answer, rows.get(question.row[ID]))
        key = tuple(rows.values())
        if key not in self._known:
            result = self.result_with(key)
            self._known[key] = Outcome.of(result) if result else None
        return self._known[key]


class _Tried(NamedTuple):
    """A question and its answers, each tried by itself. ``moves``: the mean change of the damage over the usual answers;
    ``keeps``: whether all answers keep the advice; ``complete``: whether all could be tried; ``results``: the numbers that were
    tried, each with its scores."""

    question: _Question
    open: OpenField
    moves: float
    keeps: bool
    complete: bool
    results: Sequence[tuple[float, object]]

    @property
    def counts(self) -> bool:
        """Whether any answer changes the advice, or any usual answer the damage."""
        return not self.keeps or self.open.high > self.open.low


def _most_telling_first(questions: Iterable[_Question], now: Result) -> list[_Question]:
    """Questions about settings and other facts first, then those about mistakes, the worst mistake first: if not all can be
    tried, the most telling are."""
    ranks = finding_ranks(now)
    return sorted(questions, key=lambda question: ranks.get(question.row[ID], -1))


def _try_all(question: _Question, trials: _AdviceTrials) -> _Tried:
    """Try every answer to a question by itself."""
    now, row = trials.now, question.row
    weights = dict(question.usual)
    total = sum(weights.values())
    changes = moves = 0.0
    damages, keeps, complete = [now.damage], True, True
    results: list[tuple[Any, object]] = []
    for answer in question.answers:
        result = trials.result if answer == row[question.column] else trials.result_with([question.answered(answer)])
        if result is None:
            complete = False
            continue
        outcome = Outcome.of(result)
        same = now.advises(outcome)
        keeps = keeps and same
        if question.field.is_number:
            results.append((answer, _scores(result)))
        if weight := weights.get(answer, 0.0):
            damages.append(outcome.damage)
            changes += 0.0 if same else weight / total
            moves += abs(outcome.damage - now.damage) * weight / total
    kind, name = row[KIND], question.field.name
    open_field = OpenField(question.pointer, row[ID], kind, name, round(changes, 4), min(damages), max(damages))
    return _Tried(question, open_field, moves, keeps, complete, results)


def _scores(result: Result) -> object:
    """All scores that can change with a number before the advice does."""
    return (Outcome.of(result), result.plan.damage_after, sorted((row.mistake[ID], *row[1:]) for row in result.findings))


def _look_between(tried: _Tried, trials: _AdviceTrials) -> bool | None:
    """Whether the answers not tried yet keep the advice too; None if there are too many of them, or too many for the limits.

    Between two numbers at which rules turn, scores are straight lines: if both have the same scores, so have all between them.
    If not, every step between them is tried.
    """
    field = tried.question.field
    if not field.is_number:
        return None if field.form.sort == "set" and len(field.values) > MOST_SUBSETS else True
    grid = Grid(field)
    if tried.question.crosses:
        return _look_at_every(grid, tried, trials)
    waiting = [pair for pair in pairwise(tried.results) if pair[0][1] != pair[1][1]]
    seen: bool | None = True
    while waiting:
        (low, before), (high, after) = waiting.pop()
        first, last = grid.step_of(low, 1), grid.step_of(high, -1)
        middle = (first + last) // 2
        between = grid.value(middle)
        if not low < between < high:
            continue
        result = trials.result_with([tried.question.answered(between)])
        if result is None:
            seen = None
            if trials.left <= 0:
                break
            continue
        if not trials.now.advises(Outcome.of(result)):
            return False
        found = (between, _scores(result))
        waiting += [((low, before), found)] if before != found[1] else []
        waiting += [(found, (high, after))] if after != found[1] else []
    return seen


def _look_at_every(grid: Grid, tried: _Tried, trials: _AdviceTrials) -> bool | None:
    """Whether every number keeps the advice; None if there are too many of them, or too many for the limits."""
    if grid.last - grid.first > MOST_STEPS:
        return None
    before = {answer for answer, _ in tried.results}
    seen: bool | None = True
    for number in map(grid.value, range(grid.first, grid.last + 1)):
        if number not in before:
            result = trials.result_with([tried.question.answered(number)])
            if result is None:
                seen = None
            elif not trials.now.advises(Outcome.of(result)):
                return False
    return seen


def _ranked(tried: Iterable[_Tried]) -> list[OpenField]:
    """The fields that the answer depends on: by how often they change the advice, then by how far they move the damage."""
    counting = [each for each in tried if each.counts]
    counting.sort(key=lambda each: (-each.open.changes, -round(each.moves, 6), each.keeps))
    return [each.open for each in counting]
