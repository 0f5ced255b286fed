"""The compiled core: the wheel misstep-core, where it is installed. Python answers whatever it leaves."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Protocol

from misstep.__about__ import __version__
from misstep.errors import InstallationError
from misstep.limits import Limits

if TYPE_CHECKING:
    from misstep.language.program import Program

CoreRows = tuple[Any, ...]
"""The values of a ``RecordRows``, see ``batch/columns.py``."""


class Core(Protocol):
    """One program. A record is JSON, bytes or text, or its data. Each method gives None for a record that Python has to read: one
    that is wrong, or right and seldom. Safe from many threads."""

    def assess(self, record: object) -> bytes | None:
        """The whole answer, as JSON."""

    def members(self, record: object) -> tuple[bytes, ...] | None:
        """The members of the whole answer, each as JSON, in their order."""

    def outline(self, record: object) -> bytes | None:
        """The answer without reasons and texts, as JSON."""

    def scores(self, record: object) -> bytes | None:
        """The scores alone, as JSON."""

    def outcome(self, record: object) -> tuple[Any, ...] | None:
        """The values of an ``Outcome``, see ``analysis/trial_outcomes.py``."""

    def rows(self, record: object, id: str | None, findings: bool, actions: bool, whole: bool) -> CoreRows | None:  # noqa: A002
        """The rows in the tables of scores; ``id``: of a record that has none."""


Member = tuple[str, int, int, int]
"""A key of a JSON object, and where it begins in the text, and where its value begins and ends."""


@cache
def _scan() -> Callable[[str], list[Member] | None]:
    if core_fault() is not None:
        return lambda _: None
    from misstep_core import members

    scan: Callable[[str], list[Member] | None] = members
    return scan


def core_members(text: str) -> list[Member] | None:
    """The members of a JSON object, in their order; None for what Python has to look at, or where there is no core."""
    return _scan()(text)


def core_program(program: Program, limits: Limits) -> bytes:
    """What the core takes a program as."""
    import orjson  # of the shipped rules this is in the cache

    from misstep.evaluate.export import export

    return orjson.dumps(export(program, limits))


def make_core(exported: bytes, schema: int) -> Core:
    """The core with a program, from its ``core_program``; ``schema``: the version of the shape of answers. Raises ValueError
    where it is none, InstallationError where the wheel is missing or does not fit."""
    if (fault := core_fault()) is not None:
        raise InstallationError(fault)
    from misstep_core import Core as _Core

    made: Core = _Core(exported, schema)
    return made


@cache
def core_fault() -> str | None:
    """Why there is no core here; None where there is one."""
    try:
        import misstep_core
    except ImportError:
        return "the engine 'core' needs misstep-core: pip install 'misstep[core]'; in a checkout ./engine/core, which needs cargo"
    if misstep_core.__version__ != __version__:  # of another version it takes rules in another form
        return f"the engine 'core' needs misstep-core {__version__}, and {misstep_core.__version__} is installed"
    if not all(hasattr(misstep_core.Core, name) for name in vars(Core) if not name.startswith("_")):
        return "the engine 'core' needs misstep-core as it is in this checkout: build it anew, pip install ./engine/core"
    return None


def usual_engine() -> Literal["core", "python"]:
    """What the engine ``auto`` is here."""
    return "python" if core_fault() else "core"
