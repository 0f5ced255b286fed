"""What comes out: an Assessment, the same shape from Python, the command line and over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True, defer_build=True)


SCHEMA = 2
"""The version of the shape of an assessment."""

Basis = Literal["said", "assumed", "concluded"]
_BASIS = "said: the record states it; assumed: a default stands in for what the record leaves out; concluded: by other rules"


class RuleBaseInfo(_Result):
    """Which rules gave the answer."""

    name: str
    version: str
    digest: str = Field(description="SHA-256 of everything the rule base says")


class Reason(_Result):
    """One firing of a rule, and what it changed."""

    rule: str
    dimension: str = Field(description="severity, relief, noticed, urgency, verdict, overall or outlook")
    amount: float = Field(
        description="points of severity, relief, urgency or overall; doublings of the odds for noticed; "
        "for verdict and outlook the rank of what the rule asks for, from 0"
    )
    text: str
    facts: tuple[str, ...] = Field(description="ids of the facts that the rule matched")
    sources: tuple[str, ...]
    basis: Basis = Field(description=_BASIS)

    @property
    def column(self) -> str | None:
        """The score that it changes: severity, noticed or urgency; None where it limits the verdict or the outlook."""
        return _COLUMNS.get(self.dimension)

    @property
    def change(self) -> float:
        """What it adds to that score: a relief takes away."""
        return -self.amount if self.dimension == "relief" else self.amount


_COLUMNS = {"severity": "severity", "relief": "severity", "overall": "severity", "noticed": "noticed", "urgency": "urgency"}


class ActionReason(_Result):
    """Why an action is recommended or vetoed."""

    rule: str
    text: str
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    basis: Basis = Field(description=_BASIS)


class Finding(_Result):
    """One mistake after scoring."""

    fact: str
    kind: str
    title: str
    word: str = Field(description="what it usually means to those who saw it, said to the person")
    severity: float = Field(ge=0, le=10, description="of ten hiring managers, how many would hold it against the candidate")
    severity_band: str
    noticed: float = Field(ge=0, le=1, description="the chance that somebody noticed")
    noticed_level: str
    urgency: float = Field(ge=0, le=10)
    urgency_level: str
    damage: float = Field(ge=0, le=10, description="severity x noticed")
    verdict: str
    because: tuple[Reason, ...]


class PlannedAction(_Result):
    """One part of a step."""

    action: str
    title: str
    targets: tuple[str, ...] = Field(
        alias="for", description="ids of the mistakes it deals with; empty: the interview as a whole"
    )
    reach: str = Field(description="repairs: towards the employer; plain: contact without mention; private")
    priority: float = Field(ge=0, le=100)
    relief: float = Field(ge=0, le=100, description="by how much the damage falls if only this is done")
    text: str
    because: tuple[ActionReason, ...]


class Message(_Result):
    """Words to write or to say. What stands in [ ] is for the person to fill in or to strike."""

    subject: str | None
    body: str
    blanks: tuple[str, ...]


class Step(_Result):
    """What is done on one occasion, over one channel."""

    rank: int
    occasion: str = Field(description="one of the rule base's; empty where it declares none")
    title: str
    channel: str
    due_hours: float | None = Field(description="to be done within so many hours from now; null: at any time")
    text: str
    message: Message | None
    actions: tuple[PlannedAction, ...] = Field(description="in the order in which they are said or done")


class AvoidedAction(_Result):
    """What rules vetoed."""

    action: str
    title: str
    targets: tuple[str, ...] = Field(alias="for")
    because: tuple[ActionReason, ...]


class DerivedFact(_Result):
    """A fact that rules concluded."""

    fact: str
    kind: str
    title: str
    values: dict[str, bool | int | float | str | tuple[str, ...] | None]
    because: tuple[ActionReason, ...]


class CitedSource(_Result):
    """Published evidence that a reason names."""

    id: str
    title: str
    kind: str
    year: int | None
    figure: str
    url: str


class Assessment(_Result):
    """The answer for one interview."""

    schema_version: int = Field(alias="schema", description="version of this shape")
    id: str | None = Field(description="the id of the record, where it has one")
    rulebase: RuleBaseInfo
    headline: str = Field(description="the answer to the question that the person asks")
    damage: float = Field(ge=0, le=100, description="the chance in percent that at least one slip is held against the candidate")
    damage_after: float = Field(ge=0, le=100, description="the same once the plan is carried out")
    band: str
    verdict: str = Field(
        description="the worst verdict of all findings; where it calls for a step towards the employer and there is none, "
        "the rule base's word for that"
    )
    outlook: str
    acts: bool = Field(description="whether a step deals with a mistake towards the employer")
    because: tuple[Reason, ...] = Field(description="what concerns the interview as a whole: overall and outlook")
    findings: tuple[Finding, ...] = Field(description="worst first")
    steps: tuple[Step, ...] = Field(description="in the order to act on them; due times never fall along it")
    avoid: tuple[AvoidedAction, ...]
    derived: tuple[DerivedFact, ...]
    notes: tuple[str, ...] = Field(description="what was assumed")
    draft: str | None = Field(description="the text of the first message of the steps, where there is one")
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
        """The one JSON form: UTF-8, keys in the order of the model."""
        return to_json(self)

    def _repr_html_(self) -> str:
        """The short form that a notebook shows."""
        from misstep.assessment.text import to_html  # only notebooks need it

        return to_html(self)

    # Reasons are put together when they are first asked for: a caller who wants the answer alone does not wait.
    # Until then the instance holds the function that does it, and its __dict__, which is where pydantic looks for
    # everything, gives the whole.

    @property
    def __dict__(self) -> dict[str, Any]:
        return _completed(self)

    @__dict__.setter
    def __dict__(self, values: dict[str, Any]) -> None:
        _set_values(self, values)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            values = _completed(self)
            return values[name] if name in values else super().__getattr__(name)


_COMPLETE = "*"
_get_values = BaseModel.__dict__["__dict__"].__get__
_set_values = BaseModel.__dict__["__dict__"].__set__
_set_given, _set_extra, _set_private = (
    BaseModel.__dict__[slot].__set__ for slot in ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


def _completed(assessment: Assessment) -> dict[str, Any]:
    """All that an assessment knows."""
    values: dict[str, Any] = _get_values(assessment)
    complete = values.get(_COMPLETE)
    if complete is not None:
        values = _modelled(complete())
        _set_values(assessment, values)
    return values


def _maker(model: type[BaseModel]) -> Callable[[dict[str, Any]], Any]:
    """A function that makes instances of values that are right already, by field name.

    They equal what the constructor gives, without checking and copying everything once more: the slots of a pydantic
    model are set one by one, as ``model_construct`` does. ``values`` belongs to the instance from then on.
    """
    new = object.__new__
    fields = set(model.__pydantic_fields__)

    def make(values: dict[str, Any]) -> Any:
        made = new(model)
        _set_values(made, values)
        _set_given(made, fields)
        _set_extra(made, None)
        _set_private(made, None)
        return made

    return make


_new_rulebase, _new_reason, _new_action_reason = _maker(RuleBaseInfo), _maker(Reason), _maker(ActionReason)
_new_finding, _new_action, _new_avoided = _maker(Finding), _maker(PlannedAction), _maker(AvoidedAction)
_new_derived, _new_source, _new_step, _new_message = _maker(DerivedFact), _maker(CitedSource), _maker(Step), _maker(Message)
_new_assessment = _maker(Assessment)


def make_assessment(summary: dict[str, Any], complete: Callable[[], dict[str, Any]]) -> Assessment:
    """An assessment that knows the fields of a summary, and how to put all of them together, as plain data."""
    about = summary["rulebase"]
    info = _info(about["name"], about["version"], about["digest"])
    made: Assessment = _new_assessment({**_named(summary), "rulebase": info, _COMPLETE: complete})
    return made


@lru_cache(maxsize=64)
def _info(name: str, version: str, digest: str) -> RuleBaseInfo:
    """One for all assessments of a rule base: it cannot be changed."""
    return RuleBaseInfo(name=name, version=version, digest=digest)


def _modelled(plain: dict[str, Any]) -> dict[str, Any]:
    """The fields of an Assessment from plain data, which is used up."""
    for part in plain["findings"]:
        part["because"] = tuple(map(_new_reason, part["because"]))
    for part in (*(action for step in plain["steps"] for action in step["actions"]), *plain["avoid"], *plain["derived"]):
        part["because"] = tuple(map(_new_action_reason, part["because"]))
    for step in plain["steps"]:
        step["actions"] = tuple([_new_action(_with_targets(part)) for part in step["actions"]])
        step["message"] = None if step["message"] is None else _new_message(step["message"])
    return {
        **_named(plain),
        "rulebase": _new_rulebase(plain["rulebase"].copy()),
        "because": tuple(map(_new_reason, plain["because"])),
        "findings": tuple(map(_new_finding, plain["findings"])),
        "steps": tuple(map(_new_step, plain["steps"])),
        "avoid": tuple([_new_avoided(_with_targets(part)) for part in plain["avoid"]]),
        "derived": tuple(map(_new_derived, plain["derived"])),
        "notes": tuple(plain["notes"]),
        "sources": tuple([_new_source(part.copy()) for part in plain["sources"]]),
    }


_NAMES = {"for": "targets", "schema": "schema_version"}
"""What JSON calls differently: ``for`` is no name in Python, and ``schema`` is one of pydantic's own."""
_ALIASES = {name: alias for alias, name in _NAMES.items()}


def _named(plain: dict[str, Any]) -> dict[str, Any]:
    """The values by the names of fields, in their order."""
    return {_NAMES.get(name, name): value for name, value in plain.items()}


def _with_targets(part: dict[str, Any]) -> dict[str, Any]:
    return _named({**part, "for": tuple(part["for"])})


def to_json(value: Any) -> bytes:
    """JSON of plain data and models."""
    return orjson.dumps(value, _plain)


def _plain(model: _Result) -> dict[str, Any]:
    return {_ALIASES.get(name, name): value for name, value in model.__dict__.items()}
