"""A mapping in: YAML that says which columns of a log become which facts. A function from rows to records out.

Expressions are those of rules, over the columns: ``team`` is a column, ``attributes.rating`` one within a column. Any may be
unknown, and nothing is guessed: a value without a meaning is unknown, and counted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson

from misstep.api import RuleBase
from misstep.batch.mapping.mapped_columns import ColumnError, MappedColumn
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.mapping.mapping_schema import ColumnDoc, ColumnType, MappingDoc
from misstep.errors import Problem, RuleError, listing, suggest
from misstep.evaluate.codegen import compiled
from misstep.evaluate.emit import ExpressionWriter
from misstep.language.effects import Text
from misstep.language.expression import (
    Compare,
    Constants,
    Expression,
    FieldRef,
    Known,
    KnownFields,
    Literal,
    Logic,
    Lookup,
    refs_in,
    walk,
)
from misstep.language.facts import GIVEN_ROLES, Field, Kind
from misstep.language.functions import Type
from misstep.limits import Limits
from misstep.rulebase.documents import Document, read_yaml
from misstep.rulebase.expressions import NOTHING, Checked, ExpressionError, Scope, check_condition, check_text, check_value
from misstep.rulebase.kinds import field_type
from misstep.rulebase.link_effects import fits
from misstep.rulebase.load import pack_text
from misstep.rulebase.read_pack import describe
from misstep.rulebase.schema import NAME

ROW = "row"
"""The name of the columns that are not within another one."""

_Shape = TypeVar("_Shape")

RowValues = list[Any]
"""What the columns say, by their places."""


class MappedRow(NamedTuple):
    """A record, and the values that are carried along."""

    id: str | None
    facts: list[dict[str, Any]]
    kept: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """Columns that are read together. ``name``: before the dot, in expressions; ``place``: of the value of its first one."""

    name: str
    source: str
    columns: tuple[MappedColumn, ...]
    place: int
    many: bool = False
    pairs: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Value:
    """A function of values; it is called where the values that it needs are said."""

    needs: tuple[int, ...]
    run: Callable[[RowValues], Any]

    def __call__(self, values: RowValues) -> Any:
        return None if any(values[i] is None for i in self.needs) else self.run(values)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line under ``facts``. ``each``: the list that it is repeated for; ``required``: fields that it needs."""

    title: str
    kind: str
    each: _Group | None
    test: Callable[[RowValues], Any] | None
    fields: tuple[tuple[str, _Value], ...]
    required: frozenset[str]


class RowMapping:
    """A checked mapping. Immutable; it may be used by several threads, each with a coverage of its own."""

    def __init__(self, document: Document, doc: MappingDoc, rulebase: RuleBase) -> None:
        linker = _MappingLinker(document, doc, rulebase)
        self.doc, self._document = doc, document
        self.keep = tuple(doc.keep)
        self._groups = linker.groups
        self._size = linker.size
        self._lines = linker.lines()
        self._kept = linker.kept()
        self._id = linker.id_text()
        linker.refuse()
        self._handled = linker.handled()
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
        return cls(document, _shaped(document), rulebase or RuleBase.shipped())

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

    def record(self, row: Mapping[str, Any], coverage: LogCoverage | None = None) -> MappedRow:
        """What a row becomes. ``row``: values by column, as JSON has them: texts, numbers, lists, objects, or None."""
        coverage = LogCoverage() if coverage is None else coverage
        coverage.rows += 1
        values: RowValues = [None] * self._size
        lists: dict[str, list[RowValues]] = {}
        for group in self._groups:
            if group.many:
                lists[group.name] = self._elements(group, row, coverage)
            else:
                self._fill(values, group, _object(group, row), coverage)
        self._count_unread(row, self._tops, "", coverage)
        facts = list(self._facts(values, lists, coverage))
        kept = tuple(_shown(value(values)) for value in self._kept)
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

    def _facts(self, values: RowValues, lists: dict[str, list[RowValues]], coverage: LogCoverage) -> Iterator[dict[str, Any]]:
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

    def _elements(self, group: _Group, row: Mapping[str, Any], coverage: LogCoverage) -> list[RowValues]:
        """The values of each object of a list."""
        found = []
        for item in _parsed(row.get(group.source), list) or ():
            element: RowValues = [None] * (group.place + len(group.columns))
            self._fill(element, group, item if isinstance(item, dict) else {}, coverage)
            found.append(element[group.place :])
        return found

    def _fill(self, values: RowValues, group: _Group, cells: Mapping[str, Any], coverage: LogCoverage) -> None:
        for i, column in enumerate(group.columns, group.place):
            value = values[i] = column.read(cells.get(column.source), coverage)
            handled = self._handled.get(i)
            if handled is not None and value is not None and value not in handled:
                coverage.leave_unmapped(column.name, str(value))
        if group.name != ROW:
            self._count_unread(cells, self._named[group.name], f"{group.name}.", coverage)

    def _count_unread(self, cells: Mapping[str, Any], named: Iterable[str], before: str, coverage: LogCoverage) -> None:
        if self._ignored is None:
            return
        for name, cell in cells.items():
            if name not in named and cell not in (None, "") and before + name not in self._ignored:
                coverage.leave_unread(before + name)


