"""Make records that are likely to tell something: few facts, of the kinds that are asked for, with values at which rules turn.

The same records for the same programs, wishes and seed. ``tools/sample.py`` makes records that look like a log instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from misstep.language.facts import GIVEN_ROLES, Field, Kind
from misstep.language.program import Pattern, Program
from misstep.rulebase.field_use import FieldKey, Reference, find_references
from misstep.tools.proofs.telling_values import OTHER_TEXT, TellingValues

SearchedRecord = list[dict[str, Any]]
"""The facts of a record, each with an id."""

_OTHERS = (0, 0, 1, 1, 2, 3, 5)  # facts besides those that are asked for; every entry is equally likely
_GIVEN_WANTED, _GIVEN_OTHER = 0.6, 0.3  # how often a field is given
_SETTING = 0.3  # how often a setting is there that nobody asked for
_NAMED = 0.7  # how often a field that names another fact does so
_ANYWHERE = 0.3  # how often a number is any of its range
_DEEPEST = 4  # rules behind a derived fact


class RecordMaker:
    """Makes records for programs with the same names. ``wanted``: patterns that the facts of a record should fill, of which each
    record takes one choice; of a derived kind those that a rule derives it from. ``values``: of their fields."""

    def __init__(
        self, programs: Sequence[Program], values: TellingValues, wanted: Sequence[Sequence[Pattern]] = (), seed: int = 1
    ) -> None:
        self._kinds: dict[str, Kind] = {}
        self._declared: dict[str, list[Kind]] = {}  # by each program
        self._references: dict[FieldKey, Reference] = {}
        self._deriving: dict[str, list[tuple[Pattern, ...]]] = {}
        for program in reversed(programs):
            self._kinds.update(program.kinds)
            for name, declared in program.kinds.items():
                self._declared.setdefault(name, []).append(declared)
            self._references.update(find_references(program))
            for rule in program.rules.values():
                for kind in sorted(rule.derives):
                    self._deriving.setdefault(kind, []).append(rule.patterns)
        self._values = values
        self._wanted = [*wanted] or [()]
        self._settings = [kind for kind in self._kinds.values() if kind.role == "setting"]
        self._others = [kind for kind in self._kinds.values() if kind.role in GIVEN_ROLES and kind.role != "setting"]
        self._random = Random(f"records {seed}")  # noqa: S311 - no secret

    def records(self) -> Iterator[SearchedRecord]:
        """Records without end."""
        draw = self._random
        while True:
            kinds = [kind for pattern in draw.choice(self._wanted) for kind in self._filling(pattern, _DEEPEST)]
            wanted = len(kinds)
            if self._others:
                kinds += draw.choices(self._others, k=draw.choice(_OTHERS))
            kinds += [kind for kind in self._settings if draw.random() < _SETTING]
            yield self._facts(kinds, wanted)

    def _filling(self, pattern: Pattern, deepest: int) -> list[Kind]:
        """Kinds of facts that may fill a pattern."""
        if not pattern.kinds:
            return []
        kind = self._kinds.get(self._random.choice(pattern.kinds))
        if kind is None or kind.role in GIVEN_ROLES:
            return [] if kind is None else [kind]
        rules = self._deriving.get(kind.name)
        if not rules or not deepest:
            return []
        return [each for part in self._random.choice(rules) for each in self._filling(part, deepest - 1)]

    def _facts(self, kinds: Sequence[Kind], wanted: int) -> SearchedRecord:
        facts: SearchedRecord = []
        settings: set[str] = set()
        for place, kind in enumerate(kinds):
            if kind.name in settings:
                continue  # a setting occurs once
            if kind.role == "setting":
                settings.add(kind.name)
            often = _GIVEN_WANTED if place < wanted else _GIVEN_OTHER
            facts.append(
                {
                    "id": f"f{len(facts) + 1}",
                    "kind": kind.name,
                    **self._fields(self._random.choice(self._declared[kind.name]), often),
                }
            )
        for fact in facts:
            for name in fact.keys() - {"id", "kind"}:
                reference = self._references.get((fact["kind"], name))
                named = [other for other in facts if other is not fact and reference is not None]
                named = [other for other in named if reference and other["kind"] in reference.ids | reference.kinds]
                if named and reference is not None and self._random.random() < _NAMED:
                    other = self._random.choice(named)
                    fact[name] = other["id"] if other["kind"] in reference.ids else other["kind"]
        return facts

    def _fields(self, kind: Kind, often: float) -> dict[str, object]:
        given = (field for field in kind.fields if field.required or self._random.random() < often)
        return {field.name: self._value(kind, field) for field in given}

    def _value(self, kind: Kind, field: Field) -> object:
        """A value of a field: most often one at which rules may turn."""
        draw, telling = self._random, self._values.of(kind.name, field)
        if not field.is_number or draw.random() > _ANYWHERE:
            return draw.choice(telling or (OTHER_TEXT,))
        low, high = telling[0], telling[-1]
        return draw.randint(low, high) if field.form.whole else round(draw.uniform(low, high), 2)
