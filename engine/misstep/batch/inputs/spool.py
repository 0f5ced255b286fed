"""What can only be read from its beginning in; files of one part each out, which are there whole or not at all."""

from __future__ import annotations

import hashlib
import itertools
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

from misstep.batch.inputs.sources import Source
from misstep.batch.parts import Part
from misstep.files import whole_file


class Spool:
    """A folder of parts, and the numbers of all parts: those of a run, whether they lie here or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()

    def number(self) -> int:
        """The number of the next part."""
        return next(self._numbers)

    def path(self, number: int) -> Path:
        """Where a part lies that was written here."""
        return self._folder / f"{number:08}.part"

    def writing(self, number: int) -> AbstractContextManager[IO[bytes]]:
        """The file of a part, to be written; only its owner can read it. It is made anew whenever a run goes on, so it need
        not outlast a crash."""
        return whole_file(self.path(number), mode=0o600, sync=False)


def fault_part(spool: Spool, source: Source, row: int, fault: str) -> Part:
    """A part that says why an input can be read no further."""
    digest = hashlib.blake2b(fault.encode(), digest_size=16).hexdigest()
    return Part(spool.number(), "lines", "", source.name, 0, 0, row, digest, fault=fault)
