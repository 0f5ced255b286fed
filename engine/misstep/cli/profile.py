"""``misstep profile``: which rules cost the time on a log, and how often they fire."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from misstep.cli.group import (
    BAD,
    OK,
    FilePath,
    cli,
    load_rules,
    output_option,
    print_error,
    print_json,
    record_format_option,
    rules_option,
)
from misstep.errors import BudgetError, RecordError, UsageError, printable
from misstep.layout.wording import counted

if TYPE_CHECKING:
    from misstep.tools.rule_profile import LogProfile


@cli.command()
@click.argument("log", type=FilePath(allow_dash=True))
@rules_option
@output_option("text", "json", help="Text: the first rules; JSON: all of them.")
@record_format_option
@click.option("--most", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="Number of rules to list.")
def profile(log: Path, rules: tuple[Path, ...], output: str, input_format: str | None, most: int) -> int:
    """Measure which rules cost the time on the records of LOG, or - for standard input, and how often each fires.

    LOG is JSON lines, one record on each line, or one record as JSON or YAML. Each rule is timed by itself, on all that is known
    of a record in the end; the engine runs rules together, which is measured apart. Times are the least of three.

    \b
    misstep sample 200 | misstep profile -
    misstep profile log.jsonl --rules my-rules/ -o json
    """
    from misstep.assessment.record_files import answer_for, check_is_file, read_documents
    from misstep.tools.rule_profile import RuleProfiler

    if str(log) != "-":
        check_is_file(log)
    profiler = RuleProfiler(load_rules(rules))
    code = OK
    for document in read_documents(log, input_format):
        try:
            answer_for(document, profiler.add)
        except (RecordError, BudgetError) as error:
            print_error(error)
            code = BAD
    found = profiler.profile
    if not found.records:
        if code == OK:
            raise UsageError(f"{printable(str(log))}: there is no record in it")
        return code
    if output == "json":
        print_json(found.to_data())
        return code
    _print_text(found, most)
    return code


def _print_text(found: LogProfile, most: int) -> None:
    each = 1000 * found.records  # nanoseconds of all records to microseconds of one
    assessing, concluding, alone = (f"{time / each:,.0f} µs" for time in (found.assessing, found.concluding, found.alone))
    print(f"{counted(found.records, 'record')}: {assessing} for an assessment in Python, {concluding} of it before the words")
    fired = sum(cost.fired > 0 for cost in found.costs)
    print(f"{fired:,} of {counted(len(found.costs), 'rule')} fired; each rule alone, they come to {alone} for a record\n")
    shown = [cost for cost in found.costs if cost.looked_at][:most]
    width = max([len("rule"), *(len(cost.rule) for cost in shown)])
    print(f"{'rule':{width}}  µs a record   share  looked at    fired  matches")
    for cost in shown:
        share = cost.nanoseconds / max(1, found.alone)
        counts = f"{cost.looked_at:9,}  {cost.fired:7,}  {cost.matches:7,}"
        print(f"{cost.rule:{width}}  {cost.nanoseconds / each:11.2f}  {share:6.1%}  {counts}")
