"""An output at a path: a file, or a folder that grows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from misstep.batch.forms import OutputForm
from misstep.batch.journal import SUFFIX


@dataclass(frozen=True, slots=True)
class OutputPath:
    """The place of interviews, and what stands beside it."""

    path: Path
    form: OutputForm

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def beside(self, what: str) -> Path:
        """``scores.findings.parquet`` beside ``scores.parquet``; others have endings of their own."""
        return self.path.with_name(f"{self.path.stem}.{what}")

    def journal(self) -> Path:
        """The folder beside it."""
        return self.path.with_name(self.path.name + SUFFIX)

    def result(self, journal: Path) -> Path:
        """Itself."""
        return self.path
