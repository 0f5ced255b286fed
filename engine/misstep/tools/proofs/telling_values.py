"""The values of fields at which rules may turn, for records that are to tell something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from misstep.language.expression import Constants, FieldRef, Literal, Scalar, walk
from misstep.language.facts import Field
from misstep.language.program import Program
from misstep.rulebase.field_use import FieldKey, expressions_of, find_thresholds

if TYPE_CHECKING:
    from misstep.tools.sample import SampleValue

OTHER_TEXT = "x"
"""A text that no rule asks for."""
MOST_NUMBERS = 60
"""Numbers of a field that are tried where not all are."""
MOST_SUBSETS = 64
"""The same of a set."""
MORE = 1000.0
"""How far a number without a limit is tried beyond the last one that a rule names."""


class TellingValues:
    """The values of the fields of one program, or of several with the same names, that are worth trying."""

    def __init__(self, programs: Iterable[Program], besides: TellingValues | None = None) -> None:
        """``besides``: values that are worth trying too."""
        named = besides._named if besides is not None else {}
        self._named: dict[FieldKey, set[Scalar]] = {key: {*values} for key, values in named.items()}
        for program in programs:
            for found in (find_thresholds(program), _constants(program)):
                for key, values in found.items():
                    self._named.setdefault(key, set()).update(values)
        self._values: dict[tuple[str, Field], tuple[SampleValue, ...]] = {}

    def of(self, kind: str, field: Field) -> tuple[Any, ...]:
        """The values of a field as records have them; numbers ascend, words stand in their order."""
        if (kind, field) not in self._values:
            self._values[kind, field] = self._some(kind, field)
        return self._values[kind, field]

    def _some(self, kind: str, field: Field) -> tuple[SampleValue, ...]:
        if field.form.sort == "set":
            count = len(field.values)
            sizes = range(count + 1) if 2**count <= MOST_SUBSETS else (0, 1, 2, count)
            return tuple([*words] for size in sizes for words in combinations(field.values, size))
        if not field.is_number:
            return self.every(kind, field) if field.type == "text" else field.choices
        every = self.every(kind, field)  # over the whole range, as many as are tried
        places = range(min(MOST_NUMBERS, len(every)))
        return tuple(every[i * (len(every) - 1) // max(1, len(places) - 1)] for i in places)

    def every(self, kind: str, field: Field) -> tuple[float | str, ...]:
        """The numbers or texts of a field so that nothing turns between them, where rules compare it with constants alone: those
        that rules name, one between any two of these, and the ends."""
        named = self._named.get((kind, field.name), set())
        if field.is_number:
            return _numbers(field, [each for each in named if not isinstance(each, str)])
        return (*sorted(each for each in named if isinstance(each, str)), OTHER_TEXT)


def _numbers(field: Field, named: Iterable[float]) -> tuple[float, ...]:
    low, high = field.minimum, field.maximum
    marks = {mark for mark in (*named, field.default) if mark is not None and not isinstance(mark, bool)}
    least = low if low is not None else min(marks | {0.0}) - MORE if high is None else min(marks | {high}) - MORE
    most = high if high is not None else max(marks | {least}) + MORE
    ends = sorted({least, most, *(mark for mark in marks if least <= mark <= most)})
    between = [(one + other) / 2 for one, other in pairwise(ends)]
    if field.form.whole:
        near = {number for end in (*ends, *between) for number in (ceil(end) - 1, floor(end), ceil(end), floor(end) + 1)}
        return tuple(sorted(number for number in near if least <= number <= most))
    return tuple(sorted({*map(float, ends), *between}))


def _constants(program: Program) -> Mapping[FieldKey, set[Scalar]]:
    """The texts that stand beside a text field in a condition or an amount, and the numbers of lists beside a number field."""
    found: dict[FieldKey, set[Scalar]] = {}
    for rule in program.rules.values():
        for node, patterns in expressions_of(rule):
            parts = [*walk(node)]
            listed = [value for part in parts if isinstance(part, Constants) for value in part.values]
            values = [*listed, *(part.value for part in parts if isinstance(part, Literal) and isinstance(part.value, str))]
            for ref in (part for part in parts if isinstance(part, FieldRef) and values):
                for kind in patterns[ref.name].kinds if ref.name in patterns else ():
                    field = program.kinds[kind].by_name.get(ref.field)
                    if field is not None and (field.is_number or field.type == "text"):
                        fitting = {value for value in values if isinstance(value, str) != field.is_number}
                        found.setdefault((kind, field.name), set()).update(fitting)
    return found
