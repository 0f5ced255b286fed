"""What holds of every answer, whatever the rules are: by how findings are scored and plans are made."""

from __future__ import annotations

from collections.abc import Iterator

from misstep.language.expression import Compare, Expression, FieldRef, Known, Literal, Logic, Lookup, Not
from misstep.language.operators import Comparator
from misstep.language.program import REPAIRS, Program, Rule
from misstep.language.scale import Scale

OUTWARD = (REPAIRS, "plain")
"""The reaches of actions of which the other side hears."""


def laws_of_answers(scale: Scale, answer: str) -> Iterator[Expression]:
    """Conditions that hold of an answer, by the name that a promise has for it."""
    yield _compared(answer, "damage_after", "<=", FieldRef(answer, "damage"))
    yield Logic("or", (Not(FieldRef(answer, "acts")), _reaches(answer, REPAIRS)))
    for verdict, hours in scale.act_within.items():
        due = FieldRef(answer, "due_hours")
        in_time = Logic("and", (Known(due), _compared(answer, "due_hours", "<=", Literal(hours))))
        other = _compared(answer, "verdict", "!=", Literal(verdict))
        yield Logic("or", (other, in_time))
        yield Logic("or", (other, *(_reaches(answer, reach) for reach in OUTWARD)))
    if scale.unable:
        other = _compared(answer, "verdict", "!=", Literal(scale.unable))
        yield Logic("or", (other, Logic("and", tuple(Not(_reaches(answer, reach)) for reach in OUTWARD))))


def laws_without_mistakes(answer: str) -> Iterator[Expression]:
    """The same of an answer to a record without mistakes: there is nothing to score, and nothing to put right."""
    yield Not(FieldRef(answer, "acts"))
    for score in ("damage", "damage_after", "severity"):
        yield _compared(answer, score, "==", Literal(0))


def finds_no_mistake(rule: Rule, program: Program) -> bool:
    """Whether a rule matches only where a record has no mistakes."""
    return any(
        each.negated and not each.conditions and not each.taken and program.mistakes <= set(each.pattern.kinds)
        for each in rule.existences
    ) and not any(program.mistakes & set(pattern.kinds) for pattern in rule.patterns)


def _compared(answer: str, field: str, operator: Comparator, other: FieldRef | Literal) -> Expression:
    return Compare((operator,), (FieldRef(answer, field), other))


def _reaches(answer: str, reach: str) -> Expression:
    return Lookup(Literal(reach), FieldRef(answer, "reaches"), negated=False)
