"""The mini rule base on experta: the algorithm and the language of CLIPS in Python.

Its rules cannot add up over facts, so what they do does; findings are declared once no rule has any more to say.
"""

from __future__ import annotations

import collections
import collections.abc
from typing import Any

from benchmarks.peers.interviews import Answer, Interview
from benchmarks.peers.loaded import InPython

if not hasattr(collections, "Mapping"):  # gone since Python 3.10, and the frozendict that it needs imports it
    vars(collections)["Mapping"] = collections.abc.Mapping

from experta import AS, GE, LT, MATCH, NOT, TEST, Fact, KnowledgeEngine, Rule

SEVERITY, NOTICED, URGENCY = range(3)


class Context(Fact):
    """The interview."""


class Mistake(Fact):
    """One mistake."""


class Finding(Fact):
    """A mistake with its sums."""


class Complete(Fact):
    """All findings are declared."""


def adds(place: int, amount: int, *patterns: Any) -> Any:
    """A rule that adds to a sum of the mistake called ``name`` in its patterns."""

    def act(engine: Mini, name: str) -> None:
        engine.sums[name][place] += amount

    return Rule(*patterns)(act)


def one(amount: int, **mistake: Any) -> Any:
    """A rule of one mistake."""
    return adds(SEVERITY, amount, Mistake(id=MATCH.name, **mistake))


def two(amount: int, charged: dict[str, Any], other: dict[str, Any]) -> Any:
    """A rule of two mistakes; the first is charged."""
    return adds(SEVERITY, amount, Mistake(id=MATCH.name, **charged), Mistake(id=MATCH.other, **other))


def recommends(action: str, **finding: Any) -> Any:
    """A rule that recommends an action for a finding."""

    def act(engine: Mini, finding: Finding) -> None:
        engine.actions.append((action, finding["id"], finding["severity"] + 2 * finding["urgency"]))

    return Rule(AS.finding << Finding(**finding))(act)


class Mini(KnowledgeEngine):
    """The rules."""

    sums: dict[str, list[int]]
    actions: list[tuple[str, str, int]]

    s01 = one(2, kind="lateness", x=GE(5))
    s02 = one(3, kind="lateness", x=GE(15))
    s03 = one(4, kind="lateness", x=GE(30))
    s04 = one(4, kind="wrong_name", tag="interviewer")
    s05 = one(5, kind="wrong_name", tag="company")
    s06 = one(2, kind="wrong_name", x=GE(2))
    s07 = one(7, kind="bad_joke", tag="offensive")
    s08 = one(2, kind="bad_joke", tag="mild")
    s09 = one(3, kind="unprepared", x=GE(1))
    s10 = one(4, kind="unprepared", x=GE(3))
    s11 = one(2, kind="interrupting", x=GE(2))
    s12 = one(3, kind="interrupting", x=GE(5))
    s13 = one(6, kind="phone_rang", tag="answered")
    s14 = one(1, kind="phone_rang", tag="silenced")
    s15 = one(2, kind="overtalking", x=GE(10))
    s16 = one(5, kind="badmouth_employer", tag="named")
    s17 = one(3, kind="salary_early", x=LT(10))
    s18 = one(2, kind="dress_code", x=GE(3))
    s19 = one(3, kind="no_questions", x=LT(1))
    s20 = one(6, kind="factual_error", tag="cv")

    n01 = adds(NOTICED, 3, Mistake(id=MATCH.name, kind="lateness"), Context(remote=0))
    n02 = adds(NOTICED, 3, Mistake(id=MATCH.name, kind="wrong_name"), Context(panel_size=GE(2)))
    n03 = adds(NOTICED, 3, Mistake(id=MATCH.name, kind="bad_joke"), Context(formality=GE(3)))
    n04 = adds(
        NOTICED,
        3,
        Mistake(id=MATCH.name, kind="interrupting", x=MATCH.x),
        Context(patience=MATCH.patience),
        TEST(lambda x, patience: patience < x),
    )
    n05 = adds(NOTICED, 2, Mistake(id=MATCH.name, kind="phone_rang"), Context(remote=0))
    n06 = adds(NOTICED, 3, Mistake(id=MATCH.name, reaction="comment"), Context(formality=GE(1)))
    u01 = adds(URGENCY, 3, Mistake(id=MATCH.name, kind="lateness"), Context(hours_since=LT(24)))
    u02 = adds(URGENCY, 2, Mistake(id=MATCH.name, kind="wrong_name"), Context(hours_since=LT(48)))
    u03 = adds(URGENCY, 4, Mistake(id=MATCH.name, kind="bad_joke"), Context(hours_since=LT(24)))
    u04 = adds(URGENCY, 3, Mistake(id=MATCH.name, kind="factual_error"), Context(next_round=1))
    u05 = adds(URGENCY, 2, Mistake(id=MATCH.name, kind="badmouth_employer"), Context(hours_since=LT(72)))
    u06 = adds(URGENCY, 1, Mistake(id=MATCH.name, kind="salary_early"), Context(next_round=1))

    p01 = two(3, {"kind": "lateness", "x": GE(5)}, {"kind": "unprepared", "x": GE(1)})
    p02 = two(2, {"kind": "bad_joke", "x": GE(1)}, {"kind": "interrupting", "x": GE(2)})
    p03 = two(2, {"kind": "wrong_name", "x": GE(1)}, {"kind": "unprepared", "x": GE(1)})
    p04 = two(2, {"kind": "overtalking", "x": GE(10)}, {"kind": "no_questions", "x": LT(1)})

    a01 = recommends("apologise", severity=GE(5), noticed=GE(2))
    a02 = recommends("call_today", severity=GE(8), noticed=GE(2), urgency=GE(3))
    a03 = recommends("send_correction", kind="wrong_name", severity=GE(4))
    a04 = recommends("correct_record", kind="factual_error", severity=GE(6))
    a05 = recommends("send_material", kind="unprepared", severity=GE(7))
    a06 = recommends("mention_in_thanks", severity=GE(1) & LT(5), noticed=GE(2))

    @Rule(Complete(), NOT(Finding(noticed=GE(2))))
    def a07(self) -> None:
        """Say nothing where nobody noticed anything."""
        self.actions.append(("say_nothing", "", 0))

    def answer(self, interview: Interview) -> Answer:
        """Answer one interview."""
        mistakes = interview["mistakes"]
        self.sums = {mistake["id"]: [0, 0, 0] for mistake in mistakes}
        self.actions = []
        self.reset()
        self.declare(Context(**interview["context"]))
        for mistake in mistakes:
            self.declare(Mistake(**mistake))
        self.run()
        totals: dict[str, tuple[int, int, int]] = {}
        for mistake in mistakes:
            name = mistake["id"]
            severity, noticed, urgency = self.sums[name]
            totals[name] = severity, noticed, urgency
            self.declare(Finding(id=name, kind=mistake["kind"], severity=severity, noticed=noticed, urgency=urgency))
        self.declare(Complete())
        self.run()
        return totals, sorted(self.actions)


def load() -> InPython:
    """Load the rules."""
    return InPython(Mini().answer)
