"""``misstep diff``: what two rule bases declare otherwise, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import (
    FOUND,
    OK,
    FilePath,
    NumberRange,
    budget_option,
    cli,
    output_option,
    print_json,
    seed_option,
    terminal_width,
    use_color,
)
from misstep.errors import UsageError


@cli.command()
@click.argument("old", type=FilePath())
@click.argument("new", type=FilePath())
@click.argument("log", type=FilePath(), required=False)
@output_option("text", "json")
@click.option(
    "--fail-above",
    type=NumberRange(0, 1),
    metavar="SHARE",
    help="Exit with 1 if more than this share of LOG, 0 to 1, gets another band, verdict, first action or outlook.",
)
@seed_option
@budget_option
def diff(old: Path, new: Path, log: Path | None, output: str, fail_above: float | None, seed: int, budget: int) -> int:
    """Show what two rule bases, files or folders, declare otherwise, and what comes of it.

    Scale, kinds, fields, rules, actions, constants and sources, each with both forms; a record that gets another answer; with
    LOG, in any form that `misstep score` takes, how many of it do, examples, and the rules because of which; and the version
    that NEW should have. OLD may be misstep, for the shipped rules.

    \b
    misstep diff rules/ changed/ log.jsonl --fail-above 0.05
    """
    from misstep.tools.base_changes import find_changes, next_version
    from misstep.tools.changes_report import changes_json, changes_text, version_text
    from misstep.tools.proofs.same import find_sameness
    from misstep.tools.proofs.same_report import sameness_json, sameness_text
    from misstep.tools.two_bases import load_base

    if fail_above is not None and log is None:
        raise UsageError("--fail-above: a share of a log, so it needs LOG")
    before, after = load_base(old), load_base(new)
    changes = find_changes(before, after)
    sameness = find_sameness(before, after, seed, budget)
    comparison = None
    if log is not None:
        from misstep.batch.compare_log import compare_log

        comparison = compare_log(log, after.rulebase, before.rulebase)
    differ = True if comparison is not None and comparison.changes.total() else sameness.differs
    version = next_version(before.program.version, changes, differ)
    if output == "json":
        print_json(
            {
                "changes": changes_json(changes),
                "same": sameness_json(sameness),
                "comparison": comparison and comparison.to_json(),
                "version": version._asdict(),
            }
        )
    else:
        print(changes_text(before, after, changes) + "\n" + sameness_text(sameness))
        if comparison is not None:
            from misstep.batch.baseline_report import comparison_text

            print(comparison_text(comparison, terminal_width(), use_color("auto")))
        print(version_text(version, after.program.version), end="")
    above = comparison is not None and fail_above is not None and comparison.changed > fail_above * comparison.compared
    return FOUND if above else OK
