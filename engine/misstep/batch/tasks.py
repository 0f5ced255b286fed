"""A part of a run in; its scores in files of its own, and the note that it is done, out. Workers run this."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import orjson

from misstep.analysis.reading import READ
from misstep.api import RuleBase
from misstep.batch.columns import OutputOptions
from misstep.batch.forms import OutputForm, write_part
from misstep.batch.inputs import Reading, read_part
from misstep.batch.inputs.kept import OF_RECORDS
from misstep.batch.journal import BASELINE, RULES, WORDS, PartNote, part_file, read_note, write_note
from misstep.batch.mapping.mapping_coverage import OTHERS
from misstep.batch.notes import NoteReader
from misstep.batch.parts import Part, Reject
from misstep.batch.score_batch import score_records
from misstep.batch.seen_ids import digests
from misstep.batch.summary import EXAMPLES
from misstep.errors import MAX_LENGTH, Problem, printable
from misstep.files import whole_file
from misstep.limits import Limits
from misstep.rulebase.program_json import read_program, read_words

IDS = "ids"
"""The file of a part with the digests of its ids."""
MOST_REASONS = 100
"""Of rejects; those that come up later are counted together."""


class ProblemLine(TypedDict):
    """A problem of a reject as data. ``column``: where the records are lines of the input as they are."""

    column: NotRequired[int]
    pointer: str
    message: str


class _RejectPlace(TypedDict):
    file: str
    row: int
    id: NotRequired[str]
    count: NotRequired[int]


class RejectLine(_RejectPlace):
    """A reject as data, without what it has not: an id, and the count of what it stands for."""

    problems: list[ProblemLine]


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a worker needs besides the part; small, as it goes with every part. ``folder``: of the parts and the
    rules; ``reading``: without the kinds, which only plans need; ``notes_score``: from which facts are read from notes, where
    they are."""

    folder: Path
    form: OutputForm
    wanted: OutputOptions
    reading: Reading
    compare: bool
    notes_score: float = READ


@dataclass(frozen=True, slots=True)
class Task:
    """One part to score, but for some rows: ``left_out``."""

    job: Job
    part: Part
    left_out: frozenset[int] = frozenset()

    def __str__(self) -> str:
        return f"{self.part.name} from row {self.part.row}"


def score_part(task: Task) -> PartNote:
    """Score one part into files of its own, and note that it is done. A part with a note is not scored again: its worker may
    have died before it could report."""
    job, part = task.job, task.part
    noted = read_note(job.folder, part.number)
    if noted is not None and noted["digest"] == part.digest:
        return noted
    words = job.folder / WORDS if job.wanted.notes else None
    rulebase = _rulebase(job.folder / RULES, job.reading.limits, words)
    baseline = _rulebase(job.folder / BASELINE, job.reading.limits) if job.compare else None
    records = (read for read in read_part(part, job.reading) if read.row not in task.left_out)
    notes = NoteReader(rulebase, job.notes_score) if job.wanted.notes else None
    scored = score_records(records, part.name, rulebase, job.wanted, baseline, notes)
    for table in scored.rows:
        with whole_file(part_file(job.folder, part.number, table)) as stream:
            write_part(scored.table(table, job.wanted), stream, job.form)
    rejects = [_reject(reject, part.storage == "lines") for reject in scored.rejects]
    with whole_file(part_file(job.folder, part.number, "rejects")) as stream:
        stream.writelines(orjson.dumps(reject, option=orjson.OPT_APPEND_NEWLINE) for reject in rejects)
    with whole_file(part_file(job.folder, part.number, IDS)) as stream:
        stream.writelines(digests(scored.ids))
    note: PartNote = {
        "number": part.number,
        "digest": part.digest,
        "interviews": len(scored.rows["interviews"]),
        "unnamed": scored.ids.count(None),
        "rejects": sum(reject.count for reject in scored.rejects),
        "common": common_faults([[_fault(problem) for problem in reject["problems"]] for reject in rejects]),
        "examples": [_example(reject) for reject in rejects[:EXAMPLES]],
        "tally": scored.tally.to_json(),
        "comparison": scored.comparison.to_json() if scored.comparison else None,
    }
    write_note(job.folder, part.number, note)
    return note


_AT_HAND: dict[Path, RuleBase] = {}
"""The rule bases of the runs of this process, by the files that other processes read them from."""


@contextmanager
def at_hand(rules: Mapping[Path, RuleBase]) -> Iterator[None]:
    """Parts of a run that are scored in its own process take these rule bases, and read none of their files."""
    _AT_HAND.update(rules)
    try:
        yield
    finally:
        for file in rules:
            del _AT_HAND[file]


def _rulebase(file: Path, limits: Limits, words: Path | None = None) -> RuleBase:
    """A rule base of a run; with its ``words``, where notes are read."""
    return _AT_HAND.get(file) or _read_rulebase(file, limits, words)


@lru_cache(maxsize=4)
def _read_rulebase(file: Path, limits: Limits, words: Path | None) -> RuleBase:
    """The same from its file, once a process."""
    return _loaded(file.read_bytes(), limits, b"" if words is None else words.read_bytes())


@lru_cache(maxsize=4)
def _loaded(program: bytes, limits: Limits, words: bytes) -> RuleBase:
    """The same rules in another run need not be compiled again: a worker of a cluster, or a notebook, has many runs."""
    return RuleBase(read_program(program), limits, (lambda: read_words(words)) if words else None)


def _reject(reject: Reject, lines: bool) -> RejectLine:
    """A reject as data, without what it has not. ``lines``: whether the records are lines of the input as they are, so that
    columns can be found."""
    found: _RejectPlace = {"file": reject.file, "row": reject.row}
    if reject.id is not None:
        found["id"] = reject.id
    if reject.count > 1:
        found["count"] = reject.count
    return {**found, "problems": [_problem(problem, lines) for problem in reject.problems]}


def _problem(problem: Problem, lines: bool) -> ProblemLine:
    place = problem.location
    message = printable(problem.message)[:MAX_LENGTH]
    first, _, deeper = place.pointer[1:].partition("/")
    if lines and first and not deeper and first not in OF_RECORDS:
        message += "; --keep carries further columns along, --ignore leaves them out"
    found: ProblemLine = {"pointer": place.pointer, "message": message}
    return {"column": place.column, **found} if lines and place.column else found


def _fault(problem: ProblemLine) -> str:
    """A problem wherever it stands: ``/facts/3/kind`` is ``/facts/*/kind``."""
    pointer = re.sub(r"(?<=/)[0-9]+(?=/|\Z)", "*", problem["pointer"])
    return f"{pointer}: {problem['message']}" if pointer else problem["message"]


def common_faults(of_all: Iterable[Iterable[str]]) -> list[str] | None:
    """What is wrong with every reject; None where there is none."""
    common: list[str] | None = None
    for faults in map(list, of_all):
        common = faults if common is None else [fault for fault in common if fault in faults]
    return common


def reasons(rejects: Iterable[RejectLine]) -> Counter[str]:
    """How many records are wrong for which reason, each counted once for each of its own."""
    found: Counter[str] = Counter()
    for reject in rejects:
        for fault in {_fault(problem): None for problem in reject["problems"]}:
            found[fault if fault in found or len(found) < MOST_REASONS else OTHERS] += reject.get("count", 1)
    return found


def _example(reject: RejectLine) -> dict[str, Any]:
    """A reject for the summary, its problems as text."""
    messages = [": ".join(filter(None, [problem["pointer"], problem["message"]])) for problem in reject["problems"]]
    return {**reject, "problems": messages}
