"""Logged interviews in; their scores out, in files or a database: planned into parts, scored by workers, put together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from misstep.api import RuleBase
from misstep.batch.baseline import Comparison
from misstep.batch.columns import SCHEMA, TableName, Wanted
from misstep.batch.databases import shown_input
from misstep.batch.forms import join_bytes
from misstep.batch.inputs import Reading, plan_parts
from misstep.batch.journal import BASELINE, COLUMN_VERSION, RULES, VERSION, Journal, is_begun, part_file
from misstep.batch.outputs import Output, output_of, refuse_among_inputs, refuse_written
from misstep.batch.parts import Form
from misstep.batch.results import Scores, read_scores
from misstep.batch.summary import EXAMPLES, Summary, Tally, version_of_misstep
from misstep.batch.tasks import Job, Task, score_part
from misstep.batch.workers import workers_of
from misstep.errors import RecordError, UsageError, printable
from misstep.files import discard_torn, place, refuse_unreached, whole_file
from misstep.rulebase.cache import dump_program

StrPath = str | os.PathLike[str]
Then = Callable[[Scores], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``scored``: interviews that this run has scored itself; ``share``: of the input, from 0 to 1, if it is
    known."""

    interviews: int
    scored: int
    rejects: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. ``files``: what was written, by table, and ``rejects`` and ``baseline`` where there are any;
    ``resumed``: interviews that an earlier run had scored; ``comparison``: with the baseline, if one was given."""

    files: dict[str, str]
    interviews: int
    rejects: int
    resumed: int
    summary: Summary
    comparison: Comparison | None = None


def score(
    inputs: StrPath | Sequence[StrPath],
    output: StrPath,
    *,
    rules: RuleBase | None = None,
    baseline: RuleBase | None = None,
    keep: Sequence[str] = (),
    tables: Sequence[TableName] = (),
    assessment: bool = False,
    certainty: bool = False,
    input_format: Form | None = None,
    facts: str = "facts",
    id: str = "id",  # noqa: A002 - the field of a record
    workers: int | None = None,
    on: str | None = None,
    rejects: StrPath | None = None,
    max_rejects: int | None = None,
    journal: StrPath | None = None,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
    then: Then | None = None,
) -> Outcome:
    """Score all interviews of the inputs into files or tables of a database, as ``misstep score`` does.

    ``inputs``: files, folders, patterns, URLs of databases, ``-`` for standard input. ``baseline``: rules to compare with.
    ``keep``: columns of the input to carry along. ``tables``: ``findings`` and ``actions``, besides interviews. ``assessment``: a
    column with the whole assessment as JSON; ``certainty``: columns that say how certain it is. ``input_format``: form of all
    inputs. ``facts``, ``id``: the columns of tables.
    ``workers``: how many processes, else one for each core; 1: this one. ``on``: a cluster instead, ``dask://host:port``.
    ``rejects``: where records go that are wrong, else beside the output; ``max_rejects``: how many there may be. ``journal``: the
    folder that is kept until the run is finished, else beside the output. ``progress``, if given, is told how far it is, and
    ``then`` what was written, before the run counts as finished.

    The output appears whole or not at all. A run that was stopped goes on where it was, if it is called in the same way.

    Raises UsageError where an input, the output or the journal makes no sense, RecordError where more than ``max_rejects``
    records are wrong, EngineError where a part takes its process with it, OSError where nothing can be written.
    """
    names = [os.fspath(inputs)] if isinstance(inputs, str | os.PathLike) else [os.fspath(name) for name in inputs]
    rulebase = rules or RuleBase.shipped()
    wanted = Wanted(tuple(keep), tuple(t for t in ("findings", "actions") if t in tables), assessment, certainty)
    _refuse_names(wanted)
    target = output_of(os.fspath(output))
    folder = target.journal() if journal is None else place(journal)
    rejected = target.beside("rejects.jsonl") if rejects is None else place(rejects)
    compared = target.beside("baseline.json")
    beside = [compared, rejected] if baseline else [rejected]
    refuse_among_inputs(target, [*target.files(wanted.tables), *beside, folder], names)
    hands = workers_of(on, workers, folder)
    for path in (folder, rejected):
        refuse_unreached(path)
    if not is_begun(folder):  # of a run that goes on, some may be there
        target.check(wanted, overwrite)
        refuse_written(beside, overwrite)
    identity = {
        RULES: rulebase.digest,
        BASELINE: baseline.digest if baseline else "",
        "inputs": _digest([input_format, names]),
        "columns": _digest([target.form, wanted.keep, wanted.tables, assessment, certainty, facts, id]),
        VERSION: version_of_misstep(),
        COLUMN_VERSION: str(SCHEMA),
    }
    with Journal(folder, identity, overwrite) as kept:
        for name, one in ((RULES, rulebase), (BASELINE, baseline)):
            if one is not None:
                with whole_file(kept.parts / name) as stream:
                    stream.write(dump_program(one.program))
        parts = kept.parts.absolute()  # as workers elsewhere see it
        reading = Reading(
            spool=parts, keep=wanted.keep, form=input_format, facts=facts, id=id, kinds=tuple(rulebase.kinds.values()),
            part_bytes=PART_BYTES // (100 if certainty else 4 if assessment else 1), limits=rulebase.limits,
        )  # fmt: skip
        job = Job(parts, target.form, wanted, replace(reading, kinds=()), baseline is not None)
        run = _Run(job, reading, kept, max_rejects, overwrite, progress)
        for note in hands.run(score_part, run.tasks(names)):
            run.took(note)
        outcome = run.put_together(target, rejected, rejects is not None, compared, rulebase, names)
        if then is not None:
            then(read_scores(target.result(kept.parts)))
        kept.forget()
    return outcome


PART_BYTES = 4_000_000  # of lines: some thousand interviews, done again within a second or two


def _refuse_names(wanted: Wanted) -> None:
    """Raise UsageError where a column that is to be kept would be there twice."""
    names = wanted.schema("interviews").names
    for name in wanted.keep:
        if names.count(name) > 1:
            raise UsageError(f"keep: the result would have the column '{printable(name)}' twice; rename it in the input")


def _digest(data: Any) -> str:
    return hashlib.sha256(repr(data).encode("utf-8", "surrogateescape")).hexdigest()


class _Run:
    """The parts of a run on their way. What is kept of each is its number; the rest is added up, in any order."""

    def __init__(
        self,
        job: Job,
        reading: Reading,
        journal: Journal,
        max_rejects: int | None,
        overwrite: bool,
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self._job = job
        self._reading = reading
        self._journal = journal
        self._max_rejects = max_rejects
        self._overwrite = overwrite
        self._progress = progress
        self._spooled: dict[int, Path] = {}
        self._numbers: list[int] = []
        self._examples: list[tuple[int, dict[str, Any]]] = []
        self._tally = Tally()
        self._comparison: Comparison | None = None
        self._interviews = self._rejects = self._resumed = 0
        self._share = 0.0

    def tasks(self, inputs: Sequence[str]) -> Iterator[Task]:
        """The parts that are not done yet; those that are, are counted."""
        for part in plan_parts(inputs, self._reading):
            if part.path.startswith(f"{self._job.folder}/"):
                self._spooled[part.number] = place(part.path)
            note = self._journal.note(part.number)
            if note is not None and note["digest"] != part.digest:
                if not self._overwrite:
                    raise UsageError(
                        f"{printable(part.name)}: has changed since the run began, from row {part.row} on; give --overwrite to"
                        " score it as it is now"
                    )
                note = None
            if note is None:
                yield Task(self._job, part)
                continue
            self._resumed += note["interviews"]
            self.took(note)

    def took(self, note: dict[str, Any]) -> None:
        """Count a part that is done, and take away what the planner wrote for it: not before, as it may be done twice."""
        number = note["number"]
        if spooled := self._spooled.pop(number, None):
            spooled.unlink(missing_ok=True)
        self._numbers.append(number)
        self._examples = sorted([*self._examples, *((number, e) for e in note["examples"])], key=itemgetter(0))[:EXAMPLES]
        self._tally = Tally.merged([self._tally, Tally.from_json(note["tally"])])
        if note["comparison"] is not None:
            comparison = Comparison.from_json(note["comparison"])
            if self._comparison is not None:
                comparison.merge(self._comparison)
            self._comparison = comparison
        self._interviews += note["interviews"]
        self._rejects += note["rejects"]
        self._share = max(self._share, note["share"])
        if self._progress is not None:
            self._progress(Progress(self._interviews, self._interviews - self._resumed, self._rejects, self._share or None))
        if self._max_rejects is not None and self._rejects > self._max_rejects:
            raise RecordError(
                f"more than {self._max_rejects} records are wrong, the most that --max-rejects allows; what is scored is kept:"
                " with a higher one the run goes on from there"
            )

    def put_together(
        self, target: Output, rejects: Path, always: bool, compared: Path, rulebase: RuleBase, inputs: Sequence[str]
    ) -> Outcome:
        """Write whole files: what belongs to the output first, and the output itself last. ``always``: also no rejects."""
        wanted, folder = self._job.wanted, self._job.folder

        def parts(table: str) -> list[Path]:
            return [part_file(folder, number, table) for number in sorted(self._numbers)]

        summary = Summary.of(
            rulebase,
            [shown_input(name) for name in inputs],
            interviews=self._interviews,
            rejects=self._rejects,
            examples=[example for _, example in self._examples],
            tally=self._tally,
            keep=wanted.keep,
            tables=target.further(wanted.tables),
        )
        for file in (*target.files(wanted.tables), rejects, compared):
            discard_torn(file)
        files: dict[str, str] = {}
        if self._rejects or always:
            with whole_file(rejects) as stream:
                join_bytes(parts("rejects"), stream)
            files["rejects"] = str(rejects)
        else:
            rejects.unlink(missing_ok=True)  # of a run before, which is replaced
        if self._comparison is not None:
            with whole_file(compared) as stream:
                stream.write(orjson.dumps(self._comparison.to_json(), option=orjson.OPT_INDENT_2) + b"\n")
            files["baseline"] = str(compared)
        files |= target.write(parts, wanted, summary, folder)
        return Outcome(files, self._interviews, self._rejects, self._resumed, summary, self._comparison)
