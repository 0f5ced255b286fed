"""``misstep score``: score logged interviews into files or tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import (
    FOUND,
    OK,
    FilePath,
    NumberRange,
    cli,
    is_given,
    load_rules,
    rules_option,
    split_names,
    terminal_width,
    use_color,
)
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from misstep.api import RuleBase
    from misstep.batch.columns import TableName
    from misstep.batch.parts import Decimal, InputForm
    from misstep.batch.results import Scores
    from misstep.cli.progress import Style


@cli.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="OUTPUT",
    help="Where to write scores: *.parquet, *.jsonl, *.csv; a table: sqlite:///FILE?table=NAME, "
    "postgresql://HOST/DATABASE?table=NAME; - for JSON lines on standard output.",
)
@rules_option
@click.option(
    "--baseline",
    multiple=True,
    type=FilePath(),
    metavar="PATH",
    help="Also score with these rules and report which answers change and why; may be repeated. misstep: the shipped rules.",
)
@click.option(
    "--map",
    "mapping",
    type=FilePath(),
    metavar="FILE",
    help="A mapping from the columns of the input to facts: docs/mappings.md, misstep map.",
)
@click.option(
    "--from-notes",
    metavar="COLUMN",
    help="A column of notes in people's own words, to read for further facts: docs/batch.md#notes. There need be no others then.",
)
@click.option(
    "--notes-score",
    type=NumberRange(0, 1),
    default=0.8,
    show_default=True,
    metavar="SCORE",
    help="The least score of what becomes a fact; at 0.8 eight in ten are right.",
)
@click.option("--keep", default="", metavar="NAMES", help="Input columns to copy to the output, separated by commas: team,month.")
@click.option(
    "--ignore",
    default="",
    metavar="NAMES",
    help="Input columns never to read, separated by commas; '*' for all that are not named.",
)
@click.option(
    "--with",
    "also",
    multiple=True,
    type=click.Choice(["findings", "actions", "assessment", "certainty"]),
    help="Also write a table of findings or of actions, a column with the whole assessment, or columns for how far the answer "
    "depends on missing information (about a hundred times slower); may be repeated.",
)
@click.option(
    "--input-format",
    type=click.Choice(["jsonl", "json", "parquet", "csv", "long-csv", "xlsx"]),
    help="Format of all inputs. Default: by file extension. long-csv: one row for each fact.",
)
@click.option("--facts", default="facts", show_default=True, metavar="NAME", help="Table column with the facts as JSON.")
@click.option("--id", "id_", default="id", show_default=True, metavar="NAME", help="Table column with the id.")
@click.option("--encoding", metavar="NAME", help="Encoding of text: cp1252, utf-16, ... Default: detected.")
@click.option("--delimiter", metavar="CHAR", help="What ends a cell of CSV: ';', or '\\t' for a tab. Default: detected.")
@click.option("--decimal", type=click.Choice([".", ","]), help="Decimal sign of numbers in cells of CSV. Default: detected.")
@click.option("--null", default="", metavar="TEXTS", help="CSV cells that say nothing, separated by commas: N/A,NULL.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Number of processes. Default: one for each core.")
@click.option("--on", metavar="URL", help="Score on a cluster: dask://SCHEDULER:PORT (extra misstep[dask]).")
@click.option("--rejects", metavar="FILE", help="Where to write invalid records. Default: beside the output, if there are any.")
@click.option("--max-rejects", type=click.IntRange(min=0), metavar="N", help="Stop after more than N invalid records.")
@click.option("--unique", is_flag=True, help="Of interviews with the same id, score the first only.")
@click.option("--fail-empty", is_flag=True, help="Exit with 2 where there are no interviews. Default: an empty table.")
@click.option(
    "--report",
    type=FilePath(),
    metavar="FILE",
    help="Also write a page about the scores (extra misstep[report]).",
)
@click.option(
    "--outcome",
    "ended",
    default="",
    metavar="COLUMN[=GOOD[:BAD]]",
    help="For that page, the kept column with what became of each interview: see `misstep report --help`.",
)
@click.option("--title", default="", metavar="TEXT", help="Heading of that page.")
@click.option(
    "--journal", metavar="FOLDER", help="Checkpoint folder, deleted when the run is complete. Default: beside the output."
)
@click.option(
    "--overwrite", is_flag=True, help="Replace existing output, and discard an unfinished run with other rules or inputs."
)
@click.option(
    "--append",
    is_flag=True,
    help="Add to a table, or to a folder with a file for each run, what is not in it yet; --overwrite then only discards an "
    "unfinished run.",
)
@click.option(
    "--progress",
    type=click.Choice(["auto", "bar", "json", "none"]),
    default="auto",
    show_default=True,
    help="Show progress on standard error; auto: a bar on a terminal.",
)
def score(
    inputs: tuple[str, ...],
    output: str,
    rules: tuple[Path, ...],
    baseline: tuple[Path, ...],
    mapping: Path | None,
    from_notes: str | None,
    notes_score: float,
    keep: str,
    ignore: str,
    also: tuple[str, ...],
    input_format: InputForm | None,
    facts: str,
    id_: str,
    encoding: str | None,
    delimiter: str | None,
    decimal: Decimal | None,
    null: str,
    workers: int | None,
    on: str | None,
    rejects: str | None,
    max_rejects: int | None,
    fail_empty: bool,
    unique: bool,
    report: Path | None,
    ended: str,
    title: str,
    journal: str | None,
    overwrite: bool,
    append: bool,
    progress: Style,
) -> int:
    """Score logged interviews, by the million.

    INPUT is a file of JSON, CSV, Parquet or Excel, also compressed; a folder or glob pattern of them; - for standard input; or a
    table or query of a database: sqlite:///FILE?table=NAME, duckdb:///FILE?..., postgresql://HOST/DATABASE?query=SELECT ...

    OUTPUT is written atomically. To resume an interrupted run, repeat the same command. With --append, interviews that are in
    OUTPUT already, by their ids or the part of the input, are left out. Invalid records are skipped, counted and
    written to a rejects file; the exit code is then 1.

    \b
    misstep score interviews.jsonl -o scores.parquet --report report.html
    misstep score logs/ -o scores.csv --keep team,month --with findings
    misstep score 'sqlite:///log.db?table=interviews' -o 'sqlite:///log.db?table=scores'
    """
    from misstep.batch.run import score as run
    from misstep.batch.summary import notes_text
    from misstep.cli.progress import show_progress
    from misstep.errors import UsageError, printable
    from misstep.files import refuse_inputs

    if report is None and (title or ended):
        raise UsageError("--title and --outcome go with --report")
    if from_notes is None and is_given("notes_score"):
        raise UsageError("--notes-score goes with --from-notes")
    chosen = None
    if report is not None:
        from misstep.batch.report.outcomes import OutcomeChoice
        from misstep.batch.report.report_page import check_report_file

        chosen = OutcomeChoice.parse(ended) if ended else None
        check_report_file(report, overwrite)
        # a report is read by people: it has no place in a folder of rules, which may be read as a pack next time
        refuse_inputs([report], [str(path) for path in (*rules, *baseline) if path.is_dir()])

    def then(scores: Scores) -> None:
        if report is not None:
            from misstep.batch.report.report_page import write_report

            write_report([scores], report, overwrite=overwrite, title=title, outcome=chosen)

    rulebase = load_rules(rules)
    mapped = None
    if mapping is not None:
        from misstep.batch.mapping.row_mapping import RowMapping

        mapped = RowMapping.load(mapping, rulebase)
    if chosen is not None and chosen.column not in (mapped.keep if mapped else split_names(keep)):
        raise UsageError(f"--outcome: the column '{printable(chosen.column)}' is not kept; --keep carries it along")
    tables: list[TableName] = [table for table in ("findings", "actions") if table in also]
    with show_progress(progress) as show:
        outcome = run(
            inputs,
            output,
            rules=rulebase,
            mapping=mapped,
            from_notes=from_notes,
            notes_score=notes_score,
            baseline=_baseline(baseline) if baseline else None,
            keep=split_names(keep),
            ignore=split_names(ignore),
            tables=tables,
            assessment="assessment" in also,
            certainty="certainty" in also,
            input_format=input_format,
            facts=facts,
            id=id_,
            encoding=encoding,
            delimiter=delimiter,
            decimal=decimal,
            null=split_names(null),
            workers=workers,
            on=on,
            rejects=rejects,
            max_rejects=max_rejects,
            journal=journal,
            overwrite=overwrite,
            append=append,
            fail_empty=fail_empty,
            unique=unique,
            progress=show,
            then=then,
            writes=[report] if report is not None else [],
        )
    says = sys.stderr if output == "-" else sys.stdout
    if outcome.comparison is not None:
        from misstep.batch.baseline_report import comparison_text

        print(comparison_text(outcome.comparison, terminal_width(), use_color("auto")), file=says)
    resumed = f"; {outcome.resumed:,} of them in an earlier run" if outcome.resumed else ""
    done = f"{outcome.summary.words.counted(outcome.interviews)} {'added' if append else 'scored'}"
    where = "" if output == "-" else f" {'to' if append else 'into'} {printable(outcome.files['interviews'])}"
    present = f"; {outcome.present:,} {'was' if outcome.present == 1 else 'were'} there already" if outcome.present else ""
    print(f"{done}{where}{present}{resumed}", file=says)
    if outcome.summary.notes is not None:
        print(f"notes: {notes_text(outcome.summary.notes)}", file=says)
    for remark in outcome.summary.remarks:
        print(f"misstep: {printable(f'{remark.file}: {remark.text}')}", file=sys.stderr)
    if mapped is not None and outcome.summary.coverage is not None:
        from misstep.batch.mapping.coverage_report import coverage_text
        from misstep.batch.mapping.mapping_coverage import LogCoverage

        coverage = LogCoverage.from_json(outcome.summary.coverage.counts)
        print(coverage_text(mapped, coverage, terminal_width(), use_color("auto")), end="", file=says)
    if outcome.summary.duplicates and not append:
        count = outcome.summary.words.counted(outcome.summary.duplicates)
        what = "left out, with the id of one before" if unique else "with the id of one before; --unique leaves them out"
        print(f"misstep: {count} {what}", file=sys.stderr)
    if outcome.rejects:
        count = counted(outcome.rejects, "record")
        see = "" if output == "-" and rejects is None else f" see {printable(outcome.files['rejects'])};"
        print(f"misstep: {count} could not be scored:{see} the first:", file=sys.stderr)
        first = outcome.summary.reject_examples[0]
        print(f"misstep: {printable(first.file)}:{first.row}: {first.problems[0]}", file=sys.stderr)
    return FOUND if outcome.rejects else OK


def _baseline(paths: tuple[Path, ...]) -> RuleBase:
    return load_rules(() if paths == (Path("misstep"),) and not paths[0].exists() else paths)
