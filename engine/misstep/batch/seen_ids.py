"""The ids of interviews in; which of them were there before, out. They may be more than memory holds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path

SIZE = 16  # bytes of a digest


def digests(ids: Iterable[str | None]) -> list[bytes]:
    """The digest of each id; of none nothing."""
    return [hashlib.blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest() for id_ in ids if id_ is not None]


class SeenIds:
    """Ids that were seen, in a file of SQLite that is gone afterwards."""

    def __init__(self) -> None:
        self._seen = sqlite3.connect("", check_same_thread=False)  # an iterator of tasks may be run in another thread
        self._seen.execute("PRAGMA cache_size = -65536")  # in KB; with the usual 2 MB it takes twice as long
        self._seen.execute("CREATE TABLE ids (id BLOB PRIMARY KEY) WITHOUT ROWID")

    def close(self) -> None:
        """Let go of the file."""
        self._seen.close()

    def add(self, found: Iterable[bytes]) -> list[bool]:
        """Whether each digest is new."""
        return [self._seen.execute("INSERT OR IGNORE INTO ids VALUES (?)", (each,)).rowcount > 0 for each in found]

    def add_file(self, file: Path) -> int:
        """How many digests in a file were seen before."""
        data = file.read_bytes()
        return self.add(data[at : at + SIZE] for at in range(0, len(data), SIZE)).count(False)
