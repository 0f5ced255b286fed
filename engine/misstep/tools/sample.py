"""A rule base and a seed in; made-up records of its kinds out, as many as are wanted, and the same ones every time.

For trying things out and for measuring: what is drawn follows what the packs declare, so that kinds of one's own come up by
themselves. It looks like a log, but says nothing about how often anything happens.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import sha256
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from misstep.api import RuleBase
from misstep.errors import UsageError, suggest
from misstep.language.facts import Field, Kind
from misstep.rulebase.references import Reference, find_references

COLUMNS: dict[str, tuple[str, ...]] = {
    "team": ("support", "sales", "finance", "engineering", "operations"),
    "month": tuple(f"2025-{month:02}" for month in range(1, 13)),
}
"""What a record can be grouped by, on request, and the values that come up."""

Chance = Callable[[], float]
"""From 0 up to, but not, 1. The only thing that is asked of ``Random``, which promises the same for a seed for ever."""


def sample_records(rulebase: RuleBase, count: int, seed: int = 1, columns: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """The first ``count`` records of a seed: ``{"id": "iv-0000001", "facts": [...]}``, and the ``columns`` that are asked for.

    A record depends on the rule base, the seed and its place, not on how many there are or on the columns. Without columns,
    ``assess`` takes every one of them. Raises UsageError where there is no such column.
    """
    for name in columns:
        if name not in COLUMNS:
            known = f"; it is one of {', '.join(COLUMNS)}"
            raise UsageError(f"columns: a sample has no column '{name[:60]}'{suggest(name, COLUMNS, known)}")
    return _records(_Maker(rulebase, seed), count, seed, columns)


def _records(maker: _Maker, count: int, seed: int, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    chance, aside = Random(f"facts {seed}").random, Random(f"columns {seed}").random  # noqa: S311 - no secret
    for number in range(1, count + 1):
        drawn = {name: _pick(values, aside) for name, values in COLUMNS.items()}
        yield {"id": f"iv-{number:07}", **{name: drawn[name] for name in columns}, "facts": maker.facts(chance)}


# How many of each come up, every entry as likely as another: four mistakes on average.
_MISTAKES = [n for n, times in enumerate((14, 13, 18, 17, 14, 10, 7, 4, 3), start=1) for _ in range(times)]
_SIGNALS, _STRENGTHS = (0, 0, 0, 1, 1, 2), (0, 0, 0, 0, 1, 2)
# How often something is said at all: people tell what is peculiar to a slip, and leave most of the rest out.
_OWN, _SHARED, _OF_SETTING, _NAMED, _BY_KIND = 0.4, 0.15, 0.7, 0.6, 0.25
_ASSUMED_SETTING, _OTHER_SETTING = 0.9, 0.2
_OFFSET = 2  # of Zipf's law as Mandelbrot has it: without it the commonest kind would be a fifth of all

_STEPS = 256
_OPEN_END = 1000  # how far beyond its other end a number goes that has no end there
_TEXTS = (
    "a late train", "the wrong room", "a new billing system", "two years in the same team", "fewer complaints",
    "the first project", "a report for the board", "a bad night", "half the time it took before", "nothing in particular",
)  # fmt: skip


class _Naming(NamedTuple):
    """A field that names another fact."""

    field: str
    required: bool
    reference: Reference


class _Form(NamedTuple):
    """How facts of a kind are made up: its fields, each with how often it is said and what it may be, and those that name
    another fact."""

    kind: str
    fields: tuple[tuple[str, float, Sequence[Any], int], ...]
    namings: tuple[_Naming, ...]


class _Maker:
    """Makes up facts of one rule base."""

    def __init__(self, rulebase: RuleBase, seed: int) -> None:
        program = rulebase.program
        references = find_references(program)

        def forms(role: str) -> list[_Form]:
            shared = {field.name for field in program.roles.get(role, ())}
            return [_form(kind, shared, references) for kind in program.kinds.values() if kind.role == role]

        self._mistakes = sorted(forms("mistake"), key=lambda form: sha256(f"{seed}:{form.kind}".encode()).digest())
        self._weights = list(accumulate(1 / (rank + _OFFSET) for rank in range(1, len(self._mistakes) + 1)))
        self._signals, self._strengths = forms("signal"), forms("strength")
        self._settings = [
            (form, _ASSUMED_SETTING if program.kinds[form.kind].assumed else _OTHER_SETTING) for form in forms("setting")
        ]
        self._namings = {
            form.kind: form.namings
            for form in (*self._mistakes, *self._signals, *self._strengths, *(form for form, _ in self._settings))
            if form.namings
        }

    def facts(self, chance: Chance) -> list[dict[str, Any]]:
        """The facts of one interview."""
        chosen = [form for form, often in self._settings if chance() < often]
        if self._mistakes:
            forms, weights = self._mistakes, self._weights
            total = weights[-1]
            chosen += [forms[bisect(weights, chance() * total)] for _ in range(_pick(_MISTAKES, chance))]
        chosen += _some(self._signals, _pick(_SIGNALS, chance), chance)
        chosen += _some(self._strengths, _pick(_STRENGTHS, chance), chance)
        facts = [_fact(form, chance) for form in chosen]
        for fact in facts:
            for naming in self._namings.get(fact["kind"], ()):
                _name(naming, fact, facts, chance)
        return facts


def _pick(choices: Sequence[Any], chance: Chance) -> Any:
    return choices[int(chance() * len(choices))]


def _some(forms: Sequence[_Form], count: int, chance: Chance) -> list[_Form]:
    """At most so many different ones."""
    if not forms:
        return []
    return [forms[i] for i in sorted({int(chance() * len(forms)) for _ in range(count)})]


def _fact(form: _Form, chance: Chance) -> dict[str, Any]:
    fact: dict[str, Any] = {"kind": form.kind}
    for name, often, choices, size in form.fields:
        if chance() < often:
            value = choices[int(chance() * size)]
            fact[name] = value if type(value) is not list else value.copy()
    return fact


def _name(naming: _Naming, fact: dict[str, Any], facts: Sequence[dict[str, Any]], chance: Chance) -> None:
    """Name another fact, where there is one to name."""
    if not naming.required and chance() >= _NAMED:
        return
    ids, kinds = naming.reference.ids, naming.reference.kinds
    places = [i for i, other in enumerate(facts) if other is not fact and (other["kind"] in ids or other["kind"] in kinds)]
    if places:
        place = _pick(places, chance)
        kind = facts[place]["kind"]
        by_kind = kind not in ids or (kind in kinds and chance() < _BY_KIND)
        fact[naming.field] = kind if by_kind else facts[place].setdefault("id", f"f{place + 1}")
    elif naming.required:
        fact[naming.field] = _pick(_TEXTS, chance)


# -- what a field may be


def _form(kind: Kind, shared: Collection[str], references: dict[tuple[str, str], Reference]) -> _Form:
    fields, namings = [], []
    for field in kind.fields:
        reference = references.get((kind.name, field.name))
        if reference is not None:
            namings.append(_Naming(field.name, field.required, reference))
            continue
        often = _OF_SETTING if kind.role == "setting" else _SHARED if field.name in shared else _OWN
        choices = _choices(field, likely_default=kind.role == "setting")
        fields.append((field.name, 1.0 if field.required else often, choices, len(choices)))
    return _Form(kind.name, tuple(fields), tuple(namings))


def _choices(field: Field, likely_default: bool) -> Sequence[Any]:
    """Values of a field, each as likely as another; ``likely_default``: half of them are the default."""
    choices: list[Any]
    match field.type:
        case "boolean":
            choices = [True, False]
        case "enum":
            choices = list(field.values)
        case "set":
            words = list(field.values)
            choices = [*([word] for word in words), *(words[i : i + 2] for i in range(len(words) - 1)), words]
        case "text":
            choices = list(_TEXTS)
        case _:
            choices = _numbers(field)
    if likely_default and field.default is not None:
        default = list(field.default) if field.type == "set" else field.default
        choices += [default] * len(choices)
    return choices


def _numbers(field: Field) -> list[Any]:
    """Numbers from the least to the greatest that a field takes, most of them close to the least; where a field is open, from
    nought or so on.

    Nothing but products, so that they are the same to the last digit wherever they are made.
    """
    low, high = field.minimum, field.maximum
    if low is None:
        low = 0 if high is None or high >= 0 else high - _OPEN_END
    if high is None:
        high = low + _OPEN_END
    span = high - low
    power = max(1, 3 * int(span).bit_length() // 4)
    shares = [_raised(i / (_STEPS - 1), power) for i in range(_STEPS)]
    if field.type == "integer":
        least, greatest = int(low), int(high)
        return [min(greatest, least + int(share * (greatest - least + 1))) for share in shares]
    digits = 1
    while 0 < span * 10**digits < 100:
        digits += 1
    return [min(high, max(low, round(low + share * span, digits))) + 0.0 for share in shares]


def _raised(number: float, power: int) -> float:
    result = 1.0
    for _ in range(power):
        result *= number
    return result
