"""Put linked rules into words: conditions and effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import LiteralString

from markupsafe import Markup

from misstep.language.effects import EFFECTS, Contribute, Derive, Effect, LimitOutlook, Note, Placeholder, Recommend, Text
from misstep.language.expression import Arithmetic, Curve, Expression, FieldRef, Literal, Negative, names_in
from misstep.language.facts import Kind
from misstep.language.finding import FINDING_WORDS
from misstep.language.program import FINDING, Action, Aggregate, AggregateFunction, Pattern, Program, Rule
from misstep.tools.docs.book import is_every_kind
from misstep.tools.docs.condition_words import Phrases, constant, number, signed
from misstep.tools.docs.markdown import code, joined, say


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One point of a list, with the points under it."""

    text: Markup
    below: Sequence[Markup] = ()


@dataclass(frozen=True, slots=True)
class EffectLine:
    """One effect; of a curve, the points of ``what`` over ``over``."""

    text: Markup
    what: str = ""
    over: Markup | str = ""
    points: Sequence[tuple[str, str]] = ()


class RuleWords:
    """Puts one rule into words."""

    def __init__(self, rule: Rule, program: Program, link: Callable[[Kind | Action], Markup]) -> None:
        self._rule = rule
        self._program = program
        self._link = link
        inner = [*(n.pattern for n in rule.existences), *(a.pattern for a in rule.aggregates)]
        patterns = [*rule.patterns, *inner]
        called = {id(pattern): self._called(pattern) for pattern in patterns}
        times = Counter(called.values())
        self._twice = {p.name for p in patterns if times[called[id(p)]] > 1}
        self._names = {
            p.name: code(p.name) if p.name in self._twice else called[id(p)] for p in patterns
        }  # of two facts of a kind, each is called by its name in the rule
        self._orders = {(p.name, f.name): f.order for p in patterns for f in p.fields if f.ordered}
        for pattern in patterns:
            if pattern.over == FINDING:
                self._orders |= {(pattern.name, name): words(program.scale) for name, words in FINDING_WORDS.items()}

    def when(self) -> list[ConditionLine]:
        """The conditions of the rule."""
        lines = [self._aggregate(b) if isinstance(b, Aggregate) else self._taken(b) for b in self._asked()]
        lines += map(_there_is, self._existences(negated=False))
        return lines + [ConditionLine(say("and {}", text)) for text in self._shared()]

    def sentence(self) -> Markup:
        """All of the rule, but for its reason, in one sentence."""
        facts = [self._aggregate(b) if isinstance(b, Aggregate) else _there_is(self._taken(b)) for b in self._asked()]
        facts += map(_there_is, self._existences(negated=False))
        when = joined([*map(_in_a_row, facts), *self._shared()], ", ", "and")
        unless = joined(map(_in_a_row, map(_there_is, self.unless())), ", ", "or")
        then = joined(map(_in_full, self.then()), "; ")
        return say("When {}{}: {}", when, say(", unless {}", unless) if unless else say(""), then.removesuffix(".") + ".")

    def _asked(self) -> list[Pattern | Aggregate]:
        return [binder for binder in self._rule.binders if isinstance(binder, (Pattern, Aggregate))]

    def _taken(self, pattern: Pattern) -> ConditionLine:
        return ConditionLine(self._fact(pattern), self._conditions(pattern.name))

    def _shared(self) -> list[Markup]:
        """The conditions over several facts."""
        return self._phrases().clauses([c.test for c in self._rule.conditions if not self._is_of_one(c.test)])

    def unless(self) -> list[ConditionLine]:
        """The facts of which there must be none."""
        return self._existences(negated=True)

    def _existences(self, negated: bool) -> list[ConditionLine]:
        return [
            ConditionLine(self._fact(each.pattern), self._phrases(each.pattern.name).clauses(each.conditions))
            for each in self._rule.existences
            if each.negated is negated
        ]

    def then(self) -> list[EffectLine]:
        """The effects."""
        return [self._effect(effect) for effect in self._rule.effects]

    def because(self) -> Markup:
        """The reason that is shown, with names of fields for values."""
        return self._text(self._rule.because)

    def _phrases(self, own: str = "") -> Phrases:
        return Phrases(self._names, own, self._orders)

    # -- facts

    def _called(self, pattern: Pattern) -> Markup:
        """How a fact is called in the middle of a sentence."""
        if pattern.over == "outlook":
            return say("the outlook")
        if len(pattern.kinds) == 1:
            return say("*{}*", self._program.kinds[pattern.kinds[0]].title)
        if pattern.over == "finding":
            return say("the finding")
        words = self._program.scale.words
        roles = {words.of(self._program.kinds[kind].role) for kind in pattern.kinds}
        return say("the {}", roles.pop() if len(roles) == 1 else "fact")

    def _fact(self, pattern: Pattern) -> Markup:
        """A fact as it is asked for."""
        name = say(", called {}", code(pattern.name)) if pattern.name in self._twice else say("")
        if pattern.over == "outlook":
            return say("the outlook{}", name)
        kinds = self._kinds(pattern)
        return say("the finding of {}{}" if pattern.over == "finding" else "{}{}", kinds, name)

    def _kinds(self, pattern: Pattern) -> Markup:
        kinds = [self._program.kinds[kind] for kind in pattern.kinds]
        if is_every_kind(pattern, self._program):
            return say("any {}", self._program.scale.words.of(kinds[0].role))
        return joined((self._link(kind) for kind in kinds), ", ", "or") if kinds else say("nothing")

    def _conditions(self, name: str) -> list[Markup]:
        own = [c.test for c in self._rule.conditions if self._is_of_one(c.test) and names_in(c.test) == {name}]
        return self._phrases(name).clauses(own, [c.test for c in self._rule.conditions])

    def _is_of_one(self, test: Expression) -> bool:
        names = names_in(test)
        return len(names) == 1 and names <= {p.name for p in self._rule.patterns}

    def _aggregate(self, aggregate: Aggregate) -> ConditionLine:
        phrases = self._phrases(aggregate.pattern.name)
        facts = self._kinds(aggregate.pattern)
        if aggregate.pattern.over == "finding":
            facts = say("findings of {}", facts)
        for key in aggregate.keys:
            value, called = phrases.value(key.value), code(key.name)
            facts = say("{}, for each {}{}", facts, value, say(", called {}", called) if value != called else "")
        below = phrases.clauses(aggregate.conditions)
        name = code(aggregate.name)
        if aggregate.value is None:
            return ConditionLine(say("{} is how many there are of: {}", name, facts), below)
        what = _AGGREGATES[aggregate.function]
        return ConditionLine(say("{} is {} of: {}, over {}", name, what, phrases.value(aggregate.value), facts), below)

    # -- effects

    def _effect(self, effect: Effect) -> EffectLine:
        scale, program = self._program.scale, self._program
        match effect:
            case Contribute("verdict", target, Literal(rank)):
                return EffectLine(say("the verdict{} is at least {}", self._of(target), code(scale.verdicts[int(rank)])))
            case Contribute():
                return self._contribution(effect)
            case LimitOutlook(rank):
                return EffectLine(say("the outlook is at best {}", code(scale.outlooks[rank])))
            case Derive(kind, values):
                fields = zip(program.kinds[kind].fields, values, strict=True)
                given = [say("{}: {}", code(f.name), self._value(v)) for f, v in fields if v is not None]
                return EffectLine(say("concludes {}{}", self._link(program.kinds[kind]), _bracketed(given)))
            case Note(text):
                return EffectLine(say("notes: {}", self._text(text)))
            case Recommend(action, targets, relief, due):
                extra = [say("takes back {} of the severity", self._value(relief))] if relief is not None else []
                extra += [say("due within {} hours", self._value(due))] if due is not None else []
                step = say("recommends {}{}", self._link(program.actions[action]), self._for(targets))
                return EffectLine(say("{}{}", step, _bracketed(extra)))
            case _:
                return EffectLine(say("vetoes {}{}", self._link(program.actions[effect.action]), self._for(effect.targets)))

    def _contribution(self, effect: Contribute) -> EffectLine:
        form = EFFECTS[effect.dimension]
        amount, sign = effect.amount, float(form.sign)
        if isinstance(amount, Negative):
            amount, sign = amount.operand, -sign
        elif isinstance(amount, Arithmetic) and amount.operator == "-" and amount.left == Literal(0):
            amount, sign = amount.right, -sign
        what = form.score if effect.target else effect.dimension
        head = say("{}{}", what, self._of(effect.target)) if effect.target else say("the {} of the whole", form.score)
        unit = say(form.unit)
        if isinstance(amount, Literal) and not isinstance(amount.value, str):
            return EffectLine(say("{}: **{}**{}", head, signed(sign * amount.value), unit))
        if isinstance(amount, Curve):
            points = [(number(x), signed(sign * y)) for x, y in amount.points]
            over = self._value(amount.x)
            return EffectLine(say("{}: by {}{}", head, over, unit), what, over, points)
        return EffectLine(say("{}: {}{}", head, self._value(Negative(amount) if sign < 0 else amount), unit))

    def _value(self, node: Expression) -> Markup:
        facts = self._rule.patterns
        return self._phrases(facts[0].name if len(facts) == 1 else "").value(node)

    def _of(self, target: str) -> Markup:
        """The fact, if the rule has several."""
        return say(" of {}", self._names[target]) if len(self._rule.patterns) > 1 else say("")

    def _for(self, targets: Sequence[str]) -> Markup:
        """The mistakes, unless there is only one pattern."""
        if not targets or len(self._rule.patterns) < 2:
            return say("")
        return say(" for {}", joined((self._names[target] for target in targets), ", ", "and"))

    def _text(self, text: Text) -> Markup:
        return joined(map(_part, text.parts), "")


