"""Checkpoint folder: records which parts of a run are done, so that an interrupted run can resume.

A part is done once its note exists. The note is written last, atomically; files without a note are written anew. So every
record is scored exactly once, whenever the run is killed.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import orjson
from filelock import FileLock, Timeout

from misstep.errors import UsageError, printable
from misstep.files import is_remote, whole_file

if TYPE_CHECKING:
    from misstep.batch.summary import TallyCounts

SUFFIX = ".misstep-run"
ABOUT, LOCK = "run.json", "lock"
_OURS = re.compile(rf"{LOCK}|{ABOUT}|\.{ABOUT}\..*\.tmp|[0-9a-f]{{16}}")
"""What may be in the folder, also after a kill: the parts have a folder of their own in it."""
RULES, BASELINE, WORDS = "rules", "baseline", "words"
"""The rule bases of a run, by which its workers score: parts of its identity, and files among its parts."""
VERSION, COLUMN_VERSION = "version of misstep", "version of its columns"
"""Parts of an identity that come with misstep, and cannot be chosen."""
NOTES = f"{'[0-9]' * 8}.json"


class PartNote(TypedDict):
    """What is noted of a part that is done. ``unnamed``: interviews without an id; ``common``: what is wrong with every reject;
    ``examples``: of them, for the summary."""

    number: int
    digest: str
    interviews: int
    unnamed: int
    rejects: int
    common: list[str] | None
    examples: list[dict[str, Any]]
    tally: TallyCounts
    comparison: dict[str, Any] | None


class Journal:
    """The folder of one run. ``identity``: rules, inputs and options of the run. The folder of another run is an error that names
    the difference, unless ``overwrite``. One process at a time can use it; in an object storage, which has no locks, the caller
    must ensure that."""

    def __init__(self, folder: Path, identity: Mapping[str, str], overwrite: bool = False) -> None:
        self.folder = folder
        self.parts = folder
        """The folder of the parts, with a random name for each run: a process left behind by an earlier run, and still writing,
        does no harm to this one."""
        self._identity = dict(identity)
        self._overwrite = overwrite
        self._lock = None if is_remote(folder) else FileLock(folder / LOCK, timeout=0)
        self._noted: set[str] = set()

    def __enter__(self) -> Journal:
        if self._lock is not None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                self._lock.acquire()
            except Timeout:
                raise UsageError(f"{self._shown}: another run is using it; wait for it, or choose another output") from None
        try:
            self._settle()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None and not is_begun(self.folder):
            self.forget()
        self._release()

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    @property
    def _shown(self) -> str:
        return printable(str(self.folder))

    def _settle(self) -> None:
        kept = _read_json(self.folder / ABOUT)
        if kept is not None:
            other = [name for name in self._identity if kept.get(name) != self._identity[name]]
            if not other:
                self.parts = self.folder / kept["parts"]
                self._make_parts()
                self._noted = {path.name for path in self.parts.glob(NOTES)}
                return
            if not self._overwrite and is_begun(self.folder):
                if {VERSION, COLUMN_VERSION}.intersection(other):  # what it was begun with is not here any more
                    raise UsageError(
                        f"{self._shown}: holds a run that another version of misstep began and did not finish; finish it with"
                        " that one, or give --overwrite to start anew"
                    )
                raise UsageError(
                    f"{self._shown}: holds a run with other {' and '.join(other)} that was not finished; resume it with those it"
                    " was begun with, or give --overwrite to start anew"
                )
        self._clear()
        self.parts = self.folder / secrets.token_hex(8)
        self._make_parts()
        with whole_file(self.folder / ABOUT) as stream:
            stream.write(orjson.dumps({**self._identity, "parts": self.parts.name}))

    def note(self, number: int) -> PartNote | None:
        """The note of a part that is done, else None."""
        return read_note(self.parts, number) if part_file(self.parts, number, "json").name in self._noted else None

    def forget(self) -> None:
        """Delete the folder: the run is finished."""
        self._clear()
        if not is_remote(self.folder):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _make_parts(self) -> None:
        if not is_remote(self.folder):  # an object storage has no folders, only names
            self.parts.mkdir(exist_ok=True)

    def _clear(self) -> None:
        """Delete the content of the folder. The file that names the parts goes first: after a kill, the rest is not resumed."""
        (self.folder / ABOUT).unlink(missing_ok=True)
        folder: Any = self.folder
        if is_remote(folder):
            with suppress(FileNotFoundError):
                folder.fs.rm(folder.path, recursive=True)
            return
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK:
                path.unlink(missing_ok=True)


def check_journal(folder: Path) -> None:
    """Raise UsageError about a path that is no folder, or has anything but a journal in it: a journal is deleted as a whole."""
    if not folder.exists():
        return
    try:
        names = [path.name for path in folder.iterdir()]
    except NotADirectoryError:
        raise UsageError(f"{printable(str(folder))}: is no folder; checkpoints need a folder of their own") from None
    for name in sorted(names):
        if _OURS.fullmatch(name) is None:
            shown = printable(f"{folder}: is no checkpoint folder, as {name} is in it")
            raise UsageError(f"{shown}; checkpoints need a folder of their own")


def is_begun(folder: Path) -> bool:
    """Whether a folder is the journal of a run with parts that are done."""
    kept = _read_json(folder / ABOUT)
    return kept is not None and next(iter((folder / kept["parts"]).glob(NOTES)), None) is not None


def part_file(folder: Path, number: int, what: str) -> Path:
    """The path of a part of a table, or of the note of a part."""
    return folder / f"{number:08}.{what}"


def read_note(parts: Path, number: int) -> PartNote | None:
    """The note of a part, if it is there."""
    note: PartNote | None = _read_json(part_file(parts, number, "json"))
    return note


def write_note(parts: Path, number: int, note: PartNote) -> None:
    """Note that a part is done, after all its files are written."""
    with whole_file(part_file(parts, number, "json")) as stream:
        stream.write(orjson.dumps(note))


def _read_json(file: Path) -> Any:
    """The object in a file; None if it is not there."""
    try:
        return orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        folder = printable(str(file.parent))
        raise UsageError(f"{printable(str(file))}: is damaged; delete the folder {folder} to start anew") from None
