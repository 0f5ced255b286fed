"""Which parts of a run are done, kept in a folder beside the output, so that a run that was killed goes on where it was.

A part is done once its note is there, and its note is written last: to a temporary name, flushed, and renamed. What is found
without a note is written anew, so every record is scored exactly once, whenever the run is killed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from misstep.errors import CallerError
from misstep.files import whole_file

SUFFIX = ".misstep-run"


class Journal:
    """The folder of one run. ``identity``: what the run is about; another run's folder is refused, and says in what it differs."""

    def __init__(self, output: Path, identity: dict[str, str]) -> None:
        self.folder = output.with_name(output.name + SUFFIX)
        self._identity = identity
        self._lock: FileLock | None = None

    def __enter__(self) -> Journal:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FileLock(self.folder / "lock", timeout=0)
        try:
            self._lock.acquire()
        except Timeout:
            raise CallerError(f"{self.folder}: another run is writing there; wait for it, or choose another output") from None
        try:
            self._settle()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.release()

    def _settle(self) -> None:
        about = self.folder / "run.json"
        if about.exists():
            kept = orjson.loads(about.read_bytes())
            other = [name for name in self._identity if kept.get(name) != self._identity[name]]
            if other:
                raise CallerError(
                    f"{self.folder}: holds a run with other {' and '.join(other)} that was not finished; go on with those it was"
                    " begun with, or give --overwrite to begin anew"
                )
        else:
            with whole_file(about) as stream:
                stream.write(orjson.dumps(self._identity))

    def note(self, number: int) -> dict[str, Any] | None:
        """What is known of a part that is done; None of one that is not."""
        path = self.note_file(number)
        try:
            note: dict[str, Any] = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        return note

    def note_file(self, number: int) -> Path:
        """Where the note of a part is kept."""
        return self.folder / f"{number:08}.json"

    def forget(self) -> None:
        """Take the folder away: the run is finished, or begins anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