def _there_is(line: ConditionLine) -> ConditionLine:
    return ConditionLine(say("there is {}", line.text), line.below)


def _in_a_row(line: ConditionLine) -> Markup:
    """A point with the points under it, as a part of a sentence."""
    return say("{} where {}", line.text, joined(line.below, " and ")) if line.below else line.text


def _in_full(effect: EffectLine) -> Markup:
    """An effect with the points of its curve."""
    points = joined(say("{} → {}", x, y) for x, y in effect.points)
    return say("{} ({})", effect.text, points) if effect.points else effect.text


def _part(part: str | FieldRef | Placeholder | Literal) -> Markup:
    """A part of a text: of a value, the name of its field."""
    match part:
        case str():
            return _inside(part)
        case FieldRef():
            return code(part.field)
        case Placeholder():
            return code(part.name)
        case Literal():
            return constant(part.value)


_AGGREGATES: dict[AggregateFunction, LiteralString] = {
    "sum": "the sum",
    "min": "the least",
    "max": "the greatest",
    "average": "the average",
    "distinct": "how many different values there are",
}
"""What an aggregate is, in words."""


def _inside(text: str) -> Markup:
    """A part of a line, with the spaces around it."""
    if not text.strip():
        return say(" ")
    before, after = say(" " if text[:1].isspace() else ""), say(" " if text[-1:].isspace() else "")
    return say("{}{}{}", before, text, after)


def _bracketed(parts: Sequence[Markup]) -> Markup:
    return say(" ({})", joined(parts)) if parts else say("")
