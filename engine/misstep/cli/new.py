"""``misstep new``: a skeleton to begin with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from misstep.cli.group import FilePath, cli, load_rules, rules_option
from misstep.errors import UsageError, printable


@cli.command()
@click.argument("what", type=click.Choice(["base", "pack", "kind", "rule", "action"]))
@click.argument("name")
@rules_option
@click.option("--about", metavar="KIND", help="The mistake that a rule or action is about; default: the first of the rules.")
@click.option(
    "-o",
    "--output",
    type=FilePath(allow_dash=True),
    metavar="FILE",
    help="Write to FILE, which must not be there yet. Default: NAME.yaml for a base or pack, standard output for entries.",
)
def new(
    what: Literal["base", "pack", "kind", "rule", "action"],
    name: str,
    rules: tuple[Path, ...],
    about: str | None,
    output: Path | None,
) -> None:
    """Begin a rule base or pack, or entries of one, with cases: it passes `misstep check --strict` and `misstep test`.

    A base, for another field, and a pack are written to a file. A kind, rule or action is printed as entries under the names of
    their sections, to be put into a pack of --rules. A pack extends the shipped rules, or belongs to those of --rules.

    \b
    misstep new base bakery
    misstep new rule large --rules bakery.yaml --about fault
    """
    from misstep.tools.skeletons import new_base, new_entries, new_pack, write_new

    if about is not None and what not in ("rule", "action"):
        raise UsageError(f"--about is for a rule or action, not for a {what}")
    if what == "base":
        if rules:
            raise UsageError("a base has rules of its own; --rules is for what is added to some")
        text = new_base(name)
    elif what == "pack":
        text = new_pack(name, load_rules(rules).program, "" if rules else "misstep")
    else:
        text = new_entries(what, name, load_rules(rules).program, about)
    if what in ("base", "pack"):
        output = output or Path(f"{name}.yaml")
    if output is None or str(output) == "-":
        sys.stdout.write(text)
        return
    write_new(output, text)
    file = printable(str(output))
    print(f"{file} is written; now: misstep check {file} && misstep test {file}")
