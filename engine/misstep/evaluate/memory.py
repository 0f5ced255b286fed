"""Working memory: the facts of one record, and the conclusions of rules so far.

Conclusions only accumulate. Each keeps the rule and the match that it comes from: a match is the tuple of what
the binders of the rule took, rows of facts and values of aggregates, in written order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from misstep.errors import BudgetError
from misstep.language.facts import KIND, Row
from misstep.language.finding import FindingRow
from misstep.language.program import FINDING, OUTLOOK, Over, Program, Rule
from misstep.limits import Limits

Match = tuple[Any, ...]

RANKED = ("verdict", OUTLOOK)
"""The dimensions that have words, which are given by their ranks."""


class Contribution(NamedTuple):
    """What a rule adds to a dimension of a mistake, or of the interview (None): thousandths, or the rank of a word."""

    mistake: Row | None
    dimension: str
    amount: int
    rule: Rule
    match: Match

    @property
    def is_reason(self) -> bool:
        """Whether it is a reason for the score: an amount of 0 is not, but every word is, the mildest too."""
        return self.amount != 0 or self.dimension in RANKED


class Recommendation(NamedTuple):
    """An action for mistakes, with thousandths of relief and hours; None: the action's own."""

    action: str
    mistakes: tuple[Row, ...]
    relief: int | None
    due_hours: float | None
    rule: Rule
    match: Match


class Vetoed(NamedTuple):
    """An action that must not be done for mistakes; none: not at all."""

    action: str
    mistakes: tuple[Row, ...]
    rule: Rule
    match: Match


class Remark(NamedTuple):
    """A note, or a limit of the outlook, by its place among the effects of the rule."""

    effect: int
    rule: Rule
    match: Match


Shape = Literal["mistake", "mistakes", "value"]
CONCLUSIONS: dict[str, tuple[Callable[..., tuple[Any, ...]], tuple[Shape, ...]]] = {
    "contributions": (Contribution, ("mistake", "value", "value")),
    "recommendations": (Recommendation, ("value", "mistakes", "value", "value")),
    "vetoes": (Vetoed, ("value", "mistakes")),
    "notes": (Remark, ("value",)),
    "outlooks": (Remark, ("value",)),
}
"""The lists of conclusions: their type, and what stands before rule and match. Derived facts stand apart."""


def extent_of(rows: Mapping[str, list[Row]], over: Over, kinds: Collection[str]) -> list[Row]:
    """The facts of some kinds, or their findings, or the outlook, of the rows of a memory."""
    match over:
        case "fact":
            return [row for kind, found in rows.items() if kind in kinds for row in found]
        case "finding":
            return [finding for finding in rows[FINDING] if finding[0][KIND] in kinds]
        case "outlook":
            return rows[OUTLOOK]


class Memory:
    """Rows and findings by kind, and lists of conclusions. Belongs to one call; nothing is shared."""

    __slots__ = (
        *("program", "limits", "work", "rows", "found", "extents", "indexes"),
        *("contributions", "recommendations", "vetoes", "notes", "outlooks", "derivations"),
    )

    def __init__(self, program: Program, rows: dict[str, list[Row]], limits: Limits) -> None:
        self.program = program
        self.rows = dict(rows)
        self.found: dict[str, list[FindingRow]] = {}
        self.limits = limits
        self.work = limits.work
        self.contributions: list[Contribution] = []
        self.recommendations: list[Recommendation] = []
        self.vetoes: list[Vetoed] = []
        self.notes: list[Remark] = []
        self.outlooks: list[Remark] = []
        self.derivations: dict[Row, list[tuple[Rule, Match]]] = {}
        self.extents: dict[str, list[Row]] = {}  # an engine's own: the facts of patterns that its rules have read
        self.indexes: dict[tuple[int, int], tuple[list[Row], dict[object, list[Row]]]] = {}

    def lookup(self, rows: list[Row], column: int, value: object, findings: bool = False) -> Iterable[Row]:
        """The rows with a value in a column, by an index that is built on first use; of ``findings``, the mistakes' column.

        The index holds on to its rows, so that the identity of the list stays its own.
        """
        held = self.indexes.get((id(rows), column))
        if held is None:
            index: dict[object, list[Row]] = {}
            for row in rows:
                index.setdefault((row[0] if findings else row)[column], []).append(row)
            self.indexes[id(rows), column] = held = (rows, index)
        return held[1].get(value, ())

    def derive(self, row: Row, rule: Rule, match: Match) -> Row | None:
        """Conclude a fact; the row where it is new, None where only its derivation is."""
        known = self.derivations.get(row)
        if known is not None:
            known.append((rule, match))
            return None
        if len(self.derivations) >= self.limits.derived:
            raise BudgetError(f"more than {self.limits.derived} derived facts; the rule {rule.id} asked for the last")
        self.derivations[row] = [(rule, match)]
        self.rows.setdefault(row[KIND], []).append(row)
        return row

    def spend(self, work: int, rule: Rule) -> None:
        """Count facts that were looked at against the budget."""
        self.work -= work
        if self.work < 0:
            raise BudgetError(f"more than {self.limits.work} facts were looked at; the limit was reached in the rule {rule.id}")

    def add_findings(self, findings: list[FindingRow]) -> None:
        """Make the findings known to the rules that follow."""
        self.rows[FINDING] = [*findings]
        for finding in findings:
            self.found.setdefault(finding.mistake[KIND], []).append(finding)

    def add_outlook(self, word: str) -> None:
        """Make the outlook known to the rules that follow."""
        self.rows[OUTLOOK] = [(word,)]

    def fired(self) -> set[Rule]:
        """All rules that have fired."""
        concluded = {conclusion.rule for name in CONCLUSIONS for conclusion in getattr(self, name)}
        return concluded.union(rule for derivations in self.derivations.values() for rule, _ in derivations)
