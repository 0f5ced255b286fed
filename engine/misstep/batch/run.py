"""Logged interviews in files in; files of scores out: planned into parts, scored by workers, journalled, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import orjson
import pyarrow as pa

from misstep.api import RuleBase
from misstep.batch.columns import SCHEMA, TableName
from misstep.batch.inputs import Reading, plan_parts, read_part
from misstep.batch.journal import Journal
from misstep.batch.outputs import OutputForm, form_of, join_parts, write_part
from misstep.batch.parts import Form, Part
from misstep.batch.scoring import Reject, Wanted, score_records
from misstep.batch.summary import EXAMPLES, Summary, Tally
from misstep.batch.workers import Processes, Workers
from misstep.errors import CallerError, RecordError
from misstep.files import whole_file


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker has to know besides the part: all of it is the same for a whole run."""

    folder: Path
    form: OutputForm
    rules: tuple[str, ...]
    digest: str
    wanted: Wanted
    reading: Reading


@dataclass(frozen=True, slots=True)
class Task:
    """One part to score."""

    job: Job
    part: Part

    def __str__(self) -> str:
        return f"{self.part.name} from row {self.part.row}"


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
    """What a run came to. ``files``: what was written, by table, and ``rejects`` where there are any; ``resumed``: parts that
    an earlier run had done."""

    files: dict[str, Path]
    interviews: int
    rejects: int
    resumed: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made. ``keep``: columns of the input to carry along; ``tables`` besides interviews; ``assessment``: a column with
    the whole assessment as JSON; ``form``, ``facts`` and ``id``: of the inputs, see ``Reading``; ``workers``: how many processes,
    else one for each core; ``max_rejects``: how many records may be wrong."""

    rules: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    tables: tuple[TableName, ...] = ()
    assessment: bool = False
    form: Form | None = None
    facts: str = "facts"
    id: str = "id"
    workers: int | None = None
    rejects: Path | None = None
    max_rejects: int | None = None
    overwrite: bool = False


def score_files(
    inputs: Sequence[str],
    output: Path,
    options: Options = Options(),
    progress: Callable[[Progress], None] = lambda _: None,
    workers: Workers | None = None,
) -> Outcome:
    """Score all interviews of the inputs into files. The output appears whole or not at all; a run that was stopped goes on where
    it was, if it is called in the same way.

    Raises CallerError where an input or the output makes no sense, RecordError where more than ``max_rejects`` records are
    wrong, RuleError, EngineError where a part kills its process.
    """
    form = form_of(output)
    rulebase = RuleBase.load(*options.rules) if options.rules else RuleBase.shipped()
    wanted = Wanted(options.keep, options.tables, options.assessment)
    journal = Journal(output, _identity(inputs, form, rulebase, options))
    if options.overwrite:
        journal.forget()
    elif output.exists() and not journal.folder.exists():
        raise CallerError(f"{output}: is there already; give --overwrite to replace it, or choose another name")
    with journal:
        reading = Reading(
            spool=journal.folder, keep=options.keep, form=options.form, facts=options.facts, id=options.id,
            kinds=tuple(rulebase.kinds.values()),
        )  # fmt: skip
        run = _Run(Job(journal.folder, form, options.rules, rulebase.digest, wanted, reading), journal, options, progress)
        for note in (workers or Processes(options.workers)).run(score_part, run.tasks(inputs)):
            run.took(note)
        outcome = run.put_together(output, rulebase, inputs)
    journal.forget()
    return outcome


def score_part(task: Task) -> dict[str, Any]:
    """Score one part into files of its own, and note that it is done."""
    job, part = task.job, task.part
    scored = score_records(read_part(part, job.reading), part.name, _rulebase(job.rules, job.digest), job.wanted)
    for table in scored.rows:
        with whole_file(_part_file(job, part.number, table)) as stream:
            write_part(scored.table(table, job.wanted), stream, job.form)
    with whole_file(_part_file(job, part.number, "rejects")) as stream:
        stream.writelines(orjson.dumps(_reject(r), option=orjson.OPT_APPEND_NEWLINE) for r in scored.rejects)
    note = {
        "number": part.number,
        "digest": part.digest,
        "interviews": len(scored.rows["interviews"]),
        "rejects": len(scored.rejects),
        "examples": [_reject(r) for r in scored.rejects[:EXAMPLES]],
        "tally": scored.tally.to_json(),
        "share": part.share,
    }
    with whole_file(job.folder / f"{part.number:08}.json") as stream:
        stream.write(orjson.dumps(note))
    _drop_spooled(part, job.folder)
    return note


def _drop_spooled(part: Part, folder: Path) -> None:
    """Take away what the planner wrote for one part; an input of the user's stays."""
    if Path(part.path).is_relative_to(folder):
        Path(part.path).unlink(missing_ok=True)


