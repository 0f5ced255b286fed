"""A mapping in: YAML that says which columns of a log become which facts. A function from rows to records out.

Expressions are those of rules, over the columns: ``team`` is a column, ``attributes.rating`` one within a column. Any may be
unknown, and nothing is guessed: a value without a meaning is unknown, and counted.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

import orjson

from misstep.api import RuleBase
from misstep.batch.mapping.link_mapping import MappingLinker, shaped
from misstep.batch.mapping.mapped_columns import folded
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.mapping_parts import ROW, ColumnGroup, RowValues, as_text
from misstep.batch.mapping.mapping_schema import MappingDoc
from misstep.errors import Problem, did_you_mean
from misstep.limits import Limits
from misstep.rulebase.documents import Document, read_yaml
from misstep.rulebase.load import pack_text

_Shape = TypeVar("_Shape")


class MappedRow(NamedTuple):
    """A record, and the values that are carried along."""

    id: str | None
    facts: list[dict[str, object]]
    kept: tuple[str | None, ...]


class RowMapping:
    """A checked mapping. Immutable; it may be used by several threads, each with a coverage of its own."""

    def __init__(self, document: Document, doc: MappingDoc, rulebase: RuleBase) -> None:
        linker = MappingLinker(document, doc, rulebase)
        self.doc, self._document = doc, document
        self.keep = tuple(doc.keep)
        self._groups = linker.groups
        self._size = linker.size
        self._lines = linker.lines()
        self._kept = linker.kept()
        self._id = linker.id_text()
        linker.refuse()
        self._handled = linker.handled()
        named = (each for group in self._groups for each in enumerate(group.columns, group.place))
        self._words = {
            column.name: (*column.words, *map(str, self._handled[i].words if i in self._handled else ())) for i, column in named
        }
        self._ignored = None if doc.ignore == "*" else frozenset(doc.ignore)
        self._named = {group.name: frozenset(column.source for column in group.columns) for group in self._groups}
        self._tops = self._named[ROW] | {group.source for group in self._groups if group.source}

    @classmethod
    def load(cls, file: str | Path, rulebase: RuleBase | None = None) -> RowMapping:
        """The mapping of a file, checked against a rule base, else the shipped one. Raises RuleError with all problems."""
        return cls.parse(pack_text(Path(file), Limits()), str(file), rulebase)

    @classmethod
    def parse(cls, text: str, file: str = "<mapping>", rulebase: RuleBase | None = None) -> RowMapping:
        """The mapping of a text. Raises RuleError."""
        document = read_yaml(text, file)
        return cls(document, shaped(document), rulebase or RuleBase.shipped())

    @property
    def file(self) -> str:
        """The file that it was read from, or a name for its text."""
        return self._document.file

    @property
    def digest(self) -> str:
        """Of its content: whether it is another one."""
        return hashlib.sha256(self._document.text.encode()).hexdigest()

    @property
    def lines(self) -> tuple[str, ...]:
        """The names of the lines under ``facts``: a kind, and its number where there are several."""
        return tuple(line.title for line in self._lines)

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns of the log that are read, without those within others."""
        return tuple(sorted(self._tops))

    def ignores(self, column: str) -> bool:
        """Whether a column of the log is never read."""
        return column not in self._tops and (self._ignored is None or column in self._ignored)

    def hint(self, column: str, value: str) -> str:
        """The word with a meaning that is nearest to a value of a column that has none: ``"; did you mean 'x'?"``, or nothing."""
        words = self._words.get(column, ())
        alike = next((word for word in words if folded(word) == folded(value)), None)
        if alike is not None:
            return f"; conditions have '{alike}', and case matters there, but not to `values` of the column"
        return did_you_mean(value, words)

    def record(self, row: Mapping[str, object], coverage: LogCoverage | None = None) -> MappedRow:
        """What a row becomes. ``row``: values by column, as JSON has them: texts, numbers, lists, objects, or None."""
        coverage = LogCoverage() if coverage is None else coverage
        coverage.rows += 1
        values: RowValues = [None] * self._size
        lists: dict[str, list[RowValues]] = {}
        for group in self._groups:
            if group.many:
                lists[group.name] = self._elements(group, row, coverage)
            else:
                self._fill(values, group, _object(group, row, coverage), coverage)
        self._count_unread(row, self._tops, "", coverage)
        facts = list(self._facts(values, lists, coverage))
        kept = tuple(as_text(value(values)) for value in self._kept)
        return MappedRow(self._id(values) if self._id else None, facts, kept)

    def failed_cases(self) -> Iterator[Problem]:
        """A problem for each case of the mapping whose row becomes something else."""
        for name, case in self.doc.cases.items():
            made, expect = self.record(case.row), case.expect
            kept = {key: value for key, value in zip(self.keep, made.kept, strict=True) if key in expect.keep}
            for what, expected, found in (
                ("facts", expect.facts, made.facts),
                ("id", expect.id, made.id if "id" in expect.model_fields_set else None),
                ("keep", expect.keep, kept),
            ):
                if expected != found:
                    place = self._document.locate(("cases", name, "expect", what))
                    yield Problem(place, f"the row becomes {what} {_json(found)}, not {_json(expected)}", name)

    def _facts(self, values: RowValues, lists: dict[str, list[RowValues]], coverage: LogCoverage) -> Iterator[dict[str, object]]:
        for line in self._lines:
            for element in [[]] if line.each is None else lists[line.each.name]:
                place = line.each.place if line.each else 0
                values[place : place + len(element)] = element
                if line.test is not None and not line.test(values):
                    continue
                said = {name: found for name, value in line.fields if (found := value(values)) is not None}
                if line.required <= said.keys():
                    coverage.made[line.title] += 1
                    yield {"kind": line.kind, **said}
                else:
                    coverage.unmade[line.title] += 1

    def _elements(self, group: ColumnGroup, row: Mapping[str, object], coverage: LogCoverage) -> list[RowValues]:
        """The values of each object of a list."""
        found = []
        for item in _nested(group, row, list, coverage) or ():
            element: RowValues = [None] * (group.place + len(group.columns))
            self._fill(element, group, item if isinstance(item, dict) else {}, coverage)
            found.append(element[group.place :])
        return found

    def _fill(self, values: RowValues, group: ColumnGroup, cells: Mapping[str, object], coverage: LogCoverage) -> None:
        for i, column in enumerate(group.columns, group.place):
            value = values[i] = column.read(cells.get(column.source), coverage)
            handled = self._handled.get(i)
            if handled is not None and value is not None and handled.misses(value):
                coverage.leave_unmapped(column.name, str(value))
        if group.name != ROW:
            self._count_unread(cells, self._named[group.name], f"{group.name}.", coverage)

    def _count_unread(self, cells: Mapping[str, object], named: Iterable[str], before: str, coverage: LogCoverage) -> None:
        if self._ignored is None:
            return
        for name, cell in cells.items():
            if name and name not in named and cell not in (None, "") and before + name not in self._ignored:
                coverage.leave_unread(before + name)


def _object(group: ColumnGroup, row: Mapping[str, object], coverage: LogCoverage) -> Mapping[str, object]:
    """The values of a group by their names in the log. A name that stands twice with different values says nothing."""
    if group.name == ROW:
        return row
    if group.pairs is None:
        return _nested(group, row, dict, coverage) or {}
    key, value = group.pairs
    found: dict[str, object] = {}
    for item in _nested(group, row, list, coverage) or ():
        if isinstance(item, dict) and isinstance(name := item.get(key), str):
            found[name] = item.get(value) if found.get(name, item.get(value)) == item.get(value) else None
    return found


def _nested(group: ColumnGroup, row: Mapping[str, object], shape: type[_Shape], coverage: LogCoverage) -> _Shape | None:
    """The value of a column with others within it; in a table it stands as JSON. What is none of its shape is counted."""
    cell = row.get(group.source)
    if cell in (None, ""):
        return None
    found = cell
    if isinstance(cell, str):
        with contextlib.suppress(orjson.JSONDecodeError):
            found = orjson.loads(cell)
    if isinstance(found, shape):
        return found
    coverage.leave_unmapped(group.name, cell if isinstance(cell, str) else _json(cell))
    return None


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
