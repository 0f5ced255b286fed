"""Merged declarations in; a checked program out: every name resolved, every expression typed, rules in strata."""

from __future__ import annotations

import gc
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from misstep.errors import Problem, listing, suggest
from misstep.limits import Limits
from misstep.model.expression import Expression, Facts, Literal, known_where, names_in, refs_in
from misstep.model.facts import Kind
from misstep.model.rule import (
    FINDING,
    OUTLOOK,
    Action,
    Aggregate,
    Condition,
    Contribute,
    Derive,
    Effect,
    LimitOutlook,
    Negation,
    Note,
    Over,
    Pattern,
    Program,
    Recommend,
    Rule,
    Scale,
    Source,
    Text,
    Veto,
    overlap,
)
from misstep.rulebase import schema
from misstep.rulebase.expressions import (
    AGGREGATE_BITS,
    ExpressionError,
    Scope,
    Type,
    check_condition,
    check_number,
    check_text,
    check_value,
)
from misstep.rulebase.kinds import fact_types, field_type, finding_types, link_kinds
from misstep.rulebase.load import Entry, Merged, load_packs, refuse
from misstep.rulebase.scale import link_scale
from misstep.rulebase.strata import StrataError, stratify

_T = TypeVar("_T")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"\s*([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)\s*")
_AGGREGATES = ("count", "sum", "min", "max")


def load_program(paths: Sequence[str | Path], limits: Limits, cases: bool = True) -> tuple[Program, Merged]:
    """Load, check and link packs, with or without their cases. Raises RuleError with every problem, CallerError for
    paths."""
    collecting = gc.isenabled()
    gc.disable()  # nearly all that is made here stays: looking for garbage meanwhile would be a fifth of the time
    try:
        return _load_program(paths, limits, cases)
    finally:
        if collecting:
            gc.enable()


def _load_program(paths: Sequence[str | Path], limits: Limits, cases: bool) -> tuple[Program, Merged]:
    merged = load_packs(paths, limits, cases)
    problems = merged.problems
    scale = link_scale(merged, problems)
    roles, kinds = link_kinds(merged, scale, problems)
    if scale is None:
        refuse(problems, limits)
    assert scale is not None
    linker = _Linker(merged, kinds, scale, limits)
    actions = {name: _action(name, entry, scale, problems) for name, entry in merged.actions.items()}
    rules = [rule for entry in merged.rules.values() if (rule := linker.rule(entry)) is not None]
    for entry in merged.surplus:
        linker.rule(entry)
    strata: Any = ((), (), ())
    if not problems:
        try:
            strata = stratify(rules, kinds)
        except StrataError as error:
            problems.append(merged.rules[error.rule].problem(str(error), "then"))
    refuse(problems, limits)
    program = Program(
        name=merged.name,
        version=merged.version,
        digest=merged.digest(),
        kinds=kinds,
        roles=roles,
        rules={rule.id: rule for rule in rules},
        actions=actions,
        sources={name: _source(name, entry.doc) for name, entry in merged.sources.items()},
        scale=scale,
        scoring=strata[0],
        judging=strata[1],
        advising=strata[2],
    )
    return program, merged


def _action(name: str, entry: Entry[schema.ActionDoc], scale: Scale, problems: list[Problem]) -> Action:
    doc = entry.doc
    if doc.part is not None and doc.part not in scale.message_parts:
        hint = suggest(doc.part, scale.message_parts, f"; it is one of {', '.join(scale.message_parts)}")
        problems.append(entry.problem(f"unknown part of the message '{doc.part}'{hint}", "part"))
    words = len(f"{scale.message_opening} {doc.says} {scale.message_closing}".split())
    if words > scale.message_max_words:
        problems.append(
            entry.problem(f"with opening and closing this is {words} words; a message has at most {scale.message_max_words}", "says")
        )
    return Action(
        id=name,
        title=doc.title,
        reach=doc.reach,
        channel=doc.channel or "",
        effort_minutes=doc.effort_minutes,
        due_hours=doc.due_hours,
        group=doc.group or "",
        relief=doc.relief.severity if doc.relief else 0.0,
        text=doc.text,
        says=doc.says,
        part=doc.part or "",
    )


def _source(name: str, doc: schema.SourceDoc) -> Source:
    return Source(name, doc.title, doc.kind, doc.year, doc.figure, doc.url or "")


