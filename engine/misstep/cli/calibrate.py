"""``misstep calibrate``: judged cases in; how far rules agree with them out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.app import BAD, OK, cli, colored, engine_option, load, rules_option, width, write_bytes
from misstep.errors import CallerError

if TYPE_CHECKING:
    from misstep.api import EngineName


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
              help="Measure instead whether what `misstep assess --certainty` says holds.")  # fmt: skip
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
    from misstep.calibration.picture import refuse_picture, write_picture
    from misstep.inputs import refuse_missing

    if picture is not None:
        refuse_picture(picture)
    for file in cases:
        if str(file) != "-":
            refuse_missing(file)
    if certainty:
        if bases or min_confidence is not None or picture is not None:
            raise CallerError("--certainty is about the records of all cases: without --basis, --min-confidence and --picture")
        return _certainty(cases, rules, output, engine, color)
    agreement = load(rules).calibrate(*cases, bases=bases, min_confidence=min_confidence, worst=worst, engine=engine)
    for problem in (*agreement.problems, *agreement.remarks):
        print(f"misstep: {problem}", file=sys.stderr)
    if output == "json":
        sys.stdout.flush()
        write_bytes(agreement.to_json() + b"\n")
    else:
        from misstep.calibration.report import to_markdown, to_text

        print(to_markdown(agreement) if output == "markdown" else to_text(agreement, width(), colored(color)), end="")
    if picture is not None:
        write_picture(agreement, picture)
    return BAD if agreement.problems else OK


def _certainty(cases: tuple[Path, ...], rules: tuple[Path, ...], output: str, engine: EngineName, color: str) -> int:
    figures = load(rules).measure_certainty(*cases, engine=engine)
    for problem in figures.problems:
        print(f"misstep: {problem}", file=sys.stderr)
    if output == "json":
        sys.stdout.flush()
        write_bytes(figures.to_json() + b"\n")
    else:
        from misstep.calibration.certainty_report import to_markdown, to_text

        print(to_markdown(figures) if output == "markdown" else to_text(figures, width(), colored(color)), end="")
    return BAD if figures.problems else OK
