"""Every limit is declared in one place, and docs/all-limits.md is made from there."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import Golden

from misstep.cli.serve import serve
from misstep.limits import LIMIT, FixedLimits, LimitNote, Limits
from misstep.service.config import Settings

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "engine" / "misstep"

OWN = {
    "analysis": "what is tried and shown",
    "assessment": "what an answer says",
    "batch/baseline_report.py": "what a report shows",
    "batch/columns.py": "what a row shows",
    "batch/mapping/mapping_coverage.py": "what is told of a log",
    "batch/tasks.py": "what is told of a log",
    "errors.py": "what an error says",
    "evaluate/durable": "between its processes, and in the library",
    "language/expression_text.py": "what an error says",
    "rulebase/constants.py": "what an error says",
    "rulebase/coverage.py": "work of a check, which then says nothing",
    "rulebase/documents.py MOST_HIDDEN": "what an error says",
    "rulebase/expressions.py MAX_SIZE": "numbers that follow from the limits of fields",
    "rulebase/patterns.py": "facts that there may be, by the other limits",
    "rulebase/read_pack.py": "work of a check",
    "service/access_log.py": "lines of the log at a time",
    "service/assistants.py": "what an answer says",
    "service/negotiation.py": "what an error says",
    "service/page/answer.py": "what the page shows",
    "service/page/catalogue.py": "what the page shows",
    "service/served.py": "what the description shows",
    "tools": "work of a check, which then says nothing, or that it is not decided",
}
"""Bounds called MAX or MOST that are no limits of what users give, by the file or folder, and why they are none."""

INTRODUCTION = """\
# All limits

Every limit of what is given to misstep, from its declarations in `engine/misstep/limits.py` and
`engine/misstep/service/config.py`. What is beyond a limit is an error of one line that names it, before the rest is read where
its size is declared. `Limits` is given to `RuleBase.load`, `Settings` to `ServiceApp`; where nothing stands, a limit is the same
for everybody.
"""


def page() -> str:
    """The page of all limits."""
    options = {parameter.name: parameter.opts[0] for parameter in serve.params}
    doors: dict[str, list[str]] = {}
    for owner in (Limits, Settings, FixedLimits):
        for name, note, value in limits_of(owner):
            raised = "" if owner is FixedLimits else f"`{owner.__name__}({name}=...)`"
            if owner is Settings and name in options:
                raised = f"`misstep serve {options[name]}`, {raised}"
            doors.setdefault(note.door, []).append(f"| {value:,} | {note.bounds} | {raised} |")
    head = "| at most | | raised by |\n| --- | --- | --- |\n"
    return "\n".join([INTRODUCTION, *(f"## {door}\n\n{head}" + "\n".join(rows) + "\n" for door, rows in doors.items())])


def limits_of(owner: type[Limits | FixedLimits | Settings]) -> Iterator[tuple[str, LimitNote, float]]:
    """The limits of a dataclass, each with its value."""
    for each in dataclasses.fields(owner):
        if note := each.metadata.get(LIMIT):
            assert isinstance(each.default, int | float)
            yield each.name, note, each.default


def bounds() -> Iterator[tuple[str, str]]:
    """The constants that are called as bounds are: file and name, and the value as written."""
    for file in sorted(ENGINE.rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.Assign):
                for name in (name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)):
                    if name.startswith(("MAX_", "MOST_")):
                        yield f"{file.relative_to(ENGINE).as_posix()} {name}", ast.unparse(node.value)


def is_own(place: str, own: str) -> bool:
    return place == own or place.startswith((f"{own}/", f"{own} "))


def test_the_page_of_limits_is_made_from_their_declarations(golden: Golden) -> None:
    golden(ROOT / "docs" / "all-limits.md", page())


def test_no_bound_of_what_users_give_is_declared_elsewhere() -> None:
    there = dict(bounds())
    undeclared = {place: value for place, value in there.items() if not value.startswith("FIXED.")}
    assert [place for place in undeclared if not any(is_own(place, own) for own in OWN)] == []
    assert [own for own in OWN if not any(is_own(place, own) for place in undeclared)] == []


def test_lengths_in_packs_and_mappings_are_declared_limits() -> None:
    for file in ("rulebase/schema.py", "batch/mapping/mapping_schema.py"):
        tree = ast.walk(ast.parse((ENGINE / file).read_text("utf-8")))
        lengths = [node.value.value for node in tree if isinstance(node, ast.keyword) and node.arg == "max_length"
                   and isinstance(node.value, ast.Constant)]  # fmt: skip
        assert set(lengths) <= {1, 2}, file  # these are shapes
