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
from itertools import accumulate
from math import ceil, floor
from random import Random

import orjson

from misstep.analysis.changed_records import FieldUse
from misstep.analysis.single_answers import AdviceTrials, OpenField, Unanswered, try_every_answer, unanswered_fields
from misstep.analysis.trial_outcomes import Evaluate
from misstep.assessment.intake import Facts
from misstep.errors import BudgetError
from misstep.language.facts import ID, KIND, UNSAID, Value
from misstep.language.program import Program

DRAWS, FEWEST_DRAWS = 300, 20
"""The number of draws, and the least number for a record so large that the limit allows no more."""
LEFT_OUT = 0.05
"""The share of draws at either end that the range leaves out."""


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


def find_certainty(facts: Facts, use: FieldUse, evaluate: Evaluate, most: int) -> Certainty:
    """How certain the answer to a record is. ``most``: the limit of facts to assess in all.

    Raises BudgetError if the record needs too much work, or is so large that the limit leaves too few draws.
    """
    questions = list(unanswered_fields(facts, use))
    size = sum(map(len, facts.rows.values()))
    trials = AdviceTrials(facts, evaluate, most)
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
    answered = try_every_answer(questions, trials)
    complete = len(drawn) == count and answered.complete
    damages = sorted(outcome.damage for outcome in drawn)
    return Certainty(
        low=damages[floor(LEFT_OUT * len(damages))],
        high=damages[ceil((1 - LEFT_OUT) * len(damages)) - 1],
        same=round(sum(now.advises(outcome) for outcome in drawn) / len(drawn), 4),
        settled=complete and answered.settled,
        depends_on=tuple(each.open for each in answered.ranked()),
        draws=len(drawn),
        complete=complete,
    )


# -- draws


def _seed(facts: Facts, questions: Iterable[Unanswered]) -> str:
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


def _draws(questions: Sequence[Unanswered], seed: str, given: int, count: int) -> Iterator[list[tuple[Unanswered, Value]]]:
    """``count`` draws, each with answers to some of the questions; every question is answered in one of ``given + 2`` draws.

    Every answer comes as often as it is true, give or take one draw: each question puts the draws in an order of its own, and its
    answers share them (Latin hypercube sampling, McKay and others 1979).
    """
    chance = Random(seed).random  # noqa: S311 - no secret
    columns: list[list[tuple[Unanswered, Value] | None]] = []
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
