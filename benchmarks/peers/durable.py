"""The mini rule base on durable-rules, used directly: the facts of an interview go in as a batch, its findings as another.

The engine cannot add up, so its actions do, in Python. A negation is not looked at again in the course of a batch: so a fact
of its own comes last and starts it. A fact that no rule takes is an error: so there is a rule for every one.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from benchmarks.peers.interviews import Answer, Interview
from benchmarks.peers.loaded import InPython

if hasattr(sys, "setdlopenflags"):
    sys.setdlopenflags(os.RTLD_LAZY)  # Python 3.13 misses a function that the library names and nobody calls

from durable.lang import assert_facts, c, delete_state, get_host, m, none, pri, ruleset, when_all

NAME = "mini"
SEVERITY, NOTICED, URGENCY = range(3)

sums: dict[str, list[int]] = {}
actions: list[tuple[str, str, int]] = []


def one(amount: int, kind: str, test: Any) -> None:
    """A rule of one mistake."""
    adds(SEVERITY, amount, c.mistake << (m.kind == kind) & test)


def with_context(place: int, amount: int, mistake: Any, context: Any) -> None:
    """A rule of one mistake and the context. The engine can compare two facts in a pattern after the first only."""
    adds(place, amount, c.mistake << mistake, c.context << (m.kind == "context") & context)


def two(amount: int, charged: Any, other: Any) -> None:
    """A rule of two mistakes; the first is charged."""
    adds(SEVERITY, amount, c.mistake << charged, c.other << other)


def adds(place: int, amount: int, *patterns: Any) -> None:
    """A rule that adds to a sum of a mistake."""

    def act(match: Any) -> None:
        sums[match.mistake.id][place] += amount

    when_all(*patterns)(act)


def recommends(action: str, finding: Any) -> None:
    """A rule that recommends an action for a finding."""

    def act(match: Any) -> None:
        found = match.finding
        actions.append((action, found.of, found.severity + 2 * found.urgency))

    when_all(c.finding << (m.kind == "finding") & finding)(act)


def say_nothing(_: Any) -> None:
    """What the rule a07 does."""
    actions.append(("say_nothing", "", 0))


def load() -> InPython:
    """Load the rules, and stop the two timers of the library, which would take actions to other threads."""
    with ruleset(NAME):
        one(2, "lateness", m.x >= 5)
        one(3, "lateness", m.x >= 15)
        one(4, "lateness", m.x >= 30)
        one(4, "wrong_name", m.tag == "interviewer")
        one(5, "wrong_name", m.tag == "company")
        one(2, "wrong_name", m.x >= 2)
        one(7, "bad_joke", m.tag == "offensive")
        one(2, "bad_joke", m.tag == "mild")
        one(3, "unprepared", m.x >= 1)
        one(4, "unprepared", m.x >= 3)
        one(2, "interrupting", m.x >= 2)
        one(3, "interrupting", m.x >= 5)
        one(6, "phone_rang", m.tag == "answered")
        one(1, "phone_rang", m.tag == "silenced")
        one(2, "overtalking", m.x >= 10)
        one(5, "badmouth_employer", m.tag == "named")
        one(3, "salary_early", m.x < 10)
        one(2, "dress_code", m.x >= 3)
        one(3, "no_questions", m.x < 1)
        one(6, "factual_error", m.tag == "cv")

        with_context(NOTICED, 3, m.kind == "lateness", m.remote == 0)
        with_context(NOTICED, 3, m.kind == "wrong_name", m.panel_size >= 2)
        with_context(NOTICED, 3, m.kind == "bad_joke", m.formality >= 3)
        with_context(NOTICED, 3, m.kind == "interrupting", m.patience < c.mistake.x)
        with_context(NOTICED, 2, m.kind == "phone_rang", m.remote == 0)
        with_context(NOTICED, 3, m.reaction == "comment", m.formality >= 1)
        with_context(URGENCY, 3, m.kind == "lateness", m.hours_since < 24)
        with_context(URGENCY, 2, m.kind == "wrong_name", m.hours_since < 48)
        with_context(URGENCY, 4, m.kind == "bad_joke", m.hours_since < 24)
        with_context(URGENCY, 3, m.kind == "factual_error", m.next_round == 1)
        with_context(URGENCY, 2, m.kind == "badmouth_employer", m.hours_since < 72)
        with_context(URGENCY, 1, m.kind == "salary_early", m.next_round == 1)

        two(3, (m.kind == "lateness") & (m.x >= 5), (m.kind == "unprepared") & (m.x >= 1))
        two(2, (m.kind == "bad_joke") & (m.x >= 1), (m.kind == "interrupting") & (m.x >= 2))
        two(2, (m.kind == "wrong_name") & (m.x >= 1), (m.kind == "unprepared") & (m.x >= 1))
        two(2, (m.kind == "overtalking") & (m.x >= 10), (m.kind == "no_questions") & (m.x < 1))

        recommends("apologise", (m.severity >= 5) & (m.noticed >= 2))
        recommends("call_today", (m.severity >= 8) & (m.noticed >= 2) & (m.urgency >= 3))
        recommends("send_correction", (m.mistake == "wrong_name") & (m.severity >= 4))
        recommends("correct_record", (m.mistake == "factual_error") & (m.severity >= 6))
        recommends("send_material", (m.mistake == "unprepared") & (m.severity >= 7))
        recommends("mention_in_thanks", (m.severity >= 1) & (m.severity < 5) & (m.noticed >= 2))
        when_all(c.end << m.kind == "end", none((m.kind == "finding") & (m.noticed >= 2)))(say_nothing)

        when_all(+m.kind, pri(1))(lambda match: None)
    host = get_host()
    host._d_timer.cancel()
    host._t_timer.cancel()
    return InPython(answer)


def answer(interview: Interview) -> Answer:
    """Answer one interview in a session of its own."""
    mistakes = interview["mistakes"]
    sums.clear()
    actions.clear()
    for mistake in mistakes:
        sums[mistake["id"]] = [0, 0, 0]
    try:
        assert_facts(NAME, [{"id": "context", **interview["context"]}, *mistakes])
        findings = [_finding(mistake) for mistake in mistakes]
        assert_facts(NAME, [*findings, {"id": "end", "kind": "end"}])
    finally:
        delete_state(NAME)
    return {name: (severity, noticed, urgency) for name, (severity, noticed, urgency) in sums.items()}, sorted(actions)


def _finding(mistake: dict[str, Any]) -> dict[str, Any]:
    name = mistake["id"]
    severity, noticed, urgency = sums[name]
    return {
        "id": f"finding {name}", "kind": "finding", "of": name, "mistake": mistake["kind"],
        "severity": severity, "noticed": noticed, "urgency": urgency,
    }  # fmt: skip
