"""Paths of packs in; one merged set of declarations out, every problem of every file reported at once.

Each path is a layer: within all layers a name is declared once, and a declaration with ``replace: true``
takes its place; of several replacements that of the later layer counts. So the order of files means nothing.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from misstep.documents import Document, read_yaml
from misstep.errors import CallerError, InstallationError, Location, Problem, RuleError, suggest
from misstep.limits import Limits
from misstep.rulebase import schema

SCALE = "scale"
SHIPPED = "misstep"
EXTENDED = 0  # the layer of the shipped packs that the given ones extend

_Doc = TypeVar("_Doc", bound=schema.Doc)


@dataclass(frozen=True)
class Pack:
    """One file of the rule base; ``layer`` is the number of the path it came from, EXTENDED for what is extended."""

    document: Document
    doc: schema.PackDoc
    layer: int
    broken: frozenset[tuple[str, str]] = frozenset()

    def problem(self, path: Sequence[str | int], message: str, subject: str = "", offset: int | None = None) -> Problem:
        """What is wrong at a path into the pack."""
        return Problem(self.document.locate(path, offset), message, subject)


@dataclass(frozen=True)
class Entry(Generic[_Doc]):
    """A declaration and where it stands."""

    pack: Pack
    path: tuple[str | int, ...]
    doc: _Doc

    def problem(self, message: str, *path: str | int, offset: int | None = None) -> Problem:
        """What is wrong with the declaration, at a path into it."""
        subject = str(self.path[-1]) if self.path[0] == "rules" else ""
        return self.pack.problem((*self.path, *path), message, subject, offset)


@dataclass
class Merged:
    """The declarations that hold, by name; ``problems`` found so far, and what they leave out.

    ``broken`` are sections and names of declarations that are there but could not be read: nobody who speaks of them
    is to blame. ``surplus`` are rules that stand where another of the same id does.
    """

    packs: list[Pack]
    problems: list[Problem] = field(default_factory=list)
    broken: frozenset[tuple[str, str]] = frozenset()
    surplus: list[Entry[schema.RuleDoc]] = field(default_factory=list)
    roles: dict[str, Entry[schema.RoleDoc]] = field(default_factory=dict)
    kinds: dict[str, Entry[schema.KindDoc]] = field(default_factory=dict)
    rules: dict[str, Entry[schema.RuleDoc]] = field(default_factory=dict)
    actions: dict[str, Entry[schema.ActionDoc]] = field(default_factory=dict)
    sources: dict[str, Entry[schema.SourceDoc]] = field(default_factory=dict)
    scale: dict[str, Entry[Any]] = field(default_factory=dict)
    name: str = "unnamed"
    version: str = "0"

    def digest(self) -> str:
        """SHA-256 of what the declarations say, whatever the files and the order they stand in."""
        sections: dict[str, Any] = {"name": self.name, "version": self.version}
        for section in ("roles", "kinds", "rules", "actions", "sources", "scale"):
            entries: dict[str, Entry[Any]] = getattr(self, section)
            sections[section] = {name: [e.pack.doc.pack, _raw(e)] for name, e in entries.items()}
        text = json.dumps(sections, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _raw(entry: Entry[Any]) -> Any:
    data: Any = entry.pack.document.data
    for step in entry.path:
        data = data[step]
    return data


def shipped_rules() -> Path:
    """The folder of the shipped packs: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "rules").is_dir() and package.parent.name == "engine":
        return checkout / "rules"
    if (package / "rules").is_dir():
        return package / "rules"
    raise InstallationError(f"the shipped rules are missing: there is no folder {package / 'rules'}; install misstep anew")


def load_packs(paths: Sequence[str | Path], limits: Limits, cases: bool = True) -> Merged:
    """Read the packs in the given files and folders and what they extend, and merge them.

    Without ``cases`` those of the packs are passed over, as are always those of extended packs. Problems are gathered in
    the result. Raises RuleError where a file cannot be read at all, CallerError where a path does not exist.
    """
    if not paths:
        raise CallerError("no rule packs were named; give files or folders")
    problems: list[Problem] = []
    packs = list(_read_all(_files(paths, limits), limits, cases, problems))
    packs += _extended(packs, limits, problems)
    return _merge(packs, limits, problems)


