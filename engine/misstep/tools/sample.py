"""Generate made-up records for a rule base: the same records for the same seed.

They are for experiments and measurements. The values follow the declarations of the packs, so kinds of your own occur without
further work. It looks like a log, but the frequencies mean nothing.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import sha256
from itertools import accumulate
from math import prod
from random import Random
from typing import Any, NamedTuple, TypeVar

from misstep.api import RuleBase
from misstep.errors import UsageError, did_you_mean
from misstep.language.facts import Field, Kind
from misstep.rulebase.field_use import Reference, find_references

COLUMNS: dict[str, tuple[str, ...]] = {
    "team": ("support", "sales", "finance", "engineering", "operations"),
    "month": tuple(f"2025-{month:02}" for month in range(1, 13)),
}
"""Columns to group records by, with their values."""

Chance = Callable[[], float]
"""A random number from 0 to below 1. No other method of ``Random`` is used: only this one promises the same numbers for a seed in
all versions of Python."""

SampleValue = bool | float | str | list[str]
MadeFact = dict[str, Any]
_T = TypeVar("_T")


def sample_records(rulebase: RuleBase, count: int, seed: int = 1, columns: Sequence[str] = ()) -> Iterator[MadeFact]:
    """The first ``count`` records of a seed: ``{"id": "iv-0000001", "facts": [...]}``, with the ``columns``.

    A record depends on the rule base, the seed and its number, but not on the count or the columns. Without columns, ``assess``
    accepts every record. Raises UsageError for an unknown column.
    """
    for name in columns:
        if name not in COLUMNS:
            known = f"; it is one of {', '.join(COLUMNS)}"
            raise UsageError(f"columns: unknown column '{name[:60]}'{did_you_mean(name, COLUMNS, known)}")
    return _records(_FactMaker(rulebase, seed), count, seed, columns)


def _records(maker: _FactMaker, count: int, seed: int, columns: Sequence[str]) -> Iterator[MadeFact]:
    chance, aside = Random(f"facts {seed}").random, Random(f"columns {seed}").random  # noqa: S311 - no secret
    for number in range(1, count + 1):
        drawn = {name: _pick(values, aside) for name, values in COLUMNS.items()}
        yield {"id": f"iv-{number:07}", **{name: drawn[name] for name in columns}, "facts": maker.facts(chance)}


# How many mistakes, signals and strengths a record has; every entry is equally likely: four mistakes on average.
_MISTAKES = [n for n, times in enumerate((14, 13, 18, 17, 14, 10, 7, 4, 3), start=1) for _ in range(times)]
_SIGNALS, _STRENGTHS = (0, 0, 0, 1, 1, 2), (0, 0, 0, 0, 1, 2)
# How often a field is given: people give the fields that are special to a mistake, and leave out most of the others.
_OWN, _SHARED, _OF_SETTING, _NAMED, _BY_KIND = 0.4, 0.15, 0.7, 0.6, 0.25
_ASSUMED_SETTING, _OTHER_SETTING = 0.9, 0.2
_OFFSET = 2  # of the Zipf-Mandelbrot law: without it the most frequent kind would be a fifth of all

_STEPS = 256
_OPEN_END = 1000  # range of a number that has no minimum or no maximum
_TEXTS = (
    "a late train",
    "the wrong room",
    "a new billing system",
    "two years in the same team",
    "fewer complaints",
    "the first project",
    "a report for the board",
    "a bad night",
    "half the time it took before",
    "nothing in particular",
)


class _NamingField(NamedTuple):
    """A field that names another fact."""

    name: str
    required: bool
    reference: Reference


class _KindPlan(NamedTuple):
    """How facts of a kind are made: its fields, each with the chance to be given and its values, and its naming fields."""

    kind: str
    fields: tuple[tuple[str, float, Sequence[SampleValue]], ...]
    naming: tuple[_NamingField, ...]


class _FactMaker:
    """Makes facts of one rule base."""

    def __init__(self, rulebase: RuleBase, seed: int) -> None:
        program = rulebase.program
        references = find_references(program)

        def plans(role: str) -> list[_KindPlan]:
            shared = {field.name for field in program.roles.get(role, ())}
            return [_plan(kind, shared, references) for kind in program.kinds.values() if kind.role == role]

        self._mistakes = sorted(plans("mistake"), key=lambda plan: sha256(f"{seed}:{plan.kind}".encode()).digest())
        self._weights = list(accumulate(1 / (rank + _OFFSET) for rank in range(1, len(self._mistakes) + 1)))
        self._signals, self._strengths = plans("signal"), plans("strength")
        self._settings = [
            (plan, _ASSUMED_SETTING if program.kinds[plan.kind].assumed else _OTHER_SETTING) for plan in plans("setting")
        ]

    def facts(self, chance: Chance) -> list[MadeFact]:
        """The facts of one interview."""
        chosen = [plan for plan, often in self._settings if chance() < often]
        if self._mistakes:
            total = self._weights[-1]
            chosen += [self._mistakes[bisect(self._weights, chance() * total)] for _ in range(_pick(_MISTAKES, chance))]
        chosen += _some(self._signals, _pick(_SIGNALS, chance), chance)
        chosen += _some(self._strengths, _pick(_STRENGTHS, chance), chance)
        facts = [_fact(plan, chance) for plan in chosen]
        for plan, fact in zip(chosen, facts, strict=True):
            for field in plan.naming:
                _name_other(field, fact, facts, chance)
        return facts


def _pick(choices: Sequence[_T], chance: Chance) -> _T:
    return choices[int(chance() * len(choices))]


def _some(plans: Sequence[_KindPlan], count: int, chance: Chance) -> list[_KindPlan]:
    """At most ``count`` different ones."""
    return [plans[i] for i in sorted({int(chance() * len(plans)) for _ in range(count if plans else 0)})]


def _fact(plan: _KindPlan, chance: Chance) -> MadeFact:
    fact: MadeFact = {"kind": plan.kind}
    for name, often, choices in plan.fields:
        if chance() < often:
            value = _pick(choices, chance)
            fact[name] = value.copy() if isinstance(value, list) else value
    return fact


def _name_other(field: _NamingField, fact: MadeFact, facts: Sequence[MadeFact], chance: Chance) -> None:
    """Set a naming field to the id or kind of another fact, if there is one."""
    if not field.required and chance() >= _NAMED:
        return
    ids, kinds = field.reference.ids, field.reference.kinds
    others = [i for i, other in enumerate(facts) if other is not fact and (other["kind"] in ids or other["kind"] in kinds)]
    if others:
        number = _pick(others, chance)
        kind = facts[number]["kind"]
        by_kind = kind not in ids or (kind in kinds and chance() < _BY_KIND)
        fact[field.name] = kind if by_kind else facts[number].setdefault("id", f"f{number + 1}")
    elif field.required:
        fact[field.name] = _pick(_TEXTS, chance)


# -- values of fields


def _plan(kind: Kind, shared: Collection[str], references: dict[tuple[str, str], Reference]) -> _KindPlan:
    naming = [
        _NamingField(field.name, field.required, references[kind.name, field.name])
        for field in kind.fields
        if (kind.name, field.name) in references
    ]
    is_setting = kind.role == "setting"
    fields = [
        (
            field.name,
            1.0 if field.required else _OF_SETTING if is_setting else _SHARED if field.name in shared else _OWN,
            _choices(field, likely_default=is_setting),
        )
        for field in kind.fields
        if (kind.name, field.name) not in references
    ]
    return _KindPlan(kind.name, tuple(fields), tuple(naming))


def _choices(field: Field, likely_default: bool) -> Sequence[SampleValue]:
    """Values of a field, all equally likely; ``likely_default``: half of them are the default."""
    choices: list[SampleValue]
    if field.is_number:
        choices = [*_numbers(field)]
    elif field.form.sort == "set":
        words = list(field.values)
        choices = [*([word] for word in words), *(words[i : i + 2] for i in range(len(words) - 1)), words]
    else:
        choices = [True, False] if field.form.sort == "truth" else [*(field.values or _TEXTS)]
    if likely_default and field.default is not None:
        default = list(field.default) if field.form.sort == "set" else field.default
        choices += [default] * len(choices)
    return choices


def _numbers(field: Field) -> list[float]:
    """Numbers from the minimum to the maximum of a field, most of them close to the minimum; an open range starts near 0.

    They are made of products only, so they are the same to the last digit on every machine.
    """
    low, high = field.minimum, field.maximum
    if low is None:
        low = 0 if high is None or high >= 0 else high - _OPEN_END
    if high is None:
        high = low + _OPEN_END
    span = high - low
    power = max(1, 3 * int(span).bit_length() // 4)
    shares = [prod([i / (_STEPS - 1)] * power) for i in range(_STEPS)]
    if field.form.whole:
        least, greatest = int(low), int(high)
        return [min(greatest, least + int(share * (greatest - least + 1))) for share in shares]
    digits = 1
    while 0 < span * 10**digits < 100:
        digits += 1
    return [min(high, max(low, round(low + share * span, digits))) + 0.0 for share in shares]
