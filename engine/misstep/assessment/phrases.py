"""Compile the texts of rules to functions of a match; format values, times and names for people."""

from __future__ import annotations

import re
from collections.abc import Callable

from misstep.evaluate.emit import ExpressionWriter
from misstep.evaluate.memory import Match
from misstep.language.effects import Placeholder, Text
from misstep.language.expression import FieldRef, Literal
from misstep.language.facts import TRAITS, Field, Kind, Row
from misstep.language.finding import FINDING_FIELDS
from misstep.language.program import Pattern, Rule
from misstep.layout.wording import spaced

LONGEST_NAME = 70  # characters of a help that can stand for the name of its field
Say = Callable[[Match, dict[Row, str]], tuple[str, tuple[str, ...]]]
"""``say(match, names)``: a text, and the ids of the facts of the match; those of derived facts are looked up in names."""


def compile_words(rule: Rule, text: Text, kinds: dict[str, Kind]) -> Say:
    """Compile the text of a rule to a function of a match, ``lambda m, names: (c0 + show(m[0][3]) + c1, (m[0][0], ))``.

    As in codegen.py, source is put together from fixed pieces; text is bound as a constant.
    """
    writer = _Words(rule, kinds)
    said = " + ".join(map(writer.part, text.parts)) or writer.constant("")
    source = f"lambda m, names: ({said}, ({''.join(f'{fact}, ' for fact in writer.facts())}))"
    namespace: dict[str, object] = {"__builtins__": {}, "show": show, "word": shown_word, **writer.constants}
    say: Say = eval(compile(source, f"<words of {rule.id}>", "eval"), namespace)  # noqa: S307 - names and numbers made here
    return say


class _Words(ExpressionWriter):
    """Writes expressions over the match ``m`` of a rule."""

    def __init__(self, rule: Rule, kinds: dict[str, Kind]) -> None:
        super().__init__(kinds)
        self.locals = {binder.name: f"m[{i}]" for i, binder in enumerate(rule.binders)}
        self.patterns = {pattern.name: pattern for pattern in rule.patterns}

    def part(self, part: str | FieldRef | Placeholder | Literal) -> str:
        """One part of a text."""
        if isinstance(part, str):
            return self.constant(part)
        if isinstance(part, Literal):
            return self.constant(show(part.value))
        if not isinstance(part, FieldRef):
            return f"show({self.locals[part.name]})"
        value, pattern = self.expression(part), self.patterns[part.name]
        if part.field == "kind":
            return f"{self.constant({kind: self.kinds[kind].title for kind in pattern.kinds})}[{value}]"
        own = {f.name: f.type for f in pattern.fields}
        worded = own.get(part.field) in ("enum", "set") or part.field in TRAITS
        if pattern.over == "finding":
            worded |= part.field in FINDING_FIELDS
        return f"{'word' if worded and pattern.over != 'outlook' else 'show'}({value})"

    def facts(self) -> list[str]:
        """The id of every fact of the match."""
        return [self._id(pattern) for pattern in self.patterns.values() if pattern.over != "outlook"]

    def _id(self, pattern: Pattern) -> str:
        row = self.locals[pattern.name] + ("[0]" if pattern.over == "finding" else "")
        derived = any(self.kinds[kind].role == "derived" for kind in pattern.kinds)
        return f"names.get({row}, {row}[0])" if derived else f"{row}[0]"


def show(value: object) -> str:
    """A value as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(round(value, 3))
    if isinstance(value, tuple):
        return ", ".join(map(show, value)) or "none"
    return "unknown" if value is None else str(value)


def of_hundred(value: float) -> str:
    """A chance in percent, with open ends: no chance is certain."""
    return "below 1" if value < 1 else "above 99" if value > 99 else f"{value:g}"


def whole_percent(value: float) -> str:
    """The same in whole percent: tenths would claim too much."""
    return of_hundred(value) if value < 1 or value > 99 else f"{value:.0f}"


def due_in_words(hours: float | None) -> str:
    """The due time of a step, counted from now: now, within 4 hours, today, within 3 days."""
    if hours is None:
        return "in your own time"
    if hours <= 0.25:
        return "now"
    if 12 < hours <= 24:
        return "today"
    return f"within {span_of_time(hours)}"


def due_beside(title: str, hours: float | None) -> str:
    """The due time of a step beside its title; empty if the title begins with it: ``Now: say it``."""
    due = due_in_words(hours)
    return "" if re.match(rf"{due}\b", title, re.IGNORECASE) else due


def span_of_time(hours: float) -> str:
    """An amount of time in the unit that people would use."""
    amount, unit = (hours * 60, "minute") if hours < 1 else (hours, "hour") if hours <= 24 else (hours / 24, "day")
    shown = f"{round(amount, 0 if unit != 'hour' else 1):g}"
    return f"{shown} {unit}" + ("" if shown == "1" else "s")


def shown_word(value: object) -> str:
    """A word of the rule base, or several, as people write them."""
    if isinstance(value, tuple):
        return ", ".join(shown_word(v) for v in value)
    return spaced(value) if isinstance(value, str) else show(value)


def name_of(field: Field) -> str:
    """The label of a field: its title, else its help if that is one short phrase, else its name."""
    if field.title:
        return field.title
    if field.help and len(field.help) <= LONGEST_NAME and not set(field.help) & set(":;"):
        return field.help
    return spaced(field.name)
