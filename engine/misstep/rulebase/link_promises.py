"""Link the promises of packs: each becomes a rule that notes how it is broken, over the facts of a record and its answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from misstep.errors import did_you_mean, listing
from misstep.language.effects import Note, Text
from misstep.language.expression import Expression, Logic, Not
from misstep.language.facts import GIVEN_ROLES, Kind
from misstep.language.program import OUTLOOK, Aggregate, Condition, Pattern, Program, Rule
from misstep.language.promise import AFTER, ANSWER, BEFORE, CHANGE_WORDS, ChangeWord, FieldChange, Promise, answer_kinds
from misstep.limits import Limits
from misstep.rulebase import schema
from misstep.rulebase.expressions import check_condition
from misstep.rulebase.kinds import field_type
from misstep.rulebase.link import bind_facts
from misstep.rulebase.packs import Merged, PackEntry, refuse
from misstep.rulebase.patterns import Declared, Failed, RuleNames

PromiseEntry = PackEntry[schema.PromiseDoc]


def link_promises(program: Program, merged: Merged, limits: Limits) -> tuple[Promise, ...]:
    """The promises of a rule base. Raises RuleError with every mistake in them."""
    declared = Declared(merged, program.kinds, program.scale, limits)
    kinds = promised_kinds(program)
    found = [_link_promise(declared, entry, kinds) for entry in merged.promises.values()]
    refuse(merged.problems, limits)
    return tuple(promise for promise in found if promise is not None)


def promised_kinds(program: Program) -> dict[str, Kind]:
    """The kinds of which the answers of a program are facts to its promises, by the names that these have for them."""
    derived = (kind.name for kind in program.kinds.values() if kind.role == "derived")
    return answer_kinds(program.scale, program.actions.values(), program.rules, derived)


def _link_promise(declared: Declared, entry: PromiseEntry, kinds: dict[str, Kind]) -> Promise | None:
    """A promise; None if it has a fault, which is reported."""
    doc = entry.doc
    if (doc.always is None) == (doc.never is None):
        entry.report("a promise has one condition: `always`, which holds, or `never`, which does not", *_written(doc))
        return None
    if doc.change is not None and doc.add is not None:
        entry.report("records differ in one thing: a `change`, or what they `add`", "add")
        return None
    changed, _, field = next(iter(doc.change)).partition(".") if doc.change else (doc.add or "", "", "")
    path: tuple[str | int, ...] = ("change", next(iter(doc.change))) if doc.change else ("add",)
    when = list(doc.when)
    if changed and changed not in _bound(doc):
        if changed not in (*declared.kinds, *GIVEN_ROLES):
            entry.report(_unknown(changed, declared.kinds, _bound(doc)), *path)
            return None
        when.append(changed)  # any fact of that kind or role
    rule = schema.RuleDoc.model_construct(when=when, unless=doc.unless, where=doc.where)
    names = RuleNames(declared, PackEntry(entry.pack, entry.path, rule))
    before = len(declared.merged.problems)
    try:
        bound = bind_facts(names, rule)
        asked = tuple(names.conditions)
        answers = _bind_answers(names, [kinds[name] for name in ((BEFORE, AFTER) if changed else (ANSWER,))])
        _add_condition(names, doc, None if changed else answers[0])
        change = _change(names, changed, field, doc, path) if doc.change else None
        if doc.add is not None:
            _given_pattern(names, changed, path)
    except Failed:
        return None
    if bound is None or None in bound.binders or None in bound.existences or len(declared.merged.problems) > before:
        return None
    binders = [each for each in bound.binders if each is not None]
    matching = Rule(
        id=entry.name,
        title="",
        help="",
        pack=entry.pack.doc.pack,
        binders=tuple(part for each in binders for part in (each, *(each.keys if isinstance(each, Aggregate) else ()))),
        existences=tuple(each for each in bound.existences if each is not None),
        conditions=asked,
        effects=(Note(Text(())),),
        because=Text(()),
        sources=(),
    )
    breach = replace(matching, binders=(*matching.binders, *answers), conditions=tuple(names.conditions))
    condition = f"never: {doc.never}" if doc.always is None else f"always: {doc.always}"
    return Promise(
        entry.name, entry.pack.doc.pack, entry.place, condition, matching, breach, change, changed if doc.add else None
    )


def _written(doc: schema.PromiseDoc) -> tuple[str, ...]:
    return ("never",) if doc.never is not None else ()


def _bound(doc: schema.PromiseDoc) -> list[str]:
    """The names that `when` gives to facts."""
    named: list[str] = []
    for item in doc.when:
        words = item if isinstance(item, str) else item.name or item.fact
        named += [words] if isinstance(words, str) else []
    return named


def _unknown(name: str, kinds: Collection[str], bound: Collection[str]) -> str:
    there = f"; `when` names {listing(bound)}" if bound else ""
    hint = did_you_mean(name, [*bound, *kinds, *GIVEN_ROLES], there)
    return f"'{name}' is neither a name in `when` nor a kind or role{hint}"


def _bind_answers(names: RuleNames, kinds: list[Kind]) -> list[Pattern]:
    """The answers that a condition may speak of, as patterns."""
    patterns = []
    for kind in kinds:
        name = kind.title
        if name in names.types or name in names.values:
            raise names.fail(f"'{name}' is the name of an answer here; `as` gives the fact another one", "when")
        names.types[name] = names.all.types[kind.name] = {field.name: field_type(field) for field in kind.fields}
        patterns.append(Pattern(name, "fact", kind.name, (kind.name,), kind.fields))
    return patterns


def _add_condition(names: RuleNames, doc: schema.PromiseDoc, own: Pattern | None) -> None:
    """Add the condition under which the promise is broken: what must always hold is not certain, or what never may is so."""
    if doc.never is not None:
        names.condition(doc.never, ("never",), own)
        return
    text = doc.always or ""
    held = names.need(("always",), lambda: check_condition(text, names.scope(own), names.known))
    broken: Expression = Not(Logic("and", held) if len(held) > 1 else held[0])
    names.conditions.append(Condition(broken, names.needs(broken)))


def _given_pattern(names: RuleNames, name: str, path: tuple[str | int, ...]) -> Pattern:
    """The fact of a name, which must be one that records give."""
    pattern = names.patterns.get(name)
    if pattern is None or pattern.over == OUTLOOK or any(names.all.kinds[kind].role == "derived" for kind in pattern.kinds):
        raise names.fail(f"'{name}' is no fact that records give, so it cannot be added or changed", *path)
    return pattern


def _change(names: RuleNames, name: str, field_name: str, doc: schema.PromiseDoc, path: tuple[str | int, ...]) -> FieldChange:
    assert doc.change is not None
    value = doc.change[str(path[-1])]
    pattern = _given_pattern(names, name, path)
    if not field_name:
        if value != "worse":
            raise names.fail(
                f"a fact is changed in one field, {name}.FIELD, or to `worse`, in each that says what is worse", *path
            )
        return FieldChange(name, None, word="worse")
    field = next((each for each in pattern.fields if each.name == field_name), None)
    if field is None:
        known = [each.name for each in pattern.fields]
        there = f"; it has {listing(known)}" if known else "; facts of these kinds share no field"
        raise names.fail(f"{name} has no field '{field_name}'{did_you_mean(field_name, known, there)}", *path)
    stored = field.form.store(value)
    if field.type == "number" and type(stored) is int:
        stored = float(stored)
    if field.takes(stored):
        return FieldChange(name, field_name, stored)
    word: ChangeWord | None = next((each for each in CHANGE_WORDS if each == value), None)
    if word is None:
        raise names.fail(f"expected {field.expected()}; or any, higher, lower or worse", *path)
    if word in ("higher", "lower") and not (field.is_number or field.order):
        raise names.fail(f"`{word}` is for numbers and ordered words; `any` is another value", *path)
    if word == "worse" and field.worse is None:
        raise names.fail(f"{name}.{field_name} does not say what is `worse`", *path)
    return FieldChange(name, field_name, word=word)
