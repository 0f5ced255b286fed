"""Measure what single rules cost on a log, and how often they are looked at and fire.

The engine runs rules that start from the same facts in one loop, so no clock can tell them apart there. Here each rule is a
function of its own, and runs on all that is known of a record in the end. That says what rules cost beside each other, and not
what the engine takes for them together, which is measured apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter_ns

from misstep.api import RuleBase
from misstep.assessment.assembly import Result
from misstep.assessment.records import RecordLike
from misstep.evaluate.codegen import Generated, generate
from misstep.evaluate.memory import CONCLUSIONS, Match, Memory, extent_of
from misstep.language.facts import Row
from misstep.language.program import Rule

REPEATS = 3
"""Each time is the least of so many: what else the machine does only adds to it."""


@dataclass(slots=True)
class RuleCost:
    """A rule on a log: the records with facts for each of its patterns, those in which it fires, its matches in all, and the time
    that it takes alone, in nanoseconds."""

    rule: str
    looked_at: int = 0
    fired: int = 0
    matches: int = 0
    nanoseconds: int = 0


@dataclass(slots=True)
class LogProfile:
    """What a log costs: nanoseconds of whole assessments in Python, from facts to JSON; of these without words, which is rules,
    scores and plans; and each rule alone."""

    records: int = 0
    assessing: int = 0
    concluding: int = 0
    rules: dict[str, RuleCost] = field(default_factory=dict)

    @property
    def costs(self) -> list[RuleCost]:
        """The rules, what costs most first."""
        return sorted(self.rules.values(), key=lambda cost: (-cost.nanoseconds, cost.rule))

    @property
    def alone(self) -> int:
        """The nanoseconds of all rules, each alone."""
        return sum(cost.nanoseconds for cost in self.rules.values())

    def to_data(self) -> dict[str, object]:
        """The same as data, with times in microseconds."""
        return {
            "records": self.records,
            "assessing_us": self.assessing / 1000,
            "concluding_us": self.concluding / 1000,
            "rules_alone_us": self.alone / 1000,
            "rules": [
                {"rule": c.rule, "looked_at": c.looked_at, "fired": c.fired, "matches": c.matches, "us": c.nanoseconds / 1000}
                for c in self.costs
            ],
        }


class RuleProfiler:
    """Measures records of one rule base."""

    def __init__(self, rulebase: RuleBase) -> None:
        self._rulebase = rulebase
        self._functions: dict[str, Generated] = {}
        self.profile = LogProfile(rules={rule: RuleCost(rule) for rule in rulebase.program.rules})

    def add(self, record: RecordLike) -> None:
        """Measure a record. Raises RecordError, BudgetError."""
        rulebase, profile = self._rulebase, self.profile
        result = rulebase.evaluate(record)
        profile.records += 1
        profile.assessing += _least(lambda: rulebase.to_json(rulebase.evaluate(record)))
        profile.concluding += _least(lambda: rulebase.evaluate(record))
        for rule, matches in Counter(_matches(result.memory)).items():
            profile.rules[rule.id].fired += 1
            profile.rules[rule.id].matches += matches
        self._time_rules(result)

    def _time_rules(self, result: Result) -> None:
        memory = result.memory
        extents: dict[str, list[Row]] = {}
        for rule in self._rulebase.program.rules.values():
            if not all(extent_of(memory.rows, pattern.over, pattern.kinds) for pattern in rule.patterns):
                continue
            cost, function = self.profile.rules[rule.id], self._function(rule)
            for key, pattern in function.patterns.items():
                if key not in extents:
                    extents[key] = extent_of(memory.rows, pattern.over, pattern.kinds)
            cost.looked_at += 1
            cost.nanoseconds += _least(partial(function.fire, memory, extents))

    def _function(self, rule: Rule) -> Generated:
        if rule.id not in self._functions:
            self._functions[rule.id] = generate(rule, self._rulebase.program.kinds)
        return self._functions[rule.id]


def _least(run: Callable[[], object]) -> int:
    times = []
    for _ in range(REPEATS):
        start = perf_counter_ns()
        run()
        times.append(perf_counter_ns() - start)
    return min(times)


def _matches(memory: Memory) -> Iterable[Rule]:
    """The rule of each match that fired."""
    found: set[tuple[Rule, Match]] = {(c.rule, c.match) for name in CONCLUSIONS for c in getattr(memory, name)}
    found.update(pair for derivations in memory.derivations.values() for pair in derivations)
    return [rule for rule, _ in found]
