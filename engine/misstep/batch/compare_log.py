"""Compare two rule bases on a log, in any form that ``misstep score`` takes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from misstep.api import RuleBase
from misstep.batch.baseline import Comparison
from misstep.batch.run import score
from misstep.errors import UsageError

SMALL = 4_000_000
"""Bytes of a log for which no other processes are started: that would take longer than it saves."""


def compare_log(log: Path, rules: RuleBase, baseline: RuleBase) -> Comparison:
    """How the answers to a log differ between a baseline and rules; nothing is left behind. Raises as ``score`` does, and
    UsageError about an empty log."""
    workers = 1 if log.is_file() and log.stat().st_size <= SMALL else None
    with TemporaryDirectory(prefix="misstep-") as folder:
        scores = Path(folder) / "scores.csv"
        run = score(log, scores, rules=rules, baseline=baseline, ignore=("*",), workers=workers)
    if not run.interviews and not run.rejects:
        raise UsageError(f"{log}: there is no {rules.program.scale.words.record} in it")
    assert run.comparison is not None
    return run.comparison
