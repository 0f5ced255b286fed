"""Whether the questions that matter are asked first: measured on judged cases, whose full records are known.

    python -m benchmarks.questions [--every N] [FILE ...]

Each case is cut down to the kinds of its facts. Questions are then answered from its full record, in two orders: that of
``RuleBase.questions``, asked anew after each answer, and that of the page, which shows the fields of a kind before those of its
role. Most records say little, so most questions find no answer in them. Both ways to count are shown: every question, and only
those that got an answer. No verdict of an expert is read.

``settled`` is reached by giving every question its most usual answer. Other code then tries all single answers.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import misstep
from misstep import RuleBase
from misstep.analysis.calibration.certainty_figures import FactData, MeasuredRules, is_refuted
from misstep.analysis.questions import Question, Questions
from misstep.analysis.trial_outcomes import Outcome
from misstep.analysis.usual_answers import usual_answers
from misstep.language.facts import Value

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
FILES = ("dev.jsonl", "fresh.jsonl", "quiet.jsonl", "found.jsonl")
ASKED = (0, 3, 5, 7, 8)
MOST_ASKED = 60

FieldPlace = tuple[str, str]
"""The id of a fact, and the name of one of its fields."""
AskingOrder = Callable[[list[FactData], set[FieldPlace]], FieldPlace | None]
"""The next question about a record, without those that were asked; None if there is none."""


@dataclass
class Recovered:
    """How often the advice was that of the full record, by the number of questions, and the number asked until none was left.
    ``every``: all questions count; ``answered``: those that got an answer."""

    every: dict[int, int] = field(default_factory=lambda: dict.fromkeys(ASKED, 0))
    answered: dict[int, int] = field(default_factory=lambda: dict.fromkeys(ASKED, 0))


@dataclass
class Figures:
    """All figures. ``settled``: the number of questions until an answer is settled, of each record; ``refuted``: the number of
    settled ones that one answer changes all the same; ``seconds``: of processor time for each list of questions."""

    cases: int
    chosen: Recovered
    page: Recovered
    settled: list[int]
    refuted: int
    seconds: list[float]


class Asking:
    """Asks about records with one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self.seconds: list[float] = []
        self._last: tuple[list[FactData], Questions] | None = None

    def outcome(self, record: Any) -> Outcome:
        """The advice for a record."""
        return Outcome.of(self._rulebase.evaluate(record))

    def questions(self, record: list[FactData]) -> Questions:
        """The questions about a record; their time is kept. They are found once while the record stays the same."""
        if self._last and self._last[0] is record:
            return self._last[1]
        start = time.process_time()
        found = self._rulebase.questions(record)
        self.seconds.append(time.process_time() - start)
        self._last = record, found
        return found

    def by_influence(self, record: list[FactData], asked: set[FieldPlace]) -> FieldPlace | None:
        """The order of ``RuleBase.questions``."""
        found = self.questions(record).questions
        return next(((each.fact, each.field) for each in found if (each.fact, each.field) not in asked), None)

    def as_on_page(self, record: list[FactData], asked: set[FieldPlace]) -> FieldPlace | None:
        """The order of the page: the facts as they come, of each the fields of its kind before those of its role."""
        for fact in record:
            kind = self._rulebase.kinds[fact["kind"]]
            own = self._rulebase.program.own_fields(kind)
            for each in (*own, *(shared for shared in kind.fields if shared not in own)):
                place = (fact["id"], each.name)
                if each.name not in fact and each.type != "text" and place not in asked:
                    return place
        return None

    def kinds_only(self, record: list[FactData]) -> list[FactData]:
        """The facts of a record with nothing but what must be said."""
        kept: list[FactData] = []
        for fact in record:
            needed = {"id", "kind"} | {f.name for f in self._rulebase.kinds[fact["kind"]].fields if f.required}
            kept.append({name: value for name, value in fact.items() if name in needed})
        return kept

    def recover(self, record: list[FactData], order: AskingOrder, into: Recovered) -> None:
        """Ask about a record until its answers are used up, and count when the advice is that of the full record."""
        full, said = self.outcome(record), {fact["id"]: fact for fact in record}
        stated, asked = self.kinds_only(record), set[FieldPlace]()
        same = full.advises(self.outcome(stated))
        every, answered = [same], [same]
        while len(every) <= max(ASKED) or len(answered) <= max(ASKED):
            place = order(stated, asked)
            if place is None or len(every) > MOST_ASKED:
                break
            asked.add(place)
            fact, name = place
            if name in said.get(fact, {}):
                stated = [{**each, name: said[fact][name]} if each["id"] == fact else each for each in stated]
                same = full.advises(self.outcome(stated))
                answered.append(same)
            every.append(same)
        for count in ASKED:
            into.every[count] += every[min(count, len(every) - 1)]
            into.answered[count] += answered[min(count, len(answered) - 1)]

    def settle(self, record: list[FactData]) -> tuple[list[FactData], int] | None:
        """The record with its questions answered as is most usual until it is settled, and their number; None if it never is."""
        stated = self.kinds_only(record)
        for count in range(MOST_ASKED):
            found = self.questions(stated)
            if found.settled:
                return stated, count
            if not found.questions:
                return None
            stated = self._answered(stated, found.questions[0])
        return None

    def _answered(self, stated: list[FactData], question: Question) -> list[FactData]:
        kind = self._rulebase.kinds[question.kind]
        usual = usual_answers(self._rulebase.program, kind, kind.by_name[question.field], (1,))
        answer: Value = max(usual, key=lambda each: each[1])[0]
        value = list(answer) if isinstance(answer, tuple) else answer
        if question.pointer.startswith("/facts/-/"):
            return [*stated, {"id": question.fact, "kind": question.kind, question.field: value}]
        return [{**each, question.field: value} if each["id"] == question.fact else each for each in stated]


