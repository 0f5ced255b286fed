"""The public face: a rule base that assesses records, and ``assess`` with the shipped one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from misstep.evaluate.compiled import CompiledEngine
from misstep.findings.explain import Explainer
from misstep.limits import Limits
from misstep.model.facts import Kind
from misstep.model.result import Assessment
from misstep.model.rule import Action, Program, Rule, Source
from misstep.pipeline import assess as run_pipeline
from misstep.pipeline import conclude
from misstep.records import RecordLike, RecordReader
from misstep.rulebase.cache import shipped_program


class RuleBase:
    """Rule packs, loaded, checked and ready. Immutable; share one between as many threads as you like.

    >>> rulebase = RuleBase.load("my-rules/")
    >>> rulebase.assess([{"kind": "late_arrival", "minutes": 12}]).verdict
    """

    def __init__(self, program: Program, limits: Limits | None = None) -> None:
        self._program = program
        self._limits = limits or Limits()
        self._reader = RecordReader(program, self._limits)
        self._engine = CompiledEngine(program)
        self._explainer = Explainer(program)

    @classmethod
    def load(cls, *paths: str | Path, limits: Limits | None = None) -> RuleBase:
        """Load packs from files and folders; a later path may replace what an earlier one declares.

        Raises RuleError with every problem of every file, CallerError where a path does not exist.
        """
        from misstep.rulebase.link import load_program  # the shipped rules mostly do without it: see cache.py

        program, _ = load_program(paths, limits or Limits())
        return cls(program, limits)

    @classmethod
    def shipped(cls) -> RuleBase:
        """The rule base that comes with misstep, loaded once."""
        return _shipped()

    def assess(self, facts: RecordLike) -> Assessment:
        """Assess one interview: a record ``{"id": ..., "facts": [...]}``, or just its facts.

        Raises RecordError where the record is wrong, BudgetError where it asks for too much work.
        """
        return run_pipeline(self._reader.read(facts), self._program, self._engine, self._explainer, self._limits)

    def fired(self, facts: RecordLike) -> set[str]:
        """The ids of all rules that fire on a record, also of those whose advice the plan has no room for."""
        memory, _ = conclude(self._reader.read(facts), self._program, self._engine, self._limits)
        return memory.fired()

    @property
    def program(self) -> Program:
        """The checked rules, for tools."""
        return self._program

    @property
    def version(self) -> str:
        """The version that the packs state."""
        return self._program.version

    @property
    def digest(self) -> str:
        """SHA-256 of all that the packs say."""
        return self._program.digest

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kinds of facts, by name."""
        return dict(self._program.kinds)

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules, by id."""
        return dict(self._program.rules)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions, by id."""
        return dict(self._program.actions)

    @property
    def sources(self) -> dict[str, Source]:
        """The sources, by id."""
        return dict(self._program.sources)

    def rule_source(self, rule: str) -> str:
        """The Python source that a rule was compiled to."""
        return self._engine.source(rule)

    def record_schema(self) -> dict[str, Any]:
        """JSON Schema of the records that this rule base takes."""
        return self._reader.json_schema()

    def __repr__(self) -> str:
        return f"<RuleBase {self._program.name} {self.version}: {len(self._program.rules)} rules, {self.digest[:19]}>"


@cache
def _shipped() -> RuleBase:
    return RuleBase(shipped_program())


def assess(facts: RecordLike) -> Assessment:
    """Assess one interview with the shipped rule base.

    >>> assess([{"kind": "late_arrival", "minutes": 12}]).findings[0].severity_band
    """
    return _shipped().assess(facts)
