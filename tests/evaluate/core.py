"""The compiled core beside Python: one record in, both answers out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from misstep import Limits, MisstepError
from misstep.assessment.assembly import assemble, outline
from misstep.assessment.drafting import Drafter
from misstep.assessment.explain import Explainer
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.assessment.result import SCHEMA
from misstep.evaluate.compiled import CompiledEngine
from misstep.evaluate.export import export
from misstep.language.program import Program

Both = tuple[bytes | None, bytes | None]
"""The answer without reasons, and that with reasons but without the words of messages; None: there is none."""


class Beside:
    """A program in the core and in Python."""

    def __init__(self, program: Program, limits: Limits) -> None:
        from misstep_core import Core

        self._reader = RecordReader(program, limits)
        self._pipeline = Pipeline(program, CompiledEngine(program), limits)
        self._explainer, self._drafter = Explainer(program), Drafter(program)
        self._core = Core(orjson.dumps(export(program, limits)), SCHEMA)

    def core(self, record: bytes) -> Both:
        return self._core.outline(record), self._core.explained(record)

    def python(self, record: bytes) -> Both:
        try:
            result = self._pipeline.evaluate(self._reader.read_json(record))
        except MisstepError:
            return None, None
        whole = assemble(result, self._explainer, self._drafter)
        return orjson.dumps(outline(result, self._explainer)), orjson.dumps(_without_words(whole))

    def taken(self, records: Iterable[bytes]) -> int:
        """How many records the core takes; all its answers are those of Python."""
        count = 0
        for record in records:
            answers = self.core(record)
            if answers != (None, None):
                assert answers == self.python(record), record
                count += 1
        return count


def _without_words(whole: dict[str, Any]) -> dict[str, Any]:
    """An assessment without what templates say."""
    return {
        **{name: value for name, value in whole.items() if name not in ("headline", "draft")},
        "findings": [_without(finding, "word") for finding in whole["findings"]],
        "steps": [_without(step, "message") for step in whole["steps"]],
    }


def _without(part: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key != name}
