"""A checked program in; the same as plain data out, for engines that are not written in Python.

Names are places there. A name of a rule is a slot, as in its match, with one more behind them for what an existence or
aggregate looks at; a field is a column; kinds, actions, patterns and words are numbers. A node is ``{form: what it is made of}``.
Rules never become source.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from misstep.evaluate.codegen import join_order
from misstep.evaluate.export_words import Data, TemplateExport
from misstep.evaluate.python_engine import grows, start_of
from misstep.language.effects import (
    DIMENSIONS,
    Contribute,
    Derive,
    Effect,
    LimitOutlook,
    Note,
    Placeholder,
    Recommend,
    Text,
    Veto,
)
from misstep.language.expression import (
    Arithmetic,
    Call,
    Compare,
    Constants,
    Count,
    Curve,
    Expression,
    FieldRef,
    IfElse,
    Known,
    Literal,
    Logic,
    Lookup,
    Negative,
    Not,
    Slice,
)
from misstep.language.facts import FIRST_VALUE, TRAITS, Field, Kind
from misstep.language.finding import FINDING_FIELDS
from misstep.language.numbers import is_steep, thousandths
from misstep.language.program import (
    FINDING,
    OUTLOOK,
    Action,
    Aggregate,
    Condition,
    Existence,
    Pattern,
    Program,
    Rule,
    Source,
    Stratum,
    overlap,
)
from misstep.language.scale import Levels, MessagePart, Scale
from misstep.limits import Limits


def export(program: Program, limits: Limits) -> Data:
    """All of a program that decides an answer and its words."""
    return {
        "rulebase": {"name": program.name, "version": program.version, "digest": program.digest},
        "limits": {name: getattr(limits, name) for name in ("record_bytes", "facts", "work", "derived")},
        **_Export(program).whole(),
    }


class _Export:
    """Words and sets get their numbers as they are met."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._words: dict[str, int] = {}
        self._sets: dict[tuple[str, ...], int] = {}
        self._patterns: dict[str, tuple[int, Data]] = {}
        self.kinds = program.kinds
        self._kinds = {name: number for number, name in enumerate(program.kinds)}
        self._actions = {name: number for number, name in enumerate(program.actions)}
        self._templates = TemplateExport(program, self.word)
        self._rules = {rule: number for number, rule in enumerate(program.rules.values())}

        self.growing = {
            rule
            for stratum in (*program.scoring, *program.judging, *program.advising)
            for rule in stratum.deriving
            if any(grows(pattern, stratum.kinds) for pattern in rule.patterns)
        }

    def whole(self) -> Data:
        program = self._program
        phases = {phase: self._phase(getattr(program, phase)) for phase in ("scoring", "judging", "advising")}
        data = {
            "kinds": [self._kind(kind) for kind in program.kinds.values()],
            "rules": [_RuleExport(self, rule).whole() for rule in self._rules],
            "phases": phases,
            "actions": [self._action(action) for action in program.actions.values()],
            "sources": [self._source(program.sources[name]) for name in sorted(program.sources)],
            "exclusions": [self.action(winner) for winner, _ in program.exclusions],
            "scale": self._scale(program.scale),
        }
        sets = [[self.word(word) for word in words] for words in self._sets]
        data["templates"] = self._templates.templates
        return {**data, "patterns": [data for _, data in self._patterns.values()], "sets": sets, "words": list(self._words)}

    # -- numbers of things

    def word(self, text: str) -> int:
        return self._words.setdefault(text, len(self._words))

    def kind(self, name: str) -> int:
        return self._kinds[name]

    def pattern(self, pattern: Pattern) -> int:
        if pattern.key not in self._patterns:
            of = {"over": pattern.over, "kinds": list(map(self.kind, pattern.kinds))}
            self._patterns[pattern.key] = len(self._patterns), of
        return self._patterns[pattern.key][0]

    def action(self, name: str) -> int:
        return self._actions[name]

    def value(self, value: object) -> Data | str:
        """A value as memory has it."""
        match value:
            case None:
                return "unknown"
            case bool():
                return {"truth": value}
            case int():
                return {"whole": value}
            case float():
                return {"number": value}
            case str():
                return {"word": self.word(value)}
            case tuple():
                return {"set": self._sets.setdefault(value, len(self._sets))}
        raise TypeError(value)

    # -- parts of a program

    def _source(self, source: Source) -> Data:
        """As answers cite it."""
        cited = {name: getattr(source, name) for name in ("id", "title", "kind", "year", "figure", "url")}
        return {"id": source.id, "json": orjson.dumps(cited).decode()}

    def _kind(self, kind: Kind) -> Data:
        return {
            "name": self.word(kind.name),
            "role": kind.role,
            "title": kind.title,
            "assumed": kind.assumed,
            "each": kind.each,
            **{name: self._templates.of_kind(getattr(kind, name), kind) for name in ("said", "repair", "word")},
            "advice": [[self.action(action), self._templates.of_kind(text, kind)] for action, text in kind.advice.items()],
            "traits": [self.word(getattr(kind, trait)) for trait in TRAITS],
            "fields": [self._field(field) for field in kind.fields],
        }

    def _field(self, field: Field) -> Data:
        low, high = field.range
        return {
            "name": field.name,
            "type": field.type,
            "required": field.required,
            "default": self.value(None if field.unknown else field.default),
            "words": [self.word(word) for word in field.values],
            "low": low,
            "high": high,
        }

    def _action(self, action: Action) -> Data:
        parts = [part.name for part in self._program.scale.message_parts]
        return {
            "id": action.id,
            "title": action.title,
            "text": action.text,
            "clause": action.clause,
            "says": self._templates.of_record(action.says),
            "reach": action.reach,
            "channels": list(map(self.word, action.channels)),
            "occasion": self.word(action.occasion),
            "leads": action.leads,
            "excludes": list(map(self.action, action.excludes)),
            "due_hours": action.due_hours,
            "group": self.word(action.group),
            "relief": round(action.relief * 1000),
            "part": parts.index(action.part) if action.part in parts else len(parts),
            "recommended": action.id in self._program.recommended,
        }

    def _scale(self, scale: Scale) -> Data:
        ways = None
        if scale.ways:
            columns = self.kinds[scale.ways].columns
            ways = [self.kind(scale.ways), columns["channel"] - FIRST_VALUE, columns["occasion"] - FIRST_VALUE]
        return {
            "severity": self._levels(scale.severity),
            "noticed": self._levels(scale.noticed),
            "urgency": self._levels(scale.urgency),
            "noticed_start": round(scale.noticed_start * 1000),
            "overall_weights": [round(weight * 1000) for weight in scale.overall_weights],
            "verdicts": list(map(self.word, scale.verdicts)),
            "table": scale.table,
            "outlooks": list(map(self.word, scale.outlooks)),
            "max_actions": scale.max_actions,
            "max_relief": round(scale.max_relief * 1000),
            "ways": ways,
            "message": self._message(scale),
            "unable": self.word(scale.unable),
            "act_within": [[scale.verdicts.index(verdict), hours] for verdict, hours in scale.act_within.items()],
            "occasions": [[self.word(name), occasion.place, occasion.title] for name, occasion in scale.occasions.items()],
            "empty": self.word(""),
        }

    def _message(self, scale: Scale) -> Data:
        write = self._templates.of_record
        parts = [
            {"sentences": part.sentences, "last": part.last, "says": write(part.says)}
            for part in (*scale.message_parts, MessagePart(""))
        ]
        return {
            "headline": write(scale.headline),
            "written": list(map(self.word, scale.message_channels)),
            "spoken": [[self.word(channel), write(opening, lines=True)] for channel, opening in scale.message_spoken.items()],
            "max_words": scale.message_max_words,
            "parts": parts,
            "subject": write(scale.message_subject, lines=True),
            "opening": write(scale.message_opening, lines=True),
            "closing": write(scale.message_closing, lines=True),
            "unnoticed": 0 if len(scale.noticed.words) > 1 else None,
        }

    def _levels(self, levels: Levels) -> Data:
        return {"words": list(map(self.word, levels.words)), "lower": levels.lower}

    def _phase(self, strata: Iterable[Stratum]) -> Data:
        deriving = [self._deriving(stratum) for stratum in strata if stratum.deriving]
        return {"deriving": deriving, "rest": [self._rules[rule] for stratum in strata for rule in stratum.rest]}

    def _deriving(self, stratum: Stratum) -> Data:
        return {
            "once": [self._rules[rule] for rule in stratum.deriving if rule not in self.growing],
            "growing": [self._rules[rule] for rule in stratum.deriving if rule in self.growing],
            "kinds": sorted(map(self.kind, stratum.kinds)),
        }


