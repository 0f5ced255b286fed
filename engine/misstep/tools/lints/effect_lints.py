"""Find effects that come to something else than they seem to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import permutations

from misstep.language.effects import Contribute, Effect, Recommend, Veto
from misstep.language.expression import Compare, Count, Curve, Expression, FieldRef, Literal, names_in, with_name
from misstep.language.expression_text import written_expression
from misstep.language.program import FINDING, Aggregate, Pattern, Program, Rule, overlap
from misstep.rulebase.link_effects import AMOUNTS
from misstep.rulebase.load import EXTENDED
from misstep.rulebase.packs import PackEntry
from misstep.rulebase.schema import RuleDoc
from misstep.tools.lints.linted import LintedBase, LintFinding
from misstep.tools.lints.rule_conditions import ConditionReader, TooManyBoxes


def find_multiplied_amounts(base: LintedBase) -> Iterator[LintFinding]:
    """Amounts that are added once for each fact of a pattern that has no part in them."""
    for rule, entry in base.rules():
        several = [p for p in rule.patterns if p.over == "fact" and not _is_single(p, rule, base.program)]
        for effect in rule.effects:
            if isinstance(effect, Contribute) and effect.dimension != "verdict":
                for pattern in several:
                    if pattern.name != effect.target and pattern.name not in names_in(effect.amount):
                        message = (
                            f"this is added once for each '{pattern.name}'; with `exists` in place of `fact` it is added once"
                        )
                        yield LintFinding(entry, message, ("then", effect.dimension))


def _is_single(pattern: Pattern, rule: Rule, program: Program) -> bool:
    """Whether at most one fact can match, once the others are chosen: a setting, or a derived fact with no field to differ by but
    those that conditions compare with one value."""
    kinds = [program.kinds[kind] for kind in pattern.kinds]
    given: set[str] = set()
    for condition in rule.conditions:
        if isinstance(condition.test, Compare) and condition.test.operators == ("==",):
            for own, other in permutations(condition.test.operands):
                if isinstance(own, FieldRef) and own.name == pattern.name and pattern.name not in names_in(other):
                    given.add(own.field)
    derived = [kind for kind in kinds if kind.role == "derived"]
    return all(kind.role == "setting" for kind in kinds) or (
        len(kinds) == len(derived) == 1 and all(field.name in given for field in derived[0].fields)
    )


# -- amounts that are not what they say


def find_idle_amounts(base: LintedBase) -> Iterator[LintFinding]:
    """Amounts that are always beyond what counts: an amount of relief below 0, more than there is of a score, or an hour beyond a
    year."""
    for rule, entry in base.rules():
        reader = ConditionReader(base.declared, rule)
        for path, effect in base.effects(rule, entry):
            for key, amount in _limited(effect):
                low, high = AMOUNTS[key]
                type_ = reader.type(amount)
                if not isinstance(amount, (Literal, Curve)) and (type_.low > high or type_.high < low):
                    message = f"`{key}` is from {low} to {high}; this is never within: from {type_.low:g} to {type_.high:g}"
                    yield LintFinding(entry, message, path)
                elif key == "relief" and type_.high <= 0:
                    yield LintFinding(entry, "relief takes nothing off where it is 0", path)
    longest = AMOUNTS["due_hours"][1]
    for name, action in base.program.actions.items():
        if action.due_hours is not None and action.due_hours > longest:
            yield LintFinding(base.merged.actions[name], f"`due_hours` is at most {longest}, a year", ("due_hours",))


def _limited(effect: Effect) -> Iterator[tuple[str, Expression]]:
    """The amounts of an effect that have limits, each with its key."""
    match effect:
        case Contribute(dimension, _, amount) if dimension in AMOUNTS:
            yield dimension, amount
        case Recommend(_, _, relief, due):
            yield from ((key, amount) for key, amount in (("relief", relief), ("due_hours", due)) if amount is not None)


def find_wrong_units(base: LintedBase) -> Iterator[LintFinding]:
    """Amounts that look like those of another unit: a chance in the place of doublings of the odds, minutes in that of hours.

    All others of the rule base must look like what is meant: nothing else tells them apart.
    """
    doublings = [*_doublings(base)]
    if all(abs(number) >= 1 for _, _, number in doublings if not MOST_LIKELY < number < 1):
        for entry, path, number in doublings:
            if MOST_LIKELY < number < 1:
                comes, odds = 100 / (1 + 2**-number), math.log2(number / (1 - number))
                message = (
                    f"`noticed` counts doublings of the odds: {number:g} makes even odds a chance of {comes:.0f} %; "
                    f"for a chance of {100 * number:.0f} % write {odds:.1f}"
                )
                yield LintFinding(entry, message, path)
    hours = {name: action.due_hours for name, action in base.program.actions.items() if action.due_hours}
    for name, due in hours.items():
        others = [hour for other, hour in hours.items() if other != name]
        if others and due >= FAR_BEYOND * max(others) and due % 60 == 0 and min(others) / 2 <= due / 60 <= 2 * max(others):
            message = f"`due_hours` counts hours: {due:g} are {due / 24:g} days; {due:g} minutes are {due / 60:g} hours"
            yield LintFinding(base.merged.actions[name], message, ("due_hours",))


MOST_LIKELY = 0.5
"""A chance that somebody states is rather more than this; so are few amounts of doublings."""
FAR_BEYOND = 20
"""How many times the longest other time is surely another unit."""


def _doublings(base: LintedBase) -> Iterator[tuple[PackEntry[RuleDoc], tuple[str | int, ...], float]]:
    for rule, entry in base.rules():
        for path, effect in base.effects(rule, entry):
            match effect:
                case Contribute("noticed", _, Literal(int() | float() as number)):
                    yield entry, path, number


# -- advice that is never followed


def find_vetoed_advice(base: LintedBase) -> Iterator[LintFinding]:
    """Actions that a rule recommends and another rule vetoes whenever it fires, them or what excludes them."""
    excluded_by: dict[str, set[str]] = {}
    for excluding in base.program.actions.values():
        for other in excluding.excludes if excluding.id not in base.program.recommended else ():
            excluded_by.setdefault(other, set()).add(excluding.id)
    by_action: dict[str, list[tuple[Rule, Veto]]] = {}
    for rule in base.program.rules.values():
        for effect in rule.effects:
            if isinstance(effect, Veto):
                by_action.setdefault(effect.action, []).append((rule, effect))
    advised: dict[str, list[tuple[LintFinding, Rule | None]]] = {}
    for rule, entry in base.rules():
        for path, effect in base.effects(rule, entry):
            if isinstance(effect, Recommend):
                found = _vetoed(base, rule, entry, path, effect, by_action, excluded_by.get(effect.action, set()))
                advised.setdefault(effect.action, []).append(found)
    all_advice = Counter(e.action for rule in base.program.rules.values() for e in rule.effects if isinstance(e, Recommend))
    for action, findings in advised.items():
        vetoing = {veto.id: veto for _, veto in findings if veto is not None}
        never = len(vetoing) == 1 and all(veto is not None for _, veto in findings) and len(findings) == all_advice[action]
        own = base.merged.rules[next(iter(vetoing))] if never else None
        if own is not None and own.pack.layer != EXTENDED:
            names = {action, *excluded_by.get(action, ())}
            (veto,) = vetoing.values()
            path = next(path for path, e in base.effects(veto, own) if isinstance(e, Veto) and e.action in names)
            yield LintFinding(own, f"'{action}' is in no plan: wherever a rule recommends it, this excludes it", path)
        else:
            yield from (finding for finding, veto in findings if veto is not None)


def _vetoed(
    base: LintedBase,
    rule: Rule,
    entry: PackEntry[RuleDoc],
    path: tuple[str | int, ...],
    advice: Recommend,
    vetoes: Mapping[str, list[tuple[Rule, Veto]]],
    excluding: Collection[str],
) -> tuple[LintFinding, Rule | None]:
    """The rule that always vetoes an advice, or what excludes it, and what is told of it; None if there is no such rule."""
    for name in (advice.action, *sorted(excluding)):
        for other, veto in vetoes.get(name, ()):
            if _shadows(base, other, veto, rule, advice):
                by_way = "" if name == advice.action else f", which excludes '{advice.action}',"
                return LintFinding(entry, f"'{other.id}' vetoes '{name}'{by_way} wherever this fires", path), other
    return LintFinding(entry, "", path), None


def _shadows(base: LintedBase, vetoing: Rule, veto: Veto, rule: Rule, advice: Recommend) -> bool:
    """Whether a veto is there, for all that an advice is for, whenever the rule of the advice fires."""
    if vetoing.existences or vetoing.aggregates or len(vetoing.patterns) != 1:
        return False
    (pattern,) = vetoing.patterns
    if not veto.targets:
        return any(_fires_on(base, vetoing, pattern, rule, each.name) for each in rule.patterns)
    return bool(advice.targets) and all(_fires_on(base, vetoing, pattern, rule, target) for target in advice.targets)


def _fires_on(base: LintedBase, vetoing: Rule, pattern: Pattern, rule: Rule, name: str) -> bool:
    """Whether a rule with one pattern fires on what another rule has taken under a name."""
    taken = next(each for each in rule.patterns if each.name == name)
    if not taken.kinds or not {*taken.kinds} <= {*pattern.kinds} or "outlook" in (taken.over, pattern.over):
        return False
    tests = [(condition.test, True) for condition in rule.conditions]
    same = [with_name(condition.test, pattern.name, name) for condition in vetoing.conditions]
    reader = ConditionReader(base.declared, rule)
    if pattern.over == FINDING:  # a mistake has the scores of its finding, which its rule does not know
        reader.patterns[name] = replace(taken, over=FINDING, key=pattern.key)
    try:
        return not any(reader.boxes([*tests, (test, False)]) for test in same)
    except TooManyBoxes:
        return False


# -- aggregates that leave out what they are compared with


def find_taken_extremes(base: LintedBase) -> Iterator[LintFinding]:
    """Rules that look for the fact with the least or greatest value by comparing it with the least or greatest of all others."""
    for rule, entry in base.rules():
        for path, binder in base.binders(rule, entry):
            if not isinstance(binder, Aggregate) or binder.function not in EXTREMES or binder.keys:
                continue
            for pattern in rule.patterns:
                if overlap(pattern, binder.pattern) and binder.value is not None:
                    own = with_name(binder.value, binder.pattern.name, pattern.name)
                    if any({own, Count(binder.name)} == {*pair} for pair in _equal(rule)):
                        key = EXTREMES[binder.function]
                        value = written_expression(own).removeprefix(f"{pattern.name}.")
                        message = (
                            f"what `when` has taken is not counted, so this compares '{pattern.name}' with the others; "
                            f"the fact itself is {{fact: {pattern.key}, as: {pattern.name}, {key}: {value}}}"
                        )
                        yield LintFinding(entry, message, path[:2])


EXTREMES = {"min": "least", "max": "most"}
"""The key of a pattern that takes the fact with the least or greatest value, by the aggregate of the value."""


def _equal(rule: Rule) -> Iterator[tuple[Expression, ...]]:
    """What a rule compares by ``==``."""
    for condition in rule.conditions:
        if isinstance(condition.test, Compare) and condition.test.operators == ("==",):
            yield condition.test.operands
