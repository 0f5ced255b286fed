"""Read the hand-written documents of a checkout as pages, and adapt their links."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Guide:
    """The documents, Markdown by path, and their titles, in the order to read them; and the pictures in them, by path."""

    pages: dict[str, str]
    titles: dict[str, str]
    pictures: dict[str, Path]


def read_guide(root: Path) -> Guide:
    """The documents of the checkout at a folder; none beside the rules of an installed misstep."""
    if not (root / "pyproject.toml").is_file():
        return Guide({}, {}, {})
    files = {root / "README.md": "guide/misstep.md"}
    files |= {file: f"guide/{file.stem}.md" for file in sorted((root / "docs").glob("*.md"))}
    files |= {root / "CHANGELOG.md": "guide/changelog.md"}
    paths = {file: path for file, path in files.items() if file.is_file()}
    pictures: dict[str, Path] = {}
    pages = {path: "\n".join(_lines(file, paths, pictures)) + "\n" for file, path in paths.items()}
    return Guide(pages, {path: _title(text) for path, text in pages.items()}, pictures)


def _title(text: str) -> str:
    heading = re.search(r"(?m)^# (.*)$", text)
    return heading[1] if heading else ""


def _lines(file: Path, paths: dict[Path, str], pictures: dict[str, Path]) -> Iterator[str]:
    fenced = False
    for line in file.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        yield line if fenced else _LINK.sub(lambda found: _moved(found, file, paths, pictures), line)


def _moved(found: re.Match[str], file: Path, paths: dict[Path, str], pictures: dict[str, Path]) -> str:
    """A link adapted to the page; a link to a file without a page becomes its text."""
    shown, text, target = found.groups()
    path, _, heading = target.partition("#")
    if not path or "://" in target:
        return found[0]
    there = Path(os.path.normpath(file.parent / path))
    if shown and there.is_file():
        pictures[f"guide/{there.name}"] = there
        return f"![{text}]({there.name})"
    page = paths.get(there)
    if page is None:
        return text
    return f"[{text}]({PurePosixPath(page).name}" + (f"#{heading})" if heading else ")")
