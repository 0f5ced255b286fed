"""Plan from findings and recommendations: steps by occasion, in the order to act on them, and the verdict that goes with them.

A recommended action is dropped where it is vetoed, where another action excludes it, or where no channel is open for it; of a
group one action remains and takes over the mistakes of the others. Actions of one occasion and channel are one step: two parts
of one letter are one letter. Steps are ordered by due time. Where the worst finding says act within some hours, a step towards
the other side is due within them; where there is no such step, the verdict says so instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import inf
from operator import attrgetter
from typing import NamedTuple

from misstep.evaluate.memory import Match, Memory, Recommendation, Vetoed
from misstep.findings.scoring import TOP, damage_in_tenths, damage_of, half_up, total_damage
from misstep.model.facts import ID, Row
from misstep.model.rule import EXACT, REPAIRS, Action, Program, Rule, Scale

Firing = tuple[Rule, Match, tuple[str, ...]]
"""A rule, its match, and the ids of the mistakes that it recommends or vetoes an action for."""
Everywhere = None
"""The targets of a veto or an exclusion that holds for all mistakes."""


class Choice:
    """An action that was chosen. ``relief``: thousandths of severity by id of the mistake, the action's own where a rule does
    not say; ``order``: which of several matters more."""

    __slots__ = ("action", "channel", "damage_relieved", "due_hours", "firings", "occasion", "order", "own_relief", "relief")

    channel: str
    occasion: str
    damage_relieved: int
    order: tuple[int, int, float, str]

    def __init__(self, action: Action) -> None:
        self.action = action
        self.own_relief = round(action.relief * 1000)
        self.relief: dict[str, int] = {}
        self.due_hours: float | None = None
        self.firings: list[Firing] = []

    @property
    def outward(self) -> bool:
        """Whether the other side hears of it."""
        return self.action.reach != "private"

    def priority(self, scale: Scale) -> float:
        """How much it matters, 0 to 100: the verdict counts in equal parts of 100, and within one the damage relieved, in
        percent of it."""
        verdict, part = -self.order[0], 100 / len(scale.verdicts)
        return round(part * verdict + part * self.damage_relieved / 1000, 1)

    def drop(self, targets: Collection[str] | None) -> bool:
        """Leave out some mistakes, or all (None); whether anything is left to do it for."""
        if targets is Everywhere:
            return False
        if not self.relief:  # for the interview as a whole, which is not about one mistake
            return True
        for target in targets:
            self.relief.pop(target, None)
        self.firings = [firing for firing in self.firings if not firing[2] or not self.relief.keys().isdisjoint(firing[2])]
        return bool(self.relief)


class Step(NamedTuple):
    """What is done on one occasion over one channel, part by part; hours are counted from now, None: at any time."""

    occasion: str
    channel: str
    due_hours: float | None
    choices: list[Choice]

    @property
    def outward(self) -> bool:
        """Whether the other side hears of it."""
        return any(choice.outward for choice in self.choices)


class Avoid(NamedTuple):
    """What rules vetoed, for which mistakes."""

    action: Action
    targets: set[str]
    firings: list[Firing]


class Plan(NamedTuple):
    """Damage in tenths of a percent. ``excluded``: for what is to be avoided, the mistakes (None: all) for which an action of the
    plan excludes it."""

    steps: list[Step]
    verdict: str
    damage: int
    damage_after: int
    excluded: dict[str, Collection[str] | None]

    @property
    def choices(self) -> list[Choice]:
        """The actions of all steps, in order."""
        return [choice for step in self.steps for choice in step.choices]

    @property
    def acts(self) -> bool:
        """Whether a step deals with a mistake towards the other side."""
        return any(choice.action.reach == REPAIRS and choice.relief for choice in self.choices)


def make_plan(findings: Sequence[Row], memory: Memory) -> Plan:
    """Arrange what rules recommend, and decide the verdict of the record."""
    program = memory.program
    scale = program.scale
    scores = _Scores(findings, scale)
    vetoed: dict[str, set[str] | None] = {}
    for action, targets, _, _ in memory.vetoes:
        if not targets:
            vetoed[action] = Everywhere
        else:
            barred = vetoed.setdefault(action, set())
            if barred is not Everywhere:
                barred.update([target[ID] for target in targets])
    choices = _choices(memory.recommendations, vetoed, program.actions)
    excluded = _exclude(choices, vetoed, program) if choices else {}
    placed = _place(choices.values(), _ways(memory), scale)
    for choice in placed:
        scores.rate(choice)
    placed.sort(key=_order)
    kept, merged = _one_of_a_group(placed, vetoed)
    for choice in merged:
        scores.rate(choice)
    kept.sort(key=_order)
    kept = _shorten(kept, scale.max_actions)
    steps, verdict = _decide(_steps(kept, scale), findings, scale)
    return Plan(steps, verdict, scores.damage, scores.damage_after(kept), excluded)


_order = attrgetter("order")


class _Scores:
    """What the findings are worth, and what a plan takes off."""

    __slots__ = ("damage", "exact", "share", "unharmed")

    def __init__(self, findings: Sequence[Row], scale: Scale) -> None:
        self.share = round(scale.max_relief * 1000)
        self.exact: dict[str, tuple[int, int, int, int]] = {finding[0][ID]: finding[EXACT] for finding in findings}
        self.unharmed = 1.0
        for _, _, damage, _ in self.exact.values():
            self.unharmed *= 1 - damage / TOP
        self.damage = total_damage([exact[2] for exact in self.exact.values()])

    def rate(self, choice: Choice) -> None:
        """Damage relieved and weight of one action."""
        verdict = 0
        for target in choice.relief:
            verdict = max(verdict, self.exact[target][3])
        relieved = self.damage - self.damage_with(choice.relief)
        choice.damage_relieved = relieved
        choice.order = (-verdict, -relieved, inf if choice.due_hours is None else choice.due_hours, choice.action.id)

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


def _choices(
    recommendations: Iterable[Recommendation], vetoed: dict[str, set[str] | None], actions: dict[str, Action]
) -> dict[str, Choice]:
    """A choice for every action that is recommended and not vetoed."""
    choices: dict[str, Choice] = {}
    for action, rows, relief, due, rule, match in recommendations:
        targets = tuple([row[ID] for row in rows])
        if action in vetoed:
            barred = vetoed[action]
            if barred is Everywhere:
                continue
            if targets:
                targets = tuple([target for target in targets if target not in barred])
                if not targets:
                    continue
        choice = choices.get(action)
        if choice is None:
            choice = choices[action] = Choice(actions[action])
        own = choice.own_relief if relief is None else max(0, relief)
        for target in targets:
            if own >= choice.relief.get(target, 0):
                choice.relief[target] = own
        hours = choice.action.due_hours if due is None else max(0.0, round(due, 3))
        if hours is not None and (choice.due_hours is None or hours < choice.due_hours):
            choice.due_hours = hours
        choice.firings.append((rule, match, targets))
    return choices


def _exclude(
    choices: dict[str, Choice], vetoed: dict[str, set[str] | None], program: Program
) -> dict[str, Collection[str] | None]:
    """Take out of the plan what other actions exclude, mistake by mistake; what the plan excludes of what is to be avoided."""
    unsaid: dict[str, Collection[str] | None] = {}
    for winner, losers in program.exclusions:
        chosen = choices.get(winner)
        for loser in losers:
            if chosen is not None and loser in vetoed:
                unsaid[loser] = set(chosen.relief) or Everywhere
            other = choices.get(loser)
            if other is None:
                continue
            left = chosen is None or other.drop(chosen.relief.keys() or Everywhere)
            # what is for the interview as a whole goes against any such advice
            if left and winner in vetoed and winner not in program.advised:
                left = other.drop(vetoed[winner] if other.relief else Everywhere)
            if not left:
                del choices[loser]
    return unsaid


def _ways(memory: Memory) -> dict[str, str] | None:
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


def _place(choices: Iterable[Choice], ways: dict[str, str] | None, scale: Scale) -> list[Choice]:
    """The actions that have a channel and an occasion: of the channels that are open the one that an action leads with, then the
    one whose occasion comes first, then the first that the action names. Its own occasion goes before that of the channel; what
    nobody else hears of needs no open channel."""
    placed = []
    choices = list(choices)
    places = {name: occasion.place for name, occasion in scale.occasions.items()}
    leading = {channel for choice in choices if choice.action.leads for channel in choice.action.channels}
    for choice in choices:
        action = choice.action
        if ways is None or (action.occasion and not choice.outward):
            choice.channel = action.channels[0] if action.channels else ""
            choice.occasion = action.occasion or choice.channel
        else:
            open_ = [channel for channel in action.channels or ways if channel in ways]
            if not open_:
                continue
            choice.channel = min(open_, key=lambda channel: (channel not in leading, places[ways[channel]]))
            choice.occasion = action.occasion or ways[choice.channel]
        placed.append(choice)
    return placed


def _one_of_a_group(choices: Iterable[Choice], vetoed: dict[str, set[str] | None]) -> tuple[list[Choice], list[Choice]]:
    """The first action of every group, one on the channel that another action leads with before others; it takes over the
    mistakes that the others were for, at its own relief, but for those that it is vetoed for; and those of them that took over
    some."""
    choices = list(choices)
    leading = {choice.channel for choice in choices if choice.action.leads}
    if leading:
        choices.sort(key=lambda choice: choice.channel not in leading)
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
        for target in choice.relief.keys() - (vetoed.get(best.action.id) or ()):
            best.relief.setdefault(target, best.own_relief)
        best.firings += choice.firings
        if choice.due_hours is not None and (best.due_hours is None or choice.due_hours < best.due_hours):
            best.due_hours = choice.due_hours
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
        if choice.action.reach == REPAIRS and not choice.relief.keys() <= repaired:
            repaired.update(choice.relief)
            first.append(choice)
    first = first or [choice for choice in choices if choice.outward][:1]
    kept = [*first, *[choice for choice in choices if choice not in first]][:most]
    return [choice for choice in choices if choice in kept]


def _steps(choices: Iterable[Choice], scale: Scale) -> list[Step]:
    """Actions by occasion and channel, each step in the order of its parts; steps by due time, then as occasions follow."""
    parts = {part.name: place for place, part in enumerate(scale.message_parts)}
    grouped: dict[tuple[str, str], list[Choice]] = {}
    for choice in choices:
        grouped.setdefault((choice.occasion, choice.channel), []).append(choice)
    steps = []
    for (occasion, channel), together in grouped.items():
        together.sort(key=lambda choice: (parts.get(choice.action.part, len(parts)), choice.order))
        due = min([inf if choice.due_hours is None else choice.due_hours for choice in together])
        steps.append(Step(occasion, channel, None if due == inf else due, together))
    place = {occasion: about.place for occasion, about in scale.occasions.items()}
    steps.sort(
        key=lambda s: (inf if s.due_hours is None else s.due_hours, place.get(s.occasion, len(place)), s.occasion, s.channel)
    )
    return steps


def _decide(steps: list[Step], findings: Sequence[Row], scale: Scale) -> tuple[list[Step], str]:
    """The steps and the verdict of the record, decided together: the worst finding's verdict, and a step towards the other side
    within its hours; where there is no such step, the word for that."""
    verdict = findings[0][5] if findings else scale.verdicts[0]
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
    """What rules vetoed, by id of the action, less what the plan excludes."""
    of_action: dict[str, Avoid] = {}
    for action, rows, rule, match in vetoes:
        targets = tuple([row[ID] for row in rows])
        if action in plan.excluded:
            excluded = plan.excluded[action]
            if excluded is Everywhere or not targets:
                continue
            targets = tuple([target for target in targets if target not in excluded])
            if not targets:
                continue
        found = of_action.get(action)
        if found is None:
            found = of_action[action] = Avoid(program.actions[action], set(), [])
        found.targets.update(targets)
        found.firings.append((rule, match, targets))
    return [of_action[action] for action in sorted(of_action)]
