"""What is made of packs: made once, and from then on read from the user's cache.

To parse, check and link the shipped packs takes most of the start of a process, and to learn the words of packs most of a first
reading, with the same result every time. So the result is kept as JSON (plain data: nothing in it is ever run), under a name
made of all that it comes from: the packs and the code that makes it.
A cache that is missing, torn, foreign or not to be written only costs time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from platformdirs import user_cache_path

from misstep.rulebase.shipped import shipped_rules

T = TypeVar("T")

CACHE = "MISSTEP_CACHE"
"""Environment variable: the folder to keep the linked rules in, or ``off``."""


def kept(
    what: str, make: Callable[[], bytes], read: Callable[[bytes], T], also: tuple[Path, ...] = (), content: bytes = b""
) -> T:
    """What is made of the shipped rules, or of ``content``, as ``read``: from the cache, or made now and put there. ``also``:
    files that it comes from besides the packs and the code that links them."""
    folder = _cache_folder()
    file = None
    if folder is not None:
        of = f"{_fingerprint(also)}-{hashlib.sha256(content).hexdigest()[:32]}" if content else _fingerprint(also)
        file = folder / f"misstep-{what}-{of}.json"
    text = _read(file) if file else None
    if text is not None:
        with suppress(ValueError, LookupError, TypeError):
            return read(text)
    text = make()
    if file is not None:
        with suppress(OSError):
            _write(file, text, f"misstep-{what}-*.json")
    return read(text)


def forget_packs() -> None:
    """Look at the packs and the code again: they may have changed since this process began."""
    _fingerprint.cache_clear()


def _cache_folder() -> Path | None:
    chosen = os.environ.get(CACHE, "")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    folder = user_cache_path("misstep", appauthor=False)
    return folder if folder.is_absolute() else None  # a user without a home


KEPT_FILES = 8
"""So many of a sort are kept; those that nobody has used for longest are deleted. They are of packs as they were before, and of
other installations."""


@cache
def _fingerprint(also: tuple[Path, ...]) -> str:
    """A digest of the contents of all that something comes from: the packs, the code that links and exports them, and files
    besides."""
    digest = hashlib.sha256()
    code = Path(__file__).resolve().parent.parent
    sources = [
        file for folder in (".", "evaluate", "rulebase", "language", "layout") for file in sorted((code / folder).glob("*.py"))
    ]
    packs = sorted(file for form in ("*.y*ml", "*.csv") for file in shipped_rules().glob(form))
    for file in [*sources, *packs, *sorted(also)]:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def _read(file: Path) -> bytes | None:
    """The text in a file of the cache; None if it is missing, incomplete, or writable by others."""
    try:
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
                return None  # somebody else may have written it
            checksum, text = stream.readline().strip(), stream.read()
    except OSError:
        return None
    with suppress(OSError):
        os.utime(file)
    return text if hashlib.sha256(text).hexdigest().encode() == checksum else None


def _write(file: Path, text: bytes, all_of_it: str) -> None:
    """Put a text into the cache for its owner only, and delete those of its sort, by the pattern of their names, that are too
    many."""
    from misstep.files import whole_file

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with whole_file(file, mode=0o600) as stream:
        stream.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
    used: list[tuple[float, Path]] = []
    for each in file.parent.glob(all_of_it):
        with suppress(OSError):
            used.append((each.stat().st_mtime, each))
    for _, unused in sorted(used)[:-KEPT_FILES]:
        with suppress(OSError):
            unused.unlink()
