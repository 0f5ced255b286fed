"""Working memory: the facts of one record, and what rules have concluded about them so far.

Conclusions only accumulate. Each keeps the rule and the match that it comes from: a match is the tuple of what
the binders of the rule took, rows of facts and values of aggregates, in written order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from misstep.errors import BudgetError
from misstep.language.facts import KIND, Row
from misstep.language.finding import FindingRow
from misstep.language.program import FINDING, OUTLOOK, Program, Rule
from misstep.limits import Limits

Match = tuple[Any, ...]

Contribution = tuple[Row | None, str, int, Rule, Match]
"""Row of the mistake (None: the interview), dimension, thousandths (for verdicts a rank), rule, match."""
Recommendation = tuple[str, tuple[Row, ...], int | None, float | None, Rule, Match]
"""Action, rows of the mistakes, thousandths of relief and hours (None: the action's own), rule, match."""
Vetoed = tuple[str, tuple[Row, ...], Rule, Match]
Remark = tuple[int, Rule, Match]
"""A note, or a limit of the outlook: its place among the effects of the rule, rule, match."""


CONCLUSIONS: dict[str, tuple[Literal["mistake", "mistakes", "value"], ...]] = {
    "contributions": ("mistake", "value", "value"),
    "recommendations": ("value", "mistakes", "value", "value"),
    "vetoes": ("value", "mistakes"),
    "notes": ("value",),
    "outlooks": ("value",),
}
"""The lists of conclusions, and what each conclusion begins with; rule and match follow. Derived facts stand apart."""


def is_reason(contribution: Contribution) -> bool:
    """Whether a contribution is told as a reason: one of nothing is none, but every verdict is, the mildest too."""
    return contribution[2] != 0 or contribution[1] == "verdict"


class Memory:
    """Rows and findings by kind, and lists of conclusions. Belongs to one call; nothing is shared."""

    __slots__ = (
        "add", "contributions", "derivations", "extents", "found", "indexes", "limits", "note", "notes", "outlook", "outlooks",
        "program", "recommend", "recommendations", "rows", "veto", "vetoes", "work",
    )  # fmt: skip

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
        self.add = self.contributions.append
        self.recommend = self.recommendations.append
        self.veto = self.vetoes.append
        self.note = self.notes.append
        self.outlook = self.outlooks.append
        self.derivations: dict[Row, list[tuple[Rule, Match]]] = {}
        self.extents: dict[str, list[Row]] = {}  # an engine's own: the facts that its rules have asked for
        self.indexes: dict[tuple[int, int], tuple[list[Row], dict[Any, list[Row]]]] = {}

    def lookup(self, rows: list[Row], column: int, value: Any, findings: bool = False) -> Iterable[Row]:
        """The rows with a value in a column, by an index that is built on first use; of ``findings``, the mistakes' column.

        The index holds on to its rows, so that the identity of the list stays its own.
        """
        held = self.indexes.get((id(rows), column))
        if held is None:
            index: dict[Any, list[Row]] = {}
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
        """Count facts looked at."""
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

    def fired(self) -> set[str]:
        """The ids of all rules that have fired."""
        conclusions = (*(getattr(self, name) for name in CONCLUSIONS), *self.derivations.values())
        return {conclusion[-2].id for of_one in conclusions for conclusion in of_one}
