"""What comes out: an Assessment, the same shape from Python, the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True, defer_build=True)


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


class ActionReason(_Result):
    """Why an action is recommended or vetoed."""

    rule: str
    text: str
    facts: tuple[str, ...]
    sources: tuple[str, ...]


class Finding(_Result):
    """One mistake after scoring."""

    fact: str
    kind: str
    title: str
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
    """One step of the plan."""

    rank: int
    action: str
    title: str
    targets: tuple[str, ...] = Field(
        alias="for", description="ids of the mistakes it deals with; empty: the interview as a whole"
    )
    reach: str = Field(description="repairs: towards the employer; plain: contact without mention; private")
    channel: str
    due_hours: float | None = Field(description="to be done within so many hours from now")
    effort_minutes: int | None
    priority: float = Field(ge=0, le=100)
    relief: float = Field(ge=0, le=100, description="by how much the damage falls if only this is done")
    text: str
    because: tuple[ActionReason, ...]


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

    id: str | None = Field(description="the id of the record, where it has one")
    rulebase: RuleBaseInfo
    damage: float = Field(ge=0, le=100, description="the chance in percent that at least one slip is held against the candidate")
    damage_after: float = Field(ge=0, le=100, description="the same once the plan is carried out")
    band: str
    verdict: str = Field(description="the worst verdict of all findings")
    outlook: str
    acts: bool = Field(description="whether the plan deals with a mistake towards the employer")
    because: tuple[Reason, ...] = Field(description="what concerns the interview as a whole: overall and outlook")
    findings: tuple[Finding, ...] = Field(description="worst first")
    actions: tuple[PlannedAction, ...] = Field(description="in the order to do them")
    avoid: tuple[AvoidedAction, ...]
    derived: tuple[DerivedFact, ...]
    notes: tuple[str, ...] = Field(description="what was assumed")
    draft: str | None = Field(description="the follow-up message, where the plan holds one")
    sources: tuple[CitedSource, ...]

    def to_json(self) -> bytes:
        """The one JSON form: UTF-8, keys in the order of the model."""
        return self.model_dump_json().encode()


_M = TypeVar("_M", bound=BaseModel)


def _maker(model: type[_M]) -> Callable[[dict[str, Any]], _M]:
    """A function that makes instances of values that are right already, by field name.

    They equal what the constructor gives, without checking and copying everything once more: the slots of a pydantic
    model are set one by one, as ``model_construct`` does. ``values`` belongs to the instance from then on.
    """
    new = object.__new__
    fields = set(model.__pydantic_fields__)
    set_values, set_given, set_extra, set_private = (
        BaseModel.__dict__[slot].__set__
        for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
    )

    def make(values: dict[str, Any]) -> _M:
        made = new(model)
        set_values(made, values)
        set_given(made, fields)
        set_extra(made, None)
        set_private(made, None)
        return made

    return make


make_reason = _maker(Reason)
make_action_reason = _maker(ActionReason)
make_finding = _maker(Finding)
make_planned_action = _maker(PlannedAction)
make_avoided_action = _maker(AvoidedAction)
make_derived_fact = _maker(DerivedFact)
make_assessment = _maker(Assessment)
