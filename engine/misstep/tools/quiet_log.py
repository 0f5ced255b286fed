"""A quiet log: records of which nothing may be urgent, such as good interviews."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from misstep.api import RuleBase
from misstep.assessment.record_files import answer_for, check_is_file, read_documents
from misstep.assessment.result import Assessment
from misstep.errors import Location, UsageError, printable
from misstep.language.scale import Scale


class UrgentRecord(NamedTuple):
    """A record of a quiet log with an urgent verdict: where it stands, its id, the verdict, the mistakes that have it, and the
    first step of the plan."""

    place: Location
    id: str
    verdict: str
    mistakes: tuple[str, ...]
    step: str

    def __str__(self) -> str:
        named = f" {self.id}:" if self.id else ""
        about = f" ({', '.join(self.mistakes)})" if self.mistakes else ""
        return printable(f"{self.place}:{named} {self.verdict}{about}; first step: {self.step or 'none'}")

    def to_data(self) -> dict[str, object]:
        """The same as data."""
        return {**self._asdict(), "place": str(self.place)}


class QuietCheck(NamedTuple):
    """How many records a log has, and those that are urgent."""

    records: int
    urgent: tuple[UrgentRecord, ...]


def check_quiet_log(paths: Sequence[Path], log: Path) -> QuietCheck:
    """Assess the records of a log, JSON lines or one record, by the rules of the packs at the paths.

    Raises RuleError, RecordError for a record that is wrong, UsageError for a path or where there is no record.
    """
    check_is_file(log)
    rulebase = RuleBase.load(*paths)
    urgent = urgent_verdicts(rulebase.program.scale)
    found, records = [], 0
    for document in read_documents(log, None):
        assessment = answer_for(document, rulebase.assess)
        records += 1
        words = {assessment.verdict, *(finding.verdict for finding in assessment.findings)} & urgent
        if words:
            assert not isinstance(document, Exception)
            found.append(_urgent(assessment, words, document.locate(())))
    if not records:
        raise UsageError(f"{printable(str(log))}: there is no record in it")
    return QuietCheck(records, tuple(found))


def urgent_verdicts(scale: Scale) -> set[str]:
    """The verdicts that call for a step within some hours, and the one where there is no way to take it; where the scale names
    none, the worst verdict."""
    return {*scale.act_within, scale.unable} - {""} or {scale.verdicts[-1]}


def _urgent(assessment: Assessment, words: set[str], place: Location) -> UrgentRecord:
    mistakes = tuple(finding.fact for finding in assessment.findings if finding.verdict in words)
    step = assessment.steps[0].title if assessment.steps else ""
    verdict = assessment.verdict if assessment.verdict in words else min(words)
    return UrgentRecord(place, assessment.id or "", verdict, mistakes, step)
