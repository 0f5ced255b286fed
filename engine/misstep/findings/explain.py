"""Firings of rules in; reasons in words out, with the facts and sources they rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from misstep.evaluate.memory import Contribution, Match, Memory, Remark
from misstep.model.expression import FieldRef
from misstep.model.facts import FIRST_VALUE, ID, KIND, Kind, Row
from misstep.model.rule import DIMENSIONS, FINDING_FIELDS, Aggregate, Note, Pattern, Program, Rule, Text

Show = Callable[[Match], str]


class Explainer:
    """Puts firings into words. Holds what it has worked out about a rule's texts, nothing about records."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._texts: dict[tuple[str, int], tuple[str, tuple[Show, ...]]] = {}
        self._places: dict[str, tuple[tuple[int, bool], ...]] = {}

    def text(self, rule: Rule, match: Match, note: int = -1) -> str:
        """The reason of a rule, or the note that stands at a place among its effects, with its values put in."""
        found = self._texts.get((rule.id, note))
        if found is None:
            effect = rule.effects[note] if note >= 0 else None
            text = effect.text if isinstance(effect, Note) else rule.because
            found = self._texts[rule.id, note] = self._compile(rule, text)
        plain, parts = found
        return plain if not parts else "".join([part(match) for part in parts])

    def facts(self, rule: Rule, match: Match, names: dict[Row, str]) -> list[str]:
        """The ids of the facts that a firing matched; ``names`` has those of derived facts."""
        places = self._places.get(rule.id)
        if places is None:
            places = self._places[rule.id] = tuple(
                (i, b.over == "finding") for i, b in enumerate(rule.binders) if isinstance(b, Pattern) and b.over != "outlook"
            )
        ids = []
        for i, finding in places:
            row = match[i][0] if finding else match[i]
            ids.append(row[ID] if row[ID] is not None else names[row])
        return ids

    def _compile(self, rule: Rule, text: Text) -> tuple[str, tuple[Show, ...]]:
        if all(isinstance(part, str) for part in text.parts):
            return "".join(str(part) for part in text.parts), ()
        return "", tuple(self._part(rule, part) for part in text.parts)

    def _part(self, rule: Rule, part: Any) -> Show:
        if isinstance(part, str):
            return lambda match: part
        place, binder = next((i, b) for i, b in enumerate(rule.binders) if b.name == part.name)
        if isinstance(binder, Aggregate):
            return lambda match: show(match[place])
        assert isinstance(part, FieldRef)
        return self._field(place, binder, part.field)

    def _field(self, place: int, pattern: Pattern, field: str) -> Show:
        kinds = self._program.kinds
        finding = pattern.over == "finding"
        if pattern.over == "outlook":
            return lambda match: show(match[place][0])
        if finding and field in FINDING_FIELDS:
            column = 1 + FINDING_FIELDS.index(field)
            return lambda match: words(match[place][column])
        row: Callable[[Match], Row] = (lambda match: match[place][0]) if finding else (lambda match: match[place])
        if field in ("id", "fact"):
            return lambda match: str(row(match)[ID])
        if field == "kind":
            return lambda match: kinds[row(match)[KIND]].title
        if field == "concern":
            return lambda match: words(kinds[row(match)[KIND]].concern)
        column, found = next((i, f) for i, f in enumerate(pattern.fields, FIRST_VALUE) if f.name == field)
        if found.type in ("enum", "set"):
            return lambda match: words(row(match)[column])
        return lambda match: show(row(match)[column])


def show(value: Any) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(round(value, 3))
    return "unknown" if value is None else str(value)


def words(value: Any) -> str:
    """A word of the rule base, or several, as people write them."""
    if isinstance(value, tuple):
        return ", ".join(words(v) for v in value)
    return value.replace("_", " ") if isinstance(value, str) else show(value)


def name_derived(memory: Memory, kinds: dict[str, Kind]) -> dict[Row, str]:
    """An id for every derived fact, ``<kind>-<n>`` in the order of their values, so that no other order shows."""
    if not memory.derivations:
        return {}
    taken = {row[ID] for rows in memory.rows.values() for row in rows if isinstance(row[ID], str)}
    names: dict[Row, str] = {}
    for kind in sorted({row[KIND] for row in memory.derivations}):
        rows = sorted((r for r in memory.derivations if r[KIND] == kind), key=sort_key)
        names.update(zip(rows, free_ids(kind, len(rows), taken), strict=True))
    return names


def free_ids(kind: str, count: int, taken: set[Any]) -> list[str]:
    """The first ids ``<kind>-<n>`` that nobody has."""
    ids: list[str] = []
    n = 0
    while len(ids) < count:
        n += 1
        if f"{kind}-{n}" not in taken:
            ids.append(f"{kind}-{n}")
    return ids


def sort_key(row: Row) -> tuple[tuple[bool, Any], ...]:
    """An order of the facts of one kind by their values, unknown ones last."""
    return tuple((value is None, 0 if value is None else value) for value in row[FIRST_VALUE:])


def reasons_by_fact(
    contributions: Iterable[Contribution], explainer: Explainer, names: dict[Row, str]
) -> dict[str | None, list[dict[str, Any]]]:
    """The reasons for the score of every mistake, by its id (None: of the interview), what weighs most first."""
    reasons: dict[str | None, list[dict[str, Any]]] = {}
    for target, dimension, amount, rule, match in contributions:
        if amount or dimension == "verdict":
            reasons.setdefault(None if target is None else target[ID], []).append(
                {
                    "rule": rule.id,
                    "dimension": dimension,
                    "amount": float(amount) if dimension == "verdict" else amount / 1000,
                    "text": explainer.text(rule, match),
                    "facts": explainer.facts(rule, match, names),
                    "sources": rule.sources,
                }
            )
    for of_one in reasons.values():
        of_one.sort(key=_weight)
    return reasons


def outlook_reasons(limits: Iterable[tuple[int, Remark]], explainer: Explainer, names: dict[Row, str]) -> list[dict[str, Any]]:
    """Why the outlook is what it is."""
    reasons = [
        {
            "rule": rule.id,
            "dimension": "outlook",
            "amount": float(rank),
            "text": explainer.text(rule, match),
            "facts": explainer.facts(rule, match, names),
            "sources": rule.sources,
        }
        for rank, (_, rule, match) in limits
    ]
    reasons.sort(key=_weight)
    return reasons


def action_reasons(
    firings: Iterable[tuple[Rule, Match]], explainer: Explainer, names: dict[Row, str]
) -> list[dict[str, Any]]:
    """Why an action is recommended, vetoed, or a fact concluded."""
    reasons = [
        {
            "rule": rule.id,
            "text": explainer.text(rule, match),
            "facts": explainer.facts(rule, match, names),
            "sources": rule.sources,
        }
        for rule, match in firings
    ]
    reasons.sort(key=lambda reason: (reason["rule"], reason["facts"]))
    return reasons


_DIMENSION_ORDER = {dimension: i for i, dimension in enumerate((*DIMENSIONS, "outlook"))}


def _weight(reason: dict[str, Any]) -> tuple[Any, ...]:
    return (_DIMENSION_ORDER[reason["dimension"]], -abs(reason["amount"]), reason["rule"], reason["facts"])
