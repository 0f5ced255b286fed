"""A plan and the facts in; the draft of the follow-up message out.

The words are templates of the rule base, compiled when they are first needed. Text of facts is put in as a value and can
be nothing else: it is cut short, its control characters are spelled out, and no sentence is taken to end inside of it. What
is too long loses whole sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from misstep.errors import printable
from misstep.findings.words import show, shown_word
from misstep.model.facts import FIRST_VALUE, ID, KIND, TRAITS, Field, Kind, Row
from misstep.model.rule import (
    FINDING_FIELDS,
    MISTAKE,
    NAMED_MISTAKES,
    OUTLOOK,
    QUOTED_LENGTH,
    QUOTED_WORDS,
    SAID,
    Action,
    MessagePart,
    Program,
)

Rows = Mapping[str, Sequence[Row]]
Told = tuple[Rows, str, Sequence[Row]]
"""What a template may speak of: facts by kind, the outlook, and the mistakes that it is about, worst first."""

_Part = tuple[MessagePart, list[str]]
_LEVEL = 1 + FINDING_FIELDS.index("noticed_level")
_GLUE, _END = "\0", "\x1e"  # a blank inside of what a fact says, and the end of a sentence; printable() has left neither


class _Template(NamedTuple):
    """What says a template, and whether it is about mistakes."""

    say: Callable[[Told], str]
    about: bool


class _Reading(NamedTuple):
    """What a template takes of one fact: how to find the fact, the values by variable where it is not there, and for every
    variable the place of its value in the row and what to make of it."""

    find: Callable[[Told], Row | None]
    absent: dict[str, Any]
    present: list[tuple[str, int, Callable[[Any], Any]]]


class Drafter:
    """Writes drafts with the words of one program. Holds what it has compiled, nothing about records."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._scale = scale = program.scale
        self._parts = (*scale.message_parts, MessagePart(""))  # what has no part comes last
        places = {part.name: place for place, part in enumerate(self._parts)}
        self._order = {  # what speaks, by id: where, and what it says
            a.id: (places[a.part], a.id, a.says)
            for a in program.actions.values()
            if a.says and a.channel in scale.message_channels
        }
        self._unnoticed = scale.noticed.words[0] if len(scale.noticed.words) > 1 else None
        self._templates: dict[str, _Template] = {}
        self._naming: dict[str, _Template] = {}
        self._compile: Callable[[str], Any] | None = None

    def write(
        self, steps: Sequence[tuple[Action, Collection[str]]], findings: Sequence[Row], rows: Rows, outlook: str
    ) -> str | None:
        """The message of a plan, whose steps are actions with the ids of the mistakes that they are for; None where none of
        them has anything to say in it. Of what nobody noticed nothing is said.
        """
        order = self._order
        speaking = sorted([(order[action.id], targets) for action, targets in steps if action.id in order])
        if not speaking:
            return None
        noticed = [finding[0] for finding in findings if finding[_LEVEL] != self._unnoticed]
        said: dict[int, list[str]] = {}
        for (place, _, words), targets in speaking:
            mistakes = [mistake for mistake in noticed if mistake[ID] in targets]
            say, about = self._template(words)
            if mistakes or not targets or not about:
                said.setdefault(place, []).extend(_sentences(say((rows, outlook, mistakes))))
        if not said:
            return None
        told: Told = (rows, outlook, ())
        for place, part in enumerate(self._scale.message_parts):
            if part.says and not said.get(place):
                said[place] = _sentences(self._template(part.says).say(told))
        parts = [(part, said[i][: part.sentences or None]) for i, part in enumerate(self._parts) if said.get(i)]
        while parts and not parts[-1][0].last:
            parts.pop()
        return self._whole(parts, told)

    def _whole(self, parts: list[_Part], told: Told) -> str | None:
        """The parts between opening and closing, less what is too much."""
        scale = self._scale
        opening = _lines(self._template(scale.message_opening).say(told))
        closing = _lines(self._template(scale.message_closing).say(told))
        most = scale.message_max_words
        while parts:
            body = "\n\n".join([" ".join(sentences) for _, sentences in parts])
            text = f"{opening}\n\n{body}\n\n{closing}".strip("\n").replace(_GLUE, " ")
            if text.count(" ") + text.count("\n") < most or len(text.split()) <= most:
                return text
            _leave_out(parts)
        return None

    # -- templates, compiled

    def _template(self, text: str) -> _Template:
        """A template of an action, of a part, or of what stands around them."""
        found = self._templates.get(text)
        if found is None:
            frame = text in (self._scale.message_opening, self._scale.message_closing)  # these keep their lines
            found = self._templates[text] = self._compiled(text if frame else " ".join(text.split()), self._read)
        return found

    def _compiled(self, text: str, read: Callable[[str, dict[str, str]], _Reading]) -> _Template:
        """``read`` tells how to take variables, by field, of what a name stands for."""
        if self._compile is None:
            from misstep.rulebase.templates import TemplateCompiler  # Jinja takes long to import: only for who wants a draft

            self._compile = TemplateCompiler(_shown).compile
        references, say = self._compile(text)
        fields: dict[str, dict[str, str]] = {}
        for variable, (name, field) in references.items():
            fields.setdefault(name, {})[field] = variable
        readings = [read(name, variables) for name, variables in fields.items()]

        def said(told: Told) -> str:
            values: dict[str, Any] = {}
            for find, absent, present in readings:
                row = find(told)
                if row is None:
                    values.update(absent)
                else:
                    for variable, place, make in present:
                        values[variable] = make(row[place])
            text: str = say(values)
            return text

        constant = said(({}, "", ())) if not readings else ""
        return _Template(said if readings else lambda told: constant, not fields.keys().isdisjoint((SAID, MISTAKE)))

    def _read(self, name: str, variables: dict[str, str]) -> _Reading:
        """How to take what a name stands for in a message."""
        if name == SAID:
            return _Reading(lambda told: (self._name_mistakes(told[2]),), {}, [(v, 0, _itself) for v in variables.values()])
        if name == OUTLOOK:
            words = {word: _Word(word) for word in self._scale.outlooks}
            return _Reading(lambda told: told, {}, [(v, 1, words.__getitem__) for v in variables.values()])
        if name == MISTAKE:
            return self._of_the_worst(variables)
        kind = self._program.kinds[name]
        if kind.role == "mistake":
            return _reading(
                lambda told: next((m for m in told[2] if m[KIND] == name), None), kind.columns, kind.fields, variables
            )
        if kind.role == "setting":
            return _reading(lambda told: told[0].get(name, _NONE)[0], kind.columns, kind.fields, variables)
        return _reading(lambda told: _fullest(told[0][name]) if name in told[0] else None, kind.columns, kind.fields, variables)

    def _of_the_worst(self, variables: dict[str, str]) -> _Reading:
        """How to take what all mistakes have in common of the worst one."""
        fields = self._program.roles.get("mistake", ())
        places = {field.name: place for place, field in enumerate(fields, FIRST_VALUE)}
        reading = _reading(lambda told: told[2][0] if told[2] else None, places, fields, variables)
        for field in variables.keys() & {"kind", *TRAITS}:
            mistakes = [self._program.kinds[name] for name in self._program.mistakes]
            words = {kind.name: _Word(kind.name if field == "kind" else getattr(kind, field)) for kind in mistakes}
            reading.absent[variables[field]] = _Unknown(field)
            reading.present.append((variables[field], KIND, words.__getitem__))
        return reading

    # -- what happened, in words

    def _name_mistakes(self, mistakes: Sequence[Row]) -> Any:
        names: list[str] = []
        for mistake in mistakes:
            kind = self._program.kinds[mistake[KIND]]
            name = self._name(kind, mistake) if kind.said else ""
            if name and name not in names:
                names.append(name)
                if len(names) == NAMED_MISTAKES:
                    break
        return f"{_GLUE}and{_GLUE}".join(names) or _WHAT_HAPPENED

    def _name(self, kind: Kind, mistake: Row) -> str:
        template = self._naming.get(kind.name)
        if template is None:

            def read(name: str, variables: dict[str, str]) -> _Reading:
                return _reading(lambda told: told[2][0], kind.columns, kind.fields, {name: variables[""]})

            template = self._naming[kind.name] = self._compiled(" ".join(kind.said.split()), read)
        return template.say(({}, "", (mistake,))).strip(" .").replace(" ", _GLUE)


