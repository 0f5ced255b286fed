"""The version that is installed, and which of its extras are: read from the package's own metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, metadata, requires, version

_NEEDED_BY = re.compile(r"([\w.-]+)[^;]*;\s*extra == ['\"]([\w.-]+)['\"]")  # what only some systems need is not asked for


def describe_installation() -> str:
    """What ``misstep --version`` prints."""
    try:
        first = f"misstep {version('misstep')}"
    except PackageNotFoundError:
        return "misstep, run from a source tree without installation"
    there = read_extras(metadata("misstep").get_all("Provides-Extra") or (), requires("misstep") or ())
    return f"{first}\nextras: " + ", ".join(f"{extra} {'yes' if installed else 'no'}" for extra, installed in there.items())


def read_extras(extras: Iterable[str], requirements: Iterable[str]) -> dict[str, bool]:
    """Extras, and the requirements of a package as its metadata has them; for each extra, whether all it needs is installed."""
    there = dict.fromkeys(extras, True)
    for name, extra in (found.groups() for found in map(_NEEDED_BY.fullmatch, requirements) if found):
        there[extra] = there[extra] and _installed(name)
    return there


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
