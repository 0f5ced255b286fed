"""Link the effects of a rule: resolve targets and actions, check amounts and texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import cast

from misstep.errors import did_you_mean, listing
from misstep.language.answer_words import Dimension
from misstep.language.effects import EFFECTS, Contribute, Derive, Effect, LimitOutlook, Note, Recommend, Veto
from misstep.language.expression import Curve, Expression, Literal, Scalar
from misstep.language.facts import Field
from misstep.language.functions import Type
from misstep.rulebase import schema
from misstep.rulebase.expressions import check_number, check_text, check_value
from misstep.rulebase.kinds import field_type, lacking
from misstep.rulebase.patterns import RuleNames

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"\s*([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)\s*")


class EffectLinker:
    """Links the effects of one rule, whose names are all bound."""

    def __init__(self, names: RuleNames) -> None:
        self.names = names

    def effects(self) -> list[Effect | None]:
        """The effects in the order of their keys, None for some of those with a problem, which is noted."""
        effects = []
        for key in EFFECTS:
            link = _LINKERS.get(key, EffectLinker._contribution)
            given = getattr(self.names.entry.doc.then, key)
            if given is not None and (message := lacking(key, self.names.all.scale)):
                self.names.problem(message, "then", key)
                continue
            for i, item in enumerate(given if isinstance(given, list) else [] if given is None else [given]):
                effects.append(link(self, item, "then", key, *([i] if isinstance(given, list) else [])))
        return effects

    def _contribution(self, item: float | str | schema.AddDoc, *path: str | int) -> Effect | None:
        dimension = cast("Dimension", path[-1])
        if dimension == "overall":
            target: str | None = ""
        else:
            target = self._mistake(item.target if isinstance(item, schema.AddDoc) else None, path, "add")
        amount = self._amount(item.add, (*path, "add")) if isinstance(item, schema.AddDoc) else self._amount(item, path)
        return Contribute(dimension, target, amount) if target is not None and amount is not None else None

    def _note(self, item: str, *path: str | int) -> Effect | None:
        text = self.names.attempt(path, lambda: check_text(item, self.names.scope(), self.names.known))
        return Note(text) if text is not None else None

    def _amount(self, value: str | float, path: tuple[str | int, ...]) -> Expression | None:
        amount = self.names.attempt(path, lambda: check_number(value, self.names.scope(), self.names.known))
        key = str(path[-2] if path[-1] == "add" else path[-1])
        low, high = AMOUNTS[key]
        constants = (
            [y for _, y in amount.points] if isinstance(amount, Curve) else [amount.value] if isinstance(amount, Literal) else []
        )
        for constant in constants:
            if not low <= float(constant) <= high:
                self.names.problem(f"`{key}` is from {low} to {high}; this is {constant:g}", *path)
                break
        return amount

    def _mistakes(self, over: Iterable[str]) -> list[str]:
        return [
            p.name
            for p in self.names.patterns.values()
            if p.over in over and all(self.names.all.kinds[k].role == "mistake" for k in p.kinds)
        ]

    def _mistake(self, name: str | None, path: tuple[str | int, ...], key: str) -> str | None:
        """The name of the mistake that a contribution goes to."""
        mistakes = self._mistakes(("fact",))
        if name is None and len(mistakes) == 1:
            return mistakes[0]
        if name in mistakes:
            return name
        if name is None:
            several = f"the rule names several mistakes; say which: {{for: NAME, {key}: ...}}"
            self.names.problem(several if mistakes else f"`{path[-1]}` goes to a mistake, and `when` names none", *path)
        elif name in self.names.patterns:
            what = "a finding is scored already" if self.names.patterns[name].over == "finding" else "it is not a mistake"
            self.names.problem(f"'{name}' cannot be added to: {what}", *path, "for")
        else:
            self.names.problem(f"'{name}' is not a name of this rule{did_you_mean(name, mistakes)}", *path, "for")
        return None

    def _verdict(self, item: str | schema.VerdictDoc, *path: str | int) -> Effect | None:
        doc = schema.VerdictDoc(at_least=item) if isinstance(item, str) else item
        target = self._mistake(doc.target, path, "at_least")
        rank = self._rank("verdict", doc.at_least, self.names.all.scale.verdicts, *path, *(["at_least"] if doc is item else []))
        return Contribute("verdict", target, Literal(rank)) if target is not None and rank is not None else None

    def _outlook(self, item: str, *path: str | int) -> Effect | None:
        rank = self._rank("outlook", item, self.names.all.scale.outlooks, *path)
        return LimitOutlook(rank) if rank is not None else None

    def _rank(self, what: str, word: str, words: tuple[str, ...], *path: str | int) -> int | None:
        return words.index(word) if self.names.entry.knows(what, word, words, *path) else None

    def _veto(self, item: str | schema.VetoDoc, *path: str | int) -> Effect | None:
        doc = schema.VetoDoc(action=item) if isinstance(item, str) else item
        action, targets = self._action(doc.action, path), self._targets(doc.targets, path)
        return Veto(action, targets) if action is not None and targets is not None else None

    def _action(self, name: str, path: tuple[str | int, ...]) -> str | None:
        return name if self.names.all.merged.declares("actions", name, self.names.entry, *path, "action") else None

    def _targets(self, given: str | list[str] | None, path: tuple[str | int, ...]) -> tuple[str, ...] | None:
        mistakes = self._mistakes(("fact", "finding"))
        if given is None:
            return tuple(mistakes) if len(mistakes) == 1 else ()
        names = [given] if isinstance(given, str) else given
        for name in names:
            if name not in mistakes:
                what = "is not a mistake or finding" if name in self.names.patterns else "is not a name of this rule"
                self.names.problem(f"'{name}' {what}{did_you_mean(name, mistakes)}", *path, "for")
                return None
        return tuple(dict.fromkeys(names))

    def _recommend(self, item: str | schema.RecommendDoc, *path: str | int) -> Effect | None:
        doc = schema.RecommendDoc(action=item) if isinstance(item, str) else item
        action, targets = self._action(doc.action, path), self._targets(doc.targets, path)
        relief = None if doc.relief is None else self._amount(doc.relief, (*path, "relief"))
        due = None if doc.due_hours is None else self._amount(doc.due_hours, (*path, "due_hours"))
        return Recommend(action, targets, relief, due) if action is not None and targets is not None else None

    def _derive(self, doc: dict[str, Scalar], *path: str | int) -> Effect | None:
        name = doc.get("kind")
        kind, renamed = self.names.all.kinds.get(name) if isinstance(name, str) else None, self.names.all.renamed
        if ("kinds", name) in self.names.all.merged.broken:
            return None
        if kind is None or kind.role != "derived":
            derived = [k.name for k in self.names.all.kinds.values() if k.role == "derived"]
            there = f"; there are {listing(derived)}" if derived else "; declare one under kinds: with `role: derived`"
            what = "the `kind` is missing" if name is None else f"'{name}' is not a derived kind"
            hint = there if name is None else did_you_mean(str(name), derived, there, renamed)
            self.names.problem(f"derive: {what}{hint}", *path, "kind")
            return None
        for key in doc:
            if key != "kind" and key not in kind.by_name:
                there = f"; it has {listing(kind.by_name)}" if kind.by_name else ""
                hint = did_you_mean(key, kind.by_name, there, renamed)
                self.names.problem(f"derive: {kind.name} has no field '{key}'{hint}", *path, key)
        for field in kind.fields:
            if field.name not in doc and not field.unknown:
                self.names.problem(f"derive: {kind.name} needs the field '{field.name}'", *path)
        values = (self._derived(f, doc[f.name], (*path, f.name)) if f.name in doc else None for f in kind.fields)
        return Derive(kind.name, tuple(values))

    def _derived(self, field: Field, value: Scalar, path: tuple[str | int, ...]) -> Expression | None:
        """The value of a derived field. A single word is text; other texts are expressions."""
        wanted, known = field_type(field), self.names.known
        names = (*self.names.values, *self.names.types, *self.names.all.merged.constants, "True", "False")
        is_expression = isinstance(value, str) and (value in names or not _WORD.fullmatch(value))
        text = value if isinstance(value, str) and is_expression else repr(value)
        if wanted.unknown and (reference := _REFERENCE.fullmatch(text)):  # an unknown value may be copied
            known |= {(reference.group(1), reference.group(2))}
        checked = self.names.attempt(path, lambda: check_value(text, self.names.scope(), known))
        if checked is None:
            return None
        node, type_ = checked
        if wanted.name == "enum" and isinstance(node, Literal) and node.value not in wanted.values:
            hint = did_you_mean(str(node.value), wanted.values, f"; it is one of {listing(wanted.values)}")
            self.names.problem(f"derive: not a value of the field '{field.name}'{hint}", *path)
        elif not fits(type_, wanted):
            what = f"one of {listing(wanted.values)}" if wanted.values else str(wanted)
            self.names.problem(f"derive: the field '{field.name}' takes {what}; this is {type_}", *path)
        return node


AMOUNTS = {
    "severity": (-10, 10),
    "relief": (0, 10),
    "noticed": (-20, 20),
    "urgency": (-10, 10),
    "overall": (-10, 10),
    "due_hours": (0, 8760),
}
"""The least and the greatest constant of each amount. Scores end at 10; a year has 8,760 hours."""


_LINKERS: dict[str, Callable[..., Effect | None]] = {
    "verdict": EffectLinker._verdict,
    "outlook": EffectLinker._outlook,
    "derive": EffectLinker._derive,
    "recommend": EffectLinker._recommend,
    "veto": EffectLinker._veto,
    "note": EffectLinker._note,
}
"""The method that links a value of each key; all other keys are dimensions."""


def fits(given: Type, wanted: Type) -> bool:
    """Whether a value of one type may stand in a derived field of another."""
    if wanted.values:  # an enum or a set
        return given.sort == wanted.sort and given.values != () and set(given.values) <= set(wanted.values)
    return given.sort == wanted.sort and (wanted.name != "integer" or given.name == "integer")
