"""The compiled core beside Python: one record in, both answers out."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from misstep import Limits, MisstepError
from misstep.analysis.trial_outcomes import Outcome
from misstep.assessment import SCHEMA
from misstep.assessment.assembly import outline
from misstep.assessment.explain import Explainer
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.core import core_program, make_core
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.program import Program

Answers = tuple[bytes | None, bytes | None, Outcome | None]
"""The answer without reasons, the whole one, and what it comes to; None: there is none."""
NOTHING: Answers = (None, None, None)


class Beside:
    """A program in the core and in Python."""

    def __init__(self, program: Program, limits: Limits) -> None:
        self._reader = RecordReader(program, limits)
        self._pipeline = Pipeline(program, PythonEngine(program), limits)
        self._explainer = Explainer(program)
        self._core = make_core(core_program(program, limits), SCHEMA)

    def core(self, record: bytes) -> Answers:
        outcome = self._core.outcome(record)
        return self._core.outline(record), self._core.assess(record), None if outcome is None else Outcome(*outcome)

    def python(self, record: bytes) -> Answers:
        try:
            result = self._pipeline.evaluate(self._reader.read_json(record))
        except MisstepError:
            return NOTHING
        return orjson.dumps(outline(result, self._explainer)), self._pipeline.to_json(result), Outcome.of(result)

    def taken(self, records: Iterable[bytes]) -> int:
        """How many records the core gives the whole answer to; all its answers are those of Python."""
        count = 0
        for record in records:
            answers = self.core(record)
            if answers != NOTHING:
                for answer, wanted in zip(answers, self.python(record), strict=True):
                    assert answer in (wanted, None), record
            count += answers[1] is not None
        return count
