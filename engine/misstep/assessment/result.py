"""The Assessment: the same shape from Python, on the command line and over HTTP.

Its classes are plain frozen dataclasses. ``Annotated`` holds limits and descriptions: pydantic reads them to validate JSON and to
write JSON Schema, here and in programs of users (``response_model=Assessment`` of FastAPI). Nothing else needs pydantic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

import orjson

from misstep.language.answer_words import Dimension, Reach, SourceKind

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Plain = dict[str, Any]
"""An object of JSON, by its names there."""


class Described:
    """What JSON Schema says of a field, and the range of its numbers, as pydantic asks for them."""

    def __init__(self, text: str, low: float | None = None, high: float | None = None) -> None:
        self.text = text
        self.low, self.high = low, high

    def __get_pydantic_core_schema__(self, source: object, handler: Callable[[object], Any]) -> Any:
        schema = handler(source)
        return schema if self.high is None else {**schema, "ge": self.low, "le": self.high}

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], Plain]) -> Plain:
        described = handler(schema)
        return {**described, "description": self.text} if self.text else described


Basis = Annotated[
    Literal["said", "assumed", "concluded"],
    Described(
        "said: the record states it; assumed: a default stands in for what the record leaves out; concluded: by other rules"
    ),
]
_Part = TypeVar("_Part")


class _Shape:
    """Read by pydantic. A name of Python is taken too, as in the output of ``dataclasses.asdict``."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Plain] = {
        "extra": "forbid",
        "populate_by_name": True,
        "serialize_by_alias": True,
        "alias_generator": lambda name: _in_json(name),
    }


@dataclass(frozen=True)
class RuleBaseInfo(_Shape):
    """Which rules gave the answer."""

    name: str
    version: str
    digest: Annotated[str, Described("SHA-256 of everything the rule base says")]


@dataclass(frozen=True)
class Reason(_Shape):
    """One firing of a rule, and what it changed."""

    rule: str
    dimension: Annotated[
        Literal[Dimension, "outlook"], Described("severity, relief, noticed, urgency, verdict, overall or outlook")
    ]
    amount: Annotated[
        float,
        Described(
            "points of severity, relief, urgency or overall; doublings of the odds for noticed; "
            "for verdict and outlook the rank of what the rule asks for, from 0"
        ),
    ]
    text: str
    facts: Annotated[tuple[str, ...], Described("ids of the facts that the rule matched")]
    sources: tuple[str, ...]
    basis: Basis

    @property
    def column(self) -> str | None:
        """The score that it changes: severity, noticed or urgency; None where it limits the verdict or the outlook."""
        return _COLUMNS.get(self.dimension)

    @property
    def change(self) -> float:
        """What it adds to that score: a relief takes away."""
        return -self.amount if self.dimension == "relief" else self.amount


_COLUMNS = {"severity": "severity", "relief": "severity", "overall": "severity", "noticed": "noticed", "urgency": "urgency"}


@dataclass(frozen=True)
class ActionReason(_Shape):
    """Why an action is recommended or vetoed."""

    rule: str
    text: str
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class Finding(_Shape):
    """One mistake after scoring."""

    fact: str
    kind: str
    title: str
    word: Annotated[str, Described("what it usually means to those who saw it, said to the person")]
    severity: Annotated[float, Described("of ten hiring managers, how many would hold it against the candidate", 0, 10)]
    severity_band: str
    noticed: Annotated[float, Described("the chance that somebody noticed; 1 where the rule base does not ask for it", 0, 1)]
    noticed_level: Annotated[str, Described("empty where the rule base does not ask who noticed")]
    urgency: Annotated[float, Described("", 0, 10)]
    urgency_level: Annotated[str, Described("empty where the rule base has no urgency")]
    damage: Annotated[float, Described("severity x noticed", 0, 10)]
    verdict: str
    because: tuple[Reason, ...]


@dataclass(frozen=True)
class PlannedAction(_Shape):
    """One part of a step."""

    action: str
    title: str
    targets: Annotated[tuple[str, ...], Described("ids of the mistakes it deals with; empty: the interview as a whole")]
    reach: Annotated[Reach, Described("repairs: towards the employer; plain: contact without mention; private")]
    priority: Annotated[float, Described("", 0, 100)]
    relief: Annotated[float, Described("by how much the damage falls if only this is done", 0, 100)]
    text: str
    because: tuple[ActionReason, ...]


@dataclass(frozen=True)
class Message(_Shape):
    """Words to write or to say. What stands in [ ] is for the person to fill in or to strike."""

    subject: str | None
    body: str
    blanks: tuple[str, ...]


