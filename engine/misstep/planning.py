"""Findings and recommendations in; the plan out: what to do, in order, and what to avoid.

A recommended action is dropped where it is vetoed; of a group one action remains and takes over what the others
were for; the plan is cut to its greatest length. Order: verdict of the findings it is for, damage relieved, due
time, id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from operator import attrgetter
from typing import NamedTuple

from misstep.evaluate.memory import Match, Recommendation, Vetoed
from misstep.findings.scoring import TOP, damage_in_tenths, damage_of, half_up, total_damage
from misstep.model.facts import ID, Row
from misstep.model.rule import EXACT, Action, Program, Rule, Scale

Firing = tuple[Rule, Match]


class Step:
    """An action on its way into the plan. ``relief``: thousandths of severity by id of the mistake, the action's own
    where a rule does not say; ``order``: its place."""

    __slots__ = ("action", "damage_relieved", "due_hours", "firings", "order", "own_relief", "priority", "relief")

    damage_relieved: int
    priority: float
    order: tuple[int, int, float, str]

    def __init__(self, action: Action) -> None:
        self.action = action
        self.own_relief = round(action.relief * 1000)
        self.relief: dict[str, int] = {}
        self.due_hours: float | None = None
        self.firings: list[Firing] = []


class Avoid(NamedTuple):
    """What rules vetoed, for which mistakes."""

    action: Action
    targets: set[str]
    firings: list[Firing]


class Plan(NamedTuple):
    """Damage in tenths of a percent."""

    steps: list[Step]
    damage: int
    damage_after: int


def make_plan(
    findings: Sequence[Row], recommendations: Iterable[Recommendation], vetoes: Iterable[Vetoed], program: Program
) -> Plan:
    """Arrange what rules recommend."""
    scale = program.scale
    scores = _Scores(findings, scale)
    never: set[str] = set()
    not_for: dict[str, set[str]] = {}
    for action, targets, _, _ in vetoes:
        if not targets:
            never.add(action)
        elif action in not_for:
            not_for[action].update([target[ID] for target in targets])
        else:
            not_for[action] = {target[ID] for target in targets}
    steps = _steps(recommendations, never, not_for, program.actions)
    for step in steps:
        scores.rate(step)
    steps.sort(key=_order)
    steps, merged = _one_of_a_group(steps, not_for)
    if merged:
        for step in merged:
            scores.rate(step)
        steps.sort(key=_order)
    del steps[scale.max_actions :]
    return Plan(steps, scores.damage, scores.damage_after(steps))


_order = attrgetter("order")


class _Scores:
    """What the findings are worth, and what a plan takes off."""

    __slots__ = ("damage", "exact", "part", "share", "unharmed")

    def __init__(self, findings: Sequence[Row], scale: Scale) -> None:
        self.share = round(scale.max_relief * 1000)
        self.part = 100 / len(scale.verdicts)
        self.exact: dict[str, tuple[int, int, int, int]] = {finding[0][ID]: finding[EXACT] for finding in findings}
        self.unharmed = 1.0
        for _, _, damage, _ in self.exact.values():
            self.unharmed *= 1 - damage / TOP
        self.damage = total_damage([exact[2] for exact in self.exact.values()])

    def rate(self, step: Step) -> None:
        """Verdict, damage relieved and priority of one step.

        Priority: the verdict counts in equal parts of 100, and within one the damage relieved, in percent of it.
        """
        verdict = 0
        for target in step.relief:
            verdict = max(verdict, self.exact[target][3])
        relieved = self.damage - self.damage_with(step.relief)
        step.damage_relieved = relieved
        step.priority = round(self.part * verdict + self.part * relieved / 1000, 1)
        step.order = (-verdict, -relieved, inf if step.due_hours is None else step.due_hours, step.action.id)

    def damage_after(self, steps: Iterable[Step]) -> int:
        """Damage with the relief of the steps; together they leave at least ``1 - max_relief`` of a severity."""
        relief: dict[str, int] = {}
        for step in steps:
            for target, amount in step.relief.items():
                relief[target] = relief.get(target, 0) + amount
        return self.damage_with(relief)

    def damage_with(self, relief: dict[str, int]) -> int:
        """Damage with so many thousandths of severity taken off the mistakes."""
        unharmed, after = self.unharmed, {}
        for target, amount in relief.items():
            if amount:
                severity, noticed, damage, _ = self.exact[target]
                after[target] = damage_of(severity - min(amount, half_up(severity * self.share, 1000)), noticed)
                if damage < TOP:
                    unharmed *= (TOP - after[target]) / (TOP - damage)
        if not after:
            return self.damage
        tenths = damage_in_tenths(unharmed) if unharmed else None
        if tenths is None:  # too close to tell, or a factor of nothing that cannot be taken out of the product
            tenths = total_damage([after.get(name, exact[2]) for name, exact in self.exact.items()])
        return tenths


def _steps(
    recommendations: Iterable[Recommendation], never: set[str], not_for: dict[str, set[str]], actions: dict[str, Action]
) -> list[Step]:
    """One step for every action that is recommended and not vetoed."""
    steps: dict[str, Step] = {}
    for action, targets, relief, due, rule, match in recommendations:
        if action in never:
            continue
        if targets and action in not_for:
            barred = not_for[action]
            targets = tuple([target for target in targets if target[ID] not in barred])
            if not targets:
                continue
        step = steps.get(action)
        if step is None:
            step = steps[action] = Step(actions[action])
        if targets:
            own = step.own_relief if relief is None else max(0, relief)
            for target in targets:
                if own >= step.relief.get(target[ID], 0):
                    step.relief[target[ID]] = own
        hours = step.action.due_hours if due is None else max(0.0, round(due, 3))
        if hours is not None and (step.due_hours is None or hours < step.due_hours):
            step.due_hours = hours
        step.firings.append((rule, match))
    return list(steps.values())


def _one_of_a_group(steps: Iterable[Step], not_for: dict[str, set[str]]) -> tuple[list[Step], list[Step]]:
    """The first step of every group, which takes over the mistakes that the others were for, at its own relief, but for
    those that it is vetoed for; and those of them that took over some."""
    kept: list[Step] = []
    merged: list[Step] = []
    first: dict[str, Step] = {}
    for step in steps:
        group = step.action.group
        best = first.get(group) if group else None
        if best is None:
            first[group] = step
            kept.append(step)
            continue
        for target in step.relief.keys() - not_for.get(best.action.id, ()):
            best.relief.setdefault(target, best.own_relief)
        best.firings += step.firings
        if best not in merged:
            merged.append(best)
    return kept, merged


def what_to_avoid(vetoes: Iterable[Vetoed], program: Program) -> list[Avoid]:
    """What rules vetoed, by id of the action."""
    of_action: dict[str, Avoid] = {}
    for action, rows, rule, match in vetoes:
        found = of_action.get(action)
        if found is None:
            found = of_action[action] = Avoid(program.actions[action], set(), [])
        found.targets.update([row[ID] for row in rows])
        found.firings.append((rule, match))
    return [of_action[action] for action in sorted(of_action)]
