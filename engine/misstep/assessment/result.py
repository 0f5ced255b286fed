"""The Assessment: the same shape from Python, on the command line and over HTTP.

Its classes are plain frozen dataclasses. ``Annotated`` holds limits and descriptions: pydantic reads them to validate JSON and to
write JSON Schema, here and in programs of users (``response_model=Assessment`` of FastAPI). Nothing else needs pydantic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

import orjson

from misstep.language.effects import Dimension
from misstep.language.program import Reach, SourceKind

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = 2
"""The version of the shape of an assessment."""

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
    """Has a place for the function that puts the rest of an assessment together."""

    __slots__ = ("_complete",)


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
        return to_json(self)

    def to_dict(self) -> Plain:
        """Plain data, with the names of JSON."""
        return asdict(self, dict_factory=lambda values: {_in_json(name): value for name, value in values})

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
            """Compute the fields that are not set yet, all at once: reasons and words cost more than the scores. Threads that
            read them at the same time each compute them, and set equal values."""
            if name not in Assessment.__slots__:
                raise AttributeError(f"'Assessment' has no attribute '{name}'")
            complete = self._complete
            if complete is not None:
                _set_fields(self, {**_parts_of(complete()), "_complete": None})
            return getattr(self, name)


def parse_lazily(answer: bytes) -> Assessment:
    """The assessment of which this is the JSON, which is known to be right: it is read when a field is first asked for."""
    return make_assessment({}, lambda: _parse(answer))


def _parse(answer: bytes) -> Plain:
    """The plain data of which an assessment is made, from its JSON: lists that it shares are tuples, and so on."""
    plain: Plain = orjson.loads(answer)
    steps = plain["steps"]
    plain["rulebase"] = RuleBaseInfo(**plain["rulebase"])
    plain["sources"] = _made(CitedSource, plain["sources"])
    actions = [action for step in steps for action in step["actions"]]
    explained = (*plain["findings"], *actions, *plain["avoid"], *plain["derived"])
    for reason in chain(plain["because"], *[part["because"] for part in explained]):
        reason["facts"], reason["sources"] = tuple(reason["facts"]), tuple(reason["sources"])
    for step in steps:
        if step["message"] is not None:
            step["message"]["blanks"] = tuple(step["message"]["blanks"])
    for fact in plain["derived"]:
        values = fact["values"]
        values.update({name: tuple(value) for name, value in values.items() if isinstance(value, list)})
    return plain


def make_assessment(summary: Plain, complete: Callable[[], Plain]) -> Assessment:
    """An assessment that knows the fields of a summary, and how to put all of them together, as plain data."""
    made = object.__new__(Assessment)
    _set_fields(made, {**summary, "_complete": complete})
    return made


def _set_fields(assessment: Assessment, values: Plain) -> None:
    set_field = object.__setattr__  # the class is frozen
    for name, value in values.items():
        set_field(assessment, name, value)


def _parts_of(plain: Plain) -> Plain:
    """The fields of an Assessment from plain data, which is used up."""
    steps, avoid = plain["steps"], plain["avoid"]
    for finding in plain["findings"]:
        finding["because"] = _made(Reason, finding["because"])
    for part in (*(action for step in steps for action in step["actions"]), *avoid, *plain["derived"]):
        part["because"] = _made(ActionReason, part["because"])
        if "for" in part:
            part["targets"] = tuple(part.pop("for"))
    for step in steps:
        step["actions"] = _made(PlannedAction, step["actions"])
        step["message"] = None if step["message"] is None else Message(**step["message"])
    return {
        **plain,
        "because": _made(Reason, plain["because"]),
        "findings": _made(Finding, plain["findings"]),
        "steps": _made(Step, steps),
        "avoid": _made(AvoidedAction, avoid),
        "derived": _made(DerivedFact, plain["derived"]),
        "notes": tuple(plain["notes"]),
        "sources": tuple(plain["sources"]),
    }


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