@dataclass(frozen=True)
class Step(_Shape):
    """What is done on one occasion, over one channel."""

    rank: int
    occasion: Annotated[str, Described("one of the rule base's; empty where it declares none")]
    title: str
    channel: str
    due_hours: Annotated[float | None, Described("to be done within so many hours from now; null: at any time")]
    text: str
    message: Message | None
    actions: Annotated[tuple[PlannedAction, ...], Described("in the order in which they are said or done")]


@dataclass(frozen=True)
class AvoidedAction(_Shape):
    """What rules vetoed."""

    action: str
    title: str
    targets: tuple[str, ...]
    because: tuple[ActionReason, ...]


@dataclass(frozen=True)
class DerivedFact(_Shape):
    """A fact that rules concluded."""

    fact: str
    kind: str
    title: str
    values: dict[str, bool | int | float | str | tuple[str, ...] | None] = field(hash=False)
    because: tuple[ActionReason, ...]


@dataclass(frozen=True)
class CitedSource(_Shape):
    """Published evidence that a reason names."""

    id: str
    title: str
    kind: SourceKind
    year: int | None
    figure: str
    url: str


class _Late(_Shape):
    """Has a place for what the fields of an assessment are made of when they are first read: the function that puts all of them
    together, as plain data, or the JSON of each."""

    __slots__ = ("_complete", "_members")


