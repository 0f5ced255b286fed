"""``misstep test`` and ``docs``: commands for authors of packs; ``check`` has a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import (
    FOUND,
    OK,
    cli,
    engine_option,
    output_option,
    paths_argument,
    print_json,
)
from misstep.cli.quiet import with_quiet_log
from misstep.cli.watching import watchable
from misstep.errors import printable
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from misstep.api import EngineName
    from misstep.tools.docs import PageFormat


@cli.command()
@paths_argument
@output_option("text", "json")
@click.option("--coverage", is_flag=True, help="Also fail if a rule has no case in which it fires, or none in which it is quiet.")
@engine_option
@watchable
@with_quiet_log
def test(paths: tuple[Path, ...], output: str, coverage: bool, engine: EngineName) -> int:
    """Run the cases of rule packs, files or folders."""
    from misstep.tools.ruletest import run_cases

    report = run_cases(paths, engine=engine)
    failed = [outcome for outcome in report.outcomes if not outcome.passed]
    if output == "json":
        listed = [
            {
                "case": o.id,
                "file": o.location.file,
                "line": o.location.line,
                "failures": [{"what": what, "exp": expected, "got": got} for what, expected, got in o.failures],
            }
            for o in failed
        ]
        print_json(
            {
                "cases": len(report.outcomes),
                "failed": listed,
                "never_fired": report.never_fired,
                "never_quiet": report.never_quiet,
            }
        )
    else:
        for outcome in failed:
            print(f"FAILED {printable(outcome.id)} ({outcome.location})")
            for what, expected, got in outcome.failures:
                print(f"  {printable(what)}\n    exp: {printable(expected)}\n    got: {printable(got)}")
        for rule in report.never_fired if coverage else ():
            print(f"UNTESTED {rule}: no case expects it to fire")
        for rule in report.never_quiet if coverage else ():
            print(f"UNTESTED {rule}: no case expects it to be quiet")
        print(f"{counted(len(report.outcomes) - len(failed), 'case')} passed, {len(failed)} failed")
    untested = coverage and (report.never_fired or report.never_quiet)
    return FOUND if failed or untested else OK


@cli.group()
def docs() -> None:
    """Write pages about rule packs."""


@docs.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Folder to write.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown"]),
    default="html",
    show_default=True,
    help="A web site (extra misstep[docs]), or its pages as Markdown.",
)
@click.option("--overwrite", is_flag=True, help="Replace FOLDER even if this command did not create it.")
def build(paths: tuple[Path, ...], output: Path, form: PageFormat, overwrite: bool) -> None:
    """Write pages about every kind, rule, action and source of the packs at PATH, files or folders.

    Default: the shipped rules. The examples are the cases of the packs, which are run: a failed case is an error. FOLDER is
    written atomically.

    \b
    misstep docs build my-rules/ --output site
    """
    from misstep.tools.docs import build_docs

    built = build_docs(paths, output, form, overwrite)
    print(f"{printable(str(built.first))}: {built.pages} pages, {built.examples} examples run")
