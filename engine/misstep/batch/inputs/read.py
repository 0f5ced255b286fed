"""A part in; the logged interviews that it holds out. This is what workers run."""

from __future__ import annotations

from collections.abc import Iterator

from misstep.batch.inputs.arrow import reject
from misstep.batch.inputs.lines import read_lines
from misstep.batch.inputs.long_form import read_long
from misstep.batch.inputs.parquet import read_parquet
from misstep.batch.inputs.rows import read_rows
from misstep.batch.inputs.settings import Reading
from misstep.batch.parts import Logged, Part, Reject


def read_part(part: Part, reading: Reading) -> Iterator[Logged | Reject]:
    """What a part holds, in its order; a record that cannot even be read is a reject in its place."""
    if part.fault:
        yield reject(part.name, part.row, part.fault)
    elif part.held == "lines":
        yield from read_lines(part, reading)
    elif part.held == "parquet":
        yield from read_parquet(part, reading)
    elif part.held == "long":
        yield from read_long(part, reading)
    else:
        yield from read_rows(part)
