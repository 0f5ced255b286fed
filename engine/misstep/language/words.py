"""How people tell of the kinds of a rule base, as packs declare it: plain data, checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from misstep.language.facts import Field


@dataclass(frozen=True, slots=True)
class FieldWords:
    """How a field is told: ``says``, wordings for each of its values; ``near``, words that stand by its number; ``counts``, what
    its number counts; ``told_with``, words one of which stands in the same clause; ``against``, wordings that speak against it in
    their sentence."""

    field: Field
    says: tuple[tuple[object, tuple[str, ...]], ...] = ()
    near: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    told_with: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KindWords:
    """How a kind is told: wordings and whole sentences; wordings ``against`` it; and the kinds that it is meant ``instead_of``
    where the same words tell both."""

    says: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    fields: tuple[FieldWords, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of all kinds that have any, by kind, and the words of each term, by its name."""

    kinds: dict[str, KindWords] = field(default_factory=dict)
    terms: dict[str, tuple[str, ...]] = field(default_factory=dict)
