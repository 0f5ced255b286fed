"""Which conditions of rules the cases of packs have seen true and false, each as it was evaluated.

A condition is judged where all that its rule asks for before it holds; one inside of ``unless``, ``exists`` or an aggregate at
each fact that this looks at. Of conditions joined by ``or`` the later ones are judged where the earlier ones do not hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from misstep.analysis.rule_parts import RulePart, fire_alone, parts_of_rule, with_blocking, with_parts
from misstep.errors import Location
from misstep.evaluate.codegen import generate
from misstep.evaluate.memory import Memory
from misstep.language.expression import Expression, IfElse, Logic, Not
from misstep.language.expression_text import expression_text
from misstep.language.program import FINDING, OUTLOOK, Aggregate, Condition, Existence, Pattern, Program, Rule
from misstep.tools.lints.linted import LintedBase


@dataclass(frozen=True, slots=True)
class SeenCondition:
    """A condition of a rule, as packs write it, its place, and whether some case saw it true, and some case false."""

    rule: str
    text: str
    location: Location
    true: bool
    false: bool

    @property
    def unseen(self) -> str:
        """What no case saw, in words; empty if each was seen."""
        return {(True, True): "", (True, False): "false", (False, True): "true"}.get((self.true, self.false), "judged")


class _Atom(NamedTuple):
    """A condition without parts, and those that must hold for it to be judged."""

    test: Expression
    guards: tuple[Expression, ...]


class _Question(NamedTuple):
    """A condition of a rule, and the rules that match where it is true, and where it is false."""

    text: str
    place: tuple[str | int, ...]
    true: Rule
    false: Rule


def cover_conditions(base: LintedBase, memories: Sequence[Memory]) -> Iterator[SeenCondition]:
    """The conditions of all rules of the packs, in the order of the rules, as the cases have seen them. ``memories``: those of
    the cases, after all rules have run."""
    program = base.program
    kinds_of_cases = [{*memory.rows} for memory in memories]
    for rule, entry in base.rules():
        needed = [frozenset(pattern.kinds) for pattern in rule.patterns if pattern.over != OUTLOOK]
        near = [
            memory
            for memory, there in zip(memories, kinds_of_cases, strict=True)
            if not any(there.isdisjoint(kinds) for kinds in needed)
        ]
        for question in _questions(rule, base):
            true, false = (_matches(each, near, program) for each in (question.true, question.false))
            yield SeenCondition(rule.id, question.text, entry.place(*question.place), true, false)


def _matches(rule: Rule, memories: Iterable[Memory], program: Program) -> bool:
    generated = generate(rule, program.kinds)
    return any(fire_alone(generated, memory).notes for memory in memories)


def _questions(rule: Rule, base: LintedBase) -> Iterator[_Question]:
    """The conditions of a rule, each where all that comes before it holds."""
    entry = base.merged.rules[rule.id]
    places = dict(zip(map(id, rule.conditions), base.merged.condition_places[rule.id], strict=False))
    places |= {id(binder): path for path, binder in base.binders(rule, entry)}
    parts = parts_of_rule(rule)
    written = {(id(test), condition.needs): condition for condition in rule.conditions for test in _operands(condition.test)}
    existences = {id(each.pattern): each for each in rule.existences}
    asked: set[int] = set()
    for i, part in enumerate(parts):
        before = with_parts(rule, parts[:i])
        match part:
            case Condition(test, needs):
                place = places.get(id(written[id(test), needs]), ())
                yield from _atoms_of(before, test, needs, place)
            case Aggregate(conditions=conditions):
                yield from _inside(before, part.pattern, conditions, part.needs, places.get(id(part), ()))
            case Existence() if id(part.pattern) not in asked:
                asked.add(id(part.pattern))
                whole = existences[id(part.pattern)]
                place = places.get(id(whole), ())
                yield _of_existence(rule, parts[:i], whole, place)
                if not whole.taken:
                    yield from _inside(before, whole.pattern, whole.conditions, whole.needs, place)


def _operands(test: Expression) -> tuple[Expression, ...]:
    return test.operands if isinstance(test, Logic) and test.operator == "and" else (test,)


def _of_existence(rule: Rule, before: Sequence[RulePart], existence: Existence, place: tuple[str | int, ...]) -> _Question:
    """Whether there is a fact that ``unless``, ``exists``, ``least`` or ``most`` looks for."""
    there, none = (with_parts(rule, [*before, replace(existence, negated=negated)]) for negated in (False, True))
    if existence.taken:
        there = with_blocking(with_parts(rule, before), existence) or there
    where = " and ".join(map(expression_text, existence.conditions))
    word = "most or least" if existence.taken else "unless" if existence.negated else "exists"
    kinds = " or ".join(existence.pattern.kinds[:3])
    of = f"finding of {kinds}" if existence.pattern.over == FINDING else kinds
    return _Question(f"{word} {of}" + (f" where {where}" if where else ""), place, there, none)


def _inside(
    before: Rule, pattern: Pattern, conditions: Sequence[Expression], needs: frozenset[str], place: tuple[str | int, ...]
) -> Iterator[_Question]:
    """The conditions inside of an existence or aggregate, judged at each fact that it looks at."""
    if conditions:
        with_fact = replace(before, binders=(*before.binders, pattern))
        test = Logic("and", tuple(conditions)) if len(conditions) > 1 else conditions[0]
        yield from _atoms_of(with_fact, test, needs | {pattern.name}, place)


def _atoms_of(before: Rule, test: Expression, needs: frozenset[str], place: tuple[str | int, ...]) -> Iterator[_Question]:
    for atom in _atoms(test, ()):
        guarded = (*before.conditions, *(Condition(guard, needs) for guard in atom.guards))
        true, false = (
            replace(before, conditions=(*guarded, Condition(outcome, needs))) for outcome in (atom.test, Not(atom.test))
        )
        yield _Question(expression_text(atom.test), place, true, false)


def _atoms(test: Expression, guards: tuple[Expression, ...]) -> Iterator[_Atom]:
    match test:
        case Logic(operator, operands):
            for operand in operands:
                yield from _atoms(operand, guards)
                guards = (*guards, operand if operator == "and" else Not(operand))
        case Not(operand):
            yield from _atoms(operand, guards)
        case IfElse(condition, then, otherwise):
            yield from _atoms(condition, guards)
            yield from _atoms(then, (*guards, condition))
            yield from _atoms(otherwise, (*guards, Not(condition)))
        case _:
            yield _Atom(test, guards)
