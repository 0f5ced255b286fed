"""The mini rule base in misstep's own pack format, answered by misstep: from the bare conclusions to the whole assessment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.peers.interviews import Answer, Interview
from benchmarks.peers.loaded import InPython

from misstep import Assessment, RuleBase
from misstep.api import EngineName
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.memory import Memory
from misstep.evaluate.python_engine import PythonEngine
from misstep.language.facts import ID
from misstep.language.finding import FindingRow
from misstep.limits import Limits

MINI = Path(__file__).parent / "mini"
PLACE = {"severity": 0, "noticed": 1, "urgency": 2}


def load_conclusions() -> InPython:
    """From facts that are checked already to all conclusions, each with its rule and match."""
    pipeline, reader = _parts()
    return InPython(
        run=pipeline.conclude,
        prepare=lambda interview: reader.read(_record(interview)),
        answer=read_out,
    )


def load_answers() -> InPython:
    """From plain dictionaries to totals and actions, read out of conclusions that keep their rules and matches."""
    pipeline, reader = _parts()
    return InPython(lambda interview: read_out(pipeline.conclude(reader.read(_record(interview)))))


def load_assess(engine: EngineName = "python") -> InPython:
    """From plain dictionaries to an ``Assessment`` with reasons, plan and notes."""
    rulebase = RuleBase.load(MINI)
    return InPython(lambda interview: rulebase.assess(_record(interview), engine), answer=read_assessment)


def load_durable() -> InPython:
    """The same on the second engine."""
    return load_assess("durable")


def load_core() -> InPython:
    """The same by the core."""
    return load_assess("core")


def load_json(engine: EngineName = "python") -> InPython:
    """From the bytes of a record to the bytes of its assessment."""
    rulebase = RuleBase.load(MINI)
    return InPython(
        run=lambda record: rulebase.assess_json(record, engine),
        prepare=lambda interview: json.dumps(_record(interview)).encode(),
        answer=lambda data: read_assessment(Assessment.from_json(data)),
    )


def load_core_json() -> InPython:
    """The same by the core."""
    return load_json("core")


def read_out(concluded: tuple[Memory, list[FindingRow]]) -> Answer:
    """Totals and actions from what the rules concluded."""
    memory, findings = concluded
    sums = {finding.mistake[ID]: [0, 0, 0] for finding in findings}
    for given in memory.contributions:
        assert given.mistake is not None  # no rule of the mini rule base speaks of the interview as a whole
        sums[given.mistake[ID]][PLACE[given.dimension]] += given.amount
    totals = {name: _points(thousandths) for name, thousandths in sums.items()}
    actions = [
        (advice.action, advice.mistakes[0][ID] if advice.mistakes else "", (advice.relief or 0) // 100)
        for advice in memory.recommendations
    ]
    actions.sort()
    return totals, actions


def read_assessment(assessment: Assessment) -> Answer:
    """Totals and actions from an assessment. It holds no priority of one action for one mistake, so that follows from the
    totals; what is compared is which actions are for which mistakes."""
    totals: dict[str, tuple[int, int, int]] = {}
    for finding in assessment.findings:
        sums = [0, 0, 0]
        for reason in finding.because:
            sums[PLACE[reason.dimension]] += round(reason.amount * 1000)
        totals[finding.fact] = _points(sums)
    actions = []
    for action in assessment.actions:
        for target in action.targets:
            severity, _, urgency = totals[target]
            actions.append((action.action, target, severity + 2 * urgency))
        if not action.targets:
            actions.append((action.action, "", 0))
    return totals, sorted(actions)


def _points(thousandths: list[int]) -> tuple[int, int, int]:
    """Points of the mini rule base: see mini/scale.yaml."""
    severity, noticed, urgency = thousandths
    return severity // 100, noticed // 1000, urgency // 100


def _parts() -> tuple[Pipeline, RecordReader]:
    program, limits = RuleBase.load(MINI).program, Limits()
    return Pipeline(program, PythonEngine(program), limits), RecordReader(program, limits)


def _record(interview: Interview) -> dict[str, Any]:
    return {"id": interview["id"], "facts": [interview["context"], *interview["mistakes"]]}