def refuse(problems: list[Problem], limits: Limits) -> None:
    """Raise all problems as one RuleError, if there are any."""
    if problems:
        ordered = sorted(set(problems))
        raise RuleError(ordered[: limits.problems], max(0, len(ordered) - limits.problems))


def _files(paths: Iterable[str | Path], limits: Limits) -> dict[Path, int]:
    """Every pack file, once, with the number of its path."""
    files: dict[Path, int] = {}
    for layer, given in enumerate(paths, start=1):
        if not str(given):
            raise CallerError("an empty path of a rule pack")
        path = Path(given)
        if path.is_dir():
            root = path.resolve()
            found = [f for f in sorted(path.rglob("*")) if f.suffix in (".yaml", ".yml") and (f.is_file() or f.is_symlink())]
            outside = [f for f in found if not f.resolve().is_relative_to(root)]
            if outside:
                raise RuleError([Problem(Location(str(f)), "a link that leads out of the folder") for f in outside])
            if not found:
                raise CallerError(f"{path}: there is no *.yaml file in this folder")
        elif path.is_file():
            found = [path]
        else:
            raise CallerError(f"{path}: no such file or folder")
        for file in found:
            files.setdefault(file, layer)
        if len(files) > limits.packs:
            raise CallerError(f"{path}: more than {limits.packs} packs")
    unique: dict[Path, tuple[Path, int]] = {}
    for file, layer in files.items():
        unique.setdefault(file.resolve(), (file, layer))
    return dict(unique.values())


_CASES = re.compile(r"^cases:.*\n(?:(?:[ #].*)?\n)*", re.MULTILINE)


def _read_all(files: dict[Path, int], limits: Limits, cases: bool, problems: list[Problem]) -> Iterator[Pack]:
    unreadable = False
    for file, layer in files.items():
        try:
            text = _text(file, limits)
            if not cases:  # a quarter of the shipped rules is cases; without them loading is faster by as much
                text = _CASES.sub(lambda found: "\n" * found.group().count("\n"), text)
            document = read_yaml(text, str(file), RuleError, limits.pack_bytes, problems)
            yield _validate(document, layer, problems)
        except RuleError as error:
            problems.extend(error.problems)
            unreadable = True
    if unreadable:  # what the file declares is not known, so nothing more can be said about the others
        refuse(problems, limits)


def _text(file: Path, limits: Limits) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(limits.pack_bytes + 1)
    except OSError as error:
        raise RuleError([Problem(Location(str(file)), f"cannot be read: {error.strerror}")]) from None
    if len(data) > limits.pack_bytes:
        raise RuleError([Problem(Location(str(file)), f"more than {limits.pack_bytes} bytes; split the pack")])
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode()) + 1
        raise RuleError([Problem(Location(str(file), line, column), "not UTF-8 text")]) from None


def _extended(packs: list[Pack], limits: Limits, problems: list[Problem]) -> list[Pack]:
    """The shipped packs that the given ones build on and that are not among them."""
    folder = shipped_rules()
    files = {f.stem: f for f in folder.glob("*.yaml")}
    wanted: set[str] = set()
    unknown: list[Problem] = []
    for pack in packs:
        extends = pack.doc.extends or []
        for i, name in enumerate([extends] if isinstance(extends, str) else extends):
            if name == SHIPPED:
                wanted.update(files)
            elif name in files:
                wanted.add(name)
            else:
                path = ("extends",) if isinstance(extends, str) else ("extends", i)
                hint = suggest(name, [SHIPPED, *files], f"; there are {SHIPPED} (all) and {', '.join(sorted(files))}")
                unknown.append(pack.problem(path, f"there is no shipped pack '{name}'{hint}"))
    if not any(pack.doc.scale.model_fields_set or any(s == SCALE for s, _ in pack.broken) for pack in packs):
        wanted.add(SCALE)
    if unknown:  # what they would declare is not known, so nothing more can be said
        refuse(problems + unknown, limits)
    given = {Path(pack.document.file).resolve() for pack in packs}
    missing = {files[name]: EXTENDED for name in sorted(wanted) if files[name].resolve() not in given}
    return list(_read_all(missing, Limits(), False, problems))  # what limits the given packs need not fit the shipped ones


