"""Made-up interviews for laws about plans: every kind, every value, numbers at, below and above what rules turn at, any moment,
outcome and set of channels. One seed, and every record is assessed once.

Other than ``misstep sample``, which looks like a log, these are as odd as records can be.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from tests.rulebase.plan_faults import NO_TALK

from misstep import Assessment, RuleBase
from misstep.language.facts import Field, Kind
from misstep.rulebase.field_use import find_references, find_thresholds

Fact = dict[str, Any]

LONG = os.environ.get("MISSTEP_TEST_PROFILE") == "long"
BASE = RuleBase.shipped()
KINDS = BASE.kinds
MISTAKES = [kind for kind in KINDS.values() if kind.role == "mistake"]
STRENGTHS = [kind for kind in KINDS.values() if kind.role == "strength"]
SIGNALS = [kind for kind in KINDS.values() if kind.role == "signal"]
SETTINGS = [kind for kind in KINDS.values() if kind.role == "setting" and kind.name != "interview"]
BESIDES = [*SIGNALS, *STRENGTHS, *(KINDS[name] for name in ("apology_given", "thank_you_sent", "correction_sent"))]

_REFERENCES = find_references(BASE.program)
_THRESHOLDS = find_thresholds(BASE.program)
_TEXTS = ("a late train", "St. Mary's. Or so", "half the time it took before", "a billing system; two years", "Łukasz Żak")


class Drawn(NamedTuple):
    """A record, the interview first and every fact with an id, and its answer."""

    record: list[Fact]
    result: Assessment

    def setting(self, field: str, default: str) -> Any:
        return self.record[0].get(field, default)

    def planned(self) -> set[str]:
        return {action.action for action in self.result.actions}

    @property
    def mistakes(self) -> list[Fact]:
        return [fact for fact in self.record if KINDS[fact["kind"]].role == "mistake"]


@cache
def drawn(count: int = 12_000 if LONG else 4_000) -> tuple[Drawn, ...]:
    """Interviews with one to three mistakes."""
    return tuple(_interviews(count, (1, 1, 2, 3), 1979))


def draw_without_a_talk(draw: random.Random) -> list[Fact]:
    """A record of somebody who has spoken to nobody: the interview is still to come, or did not take place."""
    kinds = [KINDS[kind] for kind in sorted(NO_TALK)]
    facts = [
        draw_fact(KINDS["interview"], draw),
        *(draw_fact(draw.choice(kinds), draw) for _ in range(draw.choice((1, 1, 2)))),
    ]
    if draw.random() < 0.7:
        facts[0]["moment"] = "before"
    else:
        facts[0].update(moment="after", outcome="pending")
        facts.append(draw_fact(KINDS[draw.choice(("no_show", "rescheduling"))], draw))
    return [{"id": f"f{i}", **fact} for i, fact in enumerate(facts)]


def _interviews(count: int, mistakes: tuple[int, ...], seed: int) -> Iterator[Drawn]:
    draw = random.Random(seed)
    for _ in range(count):
        facts = [draw_fact(KINDS["interview"], draw)]
        facts += [draw_fact(draw.choice(MISTAKES), draw) for _ in range(draw.choice(mistakes))]
        if draw.random() < 0.4:
            facts.append(draw_fact(draw.choice(BESIDES), draw))
        if draw.random() < 0.1:
            facts.append(draw_fact(draw.choice(SETTINGS), draw))
        kinds = [fact["kind"] for fact in facts if KINDS[fact["kind"]].role == "setting"]
        if len(kinds) == len(set(kinds)):  # a setting is said once
            record = [{"id": f"f{i}", **fact} for i, fact in enumerate(facts)]
            yield Drawn(record, BASE.assess(record))


def variants(kind: Kind) -> list[Fact]:
    """Of a mistake: nothing said but the kind, and each of the kind's own words and switches, one at a time."""
    shared = {field.name for field in BASE.program.roles["mistake"]}
    own = [field for field in kind.fields if field.name not in shared]
    told: list[Fact] = [{f.name: value} for f in own if f.type == "enum" for value in f.values]
    told += [{f.name: value} for f in own if f.type == "boolean" for value in (True, False)]
    return [{}, *told]


def draw_fact(kind: Kind, draw: random.Random) -> Fact:
    told = {f.name: draw_value(kind, f, draw) for f in kind.fields if f.required or draw.random() < 0.4}
    return {"kind": kind.name, **told}


def draw_value(kind: Kind, field: Field, draw: random.Random) -> Any:
    if field.type == "enum":
        return draw.choice(field.values)
    if field.type == "boolean":
        return draw.random() < 0.5
    if field.type == "set":
        return [value for value in field.values if draw.random() < 0.5]
    if field.type == "text":
        return "f1" if (kind.name, field.name) in _REFERENCES else draw.choice(_TEXTS)  # the first mistake
    turns = turning_points(kind.name, field.name)
    if turns and draw.random() < 0.5:
        return draw.choice(turns)
    low, high = field.minimum or 0, min(200, field.maximum or 200)
    number = draw.uniform(low, high)
    return round(number) if field.type == "integer" else round(number, 1)


@cache
def turning_points(kind: str, name: str) -> tuple[float, ...]:
    """The values of a number at which a rule turns, and those just below and above; in order."""
    field = KINDS[kind].by_name[name]
    step = 1 if field.type == "integer" else 0.1
    low = field.minimum if field.minimum is not None else 0
    high = field.maximum if field.maximum is not None else 1e6
    points = {round(turn + side * step, 3) for turn in _THRESHOLDS.get((kind, name), ()) for side in (-1, 0, 1)}
    if field.type == "integer":
        return tuple(sorted({int(point) for point in points if low <= int(point) <= high}))
    return tuple(sorted(point for point in points if low <= point <= high))
