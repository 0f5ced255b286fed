"""Logged interviews in files in; files of scores out: planned into parts, scored by workers, journalled, put together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from misstep.api import RuleBase
from misstep.batch.columns import SCHEMA, TABLES, TableName
from misstep.batch.inputs import Reading, plan_parts, read_part
from misstep.batch.journal import Journal
from misstep.batch.outputs import OutputForm, form_of, join_parts, write_part
from misstep.batch.parts import Part
from misstep.batch.scoring import Reject, Wanted, score_records
from misstep.batch.summary import Summary, Tally
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


def score(
    inputs: Sequence[str | Path],
    output: str | Path,
    *,
    rules: Sequence[str | Path] = (),
    wanted: Wanted = Wanted(),
    reading: Callable[[Path], Reading] = lambda spool: Reading(spool=spool),
    workers: Workers | None = None,
    rejects: Path | None = None,
    max_rejects: int | None = None,
    overwrite: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Score all interviews of the inputs into files. The output appears whole or not at all; a run that was stopped goes on where
    it was, if it is called in the same way.

    Raises CallerError where an input or the output makes no sense, RecordError where more than ``max_rejects`` records are
    wrong, RuleError, EngineError where a part kills its worker.
    """
    output = Path(output)
    form = form_of(output)
    rulebase = RuleBase.load(*rules) if rules else RuleBase.shipped()
    journal = Journal(output, _identity(inputs, form, rulebase, wanted))
    if overwrite:
        journal.forget()
    elif output.exists() and not journal.folder.exists():
        raise CallerError(f"{output}: is there already; give --overwrite to replace it, or choose another name")
    with journal:
        job = Job(journal.folder, form, tuple(map(str, rules)), rulebase.digest, wanted, reading(journal.folder))
        run = _Run(job, journal, max_rejects, progress)
        for note in (workers or Processes()).run(score_part, run.tasks(map(str, inputs))):
            run.took(note)
        outcome = run.put_together(output, rejects, rulebase, [str(i) for i in inputs])
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
    return note


EXAMPLES = 20


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


def _identity(inputs: Sequence[str | Path], form: OutputForm, rulebase: RuleBase, wanted: Wanted) -> dict[str, str]:
    """What must be the same for a run to go on."""
    columns = orjson.dumps([SCHEMA, form, wanted.keep, wanted.tables, wanted.assessment])
    return {
        "rules": rulebase.digest,
        "input": hashlib.sha256("\0".join(map(str, inputs)).encode("utf-8", "surrogateescape")).hexdigest(),
        "columns": hashlib.sha256(columns).hexdigest(),
    }


class _Run:
    """The parts of a run on their way."""

    def __init__(self, job: Job, journal: Journal, max_rejects: int | None, progress: Callable[[Progress], None]) -> None:
        self._job = job
        self._journal = journal
        self._max_rejects = max_rejects
        self._progress = progress
        self._notes: dict[int, dict[str, Any]] = {}
        self._interviews = self._rejects = self._resumed = self._resumed_interviews = 0
        self._share = 0.0

    def tasks(self, inputs: Iterable[str]) -> Iterator[Task]:
        """The parts that are not done yet; those that are, are counted."""
        for part in plan_parts(list(inputs), self._job.reading):
            note = self._journal.note(part.number)
            if note is None:
                yield Task(self._job, part)
                continue
            if note["digest"] != part.digest:
                raise CallerError(
                    f"{part.name}: has changed since the run began (from row {part.row} on); begin anew with --overwrite"
                )
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
        if self._max_rejects is not None and self._rejects > self._max_rejects:
            raise RecordError(
                f"more than {self._max_rejects} records are wrong; what was scored is kept, and the run goes on from there once"
                " --max-rejects allows it"
            )

    def put_together(self, output: Path, rejects: Path | None, rulebase: RuleBase, inputs: list[str]) -> Outcome:
        """Write the whole files: what belongs to the output first, and the output itself last."""
        notes = [self._notes[number] for number in sorted(self._notes)]
        wanted, form = self._job.wanted, self._job.form
        summary = Summary.of(
            rulebase,
            inputs,
            interviews=self._interviews,
            rejects=self._rejects,
            examples=[example for note in notes for example in note["examples"]][:EXAMPLES],
            tally=Tally.merged([Tally.from_json(note["tally"]) for note in notes]),
            keep=wanted.keep,
        )
        files: dict[str, Path] = {}
        if self._rejects or rejects is not None:
            files["rejects"] = rejects or beside(output, "rejects", ".jsonl")
            with whole_file(files["rejects"]) as stream:
                join_parts([_part_file(self._job, n["number"], "rejects") for n in notes], pa.schema([]), stream, "jsonl")
        files["summary"] = output.with_name(output.name + ".summary.json")
        with whole_file(files["summary"]) as stream:
            stream.write(summary.to_json())
        for table in reversed([t for t in TABLES if t == "interviews" or t in wanted.tables]):
            files[table] = output if table == "interviews" else beside(output, table, output.suffix)
            schema = wanted.schema(table).with_metadata({b"misstep": summary.to_json()})
            with whole_file(files[table]) as stream:
                join_parts([_part_file(self._job, n["number"], table) for n in notes], schema, stream, form)
        return Outcome(files, self._interviews, self._rejects, self._resumed, summary)


def beside(output: Path, table: TableName | str, suffix: str) -> Path:
    """Where a table is written that belongs to an output: ``scores.findings.parquet`` beside ``scores.parquet``."""
    return output.with_name(f"{output.stem}.{table}{suffix}")
