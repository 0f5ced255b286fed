"""The runs that a result holds so far, so that a further one adds what is missing, and nothing twice.

A part of an input that was added is known by its file, its first row and the digest of its content; an interview by its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from misstep.assessment.result import RuleBaseInfo
from misstep.batch.columns import SCHEMA, OutputOptions
from misstep.batch.parts import Part
from misstep.batch.summary import named_rules
from misstep.errors import UsageError, printable


class SourcePart(NamedTuple):
    """A part of an input that was added. ``row``: its first; ``interviews``: how many of it are in the result."""

    file: str
    row: int
    digest: str
    interviews: int


@dataclass(frozen=True, slots=True)
class AddedRun:
    """What a run has added, but for the scores. ``number``: the first run is 1; ``schema``: the version of the columns."""

    number: int
    rules: RuleBaseInfo
    options: OutputOptions
    sources: tuple[SourcePart, ...]
    schema: int = SCHEMA

    def to_json(self) -> bytes:
        """The one JSON form."""
        return _adapter().dump_json(self)

    @classmethod
    def from_json(cls, data: bytes | str, place: str) -> AddedRun:
        """A run from its ``to_json``. Raises UsageError where it is invalid; ``place``: where it stands."""
        try:
            return _adapter().validate_json(data)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]["msg"]
            raise UsageError(f"{printable(place)}: does not say what a run has added: {fault}") from None


@cache
def _adapter() -> TypeAdapter[AddedRun]:
    return TypeAdapter(AddedRun)


@dataclass(frozen=True, slots=True)
class History:
    """The runs in a result, first to last."""

    runs: tuple[AddedRun, ...] = ()
    _sources: dict[tuple[str, int], dict[str, int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for run in self.runs:
            for file, row, digest, interviews in run.sources:
                self._sources.setdefault((file, row), {})[digest] = interviews

    def check(self, name: str, rules: RuleBaseInfo, options: OutputOptions) -> None:
        """Raise UsageError where a run with these rules and options cannot be added to the result of that name."""
        if not self.runs:
            return
        there, shown = self.runs[-1], printable(name)
        if there.schema != SCHEMA:
            raise UsageError(
                f"{shown}: has the columns of another version of misstep (schema {there.schema}, here {SCHEMA}); choose another"
                " output, or score all of the log anew"
            )
        if there.rules.digest != rules.digest:
            both = f"{named_rules(there.rules)}, here {named_rules(rules)}"
            raise UsageError(f"{shown}: was scored with other rules, {both}; score with those, or choose another output")
        if there.options != options:
            raise UsageError(
                f"{shown}: has other columns or tables: it was begun with {_as_options(there.options)}, here"
                f" {_as_options(options)}; give those, or choose another output"
            )

    @property
    def following(self) -> int:
        """The number of the next run."""
        return self.runs[-1].number + 1 if self.runs else 1

    def interviews(self, part: Part) -> int | None:
        """How many interviews of a part are there; None where the part as it is now was not added."""
        return self._sources.get((part.name, part.row), {}).get(part.digest)

    def differs(self, part: Part) -> bool:
        """Whether a part of the same file and row was added, with other content."""
        return part.digest not in self._sources.get((part.name, part.row), {part.digest: 0})


def _as_options(options: OutputOptions) -> str:
    """What gives these columns and tables on the command line."""
    also: Iterable[str] = (
        *options.tables,
        *(["assessment"] if options.assessment else []),
        *(["certainty"] if options.certainty else []),
    )
    keep = f"--keep {','.join(options.keep)}" if options.keep else "no --keep"
    notes = " and --from-notes" if options.notes else ""
    return f"{printable(keep)} and {' '.join(f'--with {name}' for name in also) or 'no --with'}{notes}"
