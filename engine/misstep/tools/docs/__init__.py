"""Paths of packs in; a folder of pages about every kind, rule, action and source out.

``packs -> book -> pages -> site``: what the packs say, what refers to what and what their cases come to; then Markdown;
then HTML, if it is wanted.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from misstep.rulebase.shipped import shipped_rules
from misstep.tools.docs.book import read_book
from misstep.tools.docs.folder import refuse_folder, whole_folder
from misstep.tools.docs.guide import Guide, read_guide
from misstep.tools.docs.pages import render
from misstep.tools.docs.site import make_site, refuse_missing_extra

Form = Literal["html", "markdown"]


@dataclass(frozen=True, slots=True)
class Built:
    """What was written: the first page, and how many of what."""

    first: Path
    pages: int
    examples: int


def build_docs(paths: Sequence[Path], output: Path, form: Form = "html", overwrite: bool = False) -> Built:
    """Write the pages of the packs at the paths into a folder, which appears whole or not at all.

    Without paths these are the shipped rules, with the documents of the checkout. A folder that was made here before is
    replaced; another one only with ``overwrite``.
    Raises RuleError, also for a case that does not hold; UsageError; InstallationError where the extra is missing.
    """
    if form == "html":
        refuse_missing_extra()
    packs = list(paths) or [shipped_rules()]
    refuse_folder(output, overwrite, packs)
    guide = Guide({}, {}, {}) if paths else read_guide(shipped_rules().parent)
    book = read_book(packs)
    pages = render(book, guide.titles) | guide.pages
    with whole_folder(output) as work:
        folder = work / ("pages" if form == "html" else "new")
        for path, text in pages.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for path, picture in guide.pictures.items():
            shutil.copyfile(picture, folder / path)
        if form == "html":
            make_site(work, book, guide.titles)
    first = output / ("index.html" if form == "html" else "index.md")
    return Built(first, len(pages), len(book.examples.all))