def measure(records: Sequence[list[FactData]], rulebase: RuleBase) -> Figures:
    """All figures for these records, each fact of which has an id."""
    asking = Asking(rulebase)
    found = Figures(len(records), Recovered(), Recovered(), [], 0, asking.seconds)
    rules = MeasuredRules(rulebase.program, asking.outcome, rulebase.certainty)
    for record in records:
        asking.recover(record, asking.by_influence, found.chosen)
        asking.recover(record, asking.as_on_page, found.page)
        if settled := asking.settle(record):
            found.settled.append(settled[1])
            found.refuted += is_refuted(settled[0], rules)
    return found


def records_of(files: Sequence[Path]) -> Iterator[list[FactData]]:
    """The facts of the cases, each with an id."""
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)["record"]
            given = record["facts"] if isinstance(record, dict) else record
            facts = [{name: value for name, value in fact.items() if value is not None} for fact in given]
            yield [{"id": f"fact {number}", **fact} for number, fact in enumerate(facts)]


def shown(found: Figures) -> str:
    """The figures as a table."""
    columns = {
        "chosen, answered": found.chosen.answered,
        "page, answered": found.page.answered,
        "chosen, every": found.chosen.every,
        "page, every": found.page.every,
    }
    lines = [f"{found.cases} cases: share with verdict and first step of the full record"]
    lines.append("asked" + "".join(f"  {name}" for name in columns))
    for count in ASKED:
        shares = (f"{each[count] / found.cases:>{len(name) + 2}.3f}" for name, each in columns.items())
        lines.append(f"{count:>5}" + "".join(shares))
    times = sorted(1000 * each for each in found.seconds)
    after = median(found.settled) if found.settled else 0
    lines.append(f"settled by usual answers: {len(found.settled)}, after {after:g} questions (median)")
    lines.append(f"refuted by trying all single answers: {found.refuted}")
    lines.append(f"processor time of a list: {median(times):.0f} ms (median), {times[len(times) * 9 // 10]:.0f} ms (nine tenths)")
    return "\n".join(lines)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, default=[CASES / name for name in FILES])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth case")
    options = parser.parse_args()
    print(shown(measure(list(records_of(options.files))[:: options.every], misstep.RuleBase.shipped())))


if __name__ == "__main__":
    main()
