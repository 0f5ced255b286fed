"""``misstep check``, ``test`` and ``docs``: packs in; their mistakes, their cases, their pages out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import BAD, FOUND, OK, cli, complain, engine_option
from misstep.errors import Problem, printable

if TYPE_CHECKING:
    from misstep.api import EngineName
    from misstep.tools.docs import Form


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(paths: tuple[Path, ...], output: str) -> int:
    """Check rule packs, files or folders.

    Shows every mistake with its file, line and column; where there is none, what deserves a second look, as remarks.
    """
    from misstep.errors import RuleError
    from misstep.limits import Limits
    from misstep.rulebase.link import load_program
    from misstep.rulebase.lint import find_remarks, refuse_unknown_names

    limits = Limits(problems=1000)
    try:
        program, merged = load_program(paths, limits)
        refuse_unknown_names(program, merged, limits)
    except RuleError as error:
        if output == "json":
            _print_problems(error.problems, "error")
        else:
            complain(error)
        return BAD
    remarks = find_remarks(program, merged)
    if output == "json":
        _print_problems(remarks, "remark")
        return OK
    for remark in remarks:
        print(f"remark: {remark}")
    found = f", {len(remarks)} remark{'' if len(remarks) == 1 else 's'}" if remarks else ""
    print(
        f"{program.name} {program.version}: {len(program.kinds)} kinds, {len(program.rules)} rules, "
        f"{len(program.actions)} actions, {len(program.sources)} sources; no mistakes found{found}"
    )
    return OK


def _print_problems(problems: Sequence[Problem], level: str) -> None:
    found = [
        {
            "level": level, "file": p.location.file, "line": p.location.line, "column": p.location.column,
            "rule": p.subject, "message": p.message,
        }
        for p in problems
    ]  # fmt: skip
    print(json.dumps(found, ensure_ascii=False, indent=1))


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--coverage", is_flag=True, help="Also fail for rules without a firing and a quiet case.")
@engine_option
def test(paths: tuple[Path, ...], output: str, coverage: bool, engine: EngineName) -> int:
    """Run the cases of rule packs, files or folders."""
    from misstep.tools.ruletest import run_cases

    report = run_cases(paths, engine=engine)
    failed = [outcome for outcome in report.outcomes if not outcome.passed]
    if output == "json":
        print(json.dumps({
            "cases": len(report.outcomes),
            "failed": [
                {"case": o.id, "file": o.location.file, "line": o.location.line,
                 "failures": [{"what": w, "exp": e, "got": g} for w, e, g in o.failures]} for o in failed
            ],
            "never_fired": report.never_fired,
            "never_quiet": report.never_quiet,
        }, ensure_ascii=False, indent=1))  # fmt: skip
    else:
        for outcome in failed:
            print(f"FAILED {printable(outcome.id)} ({outcome.location})")
            for what, expected, got in outcome.failures:
                print(f"  {printable(what)}\n    exp: {printable(expected)}\n    got: {printable(got)}")
        for rule in report.never_fired if coverage else ():
            print(f"UNTESTED {rule}: no case says that it fires")
        for rule in report.never_quiet if coverage else ():
            print(f"UNTESTED {rule}: no case says that it stays quiet")
        passed = len(report.outcomes) - len(failed)
        print(f"{passed} case{'' if passed == 1 else 's'} passed, {len(failed)} failed")
    untested = coverage and (report.never_fired or report.never_quiet)
    return FOUND if failed or untested else OK


@cli.group()
def docs() -> None:
    """Make pages from rule packs."""


@docs.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Where the pages go.")
@click.option("--format", "form", type=click.Choice(["html", "markdown"]), default="html", show_default=True,
              help="A web site, which needs the extra misstep[docs]; or its pages as Markdown.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace FOLDER even if this command did not make it.")
def build(paths: tuple[Path, ...], output: Path, form: Form, overwrite: bool) -> int:
    """Write pages about every kind, rule, action and source of the packs at PATH, files or folders.

    Without PATH they are about the shipped rules. The examples on them are the cases of the packs, run: a case that does not
    hold is an error. FOLDER appears whole or not at all.

    \b
    misstep docs build my-rules/ --output site
    """
    from misstep.tools.docs import build_docs

    built = build_docs(paths, output, form, overwrite)
    print(f"{printable(str(built.first))}: {built.pages} pages, {built.examples} examples run")
    return OK
