"""The columns of a table in; those that are read, and its rows as logged interviews, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from misstep.batch.inputs.settings import USUAL_ID, Reading
from misstep.batch.parts import Logged, Reject
from misstep.errors import Location, Problem, UsageError, listing, printable
from misstep.language.facts import MAX_ID


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read. ``id`` is None where there is none: then records may have ids of their own."""

    facts: str
    id: str | None
    keep: tuple[str, ...]

    def names(self) -> tuple[str, ...]:
        """Each of them once."""
        return tuple(dict.fromkeys([self.facts, *([self.id] if self.id else []), *self.keep]))


def chosen_columns(name: str, there: Sequence[str], reading: Reading) -> Columns:
    """Those of the columns of a table that are wanted. Raises UsageError where one is missing, or is there twice."""
    id_ = reading.id if reading.id in there or reading.id != USUAL_ID else None
    columns = Columns(reading.facts, id_, reading.keep)
    require_columns(name, there, columns.names())
    return columns


def require_columns(name: str, there: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise UsageError where a column is missing, or is there twice."""
    for column in wanted:
        if column not in there:
            raise UsageError(f"{printable(name)}: has no column '{column}'; there are {listing(there) or 'none'}")
        if list(there).count(column) > 1:
            raise UsageError(f"{printable(name)}: has the column '{column}' twice")


def logged_row(
    name: str, row: int, facts: bytes | None, id_: str | None, kept: tuple[str | None, ...], reading: Reading
) -> Logged | Reject:
    """A row of a table as a logged interview; a reject where it cannot be one."""
    most = reading.limits.record_bytes
    if facts is not None and len(facts) > most:
        return reject(name, row, f"has more than {most} bytes, the most that a record may have")
    if facts is None or not facts.strip():
        return reject(name, row, f"the column '{reading.facts}' is empty; it must hold the facts as JSON")
    if id_ is not None and len(id_) > MAX_ID:
        return reject(name, row, f"the column '{reading.id}' must be text of 1 to {MAX_ID} characters")
    return Logged(row, facts, id_ or None, kept)


def reject(name: str, row: int, message: str) -> Reject:
    """A row that cannot be a record."""
    return Reject(name, row, (Problem(Location(), message),))
