"""``misstep report``: write a page about scored interviews."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import FilePath, cli


@cli.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...")
@click.option(
    "-o",
    "--output",
    type=FilePath(),
    default="report.html",
    show_default=True,
    metavar="FILE",
    help="File to write.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="COLUMN",
    help="Compare groups of interviews by this column; may be repeated. Default: all columns that were kept.",
)
@click.option(
    "--outcome",
    default="",
    metavar="COLUMN[=GOOD[:BAD]]",
    help="Column with what became of each interview, to see whether damage goes with it: --outcome hired, of yes and no; or with "
    "the words that are good, and those that are bad if not all others: --outcome 'state=offer,hired:rejected'.",
)
@click.option("--title", default="", metavar="TEXT", help="Heading of the page.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
def report(results: tuple[str, ...], output: Path, by: tuple[str, ...], outcome: str, title: str, overwrite: bool) -> None:
    """Write a page about scored interviews.

    RESULTS are what `misstep score` wrote with the same rules: files, folders of --append, or tables by their URLs. The page is
    a single HTML file that works offline: open it in a browser, print it, or send it to others.

    \b
    misstep report scores.parquet --by team --by month --outcome hired
    misstep report 'sqlite:///log.db?table=scores'
    """
    from misstep.batch.databases import DATABASES
    from misstep.batch.report.outcomes import OutcomeChoice
    from misstep.batch.report.report_page import check_report_file, write_report
    from misstep.batch.results import read_scores
    from misstep.errors import UsageError, printable
    from misstep.files import doubled, place, refuse_inputs

    chosen = OutcomeChoice.parse(outcome) if outcome else None
    check_report_file(output, overwrite)
    scores = [read_scores(name) for name in results]
    files = [name for name in results if not name.startswith(DATABASES)]
    refuse_inputs([output], files)
    if (twice := doubled(map(place, files))) is not None:
        raise UsageError(f"{printable(str(twice))}: these scores are given twice")
    write_report(scores, output, by or None, overwrite, title, chosen)
