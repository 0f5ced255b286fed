"""The columns of a table in; those that are read, and its rows as logged interviews, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from misstep.batch.inputs.kept import take_out
from misstep.batch.parts import EVERY, USUAL_FACTS, USUAL_ID, Logged, Reading, Reject, SourceRemark, reject
from misstep.errors import UsageError, listing, printable, too_long
from misstep.language.facts import MAX_ID

OPTIONS = ("facts", "id")
"""Columns for which an option names another."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read. ``id`` is None if there is no such column: then records may have ids of their own; ``facts`` is
    None where notes are read instead. ``unread``: the others, but for those that were named to be ignored."""

    facts: str | None
    id: str | None
    keep: tuple[str, ...]
    unread: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Each of them once."""
        return tuple(dict.fromkeys([*filter(None, (self.facts, self.id)), *self.keep]))

    def remarks(self, name: str) -> list[SourceRemark]:
        """That the table of this name has columns that are not read, if it has."""
        text = f"columns that are not read: {listing(self.unread)}; --keep carries them along, --ignore says that they are known"
        return [SourceRemark(name, text)] if self.unread else []


def choose_columns(name: str, there: Sequence[str], reading: Reading) -> Columns:
    """The columns of a table that are to be read. Raises UsageError where one is missing, or is there twice; also where there is
    one like ``ID``, which is not to be lost in silence."""
    there = [name for name in there if name not in reading.ignore]
    wanted = reading.id != USUAL_ID or USUAL_ID in map(str.casefold, there)
    id_ = reading.id if wanted else None
    stated = reading.notes is None or reading.facts != USUAL_FACTS or USUAL_FACTS in map(str.casefold, there)
    columns = Columns(reading.facts if stated else None, id_, reading.keep)
    read = columns.names()
    require_columns(name, there, read)
    known = {*read, reading.notes}
    unread = [] if EVERY in reading.ignore else [column for column in there if column and column not in known]
    return replace(columns, unread=tuple(unread))


def require_columns(name: str, there: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise UsageError where a column is missing, or is there twice."""
    for column in wanted:
        if column not in there:
            alike = [other for other in there if other.casefold() == column.casefold()]
            near = next(iter(alike or get_close_matches(column, there, 1, 0.75)), "")
            option = f" Then give --{column} {near}" if near and column in OPTIONS else ""
            hint = f"; did you mean '{near}'?{option}" if near else ""
            raise UsageError(f"{printable(name)}: has no column '{column}'; there are {listing(there) or 'none'}{hint}")
        if list(there).count(column) > 1:
            raise UsageError(f"{printable(name)}: has the column '{column}' twice")


def logged_row(name: str, row: int, columns: Columns, values: Mapping[str, str | None], reading: Reading) -> Logged | Reject:
    """A row as a logged interview, from the values of its columns; a reject where it is invalid."""
    facts, id_ = (values[column] if column else None for column in (columns.facts, columns.id))
    kept = tuple(values[column] for column in columns.keep)
    return logged(name, row, None if facts is None else facts.encode(), id_, kept, reading)


def logged(
    name: str, row: int, facts: bytes | None, id_: str | None, kept: tuple[str | None, ...], reading: Reading
) -> Logged | Reject:
    """The same from facts as JSON."""
    if id_ is not None and len(id_) > MAX_ID:
        return reject(name, row, f"the column '{reading.id}' must be text of 1 to {MAX_ID} characters")
    if facts is not None and len(facts) > reading.limits.record_bytes:
        return reject(name, row, too_long(reading.limits.record_bytes), id_)
    if facts is None or not facts.strip():
        if reading.notes is not None:
            return Logged(row, b"[]", id_ or None, kept)
        return reject(name, row, f"the column '{reading.facts}' is empty; it must hold the facts as JSON", id_ or None)
    if reading.ignore:  # a whole record may stand in the column
        facts, _ = take_out(facts, (), reading.ignore)
    return Logged(row, facts, id_ or None, kept)
