"""Measure how the package is built: ``python -m tests.house [--at REVISION]``.

It prints statements of Python by room (docstrings aside), uses of ``Any``, the rooms at the top of the package, public type names
of more than one module, module names of more than one folder, and lines with ``fmt: skip``.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent
PACKAGE = PurePosixPath("engine/misstep")
COMMANDS = "cli"
"""The room whose modules may have the name of the module that they call."""
SKIP = "fmt: skip"


@dataclass(frozen=True)
class Module:
    """A file of the package: its path from the package down, and its text."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        return self.path.parts[0].removesuffix(".py")

    @property
    def statements(self) -> int:
        """Statements, without docstrings."""
        return sum(isinstance(node, ast.stmt) and not _is_docstring(node) for node in ast.walk(self.tree))

    @property
    def any_uses(self) -> int:
        return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(self.tree))

    @property
    def types(self) -> Iterator[str]:
        """Public classes and type aliases at the top of the module."""
        for node in self.tree.body:
            name = _type_name(node)
            if name and not name.startswith("_"):
                yield name

    @property
    def skips(self) -> list[int]:
        """Lines that ``ruff format`` leaves alone."""
        return [number for number, line in enumerate(self.text.splitlines(), 1) if SKIP in line]


@dataclass(frozen=True)
class House:
    """All modules of one revision."""

    modules: tuple[Module, ...]

    @property
    def rooms(self) -> list[str]:
        """Packages and modules at the top, dunder files aside."""
        return sorted({module.room for module in self.modules if not module.room.startswith("__")})

    @property
    def doubled_types(self) -> dict[str, list[str]]:
        """Public type names of several modules."""
        return _doubled((name, module.path) for module in self.modules for name in set(module.types))

    @property
    def doubled_modules(self) -> dict[str, list[str]]:
        """Names of several modules or packages, commands aside."""
        named = [(m.path.stem, m.path) for m in self.modules if not m.path.stem.startswith("__") and m.room != COMMANDS]
        packages = {folder for m in self.modules for folder in m.path.parents if folder.name and folder.parts[0] != COMMANDS}
        return _doubled([*named, *((folder.name, folder) for folder in packages)])


def read_house(revision: str | None = None) -> House:
    """The package of the working tree, or of a revision of git."""
    if revision is None:
        folder = ROOT / PACKAGE
        files = {PurePosixPath(path.relative_to(folder).as_posix()): path.read_text("utf-8") for path in folder.rglob("*.py")}
    else:
        files = dict(_files_of(revision))
    return House(tuple(Module(path, text) for path, text in sorted(files.items())))


def _files_of(revision: str) -> Iterator[tuple[PurePosixPath, str]]:
    command = ["git", "-C", str(ROOT), "archive", revision, "--", str(PACKAGE)]
    with tarfile.open(fileobj=io.BytesIO(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file and member.name.endswith(".py"):
                yield PurePosixPath(member.name).relative_to(PACKAGE), file.read().decode("utf-8")


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _type_name(node: ast.stmt) -> str:
    """The name that a statement gives to a type: of a class, or of what is assigned to a CamelCase name."""
    if isinstance(node, ast.ClassDef):
        return node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    if len(targets) == 1 and isinstance(targets[0], ast.Name):
        name = targets[0].id
        return name if name[0].isupper() and not name.isupper() else ""
    return ""


def _doubled(named: Iterable[tuple[str, PurePosixPath]]) -> dict[str, list[str]]:
    places = defaultdict(list)
    for name, path in named:
        places[name].append(str(path))
    return {name: sorted(found) for name, found in sorted(places.items()) if len(found) > 1}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.house", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--at", metavar="REVISION", help="of git, instead of the working tree")
    house = read_house(parser.parse_args().at)
    statements: Counter[str] = Counter()
    any_uses: Counter[str] = Counter()
    for module in house.modules:
        statements[module.room] += module.statements
        any_uses[module.room] += module.any_uses
    print(f"{'room':16} {'statements':>10} {'Any':>5}")
    for room in sorted(statements):
        print(f"{room:16} {statements[room]:10,} {any_uses[room]:5}")
    print(f"{'all':16} {statements.total():10,} {any_uses.total():5}")
    print(f"\n{len(house.rooms)} rooms at the top: {', '.join(house.rooms)}")
    _print_places("public type names in several modules", house.doubled_types)
    _print_places("module names in several folders", house.doubled_modules)
    _print_places(SKIP, {str(m.path): list(map(str, m.skips)) for m in house.modules if m.skips})


def _print_places(title: str, places: dict[str, list[str]]) -> None:
    print(f"\n{len(places)} {title}")
    for name, found in places.items():
        print(f"  {name}: {', '.join(found)}")


if __name__ == "__main__":
    main()
