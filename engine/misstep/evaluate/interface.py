"""The interface of an engine, which runs strata of rules over a working memory."""

from __future__ import annotations

from typing import Literal, Protocol

from misstep.evaluate.memory import Memory

Phase = Literal["scoring", "judging", "advising"]


class Engine(Protocol):
    """Every engine gives the same conclusions: see docs/rule-packs.md."""

    def run(self, phase: Phase, memory: Memory) -> None:
        """Run the strata of a phase and add all they conclude to the memory. Raises BudgetError."""
