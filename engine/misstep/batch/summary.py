"""Results of rules in; sums over all of them, and the summary of a run, out.

Sums are of whole thousandths, so neither the order of interviews nor their division among workers changes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from misstep.__about__ import __version__
from misstep.api import RuleBase
from misstep.assessment.result import RuleBaseInfo
from misstep.batch.columns import SCHEMA, RecordRows, TableName
from misstep.batch.mapping.mapping_coverage import CoverageCounts, LogCoverage
from misstep.batch.parts import SourceRemark
from misstep.errors import UsageError
from misstep.language.scale import ScaleWords
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from misstep.batch.mapping.row_mapping import RowMapping

EXAMPLES = 20
"""How many rejects a summary shows."""
_HELD = 4096  # firings that a tally holds before it counts them: one by one would take three times as long
LATE = ConfigDict(defer_build=True)
"""What checks them is built when it is first needed: it takes longer than the import of this module."""


@checked(config=LATE, frozen=True, slots=True)
class KindSum:
    """A kind of mistake in all interviews. ``count``: of findings; ``interviews`` that have one; ``damage`` and ``severity``:
    sums over the findings, in thousandths of a point."""

    count: int = 0
    interviews: int = 0
    damage: int = 0
    severity: int = 0

    def __add__(self, other: KindSum) -> KindSum:
        return KindSum(
            self.count + other.count,
            self.interviews + other.interviews,
            self.damage + other.damage,
            self.severity + other.severity,
        )


@checked(config=LATE, frozen=True, slots=True)
class NotesCount:
    """What was read from notes. ``kinds``: how many facts of each kind; ``interviews`` with such a fact; ``nothing``: those whose
    notes told none; ``without``: those that have no notes."""

    kinds: dict[str, int]
    interviews: int = 0
    nothing: int = 0
    without: int = 0

    @property
    def facts(self) -> int:
        """All of the facts."""
        return sum(self.kinds.values())

    def __add__(self, other: NotesCount) -> NotesCount:
        kinds = Counter(self.kinds) + Counter(other.kinds)
        return NotesCount(
            dict(sorted(kinds.items())),
            self.interviews + other.interviews,
            self.nothing + other.nothing,
            self.without + other.without,
        )


def notes_text(notes: NotesCount) -> str:
    """What was read from notes, in words."""
    said = [f"{counted(notes.facts, 'fact')} read in {notes.interviews:,}"]
    if notes.nothing:
        said.append(f"no facts read in {notes.nothing:,}")
    if notes.without:
        said.append(f"none there in {notes.without:,}")
    return "; ".join(said)


class TallyCounts(TypedDict):
    """The sums of a tally as plain data. ``kinds``: as the fields of KindSum; ``notes``: as those of NotesCount."""

    fired: dict[str, int]
    kinds: dict[str, list[int]]
    notes: dict[str, Any]


class Tally:
    """Sums over interviews, which a worker fills one by one. Belongs to one thread."""

    __slots__ = ("_fired", "_firings", "_kinds", "notes")

    def __init__(self) -> None:
        self.notes = NotesCount({})
        self._fired: Counter[str] = Counter()
        self._firings: list[str] = []
        self._kinds: dict[str, list[int]] = {}

    def add(self, rows: RecordRows) -> None:
        """Count one interview."""
        self._firings += rows.fired
        if len(self._firings) > _HELD:
            self._count()
        kinds, met = self._kinds, set()
        for kind, damage, severity in rows.sums:
            sums = kinds.setdefault(kind, [0, 0, 0, 0])
            sums[_COUNT] += 1
            sums[_DAMAGE] += damage
            sums[_SEVERITY] += severity
            if kind not in met:
                met.add(kind)
                sums[_INTERVIEWS] += 1

    def add_notes(self, notes: str | None, told: Sequence[str]) -> None:
        """Count the kinds that the notes of one interview told."""
        empty = not notes or not notes.strip()
        self.notes += NotesCount(dict.fromkeys(told, 1), bool(told), not told and not empty, empty)

    @property
    def fired(self) -> Counter[str]:
        """In how many interviews each rule fired, by its id."""
        self._count()
        return Counter(self._fired)

    @property
    def kinds(self) -> dict[str, KindSum]:
        """The sums of each kind of mistake, by name."""
        return {kind: KindSum(*self._kinds[kind]) for kind in sorted(self._kinds)}

    def to_json(self) -> TallyCounts:
        """The sums as plain data, for a note of a part."""
        return {
            "fired": dict(sorted(self.fired.items())),
            "kinds": {k: list(self._kinds[k]) for k in sorted(self._kinds)},
            "notes": asdict(self.notes),
        }

    @classmethod
    def from_json(cls, data: TallyCounts) -> Tally:
        """A tally from its ``to_json``."""
        tally = cls()
        tally._fired.update(data["fired"])
        tally._kinds = {kind: list(sums) for kind, sums in data["kinds"].items()}
        tally.notes = NotesCount(**data["notes"])
        return tally

    @classmethod
    def merged(cls, tallies: Iterable[Tally]) -> Tally:
        """The sums over all of them."""
        whole = cls()
        for tally in tallies:
            whole.notes += tally.notes
            whole._fired.update(tally.fired)
            for kind, sums in tally._kinds.items():
                whole._kinds[kind] = [a + b for a, b in zip(whole._kinds.get(kind, [0, 0, 0, 0]), sums, strict=True)]
        return whole

    def _count(self) -> None:
        """Count the firings that are held."""
        self._fired.update(self._firings)
        self._firings = []


_COUNT, _INTERVIEWS, _DAMAGE, _SEVERITY = range(4)  # as the fields of KindSum


@checked(config=LATE, frozen=True, slots=True)
class RejectExample:
    """A reject: its place and the messages about it, never a value."""

    file: str
    row: int
    problems: tuple[str, ...]


@checked(config=LATE, frozen=True, slots=True)
class InputRemark:
    """What was found out about an input, or left out of it."""

    file: str
    text: str


@checked(config=LATE, frozen=True, slots=True)
class Titles:
    """Titles of kinds, actions and occasions, by id."""

    kinds: dict[str, str]
    actions: dict[str, str]
    occasions: dict[str, str]


@checked(config=LATE, frozen=True, slots=True)
class MappingCoverage:
    """What a mapping made of the rows of a log: see ``misstep.batch.mapping.LogCoverage``. ``hints``: by column, the
    nearest value with a meaning to one that has none."""

    rows: int
    made: dict[str, int]
    unmade: dict[str, int]
    unread: dict[str, int]
    unmapped: dict[str, dict[str, int]]
    hints: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, mapping: RowMapping, coverage: LogCoverage) -> MappingCoverage:
        """The coverage of a run."""
        found = coverage.to_json()
        hints = {
            column: {value: hint.removeprefix("; ") for value in values if (hint := mapping.hint(column, value))}
            for column, values in found["unmapped"].items()
        }
        return cls(**found, hints={column: words for column, words in hints.items() if words})

    @property
    def counts(self) -> CoverageCounts:
        """All but the hints."""
        return {
            "rows": self.rows,
            "made": self.made,
            "unmade": self.unmade,
            "unread": self.unread,
            "unmapped": self.unmapped,
        }

    @classmethod
    def merged(cls, parts: Sequence[MappingCoverage]) -> MappingCoverage:
        """The sums over several runs."""
        whole = LogCoverage.merged(LogCoverage.from_json(part.counts) for part in parts)
        hints: dict[str, dict[str, str]] = {}
        for part in parts:
            for column, words in part.hints.items():
                hints.setdefault(column, {}).update(words)
        return cls(**whole.to_json(), hints=hints)


@checked(config=LATE, frozen=True, slots=True)
class Summary:
    """The summary of a run. ``misstep``: the version that scored; ``fired``: in how many interviews each rule fired; ``rules``:
    all there are, with their titles; ``bands`` and ``verdicts``: mildest first; ``unable``: the verdict where something is called
    for and nothing can be done towards the other side, empty where there is none; ``keep``: columns of the input that were
    carried along; ``tables``: file names of the further tables, by what they hold; ``words``: of the field; ``duplicates``:
    interviews with the id of one before, which ``unique`` says were left out; ``coverage``: what a mapping made of the rows;
    ``notes``: what was read from notes; ``reasons``: rejects by what is wrong with them, commonest first; ``reject_examples`` and
    ``remarks`` on inputs: the first few; ``schema``: of the columns of the result, see docs/batch.md."""

    misstep: str
    rulebase: RuleBaseInfo
    inputs: tuple[str, ...]
    interviews: int
    rejects: int
    reject_examples: tuple[RejectExample, ...]
    fired: dict[str, int]
    kinds: dict[str, KindSum]
    rules: dict[str, str]
    titles: Titles
    bands: tuple[str, ...]
    verdicts: tuple[str, ...]
    unable: str
    keep: tuple[str, ...] = ()
    tables: dict[str, str] = field(default_factory=dict)
    remarks: tuple[InputRemark, ...] = ()
    reasons: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    unique: bool = False
    coverage: MappingCoverage | None = None
    notes: NotesCount | None = None
    words: ScaleWords = field(default_factory=ScaleWords)
    schema: Literal[2] = 2

    @classmethod
    def of(
        cls,
        rulebase: RuleBase,
        inputs: Sequence[str],
        *,
        interviews: int,
        rejects: int,
        examples: Iterable[Mapping[str, Any]],
        tally: Tally,
        reasons: Mapping[str, int] | None = None,
        remarks: Iterable[SourceRemark] = (),
        duplicates: int = 0,
        unique: bool = False,
        coverage: MappingCoverage | None = None,
        notes: bool = False,
        keep: Sequence[str] = (),
        tables: Mapping[TableName, str] | None = None,
    ) -> Summary:
        """The summary of a run. ``examples``: rejects as ``{"file", "row", "problems"}``; ``notes``: whether they were read."""
        program = rulebase.program
        return cls(
            misstep=__version__,
            rulebase=RuleBaseInfo(name=program.name, version=program.version, digest=program.digest),
            inputs=tuple(inputs),
            interviews=interviews,
            rejects=rejects,
            reject_examples=tuple([RejectExample(e["file"], e["row"], tuple(e["problems"])) for e in examples][:EXAMPLES]),
            fired=dict(sorted(tally.fired.items())),
            kinds=tally.kinds,
            rules={name: rule.title for name, rule in sorted(program.rules.items())},
            titles=Titles(
                {name: program.kinds[name].title for name in sorted(program.mistakes)},
                {name: action.title for name, action in sorted(program.actions.items())},
                {name: occasion.title for name, occasion in sorted(program.scale.occasions.items())},
            ),
            bands=program.scale.severity.words,
            verdicts=program.scale.verdicts,
            unable=program.scale.unable,
            keep=tuple(keep),
            tables={str(table): name for table, name in (tables or {}).items()},
            remarks=tuple([InputRemark(remark.file, remark.text) for remark in remarks][:EXAMPLES]),
            reasons=_commonest_first(reasons or {}),
            duplicates=duplicates,
            unique=unique,
            coverage=coverage,
            notes=tally.notes if notes else None,
            words=program.scale.words,
        )

    @classmethod
    def merged(cls, summaries: Sequence[Summary]) -> Summary:
        """The summary of several runs with the same rules. Raises UsageError where the rules differ."""
        first, *others = summaries
        for other in others:
            if other.rulebase != first.rulebase:
                both = f"{named_rules(first.rulebase)} and {named_rules(other.rulebase)}"
                raise UsageError(f"the results were scored with different rules, {both}; a report is about results of the same")
        fired: Counter[str] = Counter()
        kinds: dict[str, KindSum] = {}
        covered = [summary.coverage for summary in summaries if summary.coverage is not None]
        notes = [summary.notes for summary in summaries if summary.notes is not None]
        for summary in summaries:
            fired.update(summary.fired)
            for kind, sums in summary.kinds.items():
                kinds[kind] = kinds.get(kind, KindSum()) + sums
        return cls(
            misstep=", ".join(dict.fromkeys(s.misstep for s in summaries if s.misstep)),
            rulebase=first.rulebase,
            inputs=tuple(dict.fromkeys(name for s in summaries for name in s.inputs)),
            interviews=sum(s.interviews for s in summaries),
            rejects=sum(s.rejects for s in summaries),
            reject_examples=tuple([example for s in summaries for example in s.reject_examples][:EXAMPLES]),
            remarks=tuple(dict.fromkeys(remark for s in summaries for remark in s.remarks))[:EXAMPLES],
            duplicates=sum(s.duplicates for s in summaries),
            fired=dict(sorted(fired.items())),
            kinds=dict(sorted(kinds.items())),
            rules=first.rules,
            titles=first.titles,
            bands=first.bands,
            verdicts=first.verdicts,
            unable=first.unable,
            keep=tuple(name for name in first.keep if all(name in s.keep for s in others)),
            reasons=_commonest_first(sum((Counter(s.reasons) for s in summaries), Counter[str]())),
            unique=all(s.unique for s in summaries),
            coverage=MappingCoverage.merged(covered) if covered else None,
            notes=sum(notes, NotesCount({})) if notes else None,
            words=first.words,
        )

    def to_json(self) -> bytes:
        """The one JSON form."""
        return (
            orjson.dumps({"schema": self.schema, **_adapter().dump_python(self, mode="json")}, option=orjson.OPT_INDENT_2) + b"\n"
        )

    @classmethod
    def from_json(cls, data: bytes | str) -> Summary:
        """A summary from its ``to_json``. Raises UsageError where it is invalid, or of a result with other columns."""
        try:
            return _adapter().validate_json(data)
        except ValidationError as error:
            found = next((e["input"] for e in error.errors(include_url=False) if e["loc"] == ("schema",)), None)
            if type(found) is int:
                other = "an earlier" if found < SCHEMA else "a later"
                raise UsageError(
                    f"was scored by {other} version of misstep, whose results have other columns (schema {found}, here {SCHEMA}):"
                    " score the log anew with `misstep score`"
                ) from None
            first = error.errors(include_input=False, include_url=False)[0]
            place = "/".join(map(str, first["loc"]))
            raise UsageError(f"not a summary of a run of misstep: {place + ': ' if place else ''}{first['msg']}") from None


@cache
def _adapter() -> TypeAdapter[Summary]:
    return TypeAdapter(Summary)


def _commonest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def named_rules(rules: RuleBaseInfo) -> str:
    """Their name, version and the beginning of their digest."""
    return f"{rules.name} {rules.version} ({rules.digest[:19]})"