def _validate(document: Document, layer: int, problems: list[Problem]) -> Pack:
    """The pack of a document. What has not the right shape is noted and left out, and the rest is looked at again."""
    if not isinstance(document.data, dict):
        raise RuleError([Problem(document.locate(()), "a pack is a mapping that begins with `schema: 1`")])
    data, broken = document.data, set[tuple[str, str]]()
    while True:
        try:
            return Pack(document, schema.PackDoc.model_validate(data), layer, frozenset(broken))
        except ValidationError as error:
            errors = error.errors(include_url=False)
            problems.extend(_shape_problem(document, e) for e in errors)
            data = deepcopy(data)
            for path, e in [(_path(data, e["loc"]), e) for e in errors]:
                _leave_out(data, path, e, broken)


_NAMED = ("roles", "kinds", "rules", "actions", "sources", "scale", "cases")


def _leave_out(data: dict[str, Any], path: list[Any], error: Any, broken: set[tuple[str, str]]) -> None:
    """Take out of a pack what has not the right shape: an unknown key, or else the whole declaration or section."""
    if not path:  # `schema` or `pack` is missing
        data[error["loc"][0]] = 1 if error["loc"][0] == "schema" else "unnamed"
        return
    if error["type"] == "extra_forbidden":
        here: Any = data
        for step in path[:-1]:
            here = here.get(step, {}) if isinstance(here, dict) else here[step]
        here.pop(path[-1], None)
        return
    section, *rest = path
    if rest and section in _NAMED:
        data.get(section, {}).pop(rest[0], None)
        broken.add((section, str(rest[0])))
    elif section in ("schema", "pack"):
        data[str(section)] = 1 if section == "schema" else "unnamed"
    else:
        data.pop(str(section), None)


def _path(data: Any, loc: Iterable[str | int]) -> list[Any]:
    """The path of an error in the data; a step that leads nowhere is a tag of a union, or a key that is missing."""
    path: list[Any] = []
    for step in loc:
        if isinstance(step, int) if isinstance(data, list) else isinstance(data, dict) and step in data:
            path.append(step)
            data = data[step]
    return path


def _shape_problem(document: Document, error: Any) -> Problem:
    """One pydantic error in our words, with the place in the file."""
    path = _path(document.data, error["loc"])
    here: Any = document.data
    for step in path:
        here = here[step]
    last = error["loc"][-1] if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        keys = _keys_at(path[:-1])
        message = f"unknown key '{_short(last)}'" + suggest(str(last), keys, f"; there are {', '.join(keys)}")
    elif error["type"] == "missing":
        message = f"the key '{last}' is missing"
    elif last == "[key]":
        message = f"'{_short(path[-1])}' {_expected(error, path[-1]).replace('must be', 'is not', 1)}"
    else:
        message = f"{_called(path)} {_expected(error, here)}"
    subject = str(path[1]) if len(path) > 1 and path[0] == "rules" else ""
    return Problem(document.locate(path), message, subject)


def _short(key: object) -> str:
    return str(key)[:60]


def _called(path: list[str | int]) -> str:
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    return f"an item of `{_short(key)}`" if isinstance(path[-1], int) else f"`{_short(key)}`"


def _expected(error: Any, value: object) -> str:
    """What the shape wants of a value: ``must be ...``."""
    context = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            words = re.findall("'([^']*)'", context["expected"])
            return f"must be {context['expected']}" + suggest(str(value), words)
        case "union_tag_invalid":
            tags = re.findall("'([^']*)'", context["expected_tags"])
            words = [_TAGS[tag] for tag in tags]
            return f"must be {', '.join(words[:-1])} or {words[-1]}"
        case "string_type":
            return "must be text" + ("; put it in quotes" if isinstance(value, (int, float)) else "")
        case "string_pattern_mismatch":
            return f"must be {schema.PATTERNS[context['pattern']]}"
        case "string_too_long":
            return f"must be a text of at most {context['max_length']} characters"
        case kind:
            text: str = _EXPECTED.get(kind, error["msg"])
            return text.format(**context)


_TAGS = {"text": "text", "list": "a list", "mapping": "a mapping", "number": "a number", "boolean": "true or false"}
_EXPECTED = {
    "model_type": "must be a mapping",
    "dict_type": "must be a mapping",
    "list_type": "must be a list",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "greater_than_equal": "must be at least {ge:.16g}",
    "less_than_equal": "must be at most {le:.16g}",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
}


