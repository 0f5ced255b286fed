"""``misstep map``: write, check and try a mapping from the columns of a log to facts."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import FOUND, OK, FilePath, cli, load_rules, rules_option, terminal_width, use_color
from misstep.errors import UsageError, printable
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from misstep.batch.inputs.mapped_rows import RawRow
    from misstep.batch.mapping.row_mapping import RowMapping
    from misstep.batch.parts import InputForm

_input_format = click.option(
    "--input-format",
    type=click.Choice(["json", "jsonl", "parquet", "csv", "xlsx"]),
    help="Format of all inputs. Default: by file extension.",
)


@cli.group("map")
def mapping_commands() -> None:
    """Write, check and try a mapping from the columns of a log to facts: docs/mappings.md."""


@mapping_commands.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@_input_format
def init(inputs: tuple[str, ...], input_format: InputForm | None) -> None:
    """Print a first draft: the columns of a log, with their types. What they mean is for you to write.

    \b
    misstep map init scorecards.json > scorecards.yaml
    """
    from misstep.batch.mapping.draft import draft_mapping

    print(draft_mapping(read.values for read in _rows(inputs, None, input_format) if not read.wrong), end="")


@mapping_commands.command()
@click.argument("file", type=FilePath())
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@rules_option
@_input_format
def check(file: Path, inputs: tuple[str, ...], rules: tuple[Path, ...], input_format: InputForm | None) -> int:
    """Check a mapping, run its cases, and show what it makes of logs.

    Exit code 1: a case fails, or a row cannot be read.
    """
    from misstep.batch.mapping.coverage_report import coverage_text
    from misstep.batch.mapping.mapping_coverage import LogCoverage

    mapping = _mapping(file, rules)
    failed = list(mapping.failed_cases())
    for problem in failed:
        print(problem)
    lines, cases = counted(len(mapping.lines), "line"), counted(len(mapping.doc.cases), "case")
    print(f"{printable(str(file))}: {lines}, {cases}; " + (f"{len(failed)} fail" if failed else "no mistakes found"))
    if not inputs:
        return FOUND if failed else OK
    coverage, wrong = LogCoverage(), 0
    for read in _rows(inputs, mapping, input_format):
        if read.wrong:
            wrong += 1
        else:
            mapping.record(read.values, coverage)
    if wrong:
        print(f"{counted(wrong, 'row')} cannot be read")
    print(coverage_text(mapping, coverage, terminal_width(), use_color("auto")), end="")
    return FOUND if failed or wrong else OK


@mapping_commands.command()
@click.argument("file", type=FilePath())
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--rows", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="How many rows to show.")
@rules_option
@_input_format
def explain(file: Path, inputs: tuple[str, ...], rows: int, rules: tuple[Path, ...], input_format: InputForm | None) -> None:
    """Show what becomes of the first rows of a log: every value that is read, and the facts."""
    from misstep.batch.mapping.mapping_coverage import LogCoverage

    mapping = _mapping(file, rules)
    for read in islice(_rows(inputs, mapping, input_format), rows):
        print(f"row {read.row}" + (f": {read.wrong}" if read.wrong else ""))
        if read.wrong:
            continue
        coverage = LogCoverage()
        made = mapping.record(read.values, coverage)
        for name, value in read.values.items():
            if value not in (None, ""):
                print(f"  {_shown(name)}: {_shown(value)}" + ("" if name in mapping.sources else "  (not read)"))
        for column, values in coverage.unmapped.items():
            print(f"  {column}: {', '.join(map(_shown, values))} means nothing to the mapping")
        kept = {name: value for name, value in zip(mapping.keep, made.kept, strict=True) if value is not None}
        print(f"  -> id {_shown(made.id)}" + (f", keep {_shown(kept)}" if kept else ""))
        for fact in made.facts:
            print(f"  -> {_shown(fact)}")


def _mapping(file: Path, rules: tuple[Path, ...]) -> RowMapping:
    from misstep.batch.mapping.row_mapping import RowMapping

    return RowMapping.load(file, load_rules(rules))


def _rows(inputs: tuple[str, ...], mapping: RowMapping | None, input_format: InputForm | None) -> Iterator[RawRow]:
    from misstep.batch.inputs import rows_of
    from misstep.batch.parts import Reading

    if "-" in inputs and len(inputs) > 1:
        raise UsageError("standard input goes alone")
    return rows_of(inputs, Reading(Path(), form=input_format), mapping)


def _shown(value: object) -> str:
    return printable(json.dumps(value, ensure_ascii=False))[:200]
