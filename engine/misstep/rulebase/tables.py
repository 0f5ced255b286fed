"""Open the tables of a pack: each row becomes a rule, ``TABLE.1`` and so on, with the cells of its outputs put in.

What the cells of the inputs mean depends on the types of facts: link_tables.py reads them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from misstep.errors import Location, Problem, did_you_mean
from misstep.layout.wording import counted
from misstep.limits import FIXED, Limits
from misstep.rulebase import schema
from misstep.rulebase.documents import read_scalar
from misstep.rulebase.packs import Pack, PackEntry
from misstep.rulebase.read_pack import describe
from misstep.rulebase.sheets import Sheet, SheetCell

NOTHING = ("", "-")
"""Cells that say nothing: an input may be anything, and an effect is left out."""

MAX_CELL = FIXED.cell

_FIELD = re.compile(r"[a-z][a-z0-9_]*\.([a-z][a-z0-9_]*)")
_OUTPUT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_PIECES = re.compile(r"'[^']*'|\"[^\"]*\"|[^'\"]+|['\"]")  # of an expression: texts, and what is between them
_SINGLE = re.compile(r"-?[\w.]+")  # a cell that is one value; any other one is put into an expression in parentheses


class TableCell(NamedTuple):
    """The value of a cell, and where it is: its path in the pack, or its place in a CSV file."""

    value: object
    origin: tuple[str | int, ...] | Location


@dataclass(frozen=True)
class RowEntry(PackEntry[schema.RuleDoc]):
    """A row of a table, as the rule that it is; ``cells`` by the heads of their columns."""

    table: PackEntry[schema.TableDoc]
    cells: Mapping[str, TableCell]

    def cell_place(self, head: str) -> Location:
        """Where a cell stands."""
        origin = self.cells[head].origin
        return origin if isinstance(origin, Location) else self.pack.document.locate(origin)

    def place(self, *path: str | int, offset: int | None = None) -> Location:
        """Where the row begins, or the cell that a part of the rule is made of; else the place of the part in the table."""
        head = self._head_at(path) if path else next(iter(self.cells))
        return self.table.place(*path, offset=offset) if head is None else self.cell_place(head)

    def problem(self, message: str, *path: str | int, offset: int | None = None) -> Problem:
        """A problem of the row, or, where no cell has a part in it, of its table."""
        subject = str(self.path[-1]) if self._head_at(path) else self.table.name
        return Problem(self.place(*path, offset=offset), message, subject)

    def cell_problem(self, head: str, message: str) -> Problem:
        """A problem of a cell."""
        return Problem(self.cell_place(head), message, self.name)

    def _head_at(self, path: Sequence[str | int]) -> str | None:
        part: Any = self.table.raw
        for step in path:
            try:
                part = part if isinstance(part, str) else part[step]
            except (LookupError, TypeError):
                break
        outputs = self.table.doc.outputs
        return next((name for name in _OUTPUT.findall(part) if name in outputs), None) if isinstance(part, str) else None

    @property
    def raw(self) -> dict[str, object]:
        """The values of the cells by their heads."""
        return {head: cell.value for head, cell in self.cells.items()}

    @property
    def texts(self) -> list[str]:
        """The cells as text, in the order of the columns."""
        return [" | ".join(map(written, _listed(cell.value))) for cell in self.cells.values()]

    @property
    def text(self) -> str:
        """The cells, a line each."""
        return "\n".join(map("{}: {}".format, self.cells, self.texts))


def written(value: object) -> str:
    """A value as it stands in a cell."""
    return str(value).lower() if isinstance(value, bool) else f"{value:.16g}" if isinstance(value, float) else str(value)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def input_heads(doc: schema.TableDoc) -> list[tuple[str, str]]:
    """The inputs of a table: the head of the column, and the expression. Without a name a field is called by its own."""
    if isinstance(doc.inputs, dict):
        return [*doc.inputs.items()]
    return [(field[1] if (field := _FIELD.fullmatch(text.strip())) else text.strip(), text) for text in doc.inputs]


def open_tables(pack: Pack, sheets: Mapping[str, Sheet], limits: Limits) -> None:
    """Put the rows of all tables of a pack into ``pack.rows``; a table with a fault, which is reported, stays out."""
    for name, doc in pack.doc.tables.items():
        before = len(pack.problems)
        opener = _Opener(PackEntry(pack, ("tables", name), doc), sheets.get(name), limits)
        rows = opener.rows() if doc.csv is None or name in sheets else []
        if len(pack.problems) == before and rows:
            pack.rows[name] = {row.name: row for row in rows}


class _Opener:
    """Opens one table."""

    def __init__(self, table: PackEntry[schema.TableDoc], sheet: Sheet | None, limits: Limits) -> None:
        self.table, self.sheet, self.limits = table, sheet, limits
        self.heads = [head for head, _ in input_heads(table.doc)] + table.doc.outputs

    def rows(self) -> list[RowEntry]:
        """The rows; faults are reported."""
        doc = self.table.doc
        if (doc.rows is None) == (doc.csv is None):
            self.table.report("a table has either `rows` or `csv`")
            return []
        if twice := [head for head, count in Counter(self.heads).items() if count > 1]:
            self.table.report(f"two columns have the name '{twice[0]}'; name the inputs: {{NAME: EXPRESSION}}", "inputs")
            return []
        self._check_outputs()
        lines = [*(self._of_sheet(self.sheet) if self.sheet else self._of_pack(doc.rows or []))]
        docs: dict[tuple[object, ...], schema.RuleDoc | None] = {}
        rows = []
        for number, cells in enumerate(lines, start=1):
            key = tuple((type(cells[head].value), str(cells[head].value)) for head in doc.outputs)
            row = RowEntry(self.table.pack, ("rules", f"{self.table.name}.{number}"), _UNREAD, self.table, cells)
            if key not in docs:
                docs[key] = self._rule(row)
            if (rule := docs[key]) is not None:
                rows.append(RowEntry(row.pack, row.path, rule, self.table, cells))
        return rows

    def _check_outputs(self) -> None:
        doc = self.table.doc
        said: set[str] = set()
        for path, name in places(doc):
            said.add(name)
            if not is_text(path):
                self.table.knows("output", name, doc.outputs, *path)
        for i, name in enumerate(doc.outputs):
            if name not in said:
                self.table.report(f"neither `then` nor `because` says {{{name}}}", "outputs", i)

    def _of_pack(self, rows: Sequence[Sequence[object]]) -> Iterator[dict[str, TableCell]]:
        if len(rows) > self.limits.rules:
            self.table.report(f"more than {self.limits.rules} rows, the most rules of a rule base", "rows")
            return
        path = ("tables", self.table.name, "rows")
        for i, row in enumerate(rows):
            if len(row) != len(self.heads):
                self.table.report(f"this row has {counted(len(row), 'cell')}; the columns are {', '.join(self.heads)}", "rows", i)
            else:
                cells = [TableCell(value, (*path, i, j)) for j, value in enumerate(row)]
                yield dict(zip(self.heads, cells, strict=True))

    def _of_sheet(self, sheet: Sheet) -> Iterator[dict[str, TableCell]]:
        if len(sheet.rows) < 2:
            self._sheet_problem(Location(sheet.file), f"there are no rows; the head row has {', '.join(self.heads)}")
            return
        head, *rows = sheet.rows
        if not self._is_head(sheet, head):
            return
        for row in rows:
            for extra in row[len(head) :]:
                if extra.text:
                    self._sheet_problem(sheet.place(extra), "this row has more cells than there are columns")
                    break
            if len(row) < len(head):
                message = f"this row has {counted(len(row), 'cell')}; the columns are {', '.join(self.heads)}"
                self._sheet_problem(sheet.place(row[0]), message)
                continue
            if long := [cell for cell in row if len(cell.text) > MAX_CELL]:
                self._sheet_problem(sheet.place(long[0]), f"a cell is a text of at most {MAX_CELL} characters")
                continue
            cells = {column.text: cell for column, cell in zip(head, row, strict=False)}
            yield {name: TableCell(self._value(name, cells[name].text), sheet.place(cells[name])) for name in self.heads}

    def _value(self, head: str, text: str) -> object:
        """An input as it stands, as its type is not known yet; an output as YAML would read it."""
        value = read_scalar(text) if head in self.table.doc.outputs else text
        return text if value is None else value

    def _is_head(self, sheet: Sheet, head: list[SheetCell]) -> bool:
        """Whether the head row has each column once; what is wrong is reported."""
        before = len(self.table.pack.problems)
        while not head[-1].text:
            head.pop()
        if len(head) == 1 < len(self.heads) and (other := re.search("[;\t]", head[0].text)):
            self._sheet_problem(sheet.place(head[0]), f"a comma stands between cells, and no {_SEPARATORS[other[0]]}")
            return False
        names = [cell.text for cell in head]
        for i, cell in enumerate(head):
            if cell.text in names[:i]:
                self._sheet_problem(sheet.place(cell), f"the column '{cell.text[:60]}' stands twice")
            elif cell.text not in self.heads:
                hint = did_you_mean(cell.text, self.heads, f"; there are {', '.join(self.heads)}")
                self._sheet_problem(sheet.place(cell), f"there is no input or output '{cell.text[:60]}'{hint}")
        for name in self.heads:
            if name not in names:
                self._sheet_problem(sheet.place(head[0]), f"the column '{name}' is missing")
        return len(self.table.pack.problems) == before

    def _sheet_problem(self, place: Location, message: str) -> None:
        self.table.pack.problems.append(Problem(place, message, self.table.name))

    def _rule(self, row: RowEntry) -> schema.RuleDoc | None:
        """What a row says as a rule; None with the fault reported."""
        table = self.table.doc
        outputs = {head: row.cells[head].value for head in table.outputs}
        for head, value in outputs.items():
            if isinstance(value, list):
                row.pack.problems.append(row.cell_problem(head, "an output is one value"))
                return None
        data: dict[str, object] = {"then": _filled_effects(table.then, outputs)}
        if table.because is not None and (because := _filled(table.because, outputs, ("because",))) is not _LEFT_OUT:
            data["because"] = written(because)
        given = table.model_dump(include={"title", "help", "sources", "waive"}, exclude_unset=True)
        given |= {key: getattr(table, key) for key in ("when", "unless", "where")}
        try:
            return schema.RuleDoc.model_validate(given | data)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                path, message = describe(data, each, schema.RuleDoc)
                row.report(message, *path)
            return None


def places(doc: schema.TableDoc) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The names in braces in `then` and `because` of a table, each with the path of its text."""
    for path, text in [*_texts(doc.then, ("then",)), *_texts(doc.because, ("because",))]:
        yield from ((path, match[1]) for match in _OUTPUT.finditer(text))


