"""All that can answer a record, one beside the other: the first difference of a program."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec

import orjson
from tests.differential.drawn import Drawn
from tests.differential.integers import said_by_clingo, said_by_misstep
from tests.evaluate.naive import conclusions
from tests.evaluate.oracle import LIMITS, oracle_of

from misstep.assessment import SCHEMA
from misstep.assessment.assembly import outline
from misstep.assessment.pipeline import Pipeline
from misstep.assessment.records import RecordReader
from misstep.evaluate.core import Core, core_fault, core_program, make_core
from misstep.evaluate.durable.engine import DurableEngine
from misstep.evaluate.durable.missing import missing_library
from misstep.evaluate.python_engine import PythonEngine


@cache
def voices() -> tuple[str, ...]:
    """What is installed here, beside the Python engine and the oracle."""
    there = {"core": core_fault() is None, "durable": not missing_library(), "clingo": find_spec("clingo") is not None}
    return tuple(name for name, found in there.items() if found)


@dataclass
class Checked:
    """What was compared of a program: ``counts`` of answers by voice, and of firings; ``differs``: who says something else on
    which record, or nothing."""

    differs: str = ""
    record: int = 0
    counts: Counter[str] = field(default_factory=Counter)


def check(drawn: Drawn, durable: bool = False) -> Checked:
    """Ask all voices about all records, up to the first difference. What one raises is a difference too."""
    checked = Checked()
    voice = "python"
    try:
        with ExitStack() as stack:
            program, there = drawn.program, voices()
            reader, python = RecordReader(program, LIMITS), Pipeline(program, PythonEngine(program), LIMITS)
            oracle = oracle_of(*drawn.texts, linked=program)
            others = {"oracle": Pipeline(oracle.program, oracle, LIMITS)}
            if durable and "durable" in there:
                engine = stack.enter_context(closing(DurableEngine(program)))
                others["durable"] = Pipeline(program, engine, LIMITS)
            core = make_core(core_program(program, LIMITS), SCHEMA) if "core" in there else None
            for checked.record, record in enumerate(drawn.records):
                voice = "python"
                facts = reader.read(record)
                result = python.evaluate(facts)
                concluded = conclusions(result.memory)
                checked.counts["firings"] += sum(map(len, concluded.values())) - len(concluded["rows"])
                checked.counts["answers of python"] += 1
                for voice, pipeline in others.items():
                    memory, findings = pipeline.conclude(facts)
                    if conclusions(memory) != concluded or findings != result.findings:
                        return _differs(checked, voice)
                    checked.counts[f"answers of {voice}"] += 1
                if core is not None:
                    voice = "core"
                    wanted = orjson.dumps(outline(result, python.explainer)), python.to_json(result)
                    if not _same_bytes(core, orjson.dumps(record), wanted, checked):
                        return _differs(checked, voice)
                if drawn.asp and "clingo" in there:
                    voice = "clingo"
                    if said_by_clingo(drawn.asp, record) != said_by_misstep(result.memory):
                        return _differs(checked, voice)
                    checked.counts["answers of clingo"] += 1
    except Exception as error:
        return _differs(checked, f"{voice} ({type(error).__name__}: {str(error)[:200]})")
    return checked


def _same_bytes(core: Core, record: bytes, wanted: tuple[bytes, bytes], checked: Checked) -> bool:
    """Whether the core gives these answers, the one without reasons and the whole one, or leaves the record to Python."""
    answers = core.outline(record), core.assess(record)
    checked.counts["answers of core"] += answers[1] is not None
    checked.counts["left to python by core"] += answers[1] is None
    return all(answer in (None, whole) for answer, whole in zip(answers, wanted, strict=True))


def _differs(checked: Checked, voice: str) -> Checked:
    checked.differs = voice
    return checked