@dataclass(frozen=True, slots=True)
class Assessment(_Late):
    """The answer for one interview."""

    schema: Annotated[int, Described("version of this shape")]
    id: Annotated[str | None, Described("the id of the record, where it has one")]
    rulebase: RuleBaseInfo
    headline: Annotated[str, Described("the answer to the question that the person asks")]
    damage: Annotated[float, Described("the chance in percent that at least one slip is held against the candidate", 0, 100)]
    damage_after: Annotated[float, Described("the same once the plan is carried out", 0, 100)]
    band: str
    verdict: Annotated[
        str,
        Described(
            "the worst verdict of all findings; where it calls for a step towards the employer and there is none, "
            "the rule base's word for that"
        ),
    ]
    outlook: Annotated[str, Described("empty where the rule base has no outlooks")]
    acts: Annotated[bool, Described("whether a step deals with a mistake towards the employer")]
    because: Annotated[tuple[Reason, ...], Described("what concerns the interview as a whole: overall and outlook")]
    findings: Annotated[tuple[Finding, ...], Described("worst first")]
    steps: Annotated[tuple[Step, ...], Described("in the order to act on them; due times never fall along it")]
    avoid: tuple[AvoidedAction, ...]
    derived: tuple[DerivedFact, ...]
    notes: Annotated[tuple[str, ...], Described("what was assumed")]
    draft: Annotated[str | None, Described("the text of the first message of the steps, where there is one")]
    sources: tuple[CitedSource, ...]

    @property
    def actions(self) -> tuple[PlannedAction, ...]:
        """The actions of all steps, in order."""
        return tuple(action for step in self.steps for action in step.actions)

    @property
    def titles(self) -> dict[str, str]:
        """What every mistake is called, by its fact, worst first; those with one title are told apart by their ids."""
        count = Counter(finding.title for finding in self.findings)
        return {f.fact: f.title if count[f.title] == 1 else f"{f.title} ({f.fact})" for f in self.findings}

    def to_json(self) -> bytes:
        """The one JSON form: UTF-8, keys in the order of the fields."""
        members = getattr(self, "_members", None)
        if members is None:
            return to_json(self)
        return b"{%b}" % b",".join(b'"%b":%b' % (name.encode(), value) for name, value in zip(_PLACES, members, strict=True))

    def to_dict(self) -> Plain:
        """Plain data, with the names of JSON."""
        plain: Plain = _deep_plain(self)
        return plain

    @classmethod
    def from_json(cls, data: bytes | str) -> Assessment:
        """The assessment of which this is the JSON. Raises ValueError."""
        return _adapter().validate_json(data)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Assessment:
        """The assessment of which this is the plain data. Raises ValueError."""
        return _adapter().validate_python(data)

    @classmethod
    def json_schema(cls, ref_template: str = "#/$defs/{model}") -> Plain:
        """JSON Schema of its JSON."""
        return _adapter().json_schema(mode="serialization", ref_template=ref_template)

    def _repr_html_(self) -> str:
        """The short form that a notebook shows."""
        from misstep.assessment.text import to_html  # only notebooks need it

        return to_html(self)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Make a field that is not set yet. Threads that read it at the same time each make it, and set equal values."""
            if name not in Assessment.__slots__:
                raise AttributeError(f"'Assessment' has no attribute '{name}'")
            if self._members is not None:
                _set_fields(self, {name: _made_of(name, orjson.loads(self._members[_PLACES[name]]))})
            elif self._complete is not None:
                whole = {each: _made_of(each, value) for each, value in self._complete().items()}
                _set_fields(self, {**whole, "_complete": None})
            return getattr(self, name)


_PLACES = {each.name: place for place, each in enumerate(fields(Assessment))}


def make_assessment(summary: Plain, complete: Callable[[], Plain]) -> Assessment:
    """An assessment that knows the fields of a summary, and how to put all of them together, as plain data: reasons and words
    cost more than the scores."""
    made = object.__new__(Assessment)
    _set_fields(made, {**summary, "_complete": complete, "_members": None})
    return made


def read_lazily(members: tuple[bytes, ...]) -> Assessment:
    """The assessment of which these are the members of its JSON, which are known to be right."""
    made = object.__new__(Assessment)
    _set_fields(made, {"_complete": None, "_members": members})
    return made


def _set_fields(assessment: Assessment, values: Plain) -> None:
    set_field = object.__setattr__  # the class is frozen
    for name, value in values.items():
        set_field(assessment, name, value)


def _made_of(name: str, value: Any) -> Any:
    """A field of an Assessment from plain data, which is used up."""
    make = _MADE.get(name)
    return value if make is None else make(value)


def _reasons(shape: type[_Part], reasons: list[Plain]) -> tuple[_Part, ...]:
    for reason in reasons:
        reason["facts"], reason["sources"] = tuple(reason["facts"]), tuple(reason["sources"])
    return _made(shape, reasons)


def _explained(shape: type[_Part], parts: list[Plain]) -> tuple[_Part, ...]:
    for part in parts:
        part["because"] = _reasons(ActionReason, part["because"])
        if "for" in part:
            part["targets"] = tuple(part.pop("for"))
    return _made(shape, parts)


def _findings(findings: list[Plain]) -> tuple[Finding, ...]:
    for finding in findings:
        finding["because"] = _reasons(Reason, finding["because"])
    return _made(Finding, findings)


def _steps(steps: list[Plain]) -> tuple[Step, ...]:
    for step in steps:
        step["actions"] = _explained(PlannedAction, step["actions"])
        message = step["message"]
        step["message"] = None if message is None else Message(**{**message, "blanks": tuple(message["blanks"])})
    return _made(Step, steps)


def _derived(derived: list[Plain]) -> tuple[DerivedFact, ...]:
    for fact in derived:
        values = fact["values"]
        values.update({name: tuple(value) for name, value in values.items() if isinstance(value, list)})
    return _explained(DerivedFact, derived)


_MADE: dict[str, Callable[[Any], Any]] = {
    "rulebase": lambda given: RuleBaseInfo(**given) if isinstance(given, dict) else given,
    "because": lambda reasons: _reasons(Reason, reasons),
    "findings": _findings,
    "steps": _steps,
    "avoid": lambda avoided: _explained(AvoidedAction, avoided),
    "derived": _derived,
    "notes": tuple,
    "sources": lambda sources: tuple(CitedSource(**each) if isinstance(each, dict) else each for each in sources),
}
"""What a field is made of plain data by; the others are plain."""


def _made(shape: type[_Part], parts: Iterable[Plain]) -> tuple[_Part, ...]:
    """Instances of values that are right already. The constructor of a frozen class takes three times as long."""
    made = []
    for values in parts:
        part = object.__new__(shape)
        vars(part).update(values)
        made.append(part)
    return tuple(made)


def to_json(value: object) -> bytes:
    """JSON of plain data and of the classes above."""
    return orjson.dumps(value, _plain, orjson.OPT_PASSTHROUGH_DATACLASS)


def _plain(part: Any) -> Plain:
    return {alias: getattr(part, name) for alias, name in _names(part.__class__)}


def _deep_plain(part: Any) -> Any:
    if isinstance(part, tuple):
        return tuple(map(_deep_plain, part)) if part and not isinstance(part[0], str) else part
    if isinstance(part, _Shape):
        shape: Any = type(part)
        return {alias: _deep_plain(getattr(part, name)) for alias, name in _names(shape)}
    return dict(part) if isinstance(part, dict) else part


@cache
def _names(shape: Any) -> tuple[tuple[str, str], ...]:
    """The name of every field in JSON, and in Python."""
    return tuple((_in_json(each.name), each.name) for each in fields(shape))


def _in_json(name: str) -> str:
    return "for" if name == "targets" else name  # which is no name in Python


@cache
def _adapter() -> TypeAdapter[Assessment]:
    """Made when it is first needed: it takes longer than the import of this module."""
    from pydantic import TypeAdapter

    return TypeAdapter(Assessment)
