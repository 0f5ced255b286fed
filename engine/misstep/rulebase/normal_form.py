"""What of a program decides its answers, without words, names of rules and any order that does not matter.

Programs of one form give the same numbers, words of the scale, steps and facts for every record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from misstep.language.effects import Contribute, Note, Recommend, Veto
from misstep.language.expression import Count, FieldRef, Logic
from misstep.language.facts import Field, Kind
from misstep.language.program import Action, Aggregate, Condition, Existence, GroupKey, Pattern, Program, Rule
from misstep.language.scale import Occasion

Form = str
"""Text that is equal where what it stands for is."""

_WORDS: dict[type, frozenset[str]] = {
    Action: frozenset({"id", "title", "text", "clause", "says"}),
    Condition: frozenset({"needs"}),
    Existence: frozenset({"needs"}),
    Aggregate: frozenset({"needs"}),
    Field: frozenset({"help", "title", "words", "unit", "worse"}),
    Kind: frozenset({"by_name", "title", "help", "topic", "said", "repair", "word", "advice"}),
    Occasion: frozenset({"title"}),
    Pattern: frozenset({"key", "fields"}),  # they follow from the kinds
}
"""What decides no answer, by class."""
_NAMES: dict[type, str] = {
    FieldRef: "name",
    Count: "name",
    Pattern: "name",
    Aggregate: "name",
    GroupKey: "name",
    Contribute: "target",
    Recommend: "targets",
    Veto: "targets",
}
"""Where a rule speaks of what it binds, by a name of its own."""
_MEASURES = (
    *("concerns", "harms", "mends", "severity", "noticed", "noticed_start", "urgency", "overall_weights"),
    *("verdicts", "table", "outlooks"),
)
"""The parts of a scale by which all that is scored is measured."""
_PLANS = ("max_actions", "max_relief", "ways", "private", "unable", "act_within", "occasions")
"""Those that plans are made by. Besides, actions of one step stand in the order of the parts of its message."""


@dataclass(frozen=True)
class NormalForm:
    """The forms of a program: of kinds, rules and actions by their names, of the measures of its scale, of its plans,
    and of the parts of its messages."""

    kinds: Mapping[str, Form]
    rules: Mapping[str, Form]
    actions: Mapping[str, Form]
    measures: Form
    plans: Form
    parts: Form

    @classmethod
    def of(cls, program: Program) -> NormalForm:
        """The forms of a program."""
        scale = program.scale
        measures, plans = (repr([_plain(getattr(scale, name), {}) for name in names]) for names in (_MEASURES, _PLANS))
        return cls(
            {name: form_of(kind) for name, kind in program.kinds.items()},
            {name: rule_form(rule) for name, rule in program.rules.items()},
            {name: form_of(action) for name, action in program.actions.items()},
            measures,
            plans,
            repr([part.name for part in scale.message_parts]),
        )

    @property
    def but_kinds(self) -> tuple[object, ...]:
        """All but kinds and rules."""
        return self.actions, self.measures, self.plans, self.parts

    def decides_as(self, other: NormalForm) -> bool:
        """Whether programs of these forms give the same answers."""
        same = self.kinds == other.kinds and self.but_kinds == other.but_kinds
        return same and Counter(self.rules.values()) == Counter(other.rules.values())


def form_of(value: object) -> Form:
    """The form of a kind, field, action or other part of a program that is no rule."""
    return repr((_plain(value, {}), bool(getattr(value, "assumed", False))))


def rule_form(rule: Rule, shared: Collection[str] | None = None) -> Form:
    """The form of a rule: what it binds has names by its place, and parts that all must hold stand in an order of their own.
    ``shared``: of patterns over several kinds those among these count, so that a rule about all of a role has one form whatever
    kinds there are."""
    alone = {binder.name: repr(_of_binder(rule, binder)) for binder in rule.binders}
    names = {name: f"b{place}" for place, name in enumerate(sorted(alone, key=lambda name: alone[name]))}
    binders = [_plain(_narrowed(binder, shared), {**names, **_own(binder)}) for binder in rule.binders]
    existences = [_plain(_narrowed(each, shared), {**names, each.pattern.name: "own"}) for each in rule.existences]
    conditions = [_plain(each, names) for each in rule.conditions]
    effects = [_plain(each, names) for each in rule.effects if not isinstance(each, Note)]
    return repr([sorted(map(repr, parts)) for parts in (binders, existences, conditions, effects)])


def _narrowed(part: Any, shared: Collection[str] | None) -> Any:
    """A part of a rule with fewer kinds in its pattern."""
    if isinstance(part, Pattern):
        kinds = tuple(kind for kind in part.kinds if shared is None or kind in shared)
        return replace(part, kinds=kinds or part.kinds)
    return part if isinstance(part, GroupKey) else replace(part, pattern=_narrowed(part.pattern, shared))


def _of_binder(rule: Rule, binder: Pattern | Aggregate | GroupKey) -> list[object]:
    """What a rule asks of one of the things that it binds, by no name."""
    own = {binder.name: "*", **_own(binder)}
    tests = [_plain(each, own) for each in rule.conditions if each.needs == {binder.name}]
    return [_plain(binder, own), sorted(map(repr, tests))]


def _own(binder: Pattern | Aggregate | GroupKey) -> dict[str, str]:
    return {binder.pattern.name: "own"} if isinstance(binder, Aggregate) else {}


def _plain(value: object, names: Mapping[str, str]) -> object:
    """Plain data of a value, with its names by others, and without words."""
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        named, left_out = _NAMES.get(kind), _WORDS.get(kind, frozenset())
        members = {each.name: getattr(value, each.name) for each in fields(value) if each.name not in left_out}
        parts = [(name, _named(each, names) if name == named else _plain(each, names)) for name, each in members.items()]
        if kind is Kind:
            parts = [part for part in parts if part[0] != "assumed"]  # a text: whether there is one counts
        if isinstance(value, Logic):
            parts = [("operator", value.operator), ("operands", sorted(repr(_plain(each, names)) for each in value.operands))]
        return [kind.__name__, *parts]
    if isinstance(value, dict):
        return sorted((key, repr(_plain(part, names))) for key, part in value.items())
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(part, names) for part in value]
    return value


def _named(value: str | tuple[str, ...], names: Mapping[str, str]) -> object:
    return sorted(names.get(name, name) for name in value) if isinstance(value, tuple) else names.get(value, value)