class _RuleExport:
    """One rule. ``slots``: the place of each name; ``patterns``: what the names of facts range over."""

    def __init__(self, program: _Export, rule: Rule) -> None:
        self._program, self._rule = program, rule
        self._slots = {binder.name: slot for slot, binder in enumerate(rule.binders)}
        self._patterns = {pattern.name: pattern for pattern in rule.patterns}
        self._bound: list[Pattern] = []

    def whole(self) -> Data:
        rule, program = self._rule, self._program
        start = None if rule.aggregates or rule in program.growing else start_of(rule, program.kinds)
        steps = self._steps(start)
        facts = [pattern for pattern in rule.patterns if pattern.over != OUTLOOK]
        return {
            "id": program.word(rule.id),
            "slots": len(rule.binders),
            "start": start and [self._slots[start.name], self._program.pattern(start)],
            "steps": steps,
            "effects": [self._effect(effect) for effect in rule.effects],
            "because": self._text(rule.because),
            "facts": [self._slots[pattern.name] for pattern in facts],
            "sources": list(rule.sources),
            "concluded": self._concluded(),
            "read": [self._assumed(each.place, each.field) for each in rule.assumptions],
            "shown": [self._assumed(each.place, each.field) for each in rule.shown_assumptions],
        }

    def _concluded(self) -> bool:
        """Whether it rests on what other rules concluded, or on no fact that it could name."""
        derived = any(
            not isinstance(binder, Pattern)
            or binder.over != "fact"
            or any(self._program.kinds[kind].role == "derived" for kind in binder.kinds)
            for binder in self._rule.binders
        )
        return derived or not all(existence.negated for existence in self._rule.existences)

    def _assumed(self, slot: int, field: str) -> list[int]:
        pattern = self._rule.binders[slot]
        assert isinstance(pattern, Pattern)
        return [slot, _column(pattern, field)]

    # -- matching

    def _steps(self, start: Pattern | None) -> list[Data]:
        """What is done one after the other once there is a fact to start from: each step as soon as its names are bound."""
        rule = self._rule
        left: list[Condition | Existence | Aggregate] = [*rule.conditions, *rule.aggregates, *rule.existences]
        names: set[str] = set()
        done: list[Data] = []
        if start is not None:
            self._bind(start, names)
        self._ready(left, names, done)
        for pattern in join_order(rule, names):
            done.append({"each": [self._slots[pattern.name], self._program.pattern(pattern), self._others(pattern)]})
            self._bind(pattern, names)
            self._ready(left, names, done)
        return done

    def _bind(self, pattern: Pattern, names: set[str]) -> None:
        self._bound.append(pattern)
        names.add(pattern.name)

    def _ready(self, left: list[Condition | Existence | Aggregate], names: set[str], done: list[Data]) -> None:
        while ready := [step for step in left if step.needs <= names]:
            left[:] = [step for step in left if step not in ready]
            done += [{"test": self._node(step.test)} for step in ready if isinstance(step, Condition)]
            for step in ready:
                if isinstance(step, Existence):
                    done.append({"exists": [self._inside(step), step.negated]})
                elif isinstance(step, Aggregate):
                    done.append(self._aggregate(step))
                    names.update((step.name, *(key.name for key in step.keys)))

    def _inside(self, step: Existence | Aggregate) -> Data:
        own = step.pattern
        self._slots[own.name] = slot = len(self._rule.binders)
        self._patterns[own.name] = own
        others = [] if isinstance(step, Existence) and step.taken else self._others(own)
        return {
            "slot": slot,
            "pattern": self._program.pattern(own),
            "others": others,
            "tests": list(map(self._node, step.conditions)),
        }

    def _aggregate(self, step: Aggregate) -> Data:
        inside = self._inside(step)
        keys = [[self._slots[key.name], self._node(key.value)] for key in step.keys]
        value = None if step.value is None else self._node(step.value)
        slot = self._slots[step.name]
        gather = {"slot": slot, "function": step.function, "whole": step.whole, "inside": inside, "value": value, "keys": keys}
        return {"gather": gather}

    def _others(self, pattern: Pattern) -> list[int]:
        """The slots whose facts this pattern could take too, and must not."""
        return [self._slots[other.name] for other in self._bound if overlap(other, pattern)]

    # -- expressions

    def _node(self, node: Expression) -> Data:
        write, value = self._node, self._program.value
        match node:
            case Literal(constant):
                return {"constant": value(constant)}
            case FieldRef(name, field):
                return self._field(name, field)
            case Count(name):
                return {"bound": self._slots[name]}
            case Known(reference):
                return {"known": write(reference)}
            case Not(operand):
                return {"not": write(operand)}
            case Logic(operator, operands):
                return {operator: list(map(write, operands))}
            case Compare(operators, operands):
                return {"compare": [list(operators), list(map(write, operands))]}
            case Lookup(item, Constants(words), negated):
                return {"among": [write(item), list(map(value, words)), negated]}
            case Lookup(item, container, negated):
                assert isinstance(container, FieldRef)
                return {"holds": [write(item), write(container), negated]}
            case Arithmetic(operator, left, right, whole):
                return {"arithmetic": [operator, write(left), write(right), whole]}
            case Negative(operand):
                return {"negative": write(operand)}
            case IfElse(condition, then, otherwise):
                return {"if": [write(condition), write(then), write(otherwise)]}
            case Call(function, arguments):
                return {"call": [function, list(map(write, arguments))]}
            case Slice(text, start, stop):
                return {"slice": [write(text), start, stop]}
            case Curve(x, points):
                return {"curve": [write(x), *map(list, zip(*points, strict=True)), is_steep(points)]}

    def _field(self, name: str, field: str) -> Data:
        pattern, slot = self._patterns[name], self._slots[name]
        if pattern.over == OUTLOOK:
            return {"bound": slot}
        if pattern.over == FINDING and field in FINDING_FIELDS:
            return {"score": [slot, field]}
        if field in TRAITS:
            return {"trait": [slot, TRAITS.index(field)]}
        if field in ("id", "fact"):
            return {"id": slot}
        return {"kind": slot} if field == "kind" else {"field": [slot, _column(pattern, field)]}

    # -- effects

    def _effect(self, effect: Effect) -> Data:
        match effect:
            case Contribute("verdict", target, amount):
                return {"contribute": [DIMENSIONS.index("verdict"), self._slots[target], self._node(amount)]}
            case Contribute(dimension, target, amount):
                return {"contribute": [DIMENSIONS.index(dimension), self._target(target), self._thousandths(amount)]}
            case Derive(kind, values):
                fields = self._program.kinds[kind].fields
                stored = [self._stored(value, field) for value, field in zip(values, fields, strict=True)]
                return {"derive": [self._program.kind(kind), stored]}
            case Recommend(action, targets, relief, due):
                return {
                    "recommend": [
                        self._program.action(action),
                        [self._slots[target] for target in targets],
                        None if relief is None else self._thousandths(relief),
                        None if due is None else self._node(due),
                    ]
                }
            case Veto(action, targets):
                return {"veto": [self._program.action(action), [self._slots[target] for target in targets]]}
            case Note(text):
                return {"note": self._text(text)}
            case LimitOutlook(rank):
                return {"limit": rank}

    def _target(self, name: str) -> int | None:
        return self._slots[name] if name else None

    def _thousandths(self, amount: Expression) -> Data:
        """An amount, with constants rounded here."""
        match amount:
            case IfElse(condition, then, otherwise):
                return {"if": [self._node(condition), self._thousandths(then), self._thousandths(otherwise)]}
            case Literal(bool() | int() | float() as number):
                return {"constant": {"whole": thousandths(number)}}
            case _:
                return {"thousandths": self._node(amount)}

    def _stored(self, value: Expression | None, field: Field) -> Data:
        """A value of a derived fact, within the range of a field."""
        if value is None:
            return {"constant": "unknown"}
        if not field.is_number:
            return self._node(value)
        if isinstance(value, (FieldRef, Literal)):
            return {"number": self._node(value)} if field.type == "number" else self._node(value)
        within = {"within": self._node(value)}
        return {"number": within} if field.type == "number" else within

    # -- texts

    def _text(self, text: Text) -> list[Data]:
        return list(map(self._part, text.parts))

    def _part(self, part: str | FieldRef | Placeholder | Literal) -> Data:
        match part:
            case str():
                return {"text": part}
            case Literal():
                return {"show": self._node(part)}
            case Placeholder(name):
                return {"show": {"bound": self._slots[name]}}
            case FieldRef(name, field):
                pattern = self._patterns[name]
                if field == "kind" and pattern.over != OUTLOOK:
                    return {"title": self._slots[name]}
                worded = field in TRAITS or any(own.name == field and own.type in ("enum", "set") for own in pattern.fields)
                worded |= pattern.over == FINDING and field in FINDING_FIELDS
                return {"word" if worded and pattern.over != OUTLOOK else "show": self._node(part)}


def _column(pattern: Pattern, field: str) -> int:
    return next(column for column, own in enumerate(pattern.fields) if own.name == field)