def is_text(path: Sequence[str | int]) -> bool:
    """Whether a part of a table is text, which may show in braces what a rule shows too."""
    return path[0] == "because" or path[1] == "note"


_SEPARATORS = {";": "semicolon", "\t": "tab"}
_UNREAD = schema.RuleDoc.model_construct()
_LEFT_OUT = object()


def _texts(part: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The texts in a part of a table, with their paths."""
    if isinstance(part, str):
        yield path, part
    steps: Iterable[tuple[str | int, object]] = (
        part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    )
    for step, below in steps:
        yield from _texts(below, (*path, step))


def _filled_effects(then: Mapping[str, object], outputs: Mapping[str, object]) -> dict[str, object]:
    """The effects with the cells put in; one that an empty cell belongs to is left out."""
    effects: dict[str, object] = {}
    for key, given in then.items():
        items = [filled for item in _listed(given) if (filled := _filled(item, outputs, ("then", key))) is not _LEFT_OUT]
        if items:
            effects[key] = items if isinstance(given, list) else written(items[0]) if key == "note" else items[0]
    return effects


def _filled(part: object, outputs: Mapping[str, object], path: tuple[str, ...]) -> object:
    """The part of a table at a path with the cells in the place of their names; _LEFT_OUT if one of them says nothing."""
    if isinstance(part, str):
        named = [name for name in _OUTPUT.findall(part) if name in outputs]
        if any(outputs[name] in NOTHING for name in named):
            return _LEFT_OUT
        if named and part == f"{{{named[0]}}}":
            return outputs[named[0]]
        as_text = {name: written(value) for name, value in outputs.items()}
        if is_text(path):
            return _put_in(part, as_text)
        as_value = {name: text if _SINGLE.fullmatch(text) else f"({text})" for name, text in as_text.items()}
        return "".join(_put_in(piece, as_text if piece[0] in "'\"" else as_value) for piece in _PIECES.findall(part))
    if isinstance(part, dict):
        filled = {key: _filled(value, outputs, path) for key, value in part.items()}
        return _LEFT_OUT if _LEFT_OUT in filled.values() else filled
    if isinstance(part, list):
        items = [_filled(value, outputs, path) for value in part]
        return _LEFT_OUT if _LEFT_OUT in items else items
    return part


def _put_in(text: str, values: Mapping[str, str]) -> str:
    return _OUTPUT.sub(lambda match: values.get(match[1], match[0]), text)
