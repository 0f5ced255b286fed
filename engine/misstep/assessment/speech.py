"""Render the templates of kinds, actions, messages and headlines for one record.

Templates are compiled on first use. Text of facts is only ever a value: it is shortened, control characters are escaped, and no
sentence ends inside of it. A value that the record does not state, whether unknown or a default, is left blank: ``[minutes]``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from misstep.assessment.intake import Facts
from misstep.assessment.phrases import show, shown_word
from misstep.errors import printable
from misstep.language.facts import FIRST_VALUE, ID, KIND, TRAITS, UNSAID, Field, Row
from misstep.language.program import OUTLOOK, Program
from misstep.language.scale import (
    MISTAKE,
    NAMED_MISTAKES,
    PLAN,
    QUOTED_LENGTH,
    QUOTED_WORDS,
    REPAIR,
    SAID,
    STEP,
    STEP_FIELDS,
    VERDICT,
    WRONG,
)

GLUE = "\0"
"""A blank inside of the text of a fact, where no sentence ends and no line breaks; ``printable`` leaves none in texts."""


class Occurrence(NamedTuple):
    """The data of a template. ``mistakes``: those that it is about, worst first; ``plan``: ids of the actions of the plan;
    ``step``: the values of ``STEP_FIELDS``, where it is about a step."""

    facts: Facts
    outlook: str
    verdict: str
    plan: Collection[str] = ()
    mistakes: Sequence[Row] = ()
    step: Sequence[str] = ("",) * len(STEP_FIELDS)


Template = Callable[[Occurrence], str]
"""Renders a template for a record."""


class _Variable(NamedTuple):
    """A variable of a template: its place in the row, the conversion of its value, and the name of a field whose default must not
    be stated."""

    variable: str
    place: int
    make: Callable[[Any], object]
    default: str = ""


class _Reading(NamedTuple):
    """The variables of a template that read one fact: how to find it, and the values if there is no such fact."""

    find: Callable[[Occurrence], Row | None]
    absent: dict[str, object]
    present: list[_Variable]


class Speaker:
    """Renders the templates of one program. Holds compiled templates, nothing about records."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._templates: dict[tuple[str, bool], Template] = {}
        self._of_kinds: dict[tuple[str, str], Template] = {}
        self._compile: Callable[[str], Any] | None = None
        self._whole: dict[str, tuple[Callable[[Occurrence], object], Callable[[Any], object]]] = {
            SAID: (self._name_mistakes, _itself),
            REPAIR: (self._repair_mistakes, _itself),
            OUTLOOK: (attrgetter("outlook"), _Word),
            VERDICT: (attrgetter("verdict"), _Word),
            WRONG: (lambda of: bool(of.mistakes), _itself),
        }

    def template(self, text: str, lines: bool = False) -> Template:
        """A template of an action, of a part of a message, or of a headline; ``lines``: it keeps its lines."""
        found = self._templates.get((text, lines))
        if found is None:
            found = self._templates[text, lines] = self._compiled(text if lines else " ".join(text.split()), self._read)
        return found

    def of_kind(self, mistake: Row, facts: Facts, text: str) -> str:
        """Render a template of the kind of a mistake."""
        if not text:
            return ""
        kind = self._program.kinds[mistake[KIND]]
        template = self._of_kinds.get((kind.name, text))
        if template is None:

            def read(name: str, variables: dict[str, str]) -> _Reading:
                return _reading(lambda of: of.mistakes[0], kind.columns, kind.fields, {name: variables[""]})

            template = self._of_kinds[kind.name, text] = self._compiled(" ".join(text.split()), read)
        return template(Occurrence(facts, "", "", mistakes=(mistake,))).strip()

    def _compiled(self, text: str, read: Callable[[str, dict[str, str]], _Reading]) -> Template:
        """``read``: the reading of a name in the template, for its variables by field."""
        if self._compile is None:
            from misstep.rulebase.templates import TemplateCompiler  # Jinja takes long to import

            self._compile = TemplateCompiler(_shown).compile
        references, say = self._compile(text)
        fields: dict[str, dict[str, str]] = {}
        for variable, (name, field) in references.items():
            fields.setdefault(name, {})[field] = variable
        readings = [read(name, variables) for name, variables in fields.items()]

        def said(of: Occurrence) -> str:
            values: dict[str, object] = {}
            for find, absent, present in readings:
                row = find(of)
                values.update(absent)
                if row is not None:
                    stated = of.facts.said.get(row[ID], ()) if row else ()
                    for variable, place, make, default in present:
                        if not default or default in stated:
                            values[variable] = make(row[place])
            text: str = say(values)
            return text

        constant = said(Occurrence(_NO_FACTS, "", "")) if not readings else ""
        return said if readings else lambda of: constant

    def _read(self, name: str, variables: dict[str, str]) -> _Reading:
        """The reading of a name in a message or a headline."""
        if name in self._whole:
            value, make = self._whole[name]
            return _Reading(lambda of: (value(of),), {}, [_Variable(v, 0, make) for v in variables.values()])
        if name == PLAN:
            return _Reading(lambda of: (of.plan,), {}, [_Variable(v, 0, _holds(action)) for action, v in variables.items()])
        if name == STEP:
            return _Reading(
                lambda of: tuple(of.step), {}, [_Variable(v, STEP_FIELDS.index(field), _itself) for field, v in variables.items()]
            )
        if name == MISTAKE:
            return self._of_the_worst(variables)
        kind = self._program.kinds[name]
        if kind.role == "mistake":
            return _reading(
                lambda of: next((m for m in of.mistakes if m[KIND] == name), None), kind.columns, kind.fields, variables
            )
        if kind.role == "setting":
            return _reading(lambda of: of.facts.rows.get(name, _NONE)[0], kind.columns, kind.fields, variables)
        return _reading(
            lambda of: _fullest(of.facts.rows[name]) if name in of.facts.rows else None, kind.columns, kind.fields, variables
        )

    def _of_the_worst(self, variables: dict[str, str]) -> _Reading:
        """The reading of the fields that all mistakes have, from the worst one."""
        fields = self._program.roles.get("mistake", ())
        places = {field.name: place for place, field in enumerate(fields, FIRST_VALUE)}
        reading = _reading(lambda of: of.mistakes[0] if of.mistakes else None, places, fields, variables)
        mistakes = [self._program.kinds[name] for name in self._program.mistakes]
        for field in variables.keys() & {"kind", *TRAITS}:
            words = {kind.name: _Word(kind.name if field == "kind" else getattr(kind, field)) for kind in mistakes}
            reading.absent[variables[field]] = _Unknown(field)
            reading.present.append(_Variable(variables[field], KIND, words.__getitem__))
        return reading

    def _name_mistakes(self, of: Occurrence) -> str | _Unknown:
        """The mistakes that an action is for, in words: the worst two, since more of them is a confession."""
        names: list[str] = []
        for mistake in of.mistakes:
            name = self.of_kind(mistake, of.facts, self._program.kinds[mistake[KIND]].said).strip(" .").replace(" ", GLUE)
            if name and name not in names:
                names.append(name)
                if len(names) == NAMED_MISTAKES:
                    break
        return f"{GLUE}and{GLUE}".join(names) or _WHAT_HAPPENED

    def _repair_mistakes(self, of: Occurrence) -> str:
        """The sentences that put right the mistakes that an action is for."""
        said = [self.of_kind(mistake, of.facts, self._program.kinds[mistake[KIND]].repair) for mistake in of.mistakes]
        return " ".join([*dict.fromkeys(sentences for sentences in said if sentences)][:NAMED_MISTAKES])


