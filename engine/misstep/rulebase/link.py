"""Link merged declarations to a checked program: names resolved, expressions typed, rules in strata."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from misstep.language.effects import Text
from misstep.language.facts import Kind
from misstep.language.program import Aggregate, Existence, Pattern, Program, Rule, Source, Stratum
from misstep.layout.wording import name_from_id
from misstep.limits import Limits
from misstep.rulebase import schema
from misstep.rulebase.actions import check_ways, link_actions
from misstep.rulebase.constants import link_constants
from misstep.rulebase.expressions import check_text
from misstep.rulebase.kinds import link_kinds, link_usual
from misstep.rulebase.link_effects import EffectLinker
from misstep.rulebase.link_scale import link_scale
from misstep.rulebase.link_tables import row_conditions
from misstep.rulebase.load import EXTENDED, load_packs
from misstep.rulebase.messages import MessageChecker
from misstep.rulebase.packs import Merged, PackEntry, refuse
from misstep.rulebase.patterns import Declared, Failed, RuleNames
from misstep.rulebase.strata import StrataError, stratify
from misstep.rulebase.tables import RowEntry


def load_program(paths: Sequence[str | Path], limits: Limits, cases: bool = True) -> tuple[Program, Merged]:
    """Load, check and link packs, with or without their cases. Raises RuleError with every problem, UsageError for
    paths."""
    collecting = gc.isenabled()
    gc.disable()  # nearly all that is made here stays: looking for garbage meanwhile would be a fifth of the time
    try:
        merged = load_packs(paths, limits, cases)
        return link_program(merged, limits), merged
    finally:
        if collecting:
            gc.enable()


def link_program(merged: Merged, limits: Limits) -> Program:
    """Check and link merged packs. Raises RuleError with every problem."""
    problems = merged.problems
    link_constants(merged)
    scale = link_scale(merged)
    roles, kinds = link_kinds(merged, scale)
    if scale is None:
        refuse(problems, limits)
    assert scale is not None
    declared = Declared(merged, kinds, scale, limits)
    messages = MessageChecker(merged, kinds, roles, scale)
    messages.check_scale()
    actions = link_actions(merged, scale, messages)
    check_ways(merged, kinds, scale)
    of_tables = {rule.id: rule for table in merged.tables.values() for rule in _link_table(declared, table)}
    rules = []
    for name, entry in merged.rules.items():
        rule = of_tables.get(name) if isinstance(entry, RowEntry) else _link_rule(declared, entry)
        rules += [rule] if rule is not None else []
    for entry in merged.surplus:
        _link_rule(declared, entry)
    _refuse_idle_kinds(merged, kinds, rules)
    _check_statements(merged, kinds)
    usual = link_usual(merged, roles, kinds)
    strata: tuple[tuple[Stratum, ...], ...] = ((), (), ())
    if not problems:
        try:
            strata = stratify(rules, kinds)
        except StrataError as error:
            merged.rules[error.rule].report(str(error), "then")
    refuse(problems, limits)
    return Program(
        name=merged.name,
        version=merged.version,
        digest=merged.digest(),
        kinds=kinds,
        roles=roles,
        rules={rule.id: rule for rule in rules},
        actions=actions,
        sources={name: _source(name, entry.doc) for name, entry in merged.sources.items()},
        usual=usual,
        scale=scale,
        scoring=strata[0],
        judging=strata[1],
        advising=strata[2],
    )


def _refuse_idle_kinds(merged: Merged, kinds: dict[str, Kind], rules: Sequence[Rule]) -> None:
    """Report derived kinds that a rule reads and no rule of any pack derives. One that is replaced or turned off counts too."""
    derived: set[object] = set()
    for pack in merged.packs:
        for doc in (*pack.doc.rules.values(), *(row.doc for rows in pack.rows.values() for row in rows.values())):
            given = doc.then.derive
            derived.update(item.get("kind") for item in (given if isinstance(given, list) else [given] if given else []))
    read = {kind for rule in rules for pattern in rule.all_patterns for kind in pattern.kinds}
    for name in read:
        if kinds[name].role == "derived" and name not in derived and not any(pack.broken for pack in merged.packs):
            merged.kinds[name].report("rules read this kind, and none derives it, so there is never a fact of it")


def _check_statements(merged: Merged, kinds: dict[str, Kind]) -> None:
    """Report statements of given sources about kinds that are not there. A pack may extend the shipped sources without kinds."""
    for entry in merged.sources.values():
        for i, statement in enumerate(entry.doc.statements if entry.pack.layer != EXTENDED else ()):
            if not merged.is_broken(statement.of):
                entry.knows("kind", statement.of, kinds, "statements", i, "of", otherwise="; declare it under kinds:")


def _source(name: str, doc: schema.SourceDoc) -> Source:
    return Source(name, doc.title, doc.kind, doc.year, doc.figure, doc.url or "")


def _link_rule(declared: Declared, entry: PackEntry[schema.RuleDoc]) -> Rule | None:
    """The linked rule; None if it has a fault, which is reported."""
    before = len(declared.merged.problems)
    names = RuleNames(declared, entry)
    bound = bind_facts(names, entry.doc)
    rule = _conclude(names, entry.doc, bound) if bound is not None else None
    return rule if len(declared.merged.problems) == before else None


def _link_table(declared: Declared, table: PackEntry[schema.TableDoc]) -> Iterator[Rule]:
    """The rules of a table that take part; faults are reported."""
    rows = [row for row in table.pack.rows.get(table.name, {}).values() if isinstance(row, RowEntry)]
    if not rows:
        return
    names = RuleNames(declared, rows[0])  # they have all but their cells in common
    bound = bind_facts(names, rows[0].doc)
    conditions = row_conditions(names, table, rows) if bound is not None else None
    if bound is None or conditions is None:
        return
    for row, own in zip(rows, conditions, strict=True):
        if declared.merged.rules.get(row.name) is row:
            rule = _conclude(names.with_conditions(row, own), row.doc, bound)
            if rule is not None:
                yield rule


class BoundFacts(NamedTuple):
    """What the patterns of a rule bind; None stands for what has a fault."""

    binders: list[Pattern | Aggregate | None]
    existences: list[Existence | None]


def bind_facts(names: RuleNames, doc: schema.RuleDoc) -> BoundFacts | None:
    """What the patterns of a rule bind; None where their number or shape is wrong, which is reported."""
    if len(doc.when) + len(doc.unless) > names.all.limits.patterns:
        names.problem(f"a rule has at most {names.all.limits.patterns} patterns", "when")
        return None
    items = []
    for i, item in enumerate(doc.when):
        try:
            items.append(names.item(item, i))
        except Failed:
            continue
    if len(items) < len(doc.when):
        return None
    binders = [names.binder(item, i) for i, item in enumerate(items) if item.exists is None]
    if doc.where is not None:
        names.condition(doc.where, ("where",))
    existences = [names.existence(item, "when", i) for i, item in enumerate(items) if item.exists is not None]
    existences += names.extremes
    existences += [names.existence(item, "unless", i) for i, item in enumerate(doc.unless)]
    return BoundFacts(binders, existences)


def _conclude(names: RuleNames, doc: schema.RuleDoc, bound: BoundFacts) -> Rule | None:
    before = len(names.all.merged.problems)
    effects = EffectLinker(names).effects()
    if not effects and len(names.all.merged.problems) == before:
        names.problem("`then` has no effect", "then")
    because = _because(names, doc)
    for i, source in enumerate(doc.sources):
        names.all.merged.declares("sources", source, names.entry, "sources", i)
    if None in bound.binders or None in bound.existences:
        return None
    names.all.merged.condition_places[names.entry.name] = tuple(names.places)
    return Rule(
        id=names.entry.name,
        title=doc.title or "",
        help=doc.help,
        pack=names.entry.pack.doc.pack,
        binders=tuple(
            part for b in bound.binders if b is not None for part in (b, *(b.keys if isinstance(b, Aggregate) else ()))
        ),
        existences=tuple(e for e in bound.existences if e is not None),
        conditions=tuple(names.conditions),
        effects=tuple(e for e in effects if e is not None),
        because=because,
        sources=tuple(sorted(set(doc.sources))),
    )


def _because(names: RuleNames, doc: schema.RuleDoc) -> Text:
    if doc.because is None:
        return Text((doc.title or name_from_id(str(names.entry.path[-1])),))
    because = doc.because
    text = names.attempt(("because",), lambda: check_text(because, names.scope(), names.known))
    return text or Text(())
