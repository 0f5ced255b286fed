"""Find letters in packs that are not what they look like."""

from __future__ import annotations

from collections.abc import Iterator

from misstep.errors import disguised_letter
from misstep.rulebase.packs import PackEntry
from misstep.tools.lints.linted import LintedBase, LintFinding

_Path = tuple[str | int, ...]


def find_disguised_letters(base: LintedBase) -> Iterator[LintFinding]:
    """Letters of another script within a word, and signs that are not seen, in all that packs declare."""
    for pack in base.own_packs():
        if message := disguised_letter(pack.doc.title or ""):
            yield LintFinding(PackEntry(pack, ("title",), pack.doc), message)
    for entry in base.declarations():
        for path, text in _texts(entry.raw, ()):
            if message := disguised_letter(text):
                yield LintFinding(entry, message, path)


def _texts(part: object, path: _Path) -> Iterator[tuple[_Path, str]]:
    """The texts and keys in a part of a pack, with their paths."""
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield (*path, key), key
            yield from _texts(value, (*path, key))
    elif isinstance(part, list):
        for i, value in enumerate(part):
            yield from _texts(value, (*path, i))
