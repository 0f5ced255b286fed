"""``misstep same`` and ``diff``: what is different between two rule bases."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import FOUND, OK, cli, output_option, print_json

_base = click.Path(path_type=Path)


@cli.command()
@click.argument("old", type=_base)
@click.argument("new", type=_base)
@output_option("text", "json")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the records that are searched.")
@click.option("--budget", type=click.IntRange(min=1), metavar="N", help="Most records to assess.  [default: 2000]")
def same(old: Path, new: Path, output: str, seed: int, budget: int | None) -> int:
    """Find out whether two rule bases, files or folders, give the same answers to every record.

    That is proved; refuted, with a small record and both answers; or not decided, with the number of records that were searched.
    Texts are no part of it. Exits with 1 if the answers differ. OLD may be misstep, for the shipped rules.

    \b
    misstep same rules/ refactored/
    """
    from misstep.tools.proofs.prove import BUDGET
    from misstep.tools.proofs.same import find_sameness
    from misstep.tools.proofs.same_report import sameness_json, sameness_text
    from misstep.tools.two_bases import load_base

    found = find_sameness(load_base(old), load_base(new), seed, budget or BUDGET)
    if output == "json":
        print_json(sameness_json(found))
    else:
        print(sameness_text(found), end="")
    return FOUND if found.answer == "refuted" else OK
