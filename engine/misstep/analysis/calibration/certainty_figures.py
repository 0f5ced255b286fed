"""Measure on judged cases whether certainty holds: its range, its share of draws that stay the same, and ``settled``.

Each case is assessed three times: with the kinds of its facts alone, with five of its answers, chosen by a seed, and with all of
them. The full record is known, so the range of each can be compared with the full damage. ``settled`` is tested by other code:
every single answer that the kinds declare is tried, on the same records and on records made from them with nearly all fields
answered.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from math import ceil, floor
from random import Random
from statistics import mean
from typing import Any, NamedTuple

import orjson

from misstep.analysis.calibration.agreement import Figure
from misstep.analysis.calibration.judged_cases import CaseEntry, CasesLike, name_sets, read_entries, record_problems
from misstep.analysis.certainty import Certainty
from misstep.analysis.trial_outcomes import Outcome
from misstep.analysis.usual_answers import usual_answers
from misstep.assessment.records import RecordLike
from misstep.errors import MisstepError, Problem, RecordError, UsageError
from misstep.language.facts import GIVEN_ROLES, Field, Kind
from misstep.language.program import Program

FactData = dict[str, Any]
SURE = 0.9
"""The least share of draws that keep the advice for the advice to be expected to stay."""
MOST_NUMBERS = 400
"""The number of answers to try of a number field, spread evenly."""
OPEN_END = 1000
"""If a field has no least or no greatest number, answers up to this far from the other end are tried."""
LEFT_OPEN = 3
"""The number of fields that stay open in records with nearly all fields answered."""


@dataclass(frozen=True, slots=True)
class Holding:
    """How well certainty holds for records with ``given`` of their answers (None: all).

    ``held``: the share of records whose full damage is in the range; ``width``: the mean width of the ranges; ``fixed``: that
    of ranges that reach down and up from the present damage by the same two amounts in all records, and hold as many.
    ``kept``: of the records with ``same`` of .9 or more, the share with the verdict of the full record; ``settled``: the
    number of settled records; ``refuted``: the number of those in which one answer changes the advice all the same.
    """

    given: int | None
    held: Figure
    width: float
    fixed: float
    kept: Figure
    settled: int
    refuted: int


@dataclass(frozen=True, slots=True)
class CertaintyFigures:
    """All figures of certainty. ``nearly_full``: the number of records made with nearly all fields answered; ``settled`` and
    ``refuted`` count those; ``problems``: the faults of cases that were left out."""

    rulebase: str
    version: str
    digest: str
    cases: int
    rows: tuple[Holding, ...]
    nearly_full: int
    settled: int
    refuted: int
    problems: tuple[Problem, ...]

    def to_json(self) -> bytes:
        """JSON, UTF-8, keys in the order of the fields."""
        return orjson.dumps(self)


class MeasuredRules(NamedTuple):
    """The rules to measure: their program, the outcome of a record by them, and its certainty."""

    program: Program
    outcome: Callable[[RecordLike], Outcome]
    certainty: Callable[[list[FactData]], Certainty]


def measure_certainty(
    sets: Sequence[CasesLike], rules: MeasuredRules, seed: int, given: Sequence[int | None] = (0, 5, None)
) -> CertaintyFigures:
    """Measure how well certainty holds. Raises RecordError if no case is right, UsageError if a file does not exist or is given
    twice."""
    problems: list[Problem] = []
    entries = chain.from_iterable(map(read_entries, sets, name_sets(sets)))
    records = list(_records(entries, rules, problems))
    if not records:
        raise RecordError(problems) if problems else UsageError("there are no cases")
    rows = [_row(records, count, rules, seed) for count in given]
    full = [_nearly_full(record, number, rules.program, seed) for number, record in enumerate(records)]
    sure = [record for record in full if rules.certainty(record).settled]
    program = rules.program
    return CertaintyFigures(
        program.name,
        program.version,
        program.digest,
        len(records),
        tuple(rows),
        len(full),
        len(sure),
        sum(is_refuted(record, rules) for record in sure),
        tuple(problems),
    )


def is_refuted(record: list[FactData], rules: MeasuredRules) -> bool:
    """Whether any single answer to an open field changes the advice."""
    now = rules.outcome(record)
    return any(not now.advises(rules.outcome(other)) for other in single_answers(record, rules.program))


def single_answers(record: list[FactData], program: Program) -> Iterator[list[FactData]]:
    """The record with one open field answered, for every answer to every open field."""
    assumed = [{"kind": kind.name} for kind in program.kinds.values() if kind.assumed]
    whole = [*record, *(fact for fact in assumed if fact["kind"] not in {given["kind"] for given in record})]
    for place, fact in enumerate(whole):
        for field in _open_fields(fact, program.kinds[fact["kind"]]):
            for answer in _answers(field):
                answered = [*whole[:place], {**fact, field.name: answer}, *whole[place + 1 :]]
                yield [other for i, other in enumerate(answered) if i < len(record) or i == place]


def _records(
    entries: Iterable[CaseEntry | MisstepError], rules: MeasuredRules, problems: list[Problem]
) -> Iterator[list[FactData]]:
    """The facts of every case; no verdict is read."""
    for entry in entries:
        if isinstance(entry, MisstepError):
            problems.extend(entry.problems)
            continue
        if not isinstance(entry.data, dict) or "record" not in entry.data:
            problems.append(entry.problem((), "a judged case is a mapping {record: ..., expert: ..., ...}"))
            continue
        record = entry.data["record"]
        try:
            rules.outcome(record)
        except RecordError as error:
            problems.extend(record_problems(error, entry))
            continue
        given = record["facts"] if isinstance(record, dict) else record
        yield [{name: value for name, value in fact.items() if value is not None} for fact in given]


def _row(records: Sequence[list[FactData]], given: int | None, rules: MeasuredRules, seed: int) -> Holding:
    held = sure = kept = settled = refuted = 0
    widths, pairs = [], []
    for number, record in enumerate(records):
        full = rules.outcome(record)
        stated = record if given is None else _keep_answers(record, given, Random(f"{seed} {number}"), rules.program)  # noqa: S311
        found = rules.certainty(stated)
        held += found.low <= full.damage <= found.high
        widths.append(found.high - found.low)
        pairs.append((rules.outcome(stated).damage, full.damage))
        if found.same >= SURE:
            sure += 1
            kept += rules.outcome(stated).verdict == full.verdict
        if found.settled:
            settled += 1
            refuted += is_refuted(stated, rules)
    return Holding(
        given,
        Figure.of_share(held, len(records)),
        round(mean(widths), 1),
        _fixed(pairs, held),
        Figure.of_share(kept, sure),
        settled,
        refuted,
    )


def _fixed(pairs: Sequence[tuple[float, float]], held: int) -> float:
    """The least mean width of ranges that reach down and up from the present damage by the same two amounts, in whole points, in
    all records, and hold this many. ``pairs``: the present damage and the full one."""
    apart = sorted(full - now for now, full in pairs)
    found = 100.0
    for below in range(101):
        first = bisect_left(apart, -below)
        if len(apart) - first < held:
            continue
        above = ceil(max(0.0, apart[first + held - 1])) if held else 0
        found = min(found, mean(min(100.0, now + above) - max(0.0, now - below) for now, _ in pairs))
    return round(found, 1)


def _keep_answers(record: list[FactData], given: int, draw: Random, program: Program) -> list[FactData]:
    """The facts of a record with their required fields, and this many of their other answers."""
    said = [
        (place, name)
        for place, fact in enumerate(record)
        for name in sorted(fact)
        if name not in ("id", "kind") and not program.kinds[fact["kind"]].by_name[name].required
    ]
    chosen = {said[i] for i in sorted(range(len(said)), key=[draw.random() for _ in said].__getitem__)[:given]}
    return [
        {name: value for name, value in fact.items() if (place, name) not in said or (place, name) in chosen}
        for place, fact in enumerate(record)
    ]


def _nearly_full(record: list[FactData], number: int, program: Program, seed: int) -> list[FactData]:
    """The record with usual answers, chosen by the seed, to all but a few of its open fields."""
    chance = Random(f"full {seed} {number}").random  # noqa: S311 - no secret
    facts = [dict(fact) for fact in record]
    facts += [{"kind": k.name} for k in program.kinds.values() if k.assumed and all(f["kind"] != k.name for f in facts)]
    places = [(fact, field) for fact in facts for field in _open_fields(fact, program.kinds[fact["kind"]])]
    for fact, field in sorted(places, key=lambda _: chance())[LEFT_OPEN:]:
        kind = program.kinds[fact["kind"]]
        usual = usual_answers(program, kind, field, ())
        if usual:
            answer = usual[int(chance() * len(usual))][0]
            fact[field.name] = list(answer) if isinstance(answer, tuple) else answer
    return facts


def _open_fields(fact: FactData, kind: Kind) -> Iterator[Field]:
    if kind.role in GIVEN_ROLES:
        for field in kind.fields:
            said = fact.get(field.name)
            if field.type != "text" and not field.required and (said is None or field.leaves_open(said)):
                yield field


def _answers(field: Field) -> Iterable[Any]:
    if field.choices:
        return field.answers
    if field.form.sort == "set":
        sizes = range(len(field.values) + 1) if len(field.values) <= 6 else (0, 1, len(field.values))
        return (list(words) for size in sizes for words in combinations(field.values, size))
    low, high = field.range
    low = low if field.minimum is not None else min(0, high) - OPEN_END
    high = high if field.maximum is not None else max(0, low) + OPEN_END
    if field.form.whole:
        least, greatest = ceil(low), floor(high)
        return (*range(least, greatest, max(1, ceil((greatest - least) / MOST_NUMBERS))), greatest)
    return (min(high, round(low + (high - low) * i / MOST_NUMBERS, 3)) for i in range(MOST_NUMBERS + 1))
