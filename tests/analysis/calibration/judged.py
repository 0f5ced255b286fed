"""Judged cases of software incidents, for a rule base that knows nothing of interviews."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.command import INCIDENTS

from misstep import RuleBase

BASE = RuleBase.load(INCIDENTS / "rules")
BANDS = ("cosmetic", "degraded", "broken", "catastrophic")


def outage(minutes: int, **more: Any) -> dict[str, Any]:
    return {"id": f"outage-{minutes}", "facts": [{"kind": "outage", "minutes": minutes, **more}]}


def case(record: Any, severity: str, basis: str | None = None, **expert: Any) -> dict[str, Any]:
    return {"record": record, "expert": {"severity": severity, **expert}, **({"basis": basis} if basis else {})}


def band(minutes: int, **more: Any) -> str:
    return BASE.assess(outage(minutes, **more)["facts"]).band
