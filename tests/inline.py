"""Rule bases from text, for tests that state a law on a pack of a few lines."""

from __future__ import annotations

import tempfile
from pathlib import Path

from misstep import Limits, RuleBase


def load_text(*packs: str, limits: Limits | None = None) -> RuleBase:
    """The rule base of packs given as text; each text is a layer of its own, later ones may replace."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.yaml" for i in range(len(packs))]
        for file, text in zip(files, packs, strict=True):
            file.write_text(text, encoding="utf-8")
        return RuleBase.load(*files, limits=limits)
