"""The shape of a mapping, as pydantic models; docs/mappings.md explains the keys.

Names of kinds and columns, and expressions, are checked later (mapping.py): here it is only keys, types and nesting.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from misstep.limits import FIXED
from misstep.rulebase.schema import Constant, Doc, ExpressionText, Name, ShortText, by_shape

ColumnType = Literal["boolean", "integer", "number", "text", "enum", "set"]
Unit = Literal["seconds", "minutes", "hours", "days", "weeks"]
CellText = Annotated[str, Field(max_length=FIXED.cell)]


WordsOrMeanings = Annotated[
    Annotated[dict[CellText, Constant], Tag("mapping")] | Annotated[list[ShortText], Tag("list")], by_shape
]


class ColumnDoc(Doc):
    """A column, and how its cells are read; or, with ``columns``, those within it: of an object, of each object of a ``list``, or
    of a list of names with values, ``pairs``."""

    type: ColumnType | None = None
    source: Annotated[ShortText | None, Field(alias="from")] = None
    values: WordsOrMeanings | None = None
    nothing: list[Constant] = Field(default_factory=list)
    unit: Unit | None = None
    columns: Annotated[dict[Name, TypeOrColumn] | None, Field(min_length=1)] = None
    many: Annotated[bool, Field(alias="list")] = False
    pairs: Annotated[list[ShortText] | None, Field(min_length=2, max_length=2)] = None


TypeOrColumn = Annotated[Annotated[ColumnType, Tag("text")] | Annotated[ColumnDoc, Tag("mapping")], by_shape]

FactDoc = dict[Name, object]
"""``when``, ``each``, and the fields of the kind."""


FactOrFacts = Annotated[Annotated[FactDoc, Tag("mapping")] | Annotated[list[FactDoc], Tag("list"), Field(min_length=1)], by_shape]


class ExpectedDoc(Doc):
    """What a row becomes."""

    id: str | None = None
    facts: list[dict[str, object]]
    keep: dict[str, str | None] = Field(default_factory=dict)


class RowCaseDoc(Doc):
    """A row of a log, and what it becomes."""

    row: dict[str, object]
    expect: ExpectedDoc


NamesOrAll = Annotated[Annotated[list[ShortText], Tag("list")] | Annotated[Literal["*"], Tag("text")], by_shape]


class MappingDoc(Doc):
    """How the columns of a log become facts. See docs/mappings.md."""

    map_version: Annotated[Literal[1], Field(alias="map")]
    title: ShortText | None = None
    columns: Annotated[dict[Name, TypeOrColumn], Field(min_length=1, max_length=FIXED.mapped_columns)]
    id: ShortText | None = None
    keep: dict[Name, ExpressionText] = Field(default_factory=dict)
    ignore: NamesOrAll = Field(default_factory=list)
    facts: Annotated[dict[Name, FactOrFacts], Field(min_length=1)]
    cases: dict[ShortText, RowCaseDoc] = Field(default_factory=dict)
