"""CSV with a fact a row in; interviews of several rows each out, and of those their records.

The columns: the interview's id, ``kind``, the fields of the kinds by their names, and ``fact`` for the ids of facts that others
name. An empty cell is a field that is not given; a row with nothing but an id is an interview in which nothing happened.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import orjson

from misstep.batch.inputs.arrow import logged_row, reject, require_columns
from misstep.batch.inputs.delimited import Rows, is_utf_8
from misstep.batch.inputs.interviews import wrong_width
from misstep.batch.inputs.rows import NOT_UTF_8, entries_of
from misstep.batch.inputs.settings import Reading
from misstep.batch.inputs.sources import Source
from misstep.batch.parts import Logged, Part, Reject
from misstep.errors import RecordError, UsageError, printable, suggest
from misstep.language.facts import GIVEN_ROLES, Kind

KIND, FACT = "kind", "fact"

Fact = dict[str, str]
Entry = tuple[int, dict[str, Any]]


def check_long(source: Source, header: Sequence[str], reading: Reading) -> None:
    """Raise UsageError where a column is missing, or is no field of any kind."""
    require_columns(source.name, header, tuple(dict.fromkeys([reading.id, KIND, *reading.keep])))
    fields = {field.name for kind in _given(reading) for field in kind.fields}
    for column in header:
        if column not in {reading.id, KIND, FACT, *reading.keep, *fields}:
            hint = suggest(column, fields, "; name it among those to keep, if it is none")
            raise UsageError(f"{printable(source.name)}: the column '{column}' is no field of any kind{hint}")
    require_columns(source.name, header, list(dict.fromkeys(header)))


def gather_interviews(source: Source, header: Sequence[str], rows: Rows, reading: Reading) -> Iterator[Entry]:
    """The interviews, each with the line that it begins on. They end where quotes are broken: what is in a row, and so whose it
    is, cannot be told from there on.

    Raises RecordError where the rows of an interview do not follow each other: it would be scored in pieces.
    """
    with closing(sqlite3.connect("")) as seen:  # a file of its own that is gone afterwards: ids may be more than memory holds
        seen.execute("CREATE TABLE ids (id TEXT PRIMARY KEY) WITHOUT ROWID")
        gathered: _Gathered | None = None
        for cells in rows:
            if cells.wrong:
                if gathered is not None:
                    yield gathered.entry("a row that may belong to it cannot be read")
                yield cells.row, {"row": cells.row, "wrong": f"{cells.wrong}; what follows is not read"}
                return
            row = dict(zip(header, cells.cells, strict=False))
            id_ = row.get(reading.id, "")
            if gathered is None or id_ != gathered.id:
                if gathered is not None:
                    yield gathered.entry()
                gathered = _Gathered(id_, cells.row, [row.get(name) or None for name in reading.keep])
                told = id_.encode("utf-8", "surrogateescape")
                if id_ and not seen.execute("INSERT OR IGNORE INTO ids VALUES (CAST(? AS TEXT))", (told,)).rowcount:
                    raise RecordError(
                        f"{printable(source.name)}: line {cells.row} belongs to an interview whose rows stand further up;"
                        f" the rows of one interview must follow each other: sort the file by the column '{reading.id}'"
                    )
            gathered.add(row, len(cells.cells), len(header), reading)
        if gathered is not None:
            yield gathered.entry()


class _Gathered:
    """The rows of one interview."""

    def __init__(self, id_: str, row: int, kept: list[str | None]) -> None:
        self.id = id_
        self._row = row
        self._kept = kept
        self._facts: list[Fact] = []
        self._wrong = ""

    def add(self, row: Fact, count: int, expected: int, reading: Reading) -> None:
        """One more row."""
        if count != expected:
            self._wrong = self._wrong or f"one of its rows {wrong_width(count, expected)}"
        elif not self.id:
            self._wrong = f"the column '{reading.id}' is empty; it must say which interview the fact is of"
        elif not all(map(is_utf_8, row.values())):
            self._wrong = self._wrong or NOT_UTF_8
        elif len(self._facts) >= reading.limits.facts:
            self._wrong = self._wrong or f"has more than {reading.limits.facts} facts, the most that are taken"
        else:
            aside = {reading.id, *reading.keep}
            fact = {name: cell for name, cell in row.items() if cell and name not in aside}
            if fact:
                self._facts.append(fact)

    def entry(self, wrong: str = "") -> Entry:
        """What is written of it; ``wrong``: what is wrong besides."""
        if self._wrong or wrong:
            return self._row, {"row": self._row, "wrong": self._wrong or wrong}
        return self._row, {"row": self._row, "id": self.id, "kept": self._kept, "facts": self._facts}


def read_long(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    """The interviews of a part as records: every cell becomes what its field is declared to be."""
    kinds = {kind.name: {field.name: _CELLS.get(field.type, str) for field in kind.fields} for kind in _given(reading)}
    for entry in entries_of(part):
        if "wrong" in entry:
            yield reject(part.name, entry["row"], entry["wrong"])
        else:
            facts = [_fact(fact, kinds.get(fact.get(KIND, ""), {})) for fact in entry["facts"]]
            yield logged_row(part.name, entry["row"], orjson.dumps(facts), entry["id"], tuple(entry["kept"]), reading)


def _given(reading: Reading) -> list[Kind]:
    return [kind for kind in reading.kinds if kind.role in GIVEN_ROLES]


def _fact(cells: Fact, fields: dict[str, Callable[[str], Any]]) -> dict[str, Any]:
    return {"id" if name == FACT else name: fields.get(name, str)(cell) for name, cell in cells.items()}


_WHOLE = re.compile(r"[-+]?[0-9]{1,18}(\.0*)?")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?")


def _boolean(cell: str) -> bool | str:
    return {"true": True, "false": False}.get(cell.strip().lower(), cell)


def _integer(cell: str) -> int | str:
    """12, and 12.0 as it becomes in tables where the column has gaps."""
    cell = cell.strip()
    return int(cell.partition(".")[0]) if _WHOLE.fullmatch(cell) else cell


def _number(cell: str) -> float | str:
    cell = cell.strip()
    return float(cell) if _DECIMAL.fullmatch(cell) else cell


def _set(cell: str) -> list[str]:
    return [word.strip() for word in cell.split(";") if word.strip()]


_CELLS: dict[str, Callable[[str], Any]] = {"boolean": _boolean, "integer": _integer, "number": _number, "set": _set}
"""What is not what it should be stays text, and is refused with the words that every record is."""
