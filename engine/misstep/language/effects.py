"""The effects of rules, an entry for each key of ``then``.

Packs are linked, documents written and conclusions kept by this table; ``docs/rule-packs.md`` has a row for each entry, and
``tests/evaluate/test_tables.py`` fails where an entry lacks one of its parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, LiteralString, NamedTuple, get_args

from misstep.language.answer_words import Dimension
from misstep.language.expression import Expression, FieldRef
from misstep.language.expression import Literal as LiteralNode

EffectKey = Literal[
    "severity", "relief", "noticed", "urgency", "verdict", "overall", "outlook", "derive", "recommend", "veto", "note"
]


@dataclass(frozen=True, slots=True)
class Text:
    """Text with places for values: a tuple of literal parts, field references, names of aggregates, and constants."""

    parts: tuple[str | FieldRef | Placeholder | LiteralNode, ...]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """The value of an aggregate inside a text."""

    name: str


@dataclass(frozen=True, slots=True)
class Contribute:
    """Adds ``amount`` to a dimension of the mistake bound to ``target`` (of the interview for ``overall``).

    For ``verdict`` the amount is a rank in ``Scale.verdicts`` and the greatest wins.
    """

    dimension: Dimension
    target: str
    amount: Expression


@dataclass(frozen=True, slots=True)
class Derive:
    """Concludes a fact; ``values`` in the order of the kind's fields, None for unknown."""

    kind: str
    values: tuple[Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Recommend:
    """Recommends an action for the mistakes bound to ``targets``; none: for the interview. None: the action's own value."""

    action: str
    targets: tuple[str, ...]
    relief: Expression | None
    due_hours: Expression | None


@dataclass(frozen=True, slots=True)
class Veto:
    """An action is not to be done for the mistakes bound to ``targets``; none: not at all."""

    action: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A remark for the notes of the assessment."""

    text: Text


@dataclass(frozen=True, slots=True)
class LimitOutlook:
    """The outlook is at most this good: ``rank`` in ``Scale.outlooks``, best first."""

    rank: int


Effect = Contribute | Derive | Recommend | Veto | Note | LimitOutlook


class EffectForm(NamedTuple):
    """A key of ``then``, and the effect that it stands for.

    ``conclusions``: the list of working memory that it adds to. ``writes``: the node of the strata that waits for it, besides
    derived kinds. ``score``: the score that an amount changes, and ``sign`` the direction; ``unit``: the words that
    documents put behind the amount.
    """

    effect: type[Effect]
    conclusions: Literal["contributions", "outlooks", "derivations", "recommendations", "vetoes", "notes"]
    writes: Literal["finding", "outlook", ""] = ""
    score: Literal["severity", "noticed", "urgency", ""] = ""
    sign: int = 1
    unit: LiteralString = ""


EFFECTS: dict[EffectKey, EffectForm] = {
    "severity": EffectForm(Contribute, "contributions", "finding", "severity"),
    "relief": EffectForm(Contribute, "contributions", "finding", "severity", -1, ", once all else is added up"),
    "noticed": EffectForm(Contribute, "contributions", "finding", "noticed", unit=" doublings of the odds"),
    "urgency": EffectForm(Contribute, "contributions", "finding", "urgency"),
    "verdict": EffectForm(Contribute, "contributions", "finding"),
    "overall": EffectForm(Contribute, "contributions", "finding", "severity"),
    "outlook": EffectForm(LimitOutlook, "outlooks", "outlook"),
    "derive": EffectForm(Derive, "derivations"),
    "recommend": EffectForm(Recommend, "recommendations"),
    "veto": EffectForm(Veto, "vetoes"),
    "note": EffectForm(Note, "notes"),
}
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


def amounts_of(effect: Effect) -> list[Expression]:
    """The expressions that an effect computes by, in written order."""
    amounts: tuple[Expression | None, ...] = ()
    match effect:
        case Contribute(amount=amount):
            amounts = (amount,)
        case Derive(values=values):
            amounts = values
        case Recommend(relief=relief, due_hours=due):
            amounts = (relief, due)
    return [amount for amount in amounts if amount is not None]
