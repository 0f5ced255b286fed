"""Records as models of pydantic, for programs that build them field by field."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from misstep.language.facts import MAX_ID

_Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID)]


class Fact(BaseModel):
    """One fact as a model: ``Fact(kind="late_arrival", minutes=12)``. Its fields are checked by ``assess``."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, defer_build=True)

    kind: str
    id: _Id | None = None


class Record(BaseModel):
    """One interview: its facts, and an id if it has one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    id: _Id | None = None
    facts: list[Fact]
