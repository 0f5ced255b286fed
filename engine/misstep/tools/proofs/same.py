"""Find out whether two rule bases give the same answers to every record: proved, refuted by a record, or not decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from misstep.assessment.assembly import Result
from misstep.assessment.planning import what_to_avoid
from misstep.assessment.scoring import outlook_limit
from misstep.errors import MisstepError
from misstep.language.facts import ID, KIND, Kind
from misstep.language.program import FINDING, Rule
from misstep.tools.proofs.one_fact import FactDependence
from misstep.tools.proofs.prove import BUDGET, ProofAnswer, deciding_budget, told_records
from misstep.tools.proofs.record_search import RecordMaker, SearchedRecord
from misstep.tools.proofs.smaller_records import smallest
from misstep.tools.proofs.telling_values import TellingValues
from misstep.tools.proofs.whole_space import EndlessSpace, WholeSpace
from misstep.tools.two_bases import LoadedBase, kinds_of_both

AnswerParts = dict[str, str]
"""An answer as text, part by part."""


@dataclass(frozen=True, slots=True)
class Sameness:
    """What was found out about two rule bases. ``record``: one with two answers, ``old`` and ``new``: the parts of them that
    differ."""

    answer: ProofAnswer
    method: str
    record: SearchedRecord | None = None
    old: AnswerParts | None = None
    new: AnswerParts | None = None

    @property
    def differs(self) -> bool | None:
        """Whether an answer differs; None where that is not known."""
        return {"proved": False, "refuted": True}.get(self.answer)


def find_sameness(old: LoadedBase, new: LoadedBase, seed: int = 1, budget: int = BUDGET) -> Sameness:
    """Whether two rule bases give the same answers to every record; at most ``budget`` records are assessed, by both."""
    if old.form.decides_as(new.form):
        return Sameness("proved", "they are equal but for names of rules, words and order")
    comparing = _Comparing(old, new, budget)
    proved, suspects = comparing.by_whole_space()
    if proved:
        return Sameness("proved", proved)
    record = comparing.search(suspects, seed)
    if record is None:
        method = f"no difference in {comparing.assessed:,} records with {comparing.facts:,} facts, seed {seed}"
        return Sameness("not decided", method + deciding_budget(comparing.enough))
    record = smallest(record, {**old.program.kinds, **new.program.kinds}, comparing.differ)
    answers = comparing.answers(record)
    one, other = ({part: answer.get(part, "") for part in dict.fromkeys((*answers[0], *answers[1]))} for answer in answers)
    parts = [part for part in one if one[part] != other[part]]
    return Sameness("refuted", "by a record", record, {part: one[part] for part in parts}, {part: other[part] for part in parts})


class _Comparing:
    """Compares the answers of two rule bases. ``assessed``: the records so far, ``facts``: the facts in them; ``enough``: records
    that would decide it, if the budget were greater."""

    def __init__(self, old: LoadedBase, new: LoadedBase, budget: int) -> None:
        self.bases = (old, new)
        self.budget = budget
        self.assessed = 0
        self.facts = 0
        self.enough: WholeSpace | None = None
        self._kinds = kinds_of_both(self.bases)
        self._values = TellingValues([old.program, new.program])

    def answers(self, record: SearchedRecord) -> tuple[AnswerParts, AnswerParts]:
        """Both answers to a record."""
        self.assessed += 1
        self.facts += len(record)
        one, other = (_answer(base, record, self._kinds) for base in self.bases)
        return one, other

    def differ(self, record: SearchedRecord) -> bool:
        """Whether the answers to a record differ."""
        one, other = self.answers(record)
        return one != other

    def search(self, suspects: list[SearchedRecord], seed: int) -> SearchedRecord | None:
        """A record with two answers."""
        old, new = self.bases
        wanted = [rule.patterns for rule in (*old.rules_beside(new), *new.rules_beside(old))]
        maker = RecordMaker([old.program, new.program], self._values, wanted, seed)
        told = chain(told_records(old.merged), told_records(new.merged))
        for record in chain(suspects, told, maker.records()):
            if self.assessed >= self.budget:
                return None
            if self.differ(record):
                return record
        return None

    def by_whole_space(self) -> tuple[str, list[SearchedRecord]]:
        """How the answers are proved to be the same by all records of one fact and settings; or else the record that has two.

        Where the rules that only one of both has look at facts one by one, what they conclude of a record is what they conclude
        of its facts. If both conclude the same, all other rules see the same, and so does the plan.
        """
        old, new = self.bases
        own = (old.rules_beside(new), new.rules_beside(old))
        if old.form.but_kinds != new.form.but_kinds or not self._same_kinds():
            return "", []
        deciding: list[Rule] = []
        starts: set[str] = set()
        for base, rules in zip(self.bases, own, strict=True):
            depends = FactDependence(base.program)
            patterns = [pattern for rule in rules for pattern in rule.all_patterns]
            deciding += (behind := [*rules, *depends.feeding(patterns)])
            scored = any(pattern.over == FINDING for rule in behind for pattern in rule.all_patterns)
            if scored or not all(map(depends.is_plain, behind)):
                return "", []
            starts |= depends.starting(patterns)
        try:
            space = WholeSpace(old.program, deciding, starts, self._values)
        except EndlessSpace:
            return "", []
        if space.size > self.budget:
            self.enough = space
            return "", []
        for record in space.records():
            try:
                one, other = (
                    _conclusions(base.rulebase.evaluate(record), {*rules}, self._kinds)
                    for base, rules in zip(self.bases, own, strict=True)
                )
            except MisstepError:
                return "", []
            if one != other:
                return "", [record]
        return f"enumeration: all {space}", []

    def _same_kinds(self) -> bool:
        """Whether kinds differ at most by derived ones that only one of both has."""
        old, new = self.bases
        own = old.form.kinds.items() ^ new.form.kinds.items()
        return all((name not in self._kinds) and _kind(old, new, name).role == "derived" for name, _ in own)


def _kind(old: LoadedBase, new: LoadedBase, name: str) -> Kind:
    return old.program.kinds.get(name) or new.program.kinds[name]


def _conclusions(result: Result, rules: Collection[Rule], kinds: Collection[str]) -> list[Counter[object]]:
    """All that some rules concluded of a record, as far as others may see it: of derived facts those of some kinds."""
    memory = result.memory
    added, least = Counter[object](), Counter[object]()
    for each in memory.contributions:
        if each.rule in rules:
            target = None if each.mistake is None else each.mistake[ID]
            if each.dimension == "verdict":
                least[target] = max(least[target], each.amount)
            else:
                added[target, each.dimension] += each.amount
    advised = (each for each in memory.recommendations if each.rule in rules)
    limits = (outlook_limit(each) for each in memory.outlooks if each.rule in rules)
    seen = (row for row, by in memory.derivations.items() if row[KIND] in kinds and any(rule in rules for rule, _ in by))
    return [
        added,
        least,
        Counter((each.action, each.mistakes, each.relief, each.due_hours) for each in advised),
        Counter((each.action, each.mistakes) for each in memory.vetoes if each.rule in rules),
        Counter(limits),
        Counter(row[KIND:] for row in seen),
    ]


def _answer(base: LoadedBase, record: SearchedRecord, kinds: Collection[str]) -> AnswerParts:
    """The answer of a rule base to a record, without texts and reasons; of derived facts those of some kinds."""
    try:
        result = base.rulebase.evaluate(record)
    except MisstepError as error:
        return {"refused": error.problems[0].message}
    outline = base.rulebase.outline(result)
    parts = {name: _text(outline[name]) for name in ("damage", "damage_after", "band", "verdict", "outlook", "acts")}
    for finding in outline["findings"]:
        scores = {name: value for name, value in finding.items() if name not in ("fact", "kind", "title")}
        parts |= {f"{finding['fact']}.{name}": _text(value) for name, value in scores.items()}
    parts["steps"] = "; ".join(map(_step, outline["steps"]))
    avoided = what_to_avoid(result.memory.vetoes, result.plan, base.program)
    parts["avoid"] = ", ".join(sorted(each.action.id for each in avoided))
    derived = (row for row in result.memory.derivations if row[KIND] in kinds)
    parts["derived"] = "; ".join(sorted(" ".join(map(_text, row[KIND:])) for row in derived))
    return parts


def _step(step: Mapping[str, Any]) -> str:
    due = "" if step["due_hours"] is None else f"within {step['due_hours']:g} hours"
    place = " ".join(filter(None, (step["occasion"], step["channel"], due)))
    return f"{', '.join(step['actions'])} ({place})" if place else ", ".join(step["actions"])


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return "unknown" if value is None else str(value).lower()
    return f"{value:g}" if isinstance(value, float) else ", ".join(value) if isinstance(value, tuple) else str(value)
