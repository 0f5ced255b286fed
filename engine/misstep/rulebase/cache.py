"""The shipped rule base, ready: linked from its packs once, and from then on read from the user's cache.

To parse, check and link the packs takes most of the start of a process, with the same result every time. So the linked
program is kept as JSON (plain data: nothing in it is ever run), under a name made of all that it comes from: the packs
and the code that links them. A cache that is missing, torn, foreign or not to be written only costs time.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path

from misstep.language import effects, expression, facts, scale, words
from misstep.language import program as rules
from misstep.language.facts import Field
from misstep.language.program import Pattern, Program, Rule
from misstep.language.words import Words
from misstep.rulebase.shipped import shipped_rules

T = TypeVar("T")

CACHE = "MISSTEP_CACHE"
"""Environment variable: the folder to keep the linked rules in, or ``off``."""

_CLASSES: dict[str, type[Any]] = {
    name: value
    for module in (effects, expression, facts, rules, scale, words)
    for name, value in vars(module).items()
    if isinstance(value, type) and dataclasses.is_dataclass(value)
}
_FIELDS = {cls: tuple(f.name for f in dataclasses.fields(cls) if f.init) for cls in _CLASSES.values()}
_SHARED = (Field, Pattern, Rule)
"""Classes of objects that several parts of a program share: each object is written once."""


def shipped_program() -> Program:
    """The linked program of the shipped rules."""

    def link() -> bytes:
        # this needs pydantic's models of packs and the YAML parser, which is most of what the cache saves
        from misstep.limits import Limits
        from misstep.rulebase.link import load_program

        return dump_program(load_program([shipped_rules()], Limits(), cases=False)[0])

    return kept("rules", link, read_program)


def kept(what: str, make: Callable[[], bytes], read: Callable[[bytes], T]) -> T:
    """What is made of the shipped rules as ``read``: from the cache, or made now and put there."""
    folder = _cache_folder()
    file = folder / f"misstep-{what}-{_fingerprint()}.json" if folder else None
    text = _read(file) if file else None
    if text is not None:
        with suppress(ValueError, LookupError, TypeError):
            return read(text)
    text = make()
    if file is not None:
        with suppress(OSError):
            _write(file, text, f"misstep-{what}-*.json")
    return read(text)


def _cache_folder() -> Path | None:
    chosen = os.environ.get(CACHE, "")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    folder = user_cache_path("misstep", appauthor=False)
    return folder if folder.is_absolute() else None  # a user without a home


@cache
def _fingerprint() -> str:
    """A digest of the contents of all that the program comes from: the packs, and the code that links and exports them."""
    digest = hashlib.sha256()
    code = Path(__file__).resolve().parent.parent
    sources = [
        file for folder in (".", "evaluate", "rulebase", "language", "layout") for file in sorted((code / folder).glob("*.py"))
    ]
    packs = sorted(file for form in ("*.y*ml", "*.csv") for file in shipped_rules().glob(form))
    for file in [*sources, *packs]:
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
    return text if hashlib.sha256(text).hexdigest().encode() == checksum else None


def _write(file: Path, text: bytes, older: str) -> None:
    """Put a text into the cache for its owner only, and delete older ones, by the pattern of their names."""
    from misstep.files import whole_file

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with whole_file(file, mode=0o600) as stream:
        stream.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
    for old in file.parent.glob(older):
        if old != file:
            with suppress(OSError):
                old.unlink()


def dump_program(program: Program) -> bytes:
    """A program as JSON."""
    return _dump(program)


def read_program(text: bytes) -> Program:
    """A program from its JSON. Raises ValueError, KeyError, IndexError or TypeError for any other JSON."""
    program: Program = _read_dump(text)
    return program


def dump_words(told: Words) -> bytes:
    """The words of a rule base as JSON."""
    return _dump(told)


def read_words(text: bytes) -> Words:
    """Words from their JSON. Raises as ``read_program`` does."""
    told: Words = _read_dump(text)
    return told


def _dump(whole: Program | Words) -> bytes:
    """Linked declarations as JSON: tuples are lists, other objects have one key, the name of their class. An object that several
    parts share is written once, in ``shared``, and referred to by its index."""
    places: dict[object, int] = {}
    shared: list[object] = []

    def plain(value: object) -> object:
        if isinstance(value, tuple):
            return [plain(part) for part in value]
        if isinstance(value, frozenset):
            return {"set": sorted(value)}
        if isinstance(value, dict):
            return {"map": [[key, plain(part)] for key, part in value.items()]}
        if type(value) not in _FIELDS:
            return value
        if isinstance(value, _SHARED) and value in places:
            return {"": places[value]}
        written = {type(value).__name__: [plain(getattr(value, name)) for name in _FIELDS[type(value)]]}
        if not isinstance(value, _SHARED):
            return written
        places[value] = len(shared)
        shared.append(written)
        return {"": places[value]}

    content = {"whole": plain(whole), "shared": shared}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read_dump(text: bytes) -> Any:
    content = json.loads(text)
    shared: list[Any] = []
    for value in content["shared"]:
        shared.append(_whole(value, shared))
    return _whole(content["whole"], shared)


def _whole(value: Any, shared: list[Any]) -> Any:
    if type(value) is list:
        return tuple([_whole(part, shared) if type(part) in _NESTED else part for part in value])
    if type(value) is not dict:
        return value
    ((name, content),) = value.items()
    if name == "":
        return shared[content]
    if name == "set":
        return frozenset(content)
    if name == "map":
        return {key: _whole(part, shared) if type(part) in _NESTED else part for key, part in content}
    return _CLASSES[name](*[_whole(part, shared) if type(part) in _NESTED else part for part in content])


_NESTED = (list, dict)
