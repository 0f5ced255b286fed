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
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from misstep.language import expression, facts, scale
from misstep.language import program as rule
from misstep.language.facts import Field
from misstep.language.program import Pattern, Program, Rule, Stratum
from misstep.rulebase.shipped import shipped_rules

CACHE = "MISSTEP_CACHE"
"""Environment variable: the folder to keep the linked rules in, or ``off``."""

_CLASSES: dict[str, type[Any]] = {
    name: value
    for module in (expression, facts, rule, scale)
    for name, value in vars(module).items()
    if isinstance(value, type) and dataclasses.is_dataclass(value)
}
_FIELDS = {cls: tuple(f.name for f in dataclasses.fields(cls) if f.init) for cls in _CLASSES.values()}


def shipped_program() -> Program:
    """The linked program of the shipped rules."""
    folder = _cache_folder()
    file = folder / f"misstep-rules-{_fingerprint()}.json" if folder else None
    program = _read(file) if file else None
    if program is None:
        # these need pydantic's models of packs and the YAML parser, which is most of what the cache saves
        from misstep.limits import Limits
        from misstep.rulebase.link import load_program

        program, _ = load_program([shipped_rules()], Limits(), cases=False)
        if file is not None:
            with suppress(OSError):
                _write(file, program)
    return program


def _cache_folder() -> Path | None:
    chosen = os.environ.get(CACHE, "")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    folder = user_cache_path("misstep", appauthor=False)
    return folder if folder.is_absolute() else None  # a user without a home


def _fingerprint() -> str:
    """A digest of the contents of all that the program comes from: the packs, and the code that links them."""
    digest = hashlib.sha256()
    code = Path(__file__).resolve().parent.parent
    sources = [file for folder in (".", "rulebase", "language", "layout") for file in sorted((code / folder).glob("*.py"))]
    for file in [*sources, *sorted(shipped_rules().rglob("*.y*ml"))]:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


def _read(file: Path) -> Program | None:
    """The program in a file of the cache; None where it is not there, not ours, or not whole."""
    try:
        with file.open("rb") as stream:
            status = os.fstat(stream.fileno())
            if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
                return None  # somebody else may have written it
            checksum, text = stream.readline().strip(), stream.read()
        if hashlib.sha256(text).hexdigest().encode() != checksum:
            return None
        return read_program(text)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _write(file: Path, program: Program) -> None:
    """Put a program into the cache, whole or not at all, for its owner only; older ones go."""
    text = dump_program(program)
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix="misstep-rules-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    for old in file.parent.glob("misstep-rules-*.json"):
        if old != file:
            with suppress(OSError):
                old.unlink()


def dump_program(program: Program) -> bytes:
    """A program as JSON: dataclasses by name with their fields in order; strata name their rules.

    What rules share, patterns and fields, stands once, in ``shared``, and is named by its place there.
    """
    shared = _Shared()
    plain: dict[str, Any] = {}
    for name in _FIELDS[Program]:
        value = getattr(program, name)
        if name in _STRATA:
            plain[name] = [[[r.id for r in s.deriving], [r.id for r in s.rest], sorted(s.kinds)] for s in value]
        elif isinstance(value, dict):
            plain[name] = {key: shared.encode(v) for key, v in value.items()}
        else:
            plain[name] = shared.encode(value)
    plain["shared"] = shared.values
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def read_program(text: bytes) -> Program:
    """A program from its JSON. Raises ValueError, KeyError, IndexError or TypeError where it is not one."""
    plain: dict[str, Any] = json.loads(text)
    shared: list[Any] = []
    for value in plain.pop("shared"):
        shared.append(_decode(value, shared))
    named: dict[str, Any] = {}
    for name in ("kinds", "roles", "rules", "actions", "sources", "usual"):
        named[name] = {key: _decode(value, shared) for key, value in plain.pop(name).items()}
    rules: dict[str, Rule] = named["rules"]
    for name in _STRATA:
        named[name] = tuple(
            Stratum(tuple(rules[i] for i in deriving), tuple(rules[i] for i in rest), frozenset(kinds))
            for deriving, rest, kinds in plain.pop(name)
        )
    return Program(**named, **{name: _decode(value, shared) for name, value in plain.items()})


_STRATA = ("scoring", "judging", "advising")


class _Shared:
    """Encodes values; each pattern and field once."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.places: dict[Any, int] = {}

    def encode(self, value: Any) -> Any:
        """A value as JSON has it: tuples as lists, all else as an object with one key that says what it is."""
        if isinstance(value, tuple):
            return [self.encode(v) for v in value]
        if isinstance(value, frozenset):
            return {"set": sorted(value)}
        if isinstance(value, dict):
            return {"map": [[key, self.encode(v)] for key, v in value.items()]}
        cls = type(value)
        if cls not in _FIELDS:
            return value
        if cls not in (Pattern, Field):
            return {cls.__name__: [self.encode(getattr(value, name)) for name in _FIELDS[cls]]}
        if value not in self.places:
            encoded = {cls.__name__: [self.encode(getattr(value, name)) for name in _FIELDS[cls]]}
            self.places[value] = len(self.values)
            self.values.append(encoded)
        return {"": self.places[value]}


def _decode(value: Any, shared: list[Any]) -> Any:
    if type(value) is list:
        return tuple([_decode(v, shared) if type(v) in _NESTED else v for v in value])
    if type(value) is not dict:
        return value
    ((name, content),) = value.items()
    if name == "":
        return shared[content]
    if name == "set":
        return frozenset(content)
    if name == "map":
        return {key: _decode(v, shared) if type(v) in _NESTED else v for key, v in content}
    return _CLASSES[name](*[_decode(v, shared) if type(v) in _NESTED else v for v in content])


_NESTED = (list, dict)
