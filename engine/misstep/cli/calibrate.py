"""``misstep calibrate``: measure how far rules agree with judged cases, or how well certainty holds on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from click.core import ParameterSource

from misstep.cli.group import BAD, OK, cli, colored, engine_option, load, rules_option, width, write_bytes
from misstep.errors import Problem, UsageError

if TYPE_CHECKING:
    from misstep.analysis.calibration.agreement import Agreement
    from misstep.analysis.calibration.certainty_figures import CertaintyFigures
    from misstep.api import EngineName

_Measured = TypeVar("_Measured", "Agreement", "CertaintyFigures")


@cli.command()
@click.argument("cases", nargs=-1, required=True, type=click.Path(allow_dash=True, path_type=Path), metavar="CASES...")
@rules_option
@click.option("-o", "--output", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="Text to read; JSON with every case; or Markdown.")  # fmt: skip
@click.option("--basis", "bases", multiple=True, metavar="WORD",
              help="Only cases whose verdict rests on this; may be repeated.")  # fmt: skip
@click.option("--min-confidence", type=click.IntRange(min=1), metavar="N",
              help="Only cases of this confidence or more.")  # fmt: skip
@click.option("--worst", type=click.IntRange(min=0), default=5, show_default=True, metavar="N",
              help="How many of the worst disagreements to tell.")  # fmt: skip
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE",
              help="Draw the table of bands into FILE, *.svg or *.png (extra misstep[report]).")  # fmt: skip
@click.option("--certainty", is_flag=True,
              help="Measure instead how well `misstep assess --certainty` holds.")  # fmt: skip
@engine_option
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True,
              help="Colors; auto: on a terminal, unless NO_COLOR is set.")  # fmt: skip
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

    CASES, or - for standard input, has a line of JSON for each case that an expert judged:
    {"record": ..., "expert": {"severity": ..., ...}, ...}; `misstep schema cases` says the rest. Several files are measured
    together, and each apart. Cases that are wrong are told, the others are measured.

    \b
    misstep calibrate judged.jsonl --basis letter --min-confidence 2
    misstep calibrate judged.jsonl others.jsonl --rules my-rules/ --worst 10 --picture bands.svg
    misstep calibrate judged.jsonl --certainty
    """
    from misstep.analysis.calibration.picture import refuse_picture, write_picture
    from misstep.assessment.record_files import check_is_file

    if certainty and (bases or min_confidence is not None or picture is not None or _is_given("worst")):
        raise UsageError(
            "--certainty is about the records of all cases: without --basis, --min-confidence, --worst and --picture"
        )
    if picture is not None:
        refuse_picture(picture)
    for file in cases:
        if str(file) != "-":
            check_is_file(file)
    rulebase = load(rules)
    if certainty:
        from misstep.analysis.calibration import certainty_report

        figures = rulebase.measure_certainty(*cases, engine=engine)
        return _print(figures, figures.problems, output, color, certainty_report.to_text, certainty_report.to_markdown)
    from misstep.analysis.calibration import agreement_report as report

    agreement = rulebase.calibrate(*cases, bases=bases, min_confidence=min_confidence, worst=worst, engine=engine)
    told = (*agreement.problems, *agreement.remarks)
    code = _print(agreement, told, output, color, report.to_text, report.to_markdown)
    if picture is not None:
        write_picture(agreement, picture)
    return code


def _is_given(option: str) -> bool:
    return click.get_current_context().get_parameter_source(option) is not ParameterSource.DEFAULT


def _print(
    measured: _Measured,
    told: Iterable[Problem],
    output: str,
    color: str,
    to_text: Callable[[_Measured, int, bool], str],
    to_markdown: Callable[[_Measured], str],
) -> int:
    """Print figures, and on standard error the problems and remarks ``told`` of the cases; give the exit code."""
    for problem in told:
        print(f"misstep: {problem}", file=sys.stderr)
    if output == "json":
        sys.stdout.flush()
        write_bytes(measured.to_json() + b"\n")
    else:
        print(to_markdown(measured) if output == "markdown" else to_text(measured, width(), colored(color)), end="")
    return BAD if measured.problems else OK
