"""Plan from findings and recommendations: steps by occasion, in the order to act on them, and the verdict that goes with them.

A recommended action is dropped where it is vetoed, where no channel is open for it, or where another action excludes it; of a
group one action remains and takes over the mistakes of the others. Actions of one occasion and channel are one step: two parts
of one letter are one letter. Steps are ordered by due time. Where the worst finding says act within some hours, a step towards
the other side is due within them; where there is no such step, the verdict says so instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import inf
from operator import attrgetter
from typing import NamedTuple

from misstep.assessment.scoring import TOP, chance_unharmed, damage_in_tenths, damage_of, half_up, total_damage
from misstep.evaluate.memory import Match, Memory, Recommendation, Vetoed
from misstep.language.facts import ID
from misstep.language.finding import FindingRow
from misstep.language.program import REPAIRS, Action, Program, Rule
from misstep.language.scale import Scale

MistakeIds = Collection[str] | None
"""Ids of mistakes; None: all of them, and the interview as a whole."""


class Firing(NamedTuple):
    """A rule, its match, the ids of the mistakes that it recommends or vetoes an action for (none: for the interview as a whole),
    and within how many hours it is due (infinite: at any time)."""

    rule: Rule
    match: Match
    targets: tuple[str, ...]
    due_hours: float = inf


@dataclass(slots=True)
class Choice:
    """A chosen action. ``own_relief``: for rules that state none; ``relief``: thousandths of severity by id of the mistake;
    ``order`` sorts choices by importance."""

    action: Action
    own_relief: int
    relief: dict[str, int] = field(default_factory=dict)
    firings: list[Firing] = field(default_factory=list)
    channel: str = field(init=False)
    occasion: str = field(init=False)
    damage_relieved: int = field(init=False)
    order: tuple[int, int, float, str] = field(init=False)

    @property
    def due_hours(self) -> float:
        """The earliest due time of all recommendations, in hours from now; infinite: at any time."""
        return min([firing.due_hours for firing in self.firings], default=inf)

    @property
    def repairs(self) -> bool:
        """Whether it deals with a mistake towards the other side."""
        return self.action.reach == REPAIRS and bool(self.relief)

    def priority(self, scale: Scale) -> float:
        """How much it matters, 0 to 100: the verdict counts in equal parts of 100, and within one the damage relieved, in
        percent of it."""
        verdict, part = -self.order[0], 100 / len(scale.verdicts)
        return round(part * verdict + part * self.damage_relieved / 1000, 1)

    def drop(self, targets: MistakeIds) -> bool:
        """Leave out some mistakes; whether anything is left to do it for."""
        if targets is None:
            return False
        if not self.relief:  # for the interview as a whole, which is not about one mistake
            return True
        for target in targets:
            self.relief.pop(target, None)
        self.firings = _still_for(self.relief, self.firings)
        return bool(self.relief)

    def take_over(self, other: Choice, barred: MistakeIds) -> None:
        """Do it for the mistakes of another action too, at its own relief, but for those that it is barred from."""
        taken = other.relief.keys() - (barred or ())
        for target in taken:
            self.relief.setdefault(target, self.own_relief)
        self.firings += _still_for(taken, other.firings)


def _still_for(targets: Collection[str], firings: Iterable[Firing]) -> list[Firing]:
    """The firings that are for one of the mistakes, or for the interview as a whole."""
    return [firing for firing in firings if not firing.targets or any(target in targets for target in firing.targets)]


class PlannedStep(NamedTuple):
    """What is done on one occasion over one channel, part by part; hours are counted from now, None: at any time."""

    occasion: str
    channel: str
    due_hours: float | None
    choices: list[Choice]

    @property
    def outward(self) -> bool:
        """Whether the other side hears of it."""
        return any(choice.action.outward for choice in self.choices)


class Avoid(NamedTuple):
    """A vetoed action, with the mistakes that it is vetoed for."""

    action: Action
    targets: set[str]
    firings: list[Firing]


class Plan(NamedTuple):
    """Damage in tenths of a percent."""

    steps: list[PlannedStep]
    verdict: str
    damage: int
    damage_after: int

    @property
    def choices(self) -> list[Choice]:
        """The actions of all steps, in order."""
        return [choice for step in self.steps for choice in step.choices]

    @property
    def acts(self) -> bool:
        """Whether a step deals with a mistake towards the other side."""
        return any(choice.repairs for choice in self.choices)


def make_plan(findings: Sequence[FindingRow], memory: Memory) -> Plan:
    """Arrange recommended actions, and decide the verdict of the record. ``findings``: worst first, as ``score`` returns them."""
    program = memory.program
    scale = program.scale
    scores = _Scores(findings, scale)
    ways = open_ways(memory)
    barred: dict[str, MistakeIds] = {}
    for veto in memory.vetoes:
        _bar(barred, veto.action, [row[ID] for row in veto.mistakes] or None)
    choices = _choices(memory.recommendations, barred, ways, program.actions)
    _exclude(choices, barred, program)
    placed = _place(choices.values(), ways, scale)
    for choice in placed:
        scores.rate(choice)
    placed.sort(key=_order)
    kept, merged = _one_of_a_group(placed, barred)
    for choice in merged:
        scores.rate(choice)
    kept.sort(key=_order)
    kept = _shorten(kept, scale.max_actions)
    steps, verdict = _decide(_steps(kept, scale), findings, scale)
    return Plan(steps, verdict, scores.damage, scores.damage_after(kept))


def _bar(barred: dict[str, MistakeIds], action: str, targets: MistakeIds) -> None:
    """Add to the mistakes that an action is not for."""
    known = barred.get(action, ())
    barred[action] = None if targets is None or known is None else {*known, *targets}


_order = attrgetter("order")


class _Scores:
    """The damage of the findings, and how far actions reduce it."""

    def __init__(self, findings: Sequence[FindingRow], scale: Scale) -> None:
        share = round(scale.max_relief * 1000)
        self.exact = {finding.mistake[ID]: finding.exact for finding in findings}
        self.most = {name: half_up(exact.severity * share, 1000) for name, exact in self.exact.items()}
        damages = [exact.damage for exact in self.exact.values()]
        self.unharmed = chance_unharmed(damages)
        self.damage = total_damage(damages)

    def rate(self, choice: Choice) -> None:
        """Damage relieved and weight of one action."""
        verdict = max([self.exact[target].verdict for target in choice.relief], default=0)
        choice.damage_relieved = relieved = self.damage - self.damage_with(choice.relief)
        choice.order = (-verdict, -relieved, choice.due_hours, choice.action.id)

    def damage_after(self, choices: Iterable[Choice]) -> int:
        """Damage with the relief of the actions; together they leave at least ``1 - max_relief`` of a severity."""
        relief: dict[str, int] = {}
        for choice in choices:
            for target, amount in choice.relief.items():
                relief[target] = relief.get(target, 0) + amount
        return self.damage_with(relief)

    def damage_with(self, relief: dict[str, int]) -> int:
        """Damage with so many thousandths of severity taken off the mistakes."""
        unharmed, after = self.unharmed, {}
        for target, amount in relief.items():
            if amount:
                exact = self.exact[target]
                after[target] = left = damage_of(exact.severity - min(amount, self.most[target]), exact.noticed)
                if exact.damage < TOP:
                    unharmed *= (TOP - left) / (TOP - exact.damage)
        if not after:
            return self.damage
        tenths = damage_in_tenths(unharmed) if unharmed else None
        if tenths is None:  # rounding is uncertain, or the product is 0
            tenths = total_damage([after.get(name, exact.damage) for name, exact in self.exact.items()])
        return tenths


def _choices(
    recommendations: Iterable[Recommendation],
    vetoed: dict[str, MistakeIds],
    ways: dict[str, str] | None,
    actions: dict[str, Action],
) -> dict[str, Choice]:
    """A choice for every action that is recommended, not vetoed, and has an open channel."""
    choices: dict[str, Choice] = {}
    for name, mistakes, relief, due, rule, match in recommendations:
        barred = vetoed.get(name, ())
        if barred is None:
            continue
        targets = tuple([row[ID] for row in mistakes if row[ID] not in barred])
        if mistakes and not targets:
            continue
        choice = choices.get(name)
        if choice is None:
            action = actions[name]
            if not open_channels(action, ways):
                continue
            choice = choices[name] = Choice(action, round(action.relief * 1000))
        own = choice.own_relief if relief is None else max(0, relief)
        for target in targets:
            if own >= choice.relief.get(target, 0):
                choice.relief[target] = own
        if due is None:
            due = choice.action.due_hours
        hours = inf if due is None else max(0.0, round(due, 3))
        choice.firings.append(tuple.__new__(Firing, (rule, match, targets, hours)))  # a third of the time of the constructor
    return choices


def _exclude(choices: dict[str, Choice], barred: dict[str, MistakeIds], program: Program) -> None:
    """Drop an action for the mistakes for which another one excludes it, and bar it from them."""
    vetoed = dict(barred)
    for winner, losers in program.exclusions:
        chosen = choices.get(winner)
        for loser in losers:
            other = choices.get(loser)
            if other is None:
                continue
            left = True
            if chosen is not None:
                excluded: MistakeIds = chosen.relief.keys() or None
                _bar(barred, loser, excluded)
                left = other.drop(excluded)
            # an action for the interview as a whole goes against any such advice
            if left and winner in vetoed and winner not in program.recommended:
                excluded = vetoed[winner] if other.relief else None
                _bar(barred, loser, excluded)
                left = other.drop(excluded)
            if not left:
                del choices[loser]


def open_ways(memory: Memory) -> dict[str, str] | None:
    """The occasion of every channel that is open, by channel, as rules concluded them; None where rules do not speak of it."""
    kind = memory.program.scale.ways
    if not kind:
        return None
    occasions = memory.program.scale.occasions
    columns = memory.program.kinds[kind].columns
    channel, occasion = columns["channel"], columns["occasion"]
    ways: dict[str, str] = {}
    for row in memory.rows.get(kind, ()):
        known = ways.get(row[channel])
        if known is None or occasions[row[occasion]].place < occasions[known].place:
            ways[row[channel]] = row[occasion]
    return ways


def open_channels(action: Action, ways: dict[str, str] | None) -> Sequence[str]:
    """The channels that an action may take: those of its own that are open, any that is open where it names none. What nobody
    else hears of needs no open channel."""
    if ways is None or (action.occasion and not action.outward):
        return action.channels or ("",)
    return [channel for channel in action.channels or ways if channel in ways]


def _place(choices: Iterable[Choice], ways: dict[str, str] | None, scale: Scale) -> list[Choice]:
    """Give every action a channel and an occasion: of the channels that are open the one that an action leads with, then the one
    whose occasion comes first, then the first that the action names. Its own occasion goes before that of the channel."""
    placed = list(choices)
    occasions = ways or {}
    places = {channel: scale.occasions[occasion].place for channel, occasion in occasions.items()}
    leading = {channel for choice in placed if choice.action.leads for channel in choice.action.channels}
    for choice in placed:
        open_ = open_channels(choice.action, ways)
        choice.channel = open_[0]
        if len(open_) > 1:
            choice.channel = min(open_, key=lambda channel: (channel not in leading, places.get(channel, 0)))
        choice.occasion = choice.action.occasion or occasions.get(choice.channel, "")
    return placed


def _one_of_a_group(choices: list[Choice], barred: dict[str, MistakeIds]) -> tuple[list[Choice], list[Choice]]:
    """Keep the first action of every group, one on the channel that another action leads with before others. It takes over the
    mistakes of the others. Return the kept actions, and those of them that took over some."""
    leading = {choice.channel for choice in choices if choice.action.leads}
    if leading:
        choices = sorted(choices, key=lambda choice: choice.channel not in leading)
    kept: list[Choice] = []
    merged: list[Choice] = []
    first: dict[str, Choice] = {}
    for choice in choices:
        group = choice.action.group
        best = first.get(group) if group else None
        if best is None:
            first[group] = choice
            kept.append(choice)
            continue
        best.take_over(choice, barred.get(best.action.id, ()))
        if best not in merged:
            merged.append(best)
    return kept, merged


def _shorten(choices: list[Choice], most: int) -> list[Choice]:
    """The actions that matter most, in their order: first one repair for every mistake that has any, and where there is none one
    action towards the other side; then the others."""
    if len(choices) <= most:
        return choices
    first: list[Choice] = []
    repaired: set[str] = set()
    for choice in choices:
        if choice.repairs and not choice.relief.keys() <= repaired:
            repaired.update(choice.relief)
            first.append(choice)
    first = first or [choice for choice in choices if choice.action.outward][:1]
    kept = [*first, *[choice for choice in choices if choice not in first]][:most]
    return [choice for choice in choices if choice in kept]


def _steps(choices: Iterable[Choice], scale: Scale) -> list[PlannedStep]:
    """Actions by occasion and channel, each step in the order of its parts; steps by due time, then as occasions follow."""
    parts = _places_of_parts(scale)
    grouped: dict[tuple[str, str], list[Choice]] = {}
    for choice in choices:
        grouped.setdefault((choice.occasion, choice.channel), []).append(choice)
    steps = []
    for (occasion, channel), together in grouped.items():
        together.sort(key=lambda choice: (parts.get(choice.action.part, len(parts)), choice.order))
        due = min([choice.order[2] for choice in together])
        place = scale.occasions[occasion].place if occasion in scale.occasions else len(scale.occasions)
        steps.append((due, place, PlannedStep(occasion, channel, None if due == inf else due, together)))
    steps.sort(key=lambda step: (step[0], step[1], step[2].occasion, step[2].channel))
    return [step for _, _, step in steps]


@lru_cache(maxsize=64)
def _places_of_parts(scale: Scale) -> dict[str, int]:
    """The place of every part of a message."""
    return {part.name: place for place, part in enumerate(scale.message_parts)}


def _decide(steps: list[PlannedStep], findings: Sequence[FindingRow], scale: Scale) -> tuple[list[PlannedStep], str]:
    """The steps and the verdict of the record, decided together: the worst finding's verdict, and a step towards the other side
    within its hours; where there is no such step, the word for that."""
    verdict = findings[0].verdict if findings else scale.verdicts[0]
    within = scale.act_within.get(verdict)
    if within is None:
        return steps, verdict
    first = next((i for i, step in enumerate(steps) if step.outward), None)
    if first is None:
        return steps, scale.unable
    due = steps[first].due_hours
    if due is None or due > within:
        sooner = steps[first]._replace(due_hours=within)
        before = [step for step in steps[:first] if step.due_hours is not None and step.due_hours <= within]
        steps = [*before, sooner, *[step for step in steps if step not in before and step is not steps[first]]]
    return steps, verdict


def what_to_avoid(vetoes: Iterable[Vetoed], plan: Plan, program: Program) -> list[Avoid]:
    """The vetoed actions by id, except those that an action of the plan excludes."""
    excluded: dict[str, MistakeIds] = {}
    for choice in plan.choices:
        for loser in choice.action.excludes:
            _bar(excluded, loser, choice.relief.keys() or None)
    of_action: dict[str, Avoid] = {}
    for name, mistakes, rule, match in vetoes:
        unsaid = excluded.get(name, ())
        if unsaid is None:
            continue
        targets = tuple([row[ID] for row in mistakes if row[ID] not in unsaid])
        if not targets and (mistakes or unsaid):
            continue
        found = of_action.get(name)
        if found is None:
            found = of_action[name] = Avoid(program.actions[name], set(), [])
        found.targets.update(targets)
        found.firings.append(Firing(rule, match, targets))
    return [of_action[action] for action in sorted(of_action)]
