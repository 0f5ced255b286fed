"""What a law is: a sentence about every answer, a check that looks for a counterexample, and a fault that it must find.

A law that no fault breaks says nothing, so each names one: a changed scale, a rule that should not be there, or a function of the
engine that does something else.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from itertools import islice
from typing import Any, NamedTuple

import pytest
from tests.inline import load_text
from tests.rulebase.drawn import BASE, BESIDES, KINDS, MISTAKES, SETTINGS, draw_fact, turning_points

from misstep import MisstepError, RuleBase
from misstep.language.program import Program, Stratum

Record = list[dict[str, Any]]
Draw = random.Random
Check = Callable[[RuleBase, Record, Draw], Iterator[str]]
"""Yields, for everything in an answer that could break the law, what does, or nothing: ``""``. The same draw gives the same."""
Drawing = Callable[[int, Draw], Record]
"""The record of a number."""
Fault = Callable[[pytest.MonkeyPatch], RuleBase]
"""Seeds a fault into a rule base, or into the code as long as the patch lasts."""

PROGRAM = BASE.program
SCALE = PROGRAM.scale


@dataclass(frozen=True)
class Law:
    """``says``: the sentence; ``breaks``: the fault that it must find; ``records``: what it is put to."""

    name: str
    says: str
    check: Check
    breaks: Fault
    records: Drawing


LAWS: dict[str, Law] = {}
"""All laws, in the order of the page."""


def law(says: str, breaks: Fault, records: Drawing | None = None) -> Callable[[Check], Check]:
    """Declare a law: its name is that of the function, with blanks."""

    def declare(check: Check) -> Check:
        name = check.__name__.replace("_", " ")
        assert name not in LAWS
        LAWS[name] = Law(name, says, check, breaks, records or any_record)
        return check

    return declare


# -- records


@cache
def edges() -> tuple[tuple[str, str, float], ...]:
    """Every number at which a shipped rule turns, and those just below and above: kind, field, value."""
    kinds = [kind for kind in KINDS.values() if kind.role != "derived"]
    found = [(k.name, f.name, value) for k in kinds for f in k.fields if f.is_number for value in turning_points(k.name, f.name)]
    random.Random(1987).shuffle(found)
    return tuple(found)


def any_record(number: int, draw: Draw) -> Record:
    """An interview with up to four mistakes and all sorts of facts besides; one of its facts stands at the edge of a number."""
    kind, field, value = edges()[number % len(edges())]
    at_edge = {**draw_fact(KINDS[kind], draw), field: value}
    facts = [at_edge if kind == "interview" else draw_fact(KINDS["interview"], draw)] if draw.random() < 0.9 else []
    facts += [draw_fact(draw.choice(MISTAKES), draw) for _ in range(draw.choice((0, 1, 1, 2, 3)))]
    facts += [draw_fact(draw.choice(BESIDES), draw) for _ in range(draw.choice((0, 0, 1, 2)))]
    facts += [draw_fact(draw.choice(SETTINGS), draw)] if draw.random() < 0.1 else []
    return named([*facts[:1], at_edge, *facts[1:]] if at_edge not in facts else facts)


def with_a_mistake(number: int, draw: Draw) -> Record:
    """Any record, with at least one mistake."""
    record = any_record(number, draw)
    return record if mistakes_of(record) else named([*record, draw_fact(draw.choice(MISTAKES), draw)])


def without_a_mistake(number: int, draw: Draw) -> Record:
    """Any record, without its mistakes."""
    return named([fact for fact in any_record(number, draw) if KINDS[fact["kind"]].role != "mistake"])


def named(facts: Record) -> Record:
    """The facts with ids of their own; a setting stands once."""
    kept: Record = []
    for fact in facts:
        if KINDS[fact["kind"]].role != "setting" or all(fact["kind"] != other["kind"] for other in kept):
            kept.append(fact)
    return [{**fact, "id": f"f{i}"} for i, fact in enumerate(kept)]


def mistakes_of(record: Record) -> Record:
    return [fact for fact in record if KINDS[fact["kind"]].role == "mistake"]


# -- looking


class Looked(NamedTuple):
    """How often a law was put to the test, and the first counterexample: its number, the record, and what is wrong."""

    times: int
    broken: bool = False
    number: int = 0
    record: Sequence[dict[str, Any]] = ()
    what: str = ""


def look_for_a_counterexample(law: Law, base: RuleBase, times: int, seed: int = 0) -> Looked:
    """Put a law to the test at least so often, unless it is broken before."""
    looked, number = 0, seed
    while looked < times:
        record = law.records(number, Draw(f"{law.name} {number}"))
        for what in _looks(law, base, record, number):
            looked += 1
            if what:
                return Looked(looked, True, number, record, what)
        number += 1
        if number - seed > 20 * times + 100:
            break
    return Looked(looked)


def _looks(law: Law, base: RuleBase, record: Record, number: int) -> Iterator[str]:
    """The looks of a law at a record; an answer that is refused breaks it too."""
    try:
        yield from law.check(base, record, Draw(number))
    except MisstepError as error:
        yield f"refused: {error}"


def smallest(law: Law, base: RuleBase, record: Record, number: int) -> Record:
    """A record that breaks the law too, of which no fact and no field can be left out; ``number``: of the counterexample."""
    for place, fact in enumerate(record):
        fewer: list[Record] = [[*record[:place], *record[place + 1 :]]]
        fewer += [
            [*record[:place], {key: value for key, value in fact.items() if key != left_out}, *record[place + 1 :]]
            for left_out in fact
            if left_out not in ("kind", "id")
        ]
        for smaller in fewer:
            if _breaks(law, base, smaller, number):
                return smallest(law, base, smaller, number)
    return record


def _breaks(law: Law, base: RuleBase, record: Record, number: int) -> bool:
    try:
        return any(islice(filter(None, law.check(base, record, Draw(number))), 1))
    except Exception:  # what was left out is required
        return False


# -- faults


class PythonBase(RuleBase):
    """Rules that only the Python engine runs, so that a fault seeded there shows."""

    _core = "the fault is seeded in Python"  # why there is no core


def changed_scale(**changes: Any) -> Fault:
    """A scale in which some constants are others."""
    return lambda patch: PythonBase(replace(PROGRAM, scale=replace(SCALE, **changes)))


def changed_code(place: str, make: Callable[[Any], Any]) -> Fault:
    """A function, called as ``module.name`` or ``module.Class.name``, in the place of which another one is called."""

    def seed(patch: pytest.MonkeyPatch) -> RuleBase:
        holder, _, name = f"misstep.{place}".rpartition(".")
        module, _, cls = holder.rpartition(".")
        owner = getattr(import_module(module), cls) if cls.strip("_")[0].isupper() else import_module(holder)
        patch.setattr(owner, name, make(getattr(owner, name)))
        return PythonBase(replace(PROGRAM, scale=replace(SCALE)))  # scores are kept by scale

    return seed


FAULTY_RULES = """
schema: 1
pack: faulty
extends: misstep
rules:
  a-name-that-counts: {when: [{fact: mistake, as: m, where: "m.id == 'f1'"}], then: {severity: {for: m, add: 1}}}
  milder-together: {when: [{fact: mistake, as: m}, {fact: mistake, as: n}], then: {relief: {for: m, add: 5}}}
  better-together:
    when: [{fact: mistake, as: m}, {fact: mistake, as: n}]
    then: {overall: -3}
  a-strength-that-hurts: {when: [{fact: strength}, {fact: mistake, as: m}], then: {severity: {for: m, add: 1}}}
  a-sign-that-hurts:
    when: [{fact: [warm_close, next_step_offered], as: s}, {fact: mistake, as: m}]
    then: {severity: {for: m, add: 3}}
  a-yes-that-hurts:
    when: [{fact: interview, where: "outcome in ('advanced', 'offer')"}, {fact: mistake, as: m}]
    then: {severity: {for: m, add: 9}}
  thanks-that-hurt: {when: [thank_you_sent, {fact: mistake, as: m}], then: {severity: {for: m, add: 9}}}
  a-correction-that-hurts: {when: [correction_sent, {fact: mistake, as: m}], then: {severity: {for: m, add: 9}}}
  an-apology-that-hurts: {when: [apology_given, {fact: mistake, as: m}], then: {severity: {for: m, add: 9}}}
  owning-up-hurts: {when: [{fact: mistake, as: m, where: "m.handled == 'apologised'"}], then: {severity: {for: m, add: 9}}}
  warmth-hurts: {when: [{fact: mistake, as: m, where: "m.reaction == 'reassuring'"}], then: {severity: {for: m, add: 9}}}
  being-alone-hurts: {when: [{fact: mistake, as: m, where: "m.audience == 'nobody'"}], then: {severity: {for: m, add: 9}}}
  doubt-hurts: {when: [{fact: mistake, as: m, where: "m.self_judged == 'severe'"}], then: {severity: {for: m, add: 2}}}
  often-is-milder: {when: [{fact: mistake, as: m, where: "m.times > 1"}], then: {relief: {for: m, add: 9}}}
  later-is-sooner:
    when: [{fact: interview, as: i, where: known(hours_since)}, {fact: mistake, as: m}]
    then: {urgency: {for: m, add: i.hours_since}}
  out-of-nothing: {when: [{fact: interview, as: i}], then: {recommend: {action: brief_apology}}}
  an-apology-for-a-strength:
    when: [{fact: strength}, {fact: mistake, as: m}]
    then: {recommend: {action: brief_apology, for: m}}
  a-joke-about-a-lie:
    when: [{fact: finding, as: f, where: "f.concern == 'integrity'"}]
    then: {recommend: {action: use_humour, for: f}}
  the-worse-is-left:
    when: [{fact: finding, as: f, where: "f.severity >= 5"}]
    then: {veto: [{action: brief_apology, for: f}, {action: correct_the_record, for: f}]}
"""


def added_rule(name: str, *left_out: str) -> Fault:
    """The shipped rules, but for those left out, and one of the faulty ones."""
    return lambda patch: PythonBase(
        without_rules(_faulty(), _faulty().rules.keys() - PROGRAM.rules.keys() - {name} | {*left_out})
    )


@cache
def _faulty() -> Program:
    return load_text(FAULTY_RULES).program


def without_rules(program: Program, left_out: set[str]) -> Program:
    """A program without some of its rules."""

    def thin(strata: tuple[Stratum, ...]) -> tuple[Stratum, ...]:
        return tuple(
            replace(
                stratum,
                deriving=tuple(rule for rule in stratum.deriving if rule.id not in left_out),
                rest=tuple(rule for rule in stratum.rest if rule.id not in left_out),
            )
            for stratum in strata
        )

    rules = {name: rule for name, rule in program.rules.items() if name not in left_out}
    scoring, judging, advising = map(thin, (program.scoring, program.judging, program.advising))
    return replace(program, rules=rules, scoring=scoring, judging=judging, advising=advising)
