"""The public face: a rule base that assesses records, and ``assess`` with the shipped one."""

from __future__ import annotations

from functools import cache, cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal, get_args

from misstep.assessment import SCHEMA
from misstep.errors import InstallationError, UsageError, did_you_mean, printable
from misstep.evaluate.core import Core, core_fault, core_program, make_core
from misstep.limits import Limits
from misstep.rulebase.cache import kept

if TYPE_CHECKING:  # imported by the methods that need them: to ask the core needs none of them, and they are most of a start
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from misstep.analysis.calibration.agreement import Agreement
    from misstep.analysis.calibration.certainty_figures import CertaintyFigures
    from misstep.analysis.calibration.judged_cases import CasesLike
    from misstep.analysis.certainty import Certainty
    from misstep.analysis.changed_records import FieldUse
    from misstep.analysis.counterfactuals import Counterfactuals
    from misstep.analysis.explanation import Explanation
    from misstep.analysis.questions import Questions
    from misstep.analysis.reading.reader import StoryReader, Suggestion
    from misstep.analysis.trial_outcomes import Evaluate
    from misstep.analysis.what_if import WhatIf
    from misstep.analysis.why_not import WhyNot
    from misstep.assessment.assembly import Result
    from misstep.assessment.intake import Facts
    from misstep.assessment.pipeline import Pipeline
    from misstep.assessment.records import RecordLike, RecordReader
    from misstep.assessment.result import Assessment
    from misstep.assessment.session import Session
    from misstep.evaluate.python_engine import PythonEngine
    from misstep.language.facts import Kind
    from misstep.language.program import Action, Program, Rule, Source
    from misstep.language.words import Words

EngineName = Literal["auto", "core", "python", "durable"]
Detail = Literal["full", "findings", "scores"]
_DETAILS: dict[Detail, str] = {"full": "assess", "findings": "outline", "scores": "scores"}
"""What of an answer is given, and the method of the core that gives it."""


