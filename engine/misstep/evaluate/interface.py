"""What an engine is: something that runs strata of rules over a working memory."""

from __future__ import annotations

from typing import Literal, Protocol

from misstep.evaluate.memory import Memory

Phase = Literal["scoring", "judging", "advising"]


class Engine(Protocol):
    """One meaning, whatever the engine: see docs/rule-packs.md."""

    def run(self, phase: Phase, memory: Memory) -> None:
        """Run the strata of a phase and add all they conclude to the memory. Raises BudgetError."""
