"""Link the patterns, conditions, negations and aggregates of a rule.

The names that a rule binds are kept in written order, with the fields that are known, for its effects and texts.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import TypeVar, get_args

from misstep.errors import did_you_mean
from misstep.language.expression import Compare, Expression, KnownFields, known_where, names_in, refs_in, with_name
from misstep.language.facts import GIVEN_ROLES, ROLES, Field, Kind, renamings
from misstep.language.finding import FINDING_FIELDS
from misstep.language.functions import Type
from misstep.language.operators import Comparator
from misstep.language.program import (
    FINDING,
    OUTLOOK,
    Aggregate,
    AggregateFunction,
    Condition,
    Existence,
    GroupKey,
    Over,
    Pattern,
    overlap,
)
from misstep.language.scale import Scale
from misstep.limits import Limits
from misstep.rulebase import schema
from misstep.rulebase.expressions import BrokenConstant, ExpressionError, Scope, check_condition, check_value
from misstep.rulebase.kinds import fact_types, finding_types, lacking
from misstep.rulebase.packs import Merged, PackEntry

_T = TypeVar("_T")
_AGGREGATES = get_args(AggregateFunction)
_PATTERNS = ("fact", "exists", *_AGGREGATES)
MOST_FACTS = 2**20
COUNT = Type("integer", high=MOST_FACTS)


class Failed(Exception):
    """A part of the rule cannot be linked; the problem is reported."""


@dataclass
class Declared:
    """Data that all rules of a rule base share. ``types``: of the fields of patterns, by the keys of patterns."""

    merged: Merged
    kinds: dict[str, Kind]
    scale: Scale
    limits: Limits
    types: dict[str, dict[str, Type]] = field(default_factory=dict)

    def scope(
        self, facts: Mapping[str, Mapping[str, Type]], aggregates: Mapping[str, Type] = MappingProxyType({}), own: str = ""
    ) -> Scope:
        """The names that an expression may use, and what to say about some that it may not."""
        return Scope(facts, aggregates, own, self.merged.named, self.renamed, self._lacking)

    @cached_property
    def _lacking(self) -> dict[str, str]:
        return {name: message for name in FINDING_FIELDS if (message := lacking(name, self.scale))}

    @cached_property
    def renamed(self) -> dict[str, tuple[str, ...]]:
        """Names of kinds and fields by their old ones, for errors."""
        return renamings(self.kinds.values())


class RuleNames:
    """The names that one rule binds, while it is walked in written order."""

    def __init__(self, declared: Declared, entry: PackEntry[schema.RuleDoc]) -> None:
        self.all = declared
        self.entry = entry
        self.patterns: dict[str, Pattern] = {}
        self.types: dict[str, dict[str, Type]] = {}
        self.values: dict[str, Type] = {}
        self.conditions: list[Condition] = []
        self.places: list[tuple[str | int, ...]] = []  # where each of them stands
        self.extremes: list[Existence] = []  # of `least` and `most`: no other fact of the pattern has less, or more
        self.known: KnownFields = frozenset()

    # -- problems

    def problem(self, message: str, *path: str | int, offset: int | None = None) -> None:
        """Report a problem at a path into the rule, and a character of the text there."""
        self.entry.report(message, *path, offset=offset)

    def fail(self, message: str, *path: str | int) -> Failed:
        """Report a problem; the exception to raise."""
        self.problem(message, *path)
        return Failed()

    def attempt(self, path: tuple[str | int, ...], check: Callable[[], _T]) -> _T | None:
        """The result of a check of an expression; None with the problem reported, at the place in the expression."""
        try:
            return self.need(path, check)
        except Failed:
            return None

    def need(self, path: tuple[str | int, ...], check: Callable[[], _T]) -> _T:
        """The same; raises Failed with the problem reported."""
        try:
            return check()
        except BrokenConstant:
            raise Failed from None
        except ExpressionError as error:
            self.problem(str(error), *path, offset=error.offset)
            raise Failed from None

    # -- patterns

    def item(self, item: str | schema.PatternDoc, i: int) -> schema.PatternDoc:
        """One entry of `when`, spelled out; facts are bound to their names at once, so that all can see all."""
        if isinstance(item, str):
            item = schema.PatternDoc.model_validate({"fact": item})
        given = [k for k in _PATTERNS if getattr(item, k) is not None]
        if len(given) != 1:
            raise self.fail(f"a pattern has one of {', '.join(_PATTERNS)}", "when", i)
        for key in ("each", "by"):
            if getattr(item, key) is not None and given[0] not in _AGGREGATES:
                raise self.fail(f"`{key}` is for aggregates", "when", i, key)
        for key in ("least", "most"):
            if getattr(item, key) is not None and (item.fact is None or item.fact == OUTLOOK):
                raise self.fail(f"`{key}` is for facts: {{fact: KIND, as: x, {key}: x.FIELD}}", "when", i, key)
        if item.fact is not None:
            pattern = self._pattern(item.fact, item.name, item.of, "when", i, "fact")
            if pattern.name in self.patterns:
                raise self.fail(f"'{pattern.name}' is bound twice; give one of them another name with `as`", "when", i)
            self.patterns[pattern.name] = pattern
            self.types[pattern.name] = self._types(pattern)
        return item

    def _pattern(self, fact: str | list[str], name: str | None, of: object, key: str, i: int, slot: str) -> Pattern:
        """Resolve the kinds of a pattern."""
        words = [fact] if isinstance(fact, str) else list(fact)
        if any(self.all.merged.is_broken(word) for word in words):
            raise Failed
        if name is None and len(words) > 1:
            raise self.fail("a list of kinds needs a name: `as: x` (in an aggregate `each: x`)", key, i)
        name = name or words[0]
        self._refuse_word(name, key, i, "as")
        over: Over = "fact"
        if words == [FINDING]:
            over = "finding"
            names = ["mistake"] if of is None else [of] if isinstance(of, str) else of
            if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
                raise self.fail("`of` a finding is a kind or a list of kinds", key, i, "of")
            words, slot = names, "of" if of is not None else slot
        elif of is not None and slot in ("fact", "exists"):
            raise self.fail("`of` is for findings and aggregates", key, i, "of")
        elif words == [OUTLOOK]:
            if message := lacking(OUTLOOK, self.all.scale):
                raise self.fail(message, key, i, slot)
            return Pattern(name, "outlook", OUTLOOK, ())
        kinds = self._kinds(words, key, i, slot)
        if over == "finding" and any(k.role != "mistake" for k in kinds):
            raise self.fail("only mistakes have findings", key, i, slot)
        if over == "finding" and words == ["mistake"]:
            pattern_key = FINDING
        else:
            pattern_key = ("finding:" if over == "finding" else "") + "|".join(sorted(words))
        one = kinds[0] if len(kinds) == 1 and words == [kinds[0].name] else None
        fields = one.fields if one else self._common(words)
        return Pattern(name, over, pattern_key, tuple(sorted(k.name for k in kinds)), fields)

    def _refuse_word(self, name: str, *path: str | int) -> None:
        if keyword.iskeyword(name) or name in ("true", "false", "known"):
            raise self.fail(f"'{name}' is a word of the expression language; choose another name", *path)
        if (constant := self.all.merged.constants.get(name)) is not None:
            place = constant.pack.document.locate(constant.path)
            raise self.fail(f"'{name}' is a constant too, see {place}; give one of them another name", *path)

    def _common(self, words: list[str]) -> tuple[Field, ...]:
        """The fields that every fact of a role, or of several kinds of one role, has."""
        roles = {word if word in ROLES else self.all.kinds[word].role for word in words}
        if len(roles) > 1:
            return ()
        entry = self.all.merged.roles.get(roles.pop())
        if entry is None:
            return ()
        count = len(entry.doc.fields)
        kind = next((k for k in self.all.kinds.values() if k.role == entry.path[-1]), None)
        return kind.fields[:count] if kind else ()

    def _kinds(self, words: list[str], key: str, i: int, slot: str) -> list[Kind]:
        found: dict[str, Kind] = {}
        for word in words:
            if self.all.merged.is_broken(word):
                raise Failed
            if word in GIVEN_ROLES:
                found.update({k.name: k for k in self.all.kinds.values() if k.role == word})
            elif word in self.all.kinds:
                found[word] = self.all.kinds[word]
            elif word in (FINDING, OUTLOOK):
                raise self.fail(f"'{word}' cannot stand in a list of kinds", key, i, slot)
            elif word == "derived":
                raise self.fail("facts of the role derived are taken by their kind", key, i, slot)
            else:
                known = [*self.all.kinds, *GIVEN_ROLES, FINDING, OUTLOOK]
                there = "" if self._extends() else "; the shipped kinds need `extends: misstep`"
                hint = did_you_mean(word, known, there, self.all.renamed)
                raise self.fail(f"unknown kind '{word}'{hint}", key, i, slot)
        return list(found.values())

    def _extends(self) -> bool:
        return any(pack.doc.extends is not None for pack in self.all.merged.packs)

    def _types(self, pattern: Pattern) -> dict[str, Type]:
        if pattern.key not in self.all.types:
            kinds = [self.all.kinds[k] for k in pattern.kinds] or [Kind("", "mistake", "")]
            types = fact_types(kinds, pattern.fields, self.all.scale, self.all.merged.broken)
            found = {"finding": {**types, **finding_types(self.all.scale)}, "fact": types}
            self.all.types[pattern.key] = found.get(pattern.over, {"level": Type("enum", self.all.scale.outlooks)})
        return self.all.types[pattern.key]

    # -- conditions

    def scope(self, own: Pattern | None = None) -> Scope:
        """The names that an expression may use; ``own``: the pattern around it."""
        if own is None:
            return self.all.scope(self.types, self.values)
        return self.all.scope({**self.types, own.name: self._types(own)}, self.values, own.name)

    def with_conditions(self, entry: PackEntry[schema.RuleDoc], conditions: Collection[Condition]) -> RuleNames:
        """The names of a rule that has more conditions besides."""
        names = copy(self)
        names.entry, names.conditions = entry, [*self.conditions, *conditions]
        names.known = self.known.union(*(known_where(condition.test, True) for condition in conditions))
        return names

    def needs(self, node: Expression) -> frozenset[str]:
        """The names to be bound before a condition: its own, and those that make its fields certainly known."""
        needs, uses = names_in(node), refs_in(node)
        for earlier in self.conditions:
            if known_where(earlier.test, True) & uses:
                needs |= earlier.needs
        return needs

    def condition(self, text: str, path: tuple[str | int, ...], own: Pattern | None = None) -> None:
        """Check a condition of the rule, or of its pattern ``own``, and add the fields that it makes known."""
        parts = self.attempt(path, lambda: check_condition(text, self.scope(own), self.known))
        if parts is None:  # it might have made any field known
            self.known |= {(name, field) for name, fields in self.types.items() for field in fields}
            return
        for part in parts:
            self.conditions.append(Condition(part, self.needs(part)))
            self.places.append(path)
            self.known |= known_where(part, True)

    def binder(self, item: schema.PatternDoc, i: int) -> Pattern | Aggregate | None:
        """The pattern or aggregate of one entry of `when`; None with the problem noted."""
        if item.fact is None:
            try:
                return self._aggregate(item, i)
            except Failed:
                for name in (item.name or "", *(item.by or ())):  # so that its uses are no problem too
                    self.values.setdefault(name, COUNT)
                return None
        words = item.fact
        pattern = self.patterns[item.name or (words if isinstance(words, str) else words[0])]
        if item.where is not None:
            self.condition(item.where, ("when", i, "where"), pattern)
        try:
            self._extreme(pattern, item.where, item.least, "<", "when", i, "least")
            self._extreme(pattern, item.where, item.most, ">", "when", i, "most")
        except Failed:
            return None
        return pattern

    def _extreme(self, pattern: Pattern, where: str | None, text: str | None, comparator: Comparator, *path: str | int) -> None:
        """Take the facts with the least or greatest value among those that meet the ``where`` of the pattern: no other one has
        less, or more. The other one has only this ``where`` to make its fields known."""
        if text is None:
            return
        name, other = pattern.name, f"another {pattern.name}"  # no name that a rule can bind
        known = frozenset(ref for ref in self.known if ref[0] != name)
        conditions: tuple[Expression, ...] = ()
        if where is not None:
            conditions = self.need((*path[:-1], "where"), lambda: check_condition(where, self.scope(pattern), known))
        known = known.union(*(known_where(test, True) for test in conditions))
        alone = self.all.scope({name: self.types[name]}, own=name)
        value, type_ = self.need(path, lambda: check_value(text, alone, known))
        if not type_.is_number:
            raise self.fail(f"a number is needed here; this is {type_}", *path)
        beyond = Compare((comparator,), (with_name(value, name, other), value))
        tests: tuple[Expression, ...] = (*with_name(conditions, name, other), beyond)
        needs = frozenset[str]().union(*map(self.needs, tests)) - {other}
        self.extremes.append(Existence(replace(pattern, name=other), tests, needs, negated=True, taken=True))

    def _aggregate(self, item: schema.PatternDoc, i: int) -> Aggregate | None:
        function = next(k for k in _AGGREGATES if getattr(item, k) is not None)
        path: tuple[str | int, ...] = ("when", i)
        words = getattr(item, function)
        if item.name is None:
            raise self.fail("an aggregate needs a name for its value: `as: n`", *path)
        of_finding = item.of if function == "count" else None
        pattern = self._pattern(words, item.each, of_finding, "when", i, function)
        if item.name in self.types or item.name in self.values or item.name == pattern.name or pattern.name in self.types:
            raise self.fail("two things of one name; `as` names the value, `each` the counted fact", *path)
        self._refuse_word(item.name, "when", i, "as")
        inner, needs, known = self._inner(pattern, item.where, path)
        value: Expression | None = None
        type_ = COUNT
        if function != "count":
            if not isinstance(item.of, str):
                raise self.fail(
                    f"`{function}` needs a value of each in `of`: an expression", *path, "of" if item.of else function
                )
            text = item.of
            value, type_ = self.need((*path, "of"), lambda: check_value(text, self.scope(pattern), known))
            needs |= self.needs(value) - {pattern.name}
            if function == "distinct" and type_.sort != "set":
                type_ = COUNT
            elif function == "distinct" or not type_.is_number:
                what = "a value other than a set" if function == "distinct" else "a number"
                raise self.fail(f"{what} is needed here; this is {type_}", *path, "of")
            elif function == "average":
                type_ = replace(type_, name="number")
            elif function == "sum":
                type_ = replace(type_, low=min(type_.low * MOST_FACTS, 0), high=max(type_.high * MOST_FACTS, 0))
        keys, types = self._keys(item.by or {}, item.name, pattern, known, path)
        for key in keys:
            needs |= self.needs(key.value) - {pattern.name}
        self.values |= {item.name: type_, **types}
        return Aggregate(item.name, function, pattern, inner, value, type_.name == "integer", needs, keys)

    def _keys(
        self, by: dict[str, str], name: str, pattern: Pattern, known: KnownFields, path: tuple[str | int, ...]
    ) -> tuple[tuple[GroupKey, ...], dict[str, Type]]:
        """The keys of an aggregate, which is called ``name``, with their types."""
        keys, types = [], {}
        scope = self.scope(pattern)
        for key, text in by.items():
            if key in (name, pattern.name) or key in self.types or key in self.values:
                raise self.fail(f"'{key}' is bound already; give this key another name", *path, "by", key)
            self._refuse_word(key, *path, "by", key)
            value, type_ = self.need((*path, "by", key), partial(check_value, text, scope, known))
            if type_.sort == "set":
                raise self.fail("a value other than a set is needed here; this is a set", *path, "by", key)
            keys.append(GroupKey(key, value))
            types[key] = replace(type_, unknown=False)
        return tuple(keys), types

    def existence(self, item: str | schema.PatternDoc, key: str, i: int) -> Existence | None:
        """One entry of `unless`, or one of `when` with `exists`; None with the problem noted."""
        try:
            if isinstance(item, str):
                item = schema.PatternDoc.model_validate({"fact": item})
            slot = "exists" if key == "when" else "fact"
            words: str | list[str] | None = getattr(item, slot)
            if words is None or item.each is not None or item.by is not None or item.least is not None or item.most is not None:
                raise self.fail(f"`{key}` takes {{{slot}: KIND, as: x, where: ...}} here", key, i)
            pattern = self._pattern(words, item.name, item.of, key, i, slot)
            if pattern.name in self.types or pattern.name in self.values:
                raise self.fail(f"'{pattern.name}' is bound already; give this one another name with `as`", key, i)
            inner, needs, _ = self._inner(pattern, item.where, (key, i))
            return Existence(pattern, inner, needs, negated=key == "unless")
        except Failed:
            return None

    def _inner(
        self, pattern: Pattern, where: str | None, path: tuple[str | int, ...]
    ) -> tuple[tuple[Expression, ...], frozenset[str], KnownFields]:
        """The conditions inside an existence or aggregate, the outer names needed before, and what is known inside."""
        parts: tuple[Expression, ...] = ()
        if where is not None:
            parts = self.need((*path, "where"), lambda: check_condition(where, self.scope(pattern), self.known))
        needs = frozenset(p.name for p in self.patterns.values() if overlap(p, pattern))
        known = self.known
        for part in parts:
            needs |= self.needs(part)
            known |= known_where(part, True)
        return parts, needs - {pattern.name}, known
