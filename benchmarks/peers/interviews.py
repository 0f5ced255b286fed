"""A seed in; synthetic interviews for the mini rule base out, as the plain dictionaries that every contender starts from."""

from __future__ import annotations

import random
from typing import Any

Interview = dict[str, Any]
"""``{"id", "context": {"kind", ...}, "mistakes": [{"id", "kind", "x", "tag", "reaction"}, ...]}``; numbers are whole."""
Answer = tuple[dict[str, tuple[int, int, int]], list[tuple[str, str, int]]]
"""Severity, noticed and urgency by id of the mistake; the actions sorted: name, id of the mistake (or ""), priority."""

KINDS: dict[str, tuple[range, tuple[str, ...]]] = {
    "lateness": (range(46), ("none",)),
    "wrong_name": (range(1, 4), ("interviewer", "interviewer", "company", "none")),
    "bad_joke": (range(1, 4), ("offensive", "mild", "none")),
    "unprepared": (range(5), ("none",)),
    "interrupting": (range(1, 8), ("none",)),
    "phone_rang": (range(1, 3), ("answered", "answered", "silenced", "none")),
    "overtalking": (range(1, 21), ("none",)),
    "badmouth_employer": (range(1, 4), ("named", "none")),
    "salary_early": (range(31), ("none",)),
    "dress_code": (range(6), ("none",)),
    "no_questions": (range(3), ("none",)),
    "factual_error": (range(1, 4), ("cv", "cv", "none")),
}
"""What ``x`` and ``tag`` may be, by kind of mistake."""
MISTAKES = {1: 5, 2: 14, 3: 22, 4: 22, 5: 18, 6: 11, 7: 5, 8: 3}
"""How many mistakes an interview has, and how often."""
REACTIONS = ("none", "none", "frown", "comment", "laugh")
HOURS = (1, 3, 6, 12, 20, 30, 40, 50, 60, 70, 90, 120)


def make_interviews(count: int = 1000, seed: int = 1) -> list[Interview]:
    """So many interviews, always the same ones for a seed."""
    rng = random.Random(seed)
    return [_interview(rng, i) for i in range(count)]


def _interview(rng: random.Random, number: int) -> Interview:
    count = rng.choices(list(MISTAKES), list(MISTAKES.values()))[0]
    return {
        "id": f"iv{number:04}",
        "context": {
            "kind": "context",
            "hours_since": rng.choice(HOURS),
            "panel_size": rng.randint(1, 4),
            "remote": rng.randint(0, 1),
            "formality": rng.randint(0, 4),
            "patience": rng.randint(2, 6),
            "next_round": rng.randint(0, 1),
        },
        "mistakes": [_mistake(rng, i) for i in range(count)],
    }


def _mistake(rng: random.Random, number: int) -> dict[str, Any]:
    kind = rng.choice(list(KINDS))
    sizes, tags = KINDS[kind]
    return {
        "id": f"m{number}",
        "kind": kind,
        "x": rng.choice(sizes),
        "tag": rng.choice(tags),
        "reaction": rng.choice(REACTIONS),
    }
