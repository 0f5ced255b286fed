"""A rule base as lints see it, and what they find."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from misstep.errors import Problem
from misstep.language.effects import EFFECTS, Effect
from misstep.language.expression import Expression
from misstep.language.program import Aggregate, Existence, Program, Rule
from misstep.rulebase import schema
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import Merged, Pack, PackEntry
from misstep.rulebase.tables import RowEntry
from misstep.tools.lints.number_limits import beyond_limits
from misstep.tools.lints.plain_rules import PlainRule, RuleFamily, find_families, plain_rules
from misstep.tools.lints.rule_conditions import ConditionReader, ValueKnowledge

SECTIONS = ("constants", "roles", "kinds", "tables", "rules", "actions", "sources", "usual", "promises", "scale")
"""The sections of packs whose declarations may waive lints; cases may too."""


class LintFinding(NamedTuple):
    """What a lint found: the declaration, the message, and the path of the place in the declaration."""

    entry: PackEntry[schema.Doc]
    message: str
    path: tuple[str | int, ...] = ()

    @property
    def declared(self) -> PackEntry[schema.Doc]:
        """The declaration that may waive it: of a row its table."""
        return self.entry.table if isinstance(self.entry, RowEntry) else self.entry

    @property
    def problem(self) -> Problem:
        """The message at its place."""
        if isinstance(self.entry, RowEntry) and not self.path:
            return self.entry.cell_problem(next(iter(self.entry.cells)), self.message)
        return self.entry.problem(self.message, *self.path)


class PlacedTests(NamedTuple):
    """Conditions that stand in one text, all of which must hold, and the path of the text in its rule. ``binder``: the existence
    or aggregate whose facts they are about; None: those that `when` takes."""

    path: tuple[str | int, ...]
    tests: tuple[Expression, ...]
    binder: Existence | Aggregate | None = None


class PlacedEffect(NamedTuple):
    """An effect, and its path in its rule."""

    path: tuple[str | int, ...]
    effect: Effect


Place = tuple[str, tuple[str | int, ...]]
"""A declaration: its file, and its path there."""


def place_of(entry: PackEntry[schema.Doc]) -> Place:
    """Where a declaration stands, for sets of them."""
    return entry.pack.document.file, entry.path


@dataclass
class LintedBase:
    """A rule base that is linted. ``ran``: the codes of the lints so far; ``waived``: which of them found something that a
    declaration waives; ``unfit``: the rules that are told to leave a gap or to overlap."""

    program: Program
    merged: Merged
    ran: list[str] = field(default_factory=list)
    waived: set[tuple[Place, str]] = field(default_factory=set)
    unfit: set[str] = field(default_factory=set)
    _effects: dict[str, list[PlacedEffect]] = field(default_factory=dict)
    _beyond: dict[tuple[str, tuple[str | int, ...]], tuple[str, ...]] = field(default_factory=dict)

    def own_packs(self) -> Iterator[Pack]:
        """The packs that are checked, without the shipped ones that they extend."""
        return (pack for pack in self.merged.packs if pack.layer != EXTENDED)

    def cases(self) -> Iterator[PackEntry[schema.CaseDoc | schema.StoryCaseDoc]]:
        """The cases of these packs."""
        for pack in self.own_packs():
            for name, case in pack.doc.cases.items():
                yield PackEntry(pack, ("cases", name), case)

    def declarations(self) -> Iterator[PackEntry[schema.Doc]]:
        """All that is declared in these packs, but the rows of tables; and their cases."""
        for section in SECTIONS:
            for entry in getattr(self.merged, section).values():
                if entry.pack.layer != EXTENDED and not isinstance(entry, RowEntry):
                    yield entry
        yield from self.cases()

    def rules(self) -> Iterator[tuple[Rule, PackEntry[schema.RuleDoc]]]:
        """The rules of these packs, rows of tables too, each with its declaration."""
        for rule in self.program.rules.values():
            entry = self.merged.rules[rule.id]
            if entry.pack.layer != EXTENDED:
                yield rule, entry

    @cached_property
    def knowledge(self) -> ValueKnowledge:
        """What is known of the values of fields."""
        return ValueKnowledge(self.program)

    @cached_property
    def declared(self) -> ValueKnowledge:
        """The same, of derived facts only what their kinds declare: other packs may derive more of them."""
        return ValueKnowledge(self.program, derived=False)

    @cached_property
    def plain(self) -> list[PlainRule]:
        """The rules with plain names."""
        return plain_rules(self.knowledge, [rule for rule, _ in self.rules()])

    @cached_property
    def families(self) -> list[RuleFamily]:
        """The families of rules."""
        return [*find_families(self.knowledge, self.plain)]

    def tests(self, rule: Rule, entry: PackEntry[schema.RuleDoc]) -> Iterator[PlacedTests]:
        """The texts with the conditions of a rule; those in the cells of a table are left out."""
        placed = zip(self.merged.condition_places[rule.id], rule.conditions, strict=False)
        for path, group in groupby(placed, key=lambda pair: pair[0]):
            yield PlacedTests(path, tuple(condition.test for _, condition in group))
        for path, binder in self.binders(rule, entry):
            yield PlacedTests(path, binder.conditions, binder)

    def beyond_limits(self, rule: Rule, placed: PlacedTests) -> tuple[str, ...]:
        """What is said in a text of numbers beyond what they are compared with."""
        key = (rule.id, placed.path)
        if key not in self._beyond:
            inner = placed.binder.pattern if placed.binder else None
            readers = ConditionReader(self.knowledge, rule, inner), ConditionReader(self.declared, rule, inner)
            self._beyond[key] = tuple(message for test in placed.tests for message in beyond_limits(test, *readers))
        return self._beyond[key]

    def binders(
        self, rule: Rule, entry: PackEntry[schema.RuleDoc]
    ) -> Iterator[tuple[tuple[str | int, ...], Existence | Aggregate]]:
        """The existences and aggregates that a rule writes out, each with the path of its condition, or else its own."""
        doc = entry.doc
        items = [("when", i, item) for i, item in enumerate(doc.when) if not isinstance(item, str)]
        aggregates, existences = iter(rule.aggregates), iter([each for each in rule.existences if not each.taken])
        unless = [("unless", i, item) for i, item in enumerate(doc.unless)]
        for key, i, item in (*items, *unless):
            named = schema.PatternDoc(fact=item) if isinstance(item, str) else item
            path = (key, i) if named.where is None else (key, i, "where")
            if key == "unless" or named.exists is not None:
                yield path, next(existences)
            elif named.fact is None:
                yield path, next(aggregates)

    def effects(self, rule: Rule, entry: PackEntry[schema.RuleDoc]) -> list[PlacedEffect]:
        """The effects of a rule."""
        if rule.id not in self._effects:
            paths: list[tuple[str | int, ...]] = []
            for key in entry.doc.then.model_fields_set:
                given = getattr(entry.doc.then, key)
                paths += [("then", key, i) for i in range(len(given))] if isinstance(given, list) else []
                paths += [("then", key)] if given is not None and not isinstance(given, list) else []
            paths.sort(key=lambda path: _ORDER[path[1]])
            self._effects[rule.id] = [PlacedEffect(path, effect) for path, effect in zip(paths, rule.effects, strict=True)]
        return self._effects[rule.id]


_ORDER: dict[str | int, int] = {key: place for place, key in enumerate(EFFECTS)}
"""The order in which effects are linked."""
