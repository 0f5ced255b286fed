"""Build a self-contained web site of Markdown pages: no fonts, scripts or search from elsewhere.

Zensical makes it, in a process of its own: it writes to standard output and keeps its configuration in globals.
"""

from __future__ import annotations

import html
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from misstep.errors import InstallationError
from misstep.language.program import Action, Source
from misstep.tools.docs.book import Book, Chapter
from misstep.tools.docs.pages import path_of

_THEME = Path(__file__).parent / "theme"
_SECONDS = 600  # a hang is an error at last; the shipped rules take some seconds


def require_site_generator() -> None:
    """Raise InstallationError if the site generator is not installed."""
    if importlib.util.find_spec("zensical") is None:
        raise InstallationError(
            "the site is made by zensical, which is not installed: pip install 'misstep[docs]'; "
            "`--format markdown` does without it"
        )


def make_site(work: Path, book: Book, guide: Mapping[str, str]) -> None:
    """Turn ``work/pages`` into ``work/new``. Every link is checked on the way. Raises InstallationError on failure."""
    config = work / "mkdocs.yml"
    config.write_text(json.dumps(_config(book, guide)), encoding="utf-8")  # JSON is YAML
    arguments = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", str(config)]
    try:
        done = subprocess.run(  # noqa: S603 - this Python, a module of ours to choose
            arguments,
            cwd=work,
            env={**os.environ, "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise InstallationError(f"zensical did not make the site within {_SECONDS} seconds") from None
    if done.returncode != 0:
        raise InstallationError(f"zensical could not make the site: {_first_complaint(done)}")


def _first_complaint(done: subprocess.CompletedProcess[bytes]) -> str:
    """The first complaint in its output."""
    said = [line for line in done.stdout.decode(errors="replace").splitlines() if line.strip()]
    complaints = [line for line in said if "Warning:" in line or "Error" in line]
    return (complaints or said[-1:] or [f"it said nothing and ended with {done.returncode}"])[0]


def _config(book: Book, guide: Mapping[str, str]) -> dict[str, object]:
    light = {"scheme": "default", "media": "(prefers-color-scheme: light)", "primary": "indigo", "accent": "indigo"}
    dark = {"scheme": "slate", "media": "(prefers-color-scheme: dark)", "primary": "indigo", "accent": "indigo"}
    return {
        "site_name": book.program.name,
        "docs_dir": "pages",
        "site_dir": "new",
        "nav": _nav(book, guide),
        "theme": {
            "name": "material",
            "custom_dir": str(_THEME),
            "font": False,
            "features": [
                "navigation.tabs",
                "navigation.prune",
                "navigation.footer",
                "navigation.top",
                "search.highlight",
                "content.code.copy",
            ],
            "palette": [
                {**light, "toggle": {"icon": "lucide/moon", "name": "Dark"}},
                {**dark, "toggle": {"icon": "lucide/sun", "name": "Light"}},
            ],
        },
        "plugins": ["search", "offline"],
        "extra": {"polyfills": ["assets/javascripts/iframe-worker.js"], "generator": False},
        "extra_css": ["assets/stylesheets/misstep.css"],
        "markdown_extensions": [
            "tables",
            "attr_list",
            "md_in_html",
            "pymdownx.superfences",
            {"pymdownx.highlight": {"use_pygments": True}},
            {"toc": {"permalink": True}},
        ],
    }


def _nav(book: Book, guide: Mapping[str, str]) -> list[object]:
    """The list beside the pages. A page is called by its heading; titles of sections are markup to the theme."""
    program = book.program
    nav: list[object] = ["index.md"]
    if guide:
        nav.append({"Guide": list(guide)})
    nav.append({"Chapters": [{html.escape(chapter.title): _chapter(chapter, book)} for chapter in book.chapters]})
    nav.append({"Look it up": ["kinds.md", "rules.md", "scale.md"]})
    if program.actions:
        nav.append({"Actions": ["actions.md", *_by_title(program.actions.values())]})
    if program.sources:
        nav.append({"Sources": ["sources.md", *_by_title(program.sources.values())]})
    return nav


def _by_title(things: Iterable[Action | Source]) -> list[str]:
    return [path_of(thing) for thing in sorted(things, key=lambda thing: thing.title)]


def _chapter(chapter: Chapter, book: Book) -> list[object]:
    pages: list[object] = [path_of(chapter)]
    for kind in chapter.kinds:
        rules = [path_of(rule) for rule in chapter.rules_of(kind, book)]
        pages.append({html.escape(kind.title): [path_of(kind), *rules]} if rules else path_of(kind))
    return pages + [path_of(rule) for rule in chapter.rules_of(None, book)]