def _keys_at(path: list[str | int]) -> list[str]:
    """The keys that may stand in the mapping at a path."""
    shapes: list[Any] = [schema.PackDoc]
    for step in path:
        below = [_below(shape, step) for shape in shapes]
        shapes = [shape for annotation in below for shape in _alternatives(annotation)]
    return sorted({f.alias or name for shape in shapes if _is_doc(shape) for name, f in shape.model_fields.items()})


def _is_doc(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, schema.Doc)


def _below(shape: Any, step: str | int) -> Any:
    """The annotation of what stands under a key or index of a shape; None where nothing can."""
    if _is_doc(shape):
        return next((f.annotation for name, f in shape.model_fields.items() if (f.alias or name) == step), None)
    return get_args(shape)[-1] if get_origin(shape) is (list if isinstance(step, int) else dict) else None


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types that an annotation allows."""
    if get_origin(annotation) is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for alternative in get_args(annotation):
            yield from _alternatives(alternative)
    else:
        yield annotation


def _merge(packs: list[Pack], limits: Limits, problems: list[Problem]) -> Merged:
    packs = sorted(packs, key=lambda p: (p.layer, p.document.file))
    merged = Merged(packs, problems, frozenset[tuple[str, str]]().union(*(pack.broken for pack in packs)))
    names: dict[str, Pack] = {}
    named: dict[int, Pack] = {}
    for pack in packs:
        first = names.setdefault(pack.doc.pack, pack)
        if first is not pack:
            where = first.document.locate(("pack",))
            problems.append(pack.problem(("pack",), f"the pack '{pack.doc.pack}' is in {where} too"))
        if pack.doc.rulebase is not None:  # the last layer that names itself counts
            first = named.setdefault(pack.layer, pack)
            if first is not pack:
                where = first.document.locate(("rulebase",))
                problems.append(pack.problem(("rulebase",), f"the rule base has its name in {where}"))
            merged.name, merged.version = pack.doc.rulebase.name, pack.doc.rulebase.version
    for section in ("roles", "kinds", "rules", "actions", "sources"):
        setattr(merged, section, _merge_section(section, merged))
    merged.scale = _merge_section("scale", merged)
    for pack in packs:
        for i, rule in enumerate(pack.doc.disable):
            if rule not in merged.rules and ("rules", rule) not in merged.broken:
                hint = suggest(rule, merged.rules)
                problems.append(pack.problem(("disable", i), f"there is no rule '{rule}'{hint}"))
    for rule in {rule for pack in packs for rule in pack.doc.disable}:
        merged.rules.pop(rule, None)
    if len(merged.rules) > limits.rules:
        problems.append(packs[-1].problem((), f"the rule base has {len(merged.rules)} rules; the limit is {limits.rules}"))
    return merged


def _merge_section(section: str, merged: Merged) -> dict[str, Entry[Any]]:
    problems = merged.problems
    originals: dict[str, list[Entry[Any]]] = {}
    replacements: dict[str, list[Entry[Any]]] = {}
    for pack in merged.packs:
        for name, doc in _declarations(getattr(pack.doc, section)):
            table = replacements if doc.replace else originals
            table.setdefault(name, []).append(Entry(pack, (section, name), doc))
    for name, entries in originals.items():
        for entry in entries[1:]:
            first = entries[0].pack.document.locate(entries[0].path)
            problems.append(entry.problem(f"'{name}' stands in {first} too; say `replace: true` to take its place"))
            if section == "rules":
                merged.surplus.append(entry)
    for name, entries in replacements.items():
        if name not in originals and (section, name) not in merged.broken:
            hint = suggest(name, originals)
            problems.append(entries[0].problem(f"`replace: true`, but there is no '{name}' to replace{hint}"))
        for one, other in pairwise(entries):
            if one.pack.layer == other.pack.layer:
                first = one.pack.document.locate(one.path)
                problems.append(other.problem(f"'{name}' is replaced in {first} too"))
    chosen = {name: entries[0] for name, entries in originals.items()}
    chosen.update({name: entries[-1] for name, entries in replacements.items()})
    return dict(sorted(chosen.items()))


def _declarations(section: dict[str, Any] | BaseModel) -> Iterable[tuple[str, Any]]:
    if isinstance(section, dict):
        return section.items()
    return [(name, doc) for name, doc in section if doc is not None]