# -- values as a message says them


class _Word(str):
    """A word of the rule base, which is shown as people write it."""

    __slots__ = ()


class _Unknown:
    """What the record does not say: it does not hold, it equals nothing, and its place is left to be filled in."""

    __slots__ = ("shown",)

    def __init__(self, name: str) -> None:
        self.shown = f"[{name.replace('_', ' ')}]"

    def __bool__(self) -> bool:
        return False

    def __lt__(self, other: object) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __contains__ = __lt__


_WHAT_HAPPENED = _Unknown("what_happened")


def _shown(value: Any) -> str:
    """A value as it is put into a message."""
    if type(value) is str:
        return value
    return value.shown if isinstance(value, _Unknown) else shown_word(value) if isinstance(value, (_Word, tuple)) else show(value)


def _reading(
    find: Callable[[Told], Row | None], places: Mapping[str, int], fields: Sequence[Field], variables: dict[str, str]
) -> _Reading:
    """How to take some fields of a fact; ``""`` is the fact itself, which is there or not."""
    reading = _Reading(find, {}, [])
    if "" in variables:
        reading.absent[variables[""]] = False
        reading.present.append((variables[""], ID, lambda _: True))
    for field in fields:
        if field.name in variables:
            variable, unknown = variables[field.name], _Unknown(field.name)
            reading.absent[variable] = unknown
            reading.present.append((variable, places[field.name], _maker(field, unknown)))
    return reading


