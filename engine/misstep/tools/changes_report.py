"""What two rule bases declare otherwise, as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import ndiff

from misstep.errors import printable
from misstep.tools.base_changes import SECTIONS, BaseChange, NextVersion
from misstep.tools.two_bases import LoadedBase


def changes_text(old: LoadedBase, new: LoadedBase, changes: Sequence[BaseChange]) -> str:
    """Every change with its two forms: lines behind - are those of the old rule base, behind + those of the new one."""
    lines = [f"{_named(old)} -> {_named(new)}"]
    for section in SECTIONS:
        found = [change for change in changes if change.section == section]
        if found:
            lines += ["", section]
        for change in found:
            lines.append(
                f"  {change.change} {change.name}" + (", in words alone" if change.words and change.change == "changed" else "")
            )
            lines += [f"    {line}" for line in _forms(change)]
    if not changes:
        lines.append("nothing is declared otherwise")
    return "".join(printable(line) + "\n" for line in lines)


def _forms(change: BaseChange) -> Iterator[str]:
    compared = ndiff(change.old.splitlines(), change.new.splitlines())
    return (line for line in compared if not line.startswith("?"))


def _named(base: LoadedBase) -> str:
    return f"{base.program.name} {base.program.version}"


def version_text(version: NextVersion, new: str) -> str:
    """The version that is proposed for a rule base that calls itself ``new``."""
    reasons = "; ".join(version.reasons)
    if version.level == "none":
        return f"version {version.version}: {reasons}\n"
    says = "as the new one says" if _parts(new) == _parts(version.version) else f"the new one says {new}"
    return printable(f"version {version.old} -> {version.version} ({version.level}), {says}: {reasons}") + "\n"


def _parts(version: str) -> list[int]:
    return [int(part) for part in (*version.split("."), "0", "0")[:3]]


def changes_json(changes: Sequence[BaseChange]) -> list[dict[str, object]]:
    """The changes as plain data."""
    return [
        {
            "section": each.section,
            "name": each.name,
            "change": each.change,
            "words": each.words,
            "breaks": each.breaks,
            "old": each.old,
            "new": each.new,
        }
        for each in changes
    ]