# -- values in templates


class _Word(str):
    """A word of the rule base, rendered with blanks in place of underscores."""

    __slots__ = ()


class _Unknown:
    """An unknown value: it is false, equals nothing, and is rendered as a blank to fill in."""

    __slots__ = ("shown",)

    def __init__(self, name: str) -> None:
        self.shown = f"[{name.replace('_', ' ')}]"

    def __bool__(self) -> bool:
        return False

    def __lt__(self, other: object) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __contains__ = __lt__


_WHAT_HAPPENED = _Unknown("what_happened")


def _shown(value: object) -> str:
    """A value as it is put into a text."""
    if type(value) is str:
        return value
    return value.shown if isinstance(value, _Unknown) else shown_word(value) if isinstance(value, (_Word, tuple)) else show(value)


def _reading(
    find: Callable[[Occurrence], Row | None], places: Mapping[str, int], fields: Sequence[Field], variables: dict[str, str]
) -> _Reading:
    """The reading of some fields of a fact; ``""`` is true if there is such a fact."""
    reading = _Reading(find, {}, [])
    if "" in variables:
        reading.absent[variables[""]] = False
        reading.present.append(_Variable(variables[""], ID, lambda _: True))
    for field in fields:
        if field.name in variables:
            variable, unknown = variables[field.name], _Unknown(field.name)
            reading.absent[variable] = unknown
            default = field.name if field.assumes else ""
            reading.present.append(_Variable(variable, places[field.name], _maker(field, unknown), default))
    return reading


def _maker(field: Field, unknown: _Unknown) -> Callable[[Any], object]:
    """The conversion of a field's value in a row to its value in a template."""
    if field.type == "enum":
        words: dict[object, object] = {None: unknown, **{word: _Word(word) for word in field.values}}
        if UNSAID in words:
            words[UNSAID] = unknown
        return words.__getitem__
    if field.type == "text":
        return lambda value: (quote(value) if value else "") or unknown
    return (lambda value: unknown if value is None else value) if field.unknown else _itself


def _holds(action: str) -> Callable[[Collection[str]], bool]:
    return lambda plan: action in plan


def _itself(value: object) -> object:
    return value


_NONE = (None,)
_NO_FACTS = Facts(None, {}, (), set(), {}, ())


def _fullest(rows: Sequence[Row]) -> Row:
    """The fact that says most, of equals the first by id."""
    return rows[0] if len(rows) == 1 else min(rows, key=lambda row: row.count(None))


def quote(text: str) -> str:
    """Text of a fact on one line, of limited length, without ends of sentences."""
    text = text.strip()
    short = shown = printable(text[: QUOTED_LENGTH + 1])
    if shown.count(" ") >= QUOTED_WORDS:
        short = " ".join(shown.split(" ", QUOTED_WORDS)[:QUOTED_WORDS])
    if len(short) > QUOTED_LENGTH:
        short = short[:QUOTED_LENGTH].rpartition(" ")[0] or short[:QUOTED_LENGTH]
    cut = len(short) < len(shown) or len(text) > QUOTED_LENGTH
    short = short.rstrip(" .,;:")
    return (f"{short}…" if cut and short else short).replace(" ", GLUE)