def _maker(field: Field, unknown: _Unknown) -> Callable[[Any], Any]:
    """What makes of a field's value in a row what a template works with."""
    if field.type == "enum":
        words: dict[Any, Any] = {None: unknown, **{word: _Word(word) for word in field.values}}
        return words.__getitem__
    if field.type == "text":
        return lambda value: (_quote(value) if value else "") or unknown
    return (lambda value: unknown if value is None else value) if field.unknown else _itself


def _itself(value: Any) -> Any:
    return value


_NONE = (None,)


def _fullest(rows: Sequence[Row]) -> Row:
    """The fact that says most, of equals the first by id."""
    return rows[0] if len(rows) == 1 else min(rows, key=lambda row: row.count(None))


def _quote(text: str) -> str:
    """Text of a fact as one piece: in a line, of limited length, without what would end a sentence."""
    text = text.strip()
    short = shown = printable(text[: QUOTED_LENGTH + 1])
    if shown.count(" ") >= QUOTED_WORDS:
        short = " ".join(shown.split(" ", QUOTED_WORDS)[:QUOTED_WORDS])
    if len(short) > QUOTED_LENGTH:
        short = short[:QUOTED_LENGTH].rpartition(" ")[0] or short[:QUOTED_LENGTH]
    cut = len(short) < len(shown) or len(text) > QUOTED_LENGTH
    short = short.rstrip(" .,;:")
    return (f"{short}…" if cut and short else short).replace(" ", _GLUE)


# -- sentences


def _sentences(text: str) -> list[str]:
    """The sentences of a text: one ends with a full stop, a question or an exclamation mark before a blank."""
    text = text.strip()
    if "  " in text:
        text = " ".join(text.split())
    text = text.replace(". ", f".{_END}").replace("! ", f"!{_END}").replace("? ", f"?{_END}")
    return text.split(_END) if text else []


def _lines(text: str) -> str:
    text = text.strip()
    return "\n".join([line.strip() for line in text.split("\n")]) if "\n" in text else text


def _leave_out(parts: list[_Part]) -> None:
    """Take away the sentence that counts least: the last of the last part that has more than one; where all are down to one,
    the last part, or the one before it that may not stand last."""
    for _, sentences in reversed(parts):
        if len(sentences) > 1:
            sentences.pop()
            return
    parts.pop(-2 if len(parts) > 1 and not parts[-2][0].last else -1)
