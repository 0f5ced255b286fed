"""Run mutants of a rule base on all cores, and go on where a killed run left off."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import groupby
from multiprocessing import get_context, parent_process
from pathlib import Path
from random import Random
from typing import IO

from misstep.api import RuleBase
from misstep.errors import EngineError, UsageError, listing, printable
from misstep.language.program import Program
from misstep.limits import Limits
from misstep.rulebase.link import load_program
from misstep.rulebase.link_words import lazy_words
from misstep.rulebase.packs import Merged
from misstep.tools.lints.linted import LintedBase
from misstep.tools.mutants.judge_mutants import JudgedMutant, MutantJudge
from misstep.tools.mutants.make_mutants import Mutant, make_mutants
from misstep.tools.ruletest import run_packs

FEW = 64
"""So many mutants are judged in this process: others would be ready later."""


@dataclass(frozen=True, slots=True)
class MutationSettings:
    """What a run is about: its packs, how many mutants are drawn (None: all are taken), the seed of all that is drawn, the file
    that keeps what is done, and the made-up records to try mutants on."""

    paths: tuple[str, ...]
    sample: int | None = None
    seed: int = 1
    journal: Path | None = None
    records: int = 2000


@dataclass(frozen=True, slots=True)
class MutationReport:
    """Mutants with what became of each, in their order; ``made``: of how many they were drawn."""

    made: int
    judged: tuple[tuple[Mutant, JudgedMutant], ...]

    @property
    def mattering(self) -> int:
        """Those that change an answer."""
        return sum(judged.matters for _, judged in self.judged)

    @property
    def noticed(self) -> int:
        """Those of them that some case notices."""
        return sum(judged.matters and not judged.survives for _, judged in self.judged)

    @property
    def score(self) -> float:
        """The share of those that change an answer that some case notices; 1 where none does."""
        return self.noticed / self.mattering if self.mattering else 1.0


def run_mutants(settings: MutationSettings, show: Callable[[int, int], None] = lambda done, of: None) -> MutationReport:
    """Judge the mutants of the packs. ``show``: is told how many are done, of how many.

    Raises RuleError; UsageError where a case fails, or the journal is of something else; EngineError where a process dies.
    """
    program, merged = load_program(settings.paths, Limits())
    base = LintedBase(program, merged)
    _refuse_failing(program, merged)
    made = [*make_mutants(base)]
    chosen = _drawn(made, settings)
    done: dict[str, JudgedMutant] = {}
    with _journal(settings, program, base) as (kept, keep):
        wanted = {mutant.id for mutant in chosen}
        done |= {each.mutant: each for each in kept if each.mutant in wanted}
        left = [mutant for mutant in chosen if mutant.id not in done]
        for judged in _judge_all(settings, base, left):
            keep(judged)
            done[judged.mutant] = judged
            show(len(done), len(chosen))
    return MutationReport(len(made), tuple((mutant, done[mutant.id]) for mutant in chosen))


def _refuse_failing(program: Program, merged: Merged) -> None:
    rulebase = RuleBase(program, Limits(), lazy_words(program, merged, Limits()))
    failed = [printable(each.id) for each in run_packs(rulebase, LintedBase(program, merged).own_packs()) if not each.passed]
    if failed:
        raise UsageError(f"mutants need cases that hold, and {len(failed)} do not: {listing(failed, 3)}")


def _drawn(made: Sequence[Mutant], settings: MutationSettings) -> list[Mutant]:
    """The mutants of a run: all, or as many as are drawn, in their order."""
    if settings.sample is None or settings.sample >= len(made):
        return [*made]
    chance = Random(f"mutants {settings.seed}").random  # noqa: S311 - no secret
    drawn = sorted(sorted(range(len(made)), key=lambda _: chance())[: settings.sample])
    return [made[i] for i in drawn]


def _judge_all(settings: MutationSettings, base: LintedBase, mutants: Sequence[Mutant]) -> Iterator[JudgedMutant]:
    """Judge mutants, those of one rule together, on as many processes as there are cores."""
    tasks = [[*some] for _, some in groupby(mutants, key=lambda mutant: id(mutant.original))]
    if len(mutants) <= FEW:
        judge = _judge_of(base, settings) if tasks else None
        for task in tasks:
            assert judge is not None
            yield from judge.judge(task)
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ProcessPoolExecutor(cores, get_context("spawn"), _begin, (settings,)) as pool:
        futures = [pool.submit(_judge_task, tuple(mutant.id for mutant in task)) for task in tasks]
        try:
            for future in as_completed(futures):
                yield from future.result()
        except BrokenProcessPool:
            raise EngineError("a process that judges mutants has died; with a journal the next run goes on from here") from None
        finally:
            pool.shutdown(cancel_futures=True)


def _judge_of(base: LintedBase, settings: MutationSettings) -> MutantJudge:
    cases = {f"{entry.pack.doc.pack}/{entry.name}": (entry.doc.facts, entry.doc.expect) for entry in base.cases()}
    return MutantJudge(base.program, cases, settings.records, settings.seed)


_judges: list[MutantJudge] = []
_mutants: dict[str, Mutant] = {}
"""In a process of the pool: its only judge, and all mutants by their ids."""


def _begin(settings: MutationSettings) -> None:
    """Make ready a process of the pool, which leaves Ctrl-C to its parent and ends with it, even where that is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    base = LintedBase(*load_program(settings.paths, Limits()))
    _judges.append(_judge_of(base, settings))
    _mutants.update((mutant.id, mutant) for mutant in make_mutants(base))


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _judge_task(ids: tuple[str, ...]) -> list[JudgedMutant]:
    (judge,) = _judges
    return [*judge.judge([_mutants[name] for name in ids])]


