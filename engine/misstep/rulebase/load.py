"""Read packs from files and folders and merge them; the problems of all files are collected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from misstep.errors import Location, Problem, RuleError, UsageError, did_you_mean
from misstep.limits import Limits
from misstep.rulebase.documents import read_text, read_yaml
from misstep.rulebase.packs import Merged, Pack, PackEntry, WordFile, merge, refuse
from misstep.rulebase.read_pack import read_pack
from misstep.rulebase.sheets import Sheet, read_sheet
from misstep.rulebase.shipped import WORDS, shipped_rules, shipped_word_files
from misstep.rulebase.tables import open_tables

SCALE = "scale"
SHIPPED = "misstep"
EXTENDED = 0  # the layer of the shipped packs that the given ones extend


def load_packs(paths: Sequence[str | Path], limits: Limits, cases: bool = True) -> Merged:
    """Read the packs in the given files and folders and what they extend, and merge them.

    Without ``cases`` those of the packs are passed over, as are always those of extended packs. Files of words are read, and not
    parsed: see link_words.py. Problems are gathered in the result. Raises RuleError where a file cannot be read at all,
    UsageError where a path does not exist.
    """
    if not paths:
        raise UsageError("no rule packs were named; give files or folders")
    problems: list[Problem] = []
    files, words = _files(paths, limits)
    packs = list(_read_all(files, limits, cases, problems))
    packs += _extended(packs, limits, problems)
    if any(pack.doc.extends for pack in packs):
        words = {**dict.fromkeys(shipped_word_files(), EXTENDED), **words}
    merged = merge(packs, limits, problems)
    merged.word_files = _read_words(words, limits)
    return merged


def read_shipped_words() -> tuple[WordFile, ...]:
    """The text of the files of words of the shipped packs; it is not parsed."""
    return _read_words(dict.fromkeys(shipped_word_files(), EXTENDED), Limits())


def _read_words(files: dict[Path, int], limits: Limits) -> tuple[WordFile, ...]:
    """The text of files of words, not parsed. The limits are for files that are given, not for the shipped ones."""
    return tuple(
        WordFile(str(file), pack_text(file, Limits() if layer == EXTENDED else limits), layer) for file, layer in files.items()
    )


def _files(paths: Iterable[str | Path], limits: Limits) -> tuple[dict[Path, int], dict[Path, int]]:
    """Every pack file, and every file of words, once, with the number of its path."""
    files: dict[Path, tuple[Path, int]] = {}  # by where it is in truth
    words: dict[Path, int] = {}
    for layer, given in enumerate(paths, start=1):
        path = Path(given)
        if not str(given):
            raise UsageError("an empty path of a rule pack")
        if not path.is_dir() and not path.is_file():
            raise UsageError(f"{path}: {'is neither a file nor a folder' if path.exists() else 'no such file or folder'}")
        for file in _files_in(path) if path.is_dir() else [path]:
            if path.is_dir() and WORDS in file.relative_to(path).parts[:-1]:
                words.setdefault(file.resolve(), layer)
            else:
                files.setdefault(file.resolve(), (file, layer))
        if len(files) + len(words) > limits.packs:
            raise UsageError(f"{path}: more than {limits.packs} packs")
    return dict(files.values()), words


def _files_in(folder: Path) -> list[Path]:
    found = [f for f in sorted(folder.rglob("*")) if f.suffix in (".yaml", ".yml") and (f.is_file() or f.is_symlink())]
    outside = [f for f in found if not f.resolve().is_relative_to(folder.resolve())]
    if outside:
        raise RuleError([Problem(Location(str(f)), "a link that leads out of the folder") for f in outside])
    if not found:
        raise UsageError(f"{folder}: there is no *.yaml file in this folder")
    return found


_CASES = re.compile(r"^cases:.*\n(?:(?:[ #].*)?\n)*", re.MULTILINE)


def _read_all(files: dict[Path, int], limits: Limits, cases: bool, problems: list[Problem]) -> Iterator[Pack]:
    unreadable = False
    for file, layer in files.items():
        try:
            text = pack_text(file, limits)
            if not cases:  # a quarter of the shipped rules is cases; without them loading is faster by as much
                text = _CASES.sub(lambda found: "\n" * found.group().count("\n"), text)
            document = read_yaml(text, str(file), RuleError, limits.pack_bytes, problems)
            pack = read_pack(document, layer, problems)
            open_tables(pack, _sheets(pack, file, limits), limits)
            yield pack
        except RuleError as error:
            problems.extend(error.problems)
            unreadable = True
    if unreadable:  # its declarations are unknown, so references to them cannot be checked
        refuse(problems, limits)


def _sheets(pack: Pack, file: Path, limits: Limits) -> dict[str, Sheet]:
    """The CSV files of the tables of a pack, by the name of the table; those that cannot be read are reported and left out."""
    sheets = {}
    for name, table in pack.doc.tables.items():
        if table.csv is None:
            continue
        entry, sheet = PackEntry(pack, ("tables", name), table), file.parent / table.csv
        try:
            if not sheet.is_file():
                entry.report(f"there is no file '{table.csv}' in the folder of the pack", "csv")
            elif not sheet.resolve().is_relative_to(file.parent.resolve()):
                entry.report(f"'{table.csv}' is a link that leads out of the folder of the pack", "csv")
            else:
                sheets[name] = read_sheet(pack_text(sheet, limits, "table"), str(sheet), limits.rules)
        except RuleError as error:
            pack.problems.extend(error.problems)
        except OSError as error:
            entry.report(f"'{table.csv}' cannot be read: {error.strerror}", "csv")
    return sheets


def pack_text(file: Path, limits: Limits, what: str = "pack") -> str:
    """The text of a pack, or of another file that a rule author writes. Raises RuleError about one that is no such text."""
    try:
        with file.open("rb") as stream:
            data = stream.read(limits.pack_bytes + 1)
    except OSError as error:
        raise RuleError([Problem(Location(str(file)), f"cannot be read: {error.strerror}")]) from None
    if len(data) > limits.pack_bytes:
        raise RuleError([Problem(Location(str(file)), f"more than {limits.pack_bytes} bytes; split the {what}")])
    return read_text(data, str(file), fault=RuleError)


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
                hint = did_you_mean(name, [SHIPPED, *files], f"; there are {SHIPPED} (all) and {', '.join(sorted(files))}")
                unknown.append(pack.problem(path, f"there is no shipped pack '{name}'{hint}"))
    if not any(pack.doc.scale.model_fields_set or any(s == SCALE for s, _ in pack.broken) for pack in packs):
        wanted.add(SCALE)
    if unknown:  # their declarations are unknown, as above
        refuse(problems + unknown, limits)
    given = {Path(pack.document.file).resolve() for pack in packs}
    missing = {files[name]: EXTENDED for name in sorted(wanted) if files[name].resolve() not in given}
    return list(_read_all(missing, Limits(), False, problems))  # limits are for the given packs
