"""Read records that call kinds and fields by their old names: packs declare these with ``was``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from misstep.errors import Location, Problem, to_pointer
from misstep.language.facts import Kind


class RenewedFacts(NamedTuple):
    """Facts with the names of today. ``given``: the old name that a fact has for a field, by its place and the new name;
    ``problems``: facts that have a value under two names of a field."""

    facts: list[object]
    given: Mapping[tuple[str | int, ...], str]
    problems: list[Problem]


class OldNames:
    """The old names of some kinds and of their fields. Immutable, safe from many threads."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        kinds = list(kinds)
        self._kinds = {old: kind.name for kind in kinds for old in kind.was}
        fields = {kind.name: {old: field.name for field in kind.fields for old in field.was} for kind in kinds}
        self._fields = {kind: of_kind for kind, of_kind in fields.items() if of_kind}

    def kind(self, name: str) -> str:
        """The name of a kind today; a name that is no old one stays."""
        return self._kinds.get(name, name)

    def field(self, kind: str, name: str) -> str:
        """The same of a field; ``kind``: the name of its kind today."""
        return self._fields.get(kind, {}).get(name, name)

    def renew(self, facts: list[object]) -> RenewedFacts:
        """The facts of a record that is not checked yet, with the names of today; what is no fact stays as it is."""
        given: dict[tuple[str | int, ...], str] = {}
        problems: list[Problem] = []
        renewed = [self._renew(fact, place, given, problems) for place, fact in enumerate(facts)]
        return RenewedFacts(renewed, given, problems)

    def _renew(self, fact: object, place: int, given: dict[tuple[str | int, ...], str], problems: list[Problem]) -> object:
        if not (isinstance(fact, dict) and isinstance(named := fact.get("kind"), str)):
            return fact
        kind = self.kind(named)
        fields = self._fields.get(kind, {})
        if kind == named and fields.keys().isdisjoint(fact):
            return fact
        renewed: dict[str, object] = {}
        called: dict[str, str] = {}
        for name, value in fact.items():
            new = self.field(kind, name)
            if value is not None and renewed.get(new) is not None:
                message = f"'{called[new]}' and '{name}' are names of one field; only one of them may be given"
                problems.append(Problem(Location(pointer=to_pointer(("facts", place, name))), message))
            elif value is not None or new not in renewed:
                renewed[new], called[new] = value, name
        given.update({(place, new): name for new, name in called.items() if new != name})
        return {**renewed, "kind": kind}
