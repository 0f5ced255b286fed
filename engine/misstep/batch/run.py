"""Logged interviews in; their scores out, in files or a database: planned into parts, scored by workers, joined."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from misstep.__about__ import __version__
from misstep.analysis.reading import READ
from misstep.api import RuleBase
from misstep.assessment.result import RuleBaseInfo
from misstep.batch.baseline import Comparison
from misstep.batch.columns import SCHEMA, OutputOptions, TableName
from misstep.batch.databases import shown_input
from misstep.batch.forms import join_bytes, join_once
from misstep.batch.history import AddedRun, History, SourcePart
from misstep.batch.inputs import Reading, plan_parts, read_part
from misstep.batch.journal import (
    BASELINE,
    COLUMN_VERSION,
    RULES,
    VERSION,
    WORDS,
    Journal,
    PartNote,
    check_journal,
    is_begun,
    part_file,
)
from misstep.batch.loading import DatabaseOutput
from misstep.batch.mapping.mapping_coverage import LogCoverage
from misstep.batch.outputs import (
    GrowingOutput,
    Output,
    check_no_input,
    check_writable,
    growing_output_of,
    output_of,
    refuse_equal,
)
from misstep.batch.parts import Decimal, InputForm, Logged, Part, SourceRemark
from misstep.batch.results import Scores, read_scores
from misstep.batch.score_batch import id_of
from misstep.batch.seen_ids import SeenIds, digests
from misstep.batch.summary import EXAMPLES, MappingCoverage, Summary, Tally
from misstep.batch.tasks import IDS, Job, RejectLine, Task, at_hand, common_faults, reasons, score_part
from misstep.batch.workers import Alone, Processes, TaskRunner
from misstep.errors import InstallationError, RecordError, UsageError, printable
from misstep.files import discard_torn, is_utf_8, opened, place, place_to_write, refuse_unreached, whole_file
from misstep.limits import FIXED
from misstep.rulebase.program_json import dump_program, dump_words

if TYPE_CHECKING:
    from misstep.batch.mapping.row_mapping import RowMapping

StrPath = str | os.PathLike[str]
Then = Callable[[Scores], None]


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a run. ``scored``: interviews scored since it resumed; ``share``: of the input, from 0 to 1, if known."""

    interviews: int
    scored: int
    rejects: int
    share: float | None


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of a run. ``files``: the files written, by table, and ``rejects`` and ``baseline`` if there are any;
    ``resumed``: interviews scored before it resumed; ``comparison``: with the baseline, if one was given; ``present``: interviews
    of the inputs that were in the result already, where the run adds to one."""

    files: dict[str, str]
    interviews: int
    rejects: int
    resumed: int
    summary: Summary
    comparison: Comparison | None = None
    present: int = 0


def score(
    inputs: StrPath | Sequence[StrPath],
    output: StrPath,
    *,
    rules: RuleBase | None = None,
    baseline: RuleBase | None = None,
    mapping: RowMapping | None = None,
    keep: Sequence[str] = (),
    ignore: Sequence[str] = (),
    tables: Sequence[TableName] = (),
    assessment: bool = False,
    certainty: bool = False,
    from_notes: str | None = None,
    notes_score: float = READ,
    input_format: InputForm | None = None,
    facts: str = "facts",
    id: str = "id",  # noqa: A002 - the field of a record
    encoding: str | None = None,
    delimiter: str | None = None,
    decimal: Decimal | None = None,
    null: Sequence[str] = (),
    workers: int | None = None,
    on: str | None = None,
    rejects: StrPath | None = None,
    max_rejects: int | None = None,
    journal: StrPath | None = None,
    overwrite: bool = False,
    append: bool = False,
    fail_empty: bool = False,
    unique: bool = False,
    progress: Callable[[Progress], None] | None = None,
    then: Then | None = None,
    writes: Sequence[StrPath] = (),
) -> RunResult:
    """Score all interviews of the inputs into files or tables of a database, as ``misstep score`` does.

    ``inputs``: files, folders, patterns, URLs of databases, ``-`` for standard input. ``baseline``: rules to compare with.
    ``mapping``: from the columns of the inputs to facts; it says what is kept and ignored.
    ``keep``: columns of the input to carry along; ``ignore``: those never to read, ``*`` for all others. ``tables``: ``findings``
    and ``actions``, besides interviews. ``assessment``: a column with the whole assessment as JSON; ``certainty``: columns about
    how certain it is. ``from_notes``: a column of text to read for facts, from suggestions with at least ``notes_score``.
    ``input_format``: of all inputs. ``facts``, ``id``: the columns of tables. ``encoding`` of text,
    ``delimiter`` and ``decimal`` of CSV, else found out; ``null``: cells that say nothing.
    ``workers``: number of processes, else one for each core, or this one for a log of one part; 1: this one. ``on``: a cluster
    instead, ``dask://host:port``.
    ``rejects``: file of invalid records, else beside the output; ``max_rejects``: their limit. ``journal``: folder of the
    checkpoints, else beside the output. ``append``: what the output, a folder of files or a table, has not yet is added to it,
    by the parts of the inputs and the ids of interviews. ``fail_empty``: no interviews are an error. ``unique``: of interviews
    with the same id only the first is scored. ``progress`` is called after each part, ``then`` with the scores before the run
    counts as finished; ``writes``: the files that it writes.

    The output appears whole or not at all. The same call resumes an interrupted run.

    Raises UsageError about a wrong input, output or journal, RuleError about wrong words where notes are read, RecordError where
    more than ``max_rejects`` records are invalid, or all of them for one reason, EngineError where a part kills its process every
    time, OSError where nothing can be written.
    """
    names = [os.fspath(inputs)] if isinstance(inputs, str | os.PathLike) else [os.fspath(name) for name in inputs]
    rulebase = rules or RuleBase.shipped()
    if mapping is not None and (keep or ignore):
        raise UsageError("the mapping says which columns are kept and which are ignored; --keep and --ignore do not go with it")
    kept_columns = tuple(keep) if mapping is None else mapping.keep
    further: tuple[TableName, ...] = tuple(t for t in ("findings", "actions") if t in tables)
    notes = () if from_notes is None else (from_notes,)
    wanted = OutputOptions(kept_columns, further, assessment, certainty, bool(notes))
    _check_names(wanted, {*ignore}, {facts, id}, notes)
    words = dump_words(rulebase.words) if notes else b""
    growing = growing_output_of(os.fspath(output)) if append else None
    if append and baseline is not None:
        raise UsageError("--append does not go with --baseline, which compares whole logs")
    if append and journal is not None:
        raise UsageError("--append does not go with --journal: beside the output it keeps two runs from adding at a time")
    target = growing or output_of(os.fspath(output))
    unique = unique or append
    folder = target.journal() if journal is None else place_to_write(journal)
    rejected = target.beside("rejects.jsonl") if rejects is None else place_to_write(rejects)
    compared = target.beside("baseline.json")
    beside = [compared, rejected] if baseline else [rejected]
    files = [*target.files(wanted.tables), *beside, *map(place_to_write, writes)]
    read = [*rulebase.files, *(baseline.files if baseline else ()), *((mapping.file,) if mapping else ())]
    check_no_input(target, [*files, folder], [*names, *read])
    refuse_equal([*files, *map(Path, target.database.files)] if isinstance(target, DatabaseOutput) else files)
    runner = workers_of(on, workers, folder)
    for path in (folder, rejected):
        refuse_unreached(path)
    check_journal(folder)
    if not is_begun(folder):  # of a run that goes on, some may be there
        target.check(wanted, overwrite)
        check_writable([path for path in beside if path.parent != folder], overwrite or append)
    identity = {
        RULES: rulebase.digest,
        BASELINE: baseline.digest if baseline else "",
        "inputs": _digest([input_format, names]),
        "columns": _digest([target.form, wanted.keep, wanted.tables, assessment, certainty, facts, id]),
        "options of its inputs": _digest(
            [encoding, delimiter, decimal, tuple(null), tuple(ignore), unique, mapping and mapping.digest]
            + ([from_notes, notes_score, words] if notes else [])
        ),
        VERSION: __version__,
        COLUMN_VERSION: str(SCHEMA),
    }
    with Journal(folder, identity, overwrite) as kept, closing(SeenIds()) as seen:
        for name, one in ((RULES, rulebase), (BASELINE, baseline)):
            if one is not None:
                with whole_file(kept.parts / name) as stream:
                    stream.write(_dumped(one))
        if notes:
            with whole_file(kept.parts / WORDS) as stream:
                stream.write(words)
        parts = kept.parts.absolute()  # as workers elsewhere see it
        reading = Reading(
            spool=parts,
            keep=(*wanted.keep, *notes),
            notes=from_notes,
            ignore=tuple(ignore),
            form=input_format,
            facts=facts,
            id=id,
            encoding=encoding,
            delimiter=delimiter,
            decimal=decimal,
            null=tuple(null),
            kinds=tuple(rulebase.kinds.values()),
            part_bytes=PART_BYTES // (100 if certainty else 4 if assessment else 1),
            limits=rulebase.limits,
        )
        job = Job(parts, target.form, wanted, replace(reading, kinds=()), baseline is not None, notes_score)
        comparison = Comparison.between(baseline, rulebase) if baseline else None
        history = _history(growing, rulebase, wanted, seen) if growing else History()
        run = _Run(job, reading, kept, history, comparison, max_rejects, overwrite, append, progress, unique, seen, mapping)
        used = {parts / RULES: rulebase} | ({parts / BASELINE: baseline} if baseline else {})
        with at_hand({file: rules for file, rules in used.items() if rules.limits == reading.limits}):
            for note in runner.run(score_part, run.tasks(names)):
                run.record(note)
                if run.unknown:
                    break
        if refused := run.refused(fail_empty):
            kept.forget()
            raise RecordError(refused)
        outcome = run.finish(target, rejected, rejects is not None, compared, rulebase, names)
        if then is not None:
            then(read_scores(target.result(kept.parts)))
        kept.forget()
    return outcome


def workers_of(on: str | None, count: int | None, folder: Path) -> TaskRunner:
    """A cluster, if one is named; else this process, if one is wanted; else as many as there are cores. ``folder``: in which
    tasks read and write.

    Raises UsageError where the cluster cannot be used, InstallationError without Dask.
    """
    if on is None:
        return Alone() if count == 1 else Processes(count)
    if count is not None:
        raise UsageError("give a number of processes or a cluster, not both; a cluster has its own workers")
    try:
        from misstep.batch.cluster import Cluster  # an extra that few need, and takes a second
    except ImportError:
        raise InstallationError("a cluster of Dask needs distributed: pip install 'misstep[dask]'") from None
    return Cluster(on, folder)


def _history(output: GrowingOutput, rulebase: RuleBase, wanted: OutputOptions, seen: SeenIds) -> History:
    """What an output holds so far, its ids among those that were seen. Raises UsageError where the run does not fit to it."""
    history = output.history(wanted)
    program = rulebase.program
    history.check(output.name, RuleBaseInfo(name=program.name, version=program.version, digest=program.digest), wanted)
    if history.runs:
        output.mark_seen(seen)
    return history


PART_BYTES = FIXED.part_bytes  # of lines: some thousand interviews, done again within a second or two


def _check_names(wanted: OutputOptions, ignore: set[str], needed: set[str], notes: tuple[str, ...]) -> None:
    """Raise UsageError about duplicate columns, those that are both to be read and not to be read, and names that are no text."""
    for name in (*wanted.keep, *ignore, *needed, *notes):
        if not is_utf_8(name):
            raise UsageError(f"the name of a column is not UTF-8 text: '{printable(name)}'")
    if "" in wanted.keep:
        raise UsageError("keep: an empty name is no column; name columns as in team,month")
    if "" in notes:
        raise UsageError("from_notes: an empty name is no column; name one with text in people's words")
    if stated := needed.intersection(notes):
        raise UsageError(
            f"from_notes: the column '{printable(stated.pop())}' is read as it is; name one with text in people's words"
        )
    needed |= {*notes}
    if both := sorted(ignore & {*wanted.keep, *needed}):
        raise UsageError(f"ignore: the column '{printable(both[0])}' is to be read as well")
    names = wanted.schema("interviews").names
    for name in wanted.keep:
        if names.count(name) > 1:
            raise UsageError(f"keep: the result would have the column '{printable(name)}' twice; rename it in the input")


@lru_cache(maxsize=2)
def _dumped(rulebase: RuleBase) -> bytes:
    """The rules as workers read them."""
    return dump_program(rulebase.program)


def _lines(part: Path) -> Iterator[RejectLine]:
    with opened(part) as stream:
        yield from map(orjson.loads, stream)


def _digest(data: object) -> str:
    return hashlib.sha256(repr(data).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(slots=True)
class _Run:
    """A run in progress. Of each part that is done only the number is kept; the rest is added up, in any order."""

    job: Job
    reading: Reading
    journal: Journal
    history: History
    comparison: Comparison | None
    max_rejects: int | None
    overwrite: bool
    append: bool
    progress: Callable[[Progress], None] | None
    unique: bool
    seen: SeenIds
    mapping: RowMapping | None
    coverage: LogCoverage = field(default_factory=LogCoverage)
    spooled: dict[int, Path] = field(default_factory=dict)
    shares: dict[int, float] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    sources: dict[int, SourcePart] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    unknown: str = ""
    examples: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    interviews: int = 0
    rejects: int = 0
    resumed: int = 0
    duplicates: int = 0
    skipped: int = 0
    common: list[str] | None = None
    share: float = 0.0
    remarks: list[SourceRemark] = field(default_factory=list)

    def tasks(self, inputs: Sequence[str]) -> Iterator[Task]:
        """The parts that are still to be done; the others are counted."""
        planned = 0.0
        for part in plan_parts(inputs, self.reading, self.remarks, self.mapping, self.coverage):
            self.shares[part.number], planned = max(part.share - planned, 0.0), max(part.share, planned)
            if part.path.startswith(f"{self.job.folder}/"):
                self.spooled[part.number] = place(part.path)
            present = self.history.interviews(part)
            if present is not None:
                self.skipped += present
                self._done(part.number)
                continue
            if self.history.differs(part):
                self.replaced.add(part.name)
            left_out = self._left_out(part) if self.unique else frozenset()
            if not part.fault:
                self.sources[part.number] = SourcePart(part.name, part.row, part.digest, len(left_out))
            if left_out:  # what is left out depends on the parts before
                part = replace(part, digest=_digest([part.digest, sorted(left_out)]))
            note = self.journal.note(part.number)
            if note is not None and note["digest"] != part.digest:
                if not self.overwrite and not self.append:
                    raise UsageError(
                        f"{printable(part.name)}: has changed since the run began, from row {part.row} on; give --overwrite to"
                        " score it as it is now"
                    )
                note = None
            if note is None:
                yield Task(self.job, part, left_out)
                continue
            self.resumed += note["interviews"]
            self.record(note)

    def _left_out(self, part: Part) -> frozenset[int]:
        """The rows of a part whose ids were there before."""
        found = [(read.row, id_of(read)) for read in read_part(part, self.reading) if isinstance(read, Logged)]
        named = [row for row, id_ in found if id_ is not None]
        fresh = self.seen.add(digests(id_ for _, id_ in found))
        self.duplicates += fresh.count(False)
        return frozenset(row for row, new in zip(named, fresh, strict=True) if not new)

    def record(self, note: PartNote) -> None:
        """Count a part that is done."""
        number = note["number"]
        self.numbers.append(number)
        self.examples = sorted([*self.examples, *((number, e) for e in note["examples"])], key=itemgetter(0))[:EXAMPLES]
        self.tally = Tally.merged([self.tally, Tally.from_json(note["tally"])])
        if self.comparison is not None:
            assert note["comparison"] is not None
            self.comparison.merge(Comparison.from_json(note["comparison"]))
        self.interviews += note["interviews"]
        self.rejects += note["rejects"]
        if not self.unique:
            self.duplicates += self.seen.add_file(part_file(self.job.folder, number, IDS))
        if note["common"] is not None:
            self.common = common_faults([note["common"]] if self.common is None else [self.common, note["common"]])
        if source := self.sources.get(number):
            self.sources[number] = source._replace(interviews=source.interviews + note["interviews"])
            if note["unnamed"] and source.file in self.replaced:
                self.unknown = (
                    f"{printable(source.file)}: is not as it was when it was added, and has interviews without an id, from row"
                    f" {source.row} on, of which nobody can say whether they are there; give the file another name, or all of"
                    " them an id"
                )
        self._done(number)
        if self.max_rejects is not None and self.rejects > self.max_rejects:
            raise RecordError(
                f"more than {self.max_rejects} records are invalid, the limit of --max-rejects; scored parts are kept:"
                " with a higher one the run resumes"
            )

    def _done(self, number: int) -> None:
        """Count the share of a part, and delete its file in the spool: not before, as it may be done twice."""
        if spooled := self.spooled.pop(number, None):
            spooled.unlink(missing_ok=True)
        self.share += self.shares.pop(number, 0.0)
        if self.progress is not None:
            self.progress(
                Progress(self.interviews, self.interviews - self.resumed, self.rejects, round(min(self.share, 1.0), 4) or None)
            )

    @property
    def present(self) -> int:
        """How many interviews were left out because they are in the result already."""
        return self.skipped + self.duplicates if self.append else 0

    def refused(self, fail_empty: bool) -> str:
        """Why there is to be no output, if there is none."""
        if self.unknown:
            return self.unknown
        if self.rejects > 1 and not self.interviews and self.common:
            first = next((fault for fault in self.common if fault.startswith("/facts: ")), self.common[0])
            more = f" (and {len(self.common) - 1} more)" if len(self.common) > 1 else ""
            return f"none of {self.rejects:,} records could be scored, all for one reason: {first}{more}"
        if fail_empty and not self.interviews and not self.present:
            return "there are no interviews, which --fail-empty forbids"
        return ""

    def finish(
        self, target: Output, rejects: Path, always: bool, compared: Path, rulebase: RuleBase, inputs: Sequence[str]
    ) -> RunResult:
        """Write all files, the output itself last. ``always``: also a file of no rejects."""
        wanted, folder = self.job.wanted, self.job.folder

        def parts(table: str) -> list[Path]:
            return [part_file(folder, number, table) for number in sorted(self.numbers)]

        summary = Summary.of(
            rulebase,
            [shown_input(name) for name in inputs],
            interviews=self.interviews,
            rejects=self.rejects,
            examples=[example for _, example in self.examples],
            tally=self.tally,
            remarks=self.remarks,
            duplicates=self.duplicates,
            unique=self.unique,
            reasons=reasons(reject for part in parts("rejects") for reject in _lines(part)) if self.rejects else None,
            coverage=MappingCoverage.of(self.mapping, self.coverage) if self.mapping else None,
            notes=wanted.notes,
            keep=wanted.keep,
            tables=target.further(wanted.tables),
        )
        for file in (*target.files(wanted.tables), rejects, compared):
            discard_torn(file)
        files: dict[str, str] = {}
        if self.rejects or always:
            told = [rejects] if self.append and rejects.exists() else []
            with whole_file(rejects) as stream:
                if self.append:
                    join_once([*told, *parts("rejects")], stream)
                else:
                    join_bytes(parts("rejects"), stream)
            files["rejects"] = str(rejects)
        elif not self.append:
            rejects.unlink(missing_ok=True)  # of a run before, which is replaced
        if self.comparison is not None:
            with whole_file(compared) as stream:
                stream.write(orjson.dumps(self.comparison.to_json(), option=orjson.OPT_INDENT_2) + b"\n")
            files["baseline"] = str(compared)
        if isinstance(target, GrowingOutput) and self.history.runs and not self.sources:  # nothing was read that is not there
            files |= target.places(wanted)
        else:
            sources = tuple(self.sources[number] for number in sorted(self.sources))
            run = AddedRun(self.history.following, summary.rulebase, wanted, sources)
            files |= target.write(parts, wanted, summary, run, folder)
        return RunResult(files, self.interviews, self.rejects, self.resumed, summary, self.comparison, self.present)
