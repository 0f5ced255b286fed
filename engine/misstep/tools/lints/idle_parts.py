"""Find declarations that nothing comes of: what no rule recommends, uses or scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from misstep.errors import did_you_mean, listing
from misstep.language.effects import Contribute, Derive, LimitOutlook, Note, Recommend, Veto
from misstep.language.expression import Compare, Constants, Expression, FieldRef, Literal, Lookup, walk
from misstep.language.program import REPAIRS, Action, Program
from misstep.rulebase import schema
from misstep.rulebase.field_use import FieldKey, expressions_of
from misstep.rulebase.packs import PackEntry
from misstep.tools.lints.linted import LintedBase, LintFinding


def find_idle_constants(base: LintedBase) -> Iterator[LintFinding]:
    """Constants that nothing uses."""
    for name, entry in base.merged.constants.items():
        if name not in base.merged.named.used:
            yield LintFinding(entry, f"nothing uses the constant '{name}'")


def find_idle_actions(base: LintedBase) -> Iterator[LintFinding]:
    """Actions that no rule recommends. One that is only ever vetoed is none, unless it says how it is done."""
    program = base.program
    vetoed = {effect.action for rule in program.rules.values() for effect in rule.effects if isinstance(effect, Veto)}
    for name, action in program.actions.items():
        if name not in program.recommended and (name not in vetoed or _is_step(action)):
            yield LintFinding(base.merged.actions[name], f"no rule recommends the action '{name}', so it is in no plan")


def find_idle_advice(base: LintedBase) -> Iterator[LintFinding]:
    """Advice of a kind on actions that no rule recommends for it."""
    done_for = _done_for(base.program)
    for name, kind in base.program.kinds.items():
        for action in kind.advice:
            if name not in done_for[action]:
                message = f"no rule recommends '{action}' for '{name}', so this is never shown"
                yield LintFinding(base.merged.kinds[name], message, ("advice", action))


def find_idle_sources(base: LintedBase) -> Iterator[LintFinding]:
    """Sources that no rule and nothing usual rests on, not even one that is replaced or turned off."""
    used: set[str] = set()
    for pack in base.merged.packs:
        sections: tuple[Mapping[str, schema.RuleDoc | schema.TableDoc | schema.UsualDoc], ...]
        sections = (pack.doc.rules, pack.doc.tables, pack.doc.usual)
        used.update(source for section in sections for doc in section.values() for source in doc.sources)
    for name, entry in base.merged.sources.items():
        if name not in used:
            yield LintFinding(entry, f"nothing rests on the source '{name}'")


def find_unscored_mistakes(base: LintedBase) -> Iterator[LintFinding]:
    """Mistakes to which no rule adds severity, and no rule gives a verdict."""
    for name in sorted(base.program.mistakes - _scored(base.program)):
        yield LintFinding(base.merged.kinds[name], f"no rule adds severity to '{name}', so it is always 0")


def _scored(program: Program) -> set[str]:
    """The mistakes to which a rule adds severity, or gives a verdict."""
    scored: set[str] = set()
    for rule in program.rules.values():
        kinds = {pattern.name: pattern.kinds for pattern in rule.patterns}
        for effect in rule.effects:
            if isinstance(effect, Contribute) and effect.dimension in ("severity", "verdict"):
                scored.update(kinds[effect.target])
    return scored


def find_unmended_mistakes(base: LintedBase) -> Iterator[LintFinding]:
    """Mistakes for which no rule recommends anything, where rules recommend repairs for others."""
    done_for: set[str] = set()
    repairs = False
    for rule in base.program.rules.values():
        kinds = {pattern.name: pattern.kinds for pattern in rule.patterns}
        for effect in rule.effects:
            if isinstance(effect, Recommend):
                of_whole = () if effect.targets else tuple(kinds)
                done_for.update(kind for name in (*effect.targets, *of_whole) for kind in kinds[name])
                repairs |= bool(effect.targets) and base.program.actions[effect.action].reach == REPAIRS
    for name in sorted(_scored(base.program) - done_for) if repairs else ():
        yield LintFinding(base.merged.kinds[name], f"no rule recommends anything for '{name}'")


def find_own_disabled(base: LintedBase) -> Iterator[LintFinding]:
    """Rules that the pack itself turns off in which they stand."""
    for pack in base.own_packs():
        own = {**pack.doc.rules, **pack.doc.tables}
        for i, name in enumerate(pack.doc.disable):
            if name in own:
                message = f"'{name}' stands in this pack, and is turned off here: leave the rule out, or this line"
                yield LintFinding(PackEntry(pack, ("disable", i), own[name]), message)


def find_missing_reasons(base: LintedBase) -> Iterator[LintFinding]:
    """Rules that people see as a reason, and that say none: the id of the rule stands there."""
    for rule, entry in base.rules():
        shown = any(isinstance(effect, (Contribute, Recommend, Veto, LimitOutlook)) for effect in rule.effects)
        if shown and entry.doc.because is None and entry.doc.title is None:
            name = "".join(part for part in rule.because.parts if isinstance(part, str))
            yield LintFinding(entry, f"there is no `because`, so the reason that people see is '{name}'")


def find_unread_words(base: LintedBase) -> Iterator[LintFinding]:
    """Texts that a rule derives and no rule asks for, in a field of which rules ask for other texts, and for nothing else."""
    asked, otherwise = _asked_words(base.program)
    derived: dict[FieldKey, list[tuple[LintFinding, str]]] = {}
    for rule, entry in base.rules():
        for path, effect in base.effects(rule, entry):
            if isinstance(effect, Derive):
                for field, value in zip(base.program.kinds[effect.kind].fields, effect.values, strict=True):
                    if isinstance(value, Literal) and isinstance(value.value, str) and field.type == "text":
                        found = LintFinding(entry, f"no rule asks whether {effect.kind}.{field.name} is '{value.value}'", path)
                        derived.setdefault((effect.kind, field.name), []).append((found, value.value))
    for key, findings in derived.items():
        words = asked.get(key, set()) if key not in otherwise else set()
        if not words.isdisjoint(word for _, word in findings):  # else the rules that ask never fire, which is told there
            for found, word in findings:
                if word not in words:
                    hint = did_you_mean(word, words, f"; they ask for {listing(words)}")
                    yield LintFinding(found.entry, found.message + hint, (*found.path, key[1]))


def _asked_words(program: Program) -> tuple[dict[FieldKey, set[str]], set[FieldKey]]:
    """The texts that rules compare each field of derived facts with, and the fields that they use in any other way."""
    asked: dict[FieldKey, set[str]] = {}
    otherwise: set[FieldKey] = set()
    for rule in program.rules.values():
        for node, patterns in expressions_of(rule):
            compared: set[int] = set()
            for part in walk(node):
                for ref, words in _compared_words(part):
                    compared.add(id(ref))
                    for kind in patterns[ref.name].kinds if ref.name in patterns else ():
                        asked.setdefault((kind, ref.field), set()).update(words)
                if isinstance(part, FieldRef) and id(part) not in compared and part.name in patterns:
                    otherwise.update((kind, part.field) for kind in patterns[part.name].kinds)
        shown = [rule.because, *(effect.text for effect in rule.effects if isinstance(effect, Note))]
        names = {pattern.name: pattern for pattern in rule.patterns}
        for text in shown:
            for piece in text.parts:
                if isinstance(piece, FieldRef) and piece.name in names:
                    otherwise.update((kind, piece.field) for kind in names[piece.name].kinds)
    return asked, otherwise


def _compared_words(node: Expression | Constants) -> Iterator[tuple[FieldRef, list[str]]]:
    """The field that is compared with texts, and these."""
    match node:
        case Compare(("==",), (FieldRef() as ref, Literal(str() as word)) | (Literal(str() as word), FieldRef() as ref)):
            yield ref, [word]
        case Lookup(FieldRef() as ref, Constants(values), False):
            yield ref, [value for value in values if isinstance(value, str)]


def _is_step(action: Action) -> bool:
    """Whether an action has a reach, a due time or words, which an action that is only ever vetoed does not need."""
    return action.reach != "private" or action.due_hours is not None or bool(action.says)


def _done_for(program: Program) -> dict[str, set[str]]:
    """The kinds of mistakes that each action may be for: those that rules recommend it for, and those that it takes over of
    another action of its group."""
    kinds: dict[str, set[str]] = {name: set() for name in program.actions}
    groups: dict[str, set[str]] = {}
    for rule in program.rules.values():
        patterns = {pattern.name: pattern for pattern in rule.patterns}
        for effect in rule.effects:
            if isinstance(effect, Recommend):
                of_rule = {kind for target in effect.targets for kind in patterns[target].kinds}
                kinds[effect.action] |= of_rule
                groups.setdefault(program.actions[effect.action].group, set()).update(of_rule)
    for name in program.recommended:
        if group := program.actions[name].group:
            kinds[name] |= groups[group]
    return kinds
