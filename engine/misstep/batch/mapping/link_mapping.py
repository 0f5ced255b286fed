"""Check the names and expressions of a mapping, and make functions of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from misstep.api import RuleBase
from misstep.batch.mapping.mapped_columns import ColumnError, MappedColumn
from misstep.batch.mapping.mapping_parts import ROW, ColumnGroup, ComparedWords, FactLine, RowValues, ValueOf, as_text
from misstep.batch.mapping.mapping_schema import ColumnDoc, ColumnType, MappingDoc
from misstep.errors import Problem, RuleError, did_you_mean, listing
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
from misstep.rulebase.documents import Document
from misstep.rulebase.expressions import NOTHING, Checked, ExpressionError, Scope, check_condition, check_text, check_value
from misstep.rulebase.kinds import field_type
from misstep.rulebase.link_effects import fits
from misstep.rulebase.read_pack import describe
from misstep.rulebase.schema import NAME


def shaped(document: Document) -> MappingDoc:
    """The mapping of a document. Raises RuleError about its keys and shapes."""
    from pydantic import ValidationError

    if not isinstance(document.data, dict):
        raise RuleError([Problem(document.locate(()), "a mapping begins with `map: 1`")])
    try:
        return MappingDoc.model_validate(document.data)
    except ValidationError as error:
        found = [describe(document.data, e, MappingDoc) for e in error.errors(include_url=False)]
        raise RuleError(sorted({Problem(document.locate(path), message) for path, message in found})) from None


_T = TypeVar("_T")


class _RowWriter(ExpressionWriter):
    """Writes expressions over the values of a row."""

    def __init__(self, places: Mapping[tuple[str, str], int]) -> None:
        super().__init__({})
        self._places = places

    def _field(self, node: FieldRef) -> str:
        return f"values[{self._places[node.name, node.field]}]"


class MappingLinker:
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

    def _read_groups(self) -> tuple[ColumnGroup, ...]:
        top: list[MappedColumn] = []
        groups: list[tuple[str, ColumnDoc, list[MappedColumn]]] = []
        for name, doc in self.doc.columns.items():
            if isinstance(doc, str) or doc.columns is None:
                top += self._column(name, name, doc, "columns", name)
            else:
                self._check_group(name, doc)
                groups.append((name, doc, self._inner(name, doc.columns)))
        found, place = [ColumnGroup(ROW, "", tuple(top), 0)], len(top)
        for name, doc, columns in groups:
            pairs = (doc.pairs[0], doc.pairs[1]) if doc.pairs else None
            found.append(ColumnGroup(name, doc.source or name, tuple(columns), place, doc.many, pairs))
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

    def _attempt(self, path: tuple[str | int, ...], check: Callable[[], _T]) -> _T | None:
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

    def _function(self, node: Expression) -> Callable[[RowValues], object]:
        writer = _RowWriter(self.places)
        source = f"def fire(values):\n    return {writer.expression(node)}\n"
        function: Callable[[RowValues], object] = compiled(source, "<mapping>", writer.constants)
        return function

    def _value(self, text: str, scope: Scope, *path: str | int) -> tuple[ValueOf, Checked] | None:
        """A value, for where all that it uses is said; else it is not said either."""
        try:
            checked, needs = check_value(text, scope, NOTHING), NOTHING
        except ExpressionError:
            found = self._attempt(path, lambda: check_value(text, scope, self._known(scope)))
            if found is None:
                return None
            checked, needs = found, refs_in(found.node)
        self.used |= refs_in(checked.node)
        return ValueOf(tuple(sorted(self.places[ref] for ref in needs)), self._function(checked.node)), checked

    # -- facts

    def lines(self) -> tuple[FactLine, ...]:
        """The lines under ``facts``."""
        found = []
        for name, docs in self.doc.facts.items():
            kind = self.kinds.get(name)
            if kind is None:
                self._problem(
                    f"unknown kind '{name}'{did_you_mean(name, self.kinds, '; `misstep kinds` lists them')}", "facts", name
                )
                continue
            for i, doc in enumerate(docs if isinstance(docs, list) else [docs]):
                path = ("facts", name, i) if isinstance(docs, list) else ("facts", name)
                title = f"{name}[{i}]" if isinstance(docs, list) and len(docs) > 1 else name
                found.append(self._line(title, kind, doc, path))
        return tuple(found)

    def _line(self, title: str, kind: Kind, doc: Mapping[str, object], path: tuple[str | int, ...]) -> FactLine:
        each, given = doc.get("each"), {k: v for k, v in doc.items() if k not in ("when", "each")}
        if each is not None and each not in self.lists:
            hint = did_you_mean(
                str(each), self.lists, f"; there are {listing(self.lists)}" if self.lists else "; none has `list: true`"
            )
            self._problem(f"`each` names a column that is a list{hint}", *path, "each")
            each = None
        scope = self._scope(each)
        test = self._test(doc["when"], scope, (*path, "when")) if "when" in doc else None
        fields: list[tuple[str, ValueOf]] = []
        for name, value in given.items():
            field = Field("id", "text", unknown=True) if name == "id" else kind.by_name.get(name)
            if field is None:
                hint = did_you_mean(name, kind.by_name, f"; it has {listing(kind.by_name)}" if kind.by_name else "; it has none")
                self._problem(f"{kind.name} has no field '{name}'{hint}", *path, name)
            elif (found := self._given(field, value, scope, (*path, name))) is not None:
                fields.append((name, found))
        required = frozenset(field.name for field in kind.fields if field.required)
        if missing := required - given.keys():
            self._problem(f"{kind.name} needs the field '{min(missing)}'", *path)
        return FactLine(title, kind.name, self.lists[each] if each else None, test, tuple(fields), required)

    def _given(self, field: Field, value: object, scope: Scope, path: tuple[str | int, ...]) -> ValueOf | None:
        """The value of a field: a constant, a word that the field has, or an expression over the columns."""
        if isinstance(value, list):
            return self._words(field, value, path)
        text = value if isinstance(value, str) else repr(value)
        if field.values and isinstance(value, str) and re.fullmatch(NAME, text) and text not in scope.facts[ROW]:
            if text not in field.values:
                hint = did_you_mean(text, [*field.values, *scope.facts[ROW]], f"; it is one of {listing(field.values)}")
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
            hint = did_you_mean(str(node.value), wanted.values, f"; it is one of {listing(wanted.values)}")
            self._problem(f"not a value of the field '{field.name}'{hint}", *path)
        elif not fits(type_, wanted):
            what = f"one of {listing(wanted.values)}" if wanted.values else str(wanted)
            declare = "; say under `columns` what its values mean" if isinstance(node, FieldRef) else ""
            self._problem(f"the field '{field.name}' takes {what}; this is {type_}{declare}", *path)
        return function

    def _words(self, field: Field, words: list[object], path: tuple[str | int, ...]) -> ValueOf | None:
        if field.type != "set" or not set(map(str, words)) <= set(field.values):
            what = f"words from {listing(field.values)}" if field.type == "set" else "one value"
            self._problem(f"the field '{field.name}' takes {what}", *path)
            return None
        constant = [str(word) for word in words]
        return ValueOf((), lambda _: list(constant))

    def _test(self, when: object, scope: Scope, path: tuple[str | int, ...]) -> Callable[[RowValues], object] | None:
        """The condition of a line: an expression, or the values that columns must have."""
        parts: Sequence[Expression] | None
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
        for value in (value for part in parts for _, values in self._compared(part) for value in values):
            if isinstance(value, str) and value != value.strip():
                self._problem(f"{value!r} is never a value of a column: cells are read without the blanks around them", *path)
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
                    f"{str(value)[:60]!r} is never a value of this column{did_you_mean(str(value), checked.type.values, known)}",
                    *path,
                )
                return []
        return [Known(checked.node), Lookup(checked.node, Constants(wanted), negated=False)]

    # -- the rest of a record

    def kept(self) -> tuple[ValueOf, ...]:
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
        if all(isinstance(part, str) for part in parts):
            hint = f"; the column is '{{{text}}}'" if text in self.doc.columns else ""
            self._problem(f"it names no column, so that all records would have the same id{hint}", "id")

        def id_of(values: RowValues) -> str | None:
            found = [part if isinstance(part, str) else as_text(values[part]) for part in parts]
            return None if None in found else "".join(filter(None, found))

        return id_of

    def handled(self) -> dict[int, ComparedWords]:
        """The places of columns of text that are compared with constants."""
        found: dict[int, set[object]] = {}
        others = {self.places[ref] for ref in self.used}
        for test in self.tests:
            for i, values in self._compared(test):
                found.setdefault(i, set()).update(values)
            for node in walk(test):
                match node:
                    case Compare(("==",) | ("!=",), (FieldRef(), Literal()) | (Literal(), FieldRef())):
                        pass
                    case Compare(_, operands):
                        others |= {self.places[part.name, part.field] for part in operands if isinstance(part, FieldRef)}
                    case _:
                        pass
        text = Type("text", unknown=True)
        return {i: ComparedWords(frozenset(words), i not in others) for i, words in found.items() if self.columns[i].type == text}

    def _compared(self, test: Expression) -> Iterator[tuple[int, tuple[object, ...]]]:
        """The places of columns that a condition compares with constants, and these."""
        for node in walk(test):
            match node:
                case Lookup(FieldRef(name, field), Constants(values)):
                    yield self.places[name, field], values
                case Compare(
                    ("==",) | ("!=",), (FieldRef(name, field), Literal(value)) | (Literal(value), FieldRef(name, field))
                ):
                    yield self.places[name, field], (value,)
                case _:
                    pass


def _is_of(value: object, type_: Type) -> bool:
    """Whether a constant may be a value of a column."""
    if isinstance(value, bool) or type_.sort == "truth":
        return isinstance(value, bool) and type_.sort == "truth"
    if isinstance(value, (int, float)):
        return type_.is_number
    return isinstance(value, str) and type_.sort == "word" and (not type_.values or value in type_.values)
