"""The mini rule base on CLIPS, through clipspy: the whole of it is said in the engine's own language, in rules.clp."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers.interviews import Answer, Interview
from benchmarks.peers.loaded import InPython
from clips import Environment, Symbol

RULES = Path(__file__).parent / "rules.clp"
KEPT = 200
"""An Environment grows with every interview and slows down, so after so many a new one takes over."""


class Clips:
    """An Environment with the rules, and how many interviews it may still answer."""

    def __init__(self) -> None:
        self._renew()

    def answer(self, interview: Interview) -> Answer:
        """Answer one interview."""
        if not self._left:
            self._renew()
        self._left -= 1
        self._environment.reset()
        context = interview["context"]
        self._context.assert_fact(
            hours_since=context["hours_since"],
            panel_size=context["panel_size"],
            remote=context["remote"],
            formality=context["formality"],
            patience=context["patience"],
            next_round=context["next_round"],
        )
        for mistake in interview["mistakes"]:
            self._mistake.assert_fact(
                id=mistake["id"],
                kind=Symbol(mistake["kind"]),
                x=mistake["x"],
                tag=Symbol(mistake["tag"]),
                reaction=Symbol(mistake["reaction"]),
            )
        self._environment.run()
        return self._read()

    def _renew(self) -> None:
        self._left = KEPT
        self._environment = environment = Environment()
        environment.load(str(RULES))
        self._context = environment.find_template("context")
        self._mistake = environment.find_template("mistake")
        self._finding = environment.find_template("finding")
        self._recommendation = environment.find_template("recommendation")

    def _read(self) -> Answer:
        totals = {fact["id"]: (fact["severity"], fact["noticed"], fact["urgency"]) for fact in self._finding.facts()}
        actions = [(str(fact["action"]), fact["for"], fact["priority"]) for fact in self._recommendation.facts()]
        actions.sort()
        return totals, actions


def load() -> InPython:
    """Load the rules."""
    return InPython(Clips().answer)
