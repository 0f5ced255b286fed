"""``misstep calibrate``: measure how far rules agree with judged cases, or how well certainty holds on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from misstep.cli.group import (
    BAD,
    OK,
    FilePath,
    cli,
    color_option,
    engine_option,
    is_given,
    load_rules,
    output_option,
    rules_option,
    terminal_width,
    use_color,
    write_bytes,
)
from misstep.errors import Problem, UsageError

if TYPE_CHECKING:
    from misstep.analysis.calibration.agreement import Agreement
    from misstep.analysis.calibration.certainty_figures import CertaintyFigures
    from misstep.api import EngineName

_Measured = TypeVar("_Measured", "Agreement", "CertaintyFigures")


@cli.command()
@click.argument("cases", nargs=-1, required=True, type=FilePath(allow_dash=True), metavar="CASES...")
@rules_option
@output_option("text", "json", "markdown", help="Text; JSON with every case; or Markdown.")
@click.option("--basis", "bases", multiple=True, metavar="WORD", help="Only cases whose verdict has this basis; may be repeated.")
@click.option("--min-confidence", type=click.IntRange(min=1), metavar="N", help="Only cases with at least this confidence.")
@click.option(
    "--worst",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    metavar="N",
    help="Number of the worst disagreements to list.",
)
@click.option(
    "--picture",
    type=FilePath(),
    metavar="FILE",
    help="Draw the table of bands to FILE, *.svg or *.png (extra misstep[report]).",
)
@click.option("--certainty", is_flag=True, help="Measure instead how well `misstep assess --certainty` holds.")
@engine_option
@color_option
def calibrate(
    cases: tuple[Path, ...],
    rules: tuple[Path, ...],
    output: str,
    bases: tuple[str, ...],
    min_confidence: int | None,
    worst: int,
    picture: Path | None,
    certainty: bool,
    engine: EngineName,
    color: str,
) -> int:
    """Measure how far rules agree with experts.

    CASES, or - for standard input, has one line of JSON for each case that an expert judged:
    {"record": ..., "expert": {"severity": ..., ...}, ...}; `misstep schema cases` prints the schema. Several files are
    measured together and separately. Invalid cases are reported; the rest are measured.

    \b
    misstep calibrate judged.jsonl --basis letter --min-confidence 2
    misstep calibrate judged.jsonl others.jsonl --rules my-rules/ --worst 10 --picture bands.svg
    misstep calibrate judged.jsonl --certainty
    """
    from misstep.analysis.calibration import agreement_report, certainty_report
    from misstep.analysis.calibration.picture import check_picture_file, write_picture
    from misstep.assessment.record_files import check_is_file
    from misstep.files import refuse_inputs

    if certainty and (bases or min_confidence is not None or picture is not None or is_given("worst")):
        raise UsageError("--certainty measures the records of all cases; remove --basis, --min-confidence, --worst and --picture")
    if picture is not None:
        check_picture_file(picture)
    for file in cases:
        if str(file) != "-":
            check_is_file(file)
    rulebase = load_rules(rules)
    if picture is not None:
        refuse_inputs([picture], [*(str(file) for file in cases if str(file) != "-"), *rulebase.files])
    if certainty:
        figures = rulebase.measure_certainty(*cases, engine=engine)
        return _print(figures, figures.problems, output, color, certainty_report.to_text, certainty_report.to_markdown)
    agreement = rulebase.calibrate(*cases, bases=bases, min_confidence=min_confidence, worst=worst, engine=engine)
    remarks = (*agreement.problems, *agreement.remarks)
    code = _print(agreement, remarks, output, color, agreement_report.to_text, agreement_report.to_markdown)
    if picture is not None:
        write_picture(agreement, picture)
    return code


def _print(
    measured: _Measured,
    remarks: Iterable[Problem],
    output: str,
    color: str,
    to_text: Callable[[_Measured, int, bool], str],
    to_markdown: Callable[[_Measured], str],
) -> int:
    """Print figures, and remarks about the cases on standard error; return the exit code."""
    for remark in remarks:
        print(f"misstep: {remark}", file=sys.stderr)
    if output == "json":
        write_bytes(measured.to_json() + b"\n")
    else:
        text = to_markdown(measured) if output == "markdown" else to_text(measured, terminal_width(), use_color(color))
        print(text, end="")
    return BAD if measured.problems else OK