class RuleBase:
    """Rule packs, loaded, checked and ready. Immutable; share one between as many threads as you like.

    >>> rulebase = RuleBase.load("my-rules/")
    >>> rulebase.assess([{"kind": "late_arrival", "minutes": 12}]).verdict
    """

    def __init__(
        self,
        program: Program | Callable[[], Program],
        limits: Limits | None = None,
        words: Callable[[], Words] | None = None,
        files: tuple[str, ...] = (),
    ) -> None:
        """``program``: the checked rules, or what gives them when somebody first asks for them; ``words``: gives how people tell
        of its kinds; ``files``: those that were read for it."""
        self._given_program = program
        self._read_words = words
        self._limits = limits or Limits()
        self._files = files

    @classmethod
    def load(cls, *paths: str | Path, limits: Limits | None = None) -> RuleBase:
        """Load packs from files and folders; a later path may replace what an earlier one declares.

        Raises RuleError with every problem of every file, UsageError where a path does not exist.
        """
        from misstep.rulebase.link import load_program  # not needed for the cached shipped rules: see cache.py
        from misstep.rulebase.link_words import lazy_words

        limits = limits or Limits()
        program, merged = load_program(paths, limits)
        return cls(program, limits, lazy_words(program, merged, limits), merged.files)

    @classmethod
    def shipped(cls, limits: Limits | None = None) -> RuleBase:
        """The rule base that comes with misstep, loaded once; another one for each call with limits."""
        return _shipped() if limits is None else cls(_shipped_program, limits, _shipped_words)

    def assess(self, facts: RecordLike, engine: EngineName = "auto") -> Assessment:
        """Assess one interview: a record ``{"id": ..., "facts": [...]}``, or just its facts.

        ``engine``: all give the same answer, see docs/api.md; ``auto`` is ``core`` where it is installed, else ``python``. Raises
        RecordError where the record is wrong, BudgetError where it asks for too much work, UsageError where there is no such
        engine, InstallationError where it is not installed; EngineError with ``durable``.
        """
        core = self._core_of(engine)
        members = core.members(facts) if core is not None and isinstance(facts, dict | list) else None
        if members is not None:
            from misstep.assessment.result import read_lazily

            return read_lazily(members)
        return self._pipeline(engine).assess(self._reader.read(facts))

    def assess_json(self, record: bytes | str, engine: EngineName = "auto", detail: Detail = "full") -> bytes:
        """Assess one interview given as JSON, UTF-8; the answer as JSON, the same as ``assess(...).to_json()``.

        The fast path for services: no models are made in between. ``detail``: ``findings`` leaves out reasons and texts,
        ``scores`` findings and steps too. Raises what ``assess`` does, with line and column.
        """
        if detail not in _DETAILS:
            raise UsageError(f"detail: there is no '{printable(str(detail))[:60]}'; it is one of {', '.join(_DETAILS)}")
        core = self._core_of(engine)
        if core is not None:
            answer: bytes | None = getattr(core, _DETAILS[detail])(record)
            if answer is not None:
                return answer
        pipeline = self._pipeline(engine)
        result = pipeline.evaluate(self._reader.read_json(record))
        if detail == "full":
            return pipeline.to_json(result)
        from misstep.assessment.result import to_json

        return to_json(pipeline.outline(result) if detail == "findings" else pipeline.summarize(result))

    def evaluate(self, facts: RecordLike, engine: EngineName = "auto", id: str | None = None) -> Result:  # noqa: A002
        """The conclusions about one interview before they are put into words, for tools that need only some of them. ``id`` is
        used if the record has none. Raises as ``assess`` does."""
        return self._evaluate(self._reader.read(facts), engine, id)

    def evaluate_json(self, record: bytes | str, engine: EngineName = "auto", id: str | None = None) -> Result:  # noqa: A002
        """``evaluate`` for a record given as JSON. Raises as ``assess_json`` does."""
        return self._evaluate(self._reader.read_json(record), engine, id)

    def scores(self, result: Result) -> dict[str, Any]:
        """The answer of a result without its reasons: id, damage, band, verdict, outlook and so on."""
        return self._pipelines["python"].summarize(result)

    def outline(self, result: Result) -> dict[str, Any]:
        """The scores of a result with its findings and steps: numbers, words of the scale and ids, without reasons and texts."""
        return self._pipelines["python"].outline(result)

    def to_json(self, result: Result) -> bytes:
        """The whole assessment of a result as JSON: the same as ``assess_json`` gives."""
        return self._pipelines["python"].to_json(result)

    def session(self, id: str | None = None, engine: EngineName = "auto") -> Session:  # noqa: A002 - the field of a record
        """An interview as it unfolds: facts can be posted and retracted, and assessed at any time.

        Raises RecordError where the id is none.
        """
        from misstep.assessment.session import Session

        return Session(self._reader, self._pipeline(engine).assess, id)

    def fired(self, facts: RecordLike, engine: EngineName = "auto") -> set[str]:
        """The ids of all rules that fire on a record, also of those whose advice the plan has no room for."""
        memory, _ = self._pipeline(engine).conclude(self._reader.read(facts))
        return {rule.id for rule in memory.fired()}

    def explain(self, facts: RecordLike, engine: EngineName = "auto") -> Explanation:
        """The answer to one interview explained down to its facts: the rules behind every score, action and concluded fact, what
        they counted and what they found missing, decisive reasons first. Raises what ``assess`` does."""
        from misstep.analysis.explanation import explain_answer

        pipeline = self._pipeline(engine)
        result = pipeline.evaluate(self._reader.read(facts))
        return explain_answer(result, pipeline.word(result), pipeline.explainer)

    def why_not(self, facts: RecordLike, name: str, engine: EngineName = "auto") -> WhyNot:
        """Why a rule did not fire on an interview, or why an action is not in its plan: the first condition that failed, the
        facts that came nearest, and the values that it read of them.

        ``name``: the id of a rule or of an action. Raises UsageError where there is neither, and what ``assess`` does.
        """
        from misstep.analysis.why_not import why_no_action, why_no_rule

        rules, actions = self.program.rules, self.program.actions
        if name not in rules and name not in actions:
            hint = did_you_mean(name, [*rules, *actions])
            raise UsageError(f"there is no rule or action '{printable(name)[:60]}'{hint}")
        result = self.evaluate(facts, engine)
        return why_no_rule(rules[name], result) if name in rules else why_no_action(actions[name], result)

    def what_if(self, facts: RecordLike, changes: Mapping[str, object], engine: EngineName = "auto") -> WhatIf:
        """The answer with some fields changed, beside the answer as it is: ``{"late_arrival.minutes": 5}``, by the kind or the id
        of a fact; None leaves a field unsaid. Raises UsageError where a change cannot be made, and what ``assess`` does."""
        from misstep.analysis.what_if import find_what_if

        pipeline = self._pipeline(engine)
        return find_what_if(self._reader.read(facts), changes, self.program, pipeline.evaluate, pipeline.word)

    def counterfactuals(self, facts: RecordLike, engine: EngineName = "auto") -> Counterfactuals:
        """The changes that would have lowered the band of an interview, each of one fact, smallest first.

        The record is assessed with one change at a time, within ``Limits.alternatives``. Raises what ``assess`` does.
        """
        from misstep.analysis.counterfactuals import find_counterfactuals

        return find_counterfactuals(self._reader.read(facts), self._field_use, self._outcomes(engine), self._limits.alternatives)

    def certainty(self, facts: RecordLike, engine: EngineName = "auto") -> Certainty:
        """How certain the answer to an interview is: the range of damage over its open fields, and those that it depends on.

        The record is assessed some hundreds of times, within ``Limits.certainty``. Raises what ``assess`` does, and BudgetError
        if the record is too large for that.
        """
        return self._certainty(self._reader.read(facts), engine)

    def certainty_json(self, record: bytes | str, engine: EngineName = "auto") -> bytes:
        """``certainty`` from JSON to JSON. Raises as ``assess_json`` does."""
        return self._certainty(self._reader.read_json(record), engine).to_json()

    def suggest(self, text: str, *, of_interview: bool = False) -> list[Suggestion]:
        """The facts that a text may tell of, slips first, with the words that led to them; see docs/own-words.md.

        ``of_interview``: the text is known to be about an interview, as notes of one are; else one that does not say so gets
        lower scores.
        Nothing is assessed: show them to the person, who knows which are right. The list is empty where nothing is understood:
        the packs have words for English. The first call learns the words of the packs, which takes a few seconds; what is
        learnt is kept in the user's cache. Raises RecordError for a text that is too long, RuleError where the words of a pack
        are wrong.
        """
        return self._story_reader.suggest(text, self._limits.story, of_interview)

    def suggest_json(self, request: bytes | str) -> bytes:
        """``suggest`` from JSON to JSON: ``{"text": ...}`` in, ``{"suggestions": [...]}`` out. Raises RecordError, with line and
        column where it is no JSON, and as ``suggest`` does."""
        from misstep.analysis.reading.suggestions_json import read_request, to_json

        return to_json(self.suggest(read_request(request)))

    @cached_property
    def _story_reader(self) -> StoryReader:
        from misstep.analysis.reading.kept_index import index_of, shipped_index
        from misstep.analysis.reading.reader import StoryReader

        shipped = self._read_words is _shipped_words
        return StoryReader(shipped_index() if shipped else index_of(self.program, self.words))

    @cached_property
    def words(self) -> Words:
        """How people tell of its kinds. Raises RuleError where the words of a pack are wrong."""
        from misstep.language.words import Words

        return self._read_words() if self._read_words is not None else Words()

    def _certainty(self, facts: Facts, engine: str) -> Certainty:
        from misstep.analysis.certainty import find_certainty

        return find_certainty(facts, self._field_use, self._outcomes(engine), self._limits.certainty)

    def questions(self, facts: RecordLike, engine: EngineName = "auto") -> Questions:
        """The open fields of an interview as questions, the one whose answer changes most first, each with the reason to ask.

        The record is assessed some tens of times, within ``Limits.certainty``. Raises what ``assess`` does.
        """
        return self._questions(self._reader.read(facts), engine)

    def questions_json(self, record: bytes | str, engine: EngineName = "auto") -> bytes:
        """``questions`` from JSON to JSON. Raises as ``assess_json`` does."""
        return self._questions(self._reader.read_json(record), engine).to_json()

    def _questions(self, facts: Facts, engine: str) -> Questions:
        from misstep.analysis.questions import find_questions

        return find_questions(facts, self._field_use, self._outcomes(engine), self._limits.certainty)

    def _outcomes(self, engine: str) -> Evaluate:
        """What tries a record with some of its facts changed: the core, where an engine has one."""
        from misstep.analysis.trial_outcomes import CoreOutcomes, Outcome

        evaluate, core = self._pipeline(engine).evaluate, self._core_of(engine)

        def by_python(facts: Facts) -> Outcome:
            return Outcome.of(evaluate(facts))

        return by_python if core is None else CoreOutcomes(core, self.program, by_python)

    @cached_property
    def _field_use(self) -> FieldUse:
        from misstep.analysis.changed_records import FieldUse

        return FieldUse.of(self.program)

    def calibrate(
        self,
        cases: CasesLike,
        *more: str | Path,
        bases: Sequence[str] = (),
        min_confidence: int | None = None,
        worst: int = 5,
        engine: EngineName = "auto",
    ) -> Agreement:
        """How far these rules agree with experts: ``cases`` is a file of judged cases, a line each, or the cases themselves.

        With ``more`` files the cases of all are measured together, and those of each apart (``Agreement.by_set``). Only cases
        of the given bases and of at least the given confidence are measured, and the ``worst`` disagreements are listed with the
        rules behind them. Cases that are wrong are in ``Agreement.problems``; raises RecordError where none is right,
        UsageError where none is left to choose or a file does not exist.
        """
        from misstep.analysis.calibration.calibrate import RulesToJudge, Selection, calibrate

        self._pipeline(engine)  # a missing engine must not be reported for every case
        rules = RulesToJudge(self.program, lambda facts: self.assess(facts, engine), lambda facts: self.fired(facts, engine))
        return calibrate([cases, *more], rules, Selection(tuple(bases), min_confidence, worst))

    def measure_certainty(
        self, cases: CasesLike, *more: str | Path, seed: int = 1, engine: EngineName = "auto"
    ) -> CertaintyFigures:
        """How well ``certainty`` holds: ``cases`` as for ``calibrate``, of which only the records are read.

        Parts of every record are left out, chosen by the seed, and the certainty of the rest is compared with the full answer.
        Raises RecordError if no case is right, UsageError if a file does not exist or is given twice.
        """
        from misstep.analysis.calibration.certainty_figures import MeasuredRules, measure_certainty
        from misstep.analysis.trial_outcomes import Outcome

        self._pipeline(engine)
        rules = MeasuredRules(
            self.program,
            lambda facts: Outcome.of(self.evaluate(facts, engine)),
            lambda facts: self.certainty(facts, engine),
        )
        return measure_certainty([cases, *more], rules, seed)

    def case_schema(self) -> dict[str, Any]:
        """JSON Schema of a judged case, in the words of this rule base."""
        from misstep.analysis.calibration.judged_cases import case_schema

        return case_schema(self.program, self.record_schema())

    def _evaluate(self, facts: Facts, engine: EngineName, id_: str | None) -> Result:
        if id_ is not None and facts.id is None:
            from misstep.assessment.records import named

            facts = named(facts, id_)
        return self._pipeline(engine).evaluate(facts)

    @cached_property
    def core(self) -> Core | None:
        """The compiled core with these rules, for tools; None where misstep-core is not installed, or does not fit."""
        return None if isinstance(self._core, str) else self._core

    @cached_property
    def _core(self) -> Core | str:
        """The core with these rules, or why there is none."""
        if (fault := core_fault()) is not None:
            return fault
        read = partial(make_core, schema=SCHEMA)
        try:
            if self._given_program is _shipped_program:
                return kept("core", lambda: core_program(self.program, self._limits), read, content=repr(self._limits).encode())
            return read(core_program(self.program, self._limits))
        except ValueError as error:  # a word of the rule language that it does not know yet
            return f"the engine 'core' does not take these rules: {error}"

    def _core_of(self, engine: str) -> Core | None:
        """The core, where an engine has one. Raises InstallationError where it is asked for and is not there."""
        if engine == "core" and isinstance(self._core, str):
            raise InstallationError(self._core)
        return self.core if engine in ("auto", "core") else None

    def _pipeline(self, engine: str) -> Pipeline:
        """The pipeline in Python with an engine; for the core that of Python, whose answers are the same.

        Raises UsageError where there is no such engine, InstallationError where it is not installed.
        """
        if engine == "core":
            self._core_of(engine)  # who asks for it is told where it is missing, whatever is done with it
        pipeline = self._pipelines.get("python" if engine in ("auto", "core") else engine)
        if pipeline is None:
            if engine != "durable":
                known = ", ".join(get_args(EngineName))
                hint = did_you_mean(engine, get_args(EngineName)) if isinstance(engine, str) else ""
                raise UsageError(f"engine: there is no engine '{printable(str(engine))[:60]}'; it is one of {known}{hint}")
            from misstep.assessment.pipeline import Pipeline
            from misstep.evaluate.durable.engine import DurableEngine  # durable-rules is an extra

            made = Pipeline(self.program, DurableEngine(self.program), self._limits)
            pipeline = self._pipelines.setdefault(engine, made)
        return pipeline

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it was loaded from, which no tool should replace; none for the shipped one, or one that was pickled."""
        return self._files

    @property
    def limits(self) -> Limits:
        """The resource limits of this rule base."""
        return self._limits

    @cached_property
    def program(self) -> Program:
        """The checked rules, for tools."""
        return self._given_program() if callable(self._given_program) else self._given_program

    @cached_property
    def _reader(self) -> RecordReader:
        from misstep.assessment.records import RecordReader

        return RecordReader(self.program, self._limits)

    @cached_property
    def _python(self) -> PythonEngine:
        from misstep.evaluate.python_engine import PythonEngine

        return PythonEngine(self.program)

    @cached_property
    def _pipelines(self) -> dict[str, Pipeline]:
        """By the names of their engines."""
        from misstep.assessment.pipeline import Pipeline

        return {"python": Pipeline(self.program, self._python, self._limits)}

    @property
    def version(self) -> str:
        """The version stated in the packs."""
        return self.program.version

    @property
    def digest(self) -> str:
        """SHA-256 of the content of the packs."""
        return self.program.digest

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kinds of facts, by name."""
        return dict(self.program.kinds)

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules, by id."""
        return dict(self.program.rules)

    @property
    def actions(self) -> dict[str, Action]:
        """The actions, by id."""
        return dict(self.program.actions)

    @property
    def sources(self) -> dict[str, Source]:
        """The sources, by id."""
        return dict(self.program.sources)

    def rule_source(self, rule: str) -> str:
        """The Python source that a rule was compiled to."""
        return self._python.source(rule)

    def record_schema(self) -> dict[str, Any]:
        """JSON Schema of the records that this rule base takes."""
        return self._reader.json_schema()

    @cached_property
    def _packed(self) -> tuple[bytes, bytes]:
        """The linked rules, and the words: nothing for those of the shipped packs, which are there wherever misstep is."""
        import zlib

        from misstep.rulebase.program_json import dump_program, dump_words

        told = b"" if self._read_words is _shipped_words else zlib.compress(dump_words(self.words), 1)
        return zlib.compress(dump_program(self.program), 1), told

    def __reduce__(self) -> tuple[Callable[..., RuleBase], tuple[str, bytes, Limits, bytes]]:
        packed, told = self._packed
        return _restore, (self.digest, packed, self._limits, told)

    def __repr__(self) -> str:
        return f"<RuleBase {self.program.name} {self.version}: {len(self.program.rules)} rules, {self.digest[:19]}>"


@cache
def _shipped() -> RuleBase:
    return RuleBase(_shipped_program, words=_shipped_words)


def _shipped_program() -> Program:
    from misstep.rulebase.program_json import shipped_program

    return shipped_program()


def _shipped_words() -> Words:
    from misstep.rulebase.link_words import link_words, shipped_word_sources

    return link_words(_shipped_program(), shipped_word_sources(), Limits())


@lru_cache(maxsize=4)  # a pool of processes pickles a rule base once for each call
def _restore(digest: str, packed: bytes, limits: Limits, told: bytes = b"") -> RuleBase:
    """A rule base that was pickled: its linked rules and words, so the packs are not needed where it is restored.

    Raises InstallationError if another version of misstep pickled it.
    """
    import zlib

    from misstep.rulebase.program_json import read_program, read_words

    try:
        program = read_program(zlib.decompress(packed))
        words = read_words(zlib.decompress(told)) if told else None
    except (ValueError, LookupError, TypeError, zlib.error):
        raise InstallationError(
            f"the rule base {printable(digest)[:19]} was pickled by another version of misstep; use the same version at both ends"
        ) from None
    return RuleBase(program, limits, _shipped_words if words is None else lambda: words)


def assess(facts: RecordLike, engine: EngineName = "auto") -> Assessment:
    """Assess one interview with the shipped rule base.

    >>> assess([{"kind": "late_arrival", "minutes": 12}]).findings[0].severity_band
    """
    return _shipped().assess(facts, engine)


def assess_json(record: bytes | str, engine: EngineName = "auto") -> bytes:
    """Assess one interview given as JSON with the shipped rule base; the answer as JSON.

    >>> assess_json(b'[{"kind": "late_arrival", "minutes": 12}]')
    """
    return _shipped().assess_json(record, engine)


def counterfactuals(facts: RecordLike) -> Counterfactuals:
    """The changes that would have lowered the band of an interview, with the shipped rule base.

    >>> counterfactuals([{"kind": "late_arrival", "minutes": 40}]).changes[0].instead
    """
    return _shipped().counterfactuals(facts)


def certainty(facts: RecordLike) -> Certainty:
    """How certain the answer to an interview is, with the shipped rule base.

    >>> certainty([{"kind": "late_arrival"}]).depends_on[0].field
    """
    return _shipped().certainty(facts)


def suggest(text: str) -> list[Suggestion]:
    """The facts that a text may tell of, with the words of the shipped rule base.

    >>> suggest("I was twelve minutes late.")[0].fact
    """
    return _shipped().suggest(text)


def questions(facts: RecordLike) -> Questions:
    """The questions about an interview whose answers matter, with the shipped rule base.

    >>> questions([{"kind": "late_arrival", "minutes": 12}]).questions[0].text
    """
    return _shipped().questions(facts)


def calibrate(
    cases: CasesLike, *more: str | Path, bases: Sequence[str] = (), min_confidence: int | None = None, worst: int = 5
) -> Agreement:
    """How far the shipped rule base agrees with experts on the cases that they judged.

    >>> calibrate("judged.jsonl", min_confidence=2).figures.exact.value
    """
    return _shipped().calibrate(cases, *more, bases=bases, min_confidence=min_confidence, worst=worst)