# -- the journal


@contextmanager
def _journal(
    settings: MutationSettings, program: Program, base: LintedBase
) -> Iterator[tuple[list[JudgedMutant], Callable[[JudgedMutant], None]]]:
    """What is kept in the journal, and the function that keeps one more. A line that a killed run left torn is dropped."""
    if settings.journal is None:
        yield [], lambda judged: None
        return
    key = _key(settings, program, base)
    with settings.journal.open("a+b") as stream:
        stream.seek(0)
        kept, end = _read_journal(stream, key, settings.journal)
        stream.truncate(end)
        if not end:
            stream.write(json.dumps({"mutants of": key}).encode() + b"\n")

        def keep(judged: JudgedMutant) -> None:
            stream.write(json.dumps(asdict(judged)).encode() + b"\n")
            stream.flush()

        yield kept, keep


def _read_journal(stream: IO[bytes], key: str, file: Path) -> tuple[list[JudgedMutant], int]:
    """The mutants that a journal keeps, and where its whole lines end."""
    kept: list[JudgedMutant] = []
    end = 0
    for line in stream:
        data: object = None
        with suppress(ValueError):
            data = json.loads(line)
        if not line.endswith(b"\n") or not isinstance(data, dict):
            if not end:
                raise UsageError(f"{printable(str(file))}: is no journal of mutants; give another file")
            break
        if not end:
            if data.get("mutants of") != key:
                raise UsageError(
                    f"{printable(str(file))}: is of other rules, cases or another seed; remove it, or give another file"
                )
        else:
            kept.append(JudgedMutant(data["mutant"], data["matters"], tuple(data["noticed_by"]), data["facts"]))
        end += len(line)
    return kept, end


def _key(settings: MutationSettings, program: Program, base: LintedBase) -> str:
    """A digest of all that the results depend on: the rules, their cases, and what is drawn."""
    cases: Iterable[object] = [[entry.pack.doc.pack, entry.name, entry.raw] for entry in base.cases()]
    text = json.dumps([program.digest, [*cases], settings.records, settings.seed], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
