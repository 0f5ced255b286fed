"""What a mapping made of the rows of a log: facts, columns that it does not read, and values that mean nothing to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypedDict

MOST_VALUES = 20
"""Different values of one column that are told apart."""
MOST_COLUMNS = 1_000
LONGEST = 40  # characters of a value that are shown: longer ones are notes, not words for something
OTHERS = "(others)"


class CoverageCounts(TypedDict):
    """The counts of a coverage as plain data."""

    rows: int
    made: dict[str, int]
    unmade: dict[str, int]
    unread: dict[str, int]
    unmapped: dict[str, dict[str, int]]


@dataclass(slots=True)
class LogCoverage:
    """Counts over rows. ``made``: facts by line of the mapping; ``unmade``: facts left out, as a field that must be given is not
    said; ``unread``: in how many rows a column that the mapping does not name has a value; ``unmapped``: by column, the
    values that no line maps, or that are not of its type, and how often. Belongs to one thread."""

    rows: int = 0
    made: Counter[str] = field(default_factory=Counter)
    unmade: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    unmapped: dict[str, Counter[str]] = field(default_factory=dict)

    def leave_unread(self, column: str) -> None:
        """Count a value of a column that is not read."""
        self.unread[column if column in self.unread or len(self.unread) < MOST_COLUMNS else OTHERS] += 1

    def leave_unmapped(self, column: str, value: str) -> None:
        """Count a value that means nothing to the mapping."""
        values = self.unmapped.setdefault(column, Counter())
        shown = value if len(value) <= LONGEST else OTHERS
        values[shown if shown in values or len(values) < MOST_VALUES else OTHERS] += 1

    def to_json(self) -> CoverageCounts:
        """The counts as plain data."""
        return {
            "rows": self.rows,
            "made": dict(sorted(self.made.items())),
            "unmade": dict(sorted(self.unmade.items())),
            "unread": dict(sorted(self.unread.items())),
            "unmapped": {column: dict(sorted(values.items())) for column, values in sorted(self.unmapped.items())},
        }

    @classmethod
    def from_json(cls, data: CoverageCounts) -> LogCoverage:
        """Counts from their ``to_json``."""
        unmapped = {column: Counter(values) for column, values in data["unmapped"].items()}
        return cls(data["rows"], Counter(data["made"]), Counter(data["unmade"]), Counter(data["unread"]), unmapped)

    @classmethod
    def merged(cls, parts: Iterable[LogCoverage]) -> LogCoverage:
        """The sums over all of them."""
        whole = cls()
        for part in parts:
            whole.rows += part.rows
            for mine, theirs in ((whole.made, part.made), (whole.unmade, part.unmade), (whole.unread, part.unread)):
                mine.update(theirs)
            for column, values in part.unmapped.items():
                whole.unmapped.setdefault(column, Counter()).update(values)
        return whole
