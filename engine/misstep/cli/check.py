"""``misstep check``: find the mistakes in packs, and what is probably not meant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from misstep.cli.group import BAD, FOUND, OK, cli, output_option, paths_argument, print_json, split_names
from misstep.cli.watching import watchable
from misstep.errors import Location, Problem, printable
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from misstep.tools.lints.lint_table import CheckedPacks


class _Line(NamedTuple):
    """A mistake or a remark. ``code``: of the lint that tells it; the mistakes of a pack that cannot be used have none."""

    level: str
    problem: Problem
    code: str = ""


@cli.command()
@paths_argument
@output_option("text", "json", "github", help="github: annotations of a workflow.")
@click.option("--select", default="", metavar="CODES", help="Only these lints, separated by commas: see docs/lints.md.")
@click.option("--ignore", default="", metavar="CODES", help="All lints but these.")
@click.option("--strict", is_flag=True, help="Exit with 1 if there is a remark.")
@click.option("--together", is_flag=True, help="All of PATH are one rule base, in which a later one may replace parts of others.")
@watchable
def check(paths: tuple[Path, ...], output: str, select: str, ignore: str, strict: bool, together: bool) -> int:
    """Check rule packs, files or folders, each PATH as a rule base of its own.

    Shows every mistake with its file, line and column. Without mistakes, shows remarks on what is valid and probably not meant; a
    pack waives one with `waive: {CODE: REASON}`.
    """
    from misstep.errors import RuleError
    from misstep.limits import Limits
    from misstep.tools.lints.lint_table import check_packs, choose_codes

    codes = choose_codes(split_names(select), split_names(ignore))
    lines: list[_Line] = []
    for base in [paths] if together else [(path,) for path in paths]:
        checked = None
        try:
            checked = check_packs(base, Limits(problems=1000), codes)
            found = [_Line(told.level, told.problem, told.code) for told in checked.told]
        except RuleError as error:
            found = [_Line("error", problem) for problem in error.problems]
            if error.omitted:
                found.append(_Line("error", Problem(Location(), f"... and {error.omitted} more")))
        if output == "text":
            _print_text(found)
            if checked is not None and not checked.errors:
                print(_summary(checked))
        lines += found
    if output == "json":
        print_json([_as_json(line) for line in lines])
    elif output == "github":
        for line in lines:
            print(_annotation(line))
    levels = {line.level for line in lines}
    return BAD if "error" in levels else FOUND if strict and levels else OK


def _print_text(lines: list[_Line]) -> None:
    for line in lines:
        code = f" [{line.code}]" if line.code else ""
        if line.level == "error":
            print(f"misstep: {line.problem}{code}", file=sys.stderr)
        else:
            print(f"remark: {line.problem}{code}")


def _summary(checked: CheckedPacks) -> str:
    program, remarks = checked.program, checked.remarks
    parts = ", ".join(
        [
            counted(len(program.kinds), "kind"),
            counted(len(program.rules), "rule"),
            counted(len(program.actions), "action"),
            counted(len(program.sources), "source"),
        ]
    )
    found = f", {counted(len(remarks), 'remark')}" if remarks else ""
    return f"{program.name} {program.version}: {parts}; no mistakes found{found}"


def _as_json(line: _Line) -> dict[str, object]:
    place = line.problem.location
    return {
        "level": line.level,
        "code": line.code,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "rule": line.problem.subject,
        "message": line.problem.message,
    }


def _annotation(line: _Line) -> str:
    """A command to a runner of GitHub Actions, which shows the message at its line."""
    place = line.problem.location
    properties = {"file": place.file, "line": place.line, "col": place.column, "title": f"misstep {line.code}".rstrip()}
    given = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items() if value)
    message = ": ".join(part for part in (line.problem.subject, line.problem.message) if part)
    return f"::{'error' if line.level == 'error' else 'warning'} {given}::{_escaped(printable(message))}"


def _escaped(text: str, signs: str = "") -> str:
    """Text as a command of a workflow takes it."""
    for sign in f"%\r\n{signs}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
