"""Rewrite the expectations of cases that failed, in their packs, so that they say what comes today."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from misstep.errors import UsageError, printable
from misstep.files import whole_file
from misstep.limits import Limits
from misstep.rulebase.load import pack_text
from misstep.rulebase.yaml_edits import NoEditError, remove_item, replace_value
from misstep.tools.expectations import GONE
from misstep.tools.ruletest import CaseOutcome


@dataclass(frozen=True, slots=True)
class PackUpdate:
    """A pack whose expectations change: its file, its text before and after, how many of them changed, and those that cannot be
    rewritten, as ``case: what``."""

    file: str
    before: str
    after: str
    changed: int
    left: tuple[str, ...]

    @property
    def diff(self) -> str:
        """The lines that differ."""
        before, after = self.before.splitlines(), self.after.splitlines()
        return "\n".join(unified_diff(before, after, self.file, self.file, lineterm="", n=1))

    def write(self) -> None:
        """Write the pack, whole or not at all. Raises UsageError where somebody else has changed it since it was read."""
        file = Path(self.file)
        data = file.read_bytes()
        if data.removeprefix(codecs.BOM_UTF8) != self.before.encode():
            raise UsageError(f"{printable(self.file)}: was changed while its cases ran; nothing is written to it")
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        with whole_file(file) as stream:
            stream.write(mark + self.after.encode())


def update_packs(outcomes: Iterable[CaseOutcome], limits: Limits | None = None) -> list[PackUpdate]:
    """The packs of the cases that failed, with what failed rewritten; nothing is written yet. Raises RuleError for a pack that
    can no longer be read."""
    by_file: dict[str, list[CaseOutcome]] = {}
    for outcome in outcomes:
        if not outcome.passed:
            by_file.setdefault(outcome.location.file, []).append(outcome)
    return [_updated(file, failed, limits or Limits()) for file, failed in by_file.items()]


def _updated(file: str, failed: Iterable[CaseOutcome], limits: Limits) -> PackUpdate:
    before = text = pack_text(Path(file), limits)
    changed, left = 0, []
    for outcome in failed:
        for mismatch in outcome.failures:
            rewritten = text
            try:
                for path, value in reversed(mismatch.changes):  # places behind an item that goes would be other ones
                    whole = ("cases", outcome.name, "expect", *path)
                    rewritten = remove_item(rewritten, whole) if value is GONE else replace_value(rewritten, whole, value)
            except NoEditError:
                rewritten = text
            if rewritten == text:
                left.append(f"{outcome.id}: {mismatch.what}")
            changed += rewritten != text
            text = rewritten
    return PackUpdate(file, before, text, changed, tuple(left))
