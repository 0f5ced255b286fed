"""How inputs are to be read: what all of this room is told, in planning and in reading alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from misstep.batch.parts import Form
from misstep.language.facts import Kind
from misstep.limits import Limits

USUAL_ID = "id"
"""A table need not have this column; one of another name was asked for, and must be there."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How inputs are read.

    ``spool``: a folder for what can only be read from its beginning; ``keep``: columns, or keys of JSON lines, that are carried
    along as text; ``form``: that of all inputs, else it is known by their endings; ``facts`` and ``id``: the columns of tables
    with the facts as JSON, and with the id; ``delimiter``: of CSV, else a tab in ``*.tsv`` and a comma elsewhere; ``kinds``:
    those of the rule base, for CSV with a fact a row; ``part_bytes`` of lines and ``part_rows`` of tables make a part.
    """

    spool: Path
    keep: tuple[str, ...] = ()
    form: Form | None = None
    facts: str = "facts"
    id: str = USUAL_ID
    delimiter: str | None = None
    kinds: tuple[Kind, ...] = ()
    part_bytes: int = 4_000_000
    part_rows: int = 10_000
    limits: Limits = field(default_factory=Limits)
