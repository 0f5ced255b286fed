"""``misstep test`` and ``docs``: commands for authors of packs; ``check`` has a file of its own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import (
    FOUND,
    OK,
    FilePath,
    cli,
    engine_option,
    output_option,
    paths_argument,
    print_json,
    terminal_width,
    use_color,
)
from misstep.cli.quiet import with_quiet_log
from misstep.cli.watching import watchable
from misstep.errors import UsageError, printable
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from misstep.api import EngineName
    from misstep.tools.docs import PageFormat
    from misstep.tools.mutants.mutation_run import MutationReport
    from misstep.tools.ruletest import CaseOutcome, CaseReport


@cli.command()
@paths_argument
@output_option("text", "json")
@click.option("-k", "chosen", default="", metavar="NAME", help="Only the cases whose PACK/NAME holds these words.")
@click.option("--show", is_flag=True, help="Also print the whole assessment of each case.")
@click.option("--coverage", is_flag=True, help="Also tell what no case saw true, or false; fail if a rule never fired.")
@click.option("--update", is_flag=True, help="Show what fails, and rewrite these expectations in the packs to what comes today.")
@click.option("--junit", type=FilePath(dir_okay=False), metavar="FILE", help="Also write the outcomes as JUnit XML.")
@click.option("--mutate", is_flag=True, help="Change the rules, a little at a time, and tell which changes no case notices.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="With --mutate: only so many of the changes.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="With --mutate: of all that is drawn.")
@click.option(
    "--journal",
    type=FilePath(dir_okay=False),
    metavar="FILE",
    help="With --mutate: keep what is done in FILE; a later run goes on from there.",
)
@engine_option
@watchable
@with_quiet_log
def test(
    paths: tuple[Path, ...],
    output: str,
    chosen: str,
    show: bool,
    coverage: bool,
    update: bool,
    junit: Path | None,
    mutate: bool,
    sample: int | None,
    seed: int,
    journal: Path | None,
    engine: EngineName,
) -> int:
    """Run the cases of rule packs, files or folders.

    \b
    misstep test my-rules/ --coverage
    misstep test my-rules/ -k "twelve minutes" --show
    misstep test my-rules/ --mutate --sample 200
    """
    if mutate:
        if chosen or show or coverage or update or junit:
            raise UsageError("--mutate takes all cases, and stands without -k, --show, --coverage, --update and --junit")
        return _mutate(paths, output, sample, seed, journal)
    if sample or journal:
        raise UsageError("--sample and --journal go with --mutate")
    if junit is not None and junit.suffix.lower() in (".yaml", ".yml", ".csv"):
        raise UsageError(f"{printable(str(junit))}: ends as a file of rules does; give --junit a file *.xml")
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
    from misstep.files import refuse_inputs, whole_file
    from misstep.tools.junit import to_junit

    refuse_inputs([file], report.files)
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


def _mutate(paths: tuple[Path, ...], output: str, sample: int | None, seed: int, journal: Path | None) -> int:
    """Run mutants, and print those that no case notices."""
    from misstep.layout.wording import percent
    from misstep.rulebase.yaml_edits import written
    from misstep.tools.mutants.mutation_run import MutationSettings, run_mutants

    with _counting() as show:
        report = run_mutants(MutationSettings(tuple(map(str, paths)), sample, seed, journal), show)
    if output == "json":
        print_json(_mutation_data(report))
        return OK
    survivors = [(mutant, judged) for mutant, judged in report.judged if judged.survives]
    for mutant, judged in survivors:
        print(f"SURVIVED {mutant.location}: {mutant.id}: {printable(mutant.change)}")
        print(f"  facts that tell: {printable(written(judged.facts))}")
    if survivors:
        print("What to expect of such facts is for a person to say, from what the rules are meant to do. What comes today is no")
        print("evidence for it: do not copy it.")
    idle = len(report.judged) - report.mattering
    print(f"{counted(len(report.judged), 'change')} of {report.made:,}; {idle:,} change no answer and are left out")
    share = f": {percent(report.noticed, report.mattering)}" if report.mattering else ""
    print(f"{report.noticed:,} of {report.mattering:,} that matter are noticed by a case{share}")
    return OK


def _mutation_data(report: MutationReport) -> dict[str, object]:
    """The report as JSON data."""
    return {
        "made": report.made,
        "judged": len(report.judged),
        "matter": report.mattering,
        "noticed": report.noticed,
        "score": round(report.score, 4),
        "mutants": [
            {
                "mutant": mutant.id,
                "file": mutant.location.file,
                "line": mutant.location.line,
                "column": mutant.location.column,
                "change": mutant.change,
                "matters": judged.matters,
                "noticed_by": judged.noticed_by,
                "facts": judged.facts,
            }
            for mutant, judged in report.judged
        ],
    }


@contextmanager
def _counting() -> Iterator[Callable[[int, int], None]]:
    """A function that shows how much is done, on a terminal."""
    shown = sys.stderr.isatty()
    yield lambda done, of: print(f"\r{done:,} of {of:,}", end="", file=sys.stderr, flush=True) if shown else None
    if shown:
        print("\r", end="", file=sys.stderr)


@cli.group()
def docs() -> None:
    """Write pages about rule packs."""


@docs.command()
@click.argument("paths", nargs=-1, type=FilePath(), metavar="[PATH]...")
@click.option("-o", "--output", required=True, type=FilePath(), metavar="FOLDER", help="Folder to write.")
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
