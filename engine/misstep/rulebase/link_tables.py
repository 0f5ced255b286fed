"""Link the cells of a table: what each row demands of the inputs, and whether the rows together take every case once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from misstep.language.expression import Expression, FieldRef, Not
from misstep.language.program import Condition
from misstep.rulebase import schema
from misstep.rulebase.cells import CellError, CellReading, Column, joined
from misstep.rulebase.coverage import Box, Coverage, TooMuch, bits
from misstep.rulebase.expressions import check_value
from misstep.rulebase.packs import PackEntry
from misstep.rulebase.patterns import Failed, RuleNames
from misstep.rulebase.tables import RowEntry, input_heads, is_text, places

_REFERENCE = re.compile(r"\s*([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)\s*")


def row_conditions(names: RuleNames, table: PackEntry[schema.TableDoc], rows: Sequence[RowEntry]) -> list[list[Condition]] | None:
    """What each row demands of the facts that `when` has taken; None with the faults of the table reported."""
    before = len(names.all.merged.problems)
    _check_texts(names, table)
    columns = _columns(names, table)
    if columns is None:
        return None
    readings: list[list[CellReading]] = []
    for head, column in columns.items():
        readings.append([_read(column, head, row) for row in rows])
        column.cut(readings[-1])
    parts = [
        [_parts(column, reading, head, row) for reading, row in zip(read, rows, strict=True)]
        for (head, column), read in zip(columns.items(), readings, strict=True)
    ]
    if len(names.all.merged.problems) > before:
        return None
    boxes = list(zip(*parts, strict=True))
    tests = _Tests([*columns.values()], [*zip(*readings, strict=True)], boxes)
    try:
        return _Rows(table, rows, columns, boxes, tests).conditions()
    except TooMuch:
        table.report("there are too many rows and values to find out whether every case has its row; make it several tables")
        return None


def _check_texts(names: RuleNames, table: PackEntry[schema.TableDoc]) -> None:
    """Report names in braces that are neither an output nor anything that a rule has a name for."""
    constants = names.all.merged.named
    others = {*names.types, *names.values, *constants.nodes, *constants.broken}
    for path, name in places(table.doc):
        if is_text(path) and name not in others:
            table.knows("output", name, table.doc.outputs, *path)


def _columns(names: RuleNames, table: PackEntry[schema.TableDoc]) -> dict[str, Column] | None:
    columns: dict[str, Column] = {}
    for i, (head, text) in enumerate(input_heads(table.doc)):
        path = ("inputs", head if isinstance(table.doc.inputs, dict) else i)
        try:
            columns[head] = _column(names, text, path)
        except Failed:
            continue
    return columns if len(columns) == len(table.doc.inputs) else None


def _column(names: RuleNames, text: str, path: tuple[str | int, ...]) -> Column:
    reference = _REFERENCE.fullmatch(text)
    known = names.known | ({(reference[1], reference[2])} if reference else set())  # cells say what is so where it is unknown
    node, type_ = names.need(path, lambda: check_value(text, names.scope(), known))
    if type_.sort == "set":
        raise names.fail("an input is no set; ask for a word of it: 'word' in name.field", *path)
    of = node.name if isinstance(node, FieldRef) else ""
    fields = {field.name: field for field in names.patterns[of].fields} if of else {}
    field = fields.get(node.field) if isinstance(node, FieldRef) else None
    unknown = isinstance(node, FieldRef) and type_.unknown and (node.name, node.field) not in names.known
    return Column(node, type_, field, unknown, names.needs(node))


def _read(column: Column, head: str, row: RowEntry) -> CellReading:
    try:
        return column.read(row.cells[head].value)
    except CellError as error:
        row.pack.problems.append(row.cell_problem(head, str(error)))
        return ()


def _parts(column: Column, reading: CellReading, head: str, row: RowEntry) -> int:
    try:
        return column.parts(reading)
    except CellError as error:
        row.pack.problems.append(row.cell_problem(head, str(error)))
        return column.whole


class _Tests:
    """The conditions of cells, made once for equal ones."""

    def __init__(self, columns: Sequence[Column], readings: Sequence[tuple[CellReading, ...]], boxes: Sequence[Box]) -> None:
        self.columns, self.readings, self.boxes = columns, readings, boxes
        self.made: dict[tuple[int, CellReading], tuple[Expression, ...]] = {}

    def of(self, row: int, column: int) -> tuple[Expression, ...]:
        """What a cell demands."""
        key = (column, self.readings[row][column])
        if key not in self.made:
            self.made[key] = self.columns[column].conditions(key[1])
        return self.made[key]

    def of_row(self, row: int) -> Iterator[Condition]:
        """What all cells of a row demand."""
        for i, column in enumerate(self.columns):
            yield from (Condition(test, column.needs) for test in self.of(row, i))

    def beyond(self, row: int, earlier: int) -> Condition:
        """That an earlier row does not take what this one takes."""
        differing = [i for i, parts in enumerate(self.boxes[row]) if parts & ~self.boxes[earlier][i]]
        tests = tuple(test for i in differing for test in self.of(earlier, i))
        return Condition(Not(joined(tests)), frozenset[str]().union(*(self.columns[i].needs for i in differing)))


class _Rows:
    """The rows of a table, to be told apart by its hit policy."""

    def __init__(
        self,
        table: PackEntry[schema.TableDoc],
        rows: Sequence[RowEntry],
        columns: dict[str, Column],
        boxes: list[Box],
        tests: _Tests,
    ) -> None:
        self.table, self.rows, self.columns, self.boxes, self.tests = table, rows, columns, boxes, tests
        self.space = tuple(column.whole for column in columns.values())
        self.coverage = Coverage(boxes, self.space)
        self.every = (1 << len(boxes)) - 1

    def conditions(self) -> list[list[Condition]] | None:
        """What each row demands; None with the faults reported."""
        before = len(self.table.pack.problems)
        found = [self._row(i) for i in range(len(self.rows))]
        apart = self.table.doc.hit == "unique"
        if len(self.table.pack.problems) == before and self.table.doc.gaps is None:
            gap = self.coverage.gap(self.every, self.space, apart)
            if gap is not None:
                where = "csv" if self.table.doc.csv else "rows"
                self.table.report(f"no row takes {self._case(gap)}; where that is meant, say `gaps: allowed`", where)
        return found if len(self.table.pack.problems) == before else None

    def _row(self, i: int) -> list[Condition]:
        """The conditions of a row."""
        own = [*self.tests.of_row(i)]
        if self.table.doc.hit == "collect":
            return own
        earlier = self.coverage.overlapping(i) & (1 << i) - 1
        if self.table.doc.hit == "first":
            self._refuse_dead(i, earlier)
            apart_from = self._not_covered(i, earlier)
            self.coverage.step(10 * len(apart_from))  # each is a condition to keep
            return own + [self.tests.beyond(i, j) for j in apart_from]
        for j in bits(earlier):
            common = [next(bits(a & b)) for a, b in zip(self.boxes[i], self.boxes[j], strict=True)]
            self._report(i, f"takes {self._case(common)}, as {self._named(j)} does; `hit: unique` is one row for each case")
            break
        return own

    def _not_covered(self, i: int, earlier: int) -> list[int]:
        """The earlier rows that a row must be told apart from: without those of which a later one takes all that they have in
        common with the row, as with `<= 5` before `<= 9`."""
        kept: list[tuple[int, Box]] = []
        for j in sorted(bits(earlier), reverse=True):
            common = tuple(a & b for a, b in zip(self.boxes[i], self.boxes[j], strict=True))
            self.coverage.step(len(kept))
            if not any(all(not a & ~b for a, b in zip(common, box, strict=True)) for _, box in kept):
                kept.append((j, common))
        return [j for j, _ in reversed(kept)]

    def _refuse_dead(self, i: int, earlier: int) -> None:
        if earlier and self.coverage.gap(earlier, self.boxes[i]) is None:
            named = ", ".join(self._named(j) for j in [*bits(earlier)][:3])
            self._report(i, f"is never the first: rows before it take all of its cases ({named})")

    def _report(self, i: int, message: str) -> None:
        row = self.rows[i]
        row.pack.problems.append(row.cell_problem(next(iter(row.cells)), message))

    def _named(self, j: int) -> str:
        return f"{self.rows[j].name} in line {self.rows[j].place().line}"

    def _case(self, parts: Sequence[int]) -> str:
        """A combination in words."""
        pairs = zip(self.columns.items(), parts, strict=True)
        return ", ".join(f"{head} {column.values[part]}" for (head, column), part in pairs)
