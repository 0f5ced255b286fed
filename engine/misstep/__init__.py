"""misstep: what went wrong in a job interview in; how bad it was, and what to do about it, out."""

from misstep.api import RuleBase, assess, assess_json, calibrate, counterfactuals
from misstep.errors import (
    BudgetError,
    CallerError,
    EngineError,
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
from misstep.session import Session


def __getattr__(name: str) -> str:
    if name == "__version__":  # looked up when asked for: it would be a fifth of the time of the import
        from importlib.metadata import version

        return version("misstep")
    raise AttributeError(f"module 'misstep' has no attribute '{name}'")


__all__ = [
    "Assessment",
    "BudgetError",
    "CallerError",
    "EngineError",
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
    "Session",
    "assess",
    "assess_json",
    "calibrate",
    "counterfactuals",
]