def _object(group: _Group, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values of a group by their names in the log. A name that stands twice with different values says nothing."""
    if group.name == ROW:
        return row
    if group.pairs is None:
        return _parsed(row.get(group.source), dict) or {}
    key, value = group.pairs
    found: dict[str, Any] = {}
    for item in _parsed(row.get(group.source), list) or ():
        if isinstance(item, dict) and isinstance(name := item.get(key), str):
            found[name] = item.get(value) if found.get(name, item.get(value)) == item.get(value) else None
    return found


def _parsed(cell: object, shape: type[_Shape]) -> _Shape | None:
    """A value of a shape; in a table without nested columns it stands as JSON."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{"):
        try:
            cell = orjson.loads(cell)
        except orjson.JSONDecodeError:
            return None
    return cell if isinstance(cell, shape) else None


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _shown(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else f"{value:.15g}"


# -- checks


def _shaped(document: Document) -> MappingDoc:
    """The mapping of a document. Raises RuleError about its keys and shapes."""
    from pydantic import ValidationError

    if not isinstance(document.data, dict):
        raise RuleError([Problem(document.locate(()), "a mapping begins with `map: 1`")])
    try:
        return MappingDoc.model_validate(document.data)
    except ValidationError as error:
        found = [describe(document.data, e, MappingDoc) for e in error.errors(include_url=False)]
        raise RuleError(sorted({Problem(document.locate(path), message) for path, message in found})) from None


class _RowWriter(ExpressionWriter):
    """Writes expressions over the values of a row."""

    def __init__(self, places: Mapping[tuple[str, str], int]) -> None:
        super().__init__({})
        self._places = places

    def _field(self, node: FieldRef) -> str:
        return f"values[{self._places[node.name, node.field]}]"


class _MappingLinker:
    """Checks the names and expressions of a mapping, and makes functions of them. Problems are gathered."""

    def __init__(self, document: Document, doc: MappingDoc, rulebase: RuleBase) -> None:
        self.document, self.doc = document, doc
        self.kinds = {name: kind for name, kind in rulebase.kinds.items() if kind.role in GIVEN_ROLES}
        self.problems: list[Problem] = []
        self.tests: list[Expression] = []
        self.used: KnownFields = frozenset()  # columns whose values go on as they are
        self.groups = self._read_groups()
        columns = [(group.name, column) for group in self.groups for column in group.columns]
        self.size = len(columns)
        self.places = {(name, column.name.rpartition(".")[2]): i for i, (name, column) in enumerate(columns)}
        self.columns = [column for _, column in columns]
        facts = {group.name: {c.name.rpartition(".")[2]: c.type for c in group.columns} for group in self.groups}
        self.facts, self.lists = facts, {group.name: group for group in self.groups if group.many}

    def refuse(self) -> None:
        """Raise RuleError, if there are problems."""
        if self.problems:
            raise RuleError(sorted(set(self.problems)))

    def _problem(self, message: str, *path: str | int, offset: int | None = None) -> None:
        self.problems.append(Problem(self.document.locate(path, offset), message))

    def _read_groups(self) -> tuple[_Group, ...]:
        top: list[MappedColumn] = []
        groups: list[tuple[str, ColumnDoc, list[MappedColumn]]] = []
        for name, doc in self.doc.columns.items():
            if isinstance(doc, str) or doc.columns is None:
                top += self._column(name, name, doc, "columns", name)
            else:
                self._check_group(name, doc)
                groups.append((name, doc, self._inner(name, doc.columns)))
        found, place = [_Group(ROW, "", tuple(top), 0)], len(top)
        for name, doc, columns in groups:
            pairs = (doc.pairs[0], doc.pairs[1]) if doc.pairs else None
            found.append(_Group(name, doc.source or name, tuple(columns), place, doc.many, pairs))
            place += len(columns)
        return tuple(found)

    def _check_group(self, name: str, doc: ColumnDoc) -> None:
        if name == ROW:
            self._problem(f"'{ROW}' is the name of the columns that are not within another one", "columns", name)
        if doc.many and doc.pairs:
            self._problem("`list` and `pairs` do not go together: pairs become one column each", "columns", name)
        for key in ("type", "values", "nothing", "unit"):
            if getattr(doc, key):
                self._problem(f"`{key}` is for a column without others within it", "columns", name, key)

    def _inner(self, name: str, columns: Mapping[str, ColumnDoc | ColumnType]) -> list[MappedColumn]:
        path = ("columns", name, "columns")
        return [column for key, doc in columns.items() for column in self._column(key, f"{name}.{key}", doc, *path, key)]

    def _column(self, key: str, shown: str, doc: ColumnDoc | ColumnType, *path: str | int) -> list[MappedColumn]:
        try:
            return [MappedColumn.declared(key, shown, doc)]
        except ColumnError as error:
            self._problem(str(error), *path)
            return []

    def _scope(self, each: str | None = None) -> Scope:
        """The columns that may be used: those within a list only in lines that are repeated for it."""
        facts = {name: types for name, types in self.facts.items() if name not in self.lists or name == each}
        return Scope(facts, own=ROW)

    def _attempt(self, path: tuple[str | int, ...], check: Callable[[], Any]) -> Any:
        try:
            return check()
        except ExpressionError as error:
            text = str(error)
            named = next((name for name in self.lists if text.startswith(f"unknown name '{name}'")), None)
            if named is not None:
                text = f"'{named}' is a list; a line that reads it has `each: {named}`"
            self._problem(text, *path, offset=error.offset)
            return None

    def _known(self, scope: Scope) -> KnownFields:
        return frozenset((name, field) for name, fields in scope.facts.items() for field in fields)

    def _function(self, node: Expression) -> Callable[[RowValues], Any]:
        writer = _RowWriter(self.places)
        source = f"def fire(values):\n    return {writer.expression(node)}\n"
        function: Callable[[RowValues], Any] = compiled(source, "<mapping>", writer.constants)
        return function

    def _value(self, text: str, scope: Scope, *path: str | int) -> tuple[_Value, Checked] | None:
        """A value, for where all that it uses is said; else it is not said either."""
        try:
            checked, needs = check_value(text, scope, NOTHING), NOTHING
        except ExpressionError:
            checked = self._attempt(path, lambda: check_value(text, scope, self._known(scope)))
            if checked is None:
                return None
            needs = refs_in(checked.node)
        self.used |= refs_in(checked.node)
        return _Value(tuple(sorted(self.places[ref] for ref in needs)), self._function(checked.node)), checked

    # -- facts

    def lines(self) -> tuple[_Line, ...]:
        """The lines under ``facts``."""
        found = []
        for name, docs in self.doc.facts.items():
            kind = self.kinds.get(name)
            if kind is None:
                self._problem(f"unknown kind '{name}'{suggest(name, self.kinds, '; `misstep kinds` lists them')}", "facts", name)
                continue
            for i, doc in enumerate(docs if isinstance(docs, list) else [docs]):
                path = ("facts", name, i) if isinstance(docs, list) else ("facts", name)
                title = f"{name}[{i}]" if isinstance(docs, list) and len(docs) > 1 else name
                found.append(self._line(title, kind, doc, path))
        return tuple(found)

    def _line(self, title: str, kind: Kind, doc: Mapping[str, Any], path: tuple[str | int, ...]) -> _Line:
        each, given = doc.get("each"), {k: v for k, v in doc.items() if k not in ("when", "each")}
        if each is not None and each not in self.lists:
            hint = suggest(
                str(each), self.lists, f"; there are {listing(self.lists)}" if self.lists else "; none has `list: true`"
            )
            self._problem(f"`each` names a column that is a list{hint}", *path, "each")
            each = None
        scope = self._scope(each)
        test = self._test(doc["when"], scope, (*path, "when")) if "when" in doc else None
        fields: list[tuple[str, _Value]] = []
        for name, value in given.items():
            field = Field("id", "text", unknown=True) if name == "id" else kind.by_name.get(name)
            if field is None:
                hint = suggest(name, kind.by_name, f"; it has {listing(kind.by_name)}" if kind.by_name else "; it has none")
                self._problem(f"{kind.name} has no field '{name}'{hint}", *path, name)
            elif (found := self._given(field, value, scope, (*path, name))) is not None:
                fields.append((name, found))
        required = frozenset(field.name for field in kind.fields if field.required)
        if missing := required - given.keys():
            self._problem(f"{kind.name} needs the field '{min(missing)}'", *path)
        return _Line(title, kind.name, self.lists[each] if each else None, test, tuple(fields), required)

    def _given(self, field: Field, value: object, scope: Scope, path: tuple[str | int, ...]) -> _Value | None:
        """The value of a field: a constant, a word that the field has, or an expression over the columns."""
        if isinstance(value, list):
            return self._words(field, value, path)
        text = value if isinstance(value, str) else repr(value)
        if field.values and isinstance(value, str) and re.fullmatch(NAME, text) and text not in scope.facts[ROW]:
            if text not in field.values:
                hint = suggest(text, [*field.values, *scope.facts[ROW]], f"; it is one of {listing(field.values)}")
                self._problem(f"'{text}' is neither a value of the field '{field.name}' nor a column{hint}", *path)
                return None
            text = repr(text)
        if not isinstance(value, (bool, int, float, str)):
            self._problem("a value is a constant, or an expression over columns", *path)
            return None
        found = self._value(text, scope, *path)
        if found is None:
            return None
        function, (node, type_) = found
        wanted = field_type(field)
        if wanted.name == "enum" and isinstance(node, Literal) and node.value not in wanted.values:
            hint = suggest(str(node.value), wanted.values, f"; it is one of {listing(wanted.values)}")
            self._problem(f"not a value of the field '{field.name}'{hint}", *path)
        elif not fits(type_, wanted):
            what = f"one of {listing(wanted.values)}" if wanted.values else str(wanted)
            declare = "; say under `columns` what its values mean" if isinstance(node, FieldRef) else ""
            self._problem(f"the field '{field.name}' takes {what}; this is {type_}{declare}", *path)
        return function

    def _words(self, field: Field, words: list[object], path: tuple[str | int, ...]) -> _Value | None:
        if field.type != "set" or not set(map(str, words)) <= set(field.values):
            what = f"words from {listing(field.values)}" if field.type == "set" else "one value"
            self._problem(f"the field '{field.name}' takes {what}", *path)
            return None
        constant = [str(word) for word in words]
        return _Value((), lambda _: list(constant))

    def _test(self, when: object, scope: Scope, path: tuple[str | int, ...]) -> Callable[[RowValues], Any] | None:
        """The condition of a line: an expression, or the values that columns must have."""
        if isinstance(when, str):
            parts = self._attempt(path, lambda: check_condition(when, scope, NOTHING))
        elif isinstance(when, dict) and when:
            parts = [
                part for name, values in when.items() for part in self._has_value(str(name), values, scope, (*path, str(name)))
            ]
        else:
            self._problem("`when` is a condition, or the values that columns must have: {rating: [no, mixed]}", *path)
            return None
        if not parts:
            return None
        self.tests += parts
        return self._function(Logic("and", tuple(parts)))

    def _has_value(self, name: str, values: object, scope: Scope, path: tuple[str | int, ...]) -> list[Expression]:
        checked = self._attempt(path, lambda: check_value(name, scope, self._known(scope)))
        if checked is None or not isinstance(checked.node, FieldRef):
            if checked is not None:
                self._problem("the values of a column are asked for: {rating: [no, mixed]}", *path)
            return []
        wanted = tuple(values) if isinstance(values, list) else (values,)
        for value in wanted:
            if not _is_of(value, checked.type):
                known = f"; it is one of {listing(checked.type.values)}" if checked.type.values else ""
                self._problem(
                    f"{str(value)[:60]!r} is never a value of this column{suggest(str(value), checked.type.values, known)}", *path
                )
                return []
        return [Known(checked.node), Lookup(checked.node, Constants(wanted), negated=False)]

    # -- the rest of a record

    def kept(self) -> tuple[_Value, ...]:
        """The values to carry along."""
        found = [self._value(text, self._scope(), "keep", name) for name, text in self.doc.keep.items()]
        return tuple(value for value, _ in filter(None, found))

    def id_text(self) -> Callable[[RowValues], str | None] | None:
        """The id of a record; None where a column in it is not said."""
        if self.doc.id is None:
            return None
        text, scope = self.doc.id, self._scope()
        spelled = re.sub(r"\{([a-z][a-z0-9_]*)\}", rf"{{{ROW}.\1}}", text)  # the name of the row is understood
        checked: Text | None = self._attempt(("id",), lambda: check_text(spelled, scope, self._known(scope)))
        if checked is None:
            return None
        parts = [self.places[part.name, part.field] if isinstance(part, FieldRef) else str(part) for part in checked.parts]

        def id_of(values: RowValues) -> str | None:
            found = [part if isinstance(part, str) else _shown(values[part]) for part in parts]
            return None if None in found else "".join(filter(None, found))

        return id_of

    def handled(self) -> dict[int, frozenset[object]]:
        """The places of columns whose values are only compared with constants, and these: any other value means nothing."""
        found: dict[int, set[object]] = {}
        others = {self.places[ref] for ref in self.used}
        for test in self.tests:
            for node in walk(test):
                match node:
                    case Lookup(FieldRef(name, field), Constants(values)):
                        found.setdefault(self.places[name, field], set()).update(values)
                    case Compare(
                        ("==",) | ("!=",), (FieldRef(name, field), Literal(value)) | (Literal(value), FieldRef(name, field))
                    ):
                        found.setdefault(self.places[name, field], set()).add(value)
                    case Compare(_, operands):
                        others |= {self.places[part.name, part.field] for part in operands if isinstance(part, FieldRef)}
                    case _:
                        pass
        words = {i: frozenset(values) for i, values in found.items() if i not in others}
        return {i: values for i, values in words.items() if self.columns[i].type == Type("text", unknown=True)}


def _is_of(value: object, type_: Type) -> bool:
    """Whether a constant may be a value of a column."""
    if isinstance(value, bool) or type_.sort == "truth":
        return isinstance(value, bool) and type_.sort == "truth"
    if isinstance(value, (int, float)):
        return type_.is_number
    return isinstance(value, str) and type_.sort == "word" and (not type_.values or value in type_.values)
