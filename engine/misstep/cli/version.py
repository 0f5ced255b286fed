"""The version, and the installed extras, from the metadata of the package."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from misstep.__about__ import __version__
from misstep.evaluate.core import usual_engine

_NEEDED_BY = re.compile(r"([\w.-]+)[^;]*;\s*extra == ['\"]([\w.-]+)['\"]")  # without requirements of single systems


def describe_installation() -> str:
    """The text of ``misstep --version``."""
    first = f"misstep {__version__}\nengine: {usual_engine()}\nextras: "
    try:
        there = read_extras(metadata("misstep").get_all("Provides-Extra") or (), requires("misstep") or ())
    except PackageNotFoundError:
        return f"{first}not known, run from a source tree without installation"
    return first + ", ".join(f"{extra} {'yes' if installed else 'no'}" for extra, installed in there.items())


def read_extras(extras: Iterable[str], requirements: Iterable[str]) -> dict[str, bool]:
    """Whether all requirements of each extra are installed. ``requirements``: as in the metadata of a package."""
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
