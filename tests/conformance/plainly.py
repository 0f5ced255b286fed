"""A second voice for scores: what docs/rule-packs.md says of them, computed by fractions from the reasons of an answer and from
the scale as the packs have it. Nothing of the scoring of misstep is used."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from math import prod
from typing import Any

from tests.conformance.answering import number
from tests.conformance.suite import Json


def scores(given: Json, answer: Json) -> Json | None:
    """The scores of an answer, its bands and verdicts, by its reasons; None where the packs have no scale of their own."""
    scale: Json = {}
    for layer in given["layers"]:
        for text in layer.values():
            scale |= json.loads(text).get("scale", {}) if text.startswith("{") else {}
    if "severity" not in scale:
        return None
    findings = sorted((_finding(finding, scale) for finding in answer["findings"]), key=_place)
    harmless = prod((1 - Fraction(finding["damage"]) / 10 for finding in findings), start=Fraction(1))
    weights = scale.get("overall", {}).get("weights", {})
    heaviest = max(
        (_thousandths(Fraction(f["severity"]) * Fraction(str(weights.get(f["noticed_level"], 1)))) for f in findings), default=0
    )
    whole = _within(heaviest + _sum(answer["because"], "overall"))
    order = _order(scale)
    return {
        "damage": _text(_rounded(100 * (1 - harmless), 1)),
        "band": _level(whole, scale["severity"]["bands"]),
        **({} if "act_within" in scale.get("plan", {}) else {"verdict": order[max((f["rank"] for f in findings), default=0)]}),
        "findings": [{key: value for key, value in finding.items() if key != "rank"} for finding in findings],
    }


def _finding(finding: Json, scale: Json) -> Json:
    because = finding["because"]
    severity = max(Fraction(0), _within(_sum(because, "severity")) - max(Fraction(0), _sum(because, "relief")))
    noticed, level = Fraction(1), ""
    if "noticed" in scale:
        doublings = Fraction(str(scale["noticed"].get("start", 0))) + _sum(because, "noticed")
        noticed = _chance(doublings)
        level = _level(noticed, scale["noticed"]["levels"])
    urgency, soon = Fraction(0), ""
    if "urgency" in scale:
        urgency = _within(_sum(because, "urgency"))
        soon = _level(urgency, scale["urgency"]["levels"])
    band = _level(severity, scale["severity"]["bands"])
    least = max((int(reason["amount"]) for reason in because if reason["score"] == "verdict"), default=0)
    rank = max(_order(scale).index(_in_table(scale, band, level, soon)), least)
    return {
        "fact": finding["fact"],
        "severity": _text(severity),
        "severity_band": band,
        "noticed": _text(noticed),
        "noticed_level": level,
        "urgency": _text(urgency),
        "urgency_level": soon,
        "damage": _text(_thousandths(severity * noticed)),
        "verdict": _order(scale)[rank],
        "rank": rank,
    }


def _place(finding: Json) -> tuple[object, ...]:
    return -finding["rank"], -Fraction(finding["damage"]), -Fraction(finding["severity"]), finding["fact"]


def _order(scale: Json) -> list[str]:
    order: list[str] = scale["verdicts"]["order"] if "verdicts" in scale else list(scale["severity"]["bands"])
    return order


def _in_table(scale: Json, band: str, level: str, soon: str) -> str:
    """The verdict of the table, in which one word may stand for all levels."""
    if "verdicts" not in scale:
        return band
    entry: Any = scale["verdicts"]["table"][band]
    entry = entry[level] if isinstance(entry, dict) else entry
    return str(entry[list(scale.get("urgency", {}).get("levels", [""])).index(soon)] if isinstance(entry, list) else entry)


def _sum(because: Iterable[Json], score: str) -> Fraction:
    return sum((Fraction(reason["amount"]) for reason in because if reason["score"] == score), Fraction(0))


def _within(points: Fraction) -> Fraction:
    return min(max(points, Fraction(0)), Fraction(10))


def _chance(doublings: Fraction) -> Fraction:
    """1 / (1 + 2 ** -doublings), to thousandths."""
    with localcontext(prec=60):
        exact = 1 / (1 + Decimal(2) ** -(Decimal(doublings.numerator) / doublings.denominator))
        return Fraction(exact.quantize(Decimal("0.001"), ROUND_HALF_UP))


def _level(value: Fraction, levels: Json) -> str:
    """The last word whose lower end is not above the value."""
    return [word for word, low in levels.items() if Fraction(str(low)) <= value][-1]


def _rounded(value: Fraction, places: int) -> Fraction:
    """Halves up; the value is not below 0."""
    return Fraction(int(value * 10**places + Fraction(1, 2)), 10**places)


def _thousandths(value: Fraction) -> Fraction:
    return _rounded(value, 3)


def _text(value: Fraction) -> str:
    return number(float(value))
