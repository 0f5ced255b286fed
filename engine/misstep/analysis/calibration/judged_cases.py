"""Read judged cases from a file or from data, and check their shape.

A case holds a record and the verdict of an expert on it, in the words of the rule base: its bands, levels and actions. An expert
may also name actions that the rules do not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from misstep.assessment.record_files import check_is_file, read_documents
from misstep.errors import (
    Location,
    MisstepError,
    Problem,
    RecordError,
    UsageError,
    did_you_mean,
    from_pointer,
    printable,
    to_pointer,
)
from misstep.files import doubled, shown_name
from misstep.language.program import Program
from misstep.rulebase.documents import Document
from misstep.rulebase.read_pack import describe
from misstep.rulebase.schema import Doc, Name, Prose, ShortText

UNKNOWN = "unknown"
STDIN = Path("-")
CasesLike = str | Path | Iterable[Mapping[str, object]]
"""The path of a file of JSON lines, or the cases themselves."""


class ExpertDoc(Doc):
    """The expert's verdict on the case; most of it may be left out."""

    severity: Annotated[ShortText, Field(description="a band of severity of the rule base")]
    noticed: Annotated[ShortText | None, Field(description="a level of notice of the rule base, or unknown")] = None
    act: Annotated[
        Literal["act", "let_it_go", "unknown"] | None,
        Field(description="whether to do something about the mistake towards the employer"),
    ] = None
    recommended: list[Name] = Field(default_factory=list, description="actions: at least one of them should be in the plan")
    against: list[Name] = Field(default_factory=list, description="actions: none of them should be in the plan")
    timing: Annotated[ShortText | None, Field(description="kept with the case; nothing is measured by it")] = None
    confidence: Annotated[int, Field(ge=1, le=10, description="how sure the verdict is: the higher, the surer")] | None = None
    gist: Annotated[Prose, Field(description="the verdict in a sentence")] = ""


class CaseSourceDoc(Doc):
    """The publication that the case is from; other keys are allowed."""

    model_config = ConfigDict(extra="allow")

    title: Prose | None = None
    outlet: Prose | None = None
    author_or_expert: Prose | None = None
    year: int | None = None
    url: Prose | None = None


