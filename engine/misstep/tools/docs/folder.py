"""What is to be a folder in; that folder out, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from misstep.errors import UsageError, printable

MARK = ".misstep-docs"  # a folder with this file in it was made here


def refuse_folder(output: Path, overwrite: bool, kept: Sequence[Path]) -> None:
    """Raise UsageError where the output may not take the place of what is there."""
    name, target = printable(str(output)), _real(output)
    if target.exists() and not target.is_dir():
        raise UsageError(f"{name}: is a file; the output is a folder")
    if not target.parent.is_dir():
        raise UsageError(f"{name}: there is no folder {printable(str(output.parent))} to put it in")
    for path in (Path.cwd(), *kept):
        if _real(path).is_relative_to(target):
            what = "the folder that you are in" if path == Path.cwd() else printable(str(path))
            raise UsageError(f"{name}: would take the place of {what}; name a folder for the pages alone")
    if not overwrite and target.exists() and any(target.iterdir()) and not (target / MARK).is_file():
        raise UsageError(f"{name}: was not made by `misstep docs build`; --overwrite replaces it with all that is in it")


@contextmanager
def whole_folder(output: Path) -> Iterator[Path]:
    """A folder to work in; what is in its sub-folder ``new`` at the end takes the place of the output."""
    target = _real(output)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as name:
        work = Path(name)
        yield work
        (work / "new" / MARK).write_text("Made by `misstep docs build`, which may replace this folder.\n", encoding="utf-8")
        if not target.exists():
            (work / "new").rename(target)
            return
        target.rename(work / "old")
        try:
            (work / "new").rename(target)
        except BaseException:
            (work / "old").rename(target)
            raise


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
