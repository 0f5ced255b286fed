"""Rules, actions and sources, checked and linked: the content of a rule base."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, Literal, NamedTuple

from misstep.language.answer_words import Reach, SourceKind
from misstep.language.effects import Derive, Effect, Recommend, Text, amounts_of
from misstep.language.expression import Expression, FieldRef, refs_in
from misstep.language.facts import ID, Field, Kind
from misstep.language.scale import Scale

Over = Literal["fact", "finding", "outlook"]
AggregateFunction = Literal["count", "sum", "min", "max", "average", "distinct"]
FINDING, OUTLOOK = "finding", "outlook"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Facts that a rule looks at: of some kinds, or findings of mistakes of some kinds, or the outlook.

    ``key`` names the set of facts; patterns with equal keys range over the same facts.
    """

    name: str
    over: Over
    key: str
    kinds: tuple[str, ...]
    fields: tuple[Field, ...] = ()


def overlap(a: Pattern, b: Pattern) -> bool:
    """Whether two patterns could take the same fact."""
    return a.over == b.over and (a.over == "outlook" or not set(a.kinds).isdisjoint(b.kinds))


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, and the names that must be bound before it can be judged.

    Those are the names in it, and those of the conditions that make its fields known.
    """

    test: Expression
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Existence:
    """Whether a fact of the pattern meets all conditions: at least one must, or, if ``negated``, none may.

    ``needs`` as for ``Condition``, without the own name. ``taken``: a fact that `when` takes counts too.
    """

    pattern: Pattern
    conditions: tuple[Expression, ...]
    needs: frozenset[str]
    negated: bool
    taken: bool = False


@dataclass(frozen=True, slots=True)
class GroupKey:
    """A value by which an aggregate takes its facts apart: ``name`` stands for it in the rest of the rule."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Aggregate:
    """``name`` is the count, sum, least, greatest or average of ``value`` over the facts that meet all conditions, or how many
    different values there are (``distinct``).

    ``whole``: the values are whole numbers. ``keys``: the rule matches once for all facts whose keys are equal, and ``name`` is
    that of these facts; without facts it does not match.
    """

    name: str
    function: AggregateFunction
    pattern: Pattern
    conditions: tuple[Expression, ...]
    value: Expression | None
    whole: bool
    needs: frozenset[str]
    keys: tuple[GroupKey, ...] = ()


class Assumption(NamedTuple):
    """A field with a default that a rule reads: which part of the match it is of, whether that is a finding, and its name."""

    place: int
    scored: bool
    field: str

    def rests(self, match: tuple[Any, ...], said: Mapping[str, Collection[str]]) -> bool:
        """Whether the record leaves the field out; ``said``: the names that each fact states, by its id."""
        row = match[self.place]
        return self.field not in said.get((row[0] if self.scored else row)[ID], ())


