"""One declared rule in; the linked rule out, or problems noted."""

from __future__ import annotations

from misstep.errors import suggest
from misstep.language.program import Rule, Text
from misstep.layout.wording import name_from_id
from misstep.rulebase import schema
from misstep.rulebase.effects import EffectLinker
from misstep.rulebase.expressions import check_text
from misstep.rulebase.packs import Entry
from misstep.rulebase.patterns import Declared, Failed, RuleNames


def link_rule(declared: Declared, entry: Entry[schema.RuleDoc]) -> Rule | None:
    """The linked rule, or None with what is wrong noted in ``declared.problems``."""
    before = len(declared.problems)
    rule = _link(RuleNames(declared, entry), entry.doc)
    return rule if len(declared.problems) == before else None


def _link(names: RuleNames, doc: schema.RuleDoc) -> Rule | None:
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
    binders = [names.binder(item, i) for i, item in enumerate(items)]
    if doc.where is not None:
        names.condition(doc.where, ("where",))
    unless = [names.negation(item, i) for i, item in enumerate(doc.unless)]
    before = len(names.all.problems)
    effects = EffectLinker(names).effects()
    if not effects and len(names.all.problems) == before:
        names.problem("`then` has no effect", "then")
    because = _because(names, doc)
    _refuse_unknown_sources(names, doc)
    if None in binders or None in unless:
        return None
    return Rule(
        id=str(names.entry.path[-1]),
        title=doc.title or "",
        help=doc.help,
        pack=names.entry.pack.doc.pack,
        binders=tuple(b for b in binders if b is not None),
        unless=tuple(n for n in unless if n is not None),
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


def _refuse_unknown_sources(names: RuleNames, doc: schema.RuleDoc) -> None:
    sources = names.all.merged.sources
    for i, source in enumerate(doc.sources):
        if source not in sources and ("sources", source) not in names.all.merged.broken:
            names.problem(f"unknown source '{source}'{suggest(source, sources, '; declare it under sources:')}", "sources", i)
