"""Findings and recommendations in; the plan out: what to do, in order, and what to avoid.

A recommended action is dropped where it is vetoed; of a group one action remains and takes over what the others
were for; the plan is cut to its greatest length. Order: verdict of the findings it is for, damage relieved, due
time, id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import inf
from operator import attrgetter
from typing import NamedTuple

from misstep.evaluate.memory import Match, Recommendation, Vetoed
from misstep.findings.scoring import TOP, chance_unharmed, damage_of, damage_where, half_up
from misstep.model.facts import ID, Row
from misstep.model.rule import EXACT, Action, Program, Rule, Scale

Firing = tuple[Rule, Match]


class Step:
    """An action on its way into the plan. ``relief``: thousandths of severity by id of the mistake, the action's own
    where a rule does not say; ``order``: its place."""

    __slots__ = ("action", "damage_relieved", "due_hours", "firings", "order", "own_relief", "priority", "relief", "verdict")

    verdict: int
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
    targets: tuple[str, ...]
    firings: tuple[Firing, ...]


class Plan(NamedTuple):
    """Damage in tenths of a percent."""

    steps: tuple[Step, ...]
    avoid: tuple[Avoid, ...]
    damage: int
    damage_after: int
    draft: str | None


def make_plan(
    findings: Sequence[Row], recommendations: Iterable[Recommendation], vetoes: Sequence[Vetoed], program: Program
) -> Plan:
    """Arrange what rules recommend."""
    scale = program.scale
    scores = _Scores(findings, scale)
    not_for = {(action, target[ID]) for action, targets, _, _ in vetoes for target in targets}
    steps = _steps(recommendations, vetoes, not_for, program)
    for step in steps:
        scores.rate(step)
    kept, merged = _one_of_a_group(sorted(steps, key=attrgetter("order")), not_for)
    for step in merged:
        scores.rate(step)
    steps = sorted(kept, key=attrgetter("order"))[: scale.max_actions]
    return Plan(
        steps=tuple(steps),
        avoid=_avoid(vetoes, program),
        damage=scores.damage,
        damage_after=scores.damage_after(steps),
        draft=write_draft(steps, scale),
    )


class _Scores:
    """What the findings are worth, and what a plan takes off."""

    def __init__(self, findings: Sequence[Row], scale: Scale) -> None:
        self.share = round(scale.max_relief * 1000)
        self.part = 100 / len(scale.verdicts)
        self.exact: dict[str, tuple[int, int, int, int]] = {finding[0][ID]: finding[EXACT] for finding in findings}
        self.unharmed = chance_unharmed([damage for _, _, damage, _ in self.exact.values()])
        self.damage = damage_where(self.unharmed, len(findings))

    def rate(self, step: Step) -> None:
        """Verdict, damage relieved and priority of one step.

        Priority: the verdict counts in equal parts of 100, and within one the damage relieved, in percent of it.
        """
        step.verdict = max([self.exact[target][3] for target in step.relief]) if step.relief else 0
        step.damage_relieved = self.damage - self.damage_with(step.relief)
        step.priority = round(self.part * step.verdict + self.part * step.damage_relieved / 1000, 1)
        due = inf if step.due_hours is None else step.due_hours
        step.order = (-step.verdict, -step.damage_relieved, due, step.action.id)

    def damage_after(self, steps: Sequence[Step]) -> int:
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
                most = half_up(severity * self.share, 1000)
                after[target] = damage_of(severity - min(amount, most), noticed)
                if unharmed:  # then its factor can be taken out of the product, and leaves no remainder
                    unharmed = unharmed // (TOP - damage) * (TOP - after[target])
        if not unharmed:
            unharmed = chance_unharmed([after.get(target, exact[2]) for target, exact in self.exact.items()])
        return damage_where(unharmed, len(self.exact)) if after else self.damage


def _steps(
    recommendations: Iterable[Recommendation], vetoes: Iterable[Vetoed], not_for: set[tuple[str, str]], program: Program
) -> list[Step]:
    """One step for every action that is recommended and not vetoed."""
    never = {action for action, targets, _, _ in vetoes if not targets}
    some = {action for action, _ in not_for}
    steps: dict[str, Step] = {}
    for action, targets, relief, due, rule, match in recommendations:
        if action in never:
            continue
        wanted = targets
        if action in some:
            wanted = tuple([t for t in targets if (action, t[ID]) not in not_for])
            if targets and not wanted:
                continue
        step = steps.get(action)
        if step is None:
            step = steps[action] = Step(program.actions[action])
        own = step.own_relief if relief is None else max(0, relief)
        for target in wanted:
            if own >= step.relief.get(target[ID], 0):
                step.relief[target[ID]] = own
        hours = step.action.due_hours if due is None else max(0.0, round(due, 3))
        if hours is not None and (step.due_hours is None or hours < step.due_hours):
            step.due_hours = hours
        step.firings.append((rule, match))
    return list(steps.values())


def _one_of_a_group(steps: Iterable[Step], not_for: set[tuple[str, str]]) -> tuple[list[Step], list[Step]]:
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
        for target in step.relief.keys() - {target for action, target in not_for if action == best.action.id}:
            best.relief.setdefault(target, best.own_relief)
        best.firings += step.firings
        if best not in merged:
            merged.append(best)
    return kept, merged


def _avoid(vetoes: Iterable[Vetoed], program: Program) -> tuple[Avoid, ...]:
    of_action: dict[str, tuple[set[str], list[Firing]]] = {}
    for action, rows, rule, match in vetoes:
        found = of_action.get(action)
        if found is None:
            found = of_action[action] = (set(), [])
        for row in rows:
            found[0].add(row[ID])
        found[1].append((rule, match))
    return tuple(
        [Avoid(program.actions[a], tuple(sorted(ids)), tuple(firings)) for a, (ids, firings) in sorted(of_action.items())]
    )


def write_draft(steps: Iterable[Step], scale: Scale) -> str | None:
    """The words of the actions that share the message, in the order of its parts, shortened from the end to the
    greatest length; None where the plan holds no message."""
    parts = [s.action for s in steps if s.action.says and s.action.channel in scale.message_channels]
    if not parts:
        return None
    if len(parts) > 1:
        place = {part: i for i, part in enumerate(scale.message_parts)}
        parts.sort(key=lambda a: (place.get(a.part, len(place)), a.id))
    return _message(scale.message_opening, tuple([a.says for a in parts]), scale.message_closing, scale.message_max_words)


@lru_cache(maxsize=256)
def _message(opening: str, says: tuple[str, ...], closing: str, most: int) -> str:
    text = "\n\n".join(filter(None, [opening, *says, closing]))
    return text if len(text.split()) <= most or len(says) == 1 else _message(opening, says[:-1], closing, most)
