"""misstep: what went wrong in a job interview in; how bad it was, and what to do about it, out."""

from typing import TYPE_CHECKING, Any

from misstep.__about__ import __version__ as __version__
from misstep.api import RuleBase, assess, assess_json, calibrate, certainty, counterfactuals, questions, suggest
from misstep.errors import (
    BudgetError,
    EngineError,
    InstallationError,
    Location,
    MisstepError,
    Problem,
    RecordError,
    RuleError,
    UsageError,
)
from misstep.limits import Limits

if TYPE_CHECKING:
    from misstep.analysis.reading.reader import Suggestion
    from misstep.assessment.record_models import Fact as Fact
    from misstep.assessment.record_models import Record as Record
    from misstep.assessment.result import Assessment as Assessment
    from misstep.assessment.session import Session as Session
    from misstep.batch.results import Scores as Scores
    from misstep.batch.results import read_scores as read_scores
    from misstep.batch.run import score as score
    from misstep.batch.score_batch import score_batch as score_batch
    from misstep.batch.score_batch import scores_schema as scores_schema


_LATE = {  # tables need pyarrow, which takes longer to import than all of misstep, models pydantic; few name the others
    "Assessment": "misstep.assessment.result",
    "Fact": "misstep.assessment.record_models",
    "Record": "misstep.assessment.record_models",
    "Scores": "misstep.batch.results",
    "Session": "misstep.assessment.session",
    "read_scores": "misstep.batch.results",
    "score": "misstep.batch.run",
    "score_batch": "misstep.batch.score_batch",
    "scores_schema": "misstep.batch.score_batch",
    "Suggestion": "misstep.analysis.reading.reader",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'misstep' has no attribute '{name}'")


__all__ = [
    "Assessment",
    "BudgetError",
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
    "Suggestion",
    "UsageError",
    "assess",
    "assess_json",
    "calibrate",
    "certainty",
    "counterfactuals",
    "questions",
    "suggest",
]
