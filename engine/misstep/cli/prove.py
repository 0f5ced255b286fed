"""``misstep prove``: prove or refute the promises of packs."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import FOUND, OK, FilePath, budget_option, cli, output_option, print_json, seed_option


@cli.command()
@click.argument("rules", nargs=-1, type=FilePath(), metavar="[RULES]...")
@output_option("text", "json")
@seed_option
@budget_option
def prove(rules: tuple[Path, ...], output: str, seed: int, budget: int) -> int:
    """Prove or refute the promises of packs, files or folders, and of those that they extend.

    Default: the shipped rules. A promise is proved, by the method that is told; refuted, with a small record that breaks it; or
    not decided, with the number of records that were searched, --budget for each promise. Exits with 1 if one is refuted.

    \b
    misstep prove my-rules/
    """
    from misstep.rulebase.shipped import shipped_rules
    from misstep.tools.proofs.promise_report import promises_json, promises_text
    from misstep.tools.proofs.prove import prove_promises

    found = prove_promises(rules or (shipped_rules(),), seed, budget)
    if output == "json":
        print_json(promises_json(found))
    else:
        print(promises_text(found), end="")
    return FOUND if any(each.answer == "refuted" for each in found) else OK
