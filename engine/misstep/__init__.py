"""misstep: what went wrong in a job interview in; how bad it was, and what to do about it, out."""

from importlib.metadata import PackageNotFoundError, version

from misstep.api import RuleBase, assess
from misstep.errors import (
    BudgetError,
    CallerError,
    InstallationError,
    Location,
    MisstepError,
    Problem,
    RecordError,
    RuleError,
)
from misstep.limits import Limits
from misstep.model.result import Assessment
from misstep.records import Fact, Record

try:
    __version__ = version("misstep")
except PackageNotFoundError:  # run from a source tree without installation
    __version__ = "0"

__all__ = [
    "Assessment",
    "BudgetError",
    "CallerError",
    "Fact",
    "InstallationError",
    "Limits",
    "Location",
    "MisstepError",
    "Problem",
    "Record",
    "RecordError",
    "RuleBase",
    "RuleError",
    "assess",
]
