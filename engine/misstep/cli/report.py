"""``misstep report``: scored interviews in; a page about them out."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import OK, cli


@cli.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="RESULTS...")
@click.option("-o", "--output", type=click.Path(path_type=Path), default="report.html", show_default=True, metavar="FILE",
              help="Where the page goes.")  # fmt: skip
@click.option("--by", multiple=True, metavar="COLUMN",
              help="Compare interviews by this column; may be repeated. Otherwise by all that were kept.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
def report(results: tuple[Path, ...], output: Path, by: tuple[str, ...], overwrite: bool) -> int:
    """Make a page about scored interviews.

    RESULTS are files that `misstep score` wrote, all with the same rules. The page is one file of HTML, which needs nothing
    else: open it in a browser, print it, or send it to somebody.

    \b
    misstep report scores.parquet --by team --by month
    """
    from misstep.batch.report.page import check_report_file, write_report
    from misstep.batch.results import read_scores

    check_report_file(output, overwrite)
    write_report([read_scores(file) for file in results], output, by or None, overwrite)
    return OK
