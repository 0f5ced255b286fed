"""Find declarations that are valid and probably not meant.

Simple look-ups: nothing is proved here, and a remark is no error.
"""

from __future__ import annotations

from collections.abc import Iterator

from misstep.errors import Problem
from misstep.language.effects import Recommend, Veto
from misstep.language.expression import FieldRef, walk
from misstep.language.program import Action, Aggregate, Negation, Program, Rule
from misstep.rulebase.field_use import expressions_of
from misstep.rulebase.packs import Merged

WHO = frozenset(
    {
        "accent",
        "belief",
        "beliefs",
        "citizenship",
        "disabilities",
        "disability",
        "disabled",
        "ethnic",
        "ethnicity",
        "faith",
        "gender",
        "marital",
        "married",
        "nationality",
        "pregnancy",
        "pregnant",
        "religion",
        "religious",
        "sex",
    }
)
"""Words in the name of a kind or a field that say who a person is."""

WHO_LAST = frozenset({"age", "children", "family", "origin", "race"})
"""The same, at the end of a name only: ``candidate_age``, but not ``age_hours``."""


def find_remarks(program: Program, merged: Merged) -> list[Problem]:
    """Actions that are never in a plan, advice that is never given, and rules that ask who a person is: each with its place, in
    the order of places."""
    return sorted({*_idle_actions(program, merged), *_idle_advice(program, merged), *_judging_people(program, merged)})


def _idle_actions(program: Program, merged: Merged) -> Iterator[Problem]:
    vetoed = {effect.action for rule in program.rules.values() for effect in rule.effects if isinstance(effect, Veto)}
    for name, action in program.actions.items():
        if name not in program.recommended and (name not in vetoed or _is_step(action)):
            yield merged.actions[name].problem(f"no rule recommends the action '{name}', so it is in no plan")


def _is_step(action: Action) -> bool:
    """Whether an action has a reach, a due time or words, which an action that is only ever vetoed does not need."""
    return action.reach != "private" or action.due_hours is not None or bool(action.says)


def _idle_advice(program: Program, merged: Merged) -> Iterator[Problem]:
    done_for = _done_for(program)
    for name, kind in program.kinds.items():
        for action in kind.advice:
            if name not in done_for[action]:
                yield merged.kinds[name].problem(
                    f"no rule recommends '{action}' for '{name}', so this is never told", "advice", action
                )


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


def _judging_people(program: Program, merged: Merged) -> Iterator[Problem]:
    for rule in program.rules.values():
        for read in dict.fromkeys(_asked(rule)):
            message = f"'{read}' says who a person is, not what went wrong: no rule should judge by that, unless to help them"
            yield merged.rules[rule.id].problem(message, "when")


def _asked(rule: Rule) -> Iterator[str]:
    """Kinds and fields that a rule looks at and that say who a person is, as words."""
    inner: list[Aggregate | Negation] = [*rule.aggregates, *rule.unless]
    for pattern in (*rule.patterns, *(binder.pattern for binder in inner)):
        if all(map(_says_who, pattern.kinds)):  # a role takes any kind, and asks for none
            yield from pattern.kinds
    for expression, _ in expressions_of(rule):
        for part in walk(expression):
            if isinstance(part, FieldRef) and _says_who(part.field):
                yield f"{part.name}.{part.field}"


def _says_who(name: str) -> bool:
    words = name.split("_")
    return words[-1] in WHO_LAST or not WHO.isdisjoint(words)