class _Failed(Exception):
    """The rule cannot be linked further; the problems are noted."""


class _Linker:
    def __init__(self, merged: Merged, kinds: dict[str, Kind], scale: Scale, limits: Limits) -> None:
        self.merged = merged
        self.kinds = kinds
        self.scale = scale
        self.limits = limits
        self.problems = merged.problems
        self.finding_types = finding_types(scale)
        self.types: dict[str, dict[str, Type]] = {}  # of the fields of a pattern, by its key

    def rule(self, entry: Entry[schema.RuleDoc]) -> Rule | None:
        """The linked rule, or None with problems noted."""
        before = len(self.problems)
        rule = _RuleLinker(self, entry).link()
        return rule if len(self.problems) == before else None


class _RuleLinker:
    """Links one rule. Keeps what is known of its names while it walks the rule in written order."""

    def __init__(self, linker: _Linker, entry: Entry[schema.RuleDoc]) -> None:
        self.all = linker
        self.entry = entry
        self.doc = entry.doc
        self.patterns: dict[str, Pattern] = {}
        self.types: dict[str, dict[str, Type]] = {}
        self.values: dict[str, Type] = {}
        self.conditions: list[Condition] = []
        self.known: Facts = frozenset()

    # -- problems

    def problem(self, message: str, *path: str | int, offset: int | None = None) -> None:
        self.all.problems.append(self.entry.problem(message, *path, offset=offset))

    def fail(self, message: str, *path: str | int) -> _Failed:
        self.problem(message, *path)
        return _Failed()

    def attempt(self, path: tuple[str | int, ...], check: Callable[[], _T]) -> _T | None:
        """The result of a check of an expression; None with the problem noted, at the place in the expression."""
        try:
            return check()
        except ExpressionError as error:
            self.problem(str(error), *path, offset=error.offset)
            return None

    # -- the rule

    def link(self) -> Rule | None:
        doc = self.doc
        if len(doc.when) + len(doc.unless) > self.all.limits.patterns:
            self.problem(f"a rule has at most {self.all.limits.patterns} patterns", "when")
            return None
        items = []
        for i, item in enumerate(doc.when):
            try:
                items.append(self._item(item, i))
            except _Failed:
                continue
        if len(items) < len(doc.when):
            return None
        binders = [self._binder(item, i) for i, item in enumerate(items)]
        if doc.where is not None:
            self._condition(doc.where, ("where",))
        unless = [self._negation(item, i) for i, item in enumerate(doc.unless)]
        before = len(self.all.problems)
        effects = [e for e in self._effects() if e is not None]
        if not effects and len(self.all.problems) == before:
            self.problem("`then` has no effect", "then")
        because = self._because()
        self._sources()
        if None in binders or None in unless:
            return None
        return Rule(
            id=str(self.entry.path[-1]),
            title=doc.title or "",
            help=doc.help,
            pack=self.entry.pack.doc.pack,
            binders=tuple(b for b in binders if b is not None),
            unless=tuple(n for n in unless if n is not None),
            conditions=tuple(self.conditions),
            effects=tuple(effects),
            because=because,
            sources=tuple(sorted(set(doc.sources))),
        )

    def _item(self, item: str | schema.PatternDoc, i: int) -> schema.PatternDoc:
        """One entry of `when`, spelled out; facts are bound to their names at once, so that all can see all."""
        if isinstance(item, str):
            item = schema.PatternDoc.model_validate({"fact": item})
        given = [k for k in ("fact", *_AGGREGATES) if getattr(item, k) is not None]
        if len(given) != 1:
            raise self.fail("a pattern has one of fact, count, sum, min, max", "when", i)
        if given == ["fact"]:
            if item.each is not None:
                raise self.fail("`each` is for aggregates", "when", i, "each")
            pattern = self._pattern(item.fact, item.name, item.of, "when", i, "fact")
            if pattern.name in self.patterns:
                raise self.fail(f"'{pattern.name}' is bound twice; give one of them another name with `as`", "when", i)
            self.patterns[pattern.name] = pattern
            self.types[pattern.name] = self._types(pattern)
        return item

    def _pattern(self, fact: Any, name: str | None, of: Any, key: str, i: int, slot: str) -> Pattern:
        """Resolve what a pattern ranges over."""
        words = [fact] if isinstance(fact, str) else list(fact)
        if name is None and len(words) > 1:
            raise self.fail("a list of kinds needs a name: `as: x` (in an aggregate `each: x`)", key, i)
        name = name or words[0]
        self._refuse_word(name, key, i)
        over: Over = "fact"
        if words == [FINDING]:
            over = "finding"
            names = ["mistake"] if of is None else [of] if isinstance(of, str) else of
            if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
                raise self.fail("`of` a finding is a kind or a list of kinds", key, i, "of")
            words, slot = names, "of" if of is not None else slot
        elif of is not None and slot == "fact":
            raise self.fail("`of` is for findings and aggregates", key, i, "of")
        elif words == [OUTLOOK]:
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

    def _refuse_word(self, name: str, key: str, i: int) -> None:
        if keyword.iskeyword(name) or name in ("true", "false", "known"):
            raise self.fail(f"'{name}' is a word of the expression language; choose another name", key, i, "as")

    def _common(self, words: list[str]) -> Any:
        """The fields that every fact of a role, or of several kinds of one role, has."""
        roles = {word if word in _ROLE_NAMES else self.all.kinds[word].role for word in words}
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
            if word in _ROLE_NAMES and word != "derived":
                found.update({k.name: k for k in self.all.kinds.values() if k.role == word})
            elif word in self.all.kinds:
                found[word] = self.all.kinds[word]
            elif word in (FINDING, OUTLOOK):
                raise self.fail(f"'{word}' cannot stand in a list of kinds", key, i, slot)
            elif word == "derived":
                raise self.fail("facts of the role derived are taken by their kind", key, i, slot)
            elif ("kinds", word) in self.all.merged.broken:
                raise _Failed
            else:
                known = [*self.all.kinds, *(r for r in _ROLE_NAMES if r != "derived"), FINDING, OUTLOOK]
                hint = suggest(word, known, "" if self._extends() else "; the shipped kinds need `extends: misstep`")
                raise self.fail(f"unknown kind '{word}'{hint}", key, i, slot)
        return list(found.values())

    def _extends(self) -> bool:
        return any(pack.doc.extends is not None for pack in self.all.merged.packs)

    def _types(self, pattern: Pattern) -> dict[str, Type]:
        types = self.all.types.get(pattern.key)
        if types is None:
            types = self.all.types[pattern.key] = self._worked_out(pattern)
        return types

    def _worked_out(self, pattern: Pattern) -> dict[str, Type]:
        if pattern.over == "outlook":
            return {"level": Type("enum", self.all.scale.outlooks)}
        kinds = [self.all.kinds[k] for k in pattern.kinds]
        if not kinds:
            kinds = [Kind("", "mistake", "")]
        types = fact_types(kinds, pattern.fields, self.all.scale)
        if pattern.over == "finding":
            types.update(self.all.finding_types)
        return types

    # -- conditions

    def _scope(self, own: dict[str, dict[str, Type]] | None = None) -> Scope:
        return Scope({**self.types, **(own or {})}, self.values)

    def _needs(self, node: Expression) -> frozenset[str]:
        """The names to be bound before a condition: its own, and those that make its fields certainly known."""
        needs, uses = names_in(node), refs_in(node)
        for earlier in self.conditions:
            if known_where(earlier.test, True) & uses:
                needs |= earlier.needs
        return needs

    def _condition(self, text: str, path: tuple[str | int, ...]) -> None:
        parts = self.attempt(path, lambda: check_condition(text, self._scope(), self.known))
        for part in parts or ():
            self.conditions.append(Condition(part, self._needs(part)))
            self.known |= known_where(part, True)

    def _binder(self, item: schema.PatternDoc, i: int) -> Pattern | Aggregate | None:
        if item.fact is None:
            try:
                return self._aggregate(item, i)
            except _Failed:
                self.values.setdefault(item.name or "", Type("integer", bits=20))  # so that its uses are no problem too
                return None
        if item.where is not None:
            self._condition(item.where, ("when", i, "where"))
        words = item.fact
        return self.patterns[item.name or (words if isinstance(words, str) else words[0])]

    def _aggregate(self, item: schema.PatternDoc, i: int) -> Aggregate | None:
        function: Any = next(k for k in _AGGREGATES if getattr(item, k) is not None)
        path: tuple[str | int, ...] = ("when", i)
        words = getattr(item, function)
        if item.name is None:
            raise self.fail("an aggregate needs a name for its value: `as: n`", *path)
        of_finding = item.of if function == "count" else None
        pattern = self._pattern(words, item.each, of_finding, "when", i, function)
        if item.name in self.types or item.name in self.values or item.name == pattern.name or pattern.name in self.types:
            raise self.fail("two things of one name; `as` names the value, `each` the counted fact", *path)
        self._refuse_word(item.name, "when", i)
        inner, needs, known = self._inner(pattern, item.where, path)
        value: Expression | None = None
        type_ = Type("integer", bits=20)
        if function != "count":
            if not isinstance(item.of, str):
                raise self.fail(f"`of` says what to take the {function} of: an expression", *path, "of" if item.of else function)
            own = {pattern.name: self._types(pattern)}
            text = item.of
            checked = self.attempt((*path, "of"), lambda: check_value(text, self._scope(own), known))
            if checked is None:
                raise _Failed
            value, type_ = checked
            if type_.name not in ("integer", "number"):
                raise self.fail(f"a number is needed here; this is {type_}", *path, "of")
            needs |= self._needs(value) - {pattern.name}
            type_ = Type(type_.name, bits=max(type_.bits, 1) + AGGREGATE_BITS - 53)
        self.values[item.name] = type_
        return Aggregate(item.name, function, pattern, inner, value, type_.name == "integer", needs)

    def _negation(self, item: str | schema.PatternDoc, i: int) -> Negation | None:
        try:
            if isinstance(item, str):
                item = schema.PatternDoc.model_validate({"fact": item})
            if item.fact is None or item.each is not None:
                raise self.fail("`unless` takes facts: {fact: KIND, as: x, where: ...}", "unless", i)
            pattern = self._pattern(item.fact, item.name, item.of, "unless", i, "fact")
            if pattern.name in self.types or pattern.name in self.values:
                raise self.fail(f"'{pattern.name}' is bound already; give this one another name with `as`", "unless", i)
            inner, needs, _ = self._inner(pattern, item.where, ("unless", i))
            return Negation(pattern, inner, needs)
        except _Failed:
            return None

    def _inner(
        self, pattern: Pattern, where: str | None, path: tuple[str | int, ...]
    ) -> tuple[tuple[Expression, ...], frozenset[str], Facts]:
        """The conditions inside a negation or aggregate, the outer names needed before, and what is known inside."""
        own = {pattern.name: self._types(pattern)}
        parts: tuple[Expression, ...] = ()
        if where is not None:
            checked = self.attempt((*path, "where"), lambda: check_condition(where, self._scope(own), self.known))
            if checked is None:
                raise _Failed
            parts = checked
        needs = frozenset(p.name for p in self.patterns.values() if overlap(p, pattern))
        known = self.known
        for part in parts:
            needs |= self._needs(part)
            known |= known_where(part, True)
        return parts, needs - {pattern.name}, known

    # -- effects

    def _effects(self) -> list[Effect | None]:
        then, effects = self.doc.then, cast("list[Effect | None]", [])
        for dimension in ("severity", "noticed", "urgency", "relief"):
            add = getattr(then, dimension)
            if add is not None:
                mapped = isinstance(add, schema.AddDoc)
                path = ("then", dimension, "add") if mapped else ("then", dimension)
                target = self._mistake(add.target if mapped else None, ("then", dimension), "add")
                amount = self._amount(add.add if mapped else add, path)
                if target is not None and amount is not None:
                    effects.append(Contribute(cast("Any", dimension), target, amount))
        if then.overall is not None:
            amount = self._amount(then.overall, ("then", "overall"))
            effects.append(Contribute("overall", "", amount) if amount is not None else None)
        if then.verdict is not None:
            effects.append(self._verdict(then.verdict))
        if then.outlook is not None:
            effects.append(self._outlook(then.outlook))
        for i, derive in enumerate(_items(then.derive)):
            effects.append(self._derive(derive, ("then", "derive", i) if isinstance(then.derive, list) else ("then", "derive")))
        place: tuple[str | int, ...]
        for i, recommend in enumerate(_items(then.recommend)):
            place = ("then", "recommend", i) if isinstance(then.recommend, list) else ("then", "recommend")
            effects.append(self._recommend(recommend, place))
        for i, veto in enumerate(_items(then.veto)):
            place = ("then", "veto", i) if isinstance(then.veto, list) else ("then", "veto")
            doc = schema.VetoDoc(action=veto) if isinstance(veto, str) else veto
            action, targets = self._action(doc.action, place), self._targets(doc.targets, place)
            effects.append(Veto(action, targets) if action is not None and targets is not None else None)
        if then.note is not None:
            note = then.note
            text = self.attempt(("then", "note"), lambda: check_text(note, self._scope(), self.known))
            effects.append(Note(text) if text is not None else None)
        return effects

    def _amount(self, value: str | float, path: tuple[str | int, ...]) -> Expression | None:
        return self.attempt(path, lambda: check_number(value, self._scope(), self.known))

    def _mistakes(self, over: Iterable[str]) -> list[str]:
        return [
            p.name for p in self.patterns.values()
            if p.over in over and all(self.all.kinds[k].role == "mistake" for k in p.kinds)
        ]  # fmt: skip

    def _mistake(self, name: str | None, path: tuple[str | int, ...], key: str) -> str | None:
        """The name of the mistake that a contribution goes to."""
        mistakes = self._mistakes(("fact",))
        if name is None and len(mistakes) == 1:
            return mistakes[0]
        if name in mistakes:
            return name
        if name is None:
            several = f"the rule names several mistakes; say which: {{for: NAME, {key}: ...}}"
            self.problem(several if mistakes else f"`{path[-1]}` goes to a mistake, and `when` names none", *path)
        elif name in self.patterns:
            what = "a finding is scored already" if self.patterns[name].over == "finding" else "it is not a mistake"
            self.problem(f"'{name}' cannot be added to: {what}", *path, "for")
        else:
            self.problem(f"'{name}' is not a name of this rule{suggest(name, mistakes)}", *path, "for")
        return None

    def _verdict(self, doc: str | schema.VerdictDoc) -> Effect | None:
        mapped = isinstance(doc, schema.VerdictDoc)
        word = doc.at_least if isinstance(doc, schema.VerdictDoc) else doc
        target = self._mistake(doc.target if isinstance(doc, schema.VerdictDoc) else None, ("then", "verdict"), "at_least")
        if word not in self.all.scale.verdicts:
            hint = suggest(word, self.all.scale.verdicts, f"; it is one of {', '.join(self.all.scale.verdicts)}")
            self.problem(f"unknown verdict '{word}'{hint}", "then", "verdict", *(["at_least"] if mapped else []))
            return None
        return Contribute("verdict", target, Literal(self.all.scale.verdicts.index(word))) if target else None

    def _outlook(self, word: str) -> Effect | None:
        outlooks = self.all.scale.outlooks
        if word not in outlooks:
            hint = suggest(word, outlooks, f"; it is one of {', '.join(outlooks)}")
            self.problem(f"unknown outlook '{word}'{hint}", "then", "outlook")
            return None
        return LimitOutlook(outlooks.index(word))

    def _action(self, name: str, path: tuple[str | int, ...]) -> str | None:
        actions = self.all.merged.actions
        if name in actions or ("actions", name) in self.all.merged.broken:
            return name
        hint = suggest(name, actions, "; declare it under actions:")
        self.problem(f"unknown action '{name}'{hint}", *path, "action")
        return None

    def _targets(self, given: str | list[str] | None, path: tuple[str | int, ...]) -> tuple[str, ...] | None:
        mistakes = self._mistakes(("fact", "finding"))
        if given is None:
            return tuple(mistakes) if len(mistakes) == 1 else ()
        names = [given] if isinstance(given, str) else given
        for name in names:
            if name not in mistakes:
                what = "is not a mistake or finding" if name in self.patterns else "is not a name of this rule"
                self.problem(f"'{name}' {what}{suggest(name, mistakes)}", *path, "for")
                return None
        return tuple(dict.fromkeys(names))

    def _recommend(self, item: str | schema.RecommendDoc, path: tuple[str | int, ...]) -> Effect | None:
        doc = schema.RecommendDoc(action=item) if isinstance(item, str) else item
        action, targets = self._action(doc.action, path), self._targets(doc.targets, path)
        relief = None if doc.relief is None else self._amount(doc.relief, (*path, "relief"))
        due = None if doc.due_hours is None else self._amount(doc.due_hours, (*path, "due_hours"))
        return Recommend(action, targets, relief, due) if action is not None and targets is not None else None

    def _derive(self, doc: dict[str, Any], path: tuple[str | int, ...]) -> Effect | None:
        name = doc.get("kind")
        kind = self.all.kinds.get(name) if isinstance(name, str) else None
        if ("kinds", name) in self.all.merged.broken:
            return None
        if kind is None or kind.role != "derived":
            derived = [k.name for k in self.all.kinds.values() if k.role == "derived"]
            there = f"; there are {listing(derived)}" if derived else "; declare one under kinds: with `role: derived`"
            what = "the `kind` is missing" if name is None else f"'{name}' is not a derived kind"
            self.problem(f"derive: {what}{there if name is None else suggest(str(name), derived, there)}", *path, "kind")
            return None
        for key in doc:
            if key != "kind" and key not in kind.by_name:
                hint = suggest(key, kind.by_name, f"; it has {listing(kind.by_name)}" if kind.by_name else "")
                self.problem(f"derive: {kind.name} has no field '{key}'{hint}", *path, key)
        values: list[Expression | None] = []
        for field in kind.fields:
            if field.name in doc:
                values.append(self._derived(field.name, doc[field.name], field_type(field), (*path, field.name)))
            else:
                if not field.unknown:
                    self.problem(f"derive: {kind.name} needs the field '{field.name}'", *path)
                values.append(None)
        return Derive(kind.name, tuple(values))

    def _derived(self, field: str, value: Any, wanted: Type, path: tuple[str | int, ...]) -> Expression | None:
        if isinstance(value, str) and _WORD.fullmatch(value) and value not in (*self.values, *self.types, "True", "False"):
            node: Expression = Literal(value)
            type_ = Type("text", (value,))
        elif isinstance(value, str):
            scope = self._scope()
            known = self.known
            reference = _REFERENCE.fullmatch(value)
            if wanted.unknown and reference is not None:  # an unknown value may be copied into a field that may be unknown
                known |= {(reference.group(1), reference.group(2))}
            checked = self.attempt(path, lambda: check_value(value, scope, known))
            if checked is None:
                return None
            node, type_ = checked
        else:
            node = Literal(value)
            numeric = "integer" if isinstance(value, int) else "number"
            type_ = Type("boolean") if isinstance(value, bool) else Type(cast("Any", numeric))
        if wanted.name == "enum" and isinstance(node, Literal) and node.value not in wanted.values:
            hint = suggest(str(node.value), wanted.values, f"; it is one of {listing(wanted.values)}")
            self.problem(f"derive: not a value of the field '{field}'{hint}", *path)
            return None
        if not _fits(type_, wanted):
            what = f"one of {listing(wanted.values)}" if wanted.values else str(wanted)
            self.problem(f"derive: the field '{field}' takes {what}; this is {type_}", *path)
            return None
        return node

    # -- reasons

    def _because(self) -> Text:
        doc = self.doc
        if doc.because is None:
            return Text((doc.title or str(self.entry.path[-1]).replace("-", " ").replace(".", ": ").replace("_", " "),))
        because = doc.because
        text = self.attempt(("because",), lambda: check_text(because, self._scope(), self.known))
        return text or Text(())

    def _sources(self) -> None:
        sources = self.all.merged.sources
        for i, source in enumerate(self.doc.sources):
            if source not in sources and ("sources", source) not in self.all.merged.broken:
                self.problem(f"unknown source '{source}'{suggest(source, sources, '; declare it under sources:')}", "sources", i)


_ROLE_NAMES = ("mistake", "signal", "strength", "setting", "derived")


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _fits(given: Type, wanted: Type) -> bool:
    """Whether a value of one type may stand in a derived field of another."""
    match wanted.name:
        case "text":
            return given.name in ("text", "enum", "id")
        case "enum":
            return given.name in ("text", "enum") and bool(given.values) and set(given.values) <= set(wanted.values)
        case "number":
            return given.name in ("integer", "number")
        case "set":
            return given.name == "set" and set(given.values) <= set(wanted.values)
        case _:
            return given.name == wanted.name