class JudgedDoc(Doc):
    """One line of a file of judged cases."""

    record: Annotated[Any, Field(description="what `misstep assess` takes")]
    expert: ExpertDoc
    basis: Annotated[ShortText | None, Field(description="what the verdict rests on; a word of your own")] = None
    situation: Annotated[Prose, Field(description="what happened, in a sentence or two")] = ""
    unfit: Annotated[Prose, Field(description="what no kind could say of it; nothing is measured by it")] = ""
    approximate: list[ShortText] = Field(
        default_factory=list, description="fields that only nearly fit; nothing is measured by them"
    )
    source: CaseSourceDoc | None = None


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One case as it was given, and its place: a document, or its number among the cases."""

    data: Any
    number: int
    document: Document | None = None
    set: str = ""

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        """A fault in a part of the case."""
        if self.document is None:
            return Problem(Location(pointer=to_pointer([self.number, *path])), message)
        place = self.document.locate(path)
        return Problem(Location(place.file, place.line, place.column, to_pointer(path)), message)

    @property
    def place(self) -> str:
        """The place of the case: file and line, or its number."""
        return str(self.document.locate(())).rpartition(":")[0] if self.document else f"/{self.number}"


def read_entries(cases: CasesLike, name: str = "") -> Iterator[CaseEntry | MisstepError]:
    """The cases of a set one by one; a broken line is an error among them. Raises UsageError if the file does not exist."""
    if isinstance(cases, (str, Path)):
        if Path(cases) != STDIN:
            check_is_file(Path(cases))
        for number, document in enumerate(read_documents(Path(cases), "jsonl")):
            yield document if isinstance(document, MisstepError) else CaseEntry(document.data, number, document, name)
    elif isinstance(cases, Mapping):
        raise UsageError("cases: this is one case; give the path of a file, or a list of cases")
    else:
        for number, case in enumerate(cases):
            yield CaseEntry(dict(case) if isinstance(case, Mapping) else case, number, set=name)


def name_sets(sets: Sequence[CasesLike]) -> list[str]:
    """A name for each set: that of its file, or its path if two files have that name; empty for a set that is no file.

    Raises UsageError if there are several sets and one is no file, or if a file is given twice.
    """
    paths = [Path(cases) for cases in sets if isinstance(cases, (str, Path))]
    if len(sets) > 1 and len(paths) < len(sets):
        raise UsageError("cases: of several sets each is the path of a file")
    if (twice := doubled(paths)) is not None:
        raise UsageError(f"{'<stdin>' if twice == STDIN else printable(str(twice))}: these cases are given twice")
    short = ["<stdin>" if path == STDIN else shown_name(path.stem) for path in paths]
    return [name if short.count(name) == 1 else shown_name(str(path)) for name, path in zip(short, paths, strict=True)] or [""]


def read_case(entry: CaseEntry) -> JudgedDoc:
    """Check the shape of a case. Raises RecordError with every problem."""
    if not isinstance(entry.data, dict):
        raise RecordError([entry.problem((), "a judged case is a mapping {record: ..., expert: ..., ...}")])
    try:
        return JudgedDoc.model_validate(entry.data)
    except ValidationError as error:
        found = [describe(entry.data, e, JudgedDoc) for e in error.errors(include_url=False)]
        raise RecordError([entry.problem(path, message) for path, message in found]) from None


def unknown_words(case: JudgedDoc, entry: CaseEntry, program: Program) -> list[Problem]:
    """Faults of a case: bands and levels that the rule base does not have."""
    told = (
        ("severity", "band", case.expert.severity, program.scale.severity.words),
        ("noticed", "level", case.expert.noticed, (*filter(None, program.scale.noticed.words), UNKNOWN)),
    )
    found = []
    for key, what, word, known in told:
        if word is not None and word not in known:
            hint = did_you_mean(word, known, f"; it is one of {', '.join(known)}")
            found.append(entry.problem(("expert", key), f"there is no such {what}{hint}"))
    return found


def unknown_steps(case: JudgedDoc, entry: CaseEntry, program: Program) -> Iterator[tuple[str, Problem]]:
    """The actions of a case that the rule base does not have, each with a remark: no plan can hold them."""
    for key, actions in (("recommended", case.expert.recommended), ("against", case.expert.against)):
        for i, action in enumerate(actions):
            if action not in program.actions:
                message = f"these rules have no action '{action}', so it is in no plan{did_you_mean(action, program.actions)}"
                yield action, entry.problem(("expert", key, i), message)


def record_problems(error: RecordError, entry: CaseEntry) -> list[Problem]:
    """The faults of the record of a case, with their places in the case."""
    record = entry.data["record"]
    return [
        entry.problem(["record", *from_pointer(problem.location.pointer, record)], problem.message) for problem in error.problems
    ]


def case_schema(program: Program, record: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of a judged case, made from that of a record, with the words of the rule base."""
    schema = JudgedDoc.model_json_schema()
    facts = {"$ref": "#/$defs/Facts"}
    schema["title"] = "misstep judged case"
    schema["$defs"] |= {**record.pop("$defs", {}), "Facts": record["properties"]["facts"]}
    record["properties"]["facts"] = facts
    schema["properties"]["record"]["anyOf"] = [record, facts]
    expert = schema["$defs"]["ExpertDoc"]["properties"]
    expert["severity"]["enum"] = list(program.scale.severity.words)
    expert["noticed"]["enum"] = [*filter(None, program.scale.noticed.words), UNKNOWN, None]
    for key in ("recommended", "against"):
        own = {"enum": sorted(program.actions)}  # for editors to complete; others may be named
        expert[key]["items"] = {"anyOf": [own, expert[key]["items"]]}
    return schema
