"""Rule bases from text, for tests that state a law on a pack of a few lines; and the shipped packs, linked once."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from misstep import Limits, RuleBase
from misstep.language.program import Program
from misstep.rulebase.link import load_program
from misstep.rulebase.packs import Merged
from misstep.rulebase.shipped import shipped_rules


def load_text(*packs: str, limits: Limits | None = None) -> RuleBase:
    """The rule base of packs given as text; each text is a layer of its own, later ones may replace."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.yaml" for i in range(len(packs))]
        for file, text in zip(files, packs, strict=True):
            file.write_text(text, encoding="utf-8")
        return RuleBase.load(*files, limits=limits)


def rules_named_in_cases(merged: Merged, key: str) -> set[str]:
    """The rules that the cases of packs name under `fires` or `quiet`."""
    return {rule for pack in merged.packs for case in pack.doc.cases.values() for rule in getattr(case.expect, key)}


@cache
def linked_shipped() -> tuple[Program, Merged]:
    """The shipped packs with their cases, linked from their files, and not read from the cache."""
    return load_program([shipped_rules()], Limits())
