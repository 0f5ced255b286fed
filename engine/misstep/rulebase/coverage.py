"""Which combinations of values several rows of a table take, and which none does.

A row is a box: the parts that it takes of each column, as bits. Nothing here goes through all combinations: columns are taken
one by one, with the rows that still take part, and how many steps that may be is limited.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

MOST_STEPS = 2_000_000

Box = tuple[int, ...]
"""Parts of each column, as the bits of a number."""


class TooMuch(Exception):
    """There are too many rows and values to find out in the steps allowed."""


def bits(number: int) -> Iterator[int]:
    """The places of the ones of a number, from the least."""
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


class Coverage:
    """The rows of one table. Sets of rows are the bits of a number too. All methods raise TooMuch."""

    def __init__(self, rows: Sequence[Box], space: Box, most: int = MOST_STEPS) -> None:
        self.rows, self.space, self.steps = rows, space, most
        self.takers = [self._takers(column) for column in range(len(space))]
        self.meets: list[dict[int, int]] = [{} for _ in space]

    def step(self, count: int = 1) -> None:
        """Count steps."""
        self.steps -= count
        if self.steps < 0:
            raise TooMuch

    def _takers(self, column: int) -> dict[int, int]:
        """The rows that take each part of a column."""
        by_parts: dict[int, int] = {}
        for i, row in enumerate(self.rows):
            by_parts[row[column]] = by_parts.get(row[column], 0) | 1 << i
        takers = dict.fromkeys(bits(self.space[column]), 0)
        for parts, rows in by_parts.items():
            self.step(parts.bit_count())
            for part in bits(parts):
                takers[part] |= rows
        return takers

    def overlapping(self, i: int) -> int:
        """The rows, itself among them, that have a combination in common with row ``i``."""
        found = -1
        for column, parts in enumerate(self.rows[i]):
            meeting = self.meets[column].get(parts)
            if meeting is None:
                self.step(parts.bit_count())
                meeting = reduce(or_, (self.takers[column][part] for part in bits(parts)))
                self.meets[column][parts] = meeting
            found &= meeting
        return found

    def gap(self, rows: int, space: Box, apart: bool = False) -> list[int] | None:
        """A part of each column, in a space, that none of the rows takes together; None if they take everything. ``apart``: no
        two of the rows overlap, so that their sizes show whether they leave a gap."""
        width = len(space)
        self.step(rows.bit_count())
        wholly, sizes = [-1], [1]
        for column in reversed(range(width)):
            fitting = sum(1 << i for i in bits(rows & wholly[0]) if self.rows[i][column] & space[column] == space[column])
            wholly.insert(0, fitting)
            sizes.insert(0, sizes[0] * space[column].bit_count())
        done: set[tuple[int, int]] = set()

        def search(column: int, left: int) -> list[int] | None:
            if not left:
                return [next(bits(parts)) for parts in space[column:]]
            if left & wholly[column] or (column, left) in done:
                return None
            self.step(left.bit_count() if apart else 1)
            if apart and sum(self._size(i, column, space) for i in bits(left)) == sizes[column]:
                return None
            done.add((column, left))
            for part in bits(space[column]):
                self.step()
                if (below := search(column + 1, left & self.takers[column][part])) is not None:
                    return [part, *below]
            return None

        return search(0, rows)

    def _size(self, i: int, column: int, space: Box) -> int:
        """How many combinations a row takes of the columns from one on."""
        pairs = zip(self.rows[i][column:], space[column:], strict=True)
        return math.prod((parts & within).bit_count() for parts, within in pairs)
