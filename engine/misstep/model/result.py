"""What comes out: an Assessment, the same shape from Python, the command line and over HTTP."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


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
    facts: list[str] = Field(description="ids of the facts that the rule matched")
    sources: list[str]


class ActionReason(_Result):
    """Why an action is recommended or vetoed."""

    rule: str
    text: str
    facts: list[str]
    sources: list[str]


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
    because: list[Reason]


class PlannedAction(_Result):
    """One step of the plan."""

    rank: int
    action: str
    title: str
    targets: list[str] = Field(alias="for", description="ids of the mistakes it deals with; empty: the interview as a whole")
    reach: str = Field(description="repairs: towards the employer; plain: contact without mention; private")
    channel: str
    due_hours: float | None = Field(description="to be done within so many hours from now")
    effort_minutes: int | None
    priority: float = Field(ge=0, le=100)
    relief: float = Field(ge=0, le=100, description="by how much the damage falls if only this is done")
    text: str
    because: list[ActionReason]


class AvoidedAction(_Result):
    """What rules vetoed."""

    action: str
    title: str
    targets: list[str] = Field(alias="for")
    because: list[ActionReason]


class DerivedFact(_Result):
    """A fact that rules concluded."""

    fact: str
    kind: str
    title: str
    values: dict[str, bool | int | float | str | list[str] | None]
    because: list[ActionReason]


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
    because: list[Reason] = Field(description="what concerns the interview as a whole: overall and outlook")
    findings: list[Finding] = Field(description="worst first")
    actions: list[PlannedAction] = Field(description="in the order to do them")
    avoid: list[AvoidedAction]
    derived: list[DerivedFact]
    notes: list[str] = Field(description="what was assumed")
    draft: str | None = Field(description="the follow-up message, where the plan holds one")
    sources: list[CitedSource]

    def to_json(self) -> bytes:
        """The one JSON form: UTF-8, keys in the order of the model."""
        return self.model_dump_json().encode()
