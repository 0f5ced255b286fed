"""``misstep score``: logged interviews in; scores, and a page about them, out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import FOUND, OK, cli, colored, load, rules_option, width
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from misstep.api import RuleBase
    from misstep.batch.columns import TableName
    from misstep.batch.parts import Form
    from misstep.batch.results import Scores
    from misstep.cli.progress import Style


@cli.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("-o", "--output", required=True, metavar="OUTPUT",
              help="Where scores go: *.parquet, *.jsonl, *.csv, or a table: sqlite:///FILE?table=NAME, "
              "postgresql://HOST/DATABASE?table=NAME.")  # fmt: skip
@rules_option
@click.option("--baseline", multiple=True, type=click.Path(path_type=Path), metavar="PATH",
              help="Also score with these rules, and tell whose answer differs, and because of which rules; "
    "may be repeated. misstep: the shipped ones."
)  # fmt: skip
@click.option("--keep", default="", metavar="NAMES", help="Columns of the input to carry along, separated by commas: team,month.")
@click.option("--with", "also", multiple=True, type=click.Choice(["findings", "actions", "assessment", "certainty"]),
              help="Also a table of findings or of actions, a column with the whole assessment, or columns that say how far the "
    "answer rests on what is not said, which takes some hundred times as long; may be repeated.")  # fmt: skip
@click.option("--input-format", type=click.Choice(["jsonl", "parquet", "csv", "long-csv"]),
              help="Form of all inputs; else by their endings. long-csv: a row for each fact.")  # fmt: skip
@click.option("--facts", default="facts", show_default=True, metavar="NAME", help="The column of a table with the facts as JSON.")
@click.option("--id", "id_", default="id", show_default=True, metavar="NAME", help="The column of a table with the id.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes; else one for each core.")
@click.option("--on", metavar="URL", help="Score on a cluster: dask://SCHEDULER:PORT (extra misstep[dask]).")
@click.option("--rejects", metavar="FILE",
              help="Where records go that are wrong; else beside the output, if there are any.")  # fmt: skip
@click.option("--max-rejects", type=click.IntRange(min=0), metavar="N", help="Stop where more records are wrong.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE",
              help="Also make a page about the scores (extra misstep[report]).")  # fmt: skip
@click.option("--journal", metavar="FOLDER",
              help="Where the run keeps what it has done until it is finished; else beside the output.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace what is there, and give up a run with other rules or inputs.")
@click.option("--progress", type=click.Choice(["auto", "bar", "json", "none"]), default="auto", show_default=True,
              help="On standard error; auto: a bar on a terminal.")  # fmt: skip
def score(
    inputs: tuple[str, ...],
    output: str,
    rules: tuple[Path, ...],
    baseline: tuple[Path, ...],
    keep: str,
    also: tuple[str, ...],
    input_format: Form | None,
    facts: str,
    id_: str,
    workers: int | None,
    on: str | None,
    rejects: str | None,
    max_rejects: int | None,
    report: Path | None,
    journal: str | None,
    overwrite: bool,
    progress: Style,
) -> int:
    """Score logged interviews, by the million.

    INPUT is a file of JSON lines, Parquet or CSV, plain or packed; a folder or pattern of them; - for standard input; or a table
    or query of a database: sqlite:///FILE?table=NAME, postgresql://HOST/DATABASE?query=SELECT ...

    OUTPUT appears whole or not at all. A run that was stopped goes on where it was when the same command is given again. Records
    that are wrong are left out, counted, and told in a file of rejects; the exit code is 1 then.

    \b
    misstep score interviews.jsonl -o scores.parquet --report report.html
    misstep score logs/ -o scores.csv --keep team,month --with findings
    misstep score 'sqlite:///log.db?table=interviews' -o 'sqlite:///log.db?table=scores'
    """
    from misstep.batch.run import score as run
    from misstep.cli.progress import shown
    from misstep.errors import printable

    if report is not None:
        from misstep.batch.report.page import check_report_file

        check_report_file(report, overwrite)

    def then(scores: Scores) -> None:
        if report is not None:
            from misstep.batch.report.page import write_report

            write_report([scores], report, overwrite=overwrite)

    tables: list[TableName] = [table for table in ("findings", "actions") if table in also]
    with shown(progress) as show:
        outcome = run(
            inputs, output, rules=load(rules), baseline=_baseline(baseline) if baseline else None,
            keep=[name.strip() for name in keep.split(",")] if keep else [], tables=tables, assessment="assessment" in also,
            certainty="certainty" in also,
            input_format=input_format, facts=facts, id=id_, workers=workers, on=on, rejects=rejects, max_rejects=max_rejects,
            journal=journal, overwrite=overwrite, progress=show, then=then,
        )  # fmt: skip
    if outcome.comparison is not None:
        from misstep.batch.baseline_report import comparison_text

        print(comparison_text(outcome.comparison, width(), colored("auto")))
    print(f"{outcome.summary.words.counted(outcome.interviews)} scored into {printable(outcome.files['interviews'])}", end="")
    print(f"; {outcome.resumed:,} of them in an earlier run" if outcome.resumed else "")
    if outcome.rejects:
        count = counted(outcome.rejects, "record")
        print(f"misstep: {count} could not be scored: see {printable(outcome.files['rejects'])}; the first:", file=sys.stderr)
        first = outcome.summary.reject_examples[0]
        print(f"misstep: {printable(first.file)}:{first.row}: {first.problems[0]}", file=sys.stderr)
    return FOUND if outcome.rejects else OK


def _baseline(paths: tuple[Path, ...]) -> RuleBase:
    return load(() if paths == (Path("misstep"),) and not paths[0].exists() else paths)
