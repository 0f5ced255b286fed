"""The checked parts of a mapping: groups of columns, lines that make facts, and functions of the values of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from misstep.batch.mapping.mapped_columns import MappedColumn, folded
from misstep.language.facts import Value

ROW = "row"
"""The name of the columns that are not within another one."""

RowValues = list[Value]
"""What the columns say, by their places."""


@dataclass(frozen=True, slots=True)
class ColumnGroup:
    """Columns that are read together. ``name``: before the dot, in expressions; ``place``: of the value of its first one."""

    name: str
    source: str
    columns: tuple[MappedColumn, ...]
    place: int
    many: bool = False
    pairs: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ValueOf:
    """A function of the values of a row. ``needs``: the places of those without which there is no value."""

    needs: tuple[int, ...]
    run: Callable[[RowValues], object]

    def __call__(self, values: RowValues) -> object:
        """The value; None where one that it needs is unknown."""
        return None if any(values[i] is None for i in self.needs) else self.run(values)


@dataclass(frozen=True, slots=True)
class FactLine:
    """One line under ``facts``. ``each``: the list that it is repeated for; ``required``: fields that it needs."""

    title: str
    kind: str
    each: ColumnGroup | None
    test: Callable[[RowValues], object] | None
    fields: tuple[tuple[str, ValueOf], ...]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class ComparedWords:
    """The words that conditions compare a column with, letter by letter; ``only``: it is used for nothing else."""

    words: frozenset[object]
    only: bool

    def misses(self, value: object) -> bool:
        """Whether a value means nothing to the conditions, or differs from one of their words in nothing but case."""
        if value in self.words:
            return False
        return self.only or folded(str(value)) in {folded(str(word)) for word in self.words}


def as_text(value: object) -> str | None:
    """A value as the text that an id or a kept column has."""
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else f"{value:.15g}"
