"""``misstep sample``: made-up logs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from misstep.cli.group import OK, cli, load, rules_option


@cli.command()
@click.argument("count", type=click.IntRange(min=1), metavar="N")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other records.")
@rules_option
@click.option("--columns", default="", metavar="NAMES",
              help="Columns to group by, separated by commas: team, month.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(allow_dash=True, path_type=Path), default="-", metavar="FILE",
              help="Write to FILE, whole or not at all, instead of standard output.")  # fmt: skip
def sample(count: int, seed: int, rules: tuple[Path, ...], columns: str, output: Path) -> int:
    """Make up a log of N interviews, as JSON lines, to try things out.

    What is in it follows the kinds of the rule base; how often anything comes up is made up too. The same N, seed and rules
    always give the same log.

    \b
    misstep sample 1000 -o log.jsonl
    misstep sample 20 --seed 7 --rules my-rules/ | misstep assess - --rules my-rules/
    """
    import orjson

    from misstep.files import whole_file
    from misstep.tools.sample import sample_records

    wanted = list(dict.fromkeys(name.strip() for name in columns.split(","))) if columns else []
    records = sample_records(load(rules), count, seed, wanted)
    lines = (orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in records)
    if str(output) == "-":
        sys.stdout.flush()
        sys.stdout.buffer.writelines(lines)
    else:
        with whole_file(output) as stream:
            stream.writelines(lines)
    return OK
