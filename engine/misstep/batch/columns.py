"""The result of rules in; a row of scores out. The columns and their types are an interface: see docs/api.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from misstep.assembly import Result
from misstep.model.facts import KIND

SCORES: list[tuple[str, pa.DataType]] = [
    ("damage", pa.float64()), ("damage_after", pa.float64()), ("band", pa.string()), ("verdict", pa.string()),
    ("outlook", pa.string()), ("acts", pa.bool_()), ("mistakes", pa.int32()), ("worst", pa.string()),
    ("worst_severity", pa.float64()), ("first_action", pa.string()), ("actions", pa.list_(pa.string())), ("rules", pa.int32()),
]  # fmt: skip
"""What is known of an interview as a whole. ``worst``: the kind of the worst finding; ``worst_severity``: the greatest severity;
``rules``: how many different rules moved the score of a mistake."""


def scores(result: Result, summary: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of ``SCORES`` for one interview; ``summary``: what ``RuleBase.scores`` gives for it."""
    findings = result.findings
    actions = [step.action.id for step in result.plan.steps]
    moved = {
        rule
        for target, dimension, amount, rule, _ in result.memory.contributions
        if target is not None and (amount or dimension == "verdict")
    }
    return (
        summary["damage"], summary["damage_after"], summary["band"], summary["verdict"], summary["outlook"], summary["acts"],
        len(findings), findings[0][0][KIND] if findings else None, max([f[1] for f in findings], default=None),
        actions[0] if actions else None, actions, len(moved),
    )  # fmt: skip
