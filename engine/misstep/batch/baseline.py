"""Compare two rule bases on the same records: which answers change, how often, and which rules change them.

A ``Comparison`` is a tally of whole numbers: parts of a log can be compared separately and merged in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from misstep.api import RuleBase
from misstep.assessment.records import RecordLike
from misstep.batch.columns import SCORES, RecordRows, RowsOrError, read_result, rows_or_error
from misstep.batch.responsible import ASPECTS, Aspect, responsible_rules
from misstep.errors import RecordError

Responsible = Callable[[Collection[Aspect]], set[str]]
"""The ids of the rules that changed some aspects of an answer."""
EXAMPLES = 10
_SCORES = [name for name, _ in SCORES]
_COUNTS = ("compared", "only_baseline", "only_rules", "neither", "changed", "unexplained")


class ComparedRules(NamedTuple):
    """A rule base; ``bands``: its words for severity, mildest first; ``outlook``: whether it has outlooks."""

    name: str
    version: str
    digest: str
    bands: tuple[str, ...]
    record: str = "record"
    records: str = "records"
    outlook: bool = True


class ComparedAnswer(NamedTuple):
    """The answer of one rule base to an interview; ``damage`` in tenths of a percent."""

    damage: int
    band: str
    verdict: str
    first_action: str | None
    outlook: str


class ChangedInterview(NamedTuple):
    """An interview with two different answers: its place, both answers, and the responsible rules."""

    file: str
    row: int
    id: str | None
    before: ComparedAnswer
    after: ComparedAnswer
    rules: tuple[str, ...]

    @property
    def damage_change(self) -> int:
        """In tenths of a percent; above 0 for worse."""
        return self.after.damage - self.before.damage


@dataclass(slots=True)
class Comparison:
    """The changes from the ``baseline`` to the ``rules``. Only ``add`` and ``merge`` change it.

    ``compared``: interviews that both could read; ``only_baseline``, ``only_rules`` and ``neither``: the others. ``changed``:
    interviews with a change in more than the damage; ``changes``: interviews by changed aspect. ``matrix``: interviews by band
    before, then by band after. ``damage_change``: the sum, in tenths of a percent. ``responsible``: changed interviews by rule;
    ``unexplained``: changed interviews without a responsible rule: the scale or an action differs.
    """

    baseline: ComparedRules
    rules: ComparedRules
    compared: int = 0
    only_baseline: int = 0
    only_rules: int = 0
    neither: int = 0
    changed: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    matrix: list[list[int]] = field(default_factory=list)
    damage_change: int = 0
    responsible: Counter[str] = field(default_factory=Counter)
    unexplained: int = 0
    examples: list[ChangedInterview] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.matrix = self.matrix or [[0] * len(self.rules.bands) for _ in self.baseline.bands]

    @classmethod
    def between(cls, baseline: RuleBase, rules: RuleBase) -> Comparison:
        """An empty comparison of two rule bases."""
        return cls(_rules(baseline), _rules(rules))

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        """The aspects of an answer that at least one of them has."""
        return tuple(each for each in ASPECTS if each != "outlook" or self.baseline.outlook or self.rules.outlook)

    @property
    def mean_damage_change(self) -> float | None:
        """In percent, over the interviews that both could read."""
        return self.damage_change / 10 / self.compared if self.compared else None

    def add(self, before: RowsOrError, after: RowsOrError, file: str, row: int, responsible: Responsible) -> None:
        """Add the rows of one record, with the baseline and with the rules; ``responsible`` is asked where they differ."""
        if isinstance(before, RecordError) or isinstance(after, RecordError):
            self.neither += isinstance(before, RecordError) and isinstance(after, RecordError)
            self.only_baseline += not isinstance(before, RecordError)
            self.only_rules += not isinstance(after, RecordError)
            return
        old, new = _answer(before), _answer(after)
        self.compared += 1
        self.matrix[self.baseline.bands.index(old.band)][self.rules.bands.index(new.band)] += 1
        self.damage_change += new.damage - old.damage
        self.changes["damage"] += old.damage != new.damage
        changed: list[Aspect] = [aspect for aspect in ASPECTS if getattr(old, aspect) != getattr(new, aspect)]
        if changed:
            rules = responsible(changed)
            self.changed += 1
            self.changes.update(changed)
            self.responsible.update(rules)
            self.unexplained += not rules
            self._keep([ChangedInterview(file, row, after.id, old, new, tuple(sorted(rules)))])

    def merge(self, other: Comparison) -> None:
        """Add a comparison of the same two rule bases on other records."""
        assert (self.baseline, self.rules) == (other.baseline, other.rules), "comparisons of different rule bases"
        for name in (*_COUNTS, "changes", "damage_change", "responsible"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.matrix = [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(self.matrix, other.matrix, strict=True)]
        self._keep(other.examples)

    def _keep(self, examples: Iterable[ChangedInterview]) -> None:
        """Keep the largest changes of damage; of equal ones, the first."""
        self.examples = sorted([*self.examples, *examples], key=lambda e: (-abs(e.damage_change), e.file, e.row))[:EXAMPLES]

    def most_responsible(self) -> list[tuple[str, int]]:
        """The responsible rules with their numbers of changed interviews, most first, then by id."""
        return sorted(self.responsible.items(), key=lambda item: (-item[1], item[0]))

    def to_json(self) -> dict[str, Any]:
        """As plain data, in an order that does not depend on the order of the records."""
        return {
            "baseline": self.baseline._asdict(),
            "rules": self.rules._asdict(),
            "compared": self.compared,
            "only_baseline": self.only_baseline,
            "only_rules": self.only_rules,
            "neither": self.neither,
            "changed": self.changed,
            "changes": {what: self.changes[what] for what in (*ASPECTS, "damage")},
            "matrix": self.matrix,
            "damage_change": self.damage_change / 10,
            "mean_damage_change": self.mean_damage_change,
            "responsible": dict(self.most_responsible()),
            "unexplained": self.unexplained,
            "examples": [
                {**e._asdict(), "before": _answer_json(e.before), "after": _answer_json(e.after)} for e in self.examples
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparison:
        """The comparison from its ``to_json``."""
        return cls(
            baseline=_rules_from(data["baseline"]),
            rules=_rules_from(data["rules"]),
            changes=Counter({what: count for what, count in data["changes"].items() if count}),
            matrix=[list(row) for row in data["matrix"]],
            damage_change=round(data["damage_change"] * 10),
            responsible=Counter(data["responsible"]),
            examples=[_example_from(example) for example in data["examples"]],
            **{name: data[name] for name in _COUNTS},
        )


def compare(
    records: Iterable[bytes | str | Mapping[str, object] | Sequence[object]], rules: RuleBase, baseline: RuleBase, file: str = ""
) -> Comparison:
    """Compare two rule bases on records: JSON text, or its data. ``file``: the name of their file, for the examples.

    >>> compare(open("log.jsonl", "rb"), RuleBase.load("my-rules/"), RuleBase.shipped()).changes["band"]
    """
    comparison = Comparison.between(baseline, rules)
    for row, record in enumerate(records, start=1):
        text = record if isinstance(record, (bytes, str)) else orjson.dumps(record)
        before, after = rows_or_error(baseline, text), rows_or_error(rules, text)
        comparison.add(before, after, file, row, responsible_of(baseline, rules, text))
    return comparison


def responsible_of(
    baseline: RuleBase,
    rules: RuleBase,
    record: RecordLike | bytes | str,
    id: str | None = None,  # noqa: A002
) -> Responsible:
    """The ids of the rules that changed some aspects of the answer to a record; both rule bases run only when it is asked."""
    return lambda changed: responsible_rules(read_result(baseline, record, id), read_result(rules, record, id), changed)


def _example_from(data: Mapping[str, Any]) -> ChangedInterview:
    before, after = _answer_from(data["before"]), _answer_from(data["after"])
    return ChangedInterview(data["file"], data["row"], data["id"], before, after, tuple(data["rules"]))


def _rules(rulebase: RuleBase) -> ComparedRules:
    scale = rulebase.program.scale
    words, bands = scale.words, scale.severity.words
    name, version, digest = rulebase.program.name, rulebase.version, rulebase.digest
    return ComparedRules(name, version, digest, bands, words.record, words.records, scale.has_outlooks)


def _rules_from(data: Mapping[str, Any]) -> ComparedRules:
    return ComparedRules(**{**data, "bands": tuple(data["bands"])})


def _answer(rows: RecordRows) -> ComparedAnswer:
    values: dict[str, Any] = dict(zip(_SCORES, rows.scores, strict=True))
    return ComparedAnswer(damage=round(values["damage"] * 10), **{aspect: values[aspect] for aspect in ASPECTS})


def _answer_json(answer: ComparedAnswer) -> dict[str, object]:
    return {**answer._asdict(), "damage": answer.damage / 10}


def _answer_from(data: Mapping[str, Any]) -> ComparedAnswer:
    return ComparedAnswer(**{**data, "damage": round(data["damage"] * 10)})