@dataclass(frozen=True, eq=False)
class Rule:
    """A checked rule; it is equal to itself only. ``binders`` are the patterns and aggregates of ``when``, as written, and the
    keys of these behind them."""

    id: str
    title: str
    help: str
    pack: str
    binders: tuple[Pattern | Aggregate | GroupKey, ...]
    existences: tuple[Existence, ...]
    conditions: tuple[Condition, ...]
    effects: tuple[Effect, ...]
    because: Text
    sources: tuple[str, ...]

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The facts that must be there."""
        return tuple(b for b in self.binders if isinstance(b, Pattern))

    @cached_property
    def all_patterns(self) -> tuple[Pattern, ...]:
        """These, and those of its existences and aggregates."""
        return (*self.patterns, *(each.pattern for each in self.existences), *(each.pattern for each in self.aggregates))

    @cached_property
    def assumptions(self) -> tuple[Assumption, ...]:
        """The fields with a default that it decides or computes by, or shows in its text."""
        nodes = [condition.test for condition in self.conditions]
        for effect in self.effects:
            nodes += amounts_of(effect)
        read = [reference for node in nodes for reference in sorted(refs_in(node))]
        return tuple(dict.fromkeys((*self._assumptions(read), *self.shown_assumptions)))

    @cached_property
    def shown_assumptions(self) -> tuple[Assumption, ...]:
        """The fields with a default that it shows in its text."""
        return self._assumptions([(part.name, part.field) for part in self.because.parts if isinstance(part, FieldRef)])

    def _assumptions(self, references: Iterable[tuple[str, str]]) -> tuple[Assumption, ...]:
        places = {binder.name: (place, binder) for place, binder in enumerate(self.binders) if isinstance(binder, Pattern)}
        found: dict[Assumption, None] = {}
        for name, field in references:
            if name in places:
                place, pattern = places[name]
                if any(own.name == field and own.assumes for own in pattern.fields):
                    found[Assumption(place, pattern.over == FINDING, field)] = None
        return tuple(found)

    @cached_property
    def derives(self) -> frozenset[str]:
        """The derived kinds of which it concludes facts."""
        return frozenset(effect.kind for effect in self.effects if isinstance(effect, Derive))

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The aggregates of ``when``."""
        return tuple(b for b in self.binders if isinstance(b, Aggregate))


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do about a mistake. ``relief``: points of severity that it takes back; hours are counted from now.

    ``channels``: over which it can be done, none: any; that one is taken whose occasion comes first. ``occasion``: where it is
    not that of a channel; ``leads``: other actions of the plan go over its channel too, where they can. ``excludes``: actions
    that are not done for a mistake for which this one is; where no rule recommends this one, for which it is advised against.
    ``clause``: what it is inside of a sentence; ``says``: a template of its words in a message, and ``part`` their place.
    ``next_time``: it helps with the next chance only.
    """

    id: str
    title: str
    reach: Reach = "private"
    channels: tuple[str, ...] = ()
    occasion: str = ""
    leads: bool = False
    excludes: tuple[str, ...] = ()
    effort_minutes: int | None = None
    due_hours: float | None = None
    group: str = ""
    relief: float = 0.0
    text: str = ""
    clause: str = ""
    says: str = ""
    part: str = ""
    next_time: bool = False

    @property
    def outward(self) -> bool:
        """Whether the other side hears of it."""
        return self.reach != "private"


REPAIRS = "repairs"
"""The reach of an action that deals with a mistake towards the other side."""


@dataclass(frozen=True, slots=True)
class Source:
    """Published evidence, or what stands in for it."""

    id: str
    title: str
    kind: SourceKind
    year: int | None = None
    figure: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Usual:
    """How often each answer to an open field is true: answers with their weights."""

    answers: tuple[tuple[Any, float], ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rules that can be run together: ``deriving`` to a fixpoint, then ``rest`` once.

    ``kinds`` are the derived kinds finished here.
    """

    deriving: tuple[Rule, ...]
    rest: tuple[Rule, ...]
    kinds: frozenset[str]


@dataclass(frozen=True)
class Program:
    """A whole rule base, ready for an engine.

    ``scoring`` strata are run before there are findings, ``judging`` ones read findings and settle the
    outlook, ``advising`` ones may read everything. ``usual``: by the name of a kind or role, a dot, and that of a field.
    """

    name: str
    version: str
    digest: str
    kinds: dict[str, Kind]
    roles: dict[str, tuple[Field, ...]]
    rules: dict[str, Rule]
    actions: dict[str, Action]
    sources: dict[str, Source]
    usual: dict[str, Usual]
    scale: Scale
    scoring: tuple[Stratum, ...]
    judging: tuple[Stratum, ...]
    advising: tuple[Stratum, ...]

    @cached_property
    def exclusions(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The actions that exclude others, and those, so that an action that is excluded itself comes later."""
        order = [*TopologicalSorter({action.id: action.excludes for action in self.actions.values()}).static_order()]
        return tuple((name, self.actions[name].excludes) for name in reversed(order) if self.actions[name].excludes)

    @cached_property
    def recommended(self) -> frozenset[str]:
        """The actions that some rule recommends; the others are there to be advised against."""
        effects = [effect for rule in self.rules.values() for effect in rule.effects]
        return frozenset(effect.action for effect in effects if isinstance(effect, Recommend))

    def own_fields(self, kind: Kind) -> tuple[Field, ...]:
        """The fields of a kind without those of its role."""
        shared = self.roles.get(kind.role, ())
        return tuple(field for field in kind.fields if field not in shared)

    @cached_property
    def mistakes(self) -> frozenset[str]:
        """The kinds that are scored."""
        return frozenset(name for name, kind in self.kinds.items() if kind.role == "mistake")
