"""``misstep sample``: generate a log of made-up interviews."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from misstep.cli.group import FilePath, cli, load_rules, rules_option, split_names


@cli.command()
@click.argument("count", type=click.IntRange(min=1), metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the random records.")
@rules_option
@click.option("--columns", default="", metavar="NAMES", help="Columns to group by, separated by commas: team, month.")
@click.option(
    "-o",
    "--output",
    type=FilePath(allow_dash=True),
    default="-",
    metavar="FILE",
    help="Write to FILE, atomically, instead of standard output.",
)
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
def sample(count: int, seed: int, rules: tuple[Path, ...], columns: str, output: Path, overwrite: bool) -> None:
    """Generate a log of N made-up interviews, as JSON lines, for experiments.

    The records follow the kinds of the rule base; frequencies are made up. The same N, seed and rules always give the same log.

    \b
    misstep sample 1000 -o log.jsonl
    misstep sample 20 --seed 7 --rules my-rules/ | misstep assess - --rules my-rules/
    """
    import orjson

    from misstep.files import refuse_existing, refuse_inputs, whole_file
    from misstep.tools.sample import sample_records

    rulebase = load_rules(rules)
    if str(output) != "-":
        refuse_inputs([output], rulebase.files)
        refuse_existing(output, overwrite)
    records = sample_records(rulebase, count, seed, tuple(dict.fromkeys(split_names(columns))))
    lines = (orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)
    if str(output) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.writelines(lines)
    else:
        with whole_file(output) as stream:
            stream.writelines(lines)