@lru_cache(maxsize=2)
def _rulebase(rules: tuple[str, ...], digest: str) -> RuleBase:
    """The rule base of a run, loaded once a process. Raises CallerError where it is not that of the run any more."""
    rulebase = RuleBase.load(*rules) if rules else RuleBase.shipped()
    if rulebase.digest != digest:
        raise CallerError("the rules have changed since the run began; begin anew with --overwrite")
    return rulebase


def _part_file(job: Job, number: int, table: str) -> Path:
    return job.folder / f"{number:08}.{table}"


def _reject(reject: Reject) -> dict[str, Any]:
    return {"file": reject.file, "row": reject.row, "problems": [str(problem) for problem in reject.problems]}


def _identity(inputs: Sequence[str], form: OutputForm, rulebase: RuleBase, options: Options) -> dict[str, str]:
    """What must be the same for a run to go on; what the inputs hold is compared part by part."""
    columns = orjson.dumps([SCHEMA, form, options.keep, options.tables, options.assessment, options.facts, options.id])
    return {
        "rules": rulebase.digest,
        "inputs": hashlib.sha256("\0".join([str(options.form), *inputs]).encode("utf-8", "surrogateescape")).hexdigest(),
        "columns": hashlib.sha256(columns).hexdigest(),
    }


class _Run:
    """The parts of a run on their way."""

    def __init__(self, job: Job, journal: Journal, options: Options, progress: Callable[[Progress], None]) -> None:
        self._job = job
        self._journal = journal
        self._options = options
        self._progress = progress
        self._notes: dict[int, dict[str, Any]] = {}
        self._interviews = self._rejects = self._resumed = self._resumed_interviews = 0
        self._share = 0.0

    def tasks(self, inputs: Sequence[str]) -> Iterator[Task]:
        """The parts that are not done yet; those that are, are counted."""
        for part in plan_parts(inputs, self._job.reading):
            note = self._journal.note(part.number)
            if note is None:
                yield Task(self._job, part)
                continue
            if note["digest"] != part.digest:
                raise CallerError(
                    f"{part.name}: has changed since the run began (from row {part.row} on); begin anew with --overwrite"
                )
            _drop_spooled(part, self._job.folder)
            self._resumed += 1
            self._resumed_interviews += note["interviews"]
            self.took(note)

    def took(self, note: dict[str, Any]) -> None:
        """Count a part that is done."""
        self._notes[note["number"]] = note
        self._interviews += note["interviews"]
        self._rejects += note["rejects"]
        self._share = max(self._share, note["share"])
        self._progress(
            Progress(self._interviews, self._interviews - self._resumed_interviews, self._rejects, self._share or None)
        )
        most = self._options.max_rejects
        if most is not None and self._rejects > most:
            raise RecordError(
                f"more than {most} records are wrong; what was scored is kept, and the run goes on from there once"
                " --max-rejects allows it"
            )

    def put_together(self, output: Path, rulebase: RuleBase, inputs: Sequence[str]) -> Outcome:
        """Write the whole files: what belongs to the output first, and the output itself last."""
        notes = [self._notes[number] for number in sorted(self._notes)]
        wanted, form = self._job.wanted, self._job.form
        files: dict[str, Path] = {"summary": output.with_name(output.name + ".summary.json")}
        if self._rejects or self._options.rejects is not None:
            files["rejects"] = self._options.rejects or beside(output, "rejects", ".jsonl")
        files |= {table: beside(output, table, output.suffix) for table in wanted.tables}
        files["interviews"] = output  # comes last: once it is there, all is there
        summary = Summary.of(
            rulebase,
            inputs,
            interviews=self._interviews,
            rejects=self._rejects,
            examples=[example for note in notes for example in note["examples"]][:EXAMPLES],
            tally=Tally.merged([Tally.from_json(note["tally"]) for note in notes]),
            keep=wanted.keep,
            tables={table: files[table].name for table in wanted.tables},
        )
        with whole_file(files["summary"]) as stream:
            stream.write(summary.to_json())
        for table, path in files.items():
            parts = [_part_file(self._job, note["number"], table) for note in notes]
            if table == "rejects":
                with whole_file(path) as stream:
                    join_parts(parts, pa.schema([]), stream, "jsonl")
            elif table != "summary":
                schema = wanted.schema(cast(TableName, table)).with_metadata({b"misstep": summary.to_json()})
                with whole_file(path) as stream:
                    join_parts(parts, schema, stream, form)
        return Outcome(files, self._interviews, self._rejects, self._resumed, summary)


def beside(output: Path, table: TableName | str, suffix: str) -> Path:
    """Where a table is written that belongs to an output: ``scores.findings.parquet`` beside ``scores.parquet``."""
    return output.with_name(f"{output.stem}.{table}{suffix}")
