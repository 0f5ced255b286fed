"""``misstep same``: whether two rule bases give the same answers."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import FOUND, OK, FilePath, budget_option, cli, output_option, print_json, seed_option


@cli.command()
@click.argument("old", type=FilePath())
@click.argument("new", type=FilePath())
@output_option("text", "json")
@seed_option
@budget_option
def same(old: Path, new: Path, output: str, seed: int, budget: int) -> int:
    """Find out whether two rule bases, files or folders, give the same answers to every record.

    That is proved; refuted, with a small record and both answers; or not decided, with the number of records that were searched.
    Texts are no part of it. Exits with 1 if the answers differ. OLD may be misstep, for the shipped rules.

    \b
    misstep same rules/ refactored/
    """
    from misstep.tools.proofs.same import find_sameness
    from misstep.tools.proofs.same_report import sameness_json, sameness_text
    from misstep.tools.two_bases import load_base

    found = find_sameness(load_base(old), load_base(new), seed, budget)
    if output == "json":
        print_json(sameness_json(found))
    else:
        print(sameness_text(found), end="")
    return FOUND if found.answer == "refuted" else OK
