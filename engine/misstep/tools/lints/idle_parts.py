"""Find declarations that nothing comes of: what no rule recommends, uses or scores."""

from __future__ import annotations

from collections.abc import Iterator

from misstep.language.effects import Recommend, Veto
from misstep.language.program import Action, Program
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
