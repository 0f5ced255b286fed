"""``misstep evidence``: what the numbers of rules rest on."""

from __future__ import annotations

from pathlib import Path

import click

from misstep.cli.group import FilePath, cli, output_option, print_json
from misstep.errors import printable


@cli.command()
@click.argument("paths", nargs=-1, type=FilePath(), metavar="[PATH]...")
@output_option("text", "json")
def evidence(paths: tuple[Path, ...], output: str) -> None:
    """Show what the numbers of the rules at PATH rest on, as far as their sources say. Default: the shipped rules.

    The shares come first: rules that a survey or study is behind, that experts judge so, and that are practice. Then numbers with
    no source, sources that nothing rests on, statements that no rule encodes, rules whose sources disagree, and every rule.
    """
    from misstep.limits import Limits
    from misstep.rulebase.link import load_program
    from misstep.rulebase.shipped import shipped_rules
    from misstep.tools.evidence_text import evidence_lines
    from misstep.tools.rule_evidence import find_evidence, to_data

    report = find_evidence(*load_program(paths or (shipped_rules(),), Limits()))
    if output == "json":
        print_json(to_data(report))
    else:
        for line in evidence_lines(report):
            print(printable(line))
