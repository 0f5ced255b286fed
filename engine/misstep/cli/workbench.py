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
    terminal_width,
    use_color,
)
from misstep.errors import printable
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from misstep.api import EngineName
    from misstep.tools.docs import PageFormat
    from misstep.tools.ruletest import CaseOutcome, CaseReport


@cli.command()
@paths_argument
@output_option("text", "json")
@click.option("-k", "chosen", default="", metavar="NAME", help="Only the cases whose PACK/NAME holds these words.")
@click.option("--show", is_flag=True, help="Also print the whole assessment of each case.")
@click.option("--coverage", is_flag=True, help="Also tell what no case saw true, or false; fail if a rule never fired.")
@click.option("--update", is_flag=True, help="Show what fails, and rewrite these expectations in the packs to what comes today.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Also write the outcomes as JUnit XML."
)
@engine_option
def test(
    paths: tuple[Path, ...],
    output: str,
    chosen: str,
    show: bool,
    coverage: bool,
    update: bool,
    junit: Path | None,
    engine: EngineName,
) -> int:
    """Run the cases of rule packs, files or folders.

    \b
    misstep test my-rules/ --coverage
    misstep test my-rules/ -k "twelve minutes" --show
    """
    from misstep.tools.ruletest import run_cases

    report = run_cases(paths, None, engine, chosen, coverage)
    failed = [outcome for outcome in report.outcomes if not outcome.passed]
    if junit is not None:
        _write_junit(junit, report)
    if output == "json":
        print_json(_report_data(report, coverage))
    else:
        _print_report(report, show, coverage)
    if update:
        return _update(failed, output == "text")
    return FOUND if failed or (coverage and report.never_fired) else OK


def _write_junit(file: Path, report: CaseReport) -> None:
    from misstep.files import whole_file
    from misstep.tools.junit import to_junit

    with whole_file(file) as stream:
        stream.write(to_junit(report.outcomes))


def _report_data(report: CaseReport, coverage: bool) -> dict[str, object]:
    """The report as JSON data; ``conditions``: only with coverage."""
    failed = [
        {
            "case": o.id,
            "file": o.location.file,
            "line": o.location.line,
            "failures": [{"what": each.what, "exp": each.expected, "got": each.got} for each in o.failures],
        }
        for o in report.outcomes
        if not o.passed
    ]
    data: dict[str, object] = {"cases": len(report.outcomes), "failed": failed, "never_fired": report.never_fired}
    if coverage:
        data["conditions"] = [
            {
                "rule": each.rule,
                "condition": each.text,
                "file": each.location.file,
                "line": each.location.line,
                "column": each.location.column,
                "seen_true": each.true,
                "seen_false": each.false,
            }
            for each in report.conditions
        ]
    return data


def _print_report(report: CaseReport, show: bool, coverage: bool) -> None:
    for outcome in report.outcomes:
        if outcome.failures:
            print(f"FAILED {printable(outcome.id)} ({outcome.location})")
        elif show:
            print(f"{printable(outcome.id)} ({outcome.location})")
        for what, expected, got, _ in outcome.failures:
            print(f"  {printable(what)}\n    exp: {printable(expected)}\n    got: {printable(got)}")
        if show:
            print(_assessment(outcome))
    if coverage:
        for rule in report.never_fired:
            print(f"UNTESTED {rule}: it fires in no case")
        for each in report.conditions:
            if each.unseen:
                print(f"UNSEEN {each.location}: {each.rule}: `{printable(each.text)}` was never {each.unseen}")
    passed = sum(outcome.passed for outcome in report.outcomes)
    print(f"{counted(passed, 'case')} passed, {len(report.outcomes) - passed} failed")
    if coverage:
        seen = sum(not each.unseen for each in report.conditions)
        print(f"{report.rules - len(report.never_fired):,} of {counted(report.rules, 'rule')} fired")
        print(f"{seen:,} of {counted(len(report.conditions), 'condition')} seen true and false")


def _assessment(outcome: CaseOutcome) -> str:
    """The whole assessment of a case, as `misstep assess --full` prints it; empty if its facts are no record."""
    from misstep.assessment.text import to_text

    if outcome.assessment is None or outcome.result is None:
        return ""
    scale = outcome.result.memory.program.scale
    return "\n" + to_text(outcome.assessment, scale, terminal_width(), use_color("auto"), full=True)


def _update(failed: Sequence[CaseOutcome], shown: bool) -> int:
    """Rewrite expectations that failed; the code is FOUND where some are left."""
    from misstep.tools.case_update import update_packs

    left: list[str] = []
    for pack in update_packs(failed):
        if pack.changed:
            if shown:
                print("\n".join(map(printable, pack.diff.splitlines())))
            pack.write()
            if shown:
                print(f"{counted(pack.changed, 'expectation')} rewritten in {printable(pack.file)}")
        left += pack.left
    for each in left if shown else ():
        print(f"LEFT {printable(each)}: cannot be rewritten; change it by hand")
    return FOUND if left else OK


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
