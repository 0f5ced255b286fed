"""All records of one fact and settings that make a difference to some rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations, pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

from misstep.errors import listing
from misstep.language.expression import Compare, Constants, Expression, FieldRef, Known, Literal, Lookup, parts_of, walk
from misstep.language.facts import GIVEN_ROLES, Field, Kind
from misstep.language.program import Program, Rule
from misstep.rulebase.field_use import FieldKey, expressions_of
from misstep.tools.proofs.record_search import SearchedRecord
from misstep.tools.proofs.telling_values import OTHER_TEXT, TellingValues

if TYPE_CHECKING:
    from misstep.tools.sample import SampleValue

MOST_VALUES = 10_000
"""Values of one field that are tried one by one."""

MOST_FACTS = 100_000
"""Different facts of one kind that are tried."""

_T = TypeVar("_T")
_Options = Sequence[dict[str, Any] | None]


class EndlessSpace(Exception):
    """The records that make a difference have no end, or too many values of one field do."""


class WholeSpace:
    """All records with one fact of some kinds that records give, and each setting that some rules read, that make a difference
    to these rules.
    ``parted``: a value stands for others that make no difference. Raises EndlessSpace."""

    def __init__(self, program: Program, rules: Sequence[Rule], starts: Collection[str], values: TellingValues) -> None:
        self.parted = False
        self._telling = values
        self._read, self._turning = _reading(rules)
        names = {kind for rule in rules for pattern in rule.all_patterns for kind in pattern.kinds}
        settings = [kind for name, kind in program.kinds.items() if name in names and kind.role == "setting"]
        self._options: list[_Options] = [self._facts(kind) if kind.assumed else [None, *self._facts(kind)] for kind in settings]
        first = [kind for name, kind in program.kinds.items() if name in starts and kind.role in GIVEN_ROLES]
        if first:
            self._options.append([None, *(fact for kind in first for fact in self._facts(kind))])
        self.kinds = [kind.name for kind in (*first, *settings)]

    @property
    def size(self) -> int:
        """How many records there are."""
        return prod(map(len, self._options))

    def __str__(self) -> str:
        return f"{self.size:,} different records of {listing(self.kinds, 3) or 'no facts'}"

    def records(self) -> Iterator[SearchedRecord]:
        """All of them."""
        for facts in product(*self._options):
            yield [fact for fact in facts if fact is not None]

    def _facts(self, kind: Kind) -> list[dict[str, Any]]:
        """The different facts of a kind."""
        fields = [field for field in kind.fields if field.required or (kind.name, field.name) in self._read]
        choices: list[tuple[object, ...]] = [self.of(kind.name, field) for field in fields]
        omitted = object()
        choices = [(*each, omitted) if field.unknown else each for field, each in zip(fields, choices, strict=True)]
        if prod(map(len, choices)) > MOST_FACTS:
            raise EndlessSpace
        return [
            {
                "id": f"{kind.name}-1",
                "kind": kind.name,
                **{field.name: value for field, value in zip(fields, values, strict=True) if value is not omitted},
            }
            for values in product(*choices)
        ]

    def of(self, kind: str, field: Field) -> tuple[SampleValue, ...]:
        """The values of a field that make a difference, without that it may be left out."""
        key = (kind, field.name)
        if key not in self._read:
            self.parted = True
            return self._telling.of(kind, field)[:1] or (OTHER_TEXT,)
        if field.is_number and key in self._turning:
            if not field.form.whole or field.minimum is None or field.maximum is None:
                raise EndlessSpace
            numbers = range(int(field.minimum), int(field.maximum) + 1)
            return _few(numbers, len(numbers))
        if field.is_number:
            self.parted = True
            return self._telling.every(kind, field)
        if field.form.sort == "set":
            sizes = range(len(field.values) + 1)
            return _few((([*words]) for size in sizes for words in combinations(field.values, size)), 2 ** len(field.values))
        if field.type == "text":
            texts = self._telling.every(kind, field)
            if key in self._turning or texts.count(OTHER_TEXT) > 1:
                raise EndlessSpace
            return texts
        return field.choices


def _few(values: Iterable[_T], count: int) -> tuple[_T, ...]:
    if count > MOST_VALUES:
        raise EndlessSpace
    return tuple(values)


def _reading(rules: Iterable[Rule]) -> tuple[set[FieldKey], set[FieldKey]]:
    """The fields that rules read, and those among them that they do not only compare with constants. Raises EndlessSpace where
    rules read the ids of facts, which may be anything."""
    read: set[FieldKey] = set()
    turning: set[FieldKey] = set()
    for rule in rules:
        for node, patterns in expressions_of(rule):
            compared = {id(ref) for ref in _compared(node)}
            for ref in (part for part in walk(node) if isinstance(part, FieldRef)):
                if ref.field in ("id", "fact"):
                    raise EndlessSpace
                keys = {(kind, ref.field) for kind in (patterns[ref.name].kinds if ref.name in patterns else ())}
                read |= keys
                if id(ref) not in compared:
                    turning |= keys
    return read, turning


def _compared(node: Expression | Constants) -> Iterator[FieldRef]:
    """The fields in an expression that are compared with constants alone, by the node that stands for them."""
    match node:
        case Known(ref) | Lookup(FieldRef() as ref, Constants()):
            yield ref
        case Compare(_, operands) if all(
            isinstance(one, Literal) != isinstance(other, Literal) for one, other in pairwise(operands)
        ):
            yield from (operand for operand in operands if isinstance(operand, FieldRef))
            for operand in operands:
                yield from _compared(operand) if not isinstance(operand, FieldRef) else ()
        case _:
            for part in parts_of(node):
                yield from _compared(part)
