"""Prove promises: by the values that their conditions allow, by what rules read, or by assessing every record that differs.

Records have no end, so the last way is open only where rules look at facts one by one: see one_fact.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from misstep.language.expression import Compare, Expression, FieldRef, Logic, Not, names_in, walk, with_name
from misstep.language.operators import COMPARISONS
from misstep.language.program import FINDING, Pattern, Program, Rule
from misstep.language.promise import AFTER, ANSWER, BEFORE, Promise
from misstep.rulebase.field_use import FieldKey, expressions_of
from misstep.rulebase.link_promises import promised_kinds
from misstep.tools.lints.rule_conditions import ConditionReader, TooManyBoxes, ValueKnowledge
from misstep.tools.proofs.added_signs import MoveDirection, moves_one_way
from misstep.tools.proofs.answer_laws import finds_no_mistake, laws_of_answers, laws_without_mistakes
from misstep.tools.proofs.one_fact import FactDependence, adds_up
from misstep.tools.proofs.telling_values import TellingValues
from misstep.tools.proofs.whole_space import EndlessSpace, WholeSpace

ADDED_UP = ("severity", "noticed", "urgency", "damage")
"""What an answer has of its findings so that a worse one never makes it less: the greatest of them, or the chance of any."""
STEPPED = ("higher", "lower", "worse")
"""Changes that are made of steps to the next value."""
SCORED = (*ADDED_UP, "band")
"""What an answer has of the amounts that rules add up, and of nothing else."""


class PromiseProver:
    """Proves promises of one program, or finds the records that do."""

    def __init__(self, program: Program) -> None:
        answers = {kind.name: kind for kind in promised_kinds(program).values()}
        self._program = replace(program, kinds={**program.kinds, **answers})
        self._knowledge = ValueKnowledge(self._program)
        self._dependence = FactDependence(program)
        self._read = {rule: _read_fields(rule) for rule in program.rules.values()}

    def breach_alone(self, promise: Promise) -> Program:
        """The program with no rule but that which notes how a promise is broken, for what is found out from programs alone."""
        return replace(self._program, rules={promise.name: promise.breach})

    def by_reading(self, promise: Promise) -> str:
        """How a promise is proved without a record; empty where it is not."""
        if self._never(promise, _tests(promise)):
            return "value sets: its conditions exclude each other"
        if not promise.two_answers and self._breaks_laws(promise):
            return "laws of answers: no plan or score is made so, whatever the rules"
        if promise.two_answers and self.keeps_same(promise) and not self._is_read(promise):
            return "reading: no rule that bears on it reads the difference"
        if promise.added is not None and self._only_adds(promise):
            return "reading: no rule reads it together with other facts, so it only adds"
        if promise.added is not None and self._moves_one_way(promise):
            return "signs: the rules that it starts or stops move scores one way only"
        return ""

    def keeps_same(self, promise: Promise) -> bool:
        """Whether a promise of two answers is kept where both are the same."""
        return self._never(promise, [with_name(test, AFTER, BEFORE) for test in _tests(promise)])

    def whole_space(self, promise: Promise, values: TellingValues) -> WholeSpace | None:
        """Records of which one breaks a promise if any does; None where they are not known, or have no end."""
        loose = self._dependence.loose(promise.when)
        deciding = self._deciding(promise, loose) if loose is not None and len(loose) <= 1 else None
        if loose is None or deciding is None:
            return None
        return self._space(promise, loose, deciding, values)

    def amounts_space(self, promise: Promise, values: TellingValues) -> tuple[WholeSpace, frozenset[Rule]] | None:
        """Records of one fact of which one shows if the amounts that rules add for a change ever go the wrong way; and these
        rules. What other rules add is the same before and after it, whatever they look at."""
        loose = self._dependence.loose(promise.when)
        if promise.change is None or not compared_scores(promise) or loose != [subject_of(promise)] or loose[0].over == FINDING:
            return None
        deciding = self._dependence.bearing(self._reading(promise))
        space = self._space(promise, loose, deciding, values)
        return None if space is None else (space, frozenset(deciding))

    def steps_suffice(self, promise: Promise) -> bool:
        """Whether a promise is kept by any change if it is kept by those to the next value: it compares scores alone, a change in
        a direction is made of such steps, and `when` asks nothing of the fact, so that it leaves out none in between."""
        when, name = promise.when, promise.subject
        tests = [*(each.test for each in when.conditions), *(test for each in when.existences for test in each.conditions)]
        asked = any(name in names_in(test) for test in tests)
        return promise.change is not None and promise.change.word in STEPPED and not asked and bool(compared_scores(promise))

    def _space(
        self, promise: Promise, loose: Sequence[Pattern], deciding: Sequence[Rule], values: TellingValues
    ) -> WholeSpace | None:
        """All records of one fact that differ to some rules, and to those that lead to what they look at; None where one of them
        is not plain, or the records have no end."""
        looked_at = (*promise.when.all_patterns, *(pattern for rule in deciding for pattern in rule.all_patterns))
        rules = [*dict.fromkeys((*deciding, *self._dependence.feeding(looked_at)))]
        if not all(map(self._dependence.is_plain, rules)):
            return None
        try:
            return WholeSpace(self._program, [*rules, promise.breach], self._dependence.starting(loose), values)
        except EndlessSpace:
            return None

    def _deciding(self, promise: Promise, loose: Sequence[Pattern]) -> list[Rule] | None:
        """The rules that decide what a promise reads of answers, where that of all records follows from records of one fact; None
        where it does not. Other findings stay as they are where only plain rules read what is changed, and of what is added up
        the answer never falls where a finding does not."""
        if not _reads_of_answers(promise):
            return []
        if not loose:
            every = [*self._program.rules.values()]
            return every if not self._program.mistakes and all(map(self._dependence.is_rooted, every)) else None
        kinds = loose[0].kinds
        one_changed = promise.change is not None and subject_of(promise) is loose[0] and self._program.mistakes.issuperset(kinds)
        if not one_changed or not compared_scores(promise):
            return None
        return [*dict.fromkeys((*self._dependence.bearing(self._reading(promise)), *self._dependence.adding_to(kinds)))]

    def _never(self, promise: Promise, tests: Iterable[Expression]) -> bool:
        """Whether some conditions of a promise never hold together."""
        try:
            return not ConditionReader(self._knowledge, promise.breach).boxes((test, True) for test in tests)
        except TooManyBoxes:
            return False

    def _breaks_laws(self, promise: Promise) -> bool:
        """Whether a breach of a promise would be none of the answers that are given. Laws are tried one by one, as they have
        alternatives, which multiply; then all that are about what the promise reads."""
        read, tests = _reads_of_answers(promise), _tests(promise)
        laws = [*laws_of_answers(self._program.scale, ANSWER)]
        if finds_no_mistake(promise.when, self._program):
            laws += laws_without_mistakes(ANSWER)
        laws = [law for law in laws if any(isinstance(ref, FieldRef) and ref.field in read for ref in walk(law))]
        return any(self._never(promise, (*tests, *some)) for some in (*((law,) for law in laws), laws))

    def _is_read(self, promise: Promise) -> bool:
        """Whether a rule reads what is changed or added, and so may change what the promise compares."""
        kinds = subject_of(promise).kinds
        if promise.change is None and not self._program.mistakes.isdisjoint(kinds):
            return True
        rules = self._reading(promise)
        return any(map(adds_up, self._dependence.bearing(rules))) if _reads_of_answers(promise) <= {*SCORED} else bool(rules)

    def _reading(self, promise: Promise) -> list[Rule]:
        """The rules that look at what is added, or read a field that is changed."""
        kinds, change = subject_of(promise).kinds, promise.change
        rules = self._dependence.looking_at(kinds)
        if change is None:
            return rules
        every = (field for kind in kinds for field in self._program.kinds[kind].fields)
        changed = {field.name for field in every if field.worse is not None} if change.field is None else {change.field}
        return [rule for rule in rules if not self._read[rule].isdisjoint((kind, name) for kind in kinds for name in changed)]

    def _only_adds(self, promise: Promise) -> bool:
        """Whether a mistake more leaves all other findings as they are, and the promise is that what is added up is not less."""
        kinds = subject_of(promise).kinds
        return (
            self._program.mistakes.issuperset(kinds)
            and {operator for _, operator in compared_scores(promise)} == {">="}
            and all(map(self._dependence.is_plain, self._dependence.bearing(self._dependence.looking_at(kinds))))
        )

    def _moves_one_way(self, promise: Promise) -> bool:
        """Whether a fact more moves all scores that the promise compares as it says. A mistake more may only raise them."""
        kinds = subject_of(promise).kinds
        direction = _DIRECTIONS.get(frozenset(operator for _, operator in compared_scores(promise)))
        lowers = direction == "down" and not self._program.mistakes.isdisjoint(kinds)
        assumed = any(self._program.kinds[kind].assumed for kind in kinds)  # one is there where the record gives none
        return (
            direction is not None
            and not lowers
            and not assumed
            and moves_one_way(self._program, self._knowledge, kinds, direction)
        )


_DIRECTIONS: dict[frozenset[str], MoveDirection] = {frozenset({"<="}): "down", frozenset({">="}): "up"}


def subject_of(promise: Promise) -> Pattern:
    """The pattern of what is changed or added."""
    return next(pattern for pattern in promise.when.patterns if pattern.name == promise.subject)


ComparedScores = frozenset[tuple[str, str]]
"""Scores with how that after a change is to the one before: ``>=``, ``<=`` or ``==``."""


def compared_scores(promise: Promise) -> ComparedScores:
    """How a promise compares scores after a change with the same ones before; none where it says anything else, or of what is
    not added up."""
    tests = _tests(promise)[len(promise.when.conditions) :]
    match tests:
        case [Not(Logic("and", parts))]:
            held = [_compared_score(part) for part in parts]
        case [Not(part)]:
            held = [_compared_score(part)]
        case [Compare() as part]:
            score, operator = _compared_score(part)
            held = [(score, _OPPOSITE.get(operator, ""))]
        case _:
            return frozenset()
    return frozenset(held) if {operator for _, operator in held} <= {">=", "<=", "=="} else frozenset()


_OPPOSITE = {"<": ">=", ">": "<=", "!=": "=="}


def _compared_score(node: Expression) -> tuple[str, str]:
    """The score that an expression compares after a change with the one before, and how; empty where it does not."""
    match node:
        case Compare((operator,), (FieldRef(one, score), FieldRef(other, same))) if score == same and score in ADDED_UP:
            if (one, other) == (AFTER, BEFORE):
                return score, operator
            if (one, other) == (BEFORE, AFTER):
                return score, COMPARISONS[operator].mirrored
    return "", ""


def _tests(promise: Promise) -> list[Expression]:
    return [condition.test for condition in promise.breach.conditions]


def _reads_of_answers(promise: Promise) -> set[str]:
    """The fields of answers that a promise reads; without any it speaks of facts and findings alone."""
    refs = (ref for test in _tests(promise) for ref in walk(test) if isinstance(ref, FieldRef))
    return {ref.field for ref in refs if ref.name in (ANSWER, BEFORE, AFTER)}


def _read_fields(rule: Rule) -> set[FieldKey]:
    """The fields that a rule reads."""
    return {
        (kind, ref.field)
        for node, patterns in expressions_of(rule)
        for ref in walk(node)
        if isinstance(ref, FieldRef) and ref.name in patterns
        for kind in patterns[ref.name].kinds
    }
